-- Two runs, each on its own machine, where no claim keeps them apart, may make the same
-- representation at the same moment. Each looks once more after its POST until it sees
-- its own, and then sees what was made before it as well. A run that finds another's
-- takes its own empty one back, unless its id is the lower one and the other's is empty
-- too: then it waits until the other gave way. A representation that has files already
-- always stays, so ids need not rise with time.
local alma = require "almanac.alma"
local ids = require "almanac.run.ids"
local paging = require "almanac.alma.paging"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local representation = require "almanac.apply.representation"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local whereabouts = require "almanac.apply.whereabouts"

local m = {}

local YIELD = "yield "   -- the step, with the id of the representation that is taken back

local function set_of(list)
  local set = {}
  for _, id in ipairs(list) do set[id] = true end
  return set
end

-- The ids of all that this run made at the title: those of its other changes too, and
-- twins that a call sent twice may have made.
local function own_ids(job, change, list)
  local twins, message, code = representation.twins(job, change, list, change.representation_id)
  if not twins then return nil, message, code end
  local own = {}
  for _, rep in ipairs(twins) do own[#own + 1] = rep.id end
  for _, other in ipairs(job.changes) do own[#own + 1] = other.representation_id end
  return set_of(own)
end

-- Reads the title's representations until our own is among them.
local function list_with(job, id)
  local list, message, code = reconcile.patiently(function()
    local now, why, kind = representation.list(job)
    if not now then return nil, why, kind end
    return paging.holds(now, "id", id) and now or "lagging"
  end)
  if list ~= "lagging" then return list, message, code end
  local rep
  rep, message, code = whereabouts.representation(job, id)
  if rep then return nil, "Alma's list of representations does not show the new one yet", "parse" end
  if code ~= "missing" then return nil, message, code end
  return nil, reasons.new("own_representation_deleted", { representation = id }), "conflict"
end

-- Representations like the planned one that came since the look before the POST, and are none of ours.
local function find_rivals(job, change)
  local list, message, code = list_with(job, change.representation_id)
  if not list then return nil, message, code end
  local own, why, kind = own_ids(job, change, list)
  if not own then return nil, why, kind end
  local before, rivals = set_of(steps.get(job, change, "represent").before or {}), {}
  for _, rep in ipairs(list) do
    local is_known = before[rep.id] or own[rep.id] or steps.is_decided(job, change, rep.id)
    if not is_known and reconcile.is_rival(rep, change.spec) then rivals[#rivals + 1] = rep.id end
  end
  return rivals
end

-- "alone" when a rival is gone or no rival after all, "stays" when ours has to go
-- for it, else "lagging": it is empty, and its maker will see ours.
local function judge(job, change, id)
  local rep, message, code = whereabouts.representation(job, id)
  if not rep and code == "missing" then return "alone" end
  if not rep then return nil, message, code end
  if not reconcile.is_rival(rep, change.spec) then return "alone" end
  if (representation.file_count(rep) or 0) > 0 or ids.is_lower(id, change.representation_id) then return "stays" end
  return "lagging"
end

local function own_was_filled(own)
  return nil, reasons.new("own_filled", { representation = own }), "conflict"
end

-- Takes our own back; the uploads stay for what a person decides.
local function give_way(job, change, rival)
  local own = change.representation_id
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = YIELD .. own, page = 0, during = states.DELETING, after = states.UPLOADED, before = { rival = rival },
    call = function() return alma.representations.delete(job.client, job.mms_id, own, { override = false }) end,
    keep = function() return {} end,
  })
  if not done and code == "status" then return own_was_filled(own) end
  if done then
    done, message, code = steps.forget(job, change, { "represent" }, 0, function(db)
      return db:run("UPDATE change SET representation_id = NULL WHERE title_id = ? AND seq = ?", job.title.id, change.seq)
    end)
  end
  if not done then return nil, message, code end
  change.representation_id, job.gave_way = nil, true
  return nil, reasons.new("gave_way", { representation = rival }), "conflict"
end

-- The rival for which an earlier process began to give way.
local function gave_way_before(job, change)
  local step = steps.get(job, change, YIELD .. change.representation_id)
  return step and step.before.rival
end

-- Asks a person about a rival. Once it is decided to go on, the rival counts as known.
local function ask_about_rival(job, change, id)
  local known = { table.unpack(steps.get(job, change, "represent").before or {}) }
  known[#known + 1] = id
  return steps.ask(job, change, { kind = "represent" }, reasons.new("rival_empty", { representation = id }), known)
end

---Makes sure that a representation just made is the only one of its kind.
---@param job almanac.job
---@param change almanac.change
---@return true|nil
---@return string? message
---@return string? code "conflict": it was taken back, or a person has to look
function m.meet(job, change)
  local before = gave_way_before(job, change)
  if before then return give_way(job, change, before) end
  local rivals, why, kind = find_rivals(job, change)
  if not rivals then return nil, why, kind end
  for _, id in ipairs(rivals) do
    local verdict, message, code = reconcile.patiently(function() return judge(job, change, id) end)
    if not verdict then return nil, message, code end
    if verdict == "stays" then return give_way(job, change, id) end
    if verdict == "lagging" then return ask_about_rival(job, change, id) end
  end
  return true
end

return m
