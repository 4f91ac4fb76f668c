-- One pace for all calls to one server. Callers leave in the order in which
-- they came, evenly spaced, and never more than `rate` of them in 1.01 seconds
-- as counted from when they really left, so that a server that counts over a
-- sliding second never sees more. A refusal halves the rate at once; it comes
-- back over half a minute.
local task = require "almanac.task"

local m = {}

local WINDOW = 1.01    -- seconds; a second, and a hundredth since calls need different times to the server
local RECOVERY = 60    -- seconds in which the rate would grow from nothing to its whole
local LAG = 0.25       -- seconds; departures that are later than this are not caught up
local LONGEST = 0.25   -- seconds; a waiting caller looks at least so often whether the pace has changed
local HOLD = 300       -- seconds; the longest Retry-After that is obeyed

local methods = {}
local meta = { __index = methods }

---A pace of `rate` departures a second.
---@param options { rate: number, now: (fun(): number)?, sleep: fun(seconds: number)? } `now` and `sleep` for tests
---@return almanac.pace
function m.new(options)
  local rate = options.rate
  if type(rate) ~= "number" or rate ~= rate or rate <= 0 then
    error("pace.new: rate must be a number above 0", 2)
  end
  local now = options.now or task.now
  return setmetatable({
    limit = rate, now = now, sleep = options.sleep or task.sleep,
    base = rate, since = now(), slowed = -math.huge,
    slot = -math.huge, held = -math.huge,
    departed = {}, total = 0,
    queue = {}, first = 1, last = 0,
  }, meta)
end

local function leave(ticket)
  local pace = ticket.pace
  pace.queue[ticket.number] = nil
  while pace.first <= pace.last and not pace.queue[pace.first] do
    pace.first = pace.first + 1
  end
end

-- Takes a place in the queue; a cancelled caller gives it back. Unused departures
-- are not saved up for later.
local function enter(pace)
  if pace.first > pace.last then pace.slot = math.max(pace.slot, pace.now()) end
  pace.last = pace.last + 1
  local ticket = setmetatable({ pace = pace, number = pace.last }, { __close = leave })
  pace.queue[pace.last] = ticket
  return ticket
end

-- The time at which the first in the queue may leave.
local function first_due(pace, rate)
  local filled = pace.departed[pace.total - math.max(1, math.floor(rate)) + 1]
  return math.max(pace.slot, pace.held, filled and filled + WINDOW or -math.huge)
end

-- The time at which this ticket should look again, and true when it is its turn now.
local function due(pace, ticket, now)
  local rate = pace:rate()
  local time = first_due(pace, rate)
  local before = ticket.number - pace.first
  if before == 0 then return time, time <= now end
  return math.max(time, now) + before * WINDOW / rate, false
end

local function depart(pace, now)
  pace.slot = math.max(pace.slot, now - LAG) + WINDOW / pace:rate()
  pace.total = pace.total + 1
  pace.departed[pace.total] = now
  pace.departed[pace.total - math.ceil(pace.limit)] = nil
end

---Waits for this caller's turn.
---@return number departed when it left, on the pace's clock; `slow` wants it back
function methods:wait()
  local ticket <close> = enter(self)
  while true do
    local now = self.now()
    local time, turn = due(self, ticket, now)
    if turn then
      depart(self, now)
      return now
    end
    self.sleep(math.min(time - now, LONGEST))
  end
end

---Departures a second that are allowed now.
---@return number
function methods:rate()
  local grown = self.limit * (self.now() - self.since) / RECOVERY
  return math.min(self.limit, self.base + grown)
end

---Tells that the server refused a call because of the rate (429). Halves the
---rate, once for all calls that left before: they belong to one burst.
---@param departed number when the refused call left, from `wait`
---@param retry_after number? seconds for which nobody may leave (Retry-After), at most 300
function methods:slow(departed, retry_after)
  local now = self.now()
  if departed > self.slowed then
    self.base = math.max(self:rate() / 2, math.min(self.limit, 1))
    self.since, self.slowed = now, now
  end
  if retry_after then
    self.held = math.max(self.held, now + math.min(retry_after, HOLD))
  end
end

---@class almanac.pace
---@field limit number departures a second at most
---@field wait fun(self: almanac.pace): number
---@field rate fun(self: almanac.pace): number
---@field slow fun(self: almanac.pace, departed: number, retry_after: number?)

return m
