-- An older copy of a run that went on elsewhere: what Alma has is looked at before
-- anything counts as never made.
local desk = require "support.desk"
local program = require "support.program"

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
    assert.matches("if this run file is an older copy of a run that went on elsewhere, use the newest copy", result.err)
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

  it("is none when somebody else made something like it", function()
    at.alma.change { op = "add_representation", mms_id = desk.id(1), usage_type = "DERIVATIVE_COPY", file_name = "theirs.jpg" }
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(0, result.status, result.out .. result.err)
  end)
end)
