-- Sets the label of a file of a representation. Undo may have attached the file again for the order of others
-- (almanac.apply.order); then it is set back there.
local alma = require "almanac.alma"
local order = require "almanac.apply.order"
local reasons = require "almanac.run.reasons"
local look = require "almanac.apply.kinds.look"
local setting = require "almanac.apply.kinds.setting"
local whereabouts = require "almanac.apply.whereabouts"

local function pid_of(job, change)
  return order.moved_to(job, change.representation_id, change.pid) or change.pid
end

local function planned(reading, change)
  for _, rep in ipairs(reading.representations) do
    for _, file in ipairs(rep.id == change.representation_id and rep.files or {}) do
      if file.pid == change.pid then return file, { label = file.label } end
    end
  end
end

local function get(job, change)
  return whereabouts.file(job, change.representation_id, pid_of(job, change))
end

local function label_of(file, message, code)
  return file and { label = file.label or "" }, message, code
end

-- Alma has no error of its own for a file that is not there.
local function read(job, change)
  local file, message, code = alma.files.get(job.client, job.mms_id, change.representation_id, change.pid)
  if not file and (code == "status" or code == "missing") and look.has_file(job, change.representation_id, change.pid) == false then
    return nil, reasons.new("file_lost", { file = change.pid }), "conflict"
  end
  return label_of(file, message, code)
end

local m = setting.kind {
  read = read,
  find = function(job, change) return label_of(get(job, change)) end,
  write = function(job, change, fields)
    return alma.files.update(job.client, job.mms_id, change.representation_id, pid_of(job, change), { label = fields.label })
  end,
  answered = function(fields, file)
    local label = file.label or ""
    return label ~= fields.label and { label = label } or nil
  end,
  planned = planned,
  retake = function(file, fields) file.label = fields.label end,
  changed = function(change, _, now, older)
    return reasons.new("file_label_since", { file = change.pid, representation = change.representation_id, now = now, older = older })
  end,
  meanwhile = function(change, _, now)
    return reasons.new("file_label_meanwhile",
      { file = change.pid, representation = change.representation_id, planned = change.spec.label, now = now })
  end,
  own = function(change, _, now) return reasons.new("file_label_own", { file = change.pid, now = now }) end,
  back = "set the label of file %s back",
}

function m.check(job, change)
  local file, message, code = get(job, change)
  if not file and (code == "missing" or code == "conflict") then return message end
  if not file then return nil, message, code end
  local label, wanted = file.label or "", look.baseline(change).label
  if label ~= wanted then return reasons.new("file_label_differs", { file = file.pid, now = label, planned = wanted }) end
  return false, 0
end

function m.describe(spec, change)
  return ("file %s of representation %s gets label '%s'"):format(change.pid, change.representation_id, spec.label)
end

return m
