-- Holds requests, and what comes back, against Alma's own descriptions: path, method and query
-- parameters against the OpenAPI files, bodies and answers against schemas, XSDs and examples
-- (support/described.lua says which is how strong). Alma ignores what it does not know, so nothing
-- else would notice a misspelt parameter.
--
--   local client = openapi.hold(alma.new { … })       every request and every answer of a client
--   log = openapi.observer()                          requests alone, as a client's log
--   assert.is_nil(openapi.answer_problem("GET", "/conf/jobs", result.body))   one answer, JSON or XML
--
-- All of them do nothing where the descriptions are absent.
local call_values = require "support.call_values"
local calls = require "almanac.alma.calls"
local core = require "almanac.core"
local described = require "support.described"
local json = require "almanac.json"

local m = {}

local SHARED = "../shared/alma"
local FILES = { "bibs", "conf", "users", "analytics" }
-- "This method takes an Bib object with only mms_id" (OpenAPI), which the XSD
-- does not count among what can be posted.
local REFERENCES = { ["POST /almaws/v1/bibs/collections/{pid}/bibs"] = { mms_id = true } }

---Why nothing can be checked here; nil when it can.
---@return string?
function m.missing()
  if not core.files.stat(SHARED .. "/openapi") then return "../shared is absent" end
end

local function split(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do parts[#parts + 1] = part end
  return parts
end

local paths

local function load_paths()
  paths = {}
  for _, name in ipairs(FILES) do
    local text = assert(core.files.read(("%s/openapi/%s.json"):format(SHARED, name), 1 << 26))
    for path, operations in pairs(assert(json.decode(text)).paths) do
      paths[#paths + 1] = { path = path, parts = split(path), operations = operations }
    end
  end
end

-- The template with the fewest parameters that fits. Some paths stand twice, with other names of their parameters and other
-- methods: the one that has the method goes before.
local function find_path(path, method)
  local parts, best, fewest = split(path), nil, math.huge
  for _, template in ipairs(paths) do
    local takes_rest = template.parts[#template.parts] == "{path}" and #parts > #template.parts   -- folders of Analytics
    local fits, parameters = takes_rest or #template.parts == #parts, 0
    for i, part in ipairs(template.parts) do
      if part:find "^{" then parameters = parameters + 1
      elseif part ~= parts[i] then fits = false end
    end
    if not template.operations[method:lower()] then parameters = parameters + 0.5 end
    if fits and parameters < fewest then best, fewest = template, parameters end
  end
  return best
end

local function parameters_of(template, operation)
  local named = {}
  for _, list in ipairs { template.operations.parameters or {}, operation.parameters or {} } do
    for _, parameter in ipairs(list) do
      if parameter["in"] == "query" then named[parameter.name] = parameter end
    end
  end
  return named
end

local function wrong_value(parameter, value)
  local kind = parameter.schema and parameter.schema.type
  local text = tostring(value)
  if (kind == "integer" or parameter.name == "offset") and not text:find "^%d+$" then
    return ("%s=%s is no whole number"):format(parameter.name, text)
  elseif kind == "boolean" and text ~= "true" and text ~= "false" then
    return ("%s=%s is neither true nor false"):format(parameter.name, text)
  end
  local low, high = (parameter.description or ""):match "Valid values are (%d+)%-(%d+)"
  local number = tonumber(text)
  if low and number and (number < tonumber(low) or number > tonumber(high)) then
    return ("%s=%s is not between %s and %s"):format(parameter.name, text, low, high)
  end
  if parameter.name == "mms_id" and select(2, text:gsub(",", "")) > 99 then
    return "mms_id holds more than 100 ids"
  end
end

-- Lists that Alma gives whole are described without them; one that comes short is asked for its rest all the same.
local UNDESCRIBED = { limit = true, offset = true }

local function check_query(template, operation, query)
  local known = parameters_of(template, operation)
  for name, value in pairs(query or {}) do
    if UNDESCRIBED[name] and not template.path:find "}$" then known[name] = known[name] or { name = name } end
    if not known[name] then return ("Alma knows no query parameter %s there"):format(name) end
    local words = wrong_value(known[name], value)
    if words then return words end
  end
  for name, parameter in pairs(known) do
    if call_values.is_required(parameter) and not (query and query[name]) then return "query parameter " .. name .. " is missing" end
  end
end

-- "rest_set" of ".../schemas/rest_set-post.json#/rest_set-post"; nil where no type is named.
local function type_of(content)
  for _, media in pairs(content) do
    local reference = media.schema and media.schema["$ref"]
    if reference then return reference:match "/([%w_]+)[%w-]*$" end
  end
end

-- JSON or XML, as it is sent or answered; true when it is XML.
local function read(body)
  if type(body) == "table" then return body, false end
  if body:find "^%s*<" then return assert(core.xml.parse(body)), true end
  return assert(json.decode(body)), false
end

local function check_reference(where, body)
  for name in pairs(body) do
    if not REFERENCES[where][name] then return ("only %s goes there, not %s"):format(next(REFERENCES[where]), name) end
  end
end

local function check_body(where, operation, body)
  local taken = operation.requestBody
  if body == nil then return taken and taken.required and "the body is missing" or nil end
  if not taken then return "a body is sent, none is described" end
  local value, is_xml = read(body)
  if not taken.content[is_xml and "application/xml" or "application/json"] then
    return "this call takes no " .. (is_xml and "XML" or "JSON")
  end
  if REFERENCES[where] and not is_xml then return check_reference(where, value) end
  local kind = type_of(taken.content)
  return kind and described.body_problem(kind, where:match "^%u+", value, is_xml)
end

-- Calls that Alma has although these descriptions do not have them.
local function is_by_hand(path)
  local found = calls.at(path)
  local _, call = next(found or {})
  if not call then return path:find "^/acq/" ~= nil end
  for _, other in ipairs(calls.of "by_hand") do
    if call == other then return true end
  end
end

local function operation_of(method, path)
  if not paths then load_paths() end
  local template = find_path("/almaws/v1" .. path:match "^[^?]*", method)
  if not template then return nil, "Alma has no path " .. path end
  local operation = template.operations[method:lower()]
  if not operation then return nil, ("%s has no %s"):format(template.path, method) end
  return operation, template
end

---What is wrong with a request; nil when nothing is.
---@param event almanac.alma.event what a client's log gets
---@return string? words
function m.problem(event)
  if is_by_hand(event.path) then return nil end
  local operation, template = operation_of(event.method, event.path)
  if not operation then return template end
  local where = event.method .. " " .. template.path
  local words = check_query(template, operation, event.query) or check_body(where, operation, event.body)
  return words and ("%s: %s"):format(where, words)
end

---What is wrong with an answer; nil when nothing is, or nothing describes it.
---@param method string
---@param path string below /almaws/v1, with its ids; a query is ignored
---@param answer table|string|true decoded JSON, or text of JSON or XML; true: there was none
---@return string? words
function m.answer_problem(method, path, answer)
  if m.missing() or is_by_hand(path) then return nil end
  local operation, template = operation_of(method, path)
  if not operation then return template end
  local where, given = method .. " " .. template.path, operation.responses["200"]
  if answer == true then return not operation.responses["204"] and where .. ": it answers something" or nil end
  local kind = given and given.content and type_of(given.content)
  if not kind then return given and given.content == nil and where .. ": it answers nothing" or nil end
  local words = described.answer_problem(kind, read(answer))
  return words and ("%s: %s"):format(where, words)
end

local function path_of(request)
  local path = request.path
  if request.name then
    local call = calls.named(request.name)
    return call.method, (call.path:gsub("{(.-)}", request.at or {}))
  end
  return request.method or "GET", type(path) == "table" and "/" .. table.concat(path, "/") or path
end

---Has a client hold its requests and their answers against the descriptions: it raises at the
---first that they do not know.
---@param client almanac.alma.client
---@return almanac.alma.client the same
function m.hold(client)
  if m.missing() then return client end
  local call = client.call
  client.log = m.observer(client.log)
  client.call = function(self, request)
    local results = table.pack(call(self, request))
    local answer = results[1]
    if answer ~= nil and not request.to then
      local method, path = path_of(request)
      local words = m.answer_problem(method, path, answer)
      if words then error(words, 0) end
    end
    return table.unpack(results, 1, results.n)
  end
  return client
end

---A log for alma.new that raises at the first request that Alma's descriptions
---do not know; one that does nothing where they are absent.
---@param also fun(event: table)? another log
---@return fun(event: table)
function m.observer(also)
  local absent = m.missing()
  return function(event)
    local words = not absent and m.problem(event)
    if words then error(words, 0) end
    if also then also(event) end
  end
end

return m
