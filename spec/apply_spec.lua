-- The main job with the built program, against the rehearsal.
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local JPEG = "\xFF\xD8\xFF\xE0almanac "

-- A collection: titles with a TIFF of each stem, a folder with a JPG for each.
local function collection(folder, titles)
  local csv = { "mms_id,title,usage_type,file_name,size,representation_id,collection" }
  for i, title in ipairs(titles) do
    title.mms_id = ("99%09d04146"):format(i)
    for _, stem in ipairs(title) do
      csv[#csv + 1] = ("%s,Title %d,PRESERVATION_MASTER,%s.tif,1000,12%09d04146,%s"):format(title.mms_id, i, stem,
        i, title.collection or "")
      program.write(("%s/jpg/%s.jpg"):format(folder, stem), JPEG .. stem)
    end
  end
  program.write(folder .. "/titles.csv", table.concat(csv, "\n") .. "\n")
  return folder .. "/titles.csv"
end

describe("apply", function()
  local folder, alma

  before_each(function() folder = program.folder() end)
  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local function start(titles, ...)
    local csv = collection(folder, titles)
    alma = rehearsal.start { titles = csv, args = { "--rate", "0", ... } }
  end

  local function almanac(...)
    local arguments = { ... }
    if arguments[1] ~= "report" then table.insert(arguments, "--rate=500") end
    return program.run(arguments, { folder = folder, env = {
      HOME = folder, XDG_CONFIG_HOME = false, AWS_PROFILE = false, AWS_ACCESS_KEY_ID = false,
      ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key,
    } })
  end

  local function plan(...)
    local result = almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run", ...)
    assert.equal(0, result.status, result.err .. result.out)
    return result
  end

  local function report()
    return json.decode(almanac("report", "a.run", "--format", "json").out)
  end

  -- label -> list of file names in order, of every derivative in the rehearsal
  local function derivatives()
    local made = {}
    for _, rep in ipairs(alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then
        local names = {}
        for i, file in ipairs(rep.files) do names[i] = file.path:match "[^/]+$" end
        made[rep.mms_id] = made[rep.mms_id] or {}
        table.insert(made[rep.mms_id], table.concat(names, " "))
      end
    end
    return made
  end

  local function posts()
    local n = 0
    for route, count in pairs(alma.calls().routes) do
      if route:find "^POST" and not route:find "test" then n = n + count end
    end
    return n
  end

  it("attaches every planned file once, in page order, to one new representation a title", function()
    start { { "a" }, { "book_1", "book_2", "book_10" } }
    plan()
    local result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    assert.same({ ["9900000000104146"] = { "a.jpg" }, ["9900000000204146"] = { "book_1.jpg book_2.jpg book_10.jpg" } },
      derivatives())
    local head = report()
    assert.same({ ready = 0, ask = 0, skip = 0, done = 2, failed = 0 }, head.titles)
    assert.same({ planned = 4, attached = 4, unmatched = 0 }, head.files)
  end)

  it("does nothing more when it is called again", function()
    start { { "a" }, { "b" } }
    plan()
    almanac("apply", "a.run")
    local before = posts()
    assert.equal(0, almanac("apply", "a.run").status)
    assert.equal(before, posts())
  end)

  it("spends at most four calls on a one-page title", function()
    start { { "a" }, { "b" }, { "c" }, { "d" }, { "e" } }
    plan()
    local function titles_calls()
      local n = 0
      for route, count in pairs(alma.calls().routes) do
        if route:find "/bibs/" and not route:find "test" then n = n + count end
      end
      return n
    end
    local before = titles_calls()
    almanac("apply", "a.run")
    assert.is_true(titles_calls() - before <= 20)
  end)

  it("stops at --limit and goes on afterwards", function()
    start { { "a" }, { "b" }, { "c" } }
    plan()
    almanac("apply", "a.run", "--limit", "2")
    assert.equal(2, report().titles.done)
    almanac("apply", "a.run")
    assert.equal(3, report().titles.done)
  end)

  it("asks when somebody gave the title something since the plan", function()
    start { { "a" }, { "b" } }
    plan()
    alma.change { op = "add_representation", mms_id = "9900000000104146", usage_type = "DERIVATIVE_COPY",
      label = "Mine", file_name = "mine.jpg" }
    local result = almanac("apply", "a.run")
    assert.equal(2, result.status)
    local head = report()
    assert.same({ 1, 1 }, { head.titles.ask, head.titles.done })
    assert.matches("somebody added a representation", head.rows[1].reason)
  end)

  it("goes on with what a person decided about such a title, and only with that", function()
    start { { "a" }, { "b" } }
    plan()
    for i = 1, 2 do
      alma.change { op = "add_representation", mms_id = ("99%09d04146"):format(i), usage_type = "AUXILIARY",
        label = "Mine", file_name = "mine.txt" }
    end
    program.write(folder .. "/jpg/b.jpg", JPEG .. "touched since")
    assert.equal(2, almanac("apply", "a.run").status)
    program.write(folder .. "/decisions.csv", "mms_id,decision,file\n9900000000104146,use,\n9900000000204146,use,\n")
    local decided = program.run({ "decide", "a.run", "decisions.csv" }, { folder = folder })
    assert.equal(0, decided.status, decided.err)
    alma.change { op = "add_representation", mms_id = "9900000000204146", usage_type = "AUXILIARY", label = "Again" }
    assert.equal(2, almanac("apply", "a.run").status)
    local result = report()
    assert.equal("attached", result.rows[1].state)
    assert.equal("ask", result.rows[2].state)
    assert.matches("Again", result.rows[2].reason)
    assert.same({ "a.jpg" }, derivatives()["9900000000104146"])
  end)

  it("fails a title that was deleted since the plan, and does the others", function()
    start { { "a" }, { "b" } }
    plan()
    alma.change { op = "delete_bib", mms_id = "9900000000104146" }
    assert.equal(2, almanac("apply", "a.run").status)
    local head = report()
    assert.same({ 1, 1 }, { head.titles.failed, head.titles.done })
    assert.matches("no longer has this title", head.rows[1].reason)
  end)

  it("asks when a file changed on disk since the plan", function()
    start { { "a" } }
    plan()
    program.write(folder .. "/jpg/a.jpg", JPEG .. "other words")
    assert.equal(2, almanac("apply", "a.run").status)
    assert.matches("changed on disk", report().rows[1].reason)
    assert.same({}, derivatives())
  end)

  it("says that a title is in no collection", function()
    start { { "a", collection = "none" } }
    plan()
    assert.equal(2, almanac("apply", "a.run").status)
    local row = report().rows[1]
    assert.equal("failed", row.state)
    assert.matches("collection", row.reason)
  end)

  it("adds it to the collection that the plan names", function()
    start { { "a", collection = "none" } }
    local pid = alma.state().collections[1].pid
    plan("--collection", pid)
    local result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    assert.same({ ["9900000000104146"] = { "a.jpg" } }, derivatives())
  end)

  it("makes nothing twice when answers are lost, cut or failed after the write", function()
    local titles = {}
    for i = 1, 12 do titles[i] = { "t" .. i .. "_1", "t" .. i .. "_2" } end
    start(titles, "--seed", "7", "--faults",
      "POST representations=0.3:lost,POST files=0.3:500after,POST files=0.1:cut,GET=0.05:500,POST files=0.1:reset")
    plan()
    for _ = 1, 4 do almanac("apply", "a.run", "--settle", "0.2") end
    local made = derivatives()
    for i = 1, 12 do
      assert.same({ ("t%d_1.jpg t%d_2.jpg"):format(i, i) }, made[("99%09d04146"):format(i)])
    end
    assert.equal(12, report().titles.done)
  end)

  it("goes on after a kill without doing anything twice", function()
    local titles = {}
    for i = 1, 8 do titles[i] = { "k" .. i } end
    start(titles, "--latency", "0.05,file=0.3")
    plan()
    os.execute(("cd %s && ALMANAC_API_URL=%s ALMA_API_KEY=%s timeout --foreground -s KILL 0.45 %s apply a.run -q >/dev/null 2>&1"):format(
      program.quote(folder), alma.url, alma.key, program.quote(program.path())))
    local result = almanac("apply", "a.run", "--settle", "0.5")
    assert.equal(0, result.status, result.err)
    local made = derivatives()
    for i = 1, 8 do assert.same({ "k" .. i .. ".jpg" }, made[("99%09d04146"):format(i)]) end
  end)

  it("refuses a read-only key before the first write", function()
    start { { "a" } }
    plan()
    alma.key = "rehearsal-read-only"
    local result = almanac("apply", "a.run")
    assert.equal(1, result.status)
    assert.matches("Bibs", result.err)
    assert.same({}, derivatives())
  end)

  it("refuses a plan that was made elsewhere", function()
    start { { "a" } }
    plan()
    local core = require "almanac.core"
    local db = assert(core.runfile.open(folder .. "/a.run", { mode = "write", kind = "run", version = 1, schema = "" }))
    db:run "UPDATE meta SET value = '01OTHER_INST' WHERE key = 'institution'"
    db:close()
    local result = almanac("apply", "a.run")
    assert.equal(1, result.status)
    assert.matches("01OTHER_INST", result.err)
  end)

  it("tells a second process which one holds the run", function()
    start { { "a" } }
    plan()
    local core = require "almanac.core"
    local db = assert(core.runfile.open(folder .. "/a.run", { mode = "write", kind = "run", version = 1, schema = "" }))
    local result = almanac("apply", "a.run")
    db:close()
    assert.equal(1, result.status)
    assert.matches("in use", result.err)
    assert.matches(tostring(core.sys.pid()), result.err)
  end)

  describe("then verify", function()
    it("finds all as planned", function()
      start { { "a" }, { "b_1", "b_2" } }
      plan()
      almanac("apply", "a.run")
      local result = almanac("verify", "a.run")
      assert.equal(0, result.status, result.err)
      assert.matches("verified 2 titles; 0 differ", result.out)
      assert.equal("verified", report().rows[1].state)
    end)

    it("finds a doubled representation", function()
      start { { "a" } }
      plan()
      almanac("apply", "a.run")
      alma.change { op = "add_representation", mms_id = "9900000000104146", usage_type = "DERIVATIVE_COPY",
        label = "JPG" }
      local result = almanac("verify", "a.run")
      assert.equal(2, result.status)
      assert.matches("second such representation", report().rows[1].reason)
    end)

    it("says what differs", function()
      start { { "a" }, { "b_1", "b_2" } }
      plan()
      almanac("apply", "a.run")
      local row = report().rows[2]
      alma.change { op = "delete_file", pid = row.files[1].pid }
      local result = almanac("verify", "a.run")
      assert.equal(2, result.status)
      row = report().rows[2]
      assert.matches("page 1", row.reason)
      assert.equal(1, report().titles.failed)
    end)
  end)

  describe("then report", function()
    it("keeps the shape that others read", function()
      start { { "a" } }
      plan()
      almanac("apply", "a.run")
      local result = report()
      local row = result.rows[1]
      assert.equal(64, #result.recipe.sha256)
      assert.equal("jpg-derivatives", result.recipe.name)
      assert.is_string(result.institution)
      assert.is_number(result.calls.GET)
      assert.is_number(result.calls.POST)
      assert.equal(#JPEG + 1, result.bytes)
      assert.same({ "9900000000104146", "Title 1", "attached" }, { row.mms_id, row.title, row.state })
      assert.is_string(row.representation_id)
      local file = row.files[1]
      assert.same({ "a.jpg", "a.jpg", #JPEG + 1 }, { file.path, file.name, file.size })
      assert.equal(64, #file.sha256)
      assert.is_string(file.pid)
    end)

    it("keeps ids as text in CSV", function()
      start { { "a" } }
      plan()
      almanac("apply", "a.run")
      local out = almanac("report", "a.run", "--format", "csv").out
      assert.matches("\n'9900000000104146,Title 1,attached,", out)
    end)
  end)
end)
