-- The one write of kinds that delete. It is made once, is found done when an earlier try
-- did it, and is looked into before the title is compared with its plan. What somebody
-- else deleted is not this run's deed, or undo would bring it back a second time.
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"

local m = {}

local function by_others(delete)
  return nil, reasons.new(delete.file and "file_deleted" or "representation_deleted",
    { file = delete.file, representation = delete.representation }), "conflict"
end

-- Alma has no error of its own for what is not there, so a look decides. When Alma
-- refused the only call that was made, somebody else deleted it.
local function send_deletion(delete, first)
  local ok, message, code, detail = delete.send()
  if not ok and not (detail and detail.unclear) then ok = delete.is_gone() or nil end
  if not ok then return nil, message, code, detail end
  if not (first and detail) or detail.earlier or detail.unclear and not detail.answered then return {} end
  local _, reason, kind = by_others(delete)
  return nil, reason, kind, { errors = {}, unclear = false, unsent = false }
end

---Deletes.
---@param job almanac.job
---@param change almanac.change
---@param delete { file: string?, representation: string, send: (fun(): true|nil, string?, string?, table?), is_gone: fun(): boolean|nil }
---  file: its id, when it is one of the representation
---@param before any what was there, kept with the intent
---@return true|nil
---@return string? message
---@return string? code "conflict": somebody else had deleted it
function m.perform(job, change, delete, before)
  local first = not m.begun(job, change)
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = "delete", page = 0, during = states.DELETING, after = states.DELETING, before = before,
    call = function()
      local was_first = first
      first = false
      return send_deletion(delete, was_first)
    end,
    keep = function() return {} end,
  })
  return done and true, message, code
end

---Deletes what is there twice, while a title is taken back.
---@param job almanac.job
---@param change almanac.change
---@param kind string of the step
---@param delete table as for m.perform
---@return true|nil
---@return string? message
---@return string? code
function m.once(job, change, kind, delete)
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = kind, page = 0, call = function() return send_deletion(delete) end, keep = function() return {} end,
  })
  return done and true, message, code
end

---@return boolean
function m.begun(job, change)
  return steps.begun(job, change, "delete")
end

-- Alma's no to a read: it has no error of its own for what is not there.
local REFUSED = { missing = true, status = true }

---Keeps copies of what is to be deleted. When that fails because somebody deleted the
---original meanwhile, a person has to look.
---@param delete table as for m.perform
---@param keep fun(): any, string?, string?
---@return any kept
---@return string? message
---@return string? code
function m.keep(delete, keep)
  local kept, message, code = keep()
  if kept or not REFUSED[code] or not delete.is_gone() then return kept, message, code end
  return by_others(delete)
end

---Deletes what may have been deleted already, because a deletion can be repeated.
---@param delete table as for m.perform
---@param keep fun(job: table, change: table): any, string?, string? copies what is still there, if that is not done
function m.settle(job, change, delete, keep)
  if not steps.is_open(job, change, "delete") then return true end
  local ok, message, code = keep(job, change)
  if ok then ok, message, code = m.perform(job, change, delete) end
  return ok, message, code
end

---@return boolean
function m.is_done(job, change)
  return steps.is_done(job, change, "delete")
end

return m
