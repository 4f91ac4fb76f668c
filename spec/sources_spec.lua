local ids = require "almanac.run.ids"
local program = require "support.program"
local sheet = require "almanac.sheet"
local sources = require "almanac.plan.sources"

local A, B, C = "990012345678904146", "990012345678914146", "990012345678924146"

describe("a list of titles", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function list(text)
    program.write(folder .. "/t.csv", text)
    return sources.list(folder .. "/t.csv")
  end

  local function refused(text, ...)
    local source, message, code = list(text)
    assert.is_nil(source)
    for _, pattern in ipairs { ... } do assert.matches(pattern, message) end
    assert.equal("parse", code)
  end

  it("is ids with commas between", function()
    local source = assert(sources.list(A .. "," .. B .. ", " .. C))
    assert.same({ A, B, C }, source.ids)
  end)

  it("is a file with one id a line, with a heading or without", function()
    assert.same({ A, B }, list(A .. "\n" .. B .. "\n").ids)
    assert.same({ A, B }, list("MMS ID\n" .. A .. "\n" .. B).ids)
    assert.same({ A }, list("our titles\n" .. A).ids)
  end)

  it("is the column of a CSV whose heading says so, in any spelling", function()
    for _, heading in ipairs { "mms_id", "MMS ID", "MMS Id", "Mms-Id" } do
      assert.same({ A, B }, list(("title,%s,file\nx,%s,a\n\"y, z\",%s,b\n"):format(heading, A, B)).ids)
    end
  end)

  it("keeps the rows of each title, the headings as names", function()
    assert.same({ [A] = { { mms_id = A, File = "1.jpg" }, { mms_id = A, File = "2.jpg" } }, [B] = { { mms_id = B, File = "" } } },
      list(("mms_id,File\n%s,1.jpg\n%s,\n%s,'2.jpg\n"):format(A, B, A)).rows)
  end)

  it("takes semicolons, tabs, a byte-order mark, comments, CRLF and empty lines", function()
    assert.same({ A, B }, list("\xEF\xBB\xBF# as of \"today\"\r\ntitle;MMS ID\r\nx;" .. A .. "\r\n\r\n# more\r\ny;" .. B .. "\r\n").ids)
    assert.same({ A }, list("MMS ID\ttitle\n" .. A .. "\tx\n").ids)
  end)

  it("takes ids that a spreadsheet was made to keep as text", function()
    assert.same({ A, B, C }, list(("mms_id,x\n'%s,1\n\"=\"\"%s\"\"\",2\n\" %s\u{A0}\",3\n"):format(A, B, C)).ids)
  end)

  it("counts each id once and says what it passed over", function()
    local source = list(("mms_id,x\n%s,1\n,2\n%s,3\n%s,4\n"):format(A, B, A))
    assert.same({ A, B }, source.ids)
    assert.same({ 1, 1 }, { source.duplicates, source.empty })
  end)

  it("is refused with the line when a spreadsheet has rounded its ids", function()
    refused("mms_id\n" .. A .. "\n9.90012E+17\n",
      "line 3: '9.90012E%+17' was rounded by a spreadsheet; format the column as text")
    refused("mms_id\n" .. A .. "\n990012345678904000\n",
      "line 3: '990012345678904000' was rounded by a spreadsheet %(zeros after 15 digits%)")
    refused("990012345678904000\n990012345678914000\n", "line 1: .* %(the same in line 2%)")
    refused("mms_id;title\n9,90012E+17;x\n", "'9,90012E%+17' was rounded")
  end)

  it("is not refused because of zeros that a spreadsheet would have kept", function()
    assert.same({ "991234567000", "991234568000" }, list("991234567000\n991234568000").ids)
  end)

  it("is refused when an id is of something else", function()
    refused("mms_id\nabc\n", "line 2: 'abc' is no MMS ID: those have digits only")
    refused("122719344170003941\n", "begin with 99; it looks like that of a representation")
    refused("99123\n", "8 to 19 digits, this has 5")
    refused(A .. "\n" .. B .. "\n" .. C .. "\n990012345678904147\n", "line 4: '990012345678904147' does not end in 4146 as the others do")
  end)

  it("says what is wrong once, with all its lines up to ten", function()
    local lines = {}
    for i = 1, 14 do lines[i] = "x" .. i end
    lines[3] = "12271934417000394"
    refused("mms_id\n" .. table.concat(lines, "\n"), "line 2: 'x1' is no MMS ID: those have digits only " ..
      "%(the same in lines 3, 5, 6, 7, 8, 9, 10, 11, 12 and 3 more%)\n", "line 4: '12271934417000394' is no MMS ID[^\n]*representation")
  end)

  it("is refused when it has no such column, no id, or is no CSV", function()
    refused("title,file\nx,y\n", "no column is headed mms_id or MMS ID; there are 'title', 'file'")
    refused("mms_id\n", "holds no MMS ID")
    refused("", "holds no MMS ID")
    refused("PK\3\4....", "the archive is damaged")
    refused("\xFF\xFEm\0x", "is UTF%-16 text that ends within a character")
    assert.equal("missing", select(3, sources.list(folder .. "/none.csv")))
  end)
end)

describe("a spreadsheet's cell", function()
  it("is cleaned of what spreadsheets put around it", function()
    for given, expected in pairs { [" a "] = "a", ["'a"] = "a", ['="a"'] = "a", ['"a"'] = "a", ["\u{2019}a"] = "a",
      ["\u{2014}a"] = "\u{2014}a", [""] = "", ["\u{FEFF}a"] = "a" } do
      assert.equal(expected, sheet.clean(given))
    end
  end)
end)

describe("ids of one institution", function()
  it("tell a rounded one by what the others end in", function()
    local function wrong(...)
      local list = {}
      for i, id in ipairs { ... } do list[i] = { id = id, line = i } end
      return #ids.check(list)
    end
    assert.equal(0, wrong "9912345678901230")
    assert.equal(1, wrong("9912345678901230", "9912345678904146"))
    assert.equal(0, wrong("9912344146", "9912354146", "9912364146"))
  end)
end)
