-- Finds out what became of a title that is not at the address that the plan knows.
-- Only a complete answer without it says that Alma no longer has it; and when two bibs
-- are merged, their representations keep their ids under the one that survives, so
-- those are asked for before a title counts as gone.
local alma = require "almanac.alma"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local titles = require "almanac.run.titles"
local whereabouts = require "almanac.apply.whereabouts"

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

---Finds out what became of a title that Alma does not find. When it was merged into another,
---`job.merged` says into which, and that is where the job looks from then on.
---@param job almanac.job
---@return "gone"|"moved"|nil what nil: Alma has it, or it can't be told
---@return almanac.run.reason? reason
function m.look(job)
  local mms_id = job.title.mms_id
  if titles.is_new(job.title) then return nil end
  local bibs, missing = alma.bibs.get(job.client, { mms_id })
  if not bibs or bibs[1] or missing[1] ~= mms_id then return nil end
  local found = job.merged or whereabouts.find_title(job, representation_ids(job))
  if found == nil then return nil end
  if found then return "moved", reasons.new("merged", { title = job.merged }) end
  return "gone", reasons.new "gone"
end

return m
