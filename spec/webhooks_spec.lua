-- Webhooks of Alma: signatures, and a receiver that is asked as Alma asks.
local alma = require "almanac.alma"
local core = require "almanac.core"
local json = require "almanac.json"
local task = require "almanac.task"

local jobs, webhooks = alma.jobs, alma.webhooks

local SECRET = "a secret of the integration profile"
local BODY = [[{"id":"38205463100006421","action":"JOB_END","institution":{"value":"01UNI_INST"},"time":"2024-06-11T18:27:10.961Z",
  "job_instance":{"id":"38205463100006421","name":"Publishing","progress":101.3,"status":{"value":"COMPLETED_FAILED"},
  "counter":[{"type":{"value":"label.new.records","desc":"New Records"},"value":"66"}]}}]]

describe("a webhook's signature", function()
  it("is HMAC-SHA256 of the body's bytes, in base64", function()
    -- RFC 4231, test case 2
    local hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert.are.equal(core.text.base64((hex:gsub("%x%x", function(two) return string.char(tonumber(two, 16)) end))),
      webhooks.sign("Jefe", "what do ya want for nothing?"))
  end)

  it("fits its body and its secret alone", function()
    local signature = webhooks.sign(SECRET, BODY)
    assert.is_true(webhooks.is_signed(SECRET, BODY, signature))
    assert.is_false(webhooks.is_signed(SECRET, BODY .. " ", signature))
    assert.is_false(webhooks.is_signed("another", BODY, signature))
    for _, wrong in ipairs { "", "x", signature:sub(2), signature:lower(), webhooks.sign(SECRET, ""), "====", ("A"):rep(64) } do
      assert.is_false(webhooks.is_signed(SECRET, BODY, wrong), wrong)
    end
    assert.is_false(webhooks.is_signed(SECRET, BODY, nil))
    assert.has_error(function() webhooks.is_signed("", BODY, signature) end, "webhooks.is_signed: there is no secret")
  end)
end)

describe("a webhook's body", function()
  it("tells of a run as jobs tell of it", function()
    local event = assert(webhooks.read(BODY))
    assert.are.equal("JOB_END", event.action)
    assert.are.equal(100, event.job_instance.progress)
    assert.is_true(jobs.is_final(event.job_instance))
    assert.is_false(jobs.ended_well(event.job_instance))
    assert.are.same({ ["label.new.records"] = 66 }, (jobs.counters(event.job_instance)))
    assert.are.equal(BODY, event.text)
  end)

  it("may be XML", function()
    local event = assert(webhooks.read "<webhook><id>1</id><action>BIB</action><bib><mms_id>99</mms_id></bib></webhook>")
    assert.are.equal("BIB", event.action)
    assert.are.equal("1", event.id)
  end)

  it("that is none is refused", function()
    for _, body in ipairs { "", "x", "[]", "{}", "<webhook/>", "<webhook>", '{"action":7}' } do
      local event, message, code = webhooks.read(body)
      assert.is_nil(event, body)
      assert.are.equal("parse", code)
      assert.truthy(message:find("the webhook's body", 1, true), message)
    end
  end)

  for _, name in ipairs { "sqs_incremental_dump_alma_job_failed", "alma_full_dump_message" } do
    it("is read as it was recorded: " .. name, function()
      local path = ("../shared/alma/recorded/princeton/%s.json"):format(name)
      if not core.files.stat(path) then return pending "../shared is absent" end
      local event = assert(webhooks.read(core.files.read(path)))
      assert.is_true(jobs.is_final(event.job_instance))
      assert.are.equal(name:find "failed" == nil, jobs.ended_well(event.job_instance))
      local _, list = jobs.counters(event.job_instance)
      assert.are.equal("New Records", list[1].label)
    end)
  end
end)

describe("a receiver of webhooks", function()
  local function with(options, fn)
    task.run(function()
      local events = {}
      options.secret = SECRET
      options.on = options.on or function(event) events[#events + 1] = event end
      local receiver <close> = assert(webhooks.listen(options))
      task.spawn(receiver.run, receiver)
      fn(receiver, events)
    end)
  end

  local function post(receiver, body, signature)
    return task.fetch { method = "POST", url = receiver.url, body = body, headers = { ["X-Exl-Signature"] = signature,
      ["Content-Type"] = "application/json" } }
  end

  it("answers Alma's challenge with JSON", function()
    with({}, function(receiver)
      local result = task.fetch { url = receiver.url .. "?challenge=it%27s+me%22%26&x=1" }
      assert.are.equal(200, result.status)
      assert.are.same({ challenge = "it's me\"&" }, json.decode(result.body))
      assert.truthy(result.headers["content-type"]:find("application/json", 1, true))
      assert.are.equal(400, task.fetch { url = receiver.url }.status)
    end)
  end)

  it("gives signed events and refuses others", function()
    with({}, function(receiver, events)
      assert.are.equal(200, post(receiver, BODY, webhooks.sign(SECRET, BODY)).status)
      assert.are.equal(401, post(receiver, BODY, webhooks.sign("another", BODY)).status)
      assert.are.equal(401, post(receiver, BODY).status)
      assert.are.equal(400, post(receiver, "{}", webhooks.sign(SECRET, "{}")).status)
      assert.are.equal(405, task.fetch { method = "DELETE", url = receiver.url }.status)
      assert.are.equal(1, #events)
      assert.are.equal("Publishing", events[1].job_instance.name)
    end)
  end)

  it("takes large events, and only at its path", function()
    local body = json.encode { action = "BIB", bib = { anies = { ("x"):rep(3 << 20) } } }
    with({ path = "/alma" }, function(receiver, events)
      assert.are.equal(200, post(receiver, body, webhooks.sign(SECRET, body)).status)
      assert.are.equal(#body, #events[1].text)
      assert.are.equal(404, post({ url = receiver.url .. "/x" }, body, webhooks.sign(SECRET, body)).status)
    end)
  end)

  it("is there for this machine alone, and says when its port is taken", function()
    with({}, function(receiver)
      assert.truthy(receiver.url:find("http://127.0.0.1:", 1, true))
      local other, _, code = webhooks.listen { port = receiver.port, secret = SECRET, on = function() end }
      assert.is_nil(other)
      assert.are.equal("conflict", code)
    end)
    assert.has_error(function() webhooks.listen { secret = "", on = function() end } end, "webhooks.listen: it needs 'secret' and 'on'")
  end)

  it("ends", function()
    with({}, function(receiver)
      receiver:stop()
      receiver:stop()
      assert.truthy(task.fetch { url = receiver.url, connect_timeout = 1 }.error)
    end)
  end)
end)
