-- Damaged ISO 2709, .mrk and lines are read by what stands there: a wrong number, a look, or a
-- word around the records makes no field, no text and no record.
local core = require "almanac.core"
local marc = require "almanac.marc"
local made = require "support.marc_made"
local program = require "support.program"

local function read(text, format)
  local reader <close> = assert(marc.parse(text, { format = format }))
  local list = {}
  for record in reader:records() do list[#list + 1] = record end
  return list
end

-- A record's fields as lines, without the leader.
local function body(record) return (record:encode("line"):gsub("^[^\n]*\n", "")) end

local function kinds(record)
  local list = {}
  for i, problem in ipairs(record:problems()) do list[i] = problem.kind end
  return table.concat(list, " ")
end

local LEADER = "00000nam a2200000 i 4500"
local function iso(fields)
  fields.leader = fields.leader or LEADER
  return made.iso2709(fields)
end

local function cut(text, at, count) return text:sub(1, at) .. text:sub(at + count + 1) end
local function put(text, at, more) return text:sub(1, at) .. more .. text:sub(at + 1) end

-- The leader's record and the one behind it come whole, in whatever place they stand.
local function assert_whole(text, wanted, behind, what)
  for _, before in ipairs { "", behind } do
    local list = read(before .. text .. behind, "iso2709")
    local at = before == "" and 1 or 2
    if #list ~= at + 1 or body(list[at]) ~= wanted or body(list[at + 1]) ~= body(read(behind)[1]) then error(what) end
    if #list[at]:problems() == 0 or #list[at + 1]:problems() > 0 then error(what .. ": problems") end
  end
end

describe("a leader of more or fewer bytes than 24", function()
  for _, kind in ipairs { "book", "unimarc", "authority", "holdings" } do
    it("gives all fields of a record of kind " .. kind, function()
      local text, behind = made.iso2709(made.record(kind, 1)), made.iso2709(made.record(kind, 2))
      local wanted = body(read(text)[1])
      for at = 0, 23 do
        for count = 1, math.min(4, 24 - at) do
          assert_whole(cut(text, at, count), wanted, behind, ("%d without %d bytes"):format(at, count))
        end
        for _, more in ipairs { "x", "  ", "00", "\u{fffd}", "\0\1" } do
          if at > 0 then assert_whole(put(text, at, more), wanted, behind, ("%d with %q"):format(at, more)) end
        end
      end
    end)
  end

  it("is one problem where its numbers are as if it had 24, or are right", function()
    local text = made.iso2709(made.record("book", 1))
    local length, base = #text, tonumber(text:sub(13, 17))
    for _, damaged in ipairs { cut(text, 18, 1), cut(text, 17, 2), put(text, 18, " "), put(text, 19, "\u{fffd}") } do
      local more = #damaged - length
      local right = ("%05d%s%05d%s"):format(length + more, damaged:sub(6, 12), base + more, damaged:sub(18))
      for _, one in ipairs { damaged, right } do
        local record = read(one)[1]
        assert.same({ "leader", 24, "4500" }, { kinds(record), #record:leader(), record:leader():sub(21) })
      end
    end
  end)

  it("is told from a directory in which bytes are missing", function()
    local text, behind = made.iso2709(made.record("book", 1)), made.iso2709(made.record("book", 2))
    local wanted = read(text)[1]:fields()
    for at = 24, tonumber(text:sub(13, 17)) - 2 do
      local list = read(cut(text, at, 1) .. behind)
      local same = 0
      for i, field in ipairs(list[1]:fields()) do
        local other = wanted[i]
        if other and field.tag == other.tag and field.value == other.value and
          (field.value or field.subfields[1].value == other.subfields[1].value) then same = same + 1 end
      end
      if #list ~= 2 or same < #wanted - 1 then error(("byte %d: %d of %d"):format(at, same, #wanted)) end
    end
  end)
end)

describe("text that looks like a leader", function()
  local LOOKS = { "01609cam  22004094a 4500", "00100nam a2200025 a 4500001000500000",
    "00154cam a2200037 a 4500001000500000 5002", "00220cam a  00085 a     00026nam a2200025 a 4500" }
  -- Faults that send a record the lenient way, and leave it what it is.
  local FAULTS = {
    ["leader/10-11"] = function(text) return text:sub(1, 10) .. "  " .. text:sub(13) end,
    ["leader/20-22"] = function(text) return text:sub(1, 20) .. "   " .. text:sub(24) end,
    ["the length"] = function(text) return "00077" .. text:sub(6) end,
    ["no length"] = function(text) return "     " .. text:sub(6) end,
    ["the base address"] = function(text) return text:sub(1, 12) .. "00031" .. text:sub(18) end,
    ["a tag"] = function(text) return text:sub(1, 24) .. "\1" .. text:sub(26) end,
    ["the last entry"] = function(text)
      local base = tonumber(text:sub(13, 17))
      return text:sub(1, base - 3) .. "xx" .. text:sub(base)
    end,
    ["an indicator"] = function(text) return (text:gsub("10\31a", "1\1\31a")) end,
    ["the terminator"] = function(text) return text:sub(1, -2) .. "x" end,
  }

  it("splits no record that has another fault", function()
    local behind = iso { { "001", "2" }, { "245", "10", "a", "Next" } }
    for _, look in ipairs(LOOKS) do
      for fault, change in pairs(FAULTS) do
        local text = change(iso { { "001", "1" }, { "008", "051028s" .. look .. "    eng" }, { "245", "10", "a", look },
          { "500", "  ", "a", "x " .. look } })
        local list = read(text .. behind)
        local whole = #list == 2 and body(list[2]) == body(read(behind)[1]) and #list[1]:fields() == 4
        if not whole or not body(list[1]):find(look, 1, true) then error(fault .. ": " .. look) end
      end
    end
  end)
end)

describe("what is no record", function()
  local one = iso { { "001", "1" }, { "245", "10", "a", "T" } }
  local mrk = "=LDR  " .. LEADER .. "\n=001  1\n=245  10$aT\n\n"
  local lines = LEADER .. "\n001 1\n245 10 $a T\n\n"

  it("is none, in whatever form it comes", function()
    for _, text in ipairs { "123", "123\n456\n", ("0123456789"):rep(9), "12345", LEADER, LEADER .. "001000500000", one:sub(1, 20),
      "100 years ago\n", "123 Main Street\n", "007 James Bond\n", "==== Title ====\n", "=123 = x\n", "End of file\n" } do
      local reader, message = marc.parse(text)
      if reader then assert.is_nil(reader:next(), text) else assert.match("no MARC records", message) end
    end
  end)

  it("is a problem of the record before or behind it", function()
    for _, junk in ipairs { "End of file, 1 record", "123", "12345", LEADER, "00100", one:sub(1, 40), "<html></html>",
      ("x"):rep(9000) } do
      for format, text in pairs { iso2709 = one, mrk = mrk, line = lines } do
        for whole, count in pairs { [text .. junk] = 1, [text .. junk .. "\r\n"] = 1, [text .. "\r\n" .. junk] = 1,
          [text .. text .. junk] = 2, [text .. junk .. "\n\n" .. text] = 2, [junk .. "\n\n" .. text] = 1 } do
          local list, problems = read(whole, format), 0
          for _, record in ipairs(list) do
            assert.same({ "1", "T", 2 }, { record:control "001", record:get "245$a", #record:fields() })
            problems = problems + #record:problems()
          end
          assert.same({ count, true }, { #list, problems > 0 }, format .. ": " .. whole:sub(1, 200))
        end
      end
    end
  end)

  it("is not a line feed between records, nor blanks and zeros behind the last", function()
    for _, between in ipairs { "\n", "\r\n", "\n\n", " ", "\0\0", "\26" } do
      local list = read(one .. between .. one .. between)
      assert.same({ 2, 0, 0 }, { #list, #list[1]:problems(), #list[2]:problems() })
    end
  end)

  it("has room of any size", function()
    local junk = ("no MARC\n"):rep(1 << 17)
    local list = read(one .. junk .. one .. junk)
    assert.same({ 2, "garbage garbage" }, { #list, kinds(list[2]) })
  end)
end)

describe("text without a delimiter", function()
  local function of(content, tag)
    local field = { tag or "500", content }
    local mrk = "=LDR  " .. LEADER .. "\n=" .. field[1] .. "  " .. content:gsub("\31", "$") .. "\n"
    return read(iso { { "001", "1" }, field })[1], read(mrk, "mrk")[1]
  end

  it("is kept whole", function()
    for content, wanted in pairs { ["  2nd edition."] = "   $a 2nd edition.", ["Note without"] = "   $a Note without",
      ["10Title"] = "10 $a Title", ["1066 and all that"] = "   $a 1066 and all that", ["19th century"] = "   $a 19th century",
      ["10\u{4e2d}"] = "10 $a \u{4e2d}", ["2\u{3b7} \u{3b5}\u{3ba}\u{3b4}."] = "   $a 2\u{3b7} \u{3b5}\u{3ba}\u{3b4}.",
      ["x"] = "   $a x", ["10text\31bmore"] = "10 $a text $b more", ["Note\31bmore"] = "   $a Note $b more",
      ["  \u{a0}x"] = "   $a \u{a0}x" } do
      for i, record in ipairs { of(content) } do
        assert.equal("500 " .. wanted .. "\n\n", body(record):gsub("^001 1\n", ""), content .. i)
        assert.is_truthy(kinds(record):find("subfield", 1, true), content)
      end
    end
  end)

  it("is nothing where only white space and invisible marks stand", function()
    for _, content in ipairs { "1 \u{200e}\0316x\31ay", "1\u{200f} \0316x\31ay", "\u{200e}1 \0316x\31ay", "1 \u{200e}\u{200f} \0316x\31ay",
      "1   \0316x\31ay", "1 \u{feff}\0316x\31ay" } do
      for _, record in ipairs { of(content, "880") } do
        assert.equal("880 1  $6 x $a y\n\n", body(record):gsub("^001 1\n", ""), nil)
        assert.equal(1, #record:problems())
      end
    end
    for _, content in ipairs { "", " ", "  ", "10" } do
      assert.is_nil(of(content):field("500").subfields[1])
    end
  end)

  it("leaves marks within a text, and takes those before a $ of .mrk away", function()
    local record = of "  \31aa\u{200e}b\u{200f}\31bc\u{200e}"
    assert.same({ "a\u{200e}b\u{200f}", "c\u{200e}", "" }, { record:get "500$a", record:get "500$b", kinds(record) })
    record = select(2, of "  \31aa\u{200e}b\u{200f}\31bc\u{200e}")
    assert.same({ "a\u{200e}b", "c\u{200e}", "character" }, { record:get "500$a", record:get "500$b", kinds(record) })
  end)

  it("is kept in lines too", function()
    local record = read(LEADER .. "\n245 10 Harbour\n250    2nd\n500 Note\n880 1 \u{200e} $6 x $a y\nFMT BK\n", "line")[1]
    assert.equal("245 10 $a Harbour\n250    $a 2nd\n500    $a Note\n880 1  $6 x $a y\nFMT BK\n\n", body(record))
    assert.equal("subfield subfield subfield indicator", kinds(record))
  end)
end)

describe("the cases", function()
  local CASES = "../shared/cases/marc/"
  local have = core.files.stat(CASES .. "INDEX.tsv") ~= nil
  -- Records as lines, and the kinds of problems.
  local WANTED = {
    ["leader-23-bytes.mrc"] = { 2, "852 ## $a Main", "leader" },
    ["leader18-fffd.mrc"] = { 2, "856 40 $u https://x.example/1.tif", "leader" },
    ["leader-text-in-008.mrc"] = { 2, "008 051028s", "leader" },
    ["lrm-after-indicators.mrc"] = { 1, "880 1# $6 100-01/(3/r $a ", "indicator" },
    ["no-delimiter.mrc"] = { 1, "250 ## $a 2nd edition.\n260 ## $a London\n500 ## $a Note without indicators", "subfield" },
    ["trailing-text.mrc"] = { 1, "245 10 $a Harbour maps", "garbage" },
    ["lrm.mrk"] = { 1, "880 10 $6 245-01/(3/r $a ", "character" },
  }
  for name, wanted in pairs(WANTED) do
    it("of " .. name .. " are read right", function()
      if not have then return pending "../shared/cases/marc is not there" end
      local list = read(program.read(CASES .. name))
      assert.equal(wanted[1], #list)
      assert.is_truthy(body(list[1]):find((wanted[2]:gsub("#", " ")), 1, true), body(list[1]))
      assert.is_truthy(kinds(list[1]):find(wanted[3], 1, true))
    end)
  end

  it("of only-digits.txt hold no record", function()
    if not have then return pending "../shared/cases/marc is not there" end
    assert.is_nil(marc.open(CASES .. "only-digits.txt"))
  end)
end)
