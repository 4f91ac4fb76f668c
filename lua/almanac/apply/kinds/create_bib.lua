-- Creates the title itself, once. Before the call it is looked for by the number that is its own, and by those of its
-- source; a call without a clear answer is never sent again before a person has looked, because Alma's index may lag.
local alma = require "almanac.alma"
local bib_record = require "almanac.apply.bib_record"
local bib_rivals = require "almanac.apply.bib_rivals"
local collect = require "almanac.apply.collect"
local edit = require "almanac.record_edit"
local holds = require "almanac.apply.holds"
local new_bib = require "almanac.apply.new_bib"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local record_changes = require "almanac.run.record_changes"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local titles = require "almanac.run.titles"

local m = {}

local MATCHES = "60307"          -- "The given bib object has matching records."
local MATCH_DOUBT = "matches"
local DAY = 24 * 3600

function m.begun(job, change)
  return steps.begun(job, change, "create")
end

function m.expect() end

local function format_of(record)
  if not edit.is_marc(record) then return "dc" end
  return not record:get "245$a" and record:get "200$a" and "unimarc" or "marc21"
end

local function options_of(job, change, record)
  local spec = change.spec
  return { as_new = true, format = format_of(record), override_warning = true, normalization = spec.normalization,
    import_profile = spec.import_profile, suppress_from_publishing = spec.suppress or false,
    check_match = spec.check_match and not steps.is_decided(job, change, MATCH_DOUBT) or nil }
end

-- With an import profile Alma may change a title that was there instead of creating one (OpenAPI). Such a one is older than
-- the call, another title of the run, or was found before.
local function was_there(job, new, bib)
  local other = titles.with_id(job.db, bib.mms_id)
  if new.there[bib.mms_id] or other and other ~= job.title.id then return true end
  local year, month, day = tostring(bib.created_date or ""):match "^(%d%d%d%d)-(%d%d)-(%d%d)"
  return year ~= nil and os.time { year = year, month = month, day = day, hour = 12 } < os.time() - 2 * DAY
end

-- ---- the call ----

-- Says why an answer can't be about the title that was sent. What Alma makes of a record by an import profile or a
-- normalization may lack its number.
local function wrong_answer(job, change, new, bib)
  if not bib.record then return "the answer has no record" end
  if type(bib.mms_id) ~= "string" or not bib.mms_id:find "^%d+$" then return "the answer has no MMS ID" end
  if change.spec.import_profile then return nil end
  local other = titles.with_id(job.db, bib.mms_id)
  if other and other ~= job.title.id then return "the answer names another title" end
  if not (change.spec.normalization or new_bib.has_number(bib.record, new.key)) then return "the answer has another record" end
end

-- Sends the call; what this machine remembers of it is written before and after.
local function post(job, change, new)
  local function note(state, mms_id)
    if job.made then job.made:note(state, new, mms_id) end
  end
  note "sent"
  local bib, message, code, detail = alma.bibs.create(job.client, new.record, options_of(job, change, new.record))
  local odd = bib and wrong_answer(job, change, new, bib)
  if odd then bib, message, code, detail = nil, "POST /bibs: " .. odd, "parse", { errors = {}, unclear = true, unsent = false } end
  if bib then
    note("made", bib.mms_id)
    return bib
  end
  if not (detail and detail.unclear) then
    note "void"
    return nil, bib_record.refusal(message, detail), code, detail
  end
  -- Alma may have answered with an error and have made it all the same, and its index lags: it is looked for as long as
  -- after an answer that was lost.
  local unclear = setmetatable({ answered = false }, { __index = detail })
  return nil, (message:gsub("; nobody can tell.*", "")), code, unclear
end

local function ask_about_end(job, change, new)
  return steps.ask(job, change, { kind = "create" }, reasons.new("bib_unclear", { number = new.key,
    seconds = math.ceil(reconcile.bound) }))
end

-- What is kept of the answer: the record as Alma has it, where that is not what was sent.
local function kept_of(new, bib, overlaid)
  local text = bib_record.text(new.record)
  return { answered = not bib_record.same(bib.record, text) and bib_record.text(bib.record) or nil, overlaid = overlaid or nil,
    mms_id = overlaid and bib.mms_id or nil }
end

local function perform(job, change, new, found)
  local warnings, detail, overlaid
  local made, message, code = steps.perform(job, {
    change = change.seq, kind = "create", page = 0, during = states.CHANGING, after = states.CHANGING,
    call = function()
      if found then return found end
      local bib, why, kind
      bib, why, kind, detail = post(job, change, new)
      return bib, why, kind, detail
    end,
    look = function() return new_bib.made(job, new) end,
    unsettled = function(fate)
      if fate == "killed" and new_bib.is_unsent(job, new) then return false end
      return ask_about_end(job, change, new)
    end,
    keep = function(bib) return { mms_id = bib.mms_id } end,
    remember = function(bib)
      overlaid, warnings = was_there(job, new, bib), bib.warnings
      return kept_of(new, bib, overlaid)
    end,
    recorded = not titles.is_new(job.title) and { mms_id = job.title.mms_id } or nil,
    record = function(db, result)
      if overlaid then return true end
      local ok, why, kind = titles.settle(db, job.title.id, result.mms_id)
      if ok then ok, why, kind = bib_record.note_warnings(job, db, warnings) end
      return ok, why, kind
    end,
  })
  return made, message, code, detail
end

-- Alma refuses a record that matches others, when it was asked to look: which, in words.
local function ask_about_matches(job, change, detail)
  local text, named = detail.errors[1].message, {}
  for id in text:gmatch "%f[%d]99%d+" do named[#named + 1] = id end
  for i, bib in ipairs(named[1] and alma.bibs.get(job.client, named) or {}) do
    named[i] = ("%s '%s'"):format(bib.mms_id, bib.title or "")
  end
  return steps.ask(job, change, { doubts = { MATCH_DOUBT } }, reasons.new("bib_matches", { what = text,
    titles = named[1] and table.concat(named, ", ") or nil }))
end

-- ---- before it ----

-- Before the first call: another copy of this run may have made it, or another run of the same record.
local function look_before(job, change, new)
  local list, message, code = new_bib.made(job, new)
  if not list then return nil, message, code end
  if list[1] then
    job.found = true
    return list[1]
  end
  local met
  met, message, code = bib_rivals.before(job, change, new)
  if met == nil then return nil, message, code end
  if job.made then job.made:note("begun", new) end
  return false
end

local function go_on_with(job, made)
  job.mms_id, job.title.mms_id = made.mms_id, made.mms_id
end

local function make(job, change)
  local new, message = new_bib.of(job, change)
  if not new then return nil, message, "status" end
  local step = steps.get(job, change, "create")
  if step and step.state == "done" and step.result and step.result.overlaid then
    return nil, reasons.new("bib_overlaid", { title = step.result.mms_id, profile = change.spec.import_profile }), "conflict"
  end
  local found, code
  if not step then found, message, code = look_before(job, change, new) end
  if found == nil and not step then return nil, message, code end
  local made, detail
  made, message, code, detail = perform(job, change, new, found or nil)
  if not made and detail and alma.has_code(detail, MATCHES) then return ask_about_matches(job, change, detail) end
  if not made then return nil, message, code end
  step = steps.get(job, change, "create")
  if step.result and step.result.overlaid then return make(job, change) end
  go_on_with(job, made)
  return true
end

-- A title that may have been made is looked for first: without its MMS ID nothing of it can be looked at.
function m.settle(job, change)
  if not steps.is_open(job, change, "create") then return true end
  return make(job, change)
end

function m.carry_out(job, change)
  local ok, message, code = make(job, change)
  if ok then ok, message, code = bib_rivals.beside(job, change) end
  if ok then ok, message, code = collect.enter(job, change) end
  return ok and true, message, code
end

-- ---- afterwards ----

-- The record as the run left it, as text.
local function left_as(job, change)
  local step = steps.get(job, change, "create")
  local result = step.state == "done" and step.result or {}
  return result.answered or bib_record.text(assert(new_bib.of(job, change)).record)
end

function m.check(job, change)
  if job.merged then return reasons.new("bib_merged", { title = job.merged }) end
  local bib, message, code = bib_record.read(job)
  if not bib then return nil, message, code end
  local left = left_as(job, change)
  if not bib_record.same(bib.record, left) then
    return reasons.new("record_differs", { what = bib_record.difference(left, bib.record) })
  end
  local list
  list, message, code = new_bib.with_number(job, assert(new_bib.of(job, change)).key)
  if not list then return nil, message, code end
  local rival
  for _, other in ipairs(list) do rival = other.mms_id ~= job.mms_id and other or rival end
  if not rival then rival, message, code = bib_rivals.find(job, assert(new_bib.of(job, change))) end
  if rival == nil then return nil, message, code end
  if rival and not bib_rivals.is_decided(job, change, rival) then
    return reasons.new("bib_twice", { title = rival.mms_id })
  end
  if not change.spec.collection then return false, 0 end
  local member
  member, message, code = collect.is_member(job, change.spec.collection)
  if member == nil then return nil, message, code end
  return not member and reasons.new("not_in_collection", { collection = change.spec.collection }), 0
end

-- ---- taking it back ----

-- Bibs that the change made: the recorded one, or after a call without a clear answer those with its number.
local function made_bibs(job, step, new)
  if step.state == "done" and not titles.is_new(job.title) then
    local bib, message, code = bib_record.read(job)
    if not bib and code ~= "missing" then return nil, message, code end
    return { bib }
  end
  local list, message, code = new_bib.made(job, new)
  if not list or list[1] or new_bib.is_unsent(job, new) then return list, message, code end
  if os.time() - step.begun > reconcile.long_after() then return {} end
  return nil, reasons.new("bib_end_unknown", { number = new.key }), "conflict"
end

-- Says why a bib has to stay; nil when it is as it was made, and holds nothing that is not of this run.
local function obstacle(job, change, bib, list)
  local left = left_as(job, change)
  if not bib_record.same(bib.record, left) then
    return reasons.new("own_record", { what = bib_record.difference(left, bib.record) })
  end
  return holds.others(job, bib, list)
end

function m.look(job, change, list)
  local found, step = { words = {}, ids = {} }, steps.get(job, change, "create")
  if not step or job.gone then return found end
  if step.result and step.result.overlaid then
    return nil, reasons.new("bib_overlaid", { title = step.result.mms_id, profile = change.spec.import_profile }), "conflict"
  elseif job.merged then
    table.insert(job.unlike, reasons.new("bib_merged", { title = job.merged }))
    return found
  end
  local new = assert(new_bib.of(job, change))
  local bibs, message, code = made_bibs(job, step, new)
  if not bibs then return nil, message, code end
  for i, bib in ipairs(bibs) do
    local why, said, kind = obstacle(job, change, bib, list)
    if why then return nil, reasons.new("changed_since", { what = why }), "conflict" end
    if said then return nil, said, kind end
    found.ids[i], found.words[i] = bib.mms_id, "delete the title that was created"
  end
  return found
end

local function delete(job, change, id)
  local done, message, code = steps.perform(job, {
    change = change.seq, kind = "undo create " .. id, page = 0, keep = function() return { mms_id = id } end,
    call = function()
      local ok, why, kind, detail = alma.bibs.delete(job.client, id, { override = false })
      if ok or kind == "missing" then return {} end
      return nil, why, kind, detail
    end,
  })
  return done and true, message, code
end

function m.take_back(job, change, found)
  local ok, message, code = collect.leave(job, change)
  for _, id in ipairs(ok and found and found.ids or {}) do
    if ok then ok, message, code = delete(job, change, id) end
  end
  return ok, message, code
end

function m.done_elsewhere(job, change)
  local new = new_bib.of(job, change)
  local list = new and new_bib.made(job, new)
  return list ~= nil and list[1] ~= nil
end

function m.describe(spec)
  local record = edit.make(spec, "INSTITUTION")
  return ("a new title '%s' (%s)%s%s%s"):format(record and record_changes.title_of(record) or "", record and format_of(record) or "?",
    spec.collection and ", in collection " .. spec.collection or "", spec.suppress and ", suppressed" or "",
    spec.import_profile and ", by import profile " .. spec.import_profile or "")
end

return m
