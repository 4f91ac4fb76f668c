-- The rules about records, as a recipe's process answers them.
local examples = require "almanac.recipe.examples"
local program = require "support.program"
local recipe = require "almanac.recipe"
local row = require "almanac.row"
local rules = require "almanac.recipe.rules"
local stream = require "almanac.recipe.guard_stream"

local DC = "<record xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>Maps</dc:title><dc:identifier>a:1</dc:identifier></record>"
local MARC = "=LDR  00000nam a2200000   4500\n=001  17\n=245  00$aMaps\n"

local HEAD = [[
-- almanac-recipe: 1
return { name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { %s },
  %s
}
]]

describe("rules about records", function()
  local folder, loaded
  before_each(function() folder = program.folder() end)
  after_each(function()
    if loaded then recipe.close(loaded) end
    program.remove(folder)
  end)

  local function load(fields)
    program.write(folder .. "/r/recipe.lua", HEAD:format(fields:find "add%." and '"add"' or "", fields))
    local message
    loaded, message = recipe.load(folder .. "/r/recipe.lua")
    return loaded, message
  end

  local function gives(rule, entry)
    local ok, value = rules[rule](loaded, entry, {})
    assert(ok, value)
    return value
  end

  it("read a record of any format, and a row by heading in any spelling", function()
    load [[record_key = function(record)
      return { record.format, record:get(record.format == "marc" and "245$a" or record.format == "row" and "TITLE" or "dc:title") }
    end]]
    assert.same({ "dc", "Maps" }, gives("record_key", { identifier = "1", format = "dc", content = DC }))
    assert.same({ "marc", "Maps" }, gives("record_key", { identifier = "1", format = "marc", content = MARC }))
    assert.same({ "row", "Plans" }, gives("record_key", { format = "row", content = row.encode({ "Title", "title" }, { "", "Plans" }) }))
  end)

  it("see cells by name, and all values of a heading that is there twice", function()
    load [[record_key = function(record) return record.row["File name"] end,
      record_files = function(record) return record:all "dc:creator" end]]
    local entry = { format = "row", content = row.encode({ "file_name", "dc:creator", "dc:creator" }, { "a.tif", "x", "y" }) }
    assert.same({ "a.tif" }, gives("record_key", entry))
    assert.same({ "x", "y" }, gives("record_files", entry))
  end)

  it("see what the source says of a record, also of one that it deleted", function()
    load [[record_key = function(record)
      return { record.id, record.datestamp, tostring(record.deleted), record.sets[1], record.place, record:get "245$a" or "no title" }
    end]]
    assert.same({ "oai:1", "2024-01-02", "true", "maps", "record 3", "no title" }, gives("record_key", { identifier = "oai:1",
      datestamp = "2024-01-02", deleted = true, sets = { "maps" }, place = "record 3" }))
  end)

  it("leave out a record that they give nothing for", function()
    load "record_key = function() return nil end"
    assert.same({}, gives("record_key", { identifier = "1" }))
  end)

  it("are told with the record's identifier when they fail, or with its place", function()
    load [[record_key = function() error "no" end]]
    local ok, message = rules.record_key(loaded, { identifier = "oai:1", place = "record 1" }, {})
    assert.is_false(ok)
    assert.matches("no %(rule record_key, for 'oai:1'%)$", message)
    ok, message = rules.record_key(loaded, { place = "row 2" }, {})
    assert.is_false(ok)
    assert.matches("%(rule record_key, for 'row 2'%)$", message)
  end)

  it("can't read what is no record, and say which", function()
    load [[record_key = function(record) return record:get "dc:title" end]]
    local ok, message = rules.record_key(loaded, { identifier = "oai:1", format = "dc", content = "<dc" }, {})
    assert.is_false(ok)
    assert.matches("oai:1 can't be read", message)
  end)

  it("give `changes` the records of a title, and `missing` the record without one with its files", function()
    load [[record_key = function(record) return record.id end, title_keys = function() return {} end,
      changes = function(title, files, args, records) return add.collection { collection = records[1].id .. #records } end,
      missing = function(record, files, args, records)
        return add.representation { usage_type = "X", library = "L", label = record.id .. #records, files = files }
      end]]
    local objects = require "almanac.recipe.inside.objects"
    local title, records = objects.title("991", "t", { representations = {} }), { { identifier = "a" }, { identifier = "b" } }
    local ok, list = rules.changes(loaded, title, {}, {}, records)
    assert(ok, list)
    assert.equal("a2", list[1].collection)
    ok, list = rules.missing(loaded, "new:1", { { identifier = "c" } }, { objects.file "x.jpg" }, {})
    assert(ok, list)
    assert.equal("c1", list[1].label)
    assert.equal("x.jpg", list[1].files[1].path)
  end)

  it("are asked about many in one message, in both directions", function()
    load [[record_key = function(record) return { record.id, "k" } end,
      missing = function(record, files) return add.collection { collection = record.id .. #files } end]]
    local questions <close> = stream.new(loaded, {})
    local list = {}
    for i = 1, 3 do list[i] = { identifier = "r" .. i } end
    assert(questions:ask_records(list))
    local answers = assert(questions:take_records(3))
    assert.same({ "r1", "k", "r2", "k", "r3", "k" }, answers.record_key.values)
    assert.same({ 2, 2, 2 }, answers.record_key.counts)
    assert(questions:ask_missing { { records = { list[1] }, files = {} }, { records = { list[2] }, files = { { path = "a.jpg" } } } })
    local proposals = assert(questions:take_changes(2))
    assert.same({ "r10", "r21" }, { proposals[1][1].collection, proposals[2][1].collection })
  end)

  it("have examples of their own", function()
    load [[record_key = function(record) return record:get "File" end,
      record_files = function(record) return record:get "dc:title" end,
      examples = { record_key = { { row = { File = "a" }, gives = { "a" } }, { id = "x", deleted = true, gives = {} } },
        record_files = { { record = "<dc:title xmlns:dc='http://purl.org/dc/elements/1.1/'>b</dc:title>", gives = { "c" } } } }]]
    local wrong = examples.check(loaded, {})
    assert.equal(1, #wrong)
    assert.matches("^record_files of example 1 gives ", wrong[1])
  end)

  it("are refused where they can't be asked", function()
    local found, message = load "title_keys = function() end, missing = function() end"
    assert.is_nil(found)
    assert.matches("'missing' goes with the rule 'record_key', which is missing", message)
    found, message = load "record_key = function() end, examples = { record_key = { { row = 1, gives = {} } } }"
    assert.is_nil(found)
    assert.matches("record_key case 1 must be", message)
  end)
end)
