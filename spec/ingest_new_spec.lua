-- New titles through an import profile, from records: rows of a list, MARC and Dublin Core.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"

local CSV = "3152547460009001"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "ingest" }, args = { { "folder", "dir" } },
]]

local LIST = [[
id,Title,Creator,Files
x1,=Sum of parts,"Ghent, Anna",x1.jpg
x2,Letters,,x2a.jpg
x2,,,x2b.jpg
x3,A map,"A ""quoted"" person",x3.jpg
]]

local ROWS = [[
  several_records = true,
  record_key = function(record) return record:get "id" end,
  record_files = function(record) return record:get "files" end,
  missing = function(record, files) return ingest { profile = "%s", files = files } end,
  metadata = function(record, files, args, records)
    return { title = record:get "title", creator = record:all "creator", rep_usage_type = "Master", rep_label = "Scan" }
  end,
}
]]

describe("an ingest of new titles", function()
  local at = desk.each(before_each, after_each)

  local function start(...)
    at.start(desk.single(1), "--latency", "0,job=0", ...)
    at.use_aws()
    program.remove(at.folder .. "/jpg")
    for _, name in ipairs { "x1", "x2a", "x2b", "x3" } do program.write(("%s/jpg/%s.jpg"):format(at.folder, name), desk.JPEG .. name) end
  end

  local function plan(recipe, records)
    program.write(at.folder .. "/recipe.lua", HEAD .. recipe)
    program.write(at.folder .. "/" .. records[1], records[2])
    program.write(at.folder .. "/none.csv", "mms_id\n")
    local result = at.almanac("plan", "./recipe.lua", "--records", records[1], "--find", "other_system_id",
      "--folder", "jpg", "-o", "a.run", "--rate", "500")
    assert.equal(0, result.status, result.out .. result.err)
  end

  local function apply(...)
    return at.hurried("", "apply", "a.run", "--rate", "500", "--settle", "0.1", ...)
  end

  local function titles()
    local state, list = at.alma.state(), {}
    local reps = {}
    for _, rep in ipairs(state.representations) do
      local names = {}
      for i, file in ipairs(rep.files) do names[i] = file.name end
      reps[rep.mms_id] = (reps[rep.mms_id] and reps[rep.mms_id] .. " + " or "") .. rep.usage_type .. " " .. table.concat(names, ",")
    end
    for i = 2, #state.bibs do list[#list + 1] = state.bibs[i].title .. ": " .. (reps[state.bibs[i].mms_id] or "") end
    table.sort(list)
    return list
  end

  it("makes titles of rows, with their files, and finds their MMS IDs", function()
    start()
    plan(ROWS:format(CSV), { "list.csv", LIST })
    local result = apply()
    assert.equal(0, result.status, result.out .. result.err)
    assert.same({ "=Sum of parts: PRESERVATION_MASTER x1.jpg", "A map: PRESERVATION_MASTER x3.jpg",
      "Letters: PRESERVATION_MASTER x2a.jpg,x2b.jpg" }, titles())
    assert.matches("verified 3 title", at.run("verify", "a.run").out)
    local ids = {}
    for _, bib in ipairs(at.alma.state().bibs) do ids[bib.mms_id] = true end
    local told = at.run("report", "a.run", "--format", "csv").out
    for id in pairs(ids) do assert.is_true(id == desk.id(1) or told:find(id, 1, true) ~= nil, id) end
    at.run("undo", "a.run", "--yes")
    assert.same({}, titles())
    assert.equal(0, core.files.stat(at.folder .. "/a.run").size == 0 and 1 or 0)
  end)
end)
