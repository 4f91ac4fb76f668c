-- Titles to decide go out as a CSV, one row for each candidate file, and come
-- back with decisions. All lines are checked before one of them counts.
local attempt = require "almanac.run.attempt"
local candidates = require "almanac.plan.candidates"
local chosen_records = require "almanac.plan.chosen_records"
local contested = require "almanac.plan.contested"
local core = require "almanac.core"
local identity = require "almanac.run.identity"
local ids = require "almanac.run.ids"
local details = require "almanac.run.details"
local join = require "almanac.plan.join"
local json = require "almanac.json"
local planned = require "almanac.plan.planned"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local recipe_module = require "almanac.recipe"
local records = require "almanac.run.records"
local run_titles = require "almanac.run.titles"
local sheet = require "almanac.sheet"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local thumbnail_pairs = require "almanac.plan.thumbnail_pairs"
local undo_doubt = require "almanac.run.undo_doubt"

local m = {}

local HEADINGS = { "mms_id", "decision", "file", "title", "reason" }
local COLUMNS = { mms_id = { "mmsid" }, decision = { "decision" }, file = { "file", "path" }, record = { "record" } }
-- A person may decide about titles in these states, and about every title that failed.
local OPEN = { [states.ASK] = true, [states.SKIP] = true, [states.READY] = true, [states.GONE] = true }
local UNSETTLED = ("SELECT id, mms_id, title, state, reason_code, reason_data FROM title WHERE %s OR %s OR %s ORDER BY id"):format(
  states.is(states.ASK, states.FAILED), states.UNLIKE, undo_doubt.WAITS)
local TAKEN_BACK = "SELECT 1 FROM title WHERE id = ? AND " .. undo_doubt.WAITS
-- Counts the steps that leave something in Alma. A file in the upload folder does not
-- count, because it is sent again.
local BEGUN = "SELECT count(*) FROM step WHERE title_id = ? AND kind NOT IN ('upload', 'thumbnail') " ..
  "AND kind NOT LIKE 'doubt %'"

local SEEN = "UPDATE file SET size = ?, mtime_ns = ?, mark = ?, sha256 = NULL WHERE id = ?"
local NAMED = "SELECT id, path, size, problem FROM file WHERE substr(path, -1 - length(?1)) = '/' || ?1 LIMIT 2"

---Writes the titles to decide, and those that failed, as CSV to fill in.
---@param db table
---@param write fun(text: string)
---@return integer titles
function m.template(db, write)
  local titles, any = {}, records.any(db)
  local function line(...)
    local cells = { ... }
    if not any then cells[#HEADINGS + 1] = nil end
    write(core.csv.line(cells))
  end
  line(table.unpack { HEADINGS[1], HEADINGS[2], HEADINGS[3], HEADINGS[4], HEADINGS[5], "record" })
  for row in db:rows(UNSETTLED) do titles[#titles + 1] = row end
  for _, title in ipairs(titles) do
    local list = title.state == states.ASK and chosen_records.of(db, title) or {}
    local paths = title.state == states.ASK and candidates.paths(db, title.id, list) or {}
    for i = 1, math.max(1, #paths, #list) do
      -- an apostrophe keeps a spreadsheet from rounding an id
      line("'" .. title.mms_id, "", paths[i] or "", title.title or "", reasons.sentence(title) or "",
        list[i] and records.name(list[i]) or "")
    end
  end
  return #titles
end

local function complain(work, line, words)
  work.wrong[#work.wrong + 1] = { line = line, words = words }
end

local function find_file(db, cell)
  for _, name in ipairs { cell, sheet.clean(cell) } do
    local file = db:row("SELECT id, path, size, problem FROM file WHERE path = ?", name)
    if file then return file end
    local list = {}
    for row in db:rows(NAMED, name) do list[#list + 1] = row end
    if #list == 2 then return nil, ("there are several files '%s'; give the path"):format(name) end
    if list[1] then return list[1] end
  end
  return nil, ("the run has no file '%s'"):format(sheet.clean(cell))
end

local function take_file(work, entry, cell, line)
  if cell:find "^%s*$" then return end
  local file, words = find_file(work.db, cell)
  if not file then return complain(work, line, words) end
  if thumbnail_pairs.is_thumbnail(work.db, file.id) then
    return complain(work, line, ("%s is a thumbnail: name the file that it belongs to, it goes with it"):format(file.path))
  end
  if file.problem then return complain(work, line, ("%s %s"):format(file.path, file.problem)) end
  if entry.chosen[file.id] then return complain(work, line, ("%s is there twice for %s"):format(file.path, entry.mms_id)) end
  entry.chosen[file.id] = true
  entry.files[#entry.files + 1] = file
end

local function take_record(work, entry, cell, line)
  cell = sheet.clean(cell)
  if cell == "" then return end
  local row = chosen_records.find(entry.fitting, cell)
  if not row then return complain(work, line, ("title %s has no record '%s' to choose"):format(entry.mms_id, cell)) end
  if entry.chosen[row] then return end
  entry.chosen[row] = true
  entry.records[#entry.records + 1] = row
end

local function entry_of(work, mms_id, line)
  if work.entries[mms_id] then return work.entries[mms_id] end
  local words = not run_titles.is_new_name(mms_id) and ids.problem(mms_id)
  local row = not words and work.db:row("SELECT * FROM title WHERE mms_id = ?", mms_id)
  if not row then
    return complain(work, line, words or ("title %s is not in this run%s"):format(mms_id,
      ids.may_be_rounded(mms_id) and " (was the id rounded by a spreadsheet?)" or ""))
  end
  local failed, taken_back = states.group(row.state, row.reason_code) == "failed", work.db:value(TAKEN_BACK, row.id) ~= nil
  local is_open = OPEN[row.state] or failed or taken_back
  if not is_open then return complain(work, line, ("title %s is %s already"):format(mms_id, row.state)) end
  local is_settled = failed or row.state == states.GONE or run_titles.is_new(row)
  local entry = { mms_id = mms_id, row = row, files = {}, chosen = {}, line = line, begun = work.db:value(BEGUN, row.id) > 0,
    planned = is_settled and work.db:value("SELECT 1 FROM change WHERE title_id = ?", row.id) ~= nil,
    failed = failed or row.state == states.GONE, taken_back = taken_back, records = {}, fitting = chosen_records.of(work.db, row) }
  work.entries[mms_id] = entry
  work.order[#work.order + 1] = entry
  return entry
end

local function take_row(work, row, columns)
  local mms_id = sheet.clean(row[columns.mms_id])
  local decision = sheet.clean(row[columns.decision]):lower()
  if decision == "" then return end
  if decision ~= "use" and decision ~= "skip" then
    return complain(work, row.line, ("'%s' is no decision: write use or skip, or leave it empty"):format(decision))
  end
  local entry = entry_of(work, mms_id, row.line)
  if not entry then return end
  if entry.decision and entry.decision ~= decision then
    return complain(work, row.line, ("title %s is to be used and skipped at once"):format(mms_id))
  end
  if entry.begun and not entry.failed and decision == "skip" then
    return complain(work, row.line, ("title %s was begun in Alma: use goes on with it%s"):format(mms_id,
      entry.taken_back and ", and takes it back" or ", `almanac undo` takes it back"))
  end
  entry.decision = decision
  if decision ~= "use" or entry.begun then return end
  take_file(work, entry, row[columns.file] or "", row.line)
  take_record(work, entry, row[columns.record] or "", row.line)
end

-- A title that failed, or that Alma does not have yet, goes on as it was planned, unless other files are named.
local function goes_on(entry)
  return entry.begun or entry.planned and not entry.files[1]
end

-- "use" without a record takes the one that there is, or all when the recipe takes several.
local function complete_records(work, entry)
  local several = work.run.recipe.several_records
  if not entry.records[1] then
    if entry.fitting[2] and not several then
      return complain(work, entry.line, ("title %s has several records: name the one to use in the column record: %s"):format(entry.mms_id,
        chosen_records.told(entry.fitting)))
    end
    entry.records = entry.fitting
  elseif entry.records[2] and not several then
    return complain(work, entry.line, ("title %s can have one record: name one in the column record"):format(entry.mms_id))
  end
end

-- "use" without a file takes the candidates, if they are one for each key. A recipe without files needs none.
local function complete_entry(work, entry)
  if entry.decision ~= "use" or goes_on(entry) then return end
  if not entry.row.reading then
    return complain(work, entry.line, ("title %s has not been read; plan again with --from and --missing"):format(entry.mms_id))
  end
  complete_records(work, entry)
  if #entry.files > 0 then return end
  local paths, named = candidates.paths(work.db, entry.row.id, entry.records)
  for _, path in ipairs(paths) do take_file(work, entry, path, entry.line) end
  if named or #entry.files == 0 and (entry.records[1] or not work.run.recipe.file_key) then return end
  if #entry.files == 0 then
    return complain(work, entry.line, ("title %s has no candidate; name a file"):format(entry.mms_id))
  end
  local keys = work.db:value("SELECT count(*) FROM title_key WHERE title_id = ?", entry.row.id)
  if #entry.files > keys then
    complain(work, entry.line, ("title %s has %d candidates for %d match key%s; name those to use"):format(entry.mms_id,
      #entry.files, keys, keys == 1 and "" or "s"))
  end
end

-- No record may end up with two titles.
local function check_records(work)
  local owner = {}
  for _, entry in ipairs(work.order) do
    for _, row in ipairs(entry.decision == "use" and entry.records or {}) do
      local other = owner[row.id] or chosen_records.planned_elsewhere(work.db, row.id, entry.row.id)
      if other then
        complain(work, entry.line, ("%s goes with title %s already"):format(records.name(row), other))
      end
      owner[row.id] = entry.mms_id
    end
  end
end

-- No file may end up in two titles.
local function check_sharing(work)
  local owner = {}
  for _, entry in ipairs(work.order) do
    for _, file in ipairs(entry.files) do
      local other = owner[file.id]
      if not other then
        local row = work.db:row("SELECT mms_id FROM page JOIN title ON title.id = page.title_id WHERE page.file_id = ?", file.id)
        other = row and not (work.entries[row.mms_id] or {}).decision and row.mms_id
      end
      if other then complain(work, entry.line, ("%s is planned for title %s already"):format(file.path, other)) end
      owner[file.id] = entry.mms_id
    end
  end
end

local function open_decisions(path, name)
  local list, message, code = sheet.open(path, { wanted = COLUMNS, sheet = name })
  if not list then attempt.fail(message, code) end
  for _, column in ipairs { "mms_id", "decision" } do
    if not list.columns[column] then
      attempt.fail(("%s: has no column '%s': %s; the columns are mms_id, decision and file"):format(path, column,
        list:others(column)), "parse")
    end
  end
  return list
end

local function read_decisions(run, path, name)
  local db = run.db
  local list = open_decisions(path, name)
  local rows, message, code = sheet.all(list)
  if not rows then attempt.fail(message, code) end
  local columns = list.columns
  columns.file, columns.record = columns.file or math.huge, columns.record or math.huge
  local work = { db = db, run = run, wrong = {}, entries = {}, order = {} }
  for _, row in ipairs(rows) do take_row(work, row, columns) end
  for _, entry in ipairs(work.order) do complete_entry(work, entry) end
  check_sharing(work)
  check_records(work)
  if work.wrong[1] then
    table.sort(work.wrong, function(a, b) return a.line < b.line end)
    attempt.fail(ids.tell(work.wrong, path, list.unit) .. "\nnothing was decided", "parse")
  end
  return work
end

local function run_of(db)
  local meta = store.meta(db)
  local recipe, message, code = recipe_module.restore(json.decode(meta.recipe_sources or "[]"))
  if not recipe then attempt.fail(message, code) end
  return { db = db, recipe = recipe, args = json.decode(meta.args),
    collection = meta.collection, folder = meta.folder }
end

local function look_at_file(run, entry, file)
  local now, message, code = identity.look(run.folder, file.path)
  if not now then attempt.fail(("title %s: %s"):format(entry.mms_id, message), code) end
  attempt.run(run.db, SEEN, now.size, now.mtime_ns, now.mark, file.id)
  file.size = now.size
end

local function look_at_thumbnail(run, entry, thumbnail)
  look_at_file(run, entry, thumbnail)
  local words = thumbnail_pairs.problem(run.folder .. "/" .. thumbnail.path, thumbnail.size)
  if words then attempt.fail(("title %s: %s %s"):format(entry.mms_id, thumbnail.path, words), "parse") end
end

-- A person decides about files as they are now, so their present size and time are kept.
local function look_at_files(run, entry)
  for _, file in ipairs(thumbnail_pairs.add_to(run.db, entry.files)) do
    look_at_file(run, entry, file)
    if file.thumbnail then look_at_thumbnail(run, entry, file.thumbnail) end
  end
end

local function plan_chosen_files(run, entry)
  look_at_files(run, entry)
  local reading = readings.decode(entry.row.reading)
  if next(run.recipe.reads) then details.add(run.db, entry.row.id, reading) end
  local state, reason = join.propose(run, entry.row, reading, entry.files, entry.records)
  if state ~= states.READY then attempt.fail(("title %s: %s"):format(entry.mms_id, reason), "conflict") end
  if entry.fitting[1] then chosen_records.write(run.db, entry.row, entry.records) end
end

-- Erases what was planned and uploaded for a title; nothing of it is in Alma.
local function erase_plan(db, title_id)
  attempt.run(db, "DELETE FROM step WHERE title_id = ? AND kind NOT LIKE 'doubt %'", title_id)
  planned.erase(db, title_id)
end

-- A title that was begun goes on where it stands.
local function state_after(entry)
  if entry.taken_back then return states.UNDOING end
  if entry.decision == "skip" then return states.SKIP end
  return entry.begun and states.UPLOADED or states.READY
end

local function carry_out_decisions(run, order)
  local counts = { use = 0, skip = 0 }
  local who = core.sys.user()
  for _, entry in ipairs(order) do
    if not (entry.begun or entry.decision == "use" and goes_on(entry)) then erase_plan(run.db, entry.row.id) end
  end
  for _, entry in ipairs(order) do
    counts[entry.decision] = counts[entry.decision] + 1
        if entry.decision == "use" and not goes_on(entry) then plan_chosen_files(run, entry) end
    if entry.taken_back then
      counts.undo = (counts.undo or 0) + 1
      attempt.run(run.db, undo_doubt.SETTLE, entry.row.id)
    end
    attempt.call(states.set, run.db, entry.row.id, state_after(entry),
      reasons.new("decided", { who = who, decision = entry.decision }))
  end
  contested.explain(run.db)
  return counts
end

---Applies the decisions of a CSV file, all or none.
---@param db table the run file, open for writing
---@param path string columns mms_id, decision (use, skip or empty) and file (path; for several pages a row each, in order)
---@param name string? the sheet of a workbook
---@return { use: integer, skip: integer, undo: integer? }|nil counts undo: those of them that are being taken back
---@return string? message every wrong line by number
---@return string? code
function m.apply(db, path, name)
  return attempt.transaction(db, function()
    local run = run_of(db)
    return carry_out_decisions(run, read_decisions(run, path, name).order)
  end)
end

return m
