-- MARCspec: what its published text says (0.16), and where almanac goes further.
local core = require "almanac.core"
local new = require "support.marc_record"

local book = new {
  leader = "00000cam a2200000 i 4500",
  { "001", "991234" },
  { "007", "vf |||" }, { "007", "cr |||" },
  { "008", "850423s1985    gw            000 0 ger d" },
  { "020", "  ", "a", "0394170660", "q", "Random House", "q", "paperback", "c", "$4.95" },
  { "020", "  ", "a", "0394502884", "q", "Random House", "q", "hardcover", "c", "$12.50" },
  { "020", "  ", "z", "0491001304" },
  { "100", "1 ", "6", "880-01", "a", "Zilbershtain, Yitshak ben David Yosef." },
  { "245", "14", "a", "The Größe /", "b", "ünd", "c", "me", "a", "again/" },
  { "300", "  ", "a", "first" }, { "300", "  ", "a", "second", "a", "2nd" }, { "300", "  ", "a", "third" },
  { "800", "11", "a", "Poe, Edgar Allan" }, { "800", "12", "a", "Poe, again" },
  { "856", "40", "u", "http://x/a.jpg", "z", "one" }, { "856", "4 ", "u", "http://x/b.tif" },
  { "880", "1 ", "6", "100-01/(2/r", "a", "יצחק יוסף בן דוד.", "_", "line", "$", "dollar" },
}

local function all(spec) return book:all(spec) end

describe("a MARCspec", function()
  it("names fields by tag, the leader, and any character by a dot", function()
    assert.same({ book:leader() }, all "LDR")
    assert.same({ "991234", "vf |||", "cr |||", "850423s1985    gw            000 0 ger d" }, all "00.")
    assert.same({ "first", "second 2nd", "third" }, all "300")
    assert.same({ "first", "second 2nd", "third", "Poe, Edgar Allan", "Poe, again" }, { table.unpack(all "..0", 5, 9) })
    assert.same({}, all "999")
    assert.same({}, all "ldr")
  end)

  it("gives a data field as its subfields' texts with a blank between", function()
    assert.equal("The Größe / ünd me again/", book:get "245")
    assert.equal("ünd", new { { "245", "  ", "b", "ünd" } }:get "245")
    assert.equal("a ", new { { "245", "  ", "a", "a", "b", "" } }:get "245")
  end)

  it("counts fields from 0, or from the last one", function()
    assert.same({ "first" }, all "300[0]")
    assert.same({ "second 2nd" }, all "300[1]")
    assert.same({ "first", "second 2nd", "third" }, all "300[0-2]")
    assert.same({ "second 2nd", "third" }, all "300[1-#]")
    assert.same({ "third" }, all "300[#]")
    assert.same({ "third" }, all "300[#-0]")
    assert.same({ "third" }, all "300[#-#]")
    assert.same({ "second 2nd", "third" }, all "300[#-1]")
    assert.same({ "first", "second 2nd", "third" }, all "300[#-9]")
    assert.same({}, all "300[3]")
    assert.same({ "991234" }, all "00.[0]")
    assert.same({ book:get "LDR" }, all "LDR[0]")
    assert.same({}, all "LDR[1]")
  end)

  it("counts subfields with one code in each field", function()
    assert.same({ "second" }, all "300[1]$a[0]")
    assert.same({ "first", "second", "third" }, all "300$a[0]")
    assert.same({ "first", "2nd", "third" }, all "300$a[#]")
    assert.same({ "2nd" }, all "300$a[1]")
    assert.same({ "first", "second", "2nd", "third" }, all "300$a[#-1]")
    assert.same({ "The Größe /", "ünd", "me" }, all "245$a-c[0]")
  end)

  it("gives subfields in the record's order, each once", function()
    assert.same({ "The Größe /", "ünd", "me", "again/" }, all "245$a$b$c")
    assert.same(all "245$a$b$c", all "245$a-c")
    assert.same(all "245$a$b$c", all "245$c$a-c$b$a")
    assert.same({ "line", "dollar" }, all "...$_$$")
    assert.same({}, all "245$z")
    assert.same({}, all "008$a")
    assert.same({}, all "LDR$a")
  end)

  it("cuts out characters, not bytes", function()
    assert.equal("a", book:get "LDR/6")
    assert.equal("4500", book:get "LDR/20-#")
    assert.equal("cr |||", book:get "007[1]/0-99")
    assert.equal("r |||", book:get "007[#]/1-#")
    assert.equal("|", book:get "007/#")
    assert.same({ "v", "c" }, all "007/0")
    assert.equal("ger", book:get "008/35-37")
    assert.equal("Größe", book:get "245$a/4-8")
    assert.same({ " /", "n/" }, { table.unpack(all "245$a/#-1") })
    assert.equal("ד.", book:get "880$a/#-1")
    assert.same({}, all "245$b/3")
    assert.equal("nd", book:get "245$b/1-2")
    assert.equal("The", book:get "245/0-2")
    assert.equal("a", book:get "LDR/06")
  end)

  it("gives indicators", function()
    assert.same({ "1" }, all "245^1")
    assert.same({ "1", "2" }, all "800^2")
    assert.same({ "2" }, all "800[1]^2")
    assert.same({}, all "008^1")
    assert.same({}, all "LDR^1")
  end)

  it("says what exists as the published tests do", function()
    for _, spec in ipairs { "...", "..0", ".00", "1.0", "20.", "2..", "300", "LDR", "ABC", "..C", ".BC", "A.C", "A..", "a00",
      "aa0", "abc", "..c", ".bc", "a..", ".../#", ".../10", ".../0-#", ".../#-#", ".../#-0", "...[100]", "...[#-1]/0-1", "...^2",
      "...[0-#]^1", "...$a-z", "...$0-9", "...$a-z$0-9", "...{245$a}{?$a}", "...{$a|$b}{$c|$d}", "...[1]{/#=\\/}",
      "...$a{$a!~\\Poe}$b{!$a}", "...{$a~\\test\\$}", "...{$a~\\test\\{}", "...{$a~\\test\\}}", "...{$a~\\test\\!}",
      "...{$a~\\test\\=}", "...{$a~\\test\\~}", "...{$a~\\test\\?}", "...{$a~\\tes\\st\\|}", "...{$a=\\=test}" } do
      assert.same({ true }, { core.marc.spec(spec) }, spec)
    end
    for sign in ("az09!#$%&'()*+,-./:;<=>?[\\]^_`{}~"):gmatch "." do
      assert.same({ true }, { core.marc.spec("...$" .. sign) }, sign)
    end
  end)
end)

describe("sub-specs", function()
  it("filter by what the record has", function()
    assert.same({ "   " }, all "008/18-20{LDR/6=\\a}")
    assert.same({}, all "008/18-20{LDR/6=\\t}")
    assert.same({ "ünd" }, all "245$b{007/0=\\a|007/0=\\c}")
    assert.same({}, all "245$b{007/0=\\a|007/0=\\t}")
    assert.same({ "ger" }, all "008/35-37{LDR/6=\\a}{LDR/7=\\a|LDR/7=\\c|LDR/7=\\d|LDR/7=\\m}")
    assert.same({}, all "008/35-37{LDR/6=\\t}{LDR/7=\\m}")
    assert.same({ "יצחק יוסף בן דוד." }, all "880$a{100$6~$6/3-5}{100$6~\\880}")
  end)

  it("look into the field at hand when they name its tag or none", function()
    assert.same({ "0394170660", "0394502884" }, all "020$a{$c}")
    assert.same({ "0394170660", "0394502884" }, all "020$a{?020$c}")
    assert.same({ "0394170660", "0394502884" }, all "020$a{020$a?020$c}")
    assert.same({ "$4.95" }, all "020$c{$q=\\paperback}")
    assert.same({ "0491001304" }, all "020$z{!$a}")
    assert.same({ "0491001304" }, all "020$z{020$z!020$a}")
    assert.same({ "http://x/a.jpg" }, all "856$u{$z}")
    assert.same({ "second 2nd" }, all "300{$a=\\2nd}")
  end)

  it("look into the record when they have an index", function()
    assert.same({ "0491001304" }, all "020$z{020[0]$a}")
    assert.same({ "Poe, Edgar Allan" }, all "800[0]{800[0]$a~\\Poe}{800[0]^2=\\1}")
    assert.same({ "Poe, again" }, all "800[1]{[0]^2=\\1}")
    assert.same({}, all "800[1]{[1]^2=\\1}")
    assert.same({ "|" }, all "007[1]/3{[0]/0=\\v}")
    assert.same({ "first", "second 2nd", "third" }, all "300{[2]$a=\\third}")
  end)

  it("mean the very value with its own code or without one", function()
    assert.same({ "The Größe /", "again/" }, all "245$a{/#=\\/}")
    assert.same({ "The Größe /" }, all "245$a{/0-2=\\The}")
    assert.same({ "The Größe /" }, all "245$a{245$a/0-2=\\The}")
    assert.same({ "again/" }, all "245$a{~\\again}")
    assert.same({ "again/" }, all "245$a{$a~\\again}")
    assert.same({ "The Größe /", "again/" }, all "245$a{[1]~\\again}")
    assert.same({ "The" }, all "245$a/0-2{=\\The}")
    assert.same({ "|" }, all "007[0]/3{/0=\\v}")
    assert.same({ "1" }, all "800^2{=\\1}")
    assert.same({ "2" }, all "800^2{^2!=\\1}")
  end)

  it("compare with the six operators", function()
    local record = new { { "100", "  ", "a", "x y", "b", "y", "c", "x y", "d", "" } }
    local function holds(condition) return record:get("100$d{" .. condition .. "}") == "" end
    for condition, expected in pairs {
      ["$a=$c"] = true, ["$a=$b"] = false, ["$a!=$b"] = true, ["$a!=$c"] = false, ["$a~$b"] = true, ["$b~$a"] = false,
      ["$b!~$a"] = true, ["$a!~$b"] = false, ["$a~$d"] = true, ["$a"] = true, ["$z"] = false, ["!$z"] = true, ["!$a"] = false,
      ["?$a"] = true, ["$a?$b"] = true, ["$a!$z"] = true, ["$z!$y"] = false, ["$z=\\x"] = false, ["$z!=\\x"] = false,
      ["$z!~\\x"] = false, ["$a=$z"] = false, ["$a!=$z"] = true, ["$a!~$z"] = true, ["$a=\\x\\sy"] = true, ["\\x=\\x"] = true,
      ["\\y~$a|\\y=$b"] = true, ["$d=\\"] = true,
    } do assert.equal(expected, holds(condition), condition) end
  end)

  it("compare all values of one side with all of the other", function()
    local record = new { { "100", "  ", "a", "1", "a", "2", "b", "2", "b", "3" }, { "245", "  ", "a", "x" } }
    assert.equal("x", record:get "245{100$a=100$b}")
    assert.is_nil(record:get "245{100$a!=100$b}")
    assert.is_nil(record:get "245{100$a!~100$b}")
    assert.equal("x", record:get "245{100~\\2\\s2}")
    assert.equal("x", record:get "245{100~\\1\\s2}{100=100}")
  end)

  it("take text with escapes, and letters beyond ASCII without", function()
    local record = new { { "100", "  ", "a", "${}!=~?| \\sé", "b", "b" } }
    assert.equal("b", record:get [[100$b{$a=\\$\{\}\!\=\~\?\|\s\\sé}]])
    assert.equal("b", record:get [[100$b{$a~\=\~}]])
    assert.equal("b", record:get [[100$b{$a~\\[\]|$a~\é}]])
  end)

  it("test each subfield by its own, or the field before its subfields", function()
    assert.same({ "http://x/a.jpg", "one" }, all "856$u{~\\jpg}$z")
    assert.same({ "http://x/a.jpg", "one" }, all "856{$z}$u$z")
    assert.same({ "http://x/a.jpg", "one", "http://x/b.tif" }, all "856$u$z{^2=\\0}")
    assert.same({ "4" }, all "856{$z}^1")
    assert.same({ "vf |||" }, all "007{/0=\\v}")
  end)
end)

describe("short and older forms of indicators", function()
  it("stand for a sub-spec of the field", function()
    assert.same({ "http://x/a.jpg", "http://x/b.tif" }, all "856[indicator1=4]$u")
    assert.same({ "http://x/a.jpg" }, all "856[indicator1=4][indicator2=0]$u")
    assert.same({ "http://x/b.tif" }, all "856[indicator2=_]$u")
    assert.same({ "http://x/b.tif" }, all "856[indicator2=#]$u")
    assert.same({ "http://x/b.tif" }, all "856[1][indicator1=4]$u")
    assert.same({}, all "856[1][indicator2=0]$u")
    assert.same({ "Poe, again" }, all "800[indicator2=2]")
    assert.same({ "Poe, again" }, all "800$a{^2=2}")
  end)

  it("take the order of version 0.14, where _ is any", function()
    assert.same({ "http://x/a.jpg", "http://x/b.tif" }, all "856_4$u")
    assert.same({ "http://x/a.jpg", "http://x/b.tif" }, all "856_4_$u")
    assert.same({ "http://x/a.jpg" }, all "856_40$u")
    assert.same({ "http://x/a.jpg" }, all "856__0$u")
    assert.same({ "Poe, again" }, all "800[0-1]_12")
  end)
end)

describe("an expression that is none", function()
  -- expression, position from 1, what was expected there
  local wrong = {
    { "", 1, "a tag" }, { "24", 3, "a tag" }, { "24#", 3, "a tag" }, { "?00", 1, "a tag" }, { " 45", 1, "a tag" },
    { "abC", 3, "all small or all capital" }, { "a.C", 3, "all small or all capital" }, { "Ab0", 2, "all small or all capital" },
    { "....", 4, "the end" },
    { "ABCD", 4, "the end" },
    { "ABCd$a", 4, "all small or all capital" }, { "1BCD", 4, "the end" }, { "24 ", 3, "a tag" }, { "245 $a", 4, "the end" },
    { "ä45", 1, "a tag" }, { "245ä", 4, "the end or [, {, $, ^, / at position 4, not ä" }, { "245\0", 4, "byte 0x00" },
    { "245[]", 5, "a number or #" }, { "245[1- 2]", 7, "a number or # at position 7, not a blank" }, { "245[1-2-]", 8, "]" },
    { "245[-2]", 5, "a number or #" }, { "245[1-X]", 7, "a number or #" }, { "245[#-]", 7, "a number or #" },
    { "245[2-1]", 7, "runs backwards" }, { "245[?]", 5, "a number or #" }, { "245[1", 6, "]" }, { "245[1][2]", 8, "indicator1=" },
    { "245[1000000]", 11, "below 1000000" },
    { "245/", 5, "a number or #" }, { "245/1- 2", 7, "a number or #" }, { "245/1-2-", 8, "the end or {" }, { "245/2-1", 7, "backwards" },
    { "245/0$a", 6, "the end or {" }, { "245/0^1", 6, "the end or {" }, { "LDR/0[1]", 6, "the end or {" },
    { "245$", 5, "a subfield code" }, { "245$ a", 5, "a subfield code" }, { "245$A", 5, "a subfield code" },
    { "245$|", 5, "a subfield code" }, { "245$ß", 5, "a subfield code" }, { "245$a-9", 7, "a small letter" },
    { "245$0-a", 7, "a digit" }, { "245$1-0", 7, "runs backwards" }, { "245$z-a", 7, "runs backwards" },
    { "245$A-Z", 5, "a subfield code" },
    { "245$10", 6, "the end or [, /, {, $" }, { "245$a[0]x", 9, "the end or /, {, $" }, { "245$a/0x", 8, "the end or {, $" },
    { "245$a^1", 6, "the end or [, /, {, $" }, { "245$a{$b}/0", 10, "the end or {, $" },
    { "245^", 5, "1 or 2" }, { "245^3", 5, "1 or 2" }, { "245^12", 6, "the end or {" }, { "245^1$a", 6, "the end or {" },
    { "245{", 5, "a tag, [, /, $, ^ or \\text" }, { "245{}", 5, "a tag" }, { "245{$a", 7, "an operator, | or }" },
    { "245{$a=}", 8, "a tag" },
    { "245{$a|}", 8, "a tag" }, { "245{$a=$b=$c}", 10, "| or }" }, { "245{$a$b}", 7, "an operator" }, { "245{24}", 7, "a tag" },
    { "245{$a{$b}}", 7, "can't be in a sub-spec" }, { "245{$a=\\te st}", 11, "\\s for a blank" },
    { "245{$a=\\te?}", 11, "a backslash before it" },
    { "245{$a=\\x", 10, "| or }" }, { "245{$a=\\x\\", 11, "a character behind the backslash" }, { "245{$a=\\a$}", 10, "a backslash" },
    { "245{$a=\\äöü?}", 12, "a backslash" }, { "245{$a}}", 8, "the end or {, $, ^, /" },
    { "245/0-7{^1}", 9, "no indicators" }, { "245^2{/0=\\1}", 7, "no character positions" },
    { "245[indicator]", 14, "1 or 2" }, { "245[indicator3=1]", 14, "1 or 2" }, { "245[indicator1]", 15, "=" },
    { "245[indicator1=]", 16, "value" },
    { "245[indicator1=10]", 17, "]" }, { "245[ind1=1]", 8, "indicator1=" }, { "245[indicator1=4][0]", 19, "behind the tag" },
    { "245_", 5, "an indicator or _" }, { "245_$a", 5, "an indicator or _" }, { "245_100", 7, "the end" },
  }

  for _, case in ipairs(wrong) do
    it(("%q says position %d"):format(case[1], case[2]), function()
      local valid, message, code = core.marc.spec(case[1])
      assert.same({ nil, "parse" }, { valid, code })
      assert.truthy(message:find(case[3], 1, true), message)
      assert.truthy(message:find(("at position %d%%f[^%%d]"):format(case[2])), message)
      assert.is_nil(message:find "[\n%z]")
    end)
  end

  it("has a limit, and is shown short", function()
    local _, message = core.marc.spec("245$a" .. ("$b"):rep(600))
    assert.equal("MARCspec is longer than 1000 bytes", message)
    _, message = core.marc.spec("245{$a=\\" .. ("ü"):rep(400))
    assert.truthy(#message < 250 and utf8.len(message), message)
    assert.truthy(message:find("position 409", 1, true), message)
    assert.is_true(core.marc.spec("245" .. ("{$a}"):rep(249)))
  end)

  it("raises where a record is asked, naming function and argument", function()
    for _, method in ipairs { "get", "all", "remove" } do
      local _, message = pcall(book[method], book, "245$")
      local where = method == "remove" and "record:remove: MARCspec" or "bad argument #"
      assert.truthy(message:find(where, 1, true), message)
      assert.truthy(message:find("position 5", 1, true), message)
    end
    assert.has_error(function() return book:get() end)
    assert.has_error(function() return book.get({}, "245") end)
  end)
end)

describe("compiled expressions", function()
  it("are forgotten when there are many, and compiled again", function()
    for i = 1, 1000 do
      assert.equal("first", book:get(("300$a{300[%d]$z|300$a}"):format(i)))
      assert.equal("me", book:get "245$c")
    end
  end)

  it("serve a finalizer that asks in the midst of a walk", function()
    local records, found = {}, 0
    for i = 1, 50 do records[i] = { "500", "  ", "a", ("x"):rep(100) .. i, "b", "y" } end
    local long = new(records)
    local meta = { __gc = function() found = found + #long:all "500" + #book:all "500" end }
    for _ = 1, 200 do
      setmetatable({}, meta)
      local list = long:all "500"
      assert.equal(50, #list)
      assert.equal(("x"):rep(100) .. "50 y", list[50])
    end
    collectgarbage()
    assert.is_true(found > 0)
  end)

  it("know plain ones and others alike", function()
    for _, spec in ipairs { "001", "245", "245$a", "245$z", "020$z", "999$a", "008$a", "880$_" } do
      assert.equal(book:all(spec)[1], book:get(spec), spec)
      assert.equal(book:get(spec:gsub("^...", "%0[0-#]")), book:get(spec), spec)
    end
  end)
end)

describe("a giant record", function()
  local record, many = new { { "245", "  ", "a", "x" } }, { "650", "  " }
  for i = 1, 100 do
    for _, part in ipairs { "a", "a" .. i, "b", "b" .. i } do many[#many + 1] = part end
  end
  for _ = 1, 60 do assert(record:add(table.unpack(many))) end

  it("is answered when every value is compared with every other", function()
    assert.same({ "x" }, record:all "245$a{650[0]$a!=650$b[0]}")
    assert.equal(6000, #record:all "650$a{$a!=$b[#]}")
  end)

  it("ends a walk that would take too long, with an error", function()
    local fine, message = pcall(record.all, record, "245$a{650$a=650$b}")
    assert.is_false(fine)
    assert.truthy(message:find("too many fields and subfields", 1, true), message)
    assert.equal("limit", (select(3, record:set("245$a{650$a=650$b}", "y"))))
    assert.has_error(function() core.marc.where "245{650$a=650$b}":test(record) end)
    assert.equal("x", record:get "245$a")
  end)
end)
