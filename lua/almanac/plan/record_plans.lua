-- What planned changes would do to the records of titles. One that changes nothing is left out of the plan; one that can't be
-- done is the recipe's mistake and ends it, since what a plan says of a record has to be what is sent.
local attempt = require "almanac.run.attempt"
local edit = require "almanac.record_edit"
local kinds = require "almanac.change_kinds"
local record_changes = require "almanac.run.record_changes"

local m = {}

local SAME = "its record is so already"

local function fail(mms_id, change, message)
  attempt.fail(("%s: %s (rule changes, for '%s')"):format(change.kind, message, mms_id), "parse")
end

-- Whether a change of the title's record changes something.
local function is_needed(mms_id, record, change)
  if not record then
    fail(mms_id, change, "the record is changed as it is in Alma, so it has to be read: give the recipe reads = { \"record\" }")
  end
  local list, message = record_changes.planned(record, change)
  if not list then fail(mms_id, change, message) end
  return list[1] ~= nil
end

---Looks at what changes do to records. Called inside an attempt.
---@param mms_id string
---@param reading { record: string? } the title's record, as a run file keeps it
---@param changes table[] of a recipe; those that change nothing are taken out, and then `reason` says so
function m.look(mms_id, reading, changes)
  for i = #changes, 1, -1 do
    local change = changes[i]
    if kinds.kinds[change.kind].edits and not is_needed(mms_id, reading.record, change) then
      table.remove(changes, i)
      changes.reason = changes.reason or SAME
    elseif kinds.makes_title(change) and change.record then
      local made, message = edit.make(change, "INSTITUTION")
      if not made then fail(mms_id, change, message) end
    end
  end
end

return m
