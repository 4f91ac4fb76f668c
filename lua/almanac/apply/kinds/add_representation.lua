-- Makes a new representation: uploads its files, puts the title into a collection
-- when that was asked for, makes the representation, then attaches page by page.
local attach = require "almanac.apply.attach"
local collect = require "almanac.apply.collect"
local fields = require "almanac.representation_fields"
local look = require "almanac.apply.kinds.look"
local makers = require "almanac.apply.maker"
local reasons = require "almanac.run.reasons"
local representation = require "almanac.apply.representation"
local rivals = require "almanac.apply.rivals"
local steps = require "almanac.apply.steps"
local upload = require "almanac.apply.upload"
local whereabouts = require "almanac.apply.whereabouts"

local m = {}

-- A representation that may have been made is looked for first, because else it
-- would be taken for somebody else's.
function m.settle(job, change)
  if not steps.is_open(job, change, "represent") then return true end
  local made, message, code = representation.make(job, change)
  if not made then return nil, message, code end
  return true
end

function m.begun(job, change)
  return steps.begun(job, change, "represent")
end

-- Representations that were there before the POST, or that a person decided about since, raise no doubt.
local function add_known(planned, ids)
  for _, id in ipairs(ids or {}) do planned[id] = planned[id] or { known = true } end
end

function m.expect(job, change, planned)
  if change.representation_id then planned[change.representation_id] = { own = true } end
  add_known(planned, (steps.get(job, change, "represent") or {}).before)
  add_known(planned, steps.decided(job, change))
end

local function attach_all(job, change, id)
  local attached = {}
  for i, page in ipairs(change.pages) do
    local file, message, code = attach.page(job, change, page, id, { table.unpack(attached) })
    if not file then return nil, message, code end
    attached[i] = file.pid
  end
  return true
end

-- Whether a file may have been attached already: then rivals were met before.
local function is_filled(job, change)
  for _, page in ipairs(change.pages) do
    if steps.begun(job, change, "attach", page.seq) then return true end
  end
  return false
end

function m.prepare(job, change)
  return upload.all(job, change)
end

function m.carry_out(job, change)
  local ok, message, code = collect.enter(job, change)
  if not ok then return nil, message, code end
  local made
  made, message, code = representation.make(job, change)
  if not made then return nil, message, code end
  if job.present then table.insert(job.present, made.representation_id) end
  if not is_filled(job, change) then
    ok, message, code = rivals.meet(job, change)
    if not ok then return nil, message, code end
  end
  ok, message, code = attach_all(job, change, made.representation_id)
  if not ok then return nil, message, code end
  return representation.single(job, change, made.representation_id)
end

-- The files of a representation of ours; a remote one has none in Alma, whose documentation does not say what it answers
-- to the question.
local function files_of(job, change, id)
  if change.spec.originating_record_id then return {}, {} end
  return look.files(job, id, look.pids(change))
end

local function wrong_files(change, files)
  for i, page in ipairs(change.pages) do
    local file = files[i]
    if not file then return reasons.new("not_attached", { file = page.name }) end
    if file.pid ~= page.pid then
      return reasons.new("other_page", { page = page.seq, file = file.pid, name = file.path and file.path:match "[^/]+$" or "",
        planned_file = page.pid, planned = page.name })
    end
    local words = look.wrong_file(page, file)
    if words then return words end
  end
  if #files > #change.pages then
    return reasons.new("file_count_differs", { files = #files, planned = #change.pages })
  end
end

function m.check(job, change, list)
  local id = change.representation_id
  local rep, message, code = look.find(job, list, id)
  if rep and not look.tells(rep, change.spec) then rep, message, code = whereabouts.representation(job, id) end
  if not rep and (code == "missing" or code == "conflict") then return message end
  if not rep then return nil, message, code end
  local words = look.wrong_field(rep, look.baseline(change))
  if words then return words end
  local twin, why, kind = representation.changed_twin(job, change, list, id)
  if twin == nil then return nil, why, kind end
  if twin then return representation.changed(change.spec, twin) end
  local by_pid, files
  by_pid, files, kind = files_of(job, change, id)
  if not by_pid and kind == "missing" then return files end
  if not by_pid then return nil, files, kind end
  words = look.doubled_file(job, change, files) or wrong_files(change, files)
  if words then return words end
  return look.stored(job, change, files)
end

-- ---- taking it back ----

-- The files of a representation of ours must be those that the run attached.
local function foreign_file(job, change, files)
  local own = {}
  for _, page in ipairs(change.pages) do
    if page.pid then own[page.pid] = page end
  end
  for _, file in ipairs(files) do
    local page = own[file.pid]
    if not page and not look.is_unrecorded(job, change, file) then
      return reasons.new("not_of_this_run", { file = file.pid, label = file.label or "" })
    end
    local changed = page and look.changed_file(page, file)
    if changed then return changed end
    own[file.pid] = nil
  end
  local gone = next(own)
  return gone and reasons.new("own_file_deleted_since", { file = gone }) or false
end

-- Linking parameters that the run did not set are empty.
local function unplanned_link(rep, planned)
  for name in pairs(fields.from_links {}) do
    if not planned[name] and (rep[name] or "") ~= "" then return reasons.new("own_field", { field = name, now = rep[name] }) end
  end
end

-- Says what others did to a representation of ours; false when nothing.
local function changed_by_others(job, change, rep)
  local planned = look.baseline(change)
  local words = look.wrong_field(rep, planned)
  if words then return words end
  words = unplanned_link(rep, planned)
  if words then return words end
  if (rep.public_note or "") ~= (planned.public_note or "") then return reasons.new "own_note" end
  local who = makers.other(job.maker, rep)
  if who then return reasons.new("modified_by", { who = who }) end
  local by_pid, files, code = files_of(job, change, rep.id)
  if not by_pid then return nil, files, code end
  return foreign_file(job, change, files)
end

-- Keeps those that Alma still has, because a list may show what was deleted a moment ago.
local function still_there(job, reps)
  local kept = {}
  for _, rep in ipairs(reps) do
    local there, message, code = look.is_there(job, rep.id)
    if there == nil then return nil, message, code end
    if there then kept[#kept + 1] = rep end
  end
  return kept
end

-- A representation that may be ours stays when somebody changed it since.
local function none_changed(job, change, step, list)
  local changed, message, code = representation.changed_since(job, change, step.before, list)
  if not changed then return nil, message, code end
  changed, message, code = still_there(job, changed)
  if not changed then return nil, message, code end
  if not changed[1] then return {} end
  local what = representation.changed(change.spec, changed[1], "look")
  return nil, reasons.new("changed_since", { what = what }), "conflict"
end

-- Names a second representation of ours that somebody changed; it holds nothing up.
local function note_twin(job, change, list)
  local twin, message, code = representation.changed_twin(job, change, list, change.representation_id)
  if twin == nil then return nil, message, code end
  if twin then table.insert(job.unlike, representation.changed(change.spec, twin, "leave")) end
  return true
end

-- Finds what a POST with an unknown end made, and what one POST too many made.
local function unrecorded(job, change, list)
  local step = steps.get(job, change, "represent")
  if not step then return {} end
  local ours, others, code
  if step.state == "done" then
    ours, others, code = representation.twins(job, change, list, change.representation_id)
  else
    ours, others, code = representation.made_since(job, change, step.before, list)
  end
  if ours then ours, others, code = still_there(job, ours) end
  if not ours then return nil, others, code end
  if step.state == "done" then return ours end
  if not ours[1] then return none_changed(job, change, step, list) end
  if #ours <= step.sent then return ours end
  return nil, reasons.new "unknown_end", "conflict"
end

-- Adds the recorded representation of a change, if it is still there and unchanged.
local function recorded(job, change, ids)
  local id = change.representation_id
  if not id then return true end
  local rep, message, code = whereabouts.representation(job, id)
  if not rep and code == "missing" then return true end
  if not rep then return nil, message, code end
  local words, why, kind = changed_by_others(job, change, rep)
  if words then return nil, reasons.new("changed_since", { what = words }), "conflict" end
  if words == nil then return nil, why, kind end
  ids[#ids + 1] = id
  return true
end

function m.look(job, change, list)
  local found = { ids = {}, words = {} }
  local ok, message, code = recorded(job, change, found.ids)
  if not ok then return nil, message, code end
  local more, why, kind = unrecorded(job, change, list)
  if not more then return nil, why, kind end
  ok, message, code = note_twin(job, change, list)
  if not ok then return nil, message, code end
  for _, rep in ipairs(more) do table.insert(found.ids, rep.id) end
  for i, id in ipairs(found.ids) do found.words[i] = "delete representation " .. id end
  return found
end

function m.take_back(job, change, found)
  local ok, message, code = representation.take_back(job, change, found and found.ids or {})
  if not ok then return nil, message, code end
  ok, message, code = collect.leave(job, change)
  if ok then ok, message, code = look.remove_uploads(job, change) end
  return ok, message, code
end

function m.check_back(job, change)
  return collect.check_left(job, change)
end

function m.describe(spec, change)
  return ("a new representation '%s', usage type %s, library %s%s%s"):format(spec.label or "", spec.usage_type, spec.library,
    spec.collection and ", collection " .. spec.collection or "",
    change.representation_id and ", made as " .. change.representation_id or "")
end

return m
