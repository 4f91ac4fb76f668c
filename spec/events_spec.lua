-- What --json prints is described once, in lua/almanac/cli/EVENTS.md. Every spec that runs a command with --json holds its lines to that
-- page (support/program.lua); here the page is held to the code, and each command that it names is run.
local core = require "almanac.core"
local desk = require "support.desk"
local events = require "support.events"
local made = require "support.marc_made"
local program = require "support.program"

local LEADER = "00000nam a2200000 i 4500"

-- Names of events in the library's text: event("title", …) and encode { event = "record", … }.
local function named_in_code()
  local names = {}
  for path in io.popen("find lua/almanac -name '*.lua'"):lines() do
    local text = assert(core.files.read(path))
    for name in text:gmatch 'event%("([%w_]+)"' do names[name] = path end
    for name in text:gmatch 'event = "([%w_]+)"' do names[name] = path end
  end
  return names
end

describe("the events of --json", function()
  local at = desk.each(before_each, after_each)

  it("are all described, and nothing else is", function()
    local described, code = {}, named_in_code()
    for _, list in pairs(events.described()) do
      for name in pairs(list) do described[name] = true end
    end
    for name, path in pairs(code) do assert.is_true(described[name], ("%s: event '%s'"):format(path, name)) end
    for _, name in ipairs { "changed", "added", "gone" } do code[name] = "the kinds of marc diff" end
    for name in pairs(described) do assert.truthy(code[name], name) end
  end)

  it("are held to their description", function()
    local line = '{"event":"title","mms_id":"991","ok":true}'
    assert.is_nil(events.problem("apply", line))
    assert.matches("'colour' is not described", events.problem("apply", line:gsub("}", ',"colour":"red"}')), 1, true)
    assert.matches("'ok' is no flag", events.problem("apply", '{"event":"title","mms_id":"991","ok":"yes"}'), 1, true)
    assert.matches("'mms_id' is missing", events.problem("apply", '{"event":"title","ok":true}'), 1, true)
    assert.matches("'rules' is no list", events.problem("recipe explain", '{"event":"file","path":"x","rules":{}}'), 1, true)
    assert.matches("event 'titles' is not described", events.problem("apply", '{"event":"titles"}'), 1, true)
  end)

  local function printed(...)
    local result, names = at.almanac(...), {}
    for name in result.out:gmatch '"event":"([%w_]+)"' do names[name] = (names[name] or 0) + 1 end
    return names
  end

  it("tell a run from plan to undo", function()
    at.start { { "p1" }, { "p2" } }
    assert.same({ planned = 1 }, printed("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run", "--json"))
    assert.same({ plan = 1 }, printed("show", "a.run", "--json"))
    assert.same({ title = 1 }, printed("show", "a.run", desk.id(1), "--json"))
    assert.same({ file = 1 }, printed("show", "a.run", "p1.jpg", "--json"))
    assert.same({ row = 2 }, printed("show", "a.run", "--list", "ready", "--json"))
    assert.same({ rules = 1 }, printed("show", "a.run", "--rules", "--json"))
    assert.same({ title = 2, applied = 1 }, printed("apply", "a.run", "--json"))
    assert.same({ title = 2, verified = 1 }, printed("verify", "a.run", "--json"))
    assert.same({ title = 2, undone = 1 }, printed("undo", "a.run", "--yes", "--json"))
    assert.same({ error = 1 }, printed("show", "a.run", "991", "--json"))
    assert.truthy(printed("doctor", "--json").finding)
  end)

  it("tell doubts and decisions", function()
    at.start { { "p1" } }
    program.write(at.folder .. "/jpg/more/p1.jpg", desk.JPEG)
    assert.same({ planned = 1 }, printed("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run", "--json"))
    assert.same({ title = 1 }, printed("show", "a.run", desk.id(1), "--json"))
    assert.same({ template = 1 }, printed("decide", "a.run", "--template", "d.csv", "--json"))
    assert.same({ decided = 1 }, printed("decide", "a.run", "d.csv", "--json"))
  end)

  it("tell of recipes and records", function()
    assert.truthy(printed("recipe", "list", "--json").recipe)
    assert.same({ recipe = 1 }, printed("recipe", "show", "jpg-derivatives", "--json"))
    assert.truthy(printed("recipe", "check", "jpg-derivatives", "--json").note)
    assert.truthy(printed("recipe", "test", "jpg-derivatives", "--json").test)
    assert.truthy(printed("recipe", "explain", "jpg-derivatives", "a.jpg", "--json").file)
    local one, other = at.folder .. "/one.mrc", at.folder .. "/other.mrc"
    program.write(one, made.iso2709 { leader = LEADER, { "001", "1" }, { "245", "10", "a", "One" } })
    program.write(other, program.read(one) .. made.iso2709 { leader = LEADER, { "001", "2" }, { "245", "10", "a", "Two" } })
    assert.same({ count = 1 }, printed("marc", "count", "--json", one))
    assert.truthy(printed("marc", "get", "001", "--json", one).record)
    assert.truthy(printed("marc", "check", "--json", one).summary)
    assert.same({ added = 1, summary = 1 }, printed("marc", "diff", "--json", one, other))
  end)
end)
