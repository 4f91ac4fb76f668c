-- Everything that a whole run sends to Alma, against Alma's own descriptions:
-- the OpenAPI documents and the published XSDs.
local json = require "almanac.json"
local openapi = require "support.openapi"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local TITLES = [[
mms_id,title,usage_type,file_name,size,collection
990000000014104146,One,PRESERVATION_MASTER,one.tif,1000,none
990000000024104146,Two,PRESERVATION_MASTER,two_1.tif,1000,
990000000024104146,Two,PRESERVATION_MASTER,two_2.tif,1000,
]]

-- A recorded call in the form that a client's log has.
local function event(line)
  local call = assert(json.decode(line))
  local query = {}
  for name, value in (call.query or ""):gmatch "([^&=]+)=([^&]*)" do
    query[name] = value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  end
  return { method = call.method, path = call.path:gsub("^/almaws/v1", ""), query = query,
    body = call.body and call.body ~= "" and assert(json.decode(call.body)) or nil }
end

describe("a whole run", function()
  it("sends nothing that Alma's descriptions do not know", function()
    local absent = openapi.missing()
    if absent then return pending(absent) end
    local folder = program.folder()
    local alma <close> = rehearsal.start { titles = TITLES, args = { "--record", folder .. "/calls" } }
    for _, name in ipairs { "one", "two_1", "two_2" } do
      program.write(folder .. "/jpg/" .. name .. ".jpg", require "support.picture".JPEG .. name)
    end
    local function almanac(...)
      local result = program.run({ ... }, { folder = folder, env = {
        HOME = folder, XDG_CONFIG_HOME = false, AWS_ACCESS_KEY_ID = false, AWS_PROFILE = false,
        ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key } })
      assert.truthy(result.status == 0 or result.status == 2, result.err .. result.out)
    end
    program.write(folder .. "/titles.txt", "990000000014104146\n990000000024104146\n")
    almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.txt", "-o", "a.run",
      "--collection", alma.state().collections[1].pid)
    almanac("apply", "a.run")
    almanac("verify", "a.run")
    almanac("undo", "a.run", "--yes")
    alma.stop()
    local methods = {}
    for line in program.read(folder .. "/calls"):gmatch "[^\n]+" do
      local call = event(line)
      assert.is_nil(openapi.problem(call))
      methods[call.method] = true
    end
    program.remove(folder)
    assert.same({ GET = true, POST = true, DELETE = true }, methods)
  end)
end)
