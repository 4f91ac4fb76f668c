local dc = require "almanac.dc"
local xml = require "almanac.xml"
local core = require "almanac.core"

-- As `anies` holds it: the declaration says UTF-16, the text is UTF-8.
local QUALIFIED = [[<?xml version="1.0" encoding="UTF-16"?>
<record xmlns="http://alma.exlibrisgroup.com/dc/01X_INST" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <dginfo>dg_12345</dginfo>
  <dc:title>Männer &amp; Frauen</dc:title>
  <dc:title xml:lang="en"> Men and women </dc:title>
  <dc:identifier>alma:01X_INST/bibs/991</dc:identifier>
  <dc:identifier>dg_1</dc:identifier>
  <dc:identifier/>
  <dcterms:subject xsi:type="dcterms:LCSH">Portraits</dcterms:subject>
  <dcterms:subject>Other</dcterms:subject>
</record>]]

local MODS = [[<m:mods xmlns:m="http://www.loc.gov/mods/v3" xmlns:xlink="http://www.w3.org/1999/xlink">
  <m:titleInfo><m:nonSort>The</m:nonSort><m:title>Atlas</m:title></m:titleInfo>
  <m:titleInfo type="alternative"><m:title>Maps</m:title></m:titleInfo>
  <m:relatedItem><m:titleInfo><m:title>Series</m:title></m:titleInfo><m:location><m:url>http://x/</m:url></m:location></m:relatedItem>
</m:mods>]]

describe("a Dublin Core record", function()
  local record = assert(dc.parse(QUALIFIED))

  it("is read although its declaration names the wrong encoding", function()
    assert.equal("dc", record.format)
    assert.equal("Männer & Frauen", record:get "dc:title")
  end)

  it("gives all values of an element, in order, without the empty ones", function()
    assert.same({ "Männer & Frauen", "Men and women" }, record:all "dc:title")
    assert.same({ "alma:01X_INST/bibs/991", "dg_1" }, record:all "dc:identifier")
    assert.same({}, record:all "dc:creator")
    assert.is_nil(record:get "dc:creator")
  end)

  it("is asked with conditions", function()
    for path, expected in pairs {
      ["dcterms:subject[@xsi:type='dcterms:LCSH']"] = "Portraits", ["dcterms:subject[@xsi:type=dcterms:LCSH]"] = "Portraits",
      ['dcterms:subject[.!="Portraits"]'] = "Other", ["dc:title[@xml:lang]"] = "Men and women",
      ["dc:title[2]"] = "Men and women", ["dc:title[last()]"] = "Men and women", ["dc:identifier[.='dg_1']"] = "dg_1",
      ["dcterms:subject/@xsi:type"] = "dcterms:LCSH", ["//dc:title[1]"] = "Männer & Frauen", ["dginfo"] = "dg_12345",
      ["title"] = "Männer & Frauen", ["dc:*"] = "Männer & Frauen", ["/dc:title"] = "Männer & Frauen",
    } do
      assert.equal(expected, record:get(path), path)
    end
    assert.is_nil(record:get "dcterms:title")
    assert.is_nil(record:get "dc:title[3]")
    assert.equal(7, #record:all "*")
  end)

  it("is asked by what a child element has, as DSpace's bundles are", function()
    local function bundle(name, url)
      return ("<element name='bundle'><field name='name'>%s</field><element name='bitstream'><field name='url'>%s</field>" ..
        "</element></element>"):format(name, url)
    end
    local dspace = assert(dc.parse("<metadata xmlns='http://www.lyncode.com/xoai'>" ..
      bundle("THUMBNAIL", "t") .. bundle("ORIGINAL", "o") ..
      bundle("LICENSE", "l") .. "</metadata>"))
    assert.same({ "o" }, dspace:all "//element[field='ORIGINAL']//field[@name='url']")
    assert.same({ "t", "l" }, dspace:all "//element[@name='bundle'][field!='ORIGINAL']//field[@name='url']")
    assert.same({ "t", "o", "l" }, dspace:all "//element[field/@name='url']/field")
    assert.same({}, dspace:all "//element[field/@name='none']/field")
    assert.has_error(function() dspace:all "//element[field]" end)
  end)

  it("shows its elements", function()
    local elements = record:elements "dcterms:subject"
    assert.same({ name = "subject", prefix = "dcterms", value = "Portraits", attributes = { ["xsi:type"] = "dcterms:LCSH" } },
      elements[1])
    assert.equal(8, #record:elements())
  end)

  it("says what is wrong with a path, and where", function()
    for path, words in pairs {
      [""] = "an element's name is expected (character 1)", ["dc:title$a"] = "'/' or '[' is expected (character 9)",
      ["245$a"] = "'245$a' names a MARC field, and this record is in Dublin Core", ["6..$a"] = "names a MARC field",
      ["x:title"] = "there is no prefix 'x'; there are dc, dcterms", ["dc:title["] = "not closed (character 9)",
      ["dc:title[foo]"] = "a condition is a number", ["dc:title//"] = "an element's name is expected (character 11)",
      ["dc:ti*"] = "stands for a whole name",
    } do
      local ok, message = pcall(record.all, record, path)
      assert.is_false(ok)
      assert.is_truthy(message:find(words, 1, true), message)
    end
  end)

  it("is written so that it is read as the same", function()
    local again = assert(dc.parse(record:text()))
    for _, path in ipairs { "*", "dc:title", "dcterms:subject[@xsi:type='dcterms:LCSH']" } do
      assert.same(record:all(path), again:all(path))
    end
    assert.equal(record:text(), again:text())
  end)

  it("is told from what is none", function()
    assert.equal("parse", select(3, dc.parse "no XML"))
    assert.equal("parse", select(3, dc.parse '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'))
  end)
end)

describe("a MODS record", function()
  local record = assert(dc.parse(MODS))

  it("is asked with paths through its elements", function()
    assert.equal("mods", record.format)
    assert.equal("Atlas", record:get "mods:titleInfo/mods:title")
    assert.equal("The Atlas", record:get "titleInfo")
    assert.equal("Maps", record:get "mods:titleInfo[@type='alternative']/mods:title")
    assert.same({ "Atlas", "Maps", "Series" }, record:all "//mods:title")
    assert.equal("http://x/", record:get "relatedItem//url")
    assert.same({ "alternative" }, record:all "titleInfo/@type")
  end)
end)

describe("a tree of XML", function()
  it("is written with its namespaces, whatever prefixes it came with", function()
    local root = assert(core.xml.parse
      '<a:x xmlns:a="urn:a" xmlns:b="urn:b" xmlns="urn:c"><b:y k="&quot;"><z/></b:y><n xmlns="">t</n></a:x>')
    local text = xml.write(root)
    local again = assert(core.xml.parse(text))
    local y, n = again[1], again[2]
    assert.same({ "urn:a", "urn:b", "urn:c", '"' }, { again.namespace, y.namespace, y[1].namespace, y.attributes.k })
    assert.same({ "n", "t" }, { n.name, n.text })
    assert.is_true((n.namespace or "") == "")
    assert.equal(text, xml.write(again))
  end)
end)

describe("a record of Dublin Core or MODS that is made", function()
  local SPACES = [[xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" ]] ..
    [[xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"]]

  local function book()
    return dc.record { institution = "01X_INST", { "dginfo", "dg_1" }, { "dc:title", "A & B", ["xml:lang"] = "en" },
      { "dc:identifier", "x", ["xsi:type"] = "dcterms:URI" } }
  end

  it("has Alma's namespaces, and no others", function()
    assert.equal(('<record xmlns="http://alma.exlibrisgroup.com/dc/01X_INST" %s><dginfo>dg_1</dginfo>' ..
      '<dc:title xml:lang="en">A &amp; B</dc:title><dc:identifier xsi:type="dcterms:URI">x</dc:identifier></record>'):format(SPACES),
      book():text())
    assert.equal('<oai_dc:dc xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/">' ..
      "<dc:title>x</dc:title><dc:creator>y</dc:creator></oai_dc:dc>",
      dc.record({ format = "oai_dc", { "title", "x" }, { "dc:creator", "y" } }):text())
    assert.equal('<mods xmlns="http://www.loc.gov/mods/v3" xmlns:xlink="http://www.w3.org/1999/xlink"><titleInfo type="main">' ..
      '<nonSort>The</nonSort><title>Atlas</title></titleInfo><location><url xlink:href="q">u</url></location></mods>',
      dc.record({ format = "mods", { "titleInfo", { "nonSort", "The" }, { "mods:title", "Atlas" }, type = "main" },
        { "location", { "url", "u", ["xlink:href"] = "q" } } }):text())
  end)

  it("is changed, and read again as the same", function()
    local record = book():add("dc:title", "C"):set("dc:title[1]", "New"):set("dc:creator", "Poe")
    record:set("dc:identifier/@xsi:type", "dcterms:ISBN")
    assert.same({ "New", "C" }, record:all "dc:title")
    assert.same({ "dginfo", "title", "title", "identifier", "creator" }, (function()
      local names = {}
      for i, element in ipairs(record:elements()) do names[i] = element.name end
      return names
    end)())
    assert.equal(record:text(), dc.parse(record:text()):text())
    assert.same({ 1, 1, 0 }, { record:remove "dc:title[2]", record:remove "dc:title/@xml:lang", record:remove "dc:subject" })
    assert.equal(('<record xmlns="http://alma.exlibrisgroup.com/dc/01X_INST" %s><dginfo>dg_1</dginfo><dc:title>New</dc:title>' ..
      '<dc:identifier xsi:type="dcterms:ISBN">x</dc:identifier><dc:creator>Poe</dc:creator></record>'):format(SPACES), record:text())
    assert.same({ nil, "nothing is at 'dc:title[7]'", "missing" }, { record:set("dc:title[7]", "x") })
  end)

  it("is changed below its first elements", function()
    local record = assert(dc.parse(MODS))
    record:add({ "subTitle", "of the world" }, nil, nil, "titleInfo")
    record:set("relatedItem/titleInfo/title", "Other")
    assert.equal(1, record:remove "titleInfo/nonSort")
    assert.same({ "Atlas of the world", "Maps" }, record:all "titleInfo")
    assert.equal("Other", record:get "//relatedItem//title")
    assert.equal(record:text(), dc.parse(record:text()):text())
  end)

  it("keeps namespaces that only it knows, by its prefixes for them", function()
    local text = '<a:mods xmlns:a="http://www.loc.gov/mods/v3" xmlns:l="http://www.w3.org/1999/xlink" xmlns:z="urn:z" xmlns:o="urn:o">' ..
      '<a:url l:href="1" z:q="2">x</a:url><z:foo o:p="3"/></a:mods>'
    local record = assert(dc.parse(text))
    assert.equal("1", record:get "url/@xlink:href")
    assert.equal('<mods xmlns="http://www.loc.gov/mods/v3" xmlns:o="urn:o" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:z="urn:z">' ..
      '<url xlink:href="1" z:q="2">x</url><z:foo o:p="3"/></mods>', record:text())
    assert.equal('<record xmlns="urn:r"><x>1</x></record>', dc.parse('<ns0:record xmlns:ns0="urn:r"><ns0:x>1</ns0:x></ns0:record>'):text())
  end)

  it("raises for what no such record holds, with the line of the script", function()
    local record = book()
    local before = record:text()
    for words, fn in pairs {
      ["no prefix 'ns0'; there are dc, dcterms"] = function() record:add("ns0:title", "x") end,
      ["no prefix 'foo'"] = function() record:add("dc:title", "x", { ["foo:bar"] = "y" }) end,
      ["no prefix 'dct'"] = function() record:add("dc:title", "x", { ["xsi:type"] = "dct:URI" }) end,
      ["element dc:title has no text"] = function() record:add "dc:title" end,
      ["the attributes of 035 are a string, no table of names and texts"] = function() record:add("035", "  ", "a", "1") end,
      ["'a b' is no name"] = function() record:add("a b", "x") end,
      ["control character 0x01"] = function() record:set("dc:title", "\1") end,
      ["is not UTF-8"] = function() record:set("dc:title", "\xff") end,
      ["nothing is at 'dc:foo'"] = function() record:add({ "x", "y" }, nil, nil, "dc:foo") end,
      ["needs format"] = function() dc.record {} end,
      ["the formats are"] = function() dc.record { format = "dc" } end,
      ["not 'title'"] = function() dc.record { format = "mods", title = "x" } end,
      ["is a table"] = function() record:set("dc:title", {}) end,
    } do
      local fine, message = pcall(fn)
      assert.is_false(fine, words)
      assert.truthy(message:find(words, 1, true), message)
      assert.truthy(message:find("^spec/dc_spec.lua:%d+: "), message)
    end
    assert.equal(before, record:text())
  end)
end)
