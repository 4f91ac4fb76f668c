-- What ends a command before it began anything, and passes by itself: the day's
-- calls are used up, or nobody answers. The run file waits, so that this is a
-- command stopped early and no mistake that somebody has to mend.
local causes = require "almanac.run.causes"

local m = {}

m.STOPPED = 75

---Whether the same command will do once some time has passed.
---@param message string
---@param code string?
---@return boolean
function m.passes(message, code)
  return code == "quota" or code == "cancelled" or code ~= "tls" and causes.is_outage(message, code)
end

---The end of a command that could not begin.
---@param out table almanac.cli.out
---@param again string the command that goes on
---@param message string
---@param code string?
---@return integer|nil status
---@return string? message
---@return string? code
function m.ended(out, again, message, code)
  if not m.passes(message, code) then return nil, message, code end
  out.fail(message)
  out.event("stopped", { message = message, code = code })
  out.say("nothing was begun; go on with:  " .. again)
  return m.STOPPED
end

return m
