-- Conditions on records, as --where takes them.
local core = require "almanac.core"
local new = require "support.marc_record"

local book = new {
  { "001", "991234" },
  { "245", "14", "a", "The Größe / a && b || c", "b", "'tis \"it\"", "c", "~x" },
  { "650", " 0", "a", "Ships" }, { "650", " 4", "a", "Boats", "x", "" },
  { "856", "40", "u", "http://x/a.jpg" }, { "856", "41", "u", "http://x/b.tif", "z", "a\0b" },
}

local function check(cases)
  for text, expected in pairs(cases) do assert.equal(expected, assert(core.marc.where(text)):test(book), text) end
end

describe("a condition", function()
  it("asks whether there is a value", function()
    check { ["245"] = true, ["246"] = false, ["!246"] = true, ["!245"] = false, [" 245$a "] = true, ["650$x"] = true }
    check { ["856{^2=\\1}$u"] = true, ["856[indicator2=7]"] = false, ["245$a/99"] = false }
  end)

  it("compares", function()
    check { ["650$a=Ships"] = true, ["650$a=Boats"] = true, ["650$a=ships"] = false, ["650$a = Ships"] = true, ["001=991234"] = true,
      ["650$a!=Ships"] = false, ["650$a!=Cats"] = true, ["650$a~oat"] = true, ["650$a~x"] = false, ["650$a!~x"] = true,
      ["650$a!~oat"] = false,
      ["650$x=''"] = true, ["650$x=\"\""] = true, ["650$a=''"] = false, ["245^1=1"] = true, ["LDR/6=a"] = true }
  end)

  it("has none of the comparisons hold without a value", function()
    check { ["246$a=x"] = false, ["246$a!=x"] = false, ["246$a!~x"] = false, ["246$a~''"] = false, ["246$a=~.*"] = false,
      ["!246$a || 246$a!=x"] = true }
  end)

  it("knows POSIX extended regular expressions, by characters", function()
    check { ["856$u=~jpg"] = true, ["856$u=~\\.jpg$"] = true, ["856$u=~^jpg"] = false, ["856$u=~(png|tif)$"] = true,
      ["650$a=~^.{5}$"] = true,
      ["245$a=~Gr.ße"] = true, ["245$a=~Gr[äö]ße"] = true, ["245$a=~Gr[äü]ße"] = false, ["650$a =~ ^S"] = true,
      ["856$z=~b$"] = true,
      ["245$c=~x"] = true, ["245$c='~x'"] = true, ["245$a=~'&& b'"] = true, ["650$a=~[[:upper:]]oats"] = true,
      ["650$a=~[]+)[:lower:]{99]+$"] = true, ["650$a=~^(S|B)(o|h)+[^x]{2,4}$"] = true, ["650$a=~^.{0,4}$"] = false }
  end)

  it("takes any text in quotes, and most without", function()
    check { ["245$a='The Größe / a && b || c'"] = true, ['245$a="The Größe / a && b || c"'] = true, ["245$a~a && 650"] = true,
      ["245$b='''tis \"it\"'"] = true, ["245$b=\"'tis \"\"it\"\"\""] = true, ["245$b~it\""] = true, ["245$b~tis \"it\""] = true,
      ["245$a~' '"] = true, ["856$u=http://x/a.jpg"] = true, ["650$a='Ships' && 001"] = true }
  end)

  it("joins with && before ||", function()
    check { ["245 && 650"] = true, ["245 && 246"] = false, ["246 || 245"] = true, ["246 && 245 || 001"] = true,
      ["001 || 246 && 247"] = true,
      ["246 && 001 || 247"] = false, ["246||245"] = true, ["650$a=Ships&&001=991234"] = true, ["246 || 247 || 001"] = true }
  end)

  it("is refused with the position and what was expected", function()
    for _, case in ipairs {
      { "", 1, "a tag" }, { "   ", 4, "a tag" }, { "24", 3, "a tag" }, { "245$", 5, "subfield code" },
      { "245$a=", 7, "a text ('' for the empty one)" },
      { "245$a= && 1", 8, "a text" }, { "245$a x", 7, "=, !=, ~, !~, =~, &&, || or the end" }, { "245$ax", 6, "or [, /, {, $" },
      { "245 and 246", 5, "&&" },
      { "245 &&", 7, "a tag" }, { "245 & 246", 5, "&&" }, { "245$a='x", 9, "a closing '" }, { "245$a=\"x'", 10, "a closing \"" },
      { "245$a='x'y", 10, "&& or ||" }, { "!245$a=x", 7, "&&, || or the end" }, { "! 245", 2, "a tag" },
      { "245 && 650[x]", 12, "a number or #" },
      { "245$a=~(", 8, "not a regular expression" }, { "245$a=~(a{99}){99}", 8, "too long when" },
      { "245$a=~a{9000}", 8, "too long when" },
      { "245$a=~a++", 8, "a repeat of a repeat" }, { "245$a=~((((a+)+)+)?)", 8, "3 repeats in each other" },
      { "245$a=~" .. ("("):rep(21) .. (")"):rep(21), 8, "20 groups" }, { "245$a=~(.)\\1", 8, "references back" },
      { "245$a=~'a\0b'", 8, "a byte 0" },
    } do
      local condition, message, code = core.marc.where(case[1])
      assert.same({ nil, "parse" }, { condition, code }, case[1])
      assert.truthy(message:find(case[3], 1, true), message)
      assert.truthy(message:find(("at position %d%%f[^%%d]"):format(case[2])), message)
    end
  end)

  it("has limits", function()
    local _, message = core.marc.where("245$a=" .. ("x"):rep(4000))
    assert.equal("condition is longer than 4000 bytes", message)
    assert.is_true(assert(core.marc.where("245" .. (" && 245"):rep(63))):test(book))
    _, message = core.marc.where("245" .. (" && 245"):rep(64))
    assert.truthy(message:find("more than 64 conditions", 1, true), message)
  end)

  it("raises when it is used wrongly", function()
    local condition <close> = assert(core.marc.where "245")
    assert.has_error(function() condition:test() end)
    assert.has_error(function() condition:test "245" end)
    condition:close()
    assert.has_error(function() condition:test(book) end)
    assert.has_error(function() return core.marc.where() end)
  end)
end)
