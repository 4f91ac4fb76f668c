-- A run ends by itself before it eats the calls that the library's other services
-- need today, or at a time of day. The daily quota belongs to the whole institution:
-- without calls, discovery starves too.
local m = {}

local SHARE = 0.10   -- of the highest count seen, kept for others by default

local methods = {}
local meta = { __index = methods }

---Reads --reserve: "500" calls, or "20%" of the highest count seen.
---@param text string?
---@return { share: number }|{ calls: integer }|nil reserve
---@return string? message
function m.reserve(text)
  if not text then return { share = SHARE } end
  local percent = text:match "^([%d.]+)%%$"
  if tonumber(percent) and tonumber(percent) <= 100 then return { share = tonumber(percent) / 100 } end
  if text:find "^%d+$" then return { calls = math.tointeger(tonumber(text)) } end
  return nil, ("--reserve %s: give a number of calls, or a share such as 20%%"):format(text)
end

---The calls that are kept for others without --reserve.
---@param highest integer the highest count seen
---@return integer
function m.reserved(highest)
  return math.ceil(highest * SHARE)
end

---The next time that the clock shows HH:MM, in the zone of this machine.
---@param text string
---@param now integer seconds since 1970
---@return integer|nil time
---@return string? message
function m.time_of_day(text, now)
  local hour, minute = text:match "^(%d%d?):(%d%d)$"
  hour, minute = math.tointeger(tonumber(hour)), math.tointeger(tonumber(minute))
  if not hour or hour > 23 or minute > 59 then
    return nil, ("--until %s: give a time of day such as 06:30"):format(text)
  end
  local date = os.date("*t", now)
  date.hour, date.min, date.sec = hour, minute, 0
  local time = os.time(date)
  if time <= now then
    date.day, date.isdst = date.day + 1, nil
    time = os.time(date)
  end
  return time
end

---@param options { client: table, reserve: table, until_time: integer?, highest: integer? }
---@return table limits
function m.new(options)
  return setmetatable({ client = options.client, reserve = options.reserve,
    until_time = options.until_time, highest = options.highest or 0, promised = 0 }, meta)
end

---The calls that are kept for others.
---@return integer
function methods:kept()
  if self.reserve.calls then return self.reserve.calls end
  return math.ceil(self.highest * self.reserve.share)
end

---Says whether `calls` more may be begun now, beside those that are promised
---to what is in flight.
---@param calls integer
---@return true|nil
---@return string? message why not, and when to come back
---@return string? code "quota", "cancelled" when the time is over
function methods:allow(calls)
  if self.until_time and os.time() >= self.until_time then
    return nil, "it is " .. os.date("%H:%M", self.until_time) .. ", as --until said", "cancelled"
  end
  local remaining = self.client.remaining
  if not remaining then return true end
  self.highest = math.max(self.highest, remaining)
  if remaining - self.promised - calls >= self:kept() then return true end
  return nil, ("%d calls are left today and %d of them are kept for the library's other services (--reserve): come back after midnight")
    :format(remaining, self:kept()), "quota"
end

---Promises calls to a title in flight, or takes the promise back.
---@param calls integer negative when the title is finished
function methods:promise(calls)
  self.promised = self.promised + calls
end

return m
