-- Sets that are made, filled and deleted, against the rehearsal: every request held against Alma's descriptions, and
-- nothing made twice when answers are lost.
local alma = require "almanac.alma"
local marc = require "almanac.marc"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"
local schema = require "support.schema"

local function mms(i) return ("99%06d1234"):format(i) end

local TITLES = { "mms_id,title,oclc,barcode,usage_type,file_name,size,collection" }
for i = 1, 1250 do
  TITLES[i + 1] = ("%s,%s %d,(OCoLC)%d,B%d,%s,%s,1000,Maps"):format(mms(i), i % 2 == 0 and "Even map" or "Odd view", i, 5000 + i, i,
    i <= 3 and "PRESERVATION_MASTER" or "", i <= 3 and ("t%d.tif"):format(i) or "")
end
TITLES = table.concat(TITLES, "\n") .. "\n"

describe("sets", function()
  local place, client, posts
  local sets = alma.sets

  setup(function()
    place = rehearsal.start { titles = TITLES, memory = true, args = { "--latency", "0", "--rate", "0" } }
  end)

  teardown(function() if place then place.stop() end end)

  before_each(function()
    place.change { op = "faults", spec = "" }
    posts = 0
    client = openapi.hold(alma.new { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005 },
      log = function(event) if event.method == "POST" then posts = posts + 1 end end })
  end)

  after_each(function()
    place.change { op = "latency", spec = "0" }
    place.change { op = "faults", spec = "" }
    for _, set in ipairs(assert(sets.list(client, { q = "name~spec" }))) do assert(sets.delete(client, set.id)) end
  end)

  local function faults(spec) place.change { op = "faults", spec = spec } end

  local function ids(first, last)
    local list = {}
    for i = first, last do list[#list + 1] = mms(i) end
    return list
  end

  local function members(id)
    local list = {}
    for i, member in ipairs(assert(sets.members(client, id))) do list[i] = member.id end
    return list
  end

  local function named(name)
    local found = {}
    for _, set in ipairs(place.state().sets) do
      if set.name == name then found[#found + 1] = set end
    end
    return found
  end

  describe("are created", function()
    it("with what was asked for", function()
      local set, there = assert(sets.create(client, { name = "spec a", description = "d", note = "n", private = false,
        status = "INACTIVE" }))
      assert.is_false(there)
      assert.are.equal("ITEMIZED", set.type.value)
      assert.are.equal("BIB_MMS", set.content.value)
      assert.are.equal("false", set.private.value)
      assert.are.equal("INACTIVE", set.status.value)
      assert.are.equal("0", set.number_of_members.value)
      assert.are.equal("n", set.note)
      assert.are.equal("d", sets.get(client, set.id).description)
    end)

    it("with a name of at most 255 characters", function()
      local longest = "spec " .. ("ü"):rep(250)
      local set = assert(sets.create(client, { name = longest }))
      local made, _, _, detail = sets.create(client, { name = longest .. "x" })
      assert.is_nil(made)
      assert.is_true(alma.has_code(detail, "402265"))
      made, _, _, detail = sets.update(client, set.id, { name = longest .. "x" })
      assert.is_nil(made)
      assert.is_true(alma.has_code(detail, "402261"))
      assert(sets.delete(client, set.id))
    end)

    it("private, unless told otherwise, as Alma does", function()
      assert.are.equal("true", sets.create(client, { name = "spec a" }).private.value)
    end)

    it("with members, a thousand a call", function()
      local set, there, result = sets.create(client, { name = "spec a", members = ids(1, 1201) })
      assert.is_false(there)
      assert.are.equal("1201", set.number_of_members.value)
      assert.are.equal(1201, #result.done)
      assert.are.equal(3, posts)
      assert.are.same(ids(1, 1201), members(set.id))
    end)

    it("once: one of the same name is given, with the members that it lacks", function()
      local first = sets.create(client, { name = "spec a", members = ids(1, 5) })
      local second, there, result = sets.create(client, { name = "spec a", members = ids(3, 8) })
      assert.is_true(there)
      assert.are.equal(first.id, second.id)
      assert.are.same(ids(3, 5), result.already)
      assert.are.same(ids(6, 8), result.done)
      assert.are.same(ids(1, 8), members(first.id))
    end)

    it("once when the search by name does not find it", function()
      local first = sets.create(client, { name = "spec a" })
      local blind = setmetatable({ call = function(self, request)
        if request.query and request.query.q then return { total_record_count = 0 } end
        return client.call(self, request)
      end }, { __index = client })
      local second, there = assert(sets.create(blind, { name = "spec a" }))
      assert.are.same({ first.id, true }, { second.id, there })
    end)

    it("not in place of a set of the same name that holds other things", function()
      sets.create(client, { name = "spec a" })
      for _, other in ipairs { { content = "ITEM" }, { query = 'BIB_MMS where BIB_MMS ((title CONTAIN "map"))' } } do
        other.name = "spec a"
        local set, message, code = sets.create(client, other)
        assert.is_nil(set)
        assert.are.equal("conflict", code)
        assert.truthy(message:find("another name", 1, true) or message:find("set 'spec a'", 1, true))
      end
    end)

    for _, fault in ipairs { "POST sets=@1:lost", "POST sets=@1:500after", "POST sets=@1:cut" } do
      it("once when the answer is spoilt: " .. fault, function()
        faults(fault)
        local set, there = assert(sets.create(client, { name = "spec lost" }))
        assert.is_false(there)
        assert.are.equal(1, #named "spec lost")
        assert.are.equal(set.id, named("spec lost")[1].id)
        assert.are.equal(1, posts)
      end)
    end

    it("not at all when nobody can tell, which the failure says", function()
      faults "POST sets=@1:reset"
      local set, message, _, detail = sets.create(client, { name = "spec lost" })
      assert.is_nil(set)
      assert.is_true(detail.unclear)
      assert.truthy(message:find("nobody can tell whether the set 'spec lost' was made: look for it in Alma", 1, true))
      assert.are.equal(1, posts)
      faults ""
      assert.truthy(sets.create(client, { name = "spec lost" }))
      assert.are.equal(1, #named "spec lost")
    end)

    it("by a query that Alma runs whenever it is asked", function()
      local set = assert(sets.create(client, { name = "spec logical",
        query = 'BIB_MMS where BIB_MMS ((title CONTAIN "even") AND BIB_MMS (mms_id LESS_THAN "990000111234"))' }))
      assert.are.equal("LOGICAL", set.type.value)
      assert.are.equal("5", set.number_of_members.value)
      assert.are.same({ mms(2), mms(4), mms(6), mms(8), mms(10) }, members(set.id))
      local again, there = sets.create(client, { name = "spec logical", query = set.query.value })
      assert.is_true(there)
      assert.are.equal(set.id, again.id)
    end)

    it("by no query that is half understood", function()
      for _, query in ipairs { "title contains maps", 'BIB_MMS where BIB_MMS ((title CONTAIN))', 'ITEM where BIB_MMS (all CONTAIN "x")',
        'BIB_MMS where BIB_MMS ((title SOUNDS_LIKE "x"))', 'BIB_MMS where BIB_MMS ((shelf CONTAIN "x"))',
        'BIB_MMS where BIB_MMS (all CONTAIN "x") trailing',
        'BIB_MMS where BIB_MMS (title NOT_EMPTY AND all CONTAIN "x" OR title NOT_EMPTY)' } do
        local set, message, _, detail = sets.create(client, { name = "spec logical", query = query })
        assert.is_nil(set)
        assert.matches("; is its query as sets.get shows that of a set that was made in Alma", message)
        assert.is_true(alma.has_code(detail, "402265"), query)
      end
    end)

    it("from others", function()
      local logical = assert(sets.create(client, { name = "spec logical", query = 'BIB_MMS where BIB_MMS (title CONTAIN "odd")' }))
      local odd = assert(sets.create(client, { name = "spec odd" }, { from_logical_set = logical.id }))
      assert.are.equal("ITEMIZED", odd.type.value)
      assert.are.equal("625", odd.number_of_members.value)
      local first = assert(sets.create(client, { name = "spec first", members = ids(1, 10) }))
      local counts = { AND = 5, OR = 630, NOT = 5 }
      for operator, count in pairs(counts) do
        local both = assert(sets.create(client, { name = "spec " .. operator }, { combine = operator, set1 = first.id, set2 = odd.id }))
        assert.are.equal(tostring(count), both.number_of_members.value)
      end
      local with = assert(sets.create(client, { name = "spec with" }, { filter_set = first.id, indication_rule = "Has a representation" }))
      assert.are.same(ids(1, 3), members(with.id))
      local items = assert(sets.create(client, { name = "spec items", content = "ITEM" }))
      local _, _, _, detail = sets.create(client, { name = "spec no" }, { combine = "AND", set1 = items.id, set2 = odd.id })
      assert.is_true(alma.has_code(detail, "60205"))
      _, _, _, detail = sets.create(client, { name = "spec no" }, { combine = "AND", set1 = "5912345678", set2 = odd.id })
      assert.is_true(alma.has_code(detail, "402264"))
      _, _, _, detail = sets.create(client, { name = "spec no" }, { job_instance_id = "123" })
      assert.is_true(alma.has_code(detail, "500127"))
    end)

    it("from the records of an import", function()
      local function run(job)
        return place.call("POST", "/conf/jobs/" .. job .. "?op=run", { body = {} }).data.additional_info.link:match "[^/]+$"
      end
      local import = run "S401"
      local made = assert(sets.create(client, { name = "spec import" }, { job_instance_id = import, population = "IMPORTED_RECORDS" }))
      assert.are.equal("1250", made.number_of_members.value)
      for code, from in pairs { ["402266"] = { import, "OTHERS" }, ["402218"] = { "5912345678", "IMPORTED_RECORDS" } } do
        local _, _, _, detail = sets.create(client, { name = "spec no" }, { job_instance_id = from[1], population = from[2] })
        assert.is_true(alma.has_code(detail, code))
      end
    end)

    it("only from tables without misspelt fields", function()
      assert.error_matches(function() sets.create(client, { nam = "x" }) end, "did you mean 'name'")
      assert.error_matches(function() sets.create(client, { name = "x" }, { from_logical = "x" }) end, "from_logical_set")
      assert.error_matches(function() sets.create(client, {}) end, "name must be a string")
      assert.error_matches(function() sets.create(client, { name = "x", query = "x", members = {} }) end, "not both")
    end)
  end)

  describe("change", function()
    it("in what is given, and keep the rest", function()
      local set = sets.create(client, { name = "spec a", description = "d", note = "n", private = false })
      local changed = assert(sets.update(client, set.id, { name = "spec b" }))
      assert.are.same({ "spec b", "d", "n", "false" }, { changed.name, changed.description, changed.note, changed.private.value })
      sets.create(client, { name = "spec a" })
      local refused, _, code = sets.update(client, set.id, { name = "spec a" })
      assert.is_nil(refused)
      assert.are.equal("conflict", code)
    end)

    it("in their query", function()
      local set = sets.create(client, { name = "spec a", query = 'BIB_MMS where BIB_MMS (title CONTAIN "odd")' })
      assert.are.equal("1250", sets.update(client, set.id, { query = "BIB_MMS where BIB_MMS (title NOT_EMPTY)" }).number_of_members.value)
      local _, _, _, detail = sets.update(client, set.id, { query = "nonsense" })
      assert.is_true(alma.has_code(detail, "402270"))
      _, _, _, detail = sets.update(client, set.id, { query = "ITEM where BIB_MMS (title NOT_EMPTY)" })
      assert.is_true(alma.has_code(detail, "402269"))
    end)
  end)

  describe("are deleted", function()
    it("without their members, and once", function()
      local set = sets.create(client, { name = "spec a", members = ids(1, 2) })
      assert.is_true(sets.delete(client, set.id))
      local gone, _, code = sets.delete(client, set.id)
      assert.is_nil(gone)
      assert.are.equal("missing", code)
      assert.truthy(alma.bibs.get(client, { mms(1) })[1])
    end)

    it("also when the answer is lost", function()
      local set = sets.create(client, { name = "spec a" })
      faults "DELETE sets=@1:lost"
      assert.is_true(sets.delete(client, set.id))
    end)
  end)

  describe("get members", function()
    local set
    before_each(function() set = sets.create(client, { name = "spec a" }) end)

    it("and say which were in it, invalid, or given twice", function()
      sets.add(client, set.id, ids(1, 3))
      local wanted = ids(2, 12)
      wanted[4] = "999999991234"
      wanted[9] = "999999981234"
      wanted[12] = mms(2)
      local result = assert(sets.add(client, set.id, wanted))
      assert.are.same(ids(2, 3), result.already)
      assert.are.same({ "999999991234", "999999981234" }, result.invalid)
      assert.are.same({ mms(2) }, result.repeated)
      assert.are.equal(7, #result.done)
      assert.are.equal(10, #members(set.id))
    end)

    it("with few calls where many are not valid", function()
      local items = sets.create(client, { name = "spec items", content = "ITEM", members = { "B1250" }, id_type = "BARCODE" })
      local wanted, unknown = {}, {}
      for i = 1, 600 do
        wanted[2 * i - 1], wanted[2 * i], unknown[i] = "B" .. i, "none " .. i, "none " .. i
      end
      posts = 0
      local result = assert(sets.add(client, items.id, wanted, { id_type = "BARCODE" }))
      assert.are.same(unknown, result.invalid)
      assert.are.equal(600, #result.done)
      assert.are.equal(4, posts)
      assert.are.same(unknown, assert(sets.add(client, items.id, unknown, { id_type = "BARCODE" })).invalid)
      assert.are.equal(6, posts)
      assert.are.equal(601, #assert(sets.members(client, items.id)))
    end)

    for _, fault in ipairs { "lost", "500after", "reset", "cut" } do
      it("with few calls where many are not valid, also when the answer is spoilt: " .. fault, function()
        faults("POST sets=@2:" .. fault)
        local wanted = ids(1, 30)
        for i = 1, 20 do wanted[#wanted + 1] = ("99999999%d1234"):format(i) end
        local result = assert(sets.add(client, set.id, wanted))
        assert.are.same({ 30, 20, 0 }, { #result.done, #result.invalid, #result.already })
        assert.are.same(ids(1, 30), members(set.id))
      end)
    end

    it("or none of a call, when an invalid id shall fail it", function()
      local result, message, code, detail = sets.add(client, set.id, { mms(1), "999999991234" }, { fail_on_invalid_id = true })
      assert.is_nil(result)
      assert.are.equal("missing", code)
      assert.truthy(message:find("60116", 1, true))
      assert.are.same({}, detail.result.done)
      assert.are.same({}, members(set.id))
    end)

    for _, fault in ipairs { "lost", "500after", "reset", "cut" } do
      it("once when an answer is spoilt: " .. fault, function()
        faults("POST sets=@1:" .. fault .. ",POST sets=@3:" .. fault)
        local result = assert(sets.add(client, set.id, ids(1, 1100)))
        assert.are.equal(1100, #result.done)
        assert.are.same({}, result.already)
        assert.are.same(ids(1, 1100), members(set.id))
      end)
    end

    it("once while lists lag behind", function()
      place.change { op = "latency", spec = "lag=0.05" }
      faults "POST sets=@1:lost"
      local result = assert(sets.add(client, set.id, ids(1, 40)))
      assert.are.equal(40, #result.done)
      place.change { op = "latency", spec = "0" }
      assert.are.same(ids(1, 40), members(set.id))
    end)

    it("by other identifiers", function()
      local result = assert(sets.add(client, set.id, { "5001", "5002", "77" }, { id_type = "OCLC_NUMBER" }))
      assert.are.same({ "5001", "5002" }, result.done)
      assert.are.same({ "77" }, result.invalid)
      assert.are.same(ids(1, 2), members(set.id))
      result = assert(sets.add(client, set.id, { "5002", "5003" }, { id_type = "OCLC_NUMBER" }))
      assert.are.same({ "5002" }, result.already)
      assert.are.same({ "5003" }, result.done)
      local _, _, _, detail = sets.add(client, set.id, { "B1" }, { id_type = "BARCODE" })
      assert.is_true(alma.has_code(detail, "40166410"))
    end)

    it("by numbers in their records", function()
      local made = assert(alma.bibs.create(client, marc.record { leader = "00000nam a2200000 a 4500",
        { "008", "200101s2020    xxu           000 0 eng d" }, { "020", "  ", "a", "978-0-306-40615-7 (pbk.)" },
        { "035", "  ", "a", "(LOCAL)77" }, { "245", "00", "a", "A book" } }))
      for id_type, number in pairs { ISBN = "9780306406157", SYSTEM_NUMBER = "(LOCAL)77" } do
        assert.are.same({ number }, assert(sets.replace(client, set.id, { number }, { id_type = id_type })).done)
        assert.are.same({ made.mms_id }, members(set.id))
      end
      assert.are.same({ "03064061" }, assert(sets.add(client, set.id, { "03064061" }, { id_type = "ISSN" })).invalid)
      assert(alma.bibs.delete(client, made.mms_id))
    end)

    it("as items, by barcode", function()
      local items = sets.create(client, { name = "spec items", content = "ITEM" })
      faults "POST sets=@1:lost"
      local result = assert(sets.add(client, items.id, { "B1", "B2", "B2", "none", "B3" }, { id_type = "BARCODE" }))
      assert.are.same({ "B1", "B2", "B3" }, result.done)
      assert.are.same({ "none" }, result.invalid)
      local list = sets.members(client, items.id)
      assert.are.same({ "B1", "B2", "B3" }, { list[1].description, list[2].description, list[3].description })
      assert.are.equal("23", list[1].id:sub(1, 2))
    end)

    it("of every content", function()
      local state = place.state "?mms_id=990000011234"
      local rep = state.representations[1]
      for content, id in pairs { IED = mms(1), REPRESENTATION = rep.id, FILE = rep.files[1].pid, IEC = state.collections[1].pid } do
        local other = assert(sets.create(client, { name = "spec " .. content, content = content, members = { id } }))
        assert.are.same({ id }, members(other.id))
        local result = assert(sets.add(client, other.id, { mms(9) }))
        assert.are.same({ mms(9) }, result.invalid)
      end
    end)

    it("only when they are itemized", function()
      local logical = sets.create(client, { name = "spec l", query = "BIB_MMS where BIB_MMS (title NOT_EMPTY)" })
      local _, _, _, detail = sets.add(client, logical.id, { mms(1) })
      assert.is_true(alma.has_code(detail, "60112"))
    end)

    it("that are strings", function()
      assert.error_matches(function() sets.add(client, set.id, { 99 }) end, "id 1 is a number")
      assert.error_matches(function() sets.add(client, set.id, {}, { idtype = "x" }) end, "id_type")
      assert.are.same({}, sets.add(client, set.id, {}).done)
    end)
  end)

  describe("lose members", function()
    it("and say which were not in it", function()
      local set = sets.create(client, { name = "spec a", members = ids(1, 10) })
      local result = assert(sets.remove(client, set.id, { mms(3), mms(20), mms(7), "999999991234" }))
      assert.are.same({ mms(3), mms(7) }, result.done)
      assert.are.same({ mms(20) }, result.already)
      assert.are.same({ "999999991234" }, result.invalid)
      assert.are.equal(8, #members(set.id))
    end)

    it("once when the answer is lost", function()
      local set = sets.create(client, { name = "spec a", members = ids(1, 1100) })
      faults "POST sets=@1:lost"
      assert.are.equal(1050, #assert(sets.remove(client, set.id, ids(1, 1050))).done)
      assert.are.same(ids(1051, 1100), members(set.id))
    end)
  end)

  describe("have their members replaced", function()
    it("by more than a call takes", function()
      local set = sets.create(client, { name = "spec a", members = ids(1, 50) })
      local result = assert(sets.replace(client, set.id, ids(40, 1150)))
      assert.are.equal(1111, #result.done)
      assert.are.same(ids(40, 1150), members(set.id))
    end)

    it("without the invalid ones, and also when an answer is lost", function()
      local set = sets.create(client, { name = "spec a", members = ids(1, 50) })
      faults "POST sets=@2:lost"
      local wanted = ids(100, 120)
      wanted[1], wanted[15] = "999999991234", "999999981234"
      local result = assert(sets.replace(client, set.id, wanted))
      assert.are.same({ "999999991234", "999999981234" }, result.invalid)
      assert.are.equal(19, #members(set.id))
    end)

    it("by none: it is empty, and stays when no id is valid", function()
      local set = sets.create(client, { name = "spec a", members = ids(1, 5) })
      assert.are.same({ "999999991234" }, assert(sets.replace(client, set.id, { "999999991234" })).invalid)
      assert.are.equal(5, #members(set.id))
      assert(sets.replace(client, set.id, {}))
      assert.are.same({}, members(set.id))
    end)
  end)

  it("are listed by content, type and name", function()
    sets.create(client, { name = "spec items", content = "ITEM" })
    sets.create(client, { name = "spec logical", query = "BIB_MMS where BIB_MMS (title NOT_EMPTY)" })
    assert.are.equal(1, #sets.list(client, { content_type = "ITEM" }))
    assert.are.equal("spec logical", sets.list(client, { set_type = "LOGICAL" })[1].name)
    assert.are.equal(2, #sets.list(client, { q = "name~spec" }))
  end)

  it("answer as the official schemas have it", function()
    if not schema.available() then return pending "../shared is absent" end
    local set = sets.create(client, { name = "spec a", note = "n", members = ids(1, 2) })
    assert(schema.json(place.call("GET", "/conf/sets/" .. set.id).data, "rest_set"))
    assert(schema.json(place.call("GET", "/conf/sets/" .. set.id .. "/members").data, "rest_members"))
    assert(schema.json(place.call("GET", "/conf/sets").data, "rest_sets"))
    local logical = sets.create(client, { name = "spec l", query = "BIB_MMS where BIB_MMS (title NOT_EMPTY)" })
    assert(schema.json(place.call("GET", "/conf/sets/" .. logical.id).data, "rest_set"))
  end)

  it("take XML as well as JSON", function()
    local made = place.call("POST", "/conf/sets", { type = "application/xml", body = [[<set>
      <name>spec xml</name><type>ITEMIZED</type><content desc="All Titles">BIB_MMS</content></set>]] })
    local filled = place.call("POST", "/conf/sets/" .. made.data.id .. "?op=add_members", { type = "application/xml",
      body = ([[<set><members><member><id>%s</id></member><member><id>%s</id></member></members></set>]]):format(mms(1), mms(2)) })
    assert.are.equal("2", filled.data.number_of_members.value)
  end)

  describe("refuse", function()
    local function refused(query, body, code)
      local set = sets.create(client, { name = "spec a", members = { mms(1) } })
      local result = place.call("POST", "/conf/sets/" .. set.id .. query, { body = body })
      assert.are.equal(400, result.status)
      assert.truthy(result.body:find('"' .. code .. '"', 1, true), code .. ": " .. result.body)
    end

    local function of(...)
      local list = {}
      for i, id in ipairs { ... } do list[i] = { id = id } end
      return { members = { member = list } }
    end

    it("what Alma refuses, with its codes", function()
      refused("?op=burn", of(mms(2)), "60111")
      refused("?op=add_members", { name = "x" }, "60113")
      refused("?op=add_members", { members = { member = { { description = "x" } } } }, "60114")
      refused("?op=add_members", of(mms(1)), "60115")
      refused("?op=add_members", of(mms(2), "1"), "60116")
      refused("?op=delete_members", of(mms(2)), "60117")
      refused("?op=add_members", of(table.unpack(ids(1, 1001))), "60118")
      refused("?op=add_members", of(mms(2), mms(2)), "60119")
      refused("?op=add_members&id_type=OCLC_NUMBER", of("1"), "60120")
      refused("?op=add_members&id_type=OCLC_NUMBER", of("5001"), "60176")
      refused("?op=add_members&id_type=SHOE_SIZE", of("5001"), "40166410")
    end)

    it("no invalid id when it shall ignore them", function()
      local set = sets.create(client, { name = "spec a" })
      local result = place.call("POST", "/conf/sets/" .. set.id .. "?op=add_members&fail_on_invalid_id=false",
        { body = of(mms(2), "1") })
      assert.are.equal("1", result.data.number_of_members.value)
    end)
  end)
end)
