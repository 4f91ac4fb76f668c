-- Metadata files of XML: a collection of records in MARCXML or Dublin Core. Which field names a record's files is set in the
-- profile: 856 $u of MARC, dc:identifier of Dublin Core, unless it says another. 787 $w is a collection's id.
local core = require "almanac.core"
local marc = require "almanac.marc"
local xml = require "almanac.xml"

local m = {}

-- The desktop uploader writes dcterms as the second of these.
local PREFIXES = { [xml.namespaces.dc] = "dc", [xml.namespaces.dcterms] = "dcterms", ["http://purl.org/dc/terms/1.1/"] = "dcterms" }

local function paths(list)
  local files = {}
  for _, path in ipairs(list) do
    if path ~= "" then files[#files + 1] = { path = path } end
  end
  return { { files = files } }
end

-- Removes the fields that are about files and collections: they are no description.
local function take(record, spec)
  local values = record:all(spec)
  for _, field in ipairs(record:fields(spec:sub(1, 3))) do record:remove(field) end
  return values
end

local function of_marc(record, profile, n)
  local text = assert(record:encode "marcxml")
  local id = record:control "001"
  local numbers = record:all "035$a"
  if id and id ~= "" then table.insert(numbers, 1, id) end
  return { n = n, mms_id = id ~= "" and id or nil, numbers = numbers, text = text,
    representations = paths(take(record, profile.file_field or "856$u")), collections = take(record, "787$w"), marc = record }
end

---Reads MARCXML.
---@param text string
---@param profile table
---@return table[]|nil records as of almanac.rehearsal.imports.table, with `marc` in place of `fields`
---@return string? message
function m.marc(text, profile)
  local reader = core.xml.parse(text) and marc.parse(text)
  if not reader then return nil, "The file is not valid MARC XML" end
  local list = {}
  for record in reader:records() do list[#list + 1] = of_marc(record, profile, #list + 1) end
  reader:close()
  return list
end

local function of_dc(node, profile, n)
  local record = { n = n, numbers = {}, fields = {}, collections = {}, text = "" }
  local named, files = profile.file_field or "dc:identifier", {}
  for _, child in ipairs(node) do
    local prefix, value = PREFIXES[child.namespace], child.text:match "^%s*(.-)%s*$"
    if not prefix then return nil, ("Field %s is invalid"):format(child.name) end
    local name = prefix .. ":" .. child.name
    record.text = record.text .. value .. "\n"
    local is_file = name == named and (name ~= "dc:identifier" or value:find "%.%w+$" and not value:find "^%a+:")
    if is_file then files[#files + 1] = value
    elseif value ~= "" then table.insert(record.fields, { name = name, type = child.attributes["xsi:type"], value = value }) end
    if name == "dc:identifier" and not is_file then table.insert(record.numbers, value) end
  end
  record.representations = paths(files)
  return record
end

---Reads Dublin Core in XML.
---@param text string
---@param profile table
---@return table[]|nil records
---@return string? message
function m.dc(text, profile)
  local root = core.xml.parse(text)
  if not root or root.name ~= "collection" then return nil, "The file is not a collection of records" end
  local list = {}
  for _, node in ipairs(root) do
    if node.name == "record" then
      local record, message = of_dc(node, profile, #list + 1)
      if not record then return nil, message end
      list[#list + 1] = record
    end
  end
  return list
end

return m
