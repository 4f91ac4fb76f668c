-- The shelf: lists the recipes at hand by what their texts say. No recipe runs.
local core = require "almanac.core"
local header = require "almanac.recipe.inside.header"
local lock = require "almanac.recipe.lock"
local recipes = require "almanac.recipe"

local m = {}

-- A variant that leaves one of these fields out has its base's.
local INHERITED = { "summary", "version", "license", "effects" }
local DEEPEST = 8

local function read(path)
  local text, message, code = core.files.read(path, recipes.largest)
  if not text then return nil, message, code end
  local ok
  ok, message, code = header.check(text, path)
  if not ok then return nil, message, code end
  local found = header.read(text)
  found.path = path
  return found
end

local function base_of(found)
  local name = found.extends and header.base_name(found.extends)
  local path = name and recipes.base(found.path, name)
  return path and read(path)
end

local function inherit(found)
  local base = found
  for _ = 1, DEEPEST do
    base = base_of(base)
    if not base then return end
    for _, field in ipairs(INHERITED) do found[field] = found[field] or base[field] end
  end
end

---Reads what a recipe's text says about it and about what it extends.
---@param path string of a recipe.lua
---@return table|nil header as almanac.recipe.inside.header reads it
---@return string? message
---@return string? code
function m.header(path)
  local found, message, code = read(path)
  if not found then return nil, message, code end
  inherit(found)
  return found
end

---@return { name: string, path: string, header: table?, problem: string?, hides: string[]?, from: string?, signed: string? }[]|nil entries
---  hides: others of its name; from, signed: of one that came from elsewhere
---@return string? message
---@return string? code "missing": the recipes that come with almanac are not there
function m.all()
  local list, message, code = recipes.list()
  if not list then return nil, message, code end
  for _, entry in ipairs(list) do
    entry.header, entry.problem = m.header(entry.path)
    local hides = recipes.hidden(entry.path, entry.name)
    entry.hides = hides[1] and hides or nil
    local pinned = lock.entry_of(entry.path) or {}
    entry.from, entry.signed = pinned.from, lock.signer(pinned)
  end
  return list
end

local function said(entry)
  local found = entry.header or {}
  return core.text.fold(table.concat({ entry.name, found.name or "", found.summary or "", found.description or "",
    table.concat(found.categories or {}, " "), table.concat(found.institutions or {}, " ") }, " "))
end

---Finds the recipes whose text has all the words; those with one in their name come first.
---@param words string[]
---@return table[]|nil entries as m.all gives them
---@return string? message
---@return string? code
function m.search(words)
  local named, others = {}, {}
  local entries, message, code = m.all()
  for _, entry in ipairs(entries or {}) do
    local text, in_name, all = said(entry), false, true
    for _, word in ipairs(words) do
      word = core.text.fold(word)
      all = all and text:find(word, 1, true) ~= nil
      in_name = in_name or entry.name:find(word, 1, true) ~= nil
    end
    if all then table.insert(in_name and named or others, entry) end
  end
  if not entries then return nil, message, code end
  return table.move(others, 1, #others, #named + 1, named)
end

return m
