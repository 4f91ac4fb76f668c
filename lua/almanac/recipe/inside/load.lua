-- Runs the text of a recipe, inside its process, and of those that it
-- extends; what comes out is checked.
local changes = require "almanac.recipe.inside.changes"
local check = require "almanac.recipe.inside.check"
local header = require "almanac.recipe.inside.header"
local inside = require "almanac.core".inside
local key = require "almanac.recipe.inside.key"
local rulebook = require "almanac.recipe.inside.rulebook"
local environment = require "almanac.recipe.inside.environment"

local DEEPEST = 8           -- recipes that extend each other

-- Examples of a rule stay as long as the rule does.
local function examples_of(rule, base, variant)
  if variant.examples and variant.examples[rule] then return variant.examples[rule] end
  if variant[rule] == nil and base.examples then return base.examples[rule] end
end

-- A variant's arguments replace those of the same name; others are added.
local function merge_args(base, variant)
  local merged, at = {}, {}
  for _, list in ipairs { base or {}, variant or {} } do
    for _, entry in ipairs(list) do
      local name = type(entry) == "table" and entry[1] or entry
      at[name] = at[name] or #merged + 1
      merged[at[name]] = entry
    end
  end
  return merged
end

local function merge(base, variant)
  local merged = {}
  for name, value in pairs(base) do merged[name] = value end
  for name, value in pairs(variant) do merged[name] = value end
  merged.args = merge_args(base.args, variant.args)
  merged.examples = { sidecars = examples_of("sidecars", base, variant) }
  for _, rule in ipairs(rulebook.with_examples()) do merged.examples[rule.name] = examples_of(rule.name, base, variant) end
  merged.examples.open = variant.examples and variant.examples.open
  return merged
end

local run_source

-- The rules that a variant has in place of its base's.
local function replaced_in(variant, base)
  local list = {}
  for name, value in pairs(variant) do
    if type(value) == "function" and base[name] ~= nil then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

local function extender(loader, source)
  return function(given)
    if loader.done then error("extend stands at the top of a recipe, not in a rule", 2) end
    if type(given) ~= "string" then error("extend: write extend \"name\" { … }", 2) end
    local name, wanted = header.base_name(given)
    return function(variant)
      if type(variant) ~= "table" then error("extend: write extend \"name\" { … }", 2) end
      local ok, message = check.variant(variant, source)
      if not ok then error(message, 0) end
      local base
      base, message = run_source(source.shipped and header.shipped_key(name) or name, loader)
      if not base then error(message, 0) end
      table.insert(loader.bases, { variant = variant.name or source.name, base = name, wanted = wanted, version = base.version,
        replaced = replaced_in(variant, base) })
      return merge(base, variant)
    end
  end
end

-- The commonest slip of all is told in words.
local function in_words(message, path)
  if message:find "stack overflow" then return path .. ": is nested too deep: " .. message end
  return message:find "'}' expected" and message .. ": is there a comma at the end of the line before?" or message
end

local function run_chunk(source, loader)
  local own = changes.groups()
  own.key, own.extend = key, extender(loader, source)
  local names = environment.environment(own)
  local text, message = header.check(source.text, source.path)
  if not text then return nil, message end
  local chunk
  chunk, message = load(text, "@" .. source.path, "t", names)
  if not chunk then return nil, in_words(message, source.path) end
  local ok, raw = inside.call("", "", chunk)
  if ok or raw == loader.need then return raw end
  return nil, type(raw) == "string" and raw or source.path .. ": error without a text"
end

-- A missing source ends everything: it is asked for, and all begins again.
function run_source(name, loader)
  local source = loader.sources[name]
  if not source then
    loader.need = { need = name }
    return nil, loader.need
  end
  loader.depth = loader.depth + 1
  if loader.depth > DEEPEST then
    return nil, ("%s: recipes extend each other more than %d deep"):format(source.path, DEEPEST)
  end
  local raw, message = run_chunk(source, loader)
  if loader.need then return nil, loader.need end
  if raw == nil then return nil, message or source.path .. ": returns nothing" end
  local ok
  ok, message = check.recipe(raw, source)
  if not ok then return nil, message end
  return raw
end

-- The recipe for the other side: its data, and the names of its rules.
local function as_data(raw, bases)
  local data, rules = {}, {}
  for name, value in pairs(raw) do
    if type(value) == "function" then rules[#rules + 1] = name else data[name] = value end
  end
  return { recipe = data, rules = rules, bases = bases }
end

---Loads the first of the sources.
---@param sources { name: string, path: string, text: string }[] itself, then what it extends
---@return table|nil raw what the recipe returned, checked
---@return table answer { recipe = its data, rules = names, bases }, { need = name of a source } or { failed = message }
return function(sources)
  local loader = { sources = {}, bases = {}, depth = 0 }
  for _, source in ipairs(sources) do loader.sources[source.key or source.name] = source end
  local raw, message = run_source(sources[1].key or sources[1].name, loader)
  loader.done = true
  if loader.need then return nil, loader.need end
  if not raw then return nil, { failed = message } end
  return raw, as_data(raw, loader.bases)
end
