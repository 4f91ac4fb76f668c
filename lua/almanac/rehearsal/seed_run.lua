-- Fills a new rehearsal from a run file: the titles of a plan, with what the run knows of them, their records,
-- representations with files, and items.
local codes = require "almanac.rehearsal.api.codes"
local inventory = require "almanac.rehearsal.world.inventory"
local json = require "almanac.json"
local model = require "almanac.rehearsal.world.model"
local readings = require "almanac.reading"
local records = require "almanac.record"
local store = require "almanac.run.store"
local titles = require "almanac.rehearsal.seed_title"
require "almanac.marc"   -- gives records their methods

local m = {}

local SQLITE = "SQLite format 3\0"

---True for the beginning of a run file.
---@param head string
---@return boolean
function m.looks(head)
  return head:sub(1, #SQLITE) == SQLITE
end

local function add_files(seeding, rep_id, files)
  for _, file in ipairs(files) do
    model.add_file(seeding.world, { pid = file.pid, rep_id = rep_id, name = file.name, label = file.label, size = file.size or 0 })
  end
end

-- The fields that few representations have, as the state keeps them.
local function more_of(rep)
  local more = model.links(rep.linking_parameters or {})
  for _, name in ipairs(model.rare) do more[name] = more[name] or rep[name] end
  return next(more) and more or nil
end

local function add_representation(seeding, mms_id, rep)
  local usage = rep.usage_type or "PRESERVATION_MASTER"
  model.add_representation(seeding.world, { id = rep.id, mms_id = mms_id, usage_type = usage,
    library = titles.learn_library(seeding, rep.library) or "MAIN", remote = rep.remote or nil,
    repository = titles.learn_repository(seeding, rep.repository), origin = rep.originating_record_id, public_note = rep.public_note,
    more = more_of(rep),
    label = rep.label or codes.describe(codes.tables.RepresentationUsageType, usage),
    policy = rep.access_rights ~= "" and rep.access_rights or nil })
  add_files(seeding, rep.id, rep.files)
end

local function add_item(seeding, mms_id, item, known)
  local holding = item.holding_id
  if holding and not known[holding] then
    known[holding] = inventory.add_holding(seeding.world, { id = holding, mms_id = mms_id, location = item.location,
      library = titles.learn_library(seeding, item.library), call_number = item.call_number })
  end
  inventory.add_item(seeding.world, { pid = item.pid, mms_id = mms_id, holding_id = holding, barcode = item.barcode,
    more = { item = { description = item.description, physical_material_type = item.material }, holding = {} } })
end

local function format_of(record, kind)
  if kind ~= "marc" then return kind end
  return record:field "200" and not record:field "245" and "unimarc" or "marc21"
end

local function keep_record(seeding, row, mms_id, where)
  local record, kind = records.parse(row.record)
  if not record then titles.refuse("%s: its record can't be read: %s", where, kind) end
  local inst = kind == "dc" and (record.root.namespace or ""):match "^http://alma%.exlibrisgroup%.com/dc/(.+)$" or nil
  titles.learn_institution(seeding, inst, where)
  titles.keep(seeding, mms_id, format_of(record, kind), record, kind ~= "marc" and record:text() or nil)
end

local function add_title(seeding, row)
  local where = "title " .. row.mms_id
  local mms_id = titles.add(seeding, { mms_id = row.mms_id, title = row.title }, row.id, "title")
  titles.collect(seeding, mms_id)
  if row.record then keep_record(seeding, row, mms_id, where) end
  for _, rep in ipairs(row.reading and readings.decode(row.reading).representations or {}) do
    add_representation(seeding, mms_id, rep)
  end
  local known = {}
  for _, item in ipairs(row.items and json.decode(row.items) or {}) do add_item(seeding, mms_id, item, known) end
end

local function load(seeding, db)
  titles.learn_institution(seeding, store.meta(db, "institution"), "the run file")
  for row in db:rows "SELECT title.*, record, items FROM title LEFT JOIN detail ON title_id = title.id ORDER BY title.id" do
    add_title(seeding, row)
  end
end

---Loads the titles of a run file; raises { message } when it can't.
---@param seeding almanac.rehearsal.seeding
---@param path string
function m.load(seeding, path)
  local db, message = store.open(path, "read")
  if not db then return titles.refuse_file(path, message --[[@as string]]) end
  local ok, problem = pcall(load, seeding, db)
  db:close()
  if not ok then error(problem, 0) end
end

return m
