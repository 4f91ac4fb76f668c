-- The door that every answer of Alma comes through.
local alma = require "almanac.alma"
local answers = require "almanac.alma.answers"
local scripted = require "support.scripted"

local MMS, REP, PID = "990012345678904146", "12876543210004146", "13876543210004146"

-- What is no id, whatever it is in.
local NO_IDS = { '"../../../etc/passwd"', '".."', '""', "null", "7", "[]", "{}", "true", '"12\\u000034567890"', '"1234567"',
  '"12345678901234567890"', '"-1234567890"', '"1e15"', '"0x123456789"', '" 1234567890"', '"1234567890\\n"', '"١٢٣٤٥٦٧٨٩٠"' }

-- Asks against a server that answers everything with this.
local function told(body, ask)
  local result
  scripted.run(function(request) request:reply { status = 200, body = body } end, function(url, requests)
    local client = alma.new { url = url, key = "k", rate = 1e6, backoff = { tries = 2, first = 0.001, longest = 0.001 } }
    result = table.pack(ask(client))
    result.requests = #requests
  end)
  return result
end

local function refused(body, ask, where)
  local result = told(body, ask)
  assert.is_nil(result[1], body)
  assert.equal("parse", result[3], body)
  assert.equal(where, result[2]:sub(1, #where))
  assert.is_nil(result[2]:find "[%c]", result[2])
  return result
end

local CALLS = {
  { "GET /bibs/" .. MMS .. "/representations", '{"representation":[{"id":%s}],"total_record_count":1}',
    function(client) return alma.representations.list(client, MMS) end },
  { "GET /bibs/" .. MMS .. "/representations/" .. REP, '{"id":%s}',
    function(client) return alma.representations.get(client, MMS, REP) end },
  { "POST /bibs/" .. MMS .. "/representations", '{"id":%s}',
    function(client) return alma.representations.post(client, MMS, { label = "x" }) end },
  { "GET /bibs/" .. MMS .. "/representations/" .. REP .. "/files", '{"representation_file":[{"pid":%s}],"total_record_count":1}',
    function(client) return alma.files.list(client, MMS, REP) end },
  { "POST /bibs/" .. MMS .. "/representations/" .. REP .. "/files", '{"pid":%s}',
    function(client) return alma.files.post(client, MMS, REP, { path = "X/upload/a.jpg" }) end },
  { "GET /bibs", '{"bib":[{"mms_id":%s}],"total_record_count":1}', function(client) return alma.bibs.get(client, { MMS }) end },
  { "GET /bibs/" .. MMS .. "/holdings/ALL/items", '{"item":[{"item_data":{"pid":%s}}],"total_record_count":1}',
    function(client) return alma.items.list(client, MMS) end },
  { "GET /items", '{"bib_data":{"mms_id":%s}}', function(client) return alma.items.by_barcode(client, "0042") end },
  { "GET /conf/sets", '{"set":[{"id":%s,"name":"x"}],"total_record_count":1}', function(client) return alma.sets.find(client, "x") end },
  { "GET /conf/sets/8000004641", '{"member":[{"id":%s}],"total_record_count":1}',
    function(client)
      local members, message, code = alma.sets.members(client, "8000004641")
      return members, message:gsub("/members", ""), code
    end },
  { "GET /bibs/collections", '{"collection":[{"pid":{"value":%s},"name":"x"}],"total_record_count":1}',
    function(client) return alma.collections.find(client, "x") end },
}

describe("an answer of Alma", function()
  it("is refused when an id in it is none, by the name of its call", function()
    for _, call in ipairs(CALLS) do
      for _, id in ipairs(NO_IDS) do
        local where, body, ask = table.unpack(call)
        if not (where == "GET /items" and id == "null") then refused(body:format(id), ask, where) end
      end
    end
  end)

  it("is refused when a field has another type than Alma gives it", function()
    local function list(fields) return '{"representation":[{"id":"' .. REP .. '",' .. fields .. '}],"total_record_count":1}' end
    for _, fields in ipairs { '"label":{}', '"label":7', '"label":["a"]', '"label":"a\\u0000b"', '"usage_type":[1]',
        '"usage_type":{"value":{}}', '"library":{"value":"A\\u0000"}', '"files":"many"', '"files":[1]', '"volume":{"a":1}' } do
      refused(list(fields), CALLS[1][3], CALLS[1][1])
    end
    local function file(fields) return '{"representation_file":[{"pid":"' .. PID .. '",' .. fields .. '}],"total_record_count":1}' end
    for _, fields in ipairs { '"path":7', '"path":{}', '"size":-1', '"size":1.5', '"size":"big"', '"size":{}', '"size":NaN',
        '"size":1e400', '"size":-Infinity', '"label":false', '"url":{}', '"url":"http://a b"' } do
      refused(file(fields), CALLS[4][3], CALLS[4][1])
    end
    for _, body in ipairs { "[]", "{}", "null", '"x"', "7", '{"representation":{},"total_record_count":1}',
        '{"representation":"x","total_record_count":1}', '{"representation":[null],"total_record_count":1}',
        '{"representation":[[]],"total_record_count":1}', '{"representation":["x"],"total_record_count":1}',
        '{"representation":[],"total_record_count":NaN}', '{"representation":[],"total_record_count":-1}',
        '{"representation":[],"total_record_count":{}}', '{"total_record_count":1e300}', ("["):rep(100000) } do
      refused(body, CALLS[1][3], CALLS[1][1])
    end
  end)

  it("that names no institution, or one that is a way out, is refused", function()
    for _, general in ipairs { '{}', '{"institution":"01UNI_INST"}', '{"institution":{"value":"../x"}}', '{"institution":{"value":7}}',
        '{"institution":{"value":"01UNI_INST"},"digital":{"bucket":"a/../b"}}',
        '{"institution":{"value":"01UNI_INST"},"digital":{"bucket":"a","region":"us east"}}',
        '{"institution":{"value":"01UNI_INST"},"digital":{"ingest_url":{}}}', '{"institution":{"value":"01UNI_INST"},"digital":"x"}',
        '{"institution":{"value":"01UNI_INST"},"digital":{"ingest_form":{"policy":7}}}' } do
      refused(general, alma.conf.general, "GET /conf/general")
    end
  end)

  it("that claims a list without end is refused at its first page, in little memory", function()
    for _, total in ipairs { "1000000000000", "100000001", '"1000000000000"', "9007199254740993" } do
      local before = collectgarbage "count"
      local result = refused('{"representation":[],"total_record_count":' .. total .. "}", CALLS[1][3], CALLS[1][1])
      assert.is_true(result.requests <= 2)
      assert.is_true(collectgarbage "count" - before < 20000)
    end
  end)

  it("is refused as soon as its pages come again, however many there would be", function()
    local entries = {}
    for i = 1, 100 do entries[i] = ('{"id":"12%011d4146"}'):format(i) end
    for key, ask in pairs { representation = CALLS[1][3],
      member = function(client) return alma.sets.members(client, "8000004641") end } do
      local result = told(('{"%s":[%s],"total_record_count":90000000}'):format(key, table.concat(entries, ",")), ask)
      assert.is_nil(result[1])
      assert.equal("parse", result[3])
      assert.matches("comes twice", result[2], 1, true)
      assert.is_true(result.requests < 20)
    end
  end)

  it("is refused when pages without an entry follow one another", function()
    local result = told('{"total_record_count":90000000}', function(client) return alma.sets.members(client, "8000004641") end)
    assert.is_nil(result[1])
    assert.equal("parse", result[3])
    assert.is_true(result.requests < 150, result.requests)
  end)

  it("about another thing than was asked for is refused, also of a write", function()
    local other = '{"id":"12876543219994146","label":"x"}'
    refused(other, CALLS[2][3], CALLS[2][1])
    local result = told(other, function(client) return client:call { method = "PUT", path = { "bibs", MMS, "representations", REP },
      kind = "representation", id = REP, body = {} } end)
    assert.equal("parse", result[3])
    assert.is_true(result[4].unclear)
  end)

  it("to a write that can't be used leaves it open whether it happened", function()
    for _, index in ipairs { 3, 5 } do
      local result = refused(CALLS[index][2]:format '"../x"', CALLS[index][3], CALLS[index][1])
      assert.is_true(result[4].unclear)
      assert.equal(1, result.requests)
    end
  end)

  it("is taken with less than all fields, and with more than are known", function()
    for kind, answer in pairs {
      representation = { id = REP, usage_type = "AUXILIARY", library = { value = "MAIN" }, new_field = { { 1 } } },
      file = { pid = PID, size = "17", path = "01UNI_INST/storage/a.jpg" }, bib = { mms_id = "99939650000541" },
      set = { id = "8000004641", number_of_members = { value = 3 } }, general = { institution = { value = "01UNI_INST" } },
      code_table = { row = { { code = "A", enabled = "true" } } }, collection = { pid = "81876543210004146", name = "x" },
    } do
      assert.is_nil(answers.problem(kind, answer), kind)
    end
  end)
end)
