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

  local DC = [[
<collection xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><record>
<dc:title>Letters &amp; maps</dc:title><dc:creator>Ghent, Anna</dc:creator><dc:identifier>old:7</dc:identifier>
<dcterms:created>1903</dcterms:created></record></collection>
]]

  it("sends Dublin Core as XML, with the files in the element that the profile reads", function()
    start()
    at.alma.change { op = "profile", id = "3152547480009001", source_format = { "DC", "Dublin Core" },
      target_format = { "DC", "Dublin Core" }, file_field = "dc:source" }
    plan([[
  record_key = function(record) return record:get "dc:identifier" end,
  record_files = function() return { "x2a.jpg", "x2b.jpg" } end,
  missing = function(record, files)
    return ingest { profile = "3152547480009001", files = files, file_field = "dc:source" }
  end,
  metadata = function(record) return record end,
}
]], { "dc.xml", DC })
    local result = apply()
    assert.equal(0, result.status, result.out .. result.err)
    assert.same({ "Letters & maps: PRESERVATION_MASTER x2a.jpg,x2b.jpg" }, titles())
    local text = at.alma.call("GET", "/bibs/" .. at.alma.state().bibs[2].mms_id, { accept = "application/xml" }).body
    for _, part in ipairs { "Ghent, Anna", "old:7", "1903" } do assert.is_truthy(text:find(part, 1, true), part) end
    assert.is_nil(text:find("x2a.jpg", 1, true))
    assert.matches("verified 1 title", at.run("verify", "a.run").out)
    at.run("undo", "a.run", "--yes")
    assert.same({}, titles())
  end)

  -- A compound object, a single one, and one that Alma has.
  local OBJECTS = [[
objectid,parentid,title,creator,filename,notes
x2,,Letters,"Ghent, Anna; Bell",,"own, words"
x2a,x2,Front,,x2a.jpg,
x2b,x2,Back,,x2b.jpg,
x3,,A map,,x3.jpg,
]]

  local function plan_list(...)
    return at.almanac("plan", "ingest-csv", "--records", "list.csv", "--find", "other_system_id", "--folder", "jpg", "--prefix", "(C)",
      "--import-profile", CSV, "--rate", "500", "-o", "a.run", ...)
  end

  local function record(title)
    for _, bib in ipairs(at.alma.state().bibs) do
      if bib.title == title then return at.alma.call("GET", "/bibs/" .. bib.mms_id, { accept = "application/xml" }).body, bib.mms_id end
    end
  end

  it("takes CollectionBuilder's list: parent and children are one title, and its ids go into the list", function()
    start()
    program.write(at.folder .. "/list.csv", OBJECTS)
    assert.equal(0, plan_list().status)
    local result = apply()
    assert.equal(0, result.status, result.out .. result.err)
    assert.same({ "A map: DERIVATIVE_COPY x3.jpg", "Letters: DERIVATIVE_COPY x2a.jpg,x2b.jpg" }, titles())
    local text, mms_id = record "Letters"
    for _, part in ipairs { "(C)x2", "Ghent, Anna", "Bell" } do assert.is_truthy(text:find(">" .. part .. "<", 1, true), part) end
    at.run("report", "a.run", "--into", "list.csv")
    local filled = program.read(at.folder .. "/list-ids.csv")
    assert.is_truthy(filled:find('\nx2,,Letters,"Ghent, Anna; Bell",,"own, words",' .. mms_id .. ",12", 1, true), filled)
    for line in filled:gmatch "\nx2[ab][^\n]+" do assert.matches("," .. mms_id .. ",12%d+,13%d+$", line) end
    -- The next list finds them.
    os.remove(at.folder .. "/a.run")
    plan_list()
    assert.matches("0 ready", at.almanac("show", "a.run").out)
  end)

  it("sends Alma's own list as it stands, and refuses a heading that Alma does not know", function()
    start()
    program.write(at.folder .. "/list.csv", "group_id,title,rep_label,rep_usage_type,file_name_1,file_label_1\n" ..
      "g,Letters,Front,Master,x2a.jpg,Page 1\ng,,Back,Auxiliary,x2b.jpg,\n")
    local result = plan_list()
    assert.equal(0, result.status, result.out .. result.err)
    result = apply()
    assert.equal(0, result.status, result.out .. result.err)
    assert.same({ "Letters: PRESERVATION_MASTER x2a.jpg + AUXILIARY x2b.jpg" }, titles())
    assert.matches("verified 1 title", at.run("verify", "a.run").out)
    at.run("undo", "a.run", "--yes")
    assert.same({}, titles())
    os.remove(at.folder .. "/a.run")
    program.write(at.folder .. "/list.csv", "group_id,title,rep_lable,file_name_1\ng2,Letters,Front,x2a.jpg\n")
    result = plan_list()
    assert.equal(1, result.status)
    assert.matches("'rep_lable' is none of the headings that Alma knows, did you mean 'rep_label'?", result.err, 1, true)
  end)

  it("asks about a title that the profile would match", function()
    start()
    program.write(at.folder .. "/list.csv", OBJECTS)
    assert.equal(0, plan_list().status)
    local mms_id = at.alma.change({ op = "add_bib", title = "Theirs", oclc = "(C)x3" }).mms_id
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("the import would take it for another title: %(C%)x3 is in " .. mms_id .. " already", result.err)
    assert.same({ "Letters: DERIVATIVE_COPY x2a.jpg,x2b.jpg", "Theirs: " }, titles())
  end)

  it("goes on where it was killed, and makes each title once, also when the index lags", function()
    start()
    at.alma.change { op = "latency", spec = "0,job=0.2,lag=0.3" }
    plan(ROWS:format(CSV), { "list.csv", LIST })
    local tries, said = 0
    repeat
      tries = tries + 1
      said = at.hurried(("settle=2 kill=%d"):format(2 * tries + 2), "apply", "a.run", "--rate", "500", "--settle", "2")
    until said.status == 0 or tries == 40
    assert.equal(0, said.status, said.err)
    assert.equal(3, #titles())
    at.alma.change { op = "latency", spec = "0" }
    assert.matches("verified 3 title", at.run("verify", "a.run").out)
  end)

  it("sends MARC records whole, with their files in 856", function()
    start()
    local marc = "=LDR  00000nam a2200000 a 4500\n=001  17\n=245  10$aBook & 100%\n=100  1\\$aBell, Ärne\n\n"
    plan([[
  record_key = function(record) return "x1" end,
  file_key = function(file) return file.stem end,
  missing = function(record, files) return ingest { profile = "3152547480009001", files = files, metadata = record } end,
}
]], { "one.mrk", marc })
    local result = apply()
    assert.equal(0, result.status, result.out .. result.err)
    assert.same({ "Book & 100%: PRESERVATION_MASTER x1.jpg" }, titles())
    assert.is_truthy(record "Book & 100%":find("Bell, Ärne", 1, true))
    at.run("undo", "a.run", "--yes")
    assert.same({}, titles())
  end)
end)
