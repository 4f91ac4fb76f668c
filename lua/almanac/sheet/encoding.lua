-- Turns the bytes of somebody's text into UTF-8. Spreadsheets save UTF-8, UTF-16 ("Unicode
-- text") or Windows-1252 ("CSV") and don't say which. Text that could be read in two ways is
-- refused, with its line: one wrong letter would be another file's name.
local core = require "almanac.core"

local m = {}

-- No text has these signs inside a word, or these capitals behind a small letter. Where they
-- appear the bytes are in another code page (DOS and the old Mac have letters from 80 to 9F).
local STRANGE = { "%a[\x80-\x89\x8B\x8D\x8F-\x91\x93-\x95\x98\x99\x9B\x9D]%a", "%l[\x8A\x8C\x8E\x9F]%l" }
local SAVE = "; save it as \"CSV UTF-8\""

local function line_of(text, at)
  local _, n = text:sub(1, at - 1):gsub("\r?\n", "")
  return n + 1
end

local function refuse(name, text, at, words)
  return nil, ("%s line %d: %s%s"):format(name, line_of(text, at), words, SAVE), "parse"
end

-- ---- UTF-16 ----

local function combined(pair)
  local high, low = utf8.codepoint(pair, 1, 1, true), utf8.codepoint(pair, 4, 4, true)
  return utf8.char(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
end

local function from_utf16(name, bytes, format)
  if #bytes % 2 == 1 then return nil, name .. ": is UTF-16 text that ends within a character" .. SAVE, "parse" end
  local units = setmetatable({}, { __index = function(known, pair)
    known[pair] = utf8.char((string.unpack(format, pair)))
    return known[pair]
  end })
  local text = bytes:gsub("..", units):gsub("\xED[\xA0-\xAF][\x80-\xBF]\xED[\xB0-\xBF][\x80-\xBF]", combined)
  text = text:gsub("^\u{FEFF}", "")
  local good = m.valid_prefix(text)
  if good < #text then return refuse(name, text, good + 1, "is no UTF-16 text") end
  if text:find("\0", 1, true) then return refuse(name, text, text:find("\0", 1, true), "is not text") end
  return text, "UTF-16"
end

-- Nearly all characters of a heading are ASCII, so in UTF-16 every other byte is zero.
local function wide_format(bytes)
  if bytes:find "^\xFF\xFE" then return "<I2" end
  if bytes:find "^\xFE\xFF" then return ">I2" end
  local head = bytes:sub(1, 200)
  if head:find "^[^%z][%z][^%z][%z]" and not head:find "[%z][%z]" then return "<I2" end
  if head:find "^[%z][^%z][%z][^%z]" and not head:find "[%z][%z]" then return ">I2" end
end

-- ---- one byte a character ----

---How many bytes are well-formed UTF-8 before the first byte that is not.
---@param text string
---@return integer
function m.valid_prefix(text)
  local _, at = utf8.len(text)
  if not at then return #text end
  return at - 1
end

local function from_windows(name, bytes, bad)
  if bytes:find "[\xC2-\xDF][\x80-\xBF]" or bytes:find "[\xE1-\xEF][\x80-\xBF][\x80-\xBF]" then
    return refuse(name, bytes, bad, "is not UTF-8 though other text in it is")
  end
  local undefined = bytes:find "[\x81\x8D\x8F\x90\x9D]"
  if undefined then return refuse(name, bytes, undefined, "is neither UTF-8 nor Windows-1252 text") end
  for _, pattern in ipairs(STRANGE) do
    local at = bytes:find(pattern)
    if at then return refuse(name, bytes, at, "is not UTF-8, and hardly Windows-1252 text") end
  end
  return core.text.decode(bytes, "CP1252"), ("Windows-1252, because line %d is not UTF-8"):format(line_of(bytes, bad))
end

---Decodes bytes to UTF-8, without a byte order mark.
---@param bytes string
---@param name string what they are, for messages
---@param charset string? what they are in; nil: found out
---@return string|nil text
---@return string? encoding in words, when it is not UTF-8; without text: the message, with its line
---@return string? code "parse" | "missing"
function m.decode(bytes, name, charset)
  if charset then
    local text, message, code = core.text.decode(bytes, charset)
    if not text then return nil, name .. ": " .. message, code end
    return (text:gsub("^\xEF\xBB\xBF", ""))
  end
  if bytes:find "^\xFF\xFE%z%z" or bytes:find "^%z%z\xFE\xFF" then return nil, name .. ": is UTF-32 text" .. SAVE, "parse" end
  local format = wide_format(bytes)
  if format then return from_utf16(name, bytes, format) end
  local zero = bytes:find("\0", 1, true)
  if zero then return refuse(name, bytes, zero, "is not text") end
  bytes = bytes:gsub("^\xEF\xBB\xBF", "")
  if core.text.valid(bytes) then return bytes end
  return from_windows(name, bytes, m.valid_prefix(bytes) + 1)
end

return m
