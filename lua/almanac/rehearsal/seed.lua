-- Fills a new rehearsal from a CSV list with one row for each file: titles, representations and
-- files, then the collections and sets around them.
local codes = require "almanac.rehearsal.api.codes"
local collections = require "almanac.rehearsal.api.collections"
local deposits = require "almanac.rehearsal.api.deposits"
local holdings = require "almanac.sheet.holdings"
local inventory = require "almanac.rehearsal.world.inventory"
local model = require "almanac.rehearsal.world.model"
local requests = require "almanac.rehearsal.api.requests"
local sample = require "almanac.rehearsal.world.sample"
local sets = require "almanac.rehearsal.world.sets"
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

local DEFAULT_SIZE = 1000000
local DEFAULT_COLLECTION = "Digital titles"

local function check(record)
  if record.usage_type and not codes.describe(codes.tables.RepresentationUsageType, record.usage_type) then
    return ("'%s' is no usage type"):format(record.usage_type)
  end
end

local function add_title(world, known, record)
  if known.titles[record.mms_id] then return end
  known.titles[record.mms_id] = true
  if not world.suffix then world:set_suffix(record.mms_id:sub(-4)) end
  model.add_bib(world, { mms_id = record.mms_id, title = record.title, format = record.format, oclc = record.oclc,
    call_number = record.call_number })
end

-- A title for which the list names no collection is in the default one. "none" puts it into none,
-- and Alma refuses representations of such a title.
local function add_membership(world, known, record)
  local name = record.collection or DEFAULT_COLLECTION
  if name == "none" then return end
  local pid = known.collections[name]
  if not pid then
    pid = collections.add(world, { pid = name:match "^81%d+$", name = name, library = "MAIN" })
    known.collections[name] = pid
  end
  world.db:run("INSERT OR IGNORE INTO membership(pid, mms_id) VALUES(?, ?)", pid, record.mms_id)
end

local function add_file(world, known, record)
  if not (record.name or record.usage_type) then return end
  local usage, given = record.usage_type or "PRESERVATION_MASTER", record.representation_id
  local group = ("%s %s %s"):format(record.mms_id, usage, given or "")
  local rep_id = known.representations[group]
  if not rep_id then
    rep_id = model.add_representation(world, { id = given, mms_id = record.mms_id, usage_type = usage,
      library = "MAIN", label = codes.describe(codes.tables.RepresentationUsageType, usage) })
    known.representations[group] = rep_id
  end
  if not record.name then return end
  model.add_file(world, { rep_id = rep_id, name = record.name, size = record.size or DEFAULT_SIZE })
end

local function load(world, list)
  local known = { titles = {}, representations = {}, collections = {} }
  local next_record = holdings.records(list)
  while true do
    local record, message, code = next_record()
    if code then error({ message = message }, 0) end
    if not record then return end
    local problem = check(record)
    if problem then error({ message = ("%s %d: %s"):format(list.unit, record.line, problem) }, 0) end
    add_title(world, known, record)
    add_membership(world, known, record)
    if record.barcode then inventory.add_item(world, { mms_id = record.mms_id, barcode = record.barcode }) end
    add_file(world, known, record)
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
  for status, notes in pairs { SUBMITTED = "Please read chapter 3 first", DRAFT = "" } do
    deposits.add(world, { user_id = "student", status = status, notes = notes, deposit_profile = work.deposit_profiles[1].id,
      mms_id = rep.mms_id, rep_id = rep.id })
  end
end

---Loads the titles of a list, or the sample, into a new rehearsal.
---@param world table
---@param path string? the list; nil: the sample
---@param name string? the sheet of a workbook
---@return boolean|nil ok
---@return string? message, string? code
function m.load(world, path, name)
  local list, message, code = holdings.open(path or "sample", { sheet = name, bytes = not path and sample or nil })
  if not list then return nil, message, code end
  local ok, problem = pcall(world.in_bulk, world, function()
    load(world, list)
    if not world.suffix then world:set_suffix "9001" end
    if not world.db:value "SELECT 1 FROM collection" then
      collections.add(world, { name = DEFAULT_COLLECTION, library = "MAIN" })
    end
    add_sets(world, not path)
    if not path then add_work(world) end
  end)
  if ok then return true end
  if type(problem) ~= "table" then error(problem, 0) end
  return nil, ("%s: %s"):format(path or "sample", problem.message), "parse"
end

return m
