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
  -- Runs commands against the rehearsal, and holds every call against the descriptions.
  local function hold(titles, run)
    local folder = program.folder()
    local alma <close> = rehearsal.start { titles = titles, args = { "--record", folder .. "/calls" } }
    local function almanac(...)
      local result = program.run({ ... }, { folder = folder, env = {
        HOME = folder, XDG_CONFIG_HOME = false, AWS_ACCESS_KEY_ID = false, AWS_PROFILE = false,
        ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key } })
      assert.truthy(result.status == 0 or result.status == 2, result.err .. result.out)
    end
    run(almanac, folder, alma)
    alma.stop()
    local calls = {}
    for line in program.read(folder .. "/calls"):gmatch "[^\n]+" do
      local call = event(line)
      assert.is_nil(openapi.problem(call))
      calls[call.method] = true
      local kind = call.path:match "/(%a+)/%d+$" or call.path:match "/(%a+)$" or ""
      calls[call.method .. " " .. kind] = true
    end
    program.remove(folder)
    return calls
  end

  it("sends nothing that Alma's descriptions do not know, of representations and files that change in place and of remote ones", function()
    local absent = openapi.missing()
    if absent then return pending(absent) end
    local calls = hold(TITLES, function(almanac, folder)
      program.write(folder .. "/titles.txt", "990000000024104146\n")
      program.write(folder .. "/r.lua", [[
-- almanac-recipe: 1
return { name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "remote", "update" },
  title_keys = function(title) return title.mms_id end,
  changes = function(title)
    local rep = title:representations()[1]
    return { add.remote { repository = "ROSETTA", originating_record_id = "oai:r:IE1", usage_type = "AUXILIARY", library = "MAIN",
        label = "Remote", linking_parameters = { "IE1" }, entity_type = "IssueDet", year = "1910" },
      update.representation { representation = rep, label = "L", entity_type = "ISSUE", volume = "7", access_rights = "77" },
      update.file { file = rep.files[2], label = "Second" } }
  end }]])
      almanac("plan", "./r.lua", "--titles", "titles.txt", "-o", "a.run")
      almanac("apply", "a.run")
      almanac("verify", "a.run")
      program.write(folder .. "/s.lua", [[
-- almanac-recipe: 1
return { name = "s", summary = "s", version = "1.0.0", license = "MIT", effects = { "remote" },
  title_keys = function(title) return title.mms_id end,
  changes = function(title) return update.remote { representation = title:remote "oai:r:IE1", linking_parameters = { "IE2" } } end }]])
      almanac("plan", "./s.lua", "--titles", "titles.txt", "-o", "b.run")
      almanac("apply", "b.run")
      almanac("undo", "b.run", "--yes")
      almanac("undo", "a.run", "--yes")
    end)
    for _, kind in ipairs { "POST representations", "PUT representations", "PUT files", "DELETE representations" } do
      assert.is_true(calls[kind], kind)
    end
  end)

  it("sends nothing that Alma's descriptions do not know", function()
    local absent = openapi.missing()
    if absent then return pending(absent) end
    local calls = hold(TITLES, function(almanac, folder, alma)
      for _, name in ipairs { "one", "two_1", "two_2" } do
        program.write(folder .. "/jpg/" .. name .. ".jpg", require "support.picture".JPEG .. name)
      end
      program.write(folder .. "/titles.txt", "990000000014104146\n990000000024104146\n")
      almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.txt", "-o", "a.run",
        "--collection", alma.state().collections[1].pid)
      almanac("apply", "a.run")
      almanac("verify", "a.run")
      almanac("undo", "a.run", "--yes")
    end)
    assert.is_true(calls.GET and calls.POST and calls.DELETE)
    assert.is_nil(calls.PUT)
  end)
end)
