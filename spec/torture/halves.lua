-- A round of halves: `apply` is killed at some commit of the run file, and is not called
-- again; then `undo` is killed at every commit in turn. Titles have several pages, so
-- that either stops at any of them. What must hold: pages, their order and copies are as
-- before, and things have their ids again unless they were deleted. Masters that the run
-- did not delete are not moved for the order: then the report names the title.
local changes = require "torture.changes"
local check = require "torture.check"
local judge = require "torture.judge"
local strokes = require "torture.strokes"
local undisturbed = require "torture.undisturbed"
local wanted = require "torture.wanted"

local m = {}

local KILLED = 137
local LAST = 70    -- commits; most runs of a round have more
local ORDER = "back_in_other_order"

-- Stops `apply`, mostly in the middle.
local function apply_in_part(round)
  local when = round.random(1, 2) == 1 and ",before" or ""
  local status = round:call(("kill=%d%s"):format(round.random(2, LAST), when), "apply", "a.run", "--settle", round.fate.settle, "-q",
    round:masters())
  if status == KILLED then round.kills = round.kills + 1 end
  if status ~= KILLED and status ~= 0 then round:tell("apply ends with %s", status) end
end

local function is_master(rep) return rep.usage_type:find "MASTER" ~= nil end

local function names_of(rep)
  local names = {}
  for i, file in ipairs(rep.files) do names[i] = file.name end
  return table.concat(names, ", ")
end

-- The masters whose files came back in another order, which is wanted then.
local function take_order(want, after)
  local now, moved = {}, {}
  for _, rep in ipairs(after.representations) do now[rep.id] = rep end
  for _, rep in ipairs(want.representations) do
    local there = now[rep.id]
    if there and is_master(rep) and names_of(there) ~= names_of(rep) then
      want:order(rep, there)
      moved[rep.mms_id] = names_of(there)
    end
  end
  return moved
end

local function check_named(round, moved)
  for _, row in ipairs(round:report().rows) do
    local names = moved[row.mms_id]
    local is_named = row.reason_code == ORDER
    if is_named ~= (names ~= nil) then
      round:tell("%s: %s, but the report says: %s", row.mms_id, names and "is in the order " .. names or "is in its order",
        tostring(row.reason))
    end
  end
end

-- What Alma may take at any moment is not taken back before apply knows what came of it.
local function take_back(round)
  local status = strokes.kill_at_commits(round, "undo", "a.run", "--yes", "-q")
  if status ~= 2 or not round.change.together then return status end
  round:call("", "apply", "a.run", "--settle", round.fate.settle, "-q", round:masters())
  return strokes.kill_at_commits(round, "undo", "a.run", "--yes", "-q")
end

local function undo(round)
  local status = take_back(round)
  local after = undisturbed.of(round.alma.state())
  local want = changes.expect(wanted.of(round.before, round.sums), "undone", round)
  want:settle(after)
  local moved = take_order(want, after)
  judge.add(round, check.state(round.before, want, after, { objects = round.fate.keys }))
  check_named(round, moved)
  local stays = round.change.stays
  if status ~= 0 and not (status == 2 and (next(moved) or stays)) then round:tell("undo ends with %s", status) end
  status = round:call("", "verify", "a.run")
  -- Nothing was begun, or all is as before.
  local is_right = next(moved) and status == 2 or not next(moved) and (status == 0 or status == 1 and round:is_untouched())
  if not is_right and not (stays and status == 2) then round:tell("verify ends with %s", status) end
end

---Runs the round.
---@param round table from torture.round
function m.go(round)
  round:plan "a.run"
  apply_in_part(round)
  undo(round)
end

return m
