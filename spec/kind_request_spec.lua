-- The kind of change that moves a digitization request on: once, whatever happens, since nothing takes it back.
local desk = require "support.desk"
local program = require "support.program"

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "request" },
  args = { { "folder", "dir" } },
  title_keys = function(title) return { title.mms_id } end,
  file_key = function(file) return key.digits(file.name, 1) end,
  changes = function(title, files)
    return {
      add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", label = "Scan", request_id = "171", files = files },
      advance.request { request = "171", from = "Pickup From Shelf" },
    }
  end,
}
]]

describe("advance.request", function()
  local at = desk.each(before_each, after_each)
  local run = at.run

  before_each(function()
    at.start { { "a" } }
    program.remove(at.folder .. "/jpg")
    program.write(at.folder .. "/jpg/" .. desk.id(1) .. ".jpg", desk.JPEG)
    program.write(at.folder .. "/recipe.lua", RECIPE)
    at.alma.change { op = "add_request", id = "171", mms_id = desk.id(1) }
    run("plan", "./recipe.lua", "--titles", desk.id(1), "--folder", "jpg", "-o", "a.run")
  end)

  local function apply() return at.almanac("apply", "a.run", "--settle", "0.05") end

  local function use()
    program.write(at.folder .. "/decisions.csv", "mms_id,decision\n" .. desk.id(1) .. ",use\n")
    run("decide", "a.run", "decisions.csv")
  end

  local function step()
    for _, request in ipairs(at.alma.state().requests) do
      if request.id == "171" then return request.step end
    end
  end

  local function made()
    for _, rep in ipairs(at.alma.state("?mms_id=" .. desk.id(1)).representations) do
      if rep.label == "Scan" then return rep end
    end
  end

  it("moves it once its files are there, and the representation carries its id", function()
    assert.matches("1 request is moved on from 'Pickup From Shelf', which undo can't take back", run("show", "a.run").out)
    assert.equal(0, apply().status)
    assert.equal(1, step())
    local rep = at.alma.call("GET", ("/bibs/%s/representations/%s"):format(desk.id(1), made().id)).data
    assert.equal("171", rep.request_id)
    assert.matches("verified 1 title", run("verify", "a.run").out)
    assert.equal(0, apply().status)
    assert.equal(1, step())
  end)

  it("is not moved when somebody moved it since the plan, and nothing is made for it", function()
    at.alma.call("POST", ("/bibs/%s/requests/171?op=next_step"):format(desk.id(1)))
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("it is at 'Digitize Item', planned from 'Pickup From Shelf'", run("show", "a.run").out)
    assert.is_nil(made())
    use()
    assert.equal(0, apply().status)
    assert.is_truthy(made())
    assert.equal(1, step())
  end)

  it("finds that it was moved when the answer is lost", function()
    at.alma.change { op = "faults", spec = "POST requests=@1:lost" }
    assert.equal(0, apply().status)
    assert.equal(1, step())
  end)

  it("is left to a person when nobody can tell whether it was moved", function()
    at.alma.change { op = "faults", spec = "POST requests=@1:reset" }
    assert.equal(2, apply().status)
    assert.matches("no answer came when request 171 was moved on from 'Pickup From Shelf', where it still is", run("show", "a.run").out)
    assert.equal(0, step())
    use()
    assert.equal(0, apply().status)
    assert.equal(1, step())
  end)

  it("is to decide when the request is gone", function()
    at.alma.call("DELETE", ("/bibs/%s/requests/171?reason=CannotBeFulfilled"):format(desk.id(1)))
    assert.equal(2, apply().status)
    assert.is_nil(made())
  end)

  it("moves a request of an item, which Alma may tell by the item's address alone", function()
    local pid = at.alma.change { op = "add_item", mms_id = desk.id(1), barcode = "32101047381338" }.pid
    at.alma.change { op = "add_request", id = "172", mms_id = desk.id(1), item_pid = pid }
    program.write(at.folder .. "/recipe.lua", (RECIPE:gsub('request = "171", from', ('request = "172", item = "%s", from'):format(pid))))
    run("plan", "./recipe.lua", "--titles", desk.id(1), "--folder", "jpg", "-o", "b.run")
    at.alma.change { op = "faults", spec = "POST requests=@1:lost" }
    assert.equal(0, at.almanac("apply", "b.run", "--settle", "0.05").status)
    local requests = at.alma.state().requests
    assert.same({ "172", 1 }, { requests[#requests].id, requests[#requests].step })
    assert.matches("verified 1 title", run("verify", "b.run").out)
  end)

  it("verify tells of one that is where it was", function()
    assert.equal(0, apply().status)
    at.alma.change { op = "move_request", id = "171", step = 0 }
    local result = at.almanac("verify", "a.run")
    assert.equal(2, result.status)
    assert.matches("request 171 is still at 'Pickup From Shelf'", result.out .. result.err .. run("show", "a.run").out)
  end)

  it("undo takes the representation back, and leaves the request where it is", function()
    assert.equal(0, apply().status)
    local told = at.almanac("undo", "a.run", "--yes").err
    assert.matches("request 171 stays moved on, at 'Digitize Item': Alma has no step back", told)
    assert.is_nil(made())
    assert.equal(1, step())
  end)

  it("follows a title that was merged into another one", function()
    local into = at.alma.change { op = "add_bib", title = "Other" }.mms_id
    assert.equal(0, apply().status)
    at.alma.change { op = "merge", from = desk.id(1), into = into }
    assert.matches("verified 1 title", at.almanac("verify", "a.run").out)
  end)
end)
