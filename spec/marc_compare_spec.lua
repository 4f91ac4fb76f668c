-- Comparing two records, comparing two files, and writing files.
local json = require "almanac.json"
local marc = require "almanac.marc"
local program = require "support.program"

local LEADER = "00000nam a2200000 i 4500"

local function record(...) return marc.record { leader = LEADER, ... } end

-- The differences as lines: kind, before, after.
local function said(list)
  local lines = {}
  for i, each in ipairs(list) do
    lines[i] = ("%s %s: %s => %s"):format(each.kind, each.tag, each.before or "-", each.after or "-")
  end
  return table.concat(lines, "\n")
end

describe("record:compare", function()
  local old
  before_each(function()
    old = record({ "001", "1" }, { "245", "10", "a", "Ships", "c", "Poe" }, { "650", " 0", "a", "Ships", "x", "History" },
      { "650", " 0", "a", "Boats" }, { "650", " 0", "a", "Harbors" }, { "856", "40", "u", "http://x" })
  end)

  it("finds no difference between a record and its copy, from whatever format", function()
    assert.same({}, old:compare(old:copy()))
    assert.same({}, old:compare(old))
    local reader <close> = assert(marc.parse(old:encode "iso2709"))
    assert.same({}, old:compare(reader:next()))
    assert.same({}, marc.record {}:compare(marc.record {}))
  end)

  it("names what is changed, added and gone", function()
    local new = old:copy()
    new:set("LDR/5", "c")
    new:set("245$a", "Ships :")
    new:remove "650[1]"
    new:set("650{$x}$x", "Fiction")
    new:add("500", "  ", "a", "Note")
    new:set("856^2", "1")
    assert.equal([[changed LDR: LDR 00000nam a2200000 i 4500 => LDR 00000cam a2200000 i 4500
changed 245: 245 10 $a Ships $c Poe => 245 10 $a Ships : $c Poe
added 500: - => 500    $a Note
changed 650: 650  0 $a Ships $x History => 650  0 $a Ships $x Fiction
gone 650: 650  0 $a Boats => -
changed 856: 856 40 $u http://x => 856 41 $u http://x]], said(old:compare(new)))
    assert.equal("added 650: - => 650  0 $a Boats", said(new:compare(old)):match "added 650[^\n]*")
  end)

  it("gives the live fields of both", function()
    local new = old:copy()
    new:set("245$a", "Canoes")
    local difference = old:compare(new)[1]
    difference.from:set("a", difference.to:get "a")
    assert.equal("Canoes", old:get "245$a")
    assert.same({}, old:compare(new))
  end)

  it("tells moved fields as few as there are", function()
    local new = old:copy()
    local boats = new:fields "650"[2]
    new:insert(new:fields()[1], boats)
    new:remove(boats)
    assert.equal("moved 650: 650  0 $a Boats => 650  0 $a Boats", said(old:compare(new)))
    assert.same({}, old:compare(new, { any_order = true }))
  end)

  it("leaves out the tags that don't count", function()
    local new = old:copy()
    new:add("005", "20260101000000.0")
    new:add("903", "  ", "a", "x")
    new:set("LDR/5", "c")
    assert.same({}, old:compare(new, { except = { "005", "9..", "LDR" } }))
    assert.equal(3, #old:compare(new))
  end)

  it("counts repeated fields", function()
    local new = old:copy()
    new:add(new:field "856")
    assert.equal("added 856: - => 856 40 $u http://x", said(old:compare(new)))
    assert.equal("gone 856: 856 40 $u http://x => -", said(new:compare(old)))
  end)

  it("does not take a text for a code", function()
    assert.equal(1, #record { "500", "  ", "a", "x $b y" }:compare(record { "500", "  ", "a", "x", "b", "y" }))
  end)
end)

describe("files", function()
  local folder
  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function write(name, ...)
    local out <close> = marc.writer(folder .. "/" .. name)
    for _, each in ipairs { ... } do out:write(each) end
    return folder .. "/" .. name
  end

  local function book(id, title) return record({ "001", id }, { "245", "10", "a", title }) end

  describe("marc.writer", function()
    it("writes the format that the name says, read again as the same", function()
      for name, format in pairs { ["a.mrc"] = "iso2709", ["a.xml"] = "marcxml", ["a.JSON"] = "json", ["a.mrk"] = "mrk",
        ["a.txt"] = "line", a = "iso2709" } do
        local path = write(name, book("1", "One"), book("2", "Two"))
        local reader <close> = assert(marc.open(path))
        local ids = {}
        for each in reader:records() do ids[#ids + 1] = each:control "001" end
        assert.same({ format, { "1", "2" } }, { reader:format(), ids }, name)
      end
    end)

    it("leaves what was there when an error ends the block", function()
      local path = write("a.mrc", book("1", "One"))
      local before = program.read(path)
      local fine, message = pcall(function()
        local out <close> = marc.writer(path)
        out:write(book("2", "Two"))
        local long = book("3", ("x"):rep(10000))
        out:write(long)
      end)
      assert.is_false(fine)
      assert.truthy(message:find("a new record (3): ", 1, true), message)
      assert.equal(before, program.read(path))
    end)

    it("writes a whole document of no records, and says when it was not closed", function()
      local reader <close> = assert(marc.open(write "none.xml"))
      assert.is_nil(reader:next())
      program.write(folder .. "/s.lua", "local marc = require 'almanac.marc' marc.writer(arg[1]):write(marc.record {})")
      local result = program.run { "exec", folder .. "/s.lua", folder .. "/lost.mrc" }
      assert.truthy(result.err:find("lost.mrc was not closed: nothing is written", 1, true), result.err)
      assert.is_nil(io.open(folder .. "/lost.mrc"))
    end)

    it("raises for what it can't do", function()
      assert.has_error(function() marc.writer(folder .. "/no/such/a.mrc") end)
      assert.has_error(function() marc.writer(folder .. "/a.mrc", { fromat = "json" }) end)
      assert.has_error(function() marc.writer(folder .. "/a.mrc", { format = "pdf" }) end)
      local out = marc.writer(folder .. "/a.mrc")
      out:close()
      out:close()
      assert.has_error(function() out:write(book("1", "One")) end)
    end)
  end)

  describe("almanac marc diff", function()
    local function diff(...) return program.run { "marc", "diff", ... } end

    it("says what is changed, added and gone, by 001 and whatever the formats and the order are", function()
      local a = write("a.mrc", book("1", "One"), book("2", "Two"), book("3", "Three"), book("4", "Four"))
      local b = write("b.xml", book("5", "Five"), book("3", "Drei"), book("2", "Two"), book("1", "One"))
      local result = diff(a, b)
      assert.equal("5: added: Five\n3: changed\n  - 245 10 $a Three\n  + 245 10 $a Drei\n4: gone: Four\n" ..
        "1 changed, 1 added, 1 gone, 2 the same\n", result.out)
      assert.same({ 2, "" }, { result.status, result.err })
    end)

    it("ends with 0 when both have the same records", function()
      local a, b = write("a.mrc", book("1", "One"), book("2", "Two")), write("b.json", book("2", "Two"), book("1", "One"))
      local result = diff(a, b)
      assert.same({ 0, "0 changed, 0 added, 0 gone, 2 the same\n" }, { result.status, result.out })
    end)

    it("names records without 001 or with one that was there before, and does not compare them", function()
      local a = write("a.mrc", book("1", "One"), book("1", "Again"), record { "245", "10", "a", "No id" })
      local b = write("b.mrc", book("1", "One"), book("9", "Nine"), book("1", "Again"), book("9", "Ninth"), book("", "Empty"))
      local result = diff(a, b)
      assert.equal("9: added: Nine\n0 changed, 1 added, 0 gone, 1 the same, 5 not compared\n", result.out)
      for words in ([[a.mrc: record 2 is not compared: its 001, 1, stands in record 1, too
a.mrc: record 3 is not compared: it has no 001
b.mrc: record 3 is not compared: its 001, 1, was there before
b.mrc: record 4 is not compared: its 001, 9, was there before
b.mrc: record 5 is not compared: it has no 001]]):gmatch "[^\n]+" do
        assert.truthy(result.err:find(words, 1, true), words .. "\n" .. result.err)
      end
      assert.equal(2, result.status)
      assert.equal(2, diff(a, a).status)
    end)

    it("compares by another value, leaves fields out, and is read by programs", function()
      local a = write("a.mrc", record({ "001", "x" }, { "005", "1" }, { "035", "  ", "a", "(A)1" }, { "500", "  ", "a", "old" }))
      local b = write("b.mrc", record({ "001", "y" }, { "005", "2" }, { "035", "  ", "a", "(A)1" }, { "500", "  ", "a", "new" }))
      local result = diff(a, b, "--by", "035$a", "--except", "005,00.", "--json")
      local first, last = result.out:match "^([^\n]*)\n([^\n]*)\n$"
      assert.same({ event = "changed", id = "(A)1", before = 1, after = 1,
        differences = { { kind = "changed", tag = "500", before = "500    $a old", after = "500    $a new" } } }, json.decode(first))
      assert.same({ event = "summary", changed = 1, added = 0, gone = 0, same = 0, not_compared = 0 }, json.decode(last))
      assert.equal(0, diff(a, b, "--by", "035$a", "--except", "...").status)
    end)

    it("does not care for the order of fields when it is told so", function()
      local a = write("a.mrc", record({ "001", "1" }, { "500", "  ", "a", "x" }, { "500", "  ", "a", "y" }))
      local b = write("b.mrc", record({ "001", "1" }, { "500", "  ", "a", "y" }, { "500", "  ", "a", "x" }))
      assert.truthy(diff(a, b).out:find("1: changed\n  ~ 500    $a ", 1, true))
      assert.equal(0, diff(a, b, "--any-order").status)
    end)

    it("takes one of them from standard input", function()
      local a, b = write("a.mrc", book("1", "One")), write("b.mrc", book("1", "Two"))
      local command = ("%s marc diff %s - <%s >%s/out; test $? = 2"):format(program.quote(program.path()), program.quote(a),
        program.quote(b), program.quote(folder))
      assert.truthy(os.execute(command))
      assert.truthy(program.read(folder .. "/out"):find("+ 245 10 $a Two", 1, true))
    end)

    it("compares nothing, with 1, when a file can't be read or the question is wrong", function()
      local a = write("a.mrc", book("1", "One"))
      for words, arguments in pairs { ["nope.mrc"] = { a, folder .. "/nope.mrc" }, ["requires 2 arguments"] = { a },
        ["only one of the two"] = { "-", "-" }, ["--except: '65' is no tag"] = { a, a, "--except", "65" },
        ["--by: "] = { a, a, "--by", "24" } } do
        local result = diff(table.unpack(arguments))
        assert.same({ 1, "" }, { result.status, result.out }, words)
        assert.truthy(result.err:find(words, 1, true), result.err)
      end
    end)
  end)
end)
