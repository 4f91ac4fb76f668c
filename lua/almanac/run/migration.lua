-- Brings run files of the format before this one to it when they are opened; the old
-- file stays beside as NAME.v3. A program that is killed between two steps loses
-- nothing: the old file is copied under a passing name, then the copy is renamed; then
-- all changes are one transaction, the number of the format among them; then they go
-- from the log into the file itself.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local older_reasons = require "almanac.run.older_reasons"
local reasons = require "almanac.run.reasons"
local schema = require "almanac.run.schema"

local m = {}

m.FROM, m.TO = 3, 4

local PORTION = 1000
local FORMAT = { 61, 64 }      -- bytes of an SQLite file, see PRAGMA user_version

---The format of a run file, from its head; nil when it has none.
---@param path string
---@return integer|nil
function m.format_of(path)
  local head = core.files.head(path, FORMAT[2]) or ""
  return #head == FORMAT[2] and (">I4"):unpack(head:sub(FORMAT[1])) or nil
end

-- A name that no file has yet.
local function free_name(path)
  local name, n = ("%s.v%d"):format(path, m.FROM), 1
  while core.files.stat(name) do
    n = n + 1
    name = ("%s.v%d-%d"):format(path, m.FROM, n)
  end
  return name
end

-- Copies the file as it is, with what is still in its log.
local function keep_old(db, path)
  local name, making = free_name(path), ("%s.v%d-part"):format(path, m.FROM)
  core.files.remove(making)
  attempt.run(db, "VACUUM INTO ?", making)
  attempt.call(core.files.sync, making)
  attempt.call(core.files.rename, making, name)
  return name
end

local function rows_behind(db, tab, last)
  local list = {}
  for row in db:rows(("SELECT id, reason FROM %s WHERE id > ? AND reason IS NOT NULL ORDER BY id LIMIT %d"):format(tab, PORTION), last) do
    list[#list + 1] = row
  end
  return list
end

-- Turns sentences into codes, a portion at a time.
local function convert(db, tab)
  attempt.run(db, ("ALTER TABLE %s ADD COLUMN reason_code TEXT"):format(tab))
  attempt.run(db, ("ALTER TABLE %s ADD COLUMN reason_data TEXT"):format(tab))
  local set, last = ("UPDATE %s SET reason_code = ?, reason_data = ? WHERE id = ?"):format(tab), 0
  repeat
    local portion = rows_behind(db, tab, last)
    for _, row in ipairs(portion) do
      local code, data = reasons.columns(older_reasons.read(row.reason))
      attempt.run(db, set, code, data, row.id)
      last = row.id
    end
  until not portion[1]
  attempt.run(db, ("ALTER TABLE %s DROP COLUMN reason"):format(tab))
end

-- Adds the tables and columns that came without a new format.
local function add_what_is_lacking(db)
  db:exec((schema:gsub("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS "):gsub("CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX IF NOT EXISTS ")
    :gsub("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ")))
  if not db:value "SELECT 1 FROM pragma_table_info('file') WHERE name = 'mark'" then
    attempt.run(db, "ALTER TABLE file ADD COLUMN mark INTEGER")
  end
end

local function change(db)
  add_what_is_lacking(db)
  convert(db, "title")
  convert(db, "file")
  attempt.call(db.exec, db, "PRAGMA user_version=" .. m.TO)
  return true
end

-- All changes may be made already, by a program that was killed before they went from
-- the log into the file.
local function bring_up(db, path)
  if db:value "PRAGMA user_version" == m.TO then return true end
  local kept, message, code = attempt.try(keep_old, db, path)
  if not kept then return nil, message, code end
  local ok
  ok, message, code = attempt.transaction(db, change, db)
  if not ok then
    core.files.remove(kept)
    return nil, message, code
  end
  return kept
end

---Brings a run file to this format, unless it has it.
---@param path string
---@return string|true|nil kept the name that the old file has now
---@return string? message
---@return string? code "conflict": another process has it open for writing; "io": it can't be written
function m.bring_up_to_date(path)
  local db, message, code = core.runfile.open(path, { mode = "write", kind = "run", version = m.FROM })
  local kept
  if db then
    kept, message, code = bring_up(db, path)
    db:close()   -- puts the log into the file
  end
  if kept and m.format_of(path) == m.TO then return kept end
  if not message then message, code = path .. ": is being read by another process; again when that has ended", "conflict" end
  if code ~= "conflict" and code ~= "io" then return nil, message, code end
  return nil, ("%s\n%s has format %d, and this almanac reads format %d: it is brought to that when it is opened by one who may " ..
    "write it while nobody else does"):format(message, path, m.FROM, m.TO), code
end

return m
