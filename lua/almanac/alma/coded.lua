-- Coded fields. Alma gives them as { value, desc }; a bare code is understood as well, since JSON that was made from XML
-- may have it so.
local m = {}

---@param field { value: any, desc: string? }|any
---@return any code
function m.value(field)
  if type(field) == "table" then return field.value end
  return field
end

---@param code any
---@return { value: any }? field nil for nil
function m.of(code)
  if code ~= nil then return { value = code } end
end

return m
