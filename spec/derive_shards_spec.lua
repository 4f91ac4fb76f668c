local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local division = require "almanac.derive.division"
local slurm = require "almanac.derive.slurm"
local store = require "almanac.run.store"

local function has(tool) return os.execute("command -v " .. tool .. " >/dev/null 2>&1") == true end

local MISSING = not core.pictures.open {} and "the program `picture` is not built (make pictures, libvips)"
  or not has "convert" and "ImageMagick is not installed"

describe("a division into shards", function()
  local function divided(paths, shards)
    local db <close> = assert(store.create(":memory:", {}))
    for _, entry in ipairs(paths) do
      local path, size = entry:match "^(.*) (%d+)$"
      assert(db:run("INSERT INTO file(path, size) VALUES(?, ?)", path or entry, tonumber(size) or 1))
    end
    return (division.of(db, shards))
  end

  it("is the same every time, and gives each about as many bytes", function()
    local paths, size_of = {}, {}
    for i = 1, 500 do
      size_of[i] = (i * 7919) % 1000 + 1
      paths[i] = ("p%04d.tif %d"):format(i, size_of[i])
    end
    local shard_of, bytes = divided(paths, 7), {}
    assert.same(shard_of, divided(paths, 7))
    for id, shard in ipairs(shard_of) do bytes[shard] = (bytes[shard] or 0) + size_of[id] end
    assert.equal(7, #bytes)
    assert.is_true(math.max(table.unpack(bytes)) - math.min(table.unpack(bytes)) <= 1000)
  end)

  it("keeps together what may have one name, and nothing else", function()
    local shard_of = divided({ "a/m.tif 9", "a/m.png 1", "b/m.tif 5", "book.tif 3", "book_0001.tif 3", "book_0002.tif 3",
      "plate_0001.tif 2", "plate_0002.tif 2" }, 8)
    assert.equal(shard_of[1], shard_of[2])
    assert.not_equal(shard_of[1], shard_of[3])
    assert.same({ shard_of[4], shard_of[4] }, { shard_of[5], shard_of[6] })
    assert.not_equal(shard_of[7], shard_of[8])
  end)

  it("leaves shards empty when there are more of them than masters", function()
    assert.same({ 1, 2 }, divided({ "a.tif", "b.tif" }, 9))
  end)
end)

describe("Slurm's words:", function()
  it("shards as ranges", function()
    assert.equal("1-3,7,9-10", slurm.array { 1, 2, 3, 7, 9, 10 })
    assert.equal("4", slurm.array { 4 })
  end)

  it("options for sbatch, but for those that are almanac's", function()
    assert.same({ "--cpus-per-task=4", "-p", "long" }, slurm.options " --cpus-per-task=4 -p long ")
    assert.same({}, slurm.options "")
    for _, text in ipairs { "--array=1-2", "-a 3", "--mem=1G --wrap=x", "-J me", "-ofile" } do
      assert.matches("is set by almanac", select(2, slurm.options(text)))
    end
    assert.matches("'long' is no option of sbatch", select(2, slurm.options "long"))
  end)
end)

describe("a run of derivatives on many machines", function()
  if MISSING then
    pending(MISSING)
    return
  end
  local folder

  local function shell(line) assert(os.execute("cd " .. program.quote(folder) .. " && " .. line)) end
  local function almanac(...) return program.run({ ... }, { folder = folder }) end
  local function is_there(name) return core.files.stat(folder .. "/" .. name) ~= nil end

  local function listed(name)
    local list, pipe <close> = {}, assert(io.popen("ls -A " .. program.quote(folder .. "/" .. name)))
    for line in pipe:lines() do list[#list + 1] = line end
    return list
  end

  local function masters(count, size)
    shell("mkdir -p masters && convert -size " .. (size or "120x90") .. " gradient:red-blue -depth 8 masters/m1.tif")
    for i = 2, count do shell(("cp masters/m1.tif masters/m%d.tif"):format(i)) end
  end

  local function divide(shards)
    local result = almanac("derive", "masters", "--to", "out", "-o", "r", "--shards", shards)
    assert.equal(0, result.status, result.err)
    return result
  end

  local function shard(number, shards) return almanac("derive", "r", "--shards", shards, "--shard", number) end

  -- All masters of the run are done, each has its one picture, and each picture is as it was written down.
  local function is_whole(count)
    local report = json.decode(almanac("report", "r", "--format", "json").out)
    assert.equal(count, report.counts.done)
    assert.equal(count, report.counts.derivatives)
    assert.equal(count, #listed "out")
    assert.equal(("verified %d pictures; 0 differ\n"):format(count), almanac("verify", "r").out)
  end

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  it("is divided, made shard by shard, and brought together into one", function()
    masters(7)
    assert.matches("almanac derive r %-%-shards 3 %-%-shard I", divide(3).out)
    assert.is_nil(core.files.stat(folder .. "/out/m1.jpg"))
    local before = core.files.read(folder .. "/r")
    for number = 1, 3 do
      local result = shard(number, 3)
      assert.equal(0, result.status, result.err)
      assert.matches("almanac derive r %-%-merge", result.out)
    end
    assert.equal(before, core.files.read(folder .. "/r"), "a shard wrote the run itself")
    local result = almanac("derive", "r", "--merge")
    assert.equal(0, result.status, result.err)
    assert.matches("^7 masters of 7 have derivatives", result.out)
    assert.same({ "masters", "out", "r" }, listed ".")
    is_whole(7)
  end)

  it("is divided by the first shard that comes, when nobody did it", function()
    masters(4)
    divide(2)
    assert.equal(75, almanac("derive", "r", "--merge").status)
    shell "rm r.shard-*"
    assert.equal(0, shard(2, 2).status)
    assert.is_false(is_there "r.shard-1-of-2")
    assert.equal(0, shard(1, 2).status)
    assert.equal(0, almanac("derive", "r").status)
    is_whole(4)
  end)

  it("says which shards are not finished, and these alone are run again", function()
    masters(6)
    divide(3)
    shard(2, 3)
    local result = almanac("derive", "r", "--merge")
    assert.equal(75, result.status)
    assert.matches("shard 1 of 3: 2 masters are not made yet\nshard 3 of 3: 2 masters are not made yet\n", result.out)
    assert.matches("only these shards are to be run again:  almanac derive r %-%-shards 3 %-%-shard I", result.out)
    assert.is_false(is_there "r.shard-2-of-3")
    assert.matches("divided into 3 shards", almanac("report", "r").out)
    assert.matches("what is in parts of the run was not looked at", almanac("verify", "r").err)
    assert.matches("nothing is left to be made", shard(2, 3).out)
    assert.equal(0, shard(1, 3).status)
    assert.equal(0, shard(1, 3).status)
    assert.equal(0, shard(3, 3).status)
    assert.equal(0, almanac("derive", "r", "--merge").status)
    is_whole(6)
    assert.matches("shard 1 of 3: nothing is left to be made", shard(1, 3).out)
    assert.not_matches("divided", almanac("report", "r").out)
  end)

  it("goes on here with all that no shard made", function()
    masters(6)
    divide(3)
    shard(2, 3)
    local result = almanac("derive", "r")
    assert.equal(0, result.status, result.err)
    assert.matches("2 masters brought together from shards", result.err)
    assert.is_false(is_there "r.shard-1-of-3")
    is_whole(6)
    assert.matches("nothing is left", shard(1, 3).out)
  end)

  it("tells of each master that failed in a shard, and tries it again", function()
    masters(3)
    shell "echo no >masters/bad.tif"
    divide(2)
    local failed = shard(1, 2).status + shard(2, 2).status
    assert.equal(2, failed)
    local result = almanac("derive", "r", "--merge")
    assert.equal(2, result.status)
    assert.matches("bad.tif: it is no TIFF", result.err)
    assert.matches("1 master failed", result.out)
    assert.equal("bad.tif\n", almanac("report", "r", "--failed").out)
    assert.equal(2, almanac("derive", "r").status)
  end)

  it("never has two at one shard, nor one at a shard and one at all", function()
    masters(4)
    divide(2)
    local part <close> = assert(store.open(folder .. "/r.shard-1-of-2", "write", true))
    local result = shard(1, 2)
    assert.equal(1, result.status)
    assert.matches("r.shard%-1%-of%-2 is in use by process %d+", result.err)
    assert.equal(0, shard(2, 2).status)
    result = almanac("derive", "r")
    assert.equal(1, result.status)
    assert.matches("r.shard%-1%-of%-2 is in use by process %d+.*almanac derive r %-%-merge", result.err)
    result = almanac("derive", "r", "--merge")
    assert.equal(75, result.status)
    assert.matches("shard 1 of 2: 2 masters are not made yet; r.shard%-1%-of%-2 is in use", result.out)
    part:close()
    assert.equal(0, shard(1, 2).status)
    assert.equal(0, almanac("derive", "r", "--merge").status)
    is_whole(4)
  end)

  it("is not divided twice at once", function()
    masters(4)
    divide(2)
    local result = shard(1, 3)
    assert.equal(1, result.status)
    assert.matches("r is divided into 2 shards; bring them together first:  almanac derive r\n", result.err)
    assert.equal(1, almanac("derive", "r", "--shards", "3").status)
  end)

  it("leaves alone a part that is of another run", function()
    masters(4)
    divide(2)
    shell "cp r.shard-1-of-2 foreign && rm r r.shard-*"
    divide(2)
    shell "mv foreign r.shard-1-of-2"
    local result = almanac("derive", "r", "--merge")
    assert.equal(75, result.status)
    assert.matches("shard 1 of 2: .*r.shard%-1%-of%-2 is of another run", result.out)
    assert.is_true(is_there "r.shard-1-of-2")
    assert.equal(1, almanac("derive", "r").status)
  end)

  it("knows what stands in the folder when an old part made other pictures, and says so", function()
    masters(2)
    divide(1)
    shell "cp r.shard-1-of-1 old"
    shard(1, 1)
    assert.equal(0, almanac("derive", "r", "--merge").status)
    shell "mkdir kept && mv out/* kept/ && mv old r.shard-1-of-1"
    local db <close> = assert(store.open(folder .. "/r", "write", true))
    local part <close> = assert(store.open(folder .. "/r.shard-1-of-1", "write", true))
    assert(store.set(db, { shards = 1, division = store.meta(part, "part_of") }))
    assert(store.set(part, { derive = '{"format":"jpg","quality":20}' }))
    db:close()
    part:close()
    assert.equal(0, shard(1, 1).status)
    local result = almanac("derive", "r", "--merge")
    assert.equal(0, result.status, result.err)
    assert.matches("m1.tif: two shards made its derivatives, and not alike", result.err)
    is_whole(2)
  end)

  it("loses nothing and makes nothing twice, however often shards and merges are killed", function()
    masters(18, "1500x1000")
    divide(3)
    local seen = {}
    local function look()
      for _, name in ipairs(listed "out") do
        if name:find "^m" then
          local inode = core.files.stat(folder .. "/out/" .. name).inode
          assert.equal(seen[name] or inode, inode, name .. " was made again")
          seen[name] = inode
        end
      end
    end
    local line = "timeout -s KILL %g %s derive r %s >/dev/null 2>&1; true"
    for round = 1, 4 do
      for number = 1, 3 do
        shell(line:format(0.15 + 0.05 * ((round + number) % 4), program.path(), "--shards 3 --shard " .. number))
      end
      shell(line:format(0.02 * round, program.path(), "--merge"))
      look()
    end
    for number = 1, 3 do shard(number, 3) end
    assert.equal(0, almanac("derive", "r", "--merge").status)
    look()
    is_whole(18)
  end)

  it("says what to install, or to do, where there is no Slurm", function()
    masters(1)
    shell "mkdir bin && for tool in sh env timeout setsid rm mv; do ln -s $(command -v $tool) bin/; done"
    local result = program.run({ "derive", "masters", "--to", "out", "-o", "r", "--slurm" },
      { folder = folder, env = { PATH = folder .. "/bin" } })
    assert.equal(1, result.status)
    assert.matches("sbatch is not on this machine %(Debian: apt%-get install slurm%-client.*%-%-shards N %-%-shard I", result.err)
    assert.is_false(is_there "r")
  end)

  it("says what is asked wrongly before anything is begun", function()
    masters(1)
    local function refuses(pattern, ...)
      local result = almanac("derive", ...)
      assert.equal(1, result.status)
      assert.matches(pattern, result.err)
    end
    refuses("say of how many", "r", "--shard", "1")
    refuses("there are 2, from 1 on", "r", "--shards", "2", "--shard", "3")
    refuses("one at a time", "r", "--merge", "--slurm")
    refuses("one at a time", "r", "--merge", "--shards", "3")
    refuses("goes with %-%-slurm", "r", "--slurm-options", "--mem=1G")
    refuses("does not exist", "r", "--shards", "2", "--shard", "1")
    assert.is_false(is_there "r")
    divide(1)
    shell "mv masters elsewhere"
    refuses("/masters is not on this machine %(.*%): share it under the same path", "r", "--shards", "1", "--shard", "1")
  end)
end)
