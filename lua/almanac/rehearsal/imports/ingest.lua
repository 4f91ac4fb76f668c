-- Imports the records of a metadata file: matches each by the profile's method, does to the title what the profile says, and
-- makes representations of the files.
local codes = require "almanac.rehearsal.api.codes"
local model = require "almanac.rehearsal.world.model"
local record = require "almanac.rehearsal.imports.record"

local m = {}

local function code_of(rows, given)
  for _, row in ipairs(rows) do
    if row[1] == given or row[2] == given then return row[1] end
  end
end

-- A representation's usage type is given by name ("Master"), a library by code.
local function wrong_codes(incoming)
  for _, rep in ipairs(incoming.representations) do
    if rep.usage_type and not code_of(codes.tables.RepresentationUsageType, rep.usage_type) then
      return ("Usage type %s is invalid"):format(rep.usage_type)
    elseif rep.library and not code_of(codes.libraries, rep.library) then
      return ("Library %s is invalid"):format(rep.library)
    end
  end
end

local function collections(world, profile, incoming)
  local list = {}
  for _, given in ipairs(incoming.collections) do
    local pid = world.db:value("SELECT pid FROM collection WHERE pid = ?1 OR name = ?1 OR external_id = ?1", given)
    if not pid then return nil, ("Collection %s was not found"):format(given) end
    list[#list + 1] = pid
  end
  local default = profile.collection or world.db:value "SELECT pid FROM collection ORDER BY n LIMIT 1"
  if not list[1] then list[1] = default end
  return list
end

-- What a test said shall be refused.
local function on_request(world, incoming)
  for _, rule in ipairs(world.refused_rows or {}) do
    if incoming.text:find(rule.has, 1, true) then return rule.message or "The record could not be imported" end
  end
end

-- ---- matching ----

local function by_mms_id(world, incoming)
  local bib = incoming.mms_id and model.bib(world, incoming.mms_id)
  return { bib }
end

local function by_number(world, incoming)
  local list, seen = {}, {}
  for _, number in ipairs(incoming.numbers) do
    for row in world.db:rows([[SELECT * FROM bib WHERE mms_id IN (SELECT mms_id FROM network_number WHERE number = ?1)
        OR record IS NULL AND oclc = ?1 ORDER BY n]], number) do
      if not seen[row.mms_id] then list[#list + 1], seen[row.mms_id] = row, true end
    end
  end
  return list
end

local METHODS = {
  mms_id = by_mms_id, other_system_id = by_number, none = function() return {} end,
  both = function(world, incoming)
    local list = by_mms_id(world, incoming)
    return list[1] and list or by_number(world, incoming)
  end,
}

-- ---- files ----

local function add_files(world, ingest, rep_id, files)
  local added = 0
  for _, file in ipairs(files) do
    local object = ingest.objects[file.path]
    if object and object.size > 0 then
      model.attach(world, rep_id, object, { name = file.path:match "[^/]+$", label = file.label or file.path:match "[^/]+$" })
      ingest.objects[file.path] = nil
      added = added + 1
    end
  end
  return added
end

local function has_file(ingest, files)
  for _, file in ipairs(files) do
    local object = ingest.objects[file.path]
    if object and object.size > 0 then return true end
  end
  return false
end

-- A representation without a file of the ingest is not made. Alma's documentation does not say what becomes of it.
local function add_representations(world, profile, ingest, mms_id, incoming, report)
  local title = model.bib(world, mms_id).title
  for _, rep in ipairs(incoming.representations) do
    report.items = report.items + #rep.files
    if has_file(ingest, rep.files) then
      local id = model.add_representation(world, { mms_id = mms_id, label = rep.label or title, public_note = rep.note,
        library = code_of(codes.libraries, rep.library) or (profile.digital_details.library or {}).value or "MAIN",
        usage_type = code_of(codes.tables.RepresentationUsageType, rep.usage_type) or profile.usage_type or "PRESERVATION_MASTER",
        created_by = "import", modified_by = "import" })
      report.added = report.added + add_files(world, ingest, id, rep.files)
    end
  end
end

local function assign(world, mms_id, pids, report)
  for _, pid in ipairs(pids) do
    if world.db:run("INSERT OR IGNORE INTO membership(pid, mms_id) VALUES(?, ?)", pid, mms_id) > 0 then
      report.assigned = report.assigned + 1
    end
  end
end

-- ---- one record ----

local function refuse(report, incoming, message)
  report.refused = report.refused + 1
  table.insert(report.events, { n = incoming.n, message = message })
end

local UPON = {
  overlay = function(world, bib, incoming, profile, report)
    record.overlay(world, bib, incoming, profile)
    report.overlaid = report.overlaid + 1
  end,
  merge = function(world, bib, incoming, _, report)
    record.merge(world, bib, incoming)
    report.merged = report.merged + 1
  end,
  -- The record is not processed, and its files are imported all the same: a counter of the report tells so.
  skip = function(_, _, incoming, _, report)
    for _, rep in ipairs(incoming.representations) do report.skipped = report.skipped + #rep.files end
  end,
}

local function import_match(world, profile, incoming, bib, report)
  report.single = report.single + 1
  table.insert(report.matches, { n = incoming.n, mms_id = bib.mms_id, title = bib.title })
  UPON[profile.upon_match or "merge"](world, bib, incoming, profile, report)
  return bib.mms_id
end

local function import_new(world, profile, incoming, report)
  if profile.no_match == "skip" then
    report.passed = report.passed + 1
    return nil
  end
  local format = record.format_of(profile)
  local message = record.refuse(world, incoming, format)
  if message then return refuse(report, incoming, message) end
  report.new = report.new + 1
  return record.create(world, incoming, format)
end

---Imports one record.
---@param world table
---@param profile table
---@param ingest almanac.rehearsal.ingest
---@param incoming table
---@param report table
function m.record(world, profile, ingest, incoming, report)
  report.processed = report.processed + 1
  local pids, message = collections(world, profile, incoming)
  message = on_request(world, incoming) or wrong_codes(incoming) or message
  if message then return refuse(report, incoming, message) end
  local found = METHODS[profile.match or "mms_id"](world, incoming)
  if #found > 1 then
    report.multi = report.multi + 1
    for _, bib in ipairs(found) do table.insert(report.multi_matches, { n = incoming.n, mms_id = bib.mms_id, title = bib.title }) end
    return refuse(report, incoming, "Several records match")
  end
  local mms_id
  if found[1] then
    mms_id = import_match(world, profile, incoming, found[1], report)
  else
    mms_id = import_new(world, profile, incoming, report)
  end
  if not mms_id then return end
  table.insert(report.imported, mms_id)
  assign(world, mms_id, pids, report)
  add_representations(world, profile, ingest, mms_id, incoming, report)
end


return m
