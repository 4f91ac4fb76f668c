-- Live fields and subfields: what is written to them is in the record at once, or raises.
local marc = require "almanac.marc"
local program = require "support.program"

local CASES = "../shared/cases/marc/"

local record

before_each(function()
  record = marc.record { leader = "00000nam a2200000 i 4500", { "001", "1" }, { "245", "10", "a", "Harbor :", "b", "maps" },
    { "650", " 0", "a", "Ships", "x", "History" }, { "650", " 4", "a", "Boats" },
    { "856", "40", "u", "http://x/1", "u", "http://x/2", "z", "Online" } }
end)

local function lines(of) return (tostring(of):gsub("^[^\n]*\n", "")) end

local function raises(words, fn, ...)
  local before = tostring(record)
  local fine, message = pcall(fn, ...)
  assert.is_false(fine, words)
  assert.truthy(message:find(words, 1, true), message)
  assert.truthy(message:find("^spec/marc_live_spec.lua:%d+: "), message)
  assert.equal(before, tostring(record))
end

describe("a new record", function()
  it("has the leader and the fields in the order that it is made from", function()
    local new = marc.record { leader = "00000nz  a2200000n  4500", { "100", "1 ", "a", "Poe" }, { "001", "n1" },
      { tag = "005", value = "2" }, { tag = "400", indicators = "1 ", subfields = { { code = "a", value = "Po" } } },
      record:field "650", record:fields "650"[2]:copy() }
    assert.equal("00000nz  a2200000n  4500\n100 1  $a Poe\n001 n1\n005 2\n400 1  $a Po\n650  0 $a Ships $x History\n" ..
      "650  4 $a Boats", tostring(new))
    assert.equal("00000nam a2200000   4500", marc.record {}:leader())
    assert.equal(0, new:number())
  end)

  it("is read again as the same from every format", function()
    for _, format in ipairs(marc.formats()) do
      local text = assert(marc.document({ record }, format))
      local reader <close> = assert(marc.parse(text, { format = format }))
      assert.equal(lines(record), lines(assert(reader:next())), format)
    end
  end)

  it("raises for what makes none", function()
    raises("24 characters", marc.record, { leader = "x" })
    raises("24 characters", marc.record, { leader = ("\u{e9}"):rep(12) })
    raises("not 'fields'", marc.record, { fields = {} })
    raises("from a table", marc.record, "245")
    raises("field 1 is no table", marc.record, { "245" })
    raises("a code has no value", marc.record, { { "245", "10", "a" } })
    raises("its part 4", marc.record, { { "245", "10", "a", false } })
    raises("a tag, and a text", marc.record, { { "245" } })
    raises("others indicators and subfields", marc.record, { { tag = "245", indicators = "10" } })
    raises("subfield $a has no value", marc.record, { { tag = "245", subfields = { { code = "a" } } } })
    raises("{ tag, text }", marc.record, { {} })
  end)
end)

describe("a live field", function()
  it("writes values, codes, indicators and tags", function()
    local title = record:field "245"
    title.subfields[1].value = "Harbour :"
    title.subfields[2].code = "p"
    title.indicator2 = 4
    title.indicators = title.indicator1 .. "3"
    record:field "001".value = "2"
    record:fields "650"[2].tag = "651"
    assert.equal("001 2\n245 13 $a Harbour : $p maps\n650  0 $a Ships $x History\n651  4 $a Boats\n" ..
      "856 40 $u http://x/1 $u http://x/2 $z Online", lines(record))
    assert.equal("Harbour :", record:get "245$a")
  end)

  it("is the same however it is got, and follows what the record is told", function()
    local title, boats = record:field "245", record:fields "650"[2]
    local first, last = title.subfields[1], title.subfields[2]
    assert.equal(title, record:fields()[2])
    record:add("100", "1 ", "a", "Poe")
    record:set("245$a", "Docks")
    record:set("245$c", "Poe")
    record:remove "650[0]"
    record:remove "245$a"
    boats.subfields[1].value = "Canoes"
    last.value = "charts"
    assert.equal("001 1\n100 1  $a Poe\n245 10 $b charts $c Poe\n650  4 $a Canoes\n" ..
      "856 40 $u http://x/1 $u http://x/2 $z Online", lines(record))
    raises("this subfield is no longer in its record", function() first.value = "x" end)
    raises("this subfield is no longer in its record", function() return first.value end)
  end)

  it("raises when it is gone", function()
    local ships, boats = table.unpack(record:fields "650")
    record:remove(ships)
    record:remove "650"
    for _, field in ipairs { ships, boats } do
      raises("this field is no longer in its record", function() field.indicator1 = "1" end)
      raises("this field is no longer in its record", function() return field.tag end)
      raises("this field is no longer in its record", function() record:add(field) end)
      raises("this field is no longer in its record", function() record:remove(field) end)
    end
  end)

  it("raises at the assignment for what no field holds", function()
    local title, id = record:field "245", record:field "001"
    for words, fn in pairs {
      ["not UTF-8"] = function() title.subfields[1].value = "\xff" end,
      ["control character 0x1f"] = function() title.subfields[1].value = "a\31bx" end,
      ["code is one visible ASCII character"] = function() title.subfields[1].code = "ab" end,
      ["three digits or letters"] = function() title.tag = "24" end,
      ["tags 00x have a text"] = function() title.tag = "009" end,
      ["a blank, a digit or a letter"] = function() title.indicator1 = "#" end,
      ["indicators are two characters"] = function() title.indicators = "1" end,
      ["set the value of one of them"] = function() title.value = "x" end,
      ["field 001 is a control field: it has no subfields"] = function() id.subfields = { { code = "a", value = "x" } } end,
      ["field 001 is a control field: it has no indicators"] = function() id.indicator1 = "1" end,
      ["no 'values'"] = function() title.values = "x" end,
      ["no 'subfeilds'"] = function() return title.subfeilds end,
      ["a subfield's value is text, not nil"] = function() title.subfields[1].value = nil end,
      ["is text, not a table"] = function() title.subfields[1].value = {} end,
      ["there is no place 4"] = function() title.subfields[4] = { code = "a", value = "x" } end,
      ["not a string"] = function() title.subfields[3] = "x" end,
      ["only the last subfield"] = function() title.subfields[1] = nil end,
      ["a list of { code"] = function() title.subfields = {} end,
      ["LDR for the leader"] = function() record.leader = "x" end,
      ["record:remove(field)"] = function() title:remove() end,
      ["is of another record"] = function() marc.record {}:remove(title) end,
      ["before is of another record"] = function() marc.record {}:insert(title, "001", "x") end,
      ["there is no place 7"] = function() record:insert(7, "001", "x") end,
    } do raises(words, fn) end
  end)

  it("has subfields that are put in, taken out, and given anew", function()
    local link = record:field "856"
    link:add("3", "Part 1", "q", "pdf")
    link:insert(1, "y", "View")
    link:set("z", "Free")
    assert.equal("856 40 $y View $u http://x/1 $u http://x/2 $z Free $3 Part 1 $q pdf", tostring(link))
    table.insert(link.subfields, 2, { code = "n", value = "x" })
    table.remove(link.subfields, 1)
    link.subfields[#link.subfields] = nil
    assert.equal(3, link:remove "u3")
    assert.equal("856 40 $n x $z Free", lines(record):match "856.*")
    link.subfields = { { code = "u", value = "http://y" }, link.subfields[2] }
    assert.equal("856 40 $u http://y $z Free", lines(record):match "856.*")
    assert.same({ "http://y", "Free", "http://y Free", 0 }, { link:get "u", link:all "abz"[1], link:text(), link:remove "x" })
  end)

  it("has subfields that table.sort puts in order", function()
    local note = record:add("500", "  ", "d", "4", "b", "2", "e", "5", "a", "1", "c", "3", "a", "0")
    table.sort(note.subfields, function(one, other)
      if one.code ~= other.code then return one.code < other.code end
      return one.value < other.value
    end)
    assert.equal("500    $a 0 $a 1 $b 2 $c 3 $d 4 $e 5", lines(record):match "500[^\n]*")
    note.subfields[1], note.subfields[6] = note.subfields[6], note.subfields[1]
    assert.equal("500    $e 5 $a 1 $b 2 $c 3 $d 4 $a 0", lines(record):match "500[^\n]*")
  end)

  it("leaves the record with its last subfield", function()
    local boats = record:fields "650"[2]
    boats:remove "a"
    local ships = record:field "650"
    for subfield in ships:each() do subfield:remove() end
    assert.equal("001 1\n245 10 $a Harbor : $b maps\n856 40 $u http://x/1 $u http://x/2 $z Online", lines(record))
    raises("no longer", function() boats:add("a", "x") end)
    raises("no longer", function() return ships.tag end)
  end)

  it("goes with pairs and ipairs as a table does", function()
    local codes, parts = {}, {}
    for i, subfield in ipairs(record:field "245".subfields) do codes[i] = subfield.code end
    for _, subfield in pairs(record:field "856".subfields) do codes[#codes + 1] = subfield.code end
    for key in pairs(record:field "245") do parts[key] = true end
    assert.same({ "a", "b", "u", "u", "z" }, codes)
    assert.same({ tag = true, indicator1 = true, indicator2 = true, subfields = true }, parts)
  end)
end)

describe("record:each", function()
  it("gives what a MARCspec finds, to be changed or removed in the loop", function()
    for u in record:each "856$u" do u.value = u.value:gsub("^http:", "https:") end
    assert.same({ "https://x/1", "https://x/2" }, record:all "856$u")
    for u in record:each "856$u" do
      if u.value:find "1$" then u:remove() end
    end
    for field in record:each "650{$x}" do record:remove(field) end
    for u in record:each "856$u[0]" do u.field:add("y", "View") end
    assert.equal("001 1\n245 10 $a Harbor : $b maps\n650  4 $a Boats\n856 40 $u https://x/2 $z Online $y View", lines(record))
  end)

  it("passes over what the loop took away", function()
    local seen = 0
    for field in record:each "650" do
      seen = seen + 1
      record:remove "650"
      assert.is_false(pcall(function() return field.tag end))
    end
    assert.equal(1, seen)
  end)

  it("raises for what is neither field nor subfield", function()
    for _, spec in ipairs { "LDR", "008/35-37", "245^1", "245$a/0" } do
      record:set("008", "850423s1985    gw            000 0 ger d")
      local fine, message = pcall(record.each, record, spec)
      assert.is_false(fine, spec)
      assert.truthy(message:find("not fields or subfields", 1, true), message)
    end
  end)
end)

describe("adding", function()
  it("gives the field, copies fields of any record, and puts them where it is told", function()
    local other = marc.record { record:field "856" }
    local copy = record:add(other:field())
    copy:set("u", "http://copy")
    record:insert(1, "000", "first")
    record:insert(record:field "245", other:field())
    record:insert(#record:fields() + 1, { tag = "100", indicators = "1 ", subfields = { copy.subfields[3] } })
    assert.equal("000 first\n001 1\n856 40 $u http://x/1 $u http://x/2 $z Online\n245 10 $a Harbor : $b maps\n" ..
      "650  0 $a Ships $x History\n650  4 $a Boats\n856 40 $u http://x/1 $u http://x/2 $z Online\n" ..
      "856 40 $u http://copy $u http://x/2 $z Online\n100 1  $z Online", lines(record))
    assert.equal("http://x/1", other:get "856$u")
  end)

  it("copies a field of the same record as another one", function()
    local boats = record:fields "650"[2]
    local copy = record:add(boats)
    copy.subfields[1].value = "Canoes"
    assert.same({ "Ships", "Boats", "Canoes" }, record:all "650$a")
    assert.not_equal(boats, copy)
  end)
end)

describe("a damaged field", function()
  local damaged
  before_each(function()
    local reader <close> = assert(marc.parse(
      "00053nam a2200037   4500856001500000\0304#\31\xc3\xa9x\31aone\31u\30\29"))
    damaged = assert(reader:next())
  end)

  it("keeps what it has when another part of it is changed", function()
    local field = damaged:field()
    field:set("a", "two")
    field.indicator1 = "5"
    field:add("z", "end")
    assert.truthy(damaged:encode "iso2709":find("5#\31\u{e9}x\31atwo\31u\31zend\30", 1, true))
    assert.has_error(function() field.subfields[1].code = "\u{e8}" end)
    assert.has_error(function() field.indicator1 = "#" end)
  end)

  it("is copied as it is", function()
    record:add(damaged:field())
    assert.truthy(record:encode "iso2709":find("4#\31\u{e9}x\31aone\31u\30", 1, true))
  end)
end)

describe("what a format can't hold", function()
  it("is told when the record is written", function()
    record:field "245":set("a", ("x"):rep(10000))
    local text, message, code = record:encode "iso2709"
    assert.same({ nil, "limit" }, { text, code })
    assert.truthy(message:find "245", message)
    assert.truthy(record:encode "marcxml")
  end)
end)

describe("the published case", function()
  it("keeps the change", function()
    if not io.open(CASES .. "field-edit-lost.lua") then return pending "../shared is not there" end
    local result = program.run { "exec", CASES .. "field-edit-lost.lua" }
    assert.same({ 0, "" }, { result.status, result.err })
  end)
end)
