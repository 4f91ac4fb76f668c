local json = require "almanac.json"
local matching = require "support.matching"
local program = require "support.program"
local store = require "almanac.run.store"

local JPEG, id = matching.JPEG, matching.id

describe("show", function()
  local run

  before_each(function()
    run = assert(matching.match {
      files = { ["x/p1.jpg"] = JPEG, ["x/p10.jpg"] = JPEG, ["x/p2.jpg"] = JPEG, ["a.jpg"] = JPEG, ["b/a.jpg"] = JPEG,
        ["empty.jpg"] = "", ["notes.txt"] = "hello", ["stray.jpg"] = JPEG },
      titles = { { "p1.tif", "p2.tif", "p10.tif", title = "Letters" }, { "a.tif" }, { "empty.tif" }, { "none.tif" } },
    })
    run.db:close()
  end)
  after_each(function() run.close() end)

  local function show(...)
    return program.run({ "show", "a.run", ... }, { folder = run.folder })
  end

  local function shows(lines, ...)
    local result = show(...)
    assert.equal(0, result.status, result.err)
    for _, line in ipairs(lines) do
      assert.is_true(result.out:find(line, 1, true) ~= nil, ("%s is not in\n%s"):format(line, result.out))
    end
  end

  it("gives the plan in numbers and words", function()
    shows {
      "4 titles: 1 ready (3 files, 61 bytes), 2 to decide, 1 skipped",
      "1  several files for one match key", "1  a file can't be used", "1  no file", "Files without a title: 5",
      "stray.jpg: no title answers to its match key 'stray'", "Carrying it out takes about 6 calls", "almanac apply a.run",
    }
  end)

  it("tells of a title the rule, the keys, the candidates and what is planned", function()
    shows({ id(1) .. "  Letters", "State: ready", "Rule: jpg-derivatives 1.1.0 (sha256 ",
      "representation 121 'Master'  PRESERVATION_MASTER", "    p10.tif  10 bytes", "  'p10'\n    x/p10.jpg",
      "usage type DERIVATIVE_COPY, library MAIN", "  1. x/p1.jpg", "  2. x/p2.jpg", "  3. x/p10.jpg" }, id(1))
    shows({ "State: to decide; several files for one match key", "    a.jpg  17 bytes\n    b/a.jpg", "Planned: nothing" }, id(2))
    shows({ "empty.jpg  (is empty (0 bytes))" }, id(3))
    shows({ "State: skipped; no file", "  'none'   no file" }, id(4))
  end)

  it("tells of a file its key, the titles that it fits and where it goes", function()
    shows({ "Match key: 'p10'", "fits " .. id(1) .. "  Letters",
      ("Planned: page 3 of %s, uploaded as 01X_INST/upload/almanac-r1/%s/p10.jpg")
      :format(id(1), id(1)) }, "x/p10.jpg")
    shows({ "x/p2.jpg  20 bytes", "Planned: page 2" }, "p2.jpg")
    shows({ "Problem: it is empty (0 bytes)", "fits " .. id(3) }, "empty.jpg")
    shows({ "Match key: none, the recipe leaves the file out", "Planned: nothing; left out" }, "notes.txt")
    shows({ "Planned: nothing; no title answers to its match key 'stray'" }, "stray.jpg")
  end)

  it("knows a file by its path as the shell completes it", function()
    local folder = store.open(run.folder .. "/a.run", "read")
    local files = store.meta(folder, "folder")
    folder:close()
    for _, path in ipairs { "x/p1.jpg", "./x/p1.jpg", files .. "/x/p1.jpg", files:match "[^/]+$" .. "/x/p1.jpg",
      "../" .. files:match "[^/]+/[^/]+$" .. "/x/p1.jpg" } do
      shows({ "x/p1.jpg  20 bytes" }, path)
    end
    assert.equal(1, show("other/x/p1.jpg").status)
  end)

  it("says when there is no such thing, or several", function()
    local result = show "nothing.jpg"
    assert.equal(1, result.status)
    assert.matches("this run has no title, record or file 'nothing.jpg'", result.err)
    os.execute(("cp %s/a.run %s/c.run"):format(run.folder, run.folder))
    result = program.run({ "show", "no.run" }, { folder = run.folder })
    assert.equal(1, result.status)
    assert.matches("no%.run does not exist", result.err)
  end)

  it("lists all titles of a state and all files without a title", function()
    shows({ id(2) .. "  Title 2  several files", id(3) .. "  Title 3  a file can't be used" }, "--list", "to-decide")
    local result = show("--list", "files")
    assert.equal(5, select(2, result.out:gsub("\n", "\n")))
  end)

  it("prints the rules that the plan was made with", function()
    assert.equal(program.read "recipes/jpg-derivatives/recipe.lua", show("--rules").out)
  end)

  it("gives a program the same as JSON", function()
    local event = assert(json.decode(show(id(1), "--json").out))
    assert.same({ "title", "ready", 3, "x/p10.jpg" }, { event.event, event.state, #event.pages, event.pages[3].path })
    event = assert(json.decode(show("stray.jpg", "--json").out))
    assert.same({ "file", "stray" }, { event.event, event.key })
  end)
end)
