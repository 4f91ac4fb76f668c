-- How records, titles and files are put together.
local matching = require "support.matching"

local id = matching.id

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "delete" },
  args = { { "folder", "dir" }, { "library", "string" }, { "label", "string" }, { "usage", "string" } },
  file_key = function(file) return key.stem(file.name) end,
  title_keys = function(title) return { title.title } end,
  record_key = function(record) return record:get "key" or record.deleted and record.id:match "key=(.*)$" end,
  record_files = function(record) return record:all "file" end,
  changes = function(title, files, args, records)
    %s
    return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", label = records[1].id, files = files }
  end,
  %s
}
]]
local JPEG = matching.JPEG

describe("records", function()
  local run
  after_each(function()
    if run then run.close() end
    run = nil
  end)

  local function match(case)
    case.recipe = RECIPE:format(case.first or "", case.fields or "")
    run = assert(matching.match(case))
    return run
  end

  local function state(n) return run.state(n), run.reason(n) end

  it("go with the title that has their key, and its files with both", function()
    match { titles = { { title = "a" }, { title = "b" } }, files = { ["a.jpg"] = JPEG, ["b.jpg"] = JPEG },
      records = { { id = "r1", { "key", "a" } }, { id = "r2", { "key", "b" } } } }
    assert.same({ "ready", "ready" }, { run.state(1), run.state(2) })
    assert.equal("a.jpg", run.pages(1))
    assert.equal(id(2), select(2, run.record(2)))
  end)

  it("leave titles without a record aside, and say which records have no title", function()
    match { titles = { { title = "a" } }, files = {}, records = { { id = "r1", { "key", "z" } } } }
    assert.same({ "skip", "no record: none has the match key 'a'" }, { state(1) })
    assert.equal("no title answers to its match key: r1 ('z')", (run.record(1)))
  end)

  it("name files by path, name or the end of an address, in their order and before all keys", function()
    match { titles = { { title = "a" } }, files = { ["box/z.jpg"] = JPEG, ["m n.jpg"] = JPEG, ["a.jpg"] = JPEG, ["q.jpg"] = JPEG },
      records = { { id = "r1", { "key", "a" }, { "file", "C:\\scans\\box\\z.jpg" }, { "file", "https://x.org/d/m%20n.jpg?x=1" },
        { "file", "A.jpg" } } } }
    assert.same({ "ready" }, { state(1) })
    assert.equal("box/z.jpg m n.jpg a.jpg", run.pages(1))
  end)

  it("take a named file away from the title whose key it has", function()
    match { titles = { { title = "a" }, { title = "b" } }, files = { ["b.jpg"] = JPEG, ["c.jpg"] = JPEG },
      records = { { id = "r1", { "key", "a" }, { "file", "b.jpg" } }, { id = "r2", { "key", "b" } } },
      first = "if not files[1] then return nil, 'no file' end" }
    assert.equal("b.jpg", run.pages(1))
    assert.same({ "skip", "nothing to do: no file" }, { state(2) })
  end)

  it("are to decide when a file that they name is not there, or is there twice", function()
    match { titles = { { title = "a" }, { title = "b" }, { title = "c" } },
      files = { ["1/x.jpg"] = JPEG, ["2/x.jpg"] = JPEG, ["c.jpg"] = JPEG },
      records = { { id = "r1", { "key", "a" }, { "file", "y.jpg" } }, { id = "r2", { "key", "b" }, { "file", "x.jpg" } },
        { id = "r3", { "key", "c" }, { "file", "2/x.jpg" } } } }
    assert.same({ "ask", "a file that a record names is not there: r1 names y.jpg" }, { state(1) })
    assert.same({ "ask", "a file that a record names is there several times: r2 names x.jpg, there are 1/x.jpg, 2/x.jpg" }, { state(2) })
    assert.same({ "ready" }, { state(3) })
  end)

  it("don't take a file of the same name in another folder for the one that they name by its path", function()
    match { titles = { { title = "a" } }, files = { ["box2/0001.jpg"] = JPEG },
      records = { { id = "r1", { "key", "a" }, { "file", "box1/0001.jpg" } } } }
    assert.same({ "ask", "a file that a record names is not there: r1 names box1/0001.jpg" }, { state(1) })
  end)

  it("that name one file are to decide", function()
    match { titles = { { title = "a" }, { title = "b" } }, files = { ["x.jpg"] = JPEG },
      records = { { id = "r1", { "key", "a" }, { "file", "x.jpg" } }, { id = "r2", { "key", "b" }, { "file", "x.jpg" } } } }
    local words = "a file is named by several records: x.jpg by r1, r2"
    assert.same({ "ask", words, "ask", words }, { run.state(1), run.reason(1), run.state(2), run.reason(2) })
  end)

  it("name a file that can't be used", function()
    match { titles = { { title = "a" } }, files = { ["x.jpg"] = "" },
      records = { { id = "r1", { "key", "a" }, { "file", "x.jpg" } } } }
    assert.same({ "ask", "a file can't be used: x.jpg is empty (0 bytes)" }, { state(1) })
  end)

  it("several of one title are to decide, unless the recipe takes several", function()
    local list = { { id = "r1", { "key", "a" }, { "file", "2.jpg" } }, { id = "r2", { "key", "a" }, { "file", "1.jpg" } } }
    local files = { ["1.jpg"] = JPEG, ["2.jpg"] = JPEG }
    match { titles = { { title = "a" } }, files = files, records = list }
    assert.same({ "ask", "several records for one title: r1, r2" }, { state(1) })
    run.close()
    match { titles = { { title = "a" } }, files = files, records = list, fields = "several_records = true," }
    assert.same({ "ready" }, { state(1) })
    assert.equal("2.jpg 1.jpg", run.pages(1))
  end)

  it("that fit two titles make both to decide", function()
    match { titles = { { title = "a" }, { title = "a" } }, files = { ["x.jpg"] = JPEG },
      records = { { id = "r1", { "key", "a" }, { "file", "x.jpg" } } } }
    local words = ("a record fits several titles: r1 fits %s, %s"):format(id(1), id(2))
    assert.same({ "ask", words, "ask", words }, { run.state(1), run.reason(1), run.state(2), run.reason(2) })
    assert.same({ words }, { run.record(1) })
  end)

  it("without identifier, or two with one, make their titles to decide", function()
    match { titles = { { title = "a" }, { title = "b" } }, files = { ["a.jpg"] = JPEG, ["b.jpg"] = JPEG }, records = {
      { format = "row", content = '[["key","b"],["x","1"]]', identifier = "r", place = "row 2" },
      { format = "row", content = '[["key","b"],["x","2"]]', identifier = "r", place = "row 3" },
      { format = "dc", content = "<dc/>", place = "record 4" } },
      fields = "record_key = function(record) return record:get(record.format == 'row' and 'key' or 'dc:x') or 'a' end," }
    assert.same({ "ask", "a record has no identifier: record 4" }, { state(1) })
    assert.same({ "ask", "several records have one identifier: r" }, { state(2) })
  end)

  it("count once when one comes twice the same, and the newest when it was changed meanwhile", function()
    match { titles = { { title = "a" }, { title = "b" } }, files = { ["a.jpg"] = JPEG, ["b.jpg"] = JPEG }, records = {
      { id = "r1", { "key", "a" } }, { id = "r1", { "key", "a" } },
      { id = "r2", datestamp = "2024-01-01", { "key", "a" } }, { id = "r2", datestamp = "2024-02-01", { "key", "b" } } } }
    assert.same({ "ready", "ready" }, { run.state(1), run.state(2) })
    assert.equal("it comes again later, or came before: r1", (run.record(2)))
    assert.equal("it comes again later, or came before: r2", (run.record(3)))
  end)

  it("of a row are called by their key when no column names them", function()
    match { titles = { { title = "a" } }, files = { ["a.jpg"] = JPEG }, records = { { { "key", "a" } } } }
    assert.same({ "ready" }, { state(1) })
    assert.equal("a", run.db:value "SELECT identifier FROM record")
  end)

  it("that can't be read go with no title, and say why", function()
    match { titles = { { title = "a" } }, files = {}, records = { { identifier = "r1", problem = "is cut short" } } }
    assert.equal("a record can't be read: r1: is cut short", (run.record(1)))
  end)

  it("that their source deleted make the title to decide", function()
    match { titles = { { title = "a" } }, files = { ["a.jpg"] = JPEG }, records = { { identifier = "key=a", deleted = true } } }
    assert.same({ "ask", "the source has deleted its record: key=a; " ..
      "`use` does what the recipe proposes, `skip` leaves the title as it is" },
      { state(1) })
  end)

  it("that their source deleted do what the recipe says when that is to delete", function()
    match { titles = { { title = "a", { usage = "DERIVATIVE_COPY", "a.jpg" } } }, files = {},
      records = { { identifier = "key=a", deleted = true } },
      first = "if records[1].deleted then return delete.representation { representation = title:representations()[1] } end" }
    assert.same({ "ready" }, { state(1) })
  end)

  it("that their source deleted, of a title that nobody knows, are told", function()
    match { titles = { { title = "a" } }, files = {},
      records = { { identifier = "x", deleted = true }, { identifier = "key=z", deleted = true } } }
    assert.equal("deleted in the source, and no title of it is known: x", (run.record(1)))
    assert.equal("deleted in the source, and no title of it is known: key=z", (run.record(2)))
  end)

  it("go with the title that an earlier run knows, whatever their key", function()
    match { titles = { { title = "a" }, { title = "b" } }, files = { ["x.jpg"] = JPEG },
      records = { { id = "r1", title = 1, { "key", "z" }, { "file", "x.jpg" } } } }
    assert.same({ "ready" }, { state(1) })
    run.close()
    match { titles = { { title = "a" }, { title = "b" } }, files = { ["x.jpg"] = JPEG },
      records = { { id = "r1", title = 1, { "key", "b" }, { "file", "x.jpg" } } } }
    assert.equal(("a record fits several titles: r1 fits %s, %s"):format(id(1), id(2)), run.reason(2))
  end)

  it("are to decide when their title has a record already that an earlier run finished", function()
    run = assert(matching.match { recipe = RECIPE:format("", ""), titles = { { title = "a" } }, files = { ["a.jpg"] = JPEG },
      records = { { id = "r1", reason = "record_unchanged", last = id(1), { "key", "a" } }, { id = "r2", { "key", "a" } } } })
    assert.same({ "ask", "several records for one title: r1, r2" }, { state(1) })
  end)

  it("that the recipe gives no key are left out", function()
    match { titles = { { title = "a" } }, files = {}, records = { { id = "r1", { "x", "a" } } } }
    assert.equal("left out: the recipe gives it no match key: r1", (run.record(1)))
  end)

  describe("that were looked up", function()
    it("are a title when one was found, and to decide when several were", function()
      match { titles = { { title = "t" }, { title = "u" }, { title = "v" } }, files = {}, records = { { id = "r1", { "key", "a" } },
        { id = "r2", { "key", "b" } } }, found = { a = { id(1) }, b = { id(2), id(3) } },
        first = "do return add.collection { collection = '81' } end" }
      assert.same({ "ready" }, { state(1) })
      assert.equal(("a record fits several titles: r2 fits %s, %s"):format(id(2), id(3)), run.reason(3))
      assert.equal(id(1), select(2, run.record(1)))
    end)

    it("are to decide when one title was found and another key has no answer", function()
      match { titles = { { title = "t" } }, files = {}, records = { { id = "r1", { "key", "a" }, { "other", "b" } } },
        found = { a = { id(1) }, b = "status 500" }, first = "do return add.collection { collection = '81' } end",
        fields = "record_key = function(record) return { record:get 'key', record:get 'other' } end," }
      assert.same({ "ask", "it could not be looked up: r1: status 500" }, { state(1) })
    end)

    it("are to decide when the title that was found has their key only as part of something", function()
      match { titles = { { title = "t" } }, files = {}, records = { { id = "r1", { "key", "a" } } },
        found = { a = { id(1), unlike = true } }, first = "do return add.collection { collection = '81' } end" }
      assert.same({ "ask", "the title that was found does not have its match key as a whole: 'a'" }, { state(1) })
    end)
  end)
end)
