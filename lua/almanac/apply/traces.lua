-- Finds what a run has left of itself in Alma: for each change of a title what undo
-- would take back.
local gone = require "almanac.apply.gone"
local kinds = require "almanac.apply.kinds"
local order = require "almanac.apply.order"
local reasons = require "almanac.run.reasons"
local representation = require "almanac.apply.representation"

local m = {}

-- The representations of a title, also of one that was merged into another. None
-- when the title is gone with all that the run knew of it.
local function list_of(job)
  local list, message, code = representation.list(job)
  if list or code ~= "missing" then return list, message, code end
  local what, reason = gone.look(job)
  if what == "moved" then return representation.list(job) end
  if what ~= "gone" then return nil, message, code end
  job.gone = reason
  return {}
end

local function look_once(job)
  local found = {}
  job.unlike = {}
  local list, message, code = list_of(job)
  if not list then return nil, message, code end
  for _, change in ipairs(job.changes) do
    found[change.seq], message, code = kinds.of(change).look(job, change, list)
    if not found[change.seq] then return nil, message, code end
  end
  return found, list
end

---The representations of a title, also of one that was merged into another: then
---`job.merged` says into which. None, and `job.gone` says why, when the title is gone
---with all that the run knew of it.
---@param job almanac.job
---@return table[]|nil list
---@return string? message
---@return string? code
m.list = list_of

---Finds what is to be taken back of a title.
---@param job almanac.job
---@return table<integer, { words: string[] }>|nil found by change; what somebody deleted meanwhile is not there
---@return table[]|string list_or_message the title's representations
---@return string? code "conflict": it has to stay
function m.look(job)
  local found, list, code = look_once(job)
    -- Something that somebody deletes during the look gives an error, so all is looked at once more.
  if code == "missing" or code == "status" then found, list, code = look_once(job) end
  return found, list, code
end

-- Checks that what was brought back is there and in its order, and that the collection was left.
local function is_as_before(job, list)
  for _, change in ipairs(job.changes) do
    local check = kinds.of(change).check_back
    if check then
      local words, message, code = check(job, change, list)
      if words ~= false then return words, message, code end
    end
  end
  if job.unlike[1] then return reasons.new("back_but", { what = job.unlike[1] }) end
  return order.check(job)
end

---Whether a title that was taken back is as if the run had never been.
---@param job almanac.job
---@return almanac.run.reason|false|nil reason what is not; nil when Alma gave no answer
---@return string? message
---@return string? code
---@return boolean? again undo would find something to do
function m.check_back(job)
  local found, list, code = m.look(job)
  if not found and code == "conflict" then return list end
  if not found then return nil, list, code end
  for _, change in ipairs(job.changes) do
    local words = found[change.seq] and found[change.seq].words[1]
    if words then
      return reasons.new("back_again", { what = words }), nil, nil, true
    end
  end
  return is_as_before(job, list)
end

return m
