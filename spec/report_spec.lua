-- The text of a report: what is alike is said once, with a count.
local desk = require "support.desk"
local store = require "almanac.run.store"

describe("a report as text", function()
  local at = desk.each(before_each, after_each)

  before_each(function()
    at.start(desk.single(6))
    assert.equal(0, at.plan().status)
  end)

  local function change(sql)
    local db <close> = assert(store.open(at.folder .. "/a.run", "write"))
    assert(db:exec(sql))
  end

  local function report() return at.almanac("report", "a.run").out end

  it("counts titles that failed for the same reason, and tells each its own", function()
    change [[
      UPDATE title SET state = 'failed', reason_code = 'failure',
        reason_data = json_object('message', 'POST files: no room for p' || id || '.jpg, tracking id E01-' || id || ' (402119)')
        WHERE id < 4;
      UPDATE title SET state = 'ask', reason_code = 'no_file', reason_data = json_object('keys', json_array('x' || id))
        WHERE id IN (4, 5);
      UPDATE title SET state = 'failed', reason_code = 'failure', reason_data = json_object('message', 'alone') WHERE id = 6]]
    local text = report()
    assert.matches("\nWhy:    3 failed: POST files: no room for … %(402119%)\n        2 to decide: no file: ", text)
    assert.is_nil(text:find "1 failed: ")
    for i = 1, 3 do assert.matches(("\n    POST files: no room for p%d.jpg, tracking id E01%%-%d "):format(i, i), text) end
    assert.matches("\n    alone\n", text)
  end)

  it("says why files are left once above those that it is the same for", function()
    change [[INSERT INTO file(path, problem) VALUES
      ('z/1.jpg', 'is empty'), ('a.jpg', 'is empty'), ('b.jpg', 'is no JPEG'), ('z/2.jpg', 'is empty')]]
    assert.matches("\nFiles without a title\n" ..
      "    3 files: is empty\n        a.jpg\n        z/1.jpg\n        z/2.jpg\n    b.jpg: is no JPEG\n$",
      report())
  end)

  it("says problems of one cause once", function()
    change [[INSERT INTO problem(kind, text) VALUES
      ('set', 'member 9900000000104146 is broken'), ('set', 'member 9900000000204146 is broken'), ('set', 'another')]]
    assert.matches("\nProblems\n    member 9900000000104146 is broken %(and 1 more like it%)\n    another\n$", report())
  end)
end)
