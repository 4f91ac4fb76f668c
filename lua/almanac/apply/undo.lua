-- Takes back exactly what a run made, last title first: the representations
-- that are still as it made them, the collection entries that it added, the
-- uploads that never became files. A title only when the run created it, and it
-- holds nothing else. What others changed since is listed and left.
local collect = require "almanac.apply.collect"
local kinds = require "almanac.apply.kinds"
local order = require "almanac.apply.order"
local preflight = require "almanac.apply.preflight"
local readings = require "almanac.reading"
local steps = require "almanac.apply.steps"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local strays = require "almanac.apply.strays"
local streaks = require "almanac.run.streak"
local thumbnails = require "almanac.apply.thumbnails"
local title_work = require "almanac.apply.title"
local titles = require "almanac.run.titles"
local traces = require "almanac.apply.traces"

local m = {}

local IN_FLIGHT = 32
local BEGUN = "NOT " .. states.is(states.UNDONE) .. " AND EXISTS (SELECT 1 FROM step WHERE title_id = title.id)"

-- The changes of a title in the order in which the plan found what they are about, so
-- that deleted files come back in their order.
local function as_found(job)
  local places, n = {}, 0
  for _, rep in ipairs(readings.decode(job.title.reading).representations) do
    for _, thing in ipairs { rep, table.unpack(rep.files) } do
      n = n + 1
      places[thing.pid or thing.id] = n
    end
  end
  local function place(change) return places[change.pid or change.representation_id] or 0 end
  local changes = { table.unpack(job.changes) }
  table.sort(changes, function(a, b)
    if place(a) ~= place(b) then return place(a) < place(b) end
    return a.seq < b.seq
  end)
  return changes
end

local function set_state(job, state, reason)
  if job.title.state == state then return true end
  job.title.state = state
  return job.journal:write(function(db)
    return states.set(db, job.title.id, state, reason)
  end)
end

-- Brings back what was deleted, each file in its place. Files that stayed are copied
-- before anything is done.
local function restore(job, found)
  local ok, message, code = order.keep(job, found.order)
  for _, change in ipairs(as_found(job)) do
    local bring_back = kinds.of(change).restore
    if ok and bring_back then ok, message, code = order.before(job, found.order, change) end
    if ok and bring_back then ok, message, code = bring_back(job, change, found[change.seq]) end
  end
  if ok then ok, message, code = order.finish(job, found.order) end
  return ok, message, code
end

-- Notes what is not as it was before the run.
local function note_unlike(job, found)
  local unlike = found.unlike
  local words, message = order.check(job)
  if words then unlike = { words, table.unpack(unlike) } end
  if words == nil then unlike = { reasons.new("back_order_unknown", { message = tostring(message) }) } end
  job.unlike = unlike
end

-- Brings back what was deleted, then removes what was made, the last change first.
local function take_back(job, found)
  job.undoing = true
  local ok, message, code = set_state(job, states.UNDOING)
  if ok then ok, message, code = restore(job, found) end
  for i = #job.changes, 1, -1 do
    local change = job.changes[i]
    local remove = kinds.of(change).take_back
    if ok and remove then ok, message, code = remove(job, change, found[change.seq]) end
  end
  if not ok then return nil, message, code end
  note_unlike(job, found)
  return set_state(job, states.UNDONE, job.unlike[1])
end

-- Names the thumbnails that could not be taken away; nothing else depends on them.
local function words_of_left(job)
  local first = job.left[1]
  if not first then return nil end
  return ("thumbnail %s%s stays in the upload folder: %s"):format(first.key,
    job.left[2] and (" and %d more"):format(#job.left - 1) or "", first.why)
end

-- Finds what is to be taken back of a title, its thumbnails as well.
local function look_at_title(job)
  local found, message, code = traces.look(job)
  if not found then return nil, message, code end
  for _, change in ipairs(job.changes) do
    local of_change = found[change.seq]
    for _, words in ipairs(of_change and thumbnails.undo_words(job, change) or {}) do table.insert(of_change.words, words) end
  end
  found.unlike = { table.unpack(job.unlike) }
  found.order, message, code = order.look(job)
  if not found.order then return nil, message, code end
  return found
end

-- The collection that this run put a title into. When that was merged, the other title
-- stays in it, because it may have been there on its own account.
local function collection_left(job)
  for _, change in ipairs(job.changes) do
    if collect.was_added(job, change) then return change.spec.collection end
  end
end

-- Whether anything that the run made was found, or something that stays.
local function is_there(job, found)
  if job.unlike[1] then return true end
  for _, change in ipairs(job.changes) do
    if found[change.seq].words[1] then return true end
  end
  return false
end

-- Tells what a person has to know of a title that was taken back.
local function remarks(job, found)
  local parts = {}
  for i, reason in ipairs(job.unlike) do parts[i] = tostring(reason) end
  if job.merged then
    local collection = collection_left(job)
    parts[#parts + 1] = ("the title was merged into %s in Alma%s%s"):format(job.merged,
      is_there(job, found) and ", where what this run made stands now" or "",
      collection and ("; that one is left in collection %s"):format(collection) or "")
  end
  parts[#parts + 1] = words_of_left(job)
  return parts[1] and table.concat(parts, "; ")
end

local function has_made(job)
  for _, change in ipairs(job.changes) do
    if steps.is_done(job, change, "represent") or steps.is_done(job, change, "attach", 1) then return true end
  end
  return false
end

local function result_of(job, found, ok, code)
  if not ok then return code == "conflict" and "left" or "failed" end
  if is_there(job, found) or job.title.state == states.UNDOING then return "undone" end
  return has_made(job) and "absent" or "unmade"
end

local function take_back_title(run, job, counts)
  local found, message, code = nil, steps.undo_doubt(job), "conflict"
  if not message then found, message, code = look_at_title(job) end
  local ok, result = found, nil
  if found then result = result_of(job, found, true) end
  if found and run.yes then ok, message, code = take_back(job, found) end
  if not ok then result = result_of(job, found, false, code) end
  counts[result] = counts[result] + 1
  if ok and job.unlike[1] then counts.unlike = counts.unlike + 1 end
  if result == "failed" then run.streak:failed(tostring(message), code) else run.streak:worked() end
  if result == "left" and reasons.is(message, "changed_since") then counts.changed = counts.changed + 1 end
  run.on.finish(job.title, result, message and tostring(message) or found and remarks(job, found), found, code)
  return true
end

local function undo_title(run, title, counts)
  local done, message, code = run.claims:with(title_work.claim(run.db, title), function()
    return take_back_title(run, title_work.load(run, title), counts)
  end)
  if done then return end
  counts.failed = counts.failed + 1
  run.streak:failed(message, code)
  run.on.finish(title, "failed", message, nil, code)
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
---@param run almanac.run
---@return { undone: integer, absent: integer, unmade: integer, left: integer, changed: integer, failed: integer, unlike: integer,
---  stop: { message: string, cause: string }? } counts absent: nothing of what the run had made was there any more; unmade: it had
---  made nothing there, and sent a file at most; left: to be looked at, changed: those of them that others changed since; unlike: of those that were taken back, where not all is as before; stop: it ended early, and why
function m.run(run)
  local counts = { undone = 0, absent = 0, unmade = 0, left = 0, changed = 0, failed = 0, unlike = 0 }
  run.streak = streaks.new { in_flight = IN_FLIGHT, keep_going = run.keep_going }
  local begun = titles.each(run.db, BEGUN, { backwards = true })
  local failures = run.streak:each(begun, function(title) undo_title(run, title, counts) end)
  if failures[1] then error(failures[1].message, 0) end
  counts.stop = run.streak.stop
  if counts.stop then return counts end
  remove_probe(run)
  if run.yes then strays.remove(run) end
  return counts
end

return m
