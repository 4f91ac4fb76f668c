-- One file of a representation deleted, after a copy was kept.
local alma = require "almanac.alma"
local add_file = require "almanac.run.kinds.add_file"
local copies = require "almanac.run.copies"
local look = require "almanac.run.kinds.look"
local steps = require "almanac.run.steps"

local m = {}

-- Deletes it, or finds that an earlier try did.
local function delete(job, change)
  local mms_id, id, pid = job.title.mms_id, change.representation_id, change.pid
  local ok, message, code, detail = alma.files.delete(job.client, mms_id, id, pid)
  if ok or (detail and detail.unclear) then return ok and {}, message, code, detail end
  local files = alma.files.list(job.client, mms_id, id)
  if files and not look.by_pid(files)[pid] then return {} end
  return nil, message, code, detail
end

local function perform(job, change)
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = "delete", page = 0, during = "attaching", after = "attaching",
    call = function() return delete(job, change) end,
    keep = function() return {} end,
  })
  return done and true, message, code
end

function m.settle(job, change)
  if steps.is_open(job, change, "delete") then return perform(job, change) end
  return true
end

function m.begun(job, change)
  return steps.begun(job, change, "delete")
end

function m.expect(job, change, planned)
  local rep = planned[change.representation_id]
  if rep and rep.count and steps.is_done(job, change, "delete") then rep.count = rep.count - 1 end
end

-- The file as it was planned; somebody may have changed or deleted it.
local function find(job, change)
  local files, message, code = alma.files.list(job.client, job.title.mms_id, change.representation_id, { url = true })
  if not files then return nil, message, code end
  local file = look.by_pid(files)[change.pid]
  local planned = look.planned_files(job, change.representation_id)[change.pid]
  if not file then return nil, ("since the plan file %s was deleted"):format(change.pid), "conflict" end
  if planned and planned.size and tonumber(file.size) ~= planned.size then
    return nil, ("since the plan file %s was replaced"):format(change.pid), "conflict"
  end
  return file
end

function m.carry_out(job, change)
  if not m.begun(job, change) then
    local file, message, code = find(job, change)
    if not file then return nil, message, code end
    local ok
    ok, message, code = copies.keep(job, change, 1, file)
    if not ok then return nil, message, code end
  end
  return perform(job, change)
end

function m.check(job, change, list)
  local by_pid, message, code = add_file.files(job, change, list)
  if not by_pid and code == "missing" then return message end
  if not by_pid then return nil, message, code end
  if by_pid[change.pid] then return ("file %s is still there"):format(change.pid) end
  return false, 0
end

function m.look(job, change, list)
  local found = { words = {} }
  if not m.begun(job, change) or copies.is_back(job, change, 1) then return found end
  local by_pid, message, code = add_file.files(job, change, list)
  if not by_pid then return nil, message, code == "missing" and "conflict" or code end
  if by_pid[change.pid] then return found end
  local kept = copies.of(job, change, 1)
  if not kept then return nil, ("file %s was deleted without a copy"):format(change.pid), "conflict" end
  found.words[1] = ("attach %s to representation %s again, behind its other files"):format(kept.name, change.representation_id)
  return found
end

function m.take_back(job, change, found)
  if not (found and found.words[1]) then return true end
  return copies.restore(job, change, 1, change.representation_id)
end

function m.describe(_, change)
  return ("delete file %s of representation %s"):format(change.pid, change.representation_id)
end

return m
