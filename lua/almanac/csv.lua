-- Reads CSV row by row: RFC 4180, and what people make of it.
--
-- A quote inside a field is text (5" disk; "Waiting" by X): it never swallows the rows behind
-- it. Blanks around unquoted fields are dropped. Empty lines and a UTF-8 byte order mark are
-- ignored. Lines end in LF, CRLF or CR. Bytes are kept as they are, but the apostrophe by which
-- core.csv.line keeps a text from being a formula is taken off.
local core = require "almanac.core"
local fields = require "almanac.fields"

local m = {}

local LONGEST = 16 << 20   -- bytes of a row
local MOST = 10000         -- fields of a row
local QUOTE, APOSTROPHE, SPACE, TAB, LF, CR = 0x22, 0x27, 0x20, 0x09, 0x0a, 0x0d

local byte, find, sub, guarded = string.byte, string.find, string.sub, core.csv.guarded

local methods = {}
local meta = { __index = methods }

---@class almanac.csv.rows
---@field next fun(self): string[]|nil, integer|string|nil, almanac.code? a row and the line in which it starts, from 1; nil at
---  the end; nil, message, code ("parse": UTF-16, a quote that is never closed; "limit": a row too long) for a failure,
---  after which nothing follows

---Reads the rows of a text.
---@param text string
---@param options? { delimiter?: string } one character, default ","
---@return almanac.csv.rows
function m.parse(text, options)
  if type(text) ~= "string" then error("csv: text must be a string, got " .. type(text), 2) end
  fields.check("csv.parse", options or {}, { delimiter = "string" }, 2)
  local delimiter = options and options.delimiter or ","
  if #delimiter ~= 1 or find(delimiter, '["\r\n]') then error("csv: the delimiter is one character, not a quote", 2) end
  local blank = delimiter == "\t" and "^ *" or delimiter == " " and "^\t*" or "^[ \t]*"
  return setmetatable({ text = text, at = sub(text, 1, 3) == "\xef\xbb\xbf" and 4 or 1, line = 1, quote = 0,
    line_end = find(text, "\r", 1, true) and "[\r\n]" or "\n", delimiter = delimiter, blank = blank,
    is_blank = { [SPACE] = delimiter ~= " ", [TAB] = delimiter ~= "\t" },
    plain = "^[^" .. delimiter:gsub("%W", "%%%0") .. "\r\n]*", failed = false }, meta)
end

-- ---- lines ----

local function count_line_ends(text, from, to)
  local count = 0
  for ending in sub(text, from, to):gmatch "\r?\n?" do
    if ending ~= "" then count = count + 1 end
  end
  return count
end

-- The place behind the line end at `at`, or `at` when there is none.
local function pass_line_end(rows, at)
  local first = byte(rows.text, at)
  if first ~= LF and first ~= CR then return at end
  rows.line = rows.line + 1
  return first == CR and byte(rows.text, at + 1) == LF and at + 2 or at + 1
end

local function pass_empty_lines(rows)
  while (byte(rows.text, rows.at) or 0) <= SPACE do
    local _, stop = find(rows.text, rows.blank, rows.at)
    local behind = pass_line_end(rows, stop + 1)
    if behind == stop + 1 then
      if behind > #rows.text then rows.at = behind end
      return
    end
    rows.at = behind
  end
end

-- ---- fields ----

-- Cuts the blanks off the end, of which there may be very many.
local function without_end(rows, value)
  local last = #value
  while last > 0 and rows.is_blank[byte(value, last)] do last = last - 1 end
  return sub(value, 1, last)
end

local function unguarded(value)
  return byte(value) == APOSTROPHE and guarded(value) and sub(value, 2) or value
end

-- Takes off the blanks around a field, and an apostrophe that keeps it from being a formula.
local function cleaned(rows, value)
  local _, before = find(value, rows.blank)
  value = without_end(rows, sub(value, before + 1))
  return unguarded(value)
end

-- The place of the quote that closes the one before `at`; nil when none does.
local function closing(text, at)
  while true do
    local quote = find(text, '"', at, true)
    if not quote or byte(text, quote + 1) ~= QUOTE then return quote end
    at = quote + 2
  end
end

-- Reads the field that is quoted at `at`, and gives the place behind it. A quote with more text
-- behind it did not close the field.
local function add_quoted(rows, row, at)
  local text = rows.text
  local quote = closing(text, at + 1)
  if not quote then return nil end
  local inside = sub(text, at + 1, quote - 1):gsub('""', '"')
  local _, stop = find(text, rows.blank, quote + 1)
  local _, rest = find(text, rows.plain, stop + 1)
  if rest > stop then
    stop = rest
    inside = without_end(rows, inside .. sub(text, quote, stop))
  end
  rows.line = rows.line + count_line_ends(text, at, quote)
  row[#row + 1] = unguarded(inside)
  return stop + 1
end

-- ---- rows ----

-- Reads a row that ends before the next quote, at `stop`.
local function read_plain(rows, row, stop)
  local text, delimiter, at, count = rows.text, rows.delimiter, rows.at, 0
  local to
  repeat
    to = find(text, delimiter, at, true) or stop
    if to > stop then to = stop end
    local value = sub(text, at, to - 1)
    local first = byte(value)
    if first and (first <= APOSTROPHE or byte(value, -1) <= SPACE) then value = cleaned(rows, value) end
    count = count + 1
    row[count], at = value, to + 1
  until to == stop or count > MOST
  return stop
end

local function read_quoted(rows, row)
  local text, at = rows.text, rows.at
  while true do
    local _, before = find(text, rows.blank, at)
    if byte(text, before + 1) == QUOTE then
      at = add_quoted(rows, row, before + 1)
    else
      local _, stop = find(text, rows.plain, at)
      row[#row + 1] = cleaned(rows, sub(text, at, stop))
      at = stop + 1
    end
    if not at or sub(text, at, at) ~= rows.delimiter or #row > MOST then return at end
    at = at + 1
  end
end

local function read_row(rows, row)
  local text, at = rows.text, rows.at
  if rows.quote < at then rows.quote = find(text, '"', at, true) or #text + 1 end
  local stop = find(text, rows.line_end, at, rows.line_end == "\n") or #text + 1
  if rows.quote >= stop then return read_plain(rows, row, stop) end
  return read_quoted(rows, row)
end

local function fail(rows, code, words, ...)
  rows.failed = true
  return nil, words:format(...), code
end

---See almanac.csv.rows.
function methods:next()
  if not self.text then error("the CSV is closed", 2) end
  if self.failed then return nil end
  if self.at == 1 and find(self.text, "^\xff\xfe") or find(self.text, "^\xfe\xff") then
    return fail(self, "parse", "CSV is UTF-16; save it as CSV UTF-8")
  end
  pass_empty_lines(self)
  if self.at > #self.text then return nil end
  local row, start, from = {}, self.line, self.at
  local stop = read_row(self, row)
  if #row > MOST or (stop or #self.text) - from > LONGEST then
    return fail(self, "limit", "CSV line %d: the row is too long", start)
  elseif not stop then
    return fail(self, "parse", "CSV line %d: a quote is never closed", start)
  end
  self.at = pass_line_end(self, stop)
  return row, start
end

---Frees the text. Later calls raise; closing again is fine.
function methods:close() self.text = nil end

meta.__close = methods.close

return m
