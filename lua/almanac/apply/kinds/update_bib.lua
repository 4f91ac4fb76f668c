-- Changes the title's record. The record before is kept in the intent. A call is sent only while Alma's record is still
-- that one, and names its version, so a change of somebody else's is never overwritten; of Dublin Core, which has no
-- version, only while nobody is faster than a look and a call.
local alma = require "almanac.alma"
local bib_record = require "almanac.apply.bib_record"
local edit = require "almanac.record_edit"
local json = require "almanac.json"
local reasons = require "almanac.run.reasons"
local record_changes = require "almanac.run.record_changes"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"

local m = {}

local LACKS = "lacks"    -- what a person was asked about

local same, text_of = bib_record.same, bib_record.text

function m.settle() return true end

function m.begun(job, change)
  return steps.begun(job, change, "record")
end

function m.expect() end

-- Whether a record is as the edits want it: then they would change nothing.
local function holds(record, spec)
  local list = record_changes.planned(text_of(record), spec)
  return list ~= nil and list[1] == nil
end

-- The record before with the edits of the plan.
local function edited(text, spec)
  local record = bib_record.of(text)
  local ok, message = edit.apply(record, spec)
  if not ok then return nil, message, "status" end
  return record
end

local function changed_reason(text, record, spec)
  return reasons.new("record_changed", { what = bib_record.difference(text, record), older = holds(record, spec) or nil })
end

-- The record as it is, unless somebody changed it since the plan.
local function before_of(job, change)
  local bib, message, code = bib_record.read(job)
  if not bib then return nil, message, code end
  local planned = bib_record.planned(job)
  if planned and not same(bib.record, planned) then
    return bib_record.ask(job, bib.record, changed_reason(planned, bib.record, change.spec))
  end
  return { record = text_of(bib.record) }
end

-- Somebody changed the record while ours was on its way. Once it is decided to go on, the record as it is now counts as
-- the one before.
local function ask_about_change(job, change, step, record)
  local reason = reasons.new("record_set_meanwhile", { what = bib_record.difference(step.before.record, record) })
  step.before.record = text_of(record)
  return bib_record.ask(job, record, reason, function(db)
    return db:run("UPDATE step SET before = ? WHERE title_id = ? AND change = ? AND kind = ?", json.encode(step.before),
      job.title.id, change.seq, step.kind)
  end)
end

-- Whether a field that was to change is as it was before. Of a record that is linked to the Network Zone Alma changes
-- local fields alone (OpenAPI); what it makes of a value is its own affair.
local function lacks(before, to, answered)
  local changed = {}
  for _, one in ipairs(record_changes.between(before, answered)) do changed[one.field] = true end
  for _, one in ipairs(record_changes.between(before, to)) do
    if not changed[one.field] then return true end
  end
end

-- What is kept of the answer: the record as Alma has it, where that is not what was sent.
local function kept_of(step, to, bib, found)
  if same(bib.record, text_of(to)) then return {} end
  return { answered = text_of(bib.record), found = found, lacks = lacks(bib_record.of(step.before.record), to, bib.record) }
end

-- Sends a record in the place of one, or finds that it came through already. A record that somebody edits just now is left:
-- by default Alma would save it all the same.
local function replace(job, step)
  local bib, message, code, detail = alma.bibs.read(job.client, job.mms_id)
  if not bib then return nil, message, code, detail end
  local to = step.to()
  if step.wanted(bib.record) then return { kept = kept_of(step, to, bib, true) } end
  if not same(bib.record, step.before.record) then return { changed = bib.record } end
  local answer
  step.options.override_lock = false
  answer, message, code, detail = alma.bibs.update(job.client, job.mms_id, bib_record.with_version(to, bib.record), step.options)
  if answer then return { kept = kept_of(step, to, answer), warnings = answer.warnings } end
  return nil, bib_record.refusal(message, detail), code == "conflict" and "closed" or code, detail
end

-- A person looks when Alma took the call and not the change.
local function ask_about_lacking(job, change, step)
  local result = (steps.get(job, change, step.kind) or {}).result or {}
  if not result.lacks or steps.is_decided(job, change, LACKS) then return true end
  return steps.ask(job, change, { doubts = { LACKS } }, reasons.new("record_not_taken", {
    what = bib_record.difference(text_of(step.to()), bib_record.of(result.answered)) }))
end

local function perform(job, change, step)
  local changed, warnings
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = step.kind, page = 0, during = states.CHANGING, after = states.CHANGING, before = step.before,
    call = function()
      local result, why, kind, detail = replace(job, step)
      if not (result and result.changed) then return result, why, kind, detail end
      changed = result.changed
      return nil, "somebody changed the record", "conflict"
    end,
    keep = function(result) return result.kept end,
    remember = function(result)
      local kept = result.kept
      warnings = result.warnings
      if kept.answered then job.differs(change, { record = bib_record.difference(text_of(step.to()), bib_record.of(kept.answered)) }) end
      return kept
    end,
    record = function(db) return bib_record.note_warnings(job, db, warnings) end,
  })
  if done then return ask_about_lacking(job, change, step) end
  if changed then return ask_about_change(job, change, step, changed) end
  return nil, message, code
end

function m.carry_out(job, change)
  if steps.is_done(job, change, "record") and job.merged then return true end
  if job.merged then return nil, reasons.new("record_merged", { title = job.merged }), "conflict" end
  local step = steps.get(job, change, "record")
  local before, message, code = step and step.before, nil, nil
  if not before then before, message, code = before_of(job, change) end
  if not before then return nil, message, code end
  local to
  to, message, code = edited(before.record, change.spec)
  if not to then return nil, message, code end
  return perform(job, change, {
    kind = "record", before = before, to = function() return to end,
    options = { normalization = change.spec.normalization, override_warning = true },
    wanted = function(record) return not same(record, before.record) and holds(record, change.spec) end,
  })
end

-- The record as the run left it, as text; and whether nobody can tell that it was the run alone.
local function left_as(job, change)
  local step = steps.get(job, change, "record")
  local result = step.state == "done" and step.result or {}
  if result.answered then return result.answered, result.found end
  return text_of(assert(edited(step.before.record, change.spec)))
end

function m.check(job, change)
  if job.merged then return reasons.new("record_merged", { title = job.merged }) end
  local bib, message, code = bib_record.read(job)
  if not bib then return nil, message, code end
  local planned = left_as(job, change)
  if same(bib.record, planned) then return false, 0 end
  return reasons.new("record_differs", { what = bib_record.difference(planned, bib.record) })
end

-- ---- taking it back ----

-- The record before, or as Alma answered it when it was put back.
local function is_back(job, change, record)
  local back = steps.get(job, change, "undo record")
  local answered = back and back.state == "done" and back.result and back.result.answered
  return same(record, steps.get(job, change, "record").before.record) or same(record, answered or nil)
end

function m.look(job, change)
  local found, step = { words = {} }, steps.get(job, change, "record")
  if not step or job.gone then return found end
  if job.merged then
    table.insert(job.unlike, reasons.new("record_merged", { title = job.merged }))
    return found
  end
  local bib, message, code = bib_record.read(job)
  if not bib then return nil, message, code end
  if is_back(job, change, bib.record) then return found end
  local left, unsure = left_as(job, change)
  if not same(bib.record, left) then
    return nil, reasons.new("changed_since", { what = reasons.new("own_record", { what = bib_record.difference(left, bib.record) }) }),
      "conflict"
  elseif unsure then
    local sent = assert(edited(step.before.record, change.spec))
    return nil, reasons.new("record_unsure", { what = bib_record.difference(text_of(sent), bib.record) }), "conflict"
  end
  found.words[1] = "put the record back as it was: " .. bib_record.difference(left, bib_record.of(step.before.record))
  found.left = left
  return found
end

-- The record was fit once, so it is put back without asking whether it still would be.
function m.take_back(job, change, found)
  if not (found and found.words[1]) then return true end
  local before = steps.get(job, change, "record").before.record
  return perform(job, change, {
    kind = "undo record", before = { record = found.left }, to = function() return bib_record.of(before) end,
    options = { validate = false }, wanted = function(record) return same(record, before) end,
  })
end

function m.done_elsewhere(job, change)
  local bib, planned = bib_record.read(job), bib_record.planned(job)
  return bib ~= nil and planned ~= nil and not same(bib.record, planned) and holds(bib.record, change.spec)
end

local function listed(list, word)
  local parts = {}
  for i, one in ipairs(list or {}) do parts[i] = word:format(type(one) == "table" and one[1] or one, type(one) == "table" and one[2]) end
  return parts
end

local function fields_of(rows)
  local list = {}
  for i, row in ipairs(rows or {}) do
    local parts = { row[1] }
    for n = row[3] and 3 or 2, #row do parts[#parts + 1] = (row[3] and n % 2 == 1 and "$" or "") .. row[n] end
    list[i] = { table.concat(parts, " ") }
  end
  return list
end

---What edits do, in words.
---@param spec almanac.record_edits
---@return string
function m.edits_in_words(spec)
  local parts = listed(spec.remove, "%s is removed")
  table.move(listed(spec.set, "%s is set to '%s'"), 1, #(spec.set or {}), #parts + 1, parts)
  table.move(listed(fields_of(spec.add), "a field %s is added"), 1, #(spec.add or {}), #parts + 1, parts)
  return table.concat(parts, ", ")
end

function m.describe(spec)
  return "in its record " .. m.edits_in_words(spec)
end

return m
