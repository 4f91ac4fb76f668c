-- Reads the body of a POST or PUT of a bib: <bib> with <record>, and the fields that may be sent beside it.
local core = require "almanac.core"
local dc = require "almanac.dc"
local failure = require "almanac.rehearsal.api.failure"
local formats = require "almanac.rehearsal.api.formats"
local marc_body = require "almanac.rehearsal.api.marc_body"
local xml = require "almanac.xml"

local m = {}

---Fields that are kept beside the record. (XSD rest_bib: those with the tags post or put.)
m.KEPT = { "suppress_from_external_search", "sync_with_oclc", "sync_with_libraries_australia", "cataloging_level" }

-- The prefixes that records of Dublin Core in Alma have, and the namespace that each must be.
local PREFIXES = { dc = xml.namespaces.dc, dcterms = xml.namespaces.dcterms, xsi = xml.namespaces.xsi }

---A refusal of everything but XML: "JSON is not supported for this API."
---@param call table
---@return table? refusal
function m.refuse_json(call)
  local kind = (call.request:header "Content-Type" or ""):lower()
  if not kind:find("xml", 1, true) then return failure.new("60105", "JSON is not supported for this API.") end
end

-- Programs that write XML again give the namespaces prefixes of their own, ns0 for instance. Alma refuses such a
-- record, or corrupts it; this one refuses it.
local function check_prefixes(text)
  for prefix, name in text:gmatch "<([%w_.-]+):([%w_.-]+)" do
    if not PREFIXES[prefix] or prefix == "xsi" then return ("Field %s:%s is invalid"):format(prefix, name) end
  end
end

local function check_namespaces(world, root)
  local own = "http://alma.exlibrisgroup.com/dc/" .. world.inst
  if root.namespace ~= own then return ("Namespace %s is invalid, it must be %s"):format(root.namespace or "(none)", own) end
  for _, node in ipairs(root) do
    local known = node.namespace == own or node.namespace == PREFIXES.dc or node.namespace == PREFIXES.dcterms
    if not known then return ("Field %s is invalid"):format(node.name) end
  end
end

-- The element of the record as it was sent, byte for byte.
local function dublin_core(world, body)
  local text = body:match "<record[%s>].*</record>" or body:match "<record[^>]*/>"
  local wrong = check_prefixes(body) or not text and "there is no <record> in it"
  if wrong then return nil, wrong end
  local record, message = dc.parse(text)
  if not record then return nil, message end
  message = check_namespaces(world, core.xml.parse(text))
  if message then return nil, message end
  return record, nil, text
end

local function fields_of(root)
  local fields = {}
  for _, node in ipairs(root) do
    if node.name ~= "record" then fields[node.name] = node.text:match "^%s*(.-)%s*$" end
  end
  return fields
end

---Reads a body.
---@param world table
---@param call table
---@param format string? of the bib that is changed; nil: the body says it, marc21 if it does not
---@return { record: any, text: string?, format: string, fields: table<string, string> }|nil body record is nil in an empty <bib/>;
---  text: a record of Dublin Core as it was sent
---@return string? message what is wrong with it
function m.read(world, call, format)
  local text = call.request:body() or ""
  local root, message = core.xml.parse(text)
  if not root then return nil, message end
  if root.name ~= "bib" then return nil, ("<%s> instead of <bib>"):format(root.name) end
  local fields = fields_of(root)
  local body = { fields = fields, format = format or fields.record_format ~= "" and fields.record_format or "marc21" }
  if not formats.known[body.format] then return nil, ("'%s' is no record format"):format(body.format) end
  if #xml.children(root, "record") > 1 then return nil, "there are several records in it" end
  if not xml.child(root, "record") then return body end
  if formats.of(body).is_marc then
    body.record, message = marc_body.read(text)
  else
    body.record, message, body.text = dublin_core(world, text)
  end
  if not body.record then return nil, message end
  return body
end

return m
