-- almanac fetch, again and again: killed at any moment, only what changed, names by a recipe, and back into another Alma.
local bag = require "support.bag"
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

describe("fetch", function()
  local at = desk.each(before_each, after_each)

  local function path(name) return at.folder .. "/" .. name end
  local function read(name) return program.read(path(name)) end
  local function is_there(name) return core.files.stat(path(name)) ~= nil end
  local function fetch(to, ...) return at.almanac("fetch", "--titles", "titles.csv", "--to", to, "--rate=500", ...) end
  local function pid_of(n) return at.alma.state("?mms_id=" .. desk.id(n)).representations[1].files[1].pid end

  local function valid(folder)
    assert.same({}, bag.problems(path(folder)))
  end

  local function below(folder)
    local list, pipe = {}, assert(io.popen(("cd %s && find . -type f | sort"):format(program.quote(path(folder)))))
    for line in pipe:lines() do list[#list + 1] = line:sub(3) end
    pipe:close()
    return list
  end

  -- The checksums of a folder's payload, whatever it was killed between.
  local function payload(folder) return read(folder .. "/manifest-sha256.txt") end

  describe("killed", function()
    local function killed(switch)
      return at.hurried(switch, "fetch", "--titles", "titles.csv", "--to", "bag", "--transfers", "3")
    end

    it("at any moment goes on with the same command, and what it makes is as if it had not been", function()
      at.start { { "a", "b" }, { "c" }, { "d" }, { "e", "f", "g" } }
      assert.equal(0, fetch("whole").status)
      local expected = payload "whole"
      for switch in ("1,before 2 4,before 6 2,disk 9,disk 14,disk 19,disk 25,disk 31,disk 36,disk"):gmatch "%S+" do
        program.remove(path "bag")
        for _, ending in ipairs { "", "-wal", "-shm" } do core.files.remove(path("bag.fetch" .. ending)) end
        local first = killed("kill=" .. switch)
        local is_bag = is_there "bag/bagit.txt"
        if is_bag then assert.same({}, bag.problems(path "bag"), switch) end
        local second = fetch "bag"
        assert.equal(0, second.status, switch .. second.out .. second.err .. first.err)
        valid "bag"
        assert.equal(expected, payload "bag", switch)
        assert.is_false(is_there "bag/.almanac-parts")
      end
    end)

    it("again and again comes to its end, and fetches no file twice that was written down", function()
      at.start { { "a", "b" }, { "c" }, { "d" }, { "e", "f", "g" } }
      local tries = 0
      repeat
        tries = tries + 1
        local result = killed("kill=4")
        assert.is_true(tries < 30)
      until result.status == 0
      valid "bag"
      assert.is_true(tries > 1)
      assert.is_true(at.alma.calls().routes["S3 GetObject"] <= 7 + 3 * tries)
    end)

    it("in the middle of a large file leaves nothing half where a whole one belongs", function()
      local row = ("%s,One,PRESERVATION_MASTER,big.tif,50000000,,\n"):format(desk.id(1))
      program.write(path "titles.csv", desk.HEADER .. "\n" .. row)
      at.alma = rehearsal.start { titles = path "titles.csv", args = { "--rate", "0" } }
      at.env = desk.environment(at.alma, at.folder)
      local started = program.start({ "fetch", "--titles", "titles.csv", "--to", "bag" }, { folder = at.folder, env = at.env })
      local parts = path "bag/.almanac-parts"
      repeat
        local walk = core.files.walk(parts)
        local half = walk and walk:next()
        core.sys.sleep(0.002)
      until half or is_there "bag/bagit.txt"
      started.signal "KILL"
      started.wait()
      for _, name in ipairs(below "bag") do
        if name:find "big%.tif$" then assert.equal(50000000, core.files.stat(path("bag/" .. name)).size) end
      end
      assert.equal(0, fetch("bag").status)
      valid "bag"
    end)
  end)

  describe("since", function()
    it("an earlier fetch takes what is new or changed, record by record and file by file, and says what is gone", function()
      at.start { { "a" }, { "b" }, { "c" }, { "d" } }
      at.use_aws()
      assert.equal(0, fetch("first").status)
      at.alma.change { op = "change_bib", mms_id = desk.id(1), title = "Another" }
      local rep = at.alma.state("?mms_id=" .. desk.id(2)).representations[1]
      local new = at.alma.change { op = "add_file", representation_id = rep.id, rep_id = rep.id, name = "b2.tif", size = 77 }
      at.alma.change { op = "delete_file", pid = pid_of(3) }
      local before = at.alma.calls().routes["S3 GetObject"]
      local result = fetch("second", "--since", "first")
      assert.equal(0, result.status, result.err)
      assert.matches("unchanged and not fetched: 1 title\n", result.out, 1, true)
      assert.matches("no longer in Alma or in the list since then: 1, see second/metadata/gone.csv\n", result.out, 1, true)
      valid "second"
      assert.equal(before + 1, at.alma.calls().routes["S3 GetObject"])
      local files = read "second/metadata/files.csv"
      assert.matches("b2.tif", files, 1, true)
      assert.is_nil(files:find("a.tif", 1, true))
      assert.matches("Another", read(("second/data/%s/record.xml"):format(desk.id(1))), 1, true)
      assert.is_false(is_there(("second/data/%s"):format(desk.id(4))))
      assert.matches(desk.id(3) .. ",13%d+,c%.tif", read "second/metadata/gone.csv")
      assert.truthy(new)

      result = fetch("third", "--since", "second")
      assert.matches("^0 titles here: .*unchanged and not fetched: 4 titles", result.out)
      valid "third"
    end)

    it("a day takes what Alma dates from that day on, and what it does not date", function()
      at.start { { "a" }, { "b" } }
      local today, later = os.date "!%Y-%m-%d", os.date("!%Y-%m-%d", os.time() + 3 * 86400)
      assert.matches("^2 titles here", fetch("today", "--since", today).out)
      assert.matches("^0 titles here: .*unchanged and not fetched: 2 titles", fetch("later", "--since", later).out)
      assert.matches("--since nowhere: .*; give a day as 2026%-11%-30, or the folder of an earlier fetch",
        fetch("x", "--since", "nowhere").err)
    end)
  end)

  describe("with a recipe", function()
    local HEAD = [[
-- almanac-recipe: 1
return { name = "naming", summary = "names", version = "1.0.0", license = "MIT", effects = {}, %s
  save_as = function(title, representation, file, args) %s end }
]]

    local function naming(body, more) program.write(path "naming/recipe.lua", HEAD:format(more or "", body)) end

    it("names files by its rule, in plain folders with checksums or in a bag", function()
      at.start { { "a", "b" }, { "c" } }
      naming([[return ("%s/%s/%03d %s.%s"):format(title.record:get "245$a", representation.usage_type:lower(), file.number,
        file.stem, file.ext)]], [[reads = { "record" },]])
      local result = fetch("out", "--plain", "--recipe", "naming/recipe.lua")
      assert.equal(0, result.status, result.err)
      local names = {}
      for _, name in ipairs(below "out") do names[#names + 1] = name:match "^Title (.*)" end
      assert.same({ "1/preservation_master/001 a.tif", "1/preservation_master/002 b.tif", "2/preservation_master/001 c.tif" }, names)
      assert.is_true(is_there(("out/records/%s/record.xml"):format(desk.id(1))))
      assert.truthy(os.execute(("cd %s && sha256sum --quiet --check SHA256SUMS"):format(program.quote(path "out"))))
      assert.equal(0, fetch("bag", "--recipe", "naming/recipe.lua").status)
      valid "bag"
      assert.is_true(is_there "bag/data/Title 1/preservation_master/001 a.tif")
      naming "return file.name"
      assert.matches("the recipe of bag has changed since it was begun", fetch("bag", "--recipe", "naming/recipe.lua").err, 1, true)
    end)

    it("refuses names that lead out of the folder, collide, or are none, says which, and leaves out what it gives no name", function()
      at.start { { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" } }
      naming [[local names = { a = "../a.tif", b = "/tmp/b.tif", c = "x/c.tif", d = "X/C.TIF", e = "x", f = "x/./f.tif", g = "x//g.tif",
        h = ("n"):rep(300), i = "Records/i.tif", j = false }
        return names[file.stem] or nil]]
      local result = fetch("out", "--plain", "--recipe", "naming/recipe.lua")
      assert.equal(2, result.status)
      assert.matches("have no name that the folder can take: 8 files\n", result.err, 1, true)
      assert.matches("left out by the recipe: 1 file\n", result.out, 1, true)
      local missing = read "out/metadata/missing.csv"
      for _, words in ipairs { "'../a.tif': '..' in it leads out of the folder", "it begins with /",
        "'X/C.TIF' stands in the way of 'x/c.tif'", "'x' stands in the way of 'x/c.tif'", "'x/./f.tif': '.' in it leads out",
        "it has an empty part", "has 300 bytes; disks take 255",
        "that place is kept for the records" } do
        assert.matches(words, missing, 1, true)
      end
      assert.is_false(is_there "a.tif")
      assert.is_true(is_there "out/x/c.tif")
    end)

    it("refuses a recipe without the rule, and a plan with one that has nothing else", function()
      at.start { { "a" } }
      assert.matches("the recipe 'by-mms-id' names no files: it has no rule save_as", fetch("out", "--recipe", "by-mms-id").err, 1, true)
      naming "return file.name"
      assert.matches("only names files for `almanac fetch`, and plans nothing",
        at.almanac("plan", "naming/recipe.lua", "--titles", "titles.csv", "-o", "a.run").err, 1, true)
      naming "return nil + 1"
      local result = fetch("out", "--recipe", "naming/recipe.lua")
      assert.equal(2, result.status)
      assert.matches("rule save_as, for '" .. desk.id(1) .. ", a.tif'", result.err, 1, true)
    end)
  end)

  -- Another Alma takes the place of the first one.
  local function move(options)
    at.alma.stop()
    at.alma = rehearsal.start(options)
    for name, value in pairs(desk.environment(at.alma, at.folder)) do at.env[name] = value end
  end

  -- What a fetch brought of each file, as its name and checksum.
  local function sums(name)
    local list = {}
    local reader <close> = core.csv.parse(read(name .. "/metadata/files.csv"))
    reader:next()
    for cells in function() return reader:next() end do list[#list + 1] = cells[2] .. " " .. cells[4] .. " " .. cells[11] end
    table.sort(list)
    return list
  end

  it("brings what can be planned into a sandbox that has the same titles: list, records and files of a bag", function()
    at.start { { "a" }, { "c" } }
    assert.equal(0, at.plan("--rate=500").status)
    assert.equal(0, at.almanac("apply", "a.run", "--rate=500").status)
    assert.equal(0, fetch("bag", "--derivatives").status)
    move { titles = path "bag/metadata/marc.xml", args = { "--rate", "0" } }
    assert.equal(0, at.alma.state("?counts=1").counts.files)
    local plan = at.almanac("plan", "by-mms-id", "--titles", "bag/metadata/titles.csv", "--folder", "bag/data",
      "-o", "back.run", "--rate=500")
    assert.equal(0, plan.status, plan.out .. plan.err)
    assert.equal(0, at.almanac("apply", "back.run", "--rate=500").status)
    assert.equal(0, at.almanac("verify", "back.run", "--rate=500").status)
    assert.equal(0, fetch("again", "--derivatives").status)
    assert.equal(2, #sums "bag")
    assert.same(sums "bag", sums "again")
  end)

  it("brings what can be planned into the Alma of another institution: titles are made, once, with their files", function()
    local lines = { desk.HEADER .. "\n" }
    for i, row in ipairs { { 1, "a.tif" }, { 1, "b.tif" }, { 2, "c.tif" } } do
      lines[i + 1] = ("%s,Title %d,PRESERVATION_MASTER,%s,%d,12%09d04146,\n"):format(desk.id(row[1]), row[1], row[2], 1000 + i, row[1])
    end
    program.write(path "titles.csv", table.concat(lines))
    at.alma = rehearsal.start { titles = path "titles.csv", args = { "--rate", "0" } }
    at.env = desk.environment(at.alma, at.folder)
    assert.equal(0, fetch("bag", "--masters").status)
    move { args = { "--rate", "0", "--institution", "01OTHER_INST" } }
    local collection = at.alma.change { op = "add_collection", name = "From elsewhere" }.pid
    local function plan(run)
      return at.almanac("plan", "from-fetch", "--records", "bag/metadata/marc.xml", "--find", "other_system_id", "--folder", "bag/data",
        "--into", collection, "-o", run, "--rate=500")
    end
    local result = plan "in.run"
    assert.equal(0, result.status, result.out .. result.err)
    assert.matches("2 titles: 2 ready (3 files", result.out, 1, true)
    result = at.almanac("apply", "in.run", "--rate=500")
    assert.equal(0, result.status, result.out .. result.err)
    assert.equal(0, at.almanac("verify", "in.run", "--rate=500").status)
    local function new_ids()
      local ids = {}
      for _, bib in ipairs(at.alma.state().bibs) do
        if bib.title:find "^Title %d" then ids[#ids + 1] = bib.mms_id end
      end
      return ids
    end
    result = at.almanac("fetch", "--titles", table.concat(new_ids(), ","), "--to", "again", "--rate=500")
    assert.equal(0, result.status, result.err)
    assert.same(sums "bag", sums "again")
    assert.equal(3, #sums "again")
    assert.matches("2 titles: 0 ready", plan("second.run").out, 1, true)
    assert.equal(2, #new_ids())
  end)
end)
