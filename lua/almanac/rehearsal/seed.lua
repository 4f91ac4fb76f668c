-- Fills a new rehearsal: from a list with one row for each file, from records, or from a run file; then come the
-- collections and sets around the titles.
local codes = require "almanac.rehearsal.api.codes"
local collections = require "almanac.rehearsal.api.collections"
local core = require "almanac.core"
local deposits = require "almanac.rehearsal.api.deposits"
local fields = require "almanac.representation_fields"
local holdings = require "almanac.sheet.holdings"
local inventory = require "almanac.rehearsal.world.inventory"
local model = require "almanac.rehearsal.world.model"
local records = require "almanac.record"
local requests = require "almanac.rehearsal.api.requests"
local sample = require "almanac.rehearsal.world.sample"
local seed_records = require "almanac.rehearsal.seed_records"
local seed_run = require "almanac.rehearsal.seed_run"
local sets = require "almanac.rehearsal.world.sets"
local sheet = require "almanac.sheet"
local titles = require "almanac.rehearsal.seed_title"
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

local DEFAULT_SIZE = 1000000
local HEAD = 64           -- bytes that tell what a file is

local function repository_codes()
  local list = {}
  for i, row in ipairs(codes.repositories) do list[i] = row[1] end
  return list
end

local function check(record)
  if record.usage_type and not codes.describe(codes.tables.RepresentationUsageType, record.usage_type) then
    return ("'%s' is no usage type"):format(record.usage_type)
  elseif record.repository and not codes.describe(codes.repositories, record.repository) then
    return ("'%s' is no remote repository of the rehearsal's institution: it has %s"):format(record.repository,
      table.concat(repository_codes(), ", "))
  end
end

local function add_title(seeding, record)
  if seeding.titles[record.mms_id] then return end
  titles.add(seeding, { mms_id = record.mms_id, title = record.title, format = record.format, oclc = record.oclc,
    call_number = record.call_number }, record.line, "line")
end

local function add_file(world, representations, record)
  if not (record.name or record.usage_type or record.repository) then return end
  local usage, group = record.usage_type or "PRESERVATION_MASTER", record.mms_id .. " " .. holdings.place(record)
  local rep_id = representations[group]
  if not rep_id then
    rep_id = model.add_representation(world, { id = record.representation_id, mms_id = record.mms_id, usage_type = usage,
      library = "MAIN", label = record.label or codes.describe(codes.tables.RepresentationUsageType, usage),
      remote = record.repository ~= nil, repository = record.repository, origin = record.originating_record_id,
      more = record.repository and model.links(fields.links(record)) })
    representations[group] = rep_id
  end
  if not record.name then return end
  model.add_file(world, { rep_id = rep_id, name = record.name, size = record.size or DEFAULT_SIZE })
end

local function load(seeding, list)
  local world, representations = seeding.world, {}
  local next_record = holdings.records(list)
  while true do
    local record, message, code = next_record()
    if code then error({ message = message }, 0) end
    if not record then return end
    local problem = check(record)
    if problem then error({ message = ("%s %d: %s"):format(list.unit, record.line, problem) }, 0) end
    add_title(seeding, record)
    titles.collect(seeding, record.mms_id, record.collection)
    if record.barcode then inventory.add_item(world, { mms_id = record.mms_id, barcode = record.barcode }) end
    add_file(world, representations, record)
  end
end

local HAS = "EXISTS (SELECT 1 FROM representation r JOIN file f ON f.rep_id = r.id WHERE r.mms_id = bib.mms_id AND %s)"

local function add_sets(world, is_sample)
  sets.add(world, { name = "All digital titles", description = "Every title of the rehearsal" },
    "SELECT mms_id AS id, n FROM bib")
  sets.add(world, { name = "TIFF only", description = "Titles with a TIFF and without a JPG" },
    ("SELECT mms_id AS id, n FROM bib WHERE %s AND NOT %s"):format(HAS:format "(f.path LIKE '%.tif' OR f.path LIKE '%.tiff')",
      HAS:format "(f.path LIKE '%.jpg' OR f.path LIKE '%.jpeg')"))
  if not is_sample then return end
  local broken = sets.add(world, { name = "With a broken member", description = "One title of it was deleted" },
    "SELECT mms_id AS id, n FROM bib WHERE n <= 2")
  sets.add_member(world, broken, world:id "99")
  sets.add_member(world, broken, "991000000030009001")
end

-- What goes on in the sample library: a student's deposit and two open digitizations.
local function add_work(world)
  local mms_id = "991000000010009001"
  for _, user in ipairs { "student", false } do
    requests.add(world, { mms_id = mms_id, user_id = user or nil, type = "DIGITIZATION", fields = { partial_digitization = "false",
      comment = user and "For a seminar" or "For the exhibition" } })
  end
  local rep = world.db:row("SELECT id, mms_id FROM representation ORDER BY n LIMIT 1")
  for _, each in ipairs { { "SUBMITTED", "Please read chapter 3 first" }, { "DRAFT", "" } } do
    deposits.add(world, { user_id = "student", status = each[1], notes = each[2], deposit_profile = work.deposit_profiles[1].id,
      mms_id = rep.mms_id, rep_id = rep.id })
  end
end

-- Opens what --titles names, and gives what loads it: a run file, a list, or records, by the file's beginning.
local function source_of(path, name)
  local head = path and core.files.head(path, HEAD) or ""
  if seed_run.looks(head) then return function(seeding) seed_run.load(seeding, path) end end
  if path and records.begins(head) and not sheet.is_workbook(path) then
    return function(seeding) seed_records.load(seeding, path) end
  end
  local list, message, code = holdings.open(path or "sample", { sheet = name, bytes = not path and sample or nil })
  if not list then return nil, message, code end
  return function(seeding) load(seeding, list) end
end

---Loads the titles of a file, or the sample, into a new rehearsal.
---@param world table
---@param path string? a list, records or a run file; nil: the sample
---@param name string? the sheet of a workbook
---@return boolean|nil ok
---@return string? message, string? code
function m.load(world, path, name)
  local source, message, code = source_of(path, name)
  if not source then return nil, message, code end
  local ok, problem = pcall(world.in_bulk, world, function()
    local seeding = titles.new(world)
    source(seeding)
    titles.finish(seeding)
    world.remark = seeding.remark
    if not world.suffix then world:set_suffix "9001" end
    if not world.db:value "SELECT 1 FROM collection" then
      collections.add(world, { name = titles.COLLECTION, library = "MAIN" })
    end
    add_sets(world, not path)
    if not path then add_work(world) end
  end)
  if ok then return true end
  if type(problem) ~= "table" then error(problem, 0) end
  return nil, ("%s: %s"):format(path or "sample", problem.message), "parse"
end

return m
