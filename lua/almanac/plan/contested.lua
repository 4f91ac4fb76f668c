-- Settles files once all titles are matched: several titles that answer to one file
-- are to decide, and a file that no title takes gets its reason.
local attempt = require "almanac.run.attempt"
local pages = require "almanac.run.pages"
local reasons = require "almanac.run.reasons"
local records = require "almanac.run.records"
local states = require "almanac.run.states"
local store = require "almanac.run.store"

local m = {}

local SHARED = [[SELECT key FROM title_key WHERE key IN (SELECT key FROM file_key)
  GROUP BY key HAVING count(*) > 1 ORDER BY key]]
local ANSWERING = [[SELECT mms_id FROM title_key JOIN title ON title.id = title_key.title_id
  WHERE key = ? ORDER BY mms_id LIMIT 6]]
local PATH = "SELECT path FROM file_key JOIN file ON file.id = file_key.file_id WHERE key = ? ORDER BY path LIMIT 1"
local ANSWER = "id IN (SELECT title_id FROM title_key WHERE key = ?)"

local ASKED = "(SELECT id FROM title WHERE " .. states.is(states.ASK) .. ")"

local SHARED_FILES = [[SELECT file_id FROM file_key JOIN title_key USING(key)
  GROUP BY file_id HAVING count(DISTINCT title_id) > 1 ORDER BY file_id]]
local FITTING = [[SELECT DISTINCT title.id, mms_id FROM file_key JOIN title_key USING(key) JOIN title ON title.id = title_id
  WHERE file_id = ? ORDER BY mms_id]]

local function doubt(db, path, mms_ids, where, parameter)
  local reason = reasons.new("fits_several", { file = path, titles = reasons.some(mms_ids) })
  attempt.call(states.set_all, db, states.READY, states.ASK, reason, where, parameter)
end

-- A file with several keys may fit several titles as well, one by each key.
local function doubt_several(db)
  local files = {}
  for row in db:rows(SHARED_FILES) do files[#files + 1] = row.file_id end
  for _, id in ipairs(files) do
    local titles, names = {}, {}
    for row in db:rows(FITTING, id) do titles[#titles + 1], names[#names + 1] = row.id, row.mms_id end
    local path = db:value("SELECT path FROM file WHERE id = ?", id)
    for _, title in ipairs(titles) do doubt(db, path, names, "id = ?", title) end
  end
end

---Takes back the plans of titles that answer to the same file, because it belongs to
---none of them for certain.
---@param db table
function m.doubt(db)
  if store.meta(db, "several_keys") then doubt_several(db) end
  local keys = {}
  for row in db:rows(SHARED) do keys[#keys + 1] = row.key end
  for _, key in ipairs(keys) do
    local ids = {}
    for row in db:rows(ANSWERING, key) do ids[#ids + 1] = row.mms_id end
    doubt(db, db:value(PATH, key), ids, ANSWER, key)
  end
  attempt.run(db, "DELETE FROM page WHERE title_id IN " .. ASKED)
  attempt.run(db, "DELETE FROM change WHERE title_id IN " .. ASKED)
end

local LOST = [[UPDATE file SET reason_code = 'no_title', reason_data = (SELECT json_object('key', key) FROM file_key
    WHERE file_id = file.id ORDER BY length(key), key LIMIT 1)
  WHERE id IN (SELECT file_id FROM file_key WHERE key NOT IN (SELECT key FROM title_key))]]
local WAITING = ([[UPDATE file SET (reason_code, reason_data) = (SELECT CASE title.state WHEN '%s' THEN 'title_to_decide'
      WHEN '%s' THEN 'title_skipped' ELSE 'title_plans_others' END, json_object('title', title.mms_id)
    FROM file_key JOIN title_key USING(key) JOIN title ON title.id = title_key.title_id
    WHERE file_key.file_id = file.id LIMIT 1)
  WHERE id IN (SELECT file_id FROM file_key WHERE key IN (SELECT key FROM title_key))
    AND id NOT IN (SELECT file_id FROM page)]]):format(states.ASK, states.SKIP)
local ALONE = [[UPDATE file SET reason_code = 'thumbnail_alone', reason_data = (SELECT json_object('file', owner.path)
    FROM thumbnail JOIN file AS owner ON owner.id = of WHERE file_id = file.id)
  WHERE id IN (SELECT file_id FROM thumbnail WHERE of IS NOT NULL)]]
-- A file that a record names has no title when its record has none, or when that title does not use it.
local NAMED = ([[UPDATE file SET (reason_code, reason_data) = (SELECT CASE WHEN title.id IS NULL THEN 'record_without_title'
      WHEN title.state = '%s' THEN 'title_to_decide' WHEN title.state = '%s' THEN 'title_skipped' ELSE 'title_plans_others' END,
      CASE WHEN title.id IS NULL THEN json_object('record', coalesce(record.identifier, record.place, 'record ' || record.id))
      ELSE json_object('title', title.mms_id) END
    FROM record_file JOIN record ON record.id = record_id LEFT JOIN title ON title.id = record.title_id
    WHERE record_file.file_id = file.id ORDER BY title.id IS NULL LIMIT 1)
  WHERE id IN (SELECT file_id FROM record_file) AND id NOT IN (SELECT file_id FROM page)]]):format(states.ASK, states.SKIP)
local USED = ("UPDATE file SET %s WHERE reason_code IS NOT NULL AND NOT (%s)"):format(reasons.NONE, pages.UNUSED)

---Says of every file that no title takes why it is left.
---@param db table
function m.explain(db)
  attempt.run(db, LOST)
  attempt.run(db, WAITING)
  attempt.run(db, ALONE)
  if records.any(db) then attempt.run(db, NAMED) end
  attempt.run(db, USED)
end

return m
