-- Run files of the format before this one, as an almanac of then made them.
local core = require "almanac.core"
local desk = require "support.desk"
local json = require "almanac.json"
local migration = require "almanac.run.migration"
local program = require "support.program"
local store = require "almanac.run.store"

local ASKED, SKIPPED = desk.id(4), desk.id(3)

-- A file of format 3 with the plan of a folder that holds these files now.
local function make(path, folder, url)
  local text = program.read "spec/fixtures/run-v3.sql":gsub("@FOLDER@", folder):gsub("@URL@", url or "http://127.0.0.1:1")
  local db = assert(core.runfile.open(path, { mode = "create", kind = "run", version = 3, schema = text }))
  local paths = {}
  for row in db:rows "SELECT path FROM file WHERE mark IS NOT NULL" do paths[#paths + 1] = row.path end
  for _, name in ipairs(paths) do
    local stat = core.files.stat(folder .. "/jpg/" .. name)
    local mark = stat and core.files.mark(folder .. "/jpg/" .. name, folder)
    if mark then db:run("UPDATE file SET size = ?, mtime_ns = ?, mark = ? WHERE path = ?", stat.size, stat.mtime_ns, mark, name) end
  end
  db:close()
end

describe("a run file of format 3", function()
  local at = desk.each(before_each, after_each)
  local path

  before_each(function() path = at.folder .. "/a.run" end)

  local function old(sql)
    local db <close> = assert(core.runfile.open(path, { mode = "write", kind = "run", version = 3 }))
    db:exec(sql)
  end

  it("is brought to this format when it is opened, and kept as it was beside it", function()
    make(path, at.folder)
    local result = at.almanac("show", "a.run", "--list", "to-decide")
    assert.equal(0, result.status, result.err)
    assert.equal(ASKED .. "  Title 4  several files for one key: 'd' has d.jpg, more/D.jpg\n", result.out)
    assert.matches("a.run was made by an earlier almanac, and was brought to format 4; as it was before, it is kept as a.run.v3",
      result.err, 1, true)
    assert.equal(4, migration.format_of(path))
    local before <close> = assert(core.runfile.open(path .. ".v3", { mode = "read", kind = "run", version = 3 }))
    assert.equal("no file: nothing in the folder has the key 'c'",
      before:value("SELECT reason FROM title WHERE mms_id = ?", SKIPPED))
    assert.equal("", at.almanac("show", "a.run", "--list", "to-decide").err)
    assert.is_nil(core.files.stat(path .. ".v3-2"))
  end)

  it("has codes for its sentences, and says what it said", function()
    make(path, at.folder)
    old [[UPDATE title SET state = 'failed', reason = 'POST files: no room (402119)' WHERE id = 1;
      UPDATE title SET state = 'attached', reason = 'page 1 is file 7 (x.jpg), planned 8 (a.jpg)' WHERE id = 2;
      UPDATE title SET state = 'ask', reason = 'since the plan somebody added a representation (12, ''JPG''): look at it' WHERE id = 5]]
    local db <close> = assert(store.open(path, "read"))
    local codes = {}
    for row in db:rows "SELECT id, reason_code FROM title ORDER BY id" do codes[row.id] = row.reason_code end
    assert.same({ "failure", "failure", "no_file", "several_files", "representation_added" }, codes)
    assert.same({ ready = 0, ask = 2, skip = 1, done = 0, failed = 2 }, store.counts(db))
    local said = {}
    require("almanac.report").write(db, "text", function(text) said[#said + 1] = text end)
    local text = table.concat(said)
    for _, words in ipairs { "POST files: no room (402119)", "page 1 is file 7 (x.jpg), planned 8 (a.jpg)",
      "since the plan somebody added a representation (12, 'JPG'): look at it", "no title answers to its match key 'stray_1'",
      "it fits title " .. ASKED .. ", which is to decide", "notes.txt: left out: the recipe gives it no match key" } do
      assert.matches(words, text, 1, true)
    end
    assert.equal("no_title", db:value "SELECT reason_code FROM file WHERE path = 'stray_1.jpg'")
  end)

  it("is carried out, verified and taken back", function()
    at.start { { "a" }, { "book_1", "book_2", "book_10" }, { "c" }, { "d" }, { "e" } }
    core.files.remove(at.folder .. "/jpg/c.jpg")
    make(path, at.folder, at.alma.url)
    local result = at.almanac("apply", "a.run", "--rate=500")
    assert.equal(2, result.status, result.err .. result.out)
    assert.matches("the run has 3 done, 0 to do, 1 to decide, 0 failed", result.out)
    result = at.almanac("verify", "a.run", "--rate=500")
    assert.equal(0, result.status, result.err .. result.out)
    assert.matches("verified 3 titles; 0 differ", result.out)
    program.write(at.folder .. "/d.csv", "mms_id,decision,file\n" .. ASKED .. ",use,d.jpg\n")
    assert.equal(0, at.almanac("decide", "a.run", "d.csv").status)
    result = at.almanac("undo", "a.run", "--yes", "--rate=500")
    assert.equal(0, result.status, result.err .. result.out)
    assert.matches("took back 3 titles", result.out)
    assert.equal(1, json.decode(at.almanac("report", "a.run", "--format", "json").out).titles.ready)
  end)

  it("is what a plan begins from", function()
    desk.collection(at.folder, { { "a" } })
    make(path, at.folder)
    local result = at.almanac("plan", "jpg-derivatives", "--from", "a.run", "--folder", "jpg", "-o", "b.run")
    assert.equal(0, result.status, result.err .. result.out)
    assert.matches("5 titles: 1 ready", result.out)
  end)

  it("stays as it is while another process writes it, and is not read then", function()
    make(path, at.folder)
    local writer <close> = assert(core.runfile.open(path, { mode = "write", kind = "run", version = 3 }))
    local result = at.almanac("show", "a.run")
    assert.equal(1, result.status)
    assert.matches("a.run is in use by process", result.err, 1, true)
    assert.matches("has format 3, and this almanac reads format 4: it is brought to that when it is opened by one who may write it",
      result.err, 1, true)
    assert.equal(3, writer:value "PRAGMA user_version")
    assert.is_nil(core.files.stat(path .. ".v3"))
  end)

  it("that is cut off is told as such, and stays as it is", function()
    make(path, at.folder)
    local half = program.read(path):sub(1, 8192)
    program.write(path, half)
    local result = at.almanac("show", "a.run")
    assert.equal(1, result.status)
    assert.matches("a.run is cut off: 8192 of %d+ bytes are there; copy it again or take a backup\n$", result.err)
    assert.equal(half, program.read(path))
    assert.is_nil(core.files.stat(path .. ".v3"))
  end)

  it("never takes the name of another file for the old one", function()
    make(path, at.folder)
    program.write(path .. ".v3", "somebody's")
    assert(store.open(path, "write")):close()
    assert.equal("somebody's", program.read(path .. ".v3"))
    assert.equal(3, migration.format_of(path .. ".v3-2"))
  end)

  it("is this format already when only its log says so, after a kill", function()
    make(path, at.folder)
    local db = assert(core.runfile.open(path, { mode = "write", kind = "run", version = 3 }))
    db:exec "ALTER TABLE title ADD COLUMN reason_code TEXT; ALTER TABLE title ADD COLUMN reason_data TEXT; PRAGMA user_version=4"
    local cut = at.folder .. "/cut.run"
    for _, ending in ipairs { "", "-wal" } do program.write(cut .. ending, program.read(path .. ending)) end
    db:close()
    assert.equal(3, migration.format_of(cut))
    assert(store.open(cut, "read")):close()
    assert.equal(4, migration.format_of(cut))
    assert.is_nil(core.files.stat(cut .. ".v3"))
  end)
end)
