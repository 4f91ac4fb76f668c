-- MARCXML, read and written; yaz-marcdump is the reference.
local compare = require "support.marc_compare"
local marc = require "almanac.core".marc

local LEADER = "00000nam a2200000   4500"

local function record(id, more)
  return ('<record><leader>%s</leader><controlfield tag="001">%s</controlfield>%s</record>'):format(LEADER, id, more or "")
end

-- The same, where nothing but libxml2 reads it.
local function slowly(xml) return (xml:gsub("<([%w:]*record)>", "<%1><!-- -->")) end

-- The 001 of each record, then the error, when there is one.
local function ids(xml)
  local list = {}
  for i, one in ipairs(compare.contents(xml)) do list[i] = one.fields[1] and one.fields[1].value or "?" end
  list[#list + 1] = compare.contents(xml).failed
  return list
end

describe("MARCXML beside yaz-marcdump", function()
  for _, kind in ipairs(compare.kinds) do
    it("holds the same records of kind " .. kind, function()
      local iso = compare.iso2709(kind, 40)
      local theirs, ours = compare.yaz(iso, "-o marcxml"), compare.convert(iso, "marcxml")
      local expected = compare.contents(iso)
      assert.equal(40, #expected)
      assert.same(expected, compare.contents(ours))
      assert.same(expected, compare.contents(slowly(ours)))
      assert.equal(theirs:gsub("\n%s*<leader>[^\n]*", ""), (ours:gsub("^[^\n]*\n", "", 1):gsub("\n%s*<leader>[^\n]*", "")))
      assert.equal(compare.yaz(theirs, "-i marcxml -o line"), compare.yaz(compare.convert(theirs, "marcxml"), "-i marcxml -o line"))
    end)
  end
end)

describe("MARCXML", function()
  it("is read with a prefix, a namespace or none, in a collection or alone", function()
    local slim = 'xmlns="http://www.loc.gov/MARC21/slim"'
    local prefixed = record(1):gsub("(</?)(%l)", "%1marc:%2")
    assert.same({ "1" }, ids(record(1)))
    assert.same({ "1" }, ids(record(1):gsub("<record", "<record " .. slim)))
    assert.same({ "1", "2" }, ids("<collection " .. slim .. ">" .. record(1) .. "\n" .. record(2) .. "</collection>"))
    assert.same({ "1", "1" }, ids('<marc:collection xmlns:marc="u">' .. prefixed .. prefixed .. "</marc:collection>"))
    assert.same({ "1", "2" }, ids("<c>" .. record(1):gsub("<record", '<record type="Bibliographic" ' .. slim) .. record(2) .. "</c>"))
  end)

  it("is found in answers of OAI-PMH, SRU and Alma", function()
    local oai = "<OAI-PMH><ListRecords><record><header/><metadata>%s</metadata></record>" ..
      '<record><header status="deleted"/></record><record><header/><metadata>%s</metadata></record></ListRecords></OAI-PMH>'
    local sru = "<s:r xmlns:s='u'><s:records><s:record><s:schema>marcxml</s:schema><s:recordData>%s</s:recordData></s:record>" ..
      "<s:record><s:recordData>%s</s:recordData></s:record></s:records></s:r>"
    local alma = "<bibs><bib><mms_id>9</mms_id>%s</bib><bib>%s</bib></bibs>"
    for _, answer in ipairs { oai, sru, alma } do
      assert.same({ "1", "2" }, ids(answer:format(record(1), record(2))))
      assert.same({ "1", "2" }, ids(slowly(answer:format(record(1), record(2)))))
    end
    assert.same({}, ids "<OAI-PMH><record><metadata><dc><title>x</title></dc></metadata></record></OAI-PMH>")
  end)

  it("is read from documents one after the other", function()
    local document = '<?xml version="1.0"?>\n<c>' .. record(1) .. "</c>\n"
    assert.same({ "1", "1", "1" }, ids(document:rep(3) .. "<!-- end -->\n"))
    assert.same({ "1", "2" }, ids(record(1) .. "\n" .. record(2)))
    assert.same({ "1", "XML: <b> is closed by </c>, line 6 column 5" }, ids(document .. "\n<?xml version='1.0'?>\n<b>\n</c>\n"))
  end)

  it("is UTF-8 when its bytes are, whatever it declares", function()
    local function declared(encoding, text)
      return ('<?xml version="1.0" encoding="%s"?>'):format(encoding) .. record(text)
    end
    assert.same({ "é" }, ids(declared("UTF-16", "é")))
    assert.same({ "é" }, ids(declared("ISO-8859-1", "\xe9")))
    assert.same({ "é" }, ids("\u{feff}" .. declared("UTF-8", "é")))
    assert.match("encoding EBCDIC is not read", ids(declared("EBCDIC", "x"))[1], 1, true)
  end)

  it("is read from true UTF-16 with its mark", function()
    local function wide(text, how)
      local parts = {}
      for _, point in utf8.codes(text) do parts[#parts + 1] = string.pack(how, point) end
      return table.concat(parts)
    end
    local text = "\u{feff}<?xml version='1.0' encoding='UTF-16'?><c>" .. record "ḃé" .. record(2) .. record(3):rep(40) .. "</c>"
    for _, how in ipairs { "<I2", ">I2" } do
      local found = ids(wide(text, how))
      assert.same({ "ḃé", "2", 42 }, { found[1], found[2], #found })
      assert.match("it ends inside", ids(wide(text, how):sub(1, -9))[43], 1, true)
    end
    assert.match("is UTF-16; save it as UTF-8", ids(wide("\u{feff}00000nam", "<I2"))[1], 1, true)
  end)

  it("has XML's entities, characters by number, CDATA and comments in its text", function()
    local field = '<datafield tag="245" ind1="1" ind2=" "><subfield code="a">%s</subfield></datafield>'
    for text, expected in pairs {
      ["&lt;&gt;&amp;&quot;&apos;"] = "<>&\"'", ["&#xe9;&#128214;"] = "é\u{1f4d6}", ["<![CDATA[<&>]]>"] = "<&>",
      ["a<!-- b -->c"] = "ac", ["x > y ]] z"] = "x > y ]] z", ["\ttab\nline\r\nend "] = "\ttab\nline\nend ", [""] = "",
    } do
      local found = compare.contents("<c>" .. record(0) .. record(1, field:format(text)) .. "</c>")[2]
      assert.equal(expected, found.fields[2].subfields[1].value)
    end
  end)

  it("is none in a comment, CDATA, an instruction or an attribute, however that is told", function()
    for _, around in ipairs { "<!-- %s -->", "<!--> %s-->", "<![CDATA[%s]]>", "<![CDATA[ > %s]]>", "<?x > %s?>",
      "<![CDATA[" .. ("x"):rep(299) .. ">  %s]]>", "<![CDATA[" .. (" "):rep(400) .. "%s]]>" } do
      local xml = "<c>\n" .. record(1) .. around:format(record(2)) .. " " .. record(3) .. "</c>"
      assert.same({ "1", "3" }, ids(xml))
    end
    assert.same({ "1", "3" }, ids("<c>" .. record(1) .. "text > " .. record(3) .. "</c>"))
  end)

  it("gives the byte where each record begins", function()
    local xml = "\n <c>\n" .. record(1) .. "  " .. slowly(record(2)) .. record(3) .. "</c>" .. record(4)
    local from = 1
    for found in assert(marc.parse(xml)):records() do
      from = assert(xml:find("<record>", from, true))
      assert.equal(from - 1, found:offset())
      from = from + 1
    end
  end)
end)

describe("what is wrong with a record of MARCXML", function()
  it("is noted, and what can be read is there", function()
    local field = '<datafield tag="1" ind1="é"><subfield>t<b>bold</b></subfield>stray</datafield><other/>'
    local xml = "<c><record><controlfield tag='001'>1</controlfield>" .. field .. "</record>" .. record(2) .. "</c>"
    local all = compare.contents(xml)
    assert.same({ { tag = "001", value = "1" },
      { tag = "1", indicator1 = "?", indicator2 = " ", subfields = { { code = "?", value = "tbold" } } } }, all[1].fields)
    assert.equal("2", all[2].fields[1].value)
    local kinds = {}
    for i, problem in ipairs(compare.problems(xml)) do kinds[i] = problem:match "^1 (%S+) %d+$" end
    assert.same({ "tag", "indicator", "indicator", "subfield", "structure", "structure", "structure", "leader" }, kinds)
  end)

  it("is told with the byte of the record", function()
    local xml = "<c>\n" .. record(1) .. record(2, '<datafield tag="24" ind1=" " ind2=" "></datafield>') .. "</c>"
    assert.same({ "2 tag " .. #record(2) - #"</record>" }, compare.problems(xml))
  end)
end)

describe("a document that is too large", function()
  it("ends a record at its limit, and goes on behind it", function()
    local field = '<datafield tag="500" ind1=" " ind2=" "><subfield code="a">' .. ("x"):rep(17 << 20) .. "</subfield></datafield>"
    local xml = "<c>" .. record(1) .. record(2, field) .. record(3) .. "</c>"
    assert.same({ "1", "2", "3" }, ids(xml))
    assert.match("^2 too%-long", compare.problems(xml)[1])
  end)

  it("is refused for a tag without end", function()
    assert.match("a tag or a comment is too long", ids("<c>" .. record(1) .. "<!--" .. ("x"):rep(12 << 20))[2], 1, true)
  end)
end)

describe("a broken document", function()
  it("gives the records before the break, then line and column in the file", function()
    local line = record(1) .. "\n"
    assert.same({ "1", "1", "1", "XML: <x> is closed by </y>, line 5 column 8" }, ids("<c>\n" .. line:rep(3) .. "<x></y>\n" .. line))
    assert.same({ "1", "1", ("XML: <x> is closed by </y>, line 1 column %d"):format(2 * #record(1) + #"<c><x></y>" + 1) },
      ids("<c>" .. record(1):rep(2) .. "<x></y></c>"))
    assert.same({ "1", "1", ("XML: it ends inside an element, line 2 column %d"):format(#line) }, ids("<c>" .. line:rep(2)))
  end)

  it("is refused for a DOCTYPE, an entity of its own, elements too deep", function()
    assert.match("a DOCTYPE is not allowed, line 1", ids('<!DOCTYPE c [<!ENTITY x "y">]><c>' .. record "&x;" .. "</c>")[1], 1, true)
    assert.match("entity", ids("<c>" .. record "1" .. record "&x;" .. "</c>")[2], 1, true)
    assert.match("nested too deeply", ids(("<a>"):rep(120) .. record(1))[1], 1, true)
    assert.match("nested too deeply", ids(("<a>"):rep(99) .. record(1))[1], 1, true)
  end)

  it("ends after whole records, at whichever byte it is cut", function()
    local xml = compare.yaz(compare.iso2709("holdings", 2), "-o marcxml")
    local whole, last = compare.contents(xml), 0
    for length = 1, #xml - 2 do
      local cut = compare.contents(xml:sub(1, length))
      assert.is_string(cut.failed)
      assert.is_true(#cut >= last)
      last = #cut
      if last > 0 then assert.same(whole[last], cut[last]) end
    end
    assert.equal(2, last)
  end)

  it("is broken for libxml2 and for the scanner of usual records at the same places", function()
    local random, canonical = 7, compare.convert(compare.iso2709("empty", 1), "marcxml"):match "<record>.*</record>"
    local xml = "<c>" .. record(0) .. canonical .. "\n" .. record(9) .. "</c>"
    local odd = { "<", ">", "&", '"', "'", "/", "]", "\0", "\31", "\xff", "\xc3", "\xef\xbf\xbf", "a",
      " ", "\n", "\r", "]]>", "&amp;", "&#x1f;", "record", "</record>", ":", "=" }
    local function pick(n)
      random = (random * 1103515245 + 12345) & 0x7fffffff
      return (random >> 8) % n + 1
    end
    for _ = 1, 1000 do
      local at, put = pick(#xml), odd[pick(#odd)]
      local changed = xml:sub(1, at - 1) .. put .. xml:sub(at + pick(3) - 1)
      local quick, slow = compare.contents(changed), compare.contents(slowly(changed))
      assert.equal(slow.failed == nil, quick.failed == nil, changed)
      quick.failed, slow.failed = nil, nil
      assert.same(slow, quick, changed)
    end
  end)
end)

describe("writing MARCXML", function()
  it("replaces what XML can't hold", function()
    local text = '{"leader":"' .. LEADER .. '","fields":[{"001":"a\\u0007b\\uffff<"},{"245":{"ind1":"\\"","ind2":"&","subfields":[{"<":' ..
      '"\\r\\n\\t\'"}]}}]}'
    local xml = assert(assert(marc.parse(text)):next()):encode "marcxml"
    assert.match('<controlfield tag="001">a\u{fffd}b\u{fffd}&lt;</controlfield>', xml, 1, true)
    assert.match('<datafield tag="245" ind1="&quot;" ind2="&amp;">', xml, 1, true)
    assert.match("<subfield code=\"&lt;\">&#13;\n\t&apos;</subfield>", xml, 1, true)
    assert.equal("\r\n\t'", compare.contents(xml)[1].fields[2].subfields[1].value)
  end)

  it("frames a document, and a record alone has no namespace", function()
    local head, between, tail = marc.frame "marcxml"
    assert.equal('<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n', head)
    assert.same({ "", "</collection>\n" }, { between, tail })
    assert.match("^<record>\n  <leader>", assert(marc.parse(record(1))):next():encode "marcxml")
  end)

  it("takes white space around a leader for layout, and a no-break space for one blank", function()
    local function led_by(leader, indicator)
      return ('<record><leader>%s</leader><controlfield tag="001">1</controlfield><datafield tag="245" ind1="%s" ind2="0">' ..
        '<subfield code="a">T</subfield></datafield></record>'):format(leader, indicator)
    end
    local kept = "00733cam a2200265 a 4500"
    for _, leader in ipairs { "\n    " .. kept .. "\n  ", " " .. kept, kept .. "\t" } do
      local found = compare.contents(led_by(leader, "1"))
      assert.equal(kept, found[1].leader)
      assert.same({}, compare.problems(led_by(leader, "1")))
    end
    local found = compare.contents(led_by(kept:gsub(" ", "\u{a0}"), "\u{a0}"))
    assert.equal(kept, found[1].leader)
    assert.equal(" ", found[1].fields[2].indicator1)
    assert.matches("^1 indicator", compare.problems(led_by(kept, "\u{a0}"))[1])
  end)
end)
