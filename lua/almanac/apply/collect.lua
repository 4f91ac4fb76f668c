-- Puts a title into the collection that the plan names. Which titles are in it
-- already is read once for all of them, so that `undo` knows what the run added
-- even when an answer was lost, and titles that are in it need no call.
local alma = require "almanac.alma"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local task = require "almanac.task"

local m = {}

local function read_members(client, collection)
  local list, message, code = alma.collections.bibs(client, collection)
  if not list then return nil, message, code == "conflict" and "parse" or code end
  local members = {}
  for _, bib in ipairs(list) do members[bib.mms_id] = true end
  return members
end

-- All titles that ask meanwhile wait for the same reading; a failed one is
-- tried again by the next.
local function members_of(job, collection)
  local readings = job.members
  local reading = readings[collection] or task.spawn(read_members, job.client, collection)
  readings[collection] = reading
  local members, message, code = reading:await()
  if not members and readings[collection] == reading then readings[collection] = nil end
  return members, message, code
end

-- Notes that the list of members did not add up, so that only Alma's answer to the call says whether a title was in it.
local function note_unknown(job, message)
  return job.journal:write(function(db)
    return db:run([[INSERT INTO problem(kind, text) SELECT 'collection', ?1
      WHERE NOT EXISTS (SELECT 1 FROM problem WHERE text = ?1)]], message)
  end)
end

-- Finds what is known of the title's membership before the first call.
local function look_before(job, collection)
  local members, message, code = members_of(job, collection)
  if members then return { member = members[job.title.mms_id] or false } end
  if code ~= "parse" then return nil, message, code end
  local ok, why, kind = note_unknown(job, ("%s: undo takes out only titles of which Alma said that they were put in"):format(message))
  if not ok then return nil, why, kind end
  return { unknown = true }
end

---Puts the title into its collection, unless it was put there before or the plan names none.
---@param job almanac.job
---@param change almanac.change
---@return table|true|nil result
---@return string? message
---@return string? code
function m.enter(job, change)
  local collection, mms_id = change.spec.collection, job.mms_id
  if not collection or steps.is_done(job, change, "collect") then return true end
  local known = steps.get(job, change, "collect")
  local before, message, code = known and known.before, nil, nil
  if not known then before, message, code = look_before(job, collection) end
  if not (known or before) then return nil, message, code end
  local sent = known ~= nil
  return steps.perform(job, {
    change = change.seq, kind = "collect", page = 0, during = states.UPLOADED, after = states.COLLECTED, before = before,
    call = function()
      if not known and before.member then return {} end
      local first = not sent or before and before.unknown
      sent = true
      local ok, why, kind, detail = alma.collections.add_bib(job.client, collection, mms_id)
      if not ok then return nil, why, kind, detail end
      return { by_others = first and detail.added == false or nil }
    end,
    keep = function(answer) return { collection = collection, by_others = answer.by_others } end,
  })
end

---Whether this run put the title into its collection, or may have. When Alma says at
---the first call that it is in there already, somebody else put it there.
---@return boolean
function m.was_added(job, change)
  local step = steps.get(job, change, "collect")
  return step ~= nil and step.before ~= nil and not step.before.member and not (step.result and step.result.by_others)
end

---Whether a title is in a collection now.
---@param job almanac.job
---@param collection string
---@return boolean|nil
---@return string? message
---@return string? code
function m.is_member(job, collection)
  local members, message, code = members_of(job, collection)
  if not members then return nil, message, code end
  return members[job.mms_id] or false
end

---Whether the title was taken out of its collection again.
---@return boolean
function m.was_left(job, change)
  return steps.is_done(job, change, "undo collect")
end

local LAST = "701117"

local function take_out(job, collection)
  local ok, message, code, detail = alma.collections.remove_bib(job.client, collection, job.mms_id)
  if ok or code == "missing" then return {} end
  if alma.has_code(detail, LAST) then
    message, code = ("collection %s is the only one that the title is in, and Alma keeps a title with representations in one: " ..
      "add it to another collection in Alma, then undo again"):format(collection), "conflict"
  end
  return nil, message, code, detail
end

---Takes a title out of the collection that this run put it into.
---@return true|nil
---@return string? message
---@return string? code "conflict": Alma keeps it in its last collection
function m.leave(job, change)
  -- The title that another one was merged into may have been there on its own account.
  if not m.was_added(job, change) or job.merged then return true end
  local collection = change.spec.collection
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = "undo collect", page = 0, keep = function() return { collection = collection } end,
    call = function() return take_out(job, collection) end,
  })
  return done and true, message, code
end

-- The list may lag behind, so it is read anew while it still has the title.
local function is_still_member(job, collection)
  local member, message, code = m.is_member(job, collection)
  if not member then return member, message, code end
  job.members[collection] = nil
  return "lagging"
end

---Whether a title is still in the collection that it was taken out of.
---@return almanac.run.reason|false|nil reason
---@return string? message
---@return string? code
function m.check_left(job, change)
  if not m.was_left(job, change) then return false end
  local member, message, code = reconcile.patiently(function() return is_still_member(job, change.spec.collection) end)
  if member == nil then return nil, message, code end
  return member and reasons.new("back_in_collection", { collection = change.spec.collection })
end

return m
