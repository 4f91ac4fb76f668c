-- What of a recipe's text is code.
local codes = require "almanac.recipe.code"

describe("the code of a recipe", function()
  local function same(one, other)
    assert.is_string(codes.sha256(one), one)
    assert.equal(codes.sha256(one), codes.sha256(other), one .. "\n" .. other)
  end

  it("is the same with other comments and blanks", function()
    same("return { a = 1 }", "-- almanac-recipe: 1\nreturn{a=1--[[x]]}-- end")
    same("return { a = 1 }", "\xEF\xBB\xBFreturn\t{\r\n a = 1 --[==[ ]] \n --]==] }\n--")
    same("return 'a' .. b", "return 'a'--[[\n]]..b")
    same("a = x - -1", "a=x- -1 --[x\n--[=x")
    same("a = '--[[' .. [[--]]", "a\n=\n'--[['\n..\n[[--]]")
  end)

  it("is another with another token, string or order", function()
    local texts = { "return ab", "return a b", "return 'a b'", "return 'a  b'", 'return "a b"', "return [[a b]]", "return [=[a b]=]",
      "return '--a b'", "return a-b", "return a--b", "return b-a", "return 1 ..2", "return 1.2", "return 0x12", "return 1e2",
      "return 1e-2", "return 'a\\z  b'", "return 'a\\\nb'", "return 'a\\nb'", "return a//b", "return a/b", "return {a,b}",
      "return {a;b}", "return '\\'--'",
      "return a[b]", "return a.b", "return a:b()", "return a<<b", "return a<b", "return -- a b" }
    local seen = {}
    for _, text in ipairs(texts) do
      local hash = assert.is_string(codes.sha256(text), text) and codes.sha256(text)
      assert.is_nil(seen[hash], text .. "\n" .. (seen[hash] or ""))
      seen[hash] = text
    end
  end)

  it("is read as Lua reads it", function()
    assert.same({ "return", [['a\'--"']], "..", [["\z
      b"]], "..", "[==[\n]]--]==]", "...", "..", ".5", "//", "0xA.8p1", "~=", "::", "x", "::" }, codes.tokens([===[
      return'a\'--"'--[=[ ] ]] ]=].."\z
      b"..]===] .. "[==[\n]]--]==].....  .5//0xA.8p1~=::x::"))
  end)

  it("is none where no Lua can be read", function()
    for _, text in ipairs { "a = 'x", "a = \"x\n\"", "a = [[x", "--[[ x", "a = 'x\\", "a = $", "a = `b`", "a \0 b", "ä = 1",
      "a ! b", "x = \1" } do
      assert.is_nil(codes.sha256(text), text)
    end
  end)
end)
