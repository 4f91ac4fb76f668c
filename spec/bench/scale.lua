-- A hundred thousand titles, carried out for real against a rehearsal without a
-- limit: what the run file weighs, what apply, verify and report hold in
-- memory, how long it takes to open, resume and report. And what share of a
-- run's time the run file costs at Alma's 25 calls a second.
local core = require "almanac.core"
local measure = require "measure"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local store = require "almanac.run.store"

local TITLES = 100000
local SAMPLE = 20000       -- of them for verify, which takes no more memory for all
local PACED = 300          -- titles of the run at 25 calls a second: some 40 s
local INSTITUTION = "01REHEARSAL_INST"

-- A collection with its rehearsal and a plan: DIR/a.run. Gives what runs a
-- command in it; DIR in its words is the folder.
local function planned(folder, titles, options)
  core.files.make_folder(folder)
  measure.succeeded(measure.exec("collection.lua", folder, titles, 1000, INSTITUTION))
  local alma = rehearsal.start { titles = folder .. "/titles.csv", memory = true, args = options }
  local env = ("ALMANAC_API_URL=%s ALMA_API_KEY=%s "):format(alma.url, alma.key)
  local function run(script, words)
    local parts = {}
    for word in words:gsub("DIR", folder):gmatch "%S+" do parts[#parts + 1] = word end
    if not script then return measure.succeeded(env .. measure.almanac(table.unpack(parts))) end
    local result = measure.succeeded(env .. measure.exec(script, folder .. "/figures", table.unpack(parts)))
    result.figures = program.read(folder .. "/figures")
    return result
  end
  run(nil, "plan jpg-derivatives --from DIR/read.run --folder DIR/jpg -o DIR/a.run -q")
  return run, setmetatable({}, { __close = alma.stop })
end

local function tell_size(path)
  local db <close> = assert(store.open(path, "read"))
  local parts = {}
  for row in db:rows("SELECT name, sum(pgsize) / ? AS bytes FROM dbstat GROUP BY 1 ORDER BY 2 DESC LIMIT 8", TITLES) do
    parts[#parts + 1] = ("%s %d"):format(row.name:gsub("^sqlite_autoindex_(.-)_1$", "index of %1"), row.bytes)
  end
  print("  bytes a title: " .. table.concat(parts, ", "))
  measure.tell("run file, all applied, a title", core.files.stat(path).size / TITLES, "bytes", "<=", 1000)
end

local function tell_work(run)
  local peaks = {}
  local function heavy(name, words)
    local result = run("peak.lua", words)
    peaks[#peaks + 1] = { name, tonumber(result.figures) / 1e6 }
    return result
  end
  local apply = heavy("apply", "apply DIR/a.run -q --rate 1000000 --limit " .. TITLES - 1)
  local resume = run(nil, "apply DIR/a.run -q --rate 1000000")
  local verify = heavy("verify", "verify DIR/a.run -q --rate 1000000 --sample " .. SAMPLE)
  print(("  apply of all but one %.0f s (%.0f s CPU), verify of %d %.0f s (%.0f s CPU)"):format(apply.wall, apply.cpu, SAMPLE,
    verify.wall, verify.cpu))
  local open = run(nil, "show DIR/a.run -q")
  local report = heavy("report", "report DIR/a.run --format json -o DIR/report.json -q")
  print(("  seconds of CPU: opening %.2f, resuming %.2f, report %.2f"):format(open.cpu, resume.cpu, report.cpu))
  for _, peak in ipairs(peaks) do measure.tell("peak memory of " .. peak[1], peak[2], "MB", "<=", 150) end
  measure.tell("opening, with the summary", open.wall, "s", "<=", 2)
  measure.tell("resuming: all of an apply of the last title", resume.wall, "s", "<=", 2)
  measure.tell("report as JSON", report.wall, "s", "<=", 2)
end

local function tell_share(folder)
  local run, _ <close> = planned(folder, PACED, { "--rate", "25" })
  local result = run("share.lua", "apply DIR/a.run -q --rate 25")
  local seconds, spent = result.figures:match "(%S+) (%S+)"
  print(("  %d titles at 25 calls a second: %.1f s, %.2f s of it in the run file"):format(PACED, seconds, spent))
  measure.tell("share of the run file in a run's time", 100 * spent / seconds, "%", "<=", 5)
end

---@param work string a folder
return function(work)
  print(("\nScale: %d titles, one file each (takes minutes)"):format(TITLES))
  do
    local run, _ <close> = planned(work .. "/scale", TITLES, { "--rate", "0", "--daily", "10000000" })
    tell_work(run)
    tell_size(work .. "/scale/a.run")
  end
  tell_share(work .. "/share")
end
