-- README's promises, run as written.
local program = require "support.program"

local function read(path)
  return program.read(path)
end

describe("README", function()
  it("stays a page that one can read", function()
    local _, lines = read "README.md":gsub("\n", "")
    assert.is_true(lines < 150)
  end)

  it("names only commands and options that exist", function()
    local checked = 0
    for command, rest in read "README.md":gmatch "\n    almanac (%w+) ?([^\n]*)" do
      local help = program.run({ command, command == "plan" and "jpg-derivatives" or "--help", "--help" }).out
      assert.matches("Usage: almanac " .. command, help)
      for option in rest:gmatch "(%-%-[%w-]+)" do
        assert.truthy(help:find(option, 1, true), command .. " has no " .. option)
        checked = checked + 1
      end
    end
    assert.is_true(checked >= 4)
  end)

  it("names only make targets that exist", function()
    local makefile = read "Makefile"
    for target in read "README.md":gmatch "make (%l+)" do
      assert.truthy(("\n" .. makefile):find("\n" .. target .. ":", 1, true), "no target " .. target)
    end
  end)

  it("keeps its word on the demo: the real commands, from plan to report", function()
    local folder = program.folder()
    local script = ("env -u LD_PRELOAD sh recipes/jpg-derivatives/sample/demo.sh %s %s/demo >%s/out 2>&1"):format(
      program.quote(program.path()), folder, folder)
    local _, _, status = os.execute(script)
    local out = read(folder .. "/out")
    program.remove(folder)
    assert.equal(0, status, out)
    for _, command in ipairs { "plan jpg%-derivatives", "apply", "verify", "report" } do
      assert.matches("\n%$ almanac " .. command, out)
    end
    assert.matches("verified 4 titles; 0 differ", out)
    assert.matches("The report is .*report.txt", out)
  end)
end)
