-- Which version of its base a variant was written for. The first number of a
-- version changes when a rule means something else; a variant that replaces
-- such a rule may then no longer fit the rest.
local m = {}

local function major_of(version)
  return math.tointeger(tonumber(version:match "^(%d+)%."))
end

local function replaced_in_words(list)
  if not list[1] then return "Its rules are the base's" end
  return ("It replaces %s, which may mean something else now"):format(table.concat(list, ", "))
end

local function other_major(entry)
  return ("%s was written for %s %d; the one at hand is %s. %s: read what changed, try `almanac recipe test`, then write extend \"%s %d\"")
    :format(entry.variant, entry.base, entry.wanted, entry.version, replaced_in_words(entry.replaced), entry.base, major_of(entry.version))
end

---What is to be said before a variant is used: its base has another major
---version than the one that it was written for.
---@param recipe table
---@return string[] warnings
function m.warnings(recipe)
  local list = {}
  for _, entry in ipairs(recipe.bases) do
    local major = major_of(entry.version)
    if entry.wanted and major and entry.wanted ~= major then list[#list + 1] = other_major(entry) end
  end
  return list
end

---What could be better: a variant that does not say which version it is for.
---@param recipe table
---@return string[] remarks
function m.advice(recipe)
  local own = recipe.bases[#recipe.bases]
  local major = own and not own.wanted and major_of(own.version)
  if not major then return {} end
  return { ("say which version it is written for: extend \"%s %d\"; then you are told when a rule of the base means something else")
    :format(own.base, major) }
end

return m
