-- Records of XML that is no file of MARC: Dublin Core, MODS, and answers of OAI-PMH with records of any
-- kind in them. The same makes entries of what a server gives by OAI-PMH or SRU.
local dc = require "almanac.dc"
local export = require "almanac.oai.export"
local record = require "almanac.record"
local xml = require "almanac.xml"

local m = {}

local NAMED = { dc = "identifier", mods = "mods:recordInfo/mods:recordIdentifier" }

-- What a record of no header calls itself. A path that is none is the user's mistake.
local function own_identifier(entry, spec, format)
  if not spec then
    if entry.identifier then return entry.identifier end
    if not entry.node then return nil end
    local rec = dc.wrap(entry.node)
    return rec:get(NAMED[format] or "identifier") or rec:get "identifier"
  end
  local rec = entry:record()
  return rec and rec:get(spec)
end

local function content_of(entry)
  local text = entry:text()
  if not text then return nil, nil, "there is no record in it" end
  if entry.node and record.is_elements(text) then return text, entry.node.namespace == xml.namespaces.mods and "mods" or "dc" end
  local short, message = record.compact(text)
  if not short then return nil, nil, message end
  return short, record.is_elements(short) and select(2, record.parse(short)) or "marc"
end

local function filled(text)
  text = type(text) == "string" and text:match "^%s*(.-)%s*$" or nil
  return text ~= "" and text or nil
end

---Makes an entry of one of almanac.oai, almanac.sru or a file.
---@param entry table
---@param place string where it stands, for people
---@param spec string? where the identifier stands, when not where the source has it
---@return almanac.run.entry|nil
---@return string? message the path of the identifier is none
---@return string? code
function m.entry(entry, place, spec)
  local made = { identifier = filled(entry.identifier), datestamp = entry.datestamp, deleted = entry.deleted == true,
    sets = entry.sets, place = place, problem = entry.problem }
  if made.deleted or made.problem then return made end
  made.content, made.format, made.problem = content_of(entry)
  if made.problem then return made end
  local ok, identifier = pcall(own_identifier, entry, spec, made.format)
  if not ok then return nil, "--records-id: " .. tostring(identifier):gsub("^[^\n]-%.lua:%d+: ", ""), "parse" end
  made.identifier = filled(identifier)
  return made
end

local methods = {}

function methods:next()
  local entry, message, code = self.list:next()
  if entry then return m.entry(entry, "record " .. self.list.count, self.spec) end
  if self.list.cut then
    self.notes[1] = message
    return nil   -- what came before is there; what the file lacks, nobody knows
  elseif not code and self.list.count == 0 then
    return nil, self.path .. ": holds no record", "parse"
  end
  return nil, message, code
end

function methods:close() self.list:close() end

---@param path string
---@param given { id: string? }
---@return table|nil source
---@return string? message
---@return string? code
function m.open(path, given)
  if given.sheet then return nil, ("%s: is no workbook: leave out --records-sheet"):format(path), "conflict" end
  if given.charset then return nil, ("%s: XML says itself what it is in: leave out --records-charset"):format(path), "conflict" end
  local list, message, code = export.open(path)
  if not list then return nil, message, code end
  return setmetatable({ list = list, path = path, spec = given.id, notes = {} }, { __index = methods })
end

return m
