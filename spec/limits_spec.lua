-- When a run ends by itself: before the calls that are kept for others are
-- used, when the day's are gone, at a time of day.
local json = require "almanac.json"
local limits = require "almanac.run.limits"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

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
  local folder, alma, env
  local TITLES = 20

  before_each(function() folder = program.folder() end)
  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local function almanac(...)
    return program.run({ ... }, { folder = folder, env = env })
  end

  local function start(daily, titles)
    local rows = { "mms_id,title,usage_type,file_name,size,representation_id" }
    for i = 1, titles or TITLES do
      rows[#rows + 1] = ("99%09d04146,Title %d,PRESERVATION_MASTER,p%d.tif,1000,12%09d04146"):format(i, i, i, i)
      program.write(("%s/jpg/p%d.jpg"):format(folder, i), "\xFF\xD8\xFF\xE0 " .. i)
    end
    program.write(folder .. "/titles.csv", table.concat(rows, "\n") .. "\n")
    alma = rehearsal.start { titles = folder .. "/titles.csv", args = { "--rate", "200", "--daily", tostring(daily) } }
    env = { HOME = folder, XDG_CONFIG_HOME = false, AWS_PROFILE = false, AWS_ACCESS_KEY_ID = false,
      ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key }
    local result = almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
    return result
  end

  local function done()
    return json.decode(almanac("report", "a.run", "--format", "json").out).titles.done
  end

  it("is not used up: the run stops before the reserve, says when to come back, and goes on", function()
    assert.equal(0, start(600).status)
    local result = almanac("apply", "a.run", "--reserve", "480", "--settle", "0.2")
    assert.equal(75, result.status, result.err)
    assert.matches("480 of them are kept .* come back after midnight", result.err)
    assert.matches("go on with:  almanac apply a.run", result.out)
    local first = done()
    assert.is_true(first < TITLES)
    assert.equal(0, almanac("apply", "a.run", "--reserve", "10").status)
    assert.equal(TITLES, done())
  end)

  local function leave(calls)
    while alma.call("GET", "/conf/libraries").headers["x-exl-api-remaining"] ~= tostring(calls) do end
  end

  it("ends a run that comes near it, with nothing made twice", function()
    assert.equal(0, start(300).status)
    leave(20)
    assert.equal(75, almanac("apply", "a.run", "--reserve", "0").status)
    local first = done()
    assert.is_true(first > 0 and first < TITLES)
    local result = almanac("apply", "a.run", "--reserve", "0")
    assert.equal(75, result.status, result.err)
    local made = {}
    for _, rep in ipairs(alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then
        assert.is_nil(made[rep.mms_id])
        made[rep.mms_id] = true
      end
    end
  end)

  it("that is gone already lets nothing begin; the same command goes on later", function()
    assert.equal(0, start(300).status)
    leave(0)
    local result = almanac("apply", "a.run")
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
    assert.equal(0, almanac("apply", "a.run", "--until", past).status)
    assert.equal(1, almanac("apply", "a.run", "--until", "25:00").status)
  end)
end)
