-- almanac marc, as a user runs it.
local json = require "almanac.json"
local made = require "support.marc_made"
local program = require "support.program"

local LEADER = "00000nam a2200000 i 4500"

local folder

before_each(function() folder = program.folder() end)
after_each(function() program.remove(folder) end)

local function file(name, ...)
  local parts = {}
  for i, record in ipairs { ... } do
    parts[i] = type(record) == "string" and record or made.iso2709(record)
  end
  program.write(folder .. "/" .. name, table.concat(parts))
  return folder .. "/" .. name
end

local function record(id, title, ...)
  return { leader = LEADER, { "001", id }, { "245", "10", "a", title }, ... }
end

local function marc(...) return program.run({ "marc", ... }) end

-- A shell line, with $ALMANAC in it; gives standard output, and standard error.
local function shell(line)
  local _, _, status = os.execute(("cd %s && ALMANAC=%s && { %s; } >out 2>err"):format(program.quote(folder),
    program.quote(program.path()), line))
  return { status = status, out = program.read(folder .. "/out"), err = program.read(folder .. "/err") }
end

local function link(...) return { "856", "40", ... } end

describe("almanac marc get", function()
  local path
  before_each(function()
    path = file("a.mrc", record("1", "One", link("u", "a.jpg"), link("u", "b.tif")), record("2", "Two"),
      record("3", "Three", link("u", "c.jpg", "z", "tab\there")))
  end)

  it("prints a line for each value", function()
    assert.equal("a.jpg\nb.tif\nc.jpg\n", marc("get", "856$u", path).out)
  end)

  it("puts 001 first", function()
    assert.equal("1\ta.jpg\n1\tb.tif\n3\tc.jpg\n", marc("get", "856$u", "--id", path).out)
  end)

  it("prints a line for each record when there are several columns", function()
    assert.equal("One\ta.jpg | b.tif\nTwo\t\nThree\tc.jpg\n", marc("get", "245$a,856$u", path).out)
    assert.equal("a.jpg | b.tif\t\nc.jpg\ttab here\n", marc("get", "856$u,856$z", path).out)
  end)

  it("writes CSV with a heading and a row for each record", function()
    assert.equal("001,856$u,856$z\n1,a.jpg | b.tif,\n2,,\n3,c.jpg,tab\there\n",
      marc("get", "856$u,856$z", "--id", "--csv", path).out)
  end)

  it("writes JSON with all values", function()
    local lines = {}
    for line in marc("get", "245$a,856$u", "--json", path).out:gmatch "[^\n]+" do lines[#lines + 1] = json.decode(line) end
    assert.same({ event = "record", file = path, record = 1, values = { ["245$a"] = { "One" }, ["856$u"] = { "a.jpg", "b.tif" } } },
      lines[1])
    assert.same({}, lines[2].values["856$u"])
    assert.equal(3, #lines)
  end)

  it("leaves the commas in a sub-spec alone", function()
    path = file("b.mrc", record("1", "One, two"))
    assert.equal("One, two\n", marc("get", "245$a{$a=\\One,\\stwo}", path).out)
    assert.equal("1\tOne, two\n", marc("get", "001,245$a{$a=\\One,\\stwo}", path).out)
  end)

  it("names the spec and the position that are wrong", function()
    local result = marc("get", "245$a,24$a", path)
    assert.equal(1, result.status)
    assert.matches("^almanac: .*24%$a.* position 3", result.err)
    assert.equal("", result.out)
  end)
end)

describe("the records that are wanted", function()
  local path
  before_each(function()
    path = file("a.mrc", record("1", "One", link("u", "a.jpg")), record("2", "Two"), record("3", "Three"),
      record("4", "Four", link("u", "d.jpg")), record("5", "Five", link("u", "e.tif")))
  end)

  it("begin at --from and end after --limit", function()
    assert.equal("2\n3\n", marc("get", "001", "--from", "2", "--limit", "2", path).out)
    assert.equal("", marc("get", "001", "--from", "6", path).out)
  end)

  it("fulfil --where", function()
    assert.equal("1\n4\n", marc("get", "001", "--where", "856$u=~jpg", path).out)
    assert.equal("4\n", marc("get", "001", "--where", "856$u=~jpg", "--from", "2", path).out)
    assert.equal("1\n", marc("get", "001", "--where", "856$u=~jpg", "--limit", "1", path).out)
    assert.equal("2\n", marc("count", "--where", "856$u=~jpg", path).out)
  end)

  it("are numbered through several files", function()
    local other = file("b.mrc", record("6", "Six"))
    assert.equal("5\n6\n", marc("get", "001", "--from", "5", path, other).out)
  end)

  it("are none when --where or a number is wrong", function()
    local result = marc("count", "--where", "856$u=~[", path)
    assert.equal(1, result.status)
    assert.matches("%-%-where", result.err)
    result = marc("count", "--limit", "x", path)
    assert.equal(1, result.status)
    assert.matches("%-%-limit is 'x'", result.err)
  end)
end)

describe("almanac marc count", function()
  it("prints the number, for several files each, with the total", function()
    local a, b = file("a.mrc", record("1", "x"), record("2", "x")), file("b.mrc", record("3", "x"))
    assert.equal("2\n", marc("count", a).out)
    assert.equal(("2\t%s\n1\t%s\n3\ttotal\n"):format(a, b), marc("count", a, b).out)
    assert.same({ event = "count", file = a, records = 2 }, json.decode((marc("count", "--json", a).out)))
  end)


  it("reads standard input, and what is packed with gzip", function()
    file("a.mrc", record("1", "x"), record("2", "x"))
    assert.equal("2\n", shell("$ALMANAC marc count - <a.mrc").out)
    assert.equal("2\n", shell("$ALMANAC marc count <a.mrc").out)
    assert.equal("2\n", shell("gzip a.mrc && $ALMANAC marc count a.mrc.gz").out)
    assert.equal("4\n", shell("cat a.mrc.gz a.mrc.gz | $ALMANAC marc count -").out)
  end)
end)

describe("almanac marc dump", function()
  it("shows a line for each field", function()
    assert.matches("^%d+nam a%d+ i 4500\n001 1\n245 10 %$a One\n\n$", marc("dump", file("a.mrc", record("1", "One"))).out)
  end)

  it("shows MARC-in-JSON, a line for each record, and MARCXML", function()
    local path = file("a.mrc", record("1", "One"), record("2", "Two"))
    local lines = {}
    for line in marc("dump", "--json", path).out:gmatch "[^\n]+" do lines[#lines + 1] = json.decode(line) end
    assert.equal("2", lines[2].fields[1]["001"])
    assert.equal(2, #lines)
    assert.matches("<controlfield tag=\"001\">2</controlfield>", marc("dump", "--xml", path).out)
  end)

  it("makes control characters harmless on a terminal, and only there", function()
    file("a.mrc", record("1", "\27]0;title\7 \127 \xC2\x9B31m"))
    local there = shell "script -qec '$ALMANAC marc dump a.mrc' /dev/null </dev/null"
    if there.err:find "not found" then return pending "script is not installed" end
    there = shell "export ALMANAC; script -qec '$ALMANAC marc dump a.mrc' /dev/null </dev/null"
    assert.matches("\u{241B}%]0;title\u{2407} \u{2421} \u{FFFD}31m", there.out)
    assert.is_nil(there.out:find("\27]", 1, true))
    assert.matches("\27%]0;title\7", shell("$ALMANAC marc get '245$a' a.mrc --charset utf-8").out)
  end)
end)

describe("almanac marc convert", function()
  it("writes every format that it reads", function()
    local path = file("a.mrc", record("1", "One"), record("2", "Two"))
    for _, format in ipairs { "marcxml", "json", "line", "mrk", "iso2709" } do
      local there = ("%s/a.%s"):format(folder, format)
      assert.equal(0, marc("convert", "--to", format, "-o", there, path).status)
      assert.equal("1\tOne\n2\tTwo\n", marc("get", "001,245$a", there).out)
    end
  end)

  it("joins files of different formats to one document", function()
    local a, b = file("a.mrc", record("1", "One")), folder .. "/b.xml"
    marc("convert", "--to", "marcxml", "-o", b, file("b.mrc", record("2", "Two")))
    local there = file("c.xml", marc("convert", "--to", "marcxml", a, b).out)
    assert.equal("", shell("xmllint --noout c.xml").err)
    assert.equal("1\n2\n", marc("get", "001", there).out)
  end)

  it("knows formats by the names that other programs give them", function()
    local path = file("a.mrc", record("1", "One"))
    assert.equal(marc("convert", "--to", "marcxml", path).out, marc("convert", "--to", "xml", path).out)
    assert.equal(program.read(path), marc("convert", "--to", "marc", path).out)
  end)

  it("composes letters and marks on request", function()
    local path = file("a.mrc", record("1", "e\u{301}"))
    assert.equal("e\u{301}\n", marc("get", "245$a", path).out)
    assert.matches("\u{E9}", marc("convert", "--to", "line", "--nfc", path).out)
  end)

  it("says how many records it has written, and is silent with -q", function()
    local path = file("a.mrc", record("1", "One"))
    assert.equal(("1 record written to %s/o\n"):format(folder), marc("convert", "--to", "json", "-o", folder .. "/o", path).err)
    assert.equal("", marc("convert", "--to", "json", "-q", "-o", folder .. "/o", path).err)
  end)

  it("leaves a record out that the format can't hold, and says so", function()
    local long = record("2", "Long")
    for _ = 1, 12 do long[#long + 1] = { "520", "  ", "a", ("x"):rep(9000) } end
    local xml = file("a.xml", ([[<collection xmlns="http://www.loc.gov/MARC21/slim"><record><leader>%s</leader>
      <controlfield tag="001">1</controlfield></record><record><leader>%s</leader><controlfield tag="001">2</controlfield>%s</record>
      <record><leader>%s</leader><controlfield tag="001">3</controlfield></record></collection>]]):format(LEADER, LEADER,
      ([[<datafield tag="520" ind1=" " ind2=" "><subfield code="a">%s</subfield></datafield>]]):format(("x"):rep(9000)):rep(12), LEADER))
    local there = folder .. "/a.mrc"
    local result = marc("convert", "--to", "iso2709", "-o", there, xml)
    assert.equal(2, result.status)
    assert.matches("a%.xml: record 2: ", result.err)
    assert.equal("1\n3\n", marc("get", "001", there).out)
  end)

  it("writes a file whole or not at all", function()
    local result = marc("convert", "--to", "json", "-o", folder .. "/o.json", folder .. "/nowhere.mrc")
    assert.equal(1, result.status)
    assert.equal("", shell("ls").out:gsub("%l+\n", ""))
    result = marc("convert", "--to", "json", "-o", folder .. "/no/o.json", file("a.mrc", record("1", "x")))
    assert.equal(1, result.status)
    assert.matches("/no/o%.json", result.err)
  end)

  it("writes over the file that it reads", function()
    local path = file("a.mrc", record("1", "One"))
    assert.equal(0, marc("convert", "--to", "marcxml", "-o", path, path).status)
    assert.equal("One\n", marc("get", "245$a", path).out)
  end)

  it("names the nearest format for a misspelt one", function()
    local result = marc("convert", "--to", "marxml", "x.mrc")
    assert.equal(1, result.status)
    assert.matches("%-%-to is 'marxml', did you mean 'marcxml'%?; the formats are iso2709, ", result.err)
    assert.matches("%-%-to.*; see `almanac marc convert %-%-help`", marc("convert", "x.mrc").err)
  end)
end)

describe("almanac marc check", function()
  it("finds nothing wrong with good records", function()
    local result = marc("check", file("a.mrc", record("1", "One"), record("2", "Two")))
    assert.equal("2 records, 0 with problems\n", result.out)
    assert.equal(0, result.status)
  end)

  it("says what is wrong at which byte of which record, and counts by kind", function()
    local good, bad = made.iso2709(record("1", "One")), made.iso2709(record("2", "Two"))
    local path = file("a.mrc", good, "99999" .. bad:sub(6), made.iso2709(record("3", "Three")))
    local result = marc("check", path)
    assert.equal(2, result.status)
    assert.matches("a%.mrc: record 2 %(2%), byte 0: length: ", result.out)
    assert.matches("\n3 records, 1 with problems\n  length +1 problem in 1 record\n$", result.out)
    assert.equal("", result.err)
    local events = {}
    for line in marc("check", "--json", path).out:gmatch "[^\n]+" do events[#events + 1] = json.decode(line) end
    assert.equal(#good, events[1].offset)
    assert.same({ "length", "byte 0", 0 }, { events[1].kind, events[1].where, events[1].byte })
    assert.same({ event = "summary", records = 3, damaged = 1, kinds = { length = { problems = 1, records = 1 } } }, events[#events])
  end)

  it("says where in the record it is, with the file and 001, on one line", function()
    local path = file("a.mrc", record("1\n2", "One", { "020", "  ", "a", "1\n2" }), record("3", "Two"), record("3", "Three"))
    assert.equal(([[
%s: record 1 (1?2), 001: control-character: the control character 0x0a is in the text
%s: record 1 (1?2), 020$a: control-character: the control character 0x0a is in the text
%s: record 3 (3), 001: duplicate-001: record 2 has the same 001
3 records, 2 with problems
  control-character  2 problems in 1 record
  duplicate-001      1 problem in 1 record
]]):gsub("%%s", path), marc("check", "--except", "isbn", path).out)
  end)

  it("looks for the kinds that are chosen", function()
    local path = file("a.mrc", record("1", "One", { "020", "  ", "a", "1" }, { "245", "1#", "a", "x" }))
    local function counted(...) return marc("check", path, ...).out:match "record[^\n]*problems\n(.*)$" end
    assert.matches("^  isbn +1 problem in 1 record\n$", counted("--only", "isbn"))
    assert.matches("^  isbn +1 problem in 1 record\n  odd%-indicator  1 problem in 1 record\n$", counted("--only", "isbn, odd-indicator"))
    assert.equal(counted("--only", "isbn", "--only", "odd-indicator"), counted("--except", "repeated-field"))
    assert.equal("1 record, 0 with problems\n", marc("check", "--only", "issn", path).out)
    assert.equal(0, marc("check", "--only", "issn", path).status)
    assert.equal(2, marc("check", "--only", "isbn", path).status)
  end)

  it("names the nearest kind for one that is none", function()
    for _, option in ipairs { "--only", "--except" } do
      for _, given in ipairs { "isbm", "issn,isbm", "ISBN" } do
        local result = marc("check", option, given, "x.mrc")
        assert.equal(1, result.status)
        assert.matches(option .. ": there is no kind '%a+', did you mean 'isbn'%?; the kinds are leader, ", result.err)
      end
    end
  end)

  it("compares 001 within a file, and counts kinds over all", function()
    local a, b = file("a.mrc", record("1", "One"), record("1", "Two")), file("b.mrc", record("1", "One"))
    assert.matches("\n3 records, 1 with problems\n  duplicate%-001  1 problem in 1 record of 1 file\n$", marc("check", a, b).out)
    assert.matches("\n  duplicate%-001  2 problems in 2 records of 2 files\n$", marc("check", a, b, a).out)
  end)

  it("takes a profile, and says where it is wrong", function()
    local own = file("own.lua", "return { based_on = 'marc21', fields = { ['949'] = { required = true } } }")
    local path = file("a.mrc", record("1", "One"))
    assert.matches("record 1 %(1%), 949: missing%-field: there is no 949\n", marc("check", "--profile", own, path).out)
    local result = marc("check", "--profile", file("wrong.lua", "return { field = {} }"), path)
    assert.equal(1, result.status)
    assert.equal(("almanac: --profile: %s/wrong.lua: there is no 'field', did you mean 'fields'?; it may have authority, based_on, "
      .. "fields, holdings, isbn, issn\n"):format(folder), result.err)
    assert.equal(1, marc("check", "--profile", folder .. "/none.lua", path).status)
  end)

  it("lists every kind in its help", function()
    local help = marc("check", "--help").out
    for _, kind in ipairs(require("almanac.marc.check.kinds").all()) do
      assert.is_truthy(help:find("\n   " .. kind.name .. " ", 1, true), kind.name)
    end
  end)

  it("is recommended by the actions that pass over problems", function()
    local good = made.iso2709(record("1", "One"))
    local result = marc("get", "001", file("a.mrc", "99999" .. good:sub(6), good))
    assert.equal("1\n1\n", result.out)
    assert.matches("1 of 2 records has problems: `almanac marc check`", result.err)
    assert.equal(0, result.status)
  end)
end)

describe("files that can't be read", function()
  it("are told, and the others read", function()
    local result = marc("count", folder .. "/nowhere.mrc", file("a.mrc", record("1", "x")))
    assert.equal(2, result.status)
    assert.matches("^almanac: .*nowhere%.mrc", result.err)
    assert.matches("1\t.*a%.mrc\n1\ttotal\n", result.out)
  end)

  it("leave nothing to do when there are no others", function()
    local result = marc("dump", "--xml", folder .. "/nowhere.mrc")
    assert.equal(1, result.status)
    assert.equal("", result.out)
    result = marc("get", "001", file("a.txt", "This is a letter, not a catalogue.\n"))
    assert.equal(1, result.status)
    assert.matches("a%.txt", result.err)
  end)

  it("give the records before the place where they break", function()
    local path = file("a.xml", ([[<collection><record><leader>%s</leader><controlfield tag="001">1</controlfield></record>
<record><leader></x>]]):format(LEADER))
    local result = marc("get", "001", path)
    assert.equal("1\n", result.out)
    assert.equal(2, result.status)
    assert.matches("a%.xml.*line 2", result.err)
  end)
end)

describe("files without records", function()
  local page = "<!DOCTYPE html>\n<html><head><title>502</title></head><body><p>Bad Gateway</p></body></html>\n"
  local kinds = { ["empty.mrc"] = "", ["blank.mrc"] = " \n\n", ["page.mrc"] = page, ["page2.xml"] = page:gsub("^[^\n]*\n", ""),
    ["digits.txt"] = "123456\n", ["none.xml"] = "<collection/>", ["letter.txt"] = "Dear all,\n" }

  it("are told by every action, which writes nothing", function()
    for name, text in pairs(kinds) do
      local path = file(name, text)
      for _, arguments in ipairs { { "count" }, { "count", "--json" }, { "check" }, { "check", "--json" }, { "get", "001" },
        { "get", "--csv", "001" }, { "get", "--json", "001" }, { "convert", "--to", "marcxml" }, { "convert", "--to", "json" } } do
        arguments[#arguments + 1] = path
        local result = marc(table.unpack(arguments))
        assert.same({ name, arguments[1], 1, "" }, { name, arguments[1], result.status, result.out })
        assert.matches(name .. " holds no MARC records", result.err, 1, true)
      end
      local result = marc("convert", "--to", "iso2709", "-o", folder .. "/out.mrc", path)
      assert.equal(1, result.status)
      assert.is_nil(io.open(folder .. "/out.mrc"))
    end
  end)

  it("are told from standard input, packed, and beside others", function()
    file("page.mrc", page)
    local good = file("a.mrc", record("1", "x"))
    assert.matches("standard input holds no MARC records", shell("$ALMANAC marc count <page.mrc").err, 1, true)
    assert.matches("gz holds no MARC records", shell("gzip page.mrc && $ALMANAC marc count page.mrc.gz").err, 1, true)
    local result = marc("count", good, file("empty.mrc"))
    assert.same({ 2, ("1\t%s\n1\ttotal\n"):format(good) }, { result.status, result.out })
  end)

  it("are not those of which no record is wanted", function()
    local good = file("a.mrc", record("1", "x"))
    for _, arguments in ipairs { { "--where", "999$a" }, { "--from", "2" } } do
      local result = marc("count", good, table.unpack(arguments))
      assert.same({ 0, "0\n", "" }, { result.status, result.out, result.err })
    end
  end)
end)

describe("broken records", function()
  local function xml(...) return "<collection>\n" .. table.concat({ ... }, "\n") .. "\n</collection>" end
  local function one(id, text)
    return ([[<record><leader>%s</leader><controlfield tag="001">%s</controlfield>]] ..
      [[<datafield tag="245" ind1="1" ind2="0"><subfield code="a">%s</subfield></datafield></record>]]):format(LEADER, id, text or "x")
  end

  it("are named, and the others are read by every action", function()
    local path = file("a.xml", xml(one(1), one(2, "A & B"), one(3)))
    local out = folder .. "/out.mrc"
    for arguments, expected in pairs {
      [{ "count" }] = "2\n", [{ "get", "001" }] = "1\n3\n", [{ "get", "--csv", "001" }] = "001\n1\n3\n",
      [{ "convert", "--to", "iso2709", "-o", out }] = "2 records written to " .. out .. "\n",
      [{ "check" }] = "2 records, 0 with problems\n",
    } do
      arguments[#arguments + 1] = path
      local result = marc(table.unpack(arguments))
      assert.same({ arguments[1], 2 }, { arguments[1], result.status })
      assert.matches("a%.xml: record 2 %(2%): XML: .*, line 3 column %d+\n", result.err)
      assert.equal(expected, arguments[1] == "convert" and result.err:match "[^\n]*written[^\n]*\n" or result.out)
    end
    assert.equal("1\n3\n", marc("get", "001", out).out)
  end)

  it("are named one by one as long as there are few", function()
    local many = {}
    for i = 1, 30 do many[i] = one(i, "<") end
    local result = marc("get", "001", file("a.xml", xml(table.concat(many, "\n"), one(31))))
    assert.same({ 2, "31\n", 20 }, { result.status, result.out, select(2, result.err:gsub("a%.xml: record %d+ %(%d+%)", "")) })
    assert.matches("a%.xml: 10 records more can't be read", result.err)
  end)
end)

describe("the end of the output", function()
  before_each(function() made.write(folder .. "/many.mrc", "book", 2000) end)

  it("comes quietly when nobody reads on", function()
    for _, action in ipairs { "dump", "get 001", "check --from 1", "convert --to marcxml" } do
      local result = shell(("{ $ALMANAC marc %s many.mrc; echo $? >status; } | head -n 1 >/dev/null; cat status"):format(action))
      assert.equal("", result.err, action)
      assert.equal("0\n", result.out, action)
    end
  end)

  it("is an error when the disk is full", function()
    local result = shell "$ALMANAC marc dump many.mrc >/dev/full; echo $? >&2"
    assert.matches("^almanac: standard output can't be written: No space left on device\n1\n$", result.err)
  end)
end)

describe("Ctrl-C", function()
  it("ends the waiting for records, and leaves no file", function()
    os.execute("mkfifo " .. folder .. "/pipe")
    local marc_run <close> = program.start({ "marc", "convert", "--to", "json", "-o", "o.json", "pipe" }, { folder = folder })
    local pipe <close> = assert(io.open(folder .. "/pipe", "w"))   -- opens when the other end does
    pipe:write(made.iso2709(record("1", "One")))
    pipe:flush()
    marc_run.signal "INT"
    local result = marc_run.wait()
    assert.equal(75, result.status)
    assert.equal("almanac: stopped\n", result.err)
    assert.equal("pipe\n", shell("ls -I out -I err").out)
  end)
end)

describe("almanac marc", function()
  it("gives every action a help text", function()
    local overview = program.run({ "marc", "--help" }).out
    for _, action in ipairs { "dump", "get", "count", "convert", "check" } do
      assert.matches("\n +" .. action, overview)
      local help = marc(action, "--help").out
      assert.matches("Usage: almanac marc " .. action, help)
      assert.matches("%-%-where", help)
      assert.matches("Exit status", help)
    end
  end)

  it("wants an action that exists, and a file", function()
    assert.matches("did you mean 'dump'", marc("dmp", "x.mrc").err)
    assert.equal(1, marc().status)
  end)
end)
