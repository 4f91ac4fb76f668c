-- Runs a script from its first line to its end, however that comes: its last line, a call that
-- failed, a mistake in it, Ctrl-C.
local core = require "almanac.core"
local task = require "almanac.task"

local m = {}

local STOPPED = 75
local EVERY = 1000000   -- instructions of Lua between two looks for Ctrl-C, for a script that never waits
local LOOKS = 0.2       -- seconds between them while it waits

local interrupted = setmetatable({}, { __tostring = function() return "stopped" end })

local function look() if core.sys.interrupts() > 0 then error(interrupted, 0) end end

-- The nearest line of the script in the calls that led to a mistake.
local function line_of(session)
  local short = session.source:gsub("^[@=]", "")
  for level = 2, 200 do
    local info = debug.getinfo(level, "Sl")
    if not info then break end
    if info.source == session.source and info.currentline > 0 then return ("%s:%d"):format(short, info.currentline) end
  end
  return short
end

-- What ended a script, as an object: mistakes become a failure with their place.
local function seen(session, message)
  if message == session.ending or message == interrupted or task.is_cancellation(message) then return message end
  local text, place = tostring(message):gsub("\nstack traceback:.*", ""), line_of(session)
  if not text:find(place:gsub(":%d+$", ":"), 1, true) then text = ("%s: %s"):format(place, text) end
  return { mistake = text }
end

-- The script's own code, in a task of its own.
local function body(session, chunk)
  debug.sethook(look, "", EVERY)
  local results = table.pack(xpcall(chunk, function(message) return seen(session, message) end, table.unpack(session.arguments)))
  debug.sethook()
  if results[1] then return { status = math.type(results[2]) == "integer" and results[2] or 0 } end
  local why = results[2]
  if task.is_cancellation(why) then error(why, 0) end
  if why == interrupted then return { stopped = true } end
  if why == session.ending then return {} end
  return { mistake = why.mistake }
end

local function watched(work)
  local watch = task.spawn(function()
    while core.sys.interrupts() == 0 do task.sleep(LOOKS) end
    work:cancel()
  end)
  local outcome = work:await()
  watch:cancel()
  return outcome or { stopped = true }
end

local function is_stop(code) return code == "quota" or code == "cancelled" end

---Runs the script.
---@param session almanac.script.session
---@param chunk function
---@return integer status of almanac exec
function m.run(session, chunk)
  local out = session.out
  session.main = task.spawn(body, session, chunk)
  local outcome, ending = watched(session.main), session.ending
  if ending then
    if not ending.message then return 0 end
    out.fail(ending.message)
    return is_stop(ending.code) and STOPPED or 1
  elseif outcome.mistake then
    out.fail(outcome.mistake)
    return 1
  elseif outcome.stopped then
    out.fail "stopped"
    return STOPPED
  end
  return outcome.status
end

return m
