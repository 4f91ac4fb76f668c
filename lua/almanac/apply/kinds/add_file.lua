-- Adds files to a representation that is there already, behind those that it has.
local alma = require "almanac.alma"
local attach = require "almanac.apply.attach"
local copies = require "almanac.apply.copies"
local file_rivals = require "almanac.apply.file_rivals"
local look = require "almanac.apply.kinds.look"
local older = require "almanac.apply.older"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local upload = require "almanac.apply.upload"

local m = {}

-- The files that neither the plan found nor another change of the title made.
local function new_files(job, change, files)
  local planned, new = look.planned_files(job, change.representation_id), {}
  for _, other in ipairs(job.changes) do
    for _, page in ipairs(other.seq ~= change.seq and other.pages or {}) do planned[page.pid or ""] = page end
  end
  local restored = copies.restored(job)
  for _, file in ipairs(files) do
    if not planned[file.pid] and not restored[file.pid] and not copies.may_be_back(job, file) then new[#new + 1] = file end
  end
  return new
end

-- File ids that were there before a page: those of the plan, and all others of ours.
local function before_page(job, change, seq)
  local pids = {}
  for pid in pairs(look.planned_files(job, change.representation_id)) do pids[#pids + 1] = pid end
  for _, other in ipairs(job.changes) do
    for _, page in ipairs(other.pages) do
      if page.pid and (other.seq ~= change.seq or page.seq < seq) then pids[#pids + 1] = page.pid end
    end
  end
  return pids
end

local function attach_page(job, change, page)
  local file, message, code = attach.page(job, change, page, change.representation_id, before_page(job, change, page.seq))
  if not file then return nil, message, code end
  page.pid = file.pid
  return true
end

function m.settle(job, change)
  for _, page in ipairs(change.pages) do
    if steps.is_open(job, change, "attach", page.seq) then
      local ok, message, code = attach_page(job, change, page)
      if not ok then return nil, message, code end
    end
  end
  return true
end

function m.begun(job, change)
  return steps.begun(job, change, "attach", 1)
end

function m.expect(_, change, planned)
  local rep = planned[change.representation_id]
  for _, page in ipairs(change.pages) do
    if rep and rep.count and page.pid then rep.count = rep.count + 1 end
  end
end

function m.prepare(job, change)
  return upload.all(job, change)
end

function m.carry_out(job, change)
  local ok, message, code = true, nil, nil
  for i, page in ipairs(change.pages) do
    ok, message, code = attach_page(job, change, page)
    if ok and i == 1 then ok, message, code = file_rivals.meet(job, change) end
    if not ok then break end
  end
  return ok, message, code
end

---The files of the representation by pid, with their addresses; nil, message, code when they can't be read.
---@param job almanac.job
---@param change almanac.change
---@param list table[] the title's representations
---@return table<string, table>|nil by_pid
---@return table[]|string files_or_message in their order
---@return string? code "missing": the representation is gone
function m.files(job, change, list)
  local id = change.representation_id
  local rep, message, code = look.find(job, list, id)
  if not rep then return nil, message, code end
  return look.files(job, id, look.pids(change))
end

---Says what is wrong with the pages of a change among the files that Alma lists.
---@return almanac.run.reason|false|nil reason
---@return string|integer message_or_unseen
---@return string? code
function m.check_pages(job, change, by_pid)
  local files = {}
  for i, page in ipairs(change.pages) do
    local file = by_pid[page.pid]
    if not file then return reasons.new("not_attached", { file = page.name }) end
    local words = look.wrong_file(page, file)
    if words then return words end
    files[i] = file
  end
  return look.stored(job, change, files)
end

function m.check(job, change, list)
  local by_pid, files, code = m.files(job, change, list)
  if not by_pid and (code == "missing" or code == "conflict") then return files end
  if not by_pid then return nil, files, code end
  local words = look.doubled_file(job, change, new_files(job, change, files))
  if words then return words end
  return m.check_pages(job, change, by_pid)
end

-- ---- taking it back ----

-- Picks our own files: those recorded, and those that the run has no record of.
local function own(job, change, files, by_pid)
  local list, recorded = {}, look.by_pid(change.pages)
  for _, file in ipairs(new_files(job, change, files)) do
    local page = recorded[file.pid]
    local is_own = page or look.is_unrecorded(job, change, file)
    local changed
    if page then changed = look.changed_file(page, file) end
    if not is_own then changed = look.may_be_changed(job, change, file, by_pid) end
    if changed then return nil, reasons.new("changed_since", { what = changed }), "conflict" end
    if is_own then
      local there, message, code = true, nil, nil
      if job.title.state == states.UNDONE then there, message, code = look.has_file(job, change.representation_id, file.pid) end
      if there == nil then return nil, message, code end
      list[#list + 1] = there and file.pid or nil
    end
  end
  table.sort(list)
  return list
end

function m.look(job, change, list)
  local found = { pids = {}, words = {} }
  if not m.begun(job, change) then return found end
  local by_pid, files, kind = m.files(job, change, list)
  if not by_pid and kind == "missing" then return found end
  if not by_pid then return nil, files, kind end
  local message, code
  found.pids, message, code = own(job, change, files, by_pid)
  if not found.pids then return nil, message, code end
  for i, pid in ipairs(found.pids) do
    found.words[i] = ("delete file %s from representation %s"):format(pid, change.representation_id)
  end
  return found
end

local function delete_file(job, change, pid)
  return steps.perform(job, {
    change = change.seq, kind = "undo file " .. pid, page = 0,
    call = function() return alma.files.delete(job.client, job.mms_id, change.representation_id, pid) end,
    keep = function() return { pid = pid } end,
  })
end

function m.take_back(job, change, found)
    local restored = copies.restored(job)   -- a file that was brought back may have had no record at the look
  for _, pid in ipairs(found and found.pids or {}) do
    if not restored[pid] then
      local ok, message, code = delete_file(job, change, pid)
      if not ok then return nil, message, code end
    end
  end
  return look.remove_uploads(job, change)
end

m.done_elsewhere = older.has_pages

function m.describe(_, change)
  return "files into representation " .. change.representation_id
end

return m
