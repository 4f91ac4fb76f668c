-- Recipes: where they are found, how one is loaded. A recipe is text that runs
-- in a process of its own; what comes out of here is data, and checked.
local core = require "almanac.core"
local arguments = require "almanac.recipe.inside.arguments"
local check = require "almanac.recipe.inside.check"
local guards = require "almanac.recipe.guard"
local header = require "almanac.recipe.inside.header"
local lock = require "almanac.recipe.lock"
local shipped = require "almanac.shipped"

local m = {}

---Bytes that a recipe's source may have.
m.largest = 1 << 20
local MOST = 12             -- recipes that one recipe needs

local function shipped_folder() return shipped.folder("recipes", "recipes") end

---The folders where recipes are looked for, first one first: ./recipes, those
---of ALMANAC_RECIPES (colons between), those that come with almanac.
---@return string[]
---@return string? message when those that come with almanac are not there
---@return string? code "missing"
function m.folders()
  local folders = { "recipes" }
  for folder in (os.getenv "ALMANAC_RECIPES" or ""):gmatch "[^:]+" do folders[#folders + 1] = folder end
  local own, message, code = shipped_folder()
  folders[#folders + 1] = own
  return folders, message, code
end

local function names_at_hand()
  local names = {}
  for _, entry in ipairs(m.list() or {}) do names[#names + 1] = entry.name end
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
  local folders, message, code = m.folders()
  for _, folder in ipairs(folders) do
    local path = file_at(folder .. "/" .. name)
    if path then return path end
  end
  if message then return nil, message, code end
  local near = require("almanac.words").nearest(name, names_at_hand())
  return nil, ("there is no recipe '%s'%s; `almanac recipe list` shows those at hand"):format(name,
    near and (", did you mean '" .. near .. "'?") or ""), "missing"
end

-- Whether a recipe is one of those that come with almanac, by whatever path.
local function is_shipped(path)
  local folder, real = shipped_folder(), core.files.real_path(path)
  return folder ~= nil and real ~= nil and real:sub(1, #folder + 1) == folder .. "/"
end

-- Where the recipe is that `key` stands for: what shipped recipes extend is shipped.
local function find_source(key)
  local name = header.shipped_name(key)
  if not name then return m.find(key) end
  local folder, message, code = shipped_folder()
  local path = folder and file_at(folder .. "/" .. name)
  if path or not folder then return path, message, code end
  return nil, ("almanac comes without the recipe '%s', which another of its recipes extends; install it again"):format(name), "missing"
end

---Where the recipe is that another one extends: what comes with almanac extends only what comes with it.
---@param path string of the one that extends
---@param name string
---@return string|nil path
---@return string? message
---@return string? code
function m.base(path, name)
  return find_source(is_shipped(path) and header.shipped_key(name) or name)
end

-- Reads what a recipe or `extend` names: from the stored sources of a run, else from disk.
local function source_of(key, stored)
  if stored then
    if stored[key] then return stored[key] end
    return nil, ("the run holds no source of the recipe '%s'"):format(key), "missing"
  end
  local path, message, code = find_source(key)
  if not path then return nil, message, code end
  local text
  text, message, code = core.files.read(path, m.largest)
  if not text then return nil, message, code end
  return { name = header.shipped_name(key) or key, key = key, path = path, text = text, shipped = is_shipped(path) or nil }
end

-- What came from elsewhere must be as it was accepted; `free`: but for the first one.
local function check_lock(sources, source, free)
  local ok, message, code = true, nil, nil
  if sources[1] or not free then ok, message, code = lock.check(source) end
  for i = free and 2 or 1, #sources do
    if ok then ok, message, code = lock.check_base(sources[i], source) end
  end
  return ok, message, code
end

local function add_source(sources, name, stored, free)
  local source, message, code = source_of(name, stored)
  if not source then return nil, message, code end
  local ok = true
  if not stored then ok, message, code = check_lock(sources, source, free) end
  if not ok then return nil, message, code end
  ok, message, code = header.check(source.text, source.path)
  if not ok then return nil, message, code end
  sources[#sources + 1] = source
  return true
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

-- The bases that variants name, as the process tells it: each entry is checked.
local function bases_of(list)
  local bases = {}
  for i, entry in ipairs(type(list) == "table" and list or {}) do
    local replaced = {}
    for n, name in ipairs(type(entry) == "table" and type(entry.replaced) == "table" and entry.replaced or {}) do
      replaced[n] = guards.readable(name)
    end
    if i > MOST or type(entry) ~= "table" then break end
    bases[i] = { variant = guards.readable(entry.variant), base = guards.readable(entry.base),
      version = guards.readable(entry.version), wanted = math.tointeger(entry.wanted), replaced = replaced }
  end
  return bases
end

local function finished(raw, sources, bases)
  local recipe = {}
  for name, value in pairs(raw) do recipe[name] = value end
  recipe.args = raw.args or {}
  recipe.examples = raw.examples or {}
  recipe.effects = as_set(raw.effects)
  recipe.reads = as_set(raw.reads or {})
  recipe.path = sources[1].path
  recipe.sources = sources
  recipe.bases = bases_of(bases)
  recipe.sha256 = hash_of(sources)
  recipe.description = header.description(sources[1].text)
  return recipe
end

-- What stands in for a rule: it runs elsewhere.
local function stand_in()
  error("a rule runs in the process of its recipe: ask it with almanac.recipe.rules", 2)
end

-- What came out of the process, checked once more: nothing from there is trusted.
local function checked(answer, source)
  local raw, rules = answer.recipe, answer.rules
  for _, name in pairs(type(raw) == "table" and type(rules) == "table" and rules or {}) do raw[name] = stand_in end
  local ok, message, code = check.recipe(raw, source)
  if not ok then return nil, guards.readable(message), code end
  return raw
end

-- The process runs the text and says which other recipe it needs to go on.
local function collect(guard, name, stored, free)
  local sources = {}
  repeat
    local ok, message, code = add_source(sources, name, stored, free)
    if not ok then return nil, message, code end
    local answer
    answer, message, code = guard:ask { "load", sources }
    if not answer then return nil, message, code end
    if not answer.need then return answer, sources end
    name = tostring(answer.need)
  until #sources == MOST
  return nil, sources[1].path .. ": needs too many other recipes", "parse"
end

local function run(guard, name, stored, free)
  local answer, sources, code = collect(guard, name, stored, free)
  if not answer then return nil, sources, code end
  local raw, message
  raw, message, code = checked(answer, sources[1])
  if not raw then return nil, message, code end
  guard:keep(sources)
  return finished(raw, sources, answer.bases)
end

local function load_with(name, stored, free, meanwhile)
  local guard = guards.new()
  if meanwhile then
    guard:begin()
    meanwhile()
  end
  local recipe, message, code = run(guard, name, stored, free)
  if not recipe then guard:close() end
  return recipe, message, code
end

---Loads a recipe: checks its first line, runs it in the sandbox, checks what
---it returns. almanac.recipe.rules asks its rules.
---@param name string name or path
---@param options { changed: boolean?, meanwhile: function? }? changed: also when it is not as it was accepted (almanac.recipe.lock),
---  to be looked at; meanwhile: is called once its process starts, for what takes a while as well
---@return table|nil recipe the fields of the format (recipe.d.lua), args, examples and effects (a set)
---  never nil, a function stands for each rule, and path, sha256, description, sources { name, path, text }[] (itself, then what it extends),
---  bases { variant, base, version, wanted: integer?, replaced: string[] }[] (almanac.recipe.versions)
---@return string? message names file, line and field
---@return string? code "missing" | "parse" | "io" | "conflict": changed since it was accepted
function m.load(name, options)
  options = options or {}
  return load_with(name, nil, options.changed, options.meanwhile)
end

---Loads a recipe from the sources that a run file holds.
---@param sources { name: string, path: string, text: string }[]
---@return table|nil recipe
---@return string? message
---@return string? code
function m.restore(sources)
  local stored = {}
  for _, source in ipairs(sources) do stored[source.key or source.name] = source end
  return load_with(sources[1].key or sources[1].name, stored)
end

---Ends the process of a recipe that is not needed any more. A later question
---to its rules starts another.
---@param recipe table
function m.close(recipe)
  guards.of(recipe):close()
end

-- Whether two recipes are the same text.
local function is_same(path, other)
  return core.files.real_path(path) == core.files.real_path(other) or core.files.sha256(path) == core.files.sha256(other)
end

---Other recipes of a name, which are not taken because of where one is.
---@param path string of the recipe.lua that is taken
---@param name string?
---@return string[] paths
function m.hidden(path, name)
  name = name or path:match "([^/]+)/recipe%.lua$"
  local list = {}
  for _, folder in ipairs(name and m.folders() or {}) do
    local other = file_at(folder .. "/" .. name)
    if other and not is_same(path, other) then list[#list + 1] = other end
  end
  return list
end

---What is to be known of where a recipe and what it extends are: which of them hide others of their name.
---@param recipe table loaded
---@return string[] notes
function m.notes(recipe)
  local list = {}
  for _, source in ipairs(recipe.sources) do
    for _, other in ipairs(m.hidden(source.path)) do
      list[#list + 1] = ("%s is taken, not %s%s of the same name"):format(source.path,
        is_shipped(other) and "almanac's own " or "", is_shipped(other) and "recipe" or other)
    end
  end
  return list
end

---The recipes at hand; one of a name that an earlier folder has is left out.
---@return { name: string, path: string }[]|nil list
---@return string? message those that come with almanac are not there
---@return string? code "missing"
function m.list()
  local list, seen = {}, {}
  local folders, message, code = m.folders()
  if message then return nil, message, code end
  for _, folder in ipairs(folders) do
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
