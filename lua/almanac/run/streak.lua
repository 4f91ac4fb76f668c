-- Ends work that goes on for nothing: when so many titles in a row fail for the
-- same reason, the next will fail as well, at the cost of the day's calls. While
-- none has worked only few are begun, so that few have been tried by then.
local causes = require "almanac.run.causes"
local monotonic = require "almanac.core".sys.monotonic
local task = require "almanac.task"

local m = {}

---Titles in a row after which the work ends.
m.LONGEST = 10

local TRUST = 20       -- seconds without a failure after which more are begun, though none is finished
local PAUSE = 0.05     -- seconds between two looks whether another may begin

local methods = {}
local meta = { __index = methods }

---@class almanac.run.streak
---@field n integer titles in a row that failed for the same reason
---@field held any[] what the caller gave with each of them
---@field stop { message: string, code: string, cause: string }? why the work should end

---@param options { in_flight: integer, keep_going: boolean? } keep_going: nothing but an outage ends the work
---@return almanac.run.streak
function m.new(options)
  return setmetatable({ in_flight = options.in_flight, keep_going = options.keep_going, n = 0, held = {}, flying = 0,
    began = monotonic() }, meta)
end

-- How many titles may be worked on now.
local function room(self)
  if self.keep_going then return self.in_flight end
  if self.n > 0 then return math.max(1, m.LONGEST - self.n) end
  return (self.proven or monotonic() - self.began > TRUST) and self.in_flight or math.min(m.LONGEST, self.in_flight)
end

---Works as task.each, with few items at a time until one has worked.
---@param next_item fun(): any nil: there are no more, or the work has ended
---@param fn fun(item: any)
---@return table[] failures as task.each gives them
function methods:each(next_item, fn)
  local function take()
    while self.flying >= room(self) and not self.stop do task.sleep(PAUSE) end
    if self.stop then return nil end
    return next_item()
  end
  return task.each(take, self.in_flight, function(item)
    self.flying = self.flying + 1
    local _ <close> = setmetatable({}, { __close = function() self.flying = self.flying - 1 end })
    fn(item)
  end)
end

---Ends the streak: a title was done, or could not be for a reason of its own.
function methods:worked()
  self.proven, self.n, self.cause, self.held = true, 0, nil, {}
end

---Notes that a title failed. All outages are one cause, whatever their messages.
---@param message string
---@param code string?
---@param held any? kept in `held` while the streak lasts
---@return { message: string, code: string, cause: string }|nil stop
function methods:failed(message, code, held)
  if code == "cancelled" then return self.stop end
  local words, cause = causes.of(message)
  local outage = causes.is_outage(message, code)
  if outage then cause = "outage" end
  if cause ~= self.cause then self.n, self.cause, self.held = 0, cause, {} end
  self.n = self.n + 1
  self.held[self.n] = held
  if self.n < m.LONGEST or self.stop or self.keep_going and not outage then return self.stop end
  self.stop = { code = code or "status", cause = cause, message = outage
    and ("%d titles in a row got no answer, so no other is tried: %s"):format(self.n, words)
    or ("%d titles in a row failed for the same reason, so no other is tried: %s"):format(self.n, words) }
  return self.stop
end

---Whether the work ended because of such a failure.
---@param message string
---@param code string?
---@return boolean
function methods:is_cause(message, code)
  if not self.stop then return false end
  if causes.is_outage(message, code) then return self.stop.cause == "outage" end
  return select(2, causes.of(message)) == self.stop.cause
end

return m
