-- Finds the things that ids and other identifiers mean, when they are to be members of a set (OpenAPI, POST
-- /conf/sets/{set_id}: BARCODE for items; SYSTEM_NUMBER, OCLC_NUMBER, ISBN, ISSN for titles).
local content = require "almanac.rehearsal.world.set_content"
local facts = require "almanac.rehearsal.api.facts"

local m = {}

local TITLES = { BIB_MMS = true, IED = true }

local function column(sql)
  return function(world, id)
    local found = {}
    for row in world.db:rows(sql .. " LIMIT 2", id) do found[#found + 1] = select(2, next(row)) end
    return found
  end
end

local function bare(number)
  return (number or ""):upper():gsub("%-", ""):match "^%s*(%w*)"
end

-- Standard numbers are read from the records that hold the digits.
local function standard(name)
  return function(world, id)
    local found, wanted = {}, bare(id)
    for row in world.db:rows "SELECT * FROM bib WHERE record IS NOT NULL" do
      if wanted ~= "" and bare(facts.of(world, row)[name]) == wanted then found[#found + 1] = row.mms_id end
    end
    return found
  end
end

local KINDS = {
  BARCODE = { of = { ITEM = true }, find = column "SELECT pid FROM item WHERE barcode = ?" },
  SYSTEM_NUMBER = { of = TITLES, find = column [[SELECT mms_id FROM bib WHERE oclc = ?1
    OR mms_id IN (SELECT mms_id FROM network_number WHERE number = ?1)]] },
  OCLC_NUMBER = { of = TITLES, find = column [[SELECT mms_id FROM bib WHERE oclc = '(OCoLC)' || ?1
    OR mms_id IN (SELECT mms_id FROM network_number WHERE number = '(OCoLC)' || ?1)]] },
  ISBN = { of = TITLES, find = standard "isbn" }, ISSN = { of = TITLES, find = standard "issn" },
}

---Whether members of this content may be named by this kind of identifier.
---@param kind string of content
---@param id_type string
---@return boolean
function m.takes(kind, id_type)
  local known = KINDS[id_type]
  return known ~= nil and known.of[kind] == true
end

---The id of the thing that is meant. An identifier that several things have means none; Alma's documentation does not say
---what it takes then.
---@param world table
---@param kind string of content
---@param id string
---@param id_type string? nil: the thing's own id
---@return string? id nil when there is none
function m.find(world, kind, id, id_type)
  if id_type then
    local found = KINDS[id_type].find(world, id)
    id = #found == 1 and found[1] or ""
  end
  local thing = content.get(world, kind, id)
  return thing and thing.id or nil
end

return m
