-- The main job with the built program, against the rehearsal.
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"
local store = require "almanac.run.store"

describe("apply", function()
  local at = desk.each(before_each, after_each)

  local function almanac(...)
    local arguments = { ... }
    if arguments[1] ~= "report" then table.insert(arguments, "--rate=500") end
    return at.almanac(table.unpack(arguments))
  end

  local function plan(...)
    local result = at.plan("--rate=500", ...)
    assert.equal(0, result.status, result.err .. result.out)
    return result
  end

  local function report()
    return json.decode(almanac("report", "a.run", "--format", "json").out)
  end

  -- label -> list of file names in order, of every derivative in the rehearsal
  local function derivatives()
    local made = {}
    for _, rep in ipairs(at.alma.state().representations) do
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
    for route, count in pairs(at.alma.calls().routes) do
      if route:find "^POST" and not route:find "test" then n = n + count end
    end
    return n
  end

  it("attaches every planned file once, in page order, to one new representation a title", function()
    at.start { { "a" }, { "book_1", "book_2", "book_10" } }
    plan()
    local result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    assert.same({ ["9900000000104146"] = { "a.jpg" }, ["9900000000204146"] = { "book_1.jpg book_2.jpg book_10.jpg" } },
      derivatives())
    local head = report()
    assert.same({ ready = 0, ask = 0, skip = 0, done = 2, failed = 0 }, head.titles)
    assert.same({ planned = 4, attached = 4, thumbnails = 0, unmatched = 0 }, head.files)
  end)

  it("does nothing more when it is called again", function()
    at.start { { "a" }, { "b" } }
    plan()
    almanac("apply", "a.run")
    local before = posts()
    assert.equal(0, almanac("apply", "a.run").status)
    assert.equal(before, posts())
  end)

  it("spends at most four calls on a one-page title", function()
    at.start { { "a" }, { "b" }, { "c" }, { "d" }, { "e" } }
    plan()
    local function titles_calls()
      local n = 0
      for route, count in pairs(at.alma.calls().routes) do
        if route:find "/bibs/" and not route:find "test" then n = n + count end
      end
      return n
    end
    local before = titles_calls()
    almanac("apply", "a.run")
    assert.is_true(titles_calls() - before <= 20)
  end)

  it("stops at --limit and goes on afterwards", function()
    at.start { { "a" }, { "b" }, { "c" } }
    plan()
    almanac("apply", "a.run", "--limit", "2")
    assert.equal(2, report().titles.done)
    almanac("apply", "a.run")
    assert.equal(3, report().titles.done)
  end)

  it("asks when somebody gave the title something since the plan", function()
    at.start { { "a" }, { "b" } }
    plan()
    at.alma.change { op = "add_representation", mms_id = "9900000000104146", usage_type = "DERIVATIVE_COPY",
      label = "Mine", file_name = "mine.jpg" }
    local result = almanac("apply", "a.run")
    assert.equal(2, result.status)
    local head = report()
    assert.same({ 1, 1 }, { head.titles.ask, head.titles.done })
    assert.matches("somebody added a representation", head.rows[1].reason)
  end)

  it("goes on with what a person decided about such a title, and only with that", function()
    at.start { { "a" }, { "b" } }
    plan()
    for i = 1, 2 do
      at.alma.change { op = "add_representation", mms_id = ("99%09d04146"):format(i), usage_type = "AUXILIARY",
        label = "Mine", file_name = "mine.txt" }
    end
    assert.equal(2, almanac("apply", "a.run").status)
    program.write(at.folder .. "/jpg/b.jpg", desk.JPEG .. "touched since")
    program.write(at.folder .. "/decisions.csv", "mms_id,decision,file\n9900000000104146,use,\n9900000000204146,use,\n")
    local decided = program.run({ "decide", "a.run", "decisions.csv" }, { folder = at.folder })
    assert.equal(0, decided.status, decided.err)
    at.alma.change { op = "add_representation", mms_id = "9900000000204146", usage_type = "AUXILIARY", label = "Again" }
    assert.equal(2, almanac("apply", "a.run").status)
    local result = report()
    assert.equal("attached", result.rows[1].state)
    assert.equal("ask", result.rows[2].state)
    assert.matches("Again", result.rows[2].reason)
    assert.same({ "a.jpg" }, derivatives()["9900000000104146"])
  end)

  it("settles a title that was deleted since the plan, and does the others", function()
    at.start { { "a" }, { "b" } }
    plan()
    at.alma.change { op = "delete_bib", mms_id = "9900000000104146" }
    assert.equal(0, almanac("apply", "a.run").status)
    local head = report()
    assert.same({ 1, 1, 0 }, { head.titles.gone, head.titles.done, head.titles.failed })
    assert.matches("no longer has this title", head.rows[1].reason)
  end)

  it("asks when a file changed on disk since the plan", function()
    at.start { { "a" } }
    plan()
    program.write(at.folder .. "/jpg/a.jpg", desk.JPEG .. "other words")
    assert.equal(2, almanac("apply", "a.run").status)
    assert.matches("changed on disk", report().rows[1].reason)
    assert.same({}, derivatives())
  end)

  it("says that a title is in no collection", function()
    at.start { { "a", collection = "none" } }
    plan()
    assert.equal(2, almanac("apply", "a.run").status)
    local row = report().rows[1]
    assert.equal("failed", row.state)
    assert.matches("collection", row.reason)
  end)

  it("adds it to the collection that the plan names", function()
    at.start { { "a", collection = "none" } }
    local pid = at.alma.state().collections[1].pid
    plan("--collection", pid)
    local result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    assert.same({ ["9900000000104146"] = { "a.jpg" } }, derivatives())
  end)

  it("names a collection whose list does not add up, once, and adds to it all the same", function()
    local titles = {}
    for i = 1, 14 do titles[i] = { "c" .. i, collection = "8100000000004146" } end
    for i = 15, 16 do titles[i] = { "c" .. i, collection = "8199900000004146" } end
    at.start(titles, "--lists", "page=10,short=1")
    plan("--collection", "8100000000004146")
    local result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    local text = almanac("report", "a.run").out
    assert.matches("\nProblems\n    GET /bibs/collections/8100000000004146/bibs[^\n]*: undo takes out only titles of which Alma said " ..
      "that they were put in\n$", text)
    local function members() return at.alma.call("GET", "/bibs/collections/8100000000004146/bibs").data.total_record_count end
    assert.equal(16, members())
    assert.equal(0, almanac("undo", "a.run", "--yes").status)
    assert.equal(14, members())
  end)

  -- A person looked into Alma and lets each doubtful title go on.
  local function decide_all()
    local lines = { "mms_id,decision,file\n" }
    for _, row in ipairs(report().rows) do
      if row.state == "ask" then lines[#lines + 1] = row.mms_id .. ",use,\n" end
    end
    program.write(at.folder .. "/decisions.csv", table.concat(lines))
    assert.equal(0, program.run({ "decide", "a.run", "decisions.csv" }, { folder = at.folder }).status)
  end

  it("makes nothing twice when answers are lost, cut or failed after the write", function()
    local titles = {}
    for i = 1, 12 do titles[i] = { "t" .. i .. "_1", "t" .. i .. "_2" } end
    at.start(titles, "--seed", "7", "--faults",
      "POST representations=0.3:lost,POST files=0.3:500after,POST files=0.1:cut,GET=0.05:500,POST files=0.1:reset")
    plan()
    for _ = 1, 6 do
      almanac("apply", "a.run", "--settle", "0.2")
      decide_all()
    end
    local made = derivatives()
    for i = 1, 12 do
      assert.same({ ("t%d_1.jpg t%d_2.jpg"):format(i, i) }, made[("99%09d04146"):format(i)])
    end
    assert.equal(12, report().titles.done)
  end)

  it("goes on after a kill without doing anything twice", function()
    local titles = {}
    for i = 1, 8 do titles[i] = { "k" .. i } end
    at.start(titles, "--latency", "0.05,file=0.3")
    plan()
    os.execute(("cd %s && ALMANAC_API_URL=%s ALMA_API_KEY=%s timeout --foreground -s KILL 0.45 %s apply a.run -q >/dev/null 2>&1"):format(
      program.quote(at.folder), at.alma.url, at.alma.key, program.quote(program.path())))
    local result = almanac("apply", "a.run", "--settle", "0.5")
    assert.equal(0, result.status, result.err)
    local made = derivatives()
    for i = 1, 8 do assert.same({ "k" .. i .. ".jpg" }, made[("99%09d04146"):format(i)]) end
  end)

  it("refuses a read-only key before the first write", function()
    at.start { { "a" } }
    plan()
    at.env.ALMA_API_KEY = "rehearsal-read-only"
    local result = almanac("apply", "a.run")
    assert.equal(1, result.status)
    assert.matches("Bibs", result.err)
    assert.same({}, derivatives())
  end)

  it("refuses a plan that was made elsewhere", function()
    at.start { { "a" } }
    plan()
    local db = assert(store.open(at.folder .. "/a.run", "write"))
    db:run "UPDATE meta SET value = '01OTHER_INST' WHERE key = 'institution'"
    db:close()
    local result = almanac("apply", "a.run")
    assert.equal(1, result.status)
    assert.matches("01OTHER_INST", result.err)
  end)

  it("tells a second process which one holds the run", function()
    at.start { { "a" } }
    plan()
    local core = require "almanac.core"
    local db = assert(store.open(at.folder .. "/a.run", "write"))
    local result = almanac("apply", "a.run")
    db:close()
    assert.equal(1, result.status)
    assert.matches("in use", result.err)
    assert.matches(tostring(core.sys.pid()), result.err)
  end)

  describe("then report", function()
    it("keeps the shape that others read", function()
      at.start { { "a" } }
      plan()
      almanac("apply", "a.run")
      local result = report()
      local row = result.rows[1]
      assert.equal(64, #result.recipe.sha256)
      assert.equal("jpg-derivatives", result.recipe.name)
      assert.is_string(result.institution)
      assert.is_number(result.calls.GET)
      assert.is_number(result.calls.POST)
      assert.equal(#desk.JPEG + 1, result.bytes)
      assert.same({ "9900000000104146", "Title 1", "attached" }, { row.mms_id, row.title, row.state })
      assert.is_string(row.representation_id)
      local file = row.files[1]
      assert.same({ "a.jpg", "a.jpg", #desk.JPEG + 1 }, { file.path, file.name, file.size })
      assert.equal(64, #file.sha256)
      assert.is_string(file.pid)
    end)

    it("keeps ids as text in CSV", function()
      at.start { { "a" } }
      plan()
      almanac("apply", "a.run")
      local out = almanac("report", "a.run", "--format", "csv").out
      assert.matches("\n'9900000000104146,Title 1,attached,", out)
    end)
  end)
end)
