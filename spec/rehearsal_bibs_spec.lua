-- What the rehearsal answers to writes of bibs, holdings and items, beside what the clients ask of it.
local core = require "almanac.core"
local cataloguing = require "support.cataloguing"
local schema = require "support.schema"
local task = require "almanac.task"

local MAPS, GLEE = cataloguing.MAPS, cataloguing.GLEE

describe("the rehearsal's catalogue", function()
  local place

  before_each(function() place = cataloguing.start() end)
  after_each(function() place.stop() end)

  local function send(method, path, body, kind)
    return place.call(method, path, { body = body, type = kind or "application/xml", accept = "application/xml" })
  end

  local function refuses(code, answer)
    assert.equal(400, answer.status)
    assert.matches("<errorCode>" .. code .. "</errorCode>", answer.body, 1, true)
    return answer.body
  end

  local BOOK = "<bib><record><leader>00000nam a2200000 a 4500</leader><controlfield tag='008'>200101s2020    xxu           000 0 " ..
    "eng d</controlfield><datafield tag='245' ind1='0' ind2='0'><subfield code='a'>New &amp; old</subfield></datafield></record></bib>"

  it("takes bibs and holdings in XML alone", function()
    local holdings = "/bibs/" .. MAPS .. "/holdings"
    for _, call in ipairs { { "POST", "/bibs" }, { "PUT", "/bibs/" .. MAPS }, { "POST", "/bibs/" .. MAPS .. "?op=unlink_from_nz" },
      { "POST", holdings }, { "PUT", holdings .. "/22" } } do
      refuses("60105", send(call[1], call[2], "{}", "application/json"))
    end
  end)

  it("refuses bodies that are no bib, and records that are none", function()
    refuses("402209", send("POST", "/bibs", "<bib>"))
    refuses("402209", send("POST", "/bibs", "<book/>"))
    refuses("402209", send("POST", "/bibs", "<bib/>"))
    refuses("402209", send("POST", "/bibs", "<bib><record_format>marc12</record_format><record/></bib>"))
    refuses("402209", send("POST", "/bibs", (BOOK:gsub("ind1='0'", "ind1='00'"))))
    refuses("402209", send("POST", "/bibs", (BOOK:gsub("datafield", "datafeld"))))
    refuses("401652", send("PUT", "/bibs/" .. MAPS, "<bib/>"))
    refuses("401652", send("PUT", "/bibs/" .. MAPS, (BOOK:gsub("<bib>", "<bib><mms_id>" .. GLEE .. "</mms_id>"))))
    refuses("402203", send("PUT", "/bibs/9999999991234", BOOK))
    refuses("402204", send("PUT", "/bibs/x", BOOK))
  end)

  it("refuses override_warning without validate, and a normalization that there is not", function()
    refuses("401873", send("POST", "/bibs?override_warning=false", BOOK))
    local words = refuses("4022030", send("POST", "/bibs?normalization=XX", BOOK))
    assert.matches("Received: XX. Valid IDs for records of type MARC21 are", words, 1, true)
  end)

  it("says what is wrong with a record when it validates", function()
    local words = refuses("4022032", send("POST", "/bibs?validate=true", (BOOK:gsub("'245'", "'246'"))))
    assert.matches("Mandatory field 245 is missing", words, 1, true)
    refuses("4022033", send("POST", "/bibs?validate=true&override_warning=false", (BOOK:gsub("'008'", "'009'"))))
    local saved = send("POST", "/bibs?validate=true", (BOOK:gsub("'008'", "'009'")))
    assert.matches("<warnings><warning><message>Field 008 is missing</message></warning></warnings>", saved.body, 1, true)
    if schema.has_xmllint() and core.files.stat "../shared/alma/xsd" then assert(schema.xml(saved.body, "rest_bib")) end
  end)

  it("refuses a stale version, and gives each change a 005 of its own", function()
    local seen = {}
    for _ = 1, 3 do
      local now = place.call("GET", "/bibs/" .. MAPS).data.anies[1]:match 'tag="005">([^<]+)'
      assert.is_nil(seen[now])
      seen[now] = true
      local body = BOOK:gsub("<controlfield", "<controlfield tag='005'>" .. now .. "</controlfield><controlfield", 1)
      assert.equal(200, send("PUT", "/bibs/" .. MAPS .. "?stale_version_check=true", body).status)
      refuses("4022034", send("PUT", "/bibs/" .. MAPS .. "?stale_version_check=true", body))
    end
  end)

  it("sets back what a PUT leaves out: the default of suppression is true", function()
    local body = send("PUT", "/bibs/" .. MAPS, BOOK).body
    assert.matches("<suppress_from_publishing>true</suppress_from_publishing>", body, 1, true)
    body = send("PUT", "/bibs/" .. MAPS, (BOOK:gsub("<bib>", "<bib><suppress_from_publishing>false</suppress_from_publishing>"))).body
    assert.matches("<suppress_from_publishing>false</suppress_from_publishing>", body, 1, true)
  end)

  it("keeps what expand= added when it is sent back", function()
    local body = place.call("GET", "/bibs/" .. MAPS .. "?expand=d_avail", { accept = "application/xml" }).body
    assert.equal(200, send("PUT", "/bibs/" .. MAPS, body).status)
    assert.matches('tag="AVD"', place.call("GET", "/bibs/" .. MAPS).data.anies[1], 1, true)
  end)

  it("gives own records to OAI-PMH and SRU as well", function()
    local id = send("POST", "/bibs", (BOOK:gsub("<bib>", "<bib><suppress_from_publishing>false</suppress_from_publishing>")
      :gsub("<datafield", "<datafield tag='035' ind1=' ' ind2=' '><subfield code='a'>(X)77</subfield></datafield><datafield", 1)))
      .body:match "<mms_id>(%d+)"
    local function view(path) return task.fetch { url = place.url .. path }.body end
    local sru = view(("/view/sru/%s?version=1.2&operation=searchRetrieve&recordSchema=marcxml&query=alma.other_system_number=%s")
      :format(place.inst, "%22(X)77%22"))
    assert.matches("New &amp; old</subfield>", sru, 1, true)
    assert.matches("<controlfield tag=\"001\">" .. id, sru, 1, true)
    local oai = view(("/view/oai/%s/request?verb=GetRecord&metadataPrefix=marc21&identifier=oai:alma.%s:%s"):format(place.inst,
      place.inst, id))
    assert.matches("New &amp; old</subfield>", oai, 1, true)
  end)

  it("counts the open requests of a title", function()
    assert.is_nil(place.call("GET", "/bibs/" .. MAPS).data.requests)
    assert.equal(0, place.call("GET", "/bibs/" .. MAPS .. "?expand=requests").data.requests.value)
  end)

  it("gives items in XML and JSON, and takes back what it gave", function()
    for _, kind in ipairs { "application/json", "application/xml" } do
      local item = place.call("GET", "/bibs/" .. MAPS .. "/holdings/ALL/items").data.item[1]
      local path = item.link:match "/almaws/v1(.*)$"
      local answer = place.call("GET", path, { accept = kind })
      local changed = place.call("PUT", path, { accept = kind, type = kind, body = (answer.body:gsub("39001", "39007")) })
      assert.equal(200, changed.status)
      assert.matches("39007", changed.body)
      assert.equal(200, place.call("PUT", path, { accept = kind, type = kind, body = answer.body }).status)
    end
  end)

  it("filters and orders items", function()
    local base = "/bibs/" .. MAPS .. "/holdings/ALL/items"
    assert.equal(0, place.call("GET", base .. "?current_library=SPEC").data.total_record_count)
    assert.equal(1, place.call("GET", base .. "?current_library=MAIN&create_date_from=2020-01-01").data.total_record_count)
    refuses("60216", place.call("GET", base .. "?order_by=colour", { accept = "application/xml" }))
    refuses("402217", place.call("GET", base .. "?create_date_from=yesterday", { accept = "application/xml" }))
  end)
end)
