-- `report --into`: what a run made is written into a copy of the library's own list, and every other byte stays.
local list_text = require "almanac.report.list_text"
local into = require "almanac.report.into"
local desk = require "support.desk"
local program = require "support.program"

describe("a list as its bytes", function()
  local LISTS = {
    ["plain"] = "id,title\n1,a\n2,b\n", ["Windows' line ends, no end of line"] = "id;title\r\n1;a\r\n2;\"b;\"\"c\"\"\"",
    ["a byte order mark and tabs"] = "\xEF\xBB\xBFid\ttitle\n1\tä\n\n2\t\"two\nlines\"\n", ["Windows-1252"] = "id,title\n1,\xE4\n",
    ["the old Mac"] = "id,title\r1,a\r2,b\r", ["blanks, quotes and empty cells"] = "id , \"title\"\n 1 , \"a\" \n2,\"\"\n,\n",
  }

  local function wide(text)
    return "\xFF\xFE" .. text:gsub(".", "%0\0")
  end

  it("is the same when nothing is filled", function()
    for name, bytes in pairs(LISTS) do assert.equal(bytes, list_text.bytes(list_text.read(bytes)), name) end
    local utf16 = wide "id,title\r\n1,a\r\n" .. "\x3D\xD8\x00\xDE"
    assert.equal(utf16, list_text.bytes(list_text.read(utf16)))
  end)

  local function filled(bytes, row, column, value)
    local list = list_text.read(bytes)
    list_text.fill(list, list.rows[row], column, value)
    return list_text.bytes(list)
  end

  it("gets what is filled, in its place, and nothing else", function()
    assert.equal("id,title\n1,9\n", filled("id,title\n1,\n", 2, 2, "9"))
    assert.equal("id,title\r\n1,\"9\"\r\n", filled("id,title\r\n1,\"\"\r\n", 2, 2, "9"))
    assert.equal("id;title\n1;a;;9\n2;b", filled("id;title\n1;a\n2;b", 2, 4, "9"))
    assert.equal("id,title\n1,\"x\ny\",9\n", filled("id,title\n1,\"x\ny\"\n", 2, 3, "9"))
    assert.equal("a|b\n1,9|8\n", filled("a|b\n1\n", 2, 2, "9|8"))
    assert.equal(wide "id,t\n1,9\n", filled(wide "id,t\n1,\n", 2, 2, "9"))
  end)

  it("tells in which line a row begins", function()
    local list = list_text.read "a,b\r\n1,\"x\r\ny\"\r\n\r\n2,z\r\n"
    assert.same({ 1, 2, 5 }, { list.rows[1].line, list.rows[2].line, list.rows[3].line })
  end)

  it("has a copy whose name says so", function()
    assert.same({ "a/list-ids.csv", "list-ids" }, { into.copy_of "a/list.csv", into.copy_of "list" })
  end)
end)

describe("report --into", function()
  local at = desk.each(before_each, after_each)

  it("writes MMS IDs, representations and files of a run into a copy, and leaves the list alone", function()
    at.start { { "p1" }, { "p2" } }
    at.plan("--rate", "500")
    at.run("apply", "a.run", "--rate", "500")
    local own = "\xEF\xBB\xBFNr;Datei;MMS ID\r\n1;\"p1.jpg\";\r\n2;scans/p2.jpg;" .. desk.id(2) .. "\r\n3;p3.jpg;\r\n"
    program.write(at.folder .. "/own.csv", own)
    local result = at.run("report", "a.run", "--into", "own.csv")
    assert.matches("own%-ids.csv: 2 of 3 rows got ids", result.out .. result.err)
    assert.equal(own, program.read(at.folder .. "/own.csv"))
    local reps = {}
    for _, rep in ipairs(at.alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then reps[rep.mms_id] = rep end
    end
    local one, two = reps[desk.id(1)], reps[desk.id(2)]
    assert.equal(("\xEF\xBB\xBFNr;Datei;MMS ID;representation_id;file_id\r\n1;\"p1.jpg\";%s;%s;%s\r\n2;scans/p2.jpg;%s;%s;%s\r\n" ..
      "3;p3.jpg;\r\n"):format(desk.id(1), one.id, one.files[1].pid, desk.id(2), two.id, two.files[1].pid),
      program.read(at.folder .. "/own-ids.csv"))
  end)

  it("keeps a cell that has another value, and tells it", function()
    at.start { { "p1" } }
    at.plan("--rate", "500")
    at.run("apply", "a.run", "--rate", "500")
    program.write(at.folder .. "/own.csv", "file,mms_id\np1.jpg,77\n")
    local result = at.run("report", "a.run", "--into", "own.csv", "-o", "new.csv")
    assert.matches("line 2 has mms_id '77', the run has '" .. desk.id(1) .. "': it stays", result.err)
    assert.matches("^file,mms_id,representation_id,file_id\np1.jpg,77,%d+,%d+\n$", program.read(at.folder .. "/new.csv"))
  end)
end)
