-- A programmer's mistake, raised where the programmer made it.
local m = {}

---Raises a message, with the file and line outside of this library that led here.
---@param format string
---@param ... any
function m.raise(format, ...)
  local library = debug.getinfo(1, "S").source:match "^(.*/)"
  local level = 2
  while true do
    local info = debug.getinfo(level, "S")
    if not info or (info.what ~= "C" and info.source:sub(1, #library) ~= library) then break end
    level = level + 1
  end
  error(format:format(...), level)
end

---What an error says. One that is no text says at least so much.
---@param value any what was raised
---@return string
function m.text(value)
  if value == nil then return "an error without a message" end
  local kind = type(value)
  local meta = getmetatable(value)
  if kind == "string" or kind == "number" or type(meta) == "table" and meta.__tostring then return tostring(value) end
  return ("an error that is no text (a %s)"):format(kind)
end

return m
