-- Reads dates and times as servers write them. All are UTC.
local m = {}

-- For dates such as "Fri, 24 May 2013 00:00:00 GMT".
local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10,
  Nov = 11, Dec = 12 }

---Seconds since 1970 of a date and time in UTC.
---@return integer
function m.epoch(year, month, day, hour, minute, second)
  local y = month <= 2 and year - 1 or year
  local era, of_era = y // 400, y % 400
  local of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
  local days = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
  return days * 86400 + hour * 3600 + minute * 60 + second
end

---@param text string? a Date header
---@return integer? seconds since 1970
function m.http(text)
  local day, month, year, hour, minute, second =
    (text or ""):match "(%d+) (%a+) (%d+) (%d+):(%d+):(%d+) GMT"
  if not MONTHS[month] then return nil end
  local function int(value) return math.tointeger(tonumber(value)) end
  return m.epoch(int(year), MONTHS[month], int(day), int(hour), int(minute), int(second))
end

---@param text string? an ISO 8601 date and time in UTC, "2013-05-24T00:00:00Z"
---@return integer? seconds since 1970
function m.iso(text)
  local list = { (text or ""):match "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)" }
  for i, digits in ipairs(list) do list[i] = math.tointeger(tonumber(digits)) end
  return list[1] and m.epoch(table.unpack(list)) or nil
end

return m
