-- A Slurm of one machine for specs and benchmarks: munged, slurmctld and slurmd of their own, with
-- ports and a key of their own. They live in a process namespace whose first process reads
-- commands from a pipe: when the pipe ends, however the spec ended, all of them and all jobs end.
local core = require "almanac.core"
local program = require "support.program"

local m = {}

local PATIENCE = 30   -- seconds that something of Slurm may take
local TOOLS = { "munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "unshare", "bash" }

local CONF = [[
ClusterName=almanac
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$CTLD
SlurmdPort=$SLURMD
SlurmUser=$USER
SlurmdUser=$USER
AuthType=auth/munge
AuthInfo=socket=$DIR/munge.socket
CredType=cred/munge
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool
SlurmctldPidFile=$DIR/slurmctld.pid
SlurmdPidFile=$DIR/slurmd.pid
SlurmctldLogFile=$DIR/slurmctld.log
SlurmdLogFile=$DIR/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,batch_sched_delay=0,sched_interval=1
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout=10
MessageTimeout=5
KillWait=1
MailProg=/bin/true
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
]]

-- Started as functions, so that a spec can end one and start it again.
local SUPERVISOR = [[
# bash, because the first process of a namespace has to reap what lost its parent; sh does not.
cd "$1" || exit
start_munged() {
  munged -F --force --socket="$1/munge.socket" --key-file="$1/key" --pid-file="$1/munge.pid" --log-file="$1/munge.log" \
    --seed-file="$1/seed" --num-threads=2 >munged.out 2>&1 &
}
start_slurmctld() { slurmctld -D $1 >>slurmctld.out 2>&1 & slurmctld=$!; }
start_slurmd() { slurmd -D >>slurmd.out 2>&1 & slurmd=$!; }
# The node as it is when its power fails. /proc shows the processes of this namespace alone.
kill_node() {
  for p in /proc/[0-9]*; do
    case $(cat "$p/comm" 2>/dev/null) in slurmd|slurmstepd|almanac|picture) kill -KILL "${p#/proc/}";; esac
  done
  wait "$slurmd"
}
start_munged "$1"
while [ ! -S munge.socket ]; do sleep 0.02; done
start_slurmctld -i
start_slurmd
while read -r line; do eval "$line"; echo >>answered; done
]]

local function has(tool) return os.execute("PATH=$PATH:/usr/sbin:/sbin command -v " .. tool .. " >/dev/null 2>&1") == true end

-- As root a namespace is there for the asking; others need those of users, which a system may refuse.
local function unshare()
  for _, way in ipairs { "unshare", "unshare --user --map-root-user" } do
    local line = way .. " --pid --fork --kill-child --mount-proc"
    if os.execute(line .. " true >/dev/null 2>&1") then return line end
  end
end

---Why there can be no Slurm here; nil when nothing speaks against it.
---@return string?
function m.missing()
  for _, tool in ipairs(TOOLS) do
    if not has(tool) then return ("Slurm is not installed (%s; make deps-slurm)"):format(tool) end
  end
  return not unshare() and "processes can't have a namespace of their own here, which Slurm's are ended by" or nil
end

local function shell(line)
  local pipe <close> = assert(io.popen(line))
  return (pipe:read "a":gsub("%s+$", ""))
end

-- Two ports that nobody has: what listens on port 0 gets a free one, and gives it back.
local function free_ports()
  local ports, servers = {}, {}
  for i = 1, 2 do
    servers[i] = assert(core.serve.listen {})
    ports[i] = servers[i]:port()
  end
  for _, server in ipairs(servers) do server:close() end
  return ports
end

local methods = {}

---Runs one of Slurm's commands.
---@param line string
---@return string output without the last line's end
function methods:ask(line)
  return shell(("SLURM_CONF=%s %s 2>&1"):format(program.quote(self.conf), line))
end

-- Waits until `is_so()` is true.
local function wait_for(what, is_so)
  local deadline = core.sys.monotonic() + PATIENCE
  while not is_so() do
    if core.sys.monotonic() > deadline then return nil, what end
    core.sys.sleep(0.05)
  end
  return true
end

---Runs a line of the shell among Slurm's processes, whose numbers hold there alone.
---@param line string
function methods:inside(line)
  local before = #(core.files.read(self.folder .. "/answered") or "")
  self.pipe:write(line, "\n")
  self.pipe:flush()
  assert(wait_for("an answer to " .. line, function() return #(core.files.read(self.folder .. "/answered") or "") > before end))
end

local UP = { idle = true, mixed = true, allocated = true }

---Waits until the node answers.
---@return true|nil
---@return string? message
function methods:wait()
  return wait_for("a node that answers", function() return UP[self:ask "sinfo -h -o %T"] end)
end

---Waits until a task of a job is at work, and gives its process, as `inside` knows it.
---@param shard integer
---@return string? pid
function methods:process(shard)
  local pid
  wait_for("a process", function()
    for line in self:ask "squeue -h -t R -o '%A %K'":gmatch "[^\n]+" do
      local job, index = line:match "^(%d+) (%d+)$"
      if tonumber(index) == shard then
        self:inside("scontrol listpids " .. job .. " >pids 2>&1")
        pid = core.files.read(self.folder .. "/pids"):match "\n(%d+)%s+%d+%s"
      end
    end
    return pid
  end)
  return pid
end

---Waits until the controller has written down what it knows of a job: killed before, it forgets that the job runs.
---@param job string
function methods:keep(job)
  local path = self.folder .. "/state/job_state"
  local function time() return (core.files.stat(path) or { mtime_ns = 0 }).mtime_ns end
  local before = time()
  self:ask("scontrol update Comment=kept JobId=" .. job)
  assert(wait_for("the controller's state", function() return time() ~= before end))
end

---The node dies, is noticed, and comes back.
function methods:lose_node()
  local name = self:ask "sinfo -h -o %n"
  self:inside "kill_node"
  self:ask(("scontrol update NodeName=%s State=DOWN Reason=died"):format(name))
  self:inside "start_slurmd"
  self:ask(("scontrol update NodeName=%s State=RESUME"):format(name))
  assert(self:wait())
end

---Jobs that lost their node wait for a while; they need not any longer.
function methods:hurry()
  for id in self:ask "squeue -h -r -t PD -o %A":gmatch "%d+" do self:ask("scontrol update StartTime=now JobId=" .. id) end
end

---Ends all of it. Ending again is fine.
function methods:stop()
  if self.pipe then self.pipe:close() end
  self.pipe = nil
  program.remove(self.folder)
end

---Starts a Slurm with one node of two processors.
---@return table|nil slurm can be <close>; its `env` is for those who use it
---@return string? message why it can't be had
function m.start()
  local missing = m.missing()
  if missing then return nil, missing end
  local self = setmetatable({ folder = program.folder() }, { __index = methods, __close = methods.stop })
  local ports = free_ports()
  local values = { DIR = self.folder, CTLD = ports[1], SLURMD = ports[2], HOST = shell "hostname -s", USER = shell "id -un" }
  self.conf = self.folder .. "/slurm.conf"
  self.env = { SLURM_CONF = self.conf }
  program.write(self.conf, (CONF:gsub("%$(%u+)", values)))
  program.write(self.folder .. "/supervisor", SUPERVISOR)
  os.execute(("cd %s && chmod 755 . && mkdir state spool && head -c 128 /dev/urandom >key && chmod 600 key"):format(self.folder))
  self.pipe = assert(io.popen(("PATH=$PATH:/usr/sbin:/sbin SLURM_CONF=%s exec %s bash %s/supervisor %s >%s/out 2>&1"):format(self.conf,
    unshare(), self.folder, self.folder, self.folder), "w"))
  local ok, message = self:wait()
  if ok then return self end
  message = ("Slurm does not start here (%s): %s"):format(message, shell("tail -n 2 " .. self.folder .. "/*.out 2>&1 | tr '\\n' ' '"))
  self:stop()
  return nil, message
end

return m
