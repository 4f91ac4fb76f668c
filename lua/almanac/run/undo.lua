-- Takes back exactly what a run made, last title first: the representations
-- that are still as it made them, the collection entries that it added, the
-- uploads that never became files. Never a bib. What others changed since is
-- listed and left.
local alma = require "almanac.alma"
local collect = require "almanac.run.collect"
local makers = require "almanac.run.maker"
local reconcile = require "almanac.run.reconcile"
local representation = require "almanac.run.representation"
local steps = require "almanac.run.steps"
local title_work = require "almanac.run.title"
local titles = require "almanac.run.titles"
local verify = require "almanac.run.verify"
local task = require "almanac.task"

local m = {}

local IN_FLIGHT = 32
local BEGUN = "state <> 'undone' AND EXISTS (SELECT 1 FROM step WHERE title_id = title.id)"

-- Files that this run attached, by pid.
local function own_files(change)
  local own = {}
  for _, page in ipairs(change.pages) do
    if page.pid then own[page.pid] = page end
  end
  return own
end

-- A file that was attached, but whose answer the run never got.
local function is_unrecorded(job, change, file)
  for _, page in ipairs(change.pages) do
    if steps.is_open(job, change, "attach", page.seq)
      and reconcile.new_files({ file }, {}, page.name)[1] then return true end
  end
  return false
end

-- The files of a representation of ours must be those that the run attached.
local function foreign_file(job, change, files)
  local own = own_files(change)
  for _, file in ipairs(files) do
    local page = own[file.pid]
    if not page and not is_unrecorded(job, change, file) then
      return ("file %s (%s) is not of this run"):format(file.pid, file.label or "")
    end
    if page and tonumber(file.size) ~= page.size then return ("file %s was replaced"):format(file.pid) end
    own[file.pid] = nil
  end
  local gone = next(own)
  return gone and ("file %s was deleted"):format(gone) or false
end

-- In words what others did to a representation of ours; false when nothing.
local function changed_by_others(job, change, rep)
  local words = verify.wrong_field(rep, change.spec)
  if words then return words end
  if (rep.public_note or "") ~= (change.spec.public_note or "") then return "it has another public note" end
  local who = makers.other(job.maker, rep)
  if who then return "last modified by " .. who end
  local files, message, code = alma.files.list(job.client, job.title.mms_id, rep.id)
  if not files then return nil, message, code end
  return foreign_file(job, change, files)
end

local function is_listed(list, id)
  for _, rep in ipairs(list) do
    if rep.id == id then return true end
  end
  return false
end

-- What a POST with an unknown end made, and what one POST too many made.
local function unrecorded(job, change, list)
  local step = steps.get(job, change, "represent")
  if not step then return {} end
  if step.state == "done" then return representation.twins(job, change, list, change.representation_id) end
  local ours, others, code = representation.made_since(job, change, step.before, list)
  if not ours then return nil, others, code end
  if #ours <= step.sent then return ours end
  return nil, "its last step has an unknown end, and several representations could be its own", "conflict"
end

-- The recorded representation of a change, if it is still there and unchanged.
local function recorded(job, change, list, ids)
  local id = change.representation_id
  if not id or not is_listed(list, id) then return true end
  local rep, message, code = alma.representations.get(job.client, job.title.mms_id, id)
  if not rep then return nil, message, code end
  local words, why, kind = changed_by_others(job, change, rep)
  if words then return nil, "changed since: " .. words, "conflict" end
  if words == nil then return nil, why, kind end
  ids[#ids + 1] = id
  return true
end

-- The ids of what a change made and is still there; or why it has to stay.
local function made_by(job, change, list)
  local ids = {}
  local ok, message, code = recorded(job, change, list, ids)
  if not ok then return nil, message, code end
  local more, why, kind = unrecorded(job, change, list)
  if not more then return nil, why, kind end
  for _, rep in ipairs(more) do ids[#ids + 1] = rep.id end
  return ids
end

-- What is to be taken back for a title: representation ids by change, or words
-- why it has to stay. Only a complete list says what is no longer there.
local function look(job)
  local found = {}
  local list, message, code = representation.list(job)
  if not list then
    if code == "missing" then return found end   -- the title itself is gone
    return nil, message, code
  end
  for _, change in ipairs(job.changes) do
    found[change.seq], message, code = made_by(job, change, list)
    if not found[change.seq] then return nil, message, code end
  end
  return found
end

local function delete_representation(job, change, id)
  return steps.perform(job, {
    change = change.seq, kind = "undo " .. id, page = 0, during = job.title.state, after = job.title.state,
    call = function() return alma.representations.delete(job.client, job.title.mms_id, id) end,
    keep = function() return { representation_id = id } end,
  })
end

local function leave_collection(job, change)
  if not collect.was_added(job, change) then return true end
  local ok, message, code = alma.collections.remove_bib(job.client, change.spec.collection, job.title.mms_id)
  if code == "missing" then return true end
  return ok, message, code
end

-- Uploads that no file was made of; the upload form can't delete, AWS keys can.
local function remove_uploads(job, change)
  if not (job.storage and job.storage.delete) then return true end
  for _, page in ipairs(change.pages) do
    if steps.begun(job, change, "upload", page.seq) then
      local ok, message, code = job.storage:delete(page.upload_key)
      if ok and page.size > job.storage.multipart_above then
        ok, message, code = job.storage:remove_unfinished(page.upload_key)
      end
      if not ok and code ~= "missing" then return nil, message, code end
    end
  end
  return true
end

local function take_back_change(job, change, ids)
  for _, id in ipairs(ids) do
    local ok, message, code = delete_representation(job, change, id)
    if not ok then return nil, message, code end
  end
  local ok, message, code = leave_collection(job, change)
  if ok then ok, message, code = remove_uploads(job, change) end
  return ok, message, code
end

local function take_back(job, found)
  for i = #job.changes, 1, -1 do
    local change = job.changes[i]
    local ok, message, code = take_back_change(job, change, found[change.seq] or {})
    if not ok then return nil, message, code end
  end
  return job.journal:write(function(db)
    return db:run("UPDATE title SET state = 'undone', reason = NULL WHERE id = ?", job.title.id)
  end)
end

local function undo_title(run, title, counts)
  local job = title_work.load(run, title)
  local found, message, code = look(job)
  local ok = found
  if found and run.yes then ok, message, code = take_back(job, found) end
  local result = ok and "undone" or code == "conflict" and "left" or "failed"
  counts[result] = counts[result] + 1
  run.on.finish(title, result, message, found)
end

---How many titles the run has begun and not taken back.
function m.total(db)
  return titles.count(db, BEGUN)
end

---Takes a run back; only looks unless `yes`. Called again it goes on.
---@param run { db: table, client: table, storage: table, journal: table, folder: string, yes: boolean,
---  on: { finish: fun(title: table, result: string, message: string?) } }
---@return { undone: integer, left: integer, failed: integer } counts
function m.run(run)
  local counts = { undone = 0, left = 0, failed = 0 }
  local begun = titles.each(run.db, BEGUN, { backwards = true })
  local failures = task.each(begun, IN_FLIGHT, function(title) undo_title(run, title, counts) end)
  if failures[1] then error(failures[1].message, 0) end
  return counts
end

return m
