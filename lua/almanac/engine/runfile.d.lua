---@meta
-- core.runfile: a SQLite file as a journal. See ../core.d.lua.

---@class almanac.core
local core = {}

core.runfile = {}

---@class almanac.runfile.options
---@field mode? "create"|"write"|"read" default "read"; create refuses an existing file; one process may write, any number read
---@field kind "run"|"rehearsal"|"fetch" SQLite's application_id
---@field version? integer the one version that is accepted, default 1; SQLite's user_version
---@field schema? string SQL run when the file is created
---@field safe? boolean default true: every commit waits for the disk

---@class almanac.runfile.db
local db = {}

---@alias almanac.runfile.value string|number|boolean|nil a boolean is kept as 0 or 1

---":memory:" is a database of its own, made with `schema` in every mode. The
---table holder(pid, host, since) belongs to the run file.
---@param path string
---@param options almanac.runfile.options
---@return almanac.runfile.db? db
---@return string? message says what to do
---@return almanac.code? code "conflict": exists already, in use (by whom); "missing"; "parse": no SQLite file, cut off, damaged, another kind or version; "io": disk full, rights
function core.runfile.open(path, options) end

---Runs one statement. Malformed SQL, a wrong number of values and a write in mode "read" raise,
---here and below.
---@param sql string
---@param ... almanac.runfile.value one for each parameter
---@return integer? changes rows changed by the last INSERT, UPDATE or DELETE
---@return integer|string|nil last_id of the last INSERT, or the message
---@return almanac.code? code "io": disk full; "conflict": a constraint, or busy
function db:run(sql, ...) end

---Runs one statement for many rows, whose values come as columns.
---@param sql string
---@param n integer rows
---@param ... table|string|number|nil a column for each parameter: a list of n values, in which `false` is NULL, or one value for all rows
---@return integer? changes rows changed in all
---@return string? message
---@return almanac.code? code
function db:run_many(sql, n, ...) end

---Asks one question for many rows of values. NULL is `false` in the columns.
---@param sql string
---@param n integer rows of values
---@param ... table|string|number|nil columns of values, as for run_many
---@return integer[]? asked for each row found the place of the values that it answers
---@return any[]|string|nil ... a list for each column of the answer; or message and code
function db:columns(sql, n, ...) end

---@param sql string
---@param ... almanac.runfile.value
---@return table<string, any>? row the first, by column name; nil when there is none
---@return string? message
---@return almanac.code? code
function db:row(sql, ...) end

---@param sql string
---@param ... almanac.runfile.value
---@return any value first column of the first row; nil when there is none
---@return string? message
---@return almanac.code? code
function db:value(sql, ...) end

---Goes through the rows in a `for`; leaving the loop early ends the statement. Here failures of
---the world raise too, since an empty loop would look like "there is none".
---@param sql string
---@param ... almanac.runfile.value
---@return fun(cursor: userdata): table<string, any>?
---@return userdata cursor
---@return nil
---@return userdata closing
function db:rows(sql, ...) end

---Runs several statements without values.
---@param script string
---@return true? done
---@return string? message
---@return almanac.code? code
function db:exec(script) end

---Transactions don't nest.
---@return true? done
---@return string? message
---@return almanac.code? code
function db:begin() end

---A commit that fails is rolled back.
---@return true? done
---@return string? message
---@return almanac.code? code
function db:commit() end

---Rolls the transaction back; without one it does nothing. After a full disk SQLite may have
---rolled back by itself: then writes fail until this is called.
---@return true? done
---@return string? message
---@return almanac.code? code
function db:rollback() end

---@return boolean
function db:in_transaction() end

---Makes another file of the same kind and version readable as NAME.table.
---@param path string
---@param name string
---@return true? done
---@return string? message
---@return almanac.code? code
function db:attach(path, name) end

---Rolls back what is open. Later calls raise; closing again is fine.
function db:close() end
