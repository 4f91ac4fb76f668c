-- Deletes a representation with its files, after copies were kept. The title stays.
local alma = require "almanac.alma"
local copies = require "almanac.apply.copies"
local deletion = require "almanac.apply.kinds.deletion"
local fields = require "almanac.representation_fields"
local look = require "almanac.apply.kinds.look"
local older = require "almanac.apply.older"
local paging = require "almanac.alma.paging"
local reasons = require "almanac.run.reasons"
local representation = require "almanac.apply.representation"
local steps = require "almanac.apply.steps"
local whereabouts = require "almanac.apply.whereabouts"

local m = {}

local function deletion_of(job, change)
  local mms_id, id = job.mms_id, change.representation_id
  return {
    representation = id,
    send = function() return alma.representations.delete(job.client, mms_id, id) end,
    is_gone = function() return look.is_there(job, id) == false end,
  }
end

m.begun = deletion.begun

function m.expect(job, change, planned)
  if deletion.is_done(job, change) then planned[change.representation_id] = nil end
end

-- Gets its files, which must be those of the plan; somebody may have changed them.
local function files_as_planned(job, change)
  local files, message, code = alma.files.list(job.client, job.mms_id, change.representation_id, { url = true })
  if not files then return nil, message, code end
  local planned = look.planned_files(job, change.representation_id)
  for _, file in ipairs(files) do
    local before = planned[file.pid]
    if not before or before.size and tonumber(file.size) ~= before.size then
      return nil, reasons.new("file_came", { file = file.pid }), "conflict"
    end
  end
  return files
end

-- The files of a remote one are not in Alma.
local function keep_copies(job, change)
  local planned = look.planned(job, change.representation_id)
  if planned and planned.remote then return 0 end
  local files, message, code = files_as_planned(job, change)
  for n, file in ipairs(files or {}) do
    local ok
    ok, message, code = copies.keep(job, change, n, file)
    if not ok then return nil, message, code end
  end
  return files and #files, message, code
end

-- Before the deletion is sent again, what is still there must have its copies: the run
-- file may have been moved without them.
local function keep_again(job, change)
  local there, message, code = look.is_there(job, change.representation_id)
  if there == nil then return nil, message, code end
  if not there then return true end
  return keep_copies(job, change)
end

function m.settle(job, change)
  return deletion.settle(job, change, deletion_of(job, change), keep_again)
end

function m.carry_out(job, change)
  local delete = deletion_of(job, change)
  if m.begun(job, change) then return deletion.perform(job, change, delete) end
  local rep, message, code = deletion.keep(delete, function()
    return alma.representations.get(job.client, job.mms_id, change.representation_id)
  end)
  if not rep then return nil, message, code end
  local count
  count, message, code = deletion.keep(delete, function() return keep_copies(job, change) end)
  if not count then return nil, message, code end
  local kept = fields.of(rep)
  local request = kept.request_id
  kept.request_id = nil   -- Alma's documentation does not say whether it takes that of a request that is done
  return deletion.perform(job, change, delete,
    { fields = kept, files = count, request = request, inactive = look.value(rep.active) == "false" or nil })
end

function m.check(job, change)
  local there, message, code = look.is_there(job, change.representation_id)
  if there == nil then return nil, message, code end
  return there and reasons.new("representation_still_there", { representation = change.representation_id }), 0
end

-- The representation that undo makes again is a change of its own.
local function again(change, step)
  return { seq = change.seq, kind = change.kind, spec = step.before.fields, pages = {},
    representation_id = change.representation_id }
end

-- A representation that is made again is active, so one that was not is deactivated.
local function deactivate(job, change, step)
  if not step.before.inactive then return true end
  return steps.perform(job, {
    change = change.seq, kind = "undo active", page = 0, keep = function() return {} end,
    call = function()
      return alma.representations.update(job.client, job.mms_id, change.representation_id, { active = { value = "false" } })
    end,
  })
end

local function is_back(job, change, step)
  if not steps.is_done(job, change, "represent") then return false end
  if step.before.inactive and not steps.is_done(job, change, "undo active") then return false end
  for n = 1, step.before.files do
    if not copies.is_back(job, change, n) then return false end
  end
  return representation.is_single(job, change)
end

-- Whether the deletion of a begun step has not happened.
local function is_still_there(job, change)
  if steps.begun(job, change, "represent") then return false end
  return look.is_there(job, change.representation_id)
end

function m.look(job, change)
  local found, step = { words = {} }, steps.get(job, change, "delete")
  if not step then return found end
  local there, message, code = is_still_there(job, change)
  if there == nil then return nil, message, code end
  if there then return found end
  if step.before.request then
    table.insert(job.unlike, reasons.new("back_without_request", { representation = change.representation_id,
      request = step.before.request }))
  end
  if is_back(job, change, step) then return found end
  for n = 1, step.before.files do
    if not copies.of(job, change, n) then
      return nil, reasons.new("without_copies", { representation = change.representation_id }), "conflict"
    end
  end
  local kept = step.before.fields
  found.words[1] = kept.originating_record_id
    and ("make remote representation '%s' of record '%s' again"):format(kept.label or "", kept.originating_record_id)
    or ("make representation '%s' with %d files again"):format(kept.label or "", step.before.files)
  return found
end

-- Makes sure that no other copy of this run has made it again already.
local function meet_older(job, new, list)
  if steps.begun(job, new, "represent") then return true end
  local made, message, code = representation.made_like(job, new.spec, list)
  if not made then return nil, message, code end
  for _, rep in ipairs(made) do
    local reason = reasons.new("representation_back_already", { representation = rep.id })
    if not steps.is_decided(job, new, rep.id) then return older.ask_about_restored(job, new, reason, rep.id) end
  end
  return true
end

function m.restore(job, change, found)
  if not (found and found.words[1]) then return true end
  local step = steps.get(job, change, "delete")
  local list, message, code = representation.list(job)
  if not list then return nil, message, code end
  job.present = {}
  for i, rep in ipairs(list) do job.present[i] = rep.id end
  local new = again(change, step)
  local made
  made, message, code = meet_older(job, new, list)
  if made then made, message, code = representation.make(job, new) end
  if made then job.made_again = { made.representation_id, table.unpack(job.made_again or {}) } end
  for n = 1, made and step.before.files or 0 do
    if not copies.is_back(job, change, n) then
      local ok
      ok, message, code = copies.restore(job, change, n, made.representation_id)
      if not ok then return nil, message, code end
    end
  end
  if made then made, message, code = representation.single(job, new, made.representation_id) end
  if made then made, message, code = deactivate(job, new, step) end
  return made and true, message, code
end

function m.check_back(job, change)
  if not steps.is_done(job, change, "represent") then return false end
    local step, id = steps.get(job, change, "delete"), change.representation_id   -- the id of the new one by now
  local there, why, kind = look.is_there(job, id)
  if there == nil then return nil, why, kind end
  if not there then return reasons.new("back_representation_gone", { representation = id }) end
  if step.before.files == 0 then return false end
  local files, message, code = whereabouts.files(job, id)
  if not files then return nil, message, code end
  local by_pid = look.by_pid(files)
  for n = 1, step.before.files do
    local words = copies.check_back(job, change, n, by_pid)
    if words then return words end
  end
  return false
end

function m.done_elsewhere(_, change, list)
  return not paging.holds(list, "id", change.representation_id)
end

function m.describe(_, change)
  return "delete representation " .. change.representation_id
end

return m
