-- The lock file: which recipes came from elsewhere, from where, and the hash of
-- each file when a person accepted it. What is named there and is not as it was
-- is not loaded. recipes/almanac.lock, lines that people can read:
--   recipe scans 1.0.0
--     from https://library.example/scans.pack
--     on 2026-11-21
--     by jdoe
--     commit 0123456789abcdef0123456789abcdef01234567
--     signed by Ann Lee <ann@library.example>, key 0123456789ABCDEF
--     file SHA256 recipe.lua
--     base SHA256 jpg-derivatives
--     code SHA256 jpg-derivatives
-- A base is as it was when its code is: its comments may be corrected.
local codes = require "almanac.recipe.code"
local core = require "almanac.core"
local header = require "almanac.recipe.inside.header"

local m = {}

local NAME = "almanac.lock"
local KEPT = ".accepted"     -- what almanac.recipe.share.kept keeps beside it
local LARGEST = 4 << 20     -- bytes
local HEAD = "# Recipes that came from elsewhere, as they were accepted. Written by almanac: after a change\n" ..
  "# look at it and say `almanac recipe accept NAME`.\n"

---@class almanac.recipe.lock.entry
---@field name string of the recipe and its folder
---@field version string
---@field from string the address that it came from
---@field on string date it was accepted
---@field by string? who accepted it, by the name on that machine
---@field commit string? of a git address
---@field signed string? who signed it, see almanac.recipe.share.signature; nil: an earlier almanac did not look
---@field files { path: string, sha256: string }[]
---@field bases almanac.recipe.lock.base[] what it extends

---@class almanac.recipe.lock.base
---@field name string
---@field sha256 string of its source
---@field code string? SHA-256 of its tokens; nil: the entry is of an almanac that did not write it

-- The folder of a recipe by its own name, also when it was given as "recipe.lua" or with "..".
local function folder_of(path)
  local folder = path:gsub("/%./", "/"):gsub("//+", "/"):match "^(.*)/" or "."
  local last = folder:match "[^/]*$"
  if last ~= "" and last ~= "." and last ~= ".." then return folder end
  return core.files.real_path(folder == "" and "/" or folder) or folder
end

-- "recipes/scans/recipe.lua" -> "recipes", "scans"
local function place(path)
  if not path:find "%f[^/\0]recipe%.lua$" then return nil end
  local folder = folder_of(path)
  return folder:match "^(.*)/" or ".", folder:match "[^/]*$"
end

local read_line = {}

function read_line.recipe(entries, text)
  local name, version = text:match "^([a-z0-9][a-z0-9-]*) (%S+)$"
  if not name then return nil end
  entries[#entries + 1] = { name = name, version = version, from = "", on = "", files = {}, bases = {} }
  return true
end

for _, field in ipairs { "from", "on", "by", "commit", "signed" } do
  read_line[field] = function(entries, text)
    entries[#entries][field] = text
    return true
  end
end

for word, list in pairs { file = "files", base = "bases" } do
  local field = word == "file" and "path" or "name"
  read_line[word] = function(entries, text)
    local sha256, name = text:match "^(%x+) (.+)$"
    if not sha256 or #sha256 ~= 64 then return nil end
    table.insert(entries[#entries][list], { [field] = name, sha256 = sha256 })
    return true
  end
end

-- Says more of the base that stands before it, so that without that one it is an error.
function read_line.code(entries, text)
  local bases = entries[#entries].bases
  local last = bases[#bases]
  local sha256, name = text:match "^(%x+) (.+)$"
  if not last or #(sha256 or "") ~= 64 or name ~= last.name or last.code then return nil end
  last.code = sha256
  return true
end

local function parse(text, path)
  local entries, number = {}, 0
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    local word, rest = line:match "^%s*(%l+) (.-)\r?$"
    local known = read_line[word]
    if not line:find "^%s*#" and line:find "%S" then
      local good = known and (word == "recipe" or entries[1]) and known(entries, rest)
      if not good then
        return nil, ("%s:%d: can't be read as a lock file; restore it, or add the recipes again"):format(path, number), "parse"
      end
    end
  end
  return entries
end

-- What entries pin of recipes that are there, and all names in them.
local function pinned_by(entries, folder)
  local pinned, named = {}, {}
  for _, entry in ipairs(entries) do
    named[entry.name] = true
    for _, base in ipairs(entry.bases) do named[base.name] = true end
    if core.files.stat(("%s/%s/recipe.lua"):format(folder, entry.name)) then
      for _, file in ipairs(entry.files) do pinned[file.sha256] = true end
      for _, base in ipairs(entry.bases) do pinned[base.sha256] = true end
    end
  end
  return pinned, named
end

-- The kept recipes that nothing pins, by name, and the names that these extend.
local function unpinned(folder, pinned)
  local found, bases = {}, {}
  local walk = core.files.walk(folder .. "/" .. KEPT)
  for name in function() return walk and walk:next() end do
    local text = not pinned[name] and core.files.read(("%s/%s/%s"):format(folder, KEPT, name), LARGEST)
    local read = text and header.check(text, name) and header.read(text) or {}
    if read.name then found[#found + 1] = { name = read.name, kept = name } end
    if read.extends then bases[header.base_name(read.extends)] = true end
  end
  return found, bases
end

-- A recipe that was kept as it was accepted, is there, and has no entry: its lines were lost. One that others
-- extend may have been kept as their base, and be the library's own.
local function lost(entries, folder)
  local pinned, named = pinned_by(entries, folder)
  local found, bases = unpinned(folder, pinned)
  for _, one in ipairs(found) do
    if not named[one.name] and not bases[one.name] and core.files.stat(("%s/%s/recipe.lua"):format(folder, one.name)) then
      return ("%s/%s has lost %s, which %s/%s shows to have come from elsewhere; restore it, or delete that file there when the " ..
        "recipe is your own"):format(folder, NAME, one.name, folder, KEPT .. "/" .. one.kept)
    end
  end
end

---Reads the lock file of a folder of recipes.
---@param folder string
---@return almanac.recipe.lock.entry[]|nil entries none when there is no lock file
---@return string? message
---@return string? code
function m.read(folder)
  local path = folder .. "/" .. NAME
  local text, message, code = core.files.read(path, LARGEST)
  if not text and code == "missing" then
    local walk = core.files.walk(folder .. "/" .. KEPT)
    if not (walk and walk:next()) then return {} end
    return nil, ("%s is gone, but %s/%s shows that recipes came from elsewhere; restore it, or add them again in a new folder")
      :format(path, folder, KEPT), "conflict"
  end
  if not text then return nil, message, code end
  local entries
  entries, message, code = parse(text, path)
  if not entries then return nil, message, code end
  local words = lost(entries, folder)
  if words then return nil, words, "conflict" end
  return entries
end

local function text_of(entry)
  local lines = { ("recipe %s %s"):format(entry.name, entry.version), "  from " .. entry.from, "  on " .. entry.on }
  if entry.by then lines[#lines + 1] = "  by " .. entry.by end
  if entry.commit then lines[#lines + 1] = "  commit " .. entry.commit end
  if entry.signed then lines[#lines + 1] = "  signed " .. entry.signed end
  for _, file in ipairs(entry.files) do lines[#lines + 1] = ("  file %s %s"):format(file.sha256, file.path) end
  for _, base in ipairs(entry.bases) do
    lines[#lines + 1] = ("  base %s %s"):format(base.sha256, base.name)
    lines[#lines + 1] = base.code and ("  code %s %s"):format(base.code, base.name)
  end
  return table.concat(lines, "\n") .. "\n"
end

---Puts an entry in place of one of its name.
---@param folder string of recipes
---@param entry almanac.recipe.lock.entry
---@return true|nil
---@return string? message
---@return string? code
function m.put(folder, entry)
  local entries, message, code = m.read(folder)
  if not entries then return nil, message, code end
  local texts = {}
  for _, other in ipairs(entries) do
    if other.name ~= entry.name then texts[#texts + 1] = text_of(other) end
  end
  texts[#texts + 1] = text_of(entry)
  table.sort(texts)
  return core.files.write(folder .. "/" .. NAME, HEAD .. "\n" .. table.concat(texts, "\n"))
end

local function entry_at(path)
  local folder, name = place(path)
  if not folder then return nil end
  local entries, message, code = m.read(folder)
  if not entries then return nil, message, code end
  for _, entry in ipairs(entries) do
    if entry.name == name then return entry end
  end
end

---The entry of the recipe that lies at a path, or that a link there leads to.
---@param path string of its recipe.lua
---@return almanac.recipe.lock.entry|nil entry nil: it is one of the library's own
---@return string? message the lock file can't be read
---@return string? code
function m.entry_of(path)
  local entry, message, code = entry_at(path)
  local real = not (entry or message) and core.files.real_path(path)
  if real and real ~= path then return entry_at(real) end
  return entry, message, code
end

-- Which files of an entry are not as they were.
local function changed(entry, source)
  local folder, list, is_pinned = source.path:match "^(.*)/" or ".", {}, false
  for _, file in ipairs(entry.files) do
    is_pinned = is_pinned or file.path == "recipe.lua"
    local sha256
    if file.path == "recipe.lua" then sha256 = core.hash.sha256(source.text)
    else sha256 = core.files.sha256(folder .. "/" .. file.path) end
    if sha256 ~= file.sha256 then list[#list + 1] = file.path end
  end
  if not is_pinned then list[#list + 1] = "recipe.lua" end     -- lines that were taken out allow nothing
  return list
end

---What of a recipe is not as it was accepted.
---@param source { path: string, text: string }
---@return string[] paths in its folder
function m.changes(source)
  local entry = m.entry_of(source.path)
  return entry and changed(entry, source) or {}
end

---Whether a recipe's files are as they were accepted.
---@param source { name: string, path: string, text: string }
---@return true|nil ok also for one that the lock file does not name
---@return string? message
---@return string? code "conflict": changed
function m.check(source)
  local entry, message, code = m.entry_of(source.path)
  if message then return nil, message, code end
  local list = entry and changed(entry, source) or {}
  if not list[1] then return true end
  return nil, ("%s: changed since it was accepted on %s (%s); look at it, then `almanac recipe accept %s`, or get it again with " ..
    "`almanac recipe update %s`"):format(source.path, entry.on, table.concat(list, ", "), entry.name, entry.name), "conflict"
end

---Who signed a recipe, in words; nil when nothing says so.
---@param entry { signed: string? } of a lock file, or a parcel
---@return string?
function m.signer(entry)
  local signed = entry.signed
  if not signed then return nil end
  local why, here = signed:match "^unknown, (.*)$", signed:match "^no, (.*)$"
  if why then return "signature can't be checked here: " .. why end
  return signed == "no" and "not signed" or here and "not signed as it is: " .. here or "signed " .. signed
end

---How a base is pinned.
---@param source { name: string, text: string }
---@return almanac.recipe.lock.base
function m.base_pin(source)
  return { name = source.name, sha256 = core.hash.sha256(source.text), code = codes.sha256(source.text) }
end

---Whether two pins are of the same code.
---@param one almanac.recipe.lock.base
---@param other almanac.recipe.lock.base
---@return boolean
function m.same_base(one, other)
  return one.name == other.name and (one.sha256 == other.sha256 or one.code ~= nil and one.code == other.code)
end

---Whether what a recipe extends is what it was accepted with.
---@param source { path: string }
---@param base { name: string, path: string, text: string }
---@return true|nil
---@return string? message
---@return string? code "conflict"
function m.check_base(source, base)
  local entry, message, code = m.entry_of(source.path)
  if message then return nil, message, code end
  if not entry then return true end
  local now, pinned = m.base_pin(base), false
  for _, pin in ipairs(entry.bases) do pinned = pinned or m.same_base(pin, now) end
  if not pinned then
    return nil, ("%s: it extends %s, which is not what it was accepted with on %s (%s); look at both, then `almanac recipe accept %s`")
      :format(source.path, base.name, entry.on, base.path, entry.name), "conflict"
  end
  return true
end

return m
