local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local records = require "almanac.run.records"
local row = require "almanac.row"
local schema = require "almanac.run.schema"

local function open_run()
  return assert(core.runfile.open(os.tmpname() .. ".run", { mode = "create", kind = "run", version = 4, schema = schema }))
end

local function added(db, list)
  assert(attempt.try(function()
    records.add(db, list)
    return true
  end))
end

describe("records of a run", function()
  local db
  before_each(function() db = open_run() end)
  after_each(function() db:close() end)

  it("come back as the source gave them, in its order", function()
    local list = {
      { identifier = "oai:a:1", datestamp = "2024-05-01", deleted = false, sets = { "maps", "prints" }, format = "dc",
        content = "<dc><title>Ä</title></dc>", place = "record 1" },
      { identifier = "oai:a:2", deleted = true, place = "record 2" },
      { deleted = false, place = "record 3", problem = "is cut short" },
    }
    added(db, list)
    local back = {}
    for each in records.each(db) do back[#back + 1] = records.entry(each) end
    assert.same(list, back)
    assert.equal(3, records.count(db))
    assert.equal(1, records.count(db, "deleted = 1"))
  end)

  it("have a mark by which a changed content is seen", function()
    added(db, { { content = "a", format = "marc" }, { content = "b", format = "marc" }, {} })
    assert.equal(core.hash.sha256 "a", db:value "SELECT mark FROM record WHERE id = 1")
    assert.is_nil(db:value "SELECT mark FROM record WHERE id = 3")
  end)

  it("are none in a run file that an earlier almanac made", function()
    db:exec "DROP TABLE record"
    assert.is_false(records.any(db))
    assert.equal(0, records.count(db))
  end)

  it("have a title as far as they say", function()
    local function title(format, content) return records.title { format = format, content = content } end
    assert.equal("Maps & plans", title("dc", "<r xmlns:dc='x'><dc:title xml:lang='en'> Maps &amp; plans </dc:title></r>"))
    assert.equal("Maps", title("mods", "<mods><titleInfo><title>Maps</title></titleInfo></mods>"))
    assert.equal("Maps", title("marc", "=LDR  00000nam a2200000   4500\n=245  00$aMaps\n"))
    assert.equal("Maps", title("row", row.encode({ "File", "dc:title" }, { "a", "Maps" })))
    assert.is_nil(title("dc", "<dc/>"))
    assert.is_nil(title(nil, nil))
  end)

  it("are called by their identifier, else by their place", function()
    assert.equal("oai:1", records.name { id = 1, identifier = "oai:1", place = "record 1" })
    assert.equal("row 2", records.name { id = 1, place = "row 2" })
  end)
end)

describe("a row of a list", function()
  it("keeps every value in its order, also of one heading that is there twice", function()
    local text = row.encode({ "File", "dc:creator", "dc:creator", "" }, { "a.tif", "Bell", "Ärne", "lost" })
    assert.same({ { "File", "a.tif" }, { "dc:creator", "Bell" }, { "dc:creator", "Ärne" } }, row.decode(text))
  end)

  it("keeps an empty cell", function()
    assert.same({ { "a", "" }, { "b", "x" } }, row.decode(row.encode({ "a", "b" }, { nil, "x" })))
  end)

  it("takes a heading in any spelling for the same", function()
    assert.equal(row.plain "MMS ID", row.plain "mms_id")
  end)
end)
