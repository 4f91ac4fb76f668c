-- Bad files, odd names, titles that changed under way, a disk that is full:
-- each is told in words, and nothing is lost.
local core = require "almanac.core"
local program = require "support.program"
local tried = require "support.tried"

local id = tried.id

describe("bad files:", function()
  local trial

  after_each(function()
    if trial then trial.close() end
    trial = nil
  end)

  local function start(stems, ...)
    trial = tried.start(stems, { args = { ... } })
  end

  local function jpg(name, text) program.write(trial.folder .. "/jpg/" .. name, text) end

  -- Plans, expects a decision about title 1, and gives the reason.
  local function doubt()
    local result = trial.plan()
    assert.equal(2, result.status, result.out .. result.err)
    local row = trial.row(1)
    assert.equal("ask", row.state)
    return row.reason
  end

  it("a file that can't be used leaves its title to a person", function()
    start { "a", "b" }
    jpg("a.jpg", "")
    assert.matches("can't be used: a.jpg is empty %(0 bytes%)", doubt())
    jpg("a.jpg", "\x89PNG\r\n\x1A\n1234")
    assert.matches("can't be used: a.jpg is a PNG, not a JPEG", doubt())
    jpg("a.jpg", "hello world")
    assert.matches("can't be used: a.jpg is not a JPEG: it begins with the bytes 68 65", doubt())
    os.execute("cd " .. program.quote(trial.folder .. "/jpg") .. " && rm a.jpg && ln -s nowhere a.jpg")
    assert.matches("can't be used: a.jpg can't be read: a link that leads nowhere", doubt())
    assert.equal(2, trial.apply().status)
    assert.same({ [id(2)] = "b.jpg" }, trial.derivatives())
  end)

  it("two files with one key, and one file for two titles, are left to a person", function()
    start { "a", "b" }
    jpg("more/A.JPG", tried.JPEG)
    assert.matches("several files for one match key: 'a' has a.jpg, more/A.JPG", doubt())
    trial.close()
    start { "a", "a" }
    assert.matches("a file fits several titles: a.jpg fits " .. id(1) .. ", " .. id(2), doubt())
    assert.equal(2, trial.apply().status)
    assert.equal(0, trial.writes())
  end)

  it("a file that changed, or is gone, since the plan is not sent; the others are", function()
    start { "a", "b", "c" }
    trial.plan()
    jpg("a.jpg", tried.JPEG .. "and more")
    os.remove(trial.folder .. "/jpg/b.jpg")
    assert.equal(2, trial.apply().status)
    local first, second = trial.row(1), trial.row(2)
    assert.same({ "ask", "ask" }, { first.state, second.state })
    assert.matches("a.jpg changed on disk since the plan", first.reason)
    assert.matches("b.jpg", second.reason)
    assert.same({ [id(3)] = "c.jpg" }, trial.derivatives())
  end)

  -- Other bytes, of the same size and time.
  local function replace(name, text)
    local path = program.quote(trial.folder .. "/jpg/" .. name)
    os.execute(("cp -p %s %s.kept"):format(path, path))
    jpg(name, text)
    os.execute(("touch -r %s.kept %s"):format(path, path))
  end

  local ANOTHER = " is another file than the one that was planned, though of equal size and time"

  it("a file that another one took the place of since the plan, of equal size and time, is not sent", function()
    start { "a", "b", "c", "d", "e" }
    local long = tried.JPEG:sub(1, -3) .. ("x"):rep(9000)
    jpg("b.jpg", long .. "y\xFF\xD9")
    trial.plan()
    replace("a.jpg", tried.JPEG .. "A")
    replace("b.jpg", long .. "z\xFF\xD9")
    os.execute(("cd %s && mv c.jpg ../c.jpg && ln -s ../c.jpg c.jpg && ln -sf a.jpg.kept d.jpg && touch -h -r a.jpg.kept d.jpg")
      :format(program.quote(trial.folder .. "/jpg")))
    assert.equal(2, trial.apply().status)
    assert.equal("a.jpg" .. ANOTHER, trial.row(1).reason)
    assert.equal("b.jpg" .. ANOTHER, trial.row(2).reason)
    assert.matches("/jpg/c.jpg is a link that leads out of the folder", trial.row(3).reason, 1, true)
    assert.equal("ask", trial.row(4).state)
    assert.same({ [id(5)] = "e.jpg" }, trial.derivatives())
  end)

  local function decide(n)
    program.write(trial.folder .. "/decisions.csv", ("mms_id,decision,file\n%s,use,\n"):format(id(n)))
    return trial.run { "decide", "a.run", "decisions.csv" }
  end

  it("a file that another one took the place of is sent once a person has looked at it, and no link out of the folder", function()
    start { "a", "b" }
    trial.plan()
    replace("a.jpg", tried.JPEG .. "A")
    os.execute(("cd %s && mv b.jpg .. && ln -s ../b.jpg b.jpg"):format(program.quote(trial.folder .. "/jpg")))
    assert.equal(2, trial.apply().status)
    assert.equal(2, decide(1).status)   -- the other one is left
    assert.matches("b.jpg is a link that leads out of the folder", decide(2).err, 1, true)
    assert.equal(2, trial.apply().status)
    assert.same({ [id(1)] = "a.jpg" }, trial.derivatives())
  end)

  it("a run file of a version that did not look into files is shown, and goes on", function()
    start { "a" }
    trial.plan()
    do
      local db <close> = assert(core.runfile.open(trial.folder .. "/a.run", { mode = "write", kind = "run",
        version = require("almanac.run.migration").TO }))
      assert(db:exec "ALTER TABLE file DROP COLUMN mark")
      for _, tab in ipairs { "title", "file" } do
        assert(db:exec(("ALTER TABLE %s ADD COLUMN reason TEXT; ALTER TABLE %s DROP COLUMN reason_code;" ..
          "ALTER TABLE %s DROP COLUMN reason_data")
          :format(tab, tab, tab)))
      end
      assert(db:exec "PRAGMA user_version=3")
    end
    assert.equal(0, trial.run { "show", "a.run", id(1) }.status)
    replace("a.jpg", tried.JPEG .. "A")
    assert.equal(0, trial.apply().status)
    assert.same({ [id(1)] = "a.jpg" }, trial.derivatives())
  end)

  it("files that can't be read fail their titles, however many: the run goes on", function()
    local stems = {}
    for i = 1, 15 do stems[i] = "s" .. i end
    start(stems)
    trial.plan()
    local folder = program.quote(trial.folder .. "/jpg")
    for i = 1, 14 do   -- a link to itself: neither there nor absent
      os.execute(("cd %s && mv s%d.jpg kept%d && ln -s s%d.jpg s%d.jpg"):format(folder, i, i, i, i))
    end
    local result = trial.apply()
    assert.equal(2, result.status, result.out .. result.err)
    assert.equal("failed", trial.row(1).state)
    assert.matches("s1.jpg", trial.row(1).reason)
    assert.same({ [id(15)] = "s15.jpg" }, trial.derivatives())
    for i = 1, 14 do os.execute(("cd %s && mv kept%d s%d.jpg"):format(folder, i, i)) end
    assert.equal(0, trial.apply().status)
  end)

  it("a folder that is gone as a whole stops the run, and decides nothing", function()
    start { "a", "b" }
    trial.plan()
    local folder = program.quote(trial.folder .. "/jpg")
    os.execute(("mv %s %s.away"):format(folder, folder))
    local result = trial.apply()
    assert.equal(75, result.status, result.out .. result.err)
    assert.matches("jpg is not there: is its disk or network share connected", result.err)
    os.execute(("mv %s.away %s"):format(folder, folder))
    assert.equal(0, trial.apply().status)
    assert.same({ [id(1)] = "a.jpg", [id(2)] = "b.jpg" }, trial.derivatives())
  end)

  describe("a folder that is", function()
    -- The sanitizers are for almanac: cp has leaks of its own.
    local function shell(line) assert(os.execute(("cd %s && %s"):format(program.quote(trial.folder), line))) end

    before_each(function()
      start { "a", "b" }
      trial.plan()
    end)

    -- The run stops with nothing decided, and the same command goes on once `back` was done.
    local function assert_waits(back)
      local result = trial.apply()
      assert.equal(75, result.status, result.out .. result.err)
      assert.matches("jpg is there, but not as it was planned with: none of the plan's files is in it", result.err)
      assert.matches("2 to do, 0 to decide, 0 failed", result.out)
      shell(back)
      assert.equal(0, trial.apply().status)
      assert.same({ [id(1)] = "a.jpg", [id(2)] = "b.jpg" }, trial.derivatives())
    end

    it("only the mount point of a share stops the run, and decides nothing", function()
      shell "mv jpg away && mkdir jpg"
      assert_waits "rmdir jpg && mv away jpg"
    end)

    it("another one stops the run, and decides nothing", function()
      shell "mv jpg away && mkdir jpg && echo other >jpg/a.jpg && echo more >jpg/b.jpg"
      assert_waits "rm -r jpg && mv away jpg"
    end)

    it("a mount point in which somebody put a few of the files stops the run, and decides nothing", function()
      trial.alma.stop()
      local names = {}
      for i = 1, 12 do names[i] = "n" .. i end
      start(names)
      os.remove(trial.folder .. "/a.run")
      trial.plan()
      shell "mv jpg away && mkdir jpg && cp -p away/n1.jpg away/n7.jpg jpg"
      local result = trial.apply()
      assert.equal(75, result.status, result.out .. result.err)
      assert.matches("jpg is there, but not as it was planned with: of 8 of the plan's files that were looked for %d %l+ in it", result.err)
      assert.matches(", 0 to decide, 0 failed", result.out)
      shell "rm -r jpg && mv away jpg"
      assert.equal(0, trial.apply().status)
    end)

    it("another one of the same files is the planned one, and what is missing in it is to decide", function()
      shell "cp -pr jpg again && rm -r jpg && mv again jpg && rm jpg/b.jpg"
      local result = trial.apply()
      assert.equal(2, result.status, result.out .. result.err)
      assert.same({ [id(1)] = "a.jpg" }, trial.derivatives())
      assert.equal("ask", trial.row(2).state)
    end)

    it("the same one is to decide about, though nothing is left in it", function()
      shell "rm jpg/*"
      assert.equal(2, trial.apply().status)
      assert.same({ "ask", "ask" }, { trial.row(1).state, trial.row(2).state })
    end)
  end)

  it("a file that was changed in its middle alone is found by what was sent before", function()
    start { "a" }
    local function with(middle) return tried.JPEG:sub(1, -3) .. ("x"):rep(9000) .. middle .. ("x"):rep(9000) .. "\xFF\xD9" end
    jpg("a.jpg", with "1")
    trial.plan()
    trial.alma.change { op = "faults", spec = "POST representations=1:500" }
    trial.apply()
    trial.alma.change { op = "faults", spec = "" }
    replace("a.jpg", with "2")
    for _, object in ipairs(trial.alma.state().objects) do trial.alma.s3("DELETE", object.key) end
    local result = trial.apply()
    assert.equal(2, result.status, result.out .. result.err)
    assert.matches("a.jpg is another file since it was read before, of the same size and time", trial.row(1).reason)
    assert.same({}, trial.derivatives())
  end)

  describe("a title", function()
    it("that was deleted since the plan is told; the others are done", function()
      start { "a", "b" }
      trial.plan()
      trial.alma.change { op = "delete_bib", mms_id = id(1) }
      assert.equal(0, trial.apply().status)
      assert.matches("Alma no longer has this title", trial.row(1).reason)
      assert.same({ [id(2)] = "b.jpg" }, trial.derivatives())
    end)

    it("that somebody gave a JPG since the plan gets no second one", function()
      start { "a", "b" }
      trial.plan()
      trial.alma.change { op = "add_representation", mms_id = id(1), usage_type = "DERIVATIVE_COPY", file_name = "theirs.jpg" }
      assert.equal(2, trial.apply().status)
      assert.matches("since the plan somebody added a representation", trial.row(1).reason)
      assert.same({ [id(1)] = "theirs.jpg", [id(2)] = "b.jpg" }, trial.derivatives())
    end)

    it("in no collection says so, and is done once --collection is given", function()
      start { "a", collection = "none" }
      trial.plan()
      assert.equal(2, trial.apply().status)
      assert.matches("in no collection.*%-%-collection ID", trial.row(1).reason)
      trial.plan { "--folder", "jpg", "--titles", "titles.csv", "--collection", trial.alma.state().collections[1].pid }
      assert.equal(0, trial.apply().status)
      assert.same({ [id(1)] = "a.jpg" }, trial.derivatives())
    end)
  end)

  describe("names", function()
    local ODD = { "with space", " lead", "trail ", "o'quote", 'double"quote', "plus+eq=col:on", "(par) & #hash", "100% sure",
      "%41%zz", "comma, semi;", "back`tick$~!*?[x]{y}|<z>", "-dash", "a..b", ("a"):rep(251), ("é"):rep(125),
      "caf\u{E9}", "fe\u{302}te", "emoji\u{1F600}" }

    -- Every file arrives under its name, in NFC, and reads back as planned.
    local function all_arrive(env)
      local result = trial.plan(nil, env)
      assert.equal(0, result.status, result.out .. result.err)
      result = trial.apply(env)
      assert.equal(0, result.status, result.out .. result.err)
      result = trial.run({ "verify", "a.run", "--rate", "500" }, env)
      assert.equal(0, result.status, result.out .. result.err)
      local expected = {}
      for i, stem in ipairs(ODD) do expected[id(i)] = core.text.nfc(stem) .. ".jpg" end
      assert.same(expected, trial.derivatives())
      assert.equal(#ODD, trial.report().files.attached)
    end

    it("of every kind are sent through the upload form and attached", function()
      start(ODD)
      all_arrive()
    end)

    it("of every kind are sent with AWS keys and attached", function()
      start(ODD)
      all_arrive { AWS_ACCESS_KEY_ID = trial.alma.access_key, AWS_SECRET_ACCESS_KEY = trial.alma.secret_key }
    end)

    it("in the other accent form in Alma than on disk are the same", function()
      start { "caf\u{E9}" }
      os.rename(trial.folder .. "/jpg/caf\u{E9}.jpg", trial.folder .. "/jpg/cafe\u{301}.jpg")
      assert.equal(0, trial.plan().status)
      assert.equal(0, trial.apply().status)
      assert.same({ [id(1)] = "caf\u{E9}.jpg" }, trial.derivatives())
    end)

    it("below a path of 2,000 bytes are sent", function()
      start { "a" }
      local deep = ("/" .. ("d"):rep(249)):rep(8)
      local jpgs = program.quote(trial.folder .. "/jpg")
      os.execute(("mkdir -p %s%s && mv %s/a.jpg %s%s"):format(jpgs, deep, jpgs, jpgs, deep))
      assert.equal(0, trial.plan().status)
      assert.equal(0, trial.apply().status)
      assert.same({ [id(1)] = "a.jpg" }, trial.derivatives())
    end)

    it("that are not UTF-8, or hold control characters, are told and not sent", function()
      start { "a" }
      jpg("caf\xE9.jpg", tried.JPEG)
      jpg("line\nbreak.jpg", tried.JPEG)
      assert.equal(0, trial.plan().status)
      local result = trial.run { "show", "a.run" }
      assert.matches("caf%%E9.jpg: ", result.out)
      assert.matches("line%%0Abreak.jpg: ", result.out)
      assert.equal(0, trial.apply().status)
    end)
  end)

  describe("a full disk", function()
    local disk

    -- A small disk of its own, where that is allowed.
    local function mount(size)
      disk = program.folder()
      if os.execute(("mount -t tmpfs -o size=%s almanac-spec %s 2>/dev/null"):format(size, disk)) then return true end
      pending "mount is not permitted here"
    end

    after_each(function()
      if disk then os.execute(("umount %s 2>/dev/null; rmdir %s"):format(disk, disk)) end
      disk = nil
    end)

    local function fill() os.execute(("cat /dev/zero >%s/filler 2>/dev/null"):format(disk)) end

    local function plan()
      return trial.run { "plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv",
        "-o", disk .. "/a.run", "--rate", "500" }
    end

    it("ends a plan in clear words; with space it is made", function()
      start { "a", "b" }
      if not mount "16m" then return end
      fill()
      tried.refused(plan(), "a.run.*disk is full")
      assert.is_nil(core.files.stat(disk .. "/a.run"))
      os.remove(disk .. "/filler")
      assert.equal(0, plan().status)
    end)

    it("stops an apply under way; with space it goes on and nothing is made twice", function()
      local stems = {}
      for i = 1, 40 do stems[i] = "s" .. i end
      start(stems, "--latency", "0.02,file=0.6")
      if not mount "16m" then return end
      assert.equal(0, plan().status)
      local quote = program.quote
      os.execute(("cd %s && { ALMANAC_API_URL=%s ALMA_API_KEY=%s timeout 100 %s apply %s/a.run --settle 0.2 " ..
        "--rate 500 >stopped.out 2>&1; echo $? >stopped.status; } &"):format(quote(trial.folder),
        trial.alma.url, tried.KEY, quote(program.path()), disk))
      repeat core.sys.sleep(0.01) until next(trial.derivatives())
      fill()
      repeat core.sys.sleep(0.05) until (core.files.read(trial.folder .. "/stopped.status") or ""):find "\n"
      assert.equal("75\n", program.read(trial.folder .. "/stopped.status"))
      assert.matches("the run file can't be written: .*disk is full", program.read(trial.folder .. "/stopped.out"))
      tried.refused(trial.run { "apply", disk .. "/a.run" }, "make room")
      os.remove(disk .. "/filler")
      local result = trial.run { "apply", disk .. "/a.run", "--settle", "0.2", "--rate", "500" }
      assert.equal(0, result.status, result.out .. result.err)
      local expected = {}
      for i, stem in ipairs(stems) do expected[id(i)] = stem .. ".jpg" end
      assert.same(expected, trial.derivatives())
    end)
  end)
end)
