-- One step of a title: the intent is committed, then the call is made, then
-- its result is committed. A step that was begun and whose end is not known is
-- looked for in Alma before anything is sent again.
local json = require "almanac.json"
local reconcile = require "almanac.run.reconcile"
local sys = require "almanac.core".sys
local task = require "almanac.task"

local m = {}

---How often a write that Alma calls unclear is sent in all.
m.TRIES = 3

local INTENT = "INSERT INTO step(title_id, change, kind, page, before, begun) VALUES(?, ?, ?, ?, ?, ?)"
local WHICH = " WHERE title_id = ? AND change = ? AND kind = ? AND page = ?"
local DONE = "UPDATE step SET result = ?, ended = ?" .. WHICH
local AGAIN = "UPDATE step SET sent = sent + 1" .. WHICH
local FORGET = "DELETE FROM step" .. WHICH
local BEFORE = "UPDATE step SET before = ?" .. WHICH
local STATE = "UPDATE title SET state = ?, reason = ? WHERE id = ?"

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

---A doubt about what an open step made becomes a person's: when it is decided
---to go on, `before` counts as what was there before the call.
---@param job table
---@param change table
---@param kind string
---@param before any
---@param reason string
---@return true|nil
---@return string? message
---@return string? code
function m.ask(job, change, kind, before, reason)
  m.get(job, change, kind).before = before
  return job.journal:write(function(db)
    local done, why, code = db:run(BEFORE, json.encode(before), job.title.id, change.seq, kind, 0)
    if done then done, why, code = db:run(STATE, "ask", reason, job.title.id) end
    return done, why, code
  end)
end

local function now()
  return math.floor(sys.time())
end

local function note(job, step, entry)
  entry.before, entry.sent = step.before, step.sent
  job.steps[name_of(step.change, step.kind, step.page)] = entry
end

-- A title that is being taken back says so until it is, whatever is done for
-- that: else the next apply would go on with it.
local function state_of(job, state)
  return job.undoing and job.title.state or state
end

local function begin(job, step)
  local ok, message, code = job.journal:write(function(db)
    local done, why, kind = db:run(INTENT, job.title.id, step.change, step.kind, step.page,
      step.before and json.encode(step.before), now())
    if done then done, why, kind = db:run(STATE, state_of(job, step.during), nil, job.title.id) end
    return done, why, kind
  end)
  if not ok then return nil, message, code end
  note(job, step, { state = "intent" })
  return true
end

local function finish(job, step, found)
  local result = step.keep(found)
  local ok, message, code = job.journal:write(function(db)
    local done, why, kind = db:run(DONE, not step.record and json.encode(result) or nil, now(), job.title.id,
      step.change, step.kind, step.page)
    if done and step.record then done, why, kind = step.record(db, result) end
    if done then done, why, kind = db:run(STATE, state_of(job, step.after), nil, job.title.id) end
    return done, why, kind
  end)
  if not ok then return nil, message, code end
  note(job, step, { state = "done", result = result })
  return result
end

-- The call was refused and nothing happened: as if it had never been begun.
local function forget(job, step)
  job.steps[name_of(step.change, step.kind, step.page)] = nil
  return job.journal:write(function(db)
    return db:run(FORGET, job.title.id, step.change, step.kind, step.page)
  end)
end

---Forgets what is known of a step, so that it is carried out anew.
---@param job table
---@param change table
---@param kind string
---@param page integer
---@return true|nil
---@return string? message
---@return string? code
function m.forget(job, change, kind, page)
  if not m.begun(job, change, kind, page) then return true end
  return forget(job, { change = change.seq, kind = kind, page = page })
end

-- A call that may take effect late is counted before it is made once more:
-- then two things in Alma may be ours.
local function count_again(job, step)
  if not step.look then return true end
  step.sent = step.sent + 1
  return job.journal:write(function(db)
    return db:run(AGAIN, job.title.id, step.change, step.kind, step.page)
  end)
end

-- Looks whether a call happened; "absent" when it surely did not.
local function find(step)
  if not step.look then
    task.sleep(reconcile.pauses[1])
    return nil, nil, "absent"
  end
  return reconcile.find(function() return step.look(step.before, step.sent) end, step.longer)
end

-- Mends what may make the call fail, where the step can. What was sent before
-- may happen meanwhile: so it is looked for once more.
local function mend(step, detail, left)
  if not step.mend or left == 0 then return nil, nil, "absent" end
  local mended, message, code = step.mend(detail, left, step.sent)
  if mended then return find(step) end
  if mended == nil then return nil, message, code end
  return nil, nil, "absent"
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
    local found, why, kind = find(step)
    if kind == "absent" then found, why, kind = mend(step, detail, m.TRIES - try) end
    if found then return found end
    if kind ~= "absent" then return nil, why or message, kind end
  end
  return nil, message, code
end

---Carries out one step, or finds that it is done.
---@param job { title: table, steps: table, journal: table, undoing: boolean? } undoing: the title keeps its state
---@param step { change: integer, kind: string, page: integer, during: string?, after: string?,
---  before: any, call: fun(): table|nil, look: (fun(before: any, sent: integer): table[]|nil)?, longer: number?,
---  mend: (fun(detail: table, left: integer, sent: integer): boolean|nil, string?, string?)?,
---  keep: fun(answer: table): table, record: (fun(db: table, result: table): any)?, recorded: table? }
---  `during` and `after` are states of the title, of no account when it is being taken back;
---  `call` gives Alma's answer, or nil, message, code, detail; `look` all that fits in Alma (a
---  step without it can be repeated freely), `longer` seconds that it takes Alma longer than
---  usual; `mend` makes good what may be the reason of a refusal, before the `left` tries that
---  are left: whether it did something; `keep` what is worth keeping of either; `record` writes
---  that into a table of its own, `recorded` is what an earlier run wrote there
---@return table|nil result
---@return string? message
---@return string? code
function m.perform(job, step)
  local known = job.steps[name_of(step.change, step.kind, step.page)]
  if known and known.state == "done" then return known.result or step.recorded end
  step.sent = known and known.sent or 1
  if known then step.before = known.before end
  if known and step.look then
    local found, message, code = find(step)
    if found then return finish(job, step, found) end
    if code ~= "absent" then return nil, message, code end
  elseif not known then
    local ok, message, code = begin(job, step)
    if not ok then return nil, message, code end
  end
  local result, message, code, nothing_happened = send(job, step, not known)
  if result then return finish(job, step, result) end
  if nothing_happened then forget(job, step) end
  return nil, message, code
end

return m
