-- The scripts that come with almanac: recipes/scripts/NAME.lua, beside the recipes.
local core = require "almanac.core"
local help = require "almanac.script.help"
local shipped = require "almanac.shipped"
local words = require "almanac.words"

local m = {}

local LARGEST = 16 << 20   -- bytes of a script

local function folder() return shipped.folder("recipes/scripts", "scripts") end

---The scripts that come with almanac.
---@return { name: string, path: string, about: string }[]|nil list by name; about: the first line of the comment at its head
---@return string? message
---@return string? code "missing"
function m.list()
  local at, message, code = folder()
  local walk = at and core.files.walk(at)
  if not walk then return nil, message, code end
  local list = {}
  for path in function() return walk:next() end do
    local name = path:match "^([^/]+)%.lua$"
    local text = name and core.files.read(at .. "/" .. path, LARGEST)
    if text then list[#list + 1] = { name = name, path = at .. "/" .. path, about = help.first_line(text) } end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function is_file(path)
  local stat = core.files.stat(path)
  return stat ~= nil and stat.kind ~= "folder"
end

---Where a script is: a file of this name, else one that comes with almanac.
---@param name string "-" is standard input
---@return string|nil path
---@return string? message
---@return string? code "missing"
function m.find(name)
  if name == "-" or is_file(name) then return name end
  if name:find("/", 1, true) then return nil, ("there is no script %s"):format(name), "missing" end
  local list, message, code = m.list()
  if not list then return nil, message, code end
  local names = {}
  for i, script in ipairs(list) do
    if script.name == name:gsub("%.lua$", "") then return script.path end
    names[i] = script.name
  end
  local near = words.nearest(name:gsub("%.lua$", ""), names)
  return nil, ("there is no script %s%s; `almanac exec --list` shows those that come with almanac"):format(name,
    near and (", did you mean '" .. near .. "'?") or ""), "missing"
end

return m
