-- almanac derive --shards, --shard, --merge: one run on many machines, each started by whatever
-- the library has: GNU parallel, HTCondor, cron.
local core = require "almanac.core"
local merge = require "almanac.derive.merge"
local parts = require "almanac.derive.parts"
local shell = require "almanac.shell"
local store = require "almanac.run.store"
local told = require "almanac.cli.derive.told"
local words = require "almanac.words"

local m = {}

---What a merge needs of an open run.
---@param db table
---@param path string
---@param retire boolean?
---@return table run of almanac.derive.merge
function m.run_of(db, path, retire)
  return { db = db, path = path, to = store.meta(db, "to"), retire = retire }
end

local function say_job(db, out)
  local job = store.meta(db, "slurm_job")
  if not job then return end
  out.note(("job %s of Slurm may still be in the queue, and finds nothing to do then: scancel %s takes it out"):format(job, job))
end

---Takes all masters of a divided run back to this machine; refuses while others work on some.
---@param db table
---@param path string
---@param out table
---@return true|nil
---@return string? message
---@return string? code "conflict"
function m.take_back(db, path, out)
  if not parts.shards(db) then return true end
  say_job(db, out)
  local found, message, code = merge.run(m.run_of(db, path, true))
  if not found then return nil, message, code end
  told.merged(out, found)
  local left = found.left[1]
  if left then
    return nil, ("%s; what is finished is brought together with:  almanac derive %s --merge"):format(left.message,
      shell.word(path)), "conflict"
  end
  if found.masters > 0 then out.note(("%s brought together from shards"):format(words.count(found.masters, "master"))) end
  return true
end

-- The folders have the same names on all machines, or every master would look as if it were gone.
local function check_folders(db)
  for _, name in ipairs { "masters", "to" } do
    local folder = store.meta(db, name)
    if not core.files.stat(folder) then
      return nil, ("%s is not on this machine (%s): share it under the same path"):format(folder, core.sys.hostname()), "missing"
    end
  end
  return true
end

---Makes one shard, in its part run.
---@param args table
---@param out table
---@param make fun(db: table, workers: table, out: table, again: string): integer
---@return integer|nil status
---@return string? message
---@return string? code
function m.one(args, out, make)
  local workers <close>, message, code = require("almanac.pictures").open { workers = args.workers }
  if not workers then return nil, message, code end
  local db <close>, why, kind = parts.open(args.masters, args.shard, args.shards)
  if db == nil then return nil, why, kind end
  if not db then
    out.say(("shard %d of %d: nothing is left to be made; it is in %s"):format(args.shard, args.shards, args.masters))
    return 0
  end
  local ok
  ok, message, code = check_folders(db)
  if not ok then return nil, message, code end
  local status = make(db, workers, out, told.command(args.masters, args.shards, args.shard))
  out.say(("all shards are brought together by:  almanac derive %s --merge"):format(shell.word(args.masters)))
  return status
end

local function merge_all(db, path, out)
  local shards = parts.shards(db)
  if not shards then
    out.note(path .. " is not divided, or all of it is brought together already")
    shards = 1
  end
  local found, message, code = merge.run(m.run_of(db, path))
  if not found then return nil, message, code end
  return told.together(out, { db = db, path = path }, found, told.command(path, shards, "I"))
end

local function divide(db, path, shards, out)
  local found, message, code = merge.run(m.run_of(db, path))
  if not found then return nil, message, code end
  told.merged(out, found)
  local made
  made, message, code = parts.make(db, path, shards)
  if not made then return nil, message, code end
  out.event("divided", { shards = shards, parts = #made })
  out.say(("%s is divided into %s of %s; on any machine, I from 1 to %d:  %s"):format(path, words.count(shards, "shard"),
    words.count(require("almanac.derive").total(db), "master"), shards, told.command(path, shards, "I")))
  out.say(("they are brought together by:  almanac derive %s --merge"):format(shell.word(path)))
  return 0
end

---Divides a run, or brings it together.
---@param args table
---@param out table
---@param open fun(args: table, out: table): table|nil, string, string?
---@return integer|nil status
---@return string? message
---@return string? code
function m.all(args, out, open)
  local db <close>, path, code = open(args, out)
  if not db then return nil, path, code end
  if args.merge then return merge_all(db, path, out) end
  return divide(db, path, args.shards, out)
end

return m
