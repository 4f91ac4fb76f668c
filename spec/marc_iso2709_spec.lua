-- ISO 2709: what is well-formed goes through byte by byte; what is damaged gives
-- what can be read, says what is wrong where, and loses no record behind it.
local marc = require "almanac.marc"
local made = require "support.marc_made"

-- All records of a text.
local function read(text, options)
  local reader <close> = assert(marc.parse(text, options or { format = "iso2709" }))
  local list = {}
  for record in reader:records() do list[#list + 1] = record end
  return list
end

-- A record as one line.
local function show(record)
  local parts = {}
  for _, field in ipairs(record:fields()) do
    local line = { field.tag, field.value or field.indicator1 .. field.indicator2 }
    for _, subfield in ipairs(field.subfields or {}) do line[#line + 1] = "$" .. subfield.code .. subfield.value end
    parts[#parts + 1] = table.concat(line, " ")
  end
  return table.concat(parts, "\n")
end

-- Its problems as "kind byte".
local function problems(record)
  local list = {}
  for i, problem in ipairs(record:problems()) do list[i] = problem.kind .. " " .. problem.byte end
  return list
end

local function replace(text, at, with) return text:sub(1, at - 1) .. with .. text:sub(at + #with) end

-- How many lines of `whole` are not in `rest`.
local function missing(whole, rest)
  local have, count = {}, 0
  for line in rest:gmatch "[^\n]+" do have[line] = (have[line] or 0) + 1 end
  for line in whole:gmatch "[^\n]+" do
    if (have[line] or 0) > 0 then have[line] = have[line] - 1 else count = count + 1 end
  end
  return count
end

local SMALL = { leader = "00000nam a2200000 i 4500", { "001", "99123" }, { "245", "10", "a", "Title", "b", "rest" },
  { "500", "  ", "a", "Note" } }
local small = made.iso2709(SMALL)
local shown = "001 99123\n245 10 $aTitle $brest\n500    $aNote"

describe("a well-formed record", function()
  it("comes out byte by byte, of every kind", function()
    for _, kind in ipairs(made.kinds) do
      for n = 1, 40 do
        local text = made.iso2709(made.record(kind, n))
        local record = read(text)[1]
        assert.same({}, record:problems(), kind .. " " .. n)
        if kind ~= "marc8" and text ~= record:encode "iso2709" then error(kind .. " " .. n .. " differs") end
      end
    end
  end)

  it("has its number and place", function()
    local records = read(small .. small)
    assert.same({ 1, 0, 2, #small },
      { records[1]:number(), records[1]:offset(), records[2]:number(), records[2]:offset() })
  end)

  it("may have entries of other widths, and control fields with subfields", function()
    local text = "00058nam a2200045   3400" .. "0010020000" .. "2450100002" .. "\30" .. "x\30" .. "10\31aTitel\30\29"
    assert.equal("001 x\n245 10 $aTitel", show(read(text)[1]))
    assert.equal("00062nam a2200049   4500" .. "001000200000" .. "245001000002" .. text:sub(45),
      read(text)[1]:encode "iso2709")
    text = made.iso2709 { leader = SMALL.leader, { "001", "00", "a", "dan" }, { "008", "plain" } }
    assert.equal("001 00 $adan\n008 plain", show(read(text)[1]))
  end)

  it("is written with the lengths that it has", function()
    local record = read(small)[1]
    record:set("245$a", "A longer title")
    local text = assert(record:encode "iso2709")
    assert.equal(("%05d"):format(#text), text:sub(1, 5))
    assert.same({}, read(text)[1]:problems())
    assert.equal(shown:gsub("Title", "A longer title"), show(read(text)[1]), nil)
  end)

  it("can be too long for the format", function()
    local record = read(small)[1]
    record:set("500$a", ("x"):rep(9994))
    assert.equal(9994, #record:get "500$a")
    assert.is_string(record:encode "iso2709")
    record:set("500$a", ("x"):rep(9995))
    assert.same({ nil, "field 500 has 10000 bytes; ISO 2709 has room for 9999", "limit" }, { record:encode "iso2709" })
    record:remove "500"
    for _ = 1, 11 do record:add("500", "  ", "a", ("x"):rep(9200)) end
    local _, message, code = record:encode "iso2709"
    assert.same({ "the record has 101459 bytes; ISO 2709 has room for 99999", "limit" }, { message, code })
  end)
end)

describe("a damaged record", function()
  it("cut at any byte gives what is left, and the next one", function()
    for _, kind in ipairs { "book", "marc8", "unimarc", "controls" } do
      local cut, whole = made.iso2709(made.record(kind, 1)), made.iso2709(made.record(kind, 2))
      local wanted = show(read(whole)[1])
      for length = 1, #cut - 1 do
        local records = read(cut:sub(1, length) .. whole)
        local last = records[#records]
        local told = #records[1]:problems() > 0
        local any = length > tonumber(cut:sub(13, 17))   -- of its first field
        if show(last) ~= wanted or not told or #records ~= (any and 2 or 1) or last:offset() ~= length then
          error(("%s cut at %d"):format(kind, length))
        end
      end
    end
  end)

  it("cut at any byte at the end of the file is given when it has a field, and told when it has none", function()
    local text = made.iso2709(made.record("book", 1))
    local base = tonumber(text:sub(13, 17))
    for length = 1, #text - 1 do
      local records = read(small .. text:sub(1, length))
      local told = #records[length > base and 2 or 1]:problems() > 0
      if #records ~= (length > base and 2 or 1) or show(records[1]) ~= shown or not told then error("cut at " .. length) end
    end
  end)

  it("keeps the fields before the cut", function()
    local record = read(small:sub(1, -4))[1]
    assert.equal(shown:sub(1, -2), show(record))
    assert.same({ "truncated " .. #small - 3, "truncated " .. #small - 3 }, problems(record))
  end)

  it("with any byte changed loses that field at most, and no other record", function()
    for _, kind in ipairs { "unimarc", "controls", "authority" } do
      local text, next_one = made.iso2709(made.record(kind, 1)), made.iso2709(made.record(kind, 2))
      local before, wanted = show(read(text)[1]), show(read(next_one)[1])
      for at = 1, #text do
        for with in ("\0\29\30\31\27\255x9"):gmatch "." do
          local records = read(replace(text, at, with) .. next_one)
          if #records ~= 2 or show(records[2]) ~= wanted or missing(before, show(records[1])) > 1 then
            error(("%s: byte %d is %q"):format(kind, at, with))
          end
        end
      end
    end
  end)

  it("says what and where, and is read as if nothing were", function()
    local function after(at, with, rest)
      local record = read(replace(small, at + 1, with) .. (rest or ""))[1]
      assert.equal(shown, show(record))
      return problems(record)
    end
    assert.same({ "length 0" }, after(0, "00001"))
    assert.same({ "length 0" }, after(0, "00999", small))
    assert.same({ "length 0" }, after(4, "x"))
    assert.same({ "leader 7", "leader 10" }, after(7, "\1 az"))
    assert.same({ "leader 10" }, after(10, "3"))
    assert.same({ "leader 20" }, after(20, "9"))
    assert.same({ "directory 12" }, after(12, "00050"))
    assert.same({ "directory 24" }, after(27, "0009"))
    assert.same({ "directory 36" }, after(39, "...."))
    assert.same({ "terminator 60" }, after(60, "x"))
    assert.same({ "terminator 66" }, after(66, "x"))
    assert.same({ "subfield 69" }, after(69, "\1"))
    assert.same({ "terminator 92" }, after(92, "x"))
    assert.same({ "terminator 92" }, after(92, "x", small))
  end)

  it("keeps the rest of what is changed in it", function()
    local function after(at, with)
      local record = read(replace(small, at + 1, with) .. small)[1]
      return show(record):gsub("\n.*", ""), table.unpack(problems(record))
    end
    assert.same({ "001 99 23", "terminator 63" }, { after(63, "\30") })
    assert.same({ "001 99 23", "terminator 63" }, { after(63, "\29") })
    assert.same({ "?01 99123", "tag 24" }, { after(24, "\200") })
    assert.same({ "001 99\u{fffd}23", "character 63" }, { after(63, "\200") })
    local record = read(replace(small, 70, "x"))[1]
    assert.equal((shown:gsub("%$aTitle", "$axaTitle")), show(record))
    assert.same({ "subfield 67" }, problems(record))
  end)

  it("may have indicators too few or too many, and subfields without code", function()
    local record = read(made.iso2709 { leader = SMALL.leader, { "245", "", "a", "T" }, { "246", "1", "a", "U" },
      { "247", "100", "a", "V" }, { "248", "10", "", "", "a", "W", "", "" }, { "249", "10x" } })[1]
    assert.equal("245    $aT\n246 1  $aU\n247 10 $aV\n248 10 $aW\n249    $a10x", show(record))
    assert.same({ "indicator 85", "indicator 89", "indicator 94", "subfield 103", "subfield 107", "subfield 109" }, problems(record))
    local again = read(record:encode "iso2709")[1]
    assert.same({ show(record), 0 }, { show(again), #again:problems() })
  end)

  it("has no broken characters, wherever its directory cuts them and whatever stands for indicators", function()
    local text = made.iso2709 { leader = SMALL.leader, { "001", "\u{e9}\u{e9}" }, { "002", "x" }, { "500", "\200\201" },
      { "501", "\200\201\202\31a\u{e9}" }, { "502", "\200\31ax" } }
    text = replace(text, 28, "0004" .. "00000" .. "002" .. "0004" .. "00003")
    local record = read(text)[1]
    local no = "\u{fffd}"   -- what is no character
    assert.equal(("500    $a%s%s\n501    $a%s%s%s $a\u{e9}\n502    $ax"):format(no, no, no, no, no),
      show(record):gsub("^.-\n.-\n", ""), nil)
    for _, field in ipairs(record:fields()) do assert.is_truthy(utf8.len(field.value or "")) end
    assert.is_truthy(utf8.len(record:encode "iso2709"))
  end)

  it("is found among what is none", function()
    local records = read("junk" .. small .. "\r\n" .. small .. "more junk\29" .. small .. "end")
    assert.same({ 3, 4, 99, 202 }, { #records, records[1]:offset(), records[2]:offset(), records[3]:offset() })
    for i = 1, 3 do assert.equal(shown, show(records[i])) end
    assert.same({ "4 bytes before the record belong to none", "10 bytes before the record belong to none",
      "the 3 bytes behind the last record belong to none" }, { records[1]:problems()[1].message,
      records[3]:problems()[1].message, records[3]:problems()[2].message })
    assert.same({}, records[2]:problems())
  end)

  it("has no problem with blank lines behind the last record", function()
    local records = read(small .. "\r\n\n \0\26")
    assert.same({ 1, 0 }, { #records, #records[1]:problems() })
  end)
end)

describe("a record of more than 99,999 bytes", function()
  -- Fields of one length, so that a wrong place in the directory looks right too.
  local function long(count, said)
    local directory, data = {}, {}
    for i = 1, count do
      data[i] = ("  \31a%06d"):format(i) .. ("x"):rep(200) .. "\30"
      directory[i] = ("500%04d%05d"):format(#data[i], (i - 1) * #data[i] % 100000)
    end
    local base = 24 + 12 * count + 1
    return said .. "nam a22" .. ("%05d"):format(base % 100000) .. " i 4500" .. table.concat(directory) .. "\30" ..
      table.concat(data) .. "\29"
  end

  it("is read by its terminators, whatever length the leader has", function()
    for _, said in ipairs { "00000", "99999", "12345", "*****" } do
      for _, count in ipairs { 600, 9000 } do
        local records = read(long(count, said) .. small)
        assert.same({ 2, count, shown }, { #records, #records[1]:fields(), show(records[2]) })
        local fields = records[1]:fields()
        for i = 1, count do
          if fields[i].subfields[1].value:sub(1, 6) ~= ("%06d"):format(i) then error(said .. " " .. i) end
        end
        assert.same({ "too-long 0" }, { problems(records[1])[1] })
      end
    end
  end)

  it("ends at 16 MiB when no terminator comes", function()
    local text = small .. "00000nam a2200061 i 4500" .. ("x"):rep(17 << 20) .. "\29" .. small
    local records = read(text)
    assert.equal(shown, show(records[1]))
    assert.same({ 2, shown, "garbage" }, { #records, show(records[2]), records[2]:problems()[1].kind })
  end)
end)
