-- The order of pages when a run is taken back, with the built program against
-- the rehearsal: Alma's order is that of attaching, so files that stayed are moved too.
local desk = require "support.desk"
local json = require "almanac.json"
local masters = require "support.masters"
local program = require "support.program"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "update", "delete", "delete-master" },
  args = { { "folder", "dir" } },
  title_keys = function(title) return { title.mms_id } end,
  changes = function(title, files) %s end,
]]
local FILES = [[
  file_key = function(file) return key.digits(file.name, 1) end,
  page = function(file) return key.digits(file.name, 2) end,
]]

local REPLACE = [[
  local list = {}
  for i, file in ipairs(title:representations()[1].files) do
    if files[i] then list[#list + 1] = replace.file { file = file, with = files[i] } end
  end
  return list]]

local function delete(...)
  local list = {}
  for i, n in ipairs { ... } do list[i] = ("delete.file { file = title:representations()[1].files[%d] }"):format(n) end
  return "return { " .. table.concat(list, ", ") .. " }"
end

describe("the order of pages", function()
  local at = desk.each(before_each, after_each)
  local run, hurried = at.run, at.hurried

  local function rep() return at.alma.state().representations[1] end

  local function order()
    local names = {}
    for i, file in ipairs(rep().files) do names[i] = file.name:match "^[^.]*" end
    return table.concat(names, " ")
  end

  -- A representation with the files a_1 to a_n, and pages for them in a folder.
  local function start(n, usage_type, changes, pages)
    local stems = {}
    for i = 1, n do stems[i] = "a_" .. i end
    at.start { stems }
    at.alma.change { op = "change_representation", id = rep().id, usage_type = usage_type }
    program.remove(at.folder .. "/jpg")
    for i = 1, pages do program.write(("%s/jpg/%s_%d.jpg"):format(at.folder, desk.id(1), i), desk.JPEG .. i) end
    program.write(at.folder .. "/recipe.lua", HEAD:format(changes) .. (pages > 0 and FILES or "") .. "}\n")
    local plan = { "plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run" }
    if pages > 0 then table.move({ "--folder", "jpg" }, 1, 2, #plan + 1, plan) end
    run(table.unpack(plan))
  end

  local function apply() return run("apply", "a.run", "--settle", "0.05", masters(at.folder .. "/a.run")) end

  local NEW = desk.id(1) .. "_1"

  -- Stopped when the first page is replaced.
  local function stop_after_first_page(left)
    local kills = 0
    repeat
      kills = kills + 1
      assert(kills < 60, order())
      assert.is_not.equal(0, hurried("kill=3", "apply", "a.run", "--settle", "0.05", masters(at.folder .. "/a.run")).status)
    until order() == left
  end

  local function assert_verified()
    assert.matches("looked at 1 title taken back", run("verify", "a.run").out)
  end

  it("is that of before when a replacement was stopped after the first page", function()
    start(3, "DERIVATIVE_COPY", REPLACE, 3)
    stop_after_first_page("a_2 a_3 " .. NEW)
    assert.matches("would copy 2 files of representation %d+, attach them again behind what comes back, and delete them where they " ..
      "stand now: so its files are in their order %(a_2.tif, a_3.tif%)", run("undo", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.equal("a_1 a_2 a_3", order())
    assert_verified()
  end)

  it("is told where masters would have to be deleted for it, before and after, and is not believed by verify", function()
    start(3, "PRESERVATION_MASTER", REPLACE, 3)
    local pids = { rep().files[2].pid, rep().files[3].pid }
    stop_after_first_page("a_2 a_3 " .. NEW)
    local told = at.almanac("undo", "a.run")
    assert.equal(2, told.status)
    assert.matches("come back in another order: a_2.tif, a_3.tif, a_1.tif; before it was a_1.tif, a_2.tif, a_3.tif: masters", told.err)
    assert.matches("Carried out to its end with `almanac apply` first, the run can be taken back in order", told.err, 1, true)
    local done = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, done.status)
    assert.matches("in the order a_2.tif, a_3.tif, a_1.tif; before it was a_1.tif, a_2.tif, a_3.tif", done.err, 1, true)
    assert.matches("of 1 title not all is as it was before", done.out)
    assert.equal("a_2 a_3 a_1", order())
    assert.same(pids, { rep().files[1].pid, rep().files[2].pid })
    local verified = at.almanac("verify", "a.run")
    assert.equal(2, verified.status)
    assert.matches("in the order a_2.tif, a_3.tif, a_1.tif", verified.err, 1, true)
    local row = json.decode(run("report", "a.run", "--format", "json").out).rows[1]
    assert.matches("in the order a_2.tif, a_3.tif, a_1.tif", row.reason, 1, true)
  end)

  it("is that of before for masters that were all replaced", function()
    start(3, "PRESERVATION_MASTER", REPLACE, 3)
    apply()
    run("undo", "a.run", "--yes")
    assert.equal("a_1 a_2 a_3", order())
    assert_verified()
  end)

  for _, case in ipairs { { 1 }, { 2 }, { 1, 3 }, { 2, 4 }, { 1, 2, 3, 4 }, { 4 } } do
    it("is that of before when files were deleted: " .. table.concat(case, " "), function()
      start(4, "DERIVATIVE_COPY", delete(table.unpack(case)), 0)
      local first = {}
      for i, file in ipairs(rep().files) do first[i] = file.pid end
      apply()
      run("undo", "a.run", "--yes")
      assert.equal("a_1 a_2 a_3 a_4", order())
      for i = 1, case[1] - 1 do assert.equal(first[i], rep().files[i].pid) end
      assert_verified()
    end)
  end

  it("is that of before when a file stays behind the replaced ones", function()
    start(3, "DERIVATIVE_COPY", REPLACE, 2)
    apply()
    assert.equal("a_3 " .. desk.id(1) .. "_1 " .. desk.id(1) .. "_2", order())
    run("undo", "a.run", "--yes")
    assert.equal("a_1 a_2 a_3", order())
    assert_verified()
  end)

  it("comes back though undo is killed anywhere, and no file is missing at any moment", function()
    start(3, "DERIVATIVE_COPY", delete(1), 0)
    apply()
    local kills, killed = 0
    repeat
      killed = hurried("kill=4,before", "undo", "a.run", "--yes").status ~= 0
      kills = kills + 1
      local now = order()
      assert(now:find "a_2" and now:find "a_3", now)
    until not killed or kills > 40
    assert.is_true(kills > 6 and kills < 40, kills .. " kills")
    assert.equal("a_1 a_2 a_3", order())
    assert_verified()
  end)

  it("comes back once for a file whose deletion was only begun when apply stopped", function()
    start(3, "DERIVATIVE_COPY", delete(1, 3), 0)
    at.alma.change { op = "faults", spec = "DELETE files=@2-99:reset" }
    assert.is_not.equal(0, hurried("", "apply", "a.run", "--settle", "0.05").status)
    at.alma.change { op = "faults", spec = "" }
    assert.equal("a_2 a_3", order())
    local kills, killed = 0
    repeat
      killed = hurried("kill=4,before", "undo", "a.run", "--yes").status ~= 0
      kills = kills + 1
    until not killed or kills > 60
    assert.equal("a_1 a_2 a_3", order())
    assert_verified()
  end)

  it("comes back where apply was stopped while a page was attached, and undo while a file came back", function()
    start(3, "DERIVATIVE_COPY", REPLACE, 3)
    at.alma.change { op = "faults", spec = "POST files=@2-99:reset" }
    assert.is_not.equal(0, hurried("", "apply", "a.run", "--settle", "0.05").status)
    at.alma.change { op = "faults", spec = "" }
    local kill, result = 1
    repeat
      kill = kill + 1
      result = hurried(("kill=%d,before"):format(kill), "undo", "a.run", "--yes")
      assert.is_nil(result.err:find("changed since", 1, true), result.err)
    until result.status == 0 or kill > 60
    assert.equal(0, result.status)
    assert.equal("a_1 a_2 a_3", order())
    assert_verified()
  end)

  -- Undo goes on under the other title, called once more where it could not at once.
  for _, fault in ipairs { "DELETE files=@1:merge", "DELETE files=@2:merge", "GET files=@1:merge", "GET files=@2:merge",
    "POST files=@2:merge", "DELETE files=@1:reset,DELETE files=@2:merge" } do
    it("comes back, each file once, though the title is merged into another one meanwhile: " .. fault, function()
      start(3, "DERIVATIVE_COPY", delete(1), 0)
      apply()
      at.alma.change { op = "faults", spec = fault }
      hurried("", "undo", "a.run", "--yes")
      at.alma.change { op = "faults", spec = "" }
      assert.equal(1, #at.alma.state().merged)
      run("undo", "a.run", "--yes")
      assert.equal("a_1 a_2 a_3", order())
      assert_verified()
    end)
  end

  it("is that of the pages where the title is merged while apply deletes the last file, and of before after undo", function()
    start(3, "DERIVATIVE_COPY", REPLACE, 3)
    at.alma.change { op = "faults", spec = "DELETE files=@3:merge" }
    hurried("", "apply", "a.run", "--settle", "0.05")
    at.alma.change { op = "faults", spec = "" }
    assert.equal(1, #at.alma.state().merged)
    apply()
    assert.equal((("X_1 X_2 X_3"):gsub("X", desk.id(1))), order())
    run("undo", "a.run", "--yes")
    assert.equal("a_1 a_2 a_3", order())
    assert_verified()
  end)

  it("is told when somebody's file stands between", function()
    start(2, "DERIVATIVE_COPY", delete(1), 0)
    apply()
    at.alma.change { op = "add_file", representation_id = rep().id, name = "theirs.tif", size = 7 }
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.equal("theirs a_1 a_2", order())
    assert.matches("in the order theirs.tif, a_1.tif, a_2.tif", result.err, 1, true)
  end)

  it("is told when a file that stayed was replaced since, and that one stays", function()
    start(2, "DERIVATIVE_COPY", delete(1), 0)
    apply()
    local old = rep().files[1].pid
    at.alma.change { op = "delete_file", pid = old }
    at.alma.change { op = "add_file", representation_id = rep().id, name = "a_2.tif", size = 77 }
    assert.equal(2, at.almanac("undo", "a.run", "--yes").status)
    assert.equal("a_2 a_1", order())
  end)

  it("is looked at by verify after a whole undo as well", function()
    start(2, "DERIVATIVE_COPY", delete(1), 0)
    apply()
    run("undo", "a.run", "--yes")
    at.alma.change { op = "add_file", representation_id = rep().id, name = "later.tif", size = 7 }
    assert_verified()
  end)
end)
