-- Tags of more than three signs and codes of more than one, which Alma writes: kept whole where the format can, else
-- left out and named.
local almanac_marc = require "almanac.marc"
local compare = require "support.marc_compare"
local program = require "support.program"
local record_module = require "almanac.record"

local marc = require "almanac.core".marc

local CASES = "../shared/cases/marc/"

local ALMA = [[<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">991</controlfield>
<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Title</subfield></datafield>
<datafield ind1=" " ind2=" " tag="INST"><subfield code="a">01XXX_INST</subfield></datafield>
<datafield ind1=" " ind2="0" tag="HLD866"><subfield code="a">v.1-3</subfield><subfield code="8">22</subfield></datafield>
<datafield ind1=" " ind2=" " tag="HLD"><subfield code="b">MAIN</subfield><subfield code="updated">2020-01-01</subfield>]] ..
  [[<subfield code="created">2019-01-01</subfield><subfield code="u">https://x.example/u</subfield></datafield></record>]]

local function first(text) return assert(marc.parse(text)):next() end

local function xml(field) return '<record><leader>00000nam a2200000 a 4500</leader>' .. field .. "</record>" end
local function data(tag, code, value)
  return ('<datafield tag="%s" ind1=" " ind2=" "><subfield code="%s">%s</subfield></datafield>'):format(tag, code, value or "x")
end

-- "INST a=01XXX_INST" of every data field.
local function shown(record)
  local list = {}
  for _, field in ipairs(record:fields()) do
    local parts = { field.tag }
    for _, subfield in ipairs(field.subfields or {}) do parts[#parts + 1] = subfield.code .. "=" .. subfield.value end
    if field.subfields then list[#list + 1] = table.concat(parts, " ") end
  end
  return list
end

local WHOLE = { "245 a=Title", "INST a=01XXX_INST", "HLD866 a=v.1-3 8=22",
  "HLD b=MAIN updated=2020-01-01 created=2019-01-01 u=https://x.example/u" }
local WITHOUT_CODES = { WHOLE[1], WHOLE[2], WHOLE[3], "HLD b=MAIN u=https://x.example/u" }

describe("Alma's own tags and codes", function()
  it("are kept whole by MARCXML and JSON", function()
    assert.same(WHOLE, shown(first(ALMA)))
    for _, format in ipairs { "marcxml", "json" } do
      local text, left_out = first(ALMA):encode(format)
      assert.is_nil(left_out)
      assert.same(WHOLE, shown(first(text)))
      assert.equal(text, (first(text):encode(format)))
    end
  end)

  it("are left out of what has no room for them, and named", function()
    local names = { line = "HLD $updated, HLD $created", mrk = "HLD $updated, HLD $created",
      iso2709 = "INST, HLD866, HLD $updated, HLD $created" }
    for format, left_out in pairs(names) do
      local text, named = first(ALMA):encode(format)
      assert.equal(left_out, named)
      assert.same(format == "iso2709" and { WHOLE[1], WITHOUT_CODES[4] } or WITHOUT_CODES, shown(first(text)))
      assert.is_nil(select(2, first(text):encode(format)))
      assert.is_nil(select(2, first(ALMA):encode(format, { nfc = true })) ~= left_out or nil)
    end
  end)

  it("are well-formed ISO 2709 for yaz-marcdump, without them", function()
    local lines = compare.yaz((first(ALMA):encode "iso2709"), "-o line")
    assert.matches("\n245 10 $a Title\nHLD    $b MAIN $u https://x.example/u\n", lines, 1, true)
    assert.is_nil(lines:find("INST", 1, true))
  end)

  it("are problems that name them", function()
    local messages = {}
    for i, problem in ipairs(first(ALMA):problems()) do messages[i] = problem.kind .. ": " .. problem.message end
    assert.same({ 'tag: the tag "INST" is not three letters or digits', 'tag: the tag "HLD866" is not three letters or digits',
      'subfield: the subfield\'s code "updated" is not one character',
      'subfield: the subfield\'s code "created" is not one character' }, messages)
  end)

  it("are asked for by MARCspec, and are no others", function()
    local record = first(ALMA)
    for spec, values in pairs {
      ["INST$a"] = { "01XXX_INST" }, ["HLD866$a"] = { "v.1-3" }, ["HLD866^2"] = { "0" }, ["INST[0]"] = { "01XXX_INST" },
      ["HLD$updated"] = { "2020-01-01" }, ["HLD$created/0-3"] = { "2019" }, ["HLD$u"] = { "https://x.example/u" },
      ["HLD{$updated}$b"] = { "MAIN" }, ["HLD{$updated=\\2020-01-01}$b"] = { "MAIN" }, ["HLD{245$a}$updated"] = { "2020-01-01" },
      ["245{HLD$updated}$a"] = { "Title" }, ["HLD{$updated=$created}$b"] = {}, ["HLD$b$updated"] = { "MAIN", "2020-01-01" },
      ["INS$a"] = {}, ["HLD$a"] = {}, ["HLD86$a"] = {}, ["HLD$upd"] = {}, ["...$a"] = { "Title" },
    } do
      assert.same({ spec, values }, { spec, record:all(spec) })
    end
    for _, spec in ipairs { "245$ab", "2455$a", "HLD$updated[0]", "INSTITUTIONSS", "INST" } do
      assert.has_error(function() record:all(spec) end)
    end
  end)

  it("are asked for by tag", function()
    local record = first(ALMA)
    assert.equal("01XXX_INST", record:fields("INST")[1].subfields[1].value)
    assert.same({ 1, 1, 0, 0 }, { #record:fields "HLD", #record:fields "HLD866", #record:fields "INS", #record:fields "INSTI" })
    assert.has_error(function() record:fields "2455" end)
  end)

  it("stay when the record is changed", function()
    local record = first(ALMA)
    record:set("245$a", "Other")
    record:set("HLD$updated", "2021-01-01")
    record:set("INST$a", "01YYY_INST")
    assert.same({ "245 a=Other", "INST a=01YYY_INST", WHOLE[3], (WHOLE[4]:gsub("2020", "2021")) }, shown(record))
    record:remove "INST$a"
    record:remove "HLD$created"
    assert.same({ "245 a=Other", WHOLE[3], "HLD b=MAIN updated=2021-01-01 u=https://x.example/u" }, shown(record))
  end)

  it("stay in live fields and copies", function()
    local one = almanac_marc.records
    local path = os.tmpname()
    program.write(path, ALMA)
    for record in one(path) do
      local field = record:field "HLD"
      field.indicator1 = "1"
      record:add(record:field "INST")
      assert.equal(2, #record:fields "INST")
      assert.equal("2020-01-01", record:get "HLD$updated")
    end
    os.remove(path)
  end)

  it("stay in what run files keep", function()
    local kept = assert(record_module.compact(ALMA))
    assert.equal("01XXX_INST", record_module.parse(kept):get "INST$a")
    assert.equal("2020-01-01", record_module.parse(kept):get "HLD$updated")
  end)
end)

describe("tags and codes of other lengths", function()
  it("are kept as they are", function()
    for _, tag in ipairs { "24", "1", "2455", "24510", "INSTITUTION", "ins", "X" } do
      local record = first(xml(data(tag, "a") .. data("500", "a")))
      assert.same({ tag .. " a=x", "500 a=x" }, shown(record))
      assert.same({ tag .. " a=x", "500 a=x" }, shown(first((record:encode "json"))))
      local short, left_out = record:encode "iso2709"
      if #tag ~= 3 then assert.same({ tag, { "500 a=x" } }, { left_out, shown(first(short)) }) end
    end
    for _, code in ipairs { "ab", "updated", "x-y", "a b", "été", ("long"):rep(30), "éa" } do
      local record = first(xml(data("500", code) .. data("501", "a")))
      assert.same({ "500 " .. code .. "=x", "501 a=x" }, shown(record))
      assert.same({ "500 " .. code .. "=x", "501 a=x" }, shown(first((record:encode "json"))))
      assert.same({ "501 a=x" }, shown(first((record:encode "iso2709"))))
      assert.equal("500 $" .. code, (select(2, record:encode "iso2709")))
    end
  end)

  it("are cut or replaced where nothing could hold them, and told", function()
    for given, kept in pairs { [""] = "???", ["INSTITUTIONS"] = "INSTITUTION", ["2&#9;5"] = "2?5", [" 245 "] = "245" } do
      local record = first(xml(data(given, "a")))
      assert.same({ given, kept, "tag" }, { given, record:fields()[1].tag, record:problems()[1].kind })
    end
    for given, kept in pairs { [""] = "?", ["a&#9;b"] = "?", [" "] = "?", ["a "] = "a" } do
      local record = first(xml(data("500", given)))
      assert.same({ given, kept, "subfield" }, { given, record:fields()[1].subfields[1].code, record:problems()[1].kind })
    end
  end)

  it("are no tags in lines that only look so", function()
    for text, tags in pairs {
      ["00000nam a2200000 a 4500\n245 10 $a One\nINST    $a x\n\n"] = { "245", "INST" },
      ["=LDR  00000nam\\a2200000\\a\\4500\n=245  10$aOne\n=HLD866  \\0$ax\n\n"] = { "245", "HLD866" },
      ["=LDR  00000nam\\a2200000\\a\\4500\n=24510$aOne\n=500  \\\\$ax\n\n"] = { "245", "500" },
    } do
      local found = {}
      for i, field in ipairs(first(text):fields()) do found[i] = field.tag end
      assert.same(tags, found)
    end
  end)
end)

describe("almanac marc with Alma's own tags", function()
  it("tells what a conversion left out, by name and number", function()
    local folder = program.folder()
    program.write(folder .. "/a.xml", "<collection>" .. ALMA .. ALMA .. "</collection>")
    local result = program.run { "marc", "convert", "--to", "iso2709", "-o", folder .. "/a.mrc", folder .. "/a.xml" }
    assert.equal(0, result.status)
    assert.matches("ISO 2709 has no room for these, which are left out: HLD $created (2), HLD $updated (2), HLD866 (2), INST (2)",
      result.err, 1, true)
    assert.equal("2020-01-01\n2020-01-01\n", program.run({ "marc", "get", "HLD$updated", folder .. "/a.xml" }).out)
    assert.equal("", program.run({ "marc", "get", "INS$a", folder .. "/a.mrc" }).out)
    result = program.run { "marc", "convert", "--to", "json", folder .. "/a.xml" }
    assert.is_nil(result.err:find("left out", 1, true))
    program.remove(folder)
  end)
end)

describe("the case tags-alma.xml", function()
  it("is kept whole", function()
    local file = io.open(CASES .. "tags-alma.xml")
    if not file then return pending "../shared is absent" end
    local text = file:read "a"
    file:close()
    local record = first(text)
    assert.same({ "01XXX_INST", "v.1-3", "2020-01-01", "2019-01-01", "https://x.example/u" },
      { record:get "INST$a", record:get "HLD866$a", record:get "HLD$updated", record:get "HLD$created", record:get "HLD$u" })
    assert.same({ 1, "https://x.example/u" }, { #record:all "HLD$u", record:get "HLD$u" })
    assert.same({ 0, 1 }, { #record:fields "INS", #record:fields "HLD" })
  end)
end)
