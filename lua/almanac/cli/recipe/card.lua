-- Shows what a recipe is before anything is done with it.
local json = require "almanac.json"
local lock = require "almanac.recipe.lock"
local plain = require "almanac.recipe.inside.plain"

local m = {}

local function listed(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function effects_in_words(list)
  if not list then return "not told plainly" end
  return list[1] and plain.line(table.concat(list, ", ")) or "none: it changes nothing"
end

-- Where a recipe from elsewhere came from, and who signed it.
local function origin(found)
  local entry = not found.from and lock.entry_of(found.path) or found
  return entry.from, lock.signer(entry)
end

---Prints the head: name, purpose, effects, and where the recipe lies.
---@param header table from almanac.recipe.shelf
---@param found table the loaded recipe, perhaps with `from` and `signed`; or { path } when it was not run
---@param out table
function m.say(header, found, out)
  local effects = found.effects and listed(found.effects) or header.effects
  local name, version = found.name or header.name or "?", found.version or header.version or "?"
  local summary, license = found.summary or header.summary or "?", found.license or header.license or "?"
  local from, signed = origin(found)
  out.event("recipe", { name = name, version = version, summary = summary, license = license, path = found.path,
    sha256 = found.sha256, description = header.description, effects = effects and json.array(effects), from = from, signed = signed,
    categories = json.array(header.categories), institutions = json.array(header.institutions) })
  out.say(plain.line(("%s %s: %s"):format(name, version, summary)))
  out.say(("license %s · effects: %s"):format(plain.line(license), effects_in_words(effects)))
  out.say(found.path .. (found.sha256 and " · sha256 " .. found.sha256 or ""))
  if from then out.say("from " .. plain.line(from)) end
  if signed then out.say(plain.line(signed)) end
  for _, field in ipairs { "categories", "institutions" } do
    if header[field][1] then out.say(field .. ": " .. plain.line(table.concat(header[field], ", "))) end
  end
  if header.description ~= "" then out.say("\n" .. plain.text(header.description)) end
end

---Prints the arguments of a loaded recipe.
---@param found table
---@param out table
function m.say_arguments(found, out)
  local lines = require("almanac.recipe.inside.arguments").lines(found.args)
  if lines[1] then out.say "\nArguments of `almanac plan`:" end
  for _, line in ipairs(lines) do
    out.say(("  %s%s %s"):format(line[1], (" "):rep(20 - (utf8.len(line[1]) or #line[1])), plain.line(line[2])))
  end
end

return m
