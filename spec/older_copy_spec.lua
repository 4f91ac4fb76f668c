-- An older copy of a run that went on elsewhere: what Alma has is looked at before
-- anything counts as never made.
local desk = require "support.desk"
local pages = require "almanac.run.pages"
local program = require "support.program"
local store = require "almanac.run.store"
local strays = require "almanac.apply.strays"

local OLDER = "hold[s]? in Alma what this run makes %(%d+ of title %d+[^\n]*looks like an older copy of the run. Bring the newest copy"

describe("an older copy of a run", function()
  local at = desk.each(before_each, after_each)

  before_each(function()
    at.start(desk.single(3))
    assert.equal(0, at.almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run").status)
  end)

  local function copy() program.write(at.folder .. "/old.run", program.read(at.folder .. "/a.run")) end

  local function derivatives()
    local n = 0
    for _, rep in ipairs(at.alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then n = n + 1 end
    end
    return n
  end

  it("says what it can't take back, and takes back nothing of it", function()
    copy()
    assert.equal(0, at.almanac("apply", "a.run").status)
    local result = at.almanac("undo", "old.run", "--yes")
    assert.equal(2, result.status, result.out .. result.err)
    assert.matches("3 titles that old.run has not begun " .. OLDER, result.err)
    assert.equal(3, derivatives())
    assert.equal(0, at.almanac("undo", "a.run", "--yes").status)
    assert.equal(0, derivatives())
  end)

  it("leaves the titles to a person instead of doing them again", function()
    copy()
    assert.equal(0, at.almanac("apply", "a.run").status)
    local result = at.almanac("apply", "old.run")
    assert.equal(2, result.status, result.out .. result.err)
    assert.matches("3 to decide", result.out)
    assert.matches("if this run file is an older copy of a run that went on elsewhere, bring the newest copy", result.err)
    assert.equal(3, derivatives())
  end)

  it("still says so when its titles were left to a person", function()
    copy()
    assert.equal(0, at.almanac("apply", "a.run").status)
    assert.equal(2, at.almanac("apply", "old.run").status)
    for _, arguments in ipairs { { "undo", "old.run" }, { "undo", "old.run", "--yes" } } do
      local result = at.almanac(table.unpack(arguments))
      assert.equal(2, result.status, result.out .. result.err)
      assert.matches("3 titles to decide may hold what another copy of this run did %(" .. desk.id(1) .. ", …%)", result.err)
    end
    assert.equal(3, derivatives())
  end)

  it("does not verify as if it were the whole run", function()
    assert.equal(0, at.almanac("apply", "a.run", "--limit", "1").status)
    copy()
    assert.equal(0, at.almanac("apply", "a.run").status)
    local result = at.almanac("verify", "old.run")
    assert.equal(2, result.status, result.out .. result.err)
    assert.matches("2 titles that old.run has not begun " .. OLDER, result.err)
  end)

  local SENT = "2 files lie in %S+/upload/almanac%-%S+/ that %S*old.run has not sent %(" .. desk.id(2) .. "/p2.jpg, …%): this looks " ..
    "like an older copy of the run. Bring the newest copy"

  -- The run sent two files more elsewhere, and nothing was made of them yet.
  local function go_on_elsewhere()
    at.use_aws()
    assert.equal(0, at.almanac("apply", "a.run", "--limit", "1").status)
    copy()
    at.alma.change { op = "faults", spec = "POST representations=1:500" }
    assert.equal(2, at.almanac("apply", "a.run", "--settle", "0.05").status)
    at.alma.change { op = "faults", spec = "" }
  end

  it("says what the run's folder of the bucket holds that it has not sent, where AWS keys can look", function()
    go_on_elsewhere()
    for _, command in ipairs { { "verify", "old.run" }, { "undo", "old.run" }, { "undo", "old.run", "--yes" } } do
      local result = at.almanac(table.unpack(command))
      assert.equal(2, result.status, result.out .. result.err)
      assert.matches(SENT, result.err)
    end
    assert.equal(2, #at.alma.state().objects)
    local own = at.almanac("verify", "a.run")
    assert.is_nil(own.err:find("older copy", 1, true), own.err)
    at.env.AWS_ACCESS_KEY_ID, at.env.AWS_SECRET_ACCESS_KEY = false, false
    assert.is_nil(at.almanac("undo", "old.run").err:find("older copy", 1, true))
  end)

  it("is none when what lies there was sent before a person decided, and not told where nobody could look", function()
    local db <close> = assert(store.open(at.folder .. "/a.run", "write"))
    local folder = pages.upload_folder(db) .. "/"
    local storage = { list = function() return { { key = folder .. desk.id(2) .. "/p2.jpg" }, { key = folder .. "1/x.jpg" } } end }
    local run = { db = db, storage = storage, path = "a.run" }
    assert.matches("^1 file lies in .* that a.run has not sent %(" .. desk.id(2) .. "/p2.jpg%)", (strays.sent_elsewhere(run)))
    db:run("UPDATE title SET reason_code = 'decided' WHERE mms_id = ?", desk.id(2))
    assert.is_nil(strays.sent_elsewhere(run))
    storage.list = function() return nil, "no right to list", "auth" end
    assert.same({ nil, folder .. " can't be looked at: no right to list" }, { strays.sent_elsewhere(run) })
    run.storage = {}
    assert.is_nil(strays.sent_elsewhere(run))
  end)

  it("says so when it has begun uploads only, and done nothing", function()
    copy()
    do   -- as if it had been killed between an upload and what is made of it
      local db <close> = assert(store.open(at.folder .. "/old.run", "write"))
      assert(db:run "INSERT INTO session(command, arguments, began) VALUES('apply', '{}', 1)")
      assert(db:run "INSERT INTO step(title_id, change, kind, page, begun, ended) SELECT id, 1, 'upload', 1, 1, 1 FROM title")
      assert(db:run "UPDATE title SET state = 'uploading'")
    end
    assert.equal(0, at.almanac("apply", "a.run").status)
    for _, words in ipairs { { "verify", "old.run" }, { "undo", "old.run", "--yes" } } do
      local result = at.almanac(table.unpack(words))
      assert.equal(2, result.status, result.out .. result.err)
      assert.matches("3 titles that old.run has not begun " .. OLDER, result.err)
    end
    assert.equal(3, derivatives())
  end)

  it("is none when somebody else made something like it", function()
    at.alma.change { op = "add_representation", mms_id = desk.id(1), usage_type = "DERIVATIVE_COPY", file_name = "theirs.jpg" }
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(0, result.status, result.out .. result.err)
  end)
end)

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "update", "delete", "delete-master" },
  args = { { "folder", "dir" } },
  title_keys = function(title) return { title.mms_id } end,
  file_key = function(file) return key.digits(file.name, 1) end,
  page = function(file) return key.digits(file.name, 2) end,
  changes = function(title, files)
    local rep = title:representations()[1]
    CHANGES
  end,
}
]]
local ADD = "return { add.file { representation = rep, files = files } }"
local NEW = "return { add.representation { usage_type = 'DERIVATIVE_COPY', library = rep.library, label = 'new', files = files } }"
local REPLACE = [[
    local list = {}
    for i, file in ipairs(rep.files) do list[i] = replace.file { file = file, with = files[i]KEEP } end
    return list]]
local DELETE = "return { delete.file { file = rep.files[1] }, delete.file { file = rep.files[2] } }"
local ADVICE = "if this run file is an older copy of a run that went on elsewhere, bring the newest copy of the run file and use that one"

describe("an older copy of a run, taken in the middle of a title,", function()
  local at = desk.each(before_each, after_each)

  -- A title with three files a_1 … a_3, and three pages for it.
  local function start(changes, without_pages)
    at.start { { "a_1", "a_2", "a_3" } }
    at.alma.change { op = "change_representation", id = at.alma.state().representations[1].id, usage_type = "AUXILIARY" }
    program.remove(at.folder .. "/jpg")
    for i = 1, without_pages and 0 or 3 do
      program.write(("%s/jpg/%s_%d.jpg"):format(at.folder, desk.id(1), i), desk.JPEG .. ("x"):rep(i))
    end
    local recipe = RECIPE:gsub("CHANGES", changes)
    if without_pages then recipe = recipe:gsub("  file_key.-\n  page.-\n", "") end
    program.write(at.folder .. "/recipe.lua", recipe)
    local plan = { "plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run" }
    if not without_pages then table.move({ "--folder", "jpg" }, 1, 2, #plan + 1, plan) end
    local result = at.almanac(table.unpack(plan))
    assert.equal(0, result.status, result.out .. result.err)
  end

  local function apply(name, switches)
    return at.almanac("exec", program.client, "settle=0.1 " .. (switches or ""), "apply", name, "--settle", "0.05")
  end

  local function names()
    local list = {}
    for _, rep in ipairs(at.alma.state().representations) do
      for _, file in ipairs(rep.files) do list[#list + 1] = file.name end
    end
    return table.concat(list, " ")
  end

  local function posts() return at.alma.calls().routes["POST /bibs/{mms_id}/representations/{rep_id}/files"] or 0 end

  -- Killed after the nth page was attached and noted; a copy is taken; the run goes on to its end.
  -- A copy of a file that is to be deleted takes more commits than two.
  local function copy_after(n, copies)
    local kills = 0
    while posts() < n do
      kills = kills + 1
      assert(kills < 40, "it is never there")
      assert.is_not.equal(0, apply("a.run", "kill=" .. (copies and 2 + kills // 5 or 2)).status)
    end
    program.write(at.folder .. "/old.run", program.read(at.folder .. "/a.run"))
    program.remove(at.folder .. "/old.run-wal")
    local wal = io.open(at.folder .. "/a.run-wal", "rb")
    if wal then
      program.write(at.folder .. "/old.run-wal", wal:read "a")
      wal:close()
    end
    assert.equal(0, apply("a.run").status)
  end

  local cases = {
    { "a new representation", NEW }, { "files that are added", ADD }, { "files that are replaced", (REPLACE:gsub("KEEP", "")), true },
    { "files that are added beside others", (REPLACE:gsub("KEEP", ", keep = true")) },
  }
  for _, case in ipairs(cases) do
    for n = 1, 2 do
      it(("attaches no page twice: %s, %d of 3"):format(case[1], n), function()
        start(case[2])
        copy_after(n, case[3])
        local before, made = names(), posts()
        local result = apply "old.run"
        assert.equal(2, result.status, result.out .. result.err)
        assert.matches(ADVICE, result.err, 1, true)
        assert.matches("1 to decide", result.out)
        assert.same({ before, made }, { names(), posts() })
        assert.equal(2, apply "old.run".status)
        assert.same({ before, made }, { names(), posts() })
      end)
    end
  end

  it("is a person's to decide about: `use` attaches the pages beside", function()
    start(ADD)
    copy_after(1)
    assert.equal(2, apply("old.run").status)
    program.write(at.folder .. "/d.csv", ("mms_id,decision,file\n%s,use,\n"):format(desk.id(1)))
    assert.equal(0, at.almanac("decide", "old.run", "d.csv").status)
    assert.equal(0, apply("old.run").status)
    assert.equal(5, posts())
  end)

  -- A copy of the plan, of which nothing was done.
  local function copy_before()
    program.write(at.folder .. "/old.run", program.read(at.folder .. "/a.run"))
    local result = apply "a.run"
    assert.equal(0, result.status, result.out .. result.err)
  end

  for what, changes in pairs { ["files that are added"] = ADD, ["files that are replaced"] = REPLACE:gsub("KEEP", "") } do
    it("or before it: " .. what, function()
      start(changes)
      copy_before()
      local before = names()
      local result = apply "old.run"
      assert.equal(2, result.status, result.out .. result.err)
      assert.matches(ADVICE, result.err, 1, true)
      assert.equal(before, names())
    end)
  end

  local LABEL = "return update.representation { representation = rep, label = 'other' }"
  for what, changes in pairs { ["files that were added"] = ADD, ["files that were replaced"] = REPLACE:gsub("KEEP", ""),
    ["files that were deleted"] = DELETE, ["a field that was set"] = LABEL,
    ["a representation that was deleted"] = "return delete.representation { representation = rep }" } do
    it("takes nothing back without a word: " .. what, function()
      start(changes, changes == DELETE or changes == LABEL or changes:find "delete.rep" ~= nil)
      copy_before()
      local before = names()
      for _, arguments in ipairs { { "undo", "old.run" }, { "undo", "old.run", "--yes" } } do
        local result = at.almanac(table.unpack(arguments))
        assert.equal(2, result.status, result.out .. result.err)
        assert.matches("1 title that old.run has not begun holds in Alma what this run makes %(.*title " .. desk.id(1) .. "%)", result.err)
      end
      assert.equal(before, names())
    end)
  end

  it("finds files that are deleted, and fields that are set", function()
    for _, changes in ipairs { DELETE, "return { update.representation { representation = rep, label = 'other' } }" } do
      start(changes, true)
      copy_before()
      local result = apply "old.run"
      assert.equal(2, result.status, result.out .. result.err)
      assert.matches(ADVICE, result.err, 1, true)
      at.alma.stop()
      os.remove(at.folder .. "/a.run")
      os.remove(at.folder .. "/old.run")
    end
  end)

  for what, changes in pairs { ["a representation"] = "return { delete.representation { representation = rep } }", files = DELETE } do
    it("does not bring back a second time what another copy brought back: " .. what, function()
      start(changes, true)
      assert.equal(0, at.almanac("apply", "a.run", "--settle", "0.05").status)
      program.write(at.folder .. "/old.run", program.read(at.folder .. "/a.run"))
      assert.equal(0, at.almanac("undo", "a.run", "--yes").status)
      local before = names()
      for _ = 1, 2 do
        local result = at.almanac("undo", "old.run", "--yes")
        assert.equal(2, result.status, result.out .. result.err)
        assert.matches("is like what undo would bring back, and may be that: taken back already with another copy of this run file?",
          result.err, 1, true)
        assert.equal(before, names())
      end
      program.write(at.folder .. "/d.csv", ("mms_id,decision,file\n%s,use,\n"):format(desk.id(1)))
      assert.equal(0, at.almanac("decide", "old.run", "d.csv").status)
      at.almanac("undo", "old.run", "--yes")
      assert.is_true(#names() > #before)
    end)
  end

  it("costs a call only there: none for titles that one process begins and ends", function()
    local list = "GET /bibs/{mms_id}/representations/{rep_id}/files"
    start(NEW)
    local before = at.alma.calls().routes[list] or 0
    assert.equal(0, apply("a.run").status)
    assert.equal(before, at.alma.calls().routes[list] or 0)
  end)
end)
