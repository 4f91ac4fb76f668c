local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local task = require "almanac.task"

local UNAUTHORIZED = "<errorCode>UNAUTHORIZED</errorCode><errorMessage>API-key not defined or not configured " ..
  "to allow this API.</errorMessage>"

describe("the rehearsal's gateway", function()
  local alma

  local function start(...) alma = rehearsal.start { args = { ... } } end

  after_each(function()
    if alma then alma.stop() end
    alma = nil
  end)

  it("lets each key do what it may", function()
    start("--key", "mine=conf:r,bibs", "--rate", "0")
    local function status(key, method, path)
      local result = alma.call(method, path, { key = key })
      if result.status ~= 200 then assert.matches(UNAUTHORIZED, result.body, 1, true) end
      return result.status
    end
    local cases = {
      { "rehearsal-key", 200, 200, 200 }, { "rehearsal-read-only", 200, 400, 200 },
      { "rehearsal-bibs-only", 200, 200, 400 }, { "mine", 200, 200, 200 },
    }
    for _, case in ipairs(cases) do
      assert.same(case, { case[1], status(case[1], "GET", "/bibs/test"), status(case[1], "POST", "/bibs/test"),
        status(case[1], "GET", "/conf/general") })
    end
    assert.equal(400, status("mine", "POST", "/conf/test"))
    assert.equal(400, status("mine", "GET", "/users/operation/test"))
  end)

  it("says plain words to an unknown key and XML to one that may not", function()
    start()
    local unknown = alma.call("GET", "/bibs/test", { key = "wrong" })
    assert.same({ 400, "Invalid API Key", "text/plain;charset=UTF-8" },
      { unknown.status, unknown.body, unknown.headers["content-type"] })
    for _, result in ipairs { alma.call("GET", "/conf/general", { key = "rehearsal-bibs-only" }),
      alma.call("GET", "/bibs/test", { key = false }) } do
      assert.equal(400, result.status)
      assert.equal("application/xml;charset=UTF-8", result.headers["content-type"])
      assert.matches(UNAUTHORIZED, result.body, 1, true)
    end
    assert.equal(200, alma.call("GET", "/bibs/test?apikey=rehearsal-key", { key = false }).status)
  end)

  it("does not blame the key for a call that is not there, and says so on its log", function()
    local folder = program.folder()
    start("--log", folder .. "/log")
    for _, key in ipairs { "rehearsal-key", "rehearsal-read-only", "rehearsal-bibs-only" } do
      assert.equal(404, alma.call("GET", "/no/such/call", { key = key }).status)
      assert.equal(404, alma.call("POST", "/bibs/99123/holding", { key = key }).status)
    end
    assert.equal(400, alma.call("GET", "/no/such/call", { key = "wrong" }).status)
    assert.matches("GET /almaws/v1/no/such/call 404 .*: the rehearsal knows no such call\n", program.read(folder .. "/log"))
    program.remove(folder)
  end)

  it("answers in the format that is asked for, XML without a wish", function()
    start()
    local function kind(accept, query)
      return alma.call("GET", "/conf/libraries" .. (query or ""), { accept = accept }).headers["content-type"]
    end
    assert.equal("application/json;charset=UTF-8", kind "application/json")
    assert.equal("application/xml;charset=UTF-8", kind "application/xml")
    assert.equal("application/xml;charset=UTF-8", kind "*/*")
    assert.equal("application/json;charset=UTF-8", kind("*/*", "?format=json"))
  end)

  it("gives errors in every form in which they occur", function()
    start("--rate", "0")
    local wrapped, with_result, single = 0, 0, 0
    for _ = 1, 6 do
      local result = alma.call("GET", "/bibs/1")
      local data = result.data
      if data.web_service_result then wrapped = wrapped + 1 end
      if result.body:find('"result":null', 1, true) then with_result = with_result + 1 end
      local errors = (data.web_service_result or data).errorList.error
      if errors.errorCode then single = single + 1 end
      local failure = errors.errorCode and errors or errors[1]
      assert.equal("402203", failure.errorCode)
      assert.matches("^E01%-%d+%-%w+%-AWAE%d+$", failure.trackingId)
    end
    assert.same({ 2, 2, 2 }, { wrapped, with_result, single })
    assert.matches("<errorCode>402203</errorCode>", alma.call("GET", "/bibs/1", { accept = "*/*" }).body, 1, true)
  end)

  it("counts the day down on every answer, and ends it", function()
    start("--daily", "5")
    local function remaining(result) return tonumber(result.headers["x-exl-api-remaining"]) end
    local result = alma.call("GET", "/bibs/test")
    assert.equal(4, remaining(result))
    assert.equal("Layer7-API-Gateway", result.headers.server)
    assert.is_string(result.headers["x-request-id"])
    assert.equal(3, remaining(alma.call("GET", "/bibs/1")))
    assert.equal(2, remaining(alma.call("GET", "/conf/test", { key = "rehearsal-bibs-only" })))
    alma.call("GET", "/bibs/test")
    assert.equal(200, alma.call("GET", "/bibs/test").status)
    result = alma.call("GET", "/bibs/test")
    assert.equal(429, result.status)
    assert.matches("DAILY_THRESHOLD", result.body)
    alma.change { op = "remaining", calls = 100 }
    assert.equal(99, remaining(alma.call("GET", "/bibs/test")))
  end)

  it("does not give calls back after a restart", function()
    start("--daily", "100")
    for _ = 1, 5 do alma.call("GET", "/bibs/test") end
    alma.restart()
    assert.equal("94", alma.call("GET", "/bibs/test").headers["x-exl-api-remaining"])
  end)

  it("refuses what comes faster than the rate, and lets in what comes slower", function()
    start("--rate", "5")
    local statuses = { [200] = 0, [429] = 0 }
    task.each({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, 12, function()
      local result = alma.call("GET", "/bibs/test")
      statuses[result.status] = statuses[result.status] + 1
      if result.status == 429 then
        local errors = (result.data.web_service_result or result.data).errorList.error
        local failure = errors[1] or errors
        assert.equal("PER_SECOND_THRESHOLD", failure.errorCode)
        assert.is_nil(failure.trackingId)
      end
    end)
    assert.same({ [200] = 5, [429] = 7 }, statuses)
    local calls = alma.calls()
    assert.same({ 7, 12 }, { calls.refused, calls.busiest_second })
    core.sys.sleep(1.05)
    for _ = 1, 5 do assert.equal(200, alma.call("GET", "/bibs/test").status) end
  end)

  it("ignores unknown parameters and reports them", function()
    start()
    assert.equal(200, alma.call("GET", "/bibs/test?bib=delete").status)
    assert.same({ ["GET /bibs/test: unknown parameter 'bib'"] = 1 }, alma.calls().unknown)
  end)

  it("refuses an encoded slash in a path", function()
    start()
    local result = alma.call("GET", "/conf/code-tables/a%2Fb")
    assert.equal(400, result.status)
    assert.equal("text/html", result.headers["content-type"])
  end)

  it("counts the calls by route and method", function()
    start()
    alma.call("GET", "/bibs/991000000010009001/representations")
    alma.call("GET", "/bibs/1/representations")
    alma.call("POST", "/bibs/test")
    local calls = alma.calls()
    assert.equal(2, calls.routes["GET /bibs/{mms_id}/representations"])
    assert.same({ GET = 2, POST = 1 }, calls.methods)
    assert.same({ ["200"] = 2, ["400"] = 1 }, calls.statuses)
  end)

  it("records calls whole for those who check clients", function()
    local folder = program.folder()
    start("--record", folder .. "/calls")
    alma.call("POST", "/bibs/1/representations?generate_label=true", { body = '{"label":"x"}' })
    local record = json.decode(program.read(folder .. "/calls"))
    program.remove(folder)
    assert.same({ method = "POST", path = "/almaws/v1/bibs/1/representations", query = "generate_label=true",
      type = "application/json", accept = "application/json", body = '{"label":"x"}' }, record)
  end)
end)
