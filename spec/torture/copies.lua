-- A round with a stale copy of the run file: it is made when some titles are done, with
-- the engine at rest or after a kill, with its log or without it; the run goes on, and
-- the copy is verified, applied and taken back as well. What must hold: the copy does
-- nothing twice and calls nothing absent that is there; it says that it is older as soon
-- as it meets what it does not know; half a copy is no run; and the original ends as if
-- there had never been a copy.
local check = require "torture.check"
local core = require "almanac.core"
local judge = require "torture.judge"
local program = require "support.program"
local strokes = require "torture.strokes"
local undisturbed = require "torture.undisturbed"

local m = {}

local KILLED = 137
local COPY = "old.run"
local OLDER = "older copy of a run"
local TAKEN_BACK = "taken back already with another copy of this run file?"
local PART = "is only a part of its run"
local OTHERS = "are of different copies of the run"
-- Of these nothing shows who did them: a title in a collection, rights that the plan did not read.
local UNSEEN = { collect = true, rights = true }

local function place(round, name) return round.folder .. "/" .. name end

local function copy(round, from, to)
  local text = core.files.read(place(round, from))
  if text then program.write(place(round, to), text) end
  return text ~= nil and #text > 0
end

-- Applies a part of the run, and copies its file as it lies there.
local function make_copy(round)
  local how = round.fate.copy
  if how == "rest" then
    round:call("", "apply", "a.run", "--limit", round.random(1, #round.titles - 1), "--settle", round.fate.settle, "-q", round:masters())
  else
    local status = round:start({}, round.random(150, 900) / 1000, "apply", "a.run", "--settle", round.fate.settle, "-q", round:masters())()
    if status == KILLED then round.kills = round.kills + 1 end
  end
  copy(round, "a.run", COPY)
  local has_log = core.files.stat(place(round, "a.run-wal")) ~= nil and program.read(place(round, "a.run-wal")) ~= ""
  if how == "log" then copy(round, "a.run-wal", COPY .. "-wal") end
  round.halved = has_log and how == "part"
end

-- All that is in Alma, as text.
local function picture(round)
  local json = require "almanac.json"
  local state = undisturbed.of(round.alma.state())
  return json.encode { bibs = state.bibs, representations = state.representations }
end

-- What a command with the copy prints; nil when it was no run by itself.
local function with_copy(round, ...)
  program.write(place(round, "err"), "")
  local status = round:call("", ...)
  local said = round:read "err"
  if said:find(PART, 1, true) or said:find(OTHERS, 1, true) then
    if status ~= 1 then round:tell("half a copy: %s ends with %s", (...), status) end
    return nil
  end
  if round.halved then round:tell("half a copy was believed: %s ends with %s", (...), status) end
  if status ~= 0 and status ~= 1 and status ~= 2 then round:tell("%s of the copy ends with %s", (...), status) end
  return said .. round:read "out", status
end

-- The titles of which the copy does not know that they were done.
local function unknown(round)
  local count = 0
  for _, row in ipairs(round:report(COPY).rows) do
    if row.state ~= "attached" and row.state ~= "verified" then count = count + 1 end
  end
  return count
end

-- Neither looking nor applying changes anything, and what the copy does not know is told.
local function try_copy(round)
  local before = picture(round)
  local said, status = with_copy(round, "verify", COPY)
  if not said then return end
  local n = unknown(round)
  round.lacks = n > 0 and not UNSEEN[round.change.name]
  if round.lacks and not (status == 1 or said:find "older copy of the run") then
    round:tell("the copy lacks %d titles, and verify says: %s", n, said)
  end
  said = with_copy(round, "apply", COPY, "--settle", round.fate.settle, round:masters(COPY))
  if picture(round) ~= before then round:tell("the copy changed something again, and says: %s", said) end
  for _, row in ipairs(round:report(COPY).rows) do
    local reason = tostring(row.reason)
    if row.state == "failed" or row.state == "ready" then round:tell("%s: the copy has it as %s: %s", row.mms_id, row.state, reason) end
    if row.state == "ask" and not reason:find(OLDER, 1, true) then round:tell("%s: the copy asks, but not why: %s", row.mms_id, reason) end
  end
end

-- What the copy takes back it knows; what is left is there and said to be.
local function undo_copy(round)
  local said, status = with_copy(round, "undo", COPY, "--yes", "-q")
  round.copy_undid = said ~= nil
  if said and round.lacks and status ~= 2 then round:tell("the copy leaves titles, but undo ends with %s: %s", status, said) end
end

local function apply(round)
  judge.expect(round, "apply", strokes.call(round, "apply", "a.run", "--settle", round.fate.settle, "-q", round:masters()))
  judge.done(round, {})
end

-- What the copy has taken back is not brought back twice: the original asks about it, or
-- leaves it as changed since. Of a title that the copy knew in part, the rest waits for the
-- answer as well.
local function undo(round)
  local status = strokes.call(round, "undo", "a.run", "--yes", "-q")
  local may_differ = status == 2 and (round.copy_undid or round.change.stays)
  if status ~= 0 and not may_differ then round:tell("undo ends with %s: %s", status, round:read "err") end
  local asking = {}
  for _, row in ipairs(status == 2 and round:report().rows or {}) do
    asking[row.mms_id] = row.state == "undoing" or nil
    if row.state == "undoing" and not (row.reason or ""):find(TAKEN_BACK, 1, true) then
      round:tell("%s: undo leaves it %s: %s", row.mms_id, row.state, tostring(row.reason))
    end
  end
  judge.compare(round, "undone", { objects = round.fate.keys and not round.copy_undid, left_out = asking })
  judge.add(round, check.no_more(round.before, undisturbed.of(round.alma.state()), asking))
end

---Runs the round.
---@param round table from torture.round
function m.go(round)
  round:plan "a.run"
  make_copy(round)
  apply(round)
  if round.violations[1] then return end
  if round.random(1, 4) > 1 then try_copy(round) end
  if round.random(1, 2) == 1 then undo_copy(round) end
  if not round.violations[1] then undo(round) end
end

return m
