-- Bibs, holdings and items are made once and changed once, whatever becomes of the answer: a script that fails is run again.
local bibs = require "almanac.alma.bibs"
local cataloguing = require "support.cataloguing"
local holdings = require "almanac.alma.holdings"
local items = require "almanac.alma.items"
local marc = require "almanac.marc"

local MAPS, ALONE = cataloguing.MAPS, cataloguing.ALONE

-- What becomes of an answer. After the first four it happened, after the others it did not.
local FAULTS = { "lost", "500after", "cut", "type", "500", "html", "reset" }

describe("with a fault", function()
  local place, client

  before_each(function()
    place = cataloguing.start()
    client = cataloguing.client(place)
  end)

  after_each(function() place.stop() end)

  -- Does it under the fault, and again without one when it failed.
  local function twice(fault, work)
    place.change { op = "faults", spec = fault }
    local first = work()
    place.change { op = "faults", spec = "" }
    return first or assert(work())
  end

  for _, fault in ipairs(FAULTS) do
    it(("of the kind %s everything is made once"):format(fault), function()
      local record = marc.record { leader = "00000nam a2200000 a 4500", { "008", "200101s2020    xxu           000 0 eng d" },
        { "035", "  ", "a", "(T)1" }, { "245", "00", "a", "T" } }
      local shelf = marc.record { { "852", "0 ", "b", "SPEC", "c", "vault" } }
      local bib = twice("POST bibs=@1:" .. fault, function() return (bibs.create(client, record)) end)
      local holding = twice("POST holdings=@1:" .. fault, function() return (holdings.create(client, bib.mms_id, shelf)) end)
      twice("POST items=@1:" .. fault, function()
        return (items.create(client, bib.mms_id, holding.holding_id, { barcode = "B1" }))
      end)
      assert.same({ 5, 1, 1 }, { place.state("?counts=1").counts.bibs, #assert(holdings.list(client, bib.mms_id)),
        #assert(items.list(client, bib.mms_id)) })
    end)

    it(("of the kind %s everything is changed once, moved once and deleted"):format(fault), function()
      local function note(record) record:add("500", "  ", "a", "more than " .. #record:all "500$a") end
      local bib = assert(bibs.update(client, MAPS, function(record) record:add("500", "  ", "a", "first") end))
      place.change { op = "faults", spec = "PUT bibs=@1:" .. fault }
      bib = assert(bibs.update(client, bib.mms_id, note))
      assert.same({ "first", "more than 1" }, bib.record:all "500$a")
      local item = assert(items.by_barcode(client, "39001"))
      place.change { op = "faults", spec = ("PUT items=@1:%s,DELETE items=@1:%s,DELETE bibs=@1:%s"):format(fault, fault, fault) }
      assert.equal("x", assert(items.update(client, item, { public_note = "x" })).item_data.public_note)
      twice("POST items=@1:" .. fault, function()
        return (items.move(client, item, { library = "MAIN", department = "DIGI", work_order_type = "Digitization" }))
      end)
      assert.is_true(items.delete(client, item, { override = true }))
      assert.is_true(bibs.delete(client, ALONE))
    end)
  end
end)
