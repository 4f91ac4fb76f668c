-- /conf/jobs/{job_id}/instances: the runs of a job. How far one is follows from when it was
-- submitted and how long it takes; shortly before its end its progress is above 100, as was seen.
local answers = require "almanac.rehearsal.api.answer"
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local import_report = require "almanac.rehearsal.api.import_report"
local lists = require "almanac.rehearsal.api.lists"
local profiles = require "almanac.rehearsal.api.profile_store"
local sets = require "almanac.rehearsal.world.sets"
local shapes = require "almanac.rehearsal.api.shapes_work"
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

-- Status by the part of its time that is over.
local STAGES = { { 0.1, "QUEUED" }, { 0.2, "INITIALIZING" }, { 0.9, "RUNNING" }, { 1, "FINALIZING" } }

local function time_text(seconds)
  local whole = math.floor(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S", whole) .. (".%03dZ"):format((seconds - whole) * 1000 // 1 | 0)
end

---The job that a call's path names.
---@param call table
---@return table|nil job
---@return table? refusal
function m.job(world, call)
  local id = call.path.job_id
  if not id:find "^[MSO]%d+$" then return nil, failure.new("402215", "Invalid job id format.") end
  local job = profiles.job(world, id)
  if not job then return nil, failure.new("402216", "Invalid job id.") end
  return job
end

-- ---- one run ----

local function stage(world, row)
  local part = row.seconds > 0 and (world:time() - row.submitted) / row.seconds or 1
  for _, each in ipairs(STAGES) do
    if part < each[1] then return each[2], part end
  end
  return row.outcome, 1
end

local function progress(status, part)
  if status == "QUEUED" then return 0 end
  if status == "FINALIZING" then return 101.3 end
  return math.floor(part * 1000) / 10
end

local function members(world, row)
  local set = sets.find(world, row.set_id)
  return set and set.members or 0
end

local function counters(world, row, failed)
  local all = row.set_id and members(world, row) or world.db:value "SELECT count(*) FROM bib"
  local bad = failed and all > 0 and 1 or 0
  local function counter(code, text, value) return { type = { value = code, desc = text }, value = tostring(value) } end
  return {
    counter("label.records.processed", "Total records processed", all),
    counter("label.records.succeeded", "Records succeeded", all - bad),
    counter("label.records.failed", "Records failed", bad),
  }
end

local function alert(failed)
  if failed then
    return { value = "alert_general_error", desc = "The job completed with errors. For more information view the report details." }
  end
  return { value = "alert_general_success", desc = "The job completed successfully. For more information view the report details." }
end

local function at_end(world, row, object)
  local failed = row.outcome == "COMPLETED_FAILED"
  object.end_time = time_text(row.submitted + row.seconds)
  local report = import_report.of(world, row)
  object.alert = report and import_report.alerts(report) or { alert(failed) }
  object.counter = report and import_report.counters(report) or counters(world, row, failed)
  if profiles.job(world, row.job_id).profile then
    object.action = { { type = { value = "CREATE_SET", desc = "Create set" },
      members = report and #report.imported or world.db:value "SELECT count(*) FROM bib",
      population = { value = "IMPORTED_RECORDS", desc = "Imported records" }, link = object.link } }
  end
end

local function object_of(world, row)
  local job = profiles.job(world, row.job_id)
  local status, part = stage(world, row)
  local object = {
    link = world:link(("/conf/jobs/%s/instances/%s"):format(row.job_id, row.id)), id = row.id, external_id = row.id,
    name = row.name, submitted_by = { value = "exl_api", desc = "API, Ex Libris" }, submit_time = time_text(row.submitted),
    progress = progress(status, part), status = codes.value(work.statuses, status),
    status_date = os.date("!%Y-%m-%dZ", row.submitted // 1 | 0),
    job_info = { link = world:link("/conf/jobs/" .. job.id), id = job.id, name = job.name, description = job.description,
      type = codes.value(work.types, job.type), category = codes.value(work.categories, job.category) },
  }
  if status ~= "QUEUED" then object.start_time = time_text(row.submitted + row.seconds * STAGES[1][1]) end
  if part == 1 then at_end(world, row, object) end
  return object, part == 1
end

local function find(world, call)
  local job_id = call.path.job_id
  if job_id ~= "ALL" then
    local job, refusal = m.job(world, call)
    if not job then return nil, refusal end
  end
  local row = world.db:row("SELECT * FROM job_run WHERE id = ?1 AND (?2 = 'ALL' OR job_id = ?2)", call.path.instance_id, job_id)
  if not row then return nil, failure.new("402218", "Invalid job instance id.") end
  return row
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row, refusal = find(world, call)
  if not row then return refusal end
  return { shape = shapes.job_instance, object = (object_of(world, row)) }
end

-- ---- all runs of a job ----

-- Alma's documentation calls these three required, and optional in its words: here none may be left out, and an
-- empty one sets no limit.
local FILTERS = { "submit_date_from", "submit_date_to", "status" }

local function wrong_filter(query)
  for _, name in ipairs(FILTERS) do
    if not query[name] then return failure.new("40166413", "Parameter value is mandatory.") end
  end
  for _, name in ipairs { "submit_date_from", "submit_date_to" } do
    if query[name] ~= "" and not query[name]:find "^%d%d%d%d%-%d%d%-%d%dZ?$" then
      return failure.new("402217", "Invalid date format.")
    end
  end
  if query.status ~= "" and not codes.describe(work.statuses, query.status) then
    return failure.new("40166410", "Invalid status.")
  end
end

local function is_wanted(object, query)
  local day = object.status_date:sub(1, 10)
  return day >= query.submit_date_from:sub(1, 10) and (query.submit_date_to == "" or day <= query.submit_date_to:sub(1, 10))
    and (query.status == "" or query.status == object.status.value)
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local job, refusal = m.job(world, call)
  refusal = refusal or wrong_filter(call.query)
  if refusal then return refusal end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local list, total = {}, 0
  for row in world.db:rows("SELECT * FROM job_run WHERE job_id = ? AND submitted <= ? ORDER BY n DESC", job.id,
    world:time() - (world.lag_seconds or 0)) do
    local object = object_of(world, row)
    if is_wanted(object, call.query) then
      total = total + 1
      if total > offset and #list < limit then list[#list + 1] = object end
    end
  end
  return { shape = shapes.job_instances, object = { job_instance = list, total_record_count = total } }
end

-- ---- what a run leaves ----

local function import(world, call)
  local row, refusal = find(world, call)
  if not row then return nil, refusal end
  if not profiles.job(world, row.job_id).profile then return nil, failure.new("402119", "General error.") end
  return row
end

-- A title of the import as a record that says its number and title.
local function record_xml(row)
  local shape = { name = "record", { "leader" }, { "controlfield", shape = { name = "controlfield", text = "value",
    attributes = { "tag" } } }, { "datafield", shape = { name = "datafield", attributes = { "tag", "ind1", "ind2" },
    { "subfield", shape = { name = "subfield", text = "value", attributes = { "code" } } } } } }
  return answers.xml(shape, { leader = "00000nam a2200000 a 4500", controlfield = { tag = "001", value = row.mms_id },
    datafield = { tag = "245", ind1 = "0", ind2 = "0", subfield = { code = "a", value = row.title } } }):gsub("^<%?.->\n", "")
end

-- ISO 2709 of the same record: leader, directory, fields.
local function record_binary(row)
  local fields = { { "001", row.mms_id .. "\30" }, { "245", ("00\31a%s\30"):format(row.title) } }
  local directory, data = {}, {}
  local at = 0
  for i, field in ipairs(fields) do
    directory[i] = ("%s%04d%05d"):format(field[1], #field[2], at)
    data[i], at = field[2], at + #field[2]
  end
  local base = 24 + 12 * #fields + 1
  return ("%05dnam a22%05d a 4500%s\30%s\29"):format(base + at + 1, base, table.concat(directory), table.concat(data))
end

---@type almanac.rehearsal.handler
function m.download(world, call)
  local row, refusal = import(world, call)
  if not row then return refusal end
  local format = call.query.download_format or "XML"
  if format ~= "XML" and format ~= "BINARY" then return failure.new("40166410", "Parameter value invalid.") end
  local parts = {}
  local report = import_report.of(world, row)
  local imported = {}
  for _, mms_id in ipairs(report and report.imported or {}) do imported[mms_id] = true end
  for bib in world.db:rows "SELECT mms_id, title FROM bib ORDER BY n" do
    if report and not imported[bib.mms_id] then goto continue end
    parts[#parts + 1] = (format == "XML" and record_xml or record_binary)(bib)
    ::continue::
  end
  local text = table.concat(parts)
  if format == "BINARY" then return { body = text, type = "application/octet-stream" } end
  return { type = "application/xml;charset=UTF-8",
    body = '<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">' .. text .. "</collection>" }
end

---@type almanac.rehearsal.handler
function m.matches(world, call)
  local row, refusal = import(world, call)
  if not row then return refusal end
  local population = call.query.population
  if population ~= "SINGLE_MATCHES" and population ~= "MULTI_MATCHES" then
    return failure.new("40166410", "Population value is invalid.")
  end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local list, total = {}, 0
  local report = import_report.of(world, row)
  if report then
    list, total = import_report.matches(report, population, limit, offset)
  elseif population == "SINGLE_MATCHES" then
    total = world.db:value "SELECT count(*) FROM bib"
    for bib in world.db:rows("SELECT * FROM bib ORDER BY n LIMIT ? OFFSET ?", limit, offset) do
      list[#list + 1] = { id = tostring(bib.n), mms_id = bib.mms_id, title = bib.title }
    end
  end
  return { shape = shapes.matches, object = { match = list, total_record_count = total } }
end

-- Only loads of users have events (OpenAPI). Whether imports of records have them too, although that is not said, can be
-- chosen; their codes are made up.
---@type almanac.rehearsal.handler
function m.events(world, call)
  local row, refusal = find(world, call)
  if not row then return refusal end
  local report = import_report.of(world, row)
  if world.import_events and report then
    local limit, offset = lists.paging(world, call.query)
    if not limit then return offset end
    local list, total = import_report.events(report, limit, offset)
    return { shape = shapes.events, object = { event = list, total_record_count = total } }
  end
  return failure.new("60332", "This service will only work for the job category and type of USERS/SIS.")
end

local ONE = "GET /conf/jobs/{job_id}/instances/{instance_id}"

m.routes = {
  { "GET /conf/jobs/{job_id}/instances", m.list, "limit offset submit_date_from submit_date_to status" },
  { ONE, m.get, "" },
  { ONE .. "/download", m.download, "download_format line_type" },
  { ONE .. "/matches", m.matches, "population limit offset" },
  { ONE .. "/events", m.events, "limit offset" },
}

return m
