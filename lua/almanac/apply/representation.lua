-- Makes the representation of a change, once. Two that fit are ours only if two
-- POSTs may have been sent; then the one too many is deleted while it is empty.
local alma = require "almanac.alma"
local fields = require "almanac.representation_fields"
local json = require "almanac.json"
local kinds = require "almanac.change_kinds"
local known = require "almanac.apply.known"
local look = require "almanac.apply.kinds.look"
local makers = require "almanac.apply.maker"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local task = require "almanac.task"

local m = {}

---The body of POST representations. `active` is left out, since the published XSD has none, and so is `repository` of
---local ones.
---@param spec table fields by the names of a plan; part: more of them as Alma names them, of one that undo makes again in a
---  run of an almanac that kept them so
---@return table
function m.body(spec)
  local body = fields.for_alma(spec)
  body.is_remote = spec.originating_record_id ~= nil
  for name, value in pairs(spec.part or {}) do body[name] = value end
  return body
end

local NO_COLLECTION = "402260"

local function create(job, spec)
  local rep, message, code, detail = alma.representations.post(job.client, job.mms_id, m.body(spec))
  if rep then rep, message, code, detail = known.new_representation(job, rep) end
  if rep then makers.learn(job.maker, rep) end
  if not rep and alma.has_code(detail, NO_COLLECTION) then
    message = "the title is in no collection, and Alma takes no representation then: add it to one in Alma " ..
      "and apply again, or plan again with --collection ID"
  end
  return rep, message, code, detail
end

-- The ids that the plan saw, for an intent without a list of its own.
local function planned_ids(job)
  local ids = {}
  for i, rep in ipairs(readings.decode(job.title.reading or "[]").representations) do ids[i] = rep.id end
  return ids
end

---The empty representations that were made since the intent and look as
---planned, divided into ours and others'.
---@param job almanac.job
---@param change almanac.change
---@param before string[]? ids that were there before the first POST
---@param list table[] the title's representations now
---@return table[]|nil ours
---@return table[]|string others or message
---@return string? code
function m.made_since(job, change, before, list)
  return makers.divide(job, reconcile.new_representations(list, before or planned_ids(job), change.spec))
end

-- Whether another change of the title made a representation, or may have made it as it was planned.
local function is_of_another(job, change, rep)
  for _, other in ipairs(job.changes) do
    if other.seq ~= change.seq and kinds.makes_representation(other) then
      if other.representation_id == rep.id or reconcile.new_representations({ rep }, {}, other.spec)[1] then return true end
    end
  end
  return false
end

---Representations that the change may have made since its intent, and that somebody
---changed since: they are no longer empty, or have another name.
---@param job almanac.job
---@param change almanac.change
---@param before string[]? ids that were there before the first POST
---@param list table[] the title's representations now
---@return table[]|nil changed without those that a person decided about
---@return string? message
---@return string? code
function m.changed_since(job, change, before, list)
  local old = before or planned_ids(job)
  local possible, message, code = makers.possible(job, reconcile.near_representations(list, old, change.spec))
  if not possible then return nil, message, code end
  local changed = {}
  for _, rep in ipairs(reconcile.near_representations(possible, old, change.spec)) do
    local decided = steps.is_decided(job, change, rep.id)
    if rep.id ~= change.representation_id and not decided and not is_of_another(job, change, rep) then changed[#changed + 1] = rep end
  end
  return changed
end

---How many files a representation has.
---@param rep table as Alma gives it
---@return integer? count nil when the answer does not say
function m.file_count(rep)
  return rep.files and tonumber(rep.files.total_record_count or #rep.files)
end

---Says what somebody did to a representation that may be this run's.
---@param spec table the planned one
---@param rep table
---@param advice "decide"|"leave"|"look"|nil what to do about it
---@return almanac.run.reason
function m.changed(spec, rep, advice)
  local count = m.file_count(rep) or 0
  local how = count > 0 and reasons.new("has_files", { files = count }) or look.wrong_field(rep, spec) or reasons.new "not_as_planned"
  return reasons.new("maybe_ours", { representation = rep.id, label = rep.label or "", how = how, advice = advice })
end

local function is_as_planned(rep, spec)
  local function same(field, planned) return field == nil or look.value(field) == planned end
  if not reconcile.is_of_sort(rep, spec) then return false end
  return spec.originating_record_id ~= nil
    or (rep.label or "") == (spec.label or "") and same(rep.usage_type, spec.usage_type) and same(rep.library, spec.library)
end

---Representations that are as this run would make one, though the plan did not find them and
---the run has no record of them, and of which Alma notes no other maker.
---@param job almanac.job `made_again`: ids of those that this process made again
---@param spec table
---@param list table[] the title's representations now
---@return table[]|nil reps
---@return string? message
---@return string? code
function m.made_like(job, spec, list)
  local had, fits = {}, {}
  for _, id in ipairs(planned_ids(job)) do had[id] = true end
  for _, id in ipairs(job.made_again or {}) do had[id] = true end
  for _, change in ipairs(job.changes) do had[change.representation_id or ""] = true end
  for _, rep in ipairs(list) do
    if not had[rep.id] and is_as_planned(rep, spec) then fits[#fits + 1] = rep end
  end
  return makers.divide(job, fits)
end

---Finds a representation like that of a change which was not begun: another copy of this
---run may have made it.
---@param job almanac.job
---@param list table[] the title's representations now
---@return table|false|nil rep false when there is none
---@return string? message
---@return string? code
function m.made_elsewhere(job, list)
  for _, change in ipairs(job.changes) do
    if kinds.makes_representation(change) and not change.representation_id then
      local ours, message, code = m.made_like(job, change.spec, list)
      if not ours then return nil, message, code end
      if ours[1] then return ours[1] end
    end
  end
  return false
end

---All representations of the title; none of one that Alma does not have yet. A list that changed while it was read is a failure of
---the moment, not a doubt.
---@param job almanac.job
---@return table[]|nil list
---@return string? message
---@return string? code
function m.list(job)
  if not job.mms_id then return {} end
  local list, message, code = alma.representations.list(job.client, job.mms_id)
  return list, message, code == "conflict" and "parse" or code
end

-- Asks a person about somebody else's representations: they stand beside ours, or
-- instead of it, or will be deleted. Once it is decided to go on, they count as known.
local function ask_about_others(job, change, before, others)
  local settled = { table.unpack(before or planned_ids(job)) }
  for _, rep in ipairs(others) do settled[#settled + 1] = rep.id end
  return steps.ask(job, change, { kind = "represent" }, reasons.new("rival", { representation = others[1].id }), settled)
end

local function ask_about_changed(job, change, changed)
  local ids = {}
  for i, rep in ipairs(changed) do ids[i] = rep.id end
  local reason = m.changed(change.spec, changed[1], "decide")
  -- What an earlier process began, another copy of the run may have gone on with.
  reason.data.older = job.is_earlier and not job.undoing or nil
  return steps.ask(job, change, { kind = "represent", doubts = ids }, reason)
end

local function find_made(job, change, before, sent)
  local list, message, code = m.list(job)
  if not list then return nil, message, code end
  local ours, others, kind = m.made_since(job, change, before, list)
  if not ours then return nil, others, kind end
  if others[1] then return ask_about_others(job, change, before, others) end
  if #ours > 1 and #ours <= sent then return { ours[1] } end
  if ours[1] then return ours end
  local changed
  changed, message, code = m.changed_since(job, change, before, list)
  if not changed then return nil, message, code end
  if changed[1] then return ask_about_changed(job, change, changed) end
  return {}
end

---Makes the representation, or finds the one that an earlier call made.
---@param job almanac.job
---@param change almanac.change
---@return { representation_id: string }|nil result
---@return string? message
---@return string? code
function m.make(job, change)
  local spec = change.spec
  local made, message, code = steps.perform(job, {
    change = change.seq, kind = "represent", page = 0,
    during = spec.collection and states.COLLECTED or states.UPLOADED, after = states.REPRESENTED,
    before = job.present and { table.unpack(job.present) },
    call = function() return create(job, spec) end,
    look = function(before, sent) return find_made(job, change, before, sent) end,
    keep = function(rep) return { representation_id = rep.id } end,
    recorded = change.representation_id and { representation_id = change.representation_id },
    remember = function(rep)
      local answered = look.answered(spec, rep)
      if answered then job.differs(change, answered) end
      return answered and { answered = answered }
    end,
    record = function(db, result)
      local ok, why, kind = makers.keep(job.maker, db)
      if not ok then return nil, why, kind end
      return db:run("UPDATE change SET representation_id = ? WHERE title_id = ? AND seq = ?",
        result.representation_id, job.title.id, change.seq)
    end,
  })
  if made then change.representation_id = made.representation_id end
  return made, message, code
end

---Finds our representations that are one too many: empty, and not the one that the run goes on with.
---@return table[]|nil twins
---@return string? message
---@return string? code
function m.twins(job, change, list, id)
  local step = steps.get(job, change, "represent")
  if not step or step.sent < 2 then return {} end
  local ours, message, code = m.made_since(job, change, step.before, list)
  if not ours then return nil, message, code end
  local twins = {}
  for _, rep in ipairs(ours) do
    if rep.id ~= id then twins[#twins + 1] = rep end
  end
  return twins
end

---Finds a second one that a POST sent twice may have made, and that somebody changed since.
---@return table|false|nil rep
---@return string? message
---@return string? code
function m.changed_twin(job, change, list, id)
  local step = steps.get(job, change, "represent")
  if not step or step.sent < 2 or not id then return false end
  local changed, message, code = m.changed_since(job, change, step.before, list)
  if not changed then return nil, message, code end
  return changed[1] or false
end

-- Deletes second ones. Alma itself refuses to delete one that has got files meanwhile.
local function remove_twins(job, change, id)
  task.sleep(reconcile.bound)
  local list, twins, message, code
  list, message, code = m.list(job)
  if list then twins, message, code = m.twins(job, change, list, id) end
  if not twins then return nil, message, code end
  local removed = json.array {}
  for i, twin in ipairs(twins) do
    local ok
    ok, message, code = alma.representations.delete(job.client, job.mms_id, twin.id, { override = false })
    if not ok then return nil, message, code end
    removed[i] = twin.id
  end
  return { removed = removed }
end

---Whether it is known that no second one was made.
---@return boolean
function m.is_single(job, change)
  local step = steps.get(job, change, "represent")
  return not step or step.sent < 2 or steps.is_done(job, change, "single")
end

---A POST that was given up may take effect after all the looks, when another
---was sent already. So, once it was sent twice, a last look is taken.
---@param job almanac.job
---@param change almanac.change
---@param id string the representation that the run goes on with
---@return table|true|nil
---@return string? message
---@return string? code
function m.single(job, change, id)
  if m.is_single(job, change) then return true end
  return steps.perform(job, {
    change = change.seq, kind = "single", page = 0, during = states.ATTACHING, after = states.ATTACHING,
    call = function() return remove_twins(job, change, id) end,
    keep = function(result) return result end,
  })
end

---Deletes representations that the run made, each once.
---@param job almanac.job
---@param change almanac.change
---@param ids string[]
---@return true|nil
---@return string? message
---@return string? code
function m.take_back(job, change, ids)
  for _, id in ipairs(ids) do
    local done, message, code = steps.perform(job, {
      change = change.seq, kind = "undo " .. id, page = 0,
      call = function() return alma.representations.delete(job.client, job.mms_id, id) end,
      keep = function() return { representation_id = id } end,
    })
    if not done then return nil, message, code end
  end
  return true
end

return m
