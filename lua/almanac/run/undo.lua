-- Takes back exactly what a run made, last title first: the representations
-- that are still as it made them, the collection entries that it added, the
-- uploads that never became files. Never a bib. What others changed since is
-- listed and left.
local kinds = require "almanac.run.kinds"
local preflight = require "almanac.run.preflight"
local representation = require "almanac.run.representation"
local store = require "almanac.run.store"
local task = require "almanac.task"
local thumbnails = require "almanac.run.thumbnails"
local title_work = require "almanac.run.title"
local titles = require "almanac.run.titles"

local m = {}

local IN_FLIGHT = 32
local BEGUN = "state <> 'undone' AND EXISTS (SELECT 1 FROM step WHERE title_id = title.id)"

-- What is to be taken back for a title, by change; or why it has to stay. Only
-- a complete list says what is no longer there.
local function look(job)
  local found = {}
  local list, message, code = representation.list(job)
  if not list then
    if code == "missing" then return found end   -- the title itself is gone
    return nil, message, code
  end
  for _, change in ipairs(job.changes) do
    local of_change
    of_change, message, code = kinds.of(change).look(job, change, list)
    if not of_change then return nil, message, code end
    found[change.seq] = of_change
    for _, words in ipairs(thumbnails.undo_words(job, change)) do table.insert(of_change.words, words) end
  end
  return found
end

-- What somebody deletes while it is looked at gives an error: then all is looked at once more.
local function look_again(job)
  local found, message, code = look(job)
  if code == "missing" or code == "status" then found, message, code = look(job) end
  return found, message, code
end

local function take_back(job, found)
  for i = #job.changes, 1, -1 do
    local change = job.changes[i]
    local ok, message, code = kinds.of(change).take_back(job, change, found[change.seq])
    if not ok then return nil, message, code end
  end
  return job.journal:write(function(db)
    return db:run("UPDATE title SET state = 'undone', reason = NULL WHERE id = ?", job.title.id)
  end)
end

-- Thumbnails that could not be taken away; nothing else depends on them.
local function stays(job)
  local first = job.left[1]
  if not first then return nil end
  return ("thumbnail %s%s stays in the upload folder: %s"):format(first.key,
    job.left[2] and (" and %d more"):format(#job.left - 1) or "", first.why)
end

local function undo_title(run, title, counts)
  local job = title_work.load(run, title)
  local found, message, code = look_again(job)
  local ok = found
  if found and run.yes then ok, message, code = take_back(job, found) end
  local result = ok and "undone" or code == "conflict" and "left" or "failed"
  counts[result] = counts[result] + 1
  run.on.finish(title, result, message or stays(job), found)
end

-- A probe of the bucket that was given up may have arrived after it was deleted.
local function remove_probe(run)
  if not (run.yes and run.storage and run.storage.delete) then return end
  run.storage:delete(preflight.probe_key(run.general.institution, store.meta(run.db, "run")))
end

---How many titles the run has begun and not taken back.
function m.total(db)
  return titles.count(db, BEGUN)
end

---Takes a run back; only looks unless `yes`. Called again it goes on.
---@param run { db: table, client: table, general: table, storage: table, journal: table, folder: string, yes: boolean,
---  on: { finish: fun(title: table, result: string, message: string?) } }
---@return { undone: integer, left: integer, failed: integer } counts
function m.run(run)
  local counts = { undone = 0, left = 0, failed = 0 }
  local begun = titles.each(run.db, BEGUN, { backwards = true })
  local failures = task.each(begun, IN_FLIGHT, function(title) undo_title(run, title, counts) end)
  if failures[1] then error(failures[1].message, 0) end
  remove_probe(run)
  return counts
end

return m
