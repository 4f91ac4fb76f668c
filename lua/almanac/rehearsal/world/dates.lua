-- Reads and writes dates and times as S3 does. All are UTC.
local m = {}

-- Days since 1970 of a date in the Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

---@param text string|nil 20210712T000000Z or 2021-07-12T00:00:00.000Z
---@return integer|nil seconds since 1970
function m.parse(text)
  local year, month, day, hour, minute, second =
    (text or ""):match "^(%d%d%d%d)%-?(%d%d)%-?(%d%d)T(%d%d):?(%d%d):?(%d%d)%.?%d*Z$"
  if not year then return nil end
  local number = function(digits) return math.tointeger(tonumber(digits)) end
  return days(number(year), number(month), number(day)) * 86400 +
    number(hour) * 3600 + number(minute) * 60 + number(second)
end

---@param seconds number
---@return string 20210712T000000Z
function m.basic(seconds)
  return os.date("!%Y%m%dT%H%M%SZ", math.floor(seconds)) --[[@as string]]
end

---@param seconds number
---@return string 2021-07-12T00:00:00.000Z
function m.iso(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S.000Z", math.floor(seconds)) --[[@as string]]
end

---@param seconds number
---@return string Mon, 12 Jul 2021 00:00:00 GMT
function m.http(seconds)
  return os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(seconds)) --[[@as string]]
end

return m
