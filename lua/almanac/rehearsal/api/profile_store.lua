-- The import profiles of the institution and the jobs that run them: those that it came with, and what was changed of them
-- or added since.
local settings = require "almanac.rehearsal.world.settings"
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

local KIND = "import-profile"

local function merged(profile, changed)
  local copy = {}
  for key, value in pairs(profile) do copy[key] = value end
  for key, value in pairs(changed or {}) do copy[key] = value end
  return copy
end

---All import profiles, those that were added at the end.
---@param world table
---@return table[] profiles
function m.all(world)
  local changed, list = settings.all(world, KIND, ""), {}
  for i, profile in ipairs(work.profiles) do
    list[i] = merged(profile, changed[profile.id])
    changed[profile.id] = nil
  end
  local added = {}
  for id in pairs(changed) do added[#added + 1] = id end
  table.sort(added)
  for _, id in ipairs(added) do list[#list + 1] = changed[id] end
  return list
end

---@param id string?
---@return table? profile
function m.find(world, id)
  return work.find(m.all(world), id)
end

local function number_of(world)
  local most = 0
  for _, profile in ipairs(m.all(world)) do most = math.max(most, tonumber(profile.job_id:sub(2)) or 0) end
  return most + 1
end

---Changes a profile, or adds one: what is left out is as it was, or as that of the first profile for digital ingest.
---@param fields table as of almanac.rehearsal.api.work_codes; id: nil adds one
---@return table profile
function m.set(world, fields)
  local known = fields.id and m.find(world, fields.id)
  local profile = merged(known or work.profiles[1], fields)
  if not known then
    profile.id = fields.id or world:id("31")
    profile.job_id = ("S%d"):format(number_of(world))
  end
  settings.set(world, KIND, profile.id, profile)
  return profile
end

-- The jobs of profiles that were added.
local function added(world)
  local jobs = {}
  for _, profile in ipairs(m.all(world)) do
    if not work.find(work.jobs, profile.job_id) then
      jobs[#jobs + 1] = { id = profile.job_id, type = "SCHEDULED", category = "IMPORT", name = "Metadata Import - " .. profile.name,
        description = profile.name, profile = profile.id }
    end
  end
  return jobs
end

---All jobs.
---@param world table
---@return table[]
function m.jobs(world)
  local jobs = { table.unpack(work.jobs) }
  table.move(added(world), 1, #added(world), #jobs + 1, jobs)
  return jobs
end

---@param id string
---@return table? job
function m.job(world, id)
  return work.find(work.jobs, id) or work.find(added(world), id)
end

return m
