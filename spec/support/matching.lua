-- Titles as they were read and real files in a folder, put together by the
-- rules of a recipe: a run file as `plan` leaves it, without Alma.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local folder_module = require "almanac.plan.folder"
local join = require "almanac.plan.join"
local json = require "almanac.json"
local pages = require "almanac.run.pages"
local program = require "support.program"
local readings = require "almanac.reading"
local records = require "almanac.run.records"
local record_keys = require "almanac.plan.record_keys"
local look_up = require "almanac.plan.look_up"
local rows_of = require "almanac.row"
local reasons = require "almanac.run.reasons"
local recipe = require "almanac.recipe"
local store = require "almanac.run.store"

local m = {}

---A JPEG, behind which more may stand.
m.JPEG = require "support.picture".JPEG

---The nth id of the institution.
function m.id(n) return ("9910000000%02d3904146"):format(n) end

-- { "a.tif", { usage = "DERIVATIVE_COPY", "a.jpg" } }: names are files of the
-- master, tables further representations.
local function reading(title)
  local reps = json.array {}
  local function add(spec)
    local files = json.array {}
    for i, name in ipairs(spec) do
      if type(name) == "string" then
        files[#files + 1] = { name = name, label = name, pid = "13" .. i, size = 10 }
      end
    end
    reps[#reps + 1] = { id = "12" .. #reps + 1, usage_type = spec.usage, library = "MAIN", label = spec.label,
      remote = spec.remote or false, files = files }
  end
  if type(title[1]) == "string" then add { usage = "PRESERVATION_MASTER", label = "Master", table.unpack(title) } end
  for _, spec in ipairs(title) do
    if type(spec) == "table" then add(spec) end
  end
  return { representations = reps }
end

local function add_titles(db, titles)
  for n, title in ipairs(titles) do
    assert(db:run("INSERT INTO title(mms_id, title, reading, state) VALUES(?, ?, ?, 'ask')", m.id(n),
      title.title or "Title " .. n, readings.encode(reading(title))))
  end
end

-- { id = "r1", { "heading", "cell" }, … } is a row; what has a format is as a source gives it.
local function entry_of(record, n)
  if record.format or record.deleted or record.problem then return record end
  local headings, cells = {}, {}
  for i, pair in ipairs(record) do headings[i], cells[i] = pair[1], pair[2] end
  return { identifier = record.id, format = "row", content = rows_of.encode(headings, cells), place = "row " .. n + 1,
    datestamp = record.datestamp }
end

local function add_records(db, case, run)
  local list = {}
  for i, record in ipairs(case.records or {}) do list[i] = entry_of(record, i) end
  records.add(db, list)
  for i, record in ipairs(case.records or {}) do
    if record.last then
      db:run("INSERT INTO record_last(record_id, mms_id, finished, came) VALUES(?, ?, 1, 'same')", i, record.last)
      db:run("UPDATE record SET reason_code = ? WHERE id = ?", record.reason, i)
    end
    if record.title then db:run("UPDATE record SET title_id = ? WHERE id = ?", record.title, i) end
  end
  record_keys.ask(run)
  for key, ids in pairs(case.found or {}) do
    local failed = type(ids) == "string"
    db:run("INSERT INTO look_up VALUES(?, ?, ?)", key, not failed and json.encode(json.array(ids)) or nil,
      failed and ids or ids.unlike and "unlike" or nil)
  end
  if case.found then look_up.add_titles(db) end
end

local function load(given, folder)
  if not (given or ""):find "\n" then return recipe.load(given or "jpg-derivatives") end
  program.write(folder .. "/recipe.lua", given)
  return recipe.load(folder .. "/recipe.lua")
end

---@param case { recipe: string?, files: table<string, string>, titles: table[], args: table?, collection: string?, alike: boolean?,
---  records: table[]?, found: table<string, table|string>? } records: what a source gave, see entry_of; found: the MMS IDs of each key
---  that was looked up, or why it could not be; alike: files may have the same bytes; recipe: name or text; files: path to content, links for "-> target"
---@return table|nil run { db, folder, state, reason, pages, file_reason, close }
---@return string? message
function m.match(case)
  local folder = program.folder()
  local loaded = assert(load(case.recipe, folder))
  core.files.make_folder(folder .. "/files")
  for path, content in pairs(case.files or {}) do
    if content:find "^%-> " then
      core.files.make_folder((folder .. "/files/" .. path):match "^(.*)/")
      os.execute(("ln -s %s %s"):format(program.quote(content:sub(4)), program.quote(folder .. "/files/" .. path)))
    else
      -- Two of a title would be one and the same.
      if content == m.JPEG and not case.alike then content = content .. path end
      program.write(folder .. "/files/" .. path, content)
    end
  end
  local values = { folder = folder .. "/files", library = "MAIN", label = "JPG", usage = "DERIVATIVE_COPY" }
  for name, value in pairs(case.args or {}) do values[name] = value end
  local db = assert(store.create(folder .. "/a.run", {
    run = "r1", recipe = loaded.name, recipe_version = loaded.version, recipe_sha256 = loaded.sha256,
    recipe_sources = json.encode(loaded.sources), args = json.encode(values), institution = "01X_INST",
    environment = "sandbox", folder = folder .. "/files", planned = "now", collection = case.collection,
  }))
  local run = { db = db, folder = folder, path = folder .. "/a.run", recipe = loaded }
  function run.close()
    db:close()
    recipe.close(loaded)
    program.remove(folder)
  end
  add_titles(db, case.titles)
  local ok, message = attempt.transaction(db, function()
    folder_module.scan(db, folder .. "/files", loaded, values)
    local work = { db = db, recipe = loaded, args = values, collection = case.collection, folder = folder .. "/files", find = case.found }
    if case.records then add_records(db, case, work) end
    if case.found then store.set(db, { find = "other_system_id" }) end
    join.match(work)
    return true
  end)
  if not ok then
    run.close()
    return nil, message
  end

  function run.state(n) return db:value("SELECT state FROM title WHERE mms_id = ?", m.id(n)) end

  function run.reason(n) return reasons.sentence(db:row("SELECT * FROM title WHERE mms_id = ?", m.id(n))) end

  -- The reason of a record, by its number; and the title that it goes with, by its MMS ID.
  function run.record(n)
    local row = db:row("SELECT * FROM record WHERE id = ?", n)
    return reasons.sentence(row), row.title_id and db:value("SELECT mms_id FROM title WHERE id = ?", row.title_id)
  end

  -- State and reason of a title that is to be made.
  function run.new(n)
    local row = db:row("SELECT * FROM title WHERE mms_id = ?", "new:" .. n)
    if row then return row.state, reasons.sentence(row) end
  end

  function run.planned(n) return pages.of(db, db:row("SELECT id, mms_id FROM title WHERE mms_id = ?", m.id(n))) end

  -- Paths of a title's pages in order, with blanks between.
  function run.pages(n)
    local paths = {}
    for i, page in ipairs(run.planned(n)) do paths[i] = page.path end
    return table.concat(paths, " ")
  end

  function run.upload_keys(n)
    local keys = {}
    for i, page in ipairs(run.planned(n)) do keys[i] = page.upload_key end
    return keys
  end

  function run.file(path)
    local row = db:row("SELECT problem, reason_code, reason_data FROM file WHERE path = ?", path)
    if row then reasons.tell(row).reason_code = nil end
    return row
  end

  return run
end

return m
