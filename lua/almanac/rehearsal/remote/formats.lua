-- Writes a record of a repository in the formats that repositories give: Dublin Core, simple and
-- qualified, MODS, MARC, and DSpace's own. Each is the element inside <metadata>.
local core = require "almanac.core"

local m = {}

local escape = core.xml.escape

---@class almanac.rehearsal.remote.told a work with what its repository adds
---@field work almanac.rehearsal.work
---@field id string
---@field handle string? of DSpace
---@field links string[] addresses that stand in the record
---@field files { name: string, url: string, bundle: string }[]?

local function element(name, value, attributes)
  return value and ("<%s%s>%s</%s>"):format(name, attributes or "", escape(value), name) or ""
end

local function each(name, values, attributes)
  local parts = {}
  for i, value in ipairs(values or {}) do parts[i] = element(name, value, attributes) end
  return table.concat(parts)
end

local function elements(told)
  local work = told.work
  return element("dc:title", work.title) .. element("dc:creator", work.creator) .. each("dc:subject", work.subjects) ..
    element("dc:description", work.description) .. element("dc:publisher", work.publisher) .. element("dc:date", work.date) ..
    element("dc:type", work.type) .. element("dc:language", work.language) .. element("dc:rights", work.rights) ..
    each("dc:identifier", work.numbers) .. each("dc:identifier", told.links)
end

local function simple(told)
  return ('<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/" ' ..
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/ ' ..
    'http://www.openarchives.org/OAI/2.0/oai_dc.xsd">%s</oai_dc:dc>'):format(elements(told))
end

local function qualified(root)
  return function(told)
    local work = told.work
    return ('<%s xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" ' ..
      'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">%s%s%s%s%s%s%s%s</%s>'):format(root, element("dc:title", work.title),
      element("dc:creator", work.creator), each("dcterms:subject", work.subjects, ' xsi:type="dcterms:LCSH"'),
      element("dcterms:created", work.date), element("dc:type", work.type), element("dc:rights", work.rights),
      each("dc:identifier", work.numbers), each("dcterms:identifier", told.links, ' xsi:type="dcterms:URI"'), root:match "^%S+")
  end
end

local function mods(told)
  local work, topics = told.work, {}
  for i, subject in ipairs(work.subjects or {}) do topics[i] = "<subject>" .. element("topic", subject) .. "</subject>" end
  return ('<mods xmlns="http://www.loc.gov/mods/v3" version="3.5"><titleInfo>%s</titleInfo>%s%s<typeOfResource>%s</typeOfResource>' ..
    "%s%s%s<location>%s</location>%s</mods>"):format(element("title", work.title),
    work.creator and "<name>" .. element("namePart", work.creator) .. "</name>" or "",
    work.date and "<originInfo>" .. element("dateCreated", work.date) .. "</originInfo>" or "", escape((work.type or "text"):lower()),
    table.concat(topics), each("identifier", work.numbers, ' type="oclc"'), element("identifier", told.id, ' type="local"'),
    each("url", told.links, ' usage="primary display"'), element("accessCondition", work.rights))
end

local function field(tag, indicators, ...)
  local parts = {}
  for i = 1, select("#", ...), 2 do
    local code, value = select(i, ...)
    if value then parts[#parts + 1] = ('<subfield code="%s">%s</subfield>'):format(code, escape(value)) end
  end
  if not parts[1] then return "" end
  return ('<datafield tag="%s" ind1="%s" ind2="%s">%s</datafield>'):format(tag, indicators:sub(1, 1), indicators:sub(2, 2),
    table.concat(parts))
end

local function marc(told)
  local work = told.work
  local parts = { '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nkm a2200000 a 4500</leader>',
    ('<controlfield tag="001">%s</controlfield>'):format(escape(told.id)),
    '<controlfield tag="008">200101s2020    xxu           000 0 eng d</controlfield>' }
  for _, number in ipairs(work.numbers or {}) do parts[#parts + 1] = field("035", "  ", "a", number) end
  parts[#parts + 1] = field("100", "1 ", "a", work.creator) .. field("245", "10", "a", work.title) ..
    field("260", "  ", "b", work.publisher, "c", work.date)
  for _, subject in ipairs(work.subjects or {}) do parts[#parts + 1] = field("650", " 0", "a", subject) end
  parts[#parts + 1] = field("540", "  ", "a", work.rights)
  for _, link in ipairs(told.links) do parts[#parts + 1] = field("856", "40", "u", link) end
  return table.concat(parts) .. "</record>"
end

-- ---- DSpace's own: elements in elements, values in fields ----

local function value_of(name, value)
  return value and ('<element name="%s"><element name="none"><field name="value">%s</field></element></element>')
    :format(name, escape(value)) or ""
end

local function named(name, value)
  return ('<field name="%s">%s</field>'):format(name, escape(value))
end

local function bundles(told)
  local parts = {}
  for i, file in ipairs(told.files or {}) do
    parts[i] = ('<element name="bundle">%s<element name="bitstreams"><element name="bitstream">%s%s%s</element></element></element>')
      :format(named("name", file.bundle), named("name", file.name), named("format", "image/jpeg"), named("url", file.url))
  end
  return table.concat(parts)
end

local function xoai(told)
  local work = told.work
  return ('<metadata xmlns="http://www.lyncode.com/xoai"><element name="dc">%s%s%s</element><element name="bundles">%s</element>' ..
    '<element name="others">%s</element></metadata>'):format(value_of("title", work.title), value_of("creator", work.creator),
    value_of("rights", work.rights), bundles(told), named("handle", told.id))
end

local function format(prefix, schema, namespace, write)
  return { prefix = prefix, schema = schema, namespace = namespace, write = write }
end

local DC = "http://www.openarchives.org/OAI/2.0/oai_dc"

m.oai_dc = format("oai_dc", DC .. ".xsd", DC .. "/", simple)
m.oai_qdc = format("oai_qdc", "http://worldcat.org/xmlschemas/qdc/1.0/qdc-1.0.xsd", "http://worldcat.org/xmlschemas/qdc-1.0/",
  qualified 'oai_qdc:qualifieddc xmlns:oai_qdc="http://worldcat.org/xmlschemas/qdc-1.0/"')
m.qdc = format("qdc", "http://dublincore.org/schemas/xmls/qdc/2006/01/06/dcterms.xsd", "http://purl.org/dc/terms/",
  qualified 'qdc:qualifieddc xmlns:qdc="http://dspace.org/qualifieddc/"')
m.mods = format("mods", "http://www.loc.gov/standards/mods/v3/mods-3-5.xsd", "http://www.loc.gov/mods/v3", mods)
m.marc21 = format("marc21", "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd", "http://www.loc.gov/MARC21/slim", marc)
m.marc = format("marc", m.marc21.schema, m.marc21.namespace, marc)
m.xoai = format("xoai", "http://www.lyncode.com/xsd/xoai.xsd", "http://www.lyncode.com/xoai", xoai)

return m
