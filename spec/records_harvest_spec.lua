-- Plans whose records come from a repository, a search or from Alma itself: reading that is interrupted goes on, and what a
-- server does wrong is told.
local assert = require "luassert"
local core = require "almanac.core"
local desk_module = require "support.desk"
local program = require "support.program"
local row = require "almanac.row"

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "try", summary = "Reads records", version = "1.0.0", license = "MIT", effects = {},
  args = { { "set", "set", help = "titles" } },
  title_keys = function(title) return title.mms_id end,
  record_key = function(record) return record.id end,
}
]]

describe("a plan of records", function()
  local desk = desk_module.each(before_each, after_each)
  local url

  local function start(...)
    desk.start(desk_module.single(2), ...)
    program.write(desk.folder .. "/try.lua", RECIPE)
    url = "oai:" .. desk.alma.url .. "/oai/request"
  end

  local function plan(...) return desk.almanac("plan", "./try.lua", ...) end

  local function fault(spec) desk.alma.change { op = "faults", spec = spec } end

  local function look(run, sql)
    local db <close> = assert(core.runfile.open(desk.folder .. "/" .. run, { kind = "run", version = 4 }))
    return db:value(sql)
  end

  local function count(run) return look(run, "SELECT count(*) || ' ' || count(DISTINCT identifier) FROM record") end

  local ONE = { "--titles", "titles.csv" }

  local function harvest(...) return plan(ONE[1], ONE[2], "--records", url, ...) end

  it("reads a repository page after page", function()
    start("--repository", "dspace=250")
    local result = harvest("-o", "a.run")
    assert.equal(0, result.status, result.err)
    assert.equal("261 261", count "a.run")
    assert.is_nil(look("a.run", "SELECT value FROM meta WHERE key = 'records_place'"))
  end)

  it("that stopped goes on where it was", function()
    start("--repository", "dspace=250")
    fault "GET oai=@3-99:500"
    local result = harvest("-o", "a.run")
    assert.equal(75, result.status, result.err)
    assert.matches("what was read of 200 records is kept", result.out)
    fault ""
    result = plan("--from", "a.run", "-o", "b.run")
    assert.equal(1, result.status)
    assert.matches("not all records of a.run were read: add %-%-missing", result.err)
    result = plan("--from", "a.run", "--missing", "-o", "b.run")
    assert.equal(0, result.status, result.err)
    assert.equal("261 261", count "b.run")
    assert.equal("261", look("b.run", "SELECT value FROM meta WHERE key = 'records_read'"))
  end)

  it("keeps no password of an address, and is gone on with when that is given again", function()
    start("--repository", "dspace=250")
    fault "GET oai=@3-99:500"
    url = url:gsub("//", "//reader:secret@")
    local result = harvest("-o", "a.run")
    assert.equal(75, result.status, result.err)
    assert.is_nil(program.read(desk.folder .. "/a.run"):find("secret", 1, true))
    fault ""
    result = plan("--from", "a.run", "--missing", "--records", url, "-o", "b.run")
    assert.equal(0, result.status, result.err)
    assert.equal("261 261", count "b.run")
    assert.is_nil(program.read(desk.folder .. "/b.run"):find("secret", 1, true))
  end)

  it("that was killed goes on where it was, and its file is not overwritten", function()
    start("--repository", "dspace=250")
    fault "GET oai=@3:stall=20"
    local running <close> = program.start({ "plan", "./try.lua", ONE[1], ONE[2], "--records", url, "-o", "a.run" },
      { folder = desk.folder, env = desk.env })
    for _ = 1, 500 do
      if core.files.stat(desk.folder .. "/a.run") and pcall(count, "a.run") and count "a.run" == "200 200" then break end
      core.sys.sleep(0.02)
    end
    running.signal "KILL"
    running.wait()
    fault ""
    local result = harvest("-o", "a.run")
    assert.equal(0, result.status, result.err)
    assert.matches("a.run.unfinished", result.err)
    result = plan("--from", "a.run.unfinished", "--missing", "-o", "c.run")
    assert.equal(0, result.status, result.err)
    assert.equal("261 261", count "c.run")
  end)

  it("begins again when the list expired, and doubles nothing", function()
    start("--repository", "dspace=250")
    fault "GET oai=@3:badtoken"
    local result = harvest("-o", "a.run")
    assert.equal(0, result.status, result.err)
    assert.matches("expired: it is read again", result.err)
    assert.equal("261 261", count "a.run")
  end)

  it("gives up on a list that expires before anything new comes, or has no end", function()
    start("--repository", "dspace=250")
    fault "GET oai=@2-99:badtoken"
    local result = harvest("-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("harvest it in parts", result.err)
    assert.matches("%-%-from a.run %-%-missing", result.err)
    for _, kind in ipairs { "sametoken", "hostile=endless" } do
      fault("GET oai=@2-99:" .. kind)
      result = harvest("-o", kind:sub(1, 4) .. ".run")
      assert.equal(1, result.status)
      assert.matches("so the list has no end", result.err)
    end
  end)

  it("tells what a repository lacks", function()
    start("--repository", "dspace")
    local function refused(words, ...)
      local result = harvest("-o", "x.run", ...)
      assert.equal(1, result.status)
      assert.matches(words, result.err)
      assert.is_nil(core.files.stat(desk.folder .. "/x.run"))
    end
    refused("there is no set 'nix'; there are com_", "--records-set", "nix")
    refused("did you mean 'oai_dc'", "--records-prefix", "oai_dk")
    refused("'31.1.2024' is no date", "--records-from", "31.1.2024")
    url = ("oai:%s/view/oai/%s/request"):format(desk.alma.url, desk.alma.inst)
    refused("it may want a set %(%-%-records%-set%): there are", "--records-id", "001")
    url = "oai:" .. desk.alma.url .. "/nothing"
    refused("nothing", "--rate", "100")
    fault "GET oai=@1:nothing"
    url = "oai:" .. desk.alma.url .. "/oai/request"
    refused("no records")
  end)

  it("says how many came when they are fewer than the repository said", function()
    start("--repository", "dspace=250")
    fault "GET oai=@2:notoken"
    local result = harvest("-o", "a.run")
    assert.equal(2, result.status, result.err)
    assert.matches("said that it has 261 records, and gave 200", result.out)
  end)

  it("reads what a search by SRU finds", function()
    start()
    local result = plan(ONE[1], ONE[2], "--records", "sru:alma.title=title", "-o", "a.run")
    assert.equal(0, result.status, result.err)
    assert.equal("2 2", count "a.run")
    assert.equal("marc", look("a.run", "SELECT format FROM record"))
    result = plan(ONE[1], ONE[2], "--records", "sru:alma.title=zzz", "-o", "b.run")
    assert.matches("finds no records", result.err)
  end)

  it("reads the open requests of its titles, one call each, and those of people", function()
    start()
    local result = plan(ONE[1], ONE[2], "--records", "requests", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("open requests for digitization of 2 titles: no records", result.err)
    desk.alma.change { op = "add_request", mms_id = desk_module.id(2), user_id = "student", comment = "pages 1-4" }
    desk.alma.change { op = "add_request", mms_id = desk_module.id(1), user_id = "archivist", type = "HOLD" }
    result = plan(ONE[1], ONE[2], "--records", "requests", "-o", "a.run")
    assert.equal(0, result.status, result.err)
    assert.equal("1 1", count "a.run")
    local held = row.decode(look("a.run", "SELECT content FROM record"))
    assert.same({ "mms_id", desk_module.id(2) }, held[2])
    assert.equal("request of title " .. desk_module.id(2), look("a.run", "SELECT place FROM record"))
    result = plan(ONE[1], ONE[2], "--records", "requests", "--records-people", "student,archivist", "-o", "b.run")
    assert.equal(0, result.status, result.err)
    assert.equal("1 1", count "b.run")
  end)

  it("wants to know whose deposits it is to read", function()
    start()
    local result = plan(ONE[1], ONE[2], "--records", "deposits", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("whose%? Alma gives deposits person by person: give %-%-records%-people", result.err)
    result = plan(ONE[1], ONE[2], "--records", "deposits", "--records-people", "student, nobody", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("deposits of 2 persons: no", result.err)
    assert.matches("the deposits of 'nobody' can't be read: has Alma a person with this identifier", result.err)
  end)

  it("reads deposits of people, those of one status by its code or its word", function()
    start()
    desk.alma.change { op = "add_deposit", user_id = "student", title = "My thesis" }
    desk.alma.change { op = "add_deposit", user_id = "student", title = "My draft", status = "DRAFT" }
    desk.alma.change { op = "add_deposit", user_id = "archivist", title = "A report", status = "APPROVED" }
    program.write(desk.folder .. "/people.csv", "Name,Primary ID\nA,student\nB,archivist\nA again,student\n")
    local function deposits(run, ...)
      return plan(ONE[1], ONE[2], "--records", "deposits", "--records-people", "people.csv", "-o", run, ...)
    end
    local result = deposits "a.run"
    assert.equal(0, result.status, result.err)
    assert.equal("3 3", count "a.run")
    assert.equal("deposit of student", look("a.run", "SELECT place FROM record"))
    deposits("b.run", "--records-status", "SUBMITTED")
    assert.equal("1 1", count "b.run")
    deposits("c.run", "--records-status", "submitted")
    assert.equal("1 1", count "c.run")
    result = deposits("d.run", "--records-status", "Accepted")
    assert.equal(1, result.status)
    assert.matches("with status 'Accepted': no deposit has this status; there are some with APPROVED, DRAFT, SUBMITTED", result.err)
  end)
end)
