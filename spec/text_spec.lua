local core = require "almanac.core"
local text, hash = core.text, core.hash

local NFD, NFC = "Caf\u{65}\u{301} \u{4f}\u{308}", "Caf\u{e9} \u{d6}"

-- Strings made of awkward pieces, the same ones at every run.
local function awkward(count, pieces)
  local state, list = 12345, {}
  local function draw(most)
    state = (state * 1103515245 + 12345) % (1 << 31)
    return (state >> 8) % most + 1
  end
  for i = 1, count do
    local parts = {}
    for j = 1, draw(8) - 1 do parts[j] = pieces[draw(#pieces)] end
    list[i] = table.concat(parts)
  end
  return list
end

local PIECES = { "a", "B", "0", "1", "9", "00", "10", "\u{e9}", "e\u{301}", "\u{df}", "\u{345}", "\u{3b1}", "\u{130}",
  "\u{1f80}", "\u{ac00}", "\xe9", "\xff", "\0", "\1", " ", "_", "~" }

describe("text.nfc", function()
  it("composes what macOS takes apart", function()
    assert.equal(NFC, text.nfc(NFD))
    assert.equal(NFC, text.nfc(NFC))
    assert.equal("\u{ac00}", text.nfc "\u{1100}\u{1161}")
  end)

  it("puts marks into their order", function()
    assert.equal(text.nfc "a\u{323}\u{302}", text.nfc "a\u{302}\u{323}")
  end)

  it("passes bytes that are not UTF-8 through, each by itself", function()
    assert.equal("\xe9\u{e9}\xff\xc3" .. NFC .. "\xed\xa0\x80",
      text.nfc("\xe9e\u{301}\xff\xc3" .. NFD .. "\xed\xa0\x80"))
    assert.equal("a\0b", text.nfc "a\0b")
    assert.equal("", text.nfc "")
  end)
end)

describe("text.fold", function()
  it("makes case and form of no account", function()
    assert.equal(text.fold "STRASSE", text.fold "Stra\u{df}e")
    assert.equal(text.fold(NFC), text.fold(NFD:upper()))
    assert.equal(text.fold "\u{3a3}\u{3b1}\u{3c2}", text.fold "\u{3c3}\u{391}\u{3c3}")
    assert.equal("grinnell_16037_obj.jpg", text.fold "Grinnell_16037_OBJ.JPG")
  end)

  it("keeps accents, ligatures of compatibility and width apart", function()
    assert.not_equal(text.fold "e", text.fold "\u{e9}")
    assert.not_equal(text.fold "a", text.fold "\u{ff41}")
    assert.not_equal(text.fold "2", text.fold "\u{b2}")
  end)

  it("composes before it folds, so that the order of marks does not matter", function()
    assert.equal(text.fold "\u{3b1}\u{345}\u{301}", text.fold "\u{3b1}\u{301}\u{345}")
  end)

  it("changes nothing the second time, for every character and for mixtures", function()
    for point = 0, 0x10ffff do
      if point < 0xd800 or point > 0xdfff then
        local once = text.fold(utf8.char(point))
        if text.fold(once) ~= once then error(("U+%04X"):format(point)) end
      end
    end
    for _, s in ipairs(awkward(5000, PIECES)) do
      local once = text.fold(s)
      assert.equal(once, text.fold(once))
    end
  end)

  it("passes bytes that are not UTF-8 through", function()
    assert.equal("\xc9a\xff\u{e9}", text.fold "\xc9A\xff\u{c9}")
  end)
end)

describe("text.valid", function()
  it("knows UTF-8 from what is none", function()
    for _, good in ipairs { "", "a\0b", NFC, NFD, "\u{ffff}", "\u{10ffff}" } do assert.is_true(text.valid(good)) end
    for _, bad in ipairs { "\xe9", "a\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80" } do
      assert.is_false(text.valid(bad))
    end
  end)
end)

describe("text.natural", function()
  local function sorted(list)
    local keys, copy = {}, {}
    for i, s in ipairs(list) do copy[i], keys[s] = s, text.natural(s) end
    table.sort(copy, function(a, b) return keys[a] < keys[b] end)
    return copy
  end

  it("counts runs of digits by their value", function()
    local pages = { "page", "page1", "page2", "page10", "page10a", "page11", "page100", "pagea" }
    assert.same(pages, sorted { "page10", "page100", "pagea", "page2", "page", "page11", "page1", "page10a" })
    assert.same({ "1-9-2", "1-10-1", "2-1-1" }, sorted { "2-1-1", "1-10-1", "1-9-2" })
  end)

  it("has no largest number", function()
    local small, large = "a" .. ("9"):rep(400), "a1" .. ("0"):rep(400)
    assert.is_true(text.natural(small) < text.natural(large))
    assert.is_true(text.natural(large) < text.natural(large .. "0"))
    assert.is_true(text.natural "a9007199254740993" > text.natural "a9007199254740992")
  end)

  it("is stable over leading zeros: fewer come first", function()
    assert.same({ "a0", "a00", "a1", "a01", "a001", "a1b", "a2" },
      sorted { "a2", "a001", "a1b", "a01", "a00", "a1", "a0" })
    assert.same({ "1.01", "01.1", "01.01" }, sorted { "01.01", "01.1", "1.01" })
  end)

  it("goes by the letter first, by its case last", function()
    assert.same({ "A1", "a1", "B1", "b1", "b2" }, sorted { "b2", "b1", "B1", "a1", "A1" })
    assert.same({ "\u{c9}1", "\u{e9}1", "\u{c9}2" }, sorted { "\u{c9}2", "\u{e9}1", "\u{c9}1" })
  end)

  it("puts a text before what it begins, whatever bytes follow", function()
    for _, tail in ipairs { "\0", "\1", " ", "0", "00", "a", "\xff" } do
      assert.is_true(text.natural "x" < text.natural("x" .. tail))
      assert.is_true(text.natural "x1" < text.natural("x1" .. tail))
    end
  end)

  it("gives different keys to different texts, and numbers their order", function()
    local seen = {}
    for _, s in ipairs(awkward(20000, PIECES)) do
      local key = text.natural(s)
      assert.is_true(seen[key] == nil or seen[key] == s)
      seen[key] = s
    end
    for a = 0, 120 do
      assert.is_true(text.natural("n" .. a .. ".x") < text.natural("n" .. a + 1 .. ".a"))
    end
  end)
end)

describe("base64 and hex", function()
  it("follow RFC 4648's own examples", function()
    local plain = { "", "f", "fo", "foo", "foob", "fooba", "foobar" }
    local coded = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" }
    for i, s in ipairs(plain) do
      assert.equal(coded[i], text.base64(s))
      assert.equal(s, text.unbase64(coded[i]))
      assert.equal(s, text.unbase64((coded[i]:gsub("=", ""))))
    end
  end)

  it("give every byte back", function()
    for count = 0, 300 do
      local bytes = hash.random(count)
      assert.equal(bytes, text.unbase64(text.base64(bytes)))
      assert.equal(bytes, (text.hex(bytes):gsub("..", function(two) return string.char(tonumber(two, 16)) end)))
    end
    assert.equal("00ff0a", text.hex "\0\xff\n")
  end)

  it("read base64 broken over lines", function()
    assert.equal("foobar", text.unbase64 " Zm9v\r\n\tYmFy\n")
  end)

  it("refuse what is not base64", function()
    for _, bad in ipairs { "Z", "Zg=", "Zg===", "Zg==Zg==", "=", "====", "Zm9v-", "Zh==", "Zm9=", "Zm9v\0" } do
      local bytes, message, code = text.unbase64(bad)
      assert.same({ nil, "not base64", "parse" }, { bytes, message, code })
    end
  end)

  it("raise for what is no string", function()
    for _, name in ipairs { "nfc", "fold", "valid", "natural", "base64", "unbase64", "hex" } do
      assert.has_error(function() text[name](nil) end)
      assert.has_error(function() text[name] {} end)
    end
  end)
end)
