-- /conf: libraries, code tables, and the general settings with the signed upload form; also
-- the test calls of every area.
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local s3_sign = require "almanac.rehearsal.s3.sign"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local function library(world, row)
  return {
    link = world:link("/conf/libraries/" .. row[1]), code = row[1], id = "129" .. #row[2] .. world.suffix,
    path = ("%s.%s.%s"):format(world.inst, world.inst, row[1]), name = row[2], description = row[2],
    resource_sharing = false, campus = { value = "" }, proxy = "", default_location = { value = "" },
  }
end

---@type almanac.rehearsal.handler
function m.libraries(world)
  local list = {}
  for i, row in ipairs(codes.libraries) do list[i] = library(world, row) end
  return { shape = shapes.libraries, object = { library = list, total_record_count = #list } }
end

---@type almanac.rehearsal.handler
function m.library(world, call)
  for _, row in ipairs(codes.libraries) do
    if row[1] == call.path.code then return { shape = shapes.library, object = library(world, row) } end
  end
  return failure.new("402119", "General error.")
end

---@type almanac.rehearsal.handler
function m.code_table(world, call)
  local rows = codes.tables[call.path.name]
  if not rows then return failure.new("40166411", "Param value is invalid.") end
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { code = row[1], description = row[2], default = false, enabled = true }
  end
  return { shape = shapes.code_table, object = {
    name = call.path.name, description = call.path.name, sub_system = { value = "INFRA", desc = "Infra" }, patron_facing = false,
    language = { value = "en", desc = "English" },
    scope = { institution_id = { value = world.inst, desc = world.name }, library_id = { value = "" } },
    row = list,
  } }
end

---@type almanac.rehearsal.handler
function m.general(world, call)
  local form = call.query.expand == "ingest_form"
  return { shape = shapes.general, object = {
    institution = { value = world.inst, desc = world.name }, alma_url = "http://" .. world.host .. "/",
    environment_type = world.environment,
    digital = {
      bucket = world.bucket, region = world.region, ingest_url = ("http://%s/%s"):format(world.host, world.bucket),
      delivery_url = ("http://%s/%s"):format(world.host, world.bucket),
      ingest_form = form and s3_sign.form(world) or nil,
    },
  } }
end

local function test(text)
  return { body = "<test>" .. text .. "</test>", type = "application/xml;charset=UTF-8" }
end

local function test_get(world)
  return test("GET - OK - institutionCode: " .. world.inst)
end

local function test_post()
  return test "POST - OK"
end

m.routes = {
  { "GET /conf/libraries", m.libraries, "" },
  { "GET /conf/libraries/{code}", m.library, "" },
  { "GET /conf/code-tables/{name}", m.code_table, "lang scope" },
  { "GET /conf/general", m.general, "expand" },
}
for _, path in ipairs { "/bibs/test", "/conf/test", "/acq/test", "/users/operation/test", "/analytics/test" } do
  table.insert(m.routes, { "GET " .. path, test_get, "" })
  table.insert(m.routes, { "POST " .. path, test_post, "" })
end

return m
