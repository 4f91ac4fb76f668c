-- Sidecars: small JSON files that say of other files what their names don't.
-- Here is what one says and which ones speak of a file; where they come from,
-- a folder or the examples of a recipe, is for others to know.
local json = require "almanac.json"
local names_of = require "almanac.recipe.inside.sidecar_names"
local objects = require "almanac.recipe.inside.objects"

local m = {}

---Bytes that a sidecar may have.
m.largest = 64 << 10
local DEEPEST = 16      -- tables in each other

---@class almanac.sidecar
---@field path string below the folder
---@field folder string "" at the top
---@field data table what it says: numbers are text, so that ids keep their digits

local function is_too_deep(value, depth)
  if type(value) ~= "table" then return false end
  if depth > DEEPEST then return true end
  for _, item in next, value do
    if is_too_deep(item, depth + 1) then return true end
  end
  return false
end

-- UTF-16, with its mark or, since JSON begins with a sign of ASCII, without.
local function is_utf16(text)
  return text:find "^\xFF\xFE" or text:find "^\xFE\xFF" or text:find "^\0[^\0]" or text:find "^[^\0]\0"
end

---What a sidecar says.
---@param text string
---@return table|nil data
---@return string? words what is wrong, behind "the file …"
function m.parse(text)
  if #text > m.largest then return nil, ("is larger than the %d KB that a sidecar may have"):format(m.largest >> 10) end
  if text == "" then return nil, "is empty (0 bytes)" end
  if is_utf16(text) then return nil, "is UTF-16 text; save it as UTF-8" end
  local data, message = json.decode_exact(text)
  if message then return nil, "is no JSON, or not all of it: " .. message:gsub("^JSON: ", "") end
  if type(data) ~= "table" or data[1] ~= nil or text:find "^[^{]*%[" then return nil, "holds no names with values: it must begin with {" end
  if is_too_deep(data, 1) then return nil, ("is nested more than %d deep"):format(DEEPEST) end
  return data
end

---@param path string
---@param text string
---@return almanac.sidecar|nil
---@return string? words
function m.new(path, text)
  local data, words = m.parse(text)
  if not data then return nil, words end
  return { path = path, folder = path:match "^(.*)/" or "", data = data }
end

local methods = {}
local meta = { __index = methods }

---Finds the sidecars of files. Each folder is looked into once as long as its
---files come one behind the other, with those of its folders between them.
---@param names string[] of sidecar_names.given
---@param look fun(path: string): almanac.sidecar|nil, string? nil when there is none; nil and words when it is no good
---@return table
function m.finder(names, look)
  local finder = setmetatable({ look = look, shared = {}, own = {}, is_shared = {}, levels = {} }, meta)
  for _, name in ipairs(names) do
    table.insert(names_of.is_of_file(name) and finder.own or finder.shared, name)
    finder.is_shared[name] = not names_of.is_of_file(name)
  end
  return finder
end

local function below(folder, name)
  return folder == "" and name or folder .. "/" .. name
end

-- Puts what is found under these names in front of others.
local function found(finder, paths, others, problem)
  local list
  for _, path in ipairs(paths) do
    local card, words = finder.look(path)
    if card then
      list = list or {}
      list[#list + 1] = card
    elseif words and not problem then
      problem = ("has a sidecar that can't be used: %s %s"):format(path, words)
    end
  end
  if not list then return others, problem end
  return table.move(others, 1, #others, #list + 1, list), problem
end

local function push(finder, folder)
  local above, paths = finder.levels[#finder.levels] or { list = {} }, {}
  for i, name in ipairs(finder.shared) do paths[i] = below(folder, name) end
  local level = { folder = folder }
  level.list, level.problem = found(finder, paths, above.list, above.problem)
  table.insert(finder.levels, level)
end

-- The folder with those above it on the way; what is left for good is forgotten.
local function enter(finder, folder)
  local levels = finder.levels
  while levels[1] do
    local last = levels[#levels].folder
    if folder == last or last == "" or folder:sub(1, #last + 1) == last .. "/" then break end
    table.remove(levels)
  end
  if not levels[1] then push(finder, "") end
  local position = #levels[#levels].folder
  while levels[#levels].folder ~= folder do
    position = folder:find("/", position + 2, true) or #folder + 1
    push(finder, folder:sub(1, position - 1))
    position = position - 1
  end
  return levels[#levels]
end

-- The names that a file's own sidecars would have; it is none of its own.
local function own_paths(finder, folder, name)
  local stem, paths = objects.split_extension(name), {}
  for _, pattern in ipairs(finder.own) do
    local own = pattern:gsub("{(%l+)}", { name = name, stem = stem })
    if own ~= name then paths[#paths + 1] = below(folder, own) end
  end
  return paths
end

---The sidecars of a file, nearest first: its own, that of its folder, those of
---the folders above up to the first.
---@param path string
---@return almanac.sidecar[] list the same table for files with the same sidecars
---@return string? problem one of them can't be used: what the file is then is not known
function methods:of(path)
  local folder, name = path:match "^(.*)/([^/]*)$"
  folder, name = folder or "", name or path
  local level = self.levels[#self.levels]
  if not level or level.folder ~= folder then level = enter(self, folder) end
  if not self.own[1] then return level.list, level.problem end
  return found(self, own_paths(self, folder, name), level.list, level.problem)
end

---Whether this is the sidecar of a folder.
---@param path string
---@return boolean
function methods:is_one(path)
  return self.is_shared[objects.last_part(path)] or false
end

return m
