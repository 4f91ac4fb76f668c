-- Puts titles and files together on their keys and writes down what is to be
-- done. Titles stream through: each reading is decoded once, and nothing grows
-- with the number of titles or files.
local attempt = require "almanac.run.attempt"
local changes_of = require "almanac.recipe.changes"
local core = require "almanac.core"
local details = require "almanac.run.details"
local json = require "almanac.json"
local judge = require "almanac.run.judge"
local near = require "almanac.run.near"
local objects = require "almanac.recipe.objects"
local pages = require "almanac.run.pages"
local readings = require "almanac.run.reading"
local rules = require "almanac.recipe.rules"
local store = require "almanac.run.store"
local stream = require "almanac.recipe.guard_stream"
local thumbnail_pairs = require "almanac.run.thumbnail_pairs"

local m = {}

local nfc = core.text.nfc

local BATCH = 50          -- titles; what is under way of several batches stays in the processor's cache
local MOST_BYTES = 1 << 20  -- of readings in one batch
local MOST_PAGES = 5000     -- files of one key that are looked at
local MOST_ALIKE = 20       -- where a second one is a doubt already

local TITLES = "SELECT id, mms_id, title, reading FROM title WHERE id > ? AND reading IS NOT NULL ORDER BY id LIMIT " .. BATCH
local CANDIDATES = [[SELECT file.id, file.path, file.size, file.problem, file_key.page
  FROM file_key JOIN file ON file.id = file_key.file_id WHERE file_key.key = ? LIMIT ?]]

local function checked(ok, ...)
  local message, code = ...
  if not ok then attempt.fail(message, code or "parse") end
  return ...
end

local function found(result, message, code)
  if not result then attempt.fail(message, code) end
  return result
end

-- What S3 gets as the last part of the key: the name in NFC; a second file of
-- the same name has its page number in front. A thumbnail's has a suffix.
local function upload_name(name, page, taken, suffix)
  local result = nfc(name)
  while taken[result] or suffix and taken[result .. suffix] do result = page .. "-" .. result end
  taken[result] = true
  if suffix then taken[result .. suffix] = true end
  return result
end

local function is_same(a, b)
  for name, value in pairs(a) do
    if b[name] ~= value then return false end
  end
  for name in pairs(b) do
    if a[name] == nil then return false end
  end
  return true
end

-- The row that says what is to be made. The changes of a title find those of
-- the title before it, at the same place.
local function spec_of(run, seq, change)
  run.specs = run.specs or {}
  local spec = changes_of.spec(change)
  if change.kind == "add.representation" then spec.collection = run.collection end
  local last = run.specs[seq]
  if not last or last.kind ~= change.kind or not is_same(last.spec, spec) then
    local _, id = attempt.run(run.db, "INSERT INTO spec(kind, spec) VALUES(?, ?)", change.kind, json.encode(spec))
    last = { kind = change.kind, spec = spec, id = id }
    run.specs[seq] = last
  end
  return last.id
end

---Writes a change with its pages.
---@param run { db: table, collection: string? }
---@param title { id: integer }
---@param seq integer
---@param change table from a recipe
---@param rows table<table, { id: integer }> file object -> row of `file`
function m.write_change(run, title, seq, change, rows)
  attempt.run(run.db, "INSERT INTO change(title_id, seq, spec_id, representation_id, pid) VALUES(?, ?, ?, ?, ?)", title.id,
    seq, spec_of(run, seq, change), change.representation, change.pid)
  local taken = {}
  for page, file in ipairs(change.files or {}) do
    local name = objects.last_part(file.path)
    local given = upload_name(name, page, taken, (rows[file].thumbnail or {}).suffix)
    attempt.run(run.db, "INSERT INTO page(title_id, change, seq, file_id, name) VALUES(?, ?, ?, ?, ?)",
      title.id, seq, page, rows[file].id, given ~= name and given or nil)
  end
end

---Takes back what is planned for a title.
function m.erase(db, title_id)
  attempt.run(db, "DELETE FROM page WHERE title_id = ?", title_id)
  attempt.run(db, "DELETE FROM change WHERE title_id = ?", title_id)
end

---The files of a title as `changes` gets them, and the rows they stand for.
---@param files table[] rows { id, path, size, page, thumbnail }
---@return table[] list
---@return table<table, table> rows
function m.file_objects(files)
  local list, rows = {}, {}
  for i, row in ipairs(files) do
    local file = objects.file(row.path, row.size)
    local thumbnail = row.thumbnail
    file.page, file.thumbnail = row.page, thumbnail and objects.file(thumbnail.path, thumbnail.size) or nil
    list[i], rows[file] = file, row
  end
  return list, rows
end

-- What is planned for a title, unless it may be there already.
local function write_plan(run, row, title, files, changes, sure)
  if #changes == 0 then return "skip", "nothing to do: " .. (changes.reason or "the recipe proposes no change") end
  local wrong = judge.impossible(title, changes)
  if wrong then attempt.fail(("%s (rule changes, for '%s')"):format(wrong, row.mms_id), "parse") end
  local doubt
  for _, change in ipairs(changes) do doubt = doubt or not sure and judge.doubt(title, change) end
  if doubt then return "ask", doubt end
  for seq, change in ipairs(changes) do m.write_change(run, row, seq, change, files) end
  return "ready"
end

---Asks the recipe for the changes of a title and writes them.
---@param run table recipe, args, db, collection
---@param row table of `title`
---@param title table from objects.title
---@param files table[] rows of `file` in page order
---@param sure boolean? a person decided: likeness to what is there is no doubt
---@return string state "ready" | "ask" | "skip"
---@return string? reason
function m.propose(run, row, title, files, sure)
  local list, rows = m.file_objects(thumbnail_pairs.add_to(run.db, files))
  local changes = checked(rules.changes(run.recipe, title, list, run.args))
  return write_plan(run, row, title, rows, changes, sure)
end

local function candidates(run, keys)
  local groups, most = {}, run.recipe.page and MOST_PAGES or MOST_ALIKE
  for i, key in ipairs(keys) do
    local files = {}
    for file in run.db:rows(CANDIDATES, key, most) do files[#files + 1] = file end
    if files[2] then table.sort(files, function(a, b) return a.path < b.path end) end
    groups[i] = { key = key, files = files, more = #files == most }
  end
  return groups
end

-- Why a title without files has none.
local function without_files(keys)
  if #keys == 0 then return "no key: the recipe gives this title none" end
  return ("no file: nothing in the folder has the key '%s'"):format(judge.names(keys))
end

local function set_state(run, row, state, reason)
  if state == "ready" then return end
  attempt.run(run.db, "UPDATE title SET state = ?, reason = ? WHERE id = ?", state, reason, row.id)
end

-- The files of a title whose keys are known; else what becomes of it.
local function files_for(run, row, keys, wanted, why)
  for _, key in ipairs(keys) do
    attempt.run(run.db, "INSERT INTO title_key(key, title_id) VALUES(?, ?)", key, row.id)
  end
  if not wanted then return nil, "skip", "not wanted by the recipe" .. (why and ": " .. why or "") end
  if not run.recipe.file_key then return {} end
  local files, doubts = judge.choose(candidates(run, keys), run.recipe.every_key)
  if #files == 0 then return nil, "skip", without_files(keys) end
  if doubts[1] then return nil, "ask", table.concat(doubts, "; ") end
  return run.recipe.thumbnail_of and thumbnail_pairs.add_to(run.db, files) or files
end

-- Reads the titles behind an id and asks for their keys.
local function ask_titles(run, last)
  local batch, bytes = { last = last }, 0
  for row in run.db:rows(TITLES, last) do
    batch[#batch + 1] = row
    bytes = bytes + #row.reading
    row.reading = readings.decode(row.reading)
    if next(run.recipe.reads) then bytes = bytes + details.add(run.db, row.id, row.reading) end
    if bytes > MOST_BYTES then break end
  end
  if not batch[1] then return batch end
  batch.last = batch[#batch].id
  batch.number = found(run.stream:ask_titles(batch))
  return batch
end

-- Which of a batch have files; asks for their changes.
local function ask_changes(run, batch)
  local open = {}
  for i, answer in ipairs(found(run.stream:take_titles(#batch))) do
    local row = batch[i]
    local files, state, reason = files_for(run, row, answer[1], answer[2], answer[3])
    if files then open[#open + 1] = { row = row, place = i, files = files } else set_state(run, row, state, reason) end
  end
  found(run.stream:ask_changes(batch.number, open))
  return open
end

local function write_plans(run, open)
  local answers = found(run.stream:take_changes(#open))
  for i, entry in ipairs(open) do
    local row = entry.row
    local list, rows = m.file_objects(entry.files)
    local changes = checked(rules.take_changes(run.recipe, row.mms_id, answers[i], list))
    local title = objects.title(row.mms_id, row.title, row.reading)
    set_state(run, row, write_plan(run, row, title, rows, changes))
  end
end

local ALL_READY = "UPDATE title SET state = 'ready', reason = NULL WHERE reading IS NOT NULL"

-- All begin as ready, within this transaction; the others are written singly.
-- The recipe is always asked about a batch or two while another is written.
local function settle_all(run)
  attempt.run(run.db, ALL_READY)
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

-- A file that several titles answer to belongs to none of them for certain.
local function doubt_shared(db)
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

local LOST = [[UPDATE file SET reason = (SELECT 'no title answers to its key ''' || key || '''' FROM file_key WHERE file_id = file.id)
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
function m.explain_files(db)
  attempt.run(db, LOST)
  attempt.run(db, WAITING)
  attempt.run(db, ALONE)
  attempt.run(db, USED)
end

---Matches all titles that were read with all files. Called inside an attempt
---and a transaction: a rule that fails ends it.
---@param run { db: table, recipe: table, args: table, collection: string? }
function m.match(run)
  do
    local questions <close> = stream.new(run.recipe, run.args)
    run.stream = questions
    settle_all(run)
  end
  doubt_shared(run.db)
  if run.recipe.near then near.propose(run.db, run.recipe.near) end
  m.explain_files(run.db)
end

return m
