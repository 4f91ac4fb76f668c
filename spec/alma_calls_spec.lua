-- The table of Alma's calls, and what the client does with it.
local alma = require "almanac.alma"
local calls = require "almanac.alma.calls"
local core = require "almanac.core"
local maker = require "support.call_table"
local openapi = require "support.openapi"
local requests = require "almanac.alma.request"
local scripted = require "support.scripted"

local function all()
  local list = {}
  for _, area in ipairs(calls.AREAS) do table.move(calls.of(area), 1, #calls.of(area), #list + 1, list) end
  table.move(calls.of "by_hand", 1, #calls.of "by_hand", #list + 1, list)
  return list
end

describe("table of calls", function()
  it("has a row for each call, each with a name of its own that says what it does", function()
    local seen = {}
    for _, call in ipairs(all()) do
      assert.is_nil(seen[call.name], call.name)
      seen[call.name] = true
      assert.truthy(call.name:find "^%l+_[%l_]*%l$", call.name)
      assert.equal(call, calls.named(call.name))
    end
    assert.same({ 77, 68, 42, 5 }, { #calls.of "bibs", #calls.of "conf", #calls.of "users", #calls.of "analytics" })
    assert.equal(#all(), #calls.names())
  end)

  it("finds each call by its path, and a word goes before an id", function()
    for _, call in ipairs(all()) do
      local path = call.path:gsub("{.-}", "99939650000541")
      assert.equal(call, calls.at(path)[call.method], call.name)
    end
    assert.equal("list_collections", calls.at({ "bibs", "collections" }).GET.name)
    assert.equal("get_me", calls.at({ "users", "ME" }).GET.name)
    assert.equal("list_user_loans", calls.at({ "users", "ME", "loans" }).GET.name)
    assert.equal("get_bib", calls.at({ "bibs", "a/b" }).GET.name)
    assert.equal("get_analytics_path", calls.at("/analytics/paths/shared/University/Reports").GET.name)
  end)

  it("tells of a call what it takes and what it needs", function()
    local call = calls.named "list_job_instances"
    assert.same({ "conf", "read", "offset", "rest_job_instances" }, { call.area, call.right, call.paging, call.answer })
    assert.same({ name = "limit", kind = "int", low = 0, high = 100, default = "10", required = false, described = true },
      call.query.limit)
    -- OpenAPI marks it as required, and says "Optional."
    assert.same({ name = "submit_date_from", kind = "date", required = false, described = true }, call.query.submit_date_from)
    call = calls.named "act_on_set"
    assert.same({ "conf", "read-write", "none", "rest_set" }, { call.area, call.right, call.paging, call.body })
    assert.is_true(call.query.op.required)
    assert.same({ "add_members", "delete_members", "replace_members" }, call.query.op.values)
    assert.equal("token", calls.named("get_analytics_report").paging)
    assert.equal(25, calls.named("get_analytics_report").query.limit.step)
    assert.is_true(calls.named("create_holding").xml)
    assert.is_false(calls.named("create_item").xml)
    assert.is_nil(calls.named("delete_bib").answer)
  end)

  it("says which parameters OpenAPI does not have", function()
    assert.is_false(calls.named("list_files").query.limit.described)
    assert.is_true(calls.named("list_files").query.expand.described)
    assert.is_true(calls.named("list_representations").query.limit.described)
  end)

  it("is what `make calls` makes of Alma's OpenAPI descriptions", function()
    if not core.files.stat(maker.FOLDER) then return pending "../shared is absent" end
    for area, text in pairs(maker.make()) do
      assert.equal(core.files.read(("lua/almanac/alma/calls/%s.lua"):format(area), 1 << 20), text)
    end
  end)
end)

describe("a request against the table of calls", function()
  -- Without a server: what is wrong is told before anything is sent.
  local client = alma.new { url = "http://127.0.0.1:9", key = "k" }

  local function raises(words, request)
    local ok, message = pcall(function() client:call(request) end)
    assert.is_false(ok, "it was sent")
    assert.truthy(message:find("client:call: " .. words, 1, true), message)
    assert.truthy(message:find("alma_calls_spec.lua", 1, true), message)
  end

  it("names the nearest right word of a path", function()
    raises("Alma has no path /bibs/991/represntations, did you mean 'representations'?", { path = { "bibs", "991", "represntations" } })
    raises("Alma has no path /conf/set, did you mean 'sets'?", { path = "/conf/set" })
    raises("Alma has no API 'bib', did you mean 'bibs'?", { path = { "bib", "991" } })
    raises("Alma has no path /conf/sets/1/members/2: nothing comes after members", { path = { "conf", "sets", "1", "members", "2" } })
    raises("Alma has no call /conf/utilities; it goes on with fee-transactions", { path = { "conf", "utilities" } })
    raises("/conf/sets has no PUT; it has: GET, POST", { method = "PUT", path = { "conf", "sets" }, body = {} })
  end)

  it("names the nearest right parameter", function()
    raises("GET /conf/sets has no query parameter 'limt', did you mean 'limit'?", { path = { "conf", "sets" }, query = { limt = 3 } })
    raises("DELETE /bibs/{mms_id}/representations/{rep_id} has no query parameter 'bib', did you mean 'bibs'?",
      { method = "DELETE", path = { "bibs", "1", "representations", "2" }, query = { bib = "delete" } })
    raises("GET /conf/test has no query parameter 'x': it takes none", { path = { "conf", "test" }, query = { x = 1 } })
    raises("POST /conf/sets/{set_id} needs the query parameter 'op': add_members or delete_members or replace_members",
      { method = "POST", path = { "conf", "sets", "1" }, body = {} })
  end)

  it("keeps values in their types and limits", function()
    local function wrong(words, name, query, at) raises(words, { name = name, at = at, query = query }) end
    wrong("'limit' of GET /conf/sets must be between 0 and 100, not 101", "list_sets", { limit = 101 })
    wrong("'limit' of GET /conf/sets must be a whole number from 0 on, not 'all'", "list_sets", { limit = "all" })
    wrong("'offset' of GET /conf/sets must be a whole number from 0 on, not 0.5", "list_sets", { offset = 0.5 })
    wrong("'offset' of GET /conf/sets must be a whole number from 0 on, not true", "list_sets", { offset = true })
    for _, value in ipairs { -1, "-1", " 1", "0x10", "", 1 / 0 } do
      wrong("'offset' of GET /conf/sets must be a whole number from 0 on, not ", "list_sets", { offset = value })
    end
    wrong("'limit' of GET /analytics/reports must be a multiple of 25, not 30", "get_analytics_report", { limit = 30 })
    wrong("'set_type' of GET /conf/sets must be ITEMIZED or LOGICAL, not 'itemized': did you mean 'ITEMIZED'?", "list_sets",
      { set_type = "itemized" })
    wrong("'override' of DELETE /bibs/{mms_id} must be true or false, not 'yes'", "delete_bib", { override = "yes" }, { mms_id = "1" })
    wrong("'expand' of GET /bibs/{mms_id} must be of p_avail, e_avail, d_avail, requests (with commas between), not 'p_avail,davail'",
      "get_bib", { expand = "p_avail,davail" }, { mms_id = "1" })
    wrong("'mms_id' of GET /bibs must be of 100 ids at most, not ", "list_bibs", { mms_id = ("1,"):rep(100) .. "1" })
    wrong("'q' of GET /conf/sets must be text, not true", "list_sets", { q = true })
    wrong("'from' of GET /conf/reminders must be a date such as 2026-01-31, not 20260131", "list_reminders", { from = 20260131 })
  end)

  it("has a body where one is taken, and in a format that is taken", function()
    raises("POST /conf/sets needs a body (rest_set)", { method = "POST", path = { "conf", "sets" } })
    raises("POST /bibs/test takes no body", { method = "POST", path = { "bibs", "test" }, body = {} })
    local only = "POST /bibs takes XML only: make it with almanac.xml and give content_type = 'application/xml'"
    raises(only, { method = "POST", path = { "bibs" }, body = {} })
    raises(only, { name = "create_bib", body = "{}", content_type = "application/json" })
  end)

  -- A right value of a parameter, and a wrong one where there is any.
  local SAMPLES = { int = { 1, "x" }, bool = { true, "maybe" }, date = { "2026-01-31", true }, text = { "x", true },
    ids = { "1,2", true } }

  local function sample(parameter)
    if parameter.step then return parameter.low, parameter.low + 1 end
    if parameter.high then return parameter.high, parameter.high + 1 end
    if parameter.values then return parameter.values[#parameter.values], "no-such-value" end
    return table.unpack(SAMPLES[parameter.kind])
  end

  -- A request with all that a call takes.
  local function full(call)
    local request = { name = call.name, at = {}, query = {} }
    for place in call.path:gmatch "{(.-)}" do request.at[place] = "99939650000541" end
    for _, parameter in ipairs(call.parameters) do request.query[parameter.name] = sample(parameter) end
    if call.body then request.body, request.content_type = call.xml and "<x/>" or {}, call.xml and "application/xml" or nil end
    return request
  end

  it("is taken with each value that its call takes, and refused with any other", function()
    for _, call in ipairs(all()) do
      local request = full(call)
      assert.equal(call.method, (requests.check(request)), call.name)
      for _, parameter in ipairs(call.parameters) do
        local right, wrong = sample(parameter)
        request.query[parameter.name] = wrong
        assert.is_false(pcall(requests.check, request), call.name .. " " .. parameter.name)
        request.query[parameter.name] = nil
        assert.equal(not parameter.required, (pcall(requests.check, request)), call.name .. " " .. parameter.name)
        request.query[parameter.name] = right
      end
      request.query.no_such_parameter = 1
      assert.is_false(pcall(requests.check, request), call.name)
    end
  end)

  it("that is taken is one that Alma's descriptions have", function()
    if openapi.missing() then return pending(openapi.missing()) end
    for _, call in ipairs(all()) do
      if not call.body then
        local request = full(call)
        local _, path = requests.check(request)
        assert.is_nil(openapi.problem { method = call.method, path = "/" .. table.concat(path, "/"), query = request.query })
      end
    end
  end)

  it("by name has its places filled", function()
    raises("there is no call 'get_bibb', did you mean 'get_bib'?", { name = "get_bibb" })
    raises("get_bib: 'mms_id' is missing in 'at': is a variable nil?", { name = "get_bib" })
    raises("the path of get_item, /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}, has no place 'item_id', did you mean 'item_pid'?",
      { name = "get_item", at = { item_id = "1" } })
    raises("a call by its name has its method and path already", { name = "get_bib", method = "GET", at = { mms_id = "1" } })
    raises("'at' goes with 'name'", { path = { "bibs" }, at = {} })
  end)

  it("fails, and does not raise, when data are wrong", function()
    for words, request in pairs {
      ['"9/91" can\'t be an id'] = { name = "get_bib", at = { mms_id = "9/91" } },
      ['"" can\'t be an id'] = { path = { "bibs", "" } },
      ["GET /conf/reminders: 'from' must be a date such as 2026-01-31, not '31.1.26'"] = { name = "list_reminders",
        query = { from = "31.1.26" } },
    } do
      local answer, message, code, detail = client:call(request)
      assert.same({ nil, words, "parse", true, false }, { answer, message, code, detail.unsent, detail.unclear })
    end
  end)

  local function with(request)
    local sent
    scripted.run(function(asked)
      sent = { asked:method(), asked:path(), asked:query() }
      asked:reply { status = 200, body = "{}", headers = { ["Content-Type"] = "application/json" } }
    end, function(url)
      assert(alma.new { url = url, key = "k" }:call(request))
    end)
    return sent
  end

  it("by name goes where the same by path goes", function()
    local by_name = with { name = "list_items", at = { mms_id = "991", holding_id = "ALL" }, query = { limit = 5, view = "label" } }
    local by_path = with { path = { "bibs", "991", "holdings", "ALL", "items" }, query = { limit = 5, view = "label" } }
    assert.same(by_path, by_name)
    assert.equal("/almaws/v1/bibs/991/holdings/ALL/items", by_name[2])
    local folder = with { name = "get_analytics_path", at = { path = "/shared/My University/Reports" } }
    assert.equal("/almaws/v1/analytics/paths/shared/My%20University/Reports", folder[2])
  end)

  it("is sent when an id is a word of another path: that there is none is for Alma to say", function()
    assert.equal("/almaws/v1/bibs/test", with({ path = { "bibs", "test" }, query = { view = "brief" } })[2])
    assert.equal("DELETE", with({ method = "DELETE", path = { "bibs", "authorities" }, query = { override = true } })[1])
    assert.equal("/almaws/v1/bibs/collections/holdings", with({ path = { "bibs", "collections", "holdings" } })[2])
  end)

  it("is sent as it is where Alma's API has no table, and where the program says so", function()
    assert.equal("/almaws/v1/acq/funds", with({ path = { "acq", "funds" }, query = { q = "x" } })[2])
    assert.equal("/almaws/v1/electronic/e-collections", with({ path = "/electronic/e-collections" })[2])
    assert.equal("/almaws/v1/conf/new-things", with({ path = { "conf", "new-things" }, query = { x = 1 }, unchecked = true })[2])
  end)
end)
