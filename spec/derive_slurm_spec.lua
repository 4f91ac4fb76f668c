local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local slurm = require "support.slurm"
local store = require "almanac.run.store"

local function has(tool) return os.execute("command -v " .. tool .. " >/dev/null 2>&1") == true end

local MISSING = not core.pictures.open {} and "the program `picture` is not built (make pictures, libvips)"
  or not has "convert" and "ImageMagick is not installed" or slurm.missing()
  or program.sanitized and "what the sanitizers look at is in the specs of shards; a cluster under them takes minutes"

describe("a run of derivatives on Slurm", function()
  if MISSING then
    pending(MISSING)
    return
  end
  local folder, cluster, why

  -- Started once, by the first that wants it.
  setup(function() cluster, why = slurm.start() end)
  teardown(function() if cluster then cluster:stop() end end)
  before_each(function() folder = program.folder() end)
  after_each(function()
    if cluster then cluster:ask "scancel --quiet --full --signal=KILL --me" end
    program.remove(folder)
  end)

  -- A cluster that is installed and can't start is no fault of almanac.
  local function on_slurm(name, work)
    it(name, function()
      if not cluster then return pending(why) end
      work()
    end)
  end

  local function shell(line) assert(os.execute("cd " .. program.quote(folder) .. " && " .. line)) end
  local function options() return { folder = folder, env = cluster.env } end
  local function almanac(...) return program.run({ "derive", ... }, options()) end
  local function start(...) return program.start({ "derive", ... }, options()) end

  -- WebP takes its time, so that something is at work when it is looked for.
  local NEW = { "masters", "--to", "out", "-o", "r", "--format", "webp", "--slurm", "--shards" }
  local function new(shards) return table.move(NEW, 1, #NEW, 1, { [#NEW + 1] = tostring(shards) }) end

  local function masters(count, size)
    shell("mkdir masters && convert -size " .. (size or "60x40") .. " gradient:red-blue -depth 8 masters/m1.tif")
    for i = 2, count do shell(("ln masters/m1.tif masters/m%d.tif"):format(i)) end
  end

  local function listed(name)
    local pipe <close> = assert(io.popen("ls -A " .. program.quote(folder .. "/" .. name)))
    return pipe:read "a"
  end

  local function is_whole(count)
    local report = json.decode(program.run({ "report", "r", "--format", "json" }, options()).out)
    assert.equal(count, report.counts.done)
    assert.equal(count, report.counts.derivatives)
    assert.equal(count, select(2, listed "out":gsub("\n", "")))
    assert.equal(("verified %d pictures; 0 differ\n"):format(count), program.run({ "verify", "r" }, options()).out)
    assert.equal("masters\nout\nr\n", listed ".")
  end

  on_slurm("is an array job, followed to its end and brought together", function()
    masters(5)
    local result = almanac(table.unpack(new(2)))
    assert.equal(0, result.status, result.err)
    assert.matches("^job %d+ of Slurm makes 2 shards of 2 %(1%-2%)", result.out)
    assert.matches("5 masters of 5 have derivatives", result.out)
    is_whole(5)
    result = almanac("r", "--slurm")
    assert.equal(0, result.status, result.err)
    assert.not_matches("job", result.out)
  end)

  on_slurm("hands in again only a shard that was killed, and makes no picture twice", function()
    masters(10, "3000x2000")
    local command <close> = start(table.unpack(new(2)))
    local pid = assert(cluster:process(2))
    cluster:inside("kill -KILL " .. pid)
    local result = command.wait()
    assert.equal(75, result.status, result.err)
    assert.matches("shard 2 of 2: %d masters? %l+ not made yet; Slurm says FAILED, its words are in r.shard%-2%-of%-2.log", result.out)
    assert.not_matches("shard 1 of 2:", result.out)
    local one = core.files.stat(folder .. "/out/m1.webp")
    result = almanac("r", "--slurm")
    assert.equal(0, result.status, result.err)
    assert.matches("makes 1 shard of 2 %(2%)", result.out)
    is_whole(10)
    if one then assert.equal(one.inode, core.files.stat(folder .. "/out/m1.webp").inode) end
  end)

  -- The processes of the shards, stopped where they are.
  local function stopped(shards)
    local pids = {}
    for shard = 1, shards do
      pids[shard] = assert(cluster:process(shard))
      cluster:inside("kill -STOP " .. pids[shard])
    end
    return table.concat(pids, " ")
  end

  on_slurm("goes on when its command is stopped; the next finds it, even by its name alone", function()
    masters(6, "3000x2000")
    local command <close> = start(table.unpack(new(2)))
    local pids = stopped(2)
    local second = almanac("r", "--slurm")
    assert.equal(1, second.status)
    assert.matches("r is in use by process", second.err)
    command.signal "INT"
    local result = command.wait()
    assert.equal(75, result.status)
    assert.matches("the job goes on without this command; .* with:  almanac derive r %-%-slurm", result.err)
    local job = result.out:match "job (%d+)"
    local db <close> = assert(store.open(folder .. "/r", "write", true))
    assert(db:run "DELETE FROM meta WHERE key = 'slurm_job'")
    db:close()
    result = almanac("r", "--slurm", "--shards", "3")
    assert.equal(1, result.status)
    assert.matches("leave out %-%-shards", result.err)
    cluster:inside("kill -CONT " .. pids)
    result = almanac("r", "--slurm")
    assert.equal(0, result.status, result.err)
    assert.matches("^job " .. job .. " of Slurm is at work on this run already", result.out)
    is_whole(6)
  end)

  on_slurm("outlives the controller", function()
    masters(6, "3000x2000")
    local command <close> = start(table.unpack(new(2)))
    local pids = stopped(2)
    cluster:keep(cluster:ask "squeue -h -o %F":match "%d+")
    cluster:inside "kill -KILL $slurmctld; wait $slurmctld"
    core.sys.sleep(0.5)
    cluster:inside "start_slurmctld"
    assert(cluster:wait())
    cluster:inside("kill -CONT " .. pids)
    local result = command.wait()
    assert.equal(0, result.status, result.err)
    is_whole(6)
  end)

  on_slurm("outlives a node that dies with all that is at work on it", function()
    masters(6, "3000x2000")
    local command <close> = start(table.unpack(new(2)))
    stopped(2)
    cluster:keep(cluster:ask "squeue -h -o %F":match "%d+")
    cluster:lose_node()
    cluster:hurry()
    local result = command.wait()
    if result.status ~= 0 then result = almanac("r", "--slurm") end
    assert.equal(0, result.status, result.err)
    is_whole(6)
  end)

  on_slurm("says what Slurm refuses, and goes on with better options", function()
    masters(2)
    local arguments = new(1)
    table.move({ "--slurm-options", "--partition=nowhere" }, 1, 2, #arguments + 1, arguments)
    local result = almanac(table.unpack(arguments))
    assert.equal(1, result.status)
    assert.matches("Slurm did not take the job: .*invalid partition", result.err)
    assert.equal(0, almanac("r", "--slurm", "--slurm-options", "--partition=all --cpus-per-task=2").status)
    is_whole(2)
  end)

  on_slurm("says that Slurm gives no answer", function()
    masters(1)
    program.write(folder .. "/slurm.conf", (core.files.read(cluster.conf):gsub("SlurmctldPort=%d+", "SlurmctldPort=9")
      :gsub("MessageTimeout=%d+", "MessageTimeout=2")))
    assert.equal(0, almanac("masters", "--to", "out", "-o", "r", "--shards", "1").status)
    local result = program.run({ "derive", "r", "--slurm" }, { folder = folder, env = { SLURM_CONF = folder .. "/slurm.conf" } })
    assert.equal(75, result.status)
    assert.matches("Slurm gives no answer: .*; go on with:  almanac derive r %-%-slurm", result.err)
  end)
end)
