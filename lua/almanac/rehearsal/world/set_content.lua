-- What a set may hold: for each content type a query that gives the id, the text and the address of what there is,
-- with the title that it belongs to. Codes are those of the code table SetContentType. Ids are those that the schema
-- of sets names: a title's MMS ID, an item's pid or barcode, a collection's id, a file's id. That representations go
-- by their id is not said there.
local m = {}

local TITLE = "SELECT mms_id AS id, title AS text, n, '/bibs/' || mms_id AS link, mms_id FROM bib"
local REPRESENTATION = [[SELECT id, label AS text, n, '/bibs/' || mms_id || '/representations/' || id AS link, mms_id
  FROM representation WHERE remote = ]]

m.sql = {
  BIB_MMS = TITLE,
  IED = TITLE .. " WHERE EXISTS (SELECT 1 FROM representation r WHERE r.mms_id = bib.mms_id)",
  ITEM = [[SELECT pid AS id, barcode AS text, n, '/bibs/' || mms_id || '/holdings/' || holding_id || '/items/' || pid AS link,
    mms_id FROM item]],
  REPRESENTATION = REPRESENTATION .. 0, REMOTE_REPRESENTATION = REPRESENTATION .. 1,
  FILE = [[SELECT pid AS id, file.label AS text, file.n AS n,
    '/bibs/' || r.mms_id || '/representations/' || r.id || '/files/' || pid AS link, r.mms_id AS mms_id
    FROM file JOIN representation r ON r.id = file.rep_id]],
  IEC = "SELECT pid AS id, name AS text, n, '/bibs/collections/' || pid AS link, NULL AS mms_id FROM collection",
}

-- Kinds of identifiers, what they identify, and the query that gives its id (OpenAPI, POST /conf/sets/{set_id}).
local IDENTIFIED = {
  BARCODE = { of = { ITEM = true }, sql = "SELECT pid FROM item WHERE barcode = ? LIMIT 2" },
  SYSTEM_NUMBER = { of = { BIB_MMS = true, IED = true }, sql = "SELECT mms_id FROM bib WHERE oclc = ? LIMIT 2" },
  OCLC_NUMBER = { of = { BIB_MMS = true, IED = true }, sql = "SELECT mms_id FROM bib WHERE oclc = '(OCoLC)' || ? LIMIT 2" },
  ISBN = { of = { BIB_MMS = true, IED = true } }, ISSN = { of = { BIB_MMS = true, IED = true } },
}

---Whether members of this content may be named by this kind of identifier.
---@param content string
---@param id_type string
---@return boolean
function m.takes(content, id_type)
  local kind = IDENTIFIED[id_type]
  return kind ~= nil and kind.of[content] == true
end

-- An identifier that several things have identifies none. Alma's documentation does not say what it takes then.
local function identified(world, id_type, id)
  local found, count = nil, 0
  for row in world.db:rows(IDENTIFIED[id_type].sql or "SELECT ? WHERE 0", id) do
    found, count = select(2, next(row)), count + 1
  end
  return count == 1 and found or nil
end

---The thing with an id.
---@param world table
---@param content string
---@param id string
---@return { id: string, text: string?, link: string }? row
function m.get(world, content, id)
  return world.db:row(("SELECT id, text, link FROM (%s) WHERE id = ?"):format(m.sql[content]), id)
end

---The id of the thing that is meant.
---@param world table
---@param content string
---@param id string
---@param id_type string? nil: the thing's own id
---@return string? id nil when there is none
function m.find(world, content, id, id_type)
  if id_type then id = identified(world, id_type, id) end
  local thing = id and m.get(world, content, id)
  return thing and thing.id or nil
end

return m
