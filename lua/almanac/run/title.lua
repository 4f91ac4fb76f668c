-- What is done for one title, in order: look at it again, bring its files into
-- the bucket, put it into a collection when that was asked for, make the
-- representation, attach the files page by page.
local attach = require "almanac.run.attach"
local collect = require "almanac.run.collect"
local json = require "almanac.json"
local makers = require "almanac.run.maker"
local pages = require "almanac.run.pages"
local readings = require "almanac.run.reading"
local representation = require "almanac.run.representation"
local steps = require "almanac.run.steps"
local upload = require "almanac.run.upload"

local m = {}

local CHANGES = [[SELECT change.seq, change.representation_id, spec.kind, spec.spec
  FROM change JOIN spec ON spec.id = change.spec_id WHERE change.title_id = ? ORDER BY change.seq]]

local function changes_of(run, title)
  local changes, by_seq = {}, {}
  for change in run.db:rows(CHANGES, title.id) do
    change.spec, change.pages = json.decode(change.spec), {}
    changes[#changes + 1], by_seq[change.seq] = change, change
  end
  for _, page in ipairs(pages.of(run.db, title, run.upload_folder)) do
    table.insert(by_seq[page.change].pages, page)
  end
  return changes
end

---Everything the run file knows about a title's work.
---@param run table db, client, storage, journal, folder; what its titles share is kept in it
---@param title table a row of `title`
---@return table job
function m.load(run, title)
  run.maker, run.members = run.maker or makers.load(run.db), run.members or {}
  run.upload_folder = run.upload_folder or pages.upload_folder(run.db)
  return {
    title = title, changes = changes_of(run, title), steps = steps.load(run.db, title.id),
    db = run.db, client = run.client, storage = run.storage, journal = run.journal,
    folder = run.folder, maker = run.maker, members = run.members,
  }
end

local function file_count(rep)
  local count = rep.files and (rep.files.total_record_count or #rep.files)
  return tonumber(count)
end

-- The ids of the representations that this run made for the title.
local function own_ids(job)
  local own = {}
  for _, change in ipairs(job.changes) do
    if change.representation_id then own[change.representation_id] = true end
  end
  return own
end

---How a title differs from what the plan read, in words.
---@param reading table representations as the plan read them
---@param list table[] representations as they are now
---@param own table<string, boolean> representations that this run made
---@return string? words nil when it is as it was
function m.difference(reading, list, own)
  local planned = {}
  for _, rep in ipairs(reading.representations) do planned[rep.id] = rep end
  for _, rep in ipairs(list) do
    local before = planned[rep.id]
    planned[rep.id] = nil
    if not before and not own[rep.id] then
      return ("since the plan somebody added a representation (%s, '%s')"):format(rep.id, rep.label or "")
    end
    local count, held = file_count(rep), before and (before.file_count or #before.files)
    if before and count and count ~= held then
      return ("since the plan representation %s went from %d to %d files"):format(rep.id, held, count)
    end
  end
  local gone = next(planned)
  if gone then return ("since the plan representation %s was deleted"):format(gone) end
end

local function value(coded)
  return type(coded) == "table" and coded.value or coded
end

-- What a doubt was about is what a decision is about: the title as it is now
-- takes the place of what the plan read.
local function remember(job, reading, list, own)
  local before, representations = {}, {}
  for _, rep in ipairs(reading.representations) do before[rep.id] = rep end
  for _, rep in ipairs(list) do
    local entry = before[rep.id] or { id = rep.id, label = rep.label, usage_type = value(rep.usage_type),
      library = value(rep.library), remote = rep.is_remote == true, files = {} }
    entry.file_count = file_count(rep)
    if not own[rep.id] then table.insert(representations, entry) end
  end
  return job.journal:write(function(db)
    return db:run("UPDATE title SET reading = ? WHERE id = ?",
      readings.encode { representations = representations }, job.title.id)
  end)
end

-- Reads the title again before its first write. What is there now is what a
-- lost answer will be compared with.
local function read_again(job)
  local list, message, code = representation.list(job)
  if not list then
    if code == "missing" then message = "Alma no longer has this title: " .. message end
    return nil, message, code
  end
  local reading, own = readings.decode(job.title.reading), own_ids(job)
  local words = m.difference(reading, list, own)
  if words then
    local ok, why, kind = remember(job, reading, list, own)
    if not ok then return nil, why, kind end
    return nil, words .. ": look at it in Alma, then `almanac decide`", "conflict"
  end
  job.present = {}
  for i, rep in ipairs(list) do job.present[i] = rep.id end
  return true
end

local function carry_out_change(job, change)
  for _, page in ipairs(change.pages) do
    local ok, message, code = upload.run(job, change, page)
    if not ok then return nil, message, code end
  end
  local ok, message, code = collect.run(job, change)
  if not ok then return nil, message, code end
  local made
  made, message, code = representation.make(job, change)
  if not made then return nil, message, code end
  if job.present then table.insert(job.present, made.representation_id) end
  local attached = {}
  for i, page in ipairs(change.pages) do
    local file
    file, message, code = attach.run(job, change, page, made.representation_id, { table.unpack(attached) })
    if not file then return nil, message, code end
    attached[i] = file.pid
  end
  return representation.single(job, change, made.representation_id)
end

-- A representation that may have been made is looked for before the title is
-- compared with the plan: else it would be taken for somebody else's.
local function settle(job)
  for _, change in ipairs(job.changes) do
    if steps.is_open(job, change, "represent") then
      local made, message, code = representation.make(job, change)
      if not made then return nil, message, code end
    end
  end
  return true
end

local function needs_reading(job)
  for _, change in ipairs(job.changes) do
    if not steps.begun(job, change, "represent") then return true end
  end
  return false
end

---Carries out what is planned for a title; goes on where an earlier run ended.
---@param job table from m.load
---@return true|nil
---@return string? message
---@return string? code "conflict": for a person to decide
function m.carry_out(job)
  local ready, why, kind = settle(job)
  if ready and needs_reading(job) then ready, why, kind = read_again(job) end
  if not ready then return nil, why, kind end
  for _, change in ipairs(job.changes) do
    local ok, message, code = carry_out_change(job, change)
    if not ok then return nil, message, code end
  end
  return job.journal:write(function(db)
    return db:run("UPDATE title SET state = 'attached', reason = NULL WHERE id = ?", job.title.id)
  end)
end

return m
