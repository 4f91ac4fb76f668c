-- Checks tables of named options. Lua ignores a misspelt name in silence, so an
-- unknown name raises here, and the message has the nearest name that exists.
local words = require "almanac.words"

local m = {}

local function listed(known)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function is_allowed(kinds, value)
  for kind in kinds:gmatch "%a+" do
    if type(value) == kind then return true end
  end
  return false
end

---Raises when an option has an unknown name or a value of the wrong type.
---@param who string what takes the options, for the message: "client:call"
---@param given any
---@param known table<string, string> the types that each may have, with "|" between
---@param level integer? as for `error`; 2: who called this function
function m.check(who, given, known, level)
  level = (level or 2) + 1
  if type(given) ~= "table" then error(("%s: expected a table of options, got %s"):format(who, type(given)), level) end
  for name, value in pairs(given) do
    local kinds = known[name]
    if not kinds then
      local names = listed(known)
      local near = words.nearest(tostring(name), names)
      error(("%s: unknown field '%s'%s"):format(who, tostring(name), near and (", did you mean '%s'?"):format(near)
        or "; there are: " .. table.concat(names, ", ")), level)
    elseif not is_allowed(kinds, value) then
      error(("%s: '%s' must be a %s, not a %s"):format(who, name, kinds:gsub("|", " or a "), type(value)), level)
    end
  end
end

local function expect(who, kind, given, level)
  if type(given) == kind then return end
  error(("%s must be a %s, not %s"):format(who, kind == "table" and "list" or kind, given == nil and "nil: is a variable not set?"
    or "a " .. type(given)), level + 1)
end

---Raises when something is no list. One id by itself would be taken for an empty list, in silence.
---@param who string what must be a list, for the message: "bibs.get: ids"
---@param given any
---@param level integer? as for `error`; 2: who called this function
function m.list(who, given, level) expect(who, "table", given, (level or 2) + 1) end

---Raises when something is no text.
---@param who string what must be text: "sets.find: id_or_name"
---@param given any
---@param level integer? as for m.list
function m.text(who, given, level) expect(who, "string", given, (level or 2) + 1) end

return m
