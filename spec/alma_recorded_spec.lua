-- Every recorded answer of a real Alma is read without loss.
local answers = require "almanac.alma.answers"
local core = require "almanac.core"
local errors = require "almanac.alma.errors"
local json = require "almanac.json"

local FOLDER = "../shared/alma/recorded"

local function files(suffix)
  local list = {}
  local walk = core.files.walk(FOLDER)
  if not walk then return list end
  while true do
    local path, size = walk:next()
    if not path then return list end
    if size and path:sub(-#suffix) == suffix then list[#list + 1] = path end
  end
end

local function read(path)
  return assert(core.files.read(FOLDER .. "/" .. path, 1 << 24))
end

-- What an independent reader makes of the text, in the form that ours gives.
local function by_dkjson(text)
  local function clean(value)
    if type(value) ~= "table" then
      return type(value) == "number" and math.tointeger(value) or value
    end
    local result = {}
    for key, item in pairs(value) do result[key] = clean(item) end
    return result
  end
  return clean((assert(require "dkjson".decode(text))))
end

local ERRORS = {
  ["errors/http400_401604.json"] = "401604", ["errors/http400_401604.xml"] = "401604",
  ["errors/http400_invalid_api_key.txt"] = "INVALID_API_KEY",
  ["errors/http400_unauthorized.reconstructed.xml"] = "UNAUTHORIZED",
  ["errors/http429_per_second_threshold.json"] = "PER_SECOND_THRESHOLD",
  ["oslo/per_second_threshold_error_response.json"] = "PER_SECOND_THRESHOLD",
  ["oslo/error_response.json"] = "401664", ["oslo/error_response.xml"] = "401664",
  ["oslo/item_barcode_error_response.json"] = "401689",
  ["temple/error.json"] = "402203", ["temple/scan_missing_params.json"] = "40166415",
  ["oslo/analytics_response_part4.xml"] = "420033",
  ["princeton/barcode_32101108683143.json"] = "401689",
  ["oslo/report_not_found_response.xml"] = "INTERNAL_SERVER_ERROR", ["harvard/harvard_error_701115.xml"] = "701115",
  ["synthetic/error_60108_set_member.json"] = "60108",
}

-- What the client would have asked for, to be answered with this.
local KINDS = {
  ["bibsys/representation.json"] = "representation", ["bibsys/representations.json"] = "representations",
  ["oslo/bib_response.json"] = "bib", ["oslo/bib_response_with_availability.json"] = "bib",
  ["oslo/file_response.json"] = "file", ["oslo/files_response.json"] = "files",
  ["oslo/libraries_response.json"] = "libraries", ["oslo/representation_response.json"] = "representation",
  ["oslo/representations_response.json"] = "representations", ["princeton/not_found.json"] = "bibs",
  ["princeton/two_bibs.json"] = "bibs", ["temple/item_from_barcode.json"] = "item", ["temple/libraries.json"] = "libraries",
  ["temple/multiple_bibs.json"] = "bibs", ["synthetic/general_ingest_form.json"] = "general",
  ["synthetic/set_members_page.json"] = "members",
}

describe("recorded answers of Alma", function()
  if not core.files.stat(FOLDER) then
    pending "../shared is absent"
    return
  end

  for _, path in ipairs(files ".json") do
    it("are read and written again without loss: " .. path, function()
      local text = read(path)
      local value, message = json.decode(text)
      assert.is_nil(message)
      assert.are.same(value, (json.decode(json.encode(value))))
      if pcall(require, "dkjson") then assert.are.same(by_dkjson(text), value) end
    end)
  end

  for _, path in ipairs(files ".xml") do
    it("are read as XML: " .. path, function()
      local root, message, code = core.xml.parse(read(path))
      if path:find "really_invalid" then return assert.are.equal("parse", code) end
      assert.is_nil(message)
      assert.are.equal("string", type(root.name))
    end)
  end

  for path, code in pairs(ERRORS) do
    it(("give error %s: %s"):format(code, path), function()
      local list = errors.read(read(path))
      assert.are.equal(code, list[1].code)
      assert.are_not.equal("", list[1].message)
    end)
  end

  for path, kind in pairs(KINDS) do
    it(("are such as the client takes for %s: %s"):format(kind, path), function()
      assert.is_nil(answers.problem(kind, assert(json.decode(read(path)))))
    end)
  end

  it("have ids that are known for ids", function()
    local count = 0
    for _, suffix in ipairs { ".json", ".xml" } do
      for _, path in ipairs(files(suffix)) do
        local text = read(path)
        for _, place in ipairs { "bibs", "representations", "files", "holdings", "items", "sets" } do
          for id in text:gmatch("/" .. place .. "/(%w+)") do
            assert.is_true(answers.is_id(id), id)
            count = count + 1
          end
        end
      end
    end
    assert.is_true(count > 10)
  end)

  it("that are no errors are not taken for one", function()
    for _, suffix in ipairs { ".json", ".xml" } do
      for _, path in ipairs(files(suffix)) do
        if not ERRORS[path] then assert.is_nil(errors.read(read(path)), path) end
      end
    end
  end)
end)
