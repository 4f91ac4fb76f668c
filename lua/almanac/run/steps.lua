-- One step of a title: the intent is committed, then the call is made, then
-- its result is committed. A step that was begun and whose end is not known is
-- looked for in Alma before anything is sent again.
local json = require "almanac.json"
local reconcile = require "almanac.run.reconcile"
local sys = require "almanac.core".sys

local m = {}

local TRIES = 3   -- how often a write that Alma calls unclear is sent in all

local INTENT = [[INSERT INTO step(title_id, change, kind, page, state, before, begun)
  VALUES(?, ?, ?, ?, 'intent', ?, ?)]]
local DONE = [[UPDATE step SET state = 'done', result = ?, ended = ?
  WHERE title_id = ? AND change = ? AND kind = ? AND page = ?]]
local FORGET = "DELETE FROM step WHERE title_id = ? AND change = ? AND kind = ? AND page = ?"
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
    row.before = row.before and json.decode(row.before)
    row.result = row.result and json.decode(row.result)
    steps[name_of(row.change, row.kind, row.page)] = row
  end
  return steps
end

---The result of a step that is done; nil otherwise.
function m.result(job, change, kind, page)
  local step = job.steps[name_of(change.seq, kind, page or 0)]
  return step and step.state == "done" and step.result or nil
end

---Whether a step was begun, done or not.
function m.begun(job, change, kind, page)
  return job.steps[name_of(change.seq, kind, page or 0)] ~= nil
end

local function begin(job, step)
  return job.journal:write(function(db)
    local ok, message, code = db:run(INTENT, job.title.id, step.change, step.kind, step.page,
      step.before and json.encode(step.before), sys.time())
    if ok then ok, message, code = db:run(STATE, step.during, nil, job.title.id) end
    return ok, message, code
  end)
end

local function finish(job, step, found)
  local result = step.keep(found)
  local ok, message, code = job.journal:write(function(db)
    local done, why, kind = db:run(DONE, json.encode(result), sys.time(), job.title.id,
      step.change, step.kind, step.page)
    if done and step.record then done, why, kind = step.record(db, result) end
    if done then done, why, kind = db:run(STATE, step.after, nil, job.title.id) end
    return done, why, kind
  end)
  if not ok then return nil, message, code end
  job.steps[name_of(step.change, step.kind, step.page)] = { state = "done", result = result }
  return result
end

-- The call was refused and nothing happened: as if it had never been begun.
local function forget(job, step)
  return job.journal:write(function(db)
    return db:run(FORGET, job.title.id, step.change, step.kind, step.page)
  end)
end

-- Sends the call until it is answered or known to have happened.
local function send(job, step)
  local result, message, code, detail
  for _ = 1, TRIES do
    result, message, code, detail = step.call()
    if result then return result end
    if not (detail and detail.unclear) then return nil, message, code, true end
    local found, why, kind = reconcile.find(step.look)
    if found then return found end
    if kind ~= "missing" then return nil, why or message, kind end
  end
  return nil, message, code, true
end

---Carries out one step, or finds that it is done.
---@param job { title: table, steps: table, journal: table }
---@param step { change: integer, kind: string, page: integer, during: string, after: string,
---  before: any, call: fun(): table|nil, look: (fun(before: any): table[]|nil)?,
---  keep: fun(answer: table): table, record: (fun(db: table, result: table): any)? }
---  `call` gives Alma's answer, or nil, message, code, detail; `look` all that fits in Alma (a
---  step without it can be repeated freely); `keep` what is worth keeping of either
---@return table|nil result
---@return string? message
---@return string? code
function m.perform(job, step)
  local known = job.steps[name_of(step.change, step.kind, step.page)]
  if known and known.state == "done" then return known.result end
  if known then step.before = known.before end
  local look = step.look
  step.look = function()
    if not look then return {} end
    return look(step.before)
  end
  if known and look then
    local found, message, code = reconcile.find(step.look)
    if found then return finish(job, step, found) end
    if code ~= "missing" then return nil, message, code end
  elseif not known then
    local ok, message, code = begin(job, step)
    if not ok then return nil, message, code end
  end
  local result, message, code, nothing_happened = send(job, step)
  if result then return finish(job, step, result) end
  if nothing_happened then forget(job, step) end
  return nil, message, code
end

return m
