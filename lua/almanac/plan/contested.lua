-- What becomes of files once all titles are matched: those that several titles
-- answer to, and those that none takes.
local attempt = require "almanac.run.attempt"
local judge = require "almanac.plan.judge"
local pages = require "almanac.run.pages"
local store = require "almanac.run.store"

local m = {}

local SHARED = [[SELECT key FROM title_key WHERE key IN (SELECT key FROM file_key)
  GROUP BY key HAVING count(*) > 1 ORDER BY key]]
local ANSWERING = [[SELECT mms_id FROM title_key JOIN title ON title.id = title_key.title_id
  WHERE key = ? ORDER BY mms_id LIMIT 6]]
local PATH = "SELECT path FROM file_key JOIN file ON file.id = file_key.file_id WHERE key = ? ORDER BY path LIMIT 1"
local DOUBT = [[UPDATE title SET state = 'ask', reason = ? WHERE state = 'ready'
  AND id IN (SELECT title_id FROM title_key WHERE key = ?)]]

local SHARED_FILES = [[SELECT file_id FROM file_key JOIN title_key USING(key)
  GROUP BY file_id HAVING count(DISTINCT title_id) > 1 ORDER BY file_id]]
local FITTING = [[SELECT DISTINCT title.id, mms_id FROM file_key JOIN title_key USING(key) JOIN title ON title.id = title_id
  WHERE file_id = ? ORDER BY mms_id]]
local DOUBT_TITLE = "UPDATE title SET state = 'ask', reason = ? WHERE state = 'ready' AND id = ?"

-- The same of files with several keys: each may be of another title.
local function doubt_several(db)
  local files = {}
  for row in db:rows(SHARED_FILES) do files[#files + 1] = row.file_id end
  for _, id in ipairs(files) do
    local titles, names = {}, {}
    for row in db:rows(FITTING, id) do titles[#titles + 1], names[#names + 1] = row.id, row.mms_id end
    local words = ("a file fits several titles: %s fits %s"):format(db:value("SELECT path FROM file WHERE id = ?", id), judge.names(names))
    for _, title in ipairs(titles) do attempt.run(db, DOUBT_TITLE, words, title) end
  end
end

---A file that several titles answer to belongs to none of them for certain:
---their plans are taken back.
---@param db table
function m.doubt(db)
  if store.meta(db, "several_keys") then doubt_several(db) end
  local keys = {}
  for row in db:rows(SHARED) do keys[#keys + 1] = row.key end
  for _, key in ipairs(keys) do
    local ids = {}
    for row in db:rows(ANSWERING, key) do ids[#ids + 1] = row.mms_id end
    attempt.run(db, DOUBT, ("a file fits several titles: %s fits %s"):format(db:value(PATH, key), judge.names(ids)), key)
  end
  attempt.run(db, "DELETE FROM page WHERE title_id IN (SELECT id FROM title WHERE state = 'ask')")
  attempt.run(db, "DELETE FROM change WHERE title_id IN (SELECT id FROM title WHERE state = 'ask')")
end

local LOST = [[UPDATE file SET reason = (SELECT 'no title answers to its key ''' || key || '''' FROM file_key WHERE file_id = file.id
    ORDER BY length(key), key LIMIT 1)
  WHERE id IN (SELECT file_id FROM file_key WHERE key NOT IN (SELECT key FROM title_key))]]
local WAITING = [[UPDATE file SET reason = (SELECT 'it fits title ' || title.mms_id || ', ' ||
    CASE title.state WHEN 'ask' THEN 'which is to be decided' WHEN 'skip' THEN 'which is left out' ELSE 'whose plan does not use it' END
    FROM file_key JOIN title_key USING(key) JOIN title ON title.id = title_key.title_id
    WHERE file_key.file_id = file.id LIMIT 1)
  WHERE id IN (SELECT file_id FROM file_key WHERE key IN (SELECT key FROM title_key))
    AND id NOT IN (SELECT file_id FROM page)]]
local ALONE = [[UPDATE file SET reason = (SELECT 'the thumbnail of ' || owner.path || ', which no title takes'
    FROM thumbnail JOIN file AS owner ON owner.id = of WHERE file_id = file.id)
  WHERE id IN (SELECT file_id FROM thumbnail WHERE of IS NOT NULL)]]
local USED = "UPDATE file SET reason = NULL WHERE reason IS NOT NULL AND NOT (" .. pages.UNUSED .. ")"

---Says of every file that no title takes why that is.
---@param db table
function m.explain(db)
  attempt.run(db, LOST)
  attempt.run(db, WAITING)
  attempt.run(db, ALONE)
  attempt.run(db, USED)
end

return m
