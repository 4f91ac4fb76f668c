-- Copies of what a run deletes, with the built program against the rehearsal:
-- nothing is deleted without one, and undo brings it back once.
local desk = require "support.desk"
local masters = require "support.masters"
local program = require "support.program"
local store = require "almanac.run.store"

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "delete-master" },
  title_keys = function(title) return { title.mms_id } end,
  changes = function(title) return delete.representation { representation = title:representations()[1] } end,
}
]]

describe("what a run deletes", function()
  local at = desk.each(before_each, after_each)

  before_each(function()
    at.start { { "a_1", "a_2" } }
    program.write(at.folder .. "/recipe.lua", RECIPE)
    assert.equal(0, at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run").status)
  end)

  -- The names of the files in Alma, one representation after the other.
  local function files()
    local names = {}
    for _, rep in ipairs(at.alma.state().representations) do
      for _, file in ipairs(rep.files) do names[#names + 1] = file.path:match "[^/]+$" end
    end
    return names
  end

  -- The program, killed at a commit to the run file; whether it came so far.
  local function is_killed(commit, ...)
    return at.almanac("exec", program.client, "kill=" .. commit, ...).status ~= 0
  end

  local function assert_refused(pattern)
    local result = at.almanac("apply", "a.run", masters(at.folder .. "/a.run"))
    assert.equal(1, result.status)
    assert.matches(pattern, result.err)
    assert.same({ "a_1.tif", "a_2.tif" }, files())
  end

  it("comes back once, though undo dies between each answer and the run file", function()
    assert.equal(0, at.almanac("apply", "a.run", masters(at.folder .. "/a.run")).status)
    assert.same({}, files())
    local kills = 0
    while kills < 30 and is_killed("3,before", "undo", "a.run", "--yes") do kills = kills + 1 end
    assert.is_true(kills > 4 and kills < 30, kills .. " kills")
    assert.same({ "a_1.tif", "a_2.tif" }, files())
  end)

  it("is copied again when the copies are gone", function()
    local commit = 1
    while commit < 30 and is_killed(commit, "apply", "a.run", "--settle", "0.05", masters(at.folder .. "/a.run")) do
      commit = commit + 1
      if files()[1] then program.remove(at.folder .. "/a.run.copies") end
    end
    assert.is_true(commit > 4)
    assert.same({}, files())
    assert.equal(0, at.almanac("undo", "a.run", "--yes").status)
    assert.same({ "a_1.tif", "a_2.tif" }, files())
  end)

  it("stays when copies can't be written", function()
    program.write(at.folder .. "/a.run.copies", "a file in the place of the folder")
    assert_refused "what is deleted is copied first: [^\n]*a%.run%.copies[^\n]*%-%-no%-copies"
  end)

  -- As if the nth title held files that no disk takes.
  local function swell(n)
    local db <close> = assert(store.open(at.folder .. "/a.run", "write"))
    assert(db:run("UPDATE title SET reading = replace(reading, '1000', '9000000000000000') WHERE id = ?", n))
  end

  it("stays when there is no space for copies", function()
    swell(1)
    assert_refused "no space for copies of 18[^\n]*make room"
  end)

  it("stays, and what of the disk is left for others is named", function()
    swell(1)
    assert_refused "no space for copies of 18[^\n]* are free, and 67%.1 MB of the disk are left for others"
  end)

  it("needs space only for the titles that --limit lets in", function()
    at.alma.stop()
    at.start { { "a_1", "a_2" }, { "b_1" } }
    assert.equal(0, at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "b.run").status)
    os.rename(at.folder .. "/b.run", at.folder .. "/a.run")
    swell(2)
    assert.equal(0, at.almanac("apply", "a.run", "--limit", "1", masters(at.folder .. "/a.run")).status)
    assert.same({ "b_1.tif" }, files())
    assert.matches("no space for copies of 9", at.almanac("apply", "a.run", "--limit", "1", masters(at.folder .. "/a.run")).err)
  end)

  -- `almanac apply` where no file may become larger than a megabyte.
  local function apply_cramped()
    local words = { "sh -c 'trap \"\" XFSZ; ulimit -f 2048; exec env \"$@\"' -" }
    for name, value in pairs(at.env) do
      if value then table.insert(words, program.quote(name .. "=" .. value)) end
    end
    table.insert(words, ("%s apply a.run --delete-masters 3 >out 2>err"):format(program.quote(program.path())))
    local _, _, status = os.execute(("cd %s && %s"):format(program.quote(at.folder), table.concat(words, " ")))
    return status, program.read(at.folder .. "/out"), program.read(at.folder .. "/err")
  end

  it("stays when the disk takes no more copies, and the run stops and goes on", function()
    at.alma.change { op = "add_file", representation_id = at.alma.state().representations[1].id, name = "big.tif", size = 3000000 }
    assert.equal(0, at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "b.run").status)
    os.rename(at.folder .. "/b.run", at.folder .. "/a.run")
    local status, out, err = apply_cramped()
    assert.equal(75, status, out .. err)
    assert.matches("can't write [^\n]*big.tif[^\n]*\n", err)
    assert.matches("1 to do, 0 to decide, 0 failed\nstopped early; go on with", out)
    assert.same({ "a_1.tif", "a_2.tif", "big.tif" }, files())
    assert.equal(0, at.almanac("apply", "a.run", masters(at.folder .. "/a.run")).status)
    assert.same({}, files())
  end)

  describe("comes back", function()
    before_each(function()
      assert.equal(0, at.almanac("apply", "a.run", masters(at.folder .. "/a.run")).status)
      assert.same({}, files())
    end)

    local function shell(line) assert(os.execute(("cd %s && %s"):format(program.quote(at.folder), line))) end

    local function assert_back(run)
      local result = at.almanac("undo", run, "--yes")
      assert.equal(0, result.status, result.out .. result.err)
      assert.same({ "a_1.tif", "a_2.tif" }, files())
    end

    it("to a run that is named by a link", function()
      shell "mkdir links && ln -s ../a.run links/some.run"
      assert_back "links/some.run"
    end)

    it("to a run that was renamed", function()
      shell "mv a.run b.run"
      assert_back "b.run"
    end)

    it("to a run that was renamed and moved with its copies", function()
      shell "mkdir away && mv a.run away/b.run && mv a.run.copies away/b.run.copies"
      assert_back "away/b.run"
    end)

    it("to a run that was moved without them, and with them later on", function()
      shell "mkdir away && mv a.run away/b.run"
      assert_back "away/b.run"
    end)

    it("not from another run's copies of the same name", function()
      shell "mv a.run.copies kept && mkdir a.run.copies && echo another >a.run.copies/.almanac-run"
      local result = at.almanac("undo", "a.run", "--yes")
      assert.equal(2, result.status)
      assert.matches("the copy of a_1.tif is not there: [^\n]*bring the folder of this run's copies [^\n]*a.run.copies", result.err)
      shell "rm -r a.run.copies && mv kept a.run.copies"
      assert_back "a.run"
    end)
  end)

  it("is copied beside another run's copies of the same name, for this user alone", function()
    program.write(at.folder .. "/a.run.copies/.almanac-run", "another\n")
    assert.equal(0, at.almanac("apply", "a.run", masters(at.folder .. "/a.run")).status)
    local pipe <close> = assert(io.popen(("cd %s && stat -c '%%a %%F' a.run-*.copies a.run-*.copies/*/*/* a.run && ls a.run.copies")
      :format(program.quote(at.folder))))
    assert.equal("700 directory\n600 regular file\n600 regular file\n600 regular file\n", pipe:read "a")
  end)
end)
