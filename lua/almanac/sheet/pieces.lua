-- Takes elements out of a large XML text, some hundred kilobytes at a time. A sheet of a
-- million cells as one tree would take gigabytes. The text is cut behind end tags, and each
-- piece is parsed by itself with the namespaces of the root. Where such a tag stands in a
-- comment or CDATA, the piece is not well-formed: it is refused, and never read wrongly.
local core = require "almanac.core"

local m = {}

local PIECE = 256 << 10     -- bytes
local LARGEST = 16 << 20    -- bytes of a piece; a longer element ends the reading

---The start tag of the root, and its end tag.
---@param text string
---@return string? start, string? finish
function m.root(text)
  local head = text:sub(1, 65536):gsub("^\u{FEFF}", ""):gsub("^%s*<%?.-%?>", "")
  local tag, name = head:match "^%s*(<([%a][%w:._-]*)[^<>]*>)"
  if not tag or tag:find "/>$" then return nil end
  return tag, "</" .. name .. ">"
end

local function escaped(text) return (text:gsub("%p", "%%%0")) end

---Goes through the elements `name` that stand in a part of the text.
---@param text string
---@param name string as it is written, with its prefix
---@param from integer where the part begins
---@param to integer where it ends
---@param tidy (fun(piece: string): string)? what a piece has to lose before it is parsed
---@return fun(): almanac.xml.node?, string?, string? next nil at the end; nil, message, code
function m.each(text, name, from, to, tidy)
  local start, finish = m.root(text)
  local opening, closing = "<" .. escaped(name) .. "[%s/>]", "</" .. name .. ">"
  local queue, at, first = {}, 1, from
  local function next_piece()
    local begin = text:find(opening, first)
    if not begin or begin > to then return nil end
    local _, last = text:find(closing, begin + PIECE, true)
    if not last or last > to then last = to end
    if last - begin > LARGEST then return nil, "a row in it is too long", "limit" end
    first = last + 1
    local piece = text:sub(begin, last)
    local root, message, code = core.xml.parse(start .. (tidy and tidy(piece) or piece) .. finish)
    if not root then return nil, message, code end
    return root
  end
  return function()
    while not queue[at] do
      if not start then return nil, "no XML in it", "parse" end
      local root, message, code = next_piece()
      if not root then return nil, message, code end
      queue, at = root, 1
    end
    at = at + 1
    return queue[at - 1]
  end
end

return m
