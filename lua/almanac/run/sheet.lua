-- Spreadsheets as people save them: a byte-order mark, comment lines with #,
-- commas, semicolons or tabs, headings in any spelling. Line numbers are those
-- of the file, so that an error can be found.
local core = require "almanac.core"

local m = {}

local LARGEST = 256 << 20   -- bytes

-- Comment lines become empty ones, so that the numbers of the others stay.
local function blank_comments(text)
  local result = ("\n" .. text):gsub("\n[ \t]*\"?#[^\n]*", "\n")
  return result:sub(2)
end

-- The sign that the first line with words in it has most of.
local function delimiter_of(text)
  local line = text:match "[^\r\n]*%S[^\r\n]*" or ""
  local best, most = ",", 0
  for _, sign in ipairs { ",", ";", "\t" } do
    local _, n = line:gsub(sign, "")
    if n > most then best, most = sign, n end
  end
  return best
end

-- "MMS ID", "mms_id" and "Mms Id" are one heading.
local function plain(heading)
  return (heading:lower():gsub("[^%w]", ""))
end

local function is_empty(cells)
  for _, cell in ipairs(cells) do
    if cell:find "%S" then return false end
  end
  return true
end

local function read_text(path)
  local text, message, code = core.files.read(path, LARGEST)
  if not text then return nil, message, code end
  if text:find "^\xFF\xFE" or text:find "^\xFE\xFF" then
    return nil, path .. ": is UTF-16 text; save it as \"CSV UTF-8\"", "parse"
  elseif text:find "^PK\3\4" then
    return nil, path .. ": is a workbook, not CSV; save it as \"CSV UTF-8\"", "parse"
  elseif text:find "^SQLite format 3" then
    return nil, path .. ": is a run file, not CSV; to plan with what it has read, give it as --from", "parse"
  elseif text:find("\0", 1, true) then
    return nil, path .. ": is not text", "parse"
  end
  return (text:gsub("^\xEF\xBB\xBF", ""):gsub("\r\n?", "\n"))
end

---Reads all rows of a CSV file; empty lines and comments are left out.
---@param path string
---@return { line: integer, [integer]: string }[]|nil rows cells in order
---@return string? message
---@return string? code "missing" | "io" | "parse"
function m.read(path)
  local text, message, code = read_text(path)
  if not text then return nil, message, code end
  text = blank_comments(text)
  local cells, line
  local reader = core.csv.parse(text, { delimiter = delimiter_of(text) })
  local rows = {}
  repeat
    cells, line, code = reader:next()
    if cells and not is_empty(cells) then
      cells.line = line
      rows[#rows + 1] = cells
    elseif not cells and code then
      return nil, path .. ": " .. line, code
    end
  until not cells
  return rows
end

---The columns of a heading row.
---@param row string[]
---@param wanted table<string, string[]> name -> headings that mean it, in small letters without signs
---@return table<string, integer> columns those that are there
function m.columns(row, wanted)
  local columns = {}
  for i, heading in ipairs(row) do
    for name, spellings in pairs(wanted) do
      for _, spelling in ipairs(spellings) do
        if plain(heading) == spelling and not columns[name] then columns[name] = i end
      end
    end
  end
  return columns
end

---The text in a cell: blanks at its ends, the apostrophe or ="…" by which a
---spreadsheet keeps a number text, and quotes that were quoted are taken off.
---@param cell string?
---@return string
function m.clean(cell)
  local text = (cell or ""):gsub("\u{A0}", " "):gsub("\u{FEFF}", ""):match "^%s*(.-)%s*$"
  text = text:match '^="(.*)"$' or text:match '^"(.*)"$' or text
  text = text:gsub("^'", "", 1):gsub("^\u{2019}", "", 1)
  return (text:match "^%s*(.-)%s*$")
end

return m
