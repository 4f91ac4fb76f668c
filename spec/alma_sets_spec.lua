local alma = require "almanac.alma"
local json = require "almanac.json"
local openapi = require "support.openapi"
local scripted = require "support.scripted"

local with = scripted.alma

-- A set whose members at these offsets have a broken record: any page that
-- holds one of them fails, as seen at a real institution.
local function broken_set(count, broken, claimed)
  return function(_, path, query)
    if path == "/conf/sets/8000004641" then
      return { id = "8000004641", name = "TIFF", number_of_members = { value = tostring(claimed or count) } }
    end
    local limit, offset = tonumber(query.limit), tonumber(query.offset)
    local result = { total_record_count = count }
    for i = offset, math.min(offset + limit, count) - 1 do
      if broken[i] then return nil, "60108", ("Set Member not found: IED 99%06d4641"):format(i) end
      result.member = result.member or {}
      table.insert(result.member, { id = ("99%06d4641"):format(i), description = "title " .. i, link = "x" })
    end
    return result
  end
end

describe("alma.sets.members", function()
  it("gives all members of a set, page by page", function()
    with(broken_set(230, {}), function(client, requests)
      local members, broken = alma.sets.members(client, "8000004641")
      assert.are.equal(230, #members)
      assert.are.same({ id = "990000004641", description = "title 0" }, members[1])
      assert.are.equal("990002294641", members[230].id)
      assert.are.same({}, broken)
      assert.are.equal(3, #requests)
    end)
  end)

  it("gives an empty list for an empty set", function()
    with(broken_set(0, {}), function(client)
      local members, broken = alma.sets.members(client, "8000004641")
      assert.are.same({}, members)
      assert.are.same({}, broken)
    end)
  end)

  for _, case in ipairs {
    { "in the middle", 230, { 137 } }, { "at the very first place", 230, { 0 } }, { "at the very last", 230, { 229 } },
    { "several on a page", 150, { 3, 4, 5, 77, 149 } }, { "all of a page", 130, { from = 0, to = 99 } },
    { "the only one", 1, { 0 } }, { "all of them", 7, { from = 0, to = 6 } }, { "every second one", 64, { step = 2 } },
  } do
    it("reports broken members, " .. case[1] .. ", and keeps the others", function()
      local broken, offsets = {}, {}
      for _, offset in ipairs(case[3]) do broken[offset] = true end
      if case[3].from then for i = case[3].from, case[3].to do broken[i] = true end end
      if case[3].step then for i = 0, case[2] - 1, case[3].step do broken[i] = true end end
      for offset in pairs(broken) do offsets[#offsets + 1] = offset end
      table.sort(offsets)
      with(broken_set(case[2], broken), function(client, requests)
        local members, found = alma.sets.members(client, "8000004641")
        assert.are.equal(case[2] - #offsets, #members)
        for i, offset in ipairs(offsets) do
          assert.are.same({
            offset = offset, id = ("99%06d4641"):format(offset),
            message = ("Set Member not found: IED 99%06d4641"):format(offset),
          }, found[i])
        end
        assert.are.equal(#offsets, #found)
        for _, request in ipairs(requests) do
          local offset = tonumber(request.query:match "offset=(%d+)")
          assert.is_true(not offset or offset < case[2], "asked beyond the end")
        end
      end)
    end)
  end

  it("halves the page around one broken member in few calls", function()
    with(broken_set(100, { [42] = true }), function(client, requests)
      alma.sets.members(client, "8000004641")
      assert.is_true(#requests <= 16, #requests .. " calls")
    end)
  end)

  it("reads on when the set claims a wrong size and its first member is broken", function()
    for _, claimed in ipairs { 90, 170 } do
      with(broken_set(130, { [0] = true }, claimed), function(client)
        local members, broken = alma.sets.members(client, "8000004641")
        assert.are.equal(129, #members)
        assert.are.equal(1, #broken)
      end)
    end
  end)

  it("refuses a set that changes while it is read", function()
    local calls = 0
    with(function(...)
      calls = calls + 1
      return broken_set(calls > 1 and 151 or 150, {})(...)
    end, function(client)
      local members, message, code = alma.sets.members(client, "8000004641")
      assert.is_nil(members)
      assert.are.equal("conflict", code)
      assert.truthy(message:find("changed while it was read (150 entries, now 151)", 1, true))
    end)
  end)

  -- A server that gives `most` at a time, of a set whose members at `hidden` it counts and does not give.
  local function stingy(count, most, hidden)
    return function(_, _, query)
      local list, offset = {}, tonumber(query.offset)
      for i = offset + 1, math.min(count, offset + math.min(most, tonumber(query.limit))) do
        if not hidden[i] then list[#list + 1] = { id = ("99%06d4641"):format(i) } end
      end
      return { member = list[1] and list, total_record_count = count }
    end
  end

  for _, case in ipairs { { 40, 100, { 2 } }, { 40, 10, {} }, { 40, 10, { 2 } }, { 250, 10, { 1, 2, 3, 11, 249, 250 } },
    { 250, 100, { 150 } }, { 101, 100, { 101 } }, { 100, 7, { 50, 51 } } } do
    local count, most, hidden = table.unpack(case)
    it(("lists what there is of %d, %d at a time with %d missing, and says how many are"):format(count, most, #hidden), function()
      local is_hidden, expected = {}, {}
      for _, i in ipairs(hidden) do is_hidden[i] = true end
      for i = 1, count do expected[#expected + 1] = not is_hidden[i] and { id = ("99%06d4641"):format(i) } or nil end
      with(stingy(count, most, is_hidden), function(client)
        local members, broken, missing = alma.sets.members(client, "8000004641")
        assert.same(expected, members)
        assert.same({}, broken)
        assert.equal(#hidden, missing)
      end)
    end)
  end

  it("refuses a member that comes twice", function()
    with(function(_, _, query)
      local result = broken_set(150, {})("GET", "", query)
      if query.offset == "100" then result.member[1].id = "990000004641" end
      return result
    end, function(client)
      local members, message, code = alma.sets.members(client, "8000004641")
      assert.is_nil(members)
      assert.are.equal("parse", code)
      assert.truthy(message:find("entry 990000004641 comes twice", 1, true))
    end)
  end)

  it("gives any other error as it is", function()
    with(function() return nil, "60107", "Invalid set ID." end, function(client)
      local members, message, code = alma.sets.members(client, "8000004641")
      assert.is_nil(members)
      assert.are.equal("missing", code)
      assert.truthy(message:find("invalid set ID (60107", 1, true))
    end)
  end)
end)

describe("alma.sets.find", function()
  local SETS = {
    { id = "800000014641", name = "TIFF only" }, { id = "800000024641", name = "TIFF only (old)" }, { id = "800000034641", name = "Maps" },
    { id = "800000044641", name = "MAPS" }, { id = "800000054641", name = "Postcards" }, { id = "800000064641", name = "Postcards" },
    { id = "800000074641", name = "2024" }, { id = "800000084641", name = "Cafe\u{301} menus" },
  }

  -- `search` decides what the search by name finds, as far as anybody knows.
  local function server(search)
    return function(_, path, query)
      local id = path:match "^/conf/sets/(%d+)$"
      if id then
        for _, set in ipairs(SETS) do
          if set.id == id then return { id = id, name = set.name, number_of_members = { value = "12" } } end
        end
        return nil, "60107", "Invalid set ID."
      end
      local list = {}
      for _, set in ipairs(SETS) do
        if not query.q or search(set.name, query.q:gsub("^name~", "")) then list[#list + 1] = set end
      end
      return { set = json.array(list), total_record_count = #list }
    end
  end
  local function by_part(name, wanted) return name:find(wanted, 1, true) ~= nil end

  it("finds a set by its id", function()
    with(server(by_part), function(client, requests)
      assert.are.equal("Maps", alma.sets.find(client, "800000034641").name)
      assert.are.equal(1, #requests)
    end)
  end)

  it("finds a set by its exact name, and gives it whole", function()
    with(server(by_part), function(client, requests)
      local set = alma.sets.find(client, "TIFF only")
      assert.are.equal("800000014641", set.id)
      assert.are.equal("12", set.number_of_members.value)
      assert.are.equal("limit=100&offset=0&q=name~TIFF%20only", requests[1].query)
    end)
  end)

  it("takes digits for a name when there is no such id", function()
    with(server(by_part), function(client) assert.are.equal("800000074641", alma.sets.find(client, "2024").id) end)
  end)

  it("is loose about case and Unicode form only when nothing fits exactly", function()
    with(server(by_part), function(client)
      assert.are.equal("800000034641", alma.sets.find(client, "Maps").id)
      assert.are.equal("800000084641", alma.sets.find(client, "caf\u{e9}  menus").id)
      local set, message, code = alma.sets.find(client, "maps")
      assert.is_nil(set)
      assert.are.equal("conflict", code)
      assert.truthy(message:find("800000034641, 800000044641", 1, true))
    end)
  end)

  it("asks for an id when a name is taken twice", function()
    with(server(by_part), function(client)
      local set, message, code = alma.sets.find(client, "Postcards")
      assert.is_nil(set)
      assert.are.equal("conflict", code)
      assert.are.equal("there are 2 sets named 'Postcards': give the id of one (800000054641, 800000064641)", message)
    end)
  end)

  it("finds a name that Alma's own search misses", function()
    with(server(function() return false end), function(client)
      assert.are.equal("800000014641", alma.sets.find(client, "TIFF only").id)
    end)
  end)

  it("finds a name that Alma's search does not take", function()
    local normal = server(by_part)
    with(function(method, path, query)
      if query.q then return nil, "60106", "Invalid query format." end
      return normal(method, path, query)
    end, function(client) assert.are.equal("800000034641", alma.sets.find(client, "Maps").id) end)
  end)

  it("says that there is none only after it read the whole list, with the nearest name", function()
    with(server(by_part), function(client, requests)
      local set, message, code = alma.sets.find(client, "TIFF onlz")
      assert.is_nil(set)
      assert.are.equal("missing", code)
      assert.are.equal("there is no set 'TIFF onlz', did you mean 'TIFF only'?", message)
      assert.are.equal("limit=100&offset=0", requests[#requests].query)
    end)
  end)

  it("never takes a failed look-up for 'there is none'", function()
    with(function() return nil, "UNAUTHORIZED", "API-key not defined" end, function(client, requests)
      local set, message, code = alma.sets.find(client, "Maps")
      assert.is_nil(set)
      assert.are.equal("auth", code)
      assert.truthy(message:find("Configuration", 1, true))
      assert.are.equal(1, #requests)
    end)
  end)
end)

describe("alma.collections", function()
  local TREE = {
    { pid = { value = "810000014641" }, name = "Maps", collection = { { pid = { value = "810000024641" }, name = "Town plans" } } },
    { pid = { value = "810000034641" }, name = "Photographs" },
  }
  local function server(_, path, query)
    local pid = path:match "^/bibs/collections/(%d+)$"
    if pid then
      return pid ~= "810000094641" and { pid = { value = pid }, name = "collection " .. pid } or nil,
        "402215", "An input parameter was not found."
    end
    if path == "/bibs/collections" then
      local list = json.array {}
      for _, collection in ipairs(TREE) do
        if not query.q or query.q == "name~" .. collection.name then list[#list + 1] = collection end
      end
      return { collection = list, total_record_count = #list }
    end
  end

  it("are listed with their sub-collections", function()
    with(server, function(client)
      local names = {}
      for i, collection in ipairs(alma.collections.list(client)) do names[i] = collection.name end
      assert.are.same({ "Maps", "Town plans", "Photographs" }, names)
    end)
  end)

  it("are found by id, by name, and by the name of a sub-collection", function()
    with(server, function(client)
      assert.are.equal("810000014641", alma.collections.find(client, "810000014641").pid.value)
      assert.are.equal("810000034641", alma.collections.find(client, "Photographs").pid.value)
      assert.are.equal("810000024641", alma.collections.find(client, "Town plans").pid.value)
      local found, message, code = alma.collections.find(client, "Charts")
      assert.is_nil(found)
      assert.are.equal("missing", code)
      assert.are.equal("there is no collection 'Charts'; give its id, or its name as Alma shows it", message)
    end)
  end)

  it("take a title, also one that is in already", function()
    local answers = { { mms_id = "991" }, "701115", "402260" }
    with(function(method)
      assert(method == "POST")
      local answer = table.remove(answers, 1)
      if type(answer) == "table" then return answer end
      return nil, answer, "Bib record is somewhere."
    end, function(client, requests)
      assert.are.same({ true, nil, nil, { added = true } }, { alma.collections.add_bib(client, "810000014641", "991") })
      assert.are.same({ true, nil, nil, { added = false } }, { alma.collections.add_bib(client, "810000014641", "991") })
      assert.are.equal('{"mms_id":"991"}', requests[1].body)
      assert.are.equal("/almaws/v1/bibs/collections/810000014641/bibs", requests[1].path)
      local ok, _, code = alma.collections.add_bib(client, "810000014641", "991")
      assert.is_nil(ok)
      assert.are.equal("missing", code)
    end)
  end)

  it("lose a title, also one that is not in them", function()
    local answers = { "ok", "701116", "701117" }
    scripted.run(function(request)
      local answer = table.remove(answers, 1)
      request:reply(answer == "ok" and { status = 204 } or { status = 400, body = scripted.error_body(answer, "Bib record is.") })
    end, function(url, requests)
      local client = alma.new { url = url, key = "k", log = openapi.observer() }
      assert.is_true(alma.collections.remove_bib(client, "810000014641", "991"))
      assert.are.equal("/almaws/v1/bibs/collections/810000014641/bibs/991", requests[1].path)
      assert.is_true(alma.collections.remove_bib(client, "810000014641", "991"))
      assert.is_nil((alma.collections.remove_bib(client, "810000014641", "991")))
    end)
  end)

  it("give their titles, all pages", function()
    with(function(_, _, query)
      local result = { total_record_count = 120, bib = {} }
      for i = tonumber(query.offset) + 1, math.min(tonumber(query.offset) + 100, 120) do
        table.insert(result.bib, { mms_id = ("99%04d4641"):format(i) })
      end
      return result
    end, function(client) assert.are.equal(120, #alma.collections.bibs(client, "810000014641")) end)
  end)
end)

describe("alma.conf", function()
  it("gives the institution, with the upload form on request", function()
    with(function() return { institution = { value = "01UNI_INST" }, environment_type = "SANDBOX" } end,
      function(client, requests)
        assert.are.equal("01UNI_INST", alma.conf.general(client).institution.value)
        alma.conf.general(client, { ingest_form = true })
        assert.are.equal("", requests[1].query)
        assert.are.equal("expand=ingest_form", requests[2].query)
      end)
  end)

  it("refuses a general answer without an institution: it guards where a run may write", function()
    with(function() return { environment_type = "SANDBOX" } end, function(client)
      local general, message, code = alma.conf.general(client)
      assert.is_nil(general)
      assert.are.equal("parse", code)
      assert.truthy(message:find("institution is missing", 1, true))
    end)
  end)

  it("gives libraries and the rows of a code table", function()
    with(function(_, path)
      if path == "/conf/libraries" then return { library = { { code = "MAIN" } }, total_record_count = 1 } end
      assert(path == "/conf/code-tables/RepresentationUsageType")
      return { name = "RepresentationUsageType", row = { { code = "DERIVATIVE_COPY", description = "Derivative" } } }
    end, function(client)
      assert.are.equal("MAIN", alma.conf.libraries(client)[1].code)
      assert.are.equal("DERIVATIVE_COPY", alma.conf.code_table(client, "RepresentationUsageType")[1].code)
    end)
  end)
end)

describe("alma.test", function()
  it("gives the institution that the key belongs to", function()
    with(function(method)
      return ("<test>%s - OK%s</test>"):format(method, method == "GET" and " - institutionCode: 01UNI_INST" or "")
    end, function(client, requests)
      assert.are.equal("01UNI_INST", alma.test(client, "bibs"))
      assert.are.equal(1, #requests)
      assert.are.equal("01UNI_INST", alma.test(client, "users", true))
      assert.are.equal("/almaws/v1/users/operation/test", requests[3].path)
      assert.are.equal("POST", requests[3].method)
    end)
  end)

  it("names area and right when the key may only read", function()
    with(function(method)
      if method == "GET" then return "<test>GET - OK - institutionCode: 01UNI_INST</test>" end
      return nil, "UNAUTHORIZED", "API-key not defined or not configured to allow this API."
    end, function(client)
      local code_of, message, code = alma.test(client, "bibs", true)
      assert.is_nil(code_of)
      assert.are.equal("auth", code)
      assert.truthy(message:find("no read/write right for Bibs", 1, true))
    end)
  end)

  it("raises for an area that Alma has not", function()
    assert.error_matches(function() alma.test(alma.new { url = "http://127.0.0.1:1", key = "k" }, "maps") end, "no area maps")
  end)
end)
