-- A title that is not at the address that the plan knows. Only a complete answer
-- without it says that Alma no longer has it; and two bibs that were merged keep
-- their representations, with their ids, under the one that survives: so those
-- are asked for before a title counts as gone.
local alma = require "almanac.alma"
local readings = require "almanac.reading"

local m = {}

local MOST = 5     -- representations that are asked for

local function representation_ids(job)
  local ids = {}
  for _, change in ipairs(job.changes) do ids[#ids + 1] = change.representation_id end
  for _, rep in ipairs(job.title.reading and readings.decode(job.title.reading).representations or {}) do
    if not rep.remote then ids[#ids + 1] = rep.id end
  end
  return table.move(ids, 1, math.min(MOST, #ids), 1, {})
end

-- The title that holds a representation now; false when none does.
local function holder_of(job, id)
  local answer, message, code = job.client:call { path = { "bibs" }, query = { representation_id = id, view = "brief" }, kind = "bibs" }
  if not answer then return code == "missing" and false or nil, message, code end
  local bib = (answer.bib or {})[1]
  return bib and bib.mms_id or false
end

---What became of a title that Alma does not find.
---@param job table from title.load
---@return "gone"|"moved"|nil what nil: Alma has it, or it can't be told
---@return string? reason in words
function m.look(job)
  local mms_id = job.title.mms_id
  local bibs, missing = alma.bibs.get(job.client, { mms_id })
  if not bibs or bibs[1] or missing[1] ~= mms_id then return nil end
  for _, id in ipairs(representation_ids(job)) do
    local holder = holder_of(job, id)
    if holder == nil then return nil end
    if holder and holder ~= mms_id then
      return "moved", ("representation %s of this title is under %s now, were the two merged? look at it in Alma"):format(id, holder)
    end
  end
  return "gone", "Alma no longer has this title"
end

return m
