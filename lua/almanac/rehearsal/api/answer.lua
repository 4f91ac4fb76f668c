-- Writes answers: an object by its shape as JSON or XML, and errors in each of
-- the forms in which Alma has been seen to give them.
local core = require "almanac.core"

local m = {}

local DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
local ERRORS = "http://com/exlibris/urm/general/xmlbeans"

local NAMED = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function json_text(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return NAMED[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local function json_scalar(value)
  if value == nil then return "null" end
  if type(value) == "string" then return json_text(value) end
  return tostring(value)
end

local json_object

-- Gives "name": value, or nothing when the field is left out.
local function json_field(field, value)
  local name = field[1]
  if field.record then
    return value and '"anies":[' .. json_text('<?xml version="1.0" encoding="UTF-16"?>\n' .. value) .. "]"
  elseif field.each then
    if not value or (#value == 0 and not field.always) then return end
    local items = {}
    for i, item in ipairs(value) do
      items[i] = field.each == "text" and json_text(item) or json_object(field.each, item)
    end
    return ('"%s":[%s]'):format(name, table.concat(items, ","))
  elseif value == nil then
    return field.null and ('"%s":null'):format(name) or nil
  elseif field.shape then
    return ('"%s":%s'):format(name, json_object(field.shape, value))
  elseif field.attributes then
    local parts = { '"value":' .. json_scalar(value.value) }
    for _, attribute in ipairs(field.attributes) do
      parts[#parts + 1] = ('"%s":%s'):format(attribute, json_scalar(value[attribute]))
    end
    return ('"%s":{%s}'):format(name, table.concat(parts, ","))
  end
  return ('"%s":%s'):format(name, json_scalar(value))
end

function json_object(shape, object)
  local parts = {}
  for _, field in ipairs(shape) do
    parts[#parts + 1] = json_field(field, object[field[1]])
  end
  for _, attribute in ipairs(shape.attributes or {}) do
    parts[#parts + 1] = ('"%s":%s'):format(attribute, json_scalar(object[attribute]))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function escape(value)
  return core.xml.escape(tostring(value))
end

local function open_tag(name, attributes, object)
  local parts = { "<", name }
  for _, attribute in ipairs(attributes or {}) do
    local value = object[attribute]
    if value ~= nil then parts[#parts + 1] = (' %s="%s"'):format(attribute, escape(value)) end
  end
  return table.concat(parts)
end

local function element(name, content)
  return ("<%s>%s</%s>"):format(name, content, name)
end

local xml_object

local function xml_array(field, items)
  if not items then return "" end
  local parts = {}
  for i, item in ipairs(items) do
    parts[i] = field.each == "text" and element(field[1], escape(item)) or xml_object(field.each, item)
  end
  local content = table.concat(parts)
  return field.wrapped and element(field.wrapped, content) or content
end

local function xml_field(field, value)
  local name = field[1]
  if value == nil then return "" end
  if field.record then return value end
  if field.each then return xml_array(field, value) end
  if field.shape then return xml_object(field.shape, value) end
  if not field.attributes then return element(name, escape(value)) end
  local tag = open_tag(name, field.attributes, value)
  if value.value == nil or value.value == "" then return tag .. "/>" end
  return ("%s>%s</%s>"):format(tag, escape(value.value), name)
end

function xml_object(shape, object)
  local parts = { open_tag(shape.name, shape.attributes, object), ">" }
  if shape.text then return ("%s%s</%s>"):format(table.concat(parts), escape(object[shape.text]), shape.name) end
  for _, field in ipairs(shape) do
    parts[#parts + 1] = xml_field(field, object[field[1]])
  end
  parts[#parts + 1] = ("</%s>"):format(shape.name)
  return table.concat(parts)
end

---@param shape table of almanac.rehearsal.api.shapes
---@param object table
---@return string
function m.json(shape, object)
  return json_object(shape, object)
end

---@param shape table
---@param object table
---@return string
function m.xml(shape, object)
  return DECLARATION .. xml_object(shape, object)
end

-- Alma gives each error an id, which its support asks for.
local count = 0
local function tracking_id()
  count = count + 1
  return ("E01-%s-%05X-AWAE%d"):format(os.date "!%d%m%H%M%S", count * 7919 % 0xFFFFF, 480000000 + count)
end

local function error_xml(failure, tracking)
  return ('%s<web_service_result xmlns="%s"><errorsExist>true</errorsExist><errorList><error>' ..
    "<errorCode>%s</errorCode><errorMessage>%s</errorMessage>%s</error></errorList></web_service_result>")
    :format(DECLARATION, ERRORS, escape(failure.code), escape(failure.message),
      tracking and element("trackingId", tracking) or "")
end

-- JSON errors take three forms in turn, all from recorded answers of API clients: with a result,
-- without one, and wrapped once more with a single error object.
local function error_json(failure, tracking)
  local one = ('{"errorCode":%s,"errorMessage":%s%s}'):format(json_text(failure.code), json_text(failure.message),
    tracking and ',"trackingId":' .. json_text(tracking) or "")
  local form = count % 3
  if form == 0 then
    return ('{"web_service_result":{"errorsExist":true,"errorList":{"error":%s}}}'):format(one)
  end
  return ('{"errorsExist":true,"errorList":{"error":[%s]}%s}'):format(one, form == 1 and ',"result":null' or "")
end

---An error as the body of an answer.
---@param failure { code: string, message: string, gateway: boolean? } gateway: without a tracking id
---@param format "json"|"xml"
---@return string body
function m.failure(failure, format)
  local tracking = tracking_id()
  if failure.gateway then tracking = nil end
  if format == "json" then return error_json(failure, tracking) end
  return error_xml(failure, tracking)
end

return m
