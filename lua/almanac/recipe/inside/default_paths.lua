-- Folders and files that a recipe itself names for its arguments: they lie below the
-- working folder, never elsewhere, where nobody meant to take them from. What a person
-- gives may be anywhere.
local core = require "almanac.core"

local m = {}

local function names_path(entry)
  return (entry[2] == "dir" or entry[2] == "file") and type(entry.default) == "string"
end

---What is wrong with the path itself.
---@param entry table of a recipe's `args`
---@param flag string its option
---@return string? words
function m.problem(entry, flag)
  local path = entry.default
  if not names_path(entry) then return nil end
  if path:find "^[/~]" or path:find "^%a:[/\\]" or ("/" .. path .. "/"):find("/../", 1, true) then
    return ("args: the default of '%s' (%s) leads out of the working folder; leave it out and give %s when you plan"):format(entry[1], path,
      flag)
  end
end

---Whether a link leads from it out of the working folder: the link may have come with the recipe.
---@param entry table
---@param flag string
---@return string? words
function m.link_out(entry, flag)
  local real = names_path(entry) and core.files.real_path(entry.default)
  local here = real and core.files.real_path "."
  if not here or (real .. "/"):find((here:gsub("/*$", "/")), 1, true) == 1 then return nil end
  return ("%s: its default '%s' is a link that leads out of the working folder; give it when that is meant"):format(flag, entry.default)
end

return m
