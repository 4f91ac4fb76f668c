-- What scripts that `almanac exec` runs have: arguments, client, check, CSV, and how they end.
local desk = require "support.desk"
local program = require "support.program"

describe("a script's", function()
  local at = desk.each(before_each, after_each)

  local function script(text)
    program.write(at.folder .. "/s.lua", "-- almanac-script: 1\n--\n-- Greets people.\n-- Changes nothing.\n" ..
      "local script = require 'almanac.script'\n" .. text)
  end

  local function run(...) return at.almanac("exec", "s.lua", ...) end

  local GREET = [[
    local args = script.arguments { { "name", "string", required = true, help = "whom" }, { "loud", "flag" },
      { "times", "integer", default = 1, min = 1 }, { "list", "file" } }
    script.say("%s %s %d %s", args.name, args.loud, args.times, args.list)]]

  before_each(function() at.env = { HOME = at.folder, XDG_CONFIG_HOME = false, ALMA_API_KEY = false, ALMANAC_API_URL = false } end)

  it("arguments are read as those of recipes", function()
    script(GREET)
    local result = run("--name", "Ann", "--loud", "--times", "3", "--list", "s.lua")
    assert.same({ 0, "Ann true 3 s.lua\n", "" }, { result.status, result.out, result.err })
    assert.equal("Ann false 1 nil\n", run("--name=Ann").out)
  end)

  it("wrong arguments end it with a line that says which", function()
    script(GREET)
    for words, message in pairs { [""] = "%-%-name TEXT is missing %(whom%)", ["--name A --times x"] = "%-%-times: 'x' is no number",
      ["--name A --times 0"] = "0 is below 1", ["--nmae A"] = "did you mean.*%-%-name", ["--name A --list none"] = "'none' does not exist",
      ["--name A more"] = "too many arguments", ["--profile x"] = "stands in front of the script: almanac exec %-%-profile … s.lua" } do
      local list = {}
      for word in words:gmatch "%S+" do list[#list + 1] = word end
      local result = run(table.unpack(list))
      assert.same({ 1, "" }, { result.status, result.out }, words)
      assert.matches("^almanac: [^\n]*" .. message .. "[^\n]*\n$", result.err)
    end
  end)

  it("help is made of its head comment and its arguments", function()
    script(GREET)
    for _, word in ipairs { "--help", "-h" } do
      local result = run("--name", "A", word)
      assert.same({ 0, "" }, { result.status, result.err })
      assert.matches("^Usage: almanac exec s.lua .*\nGreets people.\n.*%-%-name TEXT +whom, required.*\n\nChanges nothing.$",
        result.out:sub(1, -2))
      assert.is_nil(result.out:find("--no-loud", 1, true))
    end
  end)

  it("help breaks a long line that begins with an option as any other", function()
    local long = ("--loud makes it loud. *All* of it is said aloud then, and "):rep(4):sub(1, -2)
    program.write(at.folder .. "/s.lua", "-- almanac-script: 1\n--\n-- Greets people.\n-- " .. long .. "\n--\n-- " ..
      long:gsub("^%-%-", "*") .. "\nlocal script = require 'almanac.script'\n" .. GREET)
    local out = run("--help").out
    assert.is_nil(out:match "\n [^ \n][^\n]*")
    assert.truthy(out:gsub("%s+", " "):find(long, 1, true), out)
    for line in out:gmatch "[^\n]+" do assert.is_true(#line <= 100, line) end
  end)

  it("declaration that is wrong is a mistake of the script", function()
    for text, message in pairs { ["{ 'Name', 'string' }"] = "lower%-case", ["{ 'a', 'strin' }"] = "did you mean 'string'",
      ["{ 'help', 'string' }"] = "option of `almanac exec`", ["sumary = 'x'"] = "no field 'sumary'" } do
      script("script.arguments { " .. text .. " }")
      local result = run()
      assert.equal(1, result.status)
      assert.matches("^almanac: s.lua:6: script.arguments: .*" .. message, result.err)
    end
  end)

  it("check passes all values on, and ends it with one line when there is none", function()
    script "print(script.check(1, nil, 3, 4)) print((script.check(false))) script.check(nil, 'set X: not there', 'missing') print 'on'"
    local result = run()
    assert.same({ 1, "1\tnil\t3\t4\nfalse\n", "almanac: set X: not there\n" }, { result.status, result.out, result.err })
  end)

  it("failures of one thing of many are told, and it ends with 2; what all would fail at ends it", function()
    script [[
      script.failed("991", "is locked", "conflict")
      script.failed("992", "is gone", "missing")
      print "on"
      if ... then script.failed("993", "the key is wrong", "auth") end
      print "end"]]
    at.env.ALMA_API_KEY = "k"
    assert.same({ status = 2, out = "on\nend\n", err = "991: is locked\n992: is gone\n" }, run())
    assert.same({ status = 1, out = "on\n", err = "991: is locked\n992: is gone\nalmanac: the key is wrong\n" }, run "x")
    at.start(nil, "--environment", "production")
    script [[
      for i = 1, 3 do
        local _, message, code = script.client():call { method = "DELETE", path = { "conf", "sets", "1234567" .. i } }
        script.failed("set " .. i, message, code)
      end]]
    local result = run()
    assert.equal(1, result.status)
    assert.matches("^almanac: the script would write to PRODUCTION[^\n]*\n$", result.err)
  end)

  it("check ends it from any task", function()
    script [[
      local task = require "almanac.task"
      local begun = {}
      task.each({ 1, 2, 3, 4 }, 2, function(i)
        begun[i] = true
        while i == 3 and not begun[4] do task.pause() end
        if i == 4 then task.spawn(task.sleep, 3600):await() end
        script.say("%d", script.check(i ~= 3 and i or nil, "no 3"))
      end)
      script.say "on"]]
    local result = run()
    assert.same({ 1, "1\n2\n", "almanac: no 3\n" }, { result.status, result.out, result.err })
  end)

  it("mistake is told with its file and line, also when it happened in a module", function()
    program.write(at.folder .. "/beside.lua", "return function(t)\n  return t.x.y\nend")
    script "local f = require 'beside'\n\nf({})"
    local result = run()
    assert.equal(1, result.status)
    assert.matches("^almanac: s.lua:8: [^\n]*beside.lua:2: attempt to index a nil value %(field 'x'%)\n$", result.err)
    script "local task = require 'almanac.task' task.spawn(function() error 'lost' end) task.pause()"
    assert.same({ status = 1, out = "", err = "almanac: s.lua:6: lost\n" }, run())
  end)

  it("error that is no text is told with its line and what it is", function()
    for code, words in pairs { ["error()"] = "an error without a message", ["error({ a = 1 })"] = "an error that is no text (a table)",
      ["error(print)"] = "an error that is no text (a function)", ["error(false)"] = "an error that is no text (a boolean)",
      ["error(42)"] = "42", ["error(setmetatable({}, { __tostring = function() return 'told' end }))"] = "told" } do
      script(code)
      assert.same({ status = 1, out = "", err = "almanac: s.lua:6: " .. words .. "\n" }, run())
    end
    script "require 'almanac.task'.spawn(function() error({ a = 1 }) end):await()"
    assert.same({ status = 1, out = "", err = "almanac: s.lua:6: an error that is no text (a table)\n" }, run())
    script "local task = require 'almanac.task' task.spawn(error, {}) task.pause()"
    assert.same({ status = 1, out = "", err = "almanac: an error that is no text (a table)\n" }, run())
  end)

  it("loop that the world breaks off ends it with the plain line, a mistake with its own", function()
    at.start()
    at.env.ALMA_API_KEY = "wrong"
    local refused
    for _, code in ipairs { "for _ in bibs.each(script.client(), { '991234567890104146' }) do end",
      "task.spawn(function() for _ in bibs.each(script.client(), { '991234567890104146' }) do end end):await()",
      "local failed = task.each({ 1 }, 1, function() for _ in bibs.each(script.client(), { '991234567890104146' }) do end end)\n" ..
      "error(failed[1].message)" } do
      script("local bibs, task = require 'almanac.alma.bibs', require 'almanac.task'\n" .. code)
      local result = run()
      assert.equal(1, result.status)
      assert.matches("^almanac: GET /bibs: [^\n]*\n$", result.err)
      refused = refused or result.err
      assert.equal(refused:gsub("%(.*", ""), (result.err:gsub("%(.*", "")))
    end
    script "for _ in require 'almanac.marc'.records 'none.mrc' do end"
    assert.equal("almanac: can't open none.mrc: No such file or directory\n", run().err)
    script "for _ in require 'almanac.alma.bibs'.each(script.client(), '99') do end"
    assert.matches("^almanac: s.lua:6: bibs.each: ids must be a list", run().err)
  end)

  it("own way to end is kept", function()
    script "os.exit(7)"
    assert.equal(7, run().status)
    script "return 2"
    assert.equal(2, run().status)
    script "return 'text'"
    assert.equal(0, run().status)
  end)

  it("format is one that this almanac runs", function()
    program.write(at.folder .. "/s.lua", "-- almanac-script: 2\nprint 'ran'")
    local result = run()
    assert.same({ 1, "" }, { result.status, result.out })
    assert.matches("format 2; this almanac runs format 1", result.err)
  end)

  it("text may come from standard input", function()
    program.write(at.folder .. "/in.lua", "print(arg[0], ...)\nerror 'wrong'")
    local _, _, status = os.execute(("cd %s && %s exec - a --b <in.lua >out 2>err"):format(
      program.quote(at.folder), program.path()))
    assert.equal(1, status)
    assert.equal("-\ta\t--b\n", program.read(at.folder .. "/out"))
    assert.equal("almanac: stdin:2: wrong\n", program.read(at.folder .. "/err"))
  end)

  it("client is one, made of the settings", function()
    script "local a = script.client()  print(a == script.client(), a.url, a.pace.limit)"
    at.env.ALMA_API_KEY = "k"
    local result = at.almanac("exec", "--url", "http://127.0.0.1:9", "--rate=3", "s.lua")
    assert.equal("true\thttp://127.0.0.1:9/almaws/v1\t3\n", result.out, result.err)
    at.env.ALMA_API_KEY = false
    result = run()
    assert.equal(1, result.status)
    assert.matches("^almanac: no Alma server: give %-%-url[^\n]*\n$", result.err)
  end)

  it("store is the institution's bucket", function()
    at.start()
    program.write(at.folder .. "/page.jpg", desk.JPEG)
    script [[
      local general, store = script.general(), script.store()
      local stored = script.check(store:put(general.institution .. "/upload/page.jpg", { path = "page.jpg" }))
      print(general.environment, store == script.store(), stored.size)]]
    local result = run()
    assert.equal(("SANDBOX\ttrue\t%d\n"):format(#desk.JPEG), result.out, result.err)
  end)

  it("CSV has a row for each table, with empty fields for what is nil", function()
    script [[
      local csv <close> = script.csv("out.csv", { "a", "b", "c" })
      csv:write { 1, nil, "x,y" }
      csv:write { "=1", false, "991234567890204146" }
      local out = script.csv(nil, { "n" })
      out:write { 2 }
      out:close()]]
    assert.equal("n\n2\n", run().out)
    assert.equal("a,b,c\n1,,\"x,y\"\n'=1,,'991234567890204146\n", program.read(at.folder .. "/out.csv"))
    script "script.csv('none/out.csv', { 'a' })"
    assert.matches("^almanac: none/out.csv: No such file", run().err)
  end)
end)

describe("a script's titles", function()
  local at = desk.each(before_each, after_each)

  local function run(text, ...)
    program.write(at.folder .. "/s.lua", "local script = require 'almanac.script'\n" .. text)
    return at.almanac("exec", "s.lua", ...)
  end

  local TITLES = [[
    local args = script.arguments { { "set", "set" }, { "list", "file" } }
    script.client()
    print(table.concat(script.titles(args), " "))]]

  it("are those of a set or a list, each once", function()
    at.start(desk.single(3))
    program.write(at.folder .. "/list.csv", ("MMS ID,x\n%s,1\n%s,2\n%s,3\n"):format(desk.id(2), desk.id(1), desk.id(2)))
    local result = run(TITLES, "--list", "list.csv")
    assert.same({ 0, desk.id(2) .. " " .. desk.id(1) .. "\n", "1 id is there more than once; each counts once\n" },
      { result.status, result.out, result.err })
    local id = at.alma.change { op = "add_set", name = "Both", members = { desk.id(1), desk.id(3) } }.id
    for _, word in ipairs { "Both", id } do
      assert.equal(desk.id(1) .. " " .. desk.id(3) .. "\n", run(TITLES, "--set", word).out)
    end
  end)

  it("are asked for, and what is none is told", function()
    at.start(desk.single(1))
    assert.equal("almanac: give a set or a list: --set ID|NAME or --list FILE\n", run(TITLES).err)
    assert.matches("no set.*'Maps'", run(TITLES, "--set", "Maps").err)
    program.write(at.folder .. "/list.csv", "mms_id\n9.91234E+17\n")
    assert.matches("^almanac: list.csv: line 2: ", run(TITLES, "--list", "list.csv").err)
    program.write(at.folder .. "/list.csv", "barcode\n123\n")
    assert.matches("^almanac: list.csv: has barcodes, but no column mms_id\n$", run(TITLES, "--list", "list.csv").err)
  end)

  it("lists have the columns that it names, in any spelling", function()
    at.start()
    local ROWS = "for _, row in ipairs(script.rows('l.csv', { 'mms_id', 'number' })) do print(row.line, row.mms_id, row.number) end"
    program.write(at.folder .. "/l.csv", "Number;Other;MMS Id\n(X)1;;'991\n;o;992\n")
    assert.equal("2\t991\t(X)1\n3\t992\t\n", run(ROWS).out)
    program.write(at.folder .. "/l.csv", "mms_id,numbr\n991,1\n")
    assert.equal("almanac: l.csv: there is no column number; there are 'mms_id', 'numbr' (did you mean 'numbr'?)\n", run(ROWS).err)
    program.write(at.folder .. "/l.csv", "mms_id,number\n991,3.9E+13\n99 2,1\n,\n")
    local result = run(ROWS)
    assert.same({ 1, "", "almanac: l.csv: line 2: '3.9E+13' was rounded by a spreadsheet; format the column as text and export again\n" ..
      "  line 3: '99 2' is no MMS ID: those have digits only\n" }, { result.status, result.out, result.err })
  end)
end)

describe("almanac.script", function()
  it("says how a script is run when it is not", function()
    assert.has_error(function() require("almanac.script").client() end)
    local ok, message = pcall(require("almanac.script").say, "x")
    assert.is_false(ok)
    assert.matches("is for scripts that almanac runs: almanac exec", message)
  end)
end)
