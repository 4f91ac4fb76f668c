-- Puts a new file in the place of an old one in the same representation: the old one is
-- looked at and copied, the new one is added, then the old one is deleted, unless it is to be kept.
-- An old one that is gone by now may have been replaced already.
local add = require "almanac.apply.kinds.add_file"
local old = require "almanac.apply.kinds.delete_file"

local m = {}

function m.settle(job, change)
  local ok, message, code = add.settle(job, change)
  if ok then ok, message, code = old.settle(job, change) end
  return ok, message, code
end

m.begun, m.prepare = add.begun, add.prepare

function m.expect(job, change, planned)
  add.expect(job, change, planned)
  old.expect(job, change, planned)
end

function m.carry_out(job, change)
  if change.spec.keep then return add.carry_out(job, change) end
  local ok, message, code = old.make_ready(job, change)
  if ok then ok, message, code = add.carry_out(job, change) end
  if ok then ok, message, code = old.delete(job, change) end
  return ok, message, code
end

function m.check(job, change, list)
  local by_pid, message, code = add.files(job, change, list)
  if not by_pid and (code == "missing" or code == "conflict") then return message end
  if not by_pid then return nil, message, code end
  if not change.spec.keep then
    local words, why, kind = old.check_gone(job, change, by_pid)
    if words ~= false then return words, why, kind end
  end
  return add.check_pages(job, change, by_pid)
end

function m.look(job, change, list)
  local added, message, code = add.look(job, change, list)
  if not added then return nil, message, code end
  local deleted = { words = {} }
  if not change.spec.keep then
    deleted, message, code = old.look(job, change, list)
    if not deleted then return nil, message, code end
  end
  local found = { added = added, deleted = deleted, words = {} }
  for _, part in ipairs { deleted, added } do table.move(part.words, 1, #part.words, #found.words + 1, found.words) end
  return found
end

function m.restore(job, change, found)
  return old.restore(job, change, found and found.deleted)
end

function m.take_back(job, change, found)
  return add.take_back(job, change, found and found.added)
end

m.check_back = old.check_back

function m.done_elsewhere(job, change, list)
  return add.done_elsewhere(job, change) or not change.spec.keep and old.done_elsewhere(job, change, list)
end

function m.describe(spec, change)
  return ("a new file for file %s of representation %s%s"):format(change.pid, change.representation_id,
    spec.keep and ", which is kept" or ", which is deleted then")
end

return m
