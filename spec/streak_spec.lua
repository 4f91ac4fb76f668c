-- A run stops when going on is useless, and says what many titles share once.
local causes = require "almanac.run.causes"
local desk = require "support.desk"
local json = require "almanac.json"
local streaks = require "almanac.run.streak"

describe("a cause", function()
  local function cause(message) return (select(2, causes.of(message))) end

  it("is the same for titles, ids, files and sizes of one kind", function()
    local alike = {
      { "POST /bibs/9900001/representations: internal error (401652, tracking id E01-1)",
        "POST /bibs/9900002/representations: internal error (401652, tracking id E01-2)" },
      { "GET /bibs/99123456789/representations/12123456789: Alma answered with status 404 (status 404)",
        "GET /bibs/99123456780/representations/12123456780: Alma answered with status 404 (status 404)" },
      { "POST 01X_INST/upload/almanac-20261130-7ecef2/99123456789/p1.jpg: try again (InternalError, request id R49A0DC3C3)",
        "POST 01X_INST/upload/almanac-20261130-7ecef2/99123456780/p2.jpg: try again (InternalError, request id RFDD/A+b=)" },
      { "p1.jpg changed on disk since the plan", "box_1/p2.jpg changed on disk since the plan" },
      { "Alma took a.jpg as 10 bytes, the file has 12", "Alma took b.jpg as 99 bytes, the file has 123456" },
      { "the representation's label is 'a', planned 'b'", "the representation's label is 'x y', planned 'z'" },
    }
    for _, pair in ipairs(alike) do assert.equal(cause(pair[1]), cause(pair[2])) end
  end)

  it("is another for another code, call or sentence", function()
    local first = cause "POST /bibs/99123456789/representations: internal error (401652)"
    for _, other in ipairs { "POST /bibs/99123456789/representations: internal error (402119)",
      "GET /bibs/99123456789/representations: internal error (401652)",
      "POST /bibs/99123456789/representations: no such policy (401652)" } do
      assert.not_equal(first, cause(other))
    end
  end)

  it("is told of many titles without what is of one of them alone", function()
    for _, case in ipairs {
      { "a_1.jpg changed on disk since the plan", "box_2/b_1.jpg changed on disk since the plan", "… changed on disk since the plan" },
      { "a_1.jpg: no policy '7' (401652)", "b_1.jpg: no policy '7' (401652)", "…: no policy '7' (401652)" },
      { "Alma took a.jpg as 10 bytes, the file has 12", "Alma took b.jpg as 99 bytes, the file has 12",
        "Alma took … as … bytes, the file has 12" },
      { "several files (x.jpg, y.jpg)", "several files (x.jpg, z.jpg)", "several files (x.jpg, …)" },
      { "its label is 'a', planned 'b'", "its label is 'x y', planned 'b'", "its label is '…', planned '…'" },
    } do
      assert.equal(case[3], causes.common(case[1], case[2]))
      local group = causes.group { case[1], case[2], case[1] }[1]
      assert.same({ 3, case[3] }, { group.n, group.words })
      assert.equal(case[1], causes.group { case[1] }[1].words)
      assert.equal(case[1], causes.common(case[1], case[1]))
      assert.equal(case[3], causes.common(case[3], case[2]))
    end
  end)

  it("is told without what belongs to one title", function()
    assert.equal("POST /bibs/…/files: no (401652)", (causes.of "POST /bibs/99123456789/files: no (401652, tracking id E01-1)"))
  end)
end)

describe("an outage", function()
  it("is a gateway's answer, Alma's or the storage's own error, and no refusal", function()
    local s3_errors = require "almanac.s3.errors"
    local function of(status, code, body)
      return causes.is_outage("the bucket takes no file: " .. s3_errors.explain("PUT b/k", status, {}, code and
        { code = code, message = "Words.", fields = {} }, { body = body }), "status")
    end
    for _, case in ipairs { { 500, "InternalError" }, { 503, "SlowDown" }, { 503, "ServiceUnavailable" }, { 502, nil, "<html>Bad gateway" },
      { 500 }, { 504, nil, "" } } do assert.is_true(of(table.unpack(case, 1, 3))) end
    for _, case in ipairs { { 501, "NotImplemented" }, { 403, "AccessDenied" }, { 400, "BadDigest" }, { 404 },
      { 403, nil, "<html>Filter" } } do
      assert.is_false(of(table.unpack(case, 1, 3)))
    end
  end)
end)

describe("a streak", function()
  local function fail(streak, n, message, code)
    local stop
    for i = 1, n do stop = streak:failed(message:format(i), code, i) end
    return stop
  end

  it("ends the work at the tenth title in a row, with the count", function()
    local streak = streaks.new { in_flight = 64 }
    assert.is_nil(fail(streak, 9, "no policy '%d'", "status"))
    local stop = streak:failed("no policy '10'", "status", 10)
    assert.matches("^10 titles in a row failed for the same reason.*: no policy '10'$", stop.message)
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, streak.held)
    assert.is_true(streak:is_cause("no policy '11'", "status"))
    assert.is_false(streak:is_cause("no library '11'", "status"))
  end)

  it("is broken by a title that works, and by another cause", function()
    local streak = streaks.new { in_flight = 64 }
    fail(streak, 9, "no policy", "status")
    streak:worked()
    assert.is_nil(fail(streak, 9, "no policy", "status"))
    assert.is_nil(fail(streak, 9, "no library", "status"))
  end)

  it("takes what gives no answer for one cause, whatever it says", function()
    local streak = streaks.new { in_flight = 64 }
    fail(streak, 4, "connection refused", "connect")
    fail(streak, 5, "GET /bibs: Alma answered with status 503 (status 503)", "status")
    assert.equal("outage", streak:failed("timed out", "timeout").cause)
    for _, message in ipairs { "POST a/x.jpg: the storage gives no service at the moment (status 502, request id R1)",
      "PUT a/x.jpg: the answer is not S3's but a web page (status 503): does a web filter, proxy or sign-in page stand in between?" } do
      assert.is_true(causes.is_outage(message, "status"))
    end
  end)

  it("ends nothing with keep_going, but an outage", function()
    local streak = streaks.new { in_flight = 64, keep_going = true }
    assert.is_nil(fail(streak, 30, "no policy", "status"))
    assert.is_table(fail(streak, 10, "refused", "connect"))
  end)

  it("begins few while none has worked, then as many as it may", function()
    local streak = streaks.new { in_flight = 64 }
    local task, begun, most = require "almanac.task", 0, 0
    local items = 200
    streak:each(function()
      items = items - 1
      return items >= 0 and items or nil
    end, function(item)
      begun = begun + 1
      if begun == 1 then assert.equal(199, item) end
      task.sleep(0.01)
      most = math.max(most, streak.flying)
      if not streak.proven then assert.is_true(streak.flying <= 10) end
      streak:worked()
    end)
    assert.equal(200, begun)
    assert.is_true(most > 10)
  end)
end)

describe("a run that goes on for nothing", function()
  local at = desk.each(before_each, after_each)
  local N = 40

  local function plan(...)
    at.start(desk.single(N))
    assert.equal(0, at.plan("--rate", "1000").status)
    at.alma.change { op = "faults", spec = table.concat({ ... }, ",") }
  end

  local function apply(...) return at.almanac("apply", "a.run", "--rate", "1000", "--settle", "0", ...) end

  local function titles() return json.decode(at.almanac("report", "a.run", "--format", "json").out).titles end

  local function lines(text) return select(2, text:gsub("\n", "")) end

  local function posts()
    return at.alma.calls().routes["POST /bibs/{mms_id}/representations"]
  end

  it("stops after ten titles with one message, and leaves them to do", function()
    plan "POST representations=1:500"
    local result = apply()
    assert.equal(75, result.status, result.err)
    assert.matches("10 titles in a row failed for the same reason.*: POST /bibs/…/representations: ", result.err)
    assert.equal(2, lines(result.err), result.err)      -- the first of them in full, and why it ends
    assert.matches("%-%-keep%-going", result.out)
    assert.same({ ready = N, ask = 0, skip = 0, done = 0, failed = 0 }, titles())
    assert.equal(30, posts())                          -- three tries each
    at.alma.change { op = "faults", spec = "" }
    assert.equal(0, apply().status)
    assert.equal(N, titles().done)
  end)

  it("tries all of them with --keep-going, and says once why", function()
    plan "POST representations=1:500"
    local result = apply "--keep-going"
    assert.equal(2, result.status, result.err)
    assert.same({ ready = 0, ask = 0, skip = 0, done = 0, failed = N }, titles())
    assert.equal(2, lines(result.err), result.err)
    assert.matches("the same for 39 more titles: POST /bibs/…/representations: ", result.err)
  end)

  it("is not one with failures among titles that work", function()
    plan "POST representations=0.5:500"       -- three tries each: every eighth title
    local result = apply()
    assert.equal(2, result.status, result.err)
    local counts = titles()
    assert.equal(N, counts.done + counts.failed)
    assert.is_true(counts.failed > 0 and counts.failed < N)
  end)

  it("that began well stops as well", function()
    plan "POST files=@21-999:500"
    local result = apply()
    assert.equal(75, result.status, result.err)
    assert.same({ ready = N - 20, ask = 0, skip = 0, done = 20, failed = 0 }, titles())
  end)

  it("stops verify and undo as well; both say so and go on later", function()
    at.start(desk.single(N), "--key", "conf-only=conf")
    assert.equal(0, at.plan("--rate", "1000").status)
    assert.equal(0, apply().status)
    local key = at.env.ALMA_API_KEY
    for _, command in ipairs { { "verify", "a.run", "--rate=1000" }, { "undo", "a.run", "--yes", "--rate=1000" } } do
      at.env.ALMA_API_KEY = "conf-only"
      local result = at.almanac(table.unpack(command))
      assert.equal(75, result.status, result.err .. result.out)
      assert.matches("10 titles in a row failed for the same reason.*no read right for Bibs", result.err)
      assert.equal(2, lines(result.err), result.err)
      at.env.ALMA_API_KEY = key
      assert.equal(N, titles().done)
      assert.equal(0, at.almanac(table.unpack(command)).status)
    end
  end)
end)
