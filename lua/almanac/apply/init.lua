-- Carries a plan out: many titles in flight, the steps of each in order. What
-- it was doing when it ended, however it ended, is in the run file; called
-- again it goes on from there.
local causes = require "almanac.run.causes"
local core = require "almanac.core"
local gone = require "almanac.apply.gone"
local images = require "almanac.run.images"
local ingest_rows = require "almanac.apply.ingest.rows"
local ingests = require "almanac.apply.ingest"
local journal = require "almanac.run.journal"
local late = require "almanac.apply.late"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local streaks = require "almanac.run.streak"
local task = require "almanac.task"
local title_work = require "almanac.apply.title"
local titles = require "almanac.run.titles"

local m = {}

local IN_FLIGHT = 64      -- titles; attaching takes seconds, the calls are paced anyway
local ROUNDS = 3          -- how often a title is tried that a failure of the moment left in the middle

local PAGES = "(SELECT count(*) FROM page WHERE page.title_id = title.id) AS pages"
local AGAIN = "SELECT title.*, " .. PAGES .. " FROM title WHERE id = ?"

-- Failures of the moment: nobody answers, or not so that it can be read. The
-- title stays where it is and the next apply goes on.
local PASSING = { timeout = true, connect = true, tls = true, parse = true, closed = true, cancelled = true }

---How many titles are still to do.
---@param db table
---@return integer
function m.remaining(db)
  return titles.count(db, states.OPEN)
end

local function stop_run(run, message, code)
  run.stop = run.stop or { message = message, code = code }
end

-- Calls that a title may need: reading it, collection, representation, a call
-- for each page, and as much again for looking after lost answers.
local function cost(title)
  return 4 + 2 * title.pages
end

local function open_titles(run)
  local next_title, given = titles.each(run.db, ingest_rows.alone(run.db), { also = PAGES }), 0
  return function()
    if run.stop or (run.limit and given >= run.limit) then return nil end
    local title = next_title()
    if not title then return nil end
    local ok, message, code = run.limits:allow(cost(title))
    if not ok then return stop_run(run, message, code) end
    given = given + 1
    return title
  end
end

-- Gives once more the titles that a failure of the moment left in the middle, and
-- those with a file that could not be read.
local function titles_again(run)
  local ids, i = run.again, 0
  run.again = {}
  return function()
    i = i + 1
    if run.stop or not ids[i] then return nil end
    local title = run.db:row(AGAIN, ids[i])
    local ok, message, code = run.limits:allow(cost(title))
    if not ok then return stop_run(run, message, code) end
    return title
  end
end

-- The title's new state after a failure; nil leaves it in the middle. The next apply
-- tries failed titles again as well.
local function state_after(message, code)
  if code == "conflict" then return states.ASK end
  if PASSING[code] or causes.is_outage(message, code) then return nil end
  return states.FAILED
end

local function is_away(run, job, code)
  job.images_away = job.images_away or code == "io" and run.folder and images.away(run.db, run.folder) and true
  return job.images_away
end

-- Stops the run when nothing can go on: no right, no quota, no disk for the run file or
-- for copies, no folder with the images. A file that can't be read concerns its title alone.
local function consider_stopping(run, job, message, code)
  if run.journal.broken then
    return stop_run(run, "the run file can't be written: " .. run.journal.broken, "io")
  elseif code == "auth" or code == "quota" or job.disk_full or is_away(run, job, code) then
    return stop_run(run, tostring(message), code)
  end
end

local function set_state(run, id, state, message)
  run.journal:write(function(db)
    if state then return states.set(db, id, state, reasons.from(message)) end
    return states.explain(db, id, reasons.from(message))
  end)
end

-- Titles of a streak that ended the run get back the states that they had, because
-- the failure was none of their own.
local function end_streak(run, reason)
  stop_run(run, reason.message, reason.code)
  run.stop.cause = reason.cause
  for _, held in ipairs(run.streak.held) do set_state(run, held.id, held.state, held.message) end
end

-- A title that Alma no longer has is settled; one that it has under another id is for a person.
local function settle_missing(run, job, message, code)
  if code ~= "missing" then return message, code end
  local what, reason = gone.look(job)
  if what == "moved" then return reason, "conflict" end
  if what ~= "gone" then return message, code end
  job.title.state = states.GONE
  set_state(run, job.title.id, states.GONE, reason)
  run.streak:worked()
  return reason, code
end

local function record_failure(run, job, message, code)
  if job.title.state == states.GONE then return end
  local words, title = tostring(message), job.title
  local state = state_after(words, code)
  if code == "conflict" then
    run.streak:worked()
    return set_state(run, title.id, state, message)
  end
  if not state or code == "io" then
    table.insert(run.again, title.id)
    run.began[title.id] = not job.is_earlier or nil
  end
  if run.stop and not state then return end
  local before = run.db:value("SELECT state FROM title WHERE id = ?", title.id)
  local general = code == "auth" or code == "quota" or job.disk_full or job.images_away or run.streak:is_cause(words, code)
  set_state(run, title.id, not general and state or nil, message)
    if code == "io" then return end   -- a file's failure costs no calls, so it is none of a streak
  local reason = run.streak:failed(words, code, { id = title.id, state = before, message = message })
  if reason and not run.stop then end_streak(run, reason) end
end

local function carry_out_title(run, title)
  run.on.begin(title)
  run.limits:promise(cost(title))
  local job = title_work.load(run, title)
  local ok, message, code = run.claims:with(title_work.claim(run.db, title), function() return title_work.carry_out(job) end)
  run.limits:promise(-cost(title))
  if ok then
    run.streak:worked()
    run.done = run.done + 1
  else
    message, code = settle_missing(run, job, message, code)
    consider_stopping(run, job, message, code)
    if not run.journal.broken then record_failure(run, job, message, code) end
  end
  run.on.finish(title, ok, message and tostring(message), code)
end

-- One Ctrl-C: finish what is in flight. Two: stop now, still safe.
local function watch_interrupts(run, work)
  while not work.done do
    local interrupts = core.sys.interrupts()
    if interrupts >= 1 and not run.stop then
      stop_run(run, "interrupted", "cancelled")
      if run.on.interrupt then run.on.interrupt() end
    end
    if interrupts >= 2 then return work:cancel() end
    task.sleep(0.2)
  end
end

---Carries the plan out.
---@param run almanac.run
---@return { done: integer, late: integer, stop: { message: string, code: string, cause: string? }? } outcome `stop`: it ended early, and
---  why; `cause` of almanac.run.causes when titles in a row failed alike
function m.run(run)
  run.journal, run.done, run.stop = journal.new(run.db), run.done or 0, nil
  run.again, run.began, run.streak = {}, {}, streaks.new { in_flight = IN_FLIGHT, keep_going = run.keep_going }
  local failures
  local work = task.spawn(function()
    ingests.run(run)
    local next_title = open_titles(run)
    for _ = 1, ROUNDS do
      failures = run.streak:each(next_title, function(title) carry_out_title(run, title) end)
      if failures[1] or run.stop or not run.again[1] then break end
      next_title = titles_again(run)
    end
    if not (failures[1] or run.stop) then run.late = late.tell(run) end
  end)
  local watch = task.spawn(watch_interrupts, run, work)
  work:await()
  watch:cancel()
  run.journal:close()
  if not run.journal.broken then
    store.add_calls(run.db, "apply", run.client.calls)
    run.client.calls = {}
  end
  if failures and failures[1] then error(failures[1].message, 0) end
  return { done = run.done, stop = run.stop, late = run.late or 0 }
end

return m
