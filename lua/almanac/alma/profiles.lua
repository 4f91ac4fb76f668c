-- Import profiles (OpenAPI conf, /conf/md-import-profiles; schema rest_import_profile). A profile is
-- run through its job; Alma's call to run a profile itself is deprecated.
local fields = require "almanac.fields"
local jobs = require "almanac.alma.jobs"
local named = require "almanac.alma.named"
local paging = require "almanac.alma.paging"

local m = {}

local FILTERS = { type = "string", ie_type = "string" }

---The import profiles.
---Source: OpenAPI conf, GET /conf/md-import-profiles.
---@param client almanac.alma.client
---@param filter { type: string?, ie_type: string? }? e.g. type "REPOSITORY", ie_type "DIGITAL"
---@return table[]|nil profiles { id, name, type, job_id = { value, link }, active, file_name_patterns, digital_details, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, filter)
  fields.check("profiles.list", filter or {}, FILTERS)
  return paging.whole(client, { path = { "conf", "md-import-profiles" }, query = filter, kind = "import_profiles" },
    "import_profile", function(profile) return profile.id end)
end

---A profile by its id.
---Source: OpenAPI conf, GET /conf/md-import-profiles/{profile_id}.
---@param client almanac.alma.client
---@param id string
---@return table|nil profile
---@return string? message
---@return string? code "missing"
---@return almanac.alma.detail? detail
function m.get(client, id)
  return client:call { path = table.pack("conf", "md-import-profiles", id), kind = "import_profile", id = id }
end

---A profile by its id, or by its name as Alma shows it.
---@param client almanac.alma.client
---@param id_or_name string
---@return table|nil profile
---@return string? message
---@return string? code "missing", or "conflict" when several have the name
---@return almanac.alma.detail? detail
function m.find(client, id_or_name)
  fields.text("profiles.find: id_or_name", id_or_name)
  return named.find { what = "import profile", wanted = id_or_name, get = function(id) return m.get(client, id) end,
    list = named.listing(function() return m.list(client) end), identify = function(profile) return profile.id end }
end

---The id of the job that runs a profile: the profile names it, else Alma's jobs are asked which is the profile's.
---@param client almanac.alma.client
---@param profile table as `get` gives it
---@return string|nil job_id
---@return string? message
---@return string? code "missing"
---@return almanac.alma.detail? detail
function m.job(client, profile)
  local own = profile.job_id
  if type(own) == "table" then own = own.value end
  if type(own) == "string" and own ~= "" then return own end
  local list, message, code, detail = jobs.list(client, { profile_id = profile.id })
  if not list then return nil, message, code, detail end
  if #list == 1 then return list[1].id end
  return nil, ("the import profile '%s' has no job of its own"):format(profile.name or profile.id), "missing"
end

---Runs a profile, once, through its job: see `jobs.run` for what becomes of an unclear answer.
---@param client almanac.alma.client
---@param id_or_name string
---@param options { wait: number?, pause: number?, stop: (fun(): boolean)? }? as for `jobs.run`
---@return { id: string, job_id: string }|nil run for `jobs.follow`
---@return string? message
---@return string? code "conflict": it runs already, or Alma runs as many jobs as it may
---@return almanac.alma.detail? detail
function m.run(client, id_or_name, options)
  local profile, message, code, detail = m.find(client, id_or_name)
  if not profile then return nil, message, code, detail end
  local job_id
  job_id, message, code, detail = m.job(client, profile)
  if not job_id then return nil, message, code, detail end
  return jobs.run(client, job_id, options)
end

return require("almanac.alma.area").of("profiles", m)
