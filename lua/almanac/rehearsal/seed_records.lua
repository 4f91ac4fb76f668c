-- Fills a new rehearsal from files of records: MARC in every format that is read, Dublin Core and MODS in XML, alone or in
-- answers of OAI-PMH. What Alma adds to exported records makes inventory: AVD a representation without files, AVA a holding.
local export = require "almanac.oai.export"
local core = require "almanac.core"
local dc = require "almanac.dc"
local inventory = require "almanac.rehearsal.world.inventory"
local marc = require "almanac.marc"
local model = require "almanac.rehearsal.world.model"
local titles = require "almanac.rehearsal.seed_title"
local words = require "almanac.words"
local xml = require "almanac.xml"

local m = {}

local HEAD = 4096
local ALMA_DC = "http://alma.exlibrisgroup.com/dc/"

local function mms_id_of(text)
  return text and text:match "^%s*(99%d%d%d%d%d%d+)%s*$" or nil
end

-- ---- MARC ----

-- Alma's import moves a foreign 001 to 035, with 003 before it.
local function move_number(record)
  local number, source = record:control "001", record:control "003"
  if not number or number:match "^%s*$" then return end
  record:add("035", "  ", "a", source and ("(%s)%s"):format(source, number) or number)
end

local function value(field, code)
  for _, part in ipairs(field.subfields) do
    if part.code == code then return part.value end
  end
end

local function add_holding(seeding, mms_id, field)
  local id = value(field, "8")
  if not id or not id:find "^22%d+$" then return end
  inventory.add_holding(seeding.world, { id = id, mms_id = mms_id, library = titles.learn_library(seeding, value(field, "b")),
    location = value(field, "j"), call_number = value(field, "d") })
end

local function add_representation(seeding, mms_id, field)
  local id = value(field, "b")
  if not id or not id:find "^%d+$" then return end
  local remote = value(field, "c") == "REMOTE_REPRESENTATION"
  -- AVD does not tell the record in the repository, which every remote representation has.
  model.add_representation(seeding.world, { id = id, mms_id = mms_id, usage_type = "PRESERVATION_MASTER", library = "MAIN",
    label = value(field, "e"), public_note = value(field, "f"), remote = remote, origin = remote and id or nil,
    repository = remote and titles.learn_repository(seeding, value(field, "d")) or nil })
end

local INVENTORY = { { "AVA", add_holding }, { "AVD", add_representation }, { "AVE", function() end } }

local function add_marc(seeding, record, number)
  local format = record:field "200" and not record:field "245" and "unimarc" or "marc21"
  local id = mms_id_of(record:control "001")
  if not id then move_number(record) end
  local mms_id = titles.add(seeding, { mms_id = id, format = format }, number, "record")
  titles.collect(seeding, mms_id)
  for _, kind in ipairs(INVENTORY) do
    for _, field in ipairs(record:fields(kind[1])) do
      kind[2](seeding, mms_id, field)
      record:remove(field)
    end
  end
  titles.keep(seeding, mms_id, format, record)
end

-- Damaged records are read as far as they go. Who rehearses on them is told, for they are answered so too.
local function note_damage(seeding, record, number)
  local problem = record:problems()[1]
  if not problem then return end
  local damage = seeding.damage or { count = 0, first = ("record %d: %s"):format(number, problem.message) }
  damage.count, seeding.damage = damage.count + 1, damage
end

local function remark(seeding, path)
  local damage = seeding.damage
  if not damage then return end
  seeding.remark = ("%s: %s damaged, and read as far as possible (%s); `almanac marc check` tells all"):format(path,
    words.count(damage.count, "record is", "records are"), damage.first)
end

local function load_marc(seeding, path)
  local reader, message = marc.open(path)
  if not reader then return titles.refuse_file(path, message --[[@as string]]) end
  local number = 0
  while true do
    local record, why, code = reader:next()
    if not record and code then titles.refuse_file(path, why --[[@as string]]) end
    if not record then break end
    number = number + 1
    note_damage(seeding, record, number)
    add_marc(seeding, record, number)
  end
  reader:close()
  remark(seeding, path)
  if number == 0 then titles.refuse "there is no record in it" end
end

-- ---- Dublin Core and MODS ----

local function alma_id(node)
  for _, item in ipairs(node) do
    local inst, id = (item.name == "identifier" and item.text or ""):match "^%s*alma:([^/]+)/bibs/(%d+)%s*$"
    if id then return id, inst end
  end
end

-- Alma's own OAI-PMH names records oai:alma.INSTITUTION:MMS_ID.
local function id_of(entry)
  local id, inst = alma_id(entry.node)
  if id then return id, inst end
  local name = entry.identifier or ""
  local place, number = name:match "^oai:alma%.([%w_]+):(%d+)$"
  return number or mms_id_of(name), place
end

-- Dublin Core of another kind becomes Alma's: the same elements in a record of the institution.
local function as_alma(seeding, node)
  if node.namespace == xml.namespaces.mods then return node, "mods" end
  if (node.namespace or ""):sub(1, #ALMA_DC) == ALMA_DC then return node, "dc" end
  local record = { name = "record", namespace = ALMA_DC .. seeding.world.inst, text = "", attributes = {} }
  table.move(node, 1, #node, 1, record)
  return record, "dc"
end

local function institution_of(node)
  return (node.namespace or ""):match("^" .. ALMA_DC:gsub("%p", "%%%0") .. "(.+)$")
end

local function add_elements(seeding, entry, number)
  local where = ("record %d"):format(number)
  if entry.problem then titles.refuse("%s: %s", where, entry.problem) end
  if not entry.node then titles.refuse("%s: there is no record in it", where) end
  local id, inst = id_of(entry)
  titles.learn_institution(seeding, institution_of(entry.node) or inst, where)
  local node, format = as_alma(seeding, entry.node)
  local mms_id = titles.add(seeding, { mms_id = id, format = format }, number, "record")
  titles.collect(seeding, mms_id)
  local record = dc.wrap(node)
  titles.keep(seeding, mms_id, format, record, record:text())
end

local function load_elements(seeding, path)
  local list, message = export.open(path)
  if not list then return titles.refuse_file(path, message --[[@as string]]) end
  local number = 0
  for entry in function() return list:next() end do
    number = number + 1
    if not entry.deleted then add_elements(seeding, entry, number) end
  end
  if number == 0 then titles.refuse "there is no record in it" end
end

---Loads the records of a file; raises { message } when it can't.
---@param seeding almanac.rehearsal.seeding
---@param path string
function m.load(seeding, path)
  if export.looks(core.files.head(path, HEAD) or "") then return load_elements(seeding, path) end
  return load_marc(seeding, path)
end

return m
