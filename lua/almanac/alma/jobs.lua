-- Alma's jobs and their runs, which Alma calls instances (OpenAPI conf, /conf/jobs; schemas
-- rest_job, rest_job_instance). How a job is started is in almanac.alma.job_run.
local answers = require "almanac.alma.answers"
local coded = require "almanac.alma.coded"
local fields = require "almanac.fields"
local job_run = require "almanac.alma.job_run"
local named = require "almanac.alma.named"
local paging = require "almanac.alma.paging"
local task = require "almanac.task"

local m = {}

local FILTERS = { category = "string", type = "string", profile_id = "string" }
local DATES = { from = "string", to = "string", status = "string" }
local FOLLOW = { pause = "number", longest = "number", wait = "number", on_change = "function", stop = "function" }
local PAUSE, LONGEST = 2, 60   -- seconds between looks: the first pause, and the longest
local GROWTH = 1.5
local PASSING = { connect = true, timeout = true, io = true, closed = true, parse = true, status = true }
local MISSES = 5               -- looks in a row that may fail in a way that passes

-- Statuses that were seen or are told of begin or end so; all others go on. The list in Alma (code table
-- systemJobStatus) is not documented.
local FINAL = { "^COMPLETED", "^FAILED", "ABORTED$", "^MANUAL", "^SKIPPED" }
local WELL = { COMPLETED_SUCCESS = true, COMPLETED_WARNING = true, COMPLETED_NO_BULKS = true }

---The jobs that can be run.
---Source: OpenAPI conf, GET /conf/jobs.
---@param client almanac.alma.client
---@param filter { category: string?, type: "MANUAL"|"SCHEDULED"|"OTHER"|nil, profile_id: string? }? profile_id: the job of an
---  import profile
---@return table[]|nil jobs { id, name, description, type = { value, desc }, category, content, related_profile, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, filter)
  fields.check("jobs.list", filter or {}, FILTERS)
  return paging.all(client, { path = { "conf", "jobs" }, query = filter, kind = "jobs", key = "job",
    identify = function(job) return job.id end })
end

---A job by its id.
---Source: OpenAPI conf, GET /conf/jobs/{job_id}.
---@param client almanac.alma.client
---@param id string M… of a manual job, S… of a scheduled one
---@return table|nil job
---@return string? message
---@return string? code "missing"
---@return almanac.alma.detail? detail
function m.get(client, id)
  return client:call { path = table.pack("conf", "jobs", id), kind = "job", id = id }
end

---A job by its id, or by its name as Alma shows it.
---@param client almanac.alma.client
---@param id_or_name string
---@return table|nil job
---@return string? message names the nearest job when there is none of this name
---@return string? code "missing", or "conflict" when several have the name
---@return almanac.alma.detail? detail
function m.find(client, id_or_name)
  fields.text("jobs.find: id_or_name", id_or_name)
  if id_or_name:find "^[MSO]%d+$" then return m.get(client, id_or_name) end
  return named.find { what = "job", wanted = id_or_name, get = function(id) return m.get(client, id) end,
    list = named.listing(function() return m.list(client) end), identify = function(job) return job.id end }
end

m.run = job_run.run

-- ---- runs ----

---Brings the progress of a run between 0 and 100: Alma counts beyond the end, 101.3 was recorded.
---@param instance table
---@return table instance
function m.settle(instance)
  if type(instance.progress) == "number" then instance.progress = math.max(0, math.min(100, instance.progress)) end
  return instance
end

---The runs of a job that were submitted between two days. Alma's description calls dates and status required, and
---optional in its words: all three are sent.
---Source: OpenAPI conf, GET /conf/jobs/{job_id}/instances.
---@param client almanac.alma.client
---@param job_id string
---@param filter { from: string?, to: string?, status: string? }? days as YYYY-MM-DD: the last seven, until tomorrow
---@return table[]|nil instances as `instance` gives them, in Alma's order
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.instances(client, job_id, filter)
  fields.check("jobs.instances", filter or {}, DATES)
  local list, message, code, detail = job_run.instances(client, job_id, filter or {})
  for _, instance in ipairs(list or {}) do m.settle(instance) end
  return list, message, code, detail
end

-- Without its id the address would be that of all runs of all jobs.
local function check_run(who, run)
  local id = run
  if type(run) == "table" then id = run.id end
  if type(id) ~= "string" or id == "" then
    error(("%s: a run is its id, or what jobs.run gave; not %s"):format(who, id == nil and "nil: did jobs.run fail?" or
      type(id) == "string" and "an empty text" or "a " .. type(id)), 3)
  end
end

---One run.
---Source: OpenAPI conf, GET /conf/jobs/{job_id}/instances/{instance_id}.
---@param client almanac.alma.client
---@param id string of the run
---@param job_id string? "ALL" when absent: Alma finds the run of whatever job
---@return table|nil instance { id, name, progress (0 to 100), status = { value, desc }, submit_time, start_time, end_time,
---  alert, counter, action, job_info, … }; times are ISO 8601 in UTC
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.instance(client, id, job_id)
  check_run("jobs.instance", id)
  local instance, message, code, detail = client:call {
    path = table.pack("conf", "jobs", job_id or "ALL", "instances", id), kind = "job_instance", id = id,
  }
  if not instance then return nil, message, code, detail end
  return m.settle(instance)
end

local function status_of(instance)
  local status = type(instance) == "table" and instance.status or instance
  return coded.value(status)
end

---True when a run is over.
---@param instance table|string a run, or the code of its status
---@return boolean
function m.is_final(instance)
  local status = tostring(status_of(instance) or "")
  for _, pattern in ipairs(FINAL) do
    if status:find(pattern) then return true end
  end
  return false
end

---True when a run is over and did what it should, with warnings perhaps.
---@param instance table|string
---@return boolean
function m.ended_well(instance)
  return WELL[status_of(instance)] == true
end

local function changed(before, instance)
  return not before or status_of(before) ~= status_of(instance) or before.progress ~= instance.progress
end

-- Looks at a run. Jobs take hours, and a network that was gone for a minute is no reason to stop waiting.
local function look(client, watch)
  local instance, message, code, detail = m.instance(client, watch.id, watch.job_id)
  watch.missed = instance and 0 or watch.missed + 1
  if instance or PASSING[code] and watch.missed <= MISSES then return instance end
  return nil, message, code, detail
end

local function still(watch, words, code)
  return nil, ("%s run %s, which goes on in Alma (Monitor Jobs): follow it again"):format(words, watch.id), code, watch.last
end

---Waits until a run is over, with looks that become rarer. Some looks may fail; when it gives up, the run goes on in Alma, and
---the same call follows it again.
---@param client almanac.alma.client
---@param run string|{ id: string, job_id: string? } the id of a run, or what `run` gave
---@param options { pause: number?, longest: number?, wait: number?, on_change: fun(instance: table)?, stop: (fun(): boolean)? }?
---  pause, longest: seconds between looks, at first (2) and at most (60); wait: seconds in all (no limit); on_change: called with
---  the run when its status or progress is another; stop: asked often, true ends the waiting
---@return table|nil instance as it ended: whether well says `ended_well`
---@return string? message
---@return string? code "timeout" after `wait`, "cancelled" by `stop`
---@return almanac.alma.detail|table|nil detail the run as it was seen last, after "timeout" or "cancelled"
function m.follow(client, run, options)
  options = options or {}
  fields.check("jobs.follow", options, FOLLOW)
  check_run("jobs.follow", run)
  local watch = type(run) == "table" and { id = run.id, job_id = run.job_id, missed = 0 } or { id = run, missed = 0 }
  local pause, over = options.pause or PAUSE, options.wait and task.now() + options.wait
  while true do
    local instance, message, code, detail = look(client, watch)
    if code then return nil, message, code, detail end
    if instance and options.on_change and changed(watch.last, instance) then options.on_change(instance) end
    watch.last = instance or watch.last
    if instance and m.is_final(instance) then return instance end
    if over and task.now() + pause > over then return still(watch, "gave up waiting for", "timeout") end
    if not job_run.rest(pause, options.stop) then return still(watch, "stopped waiting for", "cancelled") end
    pause = math.min(options.longest or LONGEST, pause * GROWTH)
  end
end

-- ---- what a run tells ----

local function number(value)
  local text = type(value) == "string" and value:match "^%s*(%-?%d+)%s*$"
  return text and math.tointeger(tonumber(text)) or value
end

---What a run counted.
---@param instance table
---@return table<string, integer|string> counters by Alma's code, e.g. "label.new.records"; text where Alma gives no number
---@return { code: string, label: string, value: integer|string }[] list in Alma's order; label: its words, else the code
function m.counters(instance)
  local by_code, list = {}, {}
  for _, counter in ipairs(type(instance.counter) == "table" and instance.counter or {}) do
    local kind = type(counter) == "table" and counter.type or nil
    local code = coded.value(kind)
    if type(code) == "string" then
      local words = type(kind) == "table" and kind.desc
      local label = type(words) == "string" and words ~= "" and words or code
      by_code[code] = number(counter.value)
      list[#list + 1] = { code = code, label = label, value = by_code[code] }
    end
  end
  return by_code, list
end

---What a run says in words about its end.
---@param instance table
---@return string[] alerts
function m.alerts(instance)
  local list = {}
  for _, alert in ipairs(type(instance.alert) == "table" and instance.alert or {}) do
    local words = type(alert) == "table" and (alert.desc or alert.value) or alert
    if type(words) == "string" and words ~= "" then list[#list + 1] = words end
  end
  return list
end

-- ---- what a run leaves ----

local function path_of(run, last)
  check_run("jobs." .. last, run)
  if type(run) == "string" then return { "conf", "jobs", "ALL", "instances", run, last } end
  return { "conf", "jobs", run.job_id or "ALL", "instances", run.id, last }
end

---The entries of a load of users that were refused. Other jobs have none: Alma refuses the question (60332).
---Source: OpenAPI conf, GET /conf/jobs/{job_id}/instances/{instance_id}/events.
---@param client almanac.alma.client
---@param run string|{ id: string, job_id: string? }
---@return { event_id: string, event_key: { code: string, value: string }[] }[]|nil events
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.events(client, run)
  return paging.all(client, { path = path_of(run, "events"), kind = "events", key = "event",
    identify = function(event) return event.event_id end })
end

---What an import matched. Alma's documentation does not say how an entry looks, so entries are given as they come.
---Source: OpenAPI conf, GET /conf/jobs/{job_id}/instances/{instance_id}/matches.
---@param client almanac.alma.client
---@param run string|{ id: string, job_id: string? }
---@param population "SINGLE_MATCHES"|"MULTI_MATCHES"
---@return table[]|nil matches
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.matches(client, run, population)
  local list = {}
  while true do
    local answer, message, code, detail = client:call { path = path_of(run, "matches"),
      query = { population = population, limit = paging.LIMIT, offset = #list } }
    if not answer then return nil, message, code, detail end
    local page, key = {}, nil
    for name, value in pairs(answer) do
      if type(value) == "table" and (key == nil or name < key) then page, key = value, name end
    end
    table.move(page, 1, #page, #list + 1, list)
    local total = answers.count(answer.total_record_count)
    if not total then return nil, "the matches of the run have no total_record_count", "parse" end
    if #list >= total then return list end
    if #page == 0 then return nil, ("the matches of the run are not complete: %d of %d"):format(#list, total), "parse" end
  end
end

local DOWNLOAD = { format = "string", line_type = "string" }

---Puts the records that an import loaded into a file, which appears when it is complete.
---Source: OpenAPI conf, GET /conf/jobs/{job_id}/instances/{instance_id}/download.
---@param client almanac.alma.client
---@param run string|{ id: string, job_id: string? }
---@param path string
---@param options { format: "XML"|"BINARY"|nil, line_type: string? }? format: MARCXML (XML) or ISO 2709; line_type: which
---  records, as the run's counters name them (TOTAL_RECORDS_IMPORTED)
---@return string|nil path
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.download(client, run, path, options)
  options = options or {}
  fields.check("jobs.download", options, DOWNLOAD)
  local format = options.format or "XML"
  if format ~= "XML" and format ~= "BINARY" then error("jobs.download: format is XML or BINARY", 2) end
  return client:call { path = path_of(run, "download"), to = path, timeout = client.timeouts.file,
    accept = format == "XML" and "application/xml" or "*/*",
    query = { download_format = format, line_type = options.line_type or "TOTAL_RECORDS_IMPORTED" } }
end

return require("almanac.alma.area").of("jobs", m)
