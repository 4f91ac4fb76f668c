-- The descriptive record of a title, made up from its id, title and format:
-- MARC 21 or Dublin Core, with the availability of its representations on request.
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

-- AVD: institution, representation, kind, repository, label, public note.
local function availability(world, rep)
  return field("AVD", "  ", "a", world.inst, "b", rep.id,
    "c", rep.remote == 1 and "REMOTE_REPRESENTATION" or "REPRESENTATION",
    "d", rep.repository or "Alma", "e", rep.label, "f", rep.public_note)
end

local function marc(world, bib, representations)
  local parts = {
    "<record><leader>00000nam a2200000 a 4500</leader>",
    ('<controlfield tag="001">%s</controlfield>'):format(bib.mms_id),
    ('<controlfield tag="005">%s000000.0</controlfield>'):format((bib.modified:gsub("[^%d]", ""))),
    '<controlfield tag="008">200101s2020    xxu           000 0 eng d</controlfield>',
    field("035", "  ", "a", ("(%s)%s"):format(world.inst, bib.mms_id)),
    field("245", "00", "a", bib.title),
  }
  for _, rep in ipairs(representations) do parts[#parts + 1] = availability(world, rep) end
  parts[#parts + 1] = "</record>"
  return table.concat(parts)
end

local function dublin_core(world, bib, representations)
  local parts = {
    ('<record xmlns="http://alma.exlibrisgroup.com/dc/%s" xmlns:dc="http://purl.org/dc/elements/1.1/" ' ..
      'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">')
      :format(world.inst),
    ("<dc:title>%s</dc:title>"):format(escape(bib.title)),
    ("<dc:identifier>alma:%s/bibs/%s</dc:identifier>"):format(world.inst, bib.mms_id),
  }
  for _, rep in ipairs(representations) do
    parts[#parts + 1] = ("<dc:identifier>%s</dc:identifier>"):format(escape(m.delivery(world, rep.id)))
  end
  parts[#parts + 1] = "</record>"
  return table.concat(parts)
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
  local write = bib.format == "dc" and dublin_core or marc
  return write(world, bib, representations)
end

return m
