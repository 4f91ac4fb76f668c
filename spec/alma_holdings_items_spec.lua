-- Holdings and items: read, created once, changed, moved and deleted, against the rehearsal.
local cataloguing = require "support.cataloguing"
local holdings = require "almanac.alma.holdings"
local items = require "almanac.alma.items"
local libraries = require "almanac.alma.libraries"
local marc = require "almanac.marc"

local MAPS, ALONE = cataloguing.MAPS, cataloguing.ALONE

describe("on the shelf", function()
  local place, client, events

  before_each(function()
    place, events = cataloguing.start(), {}
    client = cataloguing.client(place, events)
  end)

  after_each(function() place.stop() end)

  local function faults(spec) place.change { op = "faults", spec = spec } end
  local function words(_, message) return message end
  local function sent(method) return #cataloguing.of(events, method) end

  local function shelf(library, location, call_number)
    local record = marc.record { leader = "00000nx  a2200000zn 4500", { "008", "1011252u    8   4001uueng0000000" } }
    record:add("852", "0 ", "b", library or "SPEC", "c", location or "vault")
    if call_number then record:set("852$h", call_number) end
    return record
  end

  local function first()
    return assert(holdings.list(client, MAPS))[1]
  end

  describe("holdings", function()
    it("are listed, and read with their records", function()
      local one = first()
      assert.same({ "MAIN", "stacks" }, { one.library.value, one.location.value })
      local holding = assert(holdings.get(client, MAPS, one.holding_id))
      assert.same({ "MAIN", "stacks" }, { holding.record:get "852$b", holding.record:get "852$c" })
      assert.is_nil((holdings.get(client, MAPS, "2299990001234")))
    end)

    it("are made once: library, location and call number tell them apart", function()
      local one, there = holdings.create(client, ALONE, shelf())
      assert.is_false(there)
      assert.same({ "SPEC", one.holding_id }, { one.record:get "852$b", one.record:control "001" })
      local again, was = holdings.create(client, ALONE, shelf())
      assert.same({ one.holding_id, true, 1 }, { again.holding_id, was, sent "POST" })
      local other = assert(holdings.create(client, ALONE, shelf("MAIN", "reading")))
      assert.not_equal(one.holding_id, other.holding_id)
      local numbered = assert(holdings.create(client, ALONE, shelf("MAIN", "stacks", "A 1")))
      assert.not_equal(numbered.holding_id, assert(holdings.create(client, ALONE, shelf("MAIN", "stacks", "A 2"))).holding_id)
      assert.equal("conflict", select(3, holdings.create(client, ALONE, shelf("MAIN", "stacks"))))
    end)

    it("are made once when the answer is lost", function()
      faults "POST holdings=@1:lost"
      assert(holdings.create(client, ALONE, shelf()))
      assert.same({ 1, 1 }, { #assert(holdings.list(client, ALONE)), sent "POST" })
    end)

    it("are refused without library and location, and by Alma in a library that it has not", function()
      assert.matches("852 $b and $c", words(holdings.create(client, ALONE, marc.record { { "852", "0 ", "b", "MAIN" } })), 1, true)
      assert.matches("33008", words(holdings.create(client, ALONE, shelf "NOWHERE")), 1, true)
      for library, location in pairs { SPEC = "attic", MAIN = "vault" } do
        assert.matches("Location " .. location .. " is not valid", words(holdings.create(client, ALONE, shelf(library, location))), 1, true)
      end
      assert(libraries.create_location(client, "SPEC", { code = "attic", name = "Attic", type = { value = "CLOSED" } }))
      assert(holdings.create(client, ALONE, shelf("SPEC", "attic")))
    end)

    it("are changed, and send nothing when nothing is changed", function()
      local id = first().holding_id
      local holding, changed = holdings.update(client, MAPS, id, function(record) record:set("852$h", "B 7") end)
      assert.same({ "B 7", true }, { holding.record:get "852$h", changed })
      assert.equal("B 7", first().call_number)
      assert.is_false(select(2, holdings.update(client, MAPS, id, function() end)))
      assert.equal("true", assert(holdings.update(client, MAPS, id, function() end, { suppress_from_publishing = true }))
        .suppress_from_publishing)
      faults "PUT holdings=@1-9:lost"
      assert.equal("B 8", assert(holdings.update(client, MAPS, id, function(record) record:set("852$h", "B 8") end))
        .record:get "852$h")
    end)

    it("are deleted when they have no items", function()
      assert.matches("60214", words(holdings.delete(client, MAPS, first().holding_id)), 1, true)
      local one = assert(holdings.create(client, ALONE, shelf()))
      faults "DELETE holdings=@1:lost"
      assert.is_true(holdings.delete(client, ALONE, one.holding_id, { bib = "suppress" }))
      assert.same({}, assert(holdings.list(client, ALONE)))
      assert.is_true(place.state("?mms_id=" .. ALONE).bibs[1].suppressed)
    end)
  end)

  describe("items", function()
    it("are listed, read, and found by barcode", function()
      local item = assert(items.by_barcode(client, "39001"))
      local list = assert(items.list(client, MAPS, { holding_id = item.holding_data.holding_id }))
      local one = assert(items.get(client, MAPS, item.holding_data.holding_id, item.item_data.pid))
      assert.same({ item.item_data.pid, "39001", MAPS }, { list[1].item_data.pid, one.item_data.barcode, one.bib_data.mms_id })
      assert.equal("missing", select(3, items.get(client, MAPS, item.holding_data.holding_id, "2399990001234")))
    end)

    it("are made once: by barcode", function()
      local id = first().holding_id
      local item, there = items.create(client, MAPS, id, { barcode = "39002", physical_material_type = "MAP", description = "v.2",
        enumeration_a = "2" }, { holding_data = { temp_library = "SPEC", in_temp_location = true } })
      assert.is_false(there)
      assert.same({ "MAP", "v.2", "SPEC", true }, { item.item_data.physical_material_type.value, item.item_data.description,
        item.holding_data.temp_library.value, item.holding_data.in_temp_location })
      local again, was = items.create(client, MAPS, id, { barcode = "39002" })
      assert.same({ item.item_data.pid, true, 1 }, { again.item_data.pid, was, sent "POST" })
      faults "POST items=@1:lost"
      assert(items.create(client, MAPS, id, { barcode = "39003" }))
      assert.same({ 3, 2 }, { #assert(items.list(client, MAPS)), sent "POST" })
    end)

    it("are not made under the barcode of another title's item", function()
      local holding = assert(holdings.create(client, ALONE, shelf()))
      local none, message, code = items.create(client, ALONE, holding.holding_id, { barcode = "39001" })
      assert.same({ nil, "conflict" }, { none, code })
      assert.matches("that of another item", message)
      assert.matches("40166404", words(items.create(client, ALONE, holding.holding_id, { barcode = "39001" }, { as_new = true })), 1, true)
    end)

    it("may be without barcode when the caller says that they are new", function()
      local id = first().holding_id
      assert.equal("parse", select(3, items.create(client, MAPS, id, { description = "v.3" })))
      local item = assert(items.create(client, MAPS, id, { enumeration_a = "3", chronology_i = "2020" },
        { as_new = true, generate_description = true }))
      assert.same({ "", "3 (2020)" }, { item.item_data.barcode, item.item_data.description })
      faults "POST items=@1:lost"
      local _, told, _, detail = items.create(client, MAPS, id, {}, { as_new = true })
      assert.is_true(detail.unclear)
      assert.matches("item without barcode in holding " .. id, told)
    end)

    it("are changed and keep what is not named", function()
      local item = assert(items.by_barcode(client, "39001"))
      local after = assert(items.update(client, item, { public_note = "digitized", policy = "4-Week" }))
      assert.same({ "digitized", "4-Week" }, { after.item_data.public_note, after.item_data.policy.value })
      after = assert(items.update(client, item, function(item_data) item_data.barcode = "39009" end))
      assert.same({ "39009", "digitized" }, { after.item_data.barcode, after.item_data.public_note })
      assert.is_false(select(2, items.update(client, item, function() return false end)))
      assert.matches("40166404", words(items.update(client, item, { physical_material_type = "STONE" })), 1, true)
    end)

    it("are moved into a work order, on in it and out of it, once", function()
      local item = assert(items.by_barcode(client, "39001"))
      local order = { library = "MAIN", department = "DIGI", work_order_type = "Digitization" }
      local moved, there = items.move(client, item, order)
      assert.same({ "DIGI", "Digitization", "0", false }, { moved.item_data.work_order_at.value,
        moved.item_data.work_order_type.value, moved.item_data.base_status.value, there })
      assert.is_true(select(2, items.move(client, item, order)))
      faults "POST items=@1:lost"
      assert(items.move(client, item, { library = "MAIN", department = "CONS" }))
      local done = assert(items.move(client, item, { library = "MAIN", department = "CONS", done = true }))
      assert.same({ "1", 3 }, { done.item_data.base_status.value, sent "POST" })
    end)

    it("are scanned once a call, and never again by themselves", function()
      local item = assert(items.by_barcode(client, "39001"))
      assert.is_truthy(items.scan(client, item, { library = "MAIN", circ_desk = "DEFAULT_CIRC_DESK" }))
      assert.matches("Library NOWHERE", words(items.scan(client, item, { library = "NOWHERE", circ_desk = "DEFAULT_CIRC_DESK" })))
      faults "POST items=@1:lost"
      local none, _, _, detail = items.scan(client, item, { library = "MAIN", circ_desk = "DEFAULT_CIRC_DESK" })
      assert.same({ nil, true, 3 }, { none, detail.unclear, sent "POST" })
      assert.has_error(function() items.scan(client, item, { library = "MAIN" }) end)
      assert.has_error(function() items.scan(client, {}, { library = "MAIN", department = "DIGI" }) end)
      local answer = place.call("POST", "/bibs/1/holdings/1/items/1?op=scan&library=MAIN")
      assert.equal(400, answer.status)
    end)

    it("say where the codes are when one of a scan is wrong", function()
      local item = assert(items.by_barcode(client, "39001"))
      for _, call in ipairs { items.scan, items.move } do
        local message = words(call(client, item, { library = "MAIN", department = "NOPE", work_order_type = "Digitization" }))
        assert.matches("402502", message, 1, true)
        assert.matches("department 'NOPE': libraries.departments, work_order_type 'Digitization': Work Order Types", message, 1, true)
      end
    end)

    it("are not made in a holding that the title has not, which the message says", function()
      local none, message, code, detail = items.create(client, MAPS, "2299990001234", { barcode = "39777" })
      assert.same({ nil, "status", false }, { none, code, detail.unclear })
      assert.matches("there is no holding '2299990001234' of title " .. MAPS .. " (POST ", message, 1, true)
    end)

    it("are deleted, and what is left over goes as the options say", function()
      local item = assert(items.by_barcode(client, "39001"))
      assert(items.move(client, item, { library = "MAIN", department = "DIGI", work_order_type = "Digitization" }))
      assert.matches("401849", words(items.delete(client, item)), 1, true)
      faults "DELETE items=@1:lost"
      assert.is_true(items.delete(client, item, { override = true, holdings = "delete" }))
      assert.same({}, assert(holdings.list(client, MAPS)))
      assert.equal("missing", select(3, items.by_barcode(client, "39001")))
    end)
  end)
end)
