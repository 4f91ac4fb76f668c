-- The state of a fetch: a file beside the folder, as FOLDER.fetch.
local portions = require "almanac.portions"
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local schema = require "almanac.fetch.schema"

local m = {}

local VERSION = 1
local PORTION = 100

---Where the state of a folder is.
---@param folder string
---@return string path
function m.path(folder)
  return (folder:gsub("(.)/+$", "%1")) .. ".fetch"
end

---@param path string
---@param mode "create"|"write"|"read"
---@return table|nil db
---@return string? message
---@return string? code
function m.open(path, mode)
  return core.runfile.open(path, { mode = mode, kind = "fetch", version = VERSION, schema = schema })
end

---Opens a state to go on. One that was killed before anything stood in it is removed.
---@param path string
---@return table|false|nil db false: nothing stood in it
---@return string? message
---@return string? code
function m.reopen(path)
  local stat = core.files.stat(path)
  local db, message, code
  if not stat or stat.size > 0 then db, message, code = m.open(path, "write") else db = false end
  if db and m.meta(db, "titles") then return db end
  if db == nil then return nil, message, code end
  if db then db:close() end
  for _, ending in ipairs { "", "-wal", "-shm", "-journal" } do core.files.remove(path .. ending) end
  return false
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

---Writes settings; false removes one.
---@param db table
---@param meta table<string, string|false>
---@return true|nil
---@return string? message
---@return string? code
function m.set(db, meta)
  for key, value in pairs(meta) do
    local ok, message, code
    if value == false then
      ok, message, code = db:run("DELETE FROM meta WHERE key = ?", key)
    else
      ok, message, code = db:run("INSERT OR REPLACE INTO meta VALUES(?, ?)", key, tostring(value))
    end
    if not ok then return nil, message, code end
  end
  return true
end

---Makes a state with the titles that are wanted. Called inside an attempt.
---@param path string
---@param meta table<string, string>
---@param ids string[]
---@return table db
function m.create(path, meta, ids)
  local db = attempt.need(m.open(path, "create"))
  attempt.checked(db:begin())
  attempt.call(m.set, db, meta)
  attempt.run_many(db, "INSERT INTO title(mms_id, state) VALUES(?, 'open')", #ids, ids)
  attempt.checked(db:commit())
  return db
end

---Iterates over rows a portion at a time: the state may be written between two of them.
---@param db table
---@param sql string with `id > ?` and an order by id
---@return fun(): table?
function m.each(db, sql)
  return portions.each(db, sql .. " LIMIT " .. PORTION)
end

---Lets what failed be tried again.
---@param db table
---@return true|nil
---@return string? message
---@return string? code
function m.try_again(db)
  local ok, message, code = db:run "UPDATE file SET state = 'open', message = NULL WHERE state = 'failed'"
  if ok then ok, message, code = db:run "UPDATE title SET state = 'open', message = NULL WHERE state = 'failed'" end
  return ok and true, message, code
end

---What became of all that is wanted.
---@param db table
---@return table counts titles, records, representations, files, bytes, here, same, suppressed, remote, empty, gone, failed_titles, failed,
---  refused, left, gone_files
function m.counts(db)
  return db:row [[SELECT
    (SELECT count(*) FROM title) AS titles,
    (SELECT count(*) FROM title WHERE state = 'open') AS open_titles,
    (SELECT count(*) FROM title WHERE state = 'same') AS same,
    (SELECT count(*) FROM title WHERE state = 'gone') AS gone,
    (SELECT count(*) FROM title WHERE state = 'failed') AS failed_titles,
    (SELECT count(*) FROM title WHERE suppressed) AS suppressed,
    (SELECT count(*) FROM title WHERE state = 'read' AND NOT EXISTS (SELECT 1 FROM representation WHERE title_id = title.id)) AS empty,
    (SELECT count(*) FROM representation WHERE remote) AS remote,
    (SELECT count(*) FROM file WHERE kind = 'record' AND state = 'done') AS records,
    (SELECT count(*) FROM file WHERE kind = 'representation' AND state = 'done') AS representations,
    (SELECT count(*) FROM file WHERE kind = 'file' AND state = 'done') AS files,
    (SELECT coalesce(sum(size), 0) FROM file WHERE kind = 'file' AND state = 'done') AS bytes,
    (SELECT count(*) FROM file WHERE kind = 'file' AND state = 'same') AS same_files,
    (SELECT count(*) FROM file WHERE state = 'open') AS open,
    (SELECT count(*) FROM file WHERE state = 'failed') AS failed,
    (SELECT count(*) FROM file WHERE state = 'refused') AS refused,
    (SELECT count(*) FROM file WHERE state = 'left') AS left_out,
    (SELECT count(*) FROM file WHERE state = 'gone') AS gone_files]]
end

---Whether all that is wanted is here, or known to be nowhere.
---@param counts table of m.counts
---@return boolean
function m.is_whole(counts)
  return counts.open_titles + counts.failed_titles + counts.open + counts.failed + counts.refused + counts.gone_files == 0
end

return m
