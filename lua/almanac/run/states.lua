-- The states of a title, which of them may follow which, and the only place that
-- writes them. A transition that the table does not allow is a mistake of the
-- program and raises, in every build.
--
--   planning     ask (not read yet, or to decide), ready, skip
--   in the middle  uploading uploaded collected represented attaching copying deleting changing
--   the ends     attached (done), verified, failed, gone (Alma no longer has it)
--   taking back  undoing, undone
local reasons = require "almanac.run.reasons"

local m = {}

local NAMES = { "ask", "ready", "skip", "uploading", "uploaded", "collected", "represented", "attaching", "copying", "deleting",
  "changing", "attached", "verified", "failed", "gone", "undoing", "undone" }
for _, name in ipairs(NAMES) do m[name:upper()] = name end

local MIDDLE = { m.UPLOADING, m.UPLOADED, m.COLLECTED, m.REPRESENTED, m.ATTACHING, m.COPYING, m.DELETING, m.CHANGING }

local function union(...)
  local list = {}
  for _, part in ipairs { ... } do
    for _, name in ipairs(type(part) == "table" and part or { part }) do list[#list + 1] = name end
  end
  return list
end

-- A title gets one of these when a person decides, or when it is matched anew.
local DECIDED = { m.READY, m.SKIP, m.UPLOADED }
-- Carrying out may lead to these. `skip` and `ready` are among them because a person may
-- decide so, and because a streak of failures that were not its own leaves a title as it was.
local GOES_ON = union(MIDDLE, m.ASK, m.ATTACHED, m.FAILED, m.GONE, m.UNDOING, m.SKIP, m.READY)

-- State -> the states that may follow it. Every state may follow itself.
local FOLLOWS = {
  [m.ASK] = union(DECIDED, m.UNDOING),
  [m.SKIP] = union(DECIDED, m.ASK, m.UNDOING),
  [m.READY] = GOES_ON,
  [m.FAILED] = GOES_ON,
  [m.ATTACHED] = union(DECIDED, m.VERIFIED, m.GONE, m.UNDOING),
  [m.VERIFIED] = union(DECIDED, m.ATTACHED, m.GONE, m.UNDOING),
  [m.GONE] = union(DECIDED, m.UNDOING),
  [m.UNDOING] = { m.UNDONE },
  [m.UNDONE] = { m.UNDOING },
}
for _, name in ipairs(MIDDLE) do FOLLOWS[name] = GOES_ON end

-- State -> the states that it may follow.
local before = {}
for _, name in ipairs(NAMES) do before[name] = { name } end
for from, list in pairs(FOLLOWS) do
  for _, to in ipairs(list) do
    if to ~= from then table.insert(before[to], from) end
  end
end

local function quoted(list)
  return "('" .. table.concat(list, "', '") .. "')"
end

---SQL: a list of states, for IN.
---@param ... string|string[]
---@return string
function m.list(...)
  local list = union(...)
  for _, name in ipairs(list) do assert(before[name], name) end
  return quoted(list)
end

---SQL: whether a title is in one of these states.
---@param ... string
---@return string
function m.is(...)
  return "state IN " .. m.list(...)
end

---SQL: titles that `apply` has still to do.
m.OPEN = m.is(m.READY, m.FAILED, table.unpack(MIDDLE))
---SQL: titles that are done.
m.DONE = m.is(m.ATTACHED, m.VERIFIED)
---SQL: titles that are done, and were found to be otherwise than planned.
m.UNLIKE = m.DONE .. " AND reason_code IS NOT NULL"

---Whether a state may follow another one.
---@param from string
---@param to string
---@return boolean
function m.may_follow(from, to)
  for _, name in ipairs(before[to] or {}) do
    if name == from then return true end
  end
  return false
end

-- ---- writing ----

-- SQLite builds a table for a list of words each time it is asked, but only searches a text.
local SET = {}
for name, list in pairs(before) do
  SET[name] = ("UPDATE title SET state = '%s', reason_code = ?, reason_data = ? WHERE id = ? AND instr(' %s ', ' ' || state || ' ')")
    :format(name, table.concat(list, " "))
end

local function impossible(db, id, state)
  local now = db:value("SELECT state FROM title WHERE id = ?", id)
  error(("title %s can't go from %s to %s"):format(tostring(id), tostring(now), state), 3)
end

---Puts a title into a state.
---@param db table
---@param id integer
---@param state string
---@param reason almanac.run.reason?
---@return integer|nil changed
---@return string? message
---@return string? code
function m.set(db, id, state, reason)
  local sql = SET[state] or error(("there is no state '%s'"):format(tostring(state)), 2)
  local code, data = reasons.columns(reason)
  local changed, message, kind = db:run(sql, code, data, id)
  if changed == 0 then impossible(db, id, state) end
  return changed, message, kind
end

---Puts all titles of a condition into a state that may follow the one they are in.
---@param db table
---@param from string
---@param to string
---@param reason almanac.run.reason?
---@param where string SQL
---@param ... any its parameters
---@return integer|nil changed
---@return string? message
---@return string? code
function m.set_all(db, from, to, reason, where, ...)
  if not m.may_follow(from, to) then error(("titles can't go from %s to %s"):format(from, to), 2) end
  local code, data = reasons.columns(reason)
  return db:run(("UPDATE title SET state = '%s', reason_code = ?, reason_data = ? WHERE state = '%s' AND %s"):format(to, from, where),
    code, data, ...)
end

---Makes all titles that were read ready, before they are matched.
---@param db table
---@return integer|nil changed
---@return string? message
---@return string? code
function m.make_ready(db)
  return db:run(("UPDATE title SET state = '%s', %s WHERE reading IS NOT NULL AND %s"):format(m.READY, reasons.NONE,
    m.is(m.ASK, m.SKIP)))
end

---Says why a title is where it is, and leaves it there.
---@param db table
---@param id integer
---@param reason almanac.run.reason?
---@return integer|nil changed
---@return string? message
---@return string? code
function m.explain(db, id, reason)
  local code, data = reasons.columns(reason)
  return db:run("UPDATE title SET reason_code = ?, reason_data = ? WHERE id = ?", code, data, id)
end

local ADD = "INSERT INTO title(mms_id, title, reading, state, reason_code, reason_data) VALUES(?, ?, ?, ?, ?, ?)"

---Adds a title.
---@param db table
---@param title { mms_id: string, title: string?, reading: string?, state: string, reason: almanac.run.reason? }
---@return integer|nil changed
---@return string|integer|nil id or message
---@return string? code
function m.add(db, title)
  local state = title.state
  if state ~= m.ASK and state ~= m.FAILED then error(("a title can't begin as %s"):format(tostring(state)), 2) end
  return db:run(ADD, title.mms_id, title.title, title.reading, state, reasons.columns(title.reason))
end

-- ---- counting and telling ----

-- A title in the middle counts as ready: what is left to do will be done by the next apply.
local GROUPS = { gone = "gone", ask = "ask", skip = "skip", failed = "failed", attached = "done", verified = "done",
  undoing = "undoing", undone = "undone" }

---The group that a title counts in.
---@param state string
---@param odd any? true when there is a reason: a title that is done and has one is not as planned
---@return "ready"|"ask"|"skip"|"done"|"failed"|"undoing"|"undone"|"gone"
function m.group(state, odd)
  local group = GROUPS[state] or "ready"
  if group == "done" and odd then return "failed" end
  return group
end

-- Words for the states whose names are not clear by themselves.
local WORDS = { ready = "ready: it will be carried out", ask = "to decide", skip = "skipped", attached = "done, not verified yet",
  verified = "done and verified" }

---A state in words.
---@param state string
---@return string
function m.words(state)
  return WORDS[state] or state
end

return setmetatable(m, { __index = function(_, name) error(("there is no state or function '%s'"):format(tostring(name)), 2) end })
