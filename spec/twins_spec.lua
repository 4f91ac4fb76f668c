-- Two people who change the same title in the same moment, each from a machine of
-- their own: what the other does meanwhile is a fault of the rehearsal, or is done
-- while the program is dead.
local deletion = require "almanac.apply.kinds.deletion"
local desk = require "support.desk"
local json = require "almanac.json"
local masters = require "support.masters"
local program = require "support.program"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "update", "delete", "delete-master" },
  args = { { "folder", "dir" } },
  title_keys = function(title) return { "p" } end,
  file_key = function(file) return "p" end,
  page = function(file) return key.page(file.name) end,
  changes = function(title, files) %s end,
}
]]
local INTO = "return add.file { representation = title:representations()[1], files = files }"
local FOR = "return replace.file { file = title:representations()[1].files[1], with = files[1] }"
local DELETE_FILE = "return delete.file { file = title:representations()[1].files[1] }"
local DELETE = "return delete.representation { representation = title:representations()[1] }"

describe("two people at one title:", function()
  local at = desk.each(before_each, after_each)

  local function must(...)
    local result = at.almanac(...)
    assert.equal(0, result.status, result.out .. result.err)
    return result
  end

  -- A title with these TIFFs, and a plan of JPGs for them.
  local function plan(change, ...)
    at.start { { ... } }
    program.write(at.folder .. "/recipe.lua", HEAD:format(change))
    must("plan", "./recipe.lua", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
  end

  local function fault(spec) at.alma.change { op = "faults", spec = spec } end

  local function apply(switches)
    return at.almanac("exec", program.client, switches or "", "apply", "a.run", "--settle", "0.1", masters(at.folder .. "/a.run"))
  end

  -- Killed at each commit in turn, until it ends by itself.
  local function apply_killed()
    for last = 1, 100 do
      local result = apply("kill=" .. last)
      if result.status ~= 137 then return result end
    end
  end

  local function files()
    local list = {}
    for i, rep in ipairs(at.alma.state().representations) do
      local names = {}
      for n, file in ipairs(rep.files) do names[n] = ("%s %d"):format(file.name, file.size) end
      list[i] = table.concat(names, ", ")
    end
    return list
  end

  local function row() return json.decode(must("report", "a.run", "--format", "json").out).rows[1] end

  local function asks(pattern)
    local one = row()
    assert.equal("ask", one.state)
    assert.matches(pattern, one.reason)
  end

  local function use()
    program.write(at.folder .. "/decisions.csv", ("mms_id,decision,file\n%s,use,\n"):format(desk.id(1)))
    must("decide", "a.run", "decisions.csv")
    return apply()
  end

  it("a file that another one attached a moment before stays, ours is taken back", function()
    plan(INTO, "p_1", "p_2")
    fault "POST files=@1:rival"
    assert.equal(2, apply().status)
    asks "somebody else, or another run, was putting files into representation %d+ at the same time: file %d+ stays"
    assert.same({ "p_1.tif 1000, p_2.tif 1000, p_1.jpg 999" }, files())
  end)

  it("decided to go on, ours are put beside it, and undo takes ours alone", function()
    plan(INTO, "p_1", "p_2")
    fault "POST files=@1:rival"
    assert.equal(2, apply().status)
    local result = use()
    assert.equal(0, result.status, result.err)
    local before = "p_1.tif 1000, p_2.tif 1000, p_1.jpg 999"
    local size = #desk.JPEG + #"p_1"
    assert.same({ ("%s, p_1.jpg %d, p_2.jpg %d"):format(before, size, size) }, files())
    must("verify", "a.run")
    must("undo", "a.run", "--yes")
    assert.same({ before }, files())
  end)

  it("it is the same when the program is killed at every step of it", function()
    plan(INTO, "p_1", "p_2")
    fault "POST files=@1:rival"
    assert.equal(2, apply_killed().status)
    asks "somebody else, or another run"
    assert.same({ "p_1.tif 1000, p_2.tif 1000, p_1.jpg 999" }, files())
  end)

  it("a file that came after ours and stays is met as well, though its id is higher", function()
    plan(INTO, "p_1")
    for last = 1, 20 do
      if files()[1]:find "jpg" then break end
      apply(("kill=%d,before"):format(last))
    end
    at.alma.change { op = "add_file", representation_id = at.alma.state().representations[1].id, name = "p_1.jpg", size = 5 }
    assert.equal(2, apply().status)
    assert.equal("ask", row().state)
  end)

  it("an old file is kept when another one put a new one beside it", function()
    plan(FOR, "p_1")
    fault "POST files=@1:rival"
    assert.equal(2, apply().status)
    assert.same({ "p_1.tif 1000, p_1.jpg 999" }, files())
  end)

  for name, change in pairs { file = DELETE_FILE, representation = DELETE } do
    it(("a %s that another one deleted a moment before is not brought back by undo"):format(name), function()
      plan(change, "p_1")
      local left = { file = { "" }, representation = {} }
      fault(("DELETE %ss=@1:rival"):format(name))
      assert.equal(2, apply().status)
      asks(("since the plan somebody deleted .*%s"):format(name))
      assert.same(left[name], files())
      must("undo", "a.run", "--yes")
      assert.same(left[name], files())
    end)

    it(("a %s whose deletion got no answer is this run's, and comes back"):format(name), function()
      plan(change, "p_1")
      fault(("DELETE %ss=@1:lost"):format(name))
      local result = apply()
      assert.equal(0, result.status, result.err)
      must("undo", "a.run", "--yes")
      assert.same({ "p_1.tif 1000" }, files())
    end)
  end

  it("a copy that can't be made since the original was deleted is for a person", function()
    local delete = { file = "1", representation = "2", is_gone = function() return true end }
    local kept, message, code = deletion.keep(delete, function() return nil, "no such key", "missing" end)
    assert.is_nil(kept)
    assert.matches("since the plan somebody deleted file 1 of representation 2", tostring(message))
    assert.equal("conflict", code)
    assert.equal("conflict", select(3, deletion.keep(delete, function() return nil, "general error", "status" end)))
    assert.equal("timeout", select(3, deletion.keep(delete, function() return nil, "no answer", "timeout" end)))
    delete.is_gone = function() return false end
    assert.equal("missing", select(3, deletion.keep(delete, function() return nil, "no such key", "missing" end)))
  end)
end)
