-- A rehearsal on a library's own records: --titles with MARC, Dublin Core, MODS and run files.
local core = require "almanac.core"
local json = require "almanac.json"
local marc = require "almanac.marc"
local program = require "support.program"
local reading = require "almanac.reading"
local rehearsal = require "support.rehearsal"
local store = require "almanac.run.store"

describe("a rehearsal on own records", function()
  local alma, folder

  before_each(function() folder = program.folder() end)

  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local function start(name, text, ...)
    local path = folder .. "/" .. name
    if text then program.write(path, text) end
    alma = rehearsal.start { titles = path, memory = true, args = { ... } }
    return alma
  end

  local function refused(name, text, ...)
    if text then program.write(folder .. "/" .. name, text) end
    local result = program.run { "rehearsal", "--port", "0", "--titles", folder .. "/" .. name, ... }
    assert.equal(1, result.status)
    return result.err
  end

  local function bib(mms_id, query)
    return alma.call("GET", "/bibs/" .. mms_id .. (query or "")).data
  end

  local function record(id, title)
    return marc.record { leader = "00000nam a2200000 a 4500", { "001", id }, { "005", "20200101000000.0" },
      { "035", "  ", "a", "(OCoLC)" .. id }, { "245", "00", "a", title } }
  end

  local function document(format)
    return assert(marc.document({ record("9910000011234", "One"), record("9910000021234", "Zwei für alle") }, format))
  end

  for _, format in ipairs(core.marc.formats()) do
    it("takes MARC as " .. format, function()
      start("records", document(format))
      local two = bib "9910000021234"
      assert.same({ "Zwei für alle", { "(OCoLC)9910000021234" }, "marc21" }, { two.title, two.network_number, two.record_format })
      assert.matches('tag="005">20200101000000.0<', two.anies[1], 1, true)
      assert.same({ 2, 1 }, { alma.state("?counts=1").counts.bibs, #alma.state().bibs[1].collections })
    end)
  end

  it("gives records with another 001 an MMS ID, and keeps the number in 035, as Alma's import does", function()
    local each = record("9910000011234", "One")
    local foreign = marc.record { { "001", "ocm17" }, { "003", "OCoLC" }, { "200", "1 ", "a", "Plans" } }
    start("records.xml", assert(marc.document({ each, foreign }, "marcxml")))
    local found = alma.call("GET", "/bibs?other_system_id=(OCoLC)ocm17").data.bib[1]
    assert.matches("^99%d+1234$", found.mms_id)
    assert.same({ "Plans", "unimarc" }, { found.title, found.record_format })
    for _, query in ipairs { "?other_system_id=", "?holdings_id=%20", "" } do
      assert.equal(400, alma.call("GET", "/bibs" .. query).status, query)
    end
  end)

  it("makes inventory of what Alma added to exported records", function()
    local each = record("9910000011234", "One")
    each:add("AVD", "  ", "b", "1212340011234", "c", "REPRESENTATION", "e", "Scan", "f", "open")
    each:add("AVA", "  ", "8", "2212340011234", "b", "ARCHIVE", "j", "vault", "d", "MS 1")
    start("records.mrc", assert(marc.document({ each }, "iso2709")))
    local rep = alma.state().representations[1]
    assert.same({ "1212340011234", "Scan", "open" }, { rep.id, rep.label, rep.public_note })
    local holding = alma.call("GET", "/bibs/9910000011234/holdings").data.holding[1]
    assert.same({ "2212340011234", "ARCHIVE", "vault", "MS 1" },
      { holding.holding_id, holding.library.value, holding.location.value, holding.call_number })
    assert.is_nil(bib("9910000011234").anies[1]:find("AV[AD]"))
    assert.equal("ARCHIVE", alma.call("GET", "/conf/libraries/ARCHIVE").data.code)
  end)

  local ALMA = '<record xmlns="http://alma.exlibrisgroup.com/dc/01OWN_INST" xmlns:dc="http://purl.org/dc/elements/1.1/">' ..
    '<dc:title>Glee</dc:title><dginfo>x</dginfo><dc:identifier>%s</dc:identifier></record>'

  it("takes Dublin Core byte for byte, and the institution's code from it", function()
    local one = ALMA:format "alma:01OWN_INST/bibs/9910000011234"
    start("export.xml", "<records>" .. one .. ALMA:format "grinnell:2" .. "</records>")
    assert.equal("01OWN_INST", alma.inst)
    assert.equal('<?xml version="1.0" encoding="UTF-16"?>\n' .. one, bib("9910000011234").anies[1])
    assert.equal("Glee", alma.call("GET", "/bibs?other_system_id=grinnell:2").data.bib[1].title)
  end)

  it("takes other Dublin Core into the institution's namespace, and MODS as it is", function()
    start("oai.xml", '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header><identifier>' ..
      'oai:alma.01OAI_INST:9910000011234</identifier></header><metadata><oai_dc:dc ' ..
      'xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">' ..
      '<dc:title>Maps</dc:title></oai_dc:dc></metadata></record><record><header status="deleted"><identifier>' ..
      'oai:alma.01OAI_INST:9910000021234</identifier></header></record><record><header><identifier>' ..
      'oai:alma.01OAI_INST:9910000031234</identifier></header><metadata><mods xmlns="http://www.loc.gov/mods/v3">' ..
      '<titleInfo><title>Plan</title></titleInfo></mods></metadata></record></ListRecords></OAI-PMH>')
    assert.matches('<record xmlns="http://alma.exlibrisgroup.com/dc/01OAI_INST"', bib("9910000011234").anies[1], 1, true)
    local mods = bib "9910000031234"
    assert.same({ "Plan", "mods" }, { mods.title, mods.record_format })
    assert.equal(2, alma.state("?counts=1").counts.bibs)
  end)

  local function run_file(path)
    local db = assert(store.create(path, { institution = "01RUN_INST", recipe = "x" }))
    local rep = { id = "1212340011234", label = "Master", usage_type = "PRESERVATION_MASTER", library = "ARCHIVE", remote = false,
      access_rights = "29901", files = { { pid = "1312340011234", name = "a.tif", size = 12, label = "a.tif" } } }
    db:run("INSERT INTO title(id, mms_id, title, reading, state) VALUES(1, '9910000011234', 'One', ?, 'ask')",
      reading.encode { representations = { rep } })
    db:run "INSERT INTO title(id, mms_id, title, state) VALUES(2, '9910000021234', 'Two', 'ask')"
    db:run("INSERT INTO detail(title_id, record, items) VALUES(1, ?, ?)", assert(record("9910000011234", "One"):encode "iso2709"),
      json.encode { { pid = "2312340011234", barcode = "39001", holding_id = "2212340011234", library = "ARCHIVE", location = "vault" } })
    db:close()
  end

  it("takes the titles of a run file with what the run knows of them", function()
    run_file(folder .. "/jpg.run")
    start "jpg.run"
    local state = alma.state()
    assert.same({ "01RUN_INST", 2, "Two" }, { alma.inst, #state.bibs, state.bibs[2].title })
    local rep = state.representations[1]
    assert.same({ "1212340011234", "ARCHIVE", "29901", "1312340011234", "a.tif", 12 },
      { rep.id, rep.library, rep.policy, rep.files[1].pid, rep.files[1].name, rep.files[1].size })
    local item = alma.call("GET", "/bibs/9910000011234/holdings/ALL/items").data.item[1]
    assert.same({ "2312340011234", "39001", "2212340011234", "vault" }, { item.item_data.pid, item.item_data.barcode,
      item.holding_data.holding_id, item.item_data.location.value })
    assert.same({ "(OCoLC)9910000011234" }, bib("9910000011234").network_number)
  end)

  it("gives no id again that a list or run file brought from another rehearsal", function()
    alma = rehearsal.start { memory = true }
    local before = alma.state()
    local rep = before.representations[1]
    alma.stop()
    alma = rehearsal.start { memory = true, titles = "mms_id,title,usage_type,file_name,representation_id\n" ..
      ("%s,A,PRESERVATION_MASTER,a.tif,%s\n"):format(rep.mms_id, before.representations[#before.representations].id) }
    local ids = {}
    for _ = 1, 60 do
      local made = alma.change { op = "add_representation", mms_id = rep.mms_id }
      assert.is_nil(ids[made.id])
      ids[made.id] = true
    end
  end)

  it("keeps own records, libraries and institution over a restart", function()
    program.write(folder .. "/export.xml", ALMA:format "alma:01OWN_INST/bibs/9910000011234")
    alma = rehearsal.start { titles = folder .. "/export.xml" }
    alma.restart()
    assert.same({ "01OWN_INST", "Glee" }, { alma.state().institution, bib("9910000011234").title })
  end)

  it("says that records are damaged which it takes all the same", function()
    local text = document "iso2709"
    for _, file in ipairs { { text:sub(1, -6), "1 record is damaged, .*%(record 2: leader/00%-04 says %d+ bytes" }, { text, nil } } do
      program.write(folder .. "/r.mrc", file[1])
      local result = program.run { "rehearsal", "--port", "0", "--until-eof", "--titles", folder .. "/r.mrc" }
      assert.equal(0, result.status)
      assert.equal(file[2] and 1 or nil, result.err:find "r.mrc: " and 1)
      if file[2] then assert.matches(file[2], result.err) end
    end
  end)

  it("says exactly what is wrong with a file", function()
    assert.matches("r.xml: record 2: its MMS ID 9910000011234 is that of record 1 as well",
      refused("r.xml", assert(marc.document({ record("9910000011234", "A"), record("9910000011234", "B") }, "marcxml"))), 1, true)
    assert.matches("e.xml: record 1: it is of the institution 01OWN_INST, and --institution says 01X_INST",
      refused("e.xml", ALMA:format "a", "--institution", "01X_INST"), 1, true)
    assert.matches("e.xml: record 2: it is of the institution 01OTHER_INST, and others are of 01OWN_INST",
      refused("e.xml", "<r>" .. ALMA:format "a" .. ALMA:gsub("01OWN", "01OTHER"):format "b" .. "</r>"), 1, true)
    assert.matches("empty.xml: there is no record in it", refused("empty.xml", "<collection/>"), 1, true)
    assert.matches("cut.xml: record 1 (9910000011234): XML: it ends inside an element",
      refused("cut.xml", document("marcxml"):sub(1, 300)), 1, true)
    assert.matches("j.json: at the end: 1 object without a MARC record", refused("j.json", '{"a":1}'), 1, true)
    assert.matches("bad.run: is not a run file", refused("bad.run", "SQLite format 3\0and then nothing"), 1, true)
    assert.matches("no column 'mms_id'", refused("t.csv", "a,b\n1,2\n"))
  end)
end)
