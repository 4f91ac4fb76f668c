-- MARC-in-JSON, read and written; yaz-marcdump is the reference.
local compare = require "support.marc_compare"
local json = require "almanac.json"
local marc = require "almanac.core".marc

local LEADER = "00000nam a2200000   4500"

local function record(id, more)
  return ('{"leader":"%s","fields":[{"001":"%s"}%s]}'):format(LEADER, id, more and "," .. more or "")
end

local function ids(text, options)
  local list = {}
  for i, one in ipairs(compare.contents(text, options)) do list[i] = one.fields[1] and one.fields[1].value or "none" end
  return list
end

local title = { tag = "245", indicator1 = "1", indicator2 = "0",
  subfields = { { code = "a", value = "Title" }, { code = "b", value = "sub" } } }

describe("MARC-in-JSON beside yaz-marcdump", function()
  for _, kind in ipairs(compare.kinds) do
    it("holds the same records of kind " .. kind, function()
      local iso = compare.iso2709(kind, 40)
      local theirs, ours = compare.yaz(iso, "-o json"), compare.convert(iso, "json")
      local expected = compare.contents(iso)
      assert.equal(40, #expected)
      assert.same(expected, compare.contents(ours))
      assert.same(expected, compare.contents(theirs))
      assert.equal(compare.yaz(theirs, "-i json -o marcxml"), compare.yaz(ours, "-i json -o marcxml"))
    end)
  end
end)

describe("MARC-in-JSON", function()
  it("is read from a document, an array, objects around it, a line each", function()
    assert.same({ "1" }, ids(record(1)))
    assert.same({ "1", "2" }, ids("[" .. record(1) .. ",\n" .. record(2) .. "]\n"))
    assert.same({ "1", "2" }, ids(record(1) .. "\n" .. record(2) .. "\n"))
    assert.same({ "1", "2" }, ids(record(1) .. record(2)))
    assert.same({ "1", "2" }, ids('{"total":2,"records":[' .. record(1) .. "," .. record(2) .. "]}"))
    assert.same({ "1", "2" }, ids("\30" .. record(1) .. "\n\30" .. record(2) .. "\n", { format = "json" }))
    assert.same({ "1" }, ids("\u{feff}[" .. record(1) .. "]"))
    assert.same({}, ids "[]")
  end)

  it("is read in the three shapes that are in use", function()
    local shapes = {
      '{"fields":[{"001":"1"},{"245":{"ind1":"1","ind2":"0","subfields":[{"a":"Title"},{"b":"sub"}]}}],"leader":"%s"}',
      '{"type":"marc-hash","version":[1,0],"leader":"%s","fields":[["001","1"],["245","1","0",[["a","Title"],["b","sub"]]]]}',
      '{"leader":"%s","controlfield":[{"tag":"001","data":"1"}],"datafield":[{"tag":"245","ind":"10",' ..
        '"subfield":[{"code":"a","data":"Title"},{"code":"b","data":"sub"}]}]}',
      '{"leader":"%s","fields":[{"001":"1"},{"245":{"subfields":{"a":"Title","b":["sub"]},"ind1":"1","ind2":"0"}}]}',
    }
    for _, shape in ipairs(shapes) do
      local text = shape:format(LEADER)
      assert.same({ { leader = LEADER, fields = { { tag = "001", value = "1" }, title } } }, compare.contents(text))
      assert.same({}, compare.problems(text))
    end
  end)

  it("is found within other objects, whatever stands beside it", function()
    local answer = '{"sourceRecords":[{"id":"u","meta":{"fields":["a"]},"parsedRecord":{"id":"{","content":%s}},' ..
      '{"parsedRecord":{"content":%s,"deleted":false}}],"totalRecords":2}'
    assert.same({ "1", "2" }, ids(answer:format(record(1), record(2))))
    assert.same({}, compare.problems(answer:format(record(1), record(2))))
    local beside = record(1):sub(1, -2) .. ',"_id":7,"holdings":[{"a":{"fields":[]}},"}"]}'
    assert.same({ "1", "2" }, ids(beside .. "\n" .. record(2)))
    assert.same({}, compare.problems(beside))
    assert.same({ "1" }, ids('{"note":{"by":"leader"},' .. record(1):sub(2)))
  end)

  it("is the record, not the holdings that it holds, and that is told", function()
    local holdings = '"holdings":[' .. record(9) .. "]"
    for _, text in ipairs { record(1):sub(1, -2) .. "," .. holdings .. "}", "{" .. holdings .. "," .. record(1):sub(2) } do
      assert.same({ "1" }, ids(text))
      assert.match("^1 structure", compare.problems(text)[1])
    end
  end)

  it("keeps every value of a name that comes twice", function()
    local field = '{"245":{"ind1":"1","ind2":"0","subfields":[{"a":"x","a":"y"}]}}'
    local subfields = compare.contents(record(1, field))[1].fields[2].subfields
    assert.same({ { code = "a", value = "x" }, { code = "a", value = "y" } }, subfields)
  end)

  it("is no object without MARC in it", function()
    for _, text in ipairs { '{"title":"a"}', '{"leader":"Ann","team":[]}', '{"fields":[{"name":"a","type":"b"}]}', '{"fields":[]}' } do
      assert.same({ "1" }, ids(text .. "\n" .. record(1)))
      assert.match("^1 garbage", compare.problems(text .. "\n" .. record(1))[1])
    end
  end)

  it("has its end told when what stands there is no record", function()
    for rest, words in pairs { ['{"title":"a"}'] = "1 object without a MARC record", ["xy"] = "2 characters that are no JSON" } do
      local found = compare.contents(record(1) .. "\n" .. rest)
      assert.equal(1, #found)
      assert.equal("at the end: " .. words, found.failed)
    end
  end)

  it("gives the byte where each record begins", function()
    local reader = assert(marc.parse("[ " .. record(1) .. ",\n  " .. record(2) .. "]"))
    assert.equal(2, assert(reader:next()):offset())
    assert.equal(2 + #record(1) + 4, assert(reader:next()):offset())
    assert.is_nil(reader:next())
  end)
end)

describe("a broken record of MARC-in-JSON", function()
  it("is told, and the next is found", function()
    local text = table.concat({ record(1), record(2):gsub('"}', "}"), record(3), record(4):sub(1, -4), record(5),
      record(6):gsub(":", " ", 1), record(7), '{"a":1}', record(8), "rubbish " .. record(9), record(10):sub(1, 20) }, "\n")
    assert.same({ "1", "none", "3", "none", "5", "none", "7", "8", "9", "none" }, ids(text))
    local kinds = {}
    for i, problem in ipairs(compare.problems(text)) do kinds[i] = problem:match "^%d+ %a+" end
    assert.same({ "2 truncated", "4 truncated", "6 structure", "8 garbage", "9 garbage", "10 truncated" }, kinds)
  end)

  it("keeps what can be read", function()
    local field = '{"24":{"ind1":"","subfields":[{"ab":"x"},7,{"b":8},{"c":null}]}},{"500":9},[],"x"'
    local found = compare.contents(record(1, field))[1]
    assert.same({ tag = "24", indicator1 = " ", indicator2 = " ",
      subfields = { { code = "ab", value = "x" }, { code = "b", value = "8" }, { code = "c", value = "" } } }, found.fields[2])
    assert.same({ tag = "500", value = "9" }, found.fields[3])
    local counts = {}
    for _, problem in ipairs(compare.problems(record(1, field))) do
      local kind = problem:match "^1 (%a+)"
      counts[kind] = (counts[kind] or 0) + 1
    end
    assert.same({ tag = 1, indicator = 2, subfield = 1, structure = 6 }, counts)
  end)

  it("has U+FFFD where a byte is not UTF-8", function()
    local text = record "a\xe9b"
    assert.same({ "a\u{fffd}b" }, ids(text))
    assert.same({ "1 character " .. text:find "\xe9" - 1 }, compare.problems(text))
  end)

  it("has U+FFFD for half of a character, and the rest", function()
    for _, half in ipairs { "\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800\\u0041" } do
      assert.match("^a\u{fffd}", ids(record("a" .. half .. "b"))[1])
      assert.match("^1 character", compare.problems(record("a" .. half .. "b"))[1])
    end
    assert.same({ "a\u{1f4d6}b" }, ids(record "a\\ud83d\\udcd6b"))
  end)

  it("has no separators of ISO 2709 in its text, and they are told", function()
    assert.same({ "a b" }, ids(record "a\\u001fb"))
    assert.match("^1 character", compare.problems(record "a\\u001eb")[1])
  end)

  it("ends at the limit of a record, or of what is looked at for its end", function()
    local long = '{"500":{"ind1":" ","ind2":" ","subfields":[{"a":"' .. ("x"):rep(17 << 20) .. '"}]}}'
    local text = record(1) .. record(2, long) .. '{"leader":"' .. ("y"):rep(33 << 20) .. "\n" .. record(3)
    assert.same({ "1", "2", "none", "3" }, ids(text))
    local problems = compare.problems(text)
    assert.match("^2 too%-long", problems[#problems - 1])
    assert.match("^3 truncated", problems[#problems])
  end)

  it("is passed over in a file when its end is not in sight", function()
    local path <close> = compare.file(record(1) .. '{"leader":"", "fields":[' ..
      ('{"500":{"subfields":[{"a":"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}]}},'):rep(600000) .. '"x"]}' .. record(3))
    local list = {}
    for found in assert(marc.open(path.name)):records() do
      list[#list + 1] = found:control "001" or found:problems()[1].kind
    end
    assert.same({ "1", "too-long", "3" }, list)
  end)

  it("ends the file, wherever that is cut", function()
    local text = "[" .. record(1, '{"245":{"ind1":"1","ind2":"0","subfields":[{"a":"x{[\\"y"}]}}') .. "," .. record(2) .. "]"
    for length = 1, #text - 2 do
      local found = compare.contents(text:sub(1, length))
      assert.matches("^at the end: ", found.failed or "at the end: ")
      assert.is_true(#found <= 2)
    end
    assert.same({ "1", "2" }, ids(text))
  end)
end)

describe("writing MARC-in-JSON", function()
  it("escapes what JSON can't hold", function()
    local text = record('\\"\\\\\\n\\t\\u0007\\u007fé\u{1f4d6}')
    local written = assert(assert(marc.parse(text)):next()):encode "json"
    assert.equal(text:gsub("\\u007f", "\127") .. "\n", written)
    assert.same(json.decode(text), json.decode(written))
  end)
end)
