-- The descriptive record of a title as answers have it: its own, or one that is made up from its id, title and format.
-- On request it tells which representations and holdings are available.
local core = require "almanac.core"
local facts = require "almanac.rehearsal.api.facts"
local formats = require "almanac.rehearsal.api.formats"

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

-- Field AVA has institution, MMS ID, holding, library, location and call number, and how many items there are.
local function holding_availability(world, holding)
  local total = world.db:value("SELECT count(*) FROM item WHERE holding_id = ?", holding.id)
  return field("AVA", "  ", "0", holding.mms_id, "8", holding.id, "a", world.inst, "b", holding.library, "c", holding.location,
    "d", holding.call_number or "", "e", total > 0 and "available" or "check_holdings", "f", ("%d"):format(total), "g", "0",
    "j", holding.location, "k", "0", "p", "1")
end

-- 005 is the time of the last change. Of a made-up record only the day is known.
local function changed(bib)
  return (bib.modified:gsub("[^%d]", "")) .. "000000.0"
end

-- The fields of a made-up record that differ between MARC 21 and UNIMARC.
local function described(bib)
  if formats.of(bib).title == "200" then
    return field("100", "  ", "a", "20200101d2020    u||y0frey50      ba") .. field("200", "1 ", "a", bib.title)
  end
  return (bib.call_number and field("050", " 4", "a", bib.call_number) or "") .. field("245", "00", "a", bib.title)
end

local function made_up_marc(world, bib)
  local unimarc = formats.of(bib).title == "200"
  return table.concat {
    unimarc and "<leader>00000nam a2200000   450 </leader>" or "<leader>00000nam a2200000 a 4500</leader>",
    ('<controlfield tag="001">%s</controlfield>'):format(bib.mms_id),
    ('<controlfield tag="005">%s</controlfield>'):format(changed(bib)),
    unimarc and "" or '<controlfield tag="008">200101s2020    xxu           000 0 eng d</controlfield>',
    field("035", "  ", "a", ("(%s)%s"):format(world.inst, bib.mms_id)),
    bib.oclc and field("035", "  ", "a", bib.oclc) or "",
    described(bib),
  }
end

-- The MARC fields of a title, without the element around them.
local function marc_fields(world, bib, available)
  local parts = { bib.record and bib.record:match "^<record>(.*)</record>$" or made_up_marc(world, bib) }
  for _, holding in ipairs(available.holdings or {}) do parts[#parts + 1] = holding_availability(world, holding) end
  for _, rep in ipairs(available.representations or {}) do parts[#parts + 1] = availability(world, rep) end
  return table.concat(parts)
end

local function element(name, value, attributes)
  return ("<%s%s>%s</%s>"):format(name, attributes or "", escape(value), name)
end

local function made_up_elements(world, bib)
  local parts = {
    element("dc:title", bib.title),
    element("dc:identifier", ("alma:%s/bibs/%s"):format(world.inst, bib.mms_id)),
  }
  if bib.oclc then parts[#parts + 1] = element("dc:identifier", bib.oclc) end
  if bib.call_number then
    parts[#parts + 1] = element("dcterms:subject", bib.call_number, ' xsi:type="dcterms:LCC"')
  end
  return table.concat(parts)
end

local SPACES = ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"' ..
  ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

-- Dublin Core as Alma keeps it: in a namespace of the institution. A record of its own is given byte for byte.
local function dublin_core(world, bib, representations)
  local parts = {}
  for i, rep in ipairs(representations) do
    local address = m.delivery(world, rep.id)
    parts[i] = bib.format == "mods" and ("<location>%s</location>"):format(element("url", address)) or element("dc:identifier", address)
  end
  local shown = table.concat(parts)
  if not bib.record then
    return ('<record xmlns="http://alma.exlibrisgroup.com/dc/%s"%s>%s%s</record>'):format(world.inst, SPACES,
      made_up_elements(world, bib), shown)
  end
  return (bib.record:gsub("</[%w:]+>%s*$", function(tail) return shown .. tail end))
end

---Whether a title's own record is Dublin Core.
---@param bib table row
---@return boolean
function m.is_dublin_core(bib)
  return not formats.of(bib).is_marc
end

---The time of a record's last change, as its 005 says it.
---@param bib table row
---@return string? stamp nil: a record of Dublin Core has none
function m.stamp(bib)
  if m.is_dublin_core(bib) then return nil end
  return bib.record and facts.parse(bib):control "005" or changed(bib)
end

---Sets the fields of a MARC record that are Alma's. 001 is the MMS ID, 005 the time; two changes never have the same 005.
---@param world table
---@param record almanac.marc.record
---@param mms_id string
---@param before string? the 005 until now
function m.sign(world, record, mms_id, before)
  local now, stamp = world:time() // 1 | 0, nil
  for ahead = 0, 60 do
    stamp = os.date("!%Y%m%d%H%M%S.0", now + ahead)
    if not before or stamp > before then break end
  end
  assert(record:set("001", mms_id))
  assert(record:set("005", stamp --[[@as string]]))
end

---True for a field that a linked record has for itself: 9XX, and those with $9 LOCAL.
---@param each almanac.marc.field
---@return boolean
function m.is_local(each)
  if each.tag:find "^9" then return true end
  for _, part in ipairs(each.subfields or {}) do
    if part.code == "9" and part.value:lower() == "local" then return true end
  end
  return false
end

---A MARC record as it is kept.
---@param record almanac.marc.record
---@return string
function m.marc_text(record)
  local text = assert(record:encode "marcxml")
  return (text:gsub(">\n *<", "><"):gsub("%s+$", ""):gsub("^<record[^>]*>", "<record>"))
end

---The record as OAI-PMH and SRU give it: MARCXML in its namespace.
---@param bib table row
---@return string xml
function m.marcxml(world, bib)
  return '<record xmlns="http://www.loc.gov/MARC21/slim" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' ..
    'xsi:schemaLocation="http://www.loc.gov/MARC21/slim http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd">' ..
    marc_fields(world, bib, {}) .. "</record>"
end

-- What a title is in simple Dublin Core: title, author and numbers.
local function simple(world, bib)
  local known = facts.of(world, bib)
  local parts = { element("dc:title", known.title or bib.title) }
  if known.author then parts[2] = element("dc:creator", known.author) end
  parts[#parts + 1] = element("dc:identifier", ("alma:%s/bibs/%s"):format(world.inst, bib.mms_id))
  return table.concat(parts)
end

---@param bib table row
---@return string xml simple Dublin Core
function m.oai_dc(world, bib)
  return ('<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">' ..
    "%s</oai_dc:dc>"):format(simple(world, bib))
end

-- The children of a kept record, with the namespaces that they need declared in its root.
local function own_elements(bib)
  local open, inner = bib.record:match "^<record([^>]*)>(.*)</record>%s*$"
  return open, inner
end

---@param bib table row
---@return string xml qualified Dublin Core
function m.oai_qdc(world, bib)
  local spaces, inner = SPACES, made_up_elements(world, bib)
  local has_own = bib.record and m.is_dublin_core(bib) and bib.format ~= "mods"
  if has_own then spaces, inner = own_elements(bib) elseif bib.record then inner = simple(world, bib) end
  return ('<oai_qdc:qualifieddc xmlns:oai_qdc="http://worldcat.org/xmlschemas/qdc-1.0/"%s>%s</oai_qdc:qualifieddc>')
    :format(spaces, inner)
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
---@param available { representations: table[]?, holdings: table[]? } rows: what expand asks for
---@return string xml
function m.write(world, bib, available)
  if m.is_dublin_core(bib) then return dublin_core(world, bib, available.representations or {}) end
  return "<record>" .. marc_fields(world, bib, available) .. "</record>"
end

return m
