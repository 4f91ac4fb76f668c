-- What of a recipe's text Lua would run: its tokens, without comments and the
-- blanks between them. Two texts with the same tokens are the same program, so
-- a corrected comment does not look like another rule.
local core = require "almanac.core"

local m = {}

-- Longest first, so that what Lua reads as one token is one here.
local SYMBOLS = { "^%.%.%.", "^%.%.", "^[=~<>]=", "^//", "^::", "^<<", "^>>", "^[%+%-%*/%%%^#&~|<>=%(%){}%[%];:,%.]" }

-- Where a long bracket that opens here ends; nil: none opens, false: it has no end.
local function long_end(text, at)
  local _, open, level = text:find("^%[(=*)%[", at)
  if not open then return nil end
  local _, last = text:find("]" .. level .. "]", open + 1, true)
  return last or false
end

-- What one backslash takes with it: `\z` all blanks that follow, a line's end both of its bytes.
local function escape_end(text, at)
  local _, last = text:find("^\\z%s*", at)
  if not last then _, last = text:find("^\\\r\n", at) end
  return last or at + 1
end

local function short_end(text, at)
  local quote = text:sub(at, at)
  local place = at + 1
  while true do
    place = text:find("[\"'\\\r\n]", place)
    local byte = place and text:sub(place, place)
    if byte == quote then return place end
    if not byte or byte == "\n" or byte == "\r" then return false end
    place = (byte == "\\" and escape_end(text, place) or place) + 1
  end
end

local function comment_end(text, at)
  if text:sub(at, at + 1) ~= "--" then return nil end
  local last = long_end(text, at + 2)
  if last ~= nil then return last end
  return (text:find("[\r\n]", at) or #text + 1) - 1
end

-- The sign of an exponent is a token of its own here. That makes no two programs
-- alike: Lua refuses the text in which it stands apart.
local function word_end(text, at)
  local _, last = text:find("^[%a_][%w_]*", at)
  if not last then _, last = text:find("^%.?%d[%w_.]*", at) end
  return last
end

local function symbol_end(text, at)
  for _, pattern in ipairs(SYMBOLS) do
    local _, last = text:find(pattern, at)
    if last then return last end
  end
end

local function token_end(text, at)
  if text:find("^[\"']", at) then return short_end(text, at) end
  local last = long_end(text, at)
  if last ~= nil then return last end
  return word_end(text, at) or symbol_end(text, at)
end

---The tokens of a text, in their order.
---@param text string Lua
---@return string[]|nil tokens nil: it is no Lua, as far as can be seen from here
function m.tokens(text)
  local list, at = {}, text:sub(1, 3) == "\xEF\xBB\xBF" and 4 or 1
  while true do
    at = text:find("[^ \t\n\r\f\v]", at)
    if not at then return list end
    local last = comment_end(text, at)
    if last == nil then
      last = token_end(text, at)
      list[#list + 1] = last and text:sub(at, last) or nil
    end
    if not last then return nil end
    at = last + 1
  end
end

---A hash that is the same for texts that differ in comments and blanks alone.
---@param text string Lua
---@return string|nil sha256 nil: it is no Lua, as far as can be seen from here
function m.sha256(text)
  local tokens = m.tokens(text)
  if not tokens then return nil end
  for i, token in ipairs(tokens) do tokens[i] = #token .. ":" .. token end
  return core.hash.sha256(table.concat(tokens))
end

return m
