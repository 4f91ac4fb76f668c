-- MARCXML with faults: the next record is found again, and what is broken is named.
local marc = require "almanac.core".marc

local LEADER = "00000nam a2200000   4500"
local HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

local function field(text) return '<datafield tag="245" ind1="1" ind2=" "><subfield code="a">' .. text .. "</subfield></datafield>" end

local function record(id, more)
  return ('<record><leader>%s</leader><controlfield tag="001">%s</controlfield>%s</record>\n'):format(LEADER, id, more or "")
end

-- The same, where nothing but libxml2 reads it.
local function slowly(xml) return (xml:gsub("<([%w:]*record)>", "<%1><!-- -->")) end

-- The 001 of each record and the message of what is broken, in their order.
local function read(xml)
  local reader, failed = marc.parse(xml)
  if not reader then return { failed } end
  local list = {}
  while true do
    local found, message, _, more = reader:next()
    if not found and not message then return list, reader end
    list[#list + 1] = found and found:control "001" or message
    if message and not more then return list, reader end
  end
end

-- The first record's problems, as "kind: message".
local function problems(xml)
  local list = {}
  for found in assert(marc.parse(xml)):records() do
    for _, problem in ipairs(found:problems()) do
      list[#list + 1] = ("%d %s: %s"):format(found:number(), problem.kind, problem.message)
    end
  end
  return list
end

local function shown(text) return (text:gsub("[^%g ]", function(c) return ("\\x%02x"):format(c:byte()) end)) end

describe("a fault in a record", function()
  local FAULTS = { "a & b", "&nope;", "a < b", "<b>", "</subfield></subfield>", "vertical\vtab", "a\0b", "a\x1bb", "\xff\xfe", "caf\xe9",
    "&#0;", "&#x1F;", "&#xFFFF;", "\u{FFFE}", "<!-- x -- y -->", "<subfield code=\"a>x</subfield>", "<b c=d/>", "<?xml x?>", "]]>",
    "<b c='1' c='2'/>", "<!DOCTYPE x>" }

  it("costs that record alone, which is named with its number, its 001 and its line", function()
    for _, fault in ipairs(FAULTS) do
      local broken = record("b", "\n" .. field(fault) .. "\n" .. field("y"))
      local xml = HEAD .. "<collection>\n" .. record(1) .. broken .. record(3) .. record(4) .. broken .. record(6) .. "</collection>\n"
      for _, text in ipairs { xml, (slowly(xml)) } do
        local list = read(text)
        local named = ("%s %s %s"):format(shown(fault), list[2], list[5])
        assert.matches("record 2 %(b%): XML: .* line 5 column %d+ record 5 %(b%): XML: .* line 10 column %d+$", named)
        assert.same({ shown(fault), "1", "3", "4", "6", 6 }, { shown(fault), list[1], list[3], list[4], list[6], #list })
      end
    end
  end)

  it("is survived in answers of OAI-PMH, SRU and Alma, with prefixes and declared encodings", function()
    local oai = '<OAI-PMH xmlns="o"><ListRecords>%s</ListRecords></OAI-PMH>'
    local one = '<record><header><identifier>%s</identifier></header><metadata>%s</metadata></record>'
    local function all(frame, wrap)
      return frame:format(wrap(record(1)) .. wrap(record(2, field "a & b")) .. "\n" .. wrap(record(3)) .. wrap(record(4)))
    end
    local function prefixed(text) return (text:gsub("(</?)(%l)", "%1marc:%2")) end
    local iso = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<c>%s</c>'
    local texts = {
      all(oai, function(text) return one:format("x", text) end),
      all('<OAI-PMH xmlns:marc="m">%s</OAI-PMH>', function(text) return one:format("x", prefixed(text)) end),
      all("<s:r xmlns:s='u'>%s</s:r>", function(text) return "<s:record><s:recordData>" .. text .. "</s:recordData></s:record>" end),
      all("<bibs>%s</bibs>", function(text) return "<bib><mms_id>9</mms_id>" .. text .. "</bib>" end),
      all('<m:c xmlns:m="u">%s</m:c>', function(text) return (text:gsub("(</?)(%l)", "%1m:%2")) end),
      all(iso, function(text) return text end),
    }
    for i, text in ipairs(texts) do
      for _, xml in ipairs { text, (slowly(text)) } do
        local list = read(xml)
        assert.matches("record 2 %(2%)", list[2])
        assert.same({ i, "1", "3", "4" }, { i, list[1], list[3], list[4] })
      end
    end
  end)

  it("leaves text behind it in the declared encoding", function()
    local xml = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<c>' .. record "\xe9" .. record "&" .. record "\xe8"
    local list = read(xml .. record "\xf6" .. "</c>")
    assert.same({ "é", "è", "ö", 4 }, { list[1], list[3], list[4], #list })
  end)

  it("is one of the record whose end tag is missing", function()
    local open = record(2):gsub("</record>", "")
    local list = read("<c>\n" .. record(1) .. open .. record(3) .. "</c>")
    assert.matches("^record 2 %(2%): XML: another record begins inside of it, line 4 column 8$", list[2])
    assert.same({ "1", "3", 3 }, { list[1], list[3], #list })
  end)

  it("may stand in the first record, in the last, in all, and far from the next", function()
    local bad, long = record("b", field "&"), ("x"):rep(300000)
    assert.matches("record 1 %(b%)", read("<c>" .. bad .. record(2) .. "</c>")[1])
    assert.equal("2", read("<c>" .. bad .. record(2) .. "</c>")[2])
    assert.equal(2, #read("<c>" .. record(1) .. bad .. "</c>"))
    assert.equal(3, #read("<c>" .. bad:rep(3) .. "</c>"))
    assert.equal("3", read("<c>" .. record(1) .. record(2, field "&" .. field(long):rep(3)) .. record(3) .. "</c>")[3])
    assert.equal("2", read("<c>" .. record("b", field("&" .. long) .. field(long .. "&")) .. record(2) .. "</c>")[2])
  end)

  it("takes no record from a comment behind it", function()
    local list = read("<c>" .. record(1, field "&") .. "<!-- " .. record(2) .. "-->" .. record(3) .. "<!-- " .. record(4) .. "</c>")
    assert.same({ "3", "4", 3 }, { list[2], list[3], #list })
  end)

  it("that opens what never ends does not hide the records behind it", function()
    for _, opening in ipairs { "<![CDATA[", "<!--", "<?x" } do
      local list = read("<c>\n" .. record(1) .. record(2, field(opening)) .. record(3) .. record(4) .. "</c>")
      assert.same({ opening, "1", "3", "4", 4 }, { opening, list[1], list[3], list[4], #list })
      assert.matches("^record 2 %(2%): XML: .*line %d", list[2])
    end
  end)

  it("between records costs none", function()
    for _, junk in ipairs { "&", "\0\1", "<", "</x>", "<b c=d>", "&nbsp;" } do
      local list = read("<c>\n" .. record(1) .. junk .. record(2) .. record(3) .. "</c>")
      assert.same({ junk, "1", "2", "3" }, { junk, list[1], list[#list - 1], list[#list] })
      assert.matches("^XML: .* line %d", list[2])
    end
  end)

  it("in the middle of another's end does not count twice", function()
    local list, reader = read("<c>" .. record(1) .. record(2, field "&") .. "&" .. record(3) .. "</c>")
    assert.equal(3, #list)
    assert.is_nil(reader:next())
  end)

  it("ends a loop over the records with its message", function()
    local ids = {}
    local ok, message = pcall(function()
      for found in marc.parse("<c>" .. record(1) .. record(2, field "&") .. record(3) .. "</c>"):records() do
        ids[#ids + 1] = found:control "001"
      end
    end)
    assert.same({ false, "1", 1 }, { ok, ids[1], #ids })
    assert.matches("^record 2 %(2%): XML: ", message)
  end)

  it("names the file", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write("\n\n<c>\n" .. record(1, field "&") .. "</c>")
    file:close()
    local reader = assert(marc.open(path))
    local _, message = reader:next()
    os.remove(path)
    assert.equal(path .. ': record 1 (1): XML: a bare "&" or "<" where "&amp;" or "&lt;" belongs, line 4', (message:gsub(" column.*", "")))
  end)
end)

describe("what stands around a document", function()
  it("is survived before the declaration: blanks, a mark", function()
    for _, before in ipairs { "\n\n", " ", "\r\n\t", "\u{FEFF}", "\u{FEFF}\n" } do
      assert.same({ "1", "2" }, read(before .. HEAD .. "<c>" .. record(1) .. record(2) .. "</c>\n"))
    end
  end)

  it("is survived behind the root, and is a problem of the last record", function()
    for _, junk in ipairs { "junk", "\0\0\0", "&", "<", "</c>", "\x1a", "<br>\n<b>Warning</b>: x", "}", "-->" } do
      local xml = "<c>" .. record(1) .. record(2) .. "</c>\n" .. junk
      for _, text in ipairs { xml, (slowly(xml)) } do
        assert.same({ shown(junk), "1", "2" }, { shown(junk), table.unpack((read(text))) })
        assert.same({ ("2 garbage: behind the end of the document are %d bytes without a record"):format(#junk) }, problems(text))
      end
      assert.same({ "é" }, read('<?xml version="1.0" encoding="ISO-8859-1"?><c>' .. record "\xe9" .. "</c>" .. junk))
    end
  end)

  it("is no problem when it is blank, a comment, an instruction or another document", function()
    for _, after in ipairs { "\n", "<!-- end -->\n", "<?end?>", HEAD .. "<c/>", HEAD .. "<c>" .. record(3) .. "</c>\n" } do
      local xml = HEAD .. "<c>" .. record(1) .. "</c>" .. after
      assert.same({ after, 0 }, { after, #problems(xml) })
    end
  end)

  it("may hide another document, which is read", function()
    local xml = HEAD .. "<c>" .. record(1) .. "</c>\njunk\n" .. HEAD .. "<c>" .. record(2) .. record(3) .. "</c>"
    assert.same({ "1", "2", "3" }, read(xml))
  end)
end)

describe("a document that breaks off", function()
  it("says so behind its last record", function()
    local list = read("<c>\n" .. record(1) .. record(2))
    assert.same({ "1", "2", 3 }, { list[1], list[2], #list })
    assert.matches("^XML: it ends inside", list[3])
    list = read("<c>\n" .. record(1, field "&") .. record(2) .. record(3):sub(1, 60))
    assert.matches("record 1", list[1])
    assert.equal("2", list[2])
    assert.matches("^record 3: XML: .*line 4", list[3])
  end)

  it("is read no further when nothing tells where a record begins", function()
    for _, text in ipairs { "<!DOCTYPE c><c>" .. record(1) .. "</c>", "<", "<c", "<c a=>" .. record(1), "&" } do
      assert.equal(1, #read(text))
    end
  end)
end)
