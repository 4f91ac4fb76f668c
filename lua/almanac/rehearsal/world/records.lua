-- The descriptive records of bibs: how they are kept, and how bibs are found by the numbers in them. A bib of a list
-- has none of its own until somebody changes it; what is made up for it is in almanac.rehearsal.api.record.
local json = require "almanac.json"

local m = {}

local function set_numbers(world, mms_id, numbers)
  world.db:run("DELETE FROM network_number WHERE mms_id = ?", mms_id)
  for _, number in ipairs(numbers) do
    world.db:run("INSERT OR IGNORE INTO network_number(mms_id, number) VALUES(?, ?)", mms_id, number)
  end
end

---Keeps a record as that of a bib.
---@param world table
---@param mms_id string
---@param kept { record: string, format: string, title: string, oclc: string?, call_number: string?, numbers: string[], by: string }
function m.keep(world, mms_id, kept)
  world.db:run([[UPDATE bib SET record = ?2, format = ?3, title = ?4, oclc = ?5, call_number = ?6, modified = ?7,
      modified_by = ?8 WHERE mms_id = ?1]], mms_id, kept.record, kept.format, kept.title, kept.oclc, kept.call_number,
    world:today(), kept.by)
  set_numbers(world, mms_id, kept.numbers)
end

---What is known of a bib beside its record.
---@param bib table row
---@return table more
function m.more(bib)
  return bib.more and json.decode(bib.more) or {}
end

---@param world table
---@param mms_id string
---@param changes { more: table?, suppressed: boolean?, locked_by: string?, created_by: string? } nil: as it is
function m.set(world, mms_id, changes)
  world.db:run([[UPDATE bib SET more = coalesce(?2, more), suppressed = coalesce(?3, suppressed),
      created_by = coalesce(?4, created_by) WHERE mms_id = ?1]], mms_id, changes.more and json.encode(changes.more),
    changes.suppressed, changes.created_by)
end

-- Made-up records have the institution's own number, and the OCLC number of the list.
local FIND = [[SELECT * FROM bib WHERE mms_id IN (SELECT mms_id FROM listed_network_number WHERE number = ?1)
  OR record IS NULL AND (oclc = ?1 OR mms_id = ?2) ORDER BY n]]

---The bibs with a network number, as the index knows them. It may lag.
---@param world table
---@param number string
---@return table[] rows
function m.with_number(world, number)
  local rows, own = {}, "(" .. world.inst .. ")"
  local mms_id = number:sub(1, #own) == own and number:sub(#own + 1) or nil
  for row in world.db:rows(FIND, number, mms_id) do rows[#rows + 1] = row end
  return rows
end

---The bibs that are linked to a record of the Network or Community Zone.
---@param world table
---@param zone "NZ"|"CZ"
---@param id string MMS ID there
---@return table[] rows
function m.linked_to(world, zone, id)
  local rows = {}
  for row in world.db:rows([[SELECT * FROM bib WHERE json_extract(more, '$.network.type') = ?1
      AND json_extract(more, '$.network.value') = ?2 ORDER BY n]], zone, id) do
    rows[#rows + 1] = row
  end
  return rows
end

return m
