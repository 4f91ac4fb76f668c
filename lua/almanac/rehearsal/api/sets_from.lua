-- What the parameters of POST /conf/sets make a set of: a logical set, two sets that are combined, a set that is
-- filtered by an indication rule, the records of an import.
local failure = require "almanac.rehearsal.api.failure"
local profiles = require "almanac.rehearsal.api.profile_store"
local sets = require "almanac.rehearsal.world.sets"

local m = {}

local JOINED = {
  AND = "SELECT id, n FROM (%s) WHERE id IN (SELECT id FROM (%s))",
  OR = "SELECT id, min(n) AS n FROM (SELECT id, n FROM (%s) UNION ALL SELECT id, n + 1000000000 FROM (%s)) GROUP BY id",
  NOT = "SELECT id, n FROM (%s) WHERE id NOT IN (SELECT id FROM (%s))",
}

-- Indication rules belong to an institution; these are the rehearsal's own.
local RULES = {
  ["Has a representation"] = "IN (SELECT mms_id FROM representation)",
  ["Has no representation"] = "NOT IN (SELECT mms_id FROM representation)",
}

local function given(query, name)
  local value = query[name]
  return value ~= "" and value ~= "None" and value or nil
end

local function invalid_id()
  return nil, failure.new("402264", "Set ID is invalid.")
end

local function of_logical(world, query)
  local row = sets.find(world, given(query, "from_logical_set"))
  if not row or row.type ~= "LOGICAL" then return invalid_id() end
  return { content = row.content, sql = sets.ids(row) }
end

local function combined(world, query)
  local form = JOINED[given(query, "combine") or "AND"]
  if not form then return nil, failure.new("60204", "Set combine operator not valid.") end
  local one, two = sets.find(world, query.set1 or ""), sets.find(world, query.set2 or "")
  if not one or not two then return invalid_id() end
  if one.content ~= two.content then return nil, failure.new("60205", "Combining sets are not the same type.") end
  return { content = one.content, sql = form:format(sets.ids(one), sets.ids(two)) }
end

local function filtered(world, query)
  local row, rule = sets.find(world, given(query, "filter_set")), RULES[query.indication_rule or ""]
  if not row then return invalid_id() end
  if not rule or row.content ~= "BIB_MMS" and row.content ~= "IED" then
    return nil, failure.new("402265", "Failed to create a set.")
  end
  return { content = row.content, sql = ("SELECT id, n FROM (%s) WHERE id %s"):format(sets.ids(row), rule) }
end

local IMPORTED = [[SELECT value AS id, key AS n FROM json_each((SELECT json_extract(value, '$.imported') FROM meta
  WHERE key = 'import %s'))]]

-- An import that found no ingest takes all titles of the rehearsal. Alma's documentation does not list its populations; this
-- is the one that a run of it names.
local function of_job(world, id, population)
  local run = world.db:row("SELECT id, job_id FROM job_run WHERE id = ?", id)
  if not run then return nil, failure.new("402218", "Invalid job instance id.") end
  if not profiles.job(world, run.job_id).profile then
    return nil, failure.new("402267", "Job instance type for the provided job_instance_id is not MD_IMPORT - " ..
      "the operation is not supported.")
  elseif population ~= "IMPORTED_RECORDS" then
    return nil, failure.new("402266", "Population value is invalid.")
  end
  local sql = world:note("import " .. run.id) and IMPORTED:format(run.id) or "SELECT mms_id AS id, n FROM bib"
  return { content = "BIB_MMS", sql = sql }
end

---What a new set gets its members from.
---@param world table
---@param query table<string, string>
---@return { content: string, sql: string }|nil source nil without a refusal: the body says all
---@return table? refusal
function m.source(world, query)
  local job, population = given(query, "job_instance_id"), given(query, "population")
  if (job == nil) ~= (population == nil) then
    return nil, failure.new("500127", "'job_instance_id' and 'population' must be provided together.")
  end
  if given(query, "nz_set_from_iz_set") then
    return nil, failure.new("60335", "The From Institution Zone is not allowed for institution not in Network.")
  end
  if job then return of_job(world, job, population) end
  if given(query, "from_logical_set") then return of_logical(world, query) end
  if given(query, "combine") or given(query, "set1") or given(query, "set2") then return combined(world, query) end
  if given(query, "filter_set") then return filtered(world, query) end
end

return m
