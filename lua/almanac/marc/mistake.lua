-- A programmer's mistake, raised where the programmer made it.
local m = {}

-- The frames of this folder, and of lua/almanac/marc.lua, are no place for somebody to look at.
local function is_ours(source) return source:find "almanac/marc[./]" or source == "=[C]" end

---Raises a message, with the file and line outside of this library that led here.
---@param format string
---@param ... any
function m.raise(format, ...)
  local level = 2
  while true do
    local info = debug.getinfo(level, "S")
    if not info then break end
    if not is_ours(info.source) then break end
    level = level + 1
  end
  error(format:format(...), level)
end

return m
