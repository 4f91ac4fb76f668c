-- Starts the job of an import profile for an ingest, once, and follows it to its end. What runs there were is written down
-- before the start is sent. When its end is not known, because the answer was lost or this program was killed, the runs
-- since then are looked at first. A second start is sent only when none came and all files lie in the folder still; Alma
-- would find nothing to do in it in any case, since a profile of new files takes an ingest once.
local alma = require "almanac.alma"
local core = require "almanac.core"
local job_run = require "almanac.alma.job_run"
local json = require "almanac.json"
local reconcile = require "almanac.apply.reconcile"
local rows = require "almanac.apply.ingest.rows"
local steps = require "almanac.apply.steps"
local task = require "almanac.task"

local m = {}

local NOTHING_DONE = "COMPLETED_NO_BULKS"
local MINUTE = 60
m.WAIT = 12 * 60     -- minutes that a run may take, and a start may be put off, unless it is said otherwise
m.pause = nil        -- seconds between looks; nil: as almanac.alma.jobs has them

local function is_stopped(run)
  return function() return core.sys.interrupts() > 0 or run.stop ~= nil end
end

local function ids_of(list)
  local ids = json.array {}
  for i, instance in ipairs(list) do ids[i] = instance.id end
  return ids
end

-- The runs of the job that were not there before the start.
local function newcomers(run, ingest)
  local list, message, code = job_run.instances(run.client, ingest.job, {})
  if not list then return nil, message, code end
  local known, found = {}, {}
  for _, id in ipairs(json.decode(ingest.before or "[]")) do known[id] = true end
  for _, instance in ipairs(list) do
    if not known[instance.id] then found[#found + 1] = instance.id end
  end
  return found
end

-- A run that came since the start was sent. Whoever started it, it takes every ingest that is not locked; of several the
-- first one has taken this.
local function find_started(run, ingest)
  return reconcile.find(function()
    local found, message, code = newcomers(run, ingest)
    if not found then return nil, message, code end
    return { found[#found] }
  end)
end

local function note_instance(run, ingest, id)
  return rows.set(run, ingest, { instance = id, stage = "running" })
end

-- Looks for what a start made whose end is not known. True: it is found, or surely nothing was started.
local function settle(run, ingest, is_taken)
  if ingest.stage ~= "starting" then return true end
  local id, message, code = find_started(run, ingest)
  if id then return note_instance(run, ingest, id) end
  if code ~= "absent" then return nil, message, code end
  local taken
  taken, message, code = is_taken()
  if taken == nil then return nil, message, code end
  if taken then
    return nil, "Alma has taken the files of the ingest, and its run is in no list yet", "timeout"
  end
  return true
end

local function start(run, ingest)
  local list, message, code = job_run.instances(run.client, ingest.job, {})
  if not list then return nil, message, code end
  local ok
  ok, message, code = rows.set(run, ingest, { stage = "starting", before = json.encode(ids_of(list)), sent = ingest.sent + 1 })
  if not ok then return nil, message, code end
  local wait = (run.ingest_wait or m.WAIT) * MINUTE
  local started, why, kind, detail = alma.jobs.run(run.client, ingest.job, { wait = wait, pause = m.pause, stop = is_stopped(run) })
  if started then return note_instance(run, ingest, started.id) end
  if detail and detail.unclear then return nil, why, "timeout", true end
  -- Alma refused: nothing was started.
  ok, message, code = rows.set(run, ingest, { stage = "filled", sent = ingest.sent - 1 })
  if not ok then return nil, message, code end
  return nil, why, kind == "conflict" and "closed" or kind
end

---Starts the job for an ingest that is filled and unlocked, or finds the run that was started.
---@param run almanac.run
---@param ingest almanac.ingest
---@param is_taken fun(): boolean|nil, string?, string? whether files of it are gone from the folder
---@return true|nil
---@return string? message
---@return string? code "closed": Alma lets no job start now
function m.start(run, ingest, is_taken)
  for _ = 1, steps.TRIES do
    local ok, message, code, unclear = settle(run, ingest, is_taken)
    if ok and ingest.stage == "running" then return true end
    if ok then ok, message, code, unclear = start(run, ingest) end
    if ok then return true end
    if not unclear then return nil, message, code end
  end
  return settle(run, ingest, is_taken)
end

-- What a run tells of the records that it refused. Alma's documentation has events of loads of users alone: others refuse the
-- question, and then nothing is known of single records.
local function events_of(run, instance)
  local list = alma.jobs.events(run.client, { id = instance.id, job_id = (instance.job_info or {}).id })
  local events = json.array {}
  for i, event in ipairs(list or {}) do
    local values = json.array {}
    for n, pair in ipairs(type(event.event_key) == "table" and event.event_key or {}) do values[n] = tostring(pair.value or "") end
    events[i] = values
  end
  return events
end

local function report_of(run, instance)
  local _, counters = alma.jobs.counters(instance)
  local told = json.array {}
  for i, counter in ipairs(counters) do told[i] = { label = counter.label, value = tostring(counter.value) } end
  local status = type(instance.status) == "table" and instance.status or { value = instance.status }
  return { status = status.value, words = status.desc, counters = told, alerts = json.array(alma.jobs.alerts(instance)),
    events = events_of(run, instance) }
end

local function follow_one(run, ingest, id)
  local wait = (run.ingest_wait or m.WAIT) * MINUTE
  return alma.jobs.follow(run.client, { id = id, job_id = ingest.job }, { wait = wait, pause = m.pause, longest = m.pause,
    stop = is_stopped(run), on_change = function(now) if run.on.ingest then run.on.ingest(ingest, now) end end })
end

-- A start that was sent more than once may have made several runs, of which one took the ingest. So all are waited for.
local function follow_others(run, ingest, instance)
  if ingest.sent < 2 then return instance end
  task.sleep(reconcile.bound)
  local ids, message, code = newcomers(run, ingest)
  if not ids then return nil, message, code end
  for _, id in ipairs(ids) do
    local other
    if id ~= instance.id then
      other, message, code = follow_one(run, ingest, id)
      if not other then return nil, message, code end
      if (other.status or {}).value ~= NOTHING_DONE then instance = other end
    end
  end
  return instance
end

---Follows the run of an ingest until it is over.
---@param run almanac.run
---@param ingest almanac.ingest
---@return table|nil report
---@return string? message
---@return string? code "timeout": it runs on in Alma; "cancelled": somebody stopped it here
function m.follow(run, ingest)
  local instance, message, code = follow_one(run, ingest, ingest.instance)
  if instance then instance, message, code = follow_others(run, ingest, instance) end
  if not instance then return nil, message, code end
  local report = report_of(run, instance)
  local ok
  ok, message, code = rows.set(run, ingest, { stage = "ended", report = json.encode(report) })
  if not ok then return nil, message, code end
  return report
end

return m
