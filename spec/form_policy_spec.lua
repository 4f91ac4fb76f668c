-- An upload form with conditions beyond key and size, from plan to apply: it is
-- obeyed, or refused before anything is written.
local desk = require "support.desk"

describe("an upload form's policy", function()
  local at = desk.each(before_each, after_each)

  local function start(policy)
    at.start({ { "a" }, { "b" } }, "--form-policy", policy)
  end

  it("is obeyed when it wants a content type", function()
    for _, policy in ipairs { "Content-Type=image/*", "Content-Type=*", "Content-Type=image/jpeg,x-amz-meta-by=alma" } do
      start(policy)
      assert.equal(0, at.plan().status)
      assert.equal(0, at.almanac("doctor", "a.run").status)
      local result = at.almanac("apply", "a.run")
      assert.equal(0, result.status, policy .. ": " .. result.err)
      assert.equal(0, at.almanac("verify", "a.run").status)
      at.alma.stop()
      os.remove(at.folder .. "/a.run")
    end
  end)

  it("makes titles to decide of files that it does not take", function()
    start "Content-Type=image/tiff"
    local result = at.plan()
    assert.equal(2, result.status, result.err)
    assert.matches("0 ready.*2 to decide", result.out)
    assert.matches("is image/jpeg, but content%-type must be 'image/tiff' in Alma's upload form; AWS keys could send it",
      at.almanac("show", "a.run", desk.id(1)).out)
  end)

  it("makes a title to decide of a file that is too large", function()
    start "size=1-20"
    local file <close> = assert(io.open(at.folder .. "/jpg/b.jpg", "wb"))
    file:write(desk.JPEG, ("x"):rep(30))
    file:close()
    local result = at.plan()
    assert.equal(2, result.status, result.err)
    assert.matches("1 ready.*1 to decide", result.out)
    assert.matches("has %d+ bytes; Alma's upload form takes 1 to 20", at.almanac("show", "a.run", desk.id(2)).out)
    result = at.almanac("apply", "a.run")
    assert.equal(2, result.status, result.err)
    assert.matches("applied 1 title now", result.out)
  end)

  it("that changed since the plan is told by doctor, and before apply starts", function()
    at.start { { "a" }, { "b" } }
    assert.equal(0, at.plan().status)
    at.alma.change { op = "form_policy", spec = "size=1-9" }
    local result = at.almanac("doctor", "a.run")
    assert.equal(1, result.status)
    assert.matches("BAD   2 files of the plan can't be uploaded: a%.jpg has %d+ bytes; Alma's upload form takes 1 to 9 %(and 1 more%)",
      result.out)
    result = at.almanac("apply", "a.run")
    assert.equal(1, result.status)
    assert.matches("leave their titles out %(almanac decide%)", result.err)
    assert.equal(2, #at.alma.state().representations)
  end)

  it("that can't be met is told by doctor, and before apply starts", function()
    start "success_action_redirect=https://example.org/"
    assert.equal(0, at.plan().status)
    local result = at.almanac "doctor"
    assert.equal(1, result.status)
    assert.matches("BAD   Alma's upload form has a condition that almanac can't meet %(success_action_redirect", result.out)
    result = at.almanac("apply", "a.run")
    assert.equal(1, result.status)
    assert.matches("can't meet", result.err)
    assert.equal(2, #at.alma.state().representations)
  end)
end)
