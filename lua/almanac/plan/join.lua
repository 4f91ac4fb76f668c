-- Puts titles and files together on their keys and writes down what is to be
-- done. Titles stream through in batches, and nothing grows with the number of
-- titles or files.
local arguments = require "almanac.recipe.inside.arguments"
local attempt = require "almanac.run.attempt"
local contested = require "almanac.plan.contested"
local core = require "almanac.core"
local details = require "almanac.run.details"
local leftovers = require "almanac.plan.leftovers"
local masters = require "almanac.plan.masters"
local match_files = require "almanac.plan.match_files"
local missing = require "almanac.plan.missing"
local near = require "almanac.plan.near"
local notes = require "almanac.run.notes"
local objects = require "almanac.recipe.inside.objects"
local planned = require "almanac.plan.planned"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local record_titles = require "almanac.plan.record_titles"
local remote = require "almanac.plan.remote"
local rules = require "almanac.recipe.rules"
local states = require "almanac.run.states"
local stream = require "almanac.recipe.guard_stream"
local thumbnail_pairs = require "almanac.plan.thumbnail_pairs"
local titles_of = require "almanac.run.titles"
local twins = require "almanac.plan.twins"
local weigh = require "almanac.plan.weigh"

local m = {}

local BATCH = 100         -- titles; few enough that several batches at work stay in the processor's cache
local MOST_BYTES = 1 << 20  -- of readings in one batch
local TITLES = "SELECT id, mms_id, title, reading FROM title WHERE id > ? AND reading IS NOT NULL ORDER BY id LIMIT " .. BATCH
local KEY = "INSERT OR IGNORE INTO title_key(key, title_id) VALUES(?, ?)"
local FOUND = "SELECT key FROM title_key WHERE title_id = ?"
-- Asked once a record: a subquery with IN would go through all keys of files each time.
local OF_FILES = [[SELECT key FROM record_key WHERE record_id = ?
  AND EXISTS (SELECT 1 FROM file_key WHERE file_key.key = record_key.key) ORDER BY key]]

-- What the recipe proposes for a title, or for the records of one that is not there.
local function proposed(run, row, reading, list, entries)
  if titles_of.is_new(row) then return weigh.taken(rules.missing(run.recipe, row.mms_id, entries, list, run.args)) end
  return weigh.taken(rules.changes(run.recipe, objects.title(row.mms_id, row.title, reading), list, run.args, entries))
end

---Asks the recipe for the changes of a title and writes them.
---@param run table recipe, args, db, collection
---@param row table of `title`
---@param reading table
---@param files table[] rows of `file` in page order
---@param list almanac.run.record_row[]? the records that go with it
---@return string state "ready" | "skip"; a person has decided, so likeness to what is there is no doubt
---@return almanac.run.reason? reason
function m.propose(run, row, reading, files, list)
  local files_seen, rows = match_files.objects(thumbnail_pairs.add_to(run.db, files))
  local changes = remote.without_those_there(reading, proposed(run, row, reading, files_seen, record_titles.entries(list or {})))
  local state, reason
  if titles_of.is_new(row) and changes[1] then
    state, reason = weigh.new_title(run.recipe, row.mms_id, changes)
  else
    state, reason = weigh.changes(run.recipe, row.mms_id, reading, changes, true)
  end
  if state == states.READY then planned.write(run, { { id = row.id, changes = changes, rows = rows } }) end
  return state, reason
end

local function set_state(run, row, state, reason)
  if state ~= states.READY then attempt.call(states.set, run.db, row.id, state, reason) end
end

-- Reads the next titles behind an id and asks the recipe for their keys.
local function ask_titles(run, last)
  local batch, bytes = { last = last }, 0
  for row in run.db:rows(TITLES, last) do
    batch[#batch + 1] = row
    bytes = bytes + #row.reading
    if next(run.recipe.reads) then
      row.details = {}
      bytes = bytes + details.add(run.db, row.id, row.details)
    end
    if bytes > MOST_BYTES then break end
  end
  if not batch[1] then return batch end
  batch.last = batch[#batch].id
  batch.number = attempt.checked(run.stream:ask_titles(batch))
  return batch
end

-- The keys by which a title was looked up, when the recipe does not say them itself.
local function add_found(run, title)
  local seen = {}
  for _, key in ipairs(title.keys) do seen[key] = true end
  for found in run.db:rows(FOUND, title.row.id) do
    if not seen[found.key] then title.keys[#title.keys + 1] = found.key end
  end
end

-- Gives the titles of a batch that take part, with their keys. The keys of the others
-- are written down too.
local function wanted_titles(run, batch)
  local answers = attempt.checked(run.stream:take_titles(#batch))
  local keys, counts, wanted, why = answers.title_keys.values, answers.title_keys.counts or {}, answers.wants.values, answers.wants.more
  local ids, list, n = {}, {}, 0
  for i, row in ipairs(batch) do
    local count = counts[i] or 0
    for at = n + 1, n + count do ids[at] = row.id end
    if wanted[i] ~= false then
      list[#list + 1] = { row = row, place = i, keys = table.move(keys, n + 1, n + count, 1, {}),
        doubt = why[i] and reasons.new("recipe_doubts", { why = why[i] }) }
      if run.find then add_found(run, list[#list]) end
    else
      set_state(run, row, states.SKIP, reasons.new("not_wanted", { why = why[i] }))
    end
    n = n + count
  end
  attempt.run_many(run.db, KEY, n, keys, ids)
  return list
end

-- A title's files may have another key of its record, such as the id of a request: then they are the title's.
local function add_keys_of_records(run, title)
  local seen, keys, ids = {}, {}, {}
  for _, key in ipairs(title.keys) do seen[key] = true end
  for _, row in ipairs(title.records) do
    for found in run.db:rows(OF_FILES, row.id) do
      if not seen[found.key] then
        seen[found.key] = true
        title.keys[#title.keys + 1], keys[#keys + 1], ids[#ids + 1] = found.key, found.key, title.row.id
      end
    end
  end
  attempt.run_many(run.db, KEY, #keys, keys, ids)
end

-- Leaves titles without a record aside, and says what is doubtful about those of the others.
local function with_records(run, titles)
  local list = {}
  record_titles.find(run, titles)
  for _, title in ipairs(titles) do
    if title.records[1] then
      title.doubt = title.doubt or record_titles.doubt(run, title.records)
      add_keys_of_records(run, title)
      list[#list + 1] = title
    else
      set_state(run, title.row, states.SKIP, reasons.new(title.keys[1] and "no_record" or "no_key",
        title.keys[1] and { keys = reasons.some(title.keys) }))
    end
  end
  return list
end

-- Finds the titles of a batch that have files, or records, and asks the recipe for their changes.
local function ask_changes(run, batch)
  local open, titles = {}, wanted_titles(run, batch)
  if run.recipe.record_key then titles = with_records(run, titles) end
  match_files.find(run, titles)
  for _, title in ipairs(titles) do
    local files, state, reason = match_files.of(run, title)
    if files then
      open[#open + 1] = { row = title.row, place = title.place, files = files,
        records = title.records and record_titles.entries(title.records), deleted = title.records and record_titles.deleted(title.records) }
    else
      set_state(run, title.row, state, reason)
    end
  end
  attempt.checked(run.stream:ask_changes(batch.number, open))
  return open
end

local function compare_with_master(reading, changes)
  local doubt = masters.unlike(reading, changes)
  return doubt and states.ASK or states.READY, doubt
end

-- The state that its changes give a title.
local function judged(run, entry, reading, changes)
  local state, reason = weigh.changes(run.recipe, entry.row.mms_id, reading, changes)
  local doubt = state ~= states.ASK and weigh.deleted(entry.deleted, changes)
  if doubt then return states.ASK, doubt end
  if state == states.READY and not run.how.every_key then return compare_with_master(reading, changes) end
  return state, reason
end

local function write_plans(run, open)
  local answers, ready = attempt.checked(run.stream:take_changes(#open)), {}
  for i, entry in ipairs(open) do
    local row = entry.row
    local list, rows = match_files.objects(entry.files)
    local reading = readings.decode(row.reading)
    local changes = remote.without_those_there(reading, weigh.taken(rules.take_changes(run.recipe, row.mms_id, answers[i], list)))
    reading.record = row.details and row.details.record
    local state, reason = judged(run, entry, reading, changes)
    local said = state == states.READY and masters.several(reading)
    if said then attempt.run(run.db, notes.ADD, "title", row.id, said) end
    set_state(run, row, state, reason)
    if state == states.READY then ready[#ready + 1] = { id = row.id, changes = changes, rows = rows } end
  end
  planned.write(run, ready)
end

-- All titles begin as ready, so that only the others need a write of their own.
-- The recipe works on a batch or two while another one is written.
local function match_in_batches(run)
  attempt.call(states.make_ready, run.db)
  local batch = ask_titles(run, 0)
  local following = ask_titles(run, batch.last)
  local open
  while batch[1] do
    if core.sys.interrupts() > 0 then attempt.fail("interrupted", "cancelled") end
    local asked = ask_changes(run, batch)
    local after = ask_titles(run, following.last)
    if open then write_plans(run, open) end
    batch, following, open = following, after, asked
  end
  if open then write_plans(run, open) end
end

-- Gathers what the judge has to know of a run.
local function how_of(run)
  local recipe = run.recipe
  return { every_key = recipe.every_key, part = recipe.part ~= nil, items = recipe.reads.items,
    sidecars = arguments.first(recipe.args, "sidecar") ~= nil, same = twins.kept(run.db) }
end

---Matches all titles that were read with all files. Called inside an attempt
---and a transaction: a rule that fails ends it.
---@param run { db: table, recipe: table, args: table, collection: string?, folder: string?, find: table? } find: titles were looked up, so
---  what no title answers to is known to be missing
function m.match(run)
  run.how = how_of(run)
  run.names_files = run.recipe.record_files ~= nil and run.folder ~= nil
  do
    local questions <close> = stream.new(run.recipe, run.args)
    run.stream = questions
    match_in_batches(run)
    if run.recipe.record_key then record_titles.settle(run) end
    if run.recipe.missing and run.find then missing.plan(run) end
  end
  if run.recipe.record_key then record_titles.explain(run.db) end
  leftovers.doubt(run.db, run.how.same)
  remote.doubt(run.db)
  contested.doubt(run.db)
  twins.across(run.db, function(id, text) attempt.run(run.db, notes.ADD, "title", id, text) end)
  if run.recipe.near then near.propose(run.db, run.recipe.near) end
  contested.explain(run.db)
end

return m
