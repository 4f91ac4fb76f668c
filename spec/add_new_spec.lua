-- The recipe add-new from plan to undo, with a rehearsal.
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local store = require "almanac.run.store"

local JPEG = require "support.picture".JPEG
local TITLES = [[
mms_id,title,usage_type,file_name,size,representation_id,collection,format,oclc
991000000001234146,There already,,,,,Maps,marc21,(OLD)1
]]
local MARC = [[
=LDR  00000nam a2200000 a 4500
=001  1
=245  00$aThere already

=LDR  00000nam a2200000 a 4500
=001  2
=245  00$aA new map
=856  40$uhttps://old.example/img/two.jpg

=LDR  00000nam a2200000 a 4500
=001  3
=245  00$aWithout a file

]]

describe("add-new", function()
  local alma, folder

  before_each(function()
    folder = program.folder()
    program.write(folder .. "/old.mrk", MARC)
    program.write(folder .. "/files/two.jpg", JPEG)
    alma = rehearsal.start { titles = TITLES, args = { "--rate", "0" } }
  end)
  after_each(function()
    alma.stop()
    program.remove(folder)
  end)

  local function almanac(...)
    return program.run({ ... }, { folder = folder, env = { HOME = folder, XDG_CONFIG_HOME = false, ALMANAC_PROFILE = false,
      ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key } })
  end

  local function plan(output)
    return almanac("plan", "add-new", "--rate", "500", "--folder", "files", "--records", "old.mrk", "--find", "other_system_id",
      "--prefix", "(OLD)", "--names", "856$u", "--collection", "Maps", "-o", output)
  end

  it("makes the titles that Alma lacks once, with their files, and takes them back", function()
    local result = plan "a.run"
    assert.equal(0, result.status, result.out .. result.err)
    assert.matches("2 titles: 1 ready %(1 file, %d+ bytes%), 0 to decide, 1 skipped", result.out)
    assert.matches("1 title is CREATED in Alma", result.out, 1, true)
    assert.matches("the recipe makes no title of it[^\n]*\n%s+3: it has no file", result.out)
    result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    assert.equal(0, almanac("verify", "a.run").status)
    result = plan "b.run"
    assert.equal(0, result.status, result.err)
    assert.matches("2 titles: 0 ready (0 files, 0 bytes), 0 to decide, 2 skipped", result.out, 1, true)
    result = almanac("undo", "a.run", "--yes")
    assert.equal(0, result.status, result.err)
    assert.matches("2 titles: 1 ready", plan "c.run".out, 1, true)
  end)

  local function again(output, ...)
    return almanac("plan", "add-new", "--rate", "500", "--from", "a.run", "-o", output, ...)
  end

  it("makes no second title when it is planned again from a run that made it", function()
    assert.equal(0, plan "a.run".status)
    assert.equal(0, almanac("apply", "a.run").status)
    local result = again "b.run"
    assert.equal(2, result.status, result.err)
    assert.matches("2 titles: 0 ready (0 files, 0 bytes), 1 to decide, 1 skipped", result.out, 1, true)
    result = again("c.run", "--missing")
    assert.equal(0, result.status, result.err)
    assert.matches("2 titles: 0 ready (0 files, 0 bytes), 0 to decide, 2 skipped", result.out, 1, true)
  end)

  it("makes no title that an earlier run has begun to make", function()
    assert.equal(0, plan "a.run".status)
    do
      local db <close> = assert(store.open(folder .. "/a.run", "write"))
      assert(db:run "INSERT INTO step(title_id, change, kind, page, begun) SELECT id, 1, 'bib', 0, 1 FROM title WHERE mms_id = 'new:2'")
    end
    local result = again "b.run"
    assert.equal(2, result.status, result.err)
    assert.matches("an earlier run has begun to make its title", result.out, 1, true)
    assert.matches("0 ready", result.out, 1, true)
  end)
end)
