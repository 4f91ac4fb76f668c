-- A run that makes derivatives: a folder of masters becomes a folder of pictures to look at.
-- Nothing of it concerns Alma. The run file knows every master and what was made of it, so the
-- same command goes on after whatever ended it.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local json = require "almanac.json"
local masters = require "almanac.derive.master"
local names = require "almanac.derive.names"
local portions = require "almanac.portions"
local store = require "almanac.run.store"
local task = require "almanac.task"

local m = {}

local BATCH = 500
local AHEAD = 8      -- masters in work for each process: some are read, some wait until they are written down
local FILE = "INSERT INTO file(path, size, mtime_ns, problem) VALUES(?, ?, ?, ?)"
local OPEN = [[SELECT id, path, size, mtime_ns, problem FROM file
  WHERE id > ? AND NOT EXISTS (SELECT 1 FROM master WHERE file_id = file.id AND problem IS NULL) ORDER BY id LIMIT 100]]
local COUNTS = [[SELECT count(*) AS masters, count(master.file_id) - count(master.problem) AS done, count(master.problem) AS failed,
  coalesce(sum(file.size), 0) AS bytes FROM file LEFT JOIN master ON master.file_id = file.id]]
local MADE = "SELECT count(*) AS derivatives, coalesce(sum(size), 0) AS made FROM derivative WHERE named = 1"

---What a run that makes derivatives needs at hand.
---@class almanac.derive.run
---@field db table the run file
---@field journal table of almanac.run.journal
---@field workers table of almanac.pictures
---@field masters string the folder of the masters
---@field to string the folder of the derivatives
---@field first boolean of several pages only the first is wanted
---@field options { format: string, quality: integer, long_edge: integer?, keep_profile: boolean? }
---@field making table<string, string>? names that masters in work give just now: the path of the master by that of the derivative
---@field on { finish: fun(path: string, ok: boolean, message: string?) }

local function meta_of(order)
  return { derive = json.encode(order.options), masters = order.masters, to = order.to, pages = order.pages,
    created = os.date "!%Y-%m-%dT%H:%M:%SZ", version = core.version, user = core.sys.user(), host = core.sys.hostname() }
end

-- A folder of derivatives inside that of the masters would become masters of the next run.
local function check_folders(order)
  local inner, outer = order.to .. "/", order.masters .. "/"
  if inner:sub(1, #outer) == outer then
    attempt.fail(("%s lies in the folder of the masters: choose one beside it"):format(order.to), "conflict")
  end
end

local function add_files(db, order)
  local walk = attempt.call(core.files.walk, order.masters, order.exclude, { within = true })
  local found, others = 0, 0
  repeat
    local paths, sizes, details, excluded = walk:batch(BATCH)
    for i, path in ipairs(paths) do
      if excluded[i] then
        others = others + 1
      elseif names.is_master(path, order.endings) then
        found = found + 1
        local size = sizes[i] or nil
        attempt.run(db, FILE, path, size, size and details[i] or nil, not size and details[i] or nil)
      else
        others = others + 1
      end
    end
  until not paths[1]
  walk:close()
  if found == 0 then
    attempt.fail(("%s holds no masters (files that end in .%s); name other endings with --endings"):format(order.masters,
      table.concat(order.endings, ", .")), "missing")
  end
  return others
end

local function fill(db, order)
  return attempt.transaction(db, function() return add_files(db, order) end)
end

local function remove(path)
  for _, ending in ipairs { "-wal", "-shm", "-journal", "" } do core.files.remove(path .. ending) end
end

-- What an earlier process left when it was killed goes; one that is at work is not disturbed.
local function clear(path)
  local db, message, code = store.open(path, "write", true)
  if db then db:close() end
  if code == "conflict" then return nil, message, code end
  remove(path)
  return true
end

-- The file gets its name when all masters are in it. Killed before, there is no run yet.
local function make_whole(order)
  if core.files.stat(order.output) then return nil, order.output .. " exists already", "conflict" end
  local aside = order.output .. ".new"
  local db, others
  local ok, message, code = clear(aside)
  if ok then db, message, code = store.create(aside, meta_of(order)) end
  if not db then return nil, message, code end
  others, message, code = fill(db, order)
  db:close()
  if others then ok, message, code = core.files.rename(aside, order.output) end
  if others and ok then return others end
  remove(aside)
  return nil, message, code
end

---Makes a run file that knows the masters of a folder; nothing is made yet.
---@param order { output: string, masters: string, to: string, pages: "all"|"first", endings: string[], exclude: string[],
---  options: table } masters, to: absolute
---@return table|nil db
---@return string|integer message_or_others why not; or how many files of the folder are no masters
---@return string? code
function m.create(order)
  local ok, message, code = attempt.try(function()
    check_folders(order)
    attempt.call(core.files.make_folder, order.to)
    return true
  end)
  if not ok then return nil, message, code end
  local others
  others, message, code = make_whole(order)
  if not others then return nil, message, code end
  local db
  db, message, code = store.open(order.output, "write", true)
  return db, db and others or message, code
end

---@param db table
---@return { masters: string, to: string, first: boolean, options: table } what the run was begun with
function m.settings(db)
  local meta = store.meta(db)
  return { masters = meta.masters, to = meta.to, first = meta.pages == "first", options = json.decode(meta.derive) }
end

---@param db table
---@return { masters: integer, done: integer, failed: integer, bytes: integer, derivatives: integer, made: integer } counts
---  bytes: of the masters; made: of the derivatives
function m.counts(db)
  local counts, made = db:row(COUNTS), db:row(MADE)
  counts.derivatives, counts.made = made.derivatives, made.made
  return counts
end

---How many masters are not finished.
---@param db table
---@return integer
function m.total(db)
  local counts = m.counts(db)
  return counts.masters - counts.done
end

---Makes what is not made yet.
---@param run almanac.derive.run
---@return true|nil
---@return string? message the run file can't be written, or the disk is full
---@return string? code
function m.run(run)
  local stop
  local files = portions.each(run.db, OPEN)   -- those that failed before among them
  local failures = task.each(function() return not stop and files() or nil end, run.workers.size * AHEAD, function(file)
    local pages, message, code = nil, file.problem, "io"
    if not message then pages, message, code = masters.carry_out(run, file) end
    if run.journal.broken then stop = { message = message, code = code } end
    run.on.finish(file.path, pages ~= nil, message)
  end)
  if failures[1] then error(failures[1].message, 0) end
  if stop then return nil, stop.message, stop.code end
  return true
end

return m
