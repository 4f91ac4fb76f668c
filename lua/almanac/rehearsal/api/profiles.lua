-- /conf/md-import-profiles: profiles for digital ingest, and one for records alone. Each has its
-- job, by which it is run. What it does with records is in almanac.rehearsal.imports.
local failure = require "almanac.rehearsal.api.failure"
local lists = require "almanac.rehearsal.api.lists"
local profiles = require "almanac.rehearsal.api.profile_store"
local shapes = require "almanac.rehearsal.api.shapes_work"

local m = {}

-- Which words Alma knows is not documented in full: these are the ones that clients were seen to send.
local TYPES = { REPOSITORY = true, UPDATE_INVENTORY = true, NEW_ORDER = true, EOD = true, AUTHORITY = true, DISCOVERY = true }
local KINDS = { ALL = true, DIGITAL = true, PHYSICAL = true, ELECTRONIC = true }

local function coded(pair) return { value = pair[1], desc = pair[2] } end

local function object_of(world, profile)
  return {
    id = profile.id, job_id = { value = profile.job_id, link = world:link("/conf/jobs/" .. profile.job_id) },
    type = coded(profile.type or { "REPOSITORY", "Repository" }), name = profile.name,
    description = profile.description, active = profile.active ~= false,
    source_format = coded(profile.source_format), target_format = coded(profile.target_format),
    file_name_patterns = profile.file_name_patterns,
    files_to_import = coded { profile.files_to_import or "New", profile.files_to_import or "New" },
    scheduler_status = { value = "INACTIVE", desc = "Inactive" },
    import_scheduler = { value = "NOT_SCHEDULED", desc = "Not scheduled" }, digital_details = profile.digital_details,
  }
end

local function is_wanted(profile, query)
  local kind = query.ie_type or "ALL"
  if (query.type or "") ~= "" and query.type ~= (profile.type or { "REPOSITORY" })[1] then return false end
  return kind == "ALL" or (kind == "DIGITAL") == (profile.digital_details ~= nil)
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local query = call.query
  if (query.type or "") ~= "" and not TYPES[query.type] or not KINDS[query.ie_type or "ALL"] then
    return failure.new("402123", "Invalid parameter value.")
  end
  local list = {}
  for _, profile in ipairs(profiles.all(world)) do
    if is_wanted(profile, query) then list[#list + 1] = object_of(world, profile) end
  end
  return { shape = shapes.import_profiles, object = { import_profile = lists.whole(world, list, query), total_record_count = #list } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local profile = profiles.find(world, call.path.profile_id)
  if not profile then return failure.new("401871", "Failed to find the Profile ID.") end
  return { shape = shapes.import_profile, object = object_of(world, profile) }
end

m.routes = {
  { "GET /conf/md-import-profiles", m.list, "type ie_type" },
  { "GET /conf/md-import-profiles/{profile_id}", m.get, "" },
}

return m
