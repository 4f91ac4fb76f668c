-- almanac-script: 1
--
-- Runs a job of Alma, on a set or as it is scheduled, waits for its end and tells what it counted.
-- A manual job needs its parameters: in Alma go through "Run a Job" to its last step, open "API
-- information" and save the XML or JSON that is shown there. Only the set and the run's name are
-- put in. Ended early, the same line follows the same run again: a run of this name is started
-- once a day, unless it failed or --again says so. Needs an API key with write access to
-- Configuration. The exit status is 2 when the job ended badly.
local script = require "almanac.script"
local jobs = require "almanac.alma.jobs"
local sets = require "almanac.alma.sets"

local args = script.arguments {
  { "job", "string", required = true, help = "id or name of the job" },
  { "set", "set", help = "id or name of the set, in place of the one in the parameters" },
  { "parameters", "file", help = "the job's parameters as Alma's \"API information\" shows them" },
  { "name", "string", help = "name of the run; without it, the job, the set and today" },
  { "again", "flag", help = "start it although a run of this name is there" },
  { "patience", "integer", default = 0, min = 0, help = "minutes to wait while Alma runs as many jobs as it may" },
}
local client = script.client()
local job = script.check(jobs.find(client, args.job))
local set = args.set and script.check(sets.find(client, args.set))
local manual = type(job.type) == "table" and job.type.value == "MANUAL"
if manual and not args.parameters then
  script.check(nil, ("%s needs its parameters: save what Alma shows under \"API information\", and give --parameters FILE"):format(
    job.name or args.job), "parse")
end

local name = args.name or manual and ("%s%s - %s"):format(job.name, set and " - " .. set.name or "", os.date "!%Y-%m-%d") or nil
local run, earlier, code = jobs.run(client, job.id, { parameters = args.parameters, set_id = set and set.id, name = name,
  once = name ~= nil and not args.again, wait = args.patience * 60 })
script.check(run, earlier, code)
script.warn(earlier == true and "run %s was started before, under the name %s: following it" or "run %s of %s was started", run.id,
  earlier == true and name or job.name)

local instance = script.check(jobs.follow(client, run, { on_change = function(now)
  script.warn("%s, %d%%", type(now.status) == "table" and now.status.desc or "?", math.floor(now.progress or 0))
end }))
local _, counters = jobs.counters(instance)
for _, counter in ipairs(counters) do script.say("%s: %s", counter.label, counter.value) end
for _, alert in ipairs(jobs.alerts(instance)) do script.warn("%s", alert) end
if not jobs.ended_well(instance) then
  script.warn("the run ended badly (%s): look at its report in Alma under Monitor Jobs", instance.status.value)
  return 2
end
