-- No state without an exit: what Alma no longer has is settled, and every title
-- that failed can be.
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"

describe("a title that Alma no longer has", function()
  local at = desk.each(before_each, after_each)

  local function almanac(...) return at.almanac(..., "a.run", "--rate=500") end
  local function report() return json.decode(at.almanac("report", "a.run", "--format", "json").out) end

  local function start()
    at.start(desk.single(3))
    assert.equal(0, at.plan("--rate=500").status)
  end

  it("is settled as gone by apply, which is green and asks for it no more", function()
    start()
    at.alma.change { op = "delete_bib", mms_id = desk.id(2) }
    local result = almanac "apply"
    assert.equal(0, result.status, result.err)
    assert.matches(desk.id(2) .. ": Alma no longer has this title", result.err, 1, true)
    assert.matches("has 2 done, 0 to do, 0 to decide, 0 failed\nno longer in Alma, and so settled: 1 title\n", result.out)
    assert.same({ "gone", "Alma no longer has this title" }, { report().rows[2].state, report().rows[2].reason })
    assert.equal(1, report().titles.gone)
    result = almanac "apply"
    assert.same({ 0, "" }, { result.status, result.err })
    assert.equal(0, almanac "verify".status)
    assert.matches("^" .. desk.id(2), at.almanac("show", "a.run", "--list", "gone").out)
  end)

  it("is settled by verify as well", function()
    start()
    assert.equal(0, almanac "apply".status)
    at.alma.change { op = "delete_bib", mms_id = desk.id(2) }
    local result = almanac "verify"
    assert.equal(0, result.status, result.err)
    assert.matches("verified 2 titles; 0 differ.*no longer in Alma, and so not looked at again: 1 title", result.out)
    assert.equal("gone", report().rows[2].state)
    assert.equal("verified 2 titles; 0 differ, 0 could not be read\n", almanac "verify".out)
  end)

  it("is not gone when Alma gives no clear answer", function()
    start()
    at.alma.change { op = "delete_bib", mms_id = desk.id(2) }
    at.alma.change { op = "faults", spec = "GET bibs=1:500" }
    local result = almanac "apply"
    assert.equal(2, result.status, result.err)
    assert.equal("failed", report().rows[2].state)
  end)

  it("is a person's to decide when its representation stands under another", function()
    start()
    at.alma.change { op = "merge", from = desk.id(2), into = desk.id(1) }
    local result = almanac "apply"
    assert.equal(2, result.status, result.err)
    assert.matches(desk.id(2) .. ": the title was merged into " .. desk.id(1) .. " in Alma", result.err)
    assert.equal("ask", report().rows[2].state)
  end)
end)

describe("a title that failed", function()
  local at = desk.each(before_each, after_each)

  local function report() return json.decode(at.almanac("report", "a.run", "--format", "json").out) end

  local function decide(decision)
    local template = at.almanac("decide", "a.run", "--template", "d.csv")
    assert.equal(0, template.status, template.err)
    local text = program.read(at.folder .. "/d.csv")
    assert.matches(desk.id(1) .. ",,,Title 1,", text, 1, true)
    program.write(at.folder .. "/e.csv", (text:gsub(desk.id(1) .. ",", "%0" .. decision, 1)))
    return at.almanac("decide", "a.run", "e.csv")
  end

  for _, case in ipairs { { "before anything was made", "POST representations=1:500" }, { "in the middle", "POST files=1:500" } } do
    local words, faults = table.unpack(case)

    local function start()
      at.start(desk.single(1))
      assert.equal(0, at.plan("--rate=500").status)
      at.alma.change { op = "faults", spec = faults }
      assert.equal(2, at.almanac("apply", "a.run", "--rate=500", "--settle", "0").status)
      assert.equal("failed", report().rows[1].state)
      at.alma.change { op = "faults", spec = "" }
    end

    it(words .. " can be skipped, and undo still takes back what was made", function()
      start()
      assert.equal(0, decide "skip".status)
      assert.same({ ready = 0, ask = 0, skip = 1, done = 0, failed = 0 }, report().titles)
      assert.equal(0, at.almanac("apply", "a.run").status)
      assert.equal(0, at.almanac("undo", "a.run", "--yes").status)
      assert.equal(1, #at.alma.state().representations)
    end)

    it(words .. " can be tried again as it was planned", function()
      start()
      assert.equal(0, decide "use".status)
      assert.equal(0, at.almanac("apply", "a.run", "--rate=500", "--settle", "0").status)
      assert.same({ ready = 0, ask = 0, skip = 0, done = 1, failed = 0 }, report().titles)
      assert.equal(2, #at.alma.state().representations)
    end)
  end
end)
