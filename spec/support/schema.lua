-- Checks answers against the official descriptions in ../shared/alma: XML with
-- the XSDs (through xmllint), JSON of configuration calls with the JSON schemas,
-- other JSON by the field names of the XSDs. Absent there, specs are pending.
local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"

local m = {}

local XSD, SCHEMAS = "../shared/alma/xsd/receive/", "../shared/alma/schemas/"

---@return boolean
function m.available()
  return core.files.stat(XSD) ~= nil
end

---@return boolean whether XML can be checked: package libxml2-utils
function m.has_xmllint()
  return (os.execute "command -v xmllint >/dev/null 2>&1") == true
end

-- rest_bib.xsd includes a file that was never published; this is what it holds.
local NETWORK_NUMBERS = [[<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:complexType name="network_numbers"><xs:sequence>
    <xs:element name="network_number" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:schema>]]

local function copy_schemas(folder)
  os.execute(("cp %s*.xsd %s/ && chmod u+w %s/*"):format(XSD, program.quote(folder), program.quote(folder)))
  program.write(folder .. "/rest_network_numbers.xsd", NETWORK_NUMBERS)
end

---Validates XML. The record of a bib has no namespace and is left out: the XSD
---has no place for it.
---@param text string
---@param name string rest_representation, web_service_result, …
---@return boolean ok
---@return string? message
function m.xml(text, name)
  local folder = program.folder()
  copy_schemas(folder)
  program.write(folder .. "/answer.xml", (text:gsub("<record>.-</record>", "")))
  local pipe = assert(io.popen(("xmllint --nonet --noout --schema %s/%s.xsd %s/answer.xml 2>&1"):format(
    program.quote(folder), name, program.quote(folder))))
  local message = pipe:read "a"
  local ok = pipe:close()
  program.remove(folder)
  return ok == true, message
end

local loaded = {}

local function load(name)
  loaded[name] = loaded[name] or assert(json.decode(program.read(SCHEMAS .. name .. ".json")))
  return loaded[name]
end

-- "#/set" and "./rest_members.json#/rest_members"
local function resolve(file, reference)
  local other, part = reference:match "^%.?/?([%w_%-]*)%.?j?s?o?n?#/(.+)$"
  if other ~= "" then file = other end
  return file, load(file)[part]
end

local KINDS = { string = "string", boolean = "boolean", integer = "integer", number = "number" }

local check

local function check_object(file, schema, value, where)
  for _, name in ipairs(schema.required or {}) do
    if value[name] == nil then return nil, ("%s.%s is missing"):format(where, name) end
  end
  for name, inner in pairs(value) do
    local known = (schema.properties or {})[name]
    if not known then return nil, ("%s.%s is not in the schema"):format(where, name) end
    local ok, message = check(file, known, inner, where .. "." .. name)
    if not ok then return nil, message end
  end
  return true
end

function check(file, schema, value, where)
  if schema["$ref"] then
    local other, target = resolve(file, schema["$ref"])
    return check(other, target, value, where)
  end
  if schema.type == "object" then
    if type(value) ~= "table" then return nil, where .. " is no object" end
    return check_object(file, schema, value, where)
  elseif schema.type == "array" then
    if type(value) ~= "table" then return nil, where .. " is no array" end
    for i, item in ipairs(value) do
      local ok, message = check(file, schema.items, item, ("%s[%d]"):format(where, i))
      if not ok then return nil, message end
    end
    return true
  end
  local kind = math.type(value) == "integer" and schema.type ~= "number" and "integer" or type(value)
  if KINDS[schema.type] ~= kind then return nil, ("%s is a %s, not a %s"):format(where, kind, schema.type) end
  return true
end

---Validates decoded JSON. Nothing that the schema does not name is allowed.
---@param value table
---@param name string rest_set, rest_general, …
---@return boolean|nil ok
---@return string? message
function m.json(value, name)
  return check(name, load(name)[name], value, name)
end

local function collect(node, names)
  if node.name == "element" or node.name == "attribute" then names[node.attributes.name or ""] = true end
  for _, inner in ipairs(node) do collect(inner, names) end
end

---The names of elements and attributes of an XSD.
---@param name string
---@return table<string, boolean>
function m.names(name)
  local names = {}
  collect(assert(core.xml.parse(program.read(XSD .. name .. ".xsd"))), names)
  return names
end

return m
