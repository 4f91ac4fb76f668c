-- Makes up the descriptive record of a title from its id, title and format, as MARC 21 or
-- Dublin Core. On request it tells which representations are available.
local core = require "almanac.core"

local m = {}

local function escape(text)
  return core.xml.escape(text)
end

local function field(tag, indicators, ...)
  local parts = { ('<datafield ind1="%s" ind2="%s" tag="%s">')
    :format(indicators:sub(1, 1), indicators:sub(2, 2), tag) }
  for i = 1, select("#", ...), 2 do
    local code, value = select(i, ...)
    parts[#parts + 1] = ('<subfield code="%s">%s</subfield>'):format(code, escape(value))
  end
  parts[#parts + 1] = "</datafield>"
  return table.concat(parts)
end

-- Field AVD has institution, representation, kind, repository, label and public note.
local function availability(world, rep)
  return field("AVD", "  ", "a", world.inst, "b", rep.id,
    "c", rep.remote == 1 and "REMOTE_REPRESENTATION" or "REPRESENTATION",
    "d", rep.repository or "Alma", "e", rep.label, "f", rep.public_note)
end

-- The MARC fields of a title, without the elements around them.
local function marc_fields(world, bib, representations)
  local parts = {
    "<leader>00000nam a2200000 a 4500</leader>",
    ('<controlfield tag="001">%s</controlfield>'):format(bib.mms_id),
    ('<controlfield tag="005">%s000000.0</controlfield>'):format((bib.modified:gsub("[^%d]", ""))),
    '<controlfield tag="008">200101s2020    xxu           000 0 eng d</controlfield>',
    field("035", "  ", "a", ("(%s)%s"):format(world.inst, bib.mms_id)),
  }
  if bib.oclc then parts[#parts + 1] = field("035", "  ", "a", bib.oclc) end
  if bib.call_number then parts[#parts + 1] = field("050", " 4", "a", bib.call_number) end
  parts[#parts + 1] = field("245", "00", "a", bib.title)
  for _, rep in ipairs(representations) do parts[#parts + 1] = availability(world, rep) end
  return table.concat(parts)
end

local function element(name, value, attributes)
  return ("<%s%s>%s</%s>"):format(name, attributes or "", escape(value), name)
end

local function elements(world, bib, representations)
  local parts = {
    element("dc:title", bib.title),
    element("dc:identifier", ("alma:%s/bibs/%s"):format(world.inst, bib.mms_id)),
  }
  if bib.oclc then parts[#parts + 1] = element("dc:identifier", bib.oclc) end
  if bib.call_number then
    parts[#parts + 1] = element("dcterms:subject", bib.call_number, ' xsi:type="dcterms:LCC"')
  end
  for _, rep in ipairs(representations) do
    parts[#parts + 1] = element("dc:identifier", m.delivery(world, rep.id))
  end
  return table.concat(parts)
end

local SPACES = ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"' ..
  ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

-- Dublin Core as Alma keeps it: in a namespace of the institution.
local function dublin_core(world, bib, representations)
  return ('<record xmlns="http://alma.exlibrisgroup.com/dc/%s"%s>%s</record>'):format(world.inst, SPACES,
    elements(world, bib, representations))
end

---Whether a title's own record is Dublin Core.
---@param bib table row
---@return boolean
function m.is_dublin_core(bib)
  return bib.format ~= "marc21"
end

---The record as OAI-PMH and SRU give it: MARCXML in its namespace.
---@param bib table row
---@return string xml
function m.marcxml(world, bib)
  return '<record xmlns="http://www.loc.gov/MARC21/slim" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' ..
    'xsi:schemaLocation="http://www.loc.gov/MARC21/slim http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd">' ..
    marc_fields(world, bib, {}) .. "</record>"
end

---@param bib table row
---@return string xml simple Dublin Core
function m.oai_dc(world, bib)
  return ('<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">' ..
    "%s%s</oai_dc:dc>"):format(element("dc:title", bib.title),
    element("dc:identifier", ("alma:%s/bibs/%s"):format(world.inst, bib.mms_id)))
end

---@param bib table row
---@return string xml qualified Dublin Core
function m.oai_qdc(world, bib)
  return ('<oai_qdc:qualifieddc xmlns:oai_qdc="http://worldcat.org/xmlschemas/qdc-1.0/"%s>%s</oai_qdc:qualifieddc>')
    :format(SPACES, elements(world, bib, {}))
end

---@param id string of a representation
---@return string url where a reader sees it
function m.delivery(world, id)
  return ("http://%s/view/delivery/%s/%s"):format(world.host, world.inst, id)
end

---@param id string of a representation or file
---@return string url
function m.thumbnail(world, id)
  return ("http://%s/view/delivery/thumbnail/%s/%s"):format(world.host, world.inst, id)
end

---@param bib table row
---@param representations table[] rows; empty without expand=d_avail
---@return string xml
function m.write(world, bib, representations)
  if m.is_dublin_core(bib) then return dublin_core(world, bib, representations) end
  return "<record>" .. marc_fields(world, bib, representations) .. "</record>"
end

return m
