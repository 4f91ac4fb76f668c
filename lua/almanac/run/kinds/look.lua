-- What kinds of change have in common when they look at a title: fields and
-- files as Alma has them, beside those that were planned.
local alma = require "almanac.alma"
local readings = require "almanac.reading"
local reconcile = require "almanac.run.reconcile"
local steps = require "almanac.run.steps"
local storage = require "almanac.run.stored"
local thumbnails = require "almanac.run.thumbnails"

local m = {}

---@param coded any a field with a code, or the code
---@return any
function m.value(coded)
  return type(coded) == "table" and coded.value or coded
end

-- A field of a representation: its name in a plan, for people, and in Alma.
local FIELDS = {
  { "label", "label", "label" }, { "usage_type", "usage type", "usage_type" }, { "library", "library", "library" },
  { "public_note", "public note", "public_note" }, { "access_rights", "access rights policy", "access_rights_policy_id" },
}

---What of a representation is not as planned; fields that the plan does not name are not looked at.
---@param rep table as Alma gives it
---@param spec table
---@return string? words nil when nothing is
function m.wrong_field(rep, spec)
  for _, field in ipairs(FIELDS) do
    local planned, found = spec[field[1]], m.value(rep[field[3]])
    if planned and (found or "") ~= planned then
      return ("the representation's %s is '%s', planned '%s'"):format(field[2], found or "", planned)
    end
  end
end

---The fields of a representation that a plan can set, as a plan names them.
---@param rep table as Alma gives it
---@return table<string, string>
function m.fields(rep)
  local fields = {}
  for _, field in ipairs(FIELDS) do fields[field[1]] = m.value(rep[field[3]]) end
  return fields
end

---The same fields as Alma names them, for a call that sets them.
---@param fields table<string, string>
---@return table<string, any>
function m.for_alma(fields)
  local body = {}
  for _, field in ipairs(FIELDS) do
    local value = fields[field[1]]
    local coded = field[1] ~= "label" and field[1] ~= "public_note"
    if value then body[field[3]] = coded and { value = value } or value end
  end
  return body
end

---The planned files of a representation, by pid, as the plan read them.
---@param job table
---@param id string
---@return table<string, table>
function m.planned_files(job, id)
  for _, rep in ipairs(readings.decode(job.title.reading).representations) do
    if rep.id == id then return m.by_pid(rep.files) end
  end
  return {}
end

---A planned representation as Alma has it now. A brief list leaves out what
---has to be compared: then it is asked for by itself.
---@param job table
---@param list table[]
---@param id string
---@return table|nil rep
---@return string? message
---@return string? code "missing": it is gone
function m.find(job, list, id)
  for _, rep in ipairs(list) do
    if rep.id == id and rep.usage_type then return rep end
    if rep.id == id then return alma.representations.get(job.client, job.title.mms_id, id) end
  end
  return nil, ("representation %s is gone"):format(id), "missing"
end

---@param list table[]
---@param id string
---@return boolean
function m.is_listed(list, id)
  for _, rep in ipairs(list) do
    if rep.id == id then return true end
  end
  return false
end

---What is wrong with a file that was attached.
---@param page table
---@param file table as Alma gives it
---@return string? words
function m.wrong_file(page, file)
  local stored = file.path and file.path:match "[^/]+$" or ""
  if tonumber(file.size) ~= page.size then
    return ("%s has %s bytes in Alma, %d on disk"):format(page.name, tostring(file.size), page.size)
  elseif stored ~= page.upload_key:match "[^/]+$" then
    return ("page %d is stored as '%s', planned '%s'"):format(page.seq, stored, page.name)
  elseif not (file.path or ""):find("/storage/", 1, true) then
    return ("%s is not in Alma's storage: %s"):format(page.name, file.path or "no path")
  end
end

---@param files table[] as Alma gives them
---@return table<string, table> by_pid
function m.by_pid(files)
  local map = {}
  for _, file in ipairs(files) do map[file.pid] = file end
  return map
end

---Looks at attached files in the storage, and at what became of their thumbnails.
---@param job table
---@param change table
---@param files table[] in the order of its pages
---@return string|false|nil words
---@return string|integer message_or_unseen
---@return string? code
function m.stored(job, change, files)
  thumbnails.look(job, change, files)
  return storage.check(change.pages, files)
end

---A file that was attached, but whose answer the run never got.
---@return boolean
function m.is_unrecorded(job, change, file)
  for _, page in ipairs(change.pages) do
    if steps.is_open(job, change, "attach", page.seq)
      and reconcile.new_files({ file }, {}, page.name)[1] then return true end
  end
  return false
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

-- A thumbnail is nothing that Alma counts: one that may not be deleted is told, and holds nothing up.
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
---@param job table `left` gets the thumbnails that stay: { key, why } each
---@param change table
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
