-- Reads an XML document of records in which some records are no XML: a control character, a bare
-- ampersand. The others are read as if nothing were wrong, and such a one becomes a node that says
-- what is wrong with it. A document that is broken elsewhere, as one that was cut off, stays an error.
local core = require "almanac.core"

local m = {}

local PLACE = "almanac.place"   -- the element that stands for a record while the rest is parsed

local function local_name(name) return name:match "[^:]*$" end

-- Where the records of the document begin and end; one in another belongs to that. A tag before which
-- `begins` is found begins a record even where the one before has lost its end.
local function find_pieces(text, kind)
  local pieces, depth, from = {}, 0, nil
  for at, slash, name, after in text:gmatch "()<(/?)([%a_][%w_.:-]*)()" do
    if kind.names[local_name(name)] then
      local closing = text:find(">", after, true) or #text
      if slash == "" and depth > 0 and kind.begins and text:find("^%s*<[%w:]*" .. kind.begins, closing + 1) then
        pieces[#pieces + 1] = { from = from, to = at - 1 }
        depth = 0
      end
      if depth == 0 then from = at end
      if slash ~= "" then depth = depth - 1 elseif text:sub(closing - 1, closing - 1) ~= "/" then depth = depth + 1 end
      if depth == 0 then pieces[#pieces + 1] = { from = from, to = closing } end
      depth = math.max(depth, 0)
    end
  end
  return pieces
end

local function count_lines(text, from, to)
  local _, count = text:sub(from, to):gsub("\n", "")
  return count
end

local function find_node(node, wanted)
  for i, item in ipairs(node) do
    if wanted(item) then return item, node, i end
    local found, parent, place = find_node(item, wanted)
    if found then return found, parent, place end
  end
end

-- What of a broken record can be read by itself, such as its header.
local function read_parts(piece, frame, kind)
  local parts = {}
  for _, name in ipairs(kind.parts) do
    local part = piece:match("<(" .. name .. "[%s>].-</" .. name .. ">)")
      or piece:match("<(%w+:" .. name .. "[%s>].-</%w+:" .. name .. ">)")
    local root = part and frame("<" .. part)
    parts[#parts + 1] = root and find_node(root, function(item) return item.name == name end)
  end
  return parts
end

local function read_piece(text, piece, frame, kind)
  local inside = text:sub(piece.from, piece.to)
  local root, message = frame(inside)
  if root then
    return find_node(root, function(item) return kind.names[item.name] end)
  end
  local node = read_parts(inside, frame, kind)
  node.name, node.text, node.attributes, node.source = local_name(inside:match "^<([%w_.:-]+)"), "", {}, inside
  node.broken = message:gsub("line (%d+) column %d+", function(line)
    return "line " .. line + count_lines(text, 1, piece.from - 1) - frame.lines
  end)
  return node
end

-- Parses a record with what stands around all of them, so that its prefixes and its encoding are known.
local function new_frame(text, pieces, limits)
  local head, tail = text:sub(1, pieces[1].from - 1), text:sub(pieces[#pieces].to + 1)
  return setmetatable({ lines = count_lines(head, 1, #head) }, { __call = function(_, inside)
    return core.xml.parse(head .. inside .. tail, limits)
  end })
end

local function without(text, pieces)
  local parts, at = {}, 1
  for i, piece in ipairs(pieces) do
    parts[#parts + 1] = text:sub(at, piece.from - 1)
    parts[#parts + 1] = ("<%s n='%d'/>"):format(PLACE, i)
    at = piece.to + 1
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

-- Puts the records where their places are.
local function fill(node, take)
  for i, item in ipairs(node) do
    if item.name == PLACE then node[i] = take(math.tointeger(item.attributes.n)) else fill(item, take) end
  end
end

---@class almanac.salvage.kind
---@field names table<string, true> the elements that are records, without prefix
---@field begins string? a pattern: the name of the first element of every record
---@field parts string[] elements of a broken record that are read by themselves

---Parses a document. A record that is no XML is a node with its own name, the `parts` of it that can be read,
---`broken` (what is wrong, with its line in the document) and `source` (its text).
---@param text string
---@param limits { max_depth: integer?, max_size: integer? }
---@param kind almanac.salvage.kind
---@return almanac.xml.node|nil root
---@return string? message
---@return string? code "parse" | "limit"
function m.parse(text, limits, kind)
  local root, message, code = core.xml.parse(text, limits)
  if root or code ~= "parse" then return root, message, code end
  local pieces = find_pieces(text, kind)
  local rest = pieces[1] and core.xml.parse(without(text, pieces), limits)
  if not rest or rest.name == PLACE then return nil, message, code end
  local frame = new_frame(text, pieces, limits)
  fill(rest, function(i) return read_piece(text, pieces[i], frame, kind) end)
  return rest
end

return m
