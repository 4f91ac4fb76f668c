-- A round of two people: each has a run file with the same titles and applies it,
-- some seconds after the other; then both take back what they did. On one machine
-- they share the folder of claims, on two each has its own. What must hold: a
-- title is as if one of them had been alone, and each title is done by one, or
-- asked about by both; then as if nobody had been there.
local changes = require "torture.changes"
local check = require "torture.check"
local core = require "almanac.core"
local undisturbed = require "torture.undisturbed"
local wanted = require "torture.wanted"

local m = {}

local GO_ON = { [1] = true, [75] = true, [137] = true }   -- nothing was started, since the other kept a title for long; stopped; killed
local KILLED = 137
local TRIES = 12      -- an apply that stops early goes on
local DONE = { attached = true, verified = true }

local function add(list, more)
  table.move(more, 1, #more, #list + 1, list)
end

local function sides_of(round)
  local sides = {}
  for i, name in ipairs { "a", "b" } do
    local claims = round.folder .. "/claims-" .. (round.fate.twins.machines == 2 and name or "shared")
    os.execute(("mkdir -p '%s'"):format(claims))
    sides[i] = { name = name, file = name .. ".run", claims = claims }
  end
  return sides
end

-- Both at once; the first may be killed, and goes on then.
local function together(round, sides, ...)
  local seconds = {}
  for i = 1, round.fate.twins.kills do seconds[i] = round.random(50, 600) / 1000 end
  local words = { ... }
  local function start(side, n)
    local arguments = { side.file, table.unpack(words, 2) }
    add(arguments, { round:masters(side.file) })   -- their number changes with what others deleted
    return round:start(side, seconds[n], words[1], table.unpack(arguments))
  end
  local first = start(sides[1], 1)
  core.sys.sleep(round.fate.twins.apart)
  local second = start(sides[2])
  local statuses = { first(), second() }
  for n = 2, TRIES do
    if statuses[1] == KILLED then round.kills = round.kills + 1 end
    for i, side in ipairs(sides) do
      if GO_ON[statuses[i]] then statuses[i] = start(side, i == 1 and n or nil)() end
    end
  end
  for i, side in ipairs(sides) do
    if statuses[i] ~= 0 and statuses[i] ~= 2 then round:tell("%s %s ends with %s", words[1], side.name, statuses[i]) end
  end
end

-- What each of them says of every title.
local function states_of(round, sides)
  local states = {}
  for i, side in ipairs(sides) do
    for _, row in ipairs(round:report(side.file).rows) do
      states[row.mms_id] = states[row.mms_id] or {}
      states[row.mms_id][i] = row
    end
  end
  return states
end

-- Titles that both ask about.
local function check_states(round, sides)
  local doubtful = {}
  for mms_id, rows in pairs(states_of(round, sides)) do
    local done = 0
    for i, row in ipairs(rows) do
      if DONE[row.state] then done = done + 1
      elseif row.state ~= "ask" then round:tell("%s: %s has it as %s: %s", mms_id, sides[i].name, row.state, tostring(row.reason)) end
    end
    if done == 2 and not round.change.shared then round:tell("%s: both say that they did it", mms_id) end
    if done == 0 then doubtful[mms_id] = rows end
  end
  return doubtful
end

-- A doubt is real only when one of them could not know what it had done.
local function decide(round, sides, doubtful)
  if not next(doubtful) then return end
  for mms_id, rows in pairs(doubtful) do
    if round.fate.twins.kills == 0 then
      round:tell("%s: nobody did it: %s; %s", mms_id, tostring(rows[1].reason), tostring(rows[2].reason))
    end
  end
  local status = round:decide(sides[1].file, doubtful)
  if status ~= 0 then round:tell("decide ends with %s", status) end
  status = round:start(sides[1], nil, "apply", sides[1].file, "--settle", round.fate.settle, "-q",
    round:masters(sides[1].file))()
  if status ~= 0 and status ~= 2 then round:tell("apply, decided, ends with %s", status) end
  for mms_id, rows in pairs(check_states(round, sides)) do
    round:tell("%s: nobody did what was decided: %s; %s", mms_id, tostring(rows[1].reason), tostring(rows[2].reason))
  end
end

local function compare(round, what)
  local want = changes.expect(wanted.of(round.before, round.sums), what, round)
  add(round.violations, check.state(round.before, want, undisturbed.of(round.alma.state()),
    { objects = what == "undone" and round.fate.keys }))
end

---Runs the round.
---@param round table from torture.round
function m.go(round)
  local sides = sides_of(round)
  for _, side in ipairs(sides) do round:plan(side.file) end
  round.alma.change { op = "latency", spec = round.fate.twins.latency }
  together(round, sides, "apply", "--settle", round.fate.settle, "-q")
  decide(round, sides, check_states(round, sides))
  compare(round, "done")
  if round.violations[1] then return end
  if round.random(1, 2) == 1 then sides[1], sides[2] = sides[2], sides[1] end
  for _, side in ipairs(sides) do
    local status = round:start(side, nil, "undo", side.file, "--yes", "-q")()
    if status ~= 0 and status ~= 2 then round:tell("undo %s ends with %s", side.name, status) end
  end
  compare(round, "undone")
end

return m
