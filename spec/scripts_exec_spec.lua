-- Scripts that come with almanac, against the rehearsal: OCLC numbers, a host in 856, numbers in 035, the members of a set.
local bibs = require "almanac.alma.bibs"
local desk = require "support.desk"
local program = require "support.program"

describe("the script", function()
  local at = desk.each(before_each, after_each)
  local client

  local function start(titles, ...)
    at.start(titles, ...)
    client = require("almanac.alma").new { url = at.alma.url, key = at.alma.key, rate = 1000 }
  end

  -- Puts fields into a title's record.
  local function fields(id, ...)
    local list = { ... }
    assert(bibs.update(client, id, function(record)
      for _, field in ipairs(list) do record:add(field) end
    end))
  end

  local function list(...)
    local ids = { "mms_id\n", ... }
    for i = 2, #ids do ids[i] = ids[i] .. "\n" end
    program.write(at.folder .. "/list.csv", table.concat(ids))
  end

  describe("oclc-numbers", function()
    it("writes a row for each number, one for a title without, and says which titles are not there", function()
      start(desk.single(3))
      fields(desk.id(1), { "035", "  ", "a", "(OCoLC)ocm00012345" }, { "035", "  ", "a", "(OCoLC)77", "z", "(OCoLC)78" })
      list(desk.id(1), desk.id(2), desk.id(9))
      local result = at.almanac("exec", "oclc-numbers", "--list", "list.csv")
      assert.same({ 2, ("mms_id,oclc_number\n'%s,12345\n'%s,77\n'%s,\n"):format(desk.id(1), desk.id(1), desk.id(2)),
        desk.id(9) .. ": Alma knows no such title\n" }, { result.status, result.out, result.err })
      at.alma.change { op = "add_set", name = "One", members = { desk.id(1) } }
      at.run("exec", "oclc-numbers", "--set", "One", "--output", "out.csv")
      assert.equal(("mms_id,oclc_number\n'%s,12345\n'%s,77\n"):format(desk.id(1), desk.id(1)), program.read(at.folder .. "/out.csv"))
    end)
  end)
end)
