-- Words for the shell, when another program is run.
local m = {}

---One word, whatever is in it.
---@param text string
---@return string
function m.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

return m
