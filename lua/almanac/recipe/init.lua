-- Recipes: where they are found, how one is loaded. A recipe is text that
-- runs in the sandbox and returns a table; what comes out of here is checked.
local core = require "almanac.core"
local arguments = require "almanac.recipe.arguments"
local changes = require "almanac.recipe.changes"
local check = require "almanac.recipe.check"
local header = require "almanac.recipe.header"
local key = require "almanac.recipe.key"
local sandbox = require "almanac.recipe.sandbox"

local m = {}

local LARGEST = 1 << 20     -- bytes of a recipe's source
local DEEPEST = 8           -- recipes that extend each other

-- The recipes that come with almanac: PREFIX/share/almanac/recipes when it is
-- installed, recipes/ of the source tree otherwise.
local function shipped_folder()
  local here = package.searchpath("almanac.cli", package.path)
  local base = here and here:match "^(.*)almanac/cli/init%.lua$"
  if not base then return nil end
  for _, folder in ipairs { base .. "../../almanac/recipes", base .. "../recipes" } do
    if core.files.stat(folder) then return (folder:gsub("[^/.]+/%.%./", "", 1)) end
  end
end

---The folders where recipes are looked for, first one first: ./recipes, those
---of ALMANAC_RECIPES (colons between), those that come with almanac.
---@return string[]
function m.folders()
  local folders = { "recipes" }
  for folder in (os.getenv "ALMANAC_RECIPES" or ""):gmatch "[^:]+" do folders[#folders + 1] = folder end
  folders[#folders + 1] = shipped_folder()
  return folders
end

local function names_at_hand()
  local names = {}
  for _, entry in ipairs(m.list()) do names[#names + 1] = entry.name end
  return names
end

local function file_at(path)
  local stat = core.files.stat(path)
  if stat and stat.kind == "folder" then
    path = path:gsub("/+$", "") .. "/recipe.lua"
    stat = core.files.stat(path)
  end
  if stat and stat.kind == "file" then return path end
end

---Where a recipe is.
---@param name string a path (with a slash or ending in .lua), or a name
---@return string|nil path
---@return string? message
---@return string? code "missing"
function m.find(name)
  if name:find("/", 1, true) or name:find "%.lua$" then
    local path = file_at(name)
    if path then return path end
    return nil, ("there is no recipe at '%s'"):format(name), "missing"
  end
  for _, folder in ipairs(m.folders()) do
    local path = file_at(folder .. "/" .. name)
    if path then return path end
  end
  local near = require("almanac.words").nearest(name, names_at_hand())
  return nil, ("there is no recipe '%s'%s; `almanac recipe list` shows those at hand"):format(name,
    near and (", did you mean '" .. near .. "'?") or ""), "missing"
end

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
  merged.examples = {}
  for _, rule in ipairs { "file_key", "page", "title_keys" } do
    merged.examples[rule] = examples_of(rule, base, variant)
  end
  return merged
end

local run_source

-- Reads what `extend` names: from the stored sources of a run, else from disk.
local function source_of(name, loader)
  local stored = loader.stored
  if stored then
    if stored[name] then return stored[name] end
    return nil, ("the run holds no source of the recipe '%s'"):format(name)
  end
  local path, message, code = m.find(name)
  if not path then return nil, message, code end
  local text
  text, message, code = core.files.read(path, LARGEST)
  if not text then return nil, message, code end
  return { name = name, path = path, text = text }
end

local function extender(loader, source)
  return function(name)
    if type(name) ~= "string" then error("extend: write extend \"name\" { … }", 2) end
    return function(variant)
      if type(variant) ~= "table" then error("extend: write extend \"name\" { … }", 2) end
      local ok, message = check.variant(variant, source)
      if not ok then error(message, 0) end
      local base
      base, message = run_source(name, loader)
      if not base then error(message, 0) end
      return merge(base, variant)
    end
  end
end

local function run_chunk(source, loader)
  local text, message, code = header.check(source.text, source.path)
  if not text then return nil, message, code end
  local environment = sandbox.environment {
    key = key, add = changes.add, extend = extender(loader, source),
  }
  local chunk
  chunk, message = load(text, "@" .. source.path, "t", environment)
  if not chunk then return nil, message, "parse" end
  local ok, raw = sandbox.call(chunk)
  if not ok then return nil, type(raw) == "string" and raw or source.path .. ": error without a text", "parse" end
  return raw
end

function run_source(name, loader)
  local source, message, code = source_of(name, loader)
  if not source then return nil, message, code end
  loader.sources[#loader.sources + 1] = source
  if #loader.sources > DEEPEST then
    return nil, ("%s: recipes extend each other more than %d deep"):format(source.path, DEEPEST), "parse"
  end
  local raw
  raw, message, code = run_chunk(source, loader)
  if raw == nil then return nil, message or source.path .. ": returns nothing", code or "parse" end
  local ok
  ok, message, code = check.recipe(raw, source)
  if not ok then return nil, message, code end
  return raw
end

local function as_set(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

-- One hash for the recipe and all that it extends.
local function hash_of(sources)
  local texts = {}
  for i, source in ipairs(sources) do texts[i] = source.text end
  return core.hash.sha256(table.concat(texts, "\0"))
end

local function finished(raw, sources)
  local recipe = {}
  for name, value in pairs(raw) do recipe[name] = value end
  recipe.args = raw.args or {}
  recipe.examples = raw.examples or {}
  recipe.effects = as_set(raw.effects)
  recipe.path = sources[1].path
  recipe.sources = sources
  recipe.sha256 = hash_of(sources)
  recipe.description = header.description(sources[1].text)
  return recipe
end

local function load_with(name, loader)
  loader.sources = {}
  local raw, message, code = run_source(name, loader)
  if not raw then return nil, message, code end
  return finished(raw, loader.sources)
end

---Loads a recipe: checks its first line, runs it in the sandbox, checks what
---it returns.
---@param name string name or path
---@return table|nil recipe the fields of the format (DESIGN 7), args, examples and effects (a set)
---  never nil, and path, sha256, description, sources { name, path, text }[] (itself, then what it extends)
---@return string? message names file, line and field
---@return string? code "missing" | "parse" | "io"
function m.load(name)
  return load_with(name, {})
end

---Loads a recipe from the sources that a run file holds.
---@param sources { name: string, path: string, text: string }[]
---@return table|nil recipe
---@return string? message
---@return string? code
function m.restore(sources)
  local stored = {}
  for _, source in ipairs(sources) do stored[source.name] = source end
  return load_with(sources[1].name, { stored = stored })
end

---The recipes at hand; one of a name that an earlier folder has is left out.
---@return { name: string, path: string }[]
function m.list()
  local list, seen = {}, {}
  for _, folder in ipairs(m.folders()) do
    local walk = core.files.stat(folder) and core.files.walk(folder)
    while walk do
      local path = walk:next()
      if not path then break end
      local name = path:match "^([^/]+)/recipe%.lua$"
      if name and not seen[name] then
        seen[name] = true
        list[#list + 1] = { name = name, path = folder .. "/" .. path }
      end
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

---Adds the recipe's arguments to a command line.
---@param recipe table
---@param parser table of argparse
function m.arguments(recipe, parser)
  arguments.declare(recipe.args, parser)
end

return m
