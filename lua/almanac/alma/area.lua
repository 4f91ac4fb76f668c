-- What every function that takes the client first looks at. A script that writes a colon for a dot, or leaves the client
-- out, would otherwise read of a nil value somewhere inside of the library.
local m = {}

local inner = setmetatable({}, { __mode = "k" })   -- checked function -> the one that it calls

local function is_client(value) return type(value) == "table" and value.call ~= nil end

local function wrong(area, name, functions, first)
  local call = ("%s.%s(client, …)"):format(area, name)
  if first == functions then return ("%s:%s: the client comes first, behind a dot: %s"):format(area, name, call) end
  local got = first == nil and "nil" or type(first) == "table" and "a table that is no client" or "a " .. type(first)
  return ("%s.%s: the client comes first: %s; it got %s"):format(area, name, call, got)
end

-- The call behind the check leaves no trace, so that levels of `error` count as if it were not there.
local function checked(area, name, functions, fn)
  local function check(first, ...)
    if not is_client(first) then error(wrong(area, name, functions, first), 2) end
    return fn(first, ...)
  end
  inner[check] = fn
  return check
end

---Lets the functions of a module whose first parameter is `client` raise when they get something else.
---@generic T: table
---@param area string name of the module, for messages
---@param functions T
---@return T functions the same table
function m.of(area, functions)
  for name, fn in pairs(functions) do
    if type(fn) == "function" and debug.getlocal(fn, 1) == "client" then functions[name] = checked(area, name, functions, fn) end
  end
  return functions
end

---The function itself, for who looks where it stands.
---@param fn function
---@return function
function m.behind(fn) return inner[fn] or fn end

return m
