-- Long stretches of writing to the run file fail in one way (the disk is
-- full), and rules of a recipe may fail at any title. Inside `attempt.try`
-- such a failure ends the whole stretch; outside it is nil, message, code.
local m = {}

local failure_meta = { __tostring = function(failure) return failure.message end }

---Ends the attempt.
---@param message string
---@param code string
function m.fail(message, code)
  error(setmetatable({ message = message, code = code }, failure_meta), 0)
end

---Passes a value on; nil ends the attempt.
---@param value any
---@param message string?
---@param code string? "parse" by default
---@return any value
function m.need(value, message, code)
  if value == nil then m.fail(message, code or "parse") end
  return value
end

---Runs a statement; a failure ends the attempt.
---@param db table a core.runfile database
---@param sql string
---@return integer changes
---@return integer last_id
function m.run(db, sql, ...)
  local changes, id, code = db:run(sql, ...)
  if not changes then m.fail(id, code) end
  return changes, id
end

---Passes on what a call gave; its nil, message, code ends the attempt.
---@param first any
---@return any first
---@return any ...
function m.checked(first, ...)
  if not first then m.fail(...) end
  return first, ...
end

---Calls `fn(…)`; its nil, message, code ends the attempt.
---@param fn function
---@return any ... what it gave
function m.call(fn, ...)
  return m.checked(fn(...))
end

---Runs a statement for many rows; a failure ends the attempt.
---@param db table
---@param sql string
---@param n integer rows
---@param ... any columns, see db:run_many
---@return integer changes
function m.run_many(db, sql, n, ...)
  return (m.checked(db:run_many(sql, n, ...)))
end

---Asks for many rows; a failure ends the attempt.
---@param db table
---@param sql string
---@param n integer rows
---@param ... any columns, see db:columns
---@return integer[] asked
---@return any[] ... columns
function m.columns(db, sql, n, ...)
  return m.checked(db:columns(sql, n, ...))
end

-- Failures and cancellations are objects and stay as they are.
local function explain(failure)
  if type(failure) ~= "string" then return failure end
  return debug.traceback(failure, 2)
end

local function results_or_failure(ok, ...)
  if ok then return ... end
  local failure = ...
  if getmetatable(failure) == failure_meta then return nil, failure.message, failure.code end
  error(failure, 0)
end

---Calls `fn(…)` and returns a failure inside it; mistakes of the program are still raised.
---@param fn function
---@return any ... what it returned; or nil, message, code of the failure
function m.try(fn, ...)
  return results_or_failure(xpcall(fn, explain, ...))
end

---Does as m.try in one transaction, which a failure undoes.
---@param db table
---@param fn function
---@return any ...
function m.transaction(db, fn, ...)
  local function work(...)
    m.checked(db:begin())
    local results = table.pack(fn(...))
    m.checked(db:commit())
    return table.unpack(results, 1, results.n)
  end
  local results = table.pack(pcall(m.try, work, ...))
  if db:in_transaction() then db:rollback() end
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

return m
