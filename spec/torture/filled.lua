-- A round in which somebody puts a file into a representation that the run has made a
-- moment ago, so that it is not empty when the run looks for what its lost call made.
-- What must hold: that file is never deleted, no page comes beside it, no second
-- representation is made until a person says so, and the title asks. In the end all
-- is as if the run had never been, and those representations stand beside.
local changes = require "torture.changes"
local check = require "torture.check"
local judge = require "torture.judge"
local strokes = require "torture.strokes"
local undisturbed = require "torture.undisturbed"
local wanted = require "torture.wanted"

local m = {}

local WHY = "maybe_ours"

-- The state of now without those that were filled, and the titles of these. What the
-- run makes and what undo makes again differ by their labels.
local function look(round)
  local rest, filled = undisturbed.without_filled(undisturbed.of(round.alma.state()))
  local titles, seen = {}, {}
  for _, rep in ipairs(filled) do
    local name = rep.mms_id .. rep.label
    if seen[name] then round:tell("%s: a second '%s' was made: %s", rep.mms_id, rep.label, rep.id) end
    if #rep.files > 1 then round:tell("%s: pages were put beside somebody's file in %s", rep.mms_id, rep.id) end
    if not round.known[rep.id] then titles[rep.mms_id] = true end
    seen[name] = true
    round.known[rep.id] = true
  end
  local struck = round.faults.filled or 0
  if #filled ~= struck then round:tell("%d representations got a file of somebody else, %d are there", struck, #filled) end
  return rest, titles
end

local function compare(round, what, rest, left_out)
  local want = changes.expect(wanted.of(round.before, round.sums), what, round)
  local function judged(state) return undisturbed.without(state, left_out) end
  local is_whole = what == "undone" and not next(left_out or {})
  judge.add(round, check.state(judged(round.before), judged(want), judged(rest), { objects = is_whole and round.fate.keys }))
end

-- Those that ask are those that were filled; nothing new stands there beside.
local function check_asking(round, rest, filled)
  local asking = {}
  for _, row in ipairs(round:report().rows) do
    if row.state == "ask" then asking[row.mms_id] = true end
    if row.state == "ask" and row.reason_code ~= WHY then
      round:tell("%s: asks for another reason: %s", row.mms_id, tostring(row.reason))
    end
    if (row.state == "ask") ~= (filled[row.mms_id] or false) then
      round:tell("%s: is %s and %s filled", row.mms_id, row.state, filled[row.mms_id] and "was" or "was not")
    end
  end
  local old = {}
  for _, rep in ipairs(round.before.representations) do old[rep.id] = true end
  for _, rep in ipairs(rest.representations) do
    if asking[rep.mms_id] and not old[rep.id] then round:tell("%s: a second representation was made: %s", rep.mms_id, rep.id) end
  end
  return asking
end

local function apply(round)
  local status = strokes.call(round, "apply", "a.run", "--settle", round.fate.settle, "-q", round:masters())
  local rest, filled = look(round)
  local asking = check_asking(round, rest, filled)
  compare(round, "done", rest, asking)
  if status ~= (next(asking) and 2 or 0) then round:tell("apply ends with %s", status) end
  return asking
end

-- `use` makes another one beside the one that was filled.
local function decide(round, asking)
  judge.expect(round, "decide", round:decide("a.run", asking))
  judge.expect(round, "apply, decided,", round:call("", "apply", "a.run", "--settle", round.fate.settle, "-q", round:masters()))
  compare(round, "done", (look(round)))
end

local function check_left(round, rest, left, status)
  local n = 0
  for _ in pairs(left) do n = n + 1 end
  if status ~= (n > 0 and 2 or 0) then round:tell("undo ends with %s", status) end
  if not round:read("out"):find(n .. " left", 1, true) then round:tell("undo left %d, and says %s", n, round:read "out") end
  compare(round, "undone", rest, left)
end

-- Titles that are taken back while they ask, or whose representation was filled when
-- it came back, are left to a person, and how many is said; once decided, another one
-- is made beside, as it was.
local function undo(round, asking)
  local status = strokes.call(round, "undo", "a.run", "--yes", "-q")
  local rest, left = look(round)
  for mms_id in pairs(asking) do left[mms_id] = true end
  check_left(round, rest, left, status)
  local doubtful = round:in_doubt "undoing"
  if next(doubtful) then
    local rest_asks = next(asking) and 2 or 0
    if round:decide("a.run", doubtful) ~= rest_asks then round:tell("decide says: %s", round:read "out") end
    if round:call("", "undo", "a.run", "--yes", "-q") ~= rest_asks then round:tell("undo, decided, says: %s", round:read "out") end
    compare(round, "undone", (look(round)), asking)
  end
end

---Runs the round.
---@param round table from torture.round
function m.go(round)
  round.known = {}   -- the filled ones that were seen before
  round:plan "a.run"
  local asking = apply(round)
  if round.violations[1] then return end
  if next(asking) and round.random(1, 2) == 1 then
    decide(round, asking)
    asking = {}
  end
  if not round.violations[1] then undo(round, asking) end
end

return m
