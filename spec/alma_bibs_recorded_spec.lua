-- Bibs as Alma was recorded giving them: their records are read from JSON and XML alike, and go back without loss.
local bibs = require "almanac.alma.bibs"
local core = require "almanac.core"
local json = require "almanac.json"
local record_xml = require "almanac.alma.record_xml"

local RECORDED = "../shared/alma/recorded/"

describe("recorded bibs", function()
  local function read(path) return assert(core.files.read(RECORDED .. path, 1 << 24)) end

  if not core.files.stat(RECORDED) then
    pending "../shared is absent"
    return
  end

  local function bib_of(path)
    if path:find "%.xml$" then return assert(record_xml.read(read(path), "bib")) end
    local answer = assert(json.decode(read(path)))
    return assert(bibs.with_record(answer.bib and answer.bib[1] or answer))
  end

  it("are read from JSON, whose record says that it is UTF-16", function()
    local bib = bib_of "oslo/bib_response_with_availability.json"
    assert.same({ "990006312214702204", "Søstuen, Rune" }, { bib.mms_id, bib.record:get "700$a" })
  end)

  it("have their fields, numbers and records", function()
    local bib = bib_of "bibsys/bib.xml"
    assert.same({ "99939650000541", "War and peace /", "Tolstoy, Leo,", "false", { "(TrN)22133-train20072_c2db", "CNV02431156 //r89" } },
      { bib.mms_id, bib.title, bib.author, bib.suppress_from_publishing, bib.network_number })
    assert.equal("20160708100524.0", bib.record:control "005")
    assert.equal("9939650000541", bib_of("bibsys/bib.xml").record:control("001"):sub(2))
    assert.is_truthy(bib_of("princeton/two_bibs.json").record:get "245$a")
  end)

  it("come back whole from the body that they are sent in, but for what expand= added", function()
    for _, path in ipairs { "bibsys/bib.xml", "oslo/bib_response_iz.xml", "oslo/bib_response_nz.xml",
      "oslo/bib_response_with_availability.json", "princeton/two_bibs.json" } do
      local bib = bib_of(path)
      local body = assert(record_xml.body("bib", { { "suppress_from_publishing", "false" } }, bib.record))
      local again = assert(record_xml.read(body, "bib"))
      assert.is_true(record_xml.same(bib.record, again.record), path)
      assert.same({}, again.record:all "AVA", path)
      assert.equal("false", again.suppress_from_publishing)
    end
  end)
end)
