-- Opens lists from anybody: CSV in any spelling, workbooks of Excel and OpenDocument. Titles,
-- decisions, rehearsals and samples all use this reader. Line numbers are those of the file,
-- so that an error can be found.
local core = require "almanac.core"
local encoding = require "almanac.sheet.encoding"
local plain_row = require "almanac.row"
local rows_of = require "almanac.sheet.rows"
local words = require "almanac.words"

local m = {}

local LARGEST = 256 << 20   -- bytes
local LOOK = 50             -- rows that the heading is looked for in
local NAMED = 5             -- lines that a note names at most

-- Beginnings of files that are no lists.
local OTHERS = {
  { "^SQLite format 3", "is a run file, not a list; to plan with what it has read, give it as --from" },
  { "^\xD0\xCF\x11\xE0", "is an old Excel workbook (.xls), or has a password; save it as .xlsx or \"CSV UTF-8\"" },
  { "^%%PDF", "is a PDF, not a list" },
  { "^\x1F\x8B", "is compressed; unpack it first" },
  { "^%s*<[!%a?]", "is HTML or XML, not a list; open it in a spreadsheet and save it as \"CSV UTF-8\"" },
}

m.plain = plain_row.plain

---Finds the columns in a heading row.
---@param row string[]
---@param wanted table<string, string[]> name -> headings that mean it, in small letters without signs
---@return table<string, integer> columns those that are there
function m.columns(row, wanted)
  local columns = {}
  for name, spellings in pairs(wanted) do
    for _, spelling in ipairs(spellings) do
      for i, heading in ipairs(row) do
        if m.plain(heading) == spelling and (columns[name] or math.huge) > i then columns[name] = i end
      end
    end
  end
  return columns
end

-- Marks that nobody sees: spreadsheets and web pages leave them at the ends of what is copied.
local INVISIBLE = { "\u{FEFF}", "\xE2\x80[\x8B-\x8F\xAA-\xAE]", "\xE2\x81[\xA0-\xA4]" }

local function without_invisible(text)
  for _, mark in ipairs(INVISIBLE) do text = text:gsub("^%s*" .. mark, ""):gsub(mark .. "%s*$", "") end
  return text
end

local function bare(text)
  local before
  repeat
    before, text = text, without_invisible(text)
  until text == before
  return (text:match "^%s*(.-)%s*$")
end

---The text in a cell. Blanks and invisible marks at its ends are taken off, and so are quotes, and the
---apostrophe or ="…" by which a spreadsheet keeps a number as text.
---@param cell string?
---@return string
function m.clean(cell)
  local text = (cell or ""):gsub("\u{A0}", " ")
  text = bare(text)
  text = text:match '^="(.*)"$' or text:match '^"(.*)"$' or text
  text = text:gsub("^'", "", 1):gsub("^\u{2019}", "", 1)
  return (text:match "^%s*(.-)%s*$")
end

local function filled(row)
  local n = 0
  for _, cell in ipairs(row) do
    if cell:find "%S" then n = n + 1 end
  end
  return n
end

-- Finds the heading among the first rows: the row with most of the wanted columns, then with most cells.
local function heading_finder(wanted)
  return function(rows)
    local at, best = nil, 0
    for i, row in ipairs(rows) do
      local score = 0
      for _ in pairs(m.columns(row, wanted)) do score = score + 1000 end
      if score > 0 then score = score + filled(row) - (row[1]:find "^%s*#." and 500 or 0) end
      if score > best then at, best = i, score end
    end
    return at, best
  end
end

-- ---- lines that were not read ----

local function mention(list, kind, line)
  local seen = list.passed[kind] or {}
  list.passed[kind] = seen
  seen[#seen + 1] = line
end

---Lines in words: "line 4", "lines 4, 7 and 12 more".
---@param unit string
---@param lines integer[]
---@return string
function m.lines(unit, lines)
  local shown = table.concat(lines, ", ", 1, math.min(#lines, NAMED))
  if #lines > NAMED then shown = ("%s and %d more"):format(shown, #lines - NAMED) end
  return (#lines == 1 and unit or unit .. "s") .. " " .. shown
end

local function add_notes(list)
  local function note(kind, text)
    local lines = list.passed[kind]
    if lines then list.notes[#list.notes + 1] = ("%s: %s %s"):format(list.name, m.lines(list.unit, lines), text(#lines == 1)) end
    list.passed[kind] = nil
  end
  note("comment", function(one) return one and "begins with # and is not read" or "begin with # and are not read" end)
  note("long", function(one)
    return (one and "has" or "have") .. " more cells than the heading; a cell with the sign between cells in it needs quotes"
  end)
  note("hidden", function(one) return one and "is hidden, and is read as well" or "are hidden, and are read as well" end)
end

-- ---- rows ----

-- A row that begins with # is a comment. But when another wanted column has an id or number,
-- the first cell just says something like "#1", and the row counts.
local function is_remark(list, row)
  if not row[1] or not row[1]:find "^%s*#" then return false end
  for _, column in pairs(list.columns) do
    if column > 1 and m.clean(row[column]):find "^%d" then return false end
  end
  if filled(row) > 1 then mention(list, "comment", row.line) end
  return true
end

local methods = {}

---The next row under the heading.
---@return { line: integer, [integer]: string }|nil row nil at the end: then the notes are complete
---@return string? message
---@return string? code
function methods:next()
  while true do
    local row, message, code = table.remove(self.ahead, 1), nil, nil
    if not row then row, message, code = self.source() end
    if not row then
      add_notes(self)
      return nil, message, code
    end
    if not is_remark(self, row) then
      if self.head and #row > #self.head and filled(table.move(row, #self.head + 1, #row, 1, {})) > 0 then
        mention(self, "long", row.line)
      end
      if row.hidden then mention(self, "hidden", row.line) end
      return row
    end
  end
end

---A row as pairs of heading and cell. Of columns with the same heading the first counts; columns without one are dropped.
---@param row string[]
---@return table<string, string>
function methods:named(row)
  local record = {}
  for i, name in ipairs(self.head or {}) do
    if name ~= "" and not record[name] then record[name] = m.clean(row[i]) end
  end
  return record
end

---Says which columns a list has when it lacks one, and which of them is the nearest.
---@param column string as one should write it
---@return string words "there are 'a', 'b'; did you mean 'b'?"
function methods:others(column)
  local names, plain, by_plain = {}, {}, {}
  for _, name in ipairs(self.head or {}) do
    if name ~= "" then
      names[#names + 1] = "'" .. name .. "'"
      plain[#plain + 1] = m.plain(name)
      by_plain[m.plain(name)] = name
    end
  end
  local near = words.nearest(m.plain(column), plain)
  return ("there %s %s%s%s"):format(#names == 1 and "is" or "are", names[1] and table.concat(names, ", ") or "none",
    near and (" (did you mean '%s'?)"):format(by_plain[near]) or "", self.others_of_workbook or "")
end

-- ---- opening ----

local function check_bytes(name, bytes)
  for _, other in ipairs(OTHERS) do
    if bytes:find(other[1]) then return nil, name .. ": " .. other[2], "parse" end
  end
  return true
end

local function look_ahead(list)
  while #list.ahead < LOOK do
    local row, message, code = list.source()
    if code then return nil, message, code end
    if not row then return true end
    list.ahead[#list.ahead + 1] = row
  end
  return true
end

-- When no row has a wanted column and most rows have several cells, the first row with
-- several cells is the heading.
local function likely_heading(rows)
  local first, wide = nil, 0
  for i, row in ipairs(rows) do
    if filled(row) > 1 and not row[1]:find "^%s*#" then first, wide = first or i, wide + 1 end
  end
  return wide * 2 > #rows and first or nil
end

local function check_twice(list)
  local seen = {}
  for _, name in ipairs(list.head) do
    if name ~= "" and seen[name] then
      list.notes[#list.notes + 1] = ("%s: two columns are headed '%s'; the first is read"):format(list.name, name)
    end
    seen[name] = true
  end
end

local function take_heading(list, wanted, finder)
  local at = finder(list.ahead)
  list.known = at ~= nil
  at = at or likely_heading(list.ahead)
  if not at then return end
  list.head = {}
  for i, cell in ipairs(list.ahead[at]) do list.head[i] = m.clean(cell) end
  list.columns = m.columns(list.head, wanted)
  list.ahead = table.move(list.ahead, at + 1, #list.ahead, 1, {})
  check_twice(list)
end

local function source_of(list, bytes, options, finder)
  if bytes:find "^PK\3\4" then
    local message, code
    list.unit = "row"
    list.source, message, code = require("almanac.sheet.workbook").open(list, bytes, options.sheet)
    return list.source, message, code
  end
  if options.sheet then return nil, ("%s: is no workbook: leave out --sheet"):format(list.name), "conflict" end
  local text, encoded, code = encoding.decode(bytes, list.name, options.charset)
  if not text then return nil, encoded, code end
  if encoded then list.notes[1] = ("%s: is read as %s"):format(list.name, encoded) end
  list.source = rows_of.open(text, list.name, LOOK, finder)
  return list.source
end

---Opens a list. Its heading is the row with the wanted columns, anywhere among the first
---fifty; rows above it are ignored. Without such a row the first one with several cells is
---taken as the heading (known = false). A list of single cells has no heading.
---@param path string
---@param options { wanted: table<string, string[]>, sheet: string?, bytes: string?, charset: string? } wanted: as for
---  `columns`; sheet: of a workbook, else its first; bytes: what the file holds, when it is no file; charset: of the text, else found out
---@return table|nil list head, columns, known, notes (complete at the end), unit "line" or "row", name; :next(), :named(row), :others(column)
---@return string? message
---@return string? code "missing" | "io" | "parse" | "limit" | "conflict"
function m.open(path, options)
  local bytes, message, code = options.bytes, nil, nil
  if not bytes then bytes, message, code = core.files.read(path, LARGEST) end
  if not bytes then return nil, message, code end
  local list = setmetatable({ name = path, unit = "line", notes = {}, passed = {}, ahead = {}, columns = {} }, { __index = methods })
  local finder = heading_finder(options.wanted)
  local ok
  ok, message, code = check_bytes(path, bytes)
  if ok then ok, message, code = source_of(list, bytes, options, finder) end
  if ok then ok, message, code = look_ahead(list) end
  if not ok then return nil, message, code end
  take_heading(list, options.wanted, finder)
  return list
end

---Is the file a workbook, and no other zip archive?
---@param path string
---@return boolean
function m.is_workbook(path)
  local bytes = core.files.read(path, LARGEST)
  return bytes ~= nil and require("almanac.sheet.workbook").looks(bytes)
end

---All rows of a list at once.
---@param list table from open
---@return table[]|nil rows
---@return string? message
---@return string? code
function m.all(list)
  local rows = {}
  while true do
    local row, message, code = list:next()
    if code then return nil, message, code end
    if not row then return rows end
    rows[#rows + 1] = row
  end
end

return m
