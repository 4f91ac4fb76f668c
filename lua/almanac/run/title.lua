-- What is done for one title, in order: look at it again, then carry out its
-- changes one after the other, each as its kind wants it.
local json = require "almanac.json"
local kinds = require "almanac.run.kinds"
local look = require "almanac.run.kinds.look"
local makers = require "almanac.run.maker"
local pages = require "almanac.run.pages"
local readings = require "almanac.reading"
local representation = require "almanac.run.representation"
local steps = require "almanac.run.steps"

local m = {}

local CHANGES = [[SELECT change.seq, change.representation_id, change.pid, spec.kind, spec.spec
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
---@param run table db, client, storage, journal, folder, copies; what its titles share is kept in it
---@param title table a row of `title`
---@return table job
function m.load(run, title)
  run.maker, run.members = run.maker or makers.load(run.db), run.members or {}
  run.upload_folder = run.upload_folder or pages.upload_folder(run.db)
  return {
    title = title, changes = changes_of(run, title), steps = steps.load(run.db, title.id),
    db = run.db, client = run.client, storage = run.storage, journal = run.journal,
    folder = run.folder, maker = run.maker, members = run.members, copies = run.copies, upload_folder = run.upload_folder,
    seen = {}, left = {},
  }
end

local function file_count(rep)
  local count = rep.files and (rep.files.total_record_count or #rep.files)
  return tonumber(count)
end

-- The representations as they have to be: those of the plan, with what this
-- run has done to them since.
local function expected(job, reading)
  local planned = {}
  for _, rep in ipairs(reading.representations) do planned[rep.id] = { count = rep.file_count or #rep.files } end
  for _, change in ipairs(job.changes) do kinds.of(change).expect(job, change, planned) end
  return planned
end

---How a title differs from what it has to be, in words.
---@param planned table<string, { count: integer?, own: boolean? }> by representation id; own: made by this run
---@param list table[] representations as they are now
---@return string? words nil when it is as it has to be
function m.difference(planned, list)
  local seen = {}
  for _, rep in ipairs(list) do
    local before = planned[rep.id]
    seen[rep.id] = true
    if not before then
      return ("since the plan somebody added a representation (%s, '%s')"):format(rep.id, rep.label or "")
    end
    local count = not before.own and file_count(rep)
    if count and before.count and count ~= before.count then
      return ("since the plan representation %s went from %d to %d files"):format(rep.id, before.count, count)
    end
  end
  for id, before in pairs(planned) do
    if not seen[id] and not before.own then return ("since the plan representation %s was deleted"):format(id) end
  end
end

-- What a doubt was about is what a decision is about: the title as it is now
-- takes the place of what the plan read.
local function remember(job, reading, list, planned)
  local before, representations = {}, {}
  for _, rep in ipairs(reading.representations) do before[rep.id] = rep end
  for _, rep in ipairs(list) do
    local entry = before[rep.id] or { id = rep.id, label = rep.label, usage_type = look.value(rep.usage_type),
      library = look.value(rep.library), remote = rep.is_remote == true, files = {} }
    entry.file_count = file_count(rep)
    if not (planned[rep.id] and planned[rep.id].own) then table.insert(representations, entry) end
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
  local reading = readings.decode(job.title.reading)
  local planned = expected(job, reading)
  local words = m.difference(planned, list)
  if words then
    local ok, why, kind = remember(job, reading, list, planned)
    if not ok then return nil, why, kind end
    return nil, words .. ": look at it in Alma, then `almanac decide`", "conflict"
  end
  job.present = {}
  for i, rep in ipairs(list) do job.present[i] = rep.id end
  return true
end

local function settle(job)
  for _, change in ipairs(job.changes) do
    local ok, message, code = kinds.of(change).settle(job, change)
    if not ok then return nil, message, code end
  end
  return true
end

local function needs_reading(job)
  for _, change in ipairs(job.changes) do
    if not kinds.of(change).begun(job, change) then return true end
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
    local ok, message, code = kinds.of(change).carry_out(job, change)
    if not ok then return nil, message, code end
  end
  return job.journal:write(function(db)
    return db:run("UPDATE title SET state = 'attached', reason = NULL WHERE id = ?", job.title.id)
  end)
end

return m
