-- /conf/jobs: the jobs that can be run, and starting one. A run takes its time, counts, and ends; how it goes on is in
-- almanac.rehearsal.api.runs. Only those of import profiles do something to titles (almanac.rehearsal.imports).
local codes = require "almanac.rehearsal.api.codes"
local core = require "almanac.core"
local failure = require "almanac.rehearsal.api.failure"
local json = require "almanac.json"
local lists = require "almanac.rehearsal.api.lists"
local profiles = require "almanac.rehearsal.api.profile_store"
local runs = require "almanac.rehearsal.api.runs"
local shapes = require "almanac.rehearsal.api.shapes_work"
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

-- At most so many at once that were started by API, and so many of one job within an hour (OpenAPI, POST job).
local AT_ONCE, AN_HOUR = 3, 5
local HOUR = 3600

local function object_of(world, job)
  local profile = job.profile and { value = job.profile, link = world:link("/conf/md-import-profiles/" .. job.profile) }
  return {
    link = world:link("/conf/jobs/" .. job.id), id = job.id, name = job.name, description = job.description,
    type = codes.value(work.types, job.type), category = codes.value(work.categories, job.category),
    content = job.content and { value = job.content, desc = codes.describe(codes.tables.SetContentType, job.content) },
    schedule = { value = "NOT_SCHEDULED", desc = "Not scheduled" }, creator = "", parameter = {}, related_profile = profile,
  }
end

local function fits(job, query)
  return (query.type or "") == "" or query.type == job.type
end

local function is_wanted(job, query)
  return fits(job, query) and ((query.category or "") == "" or query.category == job.category)
    and ((query.profile_id or "") == "" or query.profile_id == job.profile)
end

local function wrong_filter(query)
  local function unknown(rows, code)
    return code and code ~= "" and not codes.describe(rows, code)
  end
  if unknown(work.types, query.type) then return failure.new("40166410", "Invalid type.") end
  if unknown(work.categories, query.category) then return failure.new("40166410", "Invalid category.") end
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local refusal = wrong_filter(call.query)
  if refusal then return refusal end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local list, total = {}, 0
  for _, job in ipairs(profiles.jobs(world)) do
    if is_wanted(job, call.query) then
      total = total + 1
      if total > offset and #list < limit then list[#list + 1] = object_of(world, job) end
    end
  end
  return { shape = shapes.jobs, object = { job = list, total_record_count = total } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local job, refusal = runs.job(world, call)
  if not job then return refusal end
  return { shape = shapes.job, object = object_of(world, job) }
end

-- ---- starting one ----

local function add_xml(parameters, node)
  local fields = {}
  for _, item in ipairs(node) do fields[item.name] = item.text end
  if node.name ~= "parameter" or not fields.name then return nil end
  parameters[fields.name] = fields.value or ""
  return true
end

local function from_xml(text)
  local root = core.xml.parse(text)
  if not root or root.name ~= "job" then return nil end
  local parameters = {}
  for _, list in ipairs(root) do
    if list.name ~= "parameters" then return nil end
    for _, node in ipairs(list) do
      if not add_xml(parameters, node) then return nil end
    end
  end
  return parameters
end

local function from_json(text)
  local root = json.decode(text)
  if type(root) ~= "table" then return nil end
  local parameters = {}
  for _, one in ipairs(root.parameter or {}) do
    if type(one) ~= "table" or type(one.name) ~= "table" or type(one.name.value) ~= "string" then return nil end
    parameters[one.name.value] = type(one.value) == "string" and one.value or ""
  end
  return parameters
end

-- A body that is none is a general error; Alma's documentation names no code for it.
local function parameters_of(call)
  local kind = (call.request:header "Content-Type" or ""):lower()
  local read = kind:find("json", 1, true) and from_json or from_xml
  return read(call.request:body() or "")
end

local ALWAYS = { set_id = true, job_name = true }

local function has_choice(parameters)
  for name in pairs(parameters) do
    if not ALWAYS[name] then return true end
  end
  return false
end

local function missing(job, parameters)
  if job.type ~= "MANUAL" then return nil end
  for _, name in ipairs { "set_id", "job_name" } do
    if not parameters[name] then return failure.new("402228", "Mandatory parameter is missing from input.") end
    if parameters[name] == "" then return failure.new("402229", "Mandatory parameter value is empty.") end
  end
  -- Alma's documentation does not say what becomes of a job without the others of its parameters.
  if job.chosen and not has_choice(parameters) then
    return failure.new("402228", "Mandatory parameter is missing from input.")
  end
end

local function count(world, sql, ...)
  return world.db:value("SELECT count(*) FROM job_run WHERE " .. sql, ...)
end

local function threshold(world, job)
  local now = world:time()
  local going = "submitted + seconds > ?1"
  if job.type ~= "MANUAL" and count(world, going .. " AND job_id = ?2", now, job.id) > 0 then
    return failure.new("60347", "Job overlaps with running job - cannot execute.")
  elseif count(world, going, now) >= AT_ONCE then
    return failure.new("402222", "Execution threshold reached.")
  elseif count(world, "submitted > ?1 AND job_id = ?2", now - HOUR, job.id) >= AN_HOUR then
    return failure.new("402223", "Execution threshold reached.")
  end
end

local FOR_EVER = 1e9   -- seconds

local function submit(world, call, job, parameters)
  local id, seconds = world:id "11", world.job_seconds
  if call.fault and call.fault.kind == "hangs" then
    parameters["rehearsal.works_after"], seconds = seconds, FOR_EVER
  end
  world.db:run([[INSERT INTO job_run(id, job_id, name, set_id, submitted, seconds, outcome, parameters)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?)]], id, job.id, parameters.job_name or job.name, parameters.set_id, world:time(),
    seconds, call.fault and call.fault.kind == "fails" and "COMPLETED_FAILED" or "COMPLETED_SUCCESS",
    json.encode(parameters))
  world.imports = nil
  local object = object_of(world, job)
  object.parameter = nil
  object.additional_info = { value = ("Job no. %s triggered on %s"):format(id, os.date("!%Y-%m-%dT%H:%M:%SZ", world:time() // 1 | 0)),
    link = world:link(("/conf/jobs/%s/instances/%s"):format(job.id, id)) }
  return { shape = shapes.job, object = object }
end

---@type almanac.rehearsal.handler
function m.run(world, call)
  local job, refusal = runs.job(world, call)
  if not job then return refusal end
  if (call.query.op or "") == "" then return failure.new("402220", "Operation was not provided.") end
  if call.query.op ~= "run" then return failure.new("402221", "Operation is not supported.") end
  local parameters = parameters_of(call)
  if not parameters then return failure.new("402119", "General error.") end
  refusal = missing(job, parameters) or threshold(world, job)
  return refusal or submit(world, call, job, parameters)
end

m.routes = {
  { "GET /conf/jobs", m.list, "limit offset category type profile_id" },
  { "GET /conf/jobs/{job_id}", m.get, "" },
  { "POST /conf/jobs/{job_id}", m.run, "op" },
}

return m
