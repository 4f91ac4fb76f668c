-- Plans new titles: of records that no title answers to, when every look-up was answered.
-- A new title has a row of its own, in place of an MMS ID "new:" and the number of its record.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local match_files = require "almanac.plan.match_files"
local planned = require "almanac.plan.planned"
local reasons = require "almanac.run.reasons"
local record_keys = require "almanac.plan.record_keys"
local record_titles = require "almanac.plan.record_titles"
local records = require "almanac.run.records"
local rules = require "almanac.recipe.rules"
local states = require "almanac.run.states"
local titles = require "almanac.run.titles"
local weigh = require "almanac.plan.weigh"

local m = {}

local BATCH = 100
local MOST_BYTES = 1 << 20

-- Records that no title answers to. One with a doubt is among them: a person decides whether it becomes a title.
local OPEN = ([[SELECT * FROM record WHERE id > ? AND title_id IS NULL AND deleted = 0 AND %s
  AND coalesce(reason_code, '') NOT IN ('record_fits_several')
  AND (reason_code IS NOT NULL OR EXISTS (SELECT 1 FROM record_key WHERE record_id = record.id))
  AND NOT EXISTS (SELECT 1 FROM record_key JOIN title_key USING(key) WHERE record_id = record.id)
  AND NOT (?2 AND EXISTS (SELECT 1 FROM record_key LEFT JOIN look_up USING(key) WHERE record_id = record.id AND mms_ids IS NULL))
  ORDER BY id LIMIT %d]]):format(record_keys.TAKES_PART, BATCH)
local PARTNERS = "SELECT o.record_id FROM record_key AS k JOIN record_key AS o ON o.key = k.key " ..
  "JOIN record ON record.id = o.record_id WHERE k.record_id = ? AND deleted = 0"
local KEYS = "SELECT key FROM record_key WHERE record_id = ? ORDER BY key"
local KEY = "INSERT OR IGNORE INTO title_key(key, title_id) VALUES(?, ?)"
local ITS_TITLE = "UPDATE record SET title_id = ? WHERE id = ?"
local EXPLAIN = "UPDATE record SET reason_code = ?, reason_data = ? WHERE id = ?"

-- The numbers of the records that share a key with each, itself among them.
local function partners_of(run, rows)
  local ids, sets = {}, {}
  for i, row in ipairs(rows) do ids[i], sets[i] = row.id, { [row.id] = true } end
  local asked, others = attempt.columns(run.db, PARTNERS, #ids, ids)
  for i, place in ipairs(asked) do sets[place][others[i]] = true end
  local lists = {}
  for i, set in ipairs(sets) do
    lists[i] = {}
    for id in pairs(set) do table.insert(lists[i], id) end
    table.sort(lists[i])
  end
  return lists
end

local function keys_of(run, list)
  local keys, seen = {}, {}
  for _, row in ipairs(list) do
    for found in run.db:rows(KEYS, row.id) do
      if not seen[found.key] then keys[#keys + 1] = found.key end
      seen[found.key] = true
    end
  end
  return keys
end

local function rows_of(run, ids)
  local list = {}
  for i, id in ipairs(ids) do list[i] = run.db:row("SELECT * FROM record WHERE id = ?", id) end
  return list
end

-- A title that is not there, for a record or, when the recipe takes several, for all that share a key.
local function entry_of(run, row, partners)
  local several = run.recipe.several_records
  if several and partners[1] ~= row.id then return nil end
  local entry = { id = titles.new_name(row.id), records = several and rows_of(run, partners) or { row } }
  if partners[2] and not several then
    entry.doubt = reasons.new("records_of_one_key", { records = record_titles.names(rows_of(run, partners)) })
  end
  entry.doubt = entry.doubt or record_titles.doubt(run, entry.records)
  entry.keys = keys_of(run, entry.records)
  return entry
end

local function next_entries(run, last)
  local rows, bytes, entries = {}, 0, {}
  for row in run.db:rows(OPEN, last, run.find and 1 or 0) do
    rows[#rows + 1] = row
    bytes = bytes + #(row.content or "")
    if bytes > MOST_BYTES then break end
  end
  for i, partners in ipairs(partners_of(run, rows)) do entries[#entries + 1] = entry_of(run, rows[i], partners) end
  return entries, rows[1] and rows[#rows].id
end

-- Adds the row of a new title.
local function add_title(run, entry, state, reason)
  local _, id = attempt.checked(titles.add_new(run.db, entry.records[1].id, records.title(entry.records[1])))
  attempt.call(states.set, run.db, id, state, reason)
  for _, row in ipairs(entry.records) do attempt.run(run.db, ITS_TITLE, id, row.id) end
  for _, key in ipairs(entry.keys) do attempt.run(run.db, KEY, key, id) end
  return id
end

-- Finds the files of new titles; those that are in doubt are written down at once.
local function with_files(run, entries)
  local open = {}
  match_files.find(run, entries)
  for _, entry in ipairs(entries) do
    local files, state, reason = match_files.of(run, entry)
    if files then
      entry.files = files
      open[#open + 1] = entry
    else
      add_title(run, entry, state, reason)
    end
  end
  return open
end

local function ask(run, entries)
  local list = {}
  for i, entry in ipairs(entries) do list[i] = { records = record_titles.entries(entry.records), files = entry.files } end
  attempt.checked(run.stream:ask_missing(list))
end

-- Why the recipe makes nothing of the records.
local function leave(run, entry, why)
  for _, row in ipairs(entry.records) do
    local code, data = reasons.columns(reasons.new("record_not_made", { record = records.name(row), why = why }))
    attempt.run(run.db, EXPLAIN, code, data, row.id)
  end
end

local function take(run, entries)
  local answers, ready = attempt.checked(run.stream:take_changes(#entries)), {}
  for i, entry in ipairs(entries) do
    local list, rows = match_files.objects(entry.files)
    local changes = weigh.taken(rules.take_changes(run.recipe, entry.id, answers[i], list, "missing"))
    if not changes[1] then
      leave(run, entry, changes.reason)
    else
      local state, reason = weigh.new_title(run.recipe, entry.id, changes)
      local id = add_title(run, entry, state, reason)
      if state == states.READY then ready[#ready + 1] = { id = id, changes = changes, rows = rows } end
    end
  end
  planned.write(run, ready)
end

---Asks the recipe what to make of records that no title answers to, and writes it down. Called inside an attempt
---and a transaction, after all titles were matched.
---@param run table db, recipe, args, stream, how, find
function m.plan(run)
  local last, before = 0, nil
  repeat
    if core.sys.interrupts() > 0 then attempt.fail("interrupted", "cancelled") end
    local entries, behind = next_entries(run, last)
    local open = with_files(run, entries)
    if open[1] then ask(run, open) end
    if before then take(run, before) end
    before, last = open[1] and open, behind or last
  until not behind
  if before then take(run, before) end
end

return m
