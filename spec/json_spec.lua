local json = require "almanac.json"

describe("json", function()
  it("reads ids as strings, whole numbers as integers and null as nothing", function()
    local value = json.decode '{"id":"991234567890001234","size":16086776,"half":0.5,"url":null,"on":true,"off":false}'
    assert.are.same({ id = "991234567890001234", size = 16086776, half = 0.5, on = true, off = false }, value)
    assert.are.equal("integer", math.type(value.size))
  end)

  it("reads a text that is null alone as nothing, without an error", function()
    local value, message = json.decode "null"
    assert.is_nil(value)
    assert.is_nil(message)
  end)

  it("closes the gap that a null leaves in an array", function()
    assert.are.same({ 1, 2, { a = 3 } }, json.decode '[null,1,null,2,{"a":3,"b":null},null]')
  end)

  it("refuses a number that a double would round, and names it", function()
    local value, message, code = json.decode '{"note":"99123456789012345678","mms_id":99123456789012345}'
    assert.is_nil(value)
    assert.are.equal("parse", code)
    assert.are.equal("JSON: number 99123456789012345 can't be held exactly; ids must be strings", message)
  end)

  it("names the number behind strings with escapes", function()
    local _, message = json.decode [==[["a\"1","b\\","x\\\"12345678901234567890",1,-9007199254740993]]==]
    assert.truthy(message:find("number -9007199254740993 ", 1, true))
  end)

  it("takes the largest number that is exact, and no larger one", function()
    assert.are.equal(9007199254740991, json.decode "9007199254740991")
    for _, text in ipairs { "9007199254740992", "9007199254740993", "1e16", "1e400", "-1e400" } do
      assert.is_nil(json.decode(text), text)
    end
  end)

  it("refuses what is no JSON, says where, and never raises for it", function()
    for _, text in ipairs {
      "", "{", "[1,]", "{'a':1}", "NaN", "[0x10]", "[01]", '"\\ud800"', '{"a":1} x', "<html>", "Invalid API Key",
      '{"a":1}\0', '{"a":1}\0"', '[12345678901234567890]\0"',
    } do
      local value, message, code = json.decode(text)
      assert.is_nil(value, text)
      assert.are.equal("parse", code, text)
      assert.truthy(message:find("^JSON: %l"), message)
    end
  end)

  it("refuses bytes that are not UTF-8", function()
    local _, message, code = json.decode '{"label":"caf\xE9"}'
    assert.are.equal("JSON: invalid UTF-8 at byte 14", message)
    assert.are.equal("parse", code)
  end)

  it("skips a byte-order mark", function()
    assert.are.same({ a = 1 }, json.decode '\xEF\xBB\xBF{"a":1}')
  end)

  it("reads 64 levels and refuses the 65th", function()
    assert.truthy(json.decode(("["):rep(64) .. ("]"):rep(64)))
    local _, message, code = json.decode(("["):rep(65) .. ("]"):rep(65))
    assert.are.equal("parse", code)
    assert.truthy(message:find("nested"))
  end)

  it("writes the same bytes for the same value: keys sorted, one line", function()
    assert.are.equal('{"a":[1,2.5,true],"b":{"c":"x"},"d":false}',
      json.encode { d = false, b = { c = "x" }, a = { 1, 2.5, true } })
  end)

  it("writes a marked empty table as an array", function()
    assert.are.equal('{"member":[],"other":{}}', json.encode { member = json.array {}, other = {} })
  end)

  it("escapes what must be escaped and leaves paths readable", function()
    assert.are.equal([["a/b \"c\" \\ \n \u0001 \u007f é"]], json.encode 'a/b "c" \\ \n \1 \127 é')
  end)

  it("writes numbers so that they come back as they were", function()
    for _, number in ipairs { 0, -1, 0.1, 1 / 3, 1e-7, 123456.789, 9007199254740991, 2.5e10 } do
      assert.are.equal(number, json.decode(json.encode(number)))
    end
    assert.are.equal("3", json.encode(3.0))
  end)

  it("raises on what JSON can't hold", function()
    local ring = {}
    ring[1] = ring
    local cases = {
      { print, "can't write a function" }, { 0 / 0, "can't be held exactly" }, { math.huge, "can't be held exactly" },
      { 2 ^ 53, "can't be held exactly" }, { 99123456789012345, "ids must be strings" }, { "\xE9", "not UTF%-8" },
      { { 1, a = 2 }, "both list and object" }, { { [2] = 1 }, "is no string" }, { ring, "deeper than 64" },
    }
    for _, case in ipairs(cases) do
      assert.error_matches(function() json.encode(case[1]) end, "json%.encode: .*" .. case[2])
    end
  end)

  it("reads numbers as the text that stands there, when asked to", function()
    assert.same({ id = "993808393506421146", list = { "1", "-2.50", "1e5", { "0" } }, quoted = '1: "2"', on = true, ["1"] = "0.10" },
      json.decode_exact '\xEF\xBB\xBF{"id":993808393506421146, "list":[1,-2.50,null,1e5,[0]], "quoted":"1: \\"2\\"", "on":true, "1":0.10}')
    assert.equal("99999999999999999999999", json.decode_exact "99999999999999999999999")
    assert.same({ {}, { a = "1" } }, json.decode_exact '[{}, {"a": 1, "b": null}]')
    for _, wrong in ipairs { "", "{", '{"a":01}', '{"a":+1}', '{"a":1}}', '{"a":NaN}', ('['):rep(65) .. (']'):rep(65), '"\xE9"' } do
      assert.equal("parse", select(3, json.decode_exact(wrong)), wrong)
    end
  end)

  it("refuses a name that stands twice in one object, when asked to", function()
    local TWICE = "JSON: a name stands twice in one object"
    assert.equal(TWICE, select(2, json.decode_exact '{"a": 1, "a": 2}'))
    assert.equal(TWICE, select(2, json.decode_exact '[{"b": {"a": null, "a": "x:"}}]'))
    assert.same({ a = { a = "1" }, b = { { a = "x:y" }, { a = "" } } },
      json.decode_exact '{"a": {"a": 1}, "b": [{"a": "x:y"}, {"a": ""}]}')
  end)

  it("raises when decode gets something else than text", function()
    assert.error_matches(function() json.decode_exact(12) end, "json%.decode_exact: text must be a string")
    assert.error_matches(function() json.decode(12) end, "json%.decode: text must be a string")
  end)
end)
