-- make bench: what almanac costs, beside its peers, in one run on one machine.
-- Ratios and counts; the seconds of a busy machine mean little by themselves.
--   run.lua [startup] [recipe] [upload] [fetch] [pace] [plan] [scale] [million] [records] [shards]
package.path = "spec/?.lua;spec/bench/?.lua;" .. package.path

local core = require "almanac.core"
local json = require "almanac.json"
local measure = require "measure"
local program = require "support.program"

local almanac = program.quote(program.path())
local exec, quote, succeeded = measure.exec, program.quote, measure.succeeded

-- Ends a server when the block is left.
local function stopping(server)
  return setmetatable({}, { __close = function() server.stop() end })
end

local benches = {}

function benches.startup()
  print "\nStarting: almanac --version, beside lua5.4 -v"
  local loop = "for i in $(seq 100); do %s >/dev/null; done"
  local ours = measure.median(3, "wall", function() return measure.command(loop:format(almanac .. " --version")) end)
  local lua = measure.median(3, "wall", function() return measure.command(loop:format "lua5.4 -v") end)
  print(("  almanac %.1f ms, lua5.4 %.1f ms, ratio %.2f"):format(ours.wall * 10, lua.wall * 10, ours.wall / lua.wall))
  measure.tell("one start", ours.wall * 10, "ms", "<=", 10)
end

local function make_upload_folder(folder)
  core.files.make_folder(folder)
  for i = 1, 1000 do
    assert(core.files.write(("%s/image_%04d.jpg"):format(folder, i), core.hash.random(200000)))
  end
end

local RCLONE = "rclone copy %s :s3:%s/%s --config /dev/null --transfers 16 --checkers 16 --no-traverse " ..
  "--s3-provider Other --s3-env-auth --s3-endpoint %s --s3-force-path-style --s3-no-check-bucket --retries 1"

function benches.upload(work)
  print "\nUpload: 1,000 files of 200 KB into one s3rver, 16 in flight, almanac and rclone by turns"
  local server = require("support.s3rver").start()
  local _ <close> = stopping(server)
  local folder = work .. "/upload"
  make_upload_folder(folder)
  local keys = ("AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s "):format(server.access_key, server.secret_key)
  local ours, theirs, peak = {}, {}, 0
  for i = 1, 3 do
    local upload = exec("upload.lua", folder, server.url, server.bucket, "ours" .. i .. "/")
    ours[i] = succeeded(keys .. upload)
    local rclone = RCLONE:format(quote(folder), server.bucket, "theirs" .. i, server.url)
    theirs[i] = succeeded("env -u AWS_CA_BUNDLE " .. keys .. rclone)
    peak = math.max(peak, tonumber(ours[i].out))
    print(("  almanac %.2f s wall %.2f s CPU; rclone %.2f s wall %.2f s CPU"):format(ours[i].wall, ours[i].cpu,
      theirs[i].wall, theirs[i].cpu))
  end
  local function middle(list, figure)
    return measure.median(#list, figure, function(i) return list[i] end)[figure]
  end
  measure.tell("CPU, almanac / rclone", middle(ours, "cpu") / middle(theirs, "cpu"), "", "<=", 0.6)
  measure.tell("wall time, almanac / rclone", middle(ours, "wall") / middle(theirs, "wall"), "", "<=", 1)
  measure.tell("peak memory of almanac", peak / 1e6, "MB", "<=", 64)
end

function benches.pace(work)
  print "\nPace: apply of 2,000 titles at 25 calls a second, 0.3 s a call, 3 s a file (takes minutes)"
  local folder = work .. "/pace"
  core.files.make_folder(folder)
  local rehearsal = require "support.rehearsal"
  succeeded(exec("collection.lua", folder, 2000, 20000, "01REHEARSAL_INST"))
  local alma = rehearsal.start { titles = folder .. "/titles.csv",
    args = { "--latency", "0.3,file=3", "--rate", "25" } }
  local _ <close> = stopping(alma)
  local env = ("ALMANAC_API_URL=%s ALMA_API_KEY=%s "):format(alma.url, alma.key)
  local function at_work(words)
    return succeeded((env .. almanac .. words:gsub("DIR", folder)))
  end
  at_work " plan jpg-derivatives --from DIR/read.run --folder DIR/jpg -o DIR/pace.run -q"
  local before = alma.calls()
  local run = at_work " apply DIR/pace.run --rate 25 -q"
  local report = json.decode(at_work(" report DIR/pace.run --format json").out)
  local calls = 0
  for _, n in pairs(report.calls) do calls = calls + n end
  print(("  %d titles done, %d calls in %.1f s, %.2f s CPU"):format(report.titles.done, calls, run.wall, run.cpu))
  local after = alma.calls()
  measure.tell("share of the allowed rate used", calls / (25 * run.wall), "", ">=", 0.97)
  measure.tell("answers 429", (after.refused or 0) - (before.refused or 0), "", "<=", 0)
  measure.tell("calls a title", calls / report.titles.done, "", "<=", 4)
end

function benches.plan(work)
  print "\nPlan: 100,000 titles against 100,000 files, Alma's answers already in the run file"
  local folder = work .. "/plan"
  core.files.make_folder(folder)
  succeeded(exec("collection.lua", folder, 100000, 1000, "01BENCH_INST"))
  local result = succeeded(exec("peak.lua", folder .. "/peak", "plan", "jpg-derivatives",
    "--from", folder .. "/read.run", "--folder", folder .. "/jpg", "-o", folder .. "/plan.run", "-q"))
  local peak = tonumber(program.read(folder .. "/peak"))
  local size = core.files.stat(folder .. "/plan.run").size
  print(("  %.2f s wall, %.2f s CPU, run file %.0f bytes a title"):format(result.wall, result.cpu, size / 100000))
  measure.tell("wall time", result.wall, "s", "<=", 10)
  measure.tell("peak memory", peak / 1e6, "MB", "<=", 300)
end

benches.recipe = require "recipe"
benches.fetch = require "fetch"
benches.scale = require "scale"
benches.million = require "million"
benches.records = require "records"
benches.shards = require "shards"

local USUAL = { "startup", "recipe", "upload", "fetch", "plan", "pace", "scale", "records" }

local work = program.folder()
local ok, message = pcall(function()
  for _, name in ipairs(arg[1] and arg or USUAL) do benches[name](work) end
end)
program.remove(work)
if not ok then
  io.stderr:write(tostring(message), "\n")
  os.exit(1)
end
