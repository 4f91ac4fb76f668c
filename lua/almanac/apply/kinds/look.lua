-- What kinds of change have in common when they look at a title: fields and
-- files as Alma has them, beside those that were planned.
local fields = require "almanac.representation_fields"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local steps = require "almanac.apply.steps"
local stored = require "almanac.apply.stored"
local thumbnails = require "almanac.apply.thumbnails"
local whereabouts = require "almanac.apply.whereabouts"

local m = {}

---@param coded any a field with a code, or the code
---@return any
function m.value(coded)
  return type(coded) == "table" and coded.value or coded
end

---Says what of a representation is not as planned; fields that the plan does not name are not looked at.
---@param rep table as Alma gives it
---@param spec table
---@return almanac.run.reason? reason nil when nothing is
function m.wrong_field(rep, spec)
  local found = fields.of(rep)
  for _, field in ipairs(fields.list) do
    local planned = spec[field.name]
    if planned and (found[field.name] or "") ~= planned then
      return reasons.new("field_differs", { field = field.name, now = found[field.name] or "", planned = planned })
    end
  end
end

---Whether an entry of a list tells all fields that a plan names.
---@param rep table as Alma gives it
---@param spec table
---@return boolean
function m.tells(rep, spec)
  for _, field in ipairs(fields.list) do
    if spec[field.name] and rep[field.alma] == nil then return false end
  end
  return true
end

---A representation as the plan read it.
---@param job almanac.job
---@param id string
---@return table|nil rep
function m.planned(job, id)
  for _, rep in ipairs(readings.decode(job.title.reading).representations) do
    if rep.id == id then return rep end
  end
end

---The planned files of a representation, by pid, as the plan read them.
---@param job almanac.job
---@param id string
---@return table<string, table>
function m.planned_files(job, id)
  local rep = m.planned(job, id)
  return rep and m.by_pid(rep.files) or {}
end

---A representation as Alma has it now. A brief list leaves out what has to be
---compared, and no list proves that something is gone: then it is asked for by itself.
---@param job almanac.job
---@param list table[]
---@param id string
---@return table|nil rep
---@return string? message
---@return string? code "missing": it is gone; "conflict": it stands elsewhere
function m.find(job, list, id)
  for _, rep in ipairs(list) do
    if rep.id == id and rep.usage_type then return rep end
  end
  return whereabouts.representation(job, id)
end

---Whether Alma has a representation, by its id.
---@param job almanac.job
---@param id string
---@return boolean|nil
---@return string? message
---@return string? code
function m.is_there(job, id)
  local rep, message, code = whereabouts.representation(job, id)
  if rep then return true end
  if code == "missing" then return false end
  return nil, message, code
end

---The files of a representation by pid, with their addresses. Those of `pids` that
---the list lacks are asked for by themselves.
---@param job almanac.job
---@param id string representation id
---@param pids string[]
---@return table<string, table>|nil by_pid
---@return table[]|string list_or_message in their order
---@return string? code "missing": the representation is gone
function m.files(job, id, pids)
  local list, message, code = whereabouts.files(job, id, { url = true })
  if not list then return nil, message, code end
  local by_pid = m.by_pid(list)
  for _, pid in ipairs(pids) do
    local file, why, kind = by_pid[pid], nil, nil
    if not file then file, why, kind = whereabouts.file(job, id, pid) end
    if not file and kind ~= "missing" then return nil, why, kind end
    if not by_pid[pid] and file then
      by_pid[pid] = file
      list[#list + 1] = file
    end
  end
  return by_pid, list
end

---Whether Alma has a file, by its id.
---@param job almanac.job
---@param id string representation id
---@param pid string
---@return boolean|nil
---@return string? message
---@return string? code
function m.has_file(job, id, pid)
  local file, message, code = whereabouts.file(job, id, pid)
  if file then return true end
  if code == "missing" then return false end
  return nil, message, code
end

---The ids of the files that the pages of a change became.
---@param change almanac.change
---@return string[]
function m.pids(change)
  local pids = {}
  for _, page in ipairs(change.pages) do pids[#pids + 1] = page.pid end
  return pids
end

---Planned fields, with what Alma answered instead when they were set.
---@param change almanac.change
---@return table
function m.baseline(change)
  local baseline = {}
  for name, value in pairs(change.spec) do baseline[name] = value end
  for name, value in pairs(change.answered or {}) do baseline[name] = value end
  return baseline
end

---Collects fields that Alma answered otherwise than they were sent. A coded field that the
---answer leaves out is unknown, but text is then empty.
---@param spec table
---@param answer table as Alma gives it
---@return table<string, string>|nil answered nil when all is as sent
function m.answered(spec, answer)
  local answered
  local found = fields.of(answer)
  for _, field in ipairs(fields.list) do
    local sent, got = spec[field.name], found[field.name]
    if got == nil and (not field.coded or answer[field.alma] ~= nil) then got = "" end
    if sent and got and got ~= sent then
      answered = answered or {}
      answered[field.name] = got
    end
  end
  return answered
end

---Says what is wrong with a file that was attached.
---@param page almanac.planned_file
---@param file table as Alma gives it
---@return almanac.run.reason? reason
function m.wrong_file(page, file)
  local name = file.path and file.path:match "[^/]+$" or ""
  if tonumber(file.size) ~= page.size then
    return reasons.new("size_differs", { file = page.name, bytes = tostring(file.size), size = page.size })
  elseif name ~= (page.stored or page.upload_key:match "[^/]+$") then
    return reasons.new("stored_as", { page = page.seq, now = name, planned = page.name })
  elseif not (file.path or ""):find("/storage/", 1, true) then
    return reasons.new("not_in_storage", { file = page.name, path = file.path })
  end
end

---Says what somebody did to a file that the run attached.
---@param page almanac.planned_file
---@param file table as Alma gives it
---@return almanac.run.reason? reason nil when it is as it was made
function m.changed_file(page, file)
  if tonumber(file.size) ~= (page.taken or page.size) then return reasons.new("own_file_replaced", { file = file.pid }) end
  local label = page.answered_label or page.label or page.name
  if file.label and file.label ~= "" and file.label ~= label then
    return reasons.new("file_label_changed", { file = file.pid, now = file.label, planned = label })
  end
end

---@param files table[] as Alma gives them, or pages, of which some have no id yet
---@return table<string, table> by_pid
function m.by_pid(files)
  local map = {}
  for _, file in ipairs(files) do
    if file.pid then map[file.pid] = file end
  end
  return map
end

---Looks at attached files in the storage, and at what became of their thumbnails.
---@param job almanac.job
---@param change almanac.change
---@param files table[] in the order of its pages
---@return almanac.run.reason|false|nil reason
---@return string|integer message_or_unseen
---@return string? code
function m.stored(job, change, files)
  thumbnails.look(job, change, files)
  return stored.check(change.pages, files)
end

---Whether the run made a file that it has no record of: one whose answer it never
---got, or a second one, since the call was sent more than once.
---@return boolean
function m.is_unrecorded(job, change, file)
  for _, page in ipairs(change.pages) do
    local step = steps.get(job, change, "attach", page.seq)
    local may_be = step and (step.state == "intent" or step.sent > 1)
    if may_be and reconcile.new_files({ file }, {}, page.name)[1] then return true end
  end
  return false
end

---A reason when a file may be one of the run's that somebody changed since: it came while
---a page was attached whose end is not known, or in the place of one that is gone.
---@param job almanac.job
---@param change almanac.change
---@param file table a new one that is not recorded
---@param by_pid table<string, table> all files of the representation
---@return almanac.run.reason? reason
function m.may_be_changed(job, change, file, by_pid)
  for _, page in ipairs(change.pages) do
    local is_gone = page.pid and not by_pid[page.pid] and not steps.is_done(job, change, "undo file " .. page.pid)
    if is_gone and reconcile.new_files({ file }, {}, page.name)[1] then
      return reasons.new("maybe_replaced", { file = page.pid, other = file.pid })
    end
    if steps.is_open(job, change, "attach", page.seq) and not steps.is_decided(job, change, file.pid, page.seq) then
      return reasons.new("maybe_attached", { file = file.pid, label = file.label or "", bytes = tostring(file.size), page = page.name })
    end
  end
end

---A reason when a page was attached twice.
---@param job almanac.job
---@param change almanac.change
---@param files table[] of its representation
---@return almanac.run.reason?
function m.doubled_file(job, change, files)
  local own = {}
  for _, pid in ipairs(m.pids(change)) do own[pid] = true end
  for _, file in ipairs(files) do
    if not own[file.pid] and m.is_unrecorded(job, change, file) then
      return reasons.new("made_twice", { file = file.pid, label = file.label or "" })
    end
  end
end

local function remove_upload(job, page)
  local ok, message, code = job.storage:delete(page.upload_key)
  if ok and page.size > job.storage.multipart_above then
    ok, message, code = job.storage:remove_unfinished(page.upload_key)
  end
  if ok or code == "missing" then return true end
  if code == "auth" and select(3, job.storage:head(page.upload_key)) == "missing" then return true end
  return nil, message, code
end

-- Alma does not count thumbnails, so one that may not be deleted is told, and holds nothing up.
local function remove_thumbnail(job, page)
  local ok, message, code
  if job.storage and job.storage.delete then
    ok, message, code = remove_upload(job, page)
  else
    message, code = "only AWS keys can delete there", "auth"
  end
  if not ok and code ~= "auth" then return nil, message, code end
  if not ok then table.insert(job.left, { key = page.upload_key, why = message }) end
  return true
end

---Removes uploads that no file was made of, and thumbnails; the upload form can't delete, AWS keys can.
---@param job almanac.job `left` gets the thumbnails that stay: { key, why } each
---@param change almanac.change
---@return true|nil
---@return string? message
---@return string? code
function m.remove_uploads(job, change)
  for _, page in ipairs(change.pages) do
    local ok, message, code = true, nil, nil
    if thumbnails.begun(job, change, page) then ok, message, code = remove_thumbnail(job, page.thumbnail) end
    if ok and job.storage and job.storage.delete and steps.begun(job, change, "upload", page.seq) then
      ok, message, code = remove_upload(job, page)
    end
    if not ok then return nil, message, code end
  end
  return true
end

return m
