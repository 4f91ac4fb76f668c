-- Looks up the titles of records by their match keys, in Alma: by other_system_id, by MMS ID,
-- or in an index of SRU. Every complete answer is kept in the run file, so that a plan that
-- ended early goes on behind it; a look-up that failed is kept as failed, and never
-- means that Alma has no such title.
local alma = require "almanac.alma"
local attempt = require "almanac.run.attempt"
local halt = require "almanac.plan.halt"
local ids_of = require "almanac.run.ids"
local json = require "almanac.json"
local read = require "almanac.plan.read"
local sru = require "almanac.sru"
local store = require "almanac.run.store"
local streaks = require "almanac.run.streak"
local titles = require "almanac.run.titles"
local words = require "almanac.words"

local m = {}

local IN_FLIGHT = 32
local MOST = 10         -- titles of one key that are kept: from two on it is a doubt
local COMMIT = 25         -- look-ups between two commits; each costs a call

-- After these failures the next key would fail as well.
local FATAL = { auth = true, quota = true }

-- Keys without an answer, in the order of the records. Records whose title is known are not looked up.
local OPEN = [[SELECT key FROM record_key JOIN record ON record.id = record_id
  WHERE title_id IS NULL AND key NOT IN (SELECT key FROM look_up WHERE mms_ids IS NOT NULL)
  GROUP BY key ORDER BY min(record_id)]]
local KEEP = [[INSERT INTO look_up(key, mms_ids, message) VALUES(?, ?, ?)
  ON CONFLICT(key) DO UPDATE SET mms_ids = excluded.mms_ids, message = excluded.message]]

---@class almanac.plan.way how titles are looked up
---@field by "other_system_id"|"sru"|"mms_id"
---@field index string? of SRU
---@field text string as --find names it

---Reads what --find names.
---@param text string "other_system_id", "mms_id" or "sru:INDEX"
---@return almanac.plan.way|nil way
---@return string? message
function m.way(text)
  if text == "other_system_id" or text == "mms_id" then return { by = text, text = text } end
  local index = text:match "^sru:([%a][%w_.]*)$"
  if index then return { by = "sru", index = index:find(".", 1, true) and index or "alma." .. index, text = text } end
  return nil, ("--find: '%s' is no way to look up titles; there are other_system_id, mms_id and sru:INDEX, as in " ..
    "sru:alma.other_system_number"):format(text)
end

-- The keys that have still to be looked up.
local function open_keys(db)
  local keys = {}
  for row in db:rows(OPEN) do keys[#keys + 1] = row.key end
  return keys
end

-- Brings a number into the form in which it is compared: blanks and case don't count.
local function plain(number) return (number:gsub("%s+", ""):lower()) end

-- Whether a value is the key. What stands in brackets before a number tells whose it is, so it counts when the key has it.
local function is_key(value, wanted)
  value = plain(value)
  return value == wanted or wanted:sub(1, 1) ~= "(" and value:gsub("^%b()", "") == wanted
end

local function holds(values, key)
  local wanted = plain(key)
  for _, value in ipairs(values) do
    if is_key(value, wanted) then return true end
  end
  return false
end

-- The MMS IDs of bibs, and whether one of them names other numbers only. Alma's documentation does not say whether
-- other_system_id finds numbers that are merely like the one asked for; a bib that tells its numbers is compared.
local function by_number(client, key)
  local list, message, code = alma.bibs.find(client, { other_system_id = key }, { view = "brief" })
  if not list then return nil, message, code end
  local found, unlike = {}, false
  for i, bib in ipairs(list) do
    found[i] = bib.mms_id
    local numbers = bib.network_number
    unlike = unlike or type(numbers) == "table" and numbers[1] ~= nil and not holds(numbers, key)
  end
  return found, unlike
end

-- Deposits and requests name their title. A key that is no MMS ID is another number of theirs.
local function by_mms_id(client, key)
  if ids_of.problem(key) then return {}, false end
  local bibs, message, code = alma.bibs.get(client, { key }, { view = "brief" })
  if not bibs then return nil, message, code end
  return { bibs[1] and bibs[1].mms_id }, false
end

local function quoted(text) return '"' .. text:gsub('[\\"]', "\\%0") .. '"' end

-- All values of a record, of any field.
local function values_of(record)
  local list = {}
  for _, field in ipairs(record.fields and record:fields() or {}) do
    if field.value then list[#list + 1] = field.value end
    for _, subfield in ipairs(field.subfields or {}) do list[#list + 1] = subfield.value end
  end
  for _, element in ipairs(record.elements and record:elements() or {}) do list[#list + 1] = element.value end
  return list
end

-- An index of SRU may be one of words, so what it finds has to hold the key as a whole value.
local function by_sru(client, index, key)
  local list, message, code = client:search { query = index .. "=" .. quoted(key) }
  if not list then return nil, message, code end
  local found, unlike = {}, false
  while #found <= MOST do
    local entry
    entry, message, code = list:next()
    if code then return nil, message, code end
    if not entry then break end
    local record, problem, kind = entry:record()
    local id = entry.identifier or record and record.control and record:control "001"
    if not (record and id) then return nil, problem or "SRU: a record without MMS ID", kind or "parse" end
    found[#found + 1] = id
    unlike = unlike or not holds(values_of(record), key)
  end
  return found, unlike
end

-- Searches by SRU don't count as calls to the API.
local function allowance(plan)
  if plan.find.by == "sru" then return function() return true end end
  return function(calls) return plan.limits:allow(calls) end
end

local function finder(plan, way)
  if way.by == "other_system_id" then
    return function(key) return by_number(plan.client, key) end
  end
  if way.by == "mms_id" then return function(key) return by_mms_id(plan.client, key) end end
  local client = attempt.checked(sru.new { url = plan.order.sru_url
    or plan.alma_url:gsub("/+$", "") .. ("/view/sru/%s"):format(plan.institution) })
  attempt.checked(client:check(way.index .. '=""'))
  return function(key) return by_sru(client, way.index, key) end
end

local function written(work, key, found, message)
  local ok, why = work.db:run(KEEP, key, found and json.encode(json.array(found)), message)
  work.written = work.written + 1
  if ok and work.written % COMMIT == 0 then
    ok, why = work.db:commit()
    if ok then ok, why = work.db:begin() end
  end
  if not ok then work.stop = work.stop or { message = why, code = "io" } end
end

local function look_up(work, key)
  work.on.begin(key)
  local found, message, code = work.find(key)
  if found then
    work.streak:worked()
    written(work, key, found, message and "unlike" or nil)
  elseif code ~= "cancelled" then
    written(work, key, nil, message)
    local reason = FATAL[code] and { message = message, code = code } or work.streak:failed(message, code)
    if reason then work.stop = work.stop or reason end
  end
  work.on.finish(key, found ~= nil, message, code)
end

-- Refuses what the calls of the day don't allow.
local function check_quota(plan, n)
  if allowance(plan)(n) then return end
  attempt.fail(("looking up %s takes as many calls, but Alma allows %s more today and %d of them are kept for the library's other " ..
    "services (--reserve): plan fewer records, or after midnight"):format(words.count(n, "match key"),
    words.count(plan.client.remaining, "call"), plan.limits:kept()), "quota")
end

---Looks up keys. What is found is kept, also when it stops early. Called inside an attempt.
---@param plan almanac.plan with `find`
---@return { message: string, code: string }? stop it ended early, and why
function m.all(plan)
  local keys = open_keys(plan.db)
  check_quota(plan, #keys)
  local on = plan.order.on.reading(#keys, "match keys looked up")
  local work = { db = plan.db, find = finder(plan, plan.find), on = on, written = 0,
    allow = allowance(plan),
    streak = streaks.new { in_flight = IN_FLIGHT, keep_going = plan.order.keep_going } }
  attempt.checked(plan.db:begin())
  local _keep <close> = setmetatable({}, { __close = function() halt.commit(work) end })
  local i = 0
  local failures = work.streak:each(function()
    if not keys[i + 1] or halt.stopped(work) then return nil end
    i = i + 1
    return keys[i]
  end, function(key) look_up(work, key) end)
  if failures[1] then error(failures[1].message, 0) end
  halt.commit(work)
  on.close(work.stop)
  return work.stop
end

---How many look-ups were answered.
---@param db table
---@return integer
function m.kept(db) return store.meta(db, "find") and db:value "SELECT count(*) FROM look_up WHERE mms_ids IS NOT NULL" or 0 end

-- A title that the earlier run began to make, or made, is not looked up as if it were not there.
local BEGUN = "EXISTS (SELECT 1 FROM base.step WHERE step.title_id = was.id)"
local ANSWERS = [[INSERT INTO look_up(key, mms_ids, message) SELECT key, mms_ids, message FROM base.look_up WHERE mms_ids IS NOT NULL
  AND key NOT IN (SELECT key FROM base.record_key JOIN base.record AS old ON old.id = record_id JOIN base.title AS was
    ON was.id = old.title_id WHERE ]] .. BEGUN .. ")"
local UNMADE = [[UPDATE record SET reason_code = 'record_begun', reason_data = json_object('record',
    coalesce(identifier, place, 'record ' || id)) WHERE id IN (SELECT old.id FROM base.record AS old JOIN base.title AS was
    ON was.id = old.title_id WHERE was.]] .. titles.IS_NEW .. " AND " .. BEGUN .. ")"
local MADE = [[UPDATE record SET title_id = made.id FROM (SELECT old.id AS record_id, title.id FROM base.record AS old
    JOIN base.title AS was ON was.id = old.title_id JOIN title ON title.mms_id = was.mms_id WHERE ]] .. BEGUN .. [[) AS made
  WHERE made.record_id = record.id]]

---Takes over what an earlier run, attached as `base`, has found out, and which titles it made. Called inside an attempt.
---@param db table
---@param base { meta: table<string, string> }
---@param find string? the way in which titles are looked up now
---@param afresh boolean? looks all of them up again
function m.reuse(db, base, find, afresh)
  if not base.meta.records_given then return end
  if find == base.meta.find and not afresh then attempt.run(db, ANSWERS) end
  attempt.run(db, UNMADE)
  attempt.run(db, MADE)
end

-- In the order of the records, because that is the order in which people know them.
local FOUND = [[SELECT key, mms_ids FROM look_up JOIN record_key USING(key) WHERE mms_ids IS NOT NULL AND mms_ids <> '[]'
  GROUP BY key ORDER BY min(record_id)]]
local KEY = "INSERT OR IGNORE INTO title_key(key, title_id) SELECT ?1, id FROM title WHERE mms_id = ?2"

-- Each title is asked for the keys by which it was found.
local OF_TITLE = "CREATE INDEX IF NOT EXISTS title_key_of ON title_key(title_id)"

---Makes titles of the run of all that were found, with the key that each was found by. Called inside an
---attempt and a transaction.
---@param db table
function m.add_titles(db)
  local keys, ids, new, seen = {}, {}, {}, {}
  for row in db:rows(FOUND) do
    for _, id in ipairs(json.decode(row.mms_ids)) do
      keys[#keys + 1], ids[#ids + 1] = row.key, id
    end
  end
  for _, id in ipairs(ids) do
    if not seen[id] and not db:value("SELECT 1 FROM title WHERE mms_id = ?", id) then new[#new + 1] = id end
    seen[id] = true
  end
  read.add(db, new)
  db:exec(OF_TITLE)
  attempt.run_many(db, KEY, #keys, keys, ids)
end

return m
