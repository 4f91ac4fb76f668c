-- A plan that follows an earlier run (`--since`). The records of that run come along: what became of them
-- is known (`record_last`), so one that is as it was, and whose title was finished there, takes no part;
-- a changed one goes with the title it had; one that the source did not give this time stays as it is.
local address = require "almanac.address"
local attempt = require "almanac.run.attempt"
local json = require "almanac.json"
local likeness = require "almanac.plan.records.likeness"
local read = require "almanac.plan.read"
local records = require "almanac.run.records"
local states = require "almanac.run.states"
local store = require "almanac.run.store"

local m = {}

local DAY = 86400

-- ---- the earlier run ----

---@class almanac.plan.since
---@field path string
---@field meta table<string, string>
---@field args table its arguments, which hold for this one where they are not given again

local function refuse(path, words) return nil, ("--since: %s %s"):format(path, words), "conflict" end

---Looks into the earlier run.
---@param path string
---@return almanac.plan.since|nil last
---@return string? message
---@return string? code
function m.open(path)
  local db <close>, message, code = store.open(path, "read")
  if not db then return nil, "--since: " .. message, code end
  local ok
  ok, message, code = store.planned(db, path)
  if not ok then return nil, "--since: " .. message, code end
  if not records.any(db) then return refuse(path, "holds no records: it goes with a run that was planned with --records") end
  local meta = store.meta(db)
  return { path = path, meta = meta, args = json.decode(meta.args or "{}") }
end

---Refuses a run that this plan can't follow.
---@param last almanac.plan.since
---@param plan almanac.plan
---@return true|nil
---@return string? message
---@return string? code
function m.check(last, plan)
  local meta = last.meta
  if meta.recipe ~= plan.recipe.name then
    return refuse(last.path, ("was planned with the recipe %s: what was finished there says nothing of %s"):format(meta.recipe,
      plan.recipe.name))
  end
  if plan.institution and (meta.institution ~= plan.institution or meta.environment ~= plan.environment) then
    return refuse(last.path, ("is of %s (%s), but the API key belongs to %s (%s)"):format(meta.institution, meta.environment,
      plan.institution, plan.environment))
  end
  return true
end

local function same_source(one, other)
  return address.shown(one.from[1]) == other.from[1] and not one.from[2] and one.set == other.set and one.prefix == other.prefix
end

-- The day before the earlier reading began: clocks differ, and servers count in days.
local function day_before(stamp)
  local year, month, day = stamp:match "^(%d+)-(%d+)-(%d+)"
  return os.date("!%Y-%m-%d", os.time { year = tonumber(year), month = tonumber(month), day = tonumber(day), hour = 12 } - DAY)
end

---What is to be read after an earlier run: the same as there when nothing else is named. A repository that was
---harvested is asked for what changed since.
---@param last almanac.plan.since
---@param given almanac.plan.records.given? `from` may be empty: then the other fields replace those of the earlier run
---@return almanac.plan.records.given
function m.given(last, given)
  local before = json.decode(last.meta.records_given or "{}")
  if not (given and given.from[1]) then
    local named = given or {}
    given, named.from = json.decode(last.meta.records_given or "{}"), nil
    given.since, given.to = nil, nil
    for name, value in pairs(named) do given[name] = value end
  end
  if not given.since and given.from[1]:find "^oai:" and before.from and same_source(given, before) and last.meta.records_began then
    given.since = day_before(last.meta.records_began)
  end
  return given
end

-- ---- its records ----

-- Whether a record of the earlier run needs nothing more: its title is done, or nothing was to be done, or it is deleted
-- and no title of it is known. A title that was
-- skipped for want of a file is none of these, since the file may be there by now.
local PASSED = "record.reason_code IN ('record_unchanged', 'record_not_come', 'record_deleted_unknown')"
local FINISHED = ("(" .. PASSED .. " OR title.%s AND title.reason_code IS NULL " ..
  "OR title.%s AND title.reason_code IN ('nothing_to_do', 'not_wanted', 'decided'))"):format(states.is(states.ATTACHED, states.VERIFIED),
  states.is(states.SKIP))
local FROM = [[ FROM last.record AS record LEFT JOIN last.title AS title ON title.id = record.title_id
  WHERE record.identifier IS NOT NULL AND record.problem IS NULL]]
local COPY = [[INSERT INTO record(id, identifier, datestamp, deleted, sets, format, content, mark, place, reason_code)
  SELECT record.id, identifier, datestamp, deleted, sets, format, CASE WHEN fin THEN NULL ELSE content END, mark, place,
  CASE WHEN fin THEN 'record_not_come' END FROM (SELECT record.*, ]] .. FINISHED .. " AS fin" .. FROM .. ") AS record"
-- An MMS ID is digits; a title that was still to be made has none.
local KNOW = [[INSERT INTO record_last(record_id, mms_id, finished, likeness) SELECT record.id,
  coalesce(CASE WHEN title.mms_id NOT GLOB '*[^0-9]*' THEN title.mms_id END, %s), coalesce(]] .. FINISHED .. ", 0), %s" .. FROM
local ALIKE = [[SELECT record.id, identifier, content FROM last.record AS record
  WHERE content IS NOT NULL AND identifier IS NOT NULL AND problem IS NULL]]
local KNOWN_BEFORE = "(SELECT %s FROM last.record_last WHERE record_id = record.id)"

---Brings the records of the earlier run along. Called inside an attempt and a transaction; the run is attached as `last`.
---@param db table
function m.copy(db)
  attempt.run(db, COPY)
  local chained = db:value "SELECT 1 FROM last.sqlite_master WHERE name = 'record_last'" and KNOWN_BEFORE or "NULL"
  attempt.run(db, KNOW:format(chained:format "mms_id", chained:format "likeness"))
  for row in db:rows(ALIKE) do
    attempt.run(db, "UPDATE record_last SET likeness = ? WHERE record_id = ?", likeness.of(row.identifier, row.content), row.id)
  end
end

local KNOWN = [[SELECT DISTINCT mms_id FROM record_last JOIN record ON id = record_id WHERE record_last.mms_id IS NOT NULL
  AND reason_code IS NULL AND mms_id NOT IN (SELECT mms_id FROM title)]]
local LINK = [[UPDATE record SET title_id = (SELECT title.id FROM title JOIN record_last USING(mms_id) WHERE record_id = record.id)
  WHERE reason_code IS NULL AND id IN (SELECT record_id FROM record_last WHERE mms_id IS NOT NULL)]]

-- Records whose titles are known from the earlier run go with them, so these are titles of the plan as well.
local function link_titles(db)
  local ids = {}
  for row in db:rows(KNOWN) do ids[#ids + 1] = row.mms_id end
  read.add(db, ids)
  attempt.run(db, LINK)
end

local KEPT = { "records_given", "records_source", "records_began", "records_ended", "records_place", "records_read", "since" }
local AGAIN = [[INSERT INTO record(id, identifier, datestamp, deleted, sets, format, content, mark, place, problem, reason_code,
  reason_data)
  SELECT id, identifier, datestamp, deleted, sets, format, content, mark, place, problem, CASE WHEN of_reading THEN reason_code END,
  CASE WHEN of_reading THEN reason_data END FROM (SELECT *, coalesce(reason_code, '') IN ('record_unchanged', 'record_not_come',
  'record_renamed') AS of_reading FROM base.record)]]

---Copies the records of a run that is planned again (`--from`), attached as `base`, and how far they were read. Called
---inside an attempt.
---@param db table
---@param meta table<string, string> of that run
function m.reuse(db, meta)
  if not meta.records_given then return end
  attempt.run(db, AGAIN)
  attempt.run(db, "INSERT INTO record_last SELECT * FROM base.record_last")
  local kept = {}
  for _, name in ipairs(KEPT) do kept[name] = meta[name] end
  attempt.call(store.set, db, kept)
  if meta.records_ended then link_titles(db) end
end

---Notes that a record of the earlier run came again.
---@param db table
---@param record_id integer
---@param as_it_was boolean
function m.note(db, record_id, as_it_was)
  attempt.run(db, "UPDATE record_last SET came = ? WHERE record_id = ?", as_it_was and "same" or "changed", record_id)
end

-- A record may come under another identifier, when the repository got another name or moved. Whether it is the same
-- one, a person sees.
local function renamed(db)
  local by_likeness, by_ending, found = {}, {}, {}
  for row in db:rows "SELECT identifier, likeness FROM record JOIN record_last ON record_id = id WHERE came IS NULL" do
    if row.likeness then by_likeness[row.likeness] = row.identifier end
    local last = likeness.ending(row.identifier)
    if last then by_ending[last] = row.identifier end
  end
  if not (next(by_likeness) or next(by_ending)) then return found end
  for row in db:rows [[SELECT id, identifier, content FROM record WHERE identifier IS NOT NULL AND deleted = 0
    AND id NOT IN (SELECT record_id FROM record_last)]] do
    local was = by_ending[likeness.ending(row.identifier) or false] or by_likeness[likeness.of(row.identifier, row.content) or false]
    if was then found[#found + 1] = { id = row.id, was = was } end
  end
  return found
end

local FINISHED_TITLES = [[UPDATE title SET reason_code = 'its_record_finished', reason_data = NULL WHERE reason_code = 'no_record'
  AND mms_id IN (SELECT mms_id FROM record_last WHERE finished = 1 AND came IS NOT 'changed')]]

---Says of titles without a record that theirs was passed over. Called inside an attempt, once all was matched.
---@param db table
function m.explain(db) attempt.run(db, FINISHED_TITLES) end

---Settles, once all was read, what takes no part, and which titles the others go with as far as the earlier run knows.
---Called inside an attempt.
---@param db table
function m.settle(db)
  attempt.run(db, [[UPDATE record SET reason_code = 'record_unchanged', content = NULL
    WHERE id IN (SELECT record_id FROM record_last WHERE finished = 1 AND came = 'same')]])
  link_titles(db)
  for _, one in ipairs(renamed(db)) do
    attempt.run(db, "UPDATE record SET reason_code = 'record_renamed', reason_data = ? WHERE id = ?", json.encode { was = one.was }, one.id)
  end
end

return m
