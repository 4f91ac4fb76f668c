-- Who made a representation, by what Alma notes of it.
local maker = require "almanac.apply.maker"

describe("the maker of a representation", function()
  local NEW = { created_by = "exl_api", last_modified_by = "API, ours" }
  local IMPORTED = { created_by = "import", last_modified_by = "API, ours" }

  local function known(...)
    local self = { marks = {}, news = false }
    for _, answer in ipairs { ... } do maker.learn(self, answer) end
    return self
  end

  it("is this run when no answer told yet how it is noted", function()
    assert.is_nil(maker.other(known(), NEW))
    assert.equal("somebody", maker.other(known(), { created_by = "somebody", last_modified_by = "somebody" }))
  end)

  it("is this run when the answer to one of its writes was noted alike", function()
    assert.is_nil(maker.other(known(NEW), { created_by = "exl_api", last_modified_by = "API, ours" }))
    assert.equal("API, theirs", maker.other(known(NEW), { created_by = "exl_api", last_modified_by = "API, theirs" }))
  end)

  it("is this run when only its change of what somebody else made was answered", function()
    assert.is_nil(maker.other(known(IMPORTED), NEW))
    assert.equal("API, theirs", maker.other(known(IMPORTED), { created_by = "exl_api", last_modified_by = "API, theirs" }))
    assert.equal("import", maker.other(known(NEW), IMPORTED))
  end)
end)
