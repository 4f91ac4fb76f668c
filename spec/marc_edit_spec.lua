-- Edits of records.
local new = require "support.marc_record"

local function book()
  return new {
    { "001", "991234" },
    { "008", "850423s1985    gw            000 0 ger d" },
    { "100", "1 ", "a", "Poe", "d", "1809-1849" },
    { "245", "14", "a", "The Größe /", "b", "ünd", "a", "again" },
    { "650", " 0", "a", "Ships", "x", "History" }, { "650", " 4", "a", "Boats" },
    { "856", "40", "u", "http://x/a.jpg" },
  }
end

-- The record's tags in a row.
local function tags(record)
  local list = {}
  for _, field in ipairs(record:fields()) do list[#list + 1] = field.tag end
  return table.concat(list, " ")
end

-- Its fields as text, for comparing all of it.
local function lines(record)
  local list = { record:leader() }
  for _, field in ipairs(record:fields()) do
    local parts = { field.tag, field.value or field.indicator1 .. field.indicator2 }
    for _, subfield in ipairs(field.subfields or {}) do parts[#parts + 1] = "$" .. subfield.code .. subfield.value end
    list[#list + 1] = table.concat(parts, " ")
  end
  return table.concat(list, "\n")
end

describe("record:add", function()
  it("puts a field behind the last one whose tag is not greater", function()
    local record = book()
    assert.truthy(record:add("500", "  ", "a", "A note", "5", "DLC"))
    assert.truthy(record:add("650", " 7", "a", "Cats", "2", "fast"))
    assert.truthy(record:add("000", "first"))
    assert.truthy(record:add("005", "20250101"))
    assert.truthy(record:add("AVA", "  ", "b", "MAIN"))
    assert.equal("000 001 005 008 100 245 500 650 650 650 856 AVA", tags(record))
    assert.same({ "A note", "DLC" }, record:all "500$a$5")
    assert.equal("7", record:get "650[#]^2")
    assert.equal("20250101", record:get "005")
  end)

  it("fills an empty record", function()
    local record = new {}
    assert.truthy(record:add("245", "00", "a", "x"))
    assert.truthy(record:add("001", "1"))
    assert.equal("001 245", tags(record))
  end)

  it("raises when it makes no field", function()
    local record = book()
    local before = lines(record)
    for message, arguments in pairs {
      ["three digits or letters"] = { "24", "  ", "a", "x" }, ["tags 00x have a text"] = { "245", "x" },
      ["others indicators"] = { "001", "  ", "a", "x" },
      ["indicators are two"] = { "245", "1", "a", "x" }, ["an indicator is a blank"] = { "245", "1#", "a", "x" },
      ["subfield code is one"] = { "245", "10", "ab", "x" }, ["code is one visible"] = { "245", "10", " ", "x" },
      ["a code has no value"] = { "245", "10", "a" }, ["not UTF-8"] = { "245", "10", "a", "\xff" },
      ["control character 0x1f"] = { "245", "10", "a", "x\31y" }, ["control character 0x00"] = { "001", "\0" },
    } do
      local fine, raised = pcall(record.add, record, table.unpack(arguments))
      assert.is_false(fine, message)
      assert.truthy(raised:find(message, 1, true), raised)
      assert.truthy(raised:find("^spec/marc_edit_spec.lua:%d+: "), raised)
    end
    assert.has_error(function() record:add("245") end)
    assert.equal(before, lines(record))
  end)

  it("says when the record gets too long", function()
    local record = new {}
    local text = ("x"):rep(6 << 20)
    assert.truthy(record:add("500", "  ", "a", text))
    assert.truthy(record:add("500", "  ", "a", text))
    local fine, message, code = record:add("500", "  ", "a", text)
    assert.same({ nil, "limit" }, { fine, code })
    assert.truthy(message:find("longer than 16777216 bytes", 1, true))
    assert.equal(2, #record:all "500$a")
  end)
end)

describe("record:set", function()
  local function after(spec, value)
    local record = book()
    assert.is_true(record:set(spec, value))
    return record
  end

  it("sets the first value that is found, and nothing else", function()
    local record = book()
    local expected = lines(record):gsub("The Größe /", "Other")
    assert.is_true(record:set("245$a", "Other"))
    assert.equal(expected, lines(record))
    assert.equal("last", after("245$a[#]", "last"):all "245$a"[2])
    assert.same({ "Ships", "Yachts" }, after("650{^2=\\4}$a", "Yachts"):all "650$a")
    assert.equal("", after("245$b", ""):get "245$b")
    assert.equal("77", after("001", "77"):get "001")
  end)

  it("raises in the words of the caller what the engine refuses", function()
    local record = book()
    for _, case in ipairs {
      { 'record:set: MARCspec "245 $a": expected ', "set", "245 $a", "x" },
      { "record:set: the value: string expected, got table", "set", "245$a", {} },
      { "record:set: the MARCspec: string expected, got nil", "set", nil, "x" },
      { "record:set: the value holds the control character 0x01", "set", "245$a", "\1" },
      { 'record:remove: MARCspec "245 $a": expected ', "remove", "245 $a" },
      { "record:remove: only fields and subfields can be removed", "remove", "LDR" },
      { 'record:each: MARCspec "2 5": expected ', "each", "2 5" },
      { "record:fields: the tag: string expected, got table", "fields", {} },
      { "record:field: the tag: string expected, got table", "field", {} },
    } do
      local _, message = pcall(function() return (record[case[2]](record, case[3], case[4])) end)
      assert.matches("^[^\n]*marc_edit_spec.lua:%d+: record:", message)
      assert.truthy(message:find(case[1], 1, true), message)
    end
    for _, verb in ipairs { "set", "remove", "each", "fields", "field" } do
      assert.error_matches(function() record[verb]("245$a", "x") end,
        ("record:%s: it is called with a colon, on a record: record:%s(…); it got a string"):format(verb, verb), 1, true)
    end
  end)

  it("sets characters, of fixed fields in their length", function()
    assert.equal("850423s1985    gw            000 0 eng d", after("008/35-37", "eng"):get "008")
    assert.equal("d", after("LDR/5", "d"):get "LDR/5")
    assert.equal("ab", after("LDR/22-#", "ab"):leader():sub(-2))
    assert.equal("The Kleine /", after("245$a/4-8", "Kleine"):get "245$a")
    assert.equal("The Größ!", after("245$a/#-2", "!"):get "245$a")
    for spec, value in pairs { ["008/35-37"] = "engl", ["008/0"] = "", ["LDR/5"] = "ab", LDR = "x", ["LDR/6"] = "ü" } do
      local fine, raised = pcall(book().set, book(), spec, value)
      assert.is_false(fine, spec)
      assert.truthy(raised:find "characters are to be replaced" or raised:find "leader is ASCII", raised)
    end
  end)

  it("sets indicators", function()
    local record = after("245^2", "0")
    assert.equal("1", record:get "245^1")
    assert.equal("0", record:get "245^2")
    assert.same({ "The Größe /", "ünd", "again" }, record:all "245$a$b")
    assert.equal(" ", after("245^1", " "):get "245^1")
    assert.has_error(function() book():set("245^1", "12") end)
    assert.has_error(function() book():set("245^1", "\u{e9}") end)
  end)

  it("makes a subfield at the end of the first field, or the field", function()
    local record = after("100$e", "author.")
    assert.same({ "Poe", "1809-1849", "author." }, record:all "100$a-z")
    assert.equal("Boats 1", after("650{^2=\\4}$v", "1"):get "650[1]")
    record = after("500$a", "note")
    assert.equal("001 008 100 245 500 650 650 856", tags(record))
    assert.equal(" ", record:get "500^1")
    assert.equal("001 005 008 100 245 650 650 856", tags(after("005", "x")))
  end)

  it("says what is missing and can't be made", function()
    for _, spec in ipairs { "999[0]$a", "245$z[1]", "245$z/0", "9..$a", "500$a$b", "500^1", "650{^2=\\9}$a", "245$z{$a}" } do
      local fine, message, code = book():set(spec, "x")
      assert.same({ nil, "missing" }, { fine, code }, spec)
      assert.truthy(message:find("nothing to set", 1, true))
    end
  end)

  it("raises when the place takes no text", function()
    for spec, words in pairs { ["245"] = "name one with $", ["500"] = "name one with $", ["005$a"] = "tags 00x",
      ["245$"] = "position 5" } do
      local fine, raised = pcall(book().set, book(), spec, "x")
      assert.is_false(fine, spec)
      assert.truthy(raised:find(words, 1, true), raised)
    end
    assert.has_error(function() book():set("245$a", "\xc3") end)
    assert.has_error(function() book():set("245$a", "a\30") end)
    assert.has_error(function() book():set("245$a") end)
  end)
end)

describe("record:remove", function()
  local function after(spec, count)
    local record = book()
    assert.equal(count, record:remove(spec), spec)
    return record
  end

  it("removes the subfields that are found, and fields that have none left", function()
    assert.same({ "ünd" }, after("245$a", 2):all "245$a-z")
    assert.same({ "The Größe /", "ünd" }, after("245$a[#]", 1):all "245$a-z")
    assert.equal("001 008 245 650 650 856", tags(after("100$a-d", 2)))
    assert.equal("001 008 100 245 650 856", tags(after("650$a", 2)))
    assert.equal("001 008", tags(after("...$a-z", 9)))
    assert.same({ "History", "Boats" }, after("650$a{^2=\\0}", 1):all "650$a$x")
  end)

  it("removes fields", function()
    assert.equal("001 008 100 245 856", tags(after("650", 2)))
    assert.equal("001 008 100 245 650 856", tags(after("650[#]", 1)))
    assert.equal("001 008 100 245 650 856", tags(after("650{$x}", 1)))
    assert.equal("", tags(after("...", 7)))
    assert.equal("100 245 650 650 856", tags(after("00.", 2)))
  end)

  it("leaves the record as it is when nothing is found", function()
    assert.equal(lines(book()), lines(after("999", 0)))
    assert.equal(lines(book()), lines(after("245$z", 0)))
  end)

  it("raises for the leader, positions and indicators", function()
    for _, spec in ipairs { "LDR", "245$a/0", "008/3", "245^1" } do
      local fine, raised = pcall(book().remove, book(), spec)
      assert.is_false(fine)
      assert.truthy(raised:find("only fields and subfields", 1, true), raised)
    end
  end)
end)

describe("an edited record", function()
  it("keeps its number, its leader and what was said about it", function()
    local record = book()
    local number, problems = record:number(), #record:problems()
    local leader = record:leader()
    assert.is_true(record:set("245$a", "x"))
    assert.same({ number, problems, leader }, { record:number(), #record:problems(), record:leader() })
  end)

  it("has the other fields byte for byte, damaged ones too", function()
    local function damaged(note)
      return new { { "245", "10no subfield" }, { "246", "1 junk\31ax\31\31b" }, { "300", "\31ax" }, { "500", "  ", "a", note } }
    end
    local record = damaged "old"
    assert.is_true(record:set("500$a", "new"))
    assert.equal(damaged "new":encode "iso2709", record:encode "iso2709")
    assert.is_true(#record:problems() > 0)
    assert.is_true(record:set("246$b", "c"))
    assert.truthy(record:encode "iso2709":find("unk\31ax\31bc\30", 1, true))
  end)

  it("stays itself through many edits and collections", function()
    local record = book()
    for i = 1, 300 do
      assert.truthy(record:add("900", "  ", "a", ("%03d"):format(i)))
      assert.is_true(record:set("245$a", ("x"):rep(i)))
      if i % 3 == 0 then assert.equal(1, record:remove "900[0]") end
      if i % 50 == 0 then collectgarbage() end
    end
    assert.equal(200, #record:all "900$a")
    assert.equal("101", record:get "900$a")
    assert.equal(300, #record:get "245$a")
  end)

  it("may be changed by a finalizer in the midst of an edit", function()
    local record = book()
    local meta = { __gc = function() record:set("100$d", "gc") record:add("901", "  ", "a", "gc") end }
    for _ = 1, 100 do
      setmetatable({}, meta)
      record:set("245$a", ("y"):rep(1000))
      record:all "..."
    end
    collectgarbage()
    assert.equal(1000, #record:get "245$a")
    assert.equal("gc", record:get "100$d")
  end)
end)
