-- Holds the files of a recipe in memory on their way from one place to another: recipe.lua,
-- README.md, CHANGES.md, LICENSE and the folder sample. Nothing else travels, no name leads out of
-- the recipe's folder, and all of it is small.
local core = require "almanac.core"
local shell = require "almanac.shell"
local words = require "almanac.words"

local m = {}

local TOP = { "recipe.lua", "README.md", "CHANGES.md", "LICENSE" }
local MOST_FILES = 500
local LONGEST_NAME = 200        -- bytes

---The most bytes of one file, and of all files.
m.largest_file, m.largest = 4 << 20, 16 << 20

---@class almanac.recipe.parcel
---@field files { path: string, text: string }[] sorted by path
---@field bytes integer
---@field from string? the address that it came from
---@field commit string? of a git address
---@field signed string? who signed it, as almanac.recipe.share.signature tells it
---@field notes string[] what a person should know of how it came

---@return almanac.recipe.parcel
function m.new()
  return { files = {}, bytes = 0, notes = {} }
end

---Says what is wrong with a file's name; nil when it may lie in a recipe's folder.
---@param path string
---@return string? words
function m.problem(path)
  if #path > LONGEST_NAME then return "is too long" end
  if not core.text.valid(path) or path:find "[%c\\]" then return "has characters that a name should not have" end
  if path:sub(1, 1) == "/" or path:find "^%a:" then return "leads out of the recipe's folder" end
  for part in (path .. "/"):gmatch "([^/]*)/" do
    if part == ".." then return "leads out of the recipe's folder" end
    if part == "" or part:sub(1, 1) == "." then return "is hidden or empty" end
  end
end

---True when a file of this name travels with a recipe.
---@param path string in the recipe's folder
---@return boolean
function m.takes(path)
  for _, name in ipairs(TOP) do
    if path == name then return true end
  end
  return path:find "^sample/" ~= nil
end

local function refuse(path, problem)
  return nil, ("a file '%s' %s"):format(path:gsub("%c", "?"), problem), "parse"
end

-- True for a name that is the same on some systems: in another case, or with another form of an accent.
local function is_there(parcel, path)
  for _, file in ipairs(parcel.files) do
    if core.text.fold(file.path) == core.text.fold(path) then return true end
  end
end

---@param parcel almanac.recipe.parcel
---@param path string in the recipe's folder
---@param text string
---@return true|nil
---@return string? message
---@return string? code "parse" | "limit"
function m.add(parcel, path, text)
  local problem = m.problem(path)
  if problem then return refuse(path, problem) end
  if not m.takes(path) then return refuse(path, "does not belong to a recipe (recipe.lua, README.md, CHANGES.md, LICENSE, sample/)") end
  if is_there(parcel, path) then return refuse(path, "is there twice") end
  parcel.bytes = parcel.bytes + #text
  if #text > m.largest_file or parcel.bytes > m.largest or #parcel.files == MOST_FILES then
    return nil, ("too much for a recipe: at most %d files, %s each, %s in all"):format(MOST_FILES, words.bytes(m.largest_file),
      words.bytes(m.largest)), "limit"
  end
  table.insert(parcel.files, { path = path, text = text })
  table.sort(parcel.files, function(a, b) return a.path < b.path end)
  return true
end

---@param parcel almanac.recipe.parcel
---@param path string
---@return string? text
function m.text(parcel, path)
  for _, file in ipairs(parcel.files) do
    if file.path == path then return file.text end
  end
end

-- Links are refused, since one could bring in any file of this machine.
local function find_link(folder)
  local names = {}
  for i, name in ipairs(TOP) do names[i] = shell.quote(folder .. "/" .. name) end
  return shell.ask(("find %s %s -type l"):format(table.concat(names, " "), shell.quote(folder .. "/sample")))
end

local function paths_in(folder)
  local paths = {}
  for _, name in ipairs(TOP) do
    local stat = core.files.stat(folder .. "/" .. name)
    if stat and stat.kind == "file" then paths[#paths + 1] = name end
  end
  local walk = core.files.stat(folder .. "/sample") and core.files.walk(folder .. "/sample")
  while walk and #paths <= MOST_FILES do
    local path = walk:next()
    if not path then break end
    paths[#paths + 1] = "sample/" .. path
  end
  return paths
end

---Reads the files of a recipe from a folder.
---@param folder string
---@return almanac.recipe.parcel|nil parcel
---@return string? message
---@return string? code
function m.of_folder(folder)
  folder = folder:gsub("(.)/+$", "%1")
  if not core.files.stat(folder .. "/recipe.lua") then return nil, folder .. ": has no recipe.lua", "missing" end
  local link = find_link(folder)
  if link then return nil, link .. ": is a link; a recipe holds its files itself", "parse" end
  local parcel = m.new()
  for _, path in ipairs(paths_in(folder)) do
    local text, message, code = core.files.read(folder .. "/" .. path, m.largest_file)
    local ok = text
    if text then ok, message, code = m.add(parcel, path, text) end
    if not ok then return nil, folder .. ": " .. message, code end
  end
  return parcel
end

---Writes the files into a folder; other files there stay.
---@param parcel almanac.recipe.parcel
---@param folder string
---@return true|nil
---@return string? message
---@return string? code
function m.write(parcel, folder)
  for _, file in ipairs(parcel.files) do
    local path = folder .. "/" .. file.path
    local ok, message, code = core.files.make_folder(path:match "^(.*)/")
    if ok then ok, message, code = core.files.write(path, file.text) end
    if not ok then return nil, message, code end
  end
  return true
end

---The hash of each file.
---@param parcel almanac.recipe.parcel
---@return { path: string, sha256: string }[]
function m.hashes(parcel)
  local list = {}
  for i, file in ipairs(parcel.files) do list[i] = { path = file.path, sha256 = core.hash.sha256(file.text) } end
  return list
end

return m
