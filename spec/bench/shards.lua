-- Many machines: the same derivatives by two shards on the two processors of a Slurm, and by two
-- workers without it. What Slurm and the parts cost shows in the wall time.
local measure = require "measure"
local program = require "support.program"
local slurm = require "support.slurm"

local MASTERS, SIZE = 60, "5000x4000"    -- 20 megapixels each
local ROUNDS = 3

local function make_masters(folder)
  local line = "mkdir -p %s/masters && cd %s/masters && convert -size %s plasma:red-blue -depth 8 m1.tif && " ..
    "for i in $(seq 2 %d); do ln m1.tif m$i.tif; done"
  measure.succeeded(line:format(folder, folder, SIZE, MASTERS))
end

local function run(folder, name, cluster, ...)
  local out = folder .. "/" .. name
  local words = measure.almanac("derive", folder .. "/masters", "--to", out, "-o", out .. ".derive", ...)
  local result = measure.succeeded(("SLURM_CONF=%s %s"):format(program.quote(cluster.conf), words))
  assert(result.out:find(("%d masters of %d have derivatives"):format(MASTERS, MASTERS), 1, true), result.out)
  program.remove(out)
  return result.wall
end

return function(work)
  print(("\nShards: %d TIFFs of 20 megapixels to JPG, by 2 shards on 2 slots of Slurm, and by 2 workers without"):format(MASTERS))
  local cluster <close>, why = slurm.start()
  if not cluster then return print("  left out: " .. why) end
  local folder = work .. "/shards"
  make_masters(folder)
  local ratios = {}
  for round = 1, ROUNDS do
    local plain = run(folder, "plain" .. round, cluster, "--workers", "2")
    local shared = run(folder, "shared" .. round, cluster, "--slurm", "--shards", "2")
    ratios[round] = shared / plain
    print(("  without %.1f s, on Slurm %.1f s, ratio %.2f"):format(plain, shared, shared / plain))
  end
  table.sort(ratios)
  measure.tell("wall time, on Slurm / without", ratios[(ROUNDS + 1) // 2], "", "<=", 1.15)
end
