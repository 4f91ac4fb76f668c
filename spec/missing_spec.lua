-- New titles, of records that no title answers to.
local matching = require "support.matching"

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "create-bib" },
  args = { { "folder", "dir" }, { "library", "string" }, { "label", "string" }, { "usage", "string" } },
  file_key = function(file) return key.stem(file.name) end,
  record_key = function(record) return record:get "key" end,
  record_files = function(record) return record:all "file" end,
  missing = function(record, files)
    if record:get "key" == "none" then return nil, "not wanted" end
    return { create.bib { record = { ["dc:title"] = record:get "title" or "x" } },
      files[1] and add.representation { usage_type = "MASTER", library = "MAIN", files = files } }
  end,
  %s
}
]]
local JPEG = matching.JPEG

describe("records without a title", function()
  local run
  after_each(function()
    if run then run.close() end
    run = nil
  end)

  local function match(case)
    case.recipe = RECIPE:format(case.fields or "")
    run = assert(matching.match(case))
    return run
  end

  it("are new titles only when Alma said that there is none", function()
    match { titles = {}, files = { ["a.jpg"] = JPEG }, records = { { id = "r1", { "key", "a" }, { "title", "Map" } },
      { id = "r2", { "key", "b" } }, { id = "r3", { "key", "none" } } },
      found = { a = {}, b = "status 500", none = {} } }
    assert.same({ "ready" }, { run.new(1) })
    assert.equal("Map", run.db:value "SELECT title FROM title WHERE mms_id = 'new:1'")
    assert.equal("create.bib add.representation", run.db:value [[SELECT group_concat(kind, ' ') FROM
      (SELECT kind FROM change JOIN spec ON spec.id = spec_id ORDER BY seq)]])
    assert.is_nil(run.new(2))
    assert.equal("it could not be looked up: r2: status 500", (run.record(2)))
    assert.equal("the recipe makes no title of it: r3: not wanted", (run.record(3)))
    assert.equal("new:1", select(2, run.record(1)))
  end)

  it("are no new titles when nothing was looked up", function()
    match { titles = {}, files = {}, records = { { id = "r1", { "key", "a" } } } }
    assert.equal("no title answers to its match key: r1 ('a')", (run.record(1)))
    assert.is_nil(run.new(1))
  end)

  it("are to decide when two have one key that nothing answers to, or when they are doubtful themselves", function()
    match { titles = {}, files = {}, records = { { id = "r1", { "key", "a" } }, { id = "r2", { "key", "a" } },
      { id = "r3", { "key", "b" }, { "file", "y.jpg" } } }, found = { a = {}, b = {} } }
    assert.same({ "ask", "several records have one match key, and no title answers to it: r1, r2" }, { run.new(1) })
    assert.same({ "ask", "several records have one match key, and no title answers to it: r1, r2" }, { run.new(2) })
    assert.same({ "ask", "a file that a record names is not there: r3 names y.jpg" }, { run.new(3) })
  end)

  it("are to decide when they have no identifier, also without a key", function()
    match { titles = {}, files = {}, records = { { format = "dc", content = "<dc/>", place = "record 1" } }, found = {} }
    assert.same({ "ask", "a record has no identifier: record 1" }, { run.new(1) })
  end)

  it("become one title together when the recipe takes several", function()
    match { titles = {}, files = { ["1.jpg"] = JPEG, ["2.jpg"] = JPEG },
      records = { { id = "r1", { "key", "a" }, { "file", "1.jpg" } }, { id = "r2", { "key", "a" }, { "file", "2.jpg" } } },
      found = { a = {} }, fields = "several_records = true," }
    assert.same({ "ready" }, { run.new(1) })
    assert.is_nil(run.new(2))
    assert.equal("new:1", select(2, run.record(2)))
    assert.equal(2, run.db:value "SELECT count(*) FROM page")
  end)
end)
