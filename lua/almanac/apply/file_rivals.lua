-- Two runs, each on its own machine, may put files into the same representation at the
-- same moment. As with representations (almanac.apply.rivals) each looks once more
-- after its first file, until it sees its own. A run that finds another's file takes
-- its own back, unless its own has the lower id and the other's is the only one: then
-- it waits until the other gave way. A run with more than one file has gone on already,
-- and always stays.
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

-- Lists the files of others that came since the plan; nil while Alma does not show ours.
local function foreign(job, change, pid, list)
  local planned, rivals, shown = look.planned_files(job, change.representation_id), {}, false
  for _, file in ipairs(list) do
    shown = shown or file.pid == pid
    local is_known = planned[file.pid] or file.pid == pid or may_be_ours(job, change, file) or is_decided(job, change, file)
    if not is_known then rivals[#rivals + 1] = file.pid end
  end
  return shown and rivals or nil
end

-- Gives the files of others, or "lagging", and all files that Alma lists.
local function list_foreign(job, change, pid)
  local list, message, code = alma.files.list(job.client, job.mms_id, change.representation_id)
  if not list then return nil, message, code end
  return foreign(job, change, pid, list) or "lagging", list
end

local function wait_for_own(job, change, pid)
  local rivals, list, code = reconcile.patiently(function() return list_foreign(job, change, pid) end)
  if rivals ~= "lagging" then return rivals, list, code end
  local there, message, kind = look.has_file(job, change.representation_id, pid)
  if there then return nil, "Alma's list of files does not show the new one yet", "parse" end
  if there == nil then return nil, message, kind end
  return nil, reasons.new("own_file_deleted", { file = pid }), "conflict"
end

-- Looks until the other run has taken its own file back, if it has to.
local function wait_for_rival(job, change, pid)
  local kept, files = nil, nil
  local answer, message, code = reconcile.patiently(function()
    local rivals, list, kind = list_foreign(job, change, pid)
    if not rivals or rivals == "lagging" then return rivals, list, kind end
    kept, files = rivals[1], list
    if #rivals == 1 and ids.is_lower(pid, rivals[1]) then return "lagging" end
    return true
  end)
  if not answer then return nil, message, code end
  return { rival = kept, files = files }
end

-- The reading of the title without our own file, because a decision will be about that.
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

-- Writes in one transaction that our own file was taken back and that a person has to
-- look, so that a program which is killed right after it does not go on with the title.
local function note_taken_back(job, change, page, before, reason)
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

-- Takes our own file back. Its upload became that file, so the page is sent again when
-- a person decides to go on.
local function give_way(job, change, page, before)
  local own, rep_id = page.pid, change.representation_id
  local reason = reasons.new("gave_way_file", { representation = rep_id, file = before.rival })
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = YIELD .. own, page = 0, during = states.DELETING, after = states.ATTACHING, before = before,
    call = function() return alma.files.delete(job.client, job.mms_id, rep_id, own) end,
    keep = function() return {} end,
  })
  if done then done, message, code = note_taken_back(job, change, page, before, reason) end
  if not done then return nil, message, code end
  page.pid = nil
  return nil, reason, "conflict"
end

-- Whether the files of others hold the first page of this run: then they do the same as
-- this run. When they hold only later pages, this is an older copy of the run file, which
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
  local rivals, list, code = wait_for_own(job, change, page.pid)
  if not rivals then return nil, list, code end
  if not rivals[1] then return true end
  if change.resumed and not holds_page(list, rivals, change, page) then return older.ask_about(job, change, rivals) end
  local found, message, kind = wait_for_rival(job, change, page.pid)
  if not found then return nil, message, kind end
  if not found.rival then return true end
  return give_way(job, change, page, { rival = found.rival, reading = reading_with(job, change, page.pid, found.files) })
end

return m
