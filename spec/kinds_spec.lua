-- Every kind of change from plan to undo, with the built program against the
-- rehearsal: what it does, that it is verified, that undo leaves what was there.
local desk = require "support.desk"
local masters = require "support.masters"
local program = require "support.program"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "update", "delete", "delete-master", "ingest" },
  args = { { "folder", "dir" } },
  title_keys = function(title) return { title.mms_id } end,
]]
local FILES = [[
  file_key = function(file) return key.digits(file.name, 1) end,
  page = function(file) return key.digits(file.name, 2) end,
]]

describe("a change of the kind", function()
  local at = desk.each(before_each, after_each)
  local run = at.run
  local before

  -- What there is in Alma, without what differs from time to time.
  local function state()
    local list = {}
    for _, rep in ipairs(at.alma.state().representations) do
      local files = {}
      for i, file in ipairs(rep.files) do files[i] = ("%s %d"):format(file.path:match "[^/]+$", file.size) end
      list[#list + 1] = table.concat({ rep.mms_id, rep.usage_type, rep.library, rep.label or "", rep.public_note or "",
        table.concat(files, "|") }, " ")
    end
    table.sort(list)
    return list
  end

  local function plan(recipe, with_files)
    program.write(at.folder .. "/recipe.lua", HEAD .. (with_files and FILES or "") .. recipe .. "}\n")
    local arguments = { "plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run", "--rate", "500" }
    if with_files then table.move({ "--folder", "jpg" }, 1, 2, #arguments + 1, arguments) end
    local result = at.almanac(table.unpack(arguments))
    assert.equal(0, result.status, result.out .. result.err)
    before = state()
  end

  local function apply() return run("apply", "a.run", "--settle", "0.05", masters(at.folder .. "/a.run")) end

  local function undo_all()
    local told = run("undo", "a.run").out
    run("undo", "a.run", "--yes")
    assert.same(before, state())
    return told
  end

  local function start(titles)
    at.start(titles or { { "a" }, { "b" } })
    program.remove(at.folder .. "/jpg")
    for i = 1, 2 do program.write(("%s/jpg/%s_1.jpg"):format(at.folder, desk.id(i)), desk.JPEG .. i) end
  end

  local MASTER = 'title:representations("PRESERVATION_MASTER")[1]'

  it("update.representation sets fields, and undo sets them back", function()
    start()
    plan(([[ changes = function(title) return update.representation { representation = %s, label = "Scan of " .. title.title,
      public_note = "made in 2026" } end, ]]):format(MASTER))
    assert.matches("Planned: representation %d+ gets label 'Scan of Title 1', public note 'made in 2026'",
      run("show", "a.run", desk.id(1)).out)
    apply()
    assert.matches("Scan of Title 1 made in 2026 a.tif 1000", state()[1], 1, true)
    assert.matches("verified 2 title", run("verify", "a.run").out)
    assert.matches("would set the fields of representation %d+ back of " .. desk.id(2), undo_all())
  end)

  it("update.representation is left by undo when somebody changed the field since", function()
    start()
    plan(("changes = function(title) return update.representation { representation = %s, label = 'New' } end, "):format(MASTER))
    apply()
    local rep = at.alma.state().representations[1]
    local body = at.alma.call("GET", ("/bibs/%s/representations/%s"):format(rep.mms_id, rep.id)).data
    body.label = "Theirs"
    assert.equal(200, at.alma.call("PUT", ("/bibs/%s/representations/%s"):format(rep.mms_id, rep.id), { body = body }).status)
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.matches("changed since: its label is 'Theirs'", result.err)
  end)

  it("add.file puts files behind those of a representation", function()
    start()
    plan(("changes = function(title, files) return add.file { representation = %s, files = files } end, "):format(MASTER), true)
    apply()
    assert.matches("a.tif 1000|9900000000104146_1.jpg 13", state()[1], 1, true)
    assert.matches("verified 2 title", run("verify", "a.run").out)
    assert.matches("would delete file %d+ from representation %d+", undo_all())
  end)

  it("replace.file adds the new file, then deletes the old one, and undo brings it back", function()
    start()
    plan([[ changes = function(title, files)
      return replace.file { file = title:files "tif" (), with = files[1] } end, ]], true)
    apply()
    assert.matches("PRESERVATION_MASTER MAIN [^\n]- 9900000000104146_1.jpg 13$", state()[1])
    assert.matches("verified 2 title", run("verify", "a.run").out)
    assert.matches("would attach a.tif to representation %d+ again", undo_all())
  end)

  it("replace.file keeps the old file when asked to", function()
    start()
    plan([[ changes = function(title, files)
      return replace.file { file = title:files "tif" (), with = files[1], keep = true } end, ]], true)
    apply()
    assert.matches("a.tif 1000|9900000000104146_1.jpg 13", state()[1], 1, true)
    undo_all()
  end)

  it("delete.file keeps a copy, with which undo brings it back", function()
    start { { "a_1", "a_2" } }
    plan [[ changes = function(title)
      for file in title:files "tif" do if file.stem == "a_2" then return delete.file { file = file } end end end, ]]
    apply()
    assert.matches("a_1.tif 1000$", state()[1])
    assert.matches("verified 1 title", run("verify", "a.run").out)
    undo_all()
  end)

  it("delete.file without a copy can't be taken back, and says so", function()
    start()
    plan [[ changes = function(title) return delete.file { file = title:files "tif" () } end, ]]
    run("apply", "a.run", "--no-copies", "--delete-masters", "2")
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.matches("was deleted without a copy", result.err)
  end)

  it("delete.representation keeps its files, and undo makes it again", function()
    start { { "a_1", "a_2", "a_10" } }
    plan(("changes = function(title) return delete.representation { representation = %s } end, "):format(MASTER))
    assert.matches("1 title: 1 ready %(0 files, 0 bytes%)[^\n]*\n  " ..
      "1 master representation with 3 files is DELETED %(PRESERVATION_MASTER%)\n", run("show", "a.run").out)
    apply()
    assert.same({}, state())
    assert.matches("verified 1 title", run("verify", "a.run").out)
    assert.matches("would make representation 'Master' with 3 files again", undo_all())
  end)

  it("ingest brings files to titles through an import profile, and undo takes the representations back", function()
    start()
    at.use_aws()
    plan([[ changes = function(title, files) return ingest { profile = "3152547460009001", files = files } end, ]], true)
    assert.matches("Planned: a new representation through import profile 3152547460009001",
      run("show", "a.run", desk.id(1)).out)
    at.alma.change { op = "latency", spec = "0,job=0" }
    apply()
    assert.matches("DERIVATIVE_COPY MAIN Title 1 %- 9900000000104146_1.jpg 13$", (state()[1]:gsub("  ", " - ")))
    assert.matches("verified 2 title", run("verify", "a.run").out)
    assert.matches("would delete representation %d+ of", undo_all())
  end)

  it("add.collection puts titles into a collection, and undo takes out those that were not in it", function()
    start { { "a", collection = "8100000000004146" }, { "b", collection = "8199900000004146" } }
    plan [[ changes = function(title) return add.collection { collection = "8199900000004146" } end, ]]
    apply()
    local function members()
      local data = at.alma.call("GET", "/bibs/collections/8199900000004146/bibs").data
      return data.total_record_count
    end
    assert.equal(2, members())
    assert.matches("verified 2 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.equal(1, members())
  end)

  it("that the recipe does not declare refuses the whole plan", function()
    start()
    program.write(at.folder .. "/recipe.lua", HEAD:gsub('"add", "update", "delete", "delete%-master"', '"add"') ..
      [[ changes = function(title) return delete.file { file = title:files "tif" () } end, }]])
    local result = at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("proposes delete.file, but its effects do not declare 'delete'", result.err, 1, true)
  end)

  it("takes no files that its kind has no use for", function()
    start()
    program.write(at.folder .. "/recipe.lua", HEAD .. [[ changes = function(title) return { kind = "update.representation", label = "x",
      representation = title:representations()[1].id, files = {} } end, }]])
    local result = at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("give what add.representation { … } and the like return", result.err, 1, true)
  end)

  it("about something that the title does not have refuses the whole plan", function()
    start()
    program.write(at.folder .. "/recipe.lua", HEAD ..
      [[ changes = function(title) return delete.representation { representation = { id = "1" } } end, }]])
    local result = at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("delete.representation is about 1, which the title does not have", result.err, 1, true)
  end)

  it("advance.request moves a request to its next step, and undo says that it stays", function()
    start()
    at.alma.change { op = "add_request", id = "171", mms_id = desk.id(1) }
    program.write(at.folder .. "/titles.txt", desk.id(1))
    program.write(at.folder .. "/recipe.lua", (HEAD:gsub('"add", "update", "delete", "delete%-master"', '"request"')) ..
      [[ changes = function() return advance.request { request = "171", from = "Pickup From Shelf" } end, }]])
    run("plan", "./recipe.lua", "--titles", desk.id(1), "-o", "a.run")
    apply()
    assert.equal(1, at.alma.state().requests[#at.alma.state().requests].step)
    assert.matches("verified 1 title", run("verify", "a.run").out)
    assert.matches("stays moved on, at 'Digitize Item': Alma has no step back", at.almanac("undo", "a.run", "--yes").err)
  end)

  it("is carried out once, whatever answers are lost", function()
    start { { "a_1", "a_2" }, { "b_1", "b_2" } }
    plan([[ changes = function(title, files)
      local held = {}
      for file in title:files "tif" do held[#held + 1] = file end
      return { replace.file { file = held[2], with = files[1] },
        update.representation { representation = held[1].representation, label = "Both" } }
    end, ]], true)
    at.alma.change { op = "faults", spec = "POST files=@1:lost,DELETE=@1:lost,PUT representations=@1:lost,GET=0.1:500" }
    for _ = 1, 4 do at.almanac("apply", "a.run", "--settle", "0.05", "--delete-masters", "2") end
    at.alma.change { op = "faults", spec = "" }
    apply()
    assert.matches("MAIN Both  a_1.tif 1000|9900000000104146_1.jpg 13", state()[1], 1, true)
    assert.matches("verified 2 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.same(before, state())
  end)
end)
