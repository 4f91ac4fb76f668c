-- Reads back what a run made and compares it with the plan: one representation
-- as planned, its files by name, size and order, each in Alma's storage and
-- to be read there. What was taken back has to be as before.
local kinds = require "almanac.apply.kinds"
local change_kinds = require "almanac.change_kinds"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local streaks = require "almanac.run.streak"
local thumbnails = require "almanac.apply.thumbnails"
local title_work = require "almanac.apply.title"
local titles = require "almanac.run.titles"
local traces = require "almanac.apply.traces"

local m = {}

local IN_FLIGHT = 32
local MADE = states.is(states.ATTACHED, states.VERIFIED, states.UNDONE)

-- Finds a second representation of the planned kind that the plan did not find; one
-- that was made twice looks like this.
local function doubled(job, list)
  local known = {}
  for _, rep in ipairs(readings.decode(job.title.reading).representations) do known[rep.id] = true end
  for _, change in ipairs(job.changes) do known[change.representation_id or ""] = true end
  for _, rep in ipairs(list) do
    for _, change in ipairs(job.changes) do
      local remote = change.spec.originating_record_id ~= nil
      if change_kinds.makes_representation(change) and not known[rep.id] and (remote or rep.label == change.spec.label)
        and reconcile.is_rival(rep, change.spec) then
        return reasons.new("second_representation", { representation = rep.id, label = rep.label or "" })
      end
    end
  end
  return false
end

---Compares one title with its plan. What became of its thumbnails is no difference: it is put into `job.seen`.
---@param job almanac.job
---@return almanac.run.reason|string|false|nil reason what differs; false when nothing does; nil when Alma gave no answer
---@return string|integer message_or_unseen why it could not be told; with false: files that could not be looked at
---  in the storage, since Alma gave no address for them
---@return string? code
function m.check(job)
  local unseen = 0
  local list, why, kind = traces.list(job)
  if not list then return nil, why, kind end
  if job.gone then return false, 0 end
  for _, change in ipairs(job.changes) do
    local words, message, code = kinds.of(change).check(job, change, list)
    if words ~= false then return words, message, code end
    unseen = unseen + message
  end
  local words = doubled(job, list)
  return words, not words and unseen or nil
end

-- Writes down what was found of a title, when it is news.
local function note_finding(run, title, state, reason, seen)
  if title.state == state and reasons.has(title, reason) and not seen[1] then return true end
  return run.journal:write(function(db)
    local ok, message, code = thumbnails.keep(db, title.id, seen)
    if ok then ok, message, code = states.set(db, title.id, state, reason) end
    return ok, message, code
  end)
end

-- Gives words as m.check does, and the state that the title has then.
local function check_by_state(job)
  if job.title.state == states.UNDONE then
    local words, message, code, again = traces.check_back(job)
    return words, message or 0, code, again and states.UNDOING or states.UNDONE
  end
  local words, message, code = m.check(job)
  if job.gone then return false, 0, nil, states.GONE end
  return words, message, code, words and states.ATTACHED or states.VERIFIED
end

-- A title that the run created, and took back, is gone by its own doing.
local function is_made_away(job)
  for _, change in ipairs(job.title.state == states.UNDONE and job.changes or {}) do
    if change_kinds.makes_title(change) then return true end
  end
  return false
end

local function verify_title(run, title, counts)
  local job = title_work.load(run, title)
  local words, message, code, state = check_by_state(job)
  if words == nil then
    counts.unknown = counts.unknown + 1
    run.streak:failed(tostring(message), code)
    run.on.finish(title, nil, tostring(message), code)
    return
  end
  run.streak:worked()
  local reason = words and reasons.from(words) or not is_made_away(job) and job.gone or nil
  local ok, why, kind = note_finding(run, title, state, reason, job.seen)
  if not ok then
    run.broken = { message = why, code = kind }
    return
  end
  local result = words and "differs" or state
  counts[result] = counts[result] + 1
  if not words then counts.unseen = counts.unseen + message end
  thumbnails.count(counts.thumbnails, job.seen)
  if job.merged then run.on.note(title, ("the title was merged into %s in Alma, and was looked at there"):format(job.merged)) end
  run.on.finish(title, not words, reason and tostring(reason))
end

---How many titles there are to verify.
function m.total(db)
  return titles.count(db, MADE)
end

---Verifies the titles that the run has finished, and those that were taken back.
---@param run almanac.run
---@return { gone: integer, verified: integer, undone: integer, differs: integer, unknown: integer, unseen: integer,
---  thumbnails: table<string, integer>, stop: { message: string, cause: string }? }|nil counts titles; stop: it ended early, and why; undone: taken back, and nothing of the run is left; unseen: files
---  of verified titles that were not looked at in the storage; thumbnails: by thumbnails.state
---@return string? message the run file can't be written
---@return string? code
function m.run(run)
  local counts = { gone = 0, verified = 0, undone = 0, differs = 0, unknown = 0, unseen = 0, thumbnails = {} }
  local next_title = run.sample and titles.sample(run.db, MADE, run.sample) or titles.each(run.db, MADE)
  run.streak = streaks.new { in_flight = IN_FLIGHT, keep_going = run.keep_going }
  local failures = run.streak:each(function() return not run.broken and next_title() or nil end,
    function(title) verify_title(run, title, counts) end)
  if failures[1] then error(failures[1].message, 0) end
  if run.broken then return nil, run.broken.message, run.broken.code end
  local ok, message, code = store.add_calls(run.db, "verify", run.client.calls)
  if not ok then return nil, message, code end
  counts.stop = run.streak.stop
  return counts
end

return m
