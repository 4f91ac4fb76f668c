-- Bibs: read with their records, found, created once, changed and deleted, against the rehearsal.
local bibs = require "almanac.alma.bibs"
local cataloguing = require "support.cataloguing"
local dc = require "almanac.dc"
local marc = require "almanac.marc"
local record_xml = require "almanac.alma.record_xml"

local MAPS, GLEE, ALONE, GAND = cataloguing.MAPS, cataloguing.GLEE, cataloguing.ALONE, cataloguing.GAND

describe("bibs", function()
  local place, client, events

  before_each(function()
    place, events = cataloguing.start(), {}
    client = cataloguing.client(place, events)
  end)

  after_each(function() place.stop() end)

  local function words(_, message) return message end

  local function faults(spec) place.change { op = "faults", spec = spec } end

  local function book(numbers)
    local record = marc.record { leader = "00000nam a2200000 a 4500", { "008", "200101s2020    xxu           000 0 eng d" },
      { "245", "10", "a", "New maps :", "b", "of Ghent" }, { "100", "1 ", "a", "Smith, <Ann> & Co," } }
    for _, number in ipairs(numbers or { "(TEST)1" }) do record:add("035", "  ", "a", number) end
    return record
  end

  local function dublin_core()
    return dc.record { institution = place.inst, { "dc:title", "Glee & <more>", ["xml:lang"] = "en" }, { "dginfo", "x" },
      { "dc:identifier", "grinnell:1" }, { "dcterms:subject", "Music", ["xsi:type"] = "dcterms:LCSH" } }
  end

  describe("read", function()
    it("have a record that is ready to use: MARC, Dublin Core, UNIMARC", function()
      local maps = assert(bibs.read(client, MAPS))
      assert.same({ "Maps of Ghent", { "(" .. place.inst .. ")" .. MAPS, "(OCoLC)17" } },
        { maps.record:get "245$a", maps.record:all "035$a" })
      local glee = assert(bibs.read(client, GLEE))
      assert.same({ "dc", "Glee club" }, { glee.record_format, glee.record:get "dc:title" })
      assert.equal("Plans de Gand", assert(bibs.read(client, GAND)).record:get "200$a")
    end)

    it("have no record in the brief view, and what expand gives in the full one", function()
      assert.is_nil(assert(bibs.read(client, MAPS, { view = "brief" })).record)
      local full = assert(bibs.read(client, MAPS, { expand = "p_avail,d_avail" }))
      assert.same({ "REPRESENTATION", "MAIN" }, { full.record:get "AVD$c", full.record:get "AVA$b" })
    end)

    it("are none when Alma does not know the id", function()
      local bib, _, code = bibs.read(client, "9999999991234")
      assert.same({ nil, "missing" }, { bib, code })
    end)

    it("come a hundred at a time, with their records and without those that Alma does not know", function()
      local missing, titles = {}, {}
      for bib in bibs.each(client, { MAPS, "9999999991234", GLEE }, { missing = missing }) do
        titles[#titles + 1] = bib.record:get(bib.record_format == "dc" and "dc:title" or "245$a")
      end
      assert.same({ { "Maps of Ghent", "Glee club" }, { "9999999991234" }, 1 }, { titles, missing, #events })
    end)

    it("are found by other system id, holding, representation and network id", function()
      local holding = place.call("GET", "/bibs/" .. MAPS .. "/holdings").data.holding[1].holding_id
      local representation = place.state().representations[1].id
      for _, by in ipairs { { other_system_id = "(OCoLC)17" }, { holdings_id = holding }, { representation_id = representation } } do
        assert.equal(MAPS, assert(bibs.find(client, by))[1].mms_id)
      end
      assert.same({}, assert(bibs.find(client, { other_system_id = "(OCoLC)1" })))
      assert.same({}, assert(bibs.find(client, { nz_mms_id = "9912345" })))
      faults "GET bibs=@1:hostile=path"
      local none, why, kind = bibs.find(client, { other_system_id = "(OCoLC)17" })
      assert.same({ "nil", "parse" }, { tostring(none), kind })
      assert.matches("which is none", why)
      assert.has_error(function() bibs.find(client, { number = "1" }) end)
      local list, message, code = bibs.find(client, { other_system_id = " " })
      assert.same({ "bibs can't be found by an empty other_system_id", "parse" }, { list or message, code })
      assert.has_error(function() bibs.find(client, {}) end)
    end)
  end)

  describe("created", function()
    it("are kept as they were sent, with 001 and 005 of Alma's", function()
      local bib, there = bibs.create(client, book())
      assert.is_false(there)
      assert.same({ "New maps : of Ghent", "Smith, <Ann> & Co,", { "(TEST)1" }, {} },
        { bib.title, bib.author, bib.network_number, bib.warnings })
      local again = assert(bibs.read(client, bib.mms_id))
      assert.equal(bib.mms_id, again.record:control "001")
      assert.matches("^%d+%.0$", again.record:control "005")
      assert.is_true(record_xml.same(book(), again.record))
    end)

    it("are made once: one that has a number of the record is given", function()
      local first = assert(bibs.create(client, book()))
      local second, there = bibs.create(client, book { "(OTHER)2", "(TEST)1" })
      assert.same({ first.mms_id, true, 1 }, { second.mms_id, there, #cataloguing.of(events, "POST") })
    end)

    it("are made once when the answer is lost and the index lags behind", function()
      place.change { op = "latency", spec = "lag=0.02" }
      client.backoff.first = 0.02
      faults "POST bibs=@1:lost"
      local bib = assert(bibs.create(client, book()))
      assert.same({ 5, 1, bib.mms_id }, { place.state().counts.bibs, #cataloguing.of(events, "POST"),
        bibs.find(client, { other_system_id = "(TEST)1" })[1].mms_id })
    end)

    it("are not looked for without numbers, and then the caller says so", function()
      local none, message, code = bibs.create(client, book {})
      assert.same({ nil, "parse" }, { none, code })
      assert.matches("035 $a", message, 1, true)
      assert.is_truthy(bibs.create(client, book {}, { as_new = true }))
      faults "POST bibs=@1:lost"
      local _, told, _, detail = bibs.create(client, book {}, { as_new = true })
      assert.is_true(detail.unclear)
      assert.matches("look for it in Alma", told)
    end)

    it("are refused when two bibs have numbers of the record", function()
      assert(bibs.create(client, book { "(TEST)1" }))
      assert(bibs.create(client, book { "(TEST)2" }))
      local none, message, code = bibs.create(client, book { "(TEST)1", "(TEST)2" })
      assert.same({ nil, "conflict" }, { none, code })
      assert.matches("both have numbers", message)
    end)

    it("are validated: errors refuse, warnings refuse unless they are overridden, and then come with the answer", function()
      local untitled = book()
      untitled:remove "245"
      local none, message = bibs.create(client, untitled)
      assert.is_nil(none)
      assert.matches("mandatory field 245 is missing", message:lower(), 1, true)
      assert.is_truthy(bibs.create(client, untitled, { validate = false }))
      local doubtful = book { "(TEST)9" }
      doubtful:add("020", "  ", "a", "12345")
      assert.is_nil((bibs.create(client, doubtful)))
      local bib = assert(bibs.create(client, doubtful, { override_warning = true }))
      assert.same({ "Field 020: 12345 is not a valid ISBN" }, bib.warnings)
    end)

    it("are matched, normalized and overlaid as the options say", function()
      local first = assert(bibs.create(client, book()))
      local none, message = bibs.create(client, book(), { as_new = true, check_match = true })
      assert.is_nil(none)
      assert.matches("60307", message, 1, true)
      local profile = place.call("GET", "/conf/md-import-profiles?type=REPOSITORY").data.import_profile[1].id
      local overlaid = assert(bibs.create(client, book(), { as_new = true, import_profile = profile }))
      assert.equal(first.mms_id, overlaid.mms_id)
      assert.matches("402210", words(bibs.create(client, book { "(TEST)3" }, { import_profile = "1" })), 1, true)
      none, message = bibs.create(client, book { "(TEST)3" }, { normalization = "1" })
      assert.is_nil(none)
      assert.matches("35740000000009001 - trim texts", message, 1, true)
      local blanks = book { " (TEST)3 " }
      assert.same({ "(TEST)3" }, assert(bibs.create(client, blanks, { normalization = "35740000000009001" })).network_number)
    end)

    it("may be linked to a record of the Network Zone, once, and unlinked", function()
      local none, _, code = bibs.create_linked(client, { from_nz_mms_id = "9915" })
      assert.same({ nil, "missing" }, { none, code })
      place.change { op = "add_network_bib", mms_id = "9915", title = "Common" }
      local bib = assert(bibs.create_linked(client, { from_nz_mms_id = "9915" }))
      assert.same({ "Common", { type = "NZ", value = "9915" } }, { bib.title, bib.linked_record_id })
      local again, there = bibs.create_linked(client, { from_nz_mms_id = "9915" })
      assert.same({ bib.mms_id, true }, { again.mms_id, there })
      assert(bibs.update(client, bib.mms_id, function(record)
        record:set("245$a", "Ours")
        record:add("950", "  ", "a", "local")
      end))
      local after = assert(bibs.read(client, bib.mms_id)).record
      assert.same({ "Common", "local" }, { after:get "245$a", after:get "950$a" })
      assert(bibs.update(client, bib.mms_id, function(record) record:set("950$a", "changed") end))
      local own = assert(bibs.read(client, bib.mms_id, { view = "local_fields" })).record
      assert.same({ nil, { "changed" } }, { own:get "245$a", own:all "950$a" })
      assert.equal("", assert(bibs.unlink(client, bib.mms_id)).linked_record_id)
    end)

    it("are refused in a format that the record is not of", function()
      assert.matches("can't be one of the format dc", words(bibs.create(client, book(), { format = "dc" })))
      assert.matches("namespace", words(bibs.create(client, dc.record { format = "oai_dc", { "dc:identifier", "1" } })))
      assert.has_error(function() bibs.create(client, book(), { format = "marc12" }) end)
      assert.same({}, cataloguing.of(events, "POST"))
    end)
  end)

  describe("of Dublin Core", function()
    it("are sent and read back byte for byte, in each of Alma's formats", function()
      for i, format in ipairs { "dc", "dcap01", "dcap02" } do
        local record = dublin_core()
        record:set("dc:identifier", "grinnell:" .. i)
        local bib = assert(bibs.create(client, record, { format = format }))
        assert.same({ format, record:text() }, { bib.record_format, assert(bibs.read(client, bib.mms_id)).record:text() })
        local stored = place.call("GET", "/bibs/" .. bib.mms_id).data.anies[1]
        assert.equal('<?xml version="1.0" encoding="UTF-16"?>\n' .. record:text(), stored)
      end
    end)

    it("keep their namespaces when they are changed", function()
      local bib = assert(bibs.create(client, dublin_core()))
      local before = bib.record:text()
      local after = assert(bibs.update(client, bib.mms_id, function(record) record:set("dc:title", "Other") end))
      assert.equal(before:gsub("Glee &amp; &lt;more&gt;", "Other"), after.record:text())
    end)

    it("are refused by Alma with another prefix", function()
      local text = dublin_core():text():gsub("<(/?)record", "<%1ns0:record"):gsub(" xmlns=", " xmlns:ns0=")
        :gsub("<(/?)dginfo", "<%1ns0:dginfo")
      local answer = place.call("POST", "/bibs", { type = "application/xml",
        body = "<bib><record_format>dc</record_format>" .. text .. "</bib>" })
      assert.equal(400, answer.status)
      assert.matches("Field ns0:%w+ is invalid", answer.body)
    end)
  end)

  it("of UNIMARC are created and changed", function()
    local record = marc.record { leader = "00000nam a2200000   450 ", { "035", "  ", "a", "(FR)1" },
      { "200", "1 ", "a", "Plans", "e", "de Gand" }, { "700", " 1", "a", "Dupont" } }
    local bib = assert(bibs.create(client, record, { format = "unimarc" }))
    assert.same({ "unimarc", "Plans de Gand", "Dupont" }, { bib.record_format, bib.title, bib.author })
    local after = assert(bibs.update(client, bib.mms_id, function(each) each:set("200$a", "Cartes") end))
    assert.equal("Cartes de Gand", after.title)
    assert.matches("field 200 is missing", words(bibs.update(client, bib.mms_id, function(each) each:remove "200" end)))
  end)

  describe("changed", function()
    local function retitle(record) record:set("245$a", "Plans of Ghent") end

    it("are read, changed and sent whole", function()
      local bib, changed = bibs.update(client, MAPS, retitle)
      assert.is_true(changed)
      assert.same({ "Plans of Ghent", "(OCoLC)17" }, { bib.title, bib.network_number[2] })
      assert.equal("Plans of Ghent", assert(bibs.read(client, MAPS)).record:get "245$a")
      local sent = cataloguing.of(events, "PUT")[1].query
      assert.same({ true, false, true }, { sent.validate, sent.override_warning, sent.stale_version_check })
    end)

    it("send nothing when nothing is changed, or when the function says so", function()
      local _, changed = bibs.update(client, MAPS, function() end)
      assert.is_false(changed)
      _, changed = bibs.update(client, MAPS, function(record)
        retitle(record)
        return false
      end)
      assert.is_false(changed)
      assert.same({}, cataloguing.of(events, "PUT"))
    end)

    it("stay published or suppressed as they are, unless the options say otherwise", function()
      assert.equal("false", assert(bibs.update(client, MAPS, retitle)).suppress_from_publishing)
      assert.equal("true", assert(bibs.update(client, MAPS, function() end, { suppress_from_publishing = true }))
        .suppress_from_publishing)
      assert.equal("true", assert(bibs.update(client, MAPS, function(record) record:set("245$a", "Three") end))
        .suppress_from_publishing)
    end)

    it("are changed anew when somebody else was faster", function()
      local times = 0
      local bib = assert(bibs.update(client, MAPS, function(record)
        times = times + 1
        if times == 1 then place.change { op = "change_bib", mms_id = MAPS, title = "Faster" } end
        record:add("500", "  ", "a", "was " .. record:get "245$a")
      end))
      assert.same({ 2, "Faster", { "was Faster" } }, { times, bib.record:get "245$a", bib.record:all "500$a" })
    end)

    it("are not overwritten by a record that was read before somebody else changed it", function()
      local record = assert(bibs.read(client, MAPS)).record
      place.change { op = "change_bib", mms_id = MAPS, title = "Faster" }
      retitle(record)
      local none, message, code = bibs.update(client, MAPS, record)
      assert.same({ nil, "conflict" }, { none, code })
      assert.matches("newer version", message)
      assert.is_truthy(bibs.update(client, MAPS, record, { stale_version_check = false }))
      local bare = marc.record { { "245", "00", "a", "X" } }
      assert.matches("no 005", words(bibs.update(client, MAPS, bare)))
    end)

    it("are changed once when the answer is lost", function()
      faults "PUT bibs=@1:lost"
      local bib = assert(bibs.update(client, MAPS, function(record) record:add("500", "  ", "a", "note") end))
      assert.same({ "note" }, bib.record:all "500$a")
      faults "PUT bibs=@1-9:lost"
      bib = assert(bibs.update(client, MAPS, function(record) record:add("500", "  ", "a", "more") end))
      assert.same({ "note", "more" }, bib.record:all "500$a")
    end)

    it("tell when nobody knows whether they were changed", function()
      faults "PUT bibs=@1-9:reset,GET bibs=@2-9:reset"
      local none, _, _, detail = bibs.update(client, MAPS, retitle)
      assert.same({ nil, true }, { none, detail.unclear })
    end)

    it("are refused while somebody edits them, when the options say so", function()
      place.change { op = "lock_bib", mms_id = MAPS, by = "ann" }
      assert.matches("locked by ann", words(bibs.update(client, MAPS, retitle, { override_lock = false })))
      assert.is_truthy(bibs.update(client, MAPS, retitle))
    end)

    it("need the cataloger level that the record has", function()
      assert(bibs.update(client, MAPS, retitle, { cataloging_level = "20" }))
      local function back(record) record:set("245$a", "Maps") end
      assert.matches("4022041", words(bibs.update(client, MAPS, back, { cataloger_level = "10" })), 1, true)
      assert.equal("20", assert(bibs.update(client, MAPS, back, { cataloger_level = "30" })).cataloging_level.value)
      assert.matches("60303", words(bibs.delete(client, MAPS, { cataloger_level = "10" })), 1, true)
      assert.matches("4022040", words(bibs.update(client, MAPS, retitle, { cataloger_level = "x" })), 1, true)
    end)

    it("never get the fields that expand adds", function()
      local record = assert(bibs.read(client, MAPS, { expand = "p_avail,d_avail" })).record
      retitle(record)
      assert(bibs.update(client, MAPS, record))
      assert.is_nil(cataloguing.of(events, "PUT")[1].body:find("AV[AD]"))
    end)

    it("raise for options that there are not", function()
      assert.has_error(function() bibs.update(client, MAPS, retitle, { overide_warning = true }) end)
    end)
  end)

  describe("deleted", function()
    it("are gone, those with inventory only with override", function()
      assert.is_true(bibs.delete(client, ALONE))
      assert.equal("missing", select(3, bibs.delete(client, ALONE)))
      assert.matches("401873", words(bibs.delete(client, MAPS)), 1, true)
      assert.is_true(bibs.delete(client, MAPS, { override = true }))
    end)

    it("are gone when the answer is lost", function()
      faults "DELETE bibs=@1:lost"
      assert.is_true(bibs.delete(client, ALONE))
    end)
  end)
end)
