-- Deletes one file of a representation, after a copy was kept.
local alma = require "almanac.alma"
local add_file = require "almanac.apply.kinds.add_file"
local copies = require "almanac.apply.copies"
local deletion = require "almanac.apply.kinds.deletion"
local look = require "almanac.apply.kinds.look"
local older = require "almanac.apply.older"
local order = require "almanac.apply.order"
local paging = require "almanac.alma.paging"
local reasons = require "almanac.run.reasons"

local m = {}

local function deletion_of(job, change)
  local mms_id, id = job.mms_id, change.representation_id
  return {
    file = change.pid, representation = id,
    send = function() return alma.files.delete(job.client, mms_id, id, change.pid) end,
    is_gone = function() return look.has_file(job, id, change.pid) == false end,
  }
end

-- Before the deletion is sent again, a file that is still there must have its copy: the
-- run file may have been moved without it.
local function keep_again(job, change)
  local files, message, code = alma.files.list(job.client, job.mms_id, change.representation_id, { url = true })
  if not files then return nil, message, code end
  local file = look.by_pid(files)[change.pid]
  if not file then return true end
  return copies.keep(job, change, 1, file)
end

function m.settle(job, change)
  return deletion.settle(job, change, deletion_of(job, change), keep_again)
end

m.begun = deletion.begun

function m.expect(job, change, planned)
  local rep = planned[change.representation_id]
  if rep and rep.count and deletion.is_done(job, change) then rep.count = rep.count - 1 end
end

-- Gets the file as it was planned; somebody may have changed or deleted it.
local function get_as_planned(job, change)
  local files, message, code = alma.files.list(job.client, job.mms_id, change.representation_id, { url = true })
  if not files then return nil, message, code end
  local file = look.by_pid(files)[change.pid]
  local planned = look.planned_files(job, change.representation_id)[change.pid]
  if not file then return nil, reasons.new("file_lost", { file = change.pid }), "conflict" end
  if planned and planned.size and tonumber(file.size) ~= planned.size then
    return nil, reasons.new("file_replaced", { file = change.pid }), "conflict"
  end
  return file
end

---Looks whether the file is as planned, and keeps a copy of it.
---@return true|nil
---@return string? message
---@return string? code
function m.make_ready(job, change)
  if m.begun(job, change) then return true end
  local delete = deletion_of(job, change)
  local file, message, code = deletion.keep(delete, function() return get_as_planned(job, change) end)
  if not file then return nil, message, code end
  return deletion.keep(delete, function() return copies.keep(job, change, 1, file) end)
end

---Deletes the file, of which there is a copy.
---@return true|nil
---@return string? message
---@return string? code
function m.delete(job, change)
  return deletion.perform(job, change, deletion_of(job, change))
end

function m.carry_out(job, change)
  local ok, message, code = m.make_ready(job, change)
  if ok then ok, message, code = m.delete(job, change) end
  return ok, message, code
end

---Whether the file is gone; a list may show it for a while.
---@return almanac.run.reason|false|nil reason
---@return string|integer message_or_unseen
---@return string? code
function m.check_gone(job, change, by_pid)
  if not by_pid[change.pid] then return false, 0 end
  local there, message, code = look.has_file(job, change.representation_id, change.pid)
  if there == nil then return nil, message, code end
  return there and reasons.new("file_still_there", { file = change.pid }), 0
end

function m.check(job, change, list)
  local by_pid, message, code = add_file.files(job, change, list)
  if not by_pid and (code == "missing" or code == "conflict") then return message end
  if not by_pid then return nil, message, code end
  return m.check_gone(job, change, by_pid)
end

function m.look(job, change, list)
  local found = { words = {} }
  if not m.begun(job, change) or copies.is_back(job, change, 1) then return found end
  local by_pid, message, code = add_file.files(job, change, list)
  if not by_pid then return nil, message, code == "missing" and "conflict" or code end
  local gone, why, kind = m.check_gone(job, change, by_pid)
  if gone == nil then return nil, why, kind end
  if gone or order.has_moved(job, change) then return found end
  local kept = copies.of(job, change, 1)
  if not kept then return nil, reasons.new("without_copy", { file = change.pid }), "conflict" end
  found.words[1] = ("attach %s to representation %s again"):format(kept.name, change.representation_id)
  return found
end

function m.restore(job, change, found)
  if not (found and found.words[1]) then return true end
  local ok, message, code = true, nil, nil
  if not copies.begun_back(job, change, 1) then
    ok, message, code = older.meet_restored(job, change, copies.of(job, change, 1), copies.restored(job))
  end
  if ok then ok, message, code = copies.restore(job, change, 1, change.representation_id) end
  return ok, message, code
end

function m.check_back(job, change, list)
  if not copies.is_back(job, change, 1) then return false end
  local by_pid, message, code = add_file.files(job, change, list)
  if not by_pid and code == "missing" then return message end
  if not by_pid then return nil, message, code end
  return copies.check_back(job, change, 1, by_pid)
end

function m.done_elsewhere(job, change)
  local files = alma.files.list(job.client, job.mms_id, change.representation_id)
  return files ~= nil and not paging.holds(files, "pid", change.pid)
end

function m.describe(_, change)
  return ("delete file %s of representation %s"):format(change.pid, change.representation_id)
end

return m
