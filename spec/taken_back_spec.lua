-- What becomes of titles that are taken back, with the built program against
-- the rehearsal: found by torture, each a case of its own.
local desk = require "support.desk"
local json = require "almanac.json"
local masters = require "support.masters"
local program = require "support.program"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "delete-master" },
  title_keys = function(title) return { title.mms_id } end,
  changes = function(title) return %s end,
}
]]
local ONE = desk.id(1)

describe("what is taken back", function()
  local at = desk.each(before_each, after_each)
  local run, hurried = at.run, at.hurried

  local function plan(change)
    program.write(at.folder .. "/recipe.lua", HEAD:format(change))
    run("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run")
  end

  local function apply() return run("apply", "a.run", "--settle", "0.05", masters(at.folder .. "/a.run")) end

  -- The names of the files in Alma, one representation after the other.
  local function files()
    local list = {}
    for i, rep in ipairs(at.alma.state().representations) do
      local names = {}
      for n, file in ipairs(rep.files) do names[n] = file.name end
      list[i] = table.concat(names, " ")
    end
    return list
  end

  local function row() return json.decode(run("report", "a.run", "--format", "json").out).rows[1] end

  local ALL = [[(function()
    local list, reps = {}, title:representations()
    for i, file in ipairs(reps[1].files) do list[i] = delete.file { file = file } end
    return list
  end)()]]

  it("comes back in its order", function()
    at.start { { "a_1", "a_2", "a_3" } }
    plan(ALL)
    apply()
    assert.same({ "" }, files())
    run("undo", "a.run", "--yes")
    assert.same({ "a_1.tif a_2.tif a_3.tif" }, files())
  end)

  it("is left alone by apply while it is taken back only in part, and finished by undo", function()
    at.start { { "a_1", "a_2" } }
    plan(ALL)
    apply()
    local kill = 4
    repeat
      kill = kill + 1
      assert.is_not.equal(0, hurried("kill=" .. kill, "undo", "a.run", "--yes").status)
    until files()[1] ~= ""
    assert.equal("undoing", row().state)
    assert.matches("1 title was taken back in part", apply().out)
    assert.equal("undoing", row().state)
    assert.matches("1 taken back in part", run("report", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.same({ "a_1.tif a_2.tif" }, files())
    assert.equal("undone", row().state)
  end)

  describe("but got a file of somebody else while it came back", function()
    local function use(decision)
      program.write(at.folder .. "/d.csv", ("mms_id,decision,file\n%s,%s,\n"):format(ONE, decision or "use"))
      return at.almanac("decide", "a.run", "d.csv")
    end

    before_each(function()
      at.start { { "a_1", "a_2" } }
      plan "delete.representation { representation = title:representations()[1] }"
      apply()
      at.alma.change { op = "faults", spec = "POST representations=@1:filled" }
      local result = hurried("", "undo", "a.run", "--yes")
      assert.equal(2, result.status)
      assert.matches("may be the one that this run made, changed since: it has 1 file by now", result.err, 1, true)
      assert.same({ "other.jpg" }, files())
    end)

    it("waits for a person, however often undo is called", function()
      for _, yes in ipairs { "--yes", false, "--yes" } do
        local result = hurried("", "undo", "a.run", yes or nil)
        assert.equal(2, result.status)
        assert.matches("1 left", result.out)
        assert.matches("changed since: it has 1 file by now; look at it in Alma, then `almanac decide`", result.err, 1, true)
      end
      assert.equal("undoing", row().state)
      assert.matches("1 title was taken back in part", apply().out)
      assert.same({ "other.jpg" }, files())
    end)

    it("is in the template of decide, and comes back beside it when that was decided", function()
      run("decide", "a.run", "--template", "t.csv")
      assert.matches(ONE .. ",,,[^\n]*it has 1 file by now", program.read(at.folder .. "/t.csv"))
      assert.matches("use goes on with it, and takes it back", use("skip").err)
      local decided = use()
      assert.equal(0, decided.status, decided.err)
      assert.matches("almanac undo a.run --yes", decided.out, 1, true)
      assert.is_nil(decided.out:find("almanac apply", 1, true))
      assert.equal("undoing", row().state)
      assert.equal(0, hurried("", "undo", "a.run", "--yes").status)
      assert.same({ "other.jpg", "a_1.tif a_2.tif" }, files())
      assert.equal("undone", row().state)
      assert.matches("is undone already", use().err)
    end)
  end)

  it("is verified: nothing of the run is left, what was deleted is there", function()
    at.start { { "a_1" } }
    plan(ALL)
    apply()
    run("undo", "a.run", "--yes")
    assert.matches("looked at 1 title taken back: nothing of the run is left", run("verify", "a.run").out)
    at.alma.change { op = "delete_file", pid = at.alma.state().representations[1].files[1].pid }
    local result = at.almanac("verify", "a.run")
    assert.equal(2, result.status)
    assert.matches("taken back, but a_1.tif that was brought back is gone", result.err, 1, true)
  end)

  it("is for undo again when something of the run comes late", function()
    at.start { { "a" } }
    run("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
    at.alma.change { op = "faults", spec = "POST representations=@1-2:late=3" }
    hurried("kill=7", "apply", "a.run", "--settle", "0.05")
    run("undo", "a.run", "--yes")
    local deadline = os.time() + 20
    repeat os.execute "sleep 0.1" until #files() > 1 or os.time() > deadline
    os.execute "sleep 3.5"    -- the second late one, if it was sent, is there as well
    local result = at.almanac("verify", "a.run")
    assert.equal(2, result.status)
    assert.matches("something of the run is there again, undo would delete representation", result.err)
    at.alma.change { op = "faults", spec = "" }
    run("undo", "a.run", "--yes")
    assert.same({ "a.tif" }, files())
    run("verify", "a.run")
  end)

  local REPRESENTATION = "delete.representation { representation = title:representations()[1] }"

  it("is made again once, though the answer came after all looks", function()
    at.start { { "a_1", "a_2" } }
    plan(REPRESENTATION)
    apply()
    at.alma.change { op = "faults", spec = "POST representations=@1:late=0.5" }
    local result = hurried("settle=2", "undo", "a.run", "--yes")
    assert.equal(0, result.status, result.err)
    assert.same({ "a_1.tif a_2.tif" }, files())
  end)

  it("is made again with all that said what it is", function()
    at.start { { "a_1" } }
    local path = ("/bibs/%s/representations"):format(ONE)
    local first = at.alma.state().representations[1].id
    local rep = at.alma.call("GET", path .. "/" .. first).data
    rep.entity_type, rep.volume, rep.author, rep.public_note = { value = "ARTICLE" }, "7", "A. Author", "see also"
    rep.access_rights_policy_id, rep.active = { value = "77" }, { value = "false" }
    assert.equal(200, at.alma.call("PUT", path .. "/" .. first, { body = rep }).status)
    plan(REPRESENTATION)
    apply()
    run("undo", "a.run", "--yes")
    local second = at.alma.state().representations[1].id
    assert.is_not.equal(first, second)
    local again = at.alma.call("GET", path .. "/" .. second).data
    for _, name in ipairs { "label", "public_note", "volume", "author" } do assert.equal(rep[name], again[name]) end
    for _, name in ipairs { "library", "usage_type", "entity_type", "access_rights_policy_id", "active" } do
      assert.equal(rep[name].value, again[name].value, name)
    end
  end)

  it("is not cut short by what its storage refuses once", function()
    at.start { { "a_1" } }
    plan(REPRESENTATION)
    at.alma.change { op = "faults", spec = "GET s3.object=@1:500" }
    assert.matches("1 done", apply().out)
    run("undo", "a.run", "--yes")
    assert.same({ "a_1.tif" }, files())
  end)

  it("leaves no upload that came late", function()
    at.start { { "a_1" } }
    at.use_aws()
    plan(REPRESENTATION)
    apply()
    at.alma.change { op = "faults", spec = "PUT s3=@1:late=0.5" }
    at.alma.change { op = "latency", spec = "0.05,file=1" }
    local result = hurried("", "undo", "a.run", "--yes")
    assert.equal(0, result.status, result.err)
    assert.same({}, at.alma.state().objects)
    assert.same({ "a_1.tif" }, files())
  end)

  it("leaves no upload in parts whose beginning was not answered", function()
    at.start { { "a_1" } }
    at.use_aws()
    at.alma.change { op = "add_file", representation_id = at.alma.state().representations[1].id, name = "big.tif", size = 20000 }
    plan(REPRESENTATION)
    apply()
    at.alma.change { op = "faults", spec = "* s3.create=@1:lost" }
    local result = hurried("parts", "undo", "a.run", "--yes")
    assert.equal(0, result.status, result.err)
    assert.equal(1, at.alma.calls().faults[1].hits)
    assert.same({}, at.alma.state().uploads)
    assert.same({ "a_1.tif big.tif" }, files())
  end)

  it("stays in a collection that somebody else put it into at the same moment", function()
    at.start { { "a", collection = "81000" } }
    local pid = at.alma.change { op = "add_collection", name = "New" }.pid
    plan(("add.collection { collection = '%s' }"):format(pid))
    at.alma.change { op = "faults", spec = "POST collections=@1:stall=2" }
    local running <close> = program.start({ "apply", "a.run" }, { folder = at.folder, env = at.env })
    local deadline = os.time() + 20
    local function is_waiting() return at.alma.calls().faults[1].hits > 0 or os.time() > deadline end
    repeat os.execute "sleep 0.05" until is_waiting()
    at.alma.change { op = "add_to_collection", collection = pid, mms_id = ONE }
    assert.equal(0, running.wait().status)
    run("undo", "a.run", "--yes")
    assert.equal(2, #at.alma.state().bibs[1].collections)
    run("verify", "a.run")
  end)

  it("stays in the only collection that it is in, and is told what to do", function()
    at.start { { "a", collection = "81000" } }
    local pid = at.alma.change { op = "add_collection", name = "New" }.pid
    plan(("add.collection { collection = '%s' }"):format(pid))
    apply()
    at.alma.call("DELETE", ("/bibs/collections/81000/bibs/%s"):format(ONE))
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.matches("; 1 left, 0 failed", result.out)
    assert.matches("the only one that the title is in[^\n]*add it to another collection in Alma, then undo again", result.err)
    at.alma.change { op = "add_to_collection", collection = at.alma.change { op = "add_collection", name = "Other" }.pid, mms_id = ONE }
    run("undo", "a.run", "--yes")
    assert.equal(1, #at.alma.state().bibs[1].collections)
  end)
end)
