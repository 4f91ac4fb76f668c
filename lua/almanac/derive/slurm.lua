-- Hands shards to Slurm as an array job, and looks what became of them, by Slurm's own commands.
-- A job is known by its name, which is of one division of one run: so it is found again also when
-- the answer to its submission was lost.
local core = require "almanac.core"
local shell = require "almanac.shell"

local m = {}

local SECONDS = 60           -- for one command; Slurm's own wait some ten seconds for a controller that is away
local MOST = 1 << 22         -- bytes of an answer
-- Which Slurm it is, and what a site sets for all jobs of a user.
local VARIABLES = { "SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SBATCH_ACCOUNT", "SBATCH_CLUSTERS", "SBATCH_CONSTRAINT",
  "SBATCH_PARTITION", "SBATCH_QOS", "SBATCH_RESERVATION", "SBATCH_TIMELIMIT", "SBATCH_MEM_PER_NODE", "SBATCH_MEM_PER_CPU",
  "LD_LIBRARY_PATH" }
local ORDINARY = { None = true, Priority = true, Resources = true, BeginTime = true }   -- reasons to wait that pass by themselves
local OURS = { ["--array"] = true, ["-a"] = true, ["--job-name"] = true, ["-J"] = true, ["--wrap"] = true, ["--parsable"] = true,
  ["--output"] = true, ["-o"] = true }

local function quoted(list)
  local words = {}
  for i, word in ipairs(list) do words[i] = shell.quote(word) end
  return table.concat(words, " ")
end

local function variables()
  local lines = {}
  for _, name in ipairs(VARIABLES) do
    local value = core.sys.env(name)
    if value then lines[#lines + 1] = ("export %s=%s; "):format(name, shell.quote(value)) end
  end
  return table.concat(lines)
end

local function call(...)
  local words = { ... }
  local result, message, code = shell.run(variables() .. "exec " .. quoted(words), { seconds = SECONDS, most = MOST })
  if not result then return nil, ("%s %s"):format(words[1], message), code end
  if result.ok then return result.output end
  local said = result.errors:gsub("%s+", " "):match "^%s*(.-)%s*$"
  return nil, said ~= "" and said or words[1] .. " failed", "closed"
end

---@return true|nil
---@return string? message
---@return string? code "missing"
function m.is_here()
  local result = shell.run("command -v sbatch && command -v squeue", { seconds = SECONDS, most = 4000 })
  if result and result.ok then return true end
  return nil, "Slurm's sbatch is not on this machine (Debian: apt-get install slurm-client, and the site's slurm.conf); " ..
    "without Slurm, --shards N --shard I makes one shard, on any machine", "missing"
end

---The options of a line for sbatch.
---@param text string words with blanks between them
---@return string[]? words
---@return string? message
function m.options(text)
  local words = {}
  for word in text:gmatch "%S+" do
    local name = word:match "^%-%-[^=]+" or word:match "^%-%a"
    if not words[1] and not name then return nil, ("--slurm-options: '%s' is no option of sbatch"):format(word) end
    if name and OURS[name] then return nil, ("--slurm-options: %s is set by almanac"):format(name) end
    words[#words + 1] = word
  end
  return words
end

---Shards as sbatch takes them: 1-3,7.
---@param shards integer[] in their order
---@return string
function m.array(shards)
  local ranges = {}
  for _, shard in ipairs(shards) do
    local last = ranges[#ranges]
    if last and last[2] == shard - 1 then last[2] = shard else ranges[#ranges + 1] = { shard, shard } end
  end
  for i, range in ipairs(ranges) do
    ranges[i] = range[1] == range[2] and tostring(range[1]) or ("%d-%d"):format(range[1], range[2])
  end
  return table.concat(ranges, ",")
end

-- A task takes as many processes as Slurm gives it processors.
local SCRIPT = "exec %s --shard $SLURM_ARRAY_TASK_ID --workers ${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-1}}"

-- sbatch reads % in the name of a file as the beginning of a pattern.
local function log_of(path, shards) return ("%s.shard-%%a-of-%d.log"):format(path:gsub("%%", "%%%%"), shards) end

---Submits the shards as one array job.
---@param job { name: string, path: string, shards: integer, tasks: integer[], options: string[] } path: of the run, absolute; tasks:
---  the shards to be made
---@return string? id
---@return string? message
---@return string? code
function m.submit(job)
  local program = core.files.real_path "/proc/self/exe"
  local words = { "sbatch", "--parsable", "--requeue", "--open-mode=append", "--job-name=" .. job.name, "--array=" .. m.array(job.tasks),
    "--chdir=" .. job.path:match "^(.*)/" .. "/", "--output=" .. log_of(job.path, job.shards) }
  table.move(job.options, 1, #job.options, #words + 1, words)
  words[#words + 1] = "--wrap=" .. SCRIPT:format(quoted { program, "derive", job.path, "--shards", tostring(job.shards) })
  local output, message, code = call(table.unpack(words))
  if not output then return nil, message, code end
  local id = output:match "^%s*(%d+)"
  if not id then return nil, "sbatch gave no number of a job: " .. output:sub(1, 200), "parse" end
  return id
end

---What of a job is in the queue or at work.
---@param name string
---@return { id: string?, running: integer, waiting: integer, reason: string? }|nil tasks reason: Slurm's, why one does not go on
---  that others or a person hold up
---@return string? message
---@return string? code "closed", "timeout": no answer
function m.queue(name)
  local output, message, code = call("squeue", "--noheader", "--array", "--name=" .. name, "--format=%F|%T|%r")
  if not output then return nil, message, code end
  local tasks = { running = 0, waiting = 0 }
  for id, state, why in output:gmatch "(%d+)|(%u+)|([^\n]*)" do
    local kind = state == "PENDING" and "waiting" or "running"
    tasks.id = id
    tasks[kind] = tasks[kind] + 1
    if why:find "[Hh]eld" or kind == "waiting" and not ORDINARY[why] then tasks.reason = why end
  end
  return tasks
end

---How the tasks of a job ended: from the accounts when the site keeps some, else what the controller still knows.
---@param id string
---@return table<integer, string> states by shard, in Slurm's word, e.g. "OUT_OF_MEMORY"; without those that are not known
function m.ends(id)
  local states = {}
  local output = call("sacct", "--noheader", "--allocations", "--parsable2", "--jobs=" .. id, "--format=JobID,State")
  for shard, state in (output or ""):gmatch "_(%d+)|([%u_]+)" do states[math.tointeger(tonumber(shard))] = state end
  if next(states) then return states end
  output = call("scontrol", "--oneliner", "show", "job", id)
  for line in (output or ""):gmatch "[^\n]+" do
    local shard, state = line:match "ArrayTaskId=(%d+)%f[%s]", line:match "JobState=([%u_]+)"
    if shard and state then states[math.tointeger(tonumber(shard))] = state end
  end
  return states
end

return m
