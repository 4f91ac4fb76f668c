-- The run file as the rest of almanac sees it: opening one, its settings, the
-- counts that every command shows.
local core = require "almanac.core"
local schema = require "almanac.run.schema"

local m = {}

local VERSION = 3   -- 2: compact, 3: thumbnails; before the first release

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
  m.set(db, meta)
  -- A plan refers only to rows that it has just written itself; looking each up again takes its time.
  db:exec "PRAGMA foreign_keys=OFF"
  return db
end

local LOGGED = 2    -- byte 18 of an SQLite file that is written by a log beside it

-- Who only reads such a file leaves a log, also one that a killed process left.
-- So it is put in first by whoever may write; while the file is in use, it stays.
local function put_in_log(path)
  if ((core.files.head(path, 20) or ""):byte(19) or 1) ~= LOGGED then return end
  local db = core.runfile.open(path, { mode = "write", kind = "run", version = VERSION, schema = schema })
  if not db then return end
  db:exec "PRAGMA journal_mode=DELETE"
  db:close()
end

-- Whoever writes in a run file of an earlier version adds what that did not have.
local function add_what_is_new(db)
  if db:value "SELECT 1 FROM pragma_table_info('file') WHERE name = 'mark'" then return db end
  local added, message, code = db:run "ALTER TABLE file ADD COLUMN mark INTEGER"
  if added then return db end
  db:close()
  return nil, message, code
end

---Opens a run file.
---@param path string
---@param mode "read"|"write" write: one process at a time
---@return table|nil db
---@return string? message
---@return string? code "conflict" in use or of another version, "missing", "parse" not a run file
function m.open(path, mode)
  if path == "" then return nil, "no run file is named", "missing" end
  if mode == "read" then put_in_log(path) end
  local db, message, code = core.runfile.open(path, { mode = mode, kind = "run", version = VERSION, schema = schema })
  if not db and code == "missing" then message = message .. "; `almanac plan … -o RUN` makes a run file" end
  if db and mode == "write" then return add_what_is_new(db) end
  return db, message, code
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
function m.set(db, meta)
  for key, value in pairs(meta) do
    assert(db:run("INSERT OR REPLACE INTO meta VALUES(?, ?)", key, tostring(value)))
  end
end

---All settings, or one.
---@param db table
---@param key string?
---@return table<string, string>|string|nil
function m.meta(db, key)
  if key then return db:value("SELECT value FROM meta WHERE key = ?", key) end
  local meta = {}
  for row in db:rows "SELECT key, value FROM meta" do meta[row.key] = row.value end
  return meta
end

-- How the states of titles add up in a report. A title in the middle counts
-- as ready: what is left to do will be done by the next apply.
local GROUPS = {
  gone = "gone", ask = "ask", skip = "skip", skipped = "skip", failed = "failed",
  attached = "done", verified = "done",
}

---The group that a state counts in.
---@param state string
---@param reason string? an attached title with a reason is not as planned
---@return "ready"|"ask"|"skip"|"done"|"failed"|"undoing"|"undone"|"gone"
function m.group(state, reason)
  if state == "undone" or state == "undoing" then return state end
  local group = GROUPS[state] or "ready"
  if group == "done" and reason then return "failed" end
  return group
end

---Titles by group.
---@param db table
---@return { ready: integer, ask: integer, skip: integer, done: integer, failed: integer, undoing: integer?, undone: integer?,
---  gone: integer? } gone: Alma no longer has them
function m.counts(db)
  local counts = { ready = 0, ask = 0, skip = 0, done = 0, failed = 0 }
  local sql = "SELECT state, reason IS NOT NULL AS odd, count(*) AS n FROM title GROUP BY 1, 2"
  for row in db:rows(sql) do
    local group = m.group(row.state, row.odd == 1 or nil)
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
