-- Bibs and holdings as Alma writes and takes them in XML: elements with plain texts, and the record, which here is an
-- object of almanac.marc or almanac.dc. JSON answers hold the record as a text, whose declaration says UTF-16 although
-- it is UTF-8.
local core = require "almanac.core"
local marc = require "almanac.marc"
local records = require "almanac.record"
local xml = require "almanac.xml"

local m = {}

local LISTS = { network_numbers = "network_number", warnings = "warning" }
-- Fields that expand= makes up: they are no part of the record, and would become one when they are sent.
local MADE_UP = { "AVA", "AVD", "AVE" }

---The record in an answer in JSON.
---@param answer { anies: string[]? }
---@return any record of almanac.marc or almanac.dc; nil when the answer has none, as with view=brief
---@return string? message when it can't be read
---@return string? code "parse"
function m.of_json(answer)
  local text = answer.anies and answer.anies[1]
  if not text then return nil end
  local record, format, code = records.parse(text)
  if not record then return nil, ("the record of %s can't be read: %s"):format(answer.mms_id or "the answer", format), code end
  return record, format
end

local function plain(node)
  local text = node.text:match "^%s*(.-)%s*$"
  if next(node.attributes) == nil then return text end
  local value = { value = text }
  for name, attribute in pairs(node.attributes) do value[name] = attribute end
  return value
end

local function listed(node, name)
  local list = {}
  for i, item in ipairs(xml.children(node, name)) do list[i] = xml.text(item, "message") or item.text:match "^%s*(.-)%s*$" end
  return list
end

---Reads a bib or holding in XML into the form that JSON has, with `record` and, of a bib, `warnings`: a list of texts.
---@param text string
---@param name "bib"|"holding"
---@return table|nil object
---@return string? message
---@return string? code "parse"
function m.read(text, name)
  local root, message = core.xml.parse(text)
  if not root then return nil, message, "parse" end
  if root.name ~= name then return nil, ("the answer is <%s> instead of <%s>"):format(root.name, name), "parse" end
  local object = { link = root.attributes.link }
  for _, node in ipairs(root) do
    if node.name == "record" or node.name == "mods" then
      local record, why, code = records.parse(xml.write(node))
      if not record then return nil, ("its record can't be read: %s"):format(why), code end
      object.record = record
    elseif node.name == "warnings" then
      object.warnings = listed(node, LISTS[node.name])
    elseif LISTS[node.name] then
      object[LISTS[node.name]] = listed(node, LISTS[node.name])
    else
      object[node.name] = plain(node)
    end
  end
  if name == "bib" then object.warnings = object.warnings or {} end
  return object
end

---True for a MARC record.
---@param record any
---@return boolean
function m.is_marc(record)
  return getmetatable(record) == getmetatable(marc.record {})
end

---True for an object of almanac.marc or almanac.dc.
---@param record any
---@return boolean
function m.is_record(record)
  return m.is_marc(record) or type(record) == "table" and type(record.root) == "table"
end

---A record without what expand= made up.
---@param record almanac.marc.record
---@return almanac.marc.record
local function own(record)
  local copy = record:copy()
  for _, tag in ipairs(MADE_UP) do copy:remove(tag) end
  return copy
end

---A record's text as it is sent.
---@param record any
---@return string|nil text
---@return string? message
---@return string? code "limit"
function m.text(record)
  if not m.is_marc(record) then return record:text() end
  return own(record):encode "marcxml"
end

---Makes the body of a POST or PUT.
---@param name "bib"|"holding"
---@param fields { [1]: string, [2]: string|boolean|nil }[] name and value, in the order of the XSD; without a value: left out
---@param record any nil: none
---@return string|nil body
---@return string? message
---@return string? code "limit"
function m.body(name, fields, record)
  local children = {}
  for _, field in ipairs(fields) do
    if field[2] ~= nil then children[#children + 1] = xml.element(field[1], field[2]) end
  end
  if record then
    local text, message, code = m.text(record)
    if not text then return nil, message, code end
    children[#children + 1] = { written = text }
  end
  return xml.write(xml.element(name, children))
end

-- 001 and 005 are Alma's: a record that comes back differs in them.
local function essence(record)
  if not m.is_marc(record) then return record:text() end
  local copy = own(record)
  for _, tag in ipairs { "001", "005" } do copy:remove(tag) end
  return copy:encode "marcxml"
end

---True when two records say the same, apart from what Alma sets in them.
---@param one any
---@param other any
---@return boolean
function m.same(one, other)
  return one ~= nil and other ~= nil and essence(one) == essence(other)
end

return m
