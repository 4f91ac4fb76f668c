-- Whether the effects that a recipe declares are those of the changes that it
-- makes, as far as its text tells: where it uses `add.`, `replace.`, `update.`
-- and `delete.`. What the text does not tell, a plan does (almanac.recipe.rules).
local changes = require "almanac.recipe.inside.changes"
local kinds = require "almanac.change_kinds".kinds
local header = require "almanac.recipe.inside.header"
local names = require "almanac.recipe.names"

local m = {}

local GROUPS = changes.groups()
local LONGEST = 2000        -- bytes of a call that are looked at

-- The source whose `changes` counts: the first that sets it, of the recipe and what it extends.
local function deciding(sources)
  for i, source in ipairs(sources) do
    local code = header.code(source.text)
    if code:find "%f[%w_]changes%s*=[^=]" or code:find "%f[%w_]function%s+changes%f[^%w_]" then return i end
  end
  return 1
end

-- Where each line begins.
local function starts_of(text)
  local starts = { 1 }
  for place in text:gmatch "\n()" do starts[#starts + 1] = place end
  return starts
end

-- Whether the call that begins here has the field with which its kind deletes nothing.
local function spares(text, starts, use, field)
  local kind = kinds[use.name .. "." .. tostring(field)]
  if not kind or not kind.spares then return false end
  local place = starts[use.line] + use.column - 1
  local given = text:sub(place, place + LONGEST):match(("^%s%%s*%%.%%s*%s[%%s(]*(%%b{})"):format(use.name, field))
  return given ~= nil and given:find(("%%f[%%w_]%s%%s*=%%s*true%%f[^%%w_]"):format(kind.spares)) ~= nil
end

-- The same effects but for deletion.
local function spared(effects)
  local list = {}
  for effect in pairs(effects) do
    if not effect:find "^delete" then list[effect] = true end
  end
  return list
end

-- Each use of a kind of change: { what, line, sure, possible effects }.
local function changes_in(text, uses)
  local list, starts = {}, starts_of(text)
  for _, use in ipairs(uses) do
    if GROUPS[use.name] then
      local field = type(use.field) == "string" and use.field or nil
      local sure, possible = changes.effects_of(use.name, field)
      if spares(text, starts, use, field) then sure, possible = spared(sure), spared(possible) end
      list[#list + 1] = { what = field and use.name .. "." .. field or use.name, line = use.line, sure = sure, possible = possible }
    end
  end
  return list
end

local function line_of_field(text, name)
  local number = 0
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    if not line:find "^%s*%-%-" and line:find("%f[%w_]" .. name .. "%s*=[^=]") then return number end
  end
end

local function add_undeclared(list, recipe, found, base)
  local told = {}
  for _, change in ipairs(found) do
    for effect in pairs(change.sure) do
      if not changes.allows(recipe.effects, effect) and not told[change.what .. effect] then
        told[change.what .. effect] = true
        local kind = kinds[change.what]
        local keep = effect == "delete" and kind and kind.spares and (", or give %s = true"):format(kind.spares) or ""
        local where = base and (" (%s, line %d)"):format(base, change.line) or ""
        list[#list + 1] = { line = not base and change.line or nil, text = ("makes %s%s, but effects do not declare '%s': " ..
          "a plan with it is refused; declare it%s"):format(change.what, where, effect, keep) }
      end
    end
  end
end

local function add_unused(list, recipe, found)
  local possible, text = {}, recipe.sources[1].text
  for _, change in ipairs(found) do
    for effect in pairs(change.possible) do possible[effect] = true end
  end
  local line = line_of_field(text, "effects")
  for _, effect in ipairs(changes.all_effects) do
    if recipe.effects[effect] and not possible[effect] then
      list[#list + 1] = { line = line, text = ("effects declare '%s', which no change here has: leave it out%s"):format(effect,
        line and "" or "; it is what the base declares, so give effects = { … } of its own") }
    end
  end
end

---Remarks on the effects of a recipe.
---@param recipe table loaded
---@param uses table[] of its own text, from almanac.recipe.names
---@return { line: integer?, text: string }[] remarks
function m.remarks(recipe, uses)
  local i, list = deciding(recipe.sources), {}
  local source = recipe.sources[i]
  if i > 1 then
    local issues, others = names.look(source.text, {})
    if not issues then return {} end
    uses = others
  end
  local found = changes_in(source.text, uses)
  add_undeclared(list, recipe, found, i > 1 and source.name)
  add_unused(list, recipe, found)
  table.sort(list, function(a, b) return a.text < b.text end)
  return list
end

return m
