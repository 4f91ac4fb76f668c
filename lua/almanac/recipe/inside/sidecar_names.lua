-- The names that sidecars go by: plain ones stand for a file of that name in a
-- folder, for all that lies in it and below; those with {name} or {stem} for a
-- file beside each file.
local m = {}

---Names that one argument may give.
m.most = 4

---What is wrong with the name of a sidecar.
---@param name string
---@return string? words
function m.problem(name)
  if name:find "[/\\%c]" then
    return ("'%s' is no name of a file: sidecars lie where the files are, or above"):format((name:gsub("%c", "?")))
  end
  if not name:lower():find ".%.json$" then return ("'%s' does not end in .json: sidecars are JSON"):format(name) end
  local plain, places = name:gsub("{name}", ""):gsub("{stem}", "")
  local _, both = name:gsub("{%l+}", "")
  if plain:find "[{}]" or places > 1 or both > 1 then
    return ("'%s': {name} or {stem} may stand in it, once"):format(name)
  end
end

---Whether it stands beside each file, not in a folder.
---@param name string
---@return boolean
function m.is_of_file(name)
  return name:find("{", 1, true) ~= nil
end

---The names in the values of a recipe's arguments.
---@param args table[] of the recipe
---@param values table<string, any>
---@return string[]|nil names nil: the recipe reads no sidecars
function m.given(args, values)
  local names
  for _, entry in ipairs(args) do
    if entry[2] == "sidecar" then
      names = names or {}
      table.move(values[entry[1]] or {}, 1, #(values[entry[1]] or {}), #names + 1, names)
    end
  end
  return names and names[1] and names
end

return m
