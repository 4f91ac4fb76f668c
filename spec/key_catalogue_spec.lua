local core = require "almanac.core"
local key = require "almanac.recipe.inside.key"
local records = require "almanac.recipe.inside.record"

describe("key.oclc", function()
  it("gives one form of what 035, 001 and file names write", function()
    for given, expected in pairs {
      ["(OCoLC)12345"] = "12345", ["(OCoLC)ocm00012345"] = "12345", ["(OCoLC)ocm00012345 "] = "12345",
      ["(ocolc)ocn123456789"] = "123456789", ["(OCoLC)on1234567890"] = "1234567890", ["(OCoLC)on 1234567890"] = "1234567890",
      ["ocm00012345"] = "12345", ["ocn123456789"] = "123456789", ["OCM00012345_001.tif"] = "12345",
      ["scans/on1234567890-2.jpg"] = "1234567890", ["london_ocm00000017.jpg"] = "17", ["(OCoLC)0000"] = "0",
    } do
      assert.equal(expected, key.oclc(given), given)
    end
  end)

  it("takes no other number for one", function()
    for _, given in ipairs { "12345", "(DE-599)12345", "(OCoLC)fst00012345", "photon12345678.tif",
      "section_12345678", "ocm12.tif", "" } do
      assert.is_nil(key.oclc(given), given)
    end
  end)
end)

describe("key.system_number", function()
  it("gives what stands behind a prefix", function()
    assert.equal("ZDB123", key.system_number("(DE-599)ZDB123", "DE-599"))
    assert.equal("ZDB123", key.system_number(" (de-599) ZDB123 ", "(DE-599)"))
    assert.equal("17", key.system_number("(OCoLC)ocm00000017", "OCoLC"))
    assert.is_nil(key.system_number("(DE-600)1", "DE-599"))
    assert.is_nil(key.system_number("123", "DE-599"))
    assert.is_nil(key.system_number("(DE-599)", "DE-599"))
  end)

  it("finds all in a record, each once", function()
    local dc = assert(records.new [[<record xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier>(OCoLC)ocm00000017</dc:identifier>
      <dc:identifier>(OCoLC)17</dc:identifier><dc:identifier>x</dc:identifier></record>]])
    assert.same({ "17" }, key.system_numbers(dc, "OCoLC"))
    local marc = assert(records.new([[<record><leader>00000nam a2200000 a 4500</leader>
      <controlfield tag="001">99</controlfield>
      <datafield tag="035" ind1=" " ind2=" "><subfield code="a">(OCoLC)ocn123456789</subfield>
      <subfield code="z">(OCoLC)1</subfield></datafield>
      <datafield tag="035" ind1=" " ind2=" "><subfield code="a">(X)2</subfield></datafield></record>]]))
    assert.same({ "123456789" }, key.system_numbers(marc, "OCoLC"))
    assert.same({ "2" }, key.system_numbers(marc, "X"))
    assert.has_error(function() key.system_numbers({}, "X") end, "key.system_numbers: title.record expected")
  end)
end)

describe("key.call_number", function()
  it("is the same however it is written", function()
    for _, given in ipairs { "PS3566.R3944 A614 2020", "ps 3566 .R3944 A614 2020", "PS3566_R3944_A614_2020.tif",
      "PS3566-R3944/A614 2020" } do
      assert.equal("ps 3566 r 3944 a 614 2020", key.call_number(given), given)
    end
  end)

  it("keeps apart what are different places on a shelf", function()
    assert.not_equal(key.call_number "PS3566.R39", key.call_number "PS3566.R039")
    assert.not_equal(key.call_number "005.13", key.call_number "0051.3")
    assert.equal("ä 5 bis 6", key.call_number(core.text.nfc "A\u{308} 5 bis 6"))
    assert.is_nil(key.call_number " . ")
  end)
end)


describe("title.record", function()
  local objects = require "almanac.recipe.inside.objects"

  local function title(record, items)
    return objects.title("991", "T", { representations = {}, record = record, items = items })
  end

  it("is read when it is asked for, and only read", function()
    local one = title '<record xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A</dc:title></record>'
    assert.equal("dc", one.record.format)
    assert.equal("A", one.record:get "dc:title")
    assert.same({ "A" }, one.record:all "title")
    assert.is_nil(one.record:control "001")
    assert.equal("title", one.record:elements()[1].name)
    assert.is_nil(one.record.author)
    for _, change in ipairs { function() one.record:set("dc:title", "B") end, function() one.record.format = "marc" end } do
      assert.has_error(change, "title.record can be read, not changed")
    end
    assert.equal(one.record, one.record)
  end)

  it("says what is wrong, without a place in almanac's own files", function()
    local one = title '<record xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A</dc:title></record>'
    local ok, message = pcall(function() local _ = one.record:get "245$a" end)
    assert.is_false(ok)
    assert.matches("^spec/key_catalogue_spec.lua:%d+: record:get: '245%$a' names a MARC field, and this record is in Dublin Core", message)
    ok, message = pcall(function() local _ = one.record:fields "245" end)
    assert.is_false(ok)
    assert.matches("this record is no MARC: look at record.format first", message)
    assert.has_error(function() return one.record.get("dc:title") end, "record:get is called with a colon")
    local marc = title "<record><leader>00000nam a2200000 a 4500</leader><controlfield tag='001'>99</controlfield></record>"
    ok, message = pcall(function() local _ = marc.record:get "24$a" end)
    assert.is_false(ok)
    assert.matches('^spec/key_catalogue_spec.lua:%d+: record:get: MARCspec "24%$a": .* at position 3', message)
  end)

  it("tells a recipe to declare what it reads", function()
    assert.has_error(function() return title().record end,
      'title.record: this title came without; a recipe that uses it has the field reads = { "record" }, and its titles come with it')
    assert.has_error(function() return title():items() end,
      'title:items: this title came without; a recipe that uses it has the field reads = { "items" }, and its titles come with it')
    assert.same({ "B1" }, key.barcodes(title(nil, { { barcode = "B1" }, { barcode = "B1" }, {} })))
  end)
end)
