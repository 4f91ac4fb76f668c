-- Records of files: what is read of each kind, and what is said of those that are not as they should be.
local core = require "almanac.core"
local files = require "almanac.plan.records"
local marc = require "almanac.marc"
local program = require "support.program"
local row = require "almanac.row"

local DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'

local function oai(...)
  return '<?xml version="1.0"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>\n' .. table.concat({ ... }, "\n") ..
    "</ListRecords></OAI-PMH>"
end

local function header(id, more)
  return ("<header%s><identifier>%s</identifier><datestamp>2024-05-01</datestamp><setSpec>maps</setSpec></header>"):format(more or "", id)
end

local function dc(id, title)
  return ("<record>%s<metadata><d %s><dc:title>%s</dc:title></d></metadata></record>"):format(header(id), DC, title)
end

describe("records of files", function()
  local folder

  setup(function() folder = core.files.temp_folder() end)
  teardown(function() core.files.remove(folder, { tree = true }) end)

  local function write(name, text)
    program.write(folder .. "/" .. name, text)
    return folder .. "/" .. name
  end

  local function given(options, ...)
    options = options or {}
    options.from = { ... }
    return options
  end

  -- All entries, then how the source ended.
  local function read(options, ...)
    local source, message, code = files.open({}, given(options, ...))
    if not source then return nil, message, code end
    local list = {}
    while true do
      local entry
      entry, message, code = source:next()
      if not entry then
        source:close()
        return list, message, code, source.notes
      end
      list[#list + 1] = entry
    end
  end

  local function identifiers(list)
    local ids = {}
    for i, entry in ipairs(list) do ids[i] = entry.identifier or entry.place end
    return ids
  end

  it("are those of an answer of OAI-PMH, with header, sets and deleted ones", function()
    local list = read({}, write("a.xml", oai(dc("oai:x:1", "Maps &amp; prints"),
      "<record>" .. header("oai:x:2", ' status="deleted"') .. "</record>")))
    assert.same({ "oai:x:1", "oai:x:2" }, identifiers(list))
    assert.same({ "2024-05-01", false, "maps", "dc", "record 1" },
      { list[1].datestamp, list[1].deleted, list[1].sets[1], list[1].format, list[1].place })
    assert.matches("<dc:title>Maps &amp; prints</dc:title>", list[1].content, 1, true)
    assert.is_true(list[2].deleted)
    assert.is_nil(list[2].content)
  end)

  it("are MARC within OAI-PMH with the identifier of the header", function()
    local record = '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000   4500</leader>' ..
      '<controlfield tag="001">17</controlfield></record>'
    local list = read({}, write("b.xml", oai("<record>" .. header "oai:x:1" .. "<metadata>" .. record .. "</metadata></record>")))
    assert.same({ "oai:x:1", "marc" }, { list[1].identifier, list[1].format })
    assert.equal("17", marc.parse(list[1].content):next():control "001")
  end)

  it("are several documents in one file, and several files one behind the other", function()
    local a = write("c.xml", oai(dc("oai:x:1", "a")) .. "\n" .. oai(dc("oai:x:2", "b")))
    local b = write("d.xml", oai(dc("oai:x:3", "c")))
    local list = read({}, a, b)
    assert.same({ "oai:x:1", "oai:x:2", "oai:x:3" }, identifiers(list))
    assert.equal("record 1 of d.xml", list[3].place)
  end)

  it("of a folder are those of its files of records, which say where they lie; images are passed over", function()
    program.write(folder .. "/tree/A/dc.xml", program.read(folder .. "/c.xml"))
    program.write(folder .. "/tree/A/1.jpg", "\xFF\xD8\xFF\xE0 image")
    assert.matches(" of A/dc.xml$", read({}, folder .. "/tree")[1].place)
    program.write(folder .. "/images/1.jpg", "\xFF\xD8\xFF\xE0 image")
    local _, message = read({}, folder .. "/images")
    assert.matches("there is no file in it that ends as files of records do", message, 1, true)
  end)

  it("are all files of a folder, and none twice", function()
    core.files.make_folder(folder .. "/pages")
    write("pages/2.xml", oai(dc("oai:x:2", "b")))
    write("pages/1.xml", oai(dc("oai:x:1", "a")))
    assert.same({ "oai:x:1", "oai:x:2" }, identifiers(read({}, folder .. "/pages")))
    local _, message, code = read({}, folder .. "/pages", folder .. "/pages/../pages/1.xml")
    assert.matches("1.xml is named twice$", message)
    assert.equal("conflict", code)
  end)

  it("call themselves by 001, by their identifier, or as --records-id says", function()
    local text = marc.document({ marc.record { { "001", "17" }, { "035", "  ", "a", "(X)4" } } }, "marcxml")
    assert.equal("17", read({}, write("e.xml", text))[1].identifier)
    assert.equal("(X)4", read({ id = "035$a" }, folder .. "/e.xml")[1].identifier)
    local plain = ("<c %s><r><dc:title>a</dc:title><dc:identifier>h/1</dc:identifier><dc:identifier>h/2</dc:identifier></r></c>"):format(DC)
    assert.equal("h/1", read({}, write("f.xml", plain))[1].identifier)
    assert.equal("h/2", read({ id = "dc:identifier[2]" }, folder .. "/f.xml")[1].identifier)
    local mods = '<modsCollection xmlns="http://www.loc.gov/mods/v3"><mods><recordInfo><recordIdentifier>m1</recordIdentifier>' ..
      "</recordInfo></mods></modsCollection>"
    local list = read({}, write("g.xml", mods))
    assert.same({ "m1", "mods" }, { list[1].identifier, list[1].format })
  end)

  it("have no identifier where the source gives none", function()
    local list = read({}, write("h.xml", ("<c %s><r><dc:title>a</dc:title></r></c>"):format(DC)))
    assert.is_nil(list[1].identifier)
    list = read({}, write("i.csv", "identifier,title\n,a\n2,b\n"))
    assert.same({ "line 2", "2" }, identifiers(list))
  end)

  it("are rows of a list with every value of headings that are there twice", function()
    local list = read({}, write("j.csv", "Title,Object ID,dc:subject,dc:subject\nMaps,m-1,land,sea\n"))
    assert.same({ "m-1", "row", "line 2" }, { list[1].identifier, list[1].format, list[1].place })
    assert.same({ { "Title", "Maps" }, { "Object ID", "m-1" }, { "dc:subject", "land" }, { "dc:subject", "sea" } },
      row.decode(list[1].content))
    assert.equal("Maps", read({ id = "title" }, folder .. "/j.csv")[1].identifier)
  end)

  it("of a list have no identifier when no column says which they are, and --records-id has to name one", function()
    local list = read({}, write("k.csv", "Title,Shelf\na,b\n"))
    assert.same({ "line 2" }, identifiers(list))
    local _, message, code = read({ id = "shelv" }, folder .. "/k.csv")
    assert.matches("has no column 'shelv'.*did you mean 'Shelf'", message)
    assert.equal("parse", code)
  end)

  it("that are no XML are told with their line, and the others are read", function()
    local list = read({}, write("l.xml", oai(dc("oai:x:1", "a"), dc("oai:x:2", "b & c"), dc("oai:x:3", "c"))))
    assert.same({ "oai:x:1", "oai:x:2", "oai:x:3" }, identifiers(list))
    assert.matches("line 4", list[2].problem)
    assert.is_nil(list[3].problem)
  end)

  it("of a file that was cut off are read as far as they go, and that is noted", function()
    local whole = oai(dc("oai:x:1", "a"), dc("oai:x:2", "b"))
    local list, message, _, notes = read({}, write("m.xml", whole:sub(1, -60)))
    assert.is_nil(message)
    assert.equal("oai:x:1", list[1].identifier)
    assert.matches("the file ends within it", list[2].problem)
    assert.matches("ends within record 2: it may have been cut off", notes[1])
    list, _, _, notes = read({}, write("n.xml", whole:sub(1, -5)))
    assert.equal(2, #list)
    assert.is_nil(list[2].problem)
    assert.matches("cut off", notes[1])
    local records = marc.document({ marc.record { { "001", "1" } }, marc.record { { "001", "2" }, { "245", "00", "a", "Maps" } } },
      "iso2709")
    list, _, _, notes = read({}, write("o.mrc", records:sub(1, -9)))
    assert.equal("1", list[1].identifier)
    assert.matches("cut off", notes[1])
  end)

  it("are told as deleted by the leader of MARC", function()
    local text = marc.document({ marc.record { leader = "00000dam a2200000   4500", { "001", "1" } } }, "iso2709")
    local list = read({}, write("p.mrc", text))
    assert.is_true(list[1].deleted)
    assert.is_string(list[1].content)
  end)

  it("are read with a prefix that only what stands around them declares", function()
    local text = ('<c xmlns:q="http://purl.org/dc/elements/1.1/"><r><q:title>\u{C4}</q:title><q:identifier>1</q:identifier></r></c>')
    local list = read({}, write("q.xml", text))
    assert.matches("<dc:title>\u{C4}</dc:title>", list[1].content, 1, true)
    local wide = text:gsub(utf8.charpattern, function(c) return string.pack("<I2", utf8.codepoint(c)) end)
    local _, message = read({}, write("r.xml", "\xFF\xFE" .. wide))
    assert.matches("is XML in UTF%-16", message)
  end)

  it("of comments, CDATA and values with signs in them are told from others", function()
    local text = oai("<!-- <record> -->", ("<record a='x>y'>%s<metadata><d %s><dc:title><![CDATA[a <b> c]]></dc:title></d></metadata>" ..
      "</record>"):format(header "oai:x:1", DC), "<!-- </ListRecords> -->", dc("oai:x:2", "b"))
    local list = read({}, write("s.xml", text))
    assert.same({ "oai:x:1", "oai:x:2" }, identifiers(list))
    assert.matches("a &lt;b&gt; c", list[1].content, 1, true)
  end)

  it("take no more memory than one of them, however many there are", function()
    local file = assert(io.open(folder .. "/many.xml", "w"))
    file:write(oai(""):match "^(.*<ListRecords>)", "\n")
    for i = 1, 12000 do file:write(dc("oai:x:" .. i, ("many words "):rep(120)), "\n") end
    file:write "</ListRecords></OAI-PMH>"
    file:close()
    local source, count, most = assert(files.open({}, given({}, folder .. "/many.xml"))), 0, 0
    for _ = 1, 12000 do
      assert(source:next())
      count = count + 1
      if count % 1000 == 0 then
        collectgarbage()
        most = math.max(most, collectgarbage "count")
      end
    end
    assert.is_nil(source:next())
    source:close()
    assert.is_true(most < 40000, most .. " KiB")
  end)

  it("are refused where nothing is that can be read", function()
    local function refused(words, options, ...)
      local _, message = read(options, ...)
      assert.matches(words, message)
    end
    refused("there is no file", {}, folder .. "/none.xml")
    refused("did you mean 'deposits'", {}, "deposit")
    refused("several are read only when all are files", {}, folder .. "/a.xml", "oai:https://x.org")
    refused("%-%-records%-set means nothing", { set = "maps" }, folder .. "/a.xml")
    refused("leave out %-%-records%-sheet", { sheet = "1" }, folder .. "/a.xml")
    refused("holds no record", {}, write("t.xml", oai ""))
    refused("no row in it", {}, write("u.csv", "identifier,title\n"))
    refused("needs the repository's address", {}, "oai:")
    refused("needs the query", {}, "sru:")
    refused("%-%-records%-id: ", { id = "245[$a" }, folder .. "/e.xml")
    refused("there is no file in it", {}, (core.files.make_folder(folder .. "/empty") and folder .. "/empty"))
  end)
end)
