-- Part runs: a run that many machines work on is divided into shards, and the masters of each are
-- in a run file of their own beside it. A machine writes its part alone; the run itself has one
-- writer, who makes the parts and brings them back (almanac.derive.merge). Whoever makes a part or
-- takes it away holds the run, and whoever works on a part holds that.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local division = require "almanac.derive.division"
local store = require "almanac.run.store"
local task = require "almanac.task"

local m = {}

local PATIENCE, PAUSE = 30, 0.2    -- seconds that a shard waits for the run, while others take their parts from it
local KEPT = { "derive", "masters", "to", "pages", "created", "version", "user", "host" }
local NOT_DONE = [[SELECT file.id, file.problem IS NOT NULL OR master.problem IS NOT NULL AS failed
  FROM file LEFT JOIN master ON master.file_id = file.id WHERE master.file_id IS NULL OR master.problem IS NOT NULL ORDER BY file.id]]
local KNOWN = [[SELECT file.*, pages FROM file LEFT JOIN master ON master.file_id = file.id AND master.problem IS NULL
  WHERE file.id = ?]]
local DONE = "INSERT INTO master(file_id, pages) VALUES(?, ?)"
local FILE = "INSERT INTO file(id, path, size, mtime_ns, sha256, problem) VALUES(?, ?, ?, ?, ?, ?)"
local BEGUN = "SELECT * FROM derivative WHERE file_id = ?"
local DERIVATIVE = "INSERT INTO derivative(file_id, page, path, width, height, size, sha256, named) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"

---@param path string of the run
---@param shard integer from 1
---@param shards integer
---@return string path of the part
function m.path(path, shard, shards) return ("%s.shard-%d-of-%d"):format(path, shard, shards) end

---@param db table the run
---@return integer? shards nil: it is not divided
function m.shards(db) return math.tointeger(tonumber(store.meta(db, "shards"))) end

---The masters that are to be made, by shard.
---@param db table
---@param shards integer
---@return table<integer, { open: integer, failed: integer, ids: table<integer, true> }> by_shard open: not tried to the end; failed:
---  they have a problem of their own; ids: of all these, and of those that may take a name from them
function m.left(db, shards)
  local by_shard, shard_of, kin = {}, division.of(db, shards)
  for row in db:rows(NOT_DONE) do
    local shard = shard_of[row.id]
    local left = by_shard[shard] or { open = 0, failed = 0, ids = {} }
    local kind = row.failed == 1 and "failed" or "open"
    left[kind] = left[kind] + 1
    left.ids[row.id] = true
    for _, id in ipairs(kin[row.id] or {}) do left.ids[id] = true end
    by_shard[shard] = left
  end
  return by_shard
end

---@param db table
---@param path string
---@return integer? shard the first whose part is there
function m.first(db, path)
  local shards = m.shards(db)
  for shard = 1, shards or 0 do
    if core.files.stat(m.path(path, shard, shards)) then return shard end
  end
end

local function token()
  return (core.hash.random(8):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- Begins a division, unless there is one with parts.
local function divide(db, path, shards)
  local before = m.shards(db)
  if before == shards then return true end
  if m.first(db, path) then
    return nil, ("%s is divided into %d shards; bring them together first:  almanac derive %s"):format(path, before, path), "conflict"
  end
  return attempt.transaction(db, function()
    attempt.call(store.set, db, { shards = shards, division = token() })
    return true
  end)
end

local function add_file(run, part, id)
  local file = run:row(KNOWN, id)
  attempt.run(part, FILE, id, file.path, file.size, file.mtime_ns, file.sha256, file.problem)
  for row in run:rows(BEGUN, id) do
    attempt.run(part, DERIVATIVE, id, row.page, row.path, row.width, row.height, row.size, row.sha256, row.named)
  end
  if file.pages then attempt.run(part, DONE, id, file.pages) end
end

local function in_order(ids)
  local list = {}
  for id in pairs(ids) do list[#list + 1] = id end
  table.sort(list)
  return list
end

-- What makes a part whole is its last line: `part_of` stands in it when all its masters do.
local function fill(run, part, ids)
  return attempt.transaction(part, function()
    for _, id in ipairs(in_order(ids)) do add_file(run, part, id) end
    attempt.call(store.set, part, { part_of = store.meta(run, "division") })
    return true
  end)
end

local function make(db, path, shard, ids)
  local shards, all, meta = m.shards(db), store.meta(db), {}
  local at = m.path(path, shard, shards)
  if core.files.stat(at) then return true end
  for _, name in ipairs(KEPT) do meta[name] = all[name] end
  meta.shard, meta.shards = shard, shards
  local part <close>, message, code = store.create(at, meta)
  if not part then return nil, message, code end
  return fill(db, part, ids)
end

---Divides a run and makes the parts that are not there, of all shards that have something to do. The run is held meanwhile.
---@param db table the run
---@param path string
---@param shards integer
---@param only table<integer, any>? these alone
---@return integer[]|nil made shards, those whose part was there among them
---@return string? message
---@return string? code "conflict": it is divided otherwise, and parts are there
function m.make(db, path, shards, only)
  local left, made = m.left(db, shards), {}
  if not next(left) then return made end
  local ok, message, code = divide(db, path, shards)
  if not ok then return nil, message, code end
  for shard = 1, shards do
    if left[shard] and (not only or only[shard]) then
      ok, message, code = make(db, path, shard, left[shard].ids)
      if not ok then return nil, message, code end
      made[#made + 1] = shard
    end
  end
  return made
end

---Takes a part away, with what SQLite keeps beside it.
---@param at string
function m.remove(at)
  for _, ending in ipairs { "-wal", "-shm", "" } do core.files.remove(at .. ending) end
end

-- A part that is not whole was being made when its maker was killed; one that is merged, being removed.
local function open_whole(at)
  if not core.files.stat(at) then return false end
  local part, message, code = store.open(at, "write", true)
  if not part then return nil, message, code end
  if store.meta(part, "part_of") and not store.meta(part, "merged") then return part end
  part:close()
  m.remove(at)
  return false
end

-- Others take their parts out of the same run, each for a moment.
local function hold(path)
  local last = task.now() + PATIENCE
  while true do
    local db, message, code = store.open(path, "write", true)
    if db or code ~= "conflict" or task.now() > last then return db, message, code end
    task.sleep(PAUSE)
  end
end

local function take(path, shard, shards)
  local db <close>, message, code = hold(path)
  if not db then return nil, message, code end
  if not store.meta(db, "derive") then return nil, ("%s is no run of derivatives"):format(path), "conflict" end
  local at = m.path(path, shard, shards)
  local part
  part, message, code = open_whole(at)
  if part or part == nil then return part, message, code end
  -- The first who comes makes the parts of all, so that the others need not wait for the run.
  local ok
  ok, message, code = m.make(db, path, shards, m.shards(db) and { [shard] = true })
  if not ok then return nil, message, code end
  if not core.files.stat(at) then return false end
  return store.open(at, "write", true)
end

---Opens the part of a shard for the one who works on it; makes it when it is not there.
---@param path string of the run
---@param shard integer
---@param shards integer
---@return table|false|nil db false: nothing is left for this shard
---@return string? message
---@return string? code "conflict": somebody else works on it, or the run is divided otherwise
function m.open(path, shard, shards)
  local at = m.path(path, shard, shards)
  if core.files.stat(at) then
    local part, message, code = store.open(at, "write", true)
    if not part then return nil, message, code end
    if store.meta(part, "part_of") and not store.meta(part, "merged") then return part end
    part:close()
  end
  return take(path, shard, shards)
end

return m
