-- Reads a descriptive record of any kind: MARC in any of its formats, or Dublin Core
-- and MODS as XML. The content tells which it is, since Alma's `anies`, OAI-PMH, SRU
-- and run files don't say.
local core = require "almanac.core"
local dc = require "almanac.dc"

local m = {}

---Whether a text is XML that is not MARC.
---@param text string
---@return boolean
function m.is_elements(text)
  if not text:find "^[\xEF\xBB\xBF%s]*<" then return false end
  return not (text:find "<[%w:]*leader" or text:find "<[%w:]*controlfield" or text:find "<[%w:]*datafield")
end

---True for the beginning of a file of records: MARC in one of its formats, XML, or what is packed.
---@param head string
---@return boolean
function m.begins(head)
  local text = head:gsub("^\xEF\xBB\xBF", ""):gsub("^%s+", "")
  return core.unpack.looks(head) or text:find "^[<%[{]" ~= nil or text:find "^=LDR" ~= nil
    or text:find "^%d%d%d%d%d%a" ~= nil
end

-- The text is UTF-8 by now, so a declaration that says otherwise would mislead.
local function without_declaration(text)
  return (text:gsub("^[\xEF\xBB\xBF%s]*<%?xml.-%?>%s*", "", 1))
end

---Reads one record.
---@param text string MARCXML, ISO 2709, …, Dublin Core or MODS
---@return any record of core.marc, or almanac.dc.record
---@return string? format "marc", "dc" or "mods"; the message when there is no record
---@return string? code "parse" | "limit"
function m.parse(text)
  if m.is_elements(text) then
    local record, message, code = dc.parse(text)
    if not record then return nil, message, code end
    return record, record.format
  end
  local reader, message, code = core.marc.parse(without_declaration(text))
  if not reader then return nil, message, code end
  local record
  record, message, code = reader:next()
  reader:close()
  if not record then return nil, message or "there is no record in it", code or "parse" end
  return record, "marc"
end

local SAMPLES = {
  "<record/>", "<record><leader>00000nam a2200000   4500</leader><controlfield tag='001'>1</controlfield></record>",
  "00040nam a2200037   450000100020000000\0361\030\029",
}

---Reads one record of each kind. Some libraries load more at their first use, and the
---guarded process can't load anything once it has given up its rights.
function m.prepare()
  for _, text in ipairs(SAMPLES) do m.parse(text) end
end

---The shortest text from which `parse` reads the same record; run files keep this.
---@param text string
---@return string|nil text ISO 2709 for MARC, else XML
---@return string? message
---@return string? code
function m.compact(text)
  local record, format, code = m.parse(text)
  if not record then return nil, format, code end
  if format ~= "marc" then return record:text() end
  local short, left_out = record:encode "iso2709"
  if short and not left_out then return short end
  return record:encode "marcxml"   -- the record has more than ISO 2709 allows
end

return m
