-- Lists as people save them: signs between cells, encodings, what stands above
-- the heading, remarks.
local core = require "almanac.core"
local pieces = require "almanac.sheet.pieces"
local program = require "support.program"
local sheet = require "almanac.sheet"
local sources = require "almanac.plan.sources"
local zip = require "support.zip"

local A, B, C = "990012345678904146", "990012345678914146", "990012345678924146"
local WANTED = { mms_id = { "mmsid" }, title = { "title" } }

local function open(bytes, options)
  options = options or {}
  return sheet.open("t.csv", { wanted = WANTED, bytes = bytes, sheet = options.sheet })
end

local function read(bytes, options)
  local list = assert(open(bytes, options))
  local rows = assert(sheet.all(list))
  local cells = {}
  for i, row in ipairs(rows) do cells[i] = table.concat(row, "~") end
  return cells, list, rows
end

local function refused(bytes, words, options)
  local list, message, code = open(bytes, options)
  if list then list, message, code = sheet.all(list) end
  assert.is_nil(list)
  assert.matches(words, message)
  assert.truthy(code)
end

local function said(list, words)
  assert.matches(words, table.concat(list.notes, "\n"))
end

describe("a list", function()
  it("has commas, semicolons, tabs or bars between its cells", function()
    for _, sign in ipairs { ",", ";", "\t", "|" } do
      assert.same({ A .. "~x, y; z" }, (read(('MMS ID%sTitle\n%s%s"x, y; z"\n'):format(sign, A, sign))))
    end
    assert.same({ A .. "~a|b|c|d" }, (read("mms_id,title\n" .. A .. ",a|b|c|d\n")))
    assert.same({ A .. "~" .. "1,5" }, (read("mms_id;title\n" .. A .. ";1,5\n")))
  end)

  it("may name the sign in a line before the rest, as Excel does", function()
    for _, first in ipairs { "sep=;", '"sep=;"', "SEP=;", "\u{FEFF}sep=;" } do
      local rows, _, lines = read(first .. "\r\nMMS ID;Title\r\n" .. A .. ";x\r\n")
      assert.same({ A .. "~x" }, rows)
      assert.equal(3, lines[1].line)
    end
    assert.same({ A .. "~x" }, (read("sep=\t\nMMS ID\tTitle\n" .. A .. "\tx\n")))
  end)

  it("may have a title and more above its heading", function()
    local rows, list, lines = read("Report of 2024-10-08, by us\n\n;;\nMMS ID,Title\n" .. A .. ",x\n")
    assert.same({ A .. "~x" }, rows)
    assert.equal(5, lines[1].line)
    assert.same({ "MMS ID", "Title" }, list.head)
    assert.same({ A }, (read("All MMS IDs of today\n\nMMS ID\n" .. A .. "\n")))
    assert.same({ A .. "~x" }, (read("MMS ID\nMMS ID,Title\n" .. A .. ",x\n")))
  end)

  it("keeps rows in which # is no remark", function()
    assert.same({ A .. "~one\n# two\nthree", B .. "~x" }, (read(('mms_id,title\n%s,"one\n# two\nthree"\n%s,x\n'):format(A, B))))
    assert.same({ "1~" .. A, "2~" .. B }, (read(("#,MMS ID\n1,%s\n2,%s\n"):format(A, B))))
    assert.same({ "#1~" .. A }, (read(("No,MMS ID\n#1,%s\n"):format(A))))
    assert.same({ "x~" .. A }, (read(('"# of pages",MMS ID\nx,%s\n'):format(A))))
    assert.same({ A .. "~#1 fan" }, (read("mms_id,title\n" .. A .. ",#1 fan\n")))
    assert.same({ A .. "~x" }, (read("#mms_id,title\n" .. A .. ",x\n")))
  end)

  it("has remarks, and says when one might have been a row", function()
    local rows, list = read(("# as of today, by us\nmms_id,title\n%s,x\n# more\n#%s,y\n"):format(A, B))
    assert.same({ A .. "~x" }, rows)
    assert.same({ "t.csv: line 5 begins with # and is not read" }, list.notes)
  end)

  it("says which lines have more cells than the heading, and which headings are there twice", function()
    local _, list = read("mms_id,title,title\n" .. A .. ",x,y,z\n")
    said(list, "two columns are headed 'title'; the first is read")
    said(list, "line 2 has more cells than the heading")
    local _, plain = read("mms_id,title\n" .. A .. ",x,,\n")
    assert.same({}, plain.notes)
  end)

  it("names the columns that there are, and the nearest", function()
    local list = assert(open("mms_id,Tilte,other\n" .. A .. ",x,y\n"))
    assert.equal("there are 'mms_id', 'Tilte', 'other' (did you mean 'Tilte'?)", list:others "title")
    assert.equal("there are 'mms_id', 'Tilte', 'other'", list:others "barcode")
  end)
end)

describe("the encoding of a list", function()
  local TEXT = "mms_id,title\n" .. A .. ",\u{d6}l \u{2013} \u{1F4D6} \u{65e5}\n"

  local function wide(text, format, mark)
    local units = { mark and string.pack(format, 0xFEFF) or "" }
    for _, point in utf8.codes(text) do
      if point < 0x10000 then
        units[#units + 1] = string.pack(format, point)
      else
        units[#units + 1] = string.pack(format, 0xD800 + ((point - 0x10000) >> 10)) .. string.pack(format, 0xDC00 + (point & 0x3FF))
      end
    end
    return table.concat(units)
  end

  it("is UTF-8 or UTF-16, with a mark or without", function()
    for _, bytes in ipairs { TEXT, "\u{FEFF}" .. TEXT, wide(TEXT, "<I2", true), wide(TEXT, ">I2", true),
      wide(TEXT, "<I2"), wide(TEXT, ">I2") } do
      assert.same({ A .. "~\u{d6}l \u{2013} \u{1F4D6} \u{65e5}" }, (read(bytes)))
    end
  end)

  it("is Windows-1252 when all of it can be, which is said", function()
    local rows, list = read("mms_id,title\n" .. A .. ",B\xF6cken \x96 \x80 5, \x93so\x94 l\x92an\n")
    assert.same({ A .. "~B\u{f6}cken \u{2013} \u{20ac} 5~\u{201c}so\u{201d} l\u{2019}an" }, rows)
    said(list, "^t.csv: is read as Windows%-1252, because line 2 is not UTF%-8")
  end)

  it("is refused with the line when it could be another", function()
    refused("mms_id,title\n" .. A .. ",\u{fc} x\n" .. B .. ",\xFC\n", "line 3: is not UTF%-8 though other text in it is")
    refused("mms_id,title\n\n" .. A .. ",B\x81cher\n", "line 3: is neither UTF%-8 nor Windows%-1252 text; save it as \"CSV UTF%-8\"")
    refused("mms_id,title\n" .. A .. ",V\x84ter\n", "line 2: is not UTF%-8, and hardly Windows%-1252")
    refused("mms_id,title\n" .. A .. ",f\x9Fr\n", "line 2: is not UTF%-8, and hardly Windows%-1252")
    refused("mms_id\n9\0\n", "line 2: is not text")
    refused("\xFF\xFE\0\0m\0\0\0", "is UTF%-32")
    refused(wide("mms_id\n", "<I2", true) .. "\0\xD8a\0", "line 2: is no UTF%-16 text")
    refused(wide("mms_id\n", "<I2", true) .. "x", "ends within a character")
  end)
end)

describe("a workbook", function()
  local function cell(reference, text) return ('<c r="%s" t="inlineStr"><is><t>%s</t></is></c>'):format(reference, text) end
  local function row(n, ...) return ('<row r="%d">%s</row>'):format(n, table.concat { ... }) end
  local HEAD = row(1, cell("A1", "MMS ID"), cell("B1", "Title"))

  it("of Excel has shared and inline strings, numbers, days and gaps", function()
    local rows, list, lines = read(zip.xlsx({ { "Titles", row(1, '<c r="A1" t="s"><v>0</v></c><c t="s"><v>1</v></c>') ..
      row(3, cell("A3", A), '<c r="C3"><v>1.0</v></c><c r="D3" s="1"><v>42</v></c><c s="2"><v>45351</v></c><c s="3"><v>45351.5</v></c>') ..
      '<row r="4"/>' .. row(5, '<c r="B5" t="str"><f>1</f><v>&lt;y&gt;</v></c><c t="b"><v>1</v></c>' ..
      '<c><v>0.30000000000000004</v></c>') } }, {
      strings = '<si><t>MMS ID</t></si><si><r><t>Ti</t></r><r><t xml:space="preserve">tle</t></r><rPh><t>no</t></rPh></si>',
      styles = '<numFmts><numFmt numFmtId="164" formatCode="0000000"/>' ..
        '<numFmt numFmtId="165" formatCode="dd/mm/yyyy\\ hh:mm"/></numFmts>' ..
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="165"/></cellXfs>',
    }))
    assert.same({ "MMS ID", "Title" }, list.head)
    assert.same({ A .. "~~1~0000042~2024-02-29~2024-02-29 12:00:00", "~<y>~TRUE~0.3" }, rows)
    assert.same({ 3, 5 }, { lines[1].line, lines[2].line })
    assert.equal("row", list.unit)
  end)

  it("of OpenDocument has rows in groups, repeated cells and rows, and words in pieces", function()
    local function text(words)
      return ('<table:table-cell office:value-type="string"><text:p>%s</text:p></table:table-cell>'):format(words)
    end
    local rows, list, lines = read(zip.ods { { "Titles",
      '<table:table-column/><table:table-header-rows><table:table-row>' .. text "MMS ID" ..
      text "Title" .. '</table:table-row></table:table-header-rows>' ..
      '<table:table-row table:number-rows-repeated="2"><table:table-cell ' ..
      'table:number-columns-repeated="1000000"/></table:table-row><table:table-row-group><table:table-row>' .. text(A) ..
      text 'a<text:span text:style-name="T1">b<text:s text:c="2"/></text:span>c &amp; d' ..
      '<table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="7">' ..
      '<text:p>007</text:p></table:table-cell>' ..
      '<table:table-cell office:value-type="date" office:date-value="2024-02-29">' ..
      '<text:p>29.2.24</text:p></table:table-cell></table:table-row>' ..
      '</table:table-row-group><table:table-row table:number-rows-repeated="2">' .. text(B) .. '</table:table-row>' ..
      '<table:table-row table:number-rows-repeated="1048000">' ..
      '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>' } })
    assert.same({ "MMS ID", "Title" }, list.head)
    assert.same({ A .. "~ab  c & d~007~007~2024-02-29", B, B }, rows)
    assert.same({ 4, 5, 6 }, { lines[1].line, lines[2].line, lines[3].line })
  end)

  it("is read at its first sheet that is not hidden, or at the one that is named", function()
    local function rows_of(id) return HEAD .. row(2, cell("A2", id)) end
    local book = zip.xlsx { { "Old", rows_of(C), hidden = true }, { "One", rows_of(A) }, { "Zwei &amp; Drei", rows_of(B) } }
    local rows, list = read(book)
    assert.same({ A }, rows)
    said(list, "the sheet 'One' is read of 'Old', 'One', 'Zwei & Drei'; %-%-sheet NAME takes another")
    assert.same({ B }, (read(book, { sheet = "zwei & drei" })))
    assert.same({ C }, (read(book, { sheet = "Old" })))
    refused(book, "t.csv: there is no sheet 'Two'; there are 'Old', 'One'", { sheet = "Two" })
    refused("mms_id\n" .. A, "is no workbook: leave out %-%-sheet", { sheet = "One" })
  end)

  it("keeps a rounded id as what it is, and says what is hidden or not calculated", function()
    local rows, list = read(zip.xlsx { { "S", HEAD .. '<row r="2" hidden="1"><c r="A2"><v>9.90012345678904E+17</v></c></row>' } })
    assert.same({ "9.90012345678904E+17" }, rows)
    said(list, "row 2 is hidden, and is read as well")
    refused(zip.xlsx { { "S", HEAD .. row(2, '<c r="A2"><f>X1</f></c>') } }, "row 2: the cell A2 holds a formula without its value")
    refused(zip.xlsx { { "S", HEAD .. row(2, '<c r="A2" t="s"><v>7</v></c>') } },
      "row 2: the cell A2 names a text that the workbook has not")
  end)

  it("is refused in a line when it is none, damaged or too large", function()
    refused(zip.of { { "a.txt", "x" } }, "is a zip archive, but no workbook")
    refused("PK\3\4" .. ("x"):rep(100), "t.csv: the archive is damaged")
    refused(zip.xlsx { { "S", HEAD } }:sub(1, 300), "the archive is damaged")
    refused(zip.xlsx { { "S", HEAD .. row(2, cell("XFD2", "x")) } }, "row 2: a list has at most 1000 columns")
    refused(zip.xlsx { { "S", ("<row>"):rep(70) .. ("</row>"):rep(70) } }, "nested too deeply")
    refused(zip.xlsx { { "S", HEAD .. "<!-- <row> </sheetData> -->" } }, "sheet1.xml: ")
    assert.same({ nil, "big in the archive has more than 10 bytes", "limit" },
      { core.unpack.read(zip.of { { "big", ("x"):rep(11) } }, "big", 10) })
    assert.same({ nil, "a row in it is too long", "limit" },
      { pieces.each("<a><b>" .. ("x"):rep(17 << 20) .. "</b></a>", "b", 1, 17 << 20)() })
    refused(zip.ods { { "S", '<table:table-row table:number-rows-repeated="1000000">' ..
      '<table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>' } },
      "row 1: stands for 1000000 rows alike")
    refused("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Excel workbook")
  end)
end)

describe("a list of titles from outside", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function list(text)
    program.write(folder .. "/t.csv", text)
    return sources.list(folder .. "/t.csv")
  end

  it("names the rows that give no title", function()
    local source = assert(list(("mms_id,title\n%s,x\n,y\n,z\n%s,\n"):format(A, B)))
    assert.same({ folder .. "/t.csv: 2 rows without an MMS ID: lines 3, 4" }, source.notes)
    assert.same({ 2, 2 }, { #source.ids, source.empty })
  end)

  it("refuses barcodes that a spreadsheet rounded, with the line", function()
    for _, barcode in ipairs { "1.00014E+10", '"1,00014E+10"', "1E+12", "31210012345678900" } do
      local source, message, code = list("Barcode,Title\n32101047381338,x\n" .. barcode .. ",y\n")
      assert.is_nil(source)
      assert.matches("line 3: '.*' was rounded by a spreadsheet; format the column as text and export again", message)
      assert.equal("parse", code)
    end
  end)

  it("says which barcodes may have lost their zeros", function()
    local source = assert(list "Barcode,Title\n10001355795,x\n11362812,y\n,z\n")
    assert.matches("1 of 2 barcodes have fewer digits than the others' 11 %(line 3: '11362812'%): " ..
      "if a spreadsheet took zeros", source.notes[1])
    assert.matches("1 row without a barcode: line 4", source.notes[2])
    assert.same({}, assert(list "Barcode\n010001355795\n11362812\n").notes)
    assert.same({}, assert(list "Barcode\n32101047381338\n32101047381339\n").notes)
  end)

  it("a cell's ends have no invisible marks", function()
    for _, cell in ipairs { "\u{200B}991\u{200B}", "\u{FEFF}991 ", " \u{200E} 991\u{A0}\u{202C}", "\u{2060}\u{200B}991" } do
      assert.equal("991", sheet.clean(cell))
    end
    assert.equal("a\u{200D}b", sheet.clean "a\u{200D}b")
  end)
end)
