-- Production is written to only when somebody named the institution.
local connect = require "almanac.run.connect"
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"
local store = require "almanac.run.store"

local CODE = "01REHEARSAL_INST"

describe("production", function()
  local at = desk.each(before_each, after_each)

  local function start(environment)
    at.start(desk.single(2), "--environment", environment)
    assert.equal(0, at.plan().status)
  end

  local function made()
    return #at.alma.state().representations - 2
  end

  -- On a terminal, as `script` gives one; `typed` is what the person types.
  local function on_terminal(typed, ...)
    local words = {}
    for i, word in ipairs { program.path(), ... } do words[i] = program.quote(word) end
    local settings = ("cd %s && export HOME=%s ALMANAC_API_URL=%s ALMA_API_KEY=%s; unset AWS_ACCESS_KEY_ID;"):format(
      program.quote(at.folder), program.quote(at.folder), at.alma.url, at.alma.key)
    local _, _, status = os.execute(("%s printf '%s\\n' | script -qec %s /dev/null >%s/seen 2>&1"):format(settings, typed,
      program.quote(table.concat(words, " ")), program.quote(at.folder)))
    return status, program.read(at.folder .. "/seen")
  end

  it("is refused in a script that does not name the institution", function()
    start "production"
    local result = at.almanac("apply", "a.run")
    assert.equal(1, result.status)
    assert.matches("%-%-production " .. CODE, result.err)
    assert.equal(0, made())
  end)

  it("is refused with another institution's code", function()
    start "production"
    local result = at.almanac("apply", "a.run", "--production", "01OTHER_INST")
    assert.equal(1, result.status)
    assert.matches("01OTHER_INST", result.err)
    assert.equal(0, made())
  end)

  it("goes on with the code, and need not be named again for the same run", function()
    start "production"
    local result = at.almanac("apply", "a.run", "--production", CODE, "--limit", "1")
    assert.equal(1, made(), result.err)
    assert.equal(0, at.almanac("apply", "a.run").status)
    assert.equal(2, made())
  end)

  it("is asked for on a terminal", function()
    if not os.execute "script -qec true /dev/null >/dev/null 2>&1" then
      return pending "this system gives no terminal"
    end
    start "production"
    local status, seen = on_terminal("01WRONG", "apply", "a.run")
    assert.equal(1, status, seen)
    assert.equal(0, made())
    status, seen = on_terminal(CODE, "apply", "a.run")
    assert.equal(0, status, seen)
    assert.matches("PRODUCTION of " .. CODE, seen)
    assert.equal(2, made())
  end)

  it("is asked before an undo deletes, not before it looks", function()
    start "production"
    assert.equal(0, at.almanac("apply", "a.run", "--production", CODE).status)
    assert.equal(0, at.almanac("undo", "a.run").status)
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(1, result.status)
    assert.matches("undo would write to PRODUCTION of " .. CODE .. ".*%-%-production " .. CODE, result.err)
    assert.equal(2, made())
    assert.equal(0, at.almanac("undo", "a.run", "--yes", "--production", CODE).status)
    assert.equal(0, made())
  end)

  it("is asked for wherever Alma says another word, or none", function()
    for _, word in ipairs { "TEST", "none" } do
      start(word)
      local result = at.almanac("apply", "a.run")
      assert.equal(1, result.status)
      assert.matches("which Alma does not call a sandbox.*%-%-production " .. CODE, result.err)
      assert.equal(0, made())
      assert.equal(0, at.almanac("apply", "a.run", "--production", CODE, "--limit", "1").status)
      assert.equal(1, at.almanac("undo", "a.run", "--yes").status)
      assert.equal(1, made())
      at.alma.stop()
      os.remove(at.folder .. "/a.run")
    end
  end)

  it("does not matter in a sandbox", function()
    start "sandbox"
    assert.equal(0, at.almanac("apply", "a.run").status)
    assert.equal(2, json.decode(at.almanac("report", "a.run", "--format", "json").out).titles.done)
  end)

  it("is whatever Alma does not call a sandbox, in so many words", function()
    start "sandbox"
    local db <close> = assert(store.open(at.folder .. "/a.run", "write"))
    local function refused(word)
      local client = { call = function()
        return { institution = { value = CODE }, environment_type = word }
      end }
      return connect.confirm({ db = db, general = connect.general(client) }, "apply") == nil
    end
    for _, word in ipairs { "sandbox", "SANDBOX", "Sandbox", " sandbox " } do assert.is_false(refused(word), word) end
    for _, word in ipairs { "production", "PRODUCTION", "PROD", "TEST", "Premium Sandbox", "not a sandbox", "sandbox2", "", " ", 0 } do
      assert.is_true(refused(word), word)
    end
    assert.is_true(refused(nil))
    assert.is_true(refused({}))
    assert.is_false(refused({ value = "sandbox" }))
  end)
end)
