-- Callers are coroutines on a clock that the spec moves by hand, so that every
-- run is the same to the microsecond.
local pace = require "almanac.pace"

local function simulation()
  local sim = { time = 1000, sleepers = {}, order = 0 }

  function sim.now() return sim.time end

  -- How late a sleeper wakes, as real timers are: 0 to `late` seconds.
  sim.late, sim.seed = 0, 1
  local function lateness()
    sim.seed = (sim.seed * 16807) % 2147483647
    return sim.late * sim.seed / 2147483647
  end

  function sim.sleep(seconds)
    sim.order = sim.order + 1
    local entry = { time = sim.time + seconds + lateness(), order = sim.order, thread = coroutine.running() }
    table.insert(sim.sleepers, entry)
    coroutine.yield()
  end

  function sim.start(fn)
    local thread = coroutine.create(fn)
    assert(coroutine.resume(thread))
    return thread
  end

  local function earliest()
    local best
    for i, entry in ipairs(sim.sleepers) do
      local other = sim.sleepers[best]
      if not best or entry.time < other.time or entry.time == other.time and entry.order < other.order then best = i end
    end
    return best
  end

  function sim.run(untill)
    local next_one = earliest()
    while next_one and sim.sleepers[next_one].time <= untill do
      local entry = table.remove(sim.sleepers, next_one)
      sim.time = math.max(sim.time, entry.time)
      if coroutine.status(entry.thread) == "suspended" then assert(coroutine.resume(entry.thread)) end
      next_one = earliest()
    end
    sim.time = untill
  end

  return sim
end

local function most_in_a_window(times, window)
  local most, from = 0, 1
  for i, time in ipairs(times) do
    while times[from] <= time - window do from = from + 1 end
    most = math.max(most, i - from + 1)
  end
  return most
end

-- `count` callers that come again as soon as they left.
local function crowd(sim, limiter, count, left)
  for _ = 1, count do
    sim.start(function()
      while true do
        local time = limiter:wait()
        left[#left + 1] = time
      end
    end)
  end
end

describe("pace", function()
  local sim, left
  before_each(function() sim, left = simulation(), {} end)

  local function new(rate) return pace.new { rate = rate, now = sim.now, sleep = sim.sleep } end

  it("lets the first caller leave at once", function()
    assert.are.equal(1000, new(20):wait())
  end)

  for _, rate in ipairs { 1, 7, 20, 25 } do
    it(("keeps %g a second: never more in 1.01 s, at least 98 %% of it with 64 waiting"):format(rate), function()
      sim.late = 0.003
      crowd(sim, new(rate), 64, left)
      sim.run(sim.time + 100)
      assert.is_true(most_in_a_window(left, 1.01) <= rate)
      assert.is_true(#left >= 0.98 * rate * 100, "left " .. #left)
    end)
  end

  it("keeps a rate below one", function()
    crowd(sim, new(0.5), 3, left)
    sim.run(sim.time + 20.5)
    assert.are.equal(11, #left)
    assert.are.equal(1, most_in_a_window(left, 2))
  end)

  it("spaces departures evenly instead of in bursts", function()
    crowd(sim, new(20), 64, left)
    sim.run(sim.time + 10)
    local smallest = math.huge
    for i = 2, #left do smallest = math.min(smallest, left[i] - left[i - 1]) end
    assert.is_true(smallest > 0.045, "closest two are " .. smallest .. " s apart")
  end)

  it("saves nothing up while nobody waits", function()
    local limiter = new(20)
    limiter:wait()
    sim.time = sim.time + 3600
    crowd(sim, limiter, 64, left)
    sim.run(sim.time + 0.2)
    assert.are.equal(4, #left)
  end)

  it("makes good for a loop that was busy, within the window", function()
    local limiter = new(20)
    crowd(sim, limiter, 64, left)
    for _ = 1, 50 do
      sim.run(sim.time + 0.9)
      sim.time = sim.time + 0.1
    end
    assert.is_true(most_in_a_window(left, 1.01) <= 20)
    assert.is_true(#left >= 0.97 * 20 * 50, "left " .. #left)
  end)

  it("serves callers in the order in which they came", function()
    local limiter = new(5)
    for i = 1, 30 do
      sim.start(function()
        limiter:wait()
        left[#left + 1] = i
      end)
    end
    sim.late = 0.02
    sim.run(sim.time + 20)
    local expected = {}
    for i = 1, 30 do expected[i] = i end
    assert.are.same(expected, left)
  end)

  it("passes over callers that were cancelled while they waited", function()
    local limiter = new(10)
    local threads = {}
    for i = 1, 10 do
      threads[i] = sim.start(function()
        limiter:wait()
        left[#left + 1] = i
      end)
    end
    for i = 4, 9 do coroutine.close(threads[i]) end
    sim.run(sim.time + 2)
    assert.are.equal(10, left[#left])
    assert.are.equal(4, #left)
  end)

  it("halves the rate at a refusal, once for a whole burst", function()
    local limiter = new(20)
    crowd(sim, limiter, 4, left)
    sim.run(sim.time + 0.3)
    for _, time in ipairs(left) do limiter:slow(time) end
    assert.are.equal(10, limiter:rate())
    sim.run(sim.time + 0.6)
    limiter:slow(left[#left])
    assert.is_true(limiter:rate() < 5.2, "rate " .. limiter:rate())
  end)

  it("sends less at once after a refusal", function()
    local limiter = new(20)
    crowd(sim, limiter, 64, left)
    sim.run(sim.time + 5)
    limiter:slow(left[#left])
    local before = #left
    sim.run(sim.time + 1)
    assert.is_true(#left - before <= 11, "left " .. #left - before)
  end)

  it("gets its rate back over half a minute, not before", function()
    local limiter = new(20)
    limiter:slow(limiter:wait())
    sim.time = sim.time + 15
    assert.is_true(math.abs(limiter:rate() - 15) < 0.01)
    sim.time = sim.time + 15
    assert.are.equal(20, limiter:rate())
    sim.time = sim.time + 1000
    assert.are.equal(20, limiter:rate())
  end)

  it("never falls below one a second", function()
    local limiter = new(20)
    for _ = 1, 10 do
      limiter:slow(limiter:wait())
      sim.time = sim.time + 1.2
    end
    assert.is_true(limiter:rate() >= 1)
    sim.time = sim.time + 2
    assert.are.equal(sim.time, limiter:wait())
  end)

  it("holds everybody for as long as Retry-After says", function()
    local limiter = new(20)
    crowd(sim, limiter, 64, left)
    sim.run(sim.time + 2)
    limiter:slow(left[#left], 7)
    local before, refused = #left, sim.time
    sim.run(sim.time + 6.99)
    assert.are.equal(before, #left)
    sim.run(sim.time + 2)
    assert.is_true(#left > before)
    assert.is_true(left[before + 1] >= refused + 7)
  end)

  it("doesn't believe a Retry-After of hours", function()
    local limiter = new(20)
    limiter:slow(limiter:wait(), 86400)
    crowd(sim, limiter, 1, left)
    sim.run(sim.time + 301)
    assert.is_true(#left > 0)
  end)

  it("raises for a rate that is none", function()
    for _, rate in ipairs { 0, -1, "20", 0 / 0 } do
      assert.error_matches(function() new(rate) end, "pace%.new: rate")
    end
  end)
end)
