-- Keeps copies of the files that a run deletes, in RUN.copies/ beside the run file (see
-- almanac.run.copies_folder). They are fetched from Alma's storage before anything is
-- deleted, so that undo can bring the files back.
local attach = require "almanac.apply.attach"
local copies_folder = require "almanac.run.copies_folder"
local core = require "almanac.core"
local kinds = require "almanac.change_kinds"
local request = require "almanac.s3.request"
local steps = require "almanac.apply.steps"
local store = require "almanac.run.store"
local task = require "almanac.task"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local upload = require "almanac.apply.upload"
local whereabouts = require "almanac.apply.whereabouts"
local words = require "almanac.words"

local m = {}

local RESTORED = 100000   -- page numbers of files that are brought back begin here
local SPARE = 64 << 20    -- bytes that stay free on the disk

local NO_ADDRESS = "Alma gives no address to copy it from, and a file is deleted only when there is a copy; " ..
  "apply with --no-copies deletes it all the same"

-- A copy is named by the last part of its path in Alma's storage. A label may be any
-- text, so it is no part of a path.
local function name_of(file)
  local name = file.path and file.path:match "[^/]+$"
  return name and name ~= "." and name ~= ".." and name or file.pid
end

local function has_space(folder, size)
  local free = core.files.free_space(folder)
  if not free or free > (size or 0) + SPARE then return true end
  return nil, ("%s has no space for copies of %s: %s are free, and %s of the disk are left for others"):format(folder,
    words.bytes(size or 0), words.bytes(free), words.bytes(SPARE)), "io"
end

-- Counts the files that the next `?` titles lose and that have no copy yet.
local PLANNED = [[
  SELECT count(*) AS files, total(json_extract(file.value, '$[2]')) AS size
  FROM change JOIN spec ON spec.id = spec_id JOIN title ON title.id = title_id,
    json_each(title.reading) AS rep, json_each(rep.value, '$[5]') AS file
  WHERE ]] .. kinds.sql_deletes() .. [[
    AND title.id IN (SELECT id FROM title WHERE ]] .. states.OPEN .. [[ ORDER BY id LIMIT ?)
    AND json_extract(rep.value, '$[0]') = representation_id
    AND (pid IS NULL OR json_extract(file.value, '$[0]') = pid)
    AND NOT EXISTS (SELECT 1 FROM step WHERE step.title_id = title.id AND step.kind = 'copy'
      AND json_extract(result, '$.pid') = json_extract(file.value, '$[0]'))]]

local function try_to_write(folder)
  local ok, message, code = core.files.make_folder(folder)
  local probe = folder .. "/probe"
  if ok then ok, message, code = core.files.write(probe, "almanac\n") end
  core.files.remove(probe)
  core.files.remove(folder)   -- stays when there are copies in it
  return ok and true, message, code
end

---Whether the folder takes the copies of everything that a run is to delete.
---@param db table the run file
---@param folder string
---@param limit integer? of titles
---@return integer|nil files how many there will be
---@return string|integer message_or_bytes
---@return string? code
function m.fit(db, folder, limit)
  local planned = db:row(PLANNED, limit or -1)
  local size = planned.size // 1 | 0
  if planned.files == 0 then return 0, 0 end
  local ok, message, code = try_to_write(folder)
  if ok then ok, message, code = has_space(folder:match "^(.*)/[^/]*$" or ".", size) end
  if not ok then return nil, message, code end
  return planned.files, size
end

-- Downloads as long as bytes come. A disk that takes none is not tried again.
local function download(file, path)
  local backoff, timeouts = request.patience {}
  local result, failed = request.insist(backoff, function()
    local result = task.fetch { url = file.url, to = path, connect_timeout = timeouts.connect,
      stall_timeout = timeouts.stall, timeout = 0 }
    local failure = request.failure(("can't copy %s from Alma's storage"):format(name_of(file)), result, { by = "address" })
    if not failure then return result end
    failure.again = failure.again and failure.code ~= "io"
    return nil, failure
  end)
  if not result then return nil, failed.message, failed.code end
  return true
end

-- Fetches a file, which must have the size that Alma lists. A full disk will fail the
-- next title too, so it ends the run.
local function fetch(job, file, path)
  local ok, message, code = copies_folder.make(job)
  if ok then ok, message, code = copies_folder.make_below(path:match "^(.*)/") end
  if ok then ok, message, code = has_space(job.copies, tonumber(file.size)) end
  if ok then ok, message, code = download(file, path) end
  if not ok then
    job.disk_full = code == "io"
    return nil, message, code
  end
  local stat = core.files.stat(path)
  if stat and stat.size == tonumber(file.size) then return stat end
  core.files.remove(path)
  return nil, ("the copy of %s is not whole"):format(name_of(file)), "parse"
end

local function copy(job, file)
  if not file.url then return nil, ("%s: %s"):format(name_of(file), NO_ADDRESS), "missing" end
  local place = ("%s/%s/%s"):format(job.title.mms_id, file.pid, name_of(file))
  local path = job.copies .. "/" .. place
  local stat, message, code = fetch(job, file, path)
  if not stat then return nil, message, code end
  local sha256
  sha256, message, code = core.files.sha256(path)
  if not sha256 then return nil, message, code end
  -- The DELETE must not outlive the copy, whatever becomes of this machine.
  local safe
  safe, message, code = copies_folder.sync(job.copies, place)
  job.disk_full = not safe
  if not safe then return nil, message, code end
  return { pid = file.pid, name = name_of(file), label = file.label, size = stat.size, path = place, sha256 = sha256 }
end

-- Whether the copy of a file is there: the run file may have been moved without its
-- copies, and the nth copy may be of a file that somebody deleted since.
local function is_kept(job, change, n, file)
  local kept = m.of(job, change, n)
  if not kept or kept.pid ~= file.pid then return false end
  local stat = core.files.stat(job.copies .. "/" .. kept.path)
  return stat ~= nil and stat.size == tonumber(file.size)
end

---Keeps a copy of a file, once.
---@param job almanac.job `copies` is the folder, false for none; `disk_full` is set when that is why a copy failed
---@param change almanac.change
---@param n integer which file of the change, from 1
---@param file table as Alma gives it, with its address
---@return true|nil
---@return string? message
---@return string? code
function m.keep(job, change, n, file)
  if not job.copies or is_kept(job, change, n, file) then return true end
  local kept, message, code = steps.forget(job, change, { "copy" }, n)
  if not kept then return nil, message, code end
  kept, message, code = steps.perform(job, {
    change = change.seq, kind = "copy", page = n, during = states.COPYING, after = states.COPYING,
    call = function() return copy(job, file) end,
    keep = function(result) return result end,
  })
  return kept and true, message, code
end

---The copy that was kept of the nth file of a change.
---@return { pid: string, name: string, label: string?, size: integer, path: string, sha256: string }|nil
function m.of(job, change, n)
  local step = steps.get(job, change, "copy", n)
  return step and step.result
end

---The files that were brought back, by their new ids.
---@param job almanac.job
---@return table<string, true>
function m.restored(job)
  local pids = {}
  for _, step in pairs(job.steps) do
    if step.kind == "attach" and step.page > RESTORED and step.result and step.result.pid then pids[step.result.pid] = true end
  end
  return pids
end

---Whether a file may be a copy that undo began to attach and has no record of.
---@param job table
---@param file table as Alma gives it
---@return boolean
function m.may_be_back(job, file)
  local name = file.path and file.path:match "[^/]+$"
  for _, step in pairs(job.steps) do
    local is_open = step.kind == "attach" and step.page > RESTORED and step.state == "intent"
    local kept = is_open and m.of(job, { seq = step.change }, step.page - RESTORED)
    if kept and kept.name == name and kept.size == tonumber(file.size) then return true end
  end
  return false
end

---The id that the nth file has since it was brought back.
---@return string|nil pid
function m.pid(job, change, n)
  local step = steps.get(job, change, "attach", RESTORED + n)
  return step and step.result and step.result.pid
end

---Whether undo began to bring the nth file back.
---@return boolean
function m.begun_back(job, change, n)
  return steps.begun(job, change, "attach", RESTORED + n)
end

---Whether the nth file was brought back already.
---@return boolean
function m.is_back(job, change, n)
  local step = steps.get(job, change, "attach", RESTORED + n)
  return step ~= nil and step.state == "done" and not step.result.taken
end

---Says what is wrong with the nth file after it was brought back.
---@param by_pid table<string, table> the files of its representation as Alma has them
---@return almanac.run.reason|false reason
function m.check_back(job, change, n, by_pid)
  local kept, step = m.of(job, change, n), steps.get(job, change, "attach", RESTORED + n)
  local file = step and step.result and by_pid[step.result.pid]
  if not file then return reasons.new("back_file_gone", { file = kept and kept.name }) end
  if tonumber(file.size) == kept.size then return false end
  return reasons.new("back_file_size", { file = kept.name, bytes = tostring(file.size), size = kept.size })
end

local function not_there(job, kept, message)
  local text = ("the copy of %s is not there: %s"):format(kept.name, message)
  if core.files.stat(job.copies) then return text end
  return ("%s; bring the folder of this run's copies%s and put it beside the run file"):format(text,
    (" (%s)"):format(store.meta(job.db, "copies_at") or job.copies))
end

---Attaches a copy again, behind the files that are there.
---@param job almanac.job
---@param change almanac.change
---@param n integer
---@param representation_id string
---@return true|nil
---@return string? message
---@return string? code
function m.restore(job, change, n, representation_id)
  local kept = m.of(job, change, n)
  local here = setmetatable({ folder = job.copies, copying_back = true }, { __index = job })
  local stat, message, code = core.files.stat(job.copies .. "/" .. kept.path)
  if not stat then return nil, not_there(job, kept, message), code == "missing" and "conflict" or code end
  local files
  files, message, code = whereabouts.files(job, representation_id)
  if not files then return nil, message, code end
  local present = {}
  for i, file in ipairs(files) do present[i] = file.pid end
  local page = { seq = RESTORED + n, path = kept.path, name = kept.name, label = kept.label, size = kept.size,
    mtime_ns = stat.mtime_ns, sha256 = kept.sha256,
    upload_key = ("%s/%s/restored-%s/%s"):format(job.upload_folder, job.title.mms_id, kept.pid, kept.name) }
  local ok
  ok, message, code = upload.page(here, change, page)
  if ok then ok, message, code = attach.page(here, change, page, representation_id, present, { again = true }) end
  return ok and true, message, code
end

return m
