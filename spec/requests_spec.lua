-- Digitization requests and deposits, against the rehearsal.
local alma = require "almanac.alma"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"

local deposits, requests = alma.deposits, alma.requests

local TITLES = "mms_id,title,usage_type,file_name,barcode\n"
for i = 1, 12 do TITLES = TITLES .. ("99%06d1234,Title %d,PRESERVATION_MASTER,t%d.tif,B%d\n"):format(i, i, i, i) end

local function mms(i) return ("99%06d1234"):format(i) end

local LOST = { "lost", "500after", "cut", "type", "504=0" }
local NEVER = { "reset", "500", "html" }

describe("work in the library:", function()
  local place

  setup(function() place = rehearsal.start { titles = TITLES, memory = true, args = { "--rate", "0" } } end)
  teardown(function() if place then place.stop() end end)
  before_each(function() place.change { op = "faults", spec = "" } end)

  local function client(key)
    return openapi.hold(alma.new { url = place.url, key = key or place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005 } })
  end

  local function sent(route) return place.calls().routes[route] or 0 end

  local function whole() return { request_type = "DIGITIZATION", partial_digitization = false } end

  local function item(i)
    local found = assert(alma.items.by_barcode(client(), "B" .. i))
    return { mms_id = mms(i), holding_id = found.holding_data.holding_id, item_pid = found.item_data.pid }
  end

  describe("requests", function()
    it("are made of a title, an item and a person, and found at each", function()
      local at = { mms_id = mms(1) }
      local made, there = assert(requests.create(client(), at, whole()))
      assert.is_false(there)
      assert.are.equal("PHYSICAL_TO_DIGITIZATION", made.request_sub_type.value)
      assert.are.equal(made.request_id, assert(requests.list(client(), at, { type = "DIGITIZATION" }))[1].request_id)
      local of_item = item(2)
      made = assert(requests.create(client(), of_item, whole()))
      assert.are.equal(of_item.item_pid, assert(requests.get(client(), of_item, made.request_id)).item_id)
      made = assert(requests.create(client(), { user_id = "student", mms_id = mms(3) }, whole()))
      assert.are.equal("student", assert(requests.get(client(), { user_id = "student" }, made.request_id)).user_primary_id)
      assert.are.equal(1, #assert(requests.list(client(), { user_id = "student" })))
      made = assert(requests.create(client(), { user_id = "student", item_pid = item(4).item_pid }, whole()))
      assert.are.equal(mms(4), made.mms_id)
      assert.are.equal(2, #assert(requests.list(client(), { user_id = "student" })))
    end)

    it("are made once, also when the answer is lost", function()
      for _, fault in ipairs(LOST) do
        for _, user in ipairs { "", "archivist" } do
          local added = place.change { op = "add_bib", title = "Once", collection = place.state().collections[1].pid }
          local at, options = { mms_id = added.mms_id }, { user_id = user ~= "" and user or nil }
          place.change { op = "faults", spec = "POST requests=@1:" .. fault }
          local made = assert(requests.create(client(), at, whole(), options))
          local again, there = assert(requests.create(client(), at, whole(), options))
          assert.is_true(there)
          assert.are.equal(made.request_id, again.request_id)
          assert.are.equal(1, #assert(requests.list(client(), at)))
        end
      end
    end)

    it("are not sent again when nobody can tell, and the message names them", function()
      for _, fault in ipairs(NEVER) do
        place.change { op = "faults", spec = "POST requests=@1:" .. fault }
        local before = sent "POST /bibs/{mms_id}/requests"
        local made, message, _, detail = requests.create(client(), { mms_id = mms(5) }, whole())
        assert.is_nil(made)
        assert.is_true(detail.unclear)
        assert.truthy(message:find("DIGITIZATION request for " .. mms(5), 1, true), message)
        assert.are.equal(before + 1, sent "POST /bibs/{mms_id}/requests")
      end
    end)

    it("of another person, or wished as new, are others", function()
      local at = { mms_id = mms(6) }
      local first = assert(requests.create(client(), at, whole()))
      local second = assert(requests.create(client(), at, whole(), { user_id = "student" }))
      local third = assert(requests.create(client(), at, whole(), { as_new = true }))
      assert.are_not.equal(first.request_id, second.request_id)
      assert.are_not.equal(first.request_id, third.request_id)
    end)

    it("of nobody are a library's own digitizations alone", function()
      local made, _, _, detail = requests.create(client(), { mms_id = mms(7) }, { request_type = "HOLD" }, { as_new = true })
      assert.is_nil(made)
      assert.are.equal("401890", detail.errors[1].code)
      assert(requests.create(client(), { mms_id = mms(7) }, { request_type = "HOLD" }, { as_new = true, user_id = "student" }))
    end)

    it("that can't be made are refused before they are sent", function()
      local before = sent "POST /bibs/{mms_id}/requests"
      for _, kind in ipairs { "GENERAL_DIGITIZATION", "MOVE", "WORK_ORDER", "digitization" } do
        assert.has_error(function() requests.create(client(), { mms_id = mms(7) }, { request_type = kind }) end,
          ("requests.create: request_type '%s' can't be created by API; DIGITIZATION, HOLD and BOOKING can"):format(kind))
      end
      assert.has_error(function() requests.create(client(), { mms_id = mms(7) }, { request_type = "DIGITIZATION" }) end,
        "requests.create: a digitization says partial_digitization = true or false")
      for _, comment in ipairs { "", "  " } do
        local made, message, code = requests.create(client(), { mms_id = mms(7) },
          { request_type = "DIGITIZATION", partial_digitization = true, comment = comment })
        assert.is_nil(made)
        assert.are.equal("parse", code)
        assert.truthy(message:find("needs a comment", 1, true), message)
      end
      assert.has_error(function() requests.list(client(), { holding_id = "1" }) end,
        "requests.list: say which title (mms_id), item or person (user_id)")
      assert.has_error(function() requests.list(client(), { mms_id = "1", item_pid = "2" }) end,
        "requests.list: an item's request needs its holding_id")
      assert.are.equal(before, sent "POST /bibs/{mms_id}/requests")
      assert(requests.create(client(), { mms_id = mms(7) }, { request_type = "DIGITIZATION", partial_digitization = true,
        comment = "Pages 3 to 9" }))
    end)

    it("go from step to step, once each, until they are history", function()
      local at = item(8)
      local made = assert(requests.create(client(), at, whole()))
      local steps = { made.task_name }
      for _, fault in ipairs { "lost", "500after", "cut" } do
        place.change { op = "faults", spec = "POST requests=@1:" .. fault }
        local now = assert(requests.next_step(client(), at, made.request_id, { release_item = true }))
        steps[#steps + 1] = now.request_status == "HISTORY" and "history" or now.task_name
      end
      assert.are.same({ "Pickup From Shelf", "Digitize Item", "Deliver", "history" }, steps)
      assert.are.same({}, assert(requests.list(client(), at)))
      assert.are.equal(made.request_id, assert(requests.list(client(), at, { status = "history" }))[1].request_id)
      local _, message = requests.next_step(client(), at, made.request_id)
      assert.truthy(message:find("401933", 1, true), message)
    end)

    it("are moved from the step that is named, and not twice by a script that is started again", function()
      local at = { mms_id = place.change { op = "add_bib", title = "Steps", collection = place.state().collections[1].pid }.mms_id }
      local id = assert(requests.create(client(), at, whole())).request_id
      for _ = 1, 3 do
        local now = assert(requests.next_step(client(), at, id, { from = "Pickup From Shelf" }))
        assert.are.equal("Digitize Item", now.task_name)
      end
      local _, there = requests.next_step(client(), at, id, { from = "NOT_STARTED" })
      assert.is_true(there)
      assert.are.equal("Deliver", assert(requests.next_step(client(), at, id, { from = "IN_PROCESS" })).task_name)
    end)

    it("that were perhaps not moved are not moved again", function()
      local at = { mms_id = mms(9) }
      local made = assert(requests.create(client(), at, whole()))
      place.change { op = "faults", spec = "POST requests=@1:reset" }
      local now, _, _, detail = requests.next_step(client(), at, made.request_id)
      assert.is_nil(now)
      assert.is_true(detail.unclear)
      assert.are.equal("Pickup From Shelf", assert(requests.get(client(), at, made.request_id)).task_name)
    end)

    it("that are no digitization have no next step", function()
      local added = place.change { op = "add_request", mms_id = mms(10), type = "HOLD", user_id = "student" }
      local _, message = requests.next_step(client(), { mms_id = mms(10) }, added.id)
      assert.truthy(message:find("401932", 1, true), message)
    end)

    it("are cancelled with a reason, also when the answer is lost", function()
      for _, fault in ipairs { "lost", "500after" } do
        local at = { mms_id = mms(11) }
        local made = assert(requests.create(client(), at, whole()))
        place.change { op = "faults", spec = "DELETE requests=@1:" .. fault }
        assert.is_true(requests.cancel(client(), at, made.request_id, { reason = "CannotBeFulfilled", notify_user = false }))
        assert.are.same({}, assert(requests.list(client(), at)))
      end
      assert.has_error(function() requests.cancel(client(), { mms_id = mms(11) }, "1", {}) end,
        "requests.cancel: it needs a reason, a code of RequestCancellationReasons")
      local _, message, code = requests.cancel(client(), { mms_id = mms(11) }, "1", { reason = "CannotBeFulfilled" })
      assert.are.equal("missing", code)
      assert.truthy(message:find("401907", 1, true), message)
    end)

    it("of what is not there are refused in Alma's words", function()
      local _, _, code = requests.list(client(), { mms_id = "999" })
      assert.are.equal("missing", code)
      local _, message = requests.create(client(), { mms_id = mms(12) }, whole(), { user_id = "nobody" })
      assert.truthy(message:find("401890", 1, true), message)
      _, _, code = requests.list(client "rehearsal-bibs-only", { user_id = "student" })
      assert.are.equal("auth", code)
    end)
  end)

  describe("deposits", function()
    local function representation(i)
      return assert(alma.representations.list(client(), mms(i)))[1].id
    end

    local function deposit(i)
      return { mms_id = mms(i), rep_id = representation(i), deposit_profile = { value = assert(deposits.profiles(client()))[1].id } }
    end

    it("have profiles", function()
      local list = assert(deposits.profiles(client()))
      assert.are.equal(2, #list)
      assert.are.equal("Photographs", assert(deposits.profiles(client(), { user_group = "STAFF" }))[1].name)
      assert.are.equal("Theses", assert(deposits.profile(client(), list[1].id)).name)
      local _, _, code = deposits.profile(client(), "1")
      assert.are.equal("missing", code)
    end)

    it("are made once, as a draft or handed in, and listed by status", function()
      for i, fault in ipairs(LOST) do
        place.change { op = "faults", spec = "POST deposits=@1:" .. fault }
        local made = assert(deposits.create(client(), "student", deposit(i), { draft = i % 2 == 0 }))
        assert.are.equal(i % 2 == 0 and "DRAFT" or "SUBMITTED", made.status.value)
        local again, there = assert(deposits.create(client(), "student", deposit(i)))
        assert.is_true(there)
        assert.are.equal(made.deposit_id, again.deposit_id)
      end
      assert.are.equal(5, #assert(deposits.list(client(), "student")))
      local filter = { status = "DRAFT", order_by = "modification_date", direction = "DESC" }
      assert.are.equal(2, #assert(deposits.list(client(), "student", filter)))
      assert.are.same({}, assert(deposits.list(client(), "archivist")))
    end)

    it("of somebody whom Alma does not know are told so", function()
      local list, message, code = deposits.list(client(), "nobody")
      assert.are.same({ nil, "status" }, { list, code })
      assert.truthy(message:find("the deposits of 'nobody' can't be read: has Alma a person", 1, true), message)
      assert.truthy(message:find("402238", 1, true), message)
    end)

    it("are handed in and taken back, once", function()
      for i, fault in ipairs { "lost", "500after", "cut" } do
        local made = assert(deposits.create(client(), "archivist", deposit(i), { draft = true }))
        place.change { op = "faults", spec = "POST deposits=@1:" .. fault }
        assert.are.equal("SUBMITTED", assert(deposits.submit(client(), "archivist", made.deposit_id)).status.value)
        place.change { op = "faults", spec = "POST deposits=@1:" .. fault }
        assert.are.equal("WITHDRAWN", assert(deposits.withdraw(client(), "archivist", made.deposit_id)).status.value)
        local _, message = deposits.submit(client(), "archivist", made.deposit_id)
        assert.truthy(message:find("401666", 1, true), message)
      end
    end)

    it("that were perhaps not handed in are told so", function()
      local made = assert(deposits.create(client(), "archivist", deposit(9), { draft = true }))
      place.change { op = "faults", spec = "POST deposits=@1:reset" }
      local done, message, _, detail = deposits.submit(client(), "archivist", made.deposit_id)
      assert.is_nil(done)
      assert.is_true(detail.unclear)
      assert.truthy(message:find("step 'submit' of deposit " .. made.deposit_id .. " was taken", 1, true), message)
    end)

    it("need a representation, or the word that they are new", function()
      assert.has_error(function() deposits.create(client(), "student", { mms_id = mms(1) }) end,
        "deposits.create: a deposit is known by its mms_id and rep_id; without them say as_new = true")
      local made, message = deposits.create(client(), "student", { mms_id = mms(1) }, { as_new = true })
      assert.is_nil(made)
      assert.truthy(message:find("401666", 1, true), message)
      local _, _, code = deposits.list(client "rehearsal-bibs-only", "student")
      assert.are.equal("auth", code)
    end)
  end)
end)
