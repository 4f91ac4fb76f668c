-- Reads back what a run made and compares it with the plan: one representation
-- as planned, its files by name, size and order, each in Alma's storage and
-- to be read there.
local alma = require "almanac.alma"
local readings = require "almanac.run.reading"
local store = require "almanac.run.store"
local storage = require "almanac.run.stored"
local task = require "almanac.task"
local title_work = require "almanac.run.title"
local titles = require "almanac.run.titles"

local m = {}

local IN_FLIGHT = 32
local MADE = "state IN ('attached', 'verified')"

local function value(coded)
  return type(coded) == "table" and coded.value or coded
end

---What of a representation is not as planned.
---@param rep table as Alma gives it
---@param spec table the planned one
---@return string? words nil when nothing is
function m.wrong_field(rep, spec)
  local fields = {
    { "label", rep.label, spec.label }, { "usage type", value(rep.usage_type), spec.usage_type },
    { "library", value(rep.library), spec.library },
    { "public note", rep.public_note, spec.public_note },
    { "access rights policy", value(rep.access_rights_policy_id), spec.access_rights },
  }
  for _, field in ipairs(fields) do
    local name, found, planned = table.unpack(field, 1, 3)
    if planned and found ~= planned then
      return ("the representation's %s is '%s', planned '%s'"):format(name, found or "", planned)
    end
  end
end

local function wrong_file(page, file)
  local stored = file.path and file.path:match "[^/]+$" or ""
  if file.pid ~= page.pid then
    return ("page %d is file %s (%s), planned %s (%s)"):format(page.seq, file.pid, stored, page.pid or "-", page.name)
  elseif tonumber(file.size) ~= page.size then
    return ("%s has %s bytes in Alma, %d on disk"):format(page.name, tostring(file.size), page.size)
  elseif stored ~= page.upload_key:match "[^/]+$" then
    return ("page %d is stored as '%s', planned '%s'"):format(page.seq, stored, page.name)
  elseif not (file.path or ""):find("/storage/", 1, true) then
    return ("%s is not in Alma's storage: %s"):format(page.name, file.path or "no path")
  end
end

local function wrong_files(change, files)
  for i, page in ipairs(change.pages) do
    local words
    if files[i] then
      words = wrong_file(page, files[i])
    else
      words = ("%s is not attached"):format(page.name)
    end
    if words then return words end
  end
  if #files > #change.pages then
    return ("the representation has %d files, planned %d"):format(#files, #change.pages)
  end
end

-- The planned representation as Alma has it now. A brief list leaves out what
-- has to be compared: then it is asked for by itself.
local function find_own(job, list, id)
  for _, rep in ipairs(list) do
    if rep.id == id and rep.usage_type then return rep end
    if rep.id == id then return alma.representations.get(job.client, job.title.mms_id, id) end
  end
  return nil, ("representation %s is gone"):format(id), "missing"
end

local function check_change(job, change, list)
  local id = change.representation_id
  local rep, message, code = find_own(job, list, id)
  if not rep and code == "missing" then return message end
  if not rep then return nil, message, code end
  local words = m.wrong_field(rep, change.spec)
  if words then return words end
  local files
  files, message, code = alma.files.list(job.client, job.title.mms_id, id, { url = true })
  if not files then return nil, message, code end
  words = wrong_files(change, files)
  if words then return words end
  return storage.check(change.pages, files)
end

-- A second representation of the planned kind that the plan did not find: a
-- doubled one looks like this.
local function doubled(job, list)
  local known = {}
  for _, rep in ipairs(readings.decode(job.title.reading).representations) do known[rep.id] = true end
  for _, change in ipairs(job.changes) do known[change.representation_id] = true end
  for _, rep in ipairs(list) do
    for _, change in ipairs(job.changes) do
      local usage_type = value(rep.usage_type)
      if not known[rep.id] and rep.label == change.spec.label
        and (usage_type == nil or usage_type == change.spec.usage_type) then
        return ("there is a second such representation: %s ('%s')"):format(rep.id, rep.label or "")
      end
    end
  end
  return false
end

---Compares one title with its plan.
---@param job table from title.load
---@return string|false|nil words what differs; false when nothing does; nil when Alma gave no answer
---@return string|integer message_or_unseen why it could not be told; with false: files that could not be looked at
---  in the storage, since Alma gave no address for them
---@return string? code
function m.check(job)
  local unseen = 0
  local list, why, kind = alma.representations.list(job.client, job.title.mms_id)
  if not list and kind == "missing" then return "the title is gone: " .. why end
  if not list then return nil, why, kind end
  for _, change in ipairs(job.changes) do
    local words, message, code = check_change(job, change, list)
    if words ~= false then return words, message, code end
    unseen = unseen + message
  end
  local words = doubled(job, list)
  return words, not words and unseen or nil
end

-- What was found of a title, written down when it is news.
local function note(run, title, words)
  local state = words and "attached" or "verified"
  if title.state == state and title.reason == words then return true end
  return run.journal:write(function(db)
    return db:run("UPDATE title SET state = ?, reason = ? WHERE id = ?", state, words, title.id)
  end)
end

local function verify_title(run, title, counts)
  local words, message, code = m.check(title_work.load(run, title))
  if words == nil then
    counts.unknown = counts.unknown + 1
    run.on.finish(title, nil, message, code)
    return
  end
  local ok, why, kind = note(run, title, words or nil)
  if not ok then
    run.broken = { message = why, code = kind }
    return
  end
  local result = words and "differs" or "verified"
  counts[result] = counts[result] + 1
  if not words then counts.unseen = counts.unseen + message end
  run.on.finish(title, not words, words or nil)
end

---How many titles there are to verify.
function m.total(db)
  return titles.count(db, MADE)
end

---Verifies the titles that the run has finished.
---@param run { db: table, client: table, journal: table, folder: string, sample: integer?, on: { finish: function } }
---  sample: only so many, taken at random
---@return { verified: integer, differs: integer, unknown: integer, unseen: integer }|nil counts titles; unseen: files
---  of verified titles that were not looked at in the storage
---@return string? message the run file can't be written
---@return string? code
function m.run(run)
  local counts = { verified = 0, differs = 0, unknown = 0, unseen = 0 }
  local next_title = run.sample and titles.sample(run.db, MADE, run.sample) or titles.each(run.db, MADE)
  local failures = task.each(function() return not run.broken and next_title() or nil end, IN_FLIGHT,
    function(title) verify_title(run, title, counts) end)
  if failures[1] then error(failures[1].message, 0) end
  if run.broken then return nil, run.broken.message, run.broken.code end
  local ok, message, code = store.add_calls(run.db, "verify", run.client.calls)
  if not ok then return nil, message, code end
  return counts
end

return m
