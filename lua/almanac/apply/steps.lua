-- One step of a title: the intent is committed, then the call is made, then
-- its result is committed. A step that was begun and whose end is not known is
-- looked for in Alma before anything is sent again.
local json = require "almanac.json"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local states = require "almanac.run.states"
local sys = require "almanac.core".sys
local task = require "almanac.task"
local undo_doubt = require "almanac.run.undo_doubt"

local m = {}

---How often a write is sent in all while its end is unclear.
m.TRIES = 3

local INTENT = "INSERT INTO step(title_id, change, kind, page, before, begun) VALUES(?, ?, ?, ?, ?, ?)"
local WHICH = " WHERE title_id = ? AND change = ? AND kind = ? AND page = ?"
local DONE = "UPDATE step SET result = ?, ended = ?" .. WHICH
local AGAIN = "UPDATE step SET sent = sent + 1, begun = ?, result = ?" .. WHICH
local FATE = "UPDATE step SET result = ?" .. WHICH
local FORGET = "DELETE FROM step" .. WHICH
local ASKED = "UPDATE step SET result = iif(ended IS NULL, ?, result), before = ?" .. WHICH
local DOUBT = "INSERT OR IGNORE INTO step(title_id, change, kind, page, begun, ended) VALUES(?, ?, ?, ?, ?, ?)"

local LOOKLESS = 90   -- the bound divided by this is the pause before a step without `look` is repeated

local DOUBTED = "doubt "   -- with the id of what a person was asked about

local function name_of(change, kind, page)
  return change .. kind .. page
end

---The steps of a title that were begun.
---@param db table
---@param title_id integer
---@return table<string, table> steps
function m.load(db, title_id)
  local steps = {}
  for row in db:rows("SELECT * FROM step WHERE title_id = ?", title_id) do
    row.state = row.ended and "done" or "intent"
    row.before = row.before and json.decode(row.before)
    row.result = row.result and json.decode(row.result)
    steps[name_of(row.change, row.kind, row.page)] = row
  end
  return steps
end

---A step that was begun: state "intent" or "done", before, result, and `sent`,
---how often its call may have been made.
---@return { state: string, before: any, result: any, sent: integer }|nil
function m.get(job, change, kind, page)
  return job.steps[name_of(change.seq, kind, page or 0)]
end

---Whether a step is done.
function m.is_done(job, change, kind, page)
  local step = m.get(job, change, kind, page)
  return step ~= nil and step.state == "done"
end

---Whether a step was begun, done or not.
function m.begun(job, change, kind, page)
  return m.get(job, change, kind, page) ~= nil
end

---Whether a step was begun and its end is not known.
function m.is_open(job, change, kind, page)
  local step = m.get(job, change, kind, page)
  return step ~= nil and step.state == "intent"
end

-- A title that is being taken back keeps that state, whatever is done for it, because
-- else the next apply would go on with it.
local function set_state(db, job, state, reason)
  return states.set(db, job.title.id, job.undoing and job.title.state or state, reason)
end

local function now()
  return math.floor(sys.time())
end

local function keep_doubts(db, job, change, page, doubts)
  local ok, message, code = true, nil, nil
  for _, id in ipairs(doubts or {}) do
    local at = now()
    if ok then ok, message, code = db:run(DOUBT, job.title.id, change.seq, DOUBTED .. id, page, at, at) end
  end
  return ok, message, code
end

---Says why a title that is being taken back waits for a person.
---@return almanac.run.reason? reason nil when it does not
function m.undo_doubt(job)
  local step = job.steps[name_of(0, undo_doubt.KIND, 0)]
  return step and reasons.unpack(step.result)
end

---Whether a person was asked about this already, and decided to go on.
---@param id string as `doubts` of m.ask
---@return boolean
function m.is_decided(job, change, id, page)
  if job.title.state == states.ASK or m.undo_doubt(job) then return false end
  return m.get(job, change, DOUBTED .. id, page) ~= nil
end

---The ids about which a person was asked, and decided to go on.
---@return string[] ids
function m.decided(job, change)
  local ids = {}
  for _, step in pairs(job.steps) do
    local id = step.change == change.seq and step.kind:match("^" .. DOUBTED .. "(.*)")
    if id and m.is_decided(job, change, id, step.page) then ids[#ids + 1] = id end
  end
  return ids
end

---Leaves a doubt about what an open step made to a person. Once it is decided to go on,
---what was sent before is no longer waited for, and `before` counts as what was there
---before the call.
---@param job almanac.job
---@param change almanac.change
---@param which { kind: string?, page: integer?, doubts: string[]? } kind: nil when it is about no step; doubts: ids of what it is
---  about, see m.is_decided
---@param reason almanac.run.reason
---@param before any as it was when absent
---@return nil
---@return almanac.run.reason message the reason
---@return string code "conflict"
function m.ask(job, change, which, reason, before)
  local page = which.page or 0
  local step = which.kind and m.get(job, change, which.kind, page)
  if before ~= nil then step.before = before end
  local ok, message, code = job.journal:write(function(db)
    local done, why, kind = true, nil, nil
    if step then
      done, why, kind = db:run(ASKED, json.encode { answered = true }, step.before and json.encode(step.before),
        job.title.id, change.seq, which.kind, page)
    end
    if done then done, why, kind = keep_doubts(db, job, change, page, which.doubts) end
    if done then done, why, kind = set_state(db, job, states.ASK, reason) end
    if done and job.undoing then done, why, kind = undo_doubt.keep(db, job.title.id, reason, now()) end
    return done, why, kind
  end)
  if not ok then return nil, message, code end
  return nil, reason, "conflict"
end

local function remember_step(job, step, entry)
  entry.before, entry.sent, entry.change, entry.kind, entry.page = step.before, step.sent, step.change, step.kind, step.page
  job.steps[name_of(step.change, step.kind, step.page)] = entry
end

local function begin_step(job, step)
  local ok, message, code = job.journal:write(function(db)
    local done, why, kind = db:run(INTENT, job.title.id, step.change, step.kind, step.page,
      step.before and json.encode(step.before), now())
    if done then done, why, kind = set_state(db, job, step.during) end
    return done, why, kind
  end)
  if not ok then return nil, message, code end
  remember_step(job, step, { state = "intent" })
  return true
end

local function finish_step(job, step, found)
  local result = step.keep(found)
  local kept = step.record and (step.remember and step.remember(found)) or not step.record and result or nil
  local ok, message, code = job.journal:write(function(db)
    local done, why, kind = db:run(DONE, kept and json.encode(kept), now(), job.title.id, step.change, step.kind, step.page)
    if done and step.record then done, why, kind = step.record(db, result) end
    if done then done, why, kind = set_state(db, job, step.after) end
    return done, why, kind
  end)
  if not ok then return nil, message, code end
  remember_step(job, step, { state = "done", result = kept, made = result })   -- what the job has recorded is older
  return result
end

---Forgets what is known of steps, so that they are carried out anew.
---@param job almanac.job
---@param change almanac.change
---@param kinds string[]
---@param page integer
---@param also (fun(db: table): any, string?, string?)? writes something in the same transaction
---@return true|nil
---@return string? message
---@return string? code
function m.forget(job, change, kinds, page, also)
  for _, kind in ipairs(kinds) do job.steps[name_of(change.seq, kind, page)] = nil end
  return job.journal:write(function(db)
    local ok, message, code = true, nil, nil
    if also then ok, message, code = also(db) end
    for _, kind in ipairs(kinds) do
      if ok then ok, message, code = db:run(FORGET, job.title.id, change.seq, kind, page) end
    end
    return ok, message, code
  end)
end

-- What is known of the calls of an open step is kept where its result will be:
-- `unsure`, one of them may still take effect; `lost`, no answer came; `answered`,
-- the last one was refused. Nothing is there when the process ended before it knew.
local function fate_of(step)
  if not (step.unsure or step.answered) then return nil end
  return json.encode { unsure = step.unsure or nil, lost = step.lost or nil, answered = step.answered or nil }
end

local function keep_fate(job, step)
  return job.journal:write(function(db)
    return db:run(FATE, fate_of(step), job.title.id, step.change, step.kind, step.page)
  end)
end

-- A call that may take effect late is counted before it is made once more, because
-- from then on two things in Alma may be ours.
local function count_again(job, step)
  if not step.look then return true end
  step.sent, step.answered = step.sent + 1, false
  return job.journal:write(function(db)
    return db:run(AGAIN, now(), fate_of(step), job.title.id, step.change, step.kind, step.page)
  end)
end

-- Looks whether a call happened; "absent" when nothing of it is there. `answered`:
-- Alma is done with it, or had its time.
local function look_for_call(step, answered)
  if not step.look then
    task.sleep(reconcile.bound / LOOKLESS)
    return nil, nil, "absent"
  end
  return reconcile.find(function() return step.look(step.before, step.sent) end,
    { answered = answered, longer = step.longer })
end

-- Nothing is there, but a call may still take effect. The step may know how to
-- make that impossible: then it is looked for a last time.
local function rule_out_late_effect(job, step, fate)
  if not (step.unsure and step.unsettled) then return nil, nil, "absent" end
  local settled, message, code = step.unsettled(fate)
  if settled == nil then return nil, message, code end
  if not settled then return nil, nil, "absent" end
  step.unsure, step.lost, step.answered = false, false, true
  local ok
  ok, message, code = keep_fate(job, step)
  if not ok then return nil, message, code end
  return look_for_call(step, true)
end

-- Mends what may make the call fail, where the step can. What was sent before may
-- itself be the reason, so Alma gets all its time to show that first.
local function mend(job, step, detail, left)
  if step.unsure then return rule_out_late_effect(job, step, "refused") end
  if not step.amiss or left == 0 then return nil, nil, "absent" end
  local amiss, message, code = step.amiss(detail, left, step.sent)
  if not amiss then return nil, message, amiss == nil and code or "absent" end
  local found
  found, message, code = look_for_call(step, false)
  if code ~= "absent" then return found, message, code end
  amiss, message, code = step.mend()
  if amiss == nil then return nil, message, code end
  return look_for_call(step, true)
end

-- Finds out what became of a call that gave no clear answer.
local function look_into(job, step, detail, left)
  step.answered = detail.answered or false
  step.unsure, step.lost = step.unsure or not step.answered, not step.answered
  if step.look then
    local ok, message, code = keep_fate(job, step)
    if not ok then return nil, message, code end
  end
  local found, message, code = look_for_call(step, step.answered)
  if code ~= "absent" then return found, message, code end
  if step.answered then return mend(job, step, detail, left) end
  return rule_out_late_effect(job, step, "lost")
end

-- Sends the call until it is answered or known to have happened. `fresh`: it
-- was never sent before.
local function send(job, step, fresh)
  local result, message, code, detail
  for try = 1, m.TRIES do
    local first = fresh and try == 1
    if not first then
      local ok, why, kind = count_again(job, step)
      if not ok then return nil, why, kind end
    end
    result, message, code, detail = step.call()
    if result then return result end
    if not (detail and detail.unclear) then
      return nil, message, code, first and detail ~= nil
    end
    local found, why, kind = look_into(job, step, detail, m.TRIES - try)
    if found then return found end
    if kind ~= "absent" then return nil, why or message, kind end
  end
  return nil, message, code
end

-- Looks for what a step made that an earlier process began and whose end is not known.
local function look_for_earlier(job, step, known)
  local fate, age = known.result or {}, now() - (known.begun or now())
  step.unsure = age < reconcile.long_after() and (fate.unsure or not fate.answered) or false
  step.lost, step.answered = fate.lost, fate.answered
  local found, message, code = look_for_call(step, not step.unsure or age >= reconcile.bound)
  if code ~= "absent" then return found, message, code end
  return rule_out_late_effect(job, step, fate.lost and "lost" or "killed")
end

---Carries out one step, or finds that it is done.
---@param job { title: table, steps: table, journal: table, undoing: boolean? } undoing: the title keeps its state
---@param step { change: integer, kind: string, page: integer, during: string?, after: string?,
---  before: any, call: fun(): table|nil, look: (fun(before: any, sent: integer): table[]|nil)?, longer: number?,
---  unsettled: (fun(fate: "lost"|"killed"|"refused"): boolean|nil, string?, string?)?,
---  amiss: (fun(detail: table, left: integer, sent: integer): boolean|nil, string?, string?)?,
---  mend: (fun(): boolean|nil, string?, string?)?, keep: fun(answer: table): table,
---  record: (fun(db: table, result: table): any)?, recorded: table?, remember: (fun(answer: table): table?)? }
---  `during` and `after` are states of the title, of no account when it is being taken back;
---  `call` gives Alma's answer, or nil, message, code, detail; `look` all that fits in Alma (a
---  step without it can be repeated freely), `longer` seconds that it takes Alma longer than
---  usual; `unsettled` is asked when nothing is there and a call may still take effect: true when it
---  made that impossible, false to send the call again all the same, nil to leave it to a person;
---  `amiss` says whether something may be the reason of a refusal, with `left` tries left, and `mend`
---  makes it good; `keep` what is worth keeping of either; `record` writes that into a table of its
---  own, `recorded` is what an earlier run wrote there, and `remember` gives what else is worth it
---@return table|nil result
---@return string? message
---@return string? code
function m.perform(job, step)
  local known = job.steps[name_of(step.change, step.kind, step.page)]
  if known and known.state == "done" then return known.made or step.recorded or known.result end
  step.sent = known and known.sent or 1
  if known then step.before = known.before end
  if known and step.look then
    local found, message, code = look_for_earlier(job, step, known)
    if found then return finish_step(job, step, found) end
    if code ~= "absent" then return nil, message, code end
  elseif not known then
    local ok, message, code = begin_step(job, step)
    if not ok then return nil, message, code end
  end
  local result, message, code, nothing_happened = send(job, step, not known)
  if result then return finish_step(job, step, result) end
  -- The call was refused and nothing happened: as if it had never been begun.
  if nothing_happened then m.forget(job, { seq = step.change }, { step.kind }, step.page) end
  return nil, message, code
end

return m
