-- Puts titles and files together on their keys and writes down what is to be
-- done. Titles stream through in batches, and nothing grows with the number of
-- titles or files.
local arguments = require "almanac.recipe.inside.arguments"
local attempt = require "almanac.run.attempt"
local consequences = require "almanac.run.consequences"
local contested = require "almanac.plan.contested"
local core = require "almanac.core"
local details = require "almanac.run.details"
local judge = require "almanac.plan.judge"
local leftovers = require "almanac.plan.leftovers"
local masters = require "almanac.plan.masters"
local near = require "almanac.plan.near"
local notes = require "almanac.run.notes"
local objects = require "almanac.recipe.inside.objects"
local planned = require "almanac.plan.planned"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local remote = require "almanac.plan.remote"
local rulebook = require "almanac.recipe.inside.rulebook"
local rules = require "almanac.recipe.rules"
local states = require "almanac.run.states"
local stream = require "almanac.recipe.guard_stream"
local thumbnail_pairs = require "almanac.plan.thumbnail_pairs"
local twins = require "almanac.plan.twins"

local m = {}

local BATCH = 100         -- titles; few enough that several batches at work stay in the processor's cache
local MOST_BYTES = 1 << 20  -- of readings in one batch
local MOST_PAGES = 5000     -- files of one key that are looked at
local MOST_ALIKE = 20       -- the same without a rule `page`: there a second file is a doubt already

local TITLES = "SELECT id, mms_id, title, reading FROM title WHERE id > ? AND reading IS NOT NULL ORDER BY id LIMIT " .. BATCH
local KEY = "INSERT INTO title_key(key, title_id) VALUES(?, ?)"
local CANDIDATES = [[SELECT file.id, file.path, file.size, file.problem, file_key.page
  FROM file_key JOIN file ON file.id = file_key.file_id WHERE file_key.key = ? LIMIT ?]]
local PART = "SELECT part FROM part WHERE file_id = ?"

local function checked(ok, ...)
  local message, code = ...
  if not ok then attempt.fail(message, code or "parse") end
  return ...
end

---The files of a title as `changes` gets them, and the rows they stand for.
---@param files table[] rows { id, path, size, page, part, thumbnail }
---@return table[] list
---@return table<table, table> rows
function m.file_objects(files)
  local list, rows = {}, {}
  for i, row in ipairs(files) do
    local file = rulebook.show(objects.file(row.path, row.size), row)
    list[i], rows[file] = file, row
  end
  return list, rows
end

-- Says which state these changes give a title, and why.
local function weigh(recipe, mms_id, reading, changes, sure)
  if #changes == 0 then return states.SKIP, reasons.new("nothing_to_do", { why = changes.reason }) end
  local wrong = judge.impossible(reading, changes) or consequences.undeclared(recipe, reading, changes)
  if wrong then attempt.fail(("%s (rule changes, for '%s')"):format(wrong, mms_id), "parse") end
  local doubt = remote.twice(changes)
  for _, change in ipairs(changes) do doubt = doubt or not sure and judge.doubt(reading, change) end
  if doubt then return states.ASK, doubt end
  return states.READY
end

---Asks the recipe for the changes of a title and writes them.
---@param run table recipe, args, db, collection
---@param row table of `title`
---@param reading table
---@param files table[] rows of `file` in page order
---@return string state "ready" | "skip"; a person has decided, so likeness to what is there is no doubt
---@return almanac.run.reason? reason
function m.propose(run, row, reading, files)
  local list, rows = m.file_objects(thumbnail_pairs.add_to(run.db, files))
  local title = objects.title(row.mms_id, row.title, reading)
  local changes = remote.without_those_there(reading, checked(rules.changes(run.recipe, title, list, run.args)))
  local state, reason = weigh(run.recipe, row.mms_id, reading, changes, true)
  if state == states.READY then planned.write(run, { { id = row.id, changes = changes, rows = rows } }) end
  return state, reason
end

-- Puts the files of each title's keys into its groups.
local function find_files(run, titles)
  local keys, groups, most = {}, {}, run.recipe.page and MOST_PAGES or MOST_ALIKE
  for _, title in ipairs(titles) do
    for i, key in ipairs(title.keys) do
      keys[#keys + 1] = key
      title.groups[i] = { key = key, files = {} }
      groups[#keys] = title.groups[i]
    end
  end
  local asked, ids, paths, sizes, problems, pages = attempt.columns(run.db, CANDIDATES, #keys, keys, most)
  for i, place in ipairs(asked) do
    local files = groups[place].files
    files[#files + 1] = { id = ids[i], path = paths[i], size = sizes[i] or nil, problem = problems[i] or nil, page = pages[i] or nil,
      part = run.recipe.part and run.db:value(PART, ids[i]) }
  end
  for _, group in ipairs(groups) do
    if group.files[2] then table.sort(group.files, function(a, b) return a.path < b.path end) end
    group.more = #group.files == most
  end
end

-- Says why a title without files has none.
local function without_files(keys)
  if #keys == 0 then return reasons.new "no_key" end
  return reasons.new("no_file", { keys = reasons.some(keys) })
end

local function set_state(run, row, state, reason)
  if state ~= states.READY then attempt.call(states.set, run.db, row.id, state, reason) end
end

-- Gives the files of a title; or nil, its state and reason, when it has none to take.
local function files_for(run, title)
  if not run.recipe.file_key then return {} end
  local files, doubts, said = judge.choose(title.groups, run.how)
  local doubt = title.doubt and reasons.new("recipe_doubts", { why = title.doubt })
  if doubt then table.insert(doubts, 1, doubt) end
  if #files == 0 and (doubt or run.how.every_key and run.recipe.reads.rows and title.keys[1]) then
    return nil, states.ASK, doubt or reasons.new("list_file_missing", { keys = reasons.some(title.keys) })
  end
  if #files == 0 then return nil, states.SKIP, without_files(title.keys) end
  if doubts[1] then return nil, states.ASK, reasons.join(doubts) end
  for _, text in ipairs(said) do attempt.run(run.db, notes.ADD, "title", title.row.id, text) end
  return run.recipe.thumbnail_of and thumbnail_pairs.add_to(run.db, files) or files
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

-- Gives the titles of a batch that take part, with their keys. The keys of the others
-- are written down too.
local function wanted_titles(run, batch)
  local answers = attempt.checked(run.stream:take_titles(#batch))
  local keys, counts, wanted, why = answers.title_keys.values, answers.title_keys.counts, answers.wants.values, answers.wants.more
  local ids, list, n = {}, {}, 0
  for i, row in ipairs(batch) do
    for at = n + 1, n + counts[i] do ids[at] = row.id end
    if wanted[i] ~= false then
      list[#list + 1] = { row = row, place = i, doubt = why[i], keys = table.move(keys, n + 1, n + counts[i], 1, {}), groups = {} }
    else
      set_state(run, row, states.SKIP, reasons.new("not_wanted", { why = why[i] }))
    end
    n = n + counts[i]
  end
  attempt.run_many(run.db, KEY, n, keys, ids)
  return list
end

-- Finds the titles of a batch that have files, and asks the recipe for their changes.
local function ask_changes(run, batch)
  local open, titles = {}, wanted_titles(run, batch)
  if run.recipe.file_key then find_files(run, titles) end
  for _, title in ipairs(titles) do
    local files, state, reason = files_for(run, title)
    if files then
      open[#open + 1] = { row = title.row, place = title.place, files = files }
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

local function write_plans(run, open)
  local answers, ready = attempt.checked(run.stream:take_changes(#open)), {}
  for i, entry in ipairs(open) do
    local row = entry.row
    local list, rows = m.file_objects(entry.files)
    local reading = readings.decode(row.reading)
    local changes = remote.without_those_there(reading, checked(rules.take_changes(run.recipe, row.mms_id, answers[i], list)))
    local state, reason = weigh(run.recipe, row.mms_id, reading, changes)
    if state == states.READY and not run.how.every_key then state, reason = compare_with_master(reading, changes) end
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
---@param run { db: table, recipe: table, args: table, collection: string? }
function m.match(run)
  run.how = how_of(run)
  do
    local questions <close> = stream.new(run.recipe, run.args)
    run.stream = questions
    match_in_batches(run)
  end
  leftovers.doubt(run.db, run.how.same)
  remote.doubt(run.db)
  contested.doubt(run.db)
  twins.across(run.db, function(id, text) attempt.run(run.db, notes.ADD, "title", id, text) end)
  if run.recipe.near then near.propose(run.db, run.recipe.near) end
  contested.explain(run.db)
end

return m
