-- README's promises, run as written.
local made = require "support.marc_made"
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
      local action = rest:match "^%l+"
      if action and help:find("\n +" .. action .. " ") then help = program.run({ command, action, "--help" }).out end
      for option in rest:gmatch "(%-%-[%w-]+)" do
        assert.truthy(help:find(option, 1, true), command .. " has no " .. option)
        checked = checked + 1
      end
    end
    assert.is_true(checked >= 4)
  end)

  local function words_of(line)
    local list = {}
    line = line:gsub("'([^']*)'", function(quoted) return (quoted:gsub(" ", "\0")) end)
    for word in line:gmatch "[^ ]+" do list[#list + 1] = (word:gsub("%z", " ")) end
    return list
  end

  it("of recipes gives options that plan takes as they are written", function()
    local tried = 0
    local rows = read "recipes/README.md":match "\n## Rules that other libraries needed\n(.-)\n## "
    for line in rows:gmatch "\n|[^|\n]*| `([%l-]+[^`]*)` |" do
      local arguments = words_of(line)
      table.insert(arguments, 1, "plan")
      arguments[#arguments + 1] = "--help"
      local result = program.run(arguments)
      assert.equal(0, result.status, line .. ": " .. result.err)
      tried = tried + 1
    end
    assert.is_true(tried >= 18)
  end)

  it("names only make targets that exist", function()
    local makefile = read "Makefile"
    for target in read "README.md":gmatch "make (%l+)" do
      assert.truthy(("\n" .. makefile):find("\n" .. target .. ":", 1, true), "no target " .. target)
    end
  end)

  -- The file that README shows things of: the second record's length is wrong.
  local function write_export(path)
    local function record(...) return made.iso2709 { leader = "00000nam a2200000 i 4500", ... } end
    local function link(address) return { "856", "40", "u", "https://library.example/" .. address } end
    local second = record({ "001", "991234567890204146" }, { "245", "10", "a", "Annual report" }, link "2.tif")
    program.write(path, record({ "001", "991234567890104146" }, { "245", "10", "a", "Harbor views :" }, link "1.tif", link "1.jpg")
      .. "00100" .. second:sub(6) .. record({ "001", "991234567890304146" }, { "245", "10", "a", "Café diaries" }))
  end

  it("shows what almanac marc prints", function()
    local folder = program.folder()
    write_export(folder .. "/export.mrc")
    local shown = read "README.md":match "\n    %$ almanac marc.-\n\n":gsub("\n    ", "\n")
    local script = {}
    for line in shown:gmatch "\n%$ almanac ([^\n]+)" do
      script[#script + 1] = ("echo '$ almanac %s'; \"$ALMANAC\" %s 2>/dev/null"):format(line:gsub("'", "'\\''"), line)
    end
    os.execute(("cd %s && ALMANAC=%s && { %s; } >out"):format(folder, program.quote(program.path()), table.concat(script, "; ")))
    local out = read(folder .. "/out")
    program.remove(folder)
    assert.equal(shown:sub(2, -2), out)
    assert.equal(3, #script)
  end)

  it("keeps its word on the demo: the real commands, from plan to report", function()
    local folder = program.folder()
    local script = ("sh recipes/jpg-derivatives/sample/demo.sh %s %s/demo >%s/out 2>&1"):format(
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
