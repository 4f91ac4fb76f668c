-- What ends work that asks Alma about thousands of things and keeps what it read: a failure, Ctrl-C, or the calls that
-- are kept for others.
local core = require "almanac.core"

local m = {}

---Whether something ends it; why stands in `work.stop` then.
---@param work { stop: table?, allow: fun(calls: integer): true|nil, string?, string? }
---@return boolean
function m.stopped(work)
  local allowed, message, code = work.allow(1)
  if not allowed then work.stop = work.stop or { message = message, code = code } end
  if core.sys.interrupts() > 0 then work.stop = work.stop or { message = "interrupted", code = "cancelled" } end
  return work.stop ~= nil
end

---Commits what is open. Also called when a second Ctrl-C ends the work, so that what was read stays.
---@param work { db: table, stop: table? }
function m.commit(work)
  if not work.db:in_transaction() then return end
  local ok, message = work.db:commit()
  if not ok then work.stop = { message = message, code = "io" } end
end

return m
