-- Brings records and titles together on their match keys: the records of a title with the
-- files that they name, what is doubtful about them, and which title each record goes with.
local attempt = require "almanac.run.attempt"
local doubles = require "almanac.plan.doubles"
local reasons = require "almanac.run.reasons"
local records = require "almanac.run.records"
local states = require "almanac.run.states"
local store = require "almanac.run.store"

local m = {}

local COLUMNS = { "identifier", "datestamp", "deleted", "sets", "format", "content", "place", "problem", "reason_code", "reason_data" }
local SELECT = "SELECT record.id, record." .. table.concat(COLUMNS, ", record.") .. " FROM record"
local BY_KEY = SELECT .. " JOIN record_key ON record_id = record.id WHERE key = ? ORDER BY record.id"
local BY_TITLE = SELECT .. " WHERE title_id = ? ORDER BY record.id"
local NAMED = [[SELECT record_file.file_id, file.path, file.size, file.problem FROM record_file JOIN file ON file.id = file_id
  WHERE record_id = ? ORDER BY seq]]

-- Adds the rows that a query gives for each of many values to the records of their titles, each once.
local function add(run, sql, values, owners)
  local result = table.pack(attempt.columns(run.db, sql, #values, values))
  local asked, ids, columns = result[1], result[2], table.move(result, 3, result.n, 1, {})
  for i, place in ipairs(asked) do
    local title = owners[place]
    title.seen = title.seen or {}
    if not title.seen[ids[i]] then
      local row = { id = ids[i] }
      for n, name in ipairs(COLUMNS) do row[name] = columns[n][i] or nil end
      title.seen[row.id] = true
      title.records[#title.records + 1] = row
    end
  end
end

local function add_named(run, title)
  for _, row in ipairs(title.records) do
    if run.db:value("SELECT 1 FROM record_file WHERE record_id = ? LIMIT 1", row.id) then title.named = title.named or {} end
    for file in run.db:rows(NAMED, row.id) do
      title.named[#title.named + 1] = { id = file.file_id, path = file.path, size = file.size, problem = file.problem }
    end
  end
end

---Gives titles the files that their records name, in the order in which they do: `named`, nil when they name none.
---Called inside an attempt.
---@param run table db
---@param titles { records: table[], named: table[]? }[]
function m.add_named(run, titles)
  for _, title in ipairs(titles) do add_named(run, title) end
end

---Gives titles their records. Called inside an attempt.
---@param run table db
---@param titles { row: table, keys: string[], records: table[]? }[] row: of `title`
function m.find(run, titles)
  local keys, of_keys, ids, of_ids = {}, {}, {}, {}
  for _, title in ipairs(titles) do
    title.records = {}
    for _, key in ipairs(title.keys) do keys[#keys + 1], of_keys[#of_keys + 1] = key, title end
    ids[#ids + 1], of_ids[#of_ids + 1] = title.row.id, title
  end
  add(run, BY_TITLE, ids, of_ids)
  add(run, BY_KEY, keys, of_keys)
  for _, title in ipairs(titles) do
    table.sort(title.records, function(a, b) return a.id < b.id end)
  end
end

-- The names of records; those of one name with their places.
local function names_of(list)
  local names, counts = {}, {}
  for _, row in ipairs(list) do counts[records.name(row)] = (counts[records.name(row)] or 0) + 1 end
  for i, row in ipairs(list) do
    local name = records.name(row)
    names[i] = counts[name] > 1 and row.place and ("%s (%s)"):format(name, row.place) or name
  end
  return reasons.some(names)
end

m.names = names_of

---What is doubtful about the records of a title.
---@param run table recipe
---@param list almanac.run.record_row[]
---@return almanac.run.reason? doubt
function m.doubt(run, list)
  for _, row in ipairs(list) do
    if row.reason_code then return reasons.of(row) end
  end
  if list[2] and not run.recipe.several_records then return reasons.new("several_records", { records = names_of(list) }) end
end

---What is doubtful about the files that records name.
---@param files table[]
---@param same table<integer, string>? files of the same bytes
---@return almanac.run.reason[] doubts
function m.doubts_of_named(files, same)
  local doubts = {}
  for _, file in ipairs(files) do
    if file.problem then doubts[#doubts + 1] = reasons.new("unusable_file", { file = file.path, problem = file.problem }) end
  end
  if same and next(same) then doubts[#doubts + 1] = doubles.same(files, same) end
  return doubts
end

---Whether the source has deleted one of the records.
---@param list almanac.run.record_row[]
---@return almanac.run.record_row?
function m.deleted(list)
  for _, row in ipairs(list) do
    if row.deleted == 1 then return row end
  end
end

---Records as a source gives them.
---@param list almanac.run.record_row[]
---@return almanac.run.entry[]
function m.entries(list)
  local entries = {}
  for i, row in ipairs(list) do entries[i] = records.entry(row) end
  return entries
end

-- ---- once all titles are matched ----

-- Every record with the titles that it fits: by its keys, and the one that an earlier run knows.
local FITS = [[CREATE TEMP TABLE fits AS SELECT record_id, title_key.title_id AS title_id FROM record_key JOIN title_key USING(key)
  UNION SELECT id, title_id FROM record WHERE title_id IS NOT NULL]]
local SEVERAL = [[SELECT record_id AS id, identifier, place FROM temp.fits JOIN record ON record.id = record_id
  GROUP BY record_id HAVING count(*) > 1 ORDER BY record_id]]
local ITS_TITLES = "SELECT mms_id, title.id FROM temp.fits JOIN title ON title.id = title_id WHERE record_id = ? ORDER BY mms_id LIMIT 6"
local ONE = [[UPDATE record SET title_id = its.title_id FROM
  (SELECT record_id, title_id FROM temp.fits GROUP BY record_id HAVING count(*) = 1) AS its
  WHERE its.record_id = record.id AND record.title_id IS NULL]]
local EXPLAIN = "UPDATE record SET title_id = NULL, reason_code = ?, reason_data = ? WHERE id = ?"
local UNLIKE = [[SELECT title_id, key FROM look_up JOIN title_key USING(key) JOIN title ON title.id = title_id
  WHERE message = 'unlike' AND mms_ids IS NOT NULL AND ]] .. states.is(states.READY)

local function doubt_several(db, row)
  local names, ids = {}, {}
  for title in db:rows(ITS_TITLES, row.id) do names[#names + 1], ids[#ids + 1] = title.mms_id, title.id end
  local reason = reasons.new("record_fits_several", { record = records.name(row), titles = reasons.some(names) })
  local code, data = reasons.columns(reason)
  attempt.run(db, EXPLAIN, code, data, row.id)
  for _, id in ipairs(ids) do attempt.call(states.set_all, db, states.READY, states.ASK, reason, "id = ?", id) end
end

-- A title that was found by a key that its record does not hold as a whole is not found for certain.
local function doubt_unlike(db)
  local list = {}
  for row in db:rows(UNLIKE) do list[#list + 1] = row end
  for _, row in ipairs(list) do
    attempt.call(states.set_all, db, states.READY, states.ASK, reasons.new("look_up_unlike", { key = row.key }), "id = ?", row.title_id)
  end
end

-- A title is not found for certain while one of its record's keys has no answer: there may be another one under it.
local UNANSWERED = [[SELECT title.id, identifier, place, record.id AS record_id, coalesce(message, 'not asked for yet') AS message
  FROM record JOIN title ON title.id = title_id JOIN record_key ON record_id = record.id LEFT JOIN look_up USING(key)
  WHERE mms_ids IS NULL AND record.id NOT IN (SELECT id FROM temp.known) AND ]] .. states.is(states.READY)

local function doubt_unanswered(db)
  local list = {}
  for row in db:rows(UNANSWERED) do list[#list + 1] = row end
  for _, row in ipairs(list) do
    local reason = reasons.new("look_up_failed", { record = records.name { id = row.record_id, identifier = row.identifier,
      place = row.place }, message = row.message })
    attempt.call(states.set_all, db, states.READY, states.ASK, reason, "id = ?", row.id)
  end
end

-- What an earlier run finished, and is passed over now, still has its title.
local TAKEN = [[SELECT title.id, old.identifier AS old, record.identifier AS new FROM record_last
  JOIN title ON title.mms_id = record_last.mms_id JOIN record AS old ON old.id = record_last.record_id
  JOIN record ON record.title_id = title.id AND record.id <> old.id
  WHERE old.reason_code IN ('record_unchanged', 'record_not_come') AND ]] .. states.is(states.READY)

local function doubt_taken(db)
  local list = {}
  for row in db:rows(TAKEN) do list[#list + 1] = row end
  for _, row in ipairs(list) do
    local reason = reasons.new("several_records", { records = { row.old, row.new } })
    attempt.call(states.set_all, db, states.READY, states.ASK, reason, "id = ?", row.id)
  end
end

---Says which title each record goes with. Records that fit several make those to decide. Called inside an attempt.
---@param run table db, recipe
function m.settle(run)
  local db, looked_up = run.db, store.meta(run.db, "find") ~= nil
  db:exec "CREATE TEMP TABLE known AS SELECT id FROM record WHERE title_id IS NOT NULL"
  db:exec(FITS)
  db:exec "CREATE INDEX temp.fits_record ON fits(record_id)"
  local several = {}
  for row in db:rows(SEVERAL) do several[#several + 1] = row end
  for _, row in ipairs(several) do doubt_several(db, row) end
  attempt.run(db, ONE)
  db:exec "DROP TABLE temp.fits"
  doubt_unlike(db)
  if looked_up then doubt_unanswered(db) end
  if not run.recipe.several_records then doubt_taken(db) end
  db:exec "DROP TABLE temp.known"
end

local NO_TITLE = [[title_id IS NULL AND reason_code IS NULL]]
local FAILED = [[UPDATE record SET reason_code = 'look_up_failed', reason_data = (SELECT json_object('record',
      coalesce(identifier, place, 'record ' || record.id), 'message', coalesce(message, 'not asked for yet'))
    FROM record_key LEFT JOIN look_up USING(key) WHERE record_id = record.id AND mms_ids IS NULL LIMIT 1)
  WHERE ]] .. NO_TITLE .. [[ AND id IN (SELECT record_id FROM record_key LEFT JOIN look_up USING(key) WHERE mms_ids IS NULL)]]
local GONE = [[UPDATE record SET reason_code = 'record_deleted_unknown', reason_data = json_object('record',
    coalesce(identifier, place, 'record ' || id)) WHERE deleted = 1 AND ]] .. NO_TITLE
local ALONE = [[UPDATE record SET reason_code = 'record_no_title', reason_data = (SELECT json_object('record',
      coalesce(identifier, place, 'record ' || record.id), 'key', key) FROM record_key WHERE record_id = record.id ORDER BY key LIMIT 1)
  WHERE ]] .. NO_TITLE .. " AND id IN (SELECT record_id FROM record_key)"

---Says of every record that goes with no title why. Called inside an attempt.
---@param db table
function m.explain(db)
  if store.meta(db, "find") then attempt.run(db, FAILED) end
  attempt.run(db, GONE)
  attempt.run(db, ALONE)
end

return m
