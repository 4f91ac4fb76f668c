-- What SQLite keeps beside a run file is gone when nobody uses the run.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"

describe("a run file is alone", function()
  local at = desk.each(before_each, after_each)

  before_each(function()
    at.start { { "a" }, { "b" } }
    assert.equal(0, at.plan().status)
  end)

  local function is_beside(ending)
    return core.files.stat(at.folder .. "/a.run" .. ending) ~= nil
  end

  local function assert_alone(after)
    assert.same({ false, false, false }, { is_beside "-wal", is_beside "-shm", is_beside "-journal" }, after)
  end

  it("after each command that reads or writes it", function()
    assert_alone "plan"
    for _, command in ipairs {
      "show a.run", "show a.run --list ready", "report a.run", "apply a.run --limit 1", "show a.run " .. desk.id(1),
      "report a.run --format json", "report a.run --calls", "verify a.run", "decide a.run --template t.csv", "doctor a.run", "apply a.run",
      "undo a.run --yes" } do
      local words = {}
      for word in command:gmatch "%S+" do words[#words + 1] = word end
      at.almanac(table.unpack(words))
      assert_alone(command)
    end
  end)

  for _, command in ipairs { "show", "report", "apply", "verify", "undo" } do
    it(("after the %s that follows a kill of apply"):format(command), function()
      local killed = at.almanac("exec", program.client, "kill=8", "apply", "a.run", "--settle", "0.05")
      assert.is_true(killed.status ~= 0 and is_beside "-wal", killed.err)
      at.almanac(command, "a.run", command == "undo" and "--yes" or nil)
      assert_alone(command)
    end)
  end
end)
