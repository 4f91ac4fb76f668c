-- Puts a title into a collection.
local collect = require "almanac.apply.collect"
local reasons = require "almanac.run.reasons"
local steps = require "almanac.apply.steps"

local m = {}

function m.settle() return true end

function m.begun(job, change)
  return steps.begun(job, change, "collect")
end

function m.expect() end

function m.carry_out(job, change)
  local ok, message, code = collect.enter(job, change)
  return ok and true, message, code
end

function m.check(job, change)
  local member, message, code = collect.is_member(job, change.spec.collection)
  if member == nil then return nil, message, code end
  if not member then return reasons.new("not_in_collection", { collection = change.spec.collection }) end
  return false, 0
end

function m.look(job, change)
  local added = collect.was_added(job, change) and not collect.was_left(job, change)
  return { words = { added and ("take it out of collection %s"):format(change.spec.collection) or nil } }
end

function m.take_back(job, change)
  return collect.leave(job, change)
end

function m.check_back(job, change)
  return collect.check_left(job, change)
end

function m.describe(spec)
  return "the title into collection " .. spec.collection
end

return m
