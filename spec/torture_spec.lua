-- A short torture; `make torture` is the long one. And the harness itself: it
-- has to see what goes wrong without reconciling.
local check = require "torture.check"
local round = require "torture.round"

describe("torture", function()
  local function violations(kind, seed, options)
    local given = { kind = kind, seed = seed, titles = 8 }
    for name, value in pairs(options or {}) do given[name] = value end
    return round.run(given).violations
  end

  for i, kind in ipairs { "kills", "answers", "bucket", "all", "restarts", "rivals" } do
    it("finds everything exactly once, and undone: " .. kind, function()
      assert.same({}, violations(kind, 40 + i))
    end)
  end

  it("finds everything exactly once when each commit is the last one", function()
    assert.same({}, violations("commits", 50, { titles = 1 }))
  end)

  it("sees duplicates when reconciling is switched off", function()
    local found = table.concat(violations("blind", 7, { blind = true }), "\n")
    assert.matches("duplicate representation", found)
  end)

  it("sees nothing wrong in the same round with reconciling", function()
    assert.same({}, violations("blind", 7))
  end)
end)

describe("the check after a round", function()
  local before, after, report, planned

  before_each(function()
    local function bib(id) return { mms_id = id, title = "A", collections = { "8" } } end
    local function master(id) return { id = id, mms_id = "991", created_by = "System", files = {} } end
    local function made()
      return { id = "129", mms_id = "991", created_by = "exl_api", files = {
        { pid = "1", name = "a_1.jpg", size = 3, sha256 = "x" }, { pid = "2", name = "a_2.jpg", size = 4, sha256 = "y" } } }
    end
    before = { bibs = { bib "991" }, representations = { master "121" }, objects = {}, uploads = {} }
    after = { bibs = { bib "991" }, representations = { master "121", made() }, objects = {}, uploads = {} }
    planned = { ["991"] = { { name = "a_1.jpg", size = 3 }, { name = "a_2.jpg", size = 4 } } }
    report = { rows = { { mms_id = "991", state = "attached", representation_id = "129", files = {
      { pid = "1", size = 3, sha256 = "x" }, { pid = "2", size = 4, sha256 = "y" } } } } }
  end)

  local function found()
    return table.concat(check.run(before, after, report, planned), "\n")
  end

  it("is content with what was planned", function() assert.equal("", found()) end)

  it("sees a changed bib", function()
    after.bibs[1].title = "B"
    assert.matches("bib 991 changed", found())
  end)

  it("sees a representation of others that changed", function()
    after.representations[1].label = "B"
    assert.matches("representation 121", found())
  end)

  it("sees a missing file", function()
    table.remove(after.representations[2].files)
    assert.matches("files are missing", found())
  end)

  it("sees a duplicate file", function()
    local files = after.representations[2].files
    files[3] = files[1]
    assert.matches("duplicate file a_1.jpg", found())
  end)

  it("sees files in another order", function()
    local files = after.representations[2].files
    files[1], files[2] = files[2], files[1]
    assert.matches("misordered", found())
  end)

  it("sees a report that says something else", function()
    report.rows[1].files[2].pid = "9"
    assert.matches("the report has page 2 as 9", found())
  end)

  it("sees a title that asks although nobody else was at work", function()
    report.rows[1].state, report.rows[1].reason = "ask", "why"
    assert.matches("asks without a rival", found())
  end)

  it("sees a title that asks again what was decided", function()
    report.rows[1].state = "ask"
    assert.matches("asks what was decided", table.concat(check.run(before, after, report, planned, { decided = true }), "\n"))
  end)

  it("sees what undo left", function()
    after.objects[1] = { key = "I/upload/a.jpg" }
    local words = table.concat(check.undo(before, after, {}), "\n")
    assert.matches("991: undo left representation 129", words)
    assert.matches("I/upload/a.jpg", words)
  end)
end)
