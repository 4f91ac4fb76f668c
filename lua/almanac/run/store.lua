-- The run file as the rest of almanac sees it: opening one, its settings, the
-- counts that every command shows.
local core = require "almanac.core"
local migration = require "almanac.run.migration"
local notice = require "almanac.run.notice"
local schema = require "almanac.run.schema"
local states = require "almanac.run.states"

local m = {}

local VERSION = migration.TO

---A new run file. An existing one is never overwritten.
---@param path string
---@param meta table<string, string> settings to begin with
---@return table|nil db a core.runfile database
---@return string? message
---@return string? code "conflict" when the file exists, "io" when it can't be written
function m.create(path, meta)
  local db, message, code = core.runfile.open(path, {
    mode = "create", kind = "run", version = VERSION, schema = schema,
  })
  if not db then return nil, message, code end
  local ok
  ok, message, code = m.set(db, meta)
  if not ok then
    db:close()
    return nil, message, code
  end
  -- A plan refers only to rows that it has just written itself; looking each up again takes its time.
  db:exec "PRAGMA foreign_keys=OFF"
  return db
end

local LOGGED = 2    -- byte 18 of an SQLite file that is written by a log beside it

-- A reader of such a file leaves a log beside it, its own or that of a killed process.
-- So whoever may write puts the log into the file first, unless the file is in use.
local function put_in_log(path)
  if ((core.files.head(path, 20) or ""):byte(19) or 1) ~= LOGGED then return end
  local db = core.runfile.open(path, { mode = "write", kind = "run", version = VERSION, schema = schema })
  if not db then return end
  db:exec "PRAGMA journal_mode=DELETE"
  db:close()
end

-- A run file of the format before this one is brought to this one even to read it,
-- because nothing here reads the old format. While another process writes it, it
-- stays as it is, and can't be read.
local function bring_up(path)
  if migration.format_of(path) ~= migration.FROM then return true end
  local kept, message, code = migration.bring_up_to_date(path)
  if not kept then return nil, message, code end
  if kept ~= true then
    notice.tell(("%s was made by an earlier almanac, and was brought to format %d; as it was before, it is kept as %s"):format(path,
      migration.TO, kept))
  end
  return true
end

---Whether a run makes derivatives (almanac.derive).
---@param db table
---@return boolean
function m.derives(db) return m.meta(db, "derive") ~= nil end

-- A run that makes derivatives has no titles, so most commands can do nothing with it.
local function of_kind(db, path, any)
  if any or not m.derives(db) then return db end
  db:close()
  return nil, ("%s makes derivatives, and has no titles: it is for `almanac derive`, `verify` and `report`"):format(path), "conflict"
end

---Opens a run file.
---@param path string
---@param mode "read"|"write" write: one process at a time
---@param any boolean? also one that makes derivatives (almanac.derive)
---@return table|nil db
---@return string? message
---@return string? code "conflict" in use or of another version, "missing", "parse" not a run file
function m.open(path, mode, any)
  if path == "" then return nil, "no run file is named", "missing" end
  local db, ok, message, code
  ok, message, code = bring_up(path)
  if not ok then return nil, message, code end
  if mode == "read" then put_in_log(path) end
  db, message, code = core.runfile.open(path, { mode = mode, kind = "run", version = VERSION, schema = schema })
  if not db and code == "missing" then message = message .. "; `almanac plan … -o RUN` makes a run file" end
  if not db then return nil, message, code end
  return of_kind(db, path, any)
end

---Whether a run file holds a plan that was made to its end. Reading that ended
---early, or a plan that was refused, leaves what was read and no plan.
---@param db table
---@param path string the run file, for the message
---@return true|nil
---@return string? message
---@return string? code "missing"
function m.planned(db, path)
  if m.meta(db, "planned") then return true end
  return nil, ("%s holds no plan: planning it ended early; go on with:  almanac plan %s --from %s --missing -o NEW"):format(path,
    m.meta(db, "recipe") or "RECIPE", path), "missing"
end

---Writes settings; nil values are left out.
---@param db table
---@param meta table<string, string|number|nil>
---@return true|nil
---@return string? message
---@return string? code "io": the disk is full
function m.set(db, meta)
  for key, value in pairs(meta) do
    local ok, message, code = db:run("INSERT OR REPLACE INTO meta VALUES(?, ?)", key, tostring(value))
    if not ok then return nil, message, code end
  end
  return true
end

---Reads all settings, or one.
---@param db table
---@param key string?
---@return table<string, string>|string|nil
function m.meta(db, key)
  if key then return db:value("SELECT value FROM meta WHERE key = ?", key) end
  local meta = {}
  for row in db:rows "SELECT key, value FROM meta" do meta[row.key] = row.value end
  return meta
end

---Titles by group.
---@param db table
---@return { ready: integer, ask: integer, skip: integer, done: integer, failed: integer, undoing: integer?, undone: integer?,
---  gone: integer? } gone: Alma no longer has them
function m.counts(db)
  local counts = { ready = 0, ask = 0, skip = 0, done = 0, failed = 0 }
  local sql = "SELECT state, reason_code IS NOT NULL AS odd, count(*) AS n FROM title GROUP BY 1, 2"
  for row in db:rows(sql) do
    local group = states.group(row.state, row.odd == 1)
    counts[group] = (counts[group] or 0) + row.n
  end
  return counts
end

---Adds the calls of a client to the run's tally.
---@param db table
---@param command string "plan", "apply", …
---@param calls table<string, integer> by method
---@return true|nil
---@return string? message
---@return string? code "io": the disk is full
function m.add_calls(db, command, calls)
  for method, n in pairs(calls) do
    local ok, message, code = db:run([[INSERT INTO tally VALUES(?, ?, ?)
      ON CONFLICT DO UPDATE SET calls = calls + excluded.calls]], command, method, n)
    if not ok then return nil, message, code end
  end
  return true
end

return m
