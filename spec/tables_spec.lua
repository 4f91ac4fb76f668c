-- Code tables, mapping tables, libraries and locations, against the rehearsal.
local alma = require "almanac.alma"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"
local schema = require "support.schema"

local libraries, tables = alma.libraries, alma.tables

describe("configuration", function()
  local place

  setup(function() place = rehearsal.start { memory = true, args = { "--rate", "0" } } end)
  teardown(function() if place then place.stop() end end)
  before_each(function() place.change { op = "faults", spec = "" } end)

  local function client(key)
    return openapi.hold(alma.new { url = place.url, key = key or place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005 } })
  end

  local function sent(route) return place.calls().routes[route] or 0 end

  it("lists tables of both kinds, and gives one with its rows", function()
    local names = {}
    for _, entry in ipairs(assert(tables.list(client()))) do names[entry.name] = true end
    assert.is_true(names.RepresentationUsageType and names.systemJobStatus)
    assert.are.equal("InstitutionLanguages", assert(tables.list(client(), "mapping"))[1].name)
    local answer = assert(tables.get(client(), "RepresentationUsageType", { scope = "MAIN", lang = "en" }))
    assert.are.equal("PRESERVATION_MASTER", tables.rows(answer)[1].code)
    answer = assert(tables.get(client(), "WorkOrderTypeStatuses", { kind = "mapping" }))
    assert.are.equal("Digitization", tables.rows(answer)[1].column0)
    assert.are.equal("PRESERVATION_MASTER", assert(alma.conf.code_table(client(), "RepresentationUsageType"))[1].code)
  end)

  it("refuses a table, scope, language, kind or option that is none", function()
    assert.is_nil((tables.get(client(), "NoSuchTable")))
    assert.is_nil((tables.get(client(), "RepresentationUsageType", { scope = "NOWHERE" })))
    assert.is_nil((tables.get(client(), "RepresentationUsageType", { lang = "xx" })))
    assert.has_error(function() tables.list(client(), "codes") end, 'tables.list: kind is "code" or "mapping"')
    assert.has_error(function() tables.get(client(), "x", { scop = "en" }) end,
      "tables.get: unknown field 'scop', did you mean 'scope'?")
  end)

  it("names a table that is none, with the nearest one, and has Alma's words behind it", function()
    for name, words in pairs { Nope = "there is no code table 'Nope' (GET ", WorkOrderTypes = "did you mean 'WorkOrderType'? (GET " } do
      local answer, message, code = tables.get(client(), name)
      assert.are.same({ nil, "status" }, { answer, code })
      assert.truthy(message:find(words, 1, true) and message:find("40166411", 1, true), message)
    end
    local _, message = tables.update(client(), "Nope", function() end, { kind = "mapping" })
    assert.truthy(message:find("there is no mapping table 'Nope'", 1, true), message)
    _, message = tables.get(client(), "RepresentationUsageType", { scope = "NOWHERE" })
    assert.is_nil(message:find("there is no", 1, true))
  end)

  it("changes rows of a code table and of a mapping table", function()
    local now, changed = assert(tables.update(client(), "RepresentationEntityType", function(rows)
      rows[1].description = "Chapter of a book"
      rows[#rows + 1] = { code = "MAP", description = "Map", default = true, enabled = true }
    end))
    assert.is_true(changed)
    assert.are.equal("MAP", tables.rows(now)[6].code)
    assert.are.equal("Chapter of a book", assert(alma.conf.code_table(client(), "RepresentationEntityType"))[1].description)
    assert(tables.update(client(), "WorkOrderTypeStatuses", function(rows)
      table.remove(rows, 1)
      return rows
    end, { kind = "mapping" }))
    local rows = tables.rows(assert(tables.get(client(), "WorkOrderTypeStatuses", { kind = "mapping" })))
    assert.are.equal(2, #rows)
    assert.are.equal("In process", rows[1].column1)
  end)

  it("sends nothing when nothing was changed, or what was left is no table", function()
    local before = sent "PUT /conf/code-tables/{name}"
    local _, changed = assert(tables.update(client(), "RepresentationUsageType", function() end))
    assert.is_false(changed)
    for _, change in ipairs {
      function(rows) rows[2].code = rows[1].code end, function(rows) rows[1].code = "" end, function() return { "x" } end,
      function(rows) rows[1].default, rows[2].default = true, true end,
    } do
      local answer, message, code = tables.update(client(), "RepresentationUsageType", change)
      assert.is_nil(answer)
      assert.are.equal("parse", code)
      assert.truthy(message:find("nothing was changed", 1, true), message)
    end
    assert.are.equal(before, sent "PUT /conf/code-tables/{name}")
  end)

  it("says why Alma does not change a table", function()
    local _, message = tables.update(client(), "SetType", function(rows) rows[1].description = "x" end)
    assert.truthy(message:find("not customizable", 1, true), message)
    local _, _, code = tables.update(client "rehearsal-read-only", "RepresentationUsageType", function(rows) rows[1].description = "x" end)
    assert.are.equal("auth", code)
  end)

  it("lists libraries, desks and departments", function()
    assert.are.equal(3, #assert(libraries.list(client())))
    assert.are.equal("Special Collections", assert(libraries.get(client(), "SPEC")).name)
    assert.are.equal("DEFAULT_CIRC_DESK", assert(libraries.desks(client(), "MAIN"))[1].code)
    assert.are.equal("Special collections desk", assert(libraries.desk(client(), "SPEC", "SPEC_DESK")).name)
    assert.are.same({}, assert(libraries.desks(client(), "NET")))
    assert.are.equal(2, #assert(libraries.departments(client())))
    assert.are.equal("DIGI", assert(libraries.departments(client(), { type = "DIGI" }))[1].code)
    assert.is_nil((libraries.get(client(), "NOWHERE")))
  end)

  it("names a library that is none, whatever is asked of it", function()
    for _, ask in ipairs { libraries.get, libraries.locations, libraries.desks, libraries.location, libraries.desk } do
      local answer, message, code = ask(client(), "MIAN", "x")
      assert.are.same({ nil, "status" }, { answer, code })
      assert.truthy(message:find("there is no library 'MIAN', did you mean 'MAIN'? (GET /conf/libraries/MIAN", 1, true), message)
    end
    local _, message = libraries.location(client(), "MAIN", "nowhere")
    assert.is_nil(message:find("there is no library", 1, true))
    local before = sent "POST conf"
    assert.is_nil((libraries.create_location(client(), "NOPE", { code = "x", name = "x", type = { value = "OPEN" } })))
    assert.are.equal(before, sent "POST conf")
  end)

  local function vault(code) return { code = code, name = "Vault " .. code, type = { value = "CLOSED" } } end

  it("makes a location once, also when the answer is lost", function()
    for _, fault in ipairs { "lost", "500after", "cut" } do
      local code = "v" .. fault
      place.change { op = "faults", spec = "POST conf=@1:" .. fault }
      local made, there = assert(libraries.create_location(client(), "SPEC", vault(code)))
      assert.are.equal("Vault " .. code, made.name)
      assert.is_false(there)
      made, there = assert(libraries.create_location(client(), "SPEC", vault(code)))
      assert.is_true(there)
      assert.are.equal(code, made.code)
    end
    local made, message, _, detail = libraries.create_location(client(), "SPEC", { code = "x", name = "X", type = { value = "OPENED" } })
    assert.is_nil(made)
    assert.is_false(detail.unclear)
    assert.truthy(message:find("60297", 1, true), message)
    assert.has_error(function() libraries.create_location(client(), "SPEC", { name = "X" }) end,
      "libraries.create_location: the location needs its code")
  end)

  it("changes and deletes a location", function()
    assert(libraries.create_location(client(), "MAIN", vault "gone"))
    local now = assert(libraries.update_location(client(), "MAIN", "gone", function(location) location.name = "Another" end))
    assert.are.equal("Another", now.name)
    assert.are.equal("Another", assert(libraries.location(client(), "MAIN", "gone")).name)
    place.change { op = "faults", spec = "DELETE conf=@1:lost" }
    assert.is_true(libraries.delete_location(client(), "MAIN", "gone"))
    local gone, message, code = libraries.delete_location(client(), "MAIN", "gone")
    assert.is_nil(gone)
    assert.are.equal("missing", code)
    assert.truthy(message:find("library MAIN has no location gone", 1, true), message)
    assert.is_true(libraries.delete_location(client(), "MAIN", "reading"))
    assert.are.equal(1, #assert(libraries.locations(client(), "MAIN")))
  end)

  it("reads lists that come short to their end", function()
    place.change { op = "lists", spec = "page=2" }
    local count = #assert(tables.list(client()))
    assert.are.equal(3, #assert(libraries.list(client())))
    place.change { op = "lists", spec = "" }
    assert.are.equal(count, #assert(tables.list(client())))
  end)

  it("answers as Alma's schemas say", function()
    if not schema.available() then return pending "../shared is absent" end
    for path, name in pairs { ["/conf/code-tables"] = "rest_code_tables", ["/conf/code-tables/SetType"] = "rest_code_table",
      ["/conf/libraries"] = "rest_libraries", ["/conf/libraries/MAIN"] = "rest_library" } do
      assert(schema.json(place.call("GET", path).data, name))
    end
  end)
end)
