-- The one write of kinds that delete: made once, found done when an earlier try
-- did it, and looked into before the title is compared with its plan.
local steps = require "almanac.run.steps"

local m = {}

-- Alma has no error of its own for what is not there: then a look decides.
local function call(delete)
  local ok, message, code, detail = delete.send()
  if ok then return {} end
  if not (detail and detail.unclear) and delete.is_gone() then return {} end
  return nil, message, code, detail
end

---Deletes.
---@param job table from title.load
---@param change table
---@param delete { send: (fun(): true|nil, string?, string?, table?), is_gone: fun(): boolean|nil }
---@param before any what was there, kept with the intent
---@return true|nil
---@return string? message
---@return string? code
function m.perform(job, change, delete, before)
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = "delete", page = 0, during = "attaching", after = "attaching", before = before,
    call = function() return call(delete) end,
    keep = function() return {} end,
  })
  return done and true, message, code
end

---Deletes what is there twice, while a title is taken back.
---@param job table from title.load
---@param change table
---@param kind string of the step
---@param delete table as for m.perform
---@return true|nil
---@return string? message
---@return string? code
function m.once(job, change, kind, delete)
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = kind, page = 0, call = function() return call(delete) end, keep = function() return {} end,
  })
  return done and true, message, code
end

---@return boolean
function m.begun(job, change)
  return steps.begun(job, change, "delete")
end

---Deletes what may have been deleted already: a deletion can be repeated.
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
