-- Text that somebody else wrote, for a terminal: nothing in it is obeyed. What
-- moves the cursor, colours or hides, or turns the direction of writing (so
-- that source reads otherwise than it runs) is shown as what it is.
local core = require "almanac.core"

local m = {}

-- U+200B to U+200F, U+202A to U+202E, U+2060 to U+2069, U+FEFF
local HIDDEN = { { 0x200B, 0x200F }, { 0x202A, 0x202E }, { 0x2060, 0x2069 }, { 0xFEFF, 0xFEFF } }

local function is_hidden(code)
  for _, range in ipairs(HIDDEN) do
    if code >= range[1] and code <= range[2] then return true end
  end
  return code >= 0x80 and code <= 0x9F
end

local function show(character)
  local code = utf8.codepoint(character)
  return is_hidden(code) and ("<U+%04X>"):format(code) or nil
end

local OBEYED = "[\0-\8\11-\31\127]"

local function in_brackets(byte) return ("<%02X>"):format(byte:byte()) end

---Text from anywhere, on its way to a terminal: what a terminal obeys is shown as
---what it is. The direction of writing stays: titles may need it.
---@param text string
---@return string
function m.obeyed(text)
  if not text:find "[\0-\8\11-\31\127\xC2]" then return text end
  return (text:gsub(OBEYED, in_brackets):gsub("\xC2([\x80-\x9F])", function(byte) return ("<U+%04X>"):format(byte:byte()) end))
end

---@param text string
---@return string
function m.text(text)
  if not text:find "[\0-\8\11-\31\127-\xFF]" then return text end
  text = text:gsub("\r\n", "\n")
  if not core.text.valid(text) then text = text:gsub("[\x80-\xFF]", "?") end
  text = text:gsub(OBEYED, in_brackets)
  return (text:gsub(utf8.charpattern, function(character) return #character > 1 and show(character) or nil end))
end

---The same on one line.
---@param text string
---@return string
function m.line(text)
  return (m.text(text):gsub("[\n\t]", " "))
end

return m
