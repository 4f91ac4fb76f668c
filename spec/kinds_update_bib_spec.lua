-- update.bib from plan to undo: the difference is told before, the record is changed once and only while it is as the plan
-- found it, and undo puts the record before back.
local desk = require "support.desk"
local program = require "support.program"
local records = require "almanac.record"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "update-bib" }, reads = { "record" },
  title_keys = function(title) return { title.mms_id } end,
]]

describe("update.bib", function()
  local at = desk.each(before_each, after_each)
  local run, almanac = at.run, at.almanac

  local function plan(edits)
    program.write(at.folder .. "/recipe.lua", HEAD .. ("changes = function(title) return update.bib { %s } end,\n}\n"):format(edits))
    return almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run", "--rate", "500")
  end

  local function start(format)
    at.start { { "a" }, { "b" } }
    if format then
      local csv = program.read(at.folder .. "/titles.csv"):gsub("\n$", ""):gsub("collection\n", "collection,format\n")
        :gsub("(\n99[^\n]*)", "%1," .. format)
      at.alma.stop()
      program.write(at.folder .. "/titles.csv", csv .. "\n")
      at.alma = require "support.rehearsal".start { titles = at.folder .. "/titles.csv", args = { "--rate", "0" } }
      at.env = desk.environment(at.alma, at.folder)
    end
  end

  local function record(n) return at.alma.call("GET", "/bibs/" .. desk.id(n)).data.anies[1] end

  -- Without what Alma sets with every change.
  local function essence(n)
    local parsed = assert(records.parse(record(n)))
    parsed:remove "005"
    return parsed:encode "line"
  end

  local function apply(...) return almanac("apply", "a.run", "--settle", "0.05", ...) end

  it("tells the difference, makes it, verifies it, and undo puts the record back", function()
    start()
    local before = { essence(1), essence(2) }
    local planned = plan [[set = { ["245$a"] = "New " .. title.title }, remove = { "008" },
      add = { { "856", "40", "u", "https://x.example/1" } }]]
    assert.equal(0, planned.status, planned.err)
    assert.matches("2 records are changed", planned.out)
    assert.matches("in the record of 2 titles, 245 is changed", planned.out)
    assert.matches("in the record of 2 titles, 008 is REMOVED", planned.out)
    local shown = run("show", "a.run", desk.id(1)).out
    assert.matches("Planned: in its record 008 is removed, 245%$a is set to 'New Title 1', a field 856 %$u https://x.example/1 is added",
      shown)
    assert.matches("Consequence: in its record 245: '00 %$a Title 1' → '00 %$a New Title 1'", shown)
    assert.matches("Consequence: in its record 856 is added: '40 %$u https://x.example/1'", shown)
    assert.equal(0, apply().status)
    assert.matches('<subfield code="a">New Title 1<', record(1), 1, true)
    assert.matches("verified 2 title", run("verify", "a.run").out)
    assert.matches("would put the record back as it was: 008 is added: '[^\n]* and 2 more of " .. desk.id(2), run("undo", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.same(before, { essence(1), essence(2) })
    assert.matches("looked at 2 titles taken back", run("verify", "a.run").out)
  end)

  it("keeps the namespaces of Dublin Core, and puts it back", function()
    start "dc"
    local before = records.parse(record(1)):text()
    local planned = plan [[set = { ["dc:title"] = "New" },
      add = { { "dc:subject", "Maps", ["xml:lang"] = "en" }, { "dcterms:extent", "1 p." } }]]
    assert.equal(0, planned.status, planned.err)
    assert.equal(0, apply().status)
    assert.matches('<dc:subject xml:lang="en">Maps</dc:subject>', record(1), 1, true)
    assert.matches('^.-<record xmlns="http://alma.exlibrisgroup.com/dc/', record(1))
    assert.matches("verified 2 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.equal(before, records.parse(record(1)):text())
  end)

  it("skips a title whose record is so already", function()
    start()
    local planned = plan [[set = { ["245$a"] = title.title }]]
    assert.matches("2 skipped", planned.out)
    assert.matches("nothing to do\n[^\n]*its record is so already", planned.out)
  end)

  it("needs the record, and refuses a path that is none", function()
    start()
    local planned = plan [[set = { ["24$a"] = "x" }]]
    assert.equal(1, planned.status)
    assert.matches("update.bib: MARCspec[^\n]* expected a tag[^\n]*%(rule changes", planned.err)
  end)

  it("leaves a record to a person that somebody changed since the plan, and changes it as it is now", function()
    start()
    plan [[add = { { "500", "  ", "a", "A note" } }]]
    at.alma.change { op = "change_bib", mms_id = desk.id(1), title = "Theirs" }
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("since the plan somebody changed the record: 245: '00 %$a Title 1' → '00 %$a Theirs'", result.err)
    program.write(at.folder .. "/d.csv", "mms_id,decision,file\n" .. desk.id(1) .. ",use,\n")
    run("decide", "a.run", "d.csv")
    assert.equal(0, apply().status)
    assert.matches("Theirs.*A note", record(1))
    run("undo", "a.run", "--yes")
    assert.matches("Theirs", record(1))
    assert.not_matches("A note", record(1))
  end)

  it("leaves it to a person when undo would take away what somebody changed since", function()
    start()
    plan [[add = { { "500", "  ", "a", "A note" } }]]
    assert.equal(0, apply().status)
    at.alma.change { op = "change_bib", mms_id = desk.id(2), title = "Theirs" }
    assert.equal(2, almanac("verify", "a.run").status)
    local result = almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.matches("changed since: its record is another: 245: '00 %$a Title 2' → '00 %$a Theirs'", result.err)
    assert.matches("A note", record(2))
  end)

  it("says in Alma's words why a record is refused, title by title", function()
    start()
    plan [[remove = { "245" }]]
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("Alma does not take the record: Mandatory field 245 is missing %(4022032%)", result.err)
    assert.matches("Title 1", record(1))
  end)

  it("finds a change whose answer was lost, and makes none twice", function()
    start()
    plan [[add = { { "500", "  ", "a", "A note" } }]]
    at.alma.change { op = "faults", spec = "PUT bibs=@1:lost, PUT bibs=@2:500after" }
    assert.equal(0, apply().status)
    assert.equal(1, select(2, record(1):gsub("A note", "")))
    assert.matches("verified 2 title", run("verify", "a.run").out)
  end)

  it("tells what Alma made of the record, and takes that for the record from then on", function()
    start()
    plan [[set = { ["245$a"] = "  New " .. title.title .. "  " }, normalization = "35740000000009001"]]
    local result = apply()
    assert.equal(0, result.status)
    assert.matches("Alma answered with another record %(245: '00 %$a   New Title 1  ' → '00 %$a New Title 1'%)", result.err)
    assert.matches("verified 2 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.matches('<subfield code="a">Title 1<', record(1), 1, true)
  end)

  it("leaves a record that somebody edits just now", function()
    start()
    plan [[set = { ["245$a"] = "New" }]]
    at.alma.change { op = "lock_bib", mms_id = desk.id(1), by = "cataloguer" }
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("locked by cataloguer", result.err)
    assert.matches('<subfield code="a">Title 1<', record(1), 1, true)
    at.alma.change { op = "lock_bib", mms_id = desk.id(1) }
    assert.equal(0, apply().status)
    assert.matches('<subfield code="a">New<', record(1), 1, true)
  end)

  it("asks about a record of the Network Zone, of which Alma changes local fields alone", function()
    start()
    at.alma.change { op = "add_network_bib", mms_id = "9911", title = "Of the zone" }
    local made = at.alma.call("POST", "/bibs?from_nz_mms_id=9911", { type = "application/xml", body = "<bib/>" })
    assert.equal(200, made.status)
    local id = made.body:match "<mms_id>(%d+)"
    program.write(at.folder .. "/titles.csv", "mms_id\n" .. id .. "\n")
    assert.equal(0, plan([[set = { ["245$a"] = "New" }, add = { { "900", "  ", "a", "own" } }]]).status)
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("Alma took the record, and not all of the change: 245: '[^']*New' → '[^']*Of the zone'", result.err)
    program.write(at.folder .. "/d.csv", "mms_id,decision,file\n" .. id .. ",use,\n")
    run("decide", "a.run", "d.csv")
    assert.equal(0, apply().status)
  end)

  for _, switch in ipairs { "kill=1", "kill=2", "kill=3", "kill=1,before", "kill=2,before", "kill=3,before" } do
    it("goes on after " .. switch, function()
      start()
      plan [[add = { { "500", "  ", "a", "A note" } }]]
      local before = essence(1)
      at.hurried(switch, "apply", "a.run")
      assert.equal(0, at.hurried("", "apply", "a.run").status)
      assert.equal(1, select(2, record(1):gsub("A note", "")))
      at.hurried(switch, "undo", "a.run", "--yes")
      assert.equal(0, at.hurried("", "undo", "a.run", "--yes").status)
      assert.equal(before, essence(1))
    end)
  end
end)
