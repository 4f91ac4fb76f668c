-- Production is written to only when somebody named the institution.
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local CODE = "01REHEARSAL_INST"

describe("production", function()
  local folder, alma, env

  before_each(function()
    folder = program.folder()
    program.write(folder .. "/titles.csv", "mms_id,title,usage_type,file_name,size,representation_id\n" ..
      "9900000000104146,One,PRESERVATION_MASTER,a.tif,1000,1200000000104146\n" ..
      "9900000000204146,Two,PRESERVATION_MASTER,b.tif,1000,1200000000204146\n")
    program.write(folder .. "/jpg/a.jpg", "\xFF\xD8\xFF\xE0 a")
    program.write(folder .. "/jpg/b.jpg", "\xFF\xD8\xFF\xE0 b")
  end)
  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local function almanac(...)
    return program.run({ ... }, { folder = folder, env = env })
  end

  local function start(environment)
    alma = rehearsal.start { titles = folder .. "/titles.csv",
      args = { "--rate", "200", "--environment", environment } }
    env = { HOME = folder, XDG_CONFIG_HOME = false, AWS_PROFILE = false, AWS_ACCESS_KEY_ID = false,
      ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key }
    assert.equal(0, almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run").status)
  end

  local function made()
    return #alma.state().representations - 2
  end

  -- On a terminal, as `script` gives one; `typed` is what the person types.
  local function on_terminal(typed, ...)
    local words = {}
    for i, word in ipairs { program.path(), ... } do words[i] = program.quote(word) end
    local settings = ("cd %s && export HOME=%s ALMANAC_API_URL=%s ALMA_API_KEY=%s; unset AWS_ACCESS_KEY_ID;"):format(
      program.quote(folder), program.quote(folder), alma.url, alma.key)
    local _, _, status = os.execute(("%s printf '%s\\n' | env -u LD_PRELOAD script -qec %s /dev/null >%s/seen 2>&1"):format(settings, typed,
      program.quote(table.concat(words, " ")), program.quote(folder)))
    return status, program.read(folder .. "/seen")
  end

  it("is refused in a script that does not name the institution", function()
    start "production"
    local result = almanac("apply", "a.run")
    assert.equal(1, result.status)
    assert.matches("%-%-production " .. CODE, result.err)
    assert.equal(0, made())
  end)

  it("is refused with another institution's code", function()
    start "production"
    local result = almanac("apply", "a.run", "--production", "01OTHER_INST")
    assert.equal(1, result.status)
    assert.matches("01OTHER_INST", result.err)
    assert.equal(0, made())
  end)

  it("goes on with the code, and need not be named again for the same run", function()
    start "production"
    local result = almanac("apply", "a.run", "--production", CODE, "--limit", "1")
    assert.equal(1, made(), result.err)
    assert.equal(0, almanac("apply", "a.run").status)
    assert.equal(2, made())
  end)

  it("is asked for on a terminal", function()
    if not os.execute "env -u LD_PRELOAD script -qec true /dev/null >/dev/null 2>&1" then
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
    assert.equal(0, almanac("apply", "a.run", "--production", CODE).status)
    local core = require "almanac.core"
    local db = assert(core.runfile.open(folder .. "/a.run", { mode = "write", kind = "run", version = 1, schema = "" }))
    db:run "DELETE FROM meta WHERE key = 'production'"
    db:close()
    assert.equal(0, almanac("undo", "a.run").status)
    assert.equal(1, almanac("undo", "a.run", "--yes").status)
    assert.equal(2, made())
    assert.equal(0, almanac("undo", "a.run", "--yes", "--production", CODE).status)
    assert.equal(0, made())
  end)

  it("does not matter in a sandbox", function()
    start "sandbox"
    assert.equal(0, almanac("apply", "a.run").status)
    assert.equal(2, json.decode(almanac("report", "a.run", "--format", "json").out).titles.done)
  end)
end)
