-- Every kind of answer against the official descriptions.
local rehearsal = require "support.rehearsal"
local schema = require "support.schema"

describe("the rehearsal's answers", function()
  if not schema.available() then return pending "../shared is absent" end

  local alma

  setup(function() alma = rehearsal.start { args = { "--rate", "0" } } end)
  teardown(function() if alma then alma.stop() end end)

  local MARC, DC = "991000000060009001", "991000000010009001"

  local function created()
    return alma.call("POST", ("/bibs/%s/representations"):format(MARC), { body = { label = "J", public_note = "n",
      library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" }, access_rights_policy_id = { value = "1" },
      entity_type = { value = "ISSUE" }, volume = "1" } }).data.id
  end

  local function attached(id, name)
    local key = alma.inst .. "/upload/" .. name
    alma.s3("PUT", key, { body = "x" })
    return alma.call("POST", ("/bibs/%s/representations/%s/files"):format(MARC, id),
      { body = { label = name, path = key } }).data.pid
  end

  -- path -> name of its description
  local function bib_calls()
    local rep = ("/bibs/%s/representations/"):format(MARC)
    local id = created()
    local pid = attached(id, "a.jpg")
    local collection = "/bibs/collections/" .. alma.state().collections[1].pid
    return {
      { ("/bibs?mms_id=%s,%s&expand=d_avail"):format(MARC, DC), "rest_bibs" },
      { "/bibs?mms_id=1", "rest_bibs" },
      { "/bibs/" .. MARC, "rest_bib" },
      { "/bibs/" .. DC .. "?expand=d_avail", "rest_bib" },
      { "/bibs/" .. DC .. "?view=brief", "rest_bib" },
      { collection .. "/bibs", "rest_bibs" },
      { ("/bibs/%s/representations"):format(MARC), "rest_representations" },
      { "/bibs/991000000100009001/representations", "rest_representations" },
      { rep .. id, "rest_representation" },
      { rep .. id .. "/files", "rest_representation_files" },
      { rep .. id .. "/files/" .. pid .. "?expand=url", "rest_representation_file" },
    }
  end

  local CONF_XML = {
    { "/conf/libraries", "rest_libraries" }, { "/conf/libraries/MAIN", "rest_library" },
    { "/conf/code-tables/RepresentationUsageType", "rest_code_table" }, { "/conf/general", "rest_general" },
  }

  local function check_xml(calls)
    if not schema.has_xmllint() then return pending "xmllint (package libxml2-utils) is absent" end
    for _, call in ipairs(calls) do
      local result = alma.call("GET", call[1], { accept = "application/xml" })
      assert.equal(200, result.status, call[1])
      -- the id of a library is younger than its XSD
      local ok, message = schema.xml(result.body:gsub("<id>129%d+</id>", ""), call[2])
      assert.is_true(ok, call[1] .. ": " .. message)
    end
  end

  it("are valid XML: titles, representations, files", function() check_xml(bib_calls()) end)
  it("are valid XML: configuration", function() check_xml(CONF_XML) end)

  it("are valid XML: errors", function()
    if not schema.has_xmllint() then return pending "xmllint (package libxml2-utils) is absent" end
    for _, result in ipairs { alma.call("GET", "/bibs/1", { accept = "*/*" }), alma.call("GET", "/conf/test", { key = false }) } do
      assert.equal(400, result.status)
      assert.is_true(schema.xml(result.body, "web_service_result"))
    end
  end)

  -- Every key of the JSON, at any depth, is a name of the XSD.
  local function check_names(value, names, where)
    for name, inner in pairs(value) do
      if type(name) == "string" then assert.is_true(names[name], where .. ": " .. name) end
      if type(inner) == "table" then check_names(inner, names, where) end
    end
  end

  it("are JSON with the names of the XSDs: titles, representations, files", function()
    for _, call in ipairs(bib_calls()) do
      local names = schema.names(call[2])
      for _, inner in ipairs { "rest_bib", "rest_representation", "rest_representation_file" } do
        if call[2]:find(inner, 1, true) then for name in pairs(schema.names(inner)) do names[name] = true end end
      end
      names.value, names.anies, names.network_number = true, true, true
      local result = alma.call("GET", call[1])
      check_names(result.data, names, call[1])
    end
  end)

  it("are JSON by the schemas: configuration and sets", function()
    local set = alma.state().sets[1].id
    for _, call in ipairs {
      { "/conf/libraries", "rest_libraries" }, { "/conf/libraries/MAIN", "rest_library" },
      { "/conf/code-tables/RepresentationUsageType", "rest_code_table" },
      { "/conf/code-tables/SetContentType", "rest_code_table" },
      { "/conf/general", "rest_general" }, { "/conf/general?expand=ingest_form", "rest_general" },
      { "/conf/sets", "rest_sets" }, { "/conf/sets?q=name~nothing", "rest_sets" }, { "/conf/sets/" .. set, "rest_set" },
      { "/conf/sets/" .. set .. "/members", "rest_members" }, { "/conf/sets/" .. set .. "/members?limit=0", "rest_members" },
    } do
      local result = alma.call("GET", call[1])
      assert.equal(200, result.status)
      assert(schema.json(result.data, call[2]))
    end
  end)

  it("have the keys of recorded ones", function()
    local json, program = require "almanac.json", require "support.program"
    local recorded = json.decode(program.read "../shared/alma/recorded/oslo/files_response.json").representation_file[1]
    local path = ("/bibs/%s/representations/%s/files"):format(MARC, alma.state("?mms_id=" .. MARC).representations[1].id)
    local body = alma.call("GET", path).body
    for name in pairs(recorded) do assert.matches('"' .. name .. '":', body, 1, true) end
    recorded = json.decode(program.read "../shared/alma/recorded/oslo/representation_response.json")
    body = alma.call("GET", (path:gsub("/files$", ""))).body
    for name in pairs(recorded) do assert.matches('"' .. name .. '":', body, 1, true) end
    recorded = json.decode(program.read "../shared/alma/recorded/oslo/representations_response.json").representation[1]
    local brief <close> = rehearsal.start { args = { "--brief" } }
    local entry = brief.call("GET", ("/bibs/%s/representations"):format(MARC)).data.representation[1]
    for name in pairs(recorded) do assert.is_not_nil(entry[name], name) end
    for name in pairs(entry) do assert.is_not_nil(recorded[name], name) end
  end)
end)
