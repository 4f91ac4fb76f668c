-- Charsets that records are in, say that they are in, and are said to be in.
local core = require "almanac.core"
local made = require "support.marc_made"
local program = require "support.program"

local MARC8, UTF8 = "00000nam  2200000 i 4500", "00000nam a2200000 i 4500"
local UNIMARC = "00000nam0 2200000   450 "
local CASES = "../shared/cases/marc/"

local function book(text, leader)
  return made.iso2709 { leader = leader or MARC8, { "001", "1" }, { "245", "10", "a", text } }
end

-- 100 $a of UNIMARC with the codes of its sets.
local function unimarc(codes, text)
  return made.iso2709 { leader = UNIMARC, { "001", "1" },
    { "100", "  ", "a", "20140730d2014    ||||0itac" .. codes .. "    ba" }, { "200", "1 ", "a", text } }
end

local function read(bytes, options)
  local reader <close> = assert(core.marc.parse(bytes, options))
  return assert(reader:next())
end

local function title(text, leader, options) return read(book(text, leader), options):get "245$a" end

local function composed(record, spec) return core.text.nfc(record:get(spec)) end

local function said(record)
  local list = {}
  for i, problem in ipairs(record:problems()) do list[i] = problem.message end
  return table.concat(list, "\n")
end

describe("a character reference in MARC-8", function()
  it("is the character", function()
    assert.equal("中 🗺 A & é", title "&#x4E2D; &#x1f5fa; &#65; &#X26; &#x00E9;")
    assert.equal("a", read(book "&#x4E2D;"):leader():sub(10, 10))
    assert.equal("é中", core.text.nfc(title "\xe2e&#x4E2D;"))
    assert.equal("е\u{301}", title "\xe2&#x435;")
  end)

  it("stays text where it is none", function()
    for _, text in ipairs { "R&D", "&#x;", "&#;", "&#x4E2D", "&#xD800;", "&#x1F;", "&#x110000;", "&#x8D;", "&#4E2D;", "&amp;", "&" } do
      assert.equal(text, title(text))
      assert.equal(text .. " é", core.text.nfc(title(text .. " \xe2e")))
    end
  end)

  it("stays text in UTF-8 and in UNIMARC", function()
    assert.equal("&#x4E2D;", title("&#x4E2D;", UTF8))
    assert.equal("&#x4E2D; é", title "&#x4E2D; é")
    assert.equal("&#x4E2D;", read(unimarc("50  ", "&#x4E2D;")):get "200$a")
    assert.equal("&#x4E2D;", title("&#x4E2D;", MARC8, { charset = "utf-8" }))
    assert.equal("中", title("&#x4E2D;", UTF8, { charset = "marc-8" }))
  end)
end)

describe("MARC-8 that says UTF-8", function()
  it("is read as MARC-8, and said", function()
    for text, right in pairs { ["L'\xe2ecole fran\xf0caise"] = "L'école française", ["Tami\xf6l"] = "Tamil\u{332}",
      ["S\xb2ren"] = "Søren", ["\xebi\xecuri\xe6i"] = "i\u{361}uriĭ", ["K\xe5oz\xe5o"] = "Kōzō", ["\x1b(Nab\x1b(B"] = "АБ" } do
      local record = read(book(text, UTF8))
      assert.equal(core.text.nfc(right), composed(record, "245$a"))
      assert.equal("leader/09 says UTF-8, the text is MARC-8", said(record))
    end
  end)

  it("is UTF-8 where a character of it is", function()
    assert.equal("é \u{fffd}e", title("é \xe2e", UTF8))
  end)

  it("is UTF-8 where marks stand as in no MARC-8", function()
    for _, text in ipairs { "caf\xe9", "M\xfcller", "p\xe5 svenska", "\xc3 x" } do
      local record = read(book(text, UTF8))
      assert.matches("\u{fffd}", record:get "245$a")
      assert.matches("is no UTF%-8 character", said(record))
    end
  end)
end)

describe("another charset", function()
  local SWEDISH = "M\xfcller, Jos\xe9: ber\xe4ttelser p\xe5 svenska. G\xf6teborg"

  it("is said where the text is hardly MARC-8", function()
    assert.matches("^the text is hardly MARC%-8: its charset has to be named, perhaps windows%-1252\n", said(read(book(SWEDISH))))
    local russian = "\xc2\xee\xe9\xed\xe0 \xe8 \xec\xe8\xf0"
    assert.matches("hardly MARC%-8: its charset has to be named, perhaps windows%-1251\n", said(read(book(russian))))
    assert.matches("hardly UTF%-8: its charset has to be named, perhaps windows%-1251\n", said(read(book(russian, UTF8))))
  end)

  it("is not seen in MARC-8 of many languages", function()
    for _, text in ipairs { "Dvo\xe9r\xe2ak, Anton\xe2in", "Ti\xe3\xe2eng Vi\xf2\xe3et", "K\xf6h\xf6ut\xf3b\xe5at", "S\xf2aha\xf2h",
      "\xf4Rgveda", "\xb1od\xe2z, \xa1\xe2od\xe2z", "Gy\xeeor", "1\xc0 \xc3 \xb92" } do
      assert.equal("", said(read(book(text))))
    end
  end)

  it("is doubted too in records that look well, in a file that mostly doesn't", function()
    local reader <close> = core.marc.parse(book(SWEDISH) .. book "g\xe9n\xe9ral" .. book "plain")
    local doubts = {}
    for record in reader:records() do doubts[#doubts + 1] = said(record):find "hardly" and "doubted" or "believed" end
    assert.same({ "doubted", "doubted", "believed" }, doubts)
    assert.equal("", said(read(book "g\xe9n\xe9ral")))
  end)

  it("can be told by any name that iconv knows", function()
    assert.equal("Müller, José: berättelser på svenska. Göteborg", title(SWEDISH, MARC8, { charset = "iso-8859-1" }))
    assert.equal("", said(read(book(SWEDISH), { charset = "LATIN1" })))
    assert.equal("Война", title("\xc2\xee\xe9\xed\xe0", UTF8, { charset = "windows-1251" }))
    assert.equal("“x”\u{fffd}", title("\x93x\x94\x81", MARC8, { charset = "cp1252" }))
    assert.equal("日本 x", title("\x93\xfa\x96{ x", MARC8, { charset = "shift_jis" }))
    assert.equal("日本 x", title("\x1b$BF|K\\\x1b(B x", MARC8, { charset = "iso-2022-jp" }))
    assert.equal("école", title("\xc2ecole", MARC8, { charset = "ISO 5426" }):gsub("e\u{301}", "é"))
    assert.equal("a", read(book(SWEDISH), { charset = "latin1" }):leader():sub(10, 10))
  end)

  it("is told of lines and .mrk as well", function()
    local lines = "00000nam  2200000 i 4500\n245 10 $a Jos\xe9\n\n"
    assert.equal("José", read(lines, { charset = "latin1" }):get "245$a")
    assert.equal("José", read("=LDR  00000nam  2200000 i 4500\n=245  10$aJos\xe9\n\n", { charset = "latin1" }):get "245$a")
  end)

  it("is none of indicators: those are ASCII", function()
    for _, text in ipairs { "=LDR  00000nam a2200000 i 4500\n=245  1\xc3$aTitle\n\n", "00000nam a2200000 i 4500\n245 1\xc3$aTitle\n\n" } do
      local record = read(text)
      assert.equal("?", record:get "245^2")
      assert.matches("an indicator is no character of ASCII", said(record))
    end
  end)

  it("has to be known, and to have ASCII's letters", function()
    for name, words in pairs { ["no-such"] = "is not known", [""] = "is not known", ["latin1//IGNORE"] = "is not known",
      ["utf-16"] = "are not ASCII's", ["ebcdic-us"] = "are not ASCII's", [("x"):rep(200)] = "is not known" } do
      local reader, message, code = core.marc.parse(book "x", { charset = name })
      assert.is_nil(reader)
      assert.equal("missing", code)
      assert.truthy(message:find(words, 1, true))
      assert.is_nil((core.marc.charset(name)))
    end
    assert.is_true(core.marc.charset "koi8-r")
  end)
end)

describe("UNIMARC", function()
  it("is in the sets that 100 $a names", function()
    for codes, texts in pairs { ["0103"] = { "L'\xc2ecole fran\xd0caise \xc1a No\xc8el", "L'école française à Noël" },
      ["0102"] = { "\xe1\xe2", "АБ" }, ["01  "] = { "fran\xd0caise", "française" }, ["89  "] = { "\xc2\xee\xe9\xed\xe0", "Война" },
      ["99  "] = { "\xf7\xcf\xca\xce\xc1", "Война" }, ["79  "] = { "\x82\xae\xa9\xad\xa0", "Война" } } do
      local record = read(unimarc(codes, texts[2] and texts[1]))
      assert.equal(texts[2], composed(record, "200$a"))
      assert.equal("", said(record))
      assert.equal("50      ba", record:get("100$a"):sub(27))
      assert.equal(UNIMARC:sub(6, 10), record:leader():sub(6, 10))
    end
  end)

  it("is UTF-8 where the bytes are, whatever 100 $a says", function()
    local record = read(unimarc("0103", "L'école"))
    assert.equal("L'école", record:get "200$a")
  end)

  it("is ISO 5426 where 100 $a says Unicode and no byte is", function()
    local record = read(unimarc("50  ", "fran\xd0caise"))
    assert.equal("française", composed(record, "200$a"))
    assert.equal("100 $a says UTF-8, the text is ISO 5426", said(record))
  end)

  it("has what is not sorted between controls, in seven bits too", function()
    assert.equal("\u{98}L'\u{9c}école", composed(read(unimarc("0103", "\x1bHL'\x1bI\xc2ecole")), "200$a"))
    assert.equal("\u{98}L'\u{9c}école", composed(read(unimarc("0103", "\x88L'\x89\xc2ecole")), "200$a"))
  end)

  it("says where Latin-1 is no ISO 5426", function()
    assert.matches("hardly ISO 5426: its charset has to be named, perhaps windows%-1252", said(read(unimarc("0103", "M\xfcller, Jos\xe9"))))
  end)
end)

describe("almanac marc", function()
  local folder, path
  setup(function()
    folder = program.folder()
    path = folder .. "/latin.mrc"
    program.write(path, book "Jos\xe9 M\xfcller")
  end)
  teardown(function() program.remove(folder) end)

  it("takes a charset, and refuses one that is not known before it reads", function()
    assert.equal("José Müller\n", program.run({ "marc", "get", "245$a", "--charset", "ISO-8859-1", path }).out)
    local result = program.run { "marc", "convert", "--to", "json", "--charset", "latin-55", path, folder .. "/none" }
    assert.equal(1, result.status)
    assert.matches("^almanac: %-%-charset: the charset 'latin%-55' is not known here", result.err)
    assert.not_matches("none", result.err)
  end)
end)

describe("a list of titles", function()
  it("is read in the charset that is given", function()
    local folder <const> = program.folder()
    program.write(folder .. "/t.csv", "MMS ID;\xcd\xe0\xe7\xe2\xe0\xed\xe8\xe5\n9912345678901234;\xcc\xe8\xf0\n")
    local sources = require "almanac.plan.sources"
    local source = assert(sources.list(folder .. "/t.csv", { charset = "windows-1251" }))
    assert.equal("Мир", source.rows["9912345678901234"][1]["Название"])
    local _, message, code = sources.list(folder .. "/t.csv", { charset = "no-such" })
    assert.matches("t.csv: the charset 'no%-such' is not known here", message)
    assert.equal("missing", code)
    program.write(folder .. "/t.mrc", made.iso2709 { leader = MARC8, { "001", "1" }, { "035", "  ", "a", "9912345678901234" },
      { "245", "10", "a", "Jos\xe9" } })
    local titles = assert(require("almanac.plan.catalogue").file(folder .. "/t.mrc",
      { id = "035$a{245$a=\\José}", charset = "latin1" }))
    assert.same({ "9912345678901234" }, titles.ids)
    program.remove(folder)
  end)
end)

describe("records of others", function()
  if not core.files.stat(CASES) then
    pending("of the cases, which are not here")
    return
  end
  local function first(name, options)
    local reader <close> = assert(core.marc.open(CASES .. name, options))
    return reader:next()
  end

  it("are read in what they are", function()
    assert.equal("Ideograph 中 and 🗺 and R&D and A and &", first "marc8-ncr.mrc":get "245$a")
    assert.equal("L'école française d'ëte", composed(first "marc8-says-utf8.mrc", "245$a"))
    assert.equal("שלום עולם", first "utf8-says-marc8.mrc":get "880$a")
    assert.matches("^L'école française .. Noël$", (composed(first "unimarc-iso5426.mrc", "200$a")))
    assert.equal("François Biére", composed(first "unimarc-iso5426.mrc", "200$f"))
    assert.equal("Göteborg :", first("latin1.mrc", { charset = "iso-8859-1" }):get "260$a")
    assert.matches("hardly MARC%-8", said(first "latin1.mrc"))
  end)
end)
