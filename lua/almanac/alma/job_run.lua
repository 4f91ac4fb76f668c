-- Starts a job. A start is never sent twice when nobody can tell whether Alma got the first one:
-- then the runs of the job are looked at, and one that was not there before is ours.
local core = require "almanac.core"
local client_module = require "almanac.alma.client"
local dates = require "almanac.dates"
local fields = require "almanac.fields"
local once = require "almanac.alma.once"
local job_parameters = require "almanac.alma.job_parameters"
local paging = require "almanac.alma.paging"
local task = require "almanac.task"
local xml = require "almanac.xml"

local m = {}

local DAY = 86400
local WEEK = 7 * DAY
local CLOCKS = 5                    -- seconds by which times that Alma writes may differ
local GLANCE = 0.2                  -- seconds after which a pause looks whether it has to end
local BUSY_PAUSE = 60               -- seconds between starts that Alma refuses for its thresholds

-- "Invalid status". The description calls the status required, and in its words optional: should an empty one be refused, it is
-- left out.
local INVALID = "40166410"

-- "Execution threshold reached", "Job overlaps with running job" (OpenAPI, POST job): nothing was started.
local BUSY = { ["402222"] = "at most 3 jobs started by API run at once", ["402223"] = "a job is started at most 5 times an hour",
  ["60347"] = "the job runs already" }
-- "An internal error occured": whether the job was started is not said.
local INTERNAL = { "402224", "402225", "402226" }

local OPTIONS = { parameters = "string|table", set_id = "string", name = "string", once = "boolean", wait = "number",
  pause = "number", stop = "function" }

local function day(seconds)
  return os.date("!%Y-%m-%d", math.floor(core.sys.time() + seconds)) --[[@as string]]
end

---Sleeps in short pieces, so that whoever has to stop does so at once.
---@param seconds number
---@param stop (fun(): boolean)?
---@return boolean false when `stop` said so
function m.rest(seconds, stop)
  local over = task.now() + seconds
  repeat
    if stop and stop() then return false end
    task.sleep(math.max(0, math.min(GLANCE, over - task.now())))
  until task.now() >= over
  return not (stop and stop())
end

---The runs of a job, as Alma gives them; see almanac.alma.jobs.
---@param client almanac.alma.client
---@param job_id string
---@param filter { from: string?, to: string?, status: string? }
---@return table[]|nil instances
---@return string? message, string? code, almanac.alma.detail? detail
function m.instances(client, job_id, filter)
  local query = { submit_date_from = filter.from or day(-WEEK), submit_date_to = filter.to or day(DAY), status = filter.status or "" }
  local list = { path = { "conf", "jobs", job_id, "instances" }, kind = "job_instances", key = "job_instance", query = query,
    identify = function(instance) return instance.id end }
  local instances, message, code, detail = paging.all(client, list)
  if instances or filter.status or not client_module.has_code(detail, INVALID) then return instances, message, code, detail end
  query.status, list.unchecked = nil, true
  return paging.all(client, list)
end

-- From yesterday on, since the institution's day may be another one than here, and without an end that a clock could miss.
local function lately(client, job_id)
  return m.instances(client, job_id, { from = day(-DAY), to = day(WEEK) })
end

-- ---- reading Alma's answer ----

local function link_of(body)
  if type(body) == "table" then
    local info = body.additional_info
    return type(info) == "table" and info.link or nil
  end
  local root = core.xml.parse(body)
  local info = root and xml.child(root, "additional_info")
  return info and info.attributes.link
end

local function started(body, job_id)
  local link = link_of(body)
  local job, id = tostring(link or ""):match "/jobs/([^/?]+)/instances/(%d+)"
  return id and { id = id, job_id = job ~= "ALL" and job or job_id }
end

-- ---- after an unclear answer ----

-- Alma's documentation does not say whether it writes more behind a run's name than was sent. Its own sample has the date and
-- time there.
local function has_name(instance, name)
  local given = type(instance.name) == "string" and instance.name or ""
  if given:sub(1, #name) ~= name then return false end
  local rest = given:sub(#name + 1)
  return rest == "" or rest:find "^%s*%-?%s*%d%d?/%d%d?/%d%d%d%d" ~= nil
end

-- One that was submitted before we asked is not ours, even when the list came too early to hold it.
local function is_ours(instance, before, name)
  if before.ids[instance.id] then return false end
  local submitted = dates.iso(type(instance.submit_time) == "string" and instance.submit_time or nil)
  if submitted and before.at and submitted < before.at - CLOCKS then return false end
  return not name or has_name(instance, name)
end

-- The one run that came since then. Two may be somebody else's as well as ours.
local function newcomer(client, job_id, before, name)
  local list, message, code, detail = lately(client, job_id)
  if not list then return nil, message, code, detail end
  local found = {}
  for _, instance in ipairs(list) do
    if is_ours(instance, before, name) then found[#found + 1] = instance end
  end
  if #found == 1 then return { id = found[1].id, job_id = job_id } end
  return nil, ("%d runs of job %s came since then"):format(#found, job_id), "missing"
end

-- ---- starting ----

local function busy(detail)
  for code, words in pairs(BUSY) do
    if client_module.has_code(detail, code) then return words end
  end
end

local function is_internal(detail)
  for _, code in ipairs(INTERNAL) do
    if client_module.has_code(detail, code) then return true end
  end
  return false
end

-- An answer without the run's address says that it was started, and not which run it is.
local function post(client, job_id, parameters)
  local body, kind = job_parameters.body(parameters)
  local answer, message, code, detail = client:call { method = "POST", path = table.pack("conf", "jobs", job_id), query = { op = "run" },
    body = body, content_type = kind, kind = not kind and "job" or nil }
  if answer then
    local run = started(answer, job_id)
    if run then return run end
    return nil, ("POST /conf/jobs/%s: the answer names no run"):format(job_id), "parse", { errors = {}, unclear = true }
  end
  detail.unclear = detail.unclear or is_internal(detail)
  return nil, message, code, detail
end

-- Starts until Alma takes it, or the time is over.
local function submit(client, job_id, parameters, options)
  local over = task.now() + (options.wait or 0)
  while true do
    local answer, message, code, detail = post(client, job_id, parameters)
    local words = not answer and busy(detail)
    if not words then return answer, message, code, detail end
    if task.now() >= over or not m.rest(math.min(options.pause or BUSY_PAUSE, over - task.now()), options.stop) then
      return nil, ("job %s was not started: %s; start it later (%s)"):format(job_id, words, message), "conflict", detail
    end
  end
end

-- What runs there were, and when that was by Alma's clock.
local function noted(client, list)
  local known = { ids = {}, at = client.dated and dates.http(client.dated.text) }
  for _, instance in ipairs(list) do known.ids[instance.id] = true end
  return known
end

-- A run of this name that goes on or ended well. One that failed is no reason not to start again.
local function earlier(list, name)
  for _, instance in ipairs(list) do
    local status = type(instance.status) == "table" and tostring(instance.status.value) or ""
    local failed = status:find "FAILED" or status:find "ABORTED$" or status:find "^MANUAL" or status:find "^SKIPPED"
    if has_name(instance, name) and not failed then return instance end
  end
end

local function read(options)
  local parameters, message, code = job_parameters.read(options.parameters)
  if not parameters then return nil, message, code end
  if options.set_id then job_parameters.set(parameters, "set_id", options.set_id) end
  if options.name then job_parameters.set(parameters, "job_name", options.name) end
  return parameters
end

---Starts a job, once. After an answer that leaves open whether it was started, the runs of the job since then are
---looked at; when that does not tell either, it fails and says what to look for.
---A run has nothing that makes it the same run as another one but its name. With `once`, a run of this name since
---yesterday that goes on or ended well is given instead, so a script that was killed starts nothing twice.
---Source: OpenAPI conf, POST /conf/jobs/{job_id}?op=run.
---@param client almanac.alma.client
---@param job_id string
---@param options { parameters: string|table|nil, set_id: string?, name: string?, once: boolean?, wait: number?, pause: number?, stop: (fun(): boolean)? }?
---  parameters: as Alma's "API information" panel shows them (XML, JSON, or a file with such), or a table of names and values; none
---  for a scheduled job; set_id, name: in place of the saved set_id and job_name; once: see above, needs `name`; wait: seconds to
---  wait while Alma runs as many jobs as it may (0), looking every `pause` seconds (60); stop: asked often, true ends the waiting
---@return { id: string, job_id: string }|nil run for `follow`
---@return boolean|string earlier true: it was there already; or the message
---@return string? code "conflict": Alma may not run it now; "parse": the parameters
---@return almanac.alma.detail? detail `unclear` when nobody knows whether it was started
function m.run(client, job_id, options)
  options = options or {}
  fields.check("jobs.run", options, OPTIONS)
  if options.once and not options.name then error("jobs.run: 'once' needs the name of the run", 2) end
  local parameters, message, code = read(options)
  if not parameters then return nil, message, code end
  local list, problem, kind, detail = lately(client, job_id)
  if not list then return nil, problem, kind, detail end
  local before, name = noted(client, list), job_parameters.value(parameters, "job_name")
  local there = options.once and earlier(list, options.name)
  if there then return { id = there.id, job_id = job_id }, true end
  return once.make(client, {
    what = ("run %sof job %s (under Monitor Jobs)"):format(name and ("'%s' "):format(name) or "", job_id), done = "started",
    post = function() return submit(client, job_id, parameters, options) end,
    find = function() return newcomer(client, job_id, before, name) end,
  })
end

return m
