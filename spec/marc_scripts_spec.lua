-- Ten scripts that libraries write, each a file of spec/fixtures/marc, run by `almanac exec`. Beside each
-- stands how many lines the same takes with pymarc 5, as one writes it there: imports and opening files
-- count, empty lines don't, no two statements in a line. Our scripts are shorter, and read every format.
local marc = require "almanac.marc"
local program = require "support.program"

local SCRIPTS = "spec/fixtures/marc/"

local folder
before_each(function() folder = program.folder() end)
after_each(function() program.remove(folder) end)

local function path(name) return folder .. "/" .. name end

local function write(name, ...)
  local out <close> = marc.writer(path(name))
  for _, record in ipairs { ... } do out:write(marc.record(record)) end
  return path(name)
end

local function lines_of(name)
  local count = 0
  for line in io.lines(SCRIPTS .. name) do count = count + (line:find "%S" and 1 or 0) end
  return count
end

-- Runs a script, which is shorter than the same in pymarc, and gives what it prints.
local function run(name, pymarc, ...)
  assert.is_true(lines_of(name) < pymarc, name)
  local result = program.run { "exec", SCRIPTS .. name, ... }
  assert.same({ 0, "" }, { result.status, result.err })
  return result.out
end

local function read(name)
  local list = {}
  for record in marc.records(path(name)) do list[#list + 1] = tostring(record):gsub("^[^\n]*\n", "") end
  return list
end

local function leader(letters) return ("00000n%s a2200000 i 4500"):format(letters) end

describe("a script", function()
  -- 4 lines; pymarc 7: a Counter over leader[6:8], which prints letters instead of words.
  it("counts records by type", function()
    local file = write("a.xml", { leader = leader "am" }, { leader = leader "am" }, { leader = leader "as" }, { leader = leader "em" },
      { leader = leader "x " }, { leader = leader "9m" })
    assert.equal("book\t2\nholdings\t1\nmap\t1\nnone\t1\nserial\t1\n", run("count_by_type.lua", 7, file))
  end)

  -- 6 lines; pymarc 9: subfields are tuples there, so each field gets a new list, by re.sub where the code is u.
  it("mends links", function()
    local file = write("a.mrc", { { "001", "1" }, { "856", "40", "u", "http://x/1", "z", "http: stays", "u", "https://x/2" } },
      { { "245", "10", "a", "No link" } })
    run("fix_856.lua", 9, file, path "b.mrc")
    assert.same({ "001 1\n856 40 $u https://x/1 $z http: stays $u https://x/2", "245 10 $a No link" }, read "b.mrc")
  end)

  -- 4 lines; pymarc 8: a loop over 035, one over $a, and a regular expression.
  it("extracts OCLC numbers", function()
    local file = write("a.mrc", { { "001", "1" }, { "035", "  ", "a", "(OCoLC)ocm00012345" }, { "035", "  ", "a", "(DE-599)1" } },
      { { "001", "2" }, { "035", "  ", "a", "(OCoLC)77", "z", "(OCoLC)78" } }, { { "001", "3" } })
    assert.equal("1\t12345\n2\t77\n", run("oclc_numbers.lua", 8, file))
  end)

  -- 8 lines; pymarc 9: a dict of fields by 001, and add_ordered_field.
  it("merges the links of one file into the records of another", function()
    local file = write("a.mrc", { { "001", "1" }, { "245", "10", "a", "One" }, { "901", "  ", "a", "x" } }, { { "001", "2" } })
    local links = write("links.xml", { { "001", "1" }, { "856", "40", "u", "a" }, { "856", "40", "u", "b" } })
    run("merge.lua", 9, file, links, path "c.mrc")
    assert.same({ "001 1\n245 10 $a One\n856 40 $u a\n856 40 $u b\n901    $a x", "001 2" }, read "c.mrc")
  end)

  -- 5 lines; pymarc 15: two dicts of whole records, their keys compared, then their fields as sets of strings.
  it("compares two files", function()
    local old = write("a.mrc", { { "001", "1" }, { "245", "10", "a", "One" } }, { { "001", "2" } }, { { "001", "3" } })
    local new = write("b.json", { { "001", "4" } }, { { "001", "3" } }, { { "001", "1" }, { "245", "10", "a", "Two" } })
    assert.equal("added\t4\nchanged\t1\n\t245 10 $a One\t245 10 $a Two\ngone\t2\n", run("diff.lua", 15, old, new))
  end)

  -- 8 lines; pymarc 11: a dict of MARCWriters over open files, and "852" in record before record["852"]["b"].
  it("splits a file by location", function()
    local file = write("a.mrc", { { "001", "1" }, { "852", "  ", "b", "MAIN" } }, { { "001", "2" }, { "852", "  ", "b", "LAW" } },
      { { "001", "3" }, { "852", "  ", "b", "MAIN" } }, { { "001", "4" } })
    run("split_by_location.lua", 11, file, folder)
    assert.same({ { "001 1\n852    $b MAIN", "001 3\n852    $b MAIN" }, { "001 2\n852    $b LAW" }, { "001 4" } },
      { read "MAIN.mrc", read "LAW.mrc", read "none.mrc" })
  end)

  -- 6 lines; pymarc 8: get_linked_fields gives the 880s of a field, so all fields are tried, control fields set apart.
  it("pairs fields with those in other scripts", function()
    local file = write("a.mrc", { { "001", "1" }, { "245", "10", "6", "880-01", "a", "Istoriia" }, { "500", "  ", "a", "x" },
      { "880", "10", "6", "245-01/(N", "a", "История" }, { "880", "  ", "6", "500-00", "a", "alone" } })
    assert.equal("1\tIstoriia\tИстория\n", run("pairs_880.lua", 8, file))
  end)

  -- 7 lines; pymarc 13: it has no check digits, so both sums are written out.
  it("checks ISBNs", function()
    local file = write("a.mrc", { { "001", "1" }, { "020", "  ", "a", "9780306406158 (pbk.)" }, { "020", "  ", "a", "0-306-40615-2" } },
      { { "001", "2" }, { "020", "  ", "a", "12345" } })
    assert.equal("1\tISBN '9780306406158 (pbk.)' ends with 8, and its check digit is 7\n" ..
      "2\tISBN '12345' has neither 10 nor 13 digits of one\n", run("check_isbns.lua", 13, file))
  end)

  -- 6 lines; pymarc 10: Record(), then a Field with Indicators and Subfields for each of the three.
  it("makes brief records for new titles", function()
    program.write(path "new.csv", "0306406152,\"Poe, Edgar\",The raven\n9780306406157,Po,Näht\n")
    run("brief_records.lua", 10, path "new.csv", path "new.xml")
    assert.same({ "020    $a 0306406152\n100 1  $a Poe, Edgar\n245 10 $a The raven",
      "020    $a 9780306406157\n100 1  $a Po\n245 10 $a Näht" }, read "new.xml")
  end)

  -- 4 lines; pymarc 7: csv.writer, and a comprehension over 650 and its $a.
  it("writes CSV with repeated subfields in one column", function()
    local file = write("a.mrc", { { "001", "1" }, { "245", "10", "a", "A, B :", "b", "c /" }, { "650", " 0", "a", "Ships", "a", "Boats" },
      { "650", " 4", "a", "Maps" } }, { { "001", "2" } })
    assert.equal('1,"A, B : c",Ships; Boats; Maps\n2,,\n', run("subjects_csv.lua", 7, file))
  end)
end)

describe("marc.tally", function()
  it("counts each value of a list, the most frequent first", function()
    local file = write("a.mrc", { { "650", " 0", "a", "Ships" }, { "650", " 0", "a", "Maps" } }, { { "650", " 0", "a", "Maps" } }, {})
    local list = {}
    for value, count in marc.tally(file, function(record) return record:all "650$a" end) do list[#list + 1] = value .. count end
    assert.same({ "Maps2", "Ships1", "none1" }, list)
  end)
end)

describe("marc.diff", function()
  it("says what is not compared, and raises for a file that can't be read", function()
    local old = write("a.mrc", { { "001", "1" } }, { { "001", "1" } }, { { "245", "10", "a", "x" } })
    local said = {}
    for look in marc.diff(old, old) do said[#said + 1] = look.kind .. (look.message and ": " .. look.message or "") end
    assert.same({ "not compared: its 001, 1, stands in record 1, too", "not compared: it has no 001", "same",
      "not compared: its 001, 1, was there before", "not compared: it has no 001" }, said)
    assert.has_error(function() for _ in marc.diff(old, path "nope") do error "no" end end)
  end)
end)
