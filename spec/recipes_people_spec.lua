-- The recipes for what people ask for and hand in, from Alma's requests and deposits to undo.
local desk = require "support.desk"
local program = require "support.program"

describe("a recipe for people", function()
  local at = desk.each(before_each, after_each)
  local run = at.run

  local function picture(path) program.write(at.folder .. "/" .. path, desk.JPEG .. path) end

  local function representations(n)
    local list = {}
    for _, rep in ipairs(at.alma.state("?mms_id=" .. desk.id(n)).representations) do
      if rep.usage_type ~= "PRESERVATION_MASTER" then list[#list + 1] = rep end
    end
    return list
  end

  local function step(id)
    for _, request in ipairs(at.alma.state().requests) do
      if request.id == id then return request.step end
    end
  end

  before_each(function() at.start { { "a" }, { "b" }, { "c" } } end)

  describe("digitized", function()
    before_each(function()
      at.alma.change { { op = "add_request", id = "17271930010004146", mms_id = desk.id(1), user_id = "student" },
        { op = "add_request", id = "17271930020004146", mms_id = desk.id(2), user_id = "archivist", partial = true, comment = "pp. 3-5" } }
      picture "scans/17271930010004146_001.jpg"
      picture "scans/17271930010004146_002.jpg"
      picture "scans/17271930020004146.jpg"
    end)

    local function plan(...)
      return run("plan", "digitized", "--records", "requests", "--folder", "scans", "-o", "a.run", ...).out
    end

    it("answers the requests of a list of titles, and moves them on", function()
      assert.matches("it asks for a part: pp. 3-5", plan("--titles", "titles.csv"), 1, true)
      run("apply", "a.run", "--settle", "0.05")
      assert.equal(1, step "17271930010004146")
      assert.equal(0, step "17271930020004146")
      local rep = representations(1)[1]
      assert.equal("17271930010004146_002.jpg", rep.files[2].name)
      local told = at.alma.call("GET", ("/bibs/%s/representations/%s"):format(desk.id(1), rep.id)).data
      assert.equal("17271930010004146", told.request_id)
      assert.matches("verified 1 title", run("verify", "a.run").out)
    end)

    it("finds the titles of the requests of people", function()
      plan("--records-people", "student,archivist", "--find", "mms_id", "--partial", "take")
      run("apply", "a.run", "--settle", "0.05")
      assert.same({ 1, 1 }, { step "17271930010004146", step "17271930020004146" })
      assert.matches("stays moved on, at 'Digitize Item'", at.almanac("undo", "a.run", "--yes").err)
      assert.same({}, representations(1))
      assert.same({ 1, 1 }, { step "17271930010004146", step "17271930020004146" })
    end)

    it("finds nothing to do once they were answered", function()
      plan("--titles", "titles.csv")
      run("apply", "a.run", "--settle", "0.05")
      local told = run("plan", "digitized", "--records", "requests", "--folder", "scans", "--titles", "titles.csv",
        "--step", "Pickup From Shelf", "-o", "b.run").out
      assert.matches("it is at another step: Digitize Item", told)
    end)
  end)

  describe("deposits", function()
    it("takes files by deposit id, and sets the deposit's own representation", function()
      local id = at.alma.change { op = "add_deposit", user_id = "student", status = "APPROVED", mms_id = desk.id(1),
        rep_id = "1200000000104146" }.id
      at.alma.change { op = "add_deposit", user_id = "student", status = "DRAFT", mms_id = desk.id(2) }
      picture("covers/" .. id .. "_cover.jpg")
      local before = at.alma.state().representations
      local told = run("plan", "deposits", "--records", "deposits", "--records-people", "student", "--records-status", "Approved",
        "--find", "mms_id", "--folder", "covers", "--policy", "77", "--own-label", "Thesis", "-o", "a.run").out
      assert.matches("1 title: 1 ready (1 file", told, 1, true)
      run("apply", "a.run", "--settle", "0.05")
      assert.equal(id .. "_cover.jpg", representations(1)[1].files[1].name)
      local own = at.alma.state("?mms_id=" .. desk.id(1)).representations[1]
      assert.same({ "Thesis", "77" }, { own.label, at.alma.call("GET",
        ("/bibs/%s/representations/%s"):format(desk.id(1), own.id)).data.access_rights_policy_id.value })
      run("undo", "a.run", "--yes")
      local after = at.alma.state().representations
      assert.same({ #before, before[1].label }, { #after, after[1].label })
    end)
  end)
end)
