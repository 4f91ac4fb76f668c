-- `make torture N=1000 SEED=7`: rounds of every kind, J of them side by side, and
-- what came of them, in order. Exit status 1 when anything was not exactly
-- once. One round again: `make torture N=1 SEED=… KIND=…`, as a failing one says.
local changes = require "torture.changes"
local fates = require "torture.fates"
local json = require "almanac.json"
local program = require "support.program"

local STEP = 7919        -- between the seeds of rounds
local SIDE_BY_SIDE = 4   -- a round mostly waits
local SHOWN = 10         -- violations of a round

local HELP = [[
make torture [N=24] [SEED=…] [KIND=…] [CHANGE=…] [J=4] [KEEP=FOLDER]

N rounds, J of them side by side, each against a rehearsal of its own: a run
and then its undo. SEED decides everything but what the clock decides; KEEP is
where the folders of failing rounds stay. KIND is what happens to a round, one
of these, all in turn without it:
]]

local function help()
  print(HELP)
  for _, kind in ipairs(fates.kinds()) do print(("  %-9s %s"):format(kind.name, kind.about)) end
  print "\nCHANGE is what the run is about, one of these; without it the seed picks one:\n"
  for _, change in ipairs(changes.kinds()) do print(("  %-9s %s"):format(change.name, change.about)) end
end

local function setting(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

local function rounds_of(count, seed, kind, change)
  local rounds = {}
  for i = 1, count do rounds[i] = { kind = kind or fates.in_turn(i), seed = seed + (i - 1) * STEP, change = change } end
  return rounds
end

-- Runs all, some at a time, and gives an iterator over the numbers of those
-- that ended. The shell tells it of a round that broke as well.
local function start(rounds, side_by_side, folder)
  local lines = {}
  for i, round in ipairs(rounds) do
    local words = { i, round.kind, round.seed, round.change }
    lines[i] = table.concat(words, " ") .. "\n"
  end
  program.write(folder .. "/rounds", table.concat(lines))
  local one = ([['%s spec/torture/one.lua %s/$0 "$@" </dev/null; echo $0']]):format(arg[-1], folder)
  return assert(io.popen(("xargs -P %d -L 1 sh -c %s <%s/rounds"):format(side_by_side, one, folder)))
end

local function result_of(path)
  local file = io.open(path)
  if not file then return { change = "", kills = 0, restarts = 0, faults = {}, violations = { "the round broke: see above" } } end
  local text = file:read "a"
  file:close()
  return json.decode(text)
end

local function sorted(faults)
  local names, words = {}, {}
  for name in pairs(faults) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do words[i] = ("%s %d"):format(name, faults[name]) end
  return table.concat(words, ", ")
end

local total = { rounds = 0, kills = 0, restarts = 0, violations = 0, faults = {} }

local function add(result)
  total.rounds, total.kills = total.rounds + 1, total.kills + result.kills
  total.restarts = total.restarts + result.restarts
  for fault, hits in pairs(result.faults) do total.faults[fault] = (total.faults[fault] or 0) + hits end
  total.violations = total.violations + #result.violations
end

local function tell(i, round, result)
  print(("%4d %-8s %-7s seed %-8d %3d kills  %s"):format(i, round.kind, result.change, round.seed, result.kills,
    sorted(result.faults)))
  for k = 1, math.min(#result.violations, SHOWN) do print("  " .. result.violations[k]) end
  if result.violations[1] then
    print(("  again: make torture N=1 KIND=%s CHANGE=%s SEED=%d"):format(round.kind, result.change, round.seed))
  end
  io.stdout:flush()
end

local function run(rounds, side_by_side, folder)
  local pipe <close> = start(rounds, side_by_side, folder)
  local ended, next_one = {}, 1
  for number in pipe:lines "n" do
    ended[number] = true
    while ended[next_one] do
      local result = result_of(folder .. "/" .. next_one)
      add(result)
      tell(next_one, rounds[next_one], result)
      next_one = next_one + 1
    end
  end
  if next_one <= #rounds then error(("round %d never ended"):format(next_one)) end
end

local kind, change = setting "KIND", setting "CHANGE"
if kind and not fates.exists(kind) or change and not changes.of(change) then
  help()
  os.exit((kind == "help" or change == "help") and 0 or 2)
end
local count, seed = tonumber(setting "N") or 24, tonumber(setting "SEED") or os.time() % 1000000
local folder = program.folder()
print(("torture: %d rounds, seed %d"):format(count, seed))
local ok, message = xpcall(run, debug.traceback, rounds_of(count, seed, kind, change),
  tonumber(setting "J") or SIDE_BY_SIDE, folder)
program.remove(folder)
if not ok then error(message, 0) end
print(("rounds %d, kills %d, restarts of the rehearsal %d, violations %d"):format(total.rounds, total.kills,
  total.restarts, total.violations))
print("faults: " .. (next(total.faults) and sorted(total.faults) or "none"))
os.exit(total.violations == 0 and 0 or 1, true)
