-- The script items-without-barcode, against the rehearsal.
local desk = require "support.desk"
local holdings = require "almanac.alma.holdings"
local items = require "almanac.alma.items"
local marc = require "almanac.marc"
local program = require "support.program"

describe("the script items-without-barcode", function()
  local at = desk.each(before_each, after_each)
  local client, holding, pid

  local HEAD = "mms_id,title,library,location,call_number,description,holding_id,item_pid\n"

  before_each(function()
    at.start(desk.single(3))
    client = require("almanac.alma").new { url = at.alma.url, key = at.alma.key, rate = 1000 }
    local record = marc.record { { "852", "0 ", "b", "SPEC", "c", "vault", "h", "MS 1" } }
    holding = assert(holdings.create(client, desk.id(1), record)).holding_id
    assert(items.create(client, desk.id(1), holding, { barcode = "39001" }))
    pid = assert(items.create(client, desk.id(1), holding, { description = "v.2, part 1" }, { as_new = true })).item_data.pid
    program.write(at.folder .. "/list.csv", ("mms_id\n%s\n%s\n%s\n"):format(desk.id(1), desk.id(2), desk.id(9)))
  end)

  local function run(...)
    return at.almanac("exec", "items-without-barcode", "--list", "list.csv", ...)
  end

  local function row()
    return ("'%s,%s,SPEC,vault,MS 1,\"v.2, part 1\",'%s,'%s\n"):format(desk.id(1), at.alma.state().bibs[1].title, holding, pid)
  end

  it("writes a row for each item without barcode, and where it stands", function()
    local result = run()
    assert.same({ 2, HEAD .. row(), desk.id(9) .. ": Alma knows no such title\n1 item without barcode\n" },
      { result.status, result.out, result.err })
  end)

  it("looks at one library alone, and adds titles without items, when it is told to", function()
    assert.equal(HEAD, run("--library", "MAIN").out)
    assert.equal(HEAD .. row() .. ("'%s,%s,,,,,,\n"):format(desk.id(2), at.alma.state().bibs[2].title),
      run("--library", "SPEC", "--titles-without-items").out)
  end)

  it("finds all of a set", function()
    at.alma.change { op = "add_set", name = "Mine", members = { desk.id(1), desk.id(3) } }
    local result = at.almanac("exec", "items-without-barcode", "--set", "Mine")
    assert.same({ 0, HEAD .. row() }, { result.status, result.out })
  end)
end)
