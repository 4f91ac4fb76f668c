-- What a recipe sees. The environment is an allow-list: names that are not in
-- it do not exist for a recipe. There is no pcall and no metatable, and no
-- clock, randomness, address or hash order, so that the same input gives the
-- same plan. How long a rule may think, and that it reaches nothing else, is
-- not for Lua to say: see core/guard/inside.c.
local words = require "almanac.words"

local m = {}

local LONGEST = 1 << 20             -- bytes of a string that rep may make

local string_meta, host_string, host_tostring = getmetatable "", string, tostring
local keys_of                       -- of a table, in order; from m.enclose

-- What recipes have of `string`.
local limited = {}

local originals = setmetatable({}, { __mode = "k" })

---@param t table
---@return table copy one level deep
function m.copy(t)
  local copy = {}
  for name, value in next, t do copy[name] = value end
  return copy
end

local function names_of(t)
  local list = {}
  for name in next, t do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- What reading a name gives that is not there: an error with the nearest
-- right one, unless the name is declared and merely has no value.
local function undefined(what, names)
  local known, list = {}, {}
  for i, name in ipairs(names) do known[name], list[i] = true, name end
  return function(_, name)
    if known[name] then return nil end
    local near = words.nearest(host_tostring(name), list)
    error(("%s has no '%s'%s"):format(what, host_tostring(name),
      near and (", did you mean '%s'?"):format(near) or ""), 2)
  end
end

---A view of a table that can be read but not changed.
---@param t table
---@param what string how the error names it
---@param names string[]? all names that may be read; others are an error
---@return table
function m.read_only(t, what, names)
  if names then t = setmetatable(m.copy(t), { __index = undefined(what, names) }) end
  local view = setmetatable({}, {
    __index = t,
    __newindex = function(_, name)
      error(("%s can't be changed (field '%s')"):format(what, host_tostring(name)), 2)
    end,
    __len = function() return #t end,
    __metatable = false,
  })
  originals[view] = t
  return view
end

---The table behind a view, to be read raw; any other value as it is.
---@param value any
---@return any
function m.behind(value)
  return originals[value] or value
end

---A copy of a table and of those in it, to be read only.
---@param t table
---@param what string how the error names it
---@return table
function m.frozen(t, what)
  local copy = {}
  for name, value in next, t do copy[name] = type(value) == "table" and m.frozen(value, what) or value end
  return m.read_only(copy, what)
end

-- Lua's own order of string keys differs from run to run; here it is sorted.
local function pairs_in_order(t)
  t = originals[t] or t
  if type(t) ~= "table" then error("pairs: table expected, got " .. type(t), 2) end
  local keys, kind = keys_of(t)
  if not keys then error(("pairs: keys that are a %s have no order; keep them in a list"):format(kind), 2) end
  local i = 0
  return function()
    while true do
      i = i + 1
      local name = keys[i]
      if name == nil then return nil end
      local value = rawget(t, name)
      if value ~= nil then return name, value end     -- else it was taken away meanwhile
    end
  end
end

-- Without addresses: they differ from run to run.
local function text_of(value)
  local kind = type(value)
  if kind == "table" or kind == "function" or kind == "userdata" then return kind end
  return tostring(value)
end

for _, name in ipairs { "byte", "char", "find", "gmatch", "gsub", "len", "lower", "match", "reverse", "sub", "upper" } do
  limited[name] = host_string[name]
end

function limited.rep(text, n, separator)
  if n < 1 then return "" end
  if n > LONGEST or #text * n + #(separator or "") * (n - 1) > LONGEST then error("string.rep: the text would be longer than 1 MiB", 2) end
  return host_string.rep(text, n, separator)
end

function limited.format(format, ...)
  local values = table.pack(...)
  for i = 1, values.n do
    local kind = type(values[i])
    if kind == "table" or kind == "function" then values[i] = text_of(values[i]) end
  end
  local bare = host_string.gsub(format, "%%%%", "")   -- without the signs for themselves
  if host_string.find(bare, "%%[^%a%%]*p") then error("string.format: there is no %p here", 2) end
  return host_string.format(format, table.unpack(values, 1, values.n))
end

local function pick(library, names)
  local copy = {}
  for name in names:gmatch "%S+" do copy[name] = library[name] end
  return copy
end

local NO_WORLD = "a recipe sees no files, network, clock or program"
local NO_CATCH = "an error ends the rule; almanac tells where it was"
local NO_TRICKS = "a recipe needs only plain tables and functions"
local HINTS = {
  io = NO_WORLD, os = NO_WORLD, require = NO_WORLD, package = NO_WORLD, dofile = NO_WORLD,
  loadfile = NO_WORLD, debug = NO_WORLD, collectgarbage = NO_WORLD,
  pcall = NO_CATCH, xpcall = NO_CATCH, next = "use pairs, whose order is always the same",
  print = "a rule answers with return; nothing is printed",
  load = NO_TRICKS, loadstring = NO_TRICKS, coroutine = NO_TRICKS, setmetatable = NO_TRICKS,
  getmetatable = NO_TRICKS, rawget = NO_TRICKS, rawset = NO_TRICKS, rawequal = NO_TRICKS,
  rawlen = NO_TRICKS, _G = NO_TRICKS,
}

local function missing(names)
  local list = names_of(names)
  return function(_, name)
    local near = words.nearest(text_of(name), list)
    local hint = HINTS[name] or near and ("did you mean '%s'?"):format(near) or "declare it with `local`"
    error(("recipes have no '%s': %s"):format(text_of(name), hint), 2)
  end
end

local function library(t, what)
  return m.read_only(t, what, names_of(t))
end

-- Functions, and libraries as tables of them: of Lua, then `own`.
local function all_names(own)
  local all = {
    assert = assert, error = error, ipairs = ipairs, pairs = pairs_in_order, select = select,
    tonumber = tonumber, tostring = text_of, type = type, string = limited,
    table = pick(table, "concat insert pack remove sort unpack"),
    utf8 = pick(utf8, "char charpattern codepoint codes len offset"),
    math = pick(math, "abs ceil floor fmod huge max maxinteger min mininteger modf pi sqrt tointeger type ult"),
  }
  for name, value in next, own do all[name] = value end
  return all
end

---What a recipe can name, for those that check one without running it.
---@param own table<string, table|function> as for m.environment
---@return table<string, string[]|true> names a library's functions, or true
---@return table<string, string> hints what to do instead of a name that is not there
function m.names(own)
  local names = {}
  for name, value in next, all_names(own) do names[name] = type(value) == "table" and names_of(value) or true end
  return names, HINTS
end

---The environment of one recipe.
---@param own table<string, table|function> what almanac gives: key, add, extend
---@return table
function m.environment(own)
  local names = {}
  for name, value in next, all_names(own) do
    names[name] = type(value) == "table" and library(value, name) or value
  end
  setmetatable(names, { __index = missing(names) })
  return setmetatable({}, {
    __index = names,
    __newindex = function(_, name)
      error(("'%s' is set but not declared: write `local %s`"):format(text_of(name), text_of(name)), 2)
    end,
    __metatable = false,
  })
end

---Makes methods of strings those that recipes have: ("x"):rep works without
---`string`; sorting is that of core/guard/inside_order.c. For the whole process, and for good.
---@param order { sort: function, keys: function }
function m.enclose(order)
  rawset(table, "sort", order.sort)   -- almanac's own code in this process sorts what recipes give
  keys_of = order.keys
  string_meta.__index = limited
  string_meta.__metatable = false
end

return m
