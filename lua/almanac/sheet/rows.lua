-- Reads the rows of a CSV as people save it: with commas, semicolons, tabs or bars between the
-- cells, and maybe a line sep=; before the rest. The text is parsed with each sign before one
-- is chosen.
local core = require "almanac.core"

local m = {}

local SIGNS = { ",", ";", "\t", "|" }
local LOOK = 64 << 10    -- bytes that are enough to choose the sign between cells

local function is_empty(cells)
  for _, cell in ipairs(cells) do
    if cell:find "%S" then return false end
  end
  return true
end

-- The first rows of a text, parsed with this sign. The last row may be cut off.
local function first_rows(text, sign, most)
  local reader <close>, rows = core.csv.parse(text, { delimiter = sign }), {}
  while #rows < most do
    local cells = reader:next()
    if not cells then break end
    if not is_empty(cells) then rows[#rows + 1] = cells end
  end
  return rows
end

-- How many rows have the commonest number of cells; 0 when that number is one.
local function agreement(rows)
  local counts, most = {}, 0
  for _, cells in ipairs(rows) do
    local n = #cells
    counts[n] = (counts[n] or 0) + 1
    if n > 1 and counts[n] > most then most = counts[n] end
  end
  return most
end

-- The sign with which a heading is found, else the sign with which most rows have the same
-- number of cells.
local function sign_of(text, most, heading)
  local head, best, best_heading, best_rows = text:sub(1, LOOK), ",", 0, 0
  for _, sign in ipairs(SIGNS) do
    local rows = first_rows(head, sign, most)
    local _, found = heading(rows)
    local agree = agreement(rows)
    if found > best_heading or found == best_heading and agree > best_rows then
      best, best_heading, best_rows = sign, found, agree
    end
  end
  return best
end

-- The line sep=; tells Excel the sign. It is taken out, and the other lines keep their numbers.
local function named_sign(text)
  local sign, rest = text:match "^\"?[sS][eE][pP]=([^\r\n\"])\"?[ \t]*[,;]*(\r?\n.*)$"
  if not sign then sign, rest = text:match "^\"?[sS][eE][pP]=([^\r\n\"])\"?[ \t]*[,;]*(\r.*)$" end
  if sign == "\\" then return nil, text end
  return sign, rest or text
end

---Opens a CSV text.
---@param text string UTF-8
---@param name string what it is, for messages
---@param most integer rows that tell what the text is
---@param heading fun(rows: string[][]): integer?, number which of the rows is a heading, and how good it is (0: none)
---@return fun(): string[]?, string?, string? next a row with its `line`, without empty rows; nil at the end; nil, message, code
function m.open(text, name, most, heading)
  local sign
  sign, text = named_sign(text)
  local reader = core.csv.parse(text, { delimiter = sign or sign_of(text, most, heading) })
  return function()
    while true do
      local cells, line, code = reader:next()
      if not cells and code then return nil, name .. line:gsub("^CSV", "", 1), code end
      if not cells then return nil end
      if not is_empty(cells) then
        cells.line = line
        return cells
      end
    end
  end
end

return m
