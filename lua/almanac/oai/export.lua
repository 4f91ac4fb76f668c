-- Reads an exported XML file whose records are Dublin Core or MODS, alone or in answers
-- of OAI-PMH, as Alma's job "Export Digital Titles" and harvesters write it.
local dc = require "almanac.dc"
local oai_list = require "almanac.oai.list"
local split = require "almanac.oai.split"
local xml = require "almanac.xml"

local m = {}

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

local function entry_of(node)
  if node.name == "record" and xml.child(node, "header") then return oai_list.entry(node) end
  if node.broken then
    return { identifier = node.source:match "alma:[^/<]+/bibs/(%d+)", problem = node.broken, deleted = false }
  end
  return setmetatable({ identifier = mms_id(node), node = node, deleted = false }, entry_meta)
end

---The records of a file, one after the other, as almanac.oai gives them.
---@param path string
---@return { count: integer, next: fun(self: table): table?, string?, string?; cut: string? }|nil list of entries { identifier,
---  deleted, text, record }; cut: how the file ends too early, once its last record was given
---@return string? message
---@return string? code
function m.open(path)
  local reader, message, code = split.open(path)
  if not reader then return nil, message, code end
  local list = { count = 0, name = path }
  function list:next()
    local node, wrong, kind = reader:next()
    self.cut = reader.cut
    if not node then return nil, wrong and ("%s: %s"):format(path, wrong), kind end
    self.count = self.count + 1
    return entry_of(node)
  end
  function list:close() reader:close() end
  return list
end

return m
