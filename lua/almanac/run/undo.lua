-- Takes back exactly what a run made, last title first: the representations
-- that are still as it made them, the collection entries that it added, the
-- uploads that never became files. Never a bib. What others changed since is
-- listed and left.
local alma = require "almanac.alma"
local steps = require "almanac.run.steps"
local title_work = require "almanac.run.title"
local verify = require "almanac.run.verify"
local task = require "almanac.task"

local m = {}

local IN_FLIGHT = 32
local BEGUN = [[SELECT * FROM title WHERE state <> 'undone'
  AND EXISTS (SELECT 1 FROM step WHERE title_id = title.id) ORDER BY id DESC]]

-- Files that this run attached, by pid.
local function own_files(change)
  local own = {}
  for _, page in ipairs(change.pages) do
    if page.pid then own[page.pid] = page end
  end
  return own
end

-- In words what others did to a representation of ours; false when nothing.
local function changed_by_others(job, change, rep)
  local words = verify.wrong_field(rep, change.spec)
  if words then return words end
  local files, message, code = alma.files.list(job.client, job.title.mms_id, rep.id)
  if not files then return nil, message, code end
  local own = own_files(change)
  for _, file in ipairs(files) do
    local page = own[file.pid]
    if not page then return ("file %s (%s) is not of this run"):format(file.pid, file.label or "") end
    if tonumber(file.size) ~= page.size then return ("file %s was replaced"):format(file.pid) end
    own[file.pid] = nil
  end
  local gone = next(own)
  return gone and ("file %s was deleted"):format(gone) or false
end

local function open_intent(job)
  for _, step in pairs(job.steps) do
    if step.state == "intent" and (step.kind == "represent" or step.kind == "attach") then return true end
  end
end

-- What is to be taken back for a title: representation ids by change, or words
-- why it has to stay.
local function look(job)
  if open_intent(job) then
    return nil, "its last step has an unknown end: `almanac apply` first", "conflict"
  end
  local found = {}
  for _, change in ipairs(job.changes) do
    local id = change.representation_id
    local rep, message, code
    if id then rep, message, code = alma.representations.get(job.client, job.title.mms_id, id) end
    if rep then
      local words, why, kind = changed_by_others(job, change, rep)
      if words then return nil, "changed since: " .. words, "conflict" end
      if words == nil then return nil, why, kind end
      found[change.seq] = id
    elseif id and code ~= "missing" then
      return nil, message, code
    end
  end
  return found
end

local function delete_representation(job, change, id)
  return steps.perform(job, {
    change = change.seq, kind = "undo", page = 0, during = job.title.state, after = job.title.state,
    call = function() return alma.representations.delete(job.client, job.title.mms_id, id) end,
    keep = function() return { representation_id = id } end,
  })
end

local function leave_collection(job, change)
  local collected = steps.result(job, change, "collect")
  if not (collected and collected.added) then return true end
  local ok, message, code = alma.collections.remove_bib(job.client, collected.collection, job.title.mms_id)
  if code == "missing" then return true end
  return ok, message, code
end

-- Uploads that no file was made of; the upload form can't delete, AWS keys can.
local function remove_uploads(job, change)
  if not (job.storage and job.storage.delete) then return true end
  for _, page in ipairs(change.pages) do
    if not page.pid and steps.begun(job, change, "upload", page.seq) then
      local ok, message, code = job.storage:delete(page.upload_key)
      if not ok and code ~= "missing" then return nil, message, code end
    end
  end
  return true
end

local function take_back(job, found)
  for i = #job.changes, 1, -1 do
    local change = job.changes[i]
    local ok, message, code = true, nil, nil
    if found[change.seq] then ok, message, code = delete_representation(job, change, found[change.seq]) end
    if ok then ok, message, code = leave_collection(job, change) end
    if ok then ok, message, code = remove_uploads(job, change) end
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
  return db:value [[SELECT count(*) FROM title WHERE state <> 'undone'
    AND EXISTS (SELECT 1 FROM step WHERE title_id = title.id)]]
end

---Takes a run back; only looks unless `yes`. Called again it goes on.
---@param run { db: table, client: table, storage: table, journal: table, folder: string, yes: boolean,
---  on: { finish: fun(title: table, result: string, message: string?) } }
---@return { undone: integer, left: integer, failed: integer } counts
function m.run(run)
  local counts, titles = { undone = 0, left = 0, failed = 0 }, {}
  for row in run.db:rows(BEGUN) do titles[#titles + 1] = row end
  local failures = task.each(titles, IN_FLIGHT, function(title) undo_title(run, title, counts) end)
  if failures[1] then error(failures[1].message, 0) end
  return counts
end

return m
