-- The standard descriptors: every command is started with each of them closed,
-- and with a full disk behind its output.
local desk = require "support.desk"
local program = require "support.program"
local store = require "almanac.run.store"

local quote = program.quote

-- A run from plan to undo, and the commands that need none. Every command
-- that `almanac --help` lists has its line here.
local CALLS = {
  { "plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "--rate", "500", "-o", "RUN" },
  { "show", "RUN" },
  { "decide", "RUN", "--template", "RUN.csv" },
  { "doctor", "RUN" },
  { "apply", "RUN", "--settle", "0", "--rate", "500" },
  { "verify", "RUN", "--rate", "500" },
  { "report", "RUN" },
  { "undo", "RUN", "--yes", "--rate", "500" },
  { "init" },
  { "recipe", "list" },
  { "marc", "convert", "--to", "marcxml", "a.mrk" },
  { "rehearsal", "--until-eof", "--port", "0" },
  { "exec", "s.lua" },
  { "fetch", "--titles", "titles.csv", "--to", "RUN.bag", "--rate", "500" },
  { "derive", "empty", "--to", "RUN.pictures", "-o", "RUN.derive" },    -- there are no masters
  { "allow" },    -- there is nothing to allow
}

local MRK = "=LDR  00000nam a2200000 a 4500\n=001  1\n=245  00$aA title\n"

local function commands()
  local list = {}
  for name in program.run({ "--help" }).out:gmatch "\n  (%l+)  " do list[#list + 1] = name end
  return list
end

describe("a command with a standard descriptor closed", function()
  local at = desk.each(before_each, after_each)

  local function run(call, name, redirect)
    local arguments = {}
    for i, argument in ipairs(call) do arguments[i] = argument:gsub("RUN", name) end
    os.remove(at.folder .. "/almanac.conf.lua")
    return program.run(arguments, { folder = at.folder, env = at.env, redirect = redirect })
  end

  local function check_run_file(name, told)
    local db <close> = assert(store.open(at.folder .. "/" .. name, "read"))
    assert.equal("ok", db:value "PRAGMA integrity_check", told)
  end

  it("does the same and leaves the run file whole", function()
    at.start(desk.single(1))
    program.write(at.folder .. "/a.mrk", MRK)
    program.write(at.folder .. "/s.lua", "print 'said'")
    os.execute("mkdir " .. quote(at.folder .. "/empty"))
    local status = {}
    for i, redirect in ipairs { "", "<&-", ">&-", "2>&-", "<&- >&- 2>&-" } do
      for n, call in ipairs(CALLS) do
        local result, told = run(call, i .. ".run", redirect), call[1] .. " " .. redirect
        status[n] = status[n] or result.status
        assert.equal(status[n], result.status, told .. ": " .. result.err)
        check_run_file(i .. ".run", told)
      end
      assert.equal(1, #at.alma.state().representations)
    end
    assert.same({ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 }, status)
  end)

  it("is each of them", function()
    local tried = {}
    for _, call in ipairs(CALLS) do tried[call[1]] = true end
    for _, name in ipairs(commands()) do assert.is_true(tried[name], name) end
  end)

  it("finds them taken in what it starts", function()
    program.write(at.folder .. "/s.lua", [[
      local core = require "almanac.core"
      core.files.write("kept", "x")
      os.execute "readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 >links"]])
    assert.equal(0, program.run({ "exec", "s.lua" }, { folder = at.folder, redirect = "<&- >&- 2>&-" }).status)
    assert.equal("/dev/null\n" .. at.folder .. "/links\n/dev/null\n", program.read(at.folder .. "/links"))
  end)
end)

describe("a host of its own", function()
  it("keeps its descriptors as they are; files that the module writes are none of them", function()
    local folder = program.folder()
    program.write(folder .. "/s.lua", [[
      local core = require "almanac.core"
      local db <close> = assert(core.runfile.open(arg[1] .. "/a.run",
        { mode = "create", kind = "run", version = 1, schema = "CREATE TABLE t (x INT)" }))
      local pipe <close> = io.popen("ls -l /proc/" .. core.sys.pid() .. "/fd")
      local lines = pipe:read "a"
      local file <close> = assert(io.open(arg[1] .. "/links", "w"))
      file:write(lines)]])
    os.execute(("%slua5.4 %s/s.lua %s >&-"):format(program.preload, quote(folder), quote(folder)))
    local links = program.read(folder .. "/links")
    program.remove(folder)
    assert.matches("a%.run", links)
    assert.is_nil(links:match " [012] %-> [^\n]*a%.run")
  end)
end)

describe("a full disk behind standard output", function()
  local at = desk.each(before_each, after_each)
  local FULL = ">/dev/full"

  local function full(...)
    local result = program.run({ ... }, { folder = at.folder, env = at.env, redirect = FULL })
    assert.matches("almanac: standard output can't be written[^\n]*\n$", result.err, table.concat({ ... }, " "))
    return result.status
  end

  it("is an error of every command that only prints", function()
    at.start(desk.single(1))
    assert.equal(0, at.plan().status)
    program.write(at.folder .. "/a.mrk", MRK)
    for _, format in ipairs { "text", "csv", "json" } do assert.equal(1, full("report", "a.run", "--format", format)) end
    for _, call in ipairs { { "--help" }, { "help" }, { "--version" }, { "show", "a.run" }, { "report", "a.run", "--calls" },
      { "doctor" }, { "recipe", "list" }, { "recipe", "show", "jpg-derivatives" }, { "marc", "dump", "a.mrk" },
      { "marc", "count", "a.mrk" }, { "marc", "convert", "--to", "json", "a.mrk" } } do
      assert.equal(1, full(table.unpack(call)), table.concat(call, " "))
    end
    for _, name in ipairs(commands()) do assert.equal(1, full(name, "--help"), name) end
  end)

  it("takes nothing from what a command did", function()
    at.start(desk.single(1))
    assert.equal(2, full("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run"))
    assert.equal(2, full("apply", "a.run", "--settle", "0.2"))
    assert.equal(0, at.almanac("verify", "a.run").status)
    assert.equal(2, full("undo", "a.run", "--yes"))
    assert.equal(1, #at.alma.state().representations)
  end)

  it("is seen however a script prints and ends", function()
    for _, text in ipairs { "print 'x'", "io.write 'x'", "io.write 'x' os.exit(0)", "print 'x' os.exit(true, true)",
      "for i = 1, 10000 do io.write(i, ' ') end", "io.stdout:setvbuf 'no' io.write 'x'" } do
      program.write(at.folder .. "/s.lua", text)
      assert.equal(1, full("exec", "s.lua"), text)
    end
  end)

  it("is no fault when a reader has enough", function()
    program.write(at.folder .. "/s.lua", "for i = 1, 100000 do print(i) end")
    os.execute(("cd %s; { %s exec s.lua 2>words; echo $? >status; } | head -n 1 >/dev/null"):format(
      quote(at.folder), quote(program.path())))
    assert.equal("0\n", program.read(at.folder .. "/status"))
    assert.equal("", program.read(at.folder .. "/words"))
  end)
end)
