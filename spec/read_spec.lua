local alma_module = require "almanac.alma"
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"
local read = require "almanac.plan.read"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local rehearsal = require "support.rehearsal"
local store = require "almanac.run.store"

local HEADER = "mms_id,title,usage_type,file_name,size,representation_id,collection\n"

local function id(n) return ("9910000000%02d3904146"):format(n) end

describe("reading titles", function()
  local alma, folder, db

  before_each(function() folder = program.folder() end)
  after_each(function()
    if db then db:close() end
    if alma then alma.stop() end
    alma, db = nil, nil
    program.remove(folder)
  end)

  local function start(csv, ...)
    alma = rehearsal.start { titles = csv, memory = true, args = { "--rate", "0", ... } }
    db = assert(store.create(folder .. "/a.run", {}))
  end

  local function titles(n)
    local csv = { HEADER }
    for i = 1, n do csv[#csv + 1] = ("%s,Title %d,PRESERVATION_MASTER,s%d.tif,10,,\n"):format(id(i), i, i) end
    return table.concat(csv)
  end

  -- A client that gives up at the first failure.
  local function client(key)
    return alma_module.new { url = alma.url, key = key or alma.key, rate = 25, backoff = { tries = 1 } }
  end

  local function nothing() end

  local function read_all(n, key)
    local list = {}
    for i = 1, n do list[i] = id(i) end
    read.add(db, list)
    return read.titles(db, client(key), list, { begin = nothing, finish = nothing })
  end

  local function count(where) return db:value("SELECT count(*) FROM title WHERE " .. where) end

  it("keeps what a title holds", function()
    start(HEADER .. [[
9910000000013904146,Letters,PRESERVATION_MASTER,p_2.tif,20,129000000013904146,
9910000000013904146,Letters,PRESERVATION_MASTER,p_10.tif,30,129000000013904146,
9910000000013904146,Letters,DERIVATIVE_COPY,,,128000000013904146,
]])
    assert.same({ failed = 0 }, read_all(1))
    local row = db:row "SELECT * FROM title"
    assert.equal("Letters", row.title)
    local reps = readings.decode(row.reading).representations
    local names = {}
    for i, file in ipairs(reps[1].files) do names[i] = file.name .. " " .. file.size end
    assert.same({ "p_2.tif 20", "p_10.tif 30" }, names)
    assert.same({ "PRESERVATION_MASTER", "MAIN", false }, { reps[1].usage_type, reps[1].library, reps[1].remote })
    assert.matches("^13%d+$", reps[1].files[1].pid)
  end)

  it("never takes a failed look-up for absence", function()
    start(titles(3), "--faults", "GET files=@2:html,GET representations=@3:500")
    local outcome = read_all(3)
    assert.equal(2, outcome.failed)
    assert.is_nil(outcome.stop)
    assert.equal(1, count "reading IS NOT NULL")
    assert.equal(2, count "state = 'ask' AND reason_code = 'unread' AND reason_data LIKE '%GET /bibs/%'")
    assert.equal(0, count "state = 'skip'")
  end)

  it("believes Alma's availability where nothing is to be changed: no call for a title without representations", function()
    start(HEADER .. ("%s,Letters,,,,,\n"):format(id(1)) .. ("%s,Views,PRESERVATION_MASTER,v.tif,10,129000000023904146,\n"):format(id(2)))
    local function calls(sparing)
      local its, done = client(), {}
      db:run "DELETE FROM title"
      read.add(db, { id(1), id(2) })
      assert.same({ failed = 0 }, read.titles(db, its, { id(1), id(2) },
        { begin = nothing, finish = function(mms_id, ok) done[mms_id] = ok end }, nil, { sparing = sparing }))
      assert.same({ [id(1)] = true, [id(2)] = true }, done)
      assert.equal("[]", db:value("SELECT reading FROM title WHERE mms_id = ?", id(1)))
      assert.matches("v.tif", db:value("SELECT reading FROM title WHERE mms_id = ?", id(2)), 1, true)
      assert.equal(2, count "reason_code IS NULL")
      return its.calls.GET
    end
    assert.equal(4, calls(false))
    assert.equal(3, calls(true))
  end)

  it("takes a failed batch for unread titles, and only an answer for absence", function()
    start(titles(3), "--faults", "GET bibs=@1:500")
    assert.equal(3, read_all(3).failed)
    assert.equal(3, count "state = 'ask' AND reading IS NULL AND reason_code IN ('unread', 'not_read_yet')")
    alma.change { op = "delete_bib", mms_id = id(2) }
    db:run "DELETE FROM title"
    assert.equal(0, read_all(3).failed)
    assert.equal(1, count "state = 'skip' AND reason_code = 'not_in_alma'")
    assert.equal(2, count "reading IS NOT NULL")
  end)

  it("takes a list that breaks off for unread", function()
    start(titles(1), "--faults", "GET representations=@1:cut")
    assert.equal(1, read_all(1).failed)
    assert.equal(0, count "reading IS NOT NULL")
  end)

  it("stops when Alma can't be reached any more, and keeps what it has", function()
    start(titles(90), "--faults", "GET files=@6-999:reset")
    local outcome = read_all(90)
    assert.matches("GET /bibs/", outcome.stop.message)
    assert.equal(5, count "reading IS NOT NULL")
    assert.equal(85, count "state = 'ask' AND reading IS NULL")
    assert.is_false(db:in_transaction())
  end)

  it("stops at once when the key has no right", function()
    start(titles(3))
    local outcome = read_all(3, "wrong")
    assert.equal("auth", outcome.stop.code)
    assert.equal(3, count "reading IS NULL")
  end)

  it("keeps records and items of those that can be read, and says of the others why", function()
    start("mms_id,title,usage_type,file_name,barcode,format\n" ..
      ("%s,One,,,B1,marc21\n%s,Two,,,B2,dc\n"):format(id(1), id(2)))
    read.add(db, { id(1), id(2) })
    alma.change { op = "faults", spec = "GET items=@2:html" }
    local outcome = read.titles(db, client(), { id(1), id(2) }, { begin = nothing, finish = nothing }, { record = true, items = true })
    assert.equal(1, outcome.failed)
    assert.equal(2, db:value "SELECT count(*) FROM detail WHERE record IS NOT NULL")
    local row = db:row "SELECT title, items FROM detail JOIN title ON title.id = title_id WHERE items IS NOT NULL"
    assert.matches(row.title == "One" and '"B1"' or '"B2"', row.items)
    assert.matches("^could not be read: GET /bibs/%d+/holdings/ALL/items",
      reasons.sentence(db:row "SELECT * FROM title WHERE reading IS NULL"))
  end)

  it("ends at Ctrl-C while bibs are still asked for", function()
    local rows = { HEADER }
    for n = 1, 1700 do rows[n + 1] = desk.id(n) .. ",A title,PRESERVATION_MASTER,a.tif,10,,\n" end
    program.write(folder .. "/titles.csv", table.concat(rows))
    program.write(folder .. "/jpg/a.jpg", desk.JPEG)
    alma = rehearsal.start { titles = folder .. "/titles.csv", memory = true, args = { "--rate", "0", "--latency", "0.2" } }
    local function calls() return alma.calls().routes["GET /bibs"] or 0 end
    local running <close> = program.start({ "plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run",
      "--rate", "4" }, { folder = folder, env = desk.environment(alma, folder) })
    repeat core.sys.sleep(0.02) until calls() > 0
    running.signal "INT"
    assert.equal(75, running.wait().status)
    assert.is_true(calls() < 17)
  end)
end)
