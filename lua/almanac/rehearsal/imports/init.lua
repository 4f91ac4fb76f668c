-- The job of an import profile, for real: it takes the ingests that lie in the profile's folder without a .lock, and makes
-- titles and representations of them. How far a run is follows from the clock; half way it does its work, all at once.
--
-- Alma's documentation does not say
--   - what becomes of the metadata file: here it stays where it was (a listing of a real folder shows one without its
--     files), and with "files to import: New" an ingest that was imported once is passed over; with "All" it comes again;
--   - what a run of an inactive profile does: here it ends, with nothing done;
--   - how an ingest is told that its validation failed: the run waits for manual handling, and all stays in its folder.
local core = require "almanac.core"
local documents = require "almanac.rehearsal.imports.documents"
local folder = require "almanac.rehearsal.imports.folder"
local ingests = require "almanac.rehearsal.imports.ingest"
local json = require "almanac.json"
local profiles = require "almanac.rehearsal.api.profile_store"
local tables = require "almanac.rehearsal.imports.table"

local m = {}

local COUNTS = { "processed", "refused", "passed", "items", "added", "single", "multi", "new", "merged", "overlaid", "assigned", "skipped",
  "ingests" }
local LISTS = { "imported", "matches", "multi_matches", "events", "invalid" }

local function new_report()
  local report = {}
  for _, name in ipairs(COUNTS) do report[name] = 0 end
  for _, name in ipairs(LISTS) do report[name] = json.array {} end
  return report
end

local function read(profile, text)
  local format = (profile.source_format or {})[1] or ""
  if format == "CSV" then return tables.read(text) end
  if format:find "MARC" then return documents.marc(text, profile) end
  return documents.dc(text, profile)
end

-- An ingest is known by its folder and the bytes of its metadata.
local function mark(ingest)
  local parts = { ingest.prefix }
  for _, path in ipairs(ingest.metadata) do parts[#parts + 1] = ingest.objects[path].etag end
  return "ingested " .. table.concat(parts, " ")
end

local function read_all(world, profile, ingest)
  local list = {}
  for _, path in ipairs(ingest.metadata) do
    local records, message = read(profile, core.files.read(world.blobs:path(ingest.objects[path].blob)) or "")
    if not records then return nil, ("%s: %s"):format(path, message) end
    for _, incoming in ipairs(records) do
      incoming.n = #list + 1
      list[#list + 1] = incoming
    end
  end
  return list
end

local function import(world, profile, ingest, report)
  if profile.files_to_import ~= "All" and world:note(mark(ingest)) then return end
  report.ingests = report.ingests + 1
  local list, message = read_all(world, profile, ingest)
  if not list then return table.insert(report.invalid, message) end
  for _, incoming in ipairs(list) do ingests.record(world, profile, ingest, incoming, report) end
  world:set_note(mark(ingest), "1")
end

local function outcome(report)
  if report.invalid[1] then return "MANUAL_HANDLING_REQUIRED" end
  if report.refused > 0 then return "COMPLETED_WARNING" end
  return report.ingests == 0 and "COMPLETED_NO_BULKS" or "COMPLETED_SUCCESS"
end

local function carry_out(world, run, profile)
  local report = new_report()
  for _, ingest in ipairs(folder.ready(world, profile)) do import(world, profile, ingest, report) end
  if report.ingests > 0 then
    world:set_note("import " .. run.id, json.encode(report))
    if run.outcome == "COMPLETED_SUCCESS" then
      world.db:run("UPDATE job_run SET outcome = ? WHERE id = ?", outcome(report), run.id)
    end
  end
end

-- The runs of profiles that have not done their work yet.
local function waiting(world)
  local list = {}
  for run in world.db:rows "SELECT * FROM job_run WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key = 'worked ' || job_run.id)" do
    local job = profiles.job(world, run.job_id)
    if job and job.profile then list[#list + 1] = run end
  end
  return list
end

local function work(world, run)
  local job = profiles.job(world, run.job_id)
  local profile = profiles.find(world, job.profile)
  world:set_note("worked " .. run.id, "1")
  if run.outcome ~= "COMPLETED_FAILED" and profile.active ~= false and profile.digital_details then carry_out(world, run, profile) end
end

---Does what runs of import jobs have done by now.
---@param world table
function m.settle(world)
  world.imports = world.imports or waiting(world)
  if not world.imports[1] then return end
  local later = {}
  for _, run in ipairs(world.imports) do
    local after = (json.decode(run.parameters)["rehearsal.works_after"] or run.seconds) / 2
    if world:time() >= run.submitted + after then
      world:atomically(work, world, run)
    else
      later[#later + 1] = run
    end
  end
  world.imports = later
end

return m
