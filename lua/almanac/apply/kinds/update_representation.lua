-- Sets fields of a representation, local or remote, in place: its id stays.
local alma = require "almanac.alma"
local fields_of = require "almanac.representation_fields"
local kinds = require "almanac.change_kinds".kinds
local look = require "almanac.apply.kinds.look"
local makers = require "almanac.apply.maker"
local reasons = require "almanac.run.reasons"
local setting = require "almanac.apply.kinds.setting"
local whereabouts = require "almanac.apply.whereabouts"

local function entry_of(reading, change)
  for _, rep in ipairs(reading.representations) do
    if rep.id == change.representation_id then return rep end
  end
end

-- A field that the plan does not know may be empty, or was not told by a brief list.
local function planned(reading, change)
  local entry = entry_of(reading, change)
  local seen = entry and entry.linking_parameters and fields_of.from_links(entry.linking_parameters) or {}
  for _, field in ipairs(entry and fields_of.list or {}) do seen[field.name] = seen[field.name] or entry[field.name] end
  return entry, seen
end

local function fields_or_nil(rep, message, code)
  return rep and fields_of.of(rep), message, code
end

local m = setting.kind {
  read = function(job, change)
    return fields_or_nil(alma.representations.get(job.client, job.mms_id, change.representation_id))
  end,
  find = function(job, change) return fields_or_nil(whereabouts.representation(job, change.representation_id)) end,
  write = function(job, change, fields)
    local rep, message, code, detail = alma.representations.update(job.client, job.mms_id, change.representation_id,
      fields_of.for_alma(fields))
    if rep then makers.learn(job.maker, rep) end
    return rep, message, code, detail
  end,
  answered = look.answered,
  planned = planned,
  retake = function(entry, fields)
    for _, field in ipairs(fields_of.list) do entry[field.name] = fields[field.name] end
    if entry.linking_parameters then entry.linking_parameters = fields_of.links(fields) end
  end,
  changed = function(change, name, now, older)
    return reasons.new("field_changed", { field = name, representation = change.representation_id, now = now, older = older })
  end,
  meanwhile = function(change, name, now)
    return reasons.new("field_set_meanwhile",
      { field = name, representation = change.representation_id, planned = change.spec[name], now = now })
  end,
  own = function(_, name, now) return reasons.new("own_field", { field = name, now = now }) end,
  back = "set the fields of representation %s back",
}

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
