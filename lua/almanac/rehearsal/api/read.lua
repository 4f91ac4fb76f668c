-- Reads the body of a call, JSON or XML, into one form: its fields by name, plain ones as text,
-- coded ones as { value, … }. It is not known what Alma forgives, so an unknown field is
-- refused, and so is a coded field without its value.
local core = require "almanac.core"
local json = require "almanac.json"
local failure = require "almanac.rehearsal.api.failure"

local m = {}

local known_fields = setmetatable({}, { __mode = "k" })

local function fields_of(shape)
  local fields = known_fields[shape]
  if fields then return fields end
  fields = {}
  for _, field in ipairs(shape) do
    fields[field[1]] = field
    if field.wrapped then fields[field.wrapped] = field end
  end
  for _, name in ipairs(shape.attributes or {}) do fields[name] = { name } end
  known_fields[shape] = fields
  return fields
end

local function scalar(value)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" or kind == "boolean" then return tostring(value) end
end

local json_object

local function json_value(field, value)
  if not (field.attributes or field.shape or field.each) then return scalar(value) end
  if type(value) ~= "table" then return nil end
  if field.shape then return json_object(value, field.shape) end
  if field.attributes and value.value ~= nil then
    local text = scalar(value.value)
    return text and { value = text, desc = value.desc }
  end
  return value
end

function json_object(object, shape)
  local fields, result = fields_of(shape), {}
  for name, value in pairs(object) do
    local field = fields[name]
    if not field then return nil, ("unknown field '%s'"):format(name) end
    local read, message = json_value(field, value)
    result[name] = read
    if result[name] == nil then return nil, message or ("bad value of field '%s'"):format(name) end
  end
  return result
end

local function from_json(text, shape)
  local object, message = json.decode(text)
  if type(object) ~= "table" then return nil, message or "the body is no JSON object" end
  return json_object(object, shape)
end

local xml_object

local function xml_value(field, node)
  if field.attributes then return { value = node.text, desc = node.attributes.desc } end
  if not field.shape then return node.text end
  return xml_object(node, field.shape)
end

function xml_object(root, shape)
  local fields, result = fields_of(shape), {}
  for name, value in pairs(root.attributes) do result[name] = value end
  for _, node in ipairs(root) do
    local field = fields[node.name]
    if not field then return nil, ("unknown element <%s>"):format(node.name) end
    local message
    local each = type(field.each) == "table" and xml_object(node, field.each)
    if each then
      result[node.name] = result[node.name] or {}
      table.insert(result[node.name], each)
    else
      result[node.name], message = xml_value(field, node)
      if message then return nil, message end
    end
  end
  return result
end

local function from_xml(text, shape)
  local root, message = core.xml.parse(text)
  if not root then return nil, message end
  if root.name ~= shape.name then return nil, ("<%s> instead of <%s>"):format(root.name, shape.name) end
  return xml_object(root, shape)
end

---@param call table
---@param shape table of almanac.rehearsal.api.shapes
---@return table|nil object
---@return table? refusal an answer
function m.object(call, shape)
  local kind = (call.request:header "Content-Type" or ""):lower()
  local read = kind:find("json", 1, true) and from_json or kind:find("xml", 1, true) and from_xml
  local object, message
  if read then
    object, message = read(call.request:body() or "", shape)
  else
    message = "Content-Type is neither JSON nor XML"
  end
  if object then return object end
  call.remark = message
  return nil, failure.general()
end

---The code in a coded field; nil when the field is absent or empty.
---@param field { value: string }|nil
---@return string?
function m.code(field)
  local value = field and field.value
  return value ~= "" and value or nil
end

return m
