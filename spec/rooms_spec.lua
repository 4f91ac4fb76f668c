-- The rule of the house: which room may use which.
local rooms = require "support.rooms"

describe("rooms:", function()
  local function refused(name, ...)
    return rooms.problems { [name] = { ... } }[1]
  end

  it("what the stages share knows no rehearsal", function()
    assert.equal("run.store requires rehearsal.world.model: run may not use rehearsal.world", refused("run.store", "rehearsal.world.model"))
  end)

  it("the API's client knows no S3", function()
    assert.equal("alma.client requires s3.request: alma may not use s3", refused("alma.client", "s3.request"))
  end)

  it("what loads in the locked process uses itself and the base only", function()
    assert.is_nil(refused("recipe.inside.rules", "words", "core", "recipe.inside.text"))
    for _, other in ipairs { "recipe.guard", "run.store", "alma", "sheet", "recipe.share.git", "cli.out" } do
      assert.matches("may not use", refused("recipe.inside.rules", other))
    end
  end)

  it("plans and applying know nothing of each other", function()
    assert.matches("plan may not use apply", refused("plan.join", "apply.steps"))
    assert.matches("apply may not use plan", refused("apply.kinds.look", "plan"))
  end)

  it("no two modules require each other, nor more in a ring", function()
    assert.same({ "run.a requires itself by way of run.b", "run.b requires itself by way of run.a" },
      rooms.problems { ["run.a"] = { "run.b" }, ["run.b"] = { "run.a" } })
    assert.equal(3, #rooms.problems { a = { "b" }, b = { "c" }, c = { "a" } })
    assert.same({}, rooms.problems { a = { "b", "c" }, b = { "c" }, c = {} })
  end)

  it("of the engine: none uses another but the base, bindings use all", function()
    assert.same({ "core/http/http.c includes files/files.h: http may not use files" },
      rooms.problems_of_c("http/http.c", { "base/sys.h", "http/http.h", "files/files.h" }))
    assert.same({}, rooms.problems_of_c("lua/http.c", { "http/http.h", "base/buf.h", "lua/util.h" }))
    assert.matches("base may not use http", rooms.problems_of_c("base/sys.c", { "http/http.h" })[1])
    assert.matches("runfile may not use lua", rooms.problems_of_c("runfile/runfile.c", { "lua/util.h" })[1])
  end)
end)
