-- One million titles against one million files, with Alma's answers in the run
-- file; and the same rules called without the guard, to see what it costs.
local core = require "almanac.core"
local measure = require "measure"
local program = require "support.program"

local N = tonumber(os.getenv "N") or 1000000

-- The plan of everything, by peak.lua or unguarded.lua.
local function plan(folder, script)
  local output = folder .. "/plan.run"
  local result = measure.succeeded(measure.exec(script, folder .. "/peak", "plan", "jpg-derivatives",
    "--from", folder .. "/read.run", "--folder", folder .. "/jpg", "-o", output, "-q"))
  result.peak = tonumber(program.read(folder .. "/peak"))
  result.size = core.files.stat(output).size
  core.files.remove(output)
  return result
end

return function(work)
  print(("\nMillion: %d titles against %d files, Alma's answers already in the run file"):format(N, N))
  local folder = work .. "/million"
  core.files.make_folder(folder)
  measure.succeeded(measure.exec("collection.lua", folder, N, 16, "01BENCH_INST"))
  local without = plan(folder, "unguarded.lua")
  local with = plan(folder, "peak.lua")
  print(("  guarded %.1f s wall, %.1f s CPU; not guarded %.1f s wall, %.1f s CPU; run file %.0f bytes a title"):format(
    with.wall, with.cpu, without.wall, without.cpu, with.size / N))
  measure.tell("wall time", with.wall, "s", "<=", 60)
  measure.tell("peak memory", with.peak / 1e6, "MB", "<=", 1500)
  measure.tell("share of the guard in the CPU time", 100 * (1 - without.cpu / with.cpu), "%", "<=", 25)
  measure.tell("share of the guard in the wall time", 100 * (1 - without.wall / with.wall), "%", "<=", 25)
end
