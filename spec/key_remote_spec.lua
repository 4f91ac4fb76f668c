local key = require "almanac.recipe.inside.key"
local records = require "almanac.recipe.inside.record"

-- System -> what is given -> what its object is called.
local FORMS = {
  contentdm = {
    ["oai:cdm16022.contentdm.oclc.org:p16022coll264/133"] = "p16022coll264/133",
    ["http://cdm.example.edu/cdm/ref/collection/p17maps/id/5"] = "p17maps/5",
    ["https://cdm.example.edu/digital/collection/p17maps/id/5/rec/2"] = "p17maps/5",
    ["http://cdm.example.edu/cdm/compoundobject/collection/p17maps/id/5/show/4"] = "p17maps/5",
    ["https://cdm.example.edu/iiif/2/p17maps:5/full/full/0/default.jpg"] = "p17maps/5",
    ["https://cdm.example.edu/iiif/p17maps:5/manifest.json"] = "p17maps/5",
    ["https://cdm.example.edu/digital/iiif/p17maps/5/full/max/0/default.jpg"] = "p17maps/5",
    ["https://cdm.example.edu/digital/api/singleitem/collection/p17maps/id/5/thumbnail"] = "p17maps/5",
    ["https://cdm.example.edu/utils/getfile/collection/p17maps/id/5/filename/6.jp2"] = "p17maps/5",
    ["http://cdm.example.edu/u?/p17maps,5"] = "p17maps/5",
    ["http://cdm.example.edu/cdm4/item_viewer.php?CISOROOT=/p17maps&CISOPTR=5"] = "p17maps/5",
  },
  dspace = {
    ["oai:repository.example.edu:123456789/11"] = "123456789/11", ["https://hdl.handle.net/123456789/11"] = "123456789/11",
    ["http://repository.example.edu/handle/123456789/11"] = "123456789/11", ["hdl:1813/22-a"] = "1813/22-a", ["1813/22"] = "1813/22",
    ["https://repository.example.edu/jspui/handle/1813/22?mode=full"] = "1813/22",
    ["https://repository.example.edu/bitstream/handle/1813/22/scan.jpg?sequence=1"] = "1813/22",
    ["https://repository.example.edu/bitstream/1813/22/1/scan.jpg"] = "1813/22",
  },
  fedora = {
    ["oai:islandora.example.edu:harbor_101"] = "harbor:101", ["oai:islandora.example.edu:harbor_a_b"] = "harbor:a_b",
    ["https://islandora.example.edu/islandora/object/harbor:101"] = "harbor:101",
    ["https://islandora.example.edu/islandora/object/harbor%3A101/datastream/TN/view"] = "harbor:101",
    ["http://fedora.example.edu:8080/fedora/objects/harbor:101"] = "harbor:101",
    ["oai:islandora.example.edu:node-17"] = "node/17", ["https://islandora.example.edu/node/17"] = "node/17",
  },
  rosetta = {
    ["oai:d4I1-pubam:IE66796195"] = "IE66796195", [" IE66796195 "] = "IE66796195",
    ["https://rosetta.example.edu/delivery/DeliveryManagerServlet?dps_pid=IE66796195&dps_func=thumbnail"] = "IE66796195",
  },
  digitool = {
    ["oai:DTLHarborTown.edu:10101"] = "10101", ["oai:DTLHarborTown.edu:/10101"] = "10101",
    ["http://digitool.example.edu:1801/webclient/DeliveryManager?pid=10101&custom_att_2=simple_viewer"] = "10101",
    ["http://digitool.example.edu/R/?func=dbin-jump-full&object_id=10101"] = "10101",
  },
}

describe("key.remote", function()
  for system, forms in pairs(FORMS) do
    it("reads an object's name in identifiers and addresses of " .. system, function()
      for given, wanted in pairs(forms) do assert.equal(wanted, (key.remote(system, given)), given) end
    end)
  end

  it("gives the parts of which addresses are made", function()
    assert.same({ "p17maps/5", "p17maps", "5" }, { key.remote("contentdm", "oai:cdm.example.edu:p17maps/005") })
    assert.same({ "1813/22", "1813", "22" }, { key.remote("dspace", "oai:r.example.edu:1813/22") })
    assert.same({ "harbor:101", "harbor", "101" }, { key.remote("fedora", "oai:i.example.edu:harbor_101") })
    assert.same({ "IE1", "IE1" }, { key.remote("rosetta", "oai:x:IE1") })
  end)

  it("gives nothing of what is no object of the system", function()
    for system, list in pairs {
      contentdm = { "https://cdm.example.edu/digital/collection/p17maps", "oai:x:p17maps", "p17maps/5", "" },
      dspace = { "oai:x:p17maps/5", "https://repository.example.edu/items/1b2c", "" },
      fedora = { "oai:x:101", "https://islandora.example.edu/islandora/object", "" },
      rosetta = { "oai:x:FL1", "https://rosetta.example.edu/delivery/DeliveryManagerServlet?dps_pid=FL1", "IE", "TIE12", "" },
      digitool = { "oai:x:IE1", "http://digitool.example.edu/webclient/DeliveryManager", "10101", "" },
    } do
      for _, given in ipairs(list) do assert.is_nil(key.remote(system, given), system .. " " .. given) end
    end
  end)

  it("names the systems that there are, and the text that it lacks", function()
    assert.has_error(function() key.remote("eprints", "x") end,
      "key.remote: there is no system 'eprints': contentdm, dspace, digitool, fedora, rosetta")
    assert.has_error(function() key.remote "dspace" end, "key.remote: text expected, got nil")
  end)
end)

describe("key.remotes", function()
  local marc = assert(records.new([[<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">99</controlfield>
    <datafield tag="035" ind1=" " ind2=" "><subfield code="a">(CDM)oai:cdm.example.edu:p17maps/7</subfield></datafield>
    <datafield tag="856" ind1="4" ind2="0"><subfield code="u">http://cdm.example.edu/cdm/ref/collection/p17maps/id/5</subfield></datafield>
    <datafield tag="856" ind1="4" ind2="0"><subfield code="u">https://cdm.example.edu/digital/collection/p17maps/id/5</subfield></datafield>
    <datafield tag="856" ind1="4" ind2="1"><subfield code="u">https://other.example.org/iiif/2/p17maps:9/info.json</subfield></datafield>
    </record>]]))

  it("finds what a record names, each once", function()
    assert.same({ "p17maps/5", "p17maps/9", "p17maps/7" }, key.remotes("contentdm", marc))
    assert.same({}, key.remotes("dspace", marc))
  end)

  it("leaves out the addresses of other hosts", function()
    assert.same({ "p17maps/5", "p17maps/7" }, key.remotes("contentdm", marc, "CDM.example.edu"))
  end)

  it("reads Dublin Core and MODS", function()
    local dc = assert(records.new [[<record xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">
      <dc:identifier>https://hdl.handle.net/1813/22</dc:identifier><dcterms:isVersionOf>https://hdl.handle.net/1813/23</dcterms:isVersionOf>
      </record>]])
    assert.same({ "1813/22", "1813/23" }, key.remotes("dspace", dc))
    local mods = assert(records.new [[<mods xmlns="http://www.loc.gov/mods/v3"><titleInfo><title>T</title></titleInfo>
      <location><url>https://islandora.example.edu/islandora/object/harbor:101</url></location></mods>]])
    assert.same({ "harbor:101" }, key.remotes("fedora", mods))
  end)
end)
