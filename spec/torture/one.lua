-- One round in a process of its own: lua one.lua RESULT KIND SEED [CHANGE]. What came of
-- it goes into the file RESULT as JSON.
local json = require "almanac.json"
local program = require "support.program"
local round = require "torture.round"

local path, kind, seed, change = table.unpack(arg)
local keep = os.getenv "KEEP"
if keep == "" then keep = nil end

local ended = round.run { seed = tonumber(seed), kind = kind, change = change,
  keep = keep and ("%s/%s-%s"):format(keep, kind, seed) }
program.write(path, json.encode {
  change = ended.change.name, kills = ended.kills, restarts = ended.restarts, faults = ended.faults,
  violations = json.array(ended.violations),
})
