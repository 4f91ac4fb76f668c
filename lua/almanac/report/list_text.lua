-- A list of CSV as its bytes: rows and cells by where they stand, so that some can be filled and every other byte stays as
-- it was, whatever the quoting, the encoding and the line ends are.
local m = {}

local DELIMITERS = { ",", ";", "\t" }
local MARK = "\xEF\xBB\xBF"

-- ---- UTF-16 ----

local function wide_format(bytes)
  if bytes:find "^\xFF\xFE" then return "<I2" end
  if bytes:find "^\xFE\xFF" then return ">I2" end
end

-- Each unit becomes a UTF-8 letter, also half of a pair: so the way back gives the very same bytes.
local function narrow(bytes, format)
  local parts = {}
  for at = 1, #bytes - 1, 2 do parts[#parts + 1] = utf8.char((string.unpack(format, bytes, at))) end
  return table.concat(parts) .. bytes:sub(#bytes - #bytes % 2 + 1, #bytes)
end

local function widen(text, format)
  return (text:gsub(utf8.charpattern, function(letter) return string.pack(format, utf8.codepoint(letter, 1, 1, true)) end))
end

-- ---- cells ----

local function delimiter_of(line)
  local best, most = ",", 0
  for _, sign in ipairs(DELIMITERS) do
    local _, count = line:gsub(sign, "")
    if count > most then best, most = sign, count end
  end
  return best
end

-- The end of a quoted cell that begins at a place: behind its last quote.
local function behind_quotes(text, at)
  local from = at + 1
  while true do
    local stop = text:find('"', from, true)
    if not stop then return #text + 1 end
    if text:sub(stop + 1, stop + 1) ~= '"' then return stop + 1 end
    from = stop + 2
  end
end

local function value_of(raw)
  local quoted = raw:match '^%s*"(.*)"%s*$'
  return quoted and quoted:gsub('""', '"') or raw:match "^%s*(.-)%s*$"
end

-- Reads the row that begins at a place.
local function read_row(text, at, delimiter, line)
  local row, from = { line = line }, at
  while true do
    local stop = from
    if text:find('^ *"', from) then stop = behind_quotes(text, text:find('"', from, true)) end
    stop = text:find("[" .. delimiter .. "\r\n]", stop) or #text + 1
    local raw = text:sub(from, stop - 1)
    row[#row + 1] = { from = from, to = stop - 1, value = value_of(raw) }
    if text:sub(stop, stop) ~= delimiter then
      row.stop = stop
      local behind = text:sub(stop, stop + 1) == "\r\n" and stop + 2 or stop + 1
      return row, behind
    end
    from = stop + 1
  end
end

local function count_lines(text, from, to)
  local _, n = text:sub(from, to):gsub("\r\n", "\n"):gsub("[\r\n]", "")
  return n
end

local function is_empty(row)
  for _, cell in ipairs(row) do
    if cell.value ~= "" then return false end
  end
  return true
end

---@class almanac.report.list
---@field rows table[] cells { from, to, value }, `line` where it begins, `stop` where it ends; the first is the heading
---@field delimiter string

---Reads a list.
---@param bytes string
---@return almanac.report.list
function m.read(bytes)
  local format = wide_format(bytes)
  local text = format and narrow(bytes, format) or bytes
  local at = text:sub(1, 3) == MARK and 4 or 1
  local delimiter = delimiter_of(text:match("[^\r\n]+", at) or "")
  local rows, line = {}, 1
  while at <= #text do
    local row, behind = read_row(text, at, delimiter, line)
    line, at = line + count_lines(text, at, behind - 1), behind
    if not is_empty(row) and not row[1].value:find "^#" then rows[#rows + 1] = row end
  end
  return { text = text, format = format, rows = rows, delimiter = delimiter }
end

local function quoted(list, value)
  if value:find(list.delimiter, 1, true) then return '"' .. value .. '"' end
  return value
end

---Fills a cell; one of quotes alone keeps them. Behind the last cell of a row others are added.
---@param list almanac.report.list
---@param row table
---@param column integer
---@param value string
function m.fill(list, row, column, value)
  list.edits = list.edits or {}
  local cell = row[column]
  if cell then
    local raw = list.text:sub(cell.from, cell.to)
    local text = raw:find '^%s*""%s*$' and '"' .. value .. '"' or quoted(list, value)
    table.insert(list.edits, { from = cell.from, to = cell.to, text = text })
    return
  end
  row.added = row.added or {}
  row.added[column] = quoted(list, value)
  row.last = math.max(row.last or 0, column)
end

local function added_text(list, row)
  local parts = {}
  for column = #row + 1, row.last do parts[#parts + 1] = list.delimiter .. (row.added[column] or "") end
  return table.concat(parts)
end

---The bytes of the list with what was filled.
---@param list almanac.report.list
---@return string bytes
function m.bytes(list)
  local edits = list.edits or {}
  for _, row in ipairs(list.rows) do
    if row.last then edits[#edits + 1] = { from = row.stop, to = row.stop - 1, text = added_text(list, row) } end
  end
  for n, edit in ipairs(edits) do edit.n = n end
  table.sort(edits, function(a, b)
    if a.from ~= b.from then return a.from < b.from end
    return a.n < b.n
  end)
  local parts, at = {}, 1
  for _, edit in ipairs(edits) do
    parts[#parts + 1] = list.text:sub(at, edit.from - 1)
    parts[#parts + 1], at = edit.text, edit.to + 1
  end
  parts[#parts + 1] = list.text:sub(at)
  local text = table.concat(parts)
  return list.format and widen(text, list.format) or text
end

return m
