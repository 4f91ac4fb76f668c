-- What a run made is looked for by its ids: under the title that another one was
-- merged into, behind lists that lag, under the names that Alma gave it.
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"

describe("what a run made", function()
  local at = desk.each(before_each, after_each)

  local function almanac(command, ...) return at.almanac(command, "a.run", ...) end

  local function applied(titles, ...)
    at.start(desk.single(titles), ...)
    assert.equal(0, at.plan("--rate=500").status)
    local result = almanac("apply", "--settle", "0.2")
    assert.equal(0, result.status, result.err)
    return result
  end

  -- Derivatives in Alma: under which title, and how many files each has.
  local function derivatives()
    local list = {}
    for _, rep in ipairs(at.alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then list[#list + 1] = ("%s %d"):format(rep.mms_id, #rep.files) end
    end
    table.sort(list)
    return list
  end

  local function rows() return json.decode(almanac("report", "--format", "json").out).rows end

  it("goes on under the title that its own is merged into between two pages, and is taken back there", function()
    at.start({ { "p1_1", "p1_2", "p1_3" }, { "p2" } }, "--faults", "POST files=@3:merge")
    assert.equal(0, at.plan("--rate=500").status)
    local result = almanac("apply", "--settle", "0.2")
    assert.equal(0, result.status, result.err)
    assert.equal(1, #at.alma.state().merged)
    local counts = {}
    for i, words in ipairs(derivatives()) do counts[i] = words:match "%d+$" end
    table.sort(counts)
    assert.same({ "1", "3" }, counts)
    assert.equal(0, almanac("undo", "--yes").status)
    assert.same({}, derivatives())
  end)

  describe("under a title that was merged into another one", function()
    before_each(function()
      applied(2)
      at.alma.change { op = "merge", from = desk.id(1), into = desk.id(2) }
    end)

    it("is looked at there by verify, which says so", function()
      local result = almanac "verify"
      assert.matches(desk.id(1) .. ": the title was merged into " .. desk.id(2) .. " in Alma, and was looked at there", result.err)
      assert.matches("there is a second such representation", result.err)   -- both titles had one
    end)

    it("is advised upon in a way that works: apply has no more to do, verify looks again", function()
      assert.equal(2, almanac "verify".status)
      local out = almanac "apply".out
      assert.matches("2 of them are done, and not as planned: look at them in Alma, then  almanac verify a%.run", out)
      assert.is_nil(out:find "try those that failed again")
    end)

    it("is taken back there by undo, which says so before and after", function()
      local where = desk.id(1) .. ": the title was merged into " .. desk.id(2) .. " in Alma, where what this run made stands now"
      local dry = almanac "undo"
      assert.matches(where, dry.err)
      assert.matches("would take back 2 titles", dry.out)
      assert.same({ desk.id(2) .. " 1", desk.id(2) .. " 1" }, derivatives())
      local result = almanac("undo", "--yes")
      assert.same({ 0, {} }, { result.status, derivatives() })
      assert.matches(where, result.err)
      assert.matches("nothing of the run is left in Alma", almanac "verify".out)
    end)
  end)

  it("is nothing for a title that went before anything was made of it: undo takes nothing of it back", function()
    at.start(desk.single(3))
    assert.equal(0, at.plan("--rate=500").status)
    assert.equal(0, almanac("apply", "--limit", "1").status)
    at.alma.change { op = "merge", from = desk.id(2), into = desk.id(1) }
    at.alma.change { op = "delete_bib", mms_id = desk.id(3) }
    assert.equal(2, almanac("apply", "--settle", "0.2").status)
    for _, how in ipairs { { "would take back" }, { "took back", "--yes" } } do
      local result = almanac("undo", how[2])
      assert.equal(0, result.status, result.err)
      assert.matches(how[1] .. " 1 title; 0 left, 0 failed\nfor 2 titles the run had made nothing in Alma yet", result.out)
      assert.is_nil(result.err:find "what this run made stands now")
    end
    assert.same({}, derivatives())
  end)

  it("is told as gone, not as taken back, when others took it away", function()
    applied(2)
    for _, rep in ipairs(at.alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then
        at.alma.call("DELETE", ("/bibs/%s/representations/%s?override=true"):format(rep.mms_id, rep.id))
      end
    end
    local result = almanac("undo", "--yes")
    assert.equal(0, result.status, result.err)
    assert.matches("took back 0 titles", result.out)
    assert.matches("of 2 titles nothing that the run made is left in Alma, looked for by its ids", result.out)
  end)

  it("is found behind lists that lag, and known to be gone while they still show it", function()
    applied(2)
    at.alma.change { op = "latency", spec = "lag=3600" }
    local id = rows()[1].representation_id
    at.alma.call("DELETE", ("/bibs/%s/representations/%s?override=true"):format(desk.id(1), id))
    assert.matches("representation " .. id .. " is gone", almanac "verify".err)
    local result = almanac("undo", "--yes")
    assert.equal(0, result.status, result.err)
    assert.same({}, derivatives())
    result = almanac "verify"
    assert.same({ 0, "" }, { result.status, result.err })
    assert.matches("looked at 2 titles taken back: nothing of the run is left", result.out)
  end)

  it("is made once although the list does not show it yet", function()
    at.start(desk.single(1))
    assert.equal(0, at.plan("--rate=500").status)
    at.alma.change { op = "latency", spec = "lag=3600" }
    local result = almanac("apply", "--settle", "0.2")
    assert.equal(75, result.status)
    assert.matches("does not show the new one yet", result.err)
    assert.same({ desk.id(1) .. " 0" }, derivatives())
    at.alma.change { op = "latency", spec = "lag=0" }
    assert.equal(0, almanac("apply", "--settle", "0.2").status)
    assert.same({ desk.id(1) .. " 1" }, derivatives())
  end)

  it("has the names that Alma gave it: apply says so, verify and undo compare with them", function()
    local result = applied(2, "--faults", "POST representations=1:relabel,POST files=1:rename")
    assert.matches("Alma answered with another label %('JPG %[Alma%]'%), not with what was sent", result.err)
    assert.matches("another name in Alma's storage", result.err)
    at.alma.change { op = "faults", spec = "" }
    assert.matches("verified 2 titles; 0 differ", almanac "verify".out)
    assert.equal(0, almanac("undo", "--yes").status)
    assert.same({}, derivatives())
  end)

  it("stays named by its ids in the report when it was taken back", function()
    applied(1)
    local before = rows()[1]
    assert.equal(0, almanac("undo", "--yes").status)
    local after = rows()[1]
    assert.same({ before.representation_id, before.files[1].pid }, { after.representation_id, after.files[1].pid })
    assert.equal("undone", after.state)
  end)

  it("twice, since a call that got no answer was made again, is its own: verify names it, undo takes both", function()
    at.start(desk.single(1))
    assert.equal(0, at.plan("--rate=500").status)
    at.alma.change { op = "faults", spec = "POST files=@1:reset" }
    assert.equal(2, almanac("apply", "--settle", "0.1").status)
    program.write(at.folder .. "/d.csv", ("mms_id,decision,file\n%s,use,\n"):format(desk.id(1)))
    assert.equal(0, almanac("decide", "d.csv").status)
    assert.equal(0, almanac("apply", "--settle", "0.1").status)
    -- As if the first call had taken effect after all.
    at.alma.change { op = "add_file", representation_id = rows()[1].representation_id, name = "p1.jpg", size = #desk.JPEG + 2 }
    local result = almanac "verify"
    assert.equal(2, result.status)
    assert.matches("this run made file %d+ %(p1.jpg%) twice; `almanac undo` takes both back", result.err)
    assert.equal(0, almanac("undo", "--yes").status)
    assert.same({}, derivatives())
  end)

  it("may remain in the upload folder, where an API key alone can't look: it is told", function()
    at.start(desk.single(2))
    assert.equal(0, at.plan("--rate=500").status)
    at.alma.change { op = "faults", spec = "POST files=1:500" }
    almanac("apply", "--settle", "0")
    at.alma.change { op = "faults", spec = "" }
    local result = almanac("undo", "--yes")
    assert.matches("2 objects may remain in [%w_]+/upload/almanac%-[%w-]+/: an API key alone can't look there", result.err)
    at.use_aws()
    result = almanac("undo", "--yes")
    assert.not_matches("may remain", result.err)
    assert.same({}, at.alma.state().objects)
  end)
end)
