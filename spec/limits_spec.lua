-- When a run ends by itself: before the calls that are kept for others are
-- used, when the day's are gone, at a time of day.
local desk = require "support.desk"
local json = require "almanac.json"
local limits = require "almanac.run.limits"

describe("limits", function()
  local function with(reserve, remaining, highest)
    return limits.new { client = { remaining = remaining }, reserve = assert(limits.reserve(reserve)), highest = highest }
  end

  it("read a reserve as calls or as a share", function()
    assert.same({ calls = 500 }, limits.reserve "500")
    assert.same({ share = 0.25 }, limits.reserve "25%")
    for _, text in ipairs { "", "x", "-1", "120%", "1.5" } do
      local reserve, message = limits.reserve(text)
      assert.is_nil(reserve, text)
      assert.matches("%-%-reserve", message)
    end
  end)

  it("keep a tenth of the highest count seen", function()
    local some = with(nil, 1000)
    assert.is_true(some:allow(900))
    assert.equal("quota", select(3, some:allow(901)))
    some.client.remaining = 104
    assert.is_true(some:allow(4))
    local _, message = some:allow(5)
    assert.matches("104 calls are left today and 100 of them are kept .* come back after midnight", message)
  end)

  it("remember the highest count of earlier", function()
    assert.equal("quota", select(3, with(nil, 500, 6000):allow(1)))
  end)

  it("count what is promised to titles in flight", function()
    local some = with("100", 200)
    some:promise(60)
    assert.is_true(some:allow(40))
    assert.is_nil(some:allow(41))
    some:promise(-60)
    assert.is_true(some:allow(41))
  end)

  it("allow everything as long as Alma has said nothing", function()
    assert.is_true(with("100", nil):allow(1000000))
  end)

  it("know the next time of day", function()
    local now = os.time { year = 2026, month = 5, day = 4, hour = 22, min = 30 }
    assert.equal(now + 3600, limits.time_of_day("23:30", now))
    assert.equal(os.time { year = 2026, month = 5, day = 5, hour = 6, min = 15 }, limits.time_of_day("6:15", now))
    assert.equal(os.time { year = 2026, month = 5, day = 5, hour = 22, min = 30 }, limits.time_of_day("22:30", now))
    for _, text in ipairs { "24:00", "6", "06:60", "noon" } do
      assert.is_nil(limits.time_of_day(text, now), text)
    end
  end)

  it("end when the time has come", function()
    local some = with(nil, nil)
    some.until_time = os.time() - 1
    assert.equal("cancelled", select(3, some:allow(1)))
  end)
end)

describe("the day's quota", function()
  local at = desk.each(before_each, after_each)
  local TITLES = 20

  local function start(daily, titles)
    at.start(desk.single(titles or TITLES), "--daily", tostring(daily))
    return at.plan()
  end

  local function done()
    return json.decode(at.almanac("report", "a.run", "--format", "json").out).titles.done
  end

  it("is not used up: the run stops before the reserve, says when to come back, and goes on", function()
    assert.equal(0, start(600).status)
    local result = at.almanac("apply", "a.run", "--reserve", "480", "--settle", "0.2")
    assert.equal(75, result.status, result.err)
    assert.matches("480 of them are kept .* come back after midnight", result.err)
    assert.matches("go on with:  almanac apply a.run", result.out)
    local first = done()
    assert.is_true(first < TITLES)
    assert.equal(0, at.almanac("apply", "a.run", "--reserve", "10").status)
    assert.equal(TITLES, done())
  end)

  local function leave(calls)
    while at.alma.call("GET", "/conf/libraries").headers["x-exl-api-remaining"] ~= tostring(calls) do end
  end

  it("ends a run that comes near it, with nothing made twice", function()
    assert.equal(0, start(300).status)
    leave(20)
    assert.equal(75, at.almanac("apply", "a.run", "--reserve", "0").status)
    local first = done()
    assert.is_true(first > 0 and first < TITLES)
    local result = at.almanac("apply", "a.run", "--reserve", "0")
    assert.equal(75, result.status, result.err)
    local made = {}
    for _, rep in ipairs(at.alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then
        assert.is_nil(made[rep.mms_id])
        made[rep.mms_id] = true
      end
    end
  end)

  it("that is gone already lets nothing begin; the same command goes on later", function()
    assert.equal(0, start(300).status)
    leave(0)
    local result = at.almanac("apply", "a.run")
    assert.equal(75, result.status, result.err)
    assert.matches("midnight", result.err)
    assert.matches("go on with:  almanac apply a.run", result.out)
  end)

  it("is in the forecast of the plan", function()
    assert.matches("with 10%% kept for others: 2 days", start(190, 40).out)
  end)

  it("is not in the forecast when a day is enough", function()
    assert.not_matches("days", start(5000).out)
  end)

  it("is not the only end: --until is one that has to be a time of day", function()
    assert.equal(0, start(5000).status)
    local past = os.date("%H:%M", os.time() + 120)
    assert.equal(0, at.almanac("apply", "a.run", "--until", past).status)
    assert.equal(1, at.almanac("apply", "a.run", "--until", "25:00").status)
  end)
end)
