-- Holds a request against the table of calls before it is sent. Alma ignores what it does not
-- know: a misspelt parameter gives an answer to another question, and nobody notices.
--
-- What is wrong with the program is given as words, for the client to raise. What may have come
-- from data, a date, is given as a failure that the call returns.
local calls = require "almanac.alma.calls"
local words = require "almanac.words"

local m = {}

local function listed(names)
  table.sort(names)
  return table.concat(names, ", ")
end

local function hint(name, names)
  local near = words.nearest(name, names)
  if near then return (", did you mean '%s'?"):format(near) end
  return names[1] and "; there are: " .. listed(names) or ""
end

local function names_of(parameters)
  local names = {}
  for i, parameter in ipairs(parameters) do names[i] = parameter.name end
  return names
end

local function said(call) return ("%s %s"):format(call.method, call.path) end

-- ---- values of the query ----

local function shown(value) return type(value) == "string" and ("'%s'"):format(value) or tostring(value) end

local KINDS = {}

function KINDS.int(parameter, value)
  local plain = type(value) == "number" or type(value) == "string" and value:find "^%d+$"
  local number = plain and math.tointeger(tonumber(value))
  if not number or number < 0 then return "a whole number from 0 on" end
  if parameter.low and (number < parameter.low or number > parameter.high) then
    return ("between %d and %d"):format(parameter.low, parameter.high)
  end
  if parameter.step and number % parameter.step ~= 0 then return ("a multiple of %d"):format(parameter.step) end
end

function KINDS.bool(_, value)
  if value ~= true and value ~= false and value ~= "true" and value ~= "false" then return "true or false" end
end

function KINDS.date(_, value)
  if type(value) ~= "string" then return "a date such as 2026-01-31" end
end

function KINDS.text(_, value)
  if type(value) == "boolean" then return "text" end
end

function KINDS.one(parameter, value)
  for _, known in ipairs(parameter.values) do
    if value == known then return nil end
  end
  return table.concat(parameter.values, " or ")
end

function KINDS.any(parameter, value)
  if type(value) ~= "string" then return "text" end
  for part in value:gmatch "[^,]+" do
    if KINDS.one(parameter, part) then return "of " .. table.concat(parameter.values, ", ") .. " (with commas between)" end
  end
end

function KINDS.ids(parameter, value)
  if type(value) == "boolean" then return "text" end
  if select(2, tostring(value):gsub(",", "")) >= parameter.most then return ("of %d ids at most"):format(parameter.most) end
end

local function check_value(call, parameter, value)
  local must = KINDS[parameter.kind](parameter, value)
  if not must then return nil end
  local near = parameter.kind == "one" and type(value) == "string" and words.nearest(value, parameter.values)
  return ("'%s' of %s must be %s, not %s%s"):format(parameter.name, said(call), must, shown(value),
    near and (": did you mean '%s'?"):format(near) or "")
end

local function check_query(call, query)
  for name, value in pairs(query) do
    local parameter = call.query[name]
    if not parameter then
      local names = names_of(call.parameters)
      return ("%s has no query parameter '%s'%s"):format(said(call), name, names[1] and hint(name, names) or ": it takes none")
    end
    local wrong = check_value(call, parameter, value)
    if wrong then return wrong end
  end
end

local NOTHING = {}

local function check_missing(call, query)
  for _, parameter in ipairs(call.parameters) do
    if parameter.required and query[parameter.name] == nil then
      return ("%s needs the query parameter '%s'%s"):format(said(call), parameter.name,
        parameter.values and ": " .. table.concat(parameter.values, " or ") or "")
    end
  end
end

-- ---- the body ----

local function check_body(call, request)
  local body = request.body
  if body == nil then
    return call.body and ("%s needs a body (%s)"):format(said(call), call.body) or nil
  elseif not call.body then
    return said(call) .. " takes no body"
  elseif call.xml and (type(body) == "table" or not request.content_type:find "xml") then
    return ("%s takes XML only: make it with almanac.xml and give content_type = 'application/xml'"):format(said(call))
  end
end

-- ---- the path ----

local function literals(node)
  local names = {}
  for name in pairs(node) do
    if name ~= "*" and name ~= "calls" and name ~= "rest" then names[#names + 1] = name end
  end
  return names
end

local function lost_words(lost)
  local parts, seen = lost.parts, {}
  for i = 1, math.min(lost.far, #parts) do seen[i] = parts[i] end
  local names, at = literals(lost.node), parts[lost.far]
  local path = "/" .. table.concat(seen, "/")
  if not at then return ("Alma has no call %s%s"):format(path, names[1] and "; it goes on with " .. listed(names) or "") end
  return ("Alma has no path %s%s"):format(path, names[1] and hint(at, names) or ": nothing comes after " .. tostring(parts[lost.far - 1]))
end

local function methods_of(place)
  local names = {}
  for name in pairs(place) do names[#names + 1] = name end
  return listed(names)
end

-- APIs of Alma that have no table here.
local OTHERS = { acq = true, courses = true, electronic = true, partners = true, ["task-lists"] = true }

local NONE = {}

---Finds the calls that a request can be, the likeliest first.
---@param method string
---@param path string|string[]
---@return almanac.alma.call[]|nil list empty: nothing is known of it
---@return string? words what is wrong, when there is none
function m.find(method, path)
  local places, lost = calls.places(path)
  local list = {}
  for i = 1, #places do list[#list + 1] = places[i][method] end
  if list[1] then return list end
  if places[1] then
    local _, other = next(places[1])
    return nil, ("%s has no %s; it has: %s"):format(other.path, method, methods_of(places[1]))
  end
  if lost then return nil, lost_words(lost) end
  local area = type(path) == "table" and path[1] or path:match "^/([^/]*)"
  local near = type(area) == "string" and not OTHERS[area] and words.nearest(area, calls.AREAS)
  if near then return nil, ("Alma has no API '%s', did you mean '%s'?"):format(area, near) end
  return NONE
end

-- The rest of a path is several segments.
local function spread(path, at, value)
  for part in value:gmatch "[^/]+" do
    path[at] = part
    at = at + 1
  end
end

---The path of a call that is given by name.
---@param call almanac.alma.call
---@param at table<string, string> what stands in the path's places
---@return string[]|nil path
---@return string? words
function m.path(call, at)
  local path, places, names = {}, {}, {}
  for i, part in ipairs(call.parts) do
    local name = part:match "^{(.*)}$"
    path[i] = part
    if name then places[name], names[#names + 1] = i, name end
  end
  for name, value in pairs(at) do
    if not places[name] then
      return nil, ("the path of %s, %s, has no place '%s'%s"):format(call.name, call.path, tostring(name), hint(tostring(name), names))
    end
    path[places[name]] = value
    if type(value) == "string" and calls.is_rest("{" .. name .. "}") then spread(path, places[name], value) end
  end
  for _, name in ipairs(names) do
    if at[name] == nil then return nil, ("%s: '%s' is missing in 'at': is a variable nil?"):format(call.name, name) end
  end
  return path
end

---The call of a name, or words with the nearest one.
---@param name string
---@return almanac.alma.call?
---@return string? words
function m.named(name)
  local call = calls.named(name)
  if call then return call end
  local near = words.nearest(name, calls.names())
  return nil, ("there is no call '%s'%s"):format(name, near and (", did you mean '%s'?"):format(near)
    or ": all names stand at the end of lua/almanac/REFERENCE.md")
end

local function problem_of(call, request)
  local query = request.query or NOTHING
  return check_query(call, query) or check_missing(call, query) or check_body(call, request)
end

-- A date that is none: dates are typed by people.
local function bad_date(call, query)
  for name, value in pairs(query or NOTHING) do
    if call.query[name].kind == "date" and not value:find "^%d%d%d%d%-[01]%d%-[0-3]%dZ?$" then
      return ("%s: '%s' must be a date such as 2026-01-31, not '%s'"):format(said(call), name, value)
    end
  end
end

---What is wrong with a request: nothing when it is right for one of the calls that it can be.
---@param list almanac.alma.call[]
---@param request almanac.alma.request
---@return string? words a mistake of the program
---@return string? message wrong data
function m.problem(list, request)
  local first
  for _, call in ipairs(list) do
    local wrong = problem_of(call, request)
    if not wrong then return nil, bad_date(call, request.query) end
    first = first or wrong
  end
  return first
end

return m
