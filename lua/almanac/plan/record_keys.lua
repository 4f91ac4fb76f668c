-- Asks the recipe for the match keys of all records, and for the files that they name.
-- What the source itself makes doubtful is found first: a record that can't be read, one
-- without identifier, two with one identifier.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local named_files = require "almanac.plan.named_files"
local reasons = require "almanac.run.reasons"
local records = require "almanac.run.records"
local stream = require "almanac.recipe.guard_stream"

local m = {}

local BATCH = 200
local MOST_BYTES = 1 << 20      -- of contents in one message

local KEY = "INSERT INTO record_key(key, record_id) VALUES(?, ?)"
local EXPLAIN = "UPDATE record SET reason_code = ?, reason_data = ? WHERE id = ?"
local NAME = "UPDATE record SET identifier = ? WHERE id = ? AND identifier IS NULL"

local UNREADABLE = [[UPDATE record SET reason_code = 'record_unreadable',
  reason_data = json_object('record', coalesce(identifier, place, 'record ' || id), 'message', problem) WHERE problem IS NOT NULL]]
-- The same record may come again while a list is read, because it was changed meanwhile: then the newest counts.
local OTHER = "SELECT 1 FROM record AS other WHERE other.identifier = record.identifier AND other.problem IS NULL AND "
local REPEATED = [[UPDATE record SET reason_code = 'record_repeated', reason_data = json_object('record', identifier)
  WHERE reason_code IS NULL AND identifier IS NOT NULL AND (EXISTS (]] .. OTHER .. [[other.id < record.id AND other.mark IS record.mark
    AND other.deleted = record.deleted AND other.datestamp IS record.datestamp)
  OR EXISTS (]] .. OTHER .. [[other.datestamp > record.datestamp))]]
local TWICE = [[UPDATE record SET reason_code = 'identifier_twice', reason_data = json_object('record', identifier)
  WHERE reason_code IS NULL AND EXISTS (]] .. OTHER .. [[other.id <> record.id AND other.reason_code IS NOT 'record_repeated')]]
local NAMELESS = [[UPDATE record SET reason_code = 'no_identifier', reason_data = json_object('record', coalesce(place, 'record ' || id))
  WHERE reason_code IS NULL AND coalesce(identifier, '') = '' AND format IS NOT 'row']]

-- Those that the recipe is not asked about: what can't be read, what comes twice, and what an earlier run has finished.
local PASSED = "'record_unreadable', 'record_repeated', 'record_unchanged', 'record_not_come', 'record_begun'"

---SQL: whether a record takes part.
m.TAKES_PART = ("coalesce(reason_code, '') NOT IN (%s, 'record_left_out')"):format(PASSED)

local function look_at_source(run)
  attempt.run(run.db, UNREADABLE)
  attempt.run(run.db, REPEATED)
  if not run.recipe.several_records then attempt.run(run.db, TWICE) end
  attempt.run(run.db, NAMELESS)
end

-- The next records that fit into one message.
local function next_batch(iterate)
  local batch, bytes = {}, 0
  while #batch < BATCH and bytes < MOST_BYTES do
    local row = iterate()
    if not row then break end
    batch[#batch + 1] = row
    bytes = bytes + #(row.content or "")
  end
  return batch
end

local function ask(run, batch)
  local list = {}
  for i, row in ipairs(batch) do list[i] = records.entry(row) end
  attempt.checked(run.stream:ask_records(list))
end

-- The values of a rule, record by record; none of a rule that the recipe lacks.
local function split(column, n)
  local lists, at = {}, 0
  for i = 1, n do
    local count = column.counts and column.counts[i] or 0
    lists[i] = table.move(column.values, at + 1, at + count, 1, {})
    at = at + count
  end
  return lists
end

-- The reason of a record that the recipe gives no key. One without identifier stays a doubt: the recipe may have had
-- nothing to make a key of.
local function left_out(row)
  if row.title_id or row.reason_code then return nil end
  return reasons.new(row.deleted == 1 and "record_deleted_unknown" or "record_left_out", { record = records.name(row) })
end

local function explain(run, row, reason)
  local code, data = reasons.columns(reason)
  attempt.run(run.db, EXPLAIN, code, data, row.id)
end

local function take(run, batch)
  local answers = attempt.checked(run.stream:take_records(#batch))
  local keys, names = split(answers.record_key, #batch), split(answers.record_files, #batch)
  local flat, ids, named = {}, {}, {}
  for i, row in ipairs(batch) do
    for _, key in ipairs(keys[i]) do flat[#flat + 1], ids[#ids + 1] = key, row.id end
    if not keys[i][1] then
      local reason = left_out(row)
      if reason then explain(run, row, reason) end
    end
    if row.format == "row" and keys[i][1] then attempt.run(run.db, NAME, keys[i][1], row.id) end
    if names[i][1] and (keys[i][1] or row.title_id) then named[#named + 1] = { row = row, names = names[i] } end
  end
  attempt.run_many(run.db, KEY, #flat, flat, ids)
  if run.names then run.names:take(named) end
end

-- The recipe works on a batch while the one before is written down.
local function ask_all(run)
  local iterate = records.each(run.db, ("coalesce(reason_code, '') NOT IN (%s)"):format(PASSED))
  local batch = next_batch(iterate)
  if batch[1] then ask(run, batch) end
  while batch[1] do
    if core.sys.interrupts() > 0 then attempt.fail("interrupted", "cancelled") end
    local following = next_batch(iterate)
    if following[1] then ask(run, following) end
    take(run, batch)
    batch = following
  end
end

---Asks for the keys of all records. Called inside an attempt and a transaction, once the
---files are known.
---@param run { db: table, recipe: table, args: table, folder: string? }
function m.ask(run)
  if not run.recipe.record_key or not records.any(run.db) then return end
  look_at_source(run)
  local work = { db = run.db, recipe = run.recipe, names = run.recipe.record_files and run.folder and named_files.new(run.db, run.folder) }
  do
    local questions <close> = stream.new(run.recipe, run.args)
    work.stream = questions
    ask_all(work)
  end
  if work.names then work.names:finish() end
end

return m
