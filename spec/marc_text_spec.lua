-- The formats that are lines: yaz-marcdump's, which is its own reference, and
-- MarcEdit's .mrk.
local compare = require "support.marc_compare"
local made = require "support.marc_made"
local marc = require "almanac.core".marc

local LEADER = "00000nam a2200000   4500"

-- Subfields in a row: { "a", "x", "b", "y" } in a field.
local function field(tag, indicators, ...)
  local subfields = {}
  for i = 1, select("#", ...), 2 do subfields[#subfields + 1] = { code = (select(i, ...)), value = (select(i + 1, ...)) } end
  return { tag = tag, indicator1 = indicators:sub(1, 1), indicator2 = indicators:sub(2), subfields = subfields }
end

local function control(tag, value) return { tag = tag, value = value } end

local function read(text, format)
  local all = compare.contents(text, { format = format })
  assert.is_nil(all.failed)
  return all
end

local function fields(text, format) return assert(read(text, format)[1], "no record").fields end

describe("yaz-marcdump's lines", function()
  for _, kind in ipairs(compare.kinds) do
    it("hold the same records of kind " .. kind, function()
      local iso = compare.iso2709(kind, 40)
      local theirs = compare.yaz(iso, "-o line")
      assert.equal(theirs, compare.convert(iso, "line"))
      if kind == "marks" then return end   -- a $ in the text looks as a subfield's
      assert.same(compare.contents(iso), compare.contents(theirs))
    end)
  end

  it("hold MARC-8 as yaz-marcdump converts it", function()
    local parts = {}
    for i = 1, 40 do parts[i] = made.iso2709(made.record("marc8", i)) end
    local theirs = compare.yaz(table.concat(parts), "-o line -f marc-8 -t utf-8 -l 9=97")
    local function without_lengths(text) return (text:gsub("%f[^\n\0]%d%d%d%d%d(nam a22)%d%d%d%d%d", "%1")) end
    assert.equal(without_lengths(theirs), without_lengths(compare.convert(table.concat(parts), "line")))
    assert.same(compare.contents(theirs), compare.contents(compare.yaz(table.concat(parts), "-o line")))
  end)

  it("may go on after four blanks, have remarks, none or other marks for subfields", function()
    local text = LEADER .. "\n(Remark on the record)\n001 1\n245 10 $a Long\n     title $b sub\n500    $aNote$bmore $ 5\n" ..
      "501    _a x _b y\n502    $a \nFMT BK\n008 12 $a x\n503 1 \n\r\n"
    assert.same({ control("001", "1"), field("245", "10", "a", "Long  title", "b", "sub"),
      field("500", "  ", "a", "Note", "b", "more $ 5"), field("501", "  ", "a", "x", "b", "y"), field("502", "  ", "a", ""),
      control("FMT", "BK"), control("008", "12 $a x"), field("503", "1 ") },
      fields(text))
  end)

  it("are recognised by a leader, with its lengths or without, or by a field", function()
    for _, text in ipairs { LEADER .. "\n001 1\n", "     nam a22        4500\n001 1\n", "001 1\n245 10 $a x\n",
      "\r\n" .. LEADER .. "\r\n001 1\r\n" } do
      local reader = assert(marc.parse(text))
      assert.equal("line", reader:format())
      assert.equal("1", assert(reader:next()):control "001")
    end
    assert.equal("     nam a22        4500", read("     nam a22        4500\n001 1\n")[1].leader)
  end)

  it("tell what is no field, and a record without leader", function()
    local text = LEADER .. "\n001 1\nrubbish\n24$ 10 $a x\n\n001 2\n"
    assert.same({ "1 garbage 31", "1 tag 39", "2 leader 0" }, compare.problems(text))
    assert.equal("2", read(text)[2].fields[1].value)
  end)

  it("have a blank where a text has a line's end", function()
    local record = assert(marc.parse('{"leader":"' .. LEADER .. '","fields":[{"001":"a\\nb"},' ..
      '{"245":{"ind1":"1","ind2":" ","subfields":[{"a":"x\\r\\ny"}]}}]}')):next()
    assert.equal(LEADER .. "\n001 a b\n245 1  $a x  y\n\n", record:encode "line")
  end)
end)

describe(".mrk", function()
  for _, kind in ipairs(compare.kinds) do
    it("holds the same records of kind " .. kind, function()
      local iso = compare.iso2709(kind, 40)
      local written = compare.convert(iso, "mrk")
      assert.same(compare.contents(iso), compare.contents(written))
      assert.equal(compare.yaz(iso, "-o line"), compare.convert(written, "line"))
    end)
  end

  it("has mnemonics for what has a meaning, and a backslash for blanks that count", function()
    local record = assert(marc.parse('{"leader":"' .. LEADER .. '","fields":[{"008":"a b$"},{"245":{"ind1":" ","ind2":"\\\\",' ..
      '"subfields":[{"a":"{$5} \\\\ x\\ny"}]}}]}')):next()
    local expected = "=LDR  00000nam\\a2200000\\\\\\4500\n=008  a\\b{dollar}\n=245  \\{bsol}$a{lcub}{dollar}5{rcub} {bsol} x y\n\n"
    assert.equal(expected, record:encode "mrk")
    assert.same({ control("008", "a b$"), field("245", " \\", "a", "{$5} \\ x y") }, fields(expected))
  end)

  it("has MARCMaker's mnemonics, marks before their letters", function()
    local text = "=LDR  " .. LEADER .. "\n=245  10$a%s\n"
    for mnemonics, expected in pairs {
      ["{eacute}{Aacute}{ccedil}{uml}u"] = "éÁçü", ["{Lstrok}{lstrok}{szlig}{aelig}{inodot}"] = "Łłßæı",
      ["{dotb}{macr}s"] = "ṣ\u{304}", ["{llig}t{rlig}s"] = "t\u{fe20}s\u{fe21}", ["{mllhring}{mlrhring}{softsign}"] = "ʻʼʹ",
      ["{copy}{deg}{pound}{euro}"] = "©°£€", ["x{acute}"] = "x\u{301}", ["{}{"] = "{}{",
    } do
      assert.equal(expected, fields(text:format(mnemonics))[1].subfields[1].value)
    end
    assert.same({ "1 escape 31" }, compare.problems(text:format "{nothing} x"))
    assert.equal("{nothing} x", fields(text:format "{nothing} x")[1].subfields[1].value)
  end)

  it("is read with a leader and blanks as they come, wrapped lines, CRLF", function()
    local text = "=LDR  " .. LEADER .. "\r\n=001  1\r\n=245  1 $aLong\r\ntitle$$x$\xc3\xa9y\r\n" ..
      "=FMT  BK\r\n=500  \\\\\r\n=LDR  " .. LEADER .. "\r\n=001  2\r\n"
    local all = read(text)
    assert.equal(2, #all)
    assert.same({ control("001", "1"), field("245", "1 ", "a", "Long title", "$", "x", "é", "y"),
      control("FMT", "BK"), field("500", "  ") }, all[1].fields)
  end)

  it("tells what has no place in it", function()
    local text = "=001  1\n=24  10$ax\n=245  10text$ax\n=246  é1$ax\n"
    local kinds = {}
    for i, problem in ipairs(compare.problems(text)) do kinds[i] = problem:match "^1 (%a+)" end
    assert.same({ "leader", "tag", "subfield", "indicator" }, kinds)
  end)
end)

describe("lines of any kind", function()
  it("may be longer than a record", function()
    local long = ("x"):rep(17 << 20)
    local lines = LEADER .. "\n001 1\n500    $a " .. long .. "\n\n001 2\n"
    local mrk = "=LDR  " .. LEADER .. "\n=001  1\n=500  \\\\$a" .. long .. "\n\n=001  2\n"
    for format, text in pairs { line = lines, mrk = mrk } do
      local all = read(text, format)
      assert.same({ 2, "2", "500" }, { #all, all[2].fields[1].value, all[1].fields[2].tag })
      assert.is_true(#all[1].fields[2].subfields[1].value > 16000000)
      assert.match(format == "line" and "^1 garbage" or "^1 too%-long", compare.problems(text)[1])
    end
  end)

  it("are read to their end, wherever the file is cut", function()
    for _, format in ipairs { "line", "mrk" } do
      local text = compare.convert(compare.iso2709("holdings", 2), format)
      for length = 1, #text do assert.is_true(#read(text:sub(1, length), format) <= 2) end
    end
  end)

  it("have no separators of ISO 2709 in their text, and MARC-8 is converted", function()
    local text = "=LDR  00000nam  2200000   4500\n=245  10$aa\31b\n=246  10$a\xe2e\n"
    assert.same({ field("245", "10", "a", "a b"), field("246", "10", "a", "e\u{301}") }, fields(text, "mrk"))
    assert.match("^1 character", compare.problems("=LDR  " .. LEADER .. "\n=245  10$aa\31b\n")[1])
  end)
end)
