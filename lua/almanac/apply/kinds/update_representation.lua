-- Sets fields of a representation, local or remote, in place: its id stays.
local alma = require "almanac.alma"
local fields_of = require "almanac.representation_fields"
local kinds = require "almanac.change_kinds".kinds
local look = require "almanac.apply.kinds.look"
local makers = require "almanac.apply.maker"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local whereabouts = require "almanac.apply.whereabouts"

local m = {}

function m.settle() return true end

function m.begun(job, change)
  return steps.begun(job, change, "update")
end

function m.expect() end

-- Says how a representation differs from what the plan read. A field that the plan does not know may be empty, or was not
-- told by a brief list.
local function changed_since(job, change, fields)
  local seen = look.planned(job, change.representation_id) or {}
  local links = seen.linking_parameters and fields_of.from_links(seen.linking_parameters) or {}
  for _, field in ipairs(fields_of.list) do
    local name = field.name
    local before, now = seen[name] or links[name], fields[name] or ""
    if before and before ~= now then
      return reasons.new("field_changed", { field = name, representation = seen.id, now = now,
        older = now == change.spec[name] or nil })
    end
  end
end

-- Reads what the fields were that are going to be set; "" for empty ones.
local function before_of(job, change)
  local rep, message, code = alma.representations.get(job.client, job.mms_id, change.representation_id)
  if not rep then return nil, message, code end
  local fields, before = fields_of.of(rep), {}
  local changed = changed_since(job, change, fields)
  if changed then return nil, changed, "conflict" end
  for name in pairs(change.spec) do before[name] = fields[name] or "" end
  return before
end

local function set_fields(job, change, kind, fields, before)
  return steps.perform(job, {
    change = change.seq, kind = kind, page = 0, during = states.CHANGING, after = states.CHANGING, before = before,
    call = function()
      local rep, message, code, detail = alma.representations.update(job.client, job.mms_id, change.representation_id,
        fields_of.for_alma(fields))
      if rep then makers.learn(job.maker, rep) end
      return rep, message, code, detail
    end,
    keep = function(rep)
      local answered = look.answered(fields, rep)
      if answered then job.differs(change, answered) end
      return { answered = answered }
    end,
  })
end

-- Before a call is sent again, a person has to look at what somebody else set meanwhile.
local function look_again(job, change)
  if not steps.is_open(job, change, "update") then return true end
  local rep, message, code = alma.representations.get(job.client, job.mms_id, change.representation_id)
  if not rep then return nil, message, code end
  local fields = fields_of.of(rep)
  for name, before in pairs(steps.get(job, change, "update").before or {}) do
    local now = fields[name] or ""
    local doubt = name .. "=" .. now
    if now ~= before and now ~= change.spec[name] and not steps.is_decided(job, change, doubt) then
      return steps.ask(job, change, { kind = "update", doubts = { doubt } }, reasons.new("field_set_meanwhile",
        { field = name, representation = change.representation_id, planned = change.spec[name], now = now }))
    end
  end
  return true
end

function m.carry_out(job, change)
  local before, message, code
  if not m.begun(job, change) then
    before, message, code = before_of(job, change)
    if not before then return nil, message, code end
  end
  local ok
  ok, message, code = look_again(job, change)
  if not ok then return nil, message, code end
  local done
  done, message, code = set_fields(job, change, "update", change.spec, before)
  return done and true, message, code
end

function m.check(job, change, list)
  local rep, message, code = look.find(job, list, change.representation_id)
  if not rep and (code == "missing" or code == "conflict") then return message end
  if rep and not look.tells(rep, change.spec) then
    rep, message, code = alma.representations.get(job.client, job.mms_id, rep.id)
  end
  if not rep then return nil, message, code end
  local words = look.wrong_field(rep, look.baseline(change))
  if words then return words end
  return false, 0
end

-- Fields that Alma answered otherwise than they were sent when they were set back.
local function set_back_as(job, change)
  local step = steps.get(job, change, "undo update")
  return step and step.state == "done" and step.result and step.result.answered or {}
end

function m.look(job, change)
  local found = { words = {} }
  local step = steps.get(job, change, "update")
  if not step then return found end
  local rep, message, code = whereabouts.representation(job, change.representation_id)
  if not rep and code == "missing" then return found end
  if not rep then return nil, message, code end
  local fields, planned, back = fields_of.of(rep), look.baseline(change), set_back_as(job, change)
  for name, before in pairs(step.before) do
    local now = fields[name] or ""
    before = now == back[name] and now or before
    if now ~= before and now ~= planned[name] then
      return nil, reasons.new("changed_since", { what = reasons.new("own_field", { field = name, now = now }) }), "conflict"
    end
    if now ~= before then
      found.words[1] = ("set the fields of representation %s back"):format(change.representation_id)
    end
  end
  found.before = step.before
  return found
end

function m.take_back(job, change, found)
  if not (found and found.words[1]) then return true end
  local done, message, code = set_fields(job, change, "undo update", found.before)
  return done and true, message, code
end

function m.done_elsewhere(job, change)
  local rep = alma.representations.get(job.client, job.mms_id, change.representation_id)
  local changed = rep and changed_since(job, change, fields_of.of(rep))
  return changed ~= nil and changed ~= false and changed.data.older == true
end

-- Linking parameters are shown as the list that they are.
local function value_of(spec, name)
  if name ~= "linking_parameters" then return spec[name] and ("'%s'"):format(spec[name]) end
  local links = spec.linking_parameter_1 and fields_of.links(spec)
  return links and ("'%s'"):format(table.concat(links, "', '"))
end

function m.describe(spec, change)
  local parts = {}
  for _, name in ipairs(kinds[change.kind].sets) do
    local value = value_of(spec, name)
    if value then parts[#parts + 1] = ("%s %s"):format(name:gsub("_", " "), value) end
  end
  return ("%srepresentation %s gets %s"):format(kinds[change.kind].remote == "only" and "remote " or "", change.representation_id,
    table.concat(parts, ", "))
end

return m
