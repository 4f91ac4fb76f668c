-- What the modules of the library have: functions, with the comment above each, and the methods
-- of what they give. Modules are loaded and looked at, so that a name which a module takes over
-- from another file is found as well.
local area = require "almanac.alma.area"
local luacats = require "support.luacats"

local m = {}

local function place_of(fn)
  local info = debug.getinfo(area.behind(fn), "S")
  local path = info.source:match "^@(.*)$"
  if not path or info.linedefined < 1 then return nil end
  return path:gsub("^%./", ""), info.linedefined
end

local function entry(name, fn, path, line)
  local own, at = place_of(fn)
  local doc = own and luacats.above(own, at)
  if not doc and path then own, at, doc = path, line, luacats.above(path, line) end
  return { name = name, path = own or "", line = at or 0, doc = doc, fn = fn }
end

-- Where a module's file gives a name that is defined elsewhere: "m.form = form.new".
local function assigned(path, name)
  for i, line in ipairs(luacats.lines(path)) do
    if line:find("^[%w_]+%." .. name .. "%s*=") or line:find("^function [%w_]+%." .. name .. "%(") then return path, i end
  end
end

local function by_place(a, b)
  if a.path ~= b.path then return a.path < b.path end
  if a.line ~= b.line then return a.line < b.line end
  return a.name < b.name
end

---The functions of a table, in the order in which they stand.
---@param values table
---@param path string of the file that has the table
---@return { name: string, path: string, line: integer, doc: table?, fn: function }[]
function m.functions(values, path)
  local list = {}
  for name, fn in pairs(values) do
    if type(fn) == "function" and type(name) == "string" and not name:find "^_" then
      list[#list + 1] = entry(name, fn, assigned(path, name))
    end
  end
  table.sort(list, function(a, b)   -- what stands in the module's own file comes first
    if (a.path == path) ~= (b.path == path) then return a.path == path end
    return by_place(a, b)
  end)
  return list
end

-- The tables of methods that a function gives its objects: a metatable's, found among what the
-- function and the local functions that it calls refer to.
local function methods_behind(fn, path, seen, found)
  if seen[fn] then return found end
  seen[fn] = true
  for i = 1, 60 do
    local name, value = debug.getupvalue(fn, i)
    if not name then break end
    if type(value) == "table" and rawget(value, "__index") and type(value.__index) == "table" then found[value.__index] = true
    elseif type(value) == "table" and name:find "methods$" then found[value] = true
    elseif type(value) == "function" and place_of(value) == path then methods_behind(value, path, seen, found) end
  end
  return found
end

-- "list" of "---@return almanac.oai.records list"; without a name the last word of the type.
local function noun_of(item)
  local first = item.doc and item.doc.returns[1]
  return first and (first.name or first.kind:gsub("|nil$", ""):match "[%w_]+$") or "it"
end

local function class_of(item)
  local first = item.doc and item.doc.returns[1]
  return first and first.kind:match "^almanac%.[%w_.]+"
end

---Objects that functions give: what they are called, their methods, and what gives them. What
---methods give may have methods as well.
---@param list table[] from functions
---@param owner string name of the module
---@return { noun: string, class: string?, from: string, list: table[] }[]
function m.objects(list, owner)
  local objects, seen, queue = {}, {}, {}
  for _, item in ipairs(list) do queue[#queue + 1] = { item = item, from = owner .. "." .. item.name } end
  local i = 1
  while queue[i] do
    local item, from = queue[i].item, queue[i].from
    for methods in pairs(item.path ~= "" and methods_behind(item.fn, item.path, {}, {}) or {}) do
      if not seen[methods] then
        seen[methods] = true
        local object = { noun = noun_of(item), class = class_of(item), from = from, list = m.functions(methods, item.path) }
        if object.list[1] then objects[#objects + 1] = object end
        for _, method in ipairs(object.list) do queue[#queue + 1] = { item = method, from = object.noun .. ":" .. method.name } end
      end
    end
    i = i + 1
  end
  return objects
end

return m
