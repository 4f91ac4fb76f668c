-- Titles that runs of one machine claim, so that no two work on one at a time.
local claims = require "almanac.apply.claims"
local core = require "almanac.core"
local program = require "support.program"
local reconcile = require "almanac.apply.reconcile"
local task = require "almanac.task"

describe("a claim on a title", function()
  local folder, bound
  local general, url = { institution = "01ABC_INST", environment = "SANDBOX" }, "https://api-eu.hosted.exlibrisgroup.com"

  before_each(function()
    folder = program.folder()
    bound, reconcile.bound = reconcile.bound, 0.2
  end)

  after_each(function()
    reconcile.bound = bound
    program.remove(folder)
  end)

  -- The claims of another process look like another opener of the file.
  local function file() return folder .. "/almanac-01ABC_INST.claims" end

  local function open(at) return claims.open(general, at or url, folder) end

  it("is free again when the work is done, also when that failed", function()
    local ours <close> = assert(open())
    local other <close> = assert(core.claim.open(file()))
    assert.equal("done", task.run(ours.with, ours, "991", function()
      assert.same({ nil, "in use", "conflict" }, { other:take "SANDBOX 991" })
      assert.is_true(other:take "SANDBOX 992")
      return "done"
    end))
    assert.is_false(pcall(task.run, ours.with, ours, "991", function() error "broken" end))
    assert.is_true(other:take "SANDBOX 991")
  end)

  it("is waited for while another run has it", function()
    local ours <close> = assert(open())
    local other <close> = assert(core.claim.open(file()))
    assert(other:take "SANDBOX 991")
    local events = {}
    task.run(function()
      local waiting = task.spawn(ours.with, ours, "991", function() events[#events + 1] = "ours" return true end)
      task.pause()
      events[#events + 1] = "theirs"
      other:give "SANDBOX 991"
      assert.is_true(waiting:await())
    end)
    assert.same({ "theirs", "ours" }, events)
  end)

  it("is given up when another run keeps it for long: nothing happened to the title", function()
    local ours <close> = assert(open())
    local other <close> = assert(core.claim.open(file()))
    assert(other:take "SANDBOX 991")
    local done, message, code = task.run(ours.with, ours, "991", function() error "must not be called" end)
    assert.same({ nil, "closed" }, { done, code })
    assert.matches("another almanac on this machine", message)
  end)

  it("is of one Alma: rehearsals, and sandbox and production, do not disturb each other", function()
    local ours <close> = assert(open("http://127.0.0.1:4711"))
    local other <close> = assert(core.claim.open(file()))
    assert(other:take "SANDBOX 991")
    assert(other:take "127.0.0.1:4712 991")
    assert.is_true(task.run(ours.with, ours, "991", function() return true end))
  end)

  it("says what to do when there is no place for it", function()
    program.remove(folder)
    local opened, message, code = open()
    assert.same({ nil, "io" }, { opened, code })
    assert.matches("ALMANAC_CLAIMS", message)
  end)

  it("is in a file that every user of the machine can write to, and follows no link", function()
    open():with("991", function() return true end)
    assert.equal("666", io.popen("stat -c %a " .. file()):read "l")
    os.remove(file())
    os.execute(("ln -s /etc/passwd %s"):format(file()))
    assert.is_nil((open()))
  end)

  it("ends with the process that holds it, however that ends", function()
    local script = folder .. "/hold.lua"
    program.write(script, ([[
      local claim = require("almanac.core").claim.open %q
      assert(claim:take "SANDBOX 991")
      io.stdout:write "held\n"
      io.stdout:flush()
      while true do require("almanac.core").sys.sleep(1) end
    ]]):format(file()))
    local holder <close> = program.start { "exec", script }
    local other <close> = assert(core.claim.open(file()))
    local function is_free()
      local ok = other:take "SANDBOX 991"
      if ok then other:give "SANDBOX 991" end
      return ok
    end
    for _ = 1, 500 do
      if not is_free() then break end
      core.sys.sleep(0.02)
    end
    assert.is_nil(is_free())
    holder.signal "KILL"
    holder.wait()
    assert.is_true(is_free())
  end)
end)
