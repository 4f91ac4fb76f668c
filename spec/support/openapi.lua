-- Holds requests against Alma's own descriptions: path, method and query
-- parameters against the OpenAPI files, bodies against the field names of the
-- XSDs. Alma ignores what it does not know, so nothing else would notice a
-- misspelt parameter.
local core = require "almanac.core"
local json = require "almanac.json"
local schema = require "support.schema"

local m = {}

local SHARED = "../shared/alma"
local FILES = { "bibs", "conf", "users", "analytics" }
-- What a call's body is described by, and the name of the type in it.
local BODIES = {
  ["POST /almaws/v1/bibs/{mms_id}/representations"] = "rest_representation",
  ["POST /almaws/v1/bibs/{mms_id}/representations/{rep_id}/files"] = "rest_representation_file",
}
-- "This method takes an Bib object with only mms_id" (OpenAPI), which the XSD
-- does not count among what can be posted.
local REFERENCES = { ["POST /almaws/v1/bibs/collections/{pid}/bibs"] = { mms_id = { post = true, needed = true } } }

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

-- The template with the fewest parameters that fits.
local function find_path(path)
  local parts, best, fewest = split(path), nil, math.huge
  for _, template in ipairs(paths) do
    local fits, parameters = #template.parts == #parts, 0
    for i, part in ipairs(template.parts) do
      if part:find "^{" then parameters = parameters + 1
      elseif part ~= parts[i] then fits = false end
    end
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

-- A list of files is described without them; one that comes short is asked all the same.
local UNDESCRIBED = { limit = "/files$", offset = "/files$" }

local function check_query(template, operation, query)
  local known = parameters_of(template, operation)
  for name, value in pairs(query or {}) do
    if UNDESCRIBED[name] and template.path:find(UNDESCRIBED[name]) then known[name] = known[name] or { name = name } end
    if not known[name] then return ("Alma knows no query parameter %s there"):format(name) end
    local words = wrong_value(known[name], value)
    if words then return words end
  end
  for name, parameter in pairs(known) do
    if parameter.required and not (query and query[name]) then return "query parameter " .. name .. " is missing" end
  end
end

local function child(node, name)
  for _, item in ipairs(node) do
    if item.name == name then return item end
  end
end

local function tags_of(element)
  local annotation = child(element, "annotation")
  local info = annotation and child(annotation, "appinfo")
  local tags = info and child(info, "tags")
  return tags and tags.text or ""
end

local function collect(node, fields)
  for _, item in ipairs(node) do
    if item.name == "element" and item.attributes.name then
      local post = tags_of(item):find "post" ~= nil
      fields[item.attributes.name] = { post = post, needed = post and item.attributes.minOccurs ~= "0" }
    elseif item.name == "attribute" then
      fields[item.attributes.name] = {
        post = item.attributes.name ~= "link", needed = item.attributes.use == "required",
      }
    elseif item.name ~= "annotation" then
      collect(item, fields)
    end
  end
end

local types = {}

-- Fields of the first complex type of an XSD: name to { post, needed }.
local function fields_of(name)
  if not types[name] then
    local text = assert(core.files.read(("%s/xsd/send/%s.xsd"):format(SHARED, name), 1 << 22))
    local fields = {}
    collect(assert(child(assert(core.xml.parse(text)), "complexType")), fields)
    types[name] = fields
  end
  return types[name]
end

local function check_coded(name, value)
  for part in pairs(value) do
    if part ~= "value" and part ~= "desc" then return ("%s.%s: a coded field has value and desc"):format(name, part) end
  end
end

-- A body for which there is no XSD here: its JSON against the official schema, where that is public; XML only by its root.
local function described(operation, body)
  local content = operation.requestBody.content[type(body) == "string" and "application/xml" or "application/json"]
  if not content then return type(body) == "string" and "this call takes no XML" or "this call takes no JSON" end
  local name = (content.schema or {})["$ref"] and content.schema["$ref"]:match "#/(.+)$"
  if not name or not core.files.stat(("%s/schemas/%s.json"):format(SHARED, name)) then return nil end
  if type(body) == "string" then
    local root = core.xml.parse(body)
    return not (root and name:find(root.name, 1, true)) and "the body is no " .. name or nil
  end
  local ok, message = schema.json(body, name)
  return not ok and message or nil
end

local function check_body(where, operation, body)
  if body == nil then
    return operation.requestBody and operation.requestBody.required and "the body is missing" or nil
  end
  if not operation.requestBody then return "a body is sent, none is described" end
  if not (BODIES[where] or REFERENCES[where]) or type(body) == "string" then return described(operation, body) end
  if not operation.requestBody.content["application/json"] then return "this call takes no JSON" end
  local fields = REFERENCES[where] or fields_of(BODIES[where])
  for name, value in pairs(body) do
    if not fields[name] then return "the XSD has no field " .. name end
    if not fields[name].post then return "field " .. name .. " can't be posted" end
    local words = type(value) == "table" and check_coded(name, value)
    if words then return words end
  end
  for name, field in pairs(fields) do
    if field.needed and body[name] == nil then return "mandatory field " .. name .. " is missing" end
  end
end

---What is wrong with a request; nil when nothing is.
---@param event almanac.alma.event what a client's log gets
---@return string? words
function m.problem(event)
  if not paths then load_paths() end
  local template = find_path("/almaws/v1" .. event.path)
  if not template then return "Alma has no path " .. event.path end
  local operation = template.operations[event.method:lower()]
  if not operation then return ("%s has no %s"):format(template.path, event.method) end
  local where = event.method .. " " .. template.path
  local words = check_query(template, operation, event.query) or check_body(where, operation, event.body)
  return words and ("%s: %s"):format(where, words)
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
