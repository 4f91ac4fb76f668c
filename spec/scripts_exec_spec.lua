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

  local function texts(id, spec) return assert(bibs.read(client, id)).record:all(spec) end

  -- A spreadsheet's MMS ID.
  local function q(n) return "'" .. desk.id(n) end

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

  describe("fix-host-in-856", function()
    local function run(...)
      return at.almanac("exec", "fix-host-in-856", "--list", "list.csv", "--from", "old.example", "--to", "https://new.example", ...)
    end

    before_each(function()
      start(desk.single(3))
      fields(desk.id(1), { "856", "40", "u", "http://old.example/a?b=1#c", "z", "http://old.example stays" },
        { "856", "40", "u", "http://old.example.org/x" }, { "856", "40", "u", "http://www.old.example/x" },
        { "856", "40", "u", "http://OLD.example" }, { "856", "40", "u", "old.example/no-scheme", "u", "http://x/?u=http://old.example/" })
      fields(desk.id(2), { "856", "40", "u", "https://old.example:8080/x" })
      list(desk.id(1), desk.id(2), desk.id(3))
    end)

    local ROWS = "mms_id,old,new\n%s,http://old.example/a?b=1#c,https://new.example/a?b=1#c\n%s,http://OLD.example,https://new.example\n"

    it("shows what would change, and changes it only with --yes, and no other host", function()
      local before = { texts(desk.id(1), "856$u"), texts(desk.id(2), "856$u") }
      local result = run()
      assert.same({ 0, ROWS:format(q(1), q(1)), "1 of 3 titles would be changed; give --yes to change them\n" },
        { result.status, result.out, result.err })
      assert.same(before, { texts(desk.id(1), "856$u"), texts(desk.id(2), "856$u") })
      result = run("--yes")
      assert.same({ 0, ROWS:format(q(1), q(1)), "1 of 3 titles had the old host\n" }, { result.status, result.out, result.err })
      assert.same({ "https://new.example/a?b=1#c", "http://old.example.org/x", "http://www.old.example/x", "https://new.example",
        "old.example/no-scheme", "http://x/?u=http://old.example/" }, texts(desk.id(1), "856$u"))
      assert.same({ "http://old.example stays" }, texts(desk.id(1), "856$z"))
      assert.same(before[2], texts(desk.id(2), "856$u"))
      assert.equal("mms_id,old,new\n", run("--yes").out)
    end)

    it("sends nothing in a dry run, and prints the record that it would send", function()
      local result = run("--yes", "--output", "out.csv")
      assert.equal(0, result.status, result.err)
      result = at.almanac("exec", "--dry-run", "fix-host-in-856", "--list", "list.csv", "--from", "new.example", "--to", "c.example",
        "--yes")
      assert.equal(0, result.status, result.err)
      assert.matches("would PUT /bibs/" .. desk.id(1) .. "%?.*https://c.example/a%?b=1#c", result.out)
      assert.equal("https://new.example/a?b=1#c", texts(desk.id(1), "856$u")[1])
    end)

    it("refuses what is no host", function()
      for _, word in ipairs { "http://a.example/path", "a b", "", "http://" } do
        local result = at.almanac("exec", "fix-host-in-856", "--list", "list.csv", "--from", word, "--to", "b.example")
        assert.equal(1, result.status)
        assert.matches("is no host", result.err)
      end
    end)

    it("goes on after a title that Alma refuses, and tells it", function()
      fields(desk.id(2), { "856", "40", "u", "https://old.example/2" })
      at.alma.change { op = "faults", spec = "PUT bibs=@1:merge" }
      local result = run("--yes")
      assert.equal(2, result.status)
      assert.matches("^" .. desk.id(1) .. ": PUT /bibs/", result.err)
      assert.equal("https://new.example/2", texts(desk.id(2), "856$u")[2])
    end)
  end)

  describe("add-035", function()
    before_each(function()
      start(desk.single(2))
      fields(desk.id(1), { "035", "  ", "a", "(OCoLC)1" })
      program.write(at.folder .. "/list.csv", ("mms_id;Number\n%s;1\n%s;22\n%s;(DE-599)3\n%s;22\n%s;5\n%s;\n"):format(
        desk.id(1), desk.id(1), desk.id(2), desk.id(1), desk.id(9), desk.id(2)))
    end)

    it("adds what a title lacks, once, and only with --yes", function()
      local rows = ("mms_id,number,state\n%s,(OCoLC)1,was there\n%s,(OCoLC)22,STATE\n%s,(OCoLC)22,STATE\n%s,(DE-599)3,STATE\n"):format(
        q(1), q(1), q(1), q(2))
      local function run(...) return at.almanac("exec", "add-035", "--list", "list.csv", "--prefix", "(OCoLC)", ...) end
      local result = run()
      assert.same({ 2, (rows:gsub("STATE", "would be added")) }, { result.status, result.out })
      assert.equal(("list.csv, line 7: has no number\n%s: Alma knows no such title\nnothing was changed; " ..
        "give --yes to add the numbers\n"):format(desk.id(9)), result.err)
      local function numbers(n)
        local found = texts(desk.id(n), "035$a")
        if (found[1] or ""):find "REHEARSAL" then table.remove(found, 1) end   -- Alma's own
        return found
      end
      assert.same({ "(OCoLC)1" }, numbers(1))
      assert.equal((rows:gsub("STATE", "added")), run("--yes").out)
      assert.same({ { "(OCoLC)1", "(OCoLC)22" }, { "(DE-599)3" } }, { numbers(1), numbers(2) })
      assert.equal((rows:gsub("STATE", "was there")), run("--yes").out)
      assert.same({ "(OCoLC)1", "(OCoLC)22" }, numbers(1))
    end)

    it("refuses a prefix that is none", function()
      assert.matches("'OCoLC' is not in brackets", at.almanac("exec", "add-035", "--list", "list.csv", "--prefix", "OCoLC").err)
    end)
  end)

  describe("set-members", function()
    it("has a row for each file, and for what has none, in the order of the set", function()
      start({ { "b", "a" }, { "c" } })
      local id = at.alma.call("POST", ("/bibs/%s/representations"):format(desk.id(2)), { body = { library = { value = "MAIN" },
        label = "JPG", usage_type = { value = "DERIVATIVE_COPY" }, is_remote = false } }).data.id
      at.alma.change { op = "add_set", name = "Both", members = { desk.id(2), desk.id(1) } }
      local result = at.run("exec", "set-members", "--set", "Both")
      local rows = {}
      for row in result.out:gmatch "[^\n]+" do rows[#rows + 1] = row end
      assert.equal("mms_id,title,representation_id,usage_type,representation_label,file_pid,file_label,path,size", rows[1])
      assert.matches("^" .. q(2) .. ",Title 2,'%d+,PRESERVATION_MASTER,[^,]*,'%d+,c.tif,[^,]+c.tif,1000$", rows[2])
      assert.equal(("%s,Title 2,'%s,DERIVATIVE_COPY,JPG,,,,"):format(q(2), id), rows[3])
      assert.matches("^" .. q(1) .. ",Title 1,.*b.tif,1000$", rows[4])
      assert.matches("^" .. q(1) .. ",Title 1,.*a.tif,1000$", rows[5])
      assert.equal(5, #rows)
      at.run("exec", "set-members", "--set", "Both", "--output", "out.csv")
      assert.equal(result.out, program.read(at.folder .. "/out.csv"))
    end)
  end)
end)

describe("scripts that come with almanac", function()
  local function listed()
    local names = {}
    for line in program.run({ "exec", "--list" }).out:gmatch "[^\n]+" do
      local name, about = line:match "^(%S+)  +(%S.*)$"
      assert.truthy(name, line)
      names[#names + 1] = { name = name, about = about }
    end
    return names
  end

  it("are all in the table of their README, and no others", function()
    local table_of = require "support.scripts_table"
    assert.equal(table_of.make(), table_of.written(), "the table is behind the folder: run `make reference`")
    assert.is_true(#listed() >= 4)
  end)

  it("say in their first line what they do, and show their arguments", function()
    for _, script in ipairs(listed()) do
      local text = program.read(("recipes/scripts/%s.lua"):format(script.name))
      assert.matches("^%-%- almanac%-script: 1\n%-%-\n%-%- %u[^\n]+\n", text)
      local result = program.run { "exec", script.name, "--help" }
      assert.same({ 0, "" }, { result.status, result.err }, script.name)
      assert.matches("^Usage: almanac exec " .. script.name:gsub("%p", "%%%0") .. " ", result.out)
      assert.equal(script.about, (result.out:match "\n\n(.-)\n\n":gsub("%s+", " ")), "--help has another summary than --list")
      assert.is_nil(result.out:match "\n [^ \n][^\n]*", script.name)
    end
  end)

  it("come after a file of the same name, and the nearest is named for a misspelt one", function()
    local folder = program.folder()
    local function run(...) return program.run({ "exec", ... }, { folder = folder }) end
    assert.matches("^almanac: there is no script oclc%-number, did you mean 'oclc%-numbers'%?; `almanac exec %-%-list`",
      run("oclc-number").err)
    assert.matches("^almanac: there is no script ./oclc%-numbers\n", run("./oclc-numbers").err)
    assert.matches("^Usage: almanac exec oclc%-numbers.lua", run("oclc-numbers.lua", "--help").out)
    program.write(folder .. "/oclc-numbers", "print 'mine'")
    assert.equal("mine\n", run("oclc-numbers").out)
    program.remove(folder)
  end)

  it("README's script runs as it stands", function()
    local folder = program.folder()
    program.write(folder .. "/s.lua", program.read("recipes/scripts/README.md"):match "```lua\n(.-)```")
    local result = program.run { "exec", folder .. "/s.lua", "--help" }
    program.remove(folder)
    assert.equal(0, result.status, result.err)
    assert.matches("Titles of a set without representations", result.out)
  end)
end)
