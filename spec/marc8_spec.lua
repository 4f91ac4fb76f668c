-- Charsets: MARC-8 by libyaz's tables, UTF-8 whatever it is labelled, and what
-- is neither.
local core = require "almanac.core"
local made = require "support.marc_made"
local json = require "almanac.json"

local MARC8, UTF8 = "00000nam  2200000 i 4500", "00000nam a2200000 i 4500"
local UNIMARC = "00000nam0 2200000   450 "

local function record(text, leader, options)
  local bytes = made.iso2709 { leader = leader or MARC8, { "245", "10", "a", text } }
  local reader <close> = assert(core.marc.parse(bytes, options))
  return assert(reader:next())
end

local function title(...) return record(...):get "245$a" end

-- "kind byte-in-the-text" of each problem; the text begins at byte 41.
local function problems(...)
  local list = {}
  for i, problem in ipairs(record(...):problems()) do list[i] = problem.kind .. " " .. problem.byte - 41 end
  return list
end

describe("MARC-8", function()
  it("has marks before their letter, Unicode behind it", function()
    assert.equal("Mu\u{308}ller, Dvor\u{30c}a\u{301}k", title "M\xe8uller, Dvo\xe9r\xe2ak")
    assert.equal("u\u{308}\u{304}", title "\xe8\xe5u")
    assert.equal("t\u{361}s", title "\xebt\xecs")
    assert.equal("\u{142}\u{d8}\u{df}\u{20ac}\u{a9}", title "\xb1\xa2\xc7\xc8\xc3")
  end)

  it("switches sets by escape sequences", function()
    assert.equal("\u{391}1 \u{3b2}", title "\x1b(S\x41\x1b(B1 \x1bgb\x1bs")
    assert.equal("H\u{2082}O x\u{b2}", title "H\x1bb2\x1bsO x\x1bp2\x1bs")
    assert.equal("\u{410}\u{411} \u{5d0}", title "\x1b(Nab\x1b(B \x1b(2\x60")
    assert.equal("\u{4e00} x", title "\x1b$1!0!\x1b(B x")
    assert.equal("\u{410} B", title "\x1b)N\xe1 B")
  end)

  it("begins anew with each subfield", function()
    local bytes = made.iso2709 { leader = MARC8, { "245", "10", "a", "\x1b(Na", "b", "a" } }
    local reader <close> = core.marc.parse(bytes)
    local subfields = reader:next():fields "245"[1].subfields
    assert.same({ "\u{410}", "a" }, { subfields[1].value, subfields[2].value })
  end)

  it("is UTF-8 afterwards, and says so", function()
    assert.equal("00062nam a2200037 i 4500", record("M\xe8uller and others"):encode "iso2709":sub(1, 24))
    assert.equal("a", record("\xe2e"):leader():sub(10, 10))
    assert.equal(" ", record("\xe2e", UNIMARC):leader():sub(10, 10))
  end)

  it("says where a character is none, and goes on behind it", function()
    assert.equal("a\u{fffd}b\u{fffd}c\u{fffd}", (title "a\xffb\x1b\x7fc\xe2":gsub("\x7f", "")))
    assert.same({ "character 1", "escape 3", "character 6" }, problems "a\xffb\x1b\x7fc\xe2")
    assert.equal("\u{fffd}\u{4e00}", title "\x1b$1~~~!0!")
    assert.same({ "character 3" }, problems "\x1b$1~~~!0!")
    assert.equal("\u{fffd}\u{fffd}x", title "\x1b$1!0\x1b(Bx")
  end)

  it("agrees with yaz-marcdump on every character of every set", function()
    local fields = { leader = MARC8, { "001", "x" } }
    local function add(texts)
      local field = { "500", "  " }
      for _, text in ipairs(texts) do
        field[#field + 1] = "a"
        field[#field + 1] = text .. "z"
      end
      fields[#fields + 1] = field
    end
    for set in ("BEgbp2NQ34S"):gmatch "." do
      local low, high = {}, {}
      for byte = 0x21, 0x7e do
        low[#low + 1] = ("\x1b(%s%sx\x1b(B"):format(set, string.char(byte))
        high[#high + 1] = ("\x1b)%s%sx\x1b)!E"):format(set, string.char(byte | 0x80))
      end
      add(low)
      add(high)
    end
    for row = 0x30, 0x60, 3 do
      local cells = {}
      for cell = 0x21, 0x7e do cells[#cells + 1] = "\x1b$1" .. string.char(0x21, row, cell) .. "\x1b(B" end
      add(cells)
    end
    local bytes = made.iso2709(fields)
    local path = assert(core.files.temp_folder())
    finally(function() core.files.remove(path, { tree = true }) end)
    assert(core.files.write(path .. "/all.mrc", bytes))
    local pipe <close> = assert(io.popen(("yaz-marcdump -f marc-8 -t utf-8 -o json %s/all.mrc"):format(path)))
    local theirs = assert(json.decode((pipe:read "a"))).fields
    local reader <close> = core.marc.parse(bytes)
    local count = 0
    for i, field in ipairs(reader:next():fields()) do
      for j, subfield in ipairs(field.subfields or {}) do
        local ours = subfield.value:gsub("\u{fffd}", "")
        assert.equal(theirs[i]["500"].subfields[j].a, ours)
        if ours == subfield.value then count = count + 1 end
      end
    end
    assert.is_true(count > 2000)
  end)
end)

describe("a charset", function()
  it("is what the bytes are, when the label is wrong", function()
    for _, leader in ipairs { MARC8, UTF8, UNIMARC } do
      assert.equal("Stra\u{df}e \u{4e00}", title("Stra\u{df}e \u{4e00}", leader))
      assert.same({}, problems("Stra\u{df}e", leader))
      assert.equal(leader:sub(10, 10), record("Stra\u{df}e", leader):leader():sub(10, 10))
    end
    assert.equal("\u{4e00}", title("\x1b$1!0!\x1b(B", MARC8))
    assert.equal("\u{3b1}e\u{301}", title("\x1bga\x1bs\xe2e", UTF8))
  end)

  it("stays UTF-8 when a few bytes are broken", function()
    for _, leader in ipairs { MARC8, UTF8, UNIMARC } do
      assert.equal("\u{e9}\u{e8}\u{fffd}x", title("\u{e9}\u{e8}\xe9x", leader))
      assert.same({ "character 4" }, problems("\u{e9}\u{e8}\xe9x", leader))
    end
    assert.equal("caf\u{fffd}", title("caf\xe9", UTF8))
    assert.equal("\u{e9}\u{fffd}\u{fffd}\u{fffd}!", title("\u{e9}\xe4\xb8\xff\xf0\x9f\x98!", UTF8))
    assert.equal("\u{fffd}\u{fffd}", title("\xc0\xaf\xed\xa0\x80", UTF8))
  end)

  it("can be told", function()
    assert.equal("e\u{301}", title("\xe2e", UTF8, { charset = "marc-8" }))
    assert.equal("\u{fffd}e", title("\xe2e", MARC8, { charset = "utf-8" }))
  end)

  it("is composed when NFC is asked for", function()
    local composed = record("M\xe8uller \xe2e"):encode("iso2709", { nfc = true })
    local reader <close> = core.marc.parse(composed)
    assert.equal("M\u{fc}ller \u{e9}", reader:next():get "245$a")
  end)
end)
