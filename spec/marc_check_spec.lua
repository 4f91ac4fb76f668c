-- What is found by looking at a record: each kind where it is, and nothing in records that are right.
local check = require "almanac.marc.check"
local kinds = require "almanac.marc.check.kinds"
local made = require "support.marc_made"
local marc = require "almanac.marc"
local new = require "support.marc_record"
local program = require "support.program"

local TODAY = "200101s2019    xx            000 0 eng d"

-- Kinds and places of what is found: "isbn 020$a".
local function found(record, options)
  local list = {}
  for i, problem in ipairs(assert(check.record(record, options))) do list[i] = problem.kind .. " " .. problem.where end
  return list
end

local function bib(...) return new { { "001", "1" }, { "008", TODAY }, ... } end

local function title(...) return { "245", "10", "a", "Harbor views", ... } end

describe("records that are right", function()
  -- Codes of all signs, and MarcEdit's blank, are what these are made for.
  local ODD = { subfields = "odd-code", marks = "odd-indicator" }

  for _, kind in ipairs(made.kinds) do
    it("have no problems: " .. kind, function()
      local checker = assert(check.new { except = { ODD[kind] } })
      for n = 1, 60 do assert.same({}, checker:problems(new(made.record(kind, n)))) end
    end)
  end

  it("may have what is local: tags, indicators and codes with a 9, tags with letters", function()
    assert.same({}, found(bib({ "035", "9 ", "a", "x" }, title("9", "LOCAL"), { "952", "  ", "6", "KEY", "H", "0", "?", "x" },
      { "590", "zz", "a", "x" }, { "AVA", "  ", "H", "x" }, { "FMT", "BK" })))
  end)

  it("may have obsolete indicators and codes", function()
    assert.same({}, found(bib({ "100", "10", "a", "Name" }, title(), { "260", "0 ", "a", "Place", "d", "x" },
      { "700", "20", "a", "Name" })))
  end)

  it("may have fields that the table doesn't know", function()
    assert.same({}, found(bib(title(), { "503", "xx", "q", "x" })))
  end)
end)

describe("control characters", function()
  it("are named with their field and subfield", function()
    for text, name in pairs { ["a\vb"] = "0x0b", ["a\0b"] = "0x00", ["\127"] = "0x7f", ["a\u{85}"] = "U+0085", ["a\tb"] = "0x09" } do
      local record = bib(title(), { "500", "  ", "a", "fine" }, { "500", "  ", "a", "fine", "5", text })
      assert.same({ "control-character 500[1]$5" }, found(record))
      assert.matches(name, record:check()[1].message, 1, true)
    end
    assert.same({ "control-character 001" }, found(new { { "001", "1\0270" }, { "008", TODAY }, title() }))
  end)

  it("are all named", function()
    local record = bib(title(), { "500", "  ", "a", "\v \f \v\2 \0" })
    assert.equal("the control characters 0x0b 0x0c 0x02 0x00 are in the text", record:check()[1].message)
  end)

  it("are none around what isn't sorted by", function()
    assert.same({}, found(bib({ "245", "10", "a", "\u{98}The\u{9C} harbor" })))
  end)
end)

describe("control fields and data fields", function()
  it("are told apart by their tags", function()
    local xml = [[<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="650">x</controlfield>
      <datafield tag="005" ind1=" " ind2=" "><subfield code="a">x</subfield></datafield></record>]]
    assert.same({ "data-field 650", "control-field 005" }, found(assert(marc.parse(xml)):next()))
  end)

  it("have subfields or none", function()
    local record = new { { "001", "1" }, { "005", "  ", "a", "20200101" }, { "007", "vd cvaizq\31ax" }, { "500", "  " } }
    assert.same({ "control-field 005", "control-field 007", "data-field 500" }, found(record))
  end)

  it("of danMARC are data fields from 001 on", function()
    assert.same({}, found(new { leader = "00000n    2200000   45  ", { "001", "00", "a", "1" }, { "245", "00", "a", "x" } }))
  end)
end)

describe("indicators and codes", function()
  it("that are none are odd", function()
    assert.same({ "odd-indicator 245^2" }, found(bib { "245", "1#", "a", "x" }))
    assert.same({ "odd-indicator 856^2", "odd-code 856$A" }, found(bib(title(), { "856", "4\\", "u", "x", "A", "x" })))
    assert.same({ "odd-code 520" }, found(bib(title(), { "520", "  ", "a", "x", "上", "x" })))
    assert.same({ "odd-code 651" }, found(bib(title(), { "651", " 0", "\2", "x" })))
  end)

  it("that a field doesn't have are undefined", function()
    assert.same({ "undefined-indicator 245^1", "undefined-code 245$q" }, found(bib { "245", "30", "a", "x", "q", "x" }))
    assert.same({ "undefined-indicator 650[1]^2" }, found(bib(title(), { "650", " 0", "a", "x" }, { "650", "  ", "a", "x" })))
  end)

  it("of an 880 are those of its field", function()
    local record = bib(title("6", "880-01"), { "880", "1x", "6", "245-01", "a", "x", "q", "x" })
    assert.same({ "undefined-indicator 880^2", "undefined-code 880$q" }, found(record))
  end)

  it("aren't judged in authority and holdings records, and in UNIMARC", function()
    for _, leader in ipairs { "00000nz  a2200000n  4500", "00000nx  a22000001n 4500", "00000nam0 2200000   450 " } do
      assert.same({}, found(new { leader = leader, { "001", "1" }, { "245", "38", "q", "x" }, { "700", " |", "Z", "x" } },
        { except = { "odd-code", "odd-indicator" } }))
    end
  end)
end)

describe("fields and subfields that may be there once", function()
  it("are found when they are there again", function()
    assert.same({ "repeated-field 245[1]", "repeated-field 245[2]" }, found(bib(title(), title(), title())))
    assert.same({ "repeated-field 001[1]" }, found(new { { "001", "1" }, { "001", "2" }, { "008", TODAY }, title() }))
    assert.same({ "repeated-field 110" }, found(bib({ "100", "1 ", "a", "x" }, { "110", "2 ", "a", "x" }, title())))
    assert.same({ "repeated-subfield 245$a" }, found(bib(title("a", "again", "a", "again"))))
  end)

  it("differ in authority and holdings records", function()
    local leader, name, a_title = "00000nz  a2200000n  4500", { "100", "1 ", "a", "x" }, title()
    assert.same({ "repeated-field 150" }, found(new { leader = leader, { "001", "1" }, name, { "150", "  ", "a", "x" } }))
    assert.same({}, found(new { leader = leader, { "001", "1" }, name, a_title, a_title }))
    local holdings = new { leader = "00000nx  a22000001n 4500", { "001", "1" }, { "004", "1" }, { "004", "2" } }
    assert.same({ "repeated-field 004[1]" }, found(holdings))
  end)
end)

describe("fixed fields", function()
  it("have their length", function()
    for wrong, right in pairs { [TODAY:sub(2)] = 39, [TODAY .. " "] = 41, [TODAY .. TODAY] = 80, [""] = 0 } do
      local record = new { { "001", "1" }, { "008", wrong }, title() }
      assert.same({ "fixed-length 008" }, found(record))
      assert.matches(("008 has %d characters instead of 40"):format(right), record:check()[1].message)
    end
    local record = new { { "001", "1" }, { "005", "20200101" }, { "006", ("m"):rep(18) }, { "006", "m" }, { "008", TODAY }, title() }
    assert.same({ "fixed-length 005", "fixed-length 006[1]" }, found(record))
  end)

  it("are 32 characters in a holdings record", function()
    local leader = "00000nx  a22000001n 4500"
    assert.same({}, found(new { leader = leader, { "001", "1" }, { "008", ("1"):rep(32) } }))
    assert.same({ "fixed-length 008" }, found(new { leader = leader, { "001", "1" }, { "008", TODAY } }))
  end)
end)

describe("leader/09", function()
  local function with(coding, text)
    local xml = ([[<record><leader>00000nam %s2200000 a 4500</leader><controlfield tag="001">1</controlfield><datafield tag="245"
      ind1="1" ind2="0"><subfield code="a">%s</subfield></datafield></record>]]):format(coding, text)
    return assert(marc.parse(xml)):next()
  end

  it("is the charset of the text", function()
    assert.same({ "charset leader/09" }, found(with(" ", "Müller")))
    assert.same({ "charset leader/09" }, found(with("x", "Miller")))
    assert.same({ "charset leader/09" }, found(with(" ", "Müller"), { only = { "charset" } }))
    assert.same({}, found(with(" ", "Miller")))
    assert.same({}, found(with("a", "Müller")))
  end)

  it("has another meaning in UNIMARC", function()
    assert.same({}, found(new { leader = "00000nam0 2200000   450 ", { "001", "1" }, { "200", "1 ", "a", "Müller" } }))
  end)
end)

describe("the same 001", function()
  local function record(id, leader) return new { leader = leader, { "001", id }, { "008", TODAY }, title() } end

  it("is found in the records of a file", function()
    local checker = assert(check.new())
    for _, id in ipairs { "1", "2", "007", "7", "x", " 1" } do assert.same({}, checker:problems(record(id))) end
    for _, id in ipairs { "1", "007", "x" } do assert.equal("duplicate-001", checker:problems(record(id))[1].kind) end
    checker:forget()
    assert.same({}, checker:problems(record "1"))
  end)

  it("may be that of a holdings record, and none is none", function()
    local checker = assert(check.new { only = { "duplicate-001" } })
    assert.same({}, checker:problems(record "1"))
    assert.same({}, checker:problems(record("1", "00000nx  a22000001n 4500")))
    for _ = 1, 2 do assert.same({}, checker:problems(new { title() })) end
    for _ = 1, 2 do assert.same({}, checker:problems(new { { "001", "" }, title() })) end
  end)
end)

describe("ISBN and ISSN", function()
  local function in_020(text) return found(bib({ "020", "  ", "a", text }, title())) end

  it("are right with hyphens, blanks and words behind them", function()
    for _, text in ipairs { "9783161484100", "978-3-16-148410-0", "978 3 16 148410 0", "0306406152", "0-306-40615-2 (pbk.)", "080442957X",
      "0-8044-2957-x", "0306406152 : $12.00", "9783161484100 2 volumes", "ISBN 9783161484100", "978‐3‐16‐148410‐0", "9783161484100:" } do
      assert.same({}, in_020(text), text)
    end
  end)

  it("are wrong by a digit, two that changed places, and their length", function()
    for _, text in ipairs { "9783161484101", "9783161448100", "0306406153", "030640615X", "306406152", "97831614841000", "(pbk.)",
      "1234567890123", "" } do
      assert.same({ "isbn 020$a" }, in_020(text), text)
    end
  end)

  it("are named where they are, with the digit that would be right", function()
    local record = bib({ "020", "  ", "a", "9783161484100" }, { "020", "  ", "q", "x" }, { "020", "  ", "a", "9783161484103" }, title())
    assert.same({ "isbn 020[2]$a" }, found(record))
    assert.equal("ISBN '9783161484103' ends with 3, and its check digit is 0", record:check()[1].message)
  end)

  it("are looked at where others are linked, and not where they are said to be wrong", function()
    assert.same({ "issn 022$a" }, found(bib({ "022", "  ", "a", "0317-8470" }, title())))
    assert.same({}, found(bib({ "022", "  ", "a", "0317-8471", "y", "0000-0001", "z", "x" }, { "020", "  ", "z", "1" }, title())))
    assert.same({}, found(bib({ "022", "  ", "a", "2434-561X" }, title())))
    assert.same({ "issn 490$x", "issn 773$x", "isbn 776$z" }, found(bib(title(), { "490", "0 ", "a", "x", "x", "1234-5678" },
      { "773", "0 ", "t", "x", "x", "1" }, { "776", "08", "i", "x", "z", "9783161484101" })))
    assert.same({}, found(bib(title(), { "650", " 0", "a", "x", "x", "History", "z", "France" })))
  end)

  it("are in other fields of UNIMARC", function()
    local leader = "00000nam0 2200000   450 "
    local record = new { leader = leader, { "001", "1" }, { "010", "  ", "a", "2-7654-1005-3" }, { "010", "  ", "a", "2-7654-1005-4" },
      { "011", "  ", "a", "1234-5678" }, { "020", "  ", "a", "FR" } }
    assert.same({ "isbn 010[0]$a", "issn 011$a" }, found(record))
  end)
end)

describe("fields in another script", function()
  it("are linked from both sides", function()
    local right = { "880", "10", "6", "245-01/$1", "a", "x" }
    assert.same({}, found(bib(title("6", "880-01"), right)))
    assert.same({}, found(bib(title("6", "880-01"), right, right)))
    assert.same({}, found(bib(title(), { "880", "  ", "6", "500-00/$1", "a", "x" })))
    assert.same({ "unlinked-880 880$6" }, found(bib(title(), right)))
    assert.same({ "unlinked-880 245$6" }, found(bib(title("6", "880-01"))))
    assert.same({ "unlinked-880 245$6", "unlinked-880 880$6" }, found(bib(title("6", "880-02"), right)))
  end)

  it("have a $6 that can be read", function()
    assert.same({ "unlinked-880 880$6" }, found(bib(title(), { "880", "10", "a", "x" })))
    assert.same({ "unlinked-880 880$6" }, found(bib(title(), { "880", "10", "6", "245", "a", "x" })))
    assert.same({ "unlinked-880 245$6" }, found(bib(title("6", "see below"))))
  end)
end)

describe("choosing kinds", function()
  local record = bib({ "020", "  ", "a", "1" }, { "245", "1#", "a", "x" }, { "245", "10", "a", "x" })

  it("takes those of only, and not those of except", function()
    assert.same({ "isbn 020$a" }, found(record, { only = { "isbn" } }))
    assert.same({ "isbn 020$a", "odd-indicator 245[0]^2" }, found(record, { except = { "repeated-field" } }))
    assert.same({}, found(record, { only = { "isbn" }, except = { "isbn" } }))
  end)

  it("finds each kind with only it, and none without it", function()
    local all = bib({ "020", "  ", "a", "1" }, { "022", "  ", "a", "1" },
      { "245", "1#", "a", "\v", "a", "x", "q", "x", "Q", "x", "6", "x" },
      { "245", "88", "a", "x" }, { "500", "  " }, { "005", "  ", "a", "x" }, { "003", "1" }, { "006", "m" })
    local count = 0
    for _ in pairs(all:check()) do count = count + 1 end
    assert.is_true(count > 11)
    for _, problem in ipairs(all:check()) do
      assert.is_true(#all:check { only = { problem.kind } } > 0, problem.kind)
      for _, other in ipairs(all:check { except = { problem.kind } }) do assert.not_equal(problem.kind, other.kind) end
    end
  end)

  it("raises the nearest for one that is none", function()
    assert.error_matches(function() check.new { only = { "isbm" } } end, "did you mean 'isbn'")
  end)

  it("takes what readers note as well", function()
    local good = made.iso2709 { leader = "00000nam a2200000 i 4500", { "001", "1" }, { "008", TODAY }, title() }
    local bad = assert(marc.parse("99999" .. good:sub(6))):next()
    assert.same({ "length byte 0" }, found(bad, { only = { "length" } }))
    assert.same({}, found(bad, { except = { "length", "truncated" } }))
  end)

  it("has a summary for every kind", function()
    for _, kind in ipairs(kinds.all()) do assert.is_true(#kind.summary > 0, kind.name) end
  end)
end)

describe("a profile", function()
  local folder
  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function profile(text)
    program.write(folder .. "/p.lua", text)
    return { profile = folder .. "/p.lua" }
  end

  it("says what a format has", function()
    local unimarc = profile [[return { fields = {
      ["001"] = { required = true }, ["200"] = { repeatable = false, required = true, indicator1 = "01", codes = "aef", single = "a" },
      ["100"] = { indicator1 = " " } }, isbn = { "010$a" } }]]
    local leader = "00000nam0 2200000   450 "
    local function record(...) return new { leader = leader, ... } end
    assert.same({}, found(record({ "001", "1" }, { "010", "  ", "a", "2-7654-1005-4" }, { "200", "1 ", "a", "x", "e", "x" }), unimarc))
    assert.same({ "isbn 010$a", "undefined-indicator 200[0]^1", "undefined-code 200[0]$b", "repeated-field 200[1]",
      "repeated-subfield 200[1]$a", "missing-field 001" },
      found(record({ "010", "  ", "a", "2-7654-1005-3" }, { "200", "8 ", "b", "x" }, { "200", "1 ", "a", "x", "a", "x" }), unimarc))
  end)

  it("adds to MARC 21, and replaces its fields", function()
    local own = profile [[return { based_on = "marc21", fields = { ["949"] = { required = true, codes = "ab" }, ["245"] = {},
      ["008"] = { length = 10 } }, holdings = { ["852"] = { required = true } } }]]
    assert.same({ "fixed-length 008", "missing-field 949" }, found(bib({ "020", "  ", "a", "0306406152" }, title("q", "x"), title()), own))
    assert.same({ "isbn 020$a", "undefined-code 949$c" }, found(new { { "020", "  ", "a", "1" }, { "949", "  ", "c", "x" } }, own))
    assert.same({ "missing-field 852" }, found(new { leader = "00000nx  a22000001n 4500", { "001", "1" } }, own))
    assert.same({}, found(new { leader = "00000nz  a2200000n  4500", { "001", "1" } }, own))
  end)

  it("says where it is wrong", function()
    for text, message in pairs {
      ["return { fields"] = "p.lua:1: ", ["return 1"] = "does not return a table", ["print 'x'"] = "p.lua:1: ",
      ["while true do end"] = "does not end",
      ["return { feilds = {} }"] = "there is no 'feilds', did you mean 'fields'?",
      ["return { based_on = 'unimarc' }"] = "'based_on' is 'unimarc', and may be 'marc21'",
      ["return { fields = 'x' }"] = "'fields' is a table, not a string",
      ["return { fields = { [245] = {} } }"] = "fields: '245' is no tag of three letters or digits, write [\"245\"]",
      ["return { fields = { ['24'] = {} } }"] = "'24' is no tag",
      ["return { fields = { ['245'] = 1 } }"] = "fields, 245 is no table",
      ["return { fields = { ['245'] = { repeatible = false } } }"] = "fields, 245: there is no 'repeatible', did you mean 'repeatable'?",
      ["return { fields = { ['245'] = { codes = 1 } } }"] = "fields, 245: 'codes' is a string, not a number",
      ["return { fields = { ['008'] = { length = 1.5 } } }"] = "'length' is a whole number",
      ["return { fields = { ['008'] = { length = 40, codes = 'a' } } }"] = "'length' is of control fields",
      ["return { isbn = { '020' } }"] = "isbn: '020' is no subfield, write it as \"020$a\"",
      ["return { holdings = {} }"] = "holdings needs based_on",
    } do
      local checker, told, code = check.new(profile(text))
      assert.is_nil(checker, text)
      assert.matches(message, told, 1, true)
      assert.matches("p.lua", told, 1, true)
      assert.equal("parse", code)
    end
    local _, told, code = check.new { profile = folder .. "/none.lua" }
    assert.matches("none.lua", told, 1, true)
    assert.equal("missing", code)
  end)
end)
