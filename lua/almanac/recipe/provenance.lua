-- What a recipe may do, and where its files come from, as far as it is known: with almanac,
-- from elsewhere and accepted here, or neither. Nothing is guessed: nobody is
-- named who did not write himself down.
local core = require "almanac.core"
local header = require "almanac.recipe.inside.header"
local lock = require "almanac.recipe.lock"

local m = {}

---@class almanac.recipe.provenance
---@field path string
---@field name string
---@field version string? as its text has it
---@field almanac string? version of the almanac that it comes with
---@field from string? the address that it came from
---@field on string? date it was accepted
---@field by string? who accepted it
---@field commit string? of a git address
---@field signed string? in words: by whom, that nobody did, or why that can't be told

---@param recipe table loaded
---@return almanac.recipe.provenance[] list the recipe's own file, then those that it extends
function m.of(recipe)
  local list = {}
  for i, source in ipairs(recipe.sources) do
    local read, entry = header.read(source.text), lock.entry_of(source.path) or {}
    list[i] = { path = source.path, name = i == 1 and recipe.name or read.name or source.name,
      version = i == 1 and recipe.version or read.version, almanac = source.shipped and core.version or nil,
      from = entry.from, on = entry.on, by = entry.by, commit = entry.commit,
      signed = lock.signer(entry) }
  end
  return list
end

---The effects that a recipe declares, in order.
---@param recipe table loaded
---@return string[]
function m.effects(recipe)
  local list = {}
  for effect in pairs(recipe.effects) do list[#list + 1] = effect end
  table.sort(list)
  return list
end

---Whether its plans may change what is there already.
---@param recipe table loaded
---@return boolean
function m.deletes_or_sets(recipe)
  local effects = recipe.effects
  return (effects.delete or effects["delete-master"] or effects.update or effects.remote) ~= nil
end

---A file and where it comes from, in words.
---@param one almanac.recipe.provenance
---@return string
function m.line(one)
  local what = ("%s (%s%s)"):format(one.path, one.name, one.version and " " .. one.version or "")
  if one.almanac then return ("%s comes with almanac %s"):format(what, one.almanac) end
  if not one.from then return what .. " was not added from elsewhere" end
  return ("%s came from %s%s%s, accepted on %s%s"):format(what, one.from, one.commit and ", commit " .. one.commit:sub(1, 12) or "",
    one.signed and ", " .. one.signed or "", one.on, one.by and " by " .. one.by or "")
end

return m
