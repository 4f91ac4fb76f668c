local alma = require "almanac.alma"
local json = require "almanac.json"
local openapi = require "support.openapi"
local scripted = require "support.scripted"

local KEY = "l7xxSPECKEY0123456789"
local GOOD = { status = 200, body = '{"institution":{"value":"01UNI_INST"},"environment_type":"SANDBOX"}',
  headers = { ["X-Exl-Api-Remaining"] = "498668", ["Content-Type"] = "application/json;charset=UTF-8" } }

local function refusal(code, message, status, tracking)
  return {
    status = status or 400, headers = { ["X-Exl-Api-Remaining"] = "17" },
    body = json.encode { errorsExist = true, errorList = { error = {
      { errorCode = code, errorMessage = message, trackingId = tracking or "E01-1409095747-SS4OE-AWAE1612166395" },
    } } },
  }
end

-- Runs `fn(client, requests, events)` against a server with these answers.
local function with(answers, fn, options)
  local handler = type(answers) == "function" and answers or scripted.answers(table.unpack(answers))
  return scripted.run(handler, function(url, requests)
    local events = {}
    local given = { url = url, key = KEY, rate = 1000, backoff = { first = 0.001, longest = 0.002 },
      log = openapi.observer(function(event) events[#events + 1] = event end) }
    for name, value in pairs(options or {}) do given[name] = value end
    return fn(alma.new(given), requests, events)
  end)
end

local GET = { path = { "conf", "general" } }
local POST = { method = "POST", path = { "bibs", "991", "representations" },
  body = { is_remote = false, label = "JPG", library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" } } }
local DELETE = { method = "DELETE", path = { "bibs", "991", "representations", "122" }, query = { bibs = "retain" } }

describe("alma client", function()
  it("asks for another format when the request says so, and gives the answer as text", function()
    with({ { status = 200, body = "<report/>" } }, function(client, requests)
      assert.are.equal("<report/>", client:call { path = { "analytics", "reports" }, query = { path = "/shared/x" },
        accept = "application/xml" })
      assert.are.equal("application/xml", requests[1].headers.accept)
    end)
  end)

  it("puts an answer into a file, and a refusal nowhere, whatever its status", function()
    local core = require "almanac.core"
    local folder = core.files.temp_folder()
    local path = folder .. "/answer"
    local request = { path = { "conf", "general" }, to = path }
    with({ { status = 200, body = "abc" }, refusal("402119", "General error.", 200) }, function(client)
      assert.are.equal(path, client:call(request))
      assert.are.equal("abc", core.files.read(path))
      local _, message, code = client:call(request)
      assert.truthy(message:find("402119", 1, true), message)
      assert.are.equal("status", code)
      assert.is_nil(core.files.stat(path))
    end)
    core.files.remove(folder, { tree = true })
  end)

  it("sends a call that says so only once, unless it was refused as too fast", function()
    local request = { path = { "conf", "general" }, once = true }
    for _, answer in ipairs { "drop", { status = 500, body = "" }, { status = 200, body = "{" },
      { status = 503, body = "<html></html>" } } do
      with({ answer, GOOD }, function(client, requests)
        assert.is_nil((client:call(request)))
        assert.are.equal(1, #requests)
      end)
    end
    with({ refusal("PER_SECOND_THRESHOLD", "too fast", 429), GOOD }, function(client)
      assert.truthy(client:call(request))
    end)
  end)

  it("asks for JSON with the key in the header and nowhere else", function()
    with({ GOOD }, function(client, requests)
      local answer = client:call { path = { "conf", "general" }, query = { expand = "ingest_form" } }
      assert.are.equal("01UNI_INST", answer.institution.value)
      local request = requests[1]
      assert.are.equal("/almaws/v1/conf/general", request.path)
      assert.are.equal("expand=ingest_form", request.query)
      local headers = {}
      for name, value in pairs(request.headers) do headers[name:lower()] = value end
      assert.are.equal("apikey " .. KEY, headers.authorization)
      assert.are.equal("application/json", headers.accept)
      assert.is_nil((request.path .. request.query):find(KEY, 1, true))
    end)
  end)

  it("keeps what Alma says is left of the day's calls, also from a refusal", function()
    with({ GOOD, refusal("401664", "Mandatory field is missing: library") }, function(client)
      client:call(GET)
      assert.are.equal(498668, client.remaining)
      client:call(GET)
      assert.are.equal(17, client.remaining)
    end)
  end)

  it("counts every request by method", function()
    with({ { status = 500, body = "" }, GOOD, GOOD, GOOD }, function(client)
      client:call(GET)
      client:call(GET)
      client:call(POST)
      assert.are.same({ GET = 3, POST = 1 }, client.calls)
    end)
  end)

  it("sends a body as JSON and gives the answer", function()
    with({ { status = 200, body = '{"id":"122","label":"JPG","files":null}' } }, function(client, requests)
      local answer = client:call(POST)
      assert.are.same({ id = "122", label = "JPG" }, answer)
      assert.are.same(POST.body, json.decode(requests[1].body))
    end)
  end)

  it("encodes the segments of a path and the values of a query", function()
    with({ GOOD }, function(client, requests)
      client:call { path = { "conf", "code-tables", "a b%ü" } }
      client:call { path = { "conf", "sets" }, query = { q = "name~a&b=c d/é" } }
      assert.are.equal("/almaws/v1/conf/code-tables/a%20b%25%C3%BC", requests[1].path)
      assert.are.equal("q=name~a%26b%3Dc%20d%2F%C3%A9", requests[2].query)
    end)
  end)

  it("refuses an id that can't be a segment, without a request", function()
    with({ GOOD }, function(client, requests)
      for _, id in ipairs { "", ".", "..", "99/12", "99\n12" } do
        local answer, message, code, detail = client:call { path = { "bibs", id } }
        assert.is_nil(answer)
        assert.are.equal("parse", code)
        assert.truthy(message:find "can't be an id")
        assert.is_true(detail.unsent)
      end
      assert.are.equal(0, #requests)
      assert.error_matches(function() client:call { path = { "bibs", 991234 } } end, "an id must be a string")
    end)
  end)

  it("refuses a path that lacks a segment: it would be the address of something else", function()
    with({ GOOD }, function(client, requests)
      for _, path in ipairs { { "bibs", nil, "representations" }, { [2] = "bibs" }, { "bibs", id = "991" } } do
        assert.error_matches(function() client:call { method = "DELETE", path = path } end, "client:call: the path has no segment %d")
      end
      assert.error_matches(function() client:call { path = {} } end, "client:call: the path has no segment")
      assert.are.equal(0, #requests)
    end)
  end)

  it("never puts a key into an address", function()
    with({ GOOD }, function(client)
      assert.error_matches(function()
        client:call { path = { "conf", "general" }, query = { apikey = KEY } }
      end, "client:call: the key goes into no address")
    end)
  end)

  it("keeps the key out of errors, events and the client itself", function()
    with({ refusal("UNAUTHORIZED", "API-key " .. KEY .. " not defined"), refusal("400", "odd key " .. KEY) },
      function(client, _, events)
        local texts = {}
        for _ = 1, 2 do
          local _, message, _, detail = client:call(GET)
          texts[#texts + 1] = message .. json.encode(detail)
        end
        for _, event in ipairs(events) do texts[#texts + 1] = json.encode(event) end
        for _, value in pairs(client) do texts[#texts + 1] = tostring(value) end
        assert.is_nil(table.concat(texts, "\n"):find(KEY, 1, true))
      end)
  end)

  it("tells at the first call that key or address can't be right", function()
    local _, message, code = alma.new { url = "http://127.0.0.1:1", key = "l7xx abc" }:call(GET)
    assert.are.equal("auth", code)
    assert.truthy(message:find "copy it again")
    _, message, code = alma.new { url = "api-na.example", key = KEY }:call(GET)
    assert.are.equal("connect", code)
    assert.truthy(message:find("is no http(s) address", 1, true))
    assert.error_matches(function() alma.new { url = "http://x" } end, "alma%.new: key must be a string")
  end)

  it("logs every try with what support asks for", function()
    with({ { status = 503, body = "busy" }, refusal("402203", "Input parameters mmsId 991 is not valid.") },
      function(client, _, events)
        client:call { path = { "bibs", "991" }, query = { view = "brief" } }
        assert.are.equal(2, #events)
        assert.are.equal(503, events[1].status)
        local event = events[2]
        assert.are.equal("number", type(event.ms))
        event.ms = nil
        assert.are.same({
          method = "GET", path = "/bibs/991", query = { view = "brief" }, status = 400, try = 2, remaining = 17,
          tracking = "E01-1409095747-SS4OE-AWAE1612166395", code = "missing",
          error = "GET /bibs/991: input parameters mmsId 991 is not valid " ..
            "(402203, tracking id E01-1409095747-SS4OE-AWAE1612166395)",
        }, event)
      end)
  end)

  it("follows a redirect", function()
    with(function(request)
      if request:path():find "/general$" then
        return request:reply { status = 302, headers = { Location = "/almaws/v1/conf/libraries" } }
      end
      request:reply { status = 200, body = '{"here":true}' }
    end, function(client)
      assert.are.same({ here = true }, client:call(GET))
    end)
  end)

  describe("repeats", function()
    for _, case in ipairs {
      { "status 500", { status = 500, body = "" } }, { "status 503", { status = 503, body = "<html>down</html>" } },
      { "a reset connection", "drop" }, { "half an answer", { status = 200, body = GOOD.body, cut = 10 } },
      { "an answer that is no JSON", { status = 200, body = "<html>maintenance</html>" } },
      { "an empty answer", { status = 200, body = "" } },
    } do
      it("a GET after " .. case[1], function()
        with({ case[2], case[2], GOOD }, function(client, requests)
          local answer, message = client:call(GET)
          assert.is_nil(message)
          assert.are.equal("SANDBOX", answer.environment_type)
          assert.are.equal(3, #requests)
        end)
      end)
    end

    it("a GET six times in all, then says what was wrong", function()
      with({ { status = 502, body = "" } }, function(client, requests)
        local answer, message, code, detail = client:call(GET)
        assert.is_nil(answer)
        assert.are.equal("GET /conf/general: Alma answered with status 502 (status 502)", message)
        assert.are.equal("status", code)
        assert.are.equal(502, detail.status)
        assert.is_false(detail.unclear)
        assert.are.equal(6, #requests)
      end)
    end)

    it("no filter's page, which says nothing about the key", function()
      with({ { status = 403, body = "\n<html><head><TITLE>Web\nFilter</TITLE></head></html>" } }, function(client, requests)
        local answer, message, code = client:call(GET)
        assert.is_nil(answer)
        assert.equal("status", code)
        assert.equal("GET /conf/general: the answer is not Alma's but a web page titled 'Web Filter': " ..
          "does a web filter, proxy or gateway stand in between? (status 403)", message)
        assert.equal(1, #requests)
      end)
    end)

    it("nothing that was refused", function()
      for _, case in ipairs {
        { refusal("UNAUTHORIZED", "API-key not defined or not configured to allow this API."), "auth" },
        { refusal("402203", "Input parameters mmsId 1 is not valid."), "missing" },
        { refusal("401664", "Mandatory field is missing: library"), "status" },
        { refusal("DAILY_THRESHOLD", "Daily limit reached", 429), "quota" },
        { refusal("402260", "Bib record is not assigned to a collection."), "missing" },
        { { status = 400, body = "Invalid API Key" }, "auth" },
      } do
        with({ case[1] }, function(client, requests)
          local _, _, code = client:call(GET)
          assert.are.equal(case[2], code)
          assert.are.equal(1, #requests)
        end)
      end
    end)

    it("a call that came too fast, a POST too, and slows down", function()
      for _, request in ipairs { GET, POST } do
        with({ refusal("PER_SECOND_THRESHOLD", "HTTP requests are more than allowed per second", 429), GOOD },
          function(client, requests)
            assert.truthy(client:call(request))
            assert.are.equal(2, #requests)
            assert.is_true(client.pace:rate() < 600)
          end)
      end
    end)

    it("with the pause that Retry-After asks for", function()
      local pace = require "almanac.pace"
      local held
      local limiter = pace.new { rate = 1000 }
      local slow = limiter.slow
      limiter.slow = function(self, departed, retry_after)
        held = retry_after
        return slow(self, departed, 0.01)
      end
      local answer = refusal("PER_SECOND_THRESHOLD", "too fast", 429)
      answer.headers["Retry-After"] = "3"
      with({ answer, GOOD }, function(client) assert.truthy(client:call(GET)) end, { pace = limiter })
      assert.are.equal(3, held)
    end)

    it("a POST that surely was not sent", function()
      local client = alma.new { url = "http://127.0.0.1:1", key = KEY, backoff = { tries = 3, first = 0.001 } }
      local events = 0
      client.log = function() events = events + 1 end
      local answer, message, code, detail = client:call(POST)
      assert.is_nil(answer)
      assert.are.equal("connect", code)
      assert.is_true(detail.unsent)
      assert.is_false(detail.unclear)
      assert.truthy(message:find("^POST /bibs/991/representations: "))
      assert.are.equal(3, events)
      assert.are.same({}, client.calls)
    end)
  end)

  describe("does not know whether a POST happened", function()
    for _, case in ipairs {
      { "status 500", { status = 500, body = "" } }, { "a reset connection", "drop" },
      { "half an answer", { status = 200, body = '{"id":"122"}', cut = 4 } },
      { "an answer that is no JSON", { status = 200, body = "<html>ok</html>" } },
      { "a filter's page", { status = 403, body = "<!DOCTYPE html><html>blocked</html>" } },
      { "an empty answer", { status = 200, body = "" } },
      { "a general error", refusal("401652", "General Error - An error has occurred while processing the request.") },
    } do
      it("after " .. case[1] .. ", and sends it once only", function()
        with({ case[2] }, function(client, requests)
          local answer, message, code, detail = client:call(POST)
          assert.is_nil(answer)
          assert.truthy(message)
          assert.truthy(code)
          assert.is_true(detail.unclear)
          assert.is_false(detail.unsent)
          assert.are.equal(1, #requests)
        end)
      end)
    end

    it("when Alma stays silent", function()
      with(function() end, function(client, requests)
        local _, _, code, detail = client:call(POST)
        assert.are.equal("timeout", code)
        assert.is_true(detail.unclear)
        assert.are.equal(1, #requests)
      end, { timeouts = { stall = 5, total = 0.3 } })
    end)
  end)

  it("sends a write once also on a kept connection that dies, where curl would repeat it", function()
    for _, write in ipairs { POST, DELETE } do
      local writes = 0
      with(function(request)
        if request:method() == "GET" then return request:reply(GOOD) end
        writes = writes + 1
        request:drop()
      end, function(client)
        assert(client:call(GET))
        local _, _, _, detail = client:call(write)
        assert.is_true(detail.unclear)
        assert.are.equal(1, writes)
      end, { backoff = { tries = 1 } })
    end
  end)

  it("knows that a refused POST did not happen", function()
    with({ refusal("402260", "Bib record is not assigned to a collection.") }, function(client)
      local _, message, code, detail = client:call(POST)
      assert.are.equal("missing", code)
      assert.is_false(detail.unclear)
      assert.is_true(alma.has_code(detail, "402260"))
      assert.are.equal("POST /bibs/991/representations: bib record is not assigned to a collection " ..
        "(402260, tracking id E01-1409095747-SS4OE-AWAE1612166395)", message)
    end)
  end)

  describe("DELETE", function()
    local gone = refusal("402203", "Input parameters representation 122 is not valid.")

    it("is done with 204", function()
      with({ { status = 204 } }, function(client) assert.is_true(client:call(DELETE)) end)
    end)

    it("whose answer was lost is open when nothing is at the address any more: the title may have been merged", function()
      with({ "drop", gone }, function(client, requests)
        local answer, _, code, detail = client:call(DELETE)
        assert.are.same({ nil, "missing", true }, { answer, code, detail.unclear })
        assert.are.equal(2, #requests)
      end)
    end)

    it("of what never was is an error", function()
      with({ gone }, function(client)
        local answer, _, code = client:call(DELETE)
        assert.is_nil(answer)
        assert.are.equal("missing", code)
      end)
    end)
  end)

  it("gives an error that comes with status 200 as an error", function()
    with({ refusal("401664", "Mandatory field is missing: library", 200) }, function(client)
      local answer, _, code = client:call(POST)
      assert.is_nil(answer)
      assert.are.equal("status", code)
    end)
  end)

  it("lets no more than its rate leave in 1.01 s, with many tasks", function()
    local pace = require "almanac.pace"
    local task = require "almanac.task"
    local left = {}
    local limiter = pace.new { rate = 20 }
    local wait = limiter.wait
    function limiter.wait(self)
      local time = wait(self)
      left[#left + 1] = time
      return time
    end
    with({ GOOD }, function(client)
      local list = {}
      for i = 1, 45 do list[i] = i end
      assert.are.same({}, task.each(list, 45, function() assert(client:call(GET)) end))
    end, { pace = limiter })
    assert.are.equal(45, #left)
    for i = 21, #left do assert.is_true(left[i] - left[i - 20] >= 1.01) end
  end)

  describe("of a request", function()
    -- Without a server: what is wrong is told before anything is sent.
    local client = alma.new { url = "http://127.0.0.1:9", key = KEY }

    local function raises(words, request)
      local ok, message = pcall(client.call, client, request)
      assert.is_false(ok, "it was sent")
      assert.truthy(tostring(message):find(words, 1, true), message)
      assert.truthy(tostring(message):find("alma_client_spec.lua", 1, true) or tostring(message):find "^client:call", message)
    end

    it("refuses a field that it does not know and names the nearest right one", function()
      local near = { metod = "method", Method = "method", pth = "path", qeury = "query", bdy = "body", tiemout = "timeout" }
      for wrong, right in pairs(near) do
        raises(("unknown field '%s', did you mean '%s'?"):format(wrong, right), { path = { "bibs" }, [wrong] = "DELETE" })
      end
      raises("unknown field 'headers'; there are: accept, at, body, content_type", { path = { "bibs" }, headers = {} })
      raises("unknown field '1'", { "GET", path = { "bibs" } })
    end)

    it("refuses what no request can have", function()
      raises("'path' is missing", { method = "GET" })
      raises("must begin with /", { path = "bibs" })
      raises("holds a query", { path = "/bibs?mms_id=991" })
      raises("there is no method 'get', did you mean 'GET'?", { method = "get", path = { "bibs" } })
      raises("there is no method 'PATCH'", { method = "PATCH", path = { "bibs" } })
      raises("'query' must be a table, not a string", { path = { "bibs" }, query = "mms_id=991" })
      raises("'mms_id' of the query must be a string, a number or a boolean, not a table",
        { path = { "bibs" }, query = { mms_id = { "991" } } })
      raises("'timeout' must be a number, not a string", { path = { "bibs" }, timeout = "5" })
      raises("expected a table of options, got string", "/bibs")
    end)

    it("takes a body only where one goes out, and text only with its type", function()
      raises("a GET has no body", { path = { "bibs" }, body = {} })
      raises("a DELETE has no body", { method = "DELETE", path = { "bibs", "991" }, body = { reason = "x" } })
      raises("a body of text needs its content_type", { method = "POST", path = { "bibs" }, body = "<bib/>" })
      raises("'content_type' goes with a body of text", { method = "POST", path = { "bibs" }, content_type = "application/xml" })
      raises("leave out content_type", { method = "POST", path = { "bibs" }, body = {}, content_type = "application/json" })
      for _, kind in ipairs { "xml", "", "application/xml\r\nX-Other: 1" } do
        raises("is no content type", { method = "POST", path = { "bibs" }, body = "<bib/>", content_type = kind })
      end
    end)

    it("refuses an option of alma.new that it does not know", function()
      assert.has_error(function() alma.new { url = "http://127.0.0.1:9", key = KEY, rat = 5 } end,
        "alma.new: unknown field 'rat', did you mean 'rate'?")
      assert.has_error(function() alma.new { url = "http://127.0.0.1:9", key = KEY, timeouts = { conect = 5 } } end,
        "alma.new: timeouts: unknown field 'conect', did you mean 'connect'?")
    end)
  end)

  it("sends text as it is, with its type, and gives the answer as text", function()
    local xml = '<bib><record><leader>00000nam a2200000 a 4500</leader></record></bib>'
    local made = { status = 200, body = "<bib><mms_id>991</mms_id></bib>", headers = { ["Content-Type"] = "application/xml" } }
    with({ made, made }, function(client, requests)
      for i, method in ipairs { "POST", "PUT" } do
        local answer = client:call { method = method, path = { "bibs", i == 2 and "991" or nil }, body = xml,
          content_type = "application/xml; charset=UTF-8" }
        assert.equal(made.body, answer)
        local headers = {}
        for name, value in pairs(requests[i].headers) do headers[name:lower()] = value end
        assert.same({ method, xml, "application/xml; charset=UTF-8", "application/xml" },
          { requests[i].method, requests[i].body, headers["content-type"], headers.accept })
      end
    end, { log = function() end })
  end)

  it("reads the refusal of a body of text in Alma's words", function()
    local body = '<web_service_result xmlns="http://com/exlibris/urm/general/xmlbeans"><errorsExist>true</errorsExist><errorList><error>' ..
      "<errorCode>4022032</errorCode><errorMessage>Record failed validation</errorMessage></error></errorList></web_service_result>"
    with({ { status = 400, body = body, headers = { ["Content-Type"] = "application/xml" } } }, function(client)
      local answer, message, code = client:call { method = "PUT", path = { "bibs", "991" }, body = "<bib/>",
        content_type = "application/xml" }
      assert.is_nil(answer)
      assert.equal("PUT /bibs/991: record failed validation (4022032)", message)
      assert.equal("status", code)
    end, { log = function() end })
  end)
end)
