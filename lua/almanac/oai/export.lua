-- Reads an exported XML file whose records are Dublin Core or MODS, alone or in answers
-- of OAI-PMH, as Alma's job "Export Digital Titles" writes it. It is read as a whole.
local core = require "almanac.core"
local dc = require "almanac.dc"
local oai_list = require "almanac.oai.list"
local salvage = require "almanac.salvage"
local xml = require "almanac.xml"

local m = {}

local LARGEST = 256 << 20    -- bytes
local RECORDS = { names = { record = true, mods = true, dc = true }, begins = oai_list.records.begins, parts = { "header" } }
local DUBLIN_CORE = { [xml.namespaces.dc] = true, [xml.namespaces.dcterms] = true }

---Whether a file begins as such an export does.
---@param head string
---@return boolean
function m.looks(head)
  if not head:find "^[\xEF\xBB\xBF%s]*<" or head:find "<[%w:]*leader" then return false end
  return head:find("http://purl.org/dc/", 1, true) ~= nil or head:find(xml.namespaces.mods, 1, true) ~= nil
end

local entry_methods = {}
local entry_meta = { __index = entry_methods }

function entry_methods:text()
  return xml.write(self.node)
end

function entry_methods:record()
  return dc.wrap(self.node), "dc"
end

-- Alma writes "alma:01X_INST/bibs/99…" into dc:identifier; others may give the bare id.
local function mms_id(node)
  local plain
  for _, item in ipairs(node) do
    local text = item.name:lower():find "identifier" and item.text:match "^%s*(.-)%s*$" or ""
    local id = text:match "^alma:[^/]+/bibs/(%d+)$"
    if id then return id end
    plain = plain or text:match "^99%d%d%d%d%d%d+$"
  end
  return plain
end

local function is_record(node)
  if node.namespace == xml.namespaces.mods and node.name == "mods" then return true end
  for _, item in ipairs(node) do
    if DUBLIN_CORE[item.namespace] then return true end
  end
  return false
end

local function collect(node, entries)
  if node.name == "record" and xml.child(node, "header") then
    entries[#entries + 1] = oai_list.entry(node)
  elseif node.broken then
    entries[#entries + 1] = { identifier = node.source:match "alma:[^/<]+/bibs/(%d+)", problem = node.broken, deleted = false }
  elseif is_record(node) then
    entries[#entries + 1] = setmetatable({ identifier = mms_id(node), node = node, deleted = false }, entry_meta)
  else
    for _, item in ipairs(node) do collect(item, entries) end
  end
  return entries
end

---The records of a file, one after the other, as almanac.oai gives them.
---@param path string
---@return { count: integer, next: fun(self: table): table? }|nil list of entries { identifier, deleted, text, record }
---@return string? message
---@return string? code
function m.open(path)
  local text, message, code = core.files.read(path, LARGEST)
  if not text then return nil, message, code end
  local root
  root, message, code = salvage.parse(text, { max_size = LARGEST }, RECORDS)
  if not root then return nil, path .. ": " .. message, code end
  local list = { count = 0, entries = collect(root, {}) }
  function list:next()
    local entry = self.entries[self.count + 1]
    if entry then self.count = self.count + 1 end
    return entry
  end
  return list
end

return m
