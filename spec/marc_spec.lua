-- Readers and records of MARC: where they come from, what a record answers.
local core = require "almanac.core"
local made = require "support.marc_made"
local marc = require "almanac.marc"
local program = require "support.program"

local LEADER = "00000nam a2200000 i 4500"

local function book(n)
  return made.iso2709 { leader = LEADER, { "001", "99" .. n }, { "007", "cr" }, { "007", "he" },
    { "245", "10", "a", "Title " .. n, "b", "" }, { "650", " 0", "a", "Maps" }, { "650", " 7", "a", "Atlases", "2", "lcgft" } }
end

local function books(from, to)
  local parts = {}
  for n = from, to do parts[#parts + 1] = book(n) end
  return table.concat(parts)
end

-- The 001 of all records, and what ended them.
local function numbers(reader)
  local list = {}
  while true do
    local record, message, code = reader:next()
    if not record then return list, message, code end
    list[#list + 1] = record:control "001"
  end
end

local function gzip(text)
  local folder <const> = program.folder()
  program.write(folder .. "/a", text)
  assert(os.execute(("gzip -n %s/a"):format(folder)))
  local packed = program.read(folder .. "/a.gz")
  program.remove(folder)
  return packed
end

describe("a record", function()
  local record

  before_each(function()
    local reader <close> = core.marc.parse(book(1))
    record = reader:next()
  end)

  it("gives its leader, control fields and fields", function()
    assert.equal(24, #record:leader())
    assert.same({ "991", "cr" }, { record:control "001", record:control "007" })
    assert.is_nil(record:control "245")
    assert.is_nil(record:control "003")
    assert.equal("991", record:control "0.1")
    local function copies(tag)
      local list = record:fields(tag)
      for i, field in ipairs(list) do list[i] = field:copy() end
      return list
    end
    assert.same({ { tag = "007", value = "cr" }, { tag = "007", value = "he" } }, copies "007")
    assert.same({ { tag = "245", indicator1 = "1", indicator2 = "0",
      subfields = { { code = "a", value = "Title 1" }, { code = "b", value = "" } } } }, copies "2..")
    assert.equal(6, #record:fields())
    assert.same({}, record:fields "9..")
  end)

  it("outlives its reader", function()
    collectgarbage()
    assert.equal("Title 1", record:get "245$a")
  end)

  it("is changed by itself: its copies stay", function()
    local copy, field = record:copy(), record:field "245":copy()
    record:set("245$a", "Other")
    record:add("500", "  ", "a", "Note")
    assert.equal(1, record:remove "007[0]")
    collectgarbage()
    assert.equal("Title 1", field.subfields[1].value)
    assert.same({ "Title 1", "cr" }, { copy:get "245$a", copy:control "007" })
    assert.is_nil(copy:get "500$a")
    assert.same({ "Other", "Note", "he" }, { record:get "245$a", record:get "500$a", record:control "007" })
    assert.same({ 1, 0 }, { record:number(), record:offset() })
  end)

  it("is not moved by a finalizer that changes it", function()
    local meta = { __gc = function() record:set("245$a", ("x"):rep(500)) end }
    for _ = 1, 300 do
      setmetatable({}, meta)
      for _ = 1, 20 do assert.equal("245", record:fields()[4].tag) end
    end
  end)

  it("raises for wrong arguments", function()
    assert.has_error(function() record:control "24" end, "bad argument #1 to 'control' (a tag has three characters)")
    assert.has_error(function() record:fields(true) end)
    assert.has_error(function() record:encode "pdf" end)
    assert.has_error(function() record:encode("iso2709", { nfd = true }) end)
    assert.has_error(function() record.leader() end)
  end)
end)

describe("a reader", function()
  it("gives record after record, then nil", function()
    local reader <close> = assert(core.marc.parse(books(1, 3)))
    assert.same({ { "991", "992", "993" } }, { numbers(reader) })
    assert.is_nil(reader:next())
    assert.equal("iso2709", reader:format())
  end)

  it("serves a for loop", function()
    local list = {}
    local reader <close> = core.marc.parse(books(1, 3))
    for record in reader:records() do list[#list + 1] = record:number() end
    assert.same({ 1, 2, 3 }, list)
  end)

  it("finds nothing in nothing, and says when it is none of the formats", function()
    for _, text in ipairs { "", "\n\n  \t", "\xef\xbb\xbf" } do
      local reader <close> = assert(core.marc.parse(text))
      assert.same({}, { reader:next() == nil and reader:format() })
    end
    local _, message, code = core.marc.parse "Dear Sir"
    assert.same({ "text holds no MARC records (known are iso2709, marcxml, json, line, mrk)", "parse" }, { message, code })
    _, message, code = core.marc.parse "\xff\xfe0\0"
    assert.same({ "text is UTF-16; save it as UTF-8", "parse" }, { message, code })
  end)

  it("takes no image or program for records, since a byte of it ends fields", function()
    for _, text in ipairs { "\x89PNG\r\n\26\n\0\30\0\29 0123456789", "\x7fELF\30\30\31a 12345678\30" } do
      assert.equal("parse", (select(3, core.marc.parse(text))))
    end
    local damaged = "\0\0\0\30 " .. books(1, 1)
    assert.equal("iso2709", assert(core.marc.parse(damaged)):format())
    assert.equal("iso2709", assert(core.marc.parse("abcde" .. books(1, 1):sub(6))):format())
  end)

  it("passes a byte order mark and blank lines before the first record", function()
    local reader <close> = assert(core.marc.parse("\xef\xbb\xbf\r\n\n" .. book(1)))
    local record = reader:next()
    assert.same({ 6, 0 }, { record:offset(), #record:problems() })
  end)

  it("raises when it is closed", function()
    local reader = core.marc.parse(book(1))
    reader:close()
    reader:close()
    assert.has_error(function() reader:next() end, "calling 'next' on bad self (the reader is closed)")
  end)

  it("gives whole records or none when a finalizer reads on, or closes it", function()
    local reader <close> = core.marc.parse(books(1, 2000))
    local meta = { __gc = function() reader:next() end }
    for _ = 1, 900 do
      setmetatable({}, meta)
      local given, record = pcall(reader.next, reader)
      if given and record then assert.equal("Title " .. record:control "001":sub(3), record:get "245$a") end
    end
    meta = { __gc = function() reader:close() end }
    assert.has_error(function()
      while true do
        setmetatable({}, meta)
        reader:next()
      end
    end)
  end)

  it("unpacks gzip, of several members too", function()
    local packed = gzip(books(1, 500)) .. gzip(books(501, 502))
    local reader <close> = assert(core.marc.parse(packed .. ("\0"):rep(100)))
    local list = numbers(reader)
    assert.same({ 502, "99502" }, { #list, list[502] })
    local small <close> = core.marc.parse(gzip "")
    assert.is_nil(small:next())
  end)

  it("gives what a gzip that breaks off held, then says so", function()
    local packed = gzip(books(1, 4000))
    for _, broken in ipairs { packed:sub(1, -200), packed:sub(1, -600) .. ("\255"):rep(600) } do
      local reader <close> = assert(core.marc.parse(broken))
      local list, message, code = numbers(reader)
      assert.is_true(#list > 100)
      assert.equal("parse", code)
      assert.matches("^text: the gzip data %a+ %a+ after %d+ unpacked bytes$", message)
      assert.is_nil(reader:next())
    end
  end)
end)

describe("a file", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function write(text)
    program.write(folder .. "/a.mrc", text)
    return folder .. "/a.mrc"
  end

  it("is read as a text is, packed or not, however long", function()
    local text = books(1, 9000)
    for _, bytes in ipairs { text, gzip(text) } do
      local reader <close> = assert(core.marc.open(write(bytes)))
      local list = numbers(reader)
      assert.same({ 9000, "999000" }, { #list, list[9000] })
      assert.same({ #bytes, #bytes }, { reader:progress() })
    end
  end)

  it("keeps records whole where the window slides", function()
    local parts = {}
    for n = 1, 60 do parts[n] = made.iso2709(made.record(n % 7 == 0 and "long" or "scripts", n)) end
    local reader <close> = assert(core.marc.open(write(table.concat(parts))))
    for n = 1, 60 do
      local record = reader:next()
      if record:encode "iso2709" ~= parts[n] then error("record " .. n) end
    end
    assert.is_nil(reader:next())
  end)

  it("may be standard input", function()
    local path = write(books(1, 3))
    program.write(folder .. "/a.lua", [[
      local reader <close> = assert(require("almanac.core").marc.open "-")
      for record in reader:records() do io.write(record:control "001", " ") end
      print(reader:progress())]])
    for _, line in ipairs { "%s exec %s <%s", "cat %3$s | %1$s exec %2$s" } do
      local command = line:find "cat" and ("cat %s | %s exec %s"):format(path, program.quote(program.path()), folder .. "/a.lua")
        or line:format(program.quote(program.path()), folder .. "/a.lua", path)
      local pipe <close> = assert(io.popen("sh -c " .. program.quote(command)))
      local size = tostring(#books(1, 3))
      assert.equal("991 992 993 " .. size .. (line:find "cat" and "" or "\t" .. size), pipe:read "l")
    end
  end)

  it("that can't be read is told", function()
    assert.same({ nil, ("can't open %s/none: No such file or directory"):format(folder), "missing" },
      { core.marc.open(folder .. "/none") })
    assert.same({ nil, ("can't read %s: Is a directory"):format(folder), "io" }, { core.marc.open(folder) })
  end)

  it("is closed behind a loop, also one that is left", function()
    local path = write(books(1, 9))
    local function is_open()
      local pipe <close> = io.popen "ls -l /proc/$PPID/fd"
      return pipe:read "a":find(path, 1, true) ~= nil
    end
    for record in marc.records(path) do
      assert.is_true(is_open())
      if record:number() == 3 then break end
    end
    assert.is_false(is_open())
    assert.has_error(function() marc.records(folder .. "/none") end)
  end)
end)

describe("marc", function()
  it("has what the core has", function()
    for name in pairs(core.marc) do assert.is_function(marc[name] and core.marc[name]) end
    assert.equal("iso2709", marc.formats()[1])
    assert.same({ "", "", "" }, { marc.frame "iso2709" })
  end)

  it("makes a document of records", function()
    local list = {}
    local reader <close> = marc.parse(books(1, 3))
    for record in reader:records() do list[#list + 1] = record end
    assert.equal(books(1, 3), marc.document(list, "iso2709"))
    list[2]:set("245$a", ("x"):rep(10000))
    assert.same({ nil, "record 2: field 245 has 10007 bytes; ISO 2709 has room for 9999", "limit" },
      { marc.document(list, "iso2709") })
  end)
end)
