-- Tries a recipe without Alma. Titles come from a list or an earlier run, files are those of a folder
-- or only their names, and they are matched as `plan` does it. Nothing is kept.
local arguments = require "almanac.recipe.inside.arguments"
local attempt = require "almanac.run.attempt"
local catalogue = require "almanac.plan.catalogue"
local core = require "almanac.core"
local details = require "almanac.run.details"
local folder_of = require "almanac.plan.folder"
local formats = require "almanac.run.formats"
local guess_values = require "almanac.workbench.guess_values"
local holdings = require "almanac.sheet.holdings"
local join = require "almanac.plan.join"
local json = require "almanac.json"
local lists = require "almanac.plan.sources"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local records = require "almanac.recipe.inside.record"
local records_of_run = require "almanac.run.records"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local trial_records = require "almanac.workbench.trial_records"

local m = {}

local INSTITUTION = "01TRIAL_INST"
local HEAD = 4096       -- bytes that are enough to tell what a file is

local function meta_of(recipe, values, folder, collection)
  return {
    run = "trial", recipe = recipe.name, recipe_version = recipe.version, recipe_sha256 = recipe.sha256,
    recipe_sources = json.encode(json.array(recipe.sources)), args = json.encode(values), institution = INSTITUTION,
    environment = "sandbox", folder = folder, planned = "now", collection = collection,
  }
end

-- Adds the titles for which the rules fail, or the others.
local function add_titles(db, titles, faults, failed)
  for _, title in ipairs(titles) do
    local reading, fault = title.reading, faults[title.mms_id]
    if (fault ~= nil) ~= failed then goto continue end
    attempt.call(states.add, db, { mms_id = title.mms_id, title = title.title, reading = readings.encode(reading),
      state = fault and states.FAILED or states.ASK, reason = fault and reasons.new("rule_fails", { message = fault }) or nil })
    if reading.rows then attempt.run(db, details.KEEP_ROWS, title.mms_id, json.encode(json.array(reading.rows))) end
    if reading.record or reading.items then
      attempt.run(db, details.KEEP, title.mms_id, reading.record, reading.items and json.encode(json.array(reading.items)))
    end
    ::continue::
  end
end

-- Adds the records of the titles from a MARC file.
local function add_records(db, path)
  local source, message, code = catalogue.file(path, { records = true })
  if not source then attempt.fail(message, code) end
  details.fill(db, source)
  source.spool:close()
end

-- Removes what is wrong with files besides their names, and keeps in the table set_aside which they were.
local function set_problems_aside(db)
  attempt.run(db, "CREATE TEMP TABLE set_aside AS SELECT id, problem FROM file WHERE problem IS NOT NULL")
  attempt.run(db, "UPDATE file SET problem = NULL")
end

---Makes a plan in a run file in memory.
---@param case { recipe: table, titles: table[], records: string?, folder: string?, values: table<string, any>, collection: string?,
---  names: boolean? } names: files are judged by their names alone, those that can't be used stand in the table set_aside;
---  titles: { mms_id, title, reading } each, as almanac.holdings gives them; records: a MARC file with those of the titles;
---  values: of the arguments; source: a file of records, for recipes that match records; found: see almanac.workbench.trial_records
---@param faults { files: table<string, string>, titles: table<string, string> }? what the rules fail for (almanac.workbench.faults)
---@return table|nil db a run file, to be closed
---@return string? message
---@return string? code
function m.plan(case, faults)
  local recipe, values = case.recipe, case.values
  faults = faults or { files = {}, titles = {} }
  local db, message, code = store.create(":memory:", meta_of(recipe, values, case.folder, case.collection))
  if not db then return nil, message, code end
  local ok
  ok, message, code = attempt.transaction(db, function()
    add_titles(db, case.titles, faults.titles, false)
    if case.records then add_records(db, case.records) end
    if case.folder then folder_of.scan(db, case.folder, recipe, values, { faults = faults.files }) end
    if case.names then set_problems_aside(db) end
    if case.source then trial_records.add(db, case) end
    join.match { db = db, recipe = recipe, args = values, collection = case.collection, folder = case.folder,
      find = case.source and trial_records.finds(case) }
    add_titles(db, case.titles, faults.titles, true)
    return true
  end)
  if ok then return db end
  db:close()
  return nil, message, code
end

local OUTCOME = [[SELECT mms_id, state, reason_code, reason_data,
    coalesce((SELECT group_concat(DISTINCT spec.kind) FROM change JOIN spec ON spec.id = change.spec_id
      WHERE change.title_id = title.id), '') AS kind,
    coalesce((SELECT group_concat(path, '|') FROM (SELECT file.path || coalesce(' + ' || small.path, '') AS path
      FROM page JOIN file ON file.id = page.file_id
      LEFT JOIN thumbnail ON thumbnail.of = page.file_id LEFT JOIN file AS small ON small.id = thumbnail.file_id
      WHERE page.title_id = title.id ORDER BY page.change, page.seq)), '') AS files
  FROM title ORDER BY id]]
local LEFT_OVER = [[SELECT path, reason_code, reason_data FROM file
  WHERE reason_code = 'no_title' OR reason_code IS NOT NULL AND id IN (SELECT file_id FROM thumbnail) ORDER BY path]]

local ALONE = "SELECT id, identifier, place, reason_code, reason_data FROM record WHERE title_id IS NULL ORDER BY id"

local function with_cell(row)
  row.reason, row.reason_code, row.reason_data = reasons.cell(row), nil, nil
  return row
end

---The rows that a plan comes to: one for each title, then one for each record and file without a title, and
---one for each thumbnail without a file.
---@param db table
---@return { mms_id: string, state: string, kind: string, files: string, reason: string }[] rows
---  files: paths in page order with | between, each with + and its thumbnail if it has one; kind: of the changes, with commas between;
---  reason: as of almanac.run.reasons.cell
function m.outcome(db)
  local rows = {}
  for row in db:rows(OUTCOME) do rows[#rows + 1] = with_cell(row) end
  for row in db:rows(ALONE) do
    rows[#rows + 1] = { mms_id = "", state = "", kind = "", files = "record " .. records_of_run.name(row), reason = with_cell(row).reason }
  end
  for row in db:rows(LEFT_OVER) do
    rows[#rows + 1] = { mms_id = "", state = "", kind = "", files = row.path, reason = with_cell(row).reason }
  end
  return rows
end

---Makes a folder of small files with these names, each of the type that its extension says.
---@param names string[] paths
---@return string|nil folder to be removed with all that is in it
---@return string? message
---@return string? code
function m.folder_of_names(names)
  local root, message, code = core.files.temp_folder()
  for _, name in ipairs(root and names or {}) do
    local path = root .. "/" .. name
    local ok
    ok, message, code = core.files.make_folder(path:match "^(.*)/")
    if ok then ok, message, code = core.files.write(path, formats.specimen(name)) end
    if not ok then
      core.files.remove(root, { tree = true })
      return nil, message, code
    end
  end
  return root, message, code
end

-- The declared arguments, with one of them not required.
local function without_need(args, name)
  local list = {}
  for i, entry in ipairs(args) do
    list[i] = entry[1] == name and { entry[1], entry[2] } or entry
  end
  return list
end

---Values for a recipe's arguments: the text that was given, else the defaults. `folder` is the
---folder of files, and may be missing when there is none.
---@param recipe table
---@param given table<string, string>
---@param folder string?
---@return table<string, any>|nil values
---@return string? message
function m.values(recipe, given, folder)
  local all = {}
  for name, text in pairs(given) do all[name] = text end
  local dir = arguments.first(recipe.args, "dir")
  if dir and not all[dir] then all[dir] = folder end
  return arguments.convert(all[dir] and recipe.args or without_need(recipe.args, dir), all)
end

local function titles_of_run(path)
  local db, message, code = store.open(path, "read")
  if not db then return nil, message, code end
  local titles = {}
  for row in db:rows "SELECT id, mms_id, title, reading FROM title WHERE reading IS NOT NULL ORDER BY id" do
    local reading = readings.decode(row.reading)
    details.add(db, row.id, reading)
    titles[#titles + 1] = { mms_id = row.mms_id, title = row.title, reading = reading }
  end
  db:close()
  return titles
end

-- The title proper of the record: 245 $a, or dc:title.
local function title_of(content)
  local record = records.new(content)
  return record and record:get(record.format == "marc" and "245$a" or "//title") or ""
end

-- Says which entries of a source gave no title.
local function ignored_in(source, path)
  local list = {}
  local function add(n, what)
    if (n or 0) > 0 then list[#list + 1] = ("%d of %s: %s"):format(n, path, what) end
  end
  add(source.empty, "no MMS ID")
  add(source.deleted, "deleted records")
  add(source.duplicates, "the same title once more")
  for _, note in ipairs(source.notes or {}) do list[#list + 1] = ("%s: %s"):format(path, note) end
  return list
end

local function titles_of_records(path)
  local source, message, code = catalogue.file(path, { records = true })
  if not source then return nil, message, code end
  local titles = { ignored = ignored_in(source, path) }
  for id, content in source.spool:each() do
    titles[#titles + 1] = { mms_id = id, title = title_of(content), reading = { representations = {}, record = content } }
  end
  source.spool:close()
  return titles
end

-- Makes titles of a list of MMS IDs, with whatever else it says about them.
local function titles_of_list(path, name)
  local source, message, code = lists.list(path, { sheet = name })
  if not source then return nil, message, code end
  if not source.ids then return nil, path .. ": has barcodes and no MMS IDs; plan with it once, and give that run file", "parse" end
  local titles = guess_values.titles_of(source)
  titles.ignored = ignored_in(source, path)
  return titles
end

---Titles for a trial, without a call to Alma. A run file and a CSV list (with the columns of
---`almanac rehearsal --titles`) also say what they hold; a file of records and a list of MMS IDs
---don't.
---@param path string
---@param name string? the sheet of a workbook
---@return table[]|nil titles { mms_id, title, reading }; ignored: what of the source gave none, in words
---@return string? message
---@return string? code
function m.titles(path, name)
  local head, message, code = core.files.head(path, HEAD)
  if not head then return nil, message, code end
  if head:find "^SQLite format 3" then return titles_of_run(path) end
  if catalogue.is_marc(path) then return titles_of_records(path) end
  if holdings.is_list(path, name) then return holdings.titles(path, name) end
  return titles_of_list(path, name)
end

return m
