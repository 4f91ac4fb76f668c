-- Lists of any make given to the program: what it says, what it leaves behind.
local core = require "almanac.core"
local program = require "support.program"
local sources = require "almanac.plan.sources"
local store = require "almanac.run.store"
local tried = require "support.tried"
local zip = require "support.zip"

local id, refused = tried.id, tried.refused

describe("plan with a list", function()
  local trial

  before_each(function() trial = tried.start { "a", "b" } end)
  after_each(function() trial.close() end)

  local function write(name, text) program.write(trial.folder .. "/" .. name, text) end

  local function by_map(text, ...)
    write("t.csv", text)
    return trial.run { "plan", "by-map", "--folder", "jpg", "--titles", "t.csv", "-o", "a.run", ... }
  end

  local function at(name) return core.files.stat(trial.folder .. "/" .. name) end

  it("reads Windows-1252 and says so", function()
    program.write(trial.folder .. "/jpg/B\u{fc}cher.jpg", tried.JPEG .. "x")
    local result = by_map("mms_id,file_name\n" .. id(1) .. ",B\xFCcher.tif\n")
    assert.matches("t.csv: is read as Windows%-1252, because line 2 is not UTF%-8", result.err)
    assert.matches("1 title: 1 ready", result.out)
  end)

  it("reads a sheet of a workbook by its name", function()
    local function cells(...)
      local row = {}
      for i, text in ipairs { ... } do row[i] = ('<c t="inlineStr"><is><t>%s</t></is></c>'):format(text) end
      return "<row>" .. table.concat(row) .. "</row>"
    end
    local book = zip.xlsx { { "Notes", cells "nothing here" }, { "Map", cells("MMS ID", "File name") .. cells(id(1), "a.tif") } }
    write("t.xlsx", book)
    local result = trial.run { "plan", "by-map", "--folder", "jpg", "--titles", "t.xlsx", "--sheet", "map", "-o", "a.run" }
    assert.matches("1 title: 1 ready", result.out)
    core.files.remove(trial.folder .. "/a.run")
    refused(by_map("mms_id,file_name\n", "--sheet", "x"), "t.csv: is no workbook: leave out %-%-sheet")
  end)

  it("refuses a column that is not there, with those that are and the nearest", function()
    local text = "mms_id,TIFF Filename,fname\n" .. id(1) .. ",a.tif,\n"
    refused(by_map(text), "t.csv: has no column 'file_name': there are 'mms_id', 'TIFF Filename', 'fname'.*name one with %-%-column")
    refused(by_map(text, "--column", "TIF Filename"), "did you mean 'TIFF Filename'%?")
    assert.is_nil(at "a.run")
    assert.matches("1 ready", by_map(text, "--column", "tiff_filename").out)
  end)

  it("names rows that give no title, in the plan as well", function()
    local result = by_map(("mms_id,file_name\n%s,a.tif\n,b.tif\n"):format(id(1)))
    assert.matches("t.csv: 1 row without an MMS ID: line 3", result.out)
  end)

  it("leaves no run file when it is refused, whatever the bytes", function()
    for _, text in ipairs { "mms_id,file_name\n" .. id(1) .. ",\u{fc}\xFC\n",
      "mms_id\n\0", "PK\3\4", "\xFF\xFE9", "mms_id;file_name\nx;y" } do
      local result = by_map(text)
      assert.equal(1, result.status)
      assert.is_nil((result.err .. result.out):find "traceback")
      assert.is_nil(at "a.run")
    end
  end)
end)

describe("an unfinished plan at the path of a new one", function()
  local trial

  before_each(function() trial = tried.start { "a", "b" } end)
  after_each(function() trial.close() end)

  local function path(name) return trial.folder .. "/" .. name end

  local function plan(run)
    return trial.run { "plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", run or "a.run" }
  end

  local function unfinished(fill)
    local db <close> = assert(store.create(path "a.run", { institution = "01X", run = "x" }))
    if fill then fill(db) end
  end

  it("goes when it has read nothing", function()
    unfinished()
    assert.equal(0, plan().status)
    assert.is_nil(core.files.stat(path "a.run.unfinished"))
    program.write(path "b.run", "")
    assert.equal(0, plan "b.run".status)
  end)

  it("is set aside when it has read something", function()
    unfinished(function(db) assert(db:run("INSERT INTO title(mms_id, title, reading, state) VALUES('991', '', '{}', 'ask')")) end)
    local result = plan()
    assert.equal(0, result.status)
    assert.matches("a.run was a plan that was not finished; what it had read is in a.run.unfinished now", result.err)
    local db <close> = assert(store.open(path "a.run.unfinished", "read"))
    assert.equal("991", db:value "SELECT mms_id FROM title")
  end)

  it("stays when it is in use, is a run, or another kind of file", function()
    unfinished()
    do
      local db <close> = assert(store.open(path "a.run", "write"))
      assert.is_not_nil(db)
      assert.equal(1, plan().status)
    end
    core.files.remove(path "a.run")
    assert.equal(0, plan().status)
    refused(plan(), "a.run exists already; a plan never overwrites one")
    program.write(path "a.run", "a letter")
    refused(plan(), "a.run exists already")
    assert.equal("a letter", core.files.read(path "a.run"))
  end)
end)

describe("the lists that failed when they were tried", function()
  it("are read, or refused with the line", function()
    local folder = "../shared/cases/files"
    if not core.files.stat(folder) then return pending "../shared is absent" end
    local function ids(name) return #assert(sources.list(folder .. "/" .. name)).ids end
    assert.equal(2, ids "F17-csv-forms/07_sep_line.csv")
    assert.equal(2, ids "F17-csv-forms/24_title_row.csv")
    assert.equal(2, ids "F17-csv-forms/36_pipe.csv")
    assert.equal(1, ids "F09-latin1-map/11_latin1.csv")
    assert.equal(1, ids "F09-latin1-map/19_latin1_other_col.csv")
    assert.matches("line 2: '1.00014E%+10' was rounded", select(2, sources.list(folder .. "/F17-csv-forms/33_barcode_sci.csv")))
    assert.matches("zeros at their beginning", assert(sources.list(folder .. "/F17-csv-forms/32_barcode_lost0.csv")).notes[1])
  end)
end)
