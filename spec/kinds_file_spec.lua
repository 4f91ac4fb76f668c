-- Labels of files and fields of representations, set in place: planned, carried out once, verified, and taken back beside
-- other changes of a title, with the built program against the rehearsal.
local desk = require "support.desk"
local program = require "support.program"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "update", "delete", "delete-master" },
  args = { { "folder", "dir" } },
  title_keys = function(title) return { title.mms_id } end,
]]

local LABEL = [[ changes = function(title)
  local list = {}
  for file in title:files() do list[#list + 1] = update.file { file = file, label = "Page " .. file.stem } end
  return list end, ]]

describe("a label of a file", function()
  local at = desk.each(before_each, after_each)
  local run = at.run

  local function plan(recipe, status)
    program.write(at.folder .. "/recipe.lua", HEAD .. recipe .. "}\n")
    local result = at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run", "--rate", "500")
    assert.equal(status or 0, result.status, result.out .. result.err)
    return result
  end

  local function apply() return at.almanac("apply", "a.run", "--settle", "0.05") end

  -- Titles whose derivative has these files.
  local function start(...)
    local rows = { desk.HEADER .. "\n" }
    for _, name in ipairs { ... } do
      rows[#rows + 1] = ("%s,Title 1,DERIVATIVE_COPY,%s,1000,,\n"):format(desk.id(1), name)
    end
    program.write(at.folder .. "/given.csv", table.concat(rows))
    at.start { { "a" } }
    at.alma.stop()
    program.write(at.folder .. "/titles.csv", table.concat(rows))
    at.alma = require("support.rehearsal").start { titles = at.folder .. "/titles.csv", args = { "--rate", "0" } }
    at.env = desk.environment(at.alma, at.folder)
  end

  local function files()
    local list = {}
    for _, rep in ipairs(at.alma.state().representations) do
      for _, file in ipairs(rep.files) do list[#list + 1] = ("%s=%s"):format(file.path:match "[^/]+$", file.label) end
    end
    return table.concat(list, " ")
  end

  local function pid(name)
    for _, rep in ipairs(at.alma.state().representations) do
      for _, file in ipairs(rep.files) do
        if file.path:find("/" .. name, 1, true) then return file.pid, rep end
      end
    end
  end

  local function relabel(name, label)
    local id, rep = pid(name)
    assert.equal(200, at.alma.call("PUT", ("/bibs/%s/representations/%s/files/%s"):format(rep.mms_id, rep.id, id),
      { body = { label = label } }).status)
  end

  it("is set, verified and set back", function()
    start("a.jpg", "b.jpg")
    plan(LABEL)
    assert.matches("2 files get another label", run("show", "a.run").out)
    assert.matches("Planned: file %d+ of representation %d+ gets label 'Page a'", run("show", "a.run", desk.id(1)).out)
    assert.equal(0, apply().status)
    assert.equal("a.jpg=Page a b.jpg=Page b", files())
    assert.matches("verified 1 title", run("verify", "a.run").out)
    assert.matches("would set the label of file %d+ back", run("undo", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.equal("a.jpg=a.jpg b.jpg=b.jpg", files())
    assert.matches("1 title", run("verify", "a.run").out)
  end)

  it("is set once, whatever answers are lost", function()
    start("a.jpg", "b.jpg")
    plan(LABEL)
    at.alma.change { op = "faults", spec = "PUT files=@1:lost,GET=0.1:500" }
    for _ = 1, 4 do apply() end
    at.alma.change { op = "faults", spec = "" }
    apply()
    assert.equal("a.jpg=Page a b.jpg=Page b", files())
    assert.matches("verified 1 title", run("verify", "a.run").out)
  end)

  it("that somebody changed since the plan is to decide, and use sets it as planned", function()
    start("a.jpg")
    plan(LABEL)
    relabel("a.jpg", "Theirs")
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("since the plan the label of file %d+ of representation %d+ became 'Theirs'", result.err)
    program.write(at.folder .. "/d.csv", "mms_id,decision\n" .. desk.id(1) .. ",use\n")
    run("decide", "a.run", "d.csv")
    assert.equal(0, apply().status)
    assert.equal("a.jpg=Page a", files())
    run("undo", "a.run", "--yes")
    assert.equal("a.jpg=Theirs", files())
  end)

  it("that somebody changed since is named by verify, and left by undo", function()
    start("a.jpg")
    plan(LABEL)
    apply()
    relabel("a.jpg", "Theirs")
    local result = at.almanac("verify", "a.run")
    assert.equal(2, result.status)
    assert.matches("is called 'Theirs', planned 'Page a'", result.err)
    result = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.matches("changed since: the label of file %d+ is 'Theirs'", result.err)
    assert.equal("a.jpg=Theirs", files())
  end)

  it("is set back where undo has attached the file again for the order", function()
    start("a.jpg", "b.jpg", "c.jpg")
    plan [[ changes = function(title)
      local files = title:representations()[1].files
      return { update.file { file = files[1], label = "A" }, delete.file { file = files[2] }, update.file { file = files[3], label = "C" } }
    end, ]]
    assert.equal(0, apply().status)
    assert.equal("a.jpg=A c.jpg=C", files())
    local before = pid "c.jpg"
    run("undo", "a.run", "--yes")
    assert.equal("a.jpg=a.jpg b.jpg=b.jpg c.jpg=c.jpg", files())
    assert.not_equal(before, pid "c.jpg")
    assert.matches("1 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.equal("a.jpg=a.jpg b.jpg=b.jpg c.jpg=c.jpg", files())
  end)

  it("of a file that is gone by now is to decide", function()
    start("a.jpg", "b.jpg")
    plan(LABEL)
    at.alma.change { op = "delete_file", pid = pid "a.jpg" }
    at.alma.change { op = "add_file", representation_id = select(2, pid "b.jpg").id, name = "c.jpg", size = 7 }
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("since the plan file %d+ was deleted", result.err)
  end)

  it("that Alma stores otherwise is told, and compared with from then on", function()
    start("a.jpg")
    plan [[ changes = function(title)
      local rep = title:representations()[1]
      return { update.representation { representation = rep, label = "L", volume = "7" }, update.file { file = rep.files[1], label = "A" } }
    end, ]]
    at.alma.change { op = "faults", spec = "PUT=1:relabel" }
    local result = apply()
    assert.equal(0, result.status, result.out .. result.err)
    assert.matches("Alma answered with another label %(.A %[Alma%].%), not with what was sent, file %d+", result.out .. result.err)
    assert.matches("Alma answered with another label %(.L %[Alma%].%), not with what was sent, representation %d+",
      result.out .. result.err)
    at.alma.change { op = "faults", spec = "" }
    run("undo", "a.run", "--yes")
    assert.equal("a.jpg=a.jpg", files())
  end)

  it("goes along with a title that is merged into another one", function()
    start("a.jpg")
    at.alma.change { op = "add_bib", mms_id = desk.id(2), title = "Other" }
    plan(LABEL)
    apply()
    at.alma.change { op = "merge", from = desk.id(1), into = desk.id(2) }
    assert.matches("verified 1 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.equal("a.jpg=a.jpg", files())
  end)

  it("is refused for a file or representation that another change deletes", function()
    start("a.jpg")
    assert.matches("two changes are about one thing", plan([[ changes = function(title)
      local file = title:representations()[1].files[1]
      return { update.file { file = file, label = "A" }, delete.file { file = file } } end, ]], 1).err)
    assert.matches("update.file is about a file of %d+, which another change deletes", plan([[ changes = function(title)
      local rep = title:representations()[1]
      return { update.file { file = rep.files[1], label = "A" }, delete.representation { representation = rep } } end, ]], 1).err)
    assert.matches("update.file: 'label' is missing", plan([[ changes = function(title)
      return update.file { file = title:representations()[1].files[1] } end, ]], 1).err)
  end)

  it("stands beside all fields of its representation", function()
    start("a.jpg")
    plan [[ changes = function(title)
      local rep = title:representations()[1]
      return { update.representation { representation = rep, entity_type = "ISSUE", volume = "7", issue = "2", date = "1910-02",
        public_note = "n", label = "L" }, update.file { file = rep.files[1], label = "A" } } end, ]]
    assert.matches("gets label 'L', public note 'n', entity type 'ISSUE', volume '7', issue '2', date '1910-02'",
      run("show", "a.run", desk.id(1)).out, 1, true)
    assert.equal(0, apply().status)
    assert.same({ entity_type = "ISSUE", volume = "7", issue = "2", date = "1910-02" }, at.alma.state().representations[1].more)
    assert.matches("verified 1 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    local rep = at.alma.state().representations[1]
    assert.same({ "Derivative", "" }, { rep.label, rep.public_note })
    assert.is_nil(rep.more)
  end)
end)
