-- What an import does to the record of a title: makes it, overlays it, or merges into it. An overlay puts the record that
-- came in place of the one that was there; what that one had and the new one lacks is gone, and Alma keeps no version
-- that an API could bring back.
local core = require "almanac.core"
local dc = require "almanac.dc"
local facts = require "almanac.rehearsal.api.facts"
local formats = require "almanac.rehearsal.api.formats"
local marc = require "almanac.marc"
local model = require "almanac.rehearsal.world.model"
local record = require "almanac.rehearsal.api.record"
local records = require "almanac.rehearsal.world.records"
local validation = require "almanac.rehearsal.api.validation"

local m = {}

local SPACES = ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"' ..
  ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

-- Where a field of the generic template goes in MARC. Alma's documentation shows no such list.
local PLACES = { ["dc:title"] = { "245", "00", "a" }, ["dc:creator"] = { "720", "  ", "a" }, ["dc:contributor"] = { "720", "  ", "a" },
  ["dc:date"] = { "264", " 1", "c" }, ["dc:publisher"] = { "264", " 1", "b" }, ["dc:subject"] = { "653", "  ", "a" },
  ["dc:isbn"] = { "020", "  ", "a" }, ["dc:issn"] = { "022", "  ", "a" }, ["dc:identifier"] = { "024", "8 ", "a" },
  ["dc:language"] = { "546", "  ", "a" }, ["dc:rights"] = { "540", "  ", "a" }, ["dc:type"] = { "655", " 7", "a" } }
local NOTE = { "500", "  ", "a" }

local function is_marc(format)
  return formats.known[format].is_marc
end

local function element(field)
  return ("<%s%s>%s</%s>"):format(field.name, field.type and (' xsi:type="%s"'):format(field.type) or "",
    core.xml.escape(field.value), field.name)
end

local function dc_text(world, fields)
  local parts = {}
  for i, field in ipairs(fields) do parts[i] = element(field) end
  return ('<record xmlns="http://alma.exlibrisgroup.com/dc/%s"%s>%s</record>'):format(world.inst, SPACES, table.concat(parts))
end

local function as_fields(found)
  local fields = {}
  for i, each in ipairs(found:elements()) do
    fields[i] = { name = (each.prefix and each.prefix .. ":" or "") .. each.name, type = each.attributes["xsi:type"], value = each.value }
  end
  return fields
end

local function with_numbers(incoming)
  local fields = { table.unpack(incoming.fields) }
  local known = {}
  for _, field in ipairs(fields) do known[field.value] = true end
  for _, number in ipairs(incoming.numbers) do
    if not known[number] then fields[#fields + 1] = { name = "dc:identifier", value = number } end
  end
  return fields
end

local function marc_of(incoming)
  if incoming.marc then return incoming.marc end
  local made = marc.record { leader = "00000nam a2200000 a 4500" }
  for _, number in ipairs(incoming.numbers) do made:add("035", "  ", "a", number) end
  for _, field in ipairs(incoming.fields) do
    local place = PLACES[field.name] or NOTE
    made:add(place[1], place[2], place[3], field.value)
  end
  return made
end

---Whether a record that came describes nothing: it has ids and files alone.
---@param incoming table
---@return boolean
function m.is_bare(incoming)
  if not incoming.marc then return not incoming.fields[1] end
  for _, field in ipairs(incoming.marc:fields()) do
    if not field.tag:find "^00" and field.tag ~= "035" then return false end
  end
  return true
end

---The format of the bibs that a profile makes.
---@param profile table
---@return string
function m.format_of(profile)
  local target = (profile.target_format or {})[1] or ""
  if formats.known[target:lower()] then return target:lower() end
  return target:find "DC" and "dc" or target:find "UNIMARC" and "unimarc" or "marc21"
end

local function keep(world, mms_id, format, made, by)
  local known = facts.read(made, formats.known[format])
  local text = made.text and made:text() or nil
  if is_marc(format) then
    local bib = model.bib(world, mms_id)
    record.sign(world, made, mms_id, record.stamp(bib))
    text = record.marc_text(made)
  end
  records.keep(world, mms_id, { record = text, format = format, title = known.title or "", oclc = known.oclc,
    call_number = known.call_number, numbers = known.numbers, by = by })
end

local function build(world, incoming, format)
  if is_marc(format) then return marc_of(incoming) end
  return (assert(dc.parse(dc_text(world, with_numbers(incoming)))))
end

---Refusals of a record that would become a title, in Alma's words of validation.
---@return string? message
function m.refuse(world, incoming, format)
  local errors = validation.look(build(world, incoming, format), format)
  return errors[1] and table.concat(errors, "; ") or nil
end

---@return string mms_id of the new title
function m.create(world, incoming, format)
  local mms_id = model.add_bib(world, { title = "", format = format })
  keep(world, mms_id, format, build(world, incoming, format), "import")
  records.set(world, mms_id, { created_by = "import", suppressed = false })
  return mms_id
end

local function touch(world, bib)
  world.db:run("UPDATE bib SET modified = ?, modified_by = 'import' WHERE mms_id = ?", world:today(), bib.mms_id)
  if bib.record and is_marc(bib.format) then keep(world, bib.mms_id, bib.format, facts.parse(bib), "import") end
end

---Puts the record that came in place of the one that is there. Harvard and Grinnell say that one of ids and file names alone
---touches no more than the time of change; how far that holds, nobody else wrote. A profile may be careless in this too.
function m.overlay(world, bib, incoming, profile)
  if m.is_bare(incoming) and not incoming.marc and not profile.careless then return touch(world, bib) end
  keep(world, bib.mms_id, bib.format, build(world, incoming, bib.format), "import")
end

local function merge_marc(world, bib, incoming)
  local own = facts.parse { format = bib.format, record = record.write(world, bib, {}) }
  for _, field in ipairs(marc_of(incoming):fields()) do
    if not field.tag:find "^00" and not own:field(field.tag) then own:add(field) end
  end
  return own
end

local function merge_dc(world, bib, incoming)
  local own = assert(dc.parse(record.write(world, bib, {})))
  local fields, there = as_fields(own), {}
  for _, field in ipairs(fields) do there[field.name] = true end
  for _, field in ipairs(incoming.fields or {}) do
    if not there[field.name] then fields[#fields + 1] = field end
  end
  return assert(dc.parse(dc_text(world, fields)))
end

---Adds to the record that is there the fields that it lacks.
function m.merge(world, bib, incoming)
  if m.is_bare(incoming) then return touch(world, bib) end
  local merge = is_marc(bib.format) and merge_marc or merge_dc
  keep(world, bib.mms_id, bib.format, merge(world, bib, incoming), "import")
end

return m
