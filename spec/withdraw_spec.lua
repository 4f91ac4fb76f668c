-- The shipped recipe withdraw with the built program: what a list names goes, with copies, and undo brings it back.
local desk = require "support.desk"
local program = require "support.program"

describe("withdraw", function()
  local at = desk.each(before_each, after_each)
  local run = at.run

  -- Titles with a master, a derivative and a remote representation.
  local function start(n)
    local rows = { "mms_id,title,usage_type,file_name,size,representation_id,repository,originating_record_id,linking_parameter_1\n" }
    for i = 1, n do
      rows[#rows + 1] = ("%s,Title %d,PRESERVATION_MASTER,m%d.tif,1000,12%09d04146,,,\n"):format(desk.id(i), i, i, i)
      rows[#rows + 1] = ("%s,Title %d,DERIVATIVE_COPY,d%d.jpg,500,12%09d14146,,,\n"):format(desk.id(i), i, i, i)
      rows[#rows + 1] = ("%s,Title %d,AUXILIARY,,,32%09d24146,ROSETTA,oai:r:IE%d,IE%d\n"):format(desk.id(i), i, i, i, i)
    end
    at.start {}
    at.alma.stop()
    program.write(at.folder .. "/titles.csv", table.concat(rows))
    at.alma = require("support.rehearsal").start { titles = at.folder .. "/titles.csv", args = { "--rate", "0" } }
    at.env = desk.environment(at.alma, at.folder)
  end

  local function state()
    local list = {}
    for _, rep in ipairs(at.alma.state().representations) do
      local files = {}
      for i, file in ipairs(rep.files) do files[i] = file.path:match "[^/]+$" end
      list[#list + 1] = table.concat({ rep.mms_id, rep.usage_type, rep.label, rep.originating_record_id or "",
        (rep.more or {}).linking_parameter_1 or "", table.concat(files, "|") }, " ")
    end
    table.sort(list)
    return list
  end

  local function plan(list, status, ...)
    program.write(at.folder .. "/list.csv", list)
    local result = at.almanac("plan", "withdraw", "--titles", "list.csv", "-o", "a.run", "--rate", "500", ...)
    assert.equal(status, result.status, result.out .. result.err)
    return result.out
  end

  it("deletes what the list names, masters and remote ones as well, and undo brings all of it back", function()
    start(3)
    local before = state()
    local out = plan(("mms_id,Representation ID\n'%s,'12000000001%s\n%s,12000000002%s\n%s,\"12000000002%s, 32000000002%s\"\n%s,\n"):format(
      desk.id(1), "14146", desk.id(2), "04146", desk.id(2), "14146", "24146", desk.id(3)), 0)
    assert.matches("2 ready.-, 0 to decide, 1 skipped", out)
    assert.matches("1 master representation with 1 file is DELETED", out)
    assert.matches("1 remote representation is DELETED; its files stay in repository ROSETTA", out)
    assert.equal(1, at.almanac("apply", "a.run", "--settle", "0.05").status)
    run("apply", "a.run", "--settle", "0.05", "--delete-masters", "1")
    assert.equal(#before - 4, #state())
    assert.matches("verified 2 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.same(before, state())
    assert.matches("2 titles", run("verify", "a.run").out)
  end)

  it("leaves a title with an id that it does not have to a person, and goes on with the others", function()
    start(1)
    assert.matches("0 ready.-, 1 to decide", plan(("mms_id,representation_id\n%s,12000000001%s\n%s,12000000001%s\n"):format(desk.id(1),
      "14146", desk.id(1), "14000"), 2))
    assert.matches("it has no representation 1200000000114000", run("show", "a.run", desk.id(1)).out)
    program.write(at.folder .. "/d.csv", "mms_id,decision\n" .. desk.id(1) .. ",use\n")
    run("decide", "a.run", "d.csv")
    run("apply", "a.run", "--settle", "0.05")
    assert.equal(2, #state())
  end)

  it("names the columns of a list that has no such one", function()
    start(1)
    program.write(at.folder .. "/list.csv", ("mms_id,rep\n%s,1\n"):format(desk.id(1)))
    local result = at.almanac("plan", "withdraw", "--titles", "list.csv", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("rep", result.err)
    assert.matches("representation_id", result.err)
  end)
end)
