-- A command under the fate of its round: it is killed, the rehearsal goes down and
-- comes up again, calls fail; and it is called again until it has nothing left to do.
local core = require "almanac.core"
local moved = require "torture.moved"

local m = {}

local QUIET_TRIES = 12    -- times `apply` is called without a kill until faults are switched off
local KILLED = 137

local function set_faults(round)
  round.alma.change { op = "latency", spec = round.latency .. "," .. (round.fate.latency or "") }
  round.alma.change { op = "faults", spec = table.concat(round.rules, ",") }
end

-- Faults that struck so far, by kind; a restart or new rules begin to count anew.
local function note_faults(round)
  for _, rule in ipairs(round.alma.calls().faults) do
    local kind = rule.rule:match ":([%w]+)"
    round.faults[kind] = (round.faults[kind] or 0) + rule.hits
  end
end

-- Runs it and kills it after a while, unless it ends before.
local function call_and_kill(round, ...)
  local status = round:start({}, round.random(30, 400) / 1000, ...)()
  if status == KILLED then round.kills = round.kills + 1 end
  if status == KILLED and round.fate.moves then moved.without_log(round) end
  return status
end

-- Runs it while the rehearsal goes down and comes up again.
local function call_and_restart(round, ...)
  local wait = round:start({}, nil, ...)
  core.sys.sleep(round.random(50, 700) / 1000)
  note_faults(round)
  round.alma.restart(round.random(1, 2) == 1)
  set_faults(round)
  round.restarts = round.restarts + 1
  return wait()
end

---A start for each commit, killed there, until one ends by itself.
---@return integer status
function m.kill_at_commits(round, ...)
  local when = round.random(1, 2) == 1 and ",before" or ""
  for last = 1, 500 do
    local status = round:call(("kill=%d%s"):format(last, when), ...)
    if status ~= KILLED then return status end
    round.kills = round.kills + 1
  end
  error "a run of few titles does not end within 500 commits"
end

-- A person looks at what `undo` left, and decides, before it is called again.
local function person_looks(round, name)
  round:let_late_things_happen()
  local doubtful = name == "undo" and round:in_doubt "undoing" or {}
  if next(doubtful) then round:decide("a.run", doubtful) end
end

-- Calls a command under the round's fate until it has nothing left to do.
local function until_done(round, kills, restarts, ...)
  for i = 1, math.max(kills, restarts) do
    if i <= kills and call_and_kill(round, ...) == 0 then return 0 end
    if i <= restarts then call_and_restart(round, ...) end
  end
  local status
  for try = 1, round.blind and 1 or 2 * QUIET_TRIES do
    if try == QUIET_TRIES then
      note_faults(round)
      round.rules = {}
      set_faults(round)
    end
    status = round:call("", ...)
    -- Some titles ask until somebody decides; those that failed are tried again.
    local asks = ({ ... })[1] == "apply" and (round:is_disturbed() or round:is_doubtful()) or round.fate.merges
    if status == 0 or status == 2 and asks and round:nothing_failed() then return status end
    if status == 2 and round.fate.decides then return status end
    if status == 2 then person_looks(round, ({ ... })[1]) end
  end
  return status
end

local function carry_on(round, ...)
  if round.fate.moves then moved.unmounted(round, ...) end
  if round.fate.commits then return m.kill_at_commits(round, ...) end
  return until_done(round, round.fate.kills, round.fate.restarts or 0, ...)
end

---A command under the fate of the round; then what is on its way arrives.
---@param round table
---@param ... string its words
---@return integer status
function m.call(round, ...)
  round.rules = round.fate.rules
  set_faults(round)
  local status = carry_on(round, ...)
  note_faults(round)
  round.alma.change { op = "faults", spec = "" }
  round:let_late_things_happen()
  return status
end

return m
