-- What is done for one title, in order: look at it again, bring its files into
-- the bucket, put it into a collection when that was asked for, make the
-- representation, attach the files page by page.
local alma = require "almanac.alma"
local core = require "almanac.core"
local json = require "almanac.json"
local reconcile = require "almanac.run.reconcile"
local steps = require "almanac.run.steps"

local m = {}

local CHANGES = "SELECT * FROM change WHERE title_id = ? ORDER BY seq"
local PAGES = [[SELECT page.seq, page.upload_key, page.pid, file.id AS file_id, file.path,
    file.name, file.size, file.mtime_ns, file.sha256
  FROM page JOIN file ON file.id = page.file_id WHERE page.change_id = ? ORDER BY page.seq]]

local function rows(db, sql, ...)
  local list = {}
  for row in db:rows(sql, ...) do list[#list + 1] = row end
  return list
end

---Everything the run file knows about a title's work.
---@param run table db, client, storage, journal, folder
---@param title table a row of `title`
---@return table job
function m.load(run, title)
  local changes = rows(run.db, CHANGES, title.id)
  for _, change in ipairs(changes) do
    change.spec = json.decode(change.spec)
    change.pages = rows(run.db, PAGES, change.id)
  end
  return {
    title = title, changes = changes, steps = steps.load(run.db, title.id),
    db = run.db, client = run.client, storage = run.storage, journal = run.journal,
    folder = run.folder,
  }
end

local function file_count(rep)
  local count = rep.files and (rep.files.total_record_count or #rep.files)
  return tonumber(count)
end

-- The ids of the representations that this run made for the title.
local function own_ids(job)
  local own = {}
  for _, change in ipairs(job.changes) do
    local made = steps.result(job, change, "represent")
    if made then own[made.representation_id] = true end
  end
  return own
end

---How a title differs from what the plan read, in words.
---@param reading table representations as the plan read them
---@param list table[] representations as they are now
---@param own table<string, boolean> representations that this run made
---@return string? words nil when it is as it was
function m.difference(reading, list, own)
  local planned = {}
  for _, rep in ipairs(reading.representations or {}) do planned[rep.id] = rep end
  for _, rep in ipairs(list) do
    local before = planned[rep.id]
    planned[rep.id] = nil
    if not before and not own[rep.id] then
      return ("since the plan somebody added a representation (%s, '%s')"):format(rep.id, rep.label or "")
    end
    local count = file_count(rep)
    if before and count and count ~= #before.files then
      return ("since the plan representation %s went from %d to %d files"):format(rep.id, #before.files, count)
    end
  end
  local gone = next(planned)
  if gone then return ("since the plan representation %s was deleted"):format(gone) end
end

-- Reads the title again before its first write. What is there now is what a
-- lost answer will be compared with.
local function read_again(job)
  local list, message, code = alma.representations.list(job.client, job.title.mms_id)
  if not list then
    if code == "missing" then message = "Alma no longer has this title: " .. message end
    return nil, message, code
  end
  local words = m.difference(json.decode(job.title.reading), list, own_ids(job))
  if words then return nil, words, "conflict" end
  job.present = {}
  for i, rep in ipairs(list) do job.present[i] = rep.id end
  return true
end

-- The file must be the one that was planned: same size, same time.
local function same_file(path, page)
  local stat, message, code = core.files.stat(path)
  if not stat then return nil, message, code == "missing" and "conflict" or code end
  if stat.size == page.size and stat.mtime_ns == page.mtime_ns then return true end
  return nil, ("%s changed on disk since the plan"):format(page.path), "conflict"
end

local function put(job, page)
  local path = job.folder .. "/" .. page.path
  local ok, message, code = same_file(path, page)
  if not ok then return nil, message, code end
  page.sha256, message, code = core.files.sha256(path)
  if not page.sha256 then return nil, message, code end
  ok, message, code = job.storage:put(page.upload_key,
    { path = path, size = page.size, sha256 = page.sha256 })
  if ok then ok, message, code = same_file(path, page) end
  if not ok then return nil, message, code end
  return { sha256 = page.sha256 }
end

local function upload(job, change, page)
  return steps.perform(job, {
    change = change.seq, kind = "upload", page = page.seq,
    during = "uploading", after = "uploaded",
    call = function() return put(job, page) end,
    keep = function(stored) return stored end,
    record = function(db, result)
      return db:run("UPDATE file SET sha256 = ? WHERE id = ?", result.sha256, page.file_id)
    end,
  })
end

local function collect(job, change)
  local collection = change.spec.collection
  if not collection then return true end
  return steps.perform(job, {
    change = change.seq, kind = "collect", page = 0, during = "uploaded", after = "collected",
    call = function()
      local ok, message, code, detail = alma.collections.add_bib(job.client, collection, job.title.mms_id)
      if ok then return detail end
      return nil, message, code, detail
    end,
    keep = function(detail) return { collection = collection, added = detail.added } end,
  })
end

---The body of POST representations. `active` and `repository` are left out:
---the published XSD has no `active`, and says not to use `repository` for
---local ones.
---@param spec table usage_type, library, label, public_note, access_rights
---@return table
function m.body(spec)
  return {
    is_remote = false, label = spec.label, public_note = spec.public_note,
    library = { value = spec.library }, usage_type = { value = spec.usage_type },
    access_rights_policy_id = spec.access_rights and { value = spec.access_rights } or nil,
  }
end

local NO_COLLECTION = "402260"

local function create(job, spec)
  local rep, message, code, detail = alma.representations.create(job.client, job.title.mms_id, m.body(spec))
  if not rep and alma.has_code(detail, NO_COLLECTION) then
    message = "the title is in no collection, and Alma takes no representation then: add it to one in Alma " ..
      "and apply again, or plan again with --collection ID"
  end
  return rep, message, code, detail
end

local function represent(job, change)
  local mms_id, spec = job.title.mms_id, change.spec
  return steps.perform(job, {
    change = change.seq, kind = "represent", page = 0,
    during = spec.collection and "collected" or "uploaded", after = "represented",
    before = job.present and { table.unpack(job.present) },
    call = function() return create(job, spec) end,
    look = function(before)
      local list, message, code = alma.representations.list(job.client, mms_id)
      if not list then return nil, message, code end
      return reconcile.new_representations(list, before, spec)
    end,
    keep = function(rep) return { representation_id = rep.id } end,
    record = function(db, result)
      return db:run("UPDATE change SET representation_id = ? WHERE id = ?",
        result.representation_id, change.id)
    end,
  })
end

-- Alma's answer must be about the file that was sent.
local function check_attached(page, stored)
  if not stored then return true end
  if tonumber(stored.size) == page.size then return true end
  return nil, ("Alma took %s as %s bytes, the file has %d"):format(page.path,
    tostring(stored.size), page.size), "conflict"
end

local function attach(job, change, page, representation_id, attached)
  local mms_id = job.title.mms_id
  local answer
  local result, message, code = steps.perform(job, {
    change = change.seq, kind = "attach", page = page.seq,
    during = "attaching", after = "attaching", before = attached,
    call = function()
      local why, kind, detail
      answer, why, kind, detail = alma.files.create(job.client, mms_id, representation_id,
        { label = page.name, path = page.upload_key })
      return answer, why, kind, detail
    end,
    look = function(before)
      local list, why, kind = alma.files.list(job.client, mms_id, representation_id)
      if not list then return nil, why, kind end
      return reconcile.new_files(list, before, page.name, page.size)
    end,
    keep = function(file) return { pid = file.pid } end,
    record = function(db, kept)
      return db:run("UPDATE page SET pid = ? WHERE change_id = ? AND seq = ?",
        kept.pid, change.id, page.seq)
    end,
  })
  local ok = result
  if ok then ok, message, code = check_attached(page, answer) end
  if not ok then return nil, message, code end
  return result
end

local function carry_out_change(job, change)
  for _, page in ipairs(change.pages) do
    local ok, message, code = upload(job, change, page)
    if not ok then return nil, message, code end
  end
  local ok, message, code = collect(job, change)
  if not ok then return nil, message, code end
  local made
  made, message, code = represent(job, change)
  if not made then return nil, message, code end
  if job.present then table.insert(job.present, made.representation_id) end
  local attached = {}
  for i, page in ipairs(change.pages) do
    local file
    file, message, code = attach(job, change, page, made.representation_id, { table.unpack(attached) })
    if not file then return nil, message, code end
    attached[i] = file.pid
  end
  return true
end

local function needs_reading(job)
  for _, change in ipairs(job.changes) do
    if not steps.begun(job, change, "represent") then return true end
  end
  return false
end

---Carries out what is planned for a title; goes on where an earlier run ended.
---@param job table from m.load
---@return true|nil
---@return string? message
---@return string? code "conflict": for a person to decide
function m.carry_out(job)
  if needs_reading(job) then
    local ok, message, code = read_again(job)
    if not ok then return nil, message, code end
  end
  for _, change in ipairs(job.changes) do
    local ok, message, code = carry_out_change(job, change)
    if not ok then return nil, message, code end
  end
  return job.journal:write(function(db)
    return db:run("UPDATE title SET state = 'attached', reason = NULL WHERE id = ?", job.title.id)
  end)
end

return m
