-- almanac derive --slurm: the shards of a run as an array job of Slurm, followed to its end. The
-- run file is held all the time, so a second command waits for nothing and is refused.
local core = require "almanac.core"
local merge = require "almanac.derive.merge"
local parts = require "almanac.derive.parts"
local shards_of = require "almanac.cli.derive.shards"
local shell = require "almanac.shell"
local slurm = require "almanac.derive.slurm"
local store = require "almanac.run.store"
local task = require "almanac.task"
local told = require "almanac.cli.derive.told"
local words = require "almanac.words"

local m = {}

local STOPPED = 75
local EACH = 100             -- masters of a shard, when nobody says how many shards
local MOST = 1000            -- as Slurm takes without being asked (slurm.conf, MaxArraySize)
local FIRST, LONGEST = 0.25, 10     -- seconds between two questions
local SHARE = 0.03           -- of the time that has passed is the time to the next question

local function again(path) return ("almanac derive %s --slurm"):format(shell.word(path)) end

local function name_of(db)
  local division = store.meta(db, "division")
  return division and "almanac-" .. division
end

-- The job of an earlier command that is not over; nil, message when Slurm gives no answer.
local function find_job(db)
  local name = name_of(db)
  if not name then return { running = 0, waiting = 0 } end
  return slurm.queue(name)
end

local function shards_for(db, args)
  local open = require("almanac.derive").total(db)
  return args.shards or parts.shards(db) or math.min(MOST, math.max(1, (open + EACH - 1) // EACH))
end

-- Those with masters that nobody tried; when there are none, those whose masters failed. A shard that somebody works on is left to them.
local function to_do(db, shards, found)
  local numbers, busy, kind = {}, {}, "failed"
  for _, entry in ipairs(found.left) do busy[entry.shard] = true end
  local left = parts.left(db, shards)
  for _, shard in pairs(left) do
    if shard.open > 0 then kind = "open" end
  end
  for number, shard in pairs(left) do
    if shard[kind] > 0 and not busy[number] then numbers[number] = true end
  end
  return numbers
end

-- Begins to divide anew when that is wanted, and nobody works on a part.
local function redivide(db, path, shards, out)
  local before = parts.shards(db)
  if not before or before == shards then return true end
  return shards_of.take_back(db, path, out)
end

local function options_of(db, args)
  return slurm.options(args.slurm_options or store.meta(db, "slurm_options") or "")
end

local function tell_job(out, id, shards, text)
  out.event("slurm", { job = id, shards = shards })
  out.say(("job %s of Slurm %s; Ctrl-C leaves it at work"):format(id, text))
end

local function hand_over(db, job, out)
  local id, message, code = slurm.submit(job)
  if not id then return nil, "Slurm did not take the job: " .. message, code == "timeout" and code or "conflict" end
  local ok
  ok, message, code = store.set(db, { slurm_job = id })
  if not ok then return nil, message, code end
  tell_job(out, id, #job.tasks, ("makes %s of %d (%s)"):format(words.count(#job.tasks, "shard"), job.shards, slurm.array(job.tasks)))
  return { running = 0, waiting = #job.tasks }
end

-- Options and division are written before the job is submitted, so it is found whatever happens then.
local function submit(db, path, args, found, out)
  local shards = shards_for(db, args)
  local ok, message, code = redivide(db, path, shards, out)
  if not ok then return nil, message, code end
  local options
  options, message = options_of(db, args)
  if not options then return nil, message end
  local tasks
  tasks, message, code = parts.make(db, path, shards, to_do(db, shards, found))
  if not tasks then return nil, message, code end
  if not tasks[1] then return false end
  ok, message, code = store.set(db, { slurm_options = table.concat(options, " ") })
  if not ok then return nil, message, code end
  return hand_over(db, { name = name_of(db), path = core.files.real_path(path), shards = shards, tasks = tasks, options = options }, out)
end

local function show(progress, tasks, total)
  local ended = math.max(0, total - tasks.running - tasks.waiting)
  progress:reach(ended, ("%d of %d ended, %d at work, %d wait"):format(ended, total, tasks.running, tasks.waiting))
end

-- Each new thing is told once.
local function teller(out)
  local last
  return function(text)
    if text and text ~= last then out.note(text) end
    last = text
  end
end

local function remark(tasks, message)
  if not tasks then return ("Slurm gives no answer (%s); the job goes on without it, and so does waiting"):format(message) end
  if not tasks.reason then return end
  return ("Slurm holds a part of the job up (%s); `scontrol release %s` lets it go when it is held, `scancel %s` takes it out"):format(
    tasks.reason, tasks.id, tasks.id)
end

-- Waits until nothing of the job is in the queue.
local function follow(db, tasks, out)
  local total = tasks.running + tasks.waiting
  local progress, tell, message = out.progress("shards", total), teller(out), nil
  local name, began = name_of(db), task.now()
  while not tasks or tasks.running + tasks.waiting > 0 do
    if tasks then
      total = math.max(total, tasks.running + tasks.waiting)
      show(progress, tasks, total)
    end
    tell(remark(tasks, message))
    task.sleep(math.min(LONGEST, math.max(FIRST, SHARE * (task.now() - began))))
    tasks, message = slurm.queue(name)
  end
  progress:close()
end

-- Ctrl-C ends the waiting alone.
local function leaving(path, out)
  local guard = { over = false }
  return setmetatable(guard, { __close = function()
    if not guard.over then out.note("the job goes on without this command; follow it, and bring it together, with:  " .. again(path)) end
  end })
end

local function ends_of(db, path, shards)
  local id, ends = store.meta(db, "slurm_job"), {}
  local states = id and slurm.ends(id) or {}
  for shard = 1, shards or 0 do
    local state = states[shard] and "Slurm says " .. states[shard] .. ", " or ""
    ends[shard] = ("%sits words are in %s.log"):format(state, parts.path(path, shard, shards))
  end
  return ends
end

local function finish(db, path, out)
  local ends = ends_of(db, path, parts.shards(db))
  local found, message, code = merge.run(shards_of.run_of(db, path))
  if not found then return nil, message, code end
  return told.together(out, { db = db, path = path }, found, again(path), ends)
end

local function check_same(db, args, tasks, path)
  if args.slurm_options or args.shards and args.shards ~= parts.shards(db) then
    return nil, ("job %s of Slurm is at work on %s: leave out --shards and --slurm-options, or take it out first:  scancel %s"):format(
      tasks.id, path, tasks.id), "conflict"
  end
  return true
end

-- The job that is at work, or a new one; false when nothing is to be made.
local function begin(db, path, args, out)
  local tasks, ok, message, code
  tasks, message, code = find_job(db)
  if not tasks then return nil, "Slurm gives no answer: " .. message, code end
  if tasks.id then
    ok, message, code = check_same(db, args, tasks, path)
    if not ok then return nil, message, code end
    tell_job(out, tasks.id, tasks.running + tasks.waiting, "is at work on this run already")
    return tasks
  end
  local found
  found, message, code = merge.run(shards_of.run_of(db, path))
  if not found then return nil, message, code end
  told.merged(out, found)
  return submit(db, path, args, found, out)
end

local PASSES = { closed = true, timeout = true }    -- Slurm's controller is away

---@param args table
---@param out table
---@param open fun(args: table, out: table): table|nil, string, string?
---@return integer|nil status
---@return string? message
---@return string? code
function m.run(args, out, open)
  local ok, message, code = slurm.is_here()
  if not ok then return nil, message, code end
  ok, message = slurm.options(args.slurm_options or "")
  if not ok then return nil, message end
  local db <close>, path, kind = open(args, out)
  if not db then return nil, path, kind end
  local tasks
  tasks, message, code = begin(db, path, args, out)
  if tasks == nil and PASSES[code] then
    out.fail(("%s; go on with:  %s"):format(message, again(path)))
    return STOPPED
  end
  if tasks == nil then return nil, message, code end
  if tasks then
    local guard <close> = leaving(path, out)
    follow(db, tasks, out)
    guard.over = true
  end
  return finish(db, path, out)
end

return m
