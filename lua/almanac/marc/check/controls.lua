-- Control characters in texts.
local m = {}

-- The subfield delimiter of a control field has a problem of its own.
local function is_control(code)
  return code < 0x20 and code ~= 0x1F or code == 0x7F or code >= 0x80 and code < 0xA0 and code ~= 0x98 and code ~= 0x9C
end

---The control characters of a text, each once. U+0098 and U+009C stand around what isn't sorted by.
---@param text string
---@return string[] names as "0x0b" or "U+0085"
function m.names(text)
  local names, seen = {}, {}
  if not text:find "[%c\xC2]" then return names end
  for _, code in utf8.codes(text, true) do
    if is_control(code) and not seen[code] then
      names[#names + 1], seen[code] = (code < 0x80 and "0x%02x" or "U+%04X"):format(code), true
    end
  end
  return names
end

local LONGEST = 200   -- bytes

---The text with '?' for each control character, so that it stays a line, and not a long one.
---@param text string
---@return string
function m.one_line(text)
  text = text:gsub("%c", "?"):gsub("\xC2[\x80-\x9F]", "?")
  if #text <= LONGEST then return text end
  local stop = LONGEST
  while stop > 1 and text:byte(stop + 1) & 0xC0 == 0x80 do stop = stop - 1 end
  return text:sub(1, stop) .. "…"
end

return m
