-- Turns cells of workbooks into text: numbers with all their digits, days as ISO 8601.
local m = {}

---The most columns that a list may have; a workbook may name the 16,384th.
m.most_columns = 1000

local EXACT = 1e15      -- spreadsheets keep 15 digits
local LAST_DAY = 2958466

---A number of a workbook as text. It is written in digits where these are exact; a larger one
---keeps its exponent, which shows that it was rounded.
---@param raw string
---@return string
function m.number(raw)
  local value = tonumber(raw)
  if not value or raw:find "^%-?%d+$" then return raw end
  if value ~= value or math.abs(value) >= EXACT then return (raw:upper()) end
  if value == math.floor(value) then return ("%d"):format(value) end
  return ("%.15g"):format(value)
end

---The day or time that a spreadsheet keeps as a number of days.
---@param raw string
---@param from_1904 boolean? the days count from 1904
---@return string
function m.day(raw, from_1904)
  local days = tonumber(raw)
  if not days or days < 0 or days >= LAST_DAY then return raw end
  if from_1904 then days = days + 1462 end
  local seconds = math.floor(days % 1 * 86400 + 0.5)
  if days < 1 then return os.date("!%H:%M:%S", seconds) end
  -- Excel counts a 29 February 1900, which did not exist.
  local day = math.floor(days) - (days < 60 and 25568 or 25569)
  return os.date(seconds == 0 and "!%Y-%m-%d" or "!%Y-%m-%d %H:%M:%S", day * 86400 + seconds)
end

---True when a number format shows days or times.
---@param code string
---@return boolean
function m.is_day(code)
  local plain = code:gsub('"[^"]*"', ""):gsub("\\.", ""):gsub("_.", ""):gsub("%[[^%]]*%]", ""):lower()
  return plain:find "[ymdhs]" ~= nil and not plain:find "general"
end

---The column number that the letters of a cell stand for: "C5" is in column 3.
---@param reference string
---@return integer?
function m.column(reference)
  local letters = reference:match "^(%u+)%d*$"
  if not letters or #letters > 3 then return nil end
  local n = 0
  for i = 1, #letters do n = n * 26 + letters:byte(i) - 64 end
  return n
end

---A row whose gaps are filled, so that it is a sequence.
---@param cells table<integer, string>
---@param last integer the last column that may be filled
---@param line integer
---@return string[]
function m.row(cells, last, line)
  while last > 0 and (cells[last] or "") == "" do last = last - 1 end
  for i = 1, last do cells[i] = cells[i] or "" end
  cells.line = line
  return cells
end

return m
