-- /conf/general: the settings of the institution with the signed upload form; also the test calls of
-- every area.
local s3_sign = require "almanac.rehearsal.s3.sign"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

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
  { "GET /conf/general", m.general, "expand" },
}
for _, path in ipairs { "/bibs/test", "/conf/test", "/acq/test", "/users/operation/test", "/analytics/test" } do
  table.insert(m.routes, { "GET " .. path, test_get, "" })
  table.insert(m.routes, { "POST " .. path, test_post, "" })
end

return m
