-- Every attack that support/attacks.lua knows, tried through a real run file:
-- each is stopped with a clear message, and neither the host nor the run file
-- shows any trace of it.
local attacks = require "support.attacks"
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local folder_module = require "almanac.plan.folder"
local guard = require "almanac.recipe.guard"
local join = require "almanac.plan.join"
local objects = require "almanac.recipe.inside.objects"
local program = require "support.program"
local readings = require "almanac.reading"
local recipe = require "almanac.recipe"
local rule = require "support.rule"
local rules = require "almanac.recipe.rules"
local store = require "almanac.run.store"

-- The tables that an attack would like to change, and what is in them.
local function host_now()
  local now = { hook = debug.gethook(), index = getmetatable("").__index, fields = {} }
  for _, t in ipairs { _G, string, table, math, os, io, utf8, debug, coroutine, package.loaded, getmetatable "" } do
    for name, value in pairs(t) do now.fields[#now.fields + 1] = { t, name, value } end
  end
  return now
end

local function assert_unharmed(before)
  assert.equal(before.hook, debug.gethook())
  assert.equal(before.index, getmetatable("").__index)
  local count = 0
  for _, field in ipairs(before.fields) do assert.equal(field[3], rawget(field[1], field[2]), tostring(field[2])) end
  for _, t in ipairs { _G, string, table, math, os, io, utf8, debug, coroutine, package.loaded, getmetatable "" } do
    for _ in pairs(t) do count = count + 1 end
  end
  assert.equal(#before.fields, count)
end

describe("a recipe's attack", function()
  local folder, db, before, seconds

  setup(function()
    folder, seconds = program.folder(), guard.seconds
    program.write(folder .. "/files/a.jpg", require "support.picture".JPEG)
    db = assert(store.create(folder .. "/a.run", { run = "r1", institution = "X" }))
    assert(db:run("INSERT INTO title(mms_id, title, reading, state) VALUES('9912', 'T', ?, 'ask')",
      readings.encode { representations = {} }))
    before = host_now()
  end)

  teardown(function()
    guard.seconds = seconds
    db:close()
    rule.close()
    program.remove(folder)
  end)

  -- What a plan with these rules leads to: the key of the file, or nil and the message.
  local function plan(attack)
    local text = rule.text(attack.body, attack):gsub("OWN", ("%q"):format(folder .. "/rule.lua"))
    local loaded, message = rule.load(folder, text)
    if not loaded then return nil, message end
    local key
    local ok
    ok, message = attempt.transaction(db, function()
      folder_module.scan(db, folder .. "/files", loaded, {})
      key = db:value "SELECT key FROM file_key"
      if not key then attempt.run(db, "INSERT INTO file_key(key, file_id) SELECT 'a', id FROM file") end
      join.match { db = db, recipe = loaded, args = {} }
      attempt.fail("undone by the spec", "cancelled")
    end)
    assert.is_nil(ok)
    if message == "undone by the spec" then return key or "" end
    return nil, message
  end

  local function assert_run_whole()
    assert.is_false(db:in_transaction())
    assert.equal("ok", db:value "PRAGMA integrity_check")
    assert.equal("ask", db:value "SELECT state FROM title")
    for _, name in ipairs { "file", "file_key", "title_key", "change", "page" } do
      assert.equal(0, db:value("SELECT count(*) FROM " .. name), name)
    end
  end

  for _, attack in ipairs(attacks) do
    it((attack.gives and "comes to nothing: " or "is stopped: ") .. attack.name, function()
      -- short only where time is to be what ends it: a slow machine must not be quicker than the other limits
      guard.seconds = attack.seconds or (attack.pattern or ""):find("took longer", 1, true) and 0.3 or 5
      local key, message = plan(attack)
      if attack.gives then
        assert.equal(attack.gives, key, message)
      else
        assert.is_nil(key)
        assert.matches(attack.pattern, message)
        assert.is_true(#message < 1500)
      end
      assert_unharmed(before)
      assert_run_whole()
    end)
  end

  it("is one of more than sixty", function() assert.is_true(#attacks >= 60) end)

  it("ends only its own recipe: the next question is answered", function()
    local loaded = assert(rule.load(folder, rule.text "if file.stem == 'bomb' then while true do end end return file.stem"))
    local file = objects.file "bomb.jpg"
    assert.same({ true, "x" }, { rules.file_key(loaded, objects.file "x.jpg", {}) })
    assert.is_false((rules.file_key(loaded, file, {})))
    assert.same({ true, "y" }, { rules.file_key(loaded, objects.file "y.jpg", {}) })
  end)

  local function signal(name, pid) os.execute(("kill -%s %d"):format(name, pid)) end

  it("is told when its process gives no sign of life, or is ended from outside", function()
    local loaded = assert(rule.load(folder, rule.text "return file.stem"))
    local file, silence = objects.file "x.jpg", guard.silence
    guard.silence = 1
    recipe.close(loaded)
    assert.is_true((rules.file_key(loaded, file, {})))
    guard.silence = silence
    signal("STOP", guard.of(loaded).child:pid())
    assert.same({ false, "the recipe was stopped: it gave no sign of life for 1 s", "timeout" }, { rules.file_key(loaded, file, {}) })
    assert.is_true((rules.file_key(loaded, file, {})))
    signal("KILL", guard.of(loaded).child:pid())
    assert.same({ false, "the recipe was stopped: its process was ended by signal 9", "closed" }, { rules.file_key(loaded, file, {}) })
    assert.same({ true, "x" }, { rules.file_key(loaded, file, {}) })
  end)

  it("finds nothing of the host in its process, and nothing to go out by", function()
    local loaded = assert(rule.load(folder, rule.text "return 'x'"))
    assert.is_true((rules.file_key(loaded, objects.file "x.jpg", {})))
    local pid = guard.of(loaded).child:pid()
    local function proc(name) return program.read(("/proc/%d/%s"):format(pid, name)) end
    assert.equal("", proc "environ")
    assert.matches("NoNewPrivs:%s+1", proc "status")
    assert.matches("Seccomp:%s+" .. (guard.filtered and 2 or 0), proc "status")
    assert.matches("Max open files%s+0%s+0", proc "limits")
    assert.matches("Max file size%s+0%s+0", proc "limits")
    local pipe <close> = assert(io.popen(("ls -l /proc/%d/fd | grep -c -v pipe: | tr -d '\\n'"):format(pid)))
    local others = tonumber(pipe:read "a")
    assert.is_true(others <= 2, "descriptors that are no pipe")   -- the line "total 0", stderr when sanitized
  end)

  it("does not outlive its host", function()
    local loaded = assert(rule.load(folder, rule.text "return 'y'"))
    assert.is_true((rules.file_key(loaded, objects.file "x.jpg", {})))
    local pid = guard.of(loaded).child:pid()
    recipe.close(loaded)
    assert.is_nil(core.files.stat("/proc/" .. pid))
  end)
end)
