-- What fuzzing found in readers of MARC (spec/fuzz), and might find again.
local core = require "almanac.core"
local made = require "support.marc_made"
local marc = require "almanac.marc"

local LEADER = "00000nam a2200000 i 4500"

local function assert_text(text, what)
  assert.is_true(core.text.valid(text), what)
end

-- All that a record gives is UTF-8, whatever it was read from.
local function assert_record(record, what)
  for _, field in ipairs(record:fields()) do
    assert_text(field.value or field.indicator1 .. field.indicator2, what)
    for _, subfield in ipairs(field.subfields or {}) do assert_text(subfield.code .. subfield.value, what) end
  end
  for _, problem in ipairs(record:problems()) do assert_text(problem.message, what) end
end

local function read_all(text, what)
  local reader = marc.parse(text)
  if not reader then return end
  for record in reader:records() do assert_record(record, what) end
  reader:close()
end

local function replaced(text, at, with) return text:sub(1, at - 1) .. with .. text:sub(at + #with) end

describe("ISO 2709", function()
  it("gives UTF-8 when a wrong directory cuts characters in two", function()
    local record = made.iso2709(made.record("accented", 3))
    local base = tonumber(record:sub(13, 17))
    for at = 25, base - 1 do
      for _, digit in ipairs { "0", "1", "7" } do read_all(replaced(record, at, digit), ("byte %d is %s"):format(at, digit)) end
    end
  end)

  it("gives UTF-8 when an indicator is a part of a character", function()
    local record = made.iso2709 { leader = LEADER, { "001", "1" }, { "245", "10", "a", "é" }, { "500", "  ", "a", "è" } }
    local at = record:find("10\31a", 1, true)
    for _, with in ipairs { "\xC3", "\xA9\x99", "\xFF", "1\xC3", "\xC3\31" } do
      read_all(replaced(record, at, with), ("%q"):format(with))
    end
  end)

  it("reads no entry of a directory that has none", function()
    read_all "00205nx  a22000851n 46\xE5)\30\xC8\29"
  end)
end)

describe("MARC-in-JSON", function()
  it("quotes broken UTF-8 as UTF-8", function()
    read_all(('[{"leader":"%s","fields":[{"245":{"subfields":[{"a":"\\ud8\xFF\xFFdd1e"}]}}]}]'):format(LEADER))
  end)
end)

describe("lines", function()
  it("quote broken UTF-8 as UTF-8", function()
    read_all "00216nam\xE0\x9E22\0\0\n09\xEC 4hand\n\n"
  end)
end)
