-- Runs a script from its first line to its end, however that comes: its last line, a call that
-- failed, a mistake in it, Ctrl-C.
local core = require "almanac.core"
local mistake = require "almanac.mistake"
local refusal = require "almanac.refusal"
local task = require "almanac.task"
local words = require "almanac.words"

local m = {}

local STOPPED = 75
local EVERY = 1000000   -- instructions of Lua between two looks for Ctrl-C, for a script that never waits
local PATIENCE = 3      -- of those looks, until a script ends that catches its own end
local GRACE = 10        -- seconds for a script to end that was told to
local LOOKS = 0.2       -- seconds between them while it waits

local interrupted = setmetatable({}, { __tostring = function() return "stopped" end })

-- Ends a script that never waits. One that catches this error again and again is ended all the same.
local function looker(session)
  local times = 0
  return function()
    if core.sys.interrupts() == 0 then return end
    times = times + 1
    if times > PATIENCE then os.exit(m.ended_early(session, "stopped", true)) end
    error(interrupted, 0)
  end
end

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

-- A mistake that the library found is the script's, so its own place is told. Where the library itself broke off, that
-- place is what its authors need.
local function without_place(text)
  local place, said = text:match "^[^\n:]*/(almanac/[%w_/]+%.lua:%d+): (.*)$"
  if not place then return text end
  if said:find "^attempt to " or said:find "^bad argument" then return ("%s (in %s)"):format(said, place) end
  return said
end

local function without_traceback(text) return (text:gsub("\nstack traceback:.*", "")) end

-- What ended a script, as an object: mistakes become a failure with their place, a no of the world has none.
local function seen(session, message)
  local is_end = message ~= nil and message == session.ending
  if is_end or message == interrupted or task.is_cancellation(message) then return message end
  local text = without_traceback(mistake.text(message))
  local refused, code = refusal.of(text)
  if refused then return { mistake = refused, code = code } end
  local place = line_of(session)
  -- With a blank in front, since s.lua is also the end of jobs.lua.
  if not (" " .. text):find(" " .. place:gsub(":%d+$", ":"), 1, true) then text = ("%s: %s"):format(place, without_place(text)) end
  return { mistake = text }
end

-- The script's own code, in a task of its own.
local function body(session, chunk)
  debug.sethook(looker(session), "", EVERY)
  local results = table.pack(xpcall(chunk, function(message) return seen(session, message) end, table.unpack(session.arguments)))
  debug.sethook()
  if results[1] then return { status = math.type(results[2]) == "integer" and results[2] or 0 } end
  local why = results[2]
  if task.is_cancellation(why) then error(why, 0) end
  if why == interrupted then return { stopped = true } end
  if why ~= nil and why == session.ending then return {} end
  return why
end

-- What the script leaves behind that stops early.
local function tell_written(session)
  local gate = session.gate
  for _, line in ipairs(gate.written:tell()) do session.out.note(line) end
  return gate.written:anything()
end

---Says why a script ended early, and what it had written.
---@param session almanac.script.session
---@param message string
---@param stopped boolean? nothing is wrong with it
---@return integer status
function m.ended_early(session, message, stopped)
  session.out.fail(message)
  local anything = tell_written(session)
  if stopped then return STOPPED end
  return anything and 2 or 1
end

-- Ctrl-C cancels the script. It has some seconds to clean up; one that goes on all the same is ended then, or
-- by the second Ctrl-C.
local function watch_for_interrupt(session, work)
  while core.sys.interrupts() == 0 do task.sleep(LOOKS) end
  local times, till = core.sys.interrupts(), task.now() + GRACE
  work:cancel()
  while core.sys.interrupts() == times and task.now() < till do task.sleep(LOOKS) end
  os.exit(m.ended_early(session, "stopped", true))
end

local function watched(session, work)
  local watch = task.spawn(watch_for_interrupt, session, work)
  local outcome = work:await() or { stopped = true }
  watch:cancel()
  -- A mistake in a task that the script never awaited.
  local lost = task.lost()
  if lost and not (outcome.stopped or outcome.mistake) then
    local text = without_traceback(mistake.text(lost))
    outcome.mistake, outcome.code = refusal.of(text)
    outcome.mistake = outcome.mistake or text
  end
  return outcome
end

local function is_stop(code) return code == "quota" or code == "cancelled" end

-- A script that went on after calls were held back has not done all.
local function ended_well(session, status)
  local gate = session.gate
  if gate.short and status == 0 then return m.ended_early(session, gate.short, true) end
  if session.failures and status == 0 then status = 2 end
  if gate.dry then session.out.note(("dry run: %s not sent; nothing was changed"):format(words.count(gate.dry.count, "write"))) end
  return status
end

---Runs the script.
---@param session almanac.script.session
---@param chunk function
---@return integer status of almanac exec: that of the script; else 1 it ended early and nothing was written, 2 something was,
---  75 it was stopped, or the day's calls are used up
function m.run(session, chunk)
  session.main = task.spawn(body, session, chunk)
  local outcome, ending = watched(session, session.main), session.ending
  if ending and not ending.message then return 0 end
  if ending then return m.ended_early(session, ending.message, is_stop(ending.code)) end
  if outcome.mistake then return m.ended_early(session, outcome.mistake, session.gate.short ~= nil or is_stop(outcome.code)) end
  if outcome.stopped then return m.ended_early(session, "stopped", true) end
  return ended_well(session, outcome.status)
end

return m
