-- `make torture N=1000 SEED=7`: rounds of every kind, one after the other, and
-- what came of them. Exit status 1 when anything was not exactly once. One
-- round again: `make torture N=1 SEED=… KIND=…`, as a failing one says.
local fates = require "torture.fates"
local round = require "torture.round"

local STEP = 7919   -- between the seeds of rounds

local count = tonumber(os.getenv "N") or 24
local seed = tonumber(os.getenv "SEED") or os.time() % 1000000
local kind = os.getenv "KIND"
local keep = os.getenv "KEEP"
if kind == "" then kind = nil end
if keep == "" then keep = nil end

if kind and not (" " .. table.concat(fates.names, " ") .. " "):find(" " .. kind .. " ", 1, true) then
  io.stderr:write(("torture: there is no KIND=%s; there are %s\n"):format(kind, table.concat(fates.names, ", ")))
  os.exit(2)
end

local total = { rounds = 0, kills = 0, restarts = 0, violations = 0, faults = {} }

local function add(result, name, own_seed)
  total.rounds, total.kills = total.rounds + 1, total.kills + result.kills
  total.restarts = total.restarts + result.restarts
  for fault, hits in pairs(result.faults) do total.faults[fault] = (total.faults[fault] or 0) + hits end
  total.violations = total.violations + #result.violations
  for i = 1, math.min(#result.violations, 10) do print("  " .. result.violations[i]) end
  if result.violations[1] then
    print(("  again: make torture N=1 KIND=%s SEED=%d"):format(name, own_seed))
  end
end

local function sorted(faults)
  local names, words = {}, {}
  for name in pairs(faults) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do words[i] = ("%s %d"):format(name, faults[name]) end
  return table.concat(words, ", ")
end

print(("torture: %d rounds, seed %d"):format(count, seed))
for i = 1, count do
  local name = kind or fates.names[(i - 1) % #fates.names + 1]
  local own_seed = seed + (i - 1) * STEP
  local result = round.run { seed = own_seed, kind = name, keep = keep }
  print(("%4d %-9s seed %-8d %3d kills  %s"):format(i, name, own_seed, result.kills, sorted(result.faults)))
  add(result, name, own_seed)
  io.stdout:flush()
end
print(("rounds %d, kills %d, restarts of the rehearsal %d, violations %d"):format(total.rounds, total.kills,
  total.restarts, total.violations))
print("faults: " .. (next(total.faults) and sorted(total.faults) or "none"))
os.exit(total.violations == 0 and 0 or 1, true)
