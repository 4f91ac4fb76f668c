-- What a type of Alma's ("rest_set") may hold, from what there is of official descriptions, the
-- best first:
--   1. JSON schemas, for configuration: every field, its type, and what is required
--   2. XSDs, for bibs, representations and files: fields that can be sent; names of what is answered
--   3. examples in OpenAPI and recorded answers, for holdings, authorities, items: names only.
--      This is weaker: a field that no example shows is refused, a wrong nesting is not seen.
-- Of other types nothing is known here but that they are objects.
local core = require "almanac.core"
local json = require "almanac.json"
local schema = require "support.schema"

local m = {}

local SHARED = "../shared/alma/"

-- Official sentences about fields that the XSDs, some years older, lack. PUT /bibs/{mms_id}: "To
-- change the record's level, use the payload's cataloging_level field" (OpenAPI). The younger XSD of answers marks the three
-- others as "get post put". That a representation is active stands in all recorded answers, and in a recorded POST. Where an
-- item is in a work order, what the recorded item does not show, and what a list of holdings has, clients' documentation tells.
local YOUNGER = {
  rest_representation = { "active" },
  rest_bib = { "cataloging_level", "record", "suppress_from_external_search", "sync_with_oclc", "sync_with_libraries_australia" },
  rest_item = { "work_order_type", "work_order_at", "issue_date", "expected_arrival_date", "break_indicator", "pattern_type",
    "linking_number", "type_of_unit", "replacement_cost", "inventory_date", "receive_number", "weeding_number", "weeding_date",
    "alt_number_source", "committed_to_retain", "retention_reason", "retention_note" },
  rest_holdings = { "holding", "holding_id", "copy_id", "library", "location", "call_number", "suppress_from_publishing" },
}
-- The names of a list's parts stand in the description of the part.
local PARTS = { rest_bibs = "rest_bib", rest_representations = "rest_representation",
  rest_representation_files = "rest_representation_file", rest_items = "rest_item", rest_libraries = "rest_library" }
-- How JSON writes what XML writes otherwise: a coded value, the list of a bib's records, lists.
local IN_JSON = { "value", "desc", "link", "anies", "network_number", "total_record_count" }
local RECORDED = { rest_item = "temple/item_from_barcode.json" }
local EXAMPLES = { rest_holding = { "{mms_id}/holdings" }, rest_authority = { "/authorities" } }

local function exists(path) return core.files.stat(SHARED .. path) ~= nil end
local function read(path) return assert(core.files.read(SHARED .. path, 1 << 26)) end

local function child(node, name)
  for _, item in ipairs(node) do
    if item.name == name then return item end
  end
end

-- ---- XSDs: what can be sent ----

local function tags_of(element)
  local annotation = child(element, "annotation")
  local info = annotation and child(annotation, "appinfo")
  local tags = info and child(info, "tags")
  return tags and tags.text or ""
end

local function collect(node, fields)
  for _, item in ipairs(node) do
    local name = item.attributes.name
    if item.name == "element" and name then
      local tags = tags_of(item)
      fields[name] = { POST = tags:find "post" ~= nil, PUT = tags:find "put" ~= nil, always = item.attributes.minOccurs ~= "0" }
    elseif item.name == "attribute" then
      local sent = name ~= "link"
      fields[name] = { POST = sent, PUT = sent, always = item.attributes.use == "required" }
    elseif item.name ~= "annotation" then
      collect(item, fields)
    end
  end
end

local sent = {}

---Fields of a type that an XSD allows to send; nil when there is no XSD.
---@param kind string "rest_representation"
---@return table<string, { POST: boolean, PUT: boolean, always: boolean }>?
function m.fields(kind)
  local path = ("xsd/send/%s.xsd"):format(kind)
  if not sent[kind] and exists(path) then
    local fields = {}
    collect(assert(child(assert(core.xml.parse(read(path))), "complexType")), fields)
    for _, name in ipairs(YOUNGER[kind] or {}) do fields[name] = { POST = true, PUT = true, always = false } end
    sent[kind] = fields
  end
  return sent[kind]
end

-- ---- names, of whatever there is ----

local function add_xml(node, names)
  names[node.name] = true
  for name in pairs(node.attributes) do names[name] = true end
  for _, inner in ipairs(node) do
    if node.name ~= "record" then add_xml(inner, names) end
  end
end

-- Names in the text: one whose value is null would be lost when it is decoded.
local function add_json(text, names)
  for name in text:gmatch '"([%w_]+)"%s*:' do names[name] = true end
end

local function add_schema(value, names)
  for name, inner in pairs(value.properties or {}) do
    names[name] = true
    add_schema(inner, names)
  end
  if value.xml and value.xml.name then names[value.xml.name] = true end
  if value.items then add_schema(value.items, names) end
end

local function add_schema_file(kind, names)
  local text = read(("schemas/%s.json"):format(kind))
  for _, part in pairs(assert(json.decode(text))) do add_schema(part, names) end
  for other in text:gmatch '"%$ref": *"%./([%w_%-]+)%.json' do
    if exists(("schemas/%s.json"):format(other)) then add_schema_file(other, names) end
  end
end

local function add_all(from, names)
  for name in pairs(from) do names[name] = true end
end

local function add_examples(kind, names)
  local openapi = assert(json.decode(read "openapi/bibs.json"))
  for path, operations in pairs(openapi.paths) do
    for _, operation in pairs(path:find(EXAMPLES[kind][1], 1, true) and operations or {}) do
      for _, place in ipairs { operation.requestBody or {}, operation.responses["200"] or {} } do
        local content = place.content and place.content["application/xml"]
        if content and content.example then add_xml(assert(core.xml.parse(content.example)), names) end
      end
    end
  end
end

local known = {}

---Names of all fields of a type, at any depth; nil when nothing describes it.
---@param kind string
---@return table<string, boolean>?
function m.names(kind)
  if known[kind] ~= nil then return known[kind] or nil end
  local names = {}
  if exists(("schemas/%s.json"):format(kind)) then add_schema_file(kind, names) end
  if exists(("xsd/receive/%s.xsd"):format(kind)) then add_all(schema.names(kind), names) end
  if RECORDED[kind] then add_json(read("recorded/" .. RECORDED[kind]), names) end
  if EXAMPLES[kind] then add_examples(kind, names) end
  if PARTS[kind] then
    add_all(m.names(PARTS[kind]), names)
    names[PARTS[kind]:match "rest_(.*)"] = true
  end
  if not next(names) then known[kind] = false return nil end
  for _, name in ipairs(IN_JSON) do names[name] = true end
  for _, name in ipairs(YOUNGER[kind] or {}) do names[name] = true end
  known[kind] = names
  return names
end

local function unknown_json(value, names, where)
  for name, inner in pairs(value) do
    if type(name) == "string" and not names[name] then return where .. "." .. name end
    local deeper = type(inner) == "table" and unknown_json(inner, names, type(name) == "string" and where .. "." .. name or where)
    if deeper then return deeper end
  end
end

-- The record of a bib or holding has its own rules.
local function unknown_xml(node, names, where)
  if not names[node.name] then return where .. node.name end
  if node.name == "record" then return nil end
  for name in pairs(node.attributes) do
    if not names[name] and not name:find "^xml" then return ("%s%s/@%s"):format(where, node.name, name) end
  end
  for _, inner in ipairs(node) do
    local deeper = unknown_xml(inner, names, where .. node.name .. "/")
    if deeper then return deeper end
  end
end

-- ---- what is sent ----

local function check_coded(name, value)
  for part in pairs(value) do
    if part ~= "value" and part ~= "desc" then return ("%s.%s: a coded field has value and desc"):format(name, part) end
  end
end

local function check_fields(fields, method, body)
  for name, value in pairs(body) do
    if not fields[name] then return "the XSD has no field " .. name end
    if not fields[name][method] then return ("field %s can't be sent by %s"):format(name, method) end
    local words = type(value) == "table" and check_coded(name, value)
    if words then return words end
  end
  for name, field in pairs(fields) do
    if field.always and field[method] and body[name] == nil then return "mandatory field " .. name .. " is missing" end
  end
end

-- A PUT may give back what was read: clients change what they got and send it whole.
local function check_elements(fields, method, root)
  local answered = method == "PUT" and m.names("rest_" .. root.name) or {}
  for _, element in ipairs(root) do
    local field = fields[element.name]
    if not field and not answered[element.name] then return "the XSD has no field " .. element.name end
    if method == "POST" and not field.POST then return ("field %s can't be sent by POST"):format(element.name) end
  end
end

---What is wrong with a body.
---@param kind string type of the body
---@param method string POST or PUT
---@param body table decoded JSON, or the root of XML
---@param is_xml boolean
---@return string? words
function m.body_problem(kind, method, body, is_xml)
  local exact = ("%s-%s"):format(kind, method:lower())
  if is_xml and body.name ~= kind:match "^rest_(.*)" then return ("<%s> is no %s"):format(body.name, kind) end
  local fields = m.fields(kind)
  if fields then return (is_xml and check_elements or check_fields)(fields, method, body) end
  if not is_xml and exists(("schemas/%s.json"):format(exact)) then return select(2, schema.json(body, exact)) end
  local names = m.names(exact) or m.names(kind)
  local unknown = names and (is_xml and unknown_xml or unknown_json)(body, names, "")
  return unknown and ("%s has no %s"):format(kind, unknown) or nil
end

-- ---- what is answered ----

---What is wrong with an answer.
---@param kind string type of the answer
---@param answer table decoded JSON, or the root of XML
---@param is_xml boolean
---@return string? words
function m.answer_problem(kind, answer, is_xml)
  if not is_xml and exists(("schemas/%s.json"):format(kind)) then return select(2, schema.json(answer, kind)) end
  if is_xml and kind == "rest_analyt_report" then return nil end   -- its rows are named by each report
  local names = m.names(kind)
  local unknown = names and (is_xml and unknown_xml or unknown_json)(answer, names, "")
  return unknown and ("%s has no %s"):format(kind, unknown) or nil
end

return m
