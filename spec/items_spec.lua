-- Physical items of a rehearsal, by the client that a plan uses.
local alma = require "almanac.alma"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"
local scripted = require "support.scripted"

local TITLES = [[
mms_id,title,usage_type,file_name,barcode,call_number
9911231234,One,PRESERVATION_MASTER,a.tif,32101108168939,PS3566.R3944 A614
9911231234,One,PRESERVATION_MASTER,b.tif,32101108168939,
9911231234,One,PRESERVATION_MASTER,c.tif,0042,
9921231234,Two,PRESERVATION_MASTER,d.tif,,
]]

describe("items", function()
  local place, client

  setup(function()
    place = rehearsal.start { titles = TITLES, memory = true }
    client = openapi.hold(alma.new { url = place.url, key = place.key, rate = 1000 })
  end)
  teardown(function() place.stop() end)

  it("of a title are all that it has, of all holdings", function()
    local items = assert(alma.items.list(client, "9911231234"))
    assert.equal(2, #items)
    assert.same({ "32101108168939", "0042" }, { items[1].item_data.barcode, items[2].item_data.barcode })
    assert.equal("PS3566.R3944 A614", items[1].holding_data.call_number)
    assert.same({}, alma.items.list(client, "9921231234"))
    assert.equal("missing", select(3, alma.items.list(client, "9931231234")))
  end)

  it("of a title are none when Alma says so by an error", function()
    scripted.alma(function() return nil, "401689", "No items found" end, function(other)
      assert.same({}, alma.items.list(other, "991"))
    end)
    scripted.alma(function() return nil, "401652", "General error" end, function(other)
      assert.is_nil(alma.items.list(other, "991"))
    end)
  end)

  it("of a title come in pages", function()
    local many = place.change({ op = "add_bib", mms_id = "9951231234" }).mms_id
    local changes = {}
    for n = 1, 230 do changes[n] = { op = "add_item", mms_id = many, barcode = "B" .. n } end
    place.change(changes)
    local items = assert(alma.items.list(client, many))
    assert.same({ 230, "B230" }, { #items, items[230].item_data.barcode })
  end)

  it("are found by barcode behind a redirect", function()
    local item = assert(alma.items.by_barcode(client, "0042"))
    assert.same({ "9911231234", "0042" }, { item.bib_data.mms_id, item.item_data.barcode })
    local other = alma.new { url = place.url, key = place.key }
    assert(alma.items.by_barcode(other, "0042"))
    assert.same({ GET = 2 }, other.calls)   -- the redirect counts
    local _, message, code = alma.items.by_barcode(client, "9999")
    assert.equal("missing", code)
    assert.equal("no item has the barcode 9999", message)
    local redirect = place.call("GET", "/items?item_barcode=0042")
    assert.equal(302, redirect.status)
    assert.matches("/bibs/9911231234/holdings/22%d+/items/23%d+$", redirect.headers.location)
  end)

  it("need the right for Bibs", function()
    local other = alma.new { url = place.url, key = "rehearsal-bibs-only" }
    assert(alma.items.by_barcode(other, "0042"))
    assert.equal("auth", select(3, alma.items.by_barcode(alma.new { url = place.url, key = "unknown" }, "0042")))
  end)

  it("are asked for as Alma describes it", function()
    local absent = openapi.missing()
    if absent then return pending(absent) end
    assert.is_nil(openapi.problem { method = "GET", path = "/bibs/9911231234/holdings/ALL/items",
      query = { limit = "100", offset = "0" } })
  end)
end)
