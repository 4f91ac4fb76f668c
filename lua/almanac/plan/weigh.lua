-- Says which state proposed changes give a title: ready, to decide, or skipped.
local attempt = require "almanac.run.attempt"
local consequences = require "almanac.run.consequences"
local judge = require "almanac.plan.judge"
local kinds = require "almanac.change_kinds"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local record_plans = require "almanac.plan.record_plans"
local records = require "almanac.run.records"
local remote = require "almanac.plan.remote"
local states = require "almanac.run.states"

local m = {}

---Passes on what a rule gave; one that fails ends the attempt.
---@param ok boolean
---@param ... any what it gave; or message, code
---@return any ...
function m.taken(ok, ...)
  local message, code = ...
  if not ok then attempt.fail(message, code or "parse") end
  return ...
end

local function refuse(words, rule, id)
  attempt.fail(("%s (rule %s, for '%s')"):format(words, rule, id), "parse")
end

---The state that changes give a title, and why. Called inside an attempt.
---@param recipe table
---@param id string MMS ID
---@param reading table
---@param changes table[]
---@param sure boolean? a person has decided, so likeness to what is there is no doubt
---@param rule string? that proposed them, "changes"
---@return string state
---@return almanac.run.reason? reason
function m.changes(recipe, id, reading, changes, sure, rule)
  record_plans.look(id, reading, changes)
  if #changes == 0 then return states.SKIP, reasons.new("nothing_to_do", { why = changes.reason }) end
  local wrong = judge.impossible(reading, changes) or consequences.undeclared(recipe, reading, changes)
  if wrong then refuse(wrong, rule or "changes", id) end
  local doubt = remote.twice(changes)
  for _, change in ipairs(changes) do doubt = doubt or not sure and judge.doubt(reading, change) end
  if doubt then return states.ASK, doubt end
  return states.READY
end

local NOTHING = readings.encode { representations = {} }

---The state of a title that is to be made. Called inside an attempt.
---@param recipe table
---@param id string
---@param changes table[] at least one
---@return string state
---@return almanac.run.reason? reason
function m.new_title(recipe, id, changes)
  local reading = readings.decode(NOTHING)
  reading.new = true
  if not kinds.may_make_title(changes[1]) then refuse("the first change makes the title: create.bib, or ingest", "missing", id) end
  return m.changes(recipe, id, reading, changes, true, "missing")
end

local function deletes(changes)
  for _, change in ipairs(changes) do
    if kinds.deleted(change.kind, change) then return true end
  end
  return false
end

---A doubt when a source has deleted a title's record, and the recipe does not say delete.
---@param deleted almanac.run.record_row? that record
---@param changes table[]
---@return almanac.run.reason? doubt
function m.deleted(deleted, changes)
  if not deleted or deletes(changes) then return nil end
  return reasons.new("record_deleted", { record = records.name(deleted) })
end

return m
