-- What two runs do that put files into the same representation in the same moment,
-- each from its own machine: as almanac.apply.rivals has it of representations, each
-- looks once more after its first file, until it sees its own. Who finds another's
-- takes its own back, unless that has the lower id and the other is alone: then it
-- waits until the other gave way. Who has more than one file went on already, and
-- always stays.
local alma = require "almanac.alma"
local fits = require "almanac.apply.fits"
local ids = require "almanac.run.ids"
local look = require "almanac.apply.kinds.look"
local older = require "almanac.apply.older"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"

local m = {}

local YIELD = "yield file "   -- the step, with the id of the file that is taken back

-- Whether the first page of a change is all that this run put into the representation.
local function is_first(job, change)
  for _, other in ipairs(job.changes) do
    for _, page in ipairs(other.representation_id == change.representation_id and other.pages or {}) do
      local first = other == change and page == change.pages[1]
      if not first and steps.begun(job, other, "attach", page.seq) then return false end
    end
  end
  return true
end

-- Whether a file may be our own, made by a call that was sent twice. One of another size is somebody else's.
local function may_be_ours(job, change, file)
  return tonumber(file.size) == change.pages[1].size and look.is_unrecorded(job, change, file)
end

-- Whether a person saw the file and let the run go on.
local function is_decided(job, change, file)
  return steps.is_decided(job, change, file.pid) or steps.is_decided(job, change, file.pid, change.pages[1].seq)
end

-- Files that came since the plan and are none of ours; nil while ours is not shown.
local function foreign(job, change, pid, list)
  local planned, rivals, shown = look.planned_files(job, change.representation_id), {}, false
  for _, file in ipairs(list) do
    shown = shown or file.pid == pid
    local is_known = planned[file.pid] or file.pid == pid or may_be_ours(job, change, file) or is_decided(job, change, file)
    if not is_known then rivals[#rivals + 1] = file.pid end
  end
  return shown and rivals or nil
end

-- The files as Alma lists them, and those of others among them.
local function look_around(job, change, pid)
  local list, message, code = alma.files.list(job.client, job.mms_id, change.representation_id)
  if not list then return nil, message, code end
  return foreign(job, change, pid, list) or "lagging", list
end

local function look_with_own(job, change, pid)
  local rivals, list, code = reconcile.patiently(function() return look_around(job, change, pid) end)
  if rivals ~= "lagging" then return rivals, list, code end
  local there, message, kind = look.has_file(job, change.representation_id, pid)
  if there then return nil, "Alma's list of files does not show the new one yet", "parse" end
  if there == nil then return nil, message, kind end
  return nil, reasons.new("own_file_deleted", { file = pid }), "conflict"
end

-- Looks until the other has taken its own back, if it has to.
local function wait_for(job, change, pid)
  local kept, files = nil, nil
  local answer, message, code = reconcile.patiently(function()
    local rivals, list, kind = look_around(job, change, pid)
    if not rivals or rivals == "lagging" then return rivals, list, kind end
    kept, files = rivals[1], list
    if #rivals == 1 and ids.is_lower(pid, rivals[1]) then return "lagging" end
    return true
  end)
  if not answer then return nil, message, code end
  return { rival = kept, files = files }
end

-- The title as it is without our own: what a decision will be about.
local function reading_with(job, change, own, files)
  local reading = readings.decode(job.title.reading)
  for _, rep in ipairs(reading.representations) do
    if rep.id == change.representation_id then
      rep.files, rep.file_count = {}, nil
      for _, file in ipairs(files) do
        if file.pid ~= own then
          table.insert(rep.files, { pid = file.pid, name = file.path and file.path:match "[^/]+$" or file.label or file.pid,
            size = tonumber(file.size), label = file.label })
        end
      end
    end
  end
  return readings.encode(reading)
end

-- What is written down in one moment when our own file was taken back: a program
-- that is killed right after it must not take the title for one that goes on.
local function note(job, change, page, before, reason)
  return steps.forget(job, change, { "attach", "upload", "thumbnail" }, page.seq, function(db)
    local ok, why, kind = db:run("UPDATE page SET pid = NULL WHERE title_id = ? AND change = ? AND seq = ?",
      job.title.id, change.seq, page.seq)
    if ok then
      ok, why, kind = db:run("UPDATE title SET reading = ? WHERE id = ?", before.reading, job.title.id)
    end
    if ok then ok, why, kind = states.set(db, job.title.id, states.ASK, reason) end
    return ok, why, kind
  end)
end

-- Takes our own file back; what was uploaded became that file, and is sent again
-- when it is decided to go on.
local function give_way(job, change, page, before)
  local own, rep_id = page.pid, change.representation_id
  local reason = reasons.new("gave_way_file", { representation = rep_id, file = before.rival })
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = YIELD .. own, page = 0, during = states.DELETING, after = states.ATTACHING, before = before,
    call = function() return alma.files.delete(job.client, job.mms_id, rep_id, own) end,
    keep = function() return {} end,
  })
  if done then done, message, code = note(job, change, page, before, reason) end
  if not done then return nil, message, code end
  page.pid = nil
  return nil, reason, "conflict"
end

-- Whether the first page of this run is among the files of others as well: they do
-- the same as this run. Where only later pages are, an older copy of the run file
-- does not know what the run did since.
local function holds_page(list, pids, change, page)
  local others = {}
  for _, file in ipairs(list) do
    for _, pid in ipairs(pids) do others[#others + 1] = file.pid == pid and file or nil end
  end
  return fits.page(others, {}, change, page)[1] ~= nil
end

---Makes sure that nobody else puts files into the same representation, after the first one of this run.
---@param job almanac.job
---@param change almanac.change with its first page attached
---@return true|nil
---@return string? message
---@return string? code "conflict": it was taken back, or a person has to look
function m.meet(job, change)
  local page = change.pages[1]
  if not is_first(job, change) then return true end
  local begun = steps.get(job, change, YIELD .. page.pid)
  if begun then return give_way(job, change, page, begun.before) end
  local rivals, list, code = look_with_own(job, change, page.pid)
  if not rivals then return nil, list, code end
  if not rivals[1] then return true end
  if change.resumed and not holds_page(list, rivals, change, page) then return older.ask_about(job, change, rivals) end
  local found, message, kind = wait_for(job, change, page.pid)
  if not found then return nil, message, kind end
  if not found.rival then return true end
  return give_way(job, change, page, { rival = found.rival, reading = reading_with(job, change, page.pid, found.files) })
end

return m
