-- The nearest right spelling of a name.
local words = require "almanac.words"

describe("words.nearest", function()
  it("counts a swap of two neighbouring letters as one edit", function()
    assert.equal("abc", words.nearest("acb", { "abc" }))
    assert.equal("set", words.nearest("ste", { "rate", "set" }))
    assert.equal("region", words.nearest("regoin", { "region", "reason" }))
  end)

  it("counts letters that are wrong, missing or too many as one each", function()
    assert.equal("MAIN", words.nearest("MAIM", { "MAIN", "SPEC" }))
    assert.equal("MAIN", words.nearest("MAN", { "MAIN", "SPEC" }))
    assert.equal("MAIN", words.nearest("MAINE", { "MAIN", "SPEC" }))
  end)

  it("does not guess when none is near", function()
    assert.is_nil(words.nearest("xyz", { "abc", "abd" }))
    assert.is_nil(words.nearest("cba", { "abc" }))
    assert.is_nil(words.nearest("", {}))
    assert.is_nil(words.nearest(("x"):rep(1 << 26), { "abc", "abd" }))
  end)
end)
