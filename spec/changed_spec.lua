-- What a run made, or may have made, and somebody changed before the run knew of
-- it: a doubt, never absent. The built program against the rehearsal.
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"
local store = require "almanac.run.store"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "update", "delete" },
  args = { { "folder", "dir" } },
  title_keys = function(title) return { title.mms_id } end,
  file_key = function(file) return key.digits(file.name, 1) end,
  changes = function(title, files) return %s end,
}
]]
local ONE = desk.id(1)

describe("what somebody changed before the run knew of it", function()
  local at = desk.each(before_each, after_each)
  local run, hurried = at.run, at.hurried

  local function reps() return at.alma.state().representations end
  local function apply(switches) return hurried(switches or "", "apply", "a.run", "--settle", "0.05") end
  local function row() return json.decode(run("report", "a.run", "--format", "json").out).rows[1] end
  local function posts(route) return at.alma.calls().routes[route] or 0 end

  local POST = "POST /bibs/{mms_id}/representations"
  local POST_FILE = POST .. "/{rep_id}/files"

  local function use()
    program.write(at.folder .. "/decisions.csv", ("mms_id,decision,file\n%s,use,\n"):format(ONE))
    run("decide", "a.run", "decisions.csv")
    return apply()
  end

  -- Killed after a call, before its answer is noted.
  local function killed_until(is_made)
    local kills = 0
    repeat
      kills = kills + 1
      assert(kills < 20, "it is never made")
      assert.is_not.equal(0, apply "kill=2,before".status)
    until is_made()
  end

  local function until_made()
    at.start { { "a_1" } }
    assert.equal(0, at.plan().status)
    killed_until(function() return reps()[2] end)
    return reps()[2].id
  end

  local CHANGES = {
    { what = "got a file", op = "add_file", name = "theirs.pdf", words = "it has 1 file by now" },
    { what = "got another label", op = "change_representation", label = "Scans", by = "somebody else",
      words = "the representation's label is 'Scans', planned 'JPG'" },
    { what = "got another usage type", op = "change_representation", usage_type = "AUXILIARY", by = "somebody else",
      words = "the representation's usage type is 'AUXILIARY', planned 'DERIVATIVE_COPY'" },
  }

  for _, change in ipairs(CHANGES) do
    local function until_changed()
      local id = until_made()
      local asked = { representation_id = id, id = id }
      for name, value in pairs(change) do asked[name] = value end
      at.alma.change(asked)
      return id
    end

    it("is asked about, and no second one is made: a representation that " .. change.what, function()
      local id = until_changed()
      local before = posts(POST)
      assert.equal(2, apply().status)
      assert.equal("ask", row().state)
      assert.matches(("representation %s ('%s') may be the one that this run made, changed since: %s"):format(id,
        change.label or "JPG", change.words), row().reason, 1, true)
      assert.equal(before, posts(POST))
      assert.equal(2, #reps())
      local left = at.almanac("undo", "a.run", "--yes")
      assert.equal(2, left.status)
      assert.matches("changed since: representation " .. id, left.err)
      assert.equal(2, #reps())
      local result = use()
      assert.equal(0, result.status, result.out .. result.err)
      assert.equal(3, #reps())
      assert.equal(0, hurried("", "undo", "a.run", "--yes").status)
      assert.equal(id, reps()[2].id)
      assert.equal(2, #reps())
    end)

    it("is left by undo and named: a representation that " .. change.what, function()
      local id = until_changed()
      local told = at.almanac("undo", "a.run")
      assert.equal(2, told.status)
      assert.matches("changed since: representation " .. id, told.err)
      assert.equal(2, at.almanac("undo", "a.run", "--yes").status)
      assert.equal(2, #reps())
    end)
  end

  -- Two representations for a title, so that the title is read once more for the second.
  local function plan_two()
    at.start { { "a_1" } }
    program.remove(at.folder .. "/jpg")
    program.write(("%s/jpg/%s.jpg"):format(at.folder, ONE), desk.JPEG .. "1")
    program.write(at.folder .. "/recipe.lua", HEAD:format [[{
      add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", label = "JPG", files = files },
      update.representation { representation = title:representations()[1], label = "Done" } }]])
    run("plan", "./recipe.lua", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
  end

  local function assert_asked_once(words)
    assert.equal(2, apply().status)
    assert.matches(words, row().reason)
    local result = use()
    assert.equal(0, result.status, result.out .. result.err)
    assert.equal("attached", row().state)
    assert.equal("Done", reps()[1].label)
    assert.equal(3, #reps())
  end

  it("is asked about once, whatever else the title is about: ours that got a file", function()
    plan_two()
    at.alma.change { op = "faults", spec = "POST representations=@1:filled" }
    assert_asked_once "it has 1 file by now"
  end)

  it("is asked about once, whatever else the title is about: somebody's beside ours", function()
    plan_two()
    killed_until(function() return reps()[2] end)
    at.alma.change { op = "add_representation", mms_id = ONE, usage_type = "DERIVATIVE_COPY", label = "JPG" }
    assert_asked_once "somebody else made a representation like the planned one"
  end)

  it("is not what somebody else made", function()
    at.start { { "a_1" } }
    assert.equal(0, at.plan().status)
    at.alma.change { op = "faults", spec = "POST representations=@1-999:500" }
    for _ = 1, 4 do apply "kill=3" end
    at.alma.change { op = "faults", spec = "" }
    local id = at.alma.change { op = "add_representation", mms_id = ONE, label = "Theirs", by = "somebody else" }.id
    at.alma.change { op = "add_file", representation_id = id, name = "theirs.pdf" }
    assert.equal(0, hurried("", "undo", "a.run", "--yes").status)
  end)

  it("is named by undo and verify: a late second representation that got a file", function()
    at.start { { "a_1" } }
    assert.equal(0, at.plan().status)
    at.alma.change { op = "faults", spec = "POST representations=@1:late=2" }
    apply()   -- on a slow machine the late one comes before its end, and is named
    local deadline = os.time() + 20
    repeat os.execute "sleep 0.1" until #reps() > 2 or os.time() > deadline
    local twin = reps()[3].id
    assert.equal(0, #reps()[3].files)
    at.alma.change { op = "add_file", representation_id = twin, name = "theirs.pdf" }
    local verified = at.almanac("verify", "a.run")
    assert.equal(2, verified.status)
    assert.matches(("representation %s ('JPG') may be the one that this run made, changed since: it has 1 file"):format(twin),
      verified.err, 1, true)
    local undone = hurried("", "undo", "a.run", "--yes")
    assert.equal(2, undone.status)
    assert.matches(twin .. "[^\n]*it is left: look at it in Alma", undone.err)
    assert.equal(2, #reps())
    assert.equal(twin, reps()[2].id)
    assert.matches(twin, at.almanac("verify", "a.run").err)
  end)

  it("is named at the end of apply: an empty second representation that came after the last look", function()
    at.start { { "a_1" } }
    assert.equal(0, at.plan().status)
    assert.equal(0, apply().status)
    do   -- as if the call had been sent twice, and the first one was very late
      local db <close> = assert(store.open(at.folder .. "/a.run", "write"))
      assert(db:run "UPDATE step SET sent = 2 WHERE kind = 'represent'")
    end
    local body = { label = "JPG", is_remote = false, library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" } }
    assert.equal(200, at.alma.call("POST", ("/bibs/%s/representations"):format(ONE), { body = body }).status)
    local result = apply()
    assert.equal(2, result.status)
    assert.matches(("an empty second representation of this run came late: %s; delete it in Alma"):format(reps()[3].id),
      result.err, 1, true)
    assert.matches("1 title has an empty second representation", result.out)
  end)

  -- ---- files ----

  local function plan_file()
    at.start { { "a_1" } }
    program.remove(at.folder .. "/jpg")
    program.write(("%s/jpg/%s.jpg"):format(at.folder, ONE), desk.JPEG .. "1")
    program.write(at.folder .. "/recipe.lua", HEAD:format "add.file { representation = title:representations()[1], files = files }")
    run("plan", "./recipe.lua", "--titles", "titles.csv", "--folder", "jpg", "-o", "a.run")
  end

  local function files() return reps()[1].files end

  local function until_attached()
    plan_file()
    killed_until(function() return files()[2] end)
    return files()[2].pid
  end

  it("is asked about, and no second one is made: a file that was replaced by one of another name", function()
    local pid = until_attached()
    at.alma.change { op = "delete_file", pid = pid }
    at.alma.change { op = "add_file", representation_id = reps()[1].id, name = "better.jpg", size = 99 }
    local before = posts(POST_FILE)
    assert.equal(2, apply().status)
    assert.equal("ask", row().state)
    assert.matches("file %d+ %('better.jpg', 99 bytes%) came to representation %d+ while .* was attached", row().reason)
    assert.equal(before, posts(POST_FILE))
    local left = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, left.status)
    assert.matches("changed since: file %d+ %('better.jpg', 99 bytes%) came while", left.err)
    assert.equal(2, #files())
    local result = use()
    assert.equal(0, result.status, result.out .. result.err)
    assert.equal(3, #files())
    assert.equal(0, hurried("", "undo", "a.run", "--yes").status)
    assert.equal("better.jpg", files()[2].name)
    assert.equal(2, #files())
  end)

  it("is left by undo: a file that was deleted for another one of its name", function()
    plan_file()
    assert.equal(0, apply().status)
    at.alma.change { op = "delete_file", pid = files()[2].pid }
    at.alma.change { op = "add_file", representation_id = reps()[1].id, name = ONE .. ".jpg", size = 99 }
    local left = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, left.status)
    assert.matches("changed since: file %d+ was deleted, and file %d+ is called like it", left.err)
    assert.equal(2, #files())
  end)

  it("undo takes back a run that was stopped before its files were attached", function()
    plan_file()
    at.alma.change { op = "faults", spec = "POST files=@1-99:500" }
    apply()
    at.alma.change { op = "faults", spec = "" }
    assert.equal(0, hurried("", "undo", "a.run", "--yes").status)
    assert.equal(1, #files())
  end)

  -- ---- fields ----

  it("is asked about, and not overwritten: a label that somebody set while it was set", function()
    at.start { { "a_1" } }
    program.write(at.folder .. "/recipe.lua", HEAD:gsub("  file_key[^\n]*\n", ""):gsub("  args[^\n]*\n", "")
      :format "update.representation { representation = title:representations()[1], label = 'New' }")
    run("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run")
    killed_until(function() return reps()[1].label == "New" end)
    at.alma.change { op = "change_representation", id = reps()[1].id, label = "Theirs", by = "somebody else" }
    assert.equal(2, apply().status)
    assert.equal("ask", row().state)
    assert.matches("was set to 'New' it became 'Theirs'", row().reason)
    assert.equal("Theirs", reps()[1].label)
    assert.equal(0, use().status)
    assert.equal("New", reps()[1].label)
  end)
end)
