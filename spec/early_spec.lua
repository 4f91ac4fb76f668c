-- Commands that could not begin: an Alma that gives no answer passes, and what
-- somebody has to mend does not.
local desk = require "support.desk"
local store = require "almanac.run.store"

describe("a command that could not begin", function()
  local at = desk.each(before_each, after_each)

  local function planned()
    at.start(desk.single(1))
    local result = at.plan()
    assert.equal(0, result.status, result.err .. result.out)
  end

  local COMMANDS = { { "apply", "a.run" }, { "verify", "a.run" }, { "undo", "a.run" }, { "undo", "a.run", "--yes" } }

  it("was stopped early when nobody answers, and names the command that goes on", function()
    planned()
    assert.equal(0, at.almanac("apply", "a.run").status)
    at.alma.stop()
    for _, command in ipairs(COMMANDS) do
      local result = at.almanac(table.unpack(command))
      assert.equal(75, result.status, result.out .. result.err)
      assert.equal("nothing was begun; go on with:  almanac " .. table.concat(command, " ") .. "\n", result.out)
      assert.matches("^almanac: [^\n]*connect[^\n]*\n$", result.err:lower())
    end
  end)

  it("was stopped early when a gateway answers in the place of Alma", function()
    planned()
    at.alma.change { op = "faults", spec = "POST test=1:504=0" }
    local result = at.almanac("apply", "a.run")
    assert.equal(75, result.status, result.out .. result.err)
    assert.matches("nothing was begun; go on with:  almanac apply a.run", result.out, 1, true)
    assert.equal(1, #at.alma.state().representations)
    at.alma.change { op = "faults", spec = "" }
    assert.equal(0, at.almanac("apply", "a.run").status)
  end)

  it("was stopped early when the bucket gives no service", function()
    planned()
    at.use_aws()
    at.alma.change { op = "faults", spec = "PUT s3=1:500" }
    local result = at.almanac("apply", "a.run")
    assert.equal(75, result.status, result.out .. result.err)
    assert.matches("nothing was begun; go on with:  almanac apply a.run", result.out, 1, true)
    assert.matches("the bucket takes no file: PUT [^\n]*the storage gives no service at the moment: try again later", result.err)
    at.alma.change { op = "faults", spec = "" }
    assert.equal(0, at.almanac("apply", "a.run").status)
  end)

  it("was not started when something is to be mended as well", function()
    planned()
    do
      local db <close> = assert(store.open(at.folder .. "/a.run", "write"))
      assert(db:run "UPDATE spec SET spec = json_set(spec, '$.library', 'MAIM')")
    end
    at.alma.change { op = "faults", spec = "POST test=1:504=0" }
    local result = at.almanac("apply", "a.run")
    assert.equal(1, result.status, result.out .. result.err)
    assert.matches("\nalmanac: the library 'MAIM' does not exist[^\n]*\n$", result.err)
    assert.matches("504", result.err, 1, true)
  end)

  it("was not started by a key that Alma does not know", function()
    planned()
    at.env.ALMA_API_KEY = "unknown"
    for _, command in ipairs(COMMANDS) do
      if command[1] ~= "verify" then assert.equal(1, at.almanac(table.unpack(command)).status) end
    end
  end)

  it("says that there is no plan where planning ended early", function()
    at.start(desk.single(1))
    local db = assert(store.create(at.folder .. "/a.run", { recipe = "jpg-derivatives" }))
    db:close()
    for _, command in ipairs(COMMANDS) do
      local result = at.almanac(table.unpack(command))
      assert.equal(1, result.status, result.out .. result.err)
      assert.matches("a.run holds no plan: planning it ended early; go on with:  almanac plan jpg-derivatives --from a.run --missing",
        result.err, 1, true)
    end
  end)

  it("leaves no run file of a plan that could read nothing", function()
    at.start(desk.single(10))
    at.alma.change { op = "faults", spec = "GET bibs=1:504=0" }
    local result = at.plan()
    assert.equal(1, result.status, result.out .. result.err)
    assert.is_nil(io.open(at.folder .. "/a.run", "r"))
  end)
end)
