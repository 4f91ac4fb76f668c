-- Files that commands write: whole or not at all, and never over a run file.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"
local whole = require "almanac.whole"

describe("a file that a command writes", function()
  local at = desk.each(before_each, after_each)

  local function path(name) return at.folder .. "/" .. name end

  local function content(name) return (assert(core.files.sha256(path(name)))) end

  local function report_to(name) return at.almanac("report", "a.run", "--format", "csv", "-o", name) end

  before_each(function()
    at.start(desk.single(1))
    assert.equal(0, at.plan().status)
  end)

  it("is never a run file, its own or another, nor what belongs to one", function()
    program.write(path "b.run", program.read(path "a.run"))
    local before = content "a.run"
    os.execute(("ln -s a.run '%s'"):format(path "link.csv"))
    program.write(path "a.mrk", "=LDR  00000nam a2200000   4500\n=001  1\n\n")
    local function refused(...)
      local result = at.almanac(...)
      assert.equal(1, result.status, table.concat({ ... }, " "))
      assert.matches("run file; give another name\n$", result.err)
    end
    for _, name in ipairs { "a.run", "b.run", "link.csv", "b.run-wal", "b.run-shm" } do
      refused("report", "a.run", "-o", name)
    end
    refused("marc", "convert", "--to", "json", "a.mrk", "-o", "b.run")
    for _, option in ipairs { "--log", "--record", "--ready" } do refused("rehearsal", "--port", "0", option, "b.run") end
    assert.equal(0, at.almanac("show", "a.run").status)
    assert.equal(before, content "b.run")
    assert.is_nil(core.files.stat(path "b.run-wal"))
  end)

  it("replaces what stood there, through a link as well, and leaves other files alone", function()
    program.write(path "r.csv", "old")
    program.write(path "r.csv.part", "somebody's")
    os.execute(("ln -s r.csv '%s'"):format(path "link.csv"))
    assert.equal(0, report_to("link.csv").status)
    assert.matches("^mms_id,", program.read(path "r.csv"))
    assert.equal("somebody's", program.read(path "r.csv.part"))
    local pipe <close> = io.popen(("ls -A '%s' | grep -c part; readlink '%s'"):format(at.folder, path "link.csv"))
    assert.equal("1\nr.csv\n", pipe:read "a")
  end)

  it("is written to when it is a device or a pipe", function()
    os.execute(("ln -s /dev/full '%s'; mkfifo '%s'"):format(path "full", path "pipe"))
    local result = report_to "full"
    assert.equal(1, result.status)
    assert.matches("full can't be written: No space left on device\n$", result.err)
    local reader <close> = io.popen(("cat '%s'"):format(path "pipe"))
    assert.equal(0, report_to("pipe").status)
    assert.matches("^mms_id,", reader:read "a")
    assert.equal("other", core.files.stat(path "pipe").kind)
    assert.equal("other", core.files.stat("/dev/full").kind)
  end)

  it("names what can't be written", function()
    assert.matches("^almanac: jpg can't be written: it is a folder\n$", report_to("jpg").err)
    assert.matches("^almanac: none/a.csv can't be written: No such file or directory\n$", report_to("none/a.csv").err)
  end)

  it("leaves nothing behind when it is not complete", function()
    do
      local file <close> = assert(whole.open(path "x.csv"))
      assert(file:write "half")
    end
    local pipe <close> = io.popen(("ls -A '%s' | grep -c x.csv"):format(at.folder))
    assert.equal("0\n", pipe:read "a")
  end)
end)
