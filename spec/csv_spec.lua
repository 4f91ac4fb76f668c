local core = require "almanac.core"
local csv, files = core.csv, core.files

-- All rows, each with its line at the end; then what ended them.
local function read(text, options)
  local rows <close> = assert(csv.parse(text, options))
  local list = {}
  while true do
    local row, line, code = rows:next()
    if not row then return list, line, code end
    row[#row + 1] = line
    list[#list + 1] = row
  end
end

describe("csv.parse", function()
  it("reads rows with the line in which they start", function()
    assert.same({ { "mms_id", "title", 1 }, { "99", "A", 2 } }, (read "mms_id,title\n99,A\n"))
    assert.same({ { "a", 1 } }, (read "a"))
    assert.same({ { "", "", 1 }, { "", 2 } }, (read ",\n\"\"\n"))
    assert.same({}, (read ""))
  end)

  it("reads quotes as RFC 4180 has them", function()
    assert.same({ { 'a "b", c', "d\ne", "", 1 }, { "f", 3 } }, (read '"a ""b"", c","d\ne",""\nf\n'))
    assert.same({ { " a ", "b", 1 } }, (read '" a ", "b" \n'))
  end)

  it("counts lines, however they end and whatever lies between", function()
    assert.same({ { "a", 1 }, { "x\r\ny\rz", 3 }, { "b", 6 } }, (read 'a\r\n\r\n"x\r\ny\rz"\r\nb\r\n'))
    assert.same({ { "a", 1 }, { "b", 2 }, { "c", 4 } }, (read "a\rb\r\rc"))
    assert.same({ { "a", 3 }, { "b", 4 } }, (read "\n\na\nb"))
  end)

  it("passes a byte order mark over and keeps UTF-8 and other bytes", function()
    assert.same({ { "mms_id", "\u{e9}\u{65e5}", 1 } }, (read "\xef\xbb\xbfmms_id,\u{e9}\u{65e5}\n"))
    assert.same({ { "\xe9\xff", "\0", 1 } }, (read "\xe9\xff,\0\n"))
    assert.same({}, (read "\xef\xbb\xbf"))
  end)

  it("drops blanks around fields without quotes only", function()
    assert.same({ { "a b", " c ", "d", 1 } }, (read "  a b\t,\" c \",d  \n"))
  end)

  it("takes other delimiters", function()
    assert.same({ { "a,b", "c;d", 1 } }, (read('a,b;"c;d"', { delimiter = ";" })))
    assert.same({ { "a", "b c", "", 1 } }, (read("a\tb c\t", { delimiter = "\t" })))
  end)

  it("takes a quote out of place for text, and loses no row by it", function()
    assert.same({ { '5" disk', "x", 1 }, { "n", 2 } }, (read '5" disk,x\nn\n'))
    assert.same({ { '5" disk"', "x", 1 }, { "n", 2 } }, (read '"5" disk",x\nn\n'))
    local rows = read '99,"Waiting" by X,a.tif\n98,"B",b.tif\n97,C "D",c.tif\n'
    assert.same({ "99", "a.tif", 1, "98", "b.tif", 2, "97", "c.tif", 3 }, {
      rows[1][1], rows[1][3], rows[1][4], rows[2][1], rows[2][3], rows[2][4], rows[3][1], rows[3][3], rows[3][4],
    })
    assert.equal('C "D"', rows[3][2])
  end)

  it("says where a quote was opened that is never closed", function()
    local rows, message, code = read 'a,b\nc,"d\ne,f\ng,h\n'
    assert.same({ { "a", "b", 1 } }, rows)
    assert.same({ "CSV line 2: a quote is never closed", "parse" }, { message, code })
  end)

  it("refuses UTF-16 with words", function()
    local _, message, code = read "\xff\xfea\0,\0b\0"
    assert.same({ "CSV is UTF-16; save it as CSV UTF-8", "parse" }, { message, code })
  end)

  it("has a ceiling for a row", function()
    local _, message, code = read("a\n" .. (","):rep(10000) .. "\n")
    assert.same({ "CSV line 2: the row is too long", "limit" }, { message, code })
    _, message, code = read('a\n"' .. ("x\n"):rep(9 << 20))
    assert.same({ "CSV line 2: the row is too long", "limit" }, { message, code })
  end)

  it("gives nothing more after a failure", function()
    local rows <close> = csv.parse '"a'
    assert.is_nil((rows:next()))
    assert.same({ nil }, { rows:next() })
  end)

  it("raises for wrong arguments and for a closed one", function()
    assert.has_error(function() csv.parse(nil) end)
    assert.has_error(function() csv.parse("a", { delimiter = ";;" }) end)
    assert.has_error(function() csv.parse("a", { delimiter = '"' }) end)
    assert.has_error(function() csv.parse("a", { separator = ";" }) end)
    local rows = csv.parse "a"
    rows:close()
    rows:close()
    assert.has_error(function() rows:next() end)
  end)
end)

describe("csv.open", function()
  local folder

  before_each(function() folder = assert(files.temp_folder()) end)
  after_each(function() files.remove(folder, { tree = true }) end)

  it("reads from a file what parse reads from a string", function()
    local lines = {}
    for i = 1, 20000 do
      local last = i % 5 == 0 and 'q"\r\n,' or i % 7 == 0 and "\u{e9}" or ""
      lines[i] = csv.line({ i, ("x"):rep(i % 37), last }):gsub("\n$", i % 2 == 0 and "\r\n" or "\n")
    end
    local text = table.concat(lines)
    assert(files.write(folder .. "/a.csv", text))
    local a <close> = assert(csv.open(folder .. "/a.csv"))
    local b <close> = csv.parse(text)
    for i = 1, 20000 do
      local row, line = a:next()
      local same, there = b:next()
      assert.equal(tostring(i), row[1])
      if line ~= there or table.concat(row, "\0") ~= table.concat(same, "\0") then error("row " .. i) end
    end
    assert.is_nil((a:next()))
  end)

  it("reads a file with a very long row", function()
    local long = ("y"):rep(1 << 20)
    assert(files.write(folder .. "/a.csv", 'a,"' .. long .. '\n"\nb\n'))
    local rows <close> = assert(csv.open(folder .. "/a.csv"))
    assert.same({ "a", long .. "\n" }, (rows:next()))
    assert.same({ { "b" }, 3 }, { rows:next() })
  end)

  it("fails for a file that is not there or can't be read", function()
    assert.same({ nil, "can't open " .. folder .. "/none: No such file or directory", "missing" },
      { csv.open(folder .. "/none") })
    local rows <close> = assert(csv.open(folder))
    assert.same({ nil, "can't read " .. folder .. ": Is a directory", "io" }, { rows:next() })
  end)

  it("names the file in what it says", function()
    assert(files.write(folder .. "/a.csv", 'a\n"b'))
    local rows <close> = assert(csv.open(folder .. "/a.csv"))
    rows:next()
    assert.equal(folder .. "/a.csv line 2: a quote is never closed", select(2, rows:next()))
  end)
end)

describe("csv.line", function()
  it("quotes only what needs it", function()
    assert.equal('a,b c,1,2.5,"x,y","say ""hi"""," z","l\nm"\n',
      csv.line { "a", "b c", 1, 2.5, "x,y", 'say "hi"', " z", "l\nm" })
    assert.equal(",,c\n", csv.line { nil, nil, "c", n = 3 })
    assert.equal('""\n', csv.line { "" })
  end)

  it("is not disturbed by a finalizer that writes meanwhile", function()
    for n = 1, 500 do
      for _ = 1, 20 do setmetatable({}, { __gc = function() core.text.hex "zz" end }) end
      local values, texts = {}, {}
      for i = 1, 300 do values[i] = i + n / 7 end
      local line = csv.line(values)
      for i, value in ipairs(values) do texts[i] = tostring(value) end
      assert.equal(table.concat(texts, ",") .. "\n", line)
    end
  end)

  it("writes what parse reads back", function()
    local pieces, state = { '"', ",", "\n", "\r", " ", "a", "\t", "\u{e9}", ";", '""', "'", "=", "+", "-", "@", "'" }, 7
    local function draw(most)
      state = (state * 1103515245 + 12345) % (1 << 31)
      return (state >> 8) % most + 1
    end
    for _ = 1, 5000 do
      local fields = {}
      for i = 1, draw(4) do
        fields[i] = ""
        for _ = 2, draw(6) do fields[i] = fields[i] .. pieces[draw(#pieces)] end
      end
      local line = csv.line(fields)
      fields[#fields + 1] = 1
      assert.same({ fields }, (read(line)))
    end
  end)

  it("lets no text be a formula, and no number be a text", function()
    assert.equal("'=1+1,'+1,'-1,'@x,-1,-2.5,a=1,'t,99\n",
      csv.line { "=1+1", "+1", "-1", "@x", -1, -2.5, "a=1", "'t", "99" })
    assert.equal("\"'\ta\",\"'\rb\",\"'=c,\"\"d\"\n", (csv.line { "\ta", "\rb", '=c,"d' }))
    assert.equal("''=x,'''=y,''-\n", csv.line { "'=x", "''=y", "'-" })
    assert.same({ { "=x", "'=y", "'99", "'", "", 1 } }, (read "'=x,''=y,'99,',\n"))
    for _, text in ipairs { "＝1", "＋1", "－1", "＠x", " =1", "  ＝1", "\u{a0}=1", "\n=1", " \t=1", "' =1", "'＝1" } do
      local line = csv.line { text, "x" }
      assert.matches("^\"?'" .. text:gsub("%p", "%%%0"), line)
      assert.equal(text, read(line)[1][1])
    end
    for _, text in ipairs { " a=1", ("＝"):sub(1, 2), "～1", "\u{a0}", "' x" } do
      assert.is_nil(csv.line { text }:find("^\"?'" .. text:gsub("%p", "%%%0")))
      assert.equal(text, read(csv.line { text })[1][1])
    end
  end)

  it("raises for what has no text", function()
    assert.has_error(function() csv.line { true } end)
    assert.has_error(function() csv.line { {} } end)
    assert.has_error(function() csv.line "a" end)
  end)
end)
