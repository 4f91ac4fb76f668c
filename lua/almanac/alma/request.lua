-- Checks a program's request before it is sent. Alma ignores what it does not know, and it
-- would take a misspelt method for a GET.
local address = require "almanac.address"
local fields = require "almanac.fields"
local json = require "almanac.json"
local words = require "almanac.words"

local m = {}

local FIELDS = { name = "string", at = "table", method = "string", path = "string|table", query = "table", body = "table|string",
  content_type = "string", timeout = "number", raw = "boolean", kind = "string", id = "string", accept = "string", to = "string",
  once = "boolean", unchecked = "boolean" }
local METHODS = { "GET", "POST", "PUT", "DELETE" }
local WRITES = { POST = true, PUT = true }
local SIMPLE = { string = true, number = true, boolean = true }
local JSON = "application/json"

-- Read by the first call: a command that makes none does not wait for it.
local function table_of_calls() return require "almanac.alma.calls.check" end

local function check_method(method)
  for _, name in ipairs(METHODS) do
    if name == method then return end
  end
  local near = words.nearest(method, METHODS)
  error(("client:call: there is no method '%s'%s"):format(method, near and (", did you mean '%s'?"):format(near)
    or "; there are: " .. table.concat(METHODS, ", ")), 5)
end

-- A variable that is nil would leave a shorter list: the address of something else.
local function check_segments(path)
  local n = path.n or 0
  if not path.n then
    for _ in pairs(path) do n = n + 1 end
  end
  for i = 1, n do
    if path[i] == nil then
      error(("client:call: the path has no segment %d (/%s/…): is a variable in it nil?"):format(i, table.concat(path, "/", 1, i - 1)), 6)
    end
  end
  if n == 0 then error("client:call: the path has no segment", 6) end
end

local function check_path(path)
  if type(path) == "table" then
    check_segments(path)
    return
  end
  if path == nil then error("client:call: 'path' is missing, or 'name'", 5) end
  if type(path) == "string" and path:sub(1, 1) ~= "/" then
    error(("client:call: the path '%s' must begin with /, below /almaws/v1; or give a list of its segments"):format(path), 5)
  elseif type(path) == "string" and path:find "[?#]" then
    error(("client:call: the path '%s' holds a query: give that as the table 'query'"):format(path), 5)
  end
end

local function check_query(query)
  for name, value in pairs(query or {}) do
    if type(name) ~= "string" then error("client:call: the query is a table of names and values, not a list", 4) end
    if name:lower() == "apikey" then error("client:call: the key goes into no address", 4) end
    if not SIMPLE[type(value)] then
      error(("client:call: '%s' of the query must be a string, a number or a boolean, not a %s"):format(name, type(value)), 4)
    end
  end
end

local function check_body(method, request)
  local body, kind = request.body, request.content_type
  if body == nil then
    if kind then error("client:call: 'content_type' goes with a body of text", 4) end
  elseif not WRITES[method] then
    error(("client:call: a %s has no body"):format(method), 4)
  elseif type(body) == "string" and not kind then
    error("client:call: a body of text needs its content_type, e.g. 'application/xml'; a table is sent as JSON", 4)
  elseif kind and (type(body) == "table" or not kind:find "^[%w.+-]+/[%w.+-]+[ -~]*$") then
    error(type(body) == "table" and "client:call: a body that is a table is sent as JSON: leave out content_type"
      or ("client:call: '%s' is no content type such as application/xml"):format(kind), 4)
  end
end

local function mistake(wrong) error("client:call: " .. wrong, 5) end

-- A call by its name: the name says method and path.
local function by_name(request)
  if request.method or request.path then mistake "a call by its name has its method and path already: leave them out" end
  local call, wrong = table_of_calls().named(request.name)
  if not call then mistake(wrong) end
  local path
  path, wrong = table_of_calls().path(call, request.at or {})
  if not path then mistake(wrong) end
  return { call }, call.method, path
end

local function by_path(request)
  if request.at then mistake "'at' goes with 'name': it fills the places of that call's path" end
  local method = request.method or "GET"
  check_method(method)
  check_path(request.path)
  if request.unchecked then return nil, method, request.path end
  local list, wrong = table_of_calls().find(method, request.path)
  if wrong then mistake(wrong) end
  return list, method, request.path
end

local function hold(list, request)
  local wrong, bad = table_of_calls().problem(list, request)
  if wrong then mistake(wrong) end
  return bad
end

---Raises when a request is malformed, or is not as Alma's description of the call has it.
---@param request almanac.alma.request
---@return string|nil method
---@return string|string[] path; what is wrong with its data when there is no method
---@return string? code "parse"
function m.check(request)
  fields.check("client:call", request, FIELDS, 3)
  local list, method, path
  if request.name then list, method, path = by_name(request) else list, method, path = by_path(request) end
  check_query(request.query)
  check_body(method, request)
  local bad = list and not request.unchecked and hold(list, request)
  if bad then return nil, bad, "parse" end
  return method, path
end

---True when the answer is given as text: the request wants it so, or it sends text. Alma
---answers in the format that it is sent, and bibs and holdings know no JSON (OpenAPI).
---@param request almanac.alma.request
---@return boolean
function m.wants_text(request)
  return request.raw == true or request.accept ~= nil or type(request.body) == "string"
end

---True when a call whose outcome is not known may be sent again. A POST may not, and not what the request says of itself.
---@param method string
---@param request almanac.alma.request
---@return boolean
function m.repeatable(method, request)
  return method ~= "POST" and not request.once
end

---Makes headers and body of a request.
---@param method string
---@param request almanac.alma.request
---@return table<string, string> headers
---@return string? body
function m.content(method, request)
  local kind = request.content_type or JSON
  local headers = { Accept = request.accept or kind:match "^[^;%s]+" }
  if not WRITES[method] then return headers end
  headers["Content-Type"] = kind
  if type(request.body) == "string" then return headers, request.body end
  return headers, request.body and json.encode(request.body) or ""
end

---Writes the query as it stands in an address.
---@param query table<string, string|number|boolean>?
---@return string
function m.query(query)
  local names, parts = {}, {}
  for name in pairs(query or {}) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = address.encode(name) .. "=" .. address.encode(tostring(query[name]))
  end
  return parts[1] and "?" .. table.concat(parts, "&") or ""
end

return m
