-- The records of the repositories beside Alma, and what becomes of them.
local json = require "almanac.json"
local works = require "almanac.rehearsal.remote.works"

local m = {}

local TABLES = { [[
CREATE TABLE IF NOT EXISTS remote_record(
  n          INTEGER PRIMARY KEY AUTOINCREMENT,
  repository TEXT NOT NULL,        -- contentdm, dspace, …
  id         TEXT NOT NULL,        -- what the system calls it: alias/pointer, handle, PID
  stamp      TEXT NOT NULL,        -- of the last change, to the second
  deleted    INTEGER NOT NULL DEFAULT 0,
  work       TEXT NOT NULL,        -- JSON
  UNIQUE(repository, id)
)]], [[
CREATE TABLE IF NOT EXISTS remote_token(
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  state   TEXT NOT NULL,           -- JSON: the list
  expires REAL NOT NULL            -- seconds since 1970
)]] }

local function now(world)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(world:time()))
end

---Makes the tables in a state of an earlier rehearsal as well.
---@param world table
function m.open(world)
  for _, sql in ipairs(TABLES) do world.db:run(sql) end
end

---@return integer
function m.count(world, repository)
  return world.db:value("SELECT count(*) FROM remote_record WHERE repository = ?", repository)
end

---@return table? row
function m.get(world, repository, id)
  return world.db:row("SELECT * FROM remote_record WHERE repository = ? AND id = ?", repository, id)
end

local function insert(world, repository, id, stamp, work, deleted)
  world.db:run("INSERT INTO remote_record(repository, id, stamp, deleted, work) VALUES(?, ?, ?, ?, ?)", repository, id, stamp,
    deleted and 1 or 0, json.encode(work or {}))
end

-- Days of the past, each record on another one, so that from and until have something to choose.
local function seed_stamp(number)
  return ("20%02d-%02d-%02dT08:30:%02dZ"):format(14 + number % 6, 1 + number % 12, 1 + number % 28, number % 60)
end

---Fills a repository: with what its system comes with, and so many more.
---@param world table
---@param system table
---@param more integer
function m.seed(world, system, more)
  for i, one in ipairs(system.seed) do
    insert(world, system.name, one[1], one.gone and "2012-02-08T00:00:00Z" or seed_stamp(i), one[2] and works.get(one[2]), one.gone)
  end
  for i = 1, more do insert(world, system.name, system.next_id(i), seed_stamp(i), works.get(works.count + i)) end
end

local FIELDS = { "title", "creator", "date", "subjects", "description", "type", "rights", "language", "publisher", "numbers" }

local function with(work, change)
  for _, name in ipairs(FIELDS) do
    if change[name] ~= nil then work[name] = change[name] end
  end
  return work
end

---Adds a record, or one that was deleted again.
---@param world table
---@param system table
---@param change table id and fields of the work
---@return string id
function m.add(world, system, change)
  local id = change.id or system.next_id(m.count(world, system.name))
  world.db:run("DELETE FROM remote_record WHERE repository = ? AND id = ? AND deleted = 1", system.name, id)
  insert(world, system.name, id, now(world), with({ title = "A new one" }, change))
  return id
end

local function existing(world, system, id)
  local row = m.get(world, system.name, id)
  if not row then error(("%s has no record '%s'"):format(system.name, tostring(id)), 0) end
  return row
end

---Changes fields of a record. Its date is the present one, unless `stamp` names another; "" leaves it as it is.
---@param world table
---@param system table
---@param change table
function m.change(world, system, change)
  local row = existing(world, system, change.id)
  local stamp = change.stamp == "" and row.stamp or change.stamp or now(world)
  world.db:run("UPDATE remote_record SET work = ?, stamp = ? WHERE n = ?", json.encode(with(json.decode(row.work), change)),
    stamp, row.n)
end

---Gives a record another identifier: the old one is no more, and no deleted header tells of it.
---@param world table
---@param system table
---@param change table
function m.rename(world, system, change)
  world.db:run("UPDATE remote_record SET id = ?, stamp = ? WHERE n = ?", change.to, now(world), existing(world, system, change.id).n)
end

---@param world table
---@param system table
---@param change table
function m.delete(world, system, change)
  world.db:run("UPDATE remote_record SET deleted = 1, stamp = ? WHERE n = ?", now(world), existing(world, system, change.id).n)
end

---All records, for people and specs.
---@param world table
---@return table[] { repository, id, stamp, deleted, title }
function m.all(world)
  local list = json.array {}
  for row in world.db:rows "SELECT * FROM remote_record ORDER BY n" do
    list[#list + 1] = { repository = row.repository, id = row.id, stamp = row.stamp, deleted = row.deleted == 1,
      title = json.decode(row.work).title }
  end
  return list
end

return m
