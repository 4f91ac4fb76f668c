-- Titles from records, where servers and files are not as they should be.
local catalogue = require "almanac.plan.catalogue"
local core = require "almanac.core"
local program = require "support.program"
local scripted = require "support.scripted"
local zip = require "support.zip"

local A, B, C = "990012345678904146", "990012345688904146", "990012345698904146"

local function oai(entries, rest)
  return { body = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>' .. table.concat(entries) .. (rest or "") ..
    "</ListRecords></OAI-PMH>" }
end

local function header(id, status)
  return ("<record><header%s><identifier>oai:alma.X:%s</identifier></header></record>"):format(status or "", id)
end

local function dc(id, title)
  return ('<record><header><identifier>oai:alma.X:%s</identifier></header><metadata><d xmlns:dc="http://purl.org/dc/elements/1.1/">' ..
    "<dc:title>%s</dc:title><dc:source>(X)%s</dc:source></d></metadata></record>"):format(id, title, id)
end

local function from_oai(answer, options)
  return scripted.run(scripted.answers(answer), function(url)
    local all = { url = url, set = "s", prefix = "oai_dc" }
    for name, value in pairs(options or {}) do all[name] = value end
    return catalogue.oai(all)
  end)
end

local function spooled(source)
  local texts = {}
  for id, text in source.spool:each() do texts[id] = text end
  return texts
end

describe("titles from OAI-PMH", function()
  it("are ids; records only when they are asked for", function()
    local source = assert(from_oai(oai { dc(A, "a"), dc(B, "b"), dc(A, "again") }, { id = "dc:source" }))
    assert.same({ A, B }, source.ids)
    assert.same({ 1, 0 }, { source.duplicates, source.deleted })
    assert.is_nil(source.spool)
    source = assert(from_oai(oai { dc(A, "a"), dc(B, "b"), dc(A, "again") }, { records = true }))
    local texts = spooled(source)
    assert.matches("<dc:title>a</dc:title>", texts[A], 1, true)
    assert.matches("<dc:title>b</dc:title>", texts[B], 1, true)
    local folder = source.spool.folder
    source.spool:close()
    source.spool:close()
    assert.is_nil(core.files.stat(folder))
  end)

  it("are told when fewer came than the server said", function()
    local source = assert(from_oai(oai({ header(A) }, '<resumptionToken completeListSize="9"/>')))
    assert.matches("the server said it has 9 records, 1 came", source.notes[1])
  end)

  it("without a readable record are told and left out", function()
    local broken = "<record><header><identifier>oai:x:9</identifier></header></record>"
    local source = assert(from_oai(oai { dc(A, "a"), broken }, { id = "dc:source" }))
    assert.same({ A }, source.ids)
    assert.same({ "oai:x:9: there is no record in it" }, source.notes)
  end)

  it("of another system are refused, with a hint where to look", function()
    local source, message, code = from_oai(oai { header "ocm1", header "ocm2" })
    assert.is_nil(source)
    assert.matches("record 1: 'ocm1' is no MMS ID", message)
    assert.matches("--titles-id", message, 1, true)
    assert.equal("parse", code)
  end)

  it("may all be gone, or none", function()
    local _, message, code = from_oai(oai { header(A, ' status="deleted"') })
    assert.matches("all its records are deleted", message)
    assert.equal("missing", code)
    assert.matches("holds no record", select(2, from_oai(oai {})))
  end)
end)

describe("titles from SRU", function()
  it("are refused when there are more than Alma gives", function()
    local page = "<searchRetrieveResponse><numberOfRecords>12345</numberOfRecords><records><record><recordData><x/></recordData>" ..
      "<recordIdentifier>" .. A .. "</recordIdentifier></record></records></searchRetrieveResponse>"
    scripted.run(scripted.answers({ body = "<explain/>" }, { body = page }), function(url, requests)
      local source, message, code = catalogue.sru { url = url, query = "a=b" }
      assert.is_nil(source)
      assert.matches("finds 12345 titles, and Alma gives 10000", message)
      assert.equal("limit", code)
      assert.equal(2, #requests)
    end)
  end)
end)

describe("titles from a file of Dublin Core", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function file(text, options)
    program.write(folder .. "/f.xml", text)
    return catalogue.file(folder .. "/f.xml", options or {})
  end

  local HEAD = '<records xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'

  it("have their id in dc:identifier, as Alma writes it", function()
    local source = assert(file(HEAD ..
      "<record><dc:title>T</dc:title><dc:identifier>dg_1</dc:identifier>" ..
      "<dc:identifier>alma:01X_INST/bibs/" .. A .. "</dc:identifier></record>" ..
      "<record><dcterms:identifier>" .. B .. "</dcterms:identifier></record>" ..
      "<record><dc:title>no id</dc:title></record></records>", { records = true }))
    assert.same({ A, B }, source.ids)
    assert.equal(1, source.empty)
    assert.matches("<dc:title>T</dc:title>", spooled(source)[A], 1, true)
    source.spool:close()
  end)

  it("have it in another element, when that is named", function()
    assert.same({ A }, assert(file(HEAD .. "<record><dc:source>(X)" .. A .. "</dc:source></record></records>",
      { id = "dc:source" })).ids)
    local _, message, code = file(HEAD .. "<record><dc:title>x</dc:title></record></records>", { id = "245$a" })
    assert.matches("--titles-id: '245$a' names a MARC field, and this record is in Dublin Core or MODS", message, 1, true)
    assert.equal("parse", code)
  end)

  it("may stand in an answer of OAI-PMH, with deleted ones", function()
    local source = assert(file(oai({ dc(A, "a"), '<record><header status="deleted"><identifier>oai:x:' .. B ..
      "</identifier></header></record>" }).body))
    assert.same({ A }, source.ids)
    assert.equal(1, source.deleted)
  end)
end)

describe("titles from a MARC file", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function file(text, options)
    program.write(folder .. "/f", text)
    return catalogue.file(folder .. "/f", options or {})
  end

  local function record(id, field)
    return ("<record><leader>00000nam a2200000 a 4500</leader>%s%s</record>"):format(
      id and ('<controlfield tag="001">%s</controlfield>'):format(id) or "", field or "")
  end

  it("are told from lists by how the file begins", function()
    local function is_marc(head)
      program.write(folder .. "/t", head)
      return catalogue.is_marc(folder .. "/t")
    end
    for _, head in ipairs { "00714cam a2200205 a 4500", "\x1F\x8B\8", "<collection>", "\xEF\xBB\xBF\n<record>", "=LDR  00", "[{",
      "{\"leader\"" } do
      assert.is_true(is_marc(head), head)
    end
    for _, head in ipairs { A .. "\n" .. B, "mms_id,title\n", "# list\n" .. A, "99123,x", "" } do
      assert.is_false(is_marc(head), head)
    end
    assert.is_true(is_marc(zip.of { { "a.xml", "<record/>" } }))
    assert.is_false(is_marc(zip.xlsx { { "A", "" } }))
    assert.is_false(is_marc(zip.ods { { "A", "" } }))
    assert.is_false(catalogue.is_marc(folder))
  end)

  it("keep their records, those without an id are counted", function()
    local source = assert(file("<collection>" .. record(A) .. record() .. record(B) .. "</collection>", { records = true }))
    assert.same({ A, B }, source.ids)
    assert.equal(1, source.empty)
    assert.matches("^%d%d%d%d%dnam a22", spooled(source)[B])
    source.spool:close()
  end)

  it("are refused with the records that are wrong", function()
    local text = "<collection>" .. record(A) .. record(B) .. record(C) .. record "990012345678904147" .. "</collection>"
    local _, message = file(text)
    assert.matches("record 4: '990012345678904147' does not end in 4146 as the others do", message)
    assert.is_nil(message:find("titles-id", 1, true))
    assert.matches("holds no MARC records", select(2, file "<collection/>"))
    assert.matches("have no MMS ID", select(2, file(record())))
    assert.equal("missing", select(3, catalogue.file(folder .. "/none", {})))
  end)

  it("are told when the file ends in the middle of a record", function()
    local reader = assert(core.marc.parse("<collection>" .. record(A) .. record(B) .. "</collection>"))
    local parts = {}
    for rec in reader:records() do parts[#parts + 1] = assert(rec:encode "iso2709") end
    local source = assert(file(parts[1] .. parts[2]:sub(1, -3)))
    assert.same(A, source.ids[1])
    assert.equal(1, #source.notes)
    assert.matches("record 2: .*the file may have been cut off", source.notes[1])
  end)

  it("are refused as a whole when the file ends early", function()
    local source, message = file("<collection>" .. record(A) .. "<record><leader>", { records = true })
    assert.is_nil(source)
    assert.matches("line 1", message)
  end)
end)
