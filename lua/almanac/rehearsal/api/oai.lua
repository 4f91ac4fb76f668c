-- The OAI-PMH provider, with the sets of titles as Alma publishes them. Every set of /conf/sets
-- is published as MARC. One more, dublin_core, holds what is catalogued in Dublin Core. For a
-- set in another format the answer is "no publishing profile", as Alma's. A title that is gone
-- or suppressed is a deleted header.
local formats = require "almanac.rehearsal.api.formats"
local protocol = require "almanac.rehearsal.api.oai_protocol"
local record = require "almanac.rehearsal.api.record"

local m = {}

local DUBLIN_CORE, EVERYTHING = "dublin_core", "all_digital_titles"
local WRITE = { marc21 = record.marcxml, oai_dc = record.oai_dc, oai_qdc = record.oai_qdc }
local FORMATS = {
  { prefix = "mods", schema = "http://www.loc.gov/standards/mods/v3/mods-3-5.xsd", namespace = "http://www.loc.gov/mods/v3" },
  { prefix = "oai_dc", schema = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
    namespace = "http://www.openarchives.org/OAI/2.0/oai_dc/" },
  { prefix = "oai_qdc", schema = "http://worldcat.org/xmlschemas/qdc/1.0/qdc-1.0.xsd",
    namespace = "http://worldcat.org/xmlschemas/qdc-1.0/" },
  { prefix = "marc21", schema = "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd",
    namespace = "http://www.loc.gov/MARC21/slim" },
}
local refuse = protocol.refuse

local provider = { page = 100, formats = function() return FORMATS end }

local function spec_of(name)
  return (name:lower():gsub("[^%w]+", "_"))
end

-- Titles are published, and other things not.
local SETS = "SELECT id, name FROM title_set WHERE type = 'ITEMIZED' AND content IN ('BIB_MMS', 'IED') ORDER BY n"

local function find_set(world, spec)
  if spec == DUBLIN_CORE then return { spec = spec } end
  for row in world.db:rows(SETS) do
    if spec_of(row.name) == spec then return { spec = spec, id = row.id } end
  end
end

local function is_published(spec, prefix)
  if spec == DUBLIN_CORE then return prefix == "oai_dc" or prefix == "oai_qdc" end
  return prefix == "marc21"
end

local MEMBERS = [[SELECT set_member.n AS place, set_member.id AS id, bib.* FROM set_member LEFT JOIN bib ON bib.mms_id = set_member.id
  WHERE set_id = ?1 ORDER BY set_member.n]]
local OWN = ("SELECT n AS place, mms_id AS id, bib.* FROM bib WHERE format NOT IN %s AND ?1 IS NULL ORDER BY n")
  :format(formats.MARC_LIST)

-- A row with what the protocol tells of it.
local function told(world, row, spec)
  row.identifier = ("oai:alma.%s:%s"):format(world.inst, row.id)
  row.stamp = (row.modified or world:today()):gsub("Z$", "T00:00:00Z")
  row.deleted, row.sets = not row.mms_id or row.suppressed == 1, { spec }
  return row
end

-- The members of a list, each with its date of change.
function provider.rows(world, list)
  local set, rows = find_set(world, list.set), {}
  for row in world.db:rows(set.id and MEMBERS or OWN, set.id) do
    told(world, row, list.set)
    if protocol.lies_between(row.stamp, list) then rows[#rows + 1] = row end
  end
  return rows
end

function provider.write(world, row, prefix)
  return WRITE[prefix](world, row)
end

-- A token holds the whole state of the list, and signs that need encoding.
function provider.token(_, list, _, mark)
  return table.concat({ list.verb, list.prefix, list.set, list.from, list.to, list.after }, "$") .. "$+/&=%20" .. (mark or "")
end

function provider.resume(world, text, verb)
  local list = { after = 0 }
  list.verb, list.prefix, list.set, list.from, list.to, list.after =
    text:match "^(%a+)%$(%w+_?%w*)%$([%w_]+)%$([^$]*)%$([^$]*)%$(%d+)%$%+/&=%%20%d*$"
  if list.verb ~= verb or not protocol.format_of(provider, world, list.prefix) then return nil end
  list.after = math.tointeger(tonumber(list.after))
  return list
end

function provider.check(world, list)
  if not list.set then refuse("badArgument", "set is missing.") end
  if not find_set(world, list.set) or not is_published(list.set, list.prefix) then
    refuse("noRecordsMatch", "No Publishing profile exists for this combination of set and metadata prefix.")
  end
end

function provider.identity()
  return "<earliestDatestamp>2001-01-01T00:00:00Z</earliestDatestamp><deletedRecord>transient</deletedRecord>"
end

function provider.find(world, identifier, prefix)
  local mms_id = identifier:match("^oai:alma%." .. world.inst:gsub("%p", "%%%0") .. ":(%d+)$")
  local row = mms_id and world.db:row("SELECT mms_id AS id, * FROM bib WHERE mms_id = ?", mms_id)
  if not row then return nil end
  local spec = prefix ~= "marc21" and record.is_dublin_core(row) and DUBLIN_CORE or EVERYTHING
  if prefix and not is_published(spec, prefix) then return nil end
  return told(world, row, spec)
end

function provider.sets(world)
  local list = {}
  for row in world.db:rows(SETS) do list[#list + 1] = { spec = spec_of(row.name), name = row.name } end
  list[#list + 1] = { spec = DUBLIN_CORE, name = "Dublin Core records" }
  return list
end

---@return string url of the provider
function m.address(world)
  return ("http://%s/view/oai/%s/request"):format(world.host, world.inst)
end
provider.address = m.address

---@return string xml
function m.run(world, call)
  return protocol.run(provider, world, call)
end

return m
