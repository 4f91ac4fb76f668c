-- Ends a command that could not begin for a reason that passes by itself: the day's calls are used
-- up, or nobody answers. The run file is unchanged, so the command counts as stopped early (75): it
-- can be given again, and nobody has to mend anything.
local causes = require "almanac.run.causes"

local m = {}

m.STOPPED = 75

---True when the same command will work once some time has passed.
---@param message string
---@param code string?
---@return boolean
function m.passes(message, code)
  return code == "quota" or code == "cancelled" or code ~= "tls" and causes.is_outage(message, code)
end

---Ends a command that could not begin.
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
