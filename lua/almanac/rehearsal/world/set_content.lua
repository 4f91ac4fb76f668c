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

---The thing with an id.
---@param world table
---@param content string
---@param id string
---@return { id: string, text: string?, link: string }? row
function m.get(world, content, id)
  return world.db:row(("SELECT id, text, link FROM (%s) WHERE id = ?"):format(m.sql[content]), id)
end

return m
