-- `almanac plan --records --find`: titles are looked up in Alma by the keys of records.
local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local store = require "almanac.run.store"

local JPEG = require "support.picture".JPEG
local TITLES = [[
mms_id,title,usage_type,file_name,size,representation_id,collection,format,oclc
991000000001234146,Map one,,,,,,marc21,(OCoLC)1
991000000003234146,Map three,,,,,,marc21,(OCoLC)3
991000000004234146,Map three again,,,,,,marc21,(OCoLC)3
]]
local ROWS = "identifier,OCLC,File\nr1,(OCoLC)1,one.jpg\nr2,(OCoLC)2,two.jpg\nr3,(OCoLC)3,three.jpg\n"
local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add" },
  args = { { "folder", "dir", required = true } },
  record_key = function(record) return record:get "OCLC" end,
  record_files = function(record) return record:get "File" end,
  changes = function(title, files, args, records)
    return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", label = records[1].id, files = files }
  end,
}
]]

describe("titles that are looked up", function()
  local alma, folder

  before_each(function()
    folder = program.folder()
    program.write(folder .. "/r/recipe.lua", RECIPE)
    program.write(folder .. "/rows.csv", ROWS)
    for _, name in ipairs { "one", "two", "three" } do program.write(folder .. "/files/" .. name .. ".jpg", JPEG .. name) end
  end)
  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local function start(...) alma = rehearsal.start { titles = TITLES, args = { "--rate", "0", ... } } end

  local function environment()
    return { HOME = folder, XDG_CONFIG_HOME = false, ALMANAC_PROFILE = false, ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key }
  end

  local function almanac(...) return program.run({ ... }, { folder = folder, env = environment() }) end

  local function plan(...) return almanac("plan", "r/recipe.lua", "--rate", "500", "--folder", "files", ...) end

  -- MMS ID or reason of each record
  local function records(name)
    local db <close> = assert(store.open(folder .. "/" .. name, "read"))
    local list = {}
    for row in db:rows [[SELECT identifier, coalesce(mms_id, record.reason_code) AS told FROM record
      LEFT JOIN title ON title.id = title_id ORDER BY record.id]] do
      list[row.identifier] = row.told
    end
    return list
  end

  local function looked_up() return alma.calls().routes["GET /bibs"] end

  local EXPECTED = { r1 = "991000000001234146", r2 = "record_no_title", r3 = "record_fits_several" }

  it("are one title, none, or several, which are to decide", function()
    start()
    local result = plan("--records", "rows.csv", "--find", "other_system_id", "-o", "a.run")
    assert.equal(2, result.status, result.err)
    assert.same(EXPECTED, records "a.run")
    assert.matches("3 titles: 1 ready %(1 file, %d+ bytes%), 2 to decide", result.out)
  end)

  it("are found by an index of SRU as well", function()
    start()
    local result = plan("--records", "rows.csv", "--find", "sru:alma.other_system_number", "-o", "a.run")
    assert.equal(2, result.status, result.err)
    assert.same(EXPECTED, records "a.run")
  end)

  it("are unread and never none when a look-up fails, and are looked up again from that run", function()
    start()
    alma.change { op = "faults", spec = "GET bibs=1:hostile=list" }
    local result = plan("--records", "rows.csv", "--find", "other_system_id", "-o", "a.run")
    assert.equal(2, result.status, result.err)
    assert.same({ r1 = "look_up_failed", r2 = "look_up_failed", r3 = "look_up_failed" }, records "a.run")
    assert.matches("3  without a title; it could not be looked up", result.out)
    assert.matches("almanac plan r --from a.run --missing -o NEW", result.out, 1, true)
    alma.change { op = "faults", spec = "" }
    result = plan("--from", "a.run", "--missing", "-o", "b.run")
    assert.equal(2, result.status, result.err)
    assert.same(EXPECTED, records "b.run")
  end)

  it("are asked for once: what was answered is taken over", function()
    start()
    assert.equal(2, plan("--records", "rows.csv", "--find", "other_system_id", "-o", "a.run").status)
    local before = looked_up()
    local result = plan("--from", "a.run", "-o", "b.run")
    assert.equal(2, result.status, result.err)
    assert.equal(before, looked_up())
    assert.same(EXPECTED, records "b.run")
  end)

  it("that a killed plan has looked up are not looked up again", function()
    start()
    local rows = { "identifier,OCLC,File" }
    for i = 1, 60 do rows[#rows + 1] = ("r%d,(OCoLC)%d,one.jpg"):format(i, i + 100) end
    program.write(folder .. "/rows.csv", table.concat(rows, "\n") .. "\n")
    alma.change { op = "faults", spec = "GET bibs=@40-80:stall=30" }
    local function kept()
      local ok, db = pcall(store.open, folder .. "/a.run", "read")
      local _ <close> = ok and db or nil
      return ok and db and db:value "SELECT count(*) FROM look_up" or 0
    end
    do
      local running <close> = program.start({ "plan", "r/recipe.lua", "--rate", "500", "--folder", "files", "--records", "rows.csv",
        "--find", "other_system_id", "-o", "a.run" }, { folder = folder, env = environment() })
      for _ = 1, 1000 do
        if core.files.stat(folder .. "/a.run") and kept() >= 25 then break end
        core.sys.sleep(0.02)
      end
      running.signal "KILL"
    end
    alma.change { op = "faults", spec = "" }
    local result = plan("--records", "rows.csv", "--find", "other_system_id", "-o", "a.run")
    assert.matches("a.run.unfinished", result.err, 1, true)
    local before = looked_up()
    result = plan("--from", "a.run.unfinished", "--missing", "-o", "b.run")
    assert.equal(2, result.status, result.err)
    assert.is_true(looked_up() - before <= 35)
  end)

  it("stop early and safe to go on when the day's calls are used up", function()
    start("--daily", "8")
    local rows = { "identifier,OCLC,File" }
    for i = 1, 30 do rows[#rows + 1] = ("r%d,(OCoLC)%d,one.jpg"):format(i, i) end
    program.write(folder .. "/rows.csv", table.concat(rows, "\n") .. "\n")
    local result = plan("--records", "rows.csv", "--find", "other_system_id", "--reserve", "0", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("looking up 30 match keys takes as many calls, but Alma allows", result.err)
  end)

  it("are refused in words where they can't be looked up", function()
    start()
    for _, case in ipairs {
      { { "--records", "rows.csv", "-o", "a.run" }, "the recipe finds titles by the keys of records: give --find" },
      { { "--records", "rows.csv", "--find", "isbn", "-o", "a.run" }, "--find: 'isbn' is no way to look up titles" },
      { { "--find", "other_system_id", "-o", "a.run" }, "the recipe matches records: give --records FILE" },
      { { "--records", "rows.csv", "--find", "other_system_id", "--titles", "991000000001234146", "-o", "a.run" },
        "give --titles or --find, not both" },
      { { "--records", "rows.csv", "--find", "sru:alma.nonsense", "-o", "a.run" }, "the server has no index 'alma.nonsense'" },
    } do
      local result = plan(table.unpack(case[1]))
      assert.equal(1, result.status, result.out)
      assert.matches(case[2], result.err, 1, true)
      assert.is_nil(core.files.stat(folder .. "/a.run"))
    end
  end)

  it("can be decided: the record goes with the title that is used", function()
    start()
    assert.equal(2, plan("--records", "rows.csv", "--find", "other_system_id", "-o", "a.run").status)
    assert.equal(0, almanac("decide", "a.run", "--template", "d.csv").status)
    assert.matches("'991000000003234146,,three.jpg,Map three,\"[^\n]*\",r3\n", program.read(folder .. "/d.csv"))
    program.write(folder .. "/d.csv", "mms_id,decision,record\n991000000003234146,use,r3\n991000000004234146,skip,\n")
    local result = almanac("decide", "a.run", "d.csv")
    assert.equal(0, result.status, result.err)
    assert.equal("991000000003234146", records "a.run".r3)
    program.write(folder .. "/d.csv", "mms_id,decision,record\n991000000004234146,use,r3\n")
    result = almanac("decide", "a.run", "d.csv")
    assert.equal(1, result.status)
    assert.matches("r3 goes with title 991000000003234146 already", result.err, 1, true)
  end)

  it("say of each record what was found, as data", function()
    start()
    local result = plan("--records", "rows.csv", "--find", "other_system_id", "--json", "-o", "a.run")
    for line in result.out:gmatch "[^\n]+" do
      local event = json.decode(line)
      if event.event == "planned" then assert.same({ 1, 1 }, { event.records.with_title, event.records.open }) end
    end
  end)
end)
