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

  it("shows its elements", function()
    local elements = record:elements "dcterms:subject"
    assert.same({ name = "subject", prefix = "dcterms", value = "Portraits", attributes = { ["xsi:type"] = "dcterms:LCSH" } },
      elements[1])
    assert.equal(8, #record:elements())
  end)

  it("says what is wrong with a path, and where", function()
    for path, words in pairs {
      [""] = "an element's name is expected (character 1)", ["245$a"] = "'/' or '[' is expected (character 4)",
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
