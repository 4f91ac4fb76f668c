-- What people ask of a record: title(), isbns(), languages() …
local marc = require "almanac.marc"
local numbers = require "almanac.marc.numbers"

local function book(...)
  return marc.record { leader = "00000nam a2200000 i 4500", { "008", "850423s1985    gw            000 0 ger d" }, ... }
end

local function unimarc(...) return marc.record { leader = "00000nam0 2200000   450 ", ... } end

describe("numbers", function()
  it("have their check digits right, with hyphens and what stands behind them", function()
    for text, expected in pairs { ["9780306406157"] = "9780306406157", ["0-306-40615-2"] = "9780306406157",
      ["080442957X (pbk.) : $10"] = "9780804429573", ["0-8044-2957-x"] = "9780804429573",
      ["978 0 306 40615 7"] = "9780306406157", ["979-10-90636-07-1"] = "9791090636071",
      ["9780306406157 1. Aufl."] = "9780306406157", ["0-306-40615-2 2 vols"] = "9780306406157",
      ["978\u{2010}0\u{2010}306\u{2010}40615\u{2010}7"] = "9780306406157" } do
      assert.equal(expected, marc.isbn(text), text)
    end
    assert.equal("0378-5955", marc.issn "03785955 (print)")
    assert.equal("2434-561X", marc.issn "2434-561x")
  end)

  it("are none with a wrong check digit, and say which is right", function()
    for text, words in pairs { ["9780306406158"] = "ends with 8, and its check digit is 7",
      ["0306406153"] = "its check digit is 2", ["0804429572"] = "its check digit is X" } do
      local found, message, code = marc.isbn(text)
      assert.same({ nil, "parse" }, { found, code })
      assert.truthy(message:find(words, 1, true), message)
    end
    for _, text in ipairs { "", "123", "9770306406157", "97803064061X7", "X306406152", "(pbk.)", "978030640615", "03064061522" } do
      assert.is_nil(marc.isbn(text), text)
    end
    assert.truthy(select(2, marc.issn "0378-5954"):find("its check digit is 5", 1, true))
    assert.is_nil(marc.issn "0378-595")
  end)

  it("of OCLC are those of OCLC alone", function()
    for text, expected in pairs { ["(OCoLC)ocm00012345"] = "12345", ["(OCoLC)1234567890"] = "1234567890",
      ["(OCoLC)on1234567890 "] = "1234567890", ["(ocolc) ocn845"] = "845" } do
      assert.equal(expected, numbers.oclc(text), text)
    end
    for _, text in ipairs { "12345", "(DE-599)12345", "(OCoLC)fst0098", "(OCoLC)", "(OCoLC)0" } do
      assert.is_nil(numbers.oclc(text), text)
    end
  end)

  it("of the Library of Congress are put into the form of its links", function()
    for text, expected in pairs { ["   85000002 "] = "85000002", ["85-2 "] = "85000002", ["n  78890351 "] = "n78890351",
      ["2001-000002"] = "2001000002", ["75-425165//r75"] = "75425165" } do
      assert.equal(expected, numbers.lccn(text), text)
    end
    assert.is_nil(numbers.lccn "x")
  end)
end)

describe("a record", function()
  it("says its title, author, publisher and year", function()
    local record = book({ "100", "1 ", "a", "Poe, Edgar Allan,", "d", "1809-1849,", "e", "author." },
      { "245", "14", "6", "880-01", "a", "The raven :", "b", "a poem /", "c", "Poe." },
      { "264", " 0", "b", "Printer" }, { "264", " 1", "a", "Berlin :", "b", "Reclam,", "c", "[1984]" },
      { "300", "  ", "a", "12 pages ;", "c", "20 cm" })
    assert.same({ "The raven : a poem", "Poe, Edgar Allan, 1809-1849", "Reclam", 1985, "12 pages ; 20 cm" },
      { record:title(), record:author(), record:publisher(), record:year(), record:physical() })
    record:set("008/7-10", "19uu")
    assert.equal(1984, record:year())
    assert.equal("Parts 2, Deep", book({ "245", "10", "a", "Parts", "n", "2,", "p", "Deep" }):title())
  end)

  it("says nothing where there is nothing", function()
    local record = marc.record {}
    for _, name in ipairs { "title", "author", "publisher", "year", "physical" } do assert.is_nil(record[name](record), name) end
    for _, name in ipairs { "isbns", "issns", "lccns", "oclc_numbers", "languages", "subjects", "series", "notes", "urls" } do
      assert.same({}, record[name](record), name)
    end
    assert.is_nil(book({ "245", "10", "a", " /" }):title())
  end)

  it("says its numbers, each once", function()
    local record = marc.record { { "001", "ocn845" }, { "003", "OCoLC" }, { "010", "  ", "a", "   85-2 " },
      { "020", "  ", "a", "0-306-40615-2 (pbk.)", "z", "9780804429573" }, { "020", "  ", "a", "0306406152", "q", "hardback" },
      { "020", "  ", "a", "9780306406158" }, { "020", "  ", "c", "$10" }, { "022", "  ", "a", "0378-5955" },
      { "035", "  ", "a", "(OCoLC)ocn000845" }, { "035", "  ", "a", "(OCoLC)77", "z", "(OCoLC)78" }, { "035", "  ", "a", "(DE-599)9" } }
    assert.same({ { "0306406152", "9780306406158" }, { "0378-5955" }, { "85000002" }, { "845", "77" } },
      { record:isbns(), record:issns(), record:lccns(), record:oclc_numbers() })
  end)

  it("says its languages as they are coded", function()
    assert.same({ "ger", "eng", "fre" }, book({ "041", "1 ", "a", "gereng", "a", "fre", "h", "rus" }):languages())
    assert.same({ "ger" }, book({ "041", " 7", "a", "de", "2", "iso639-1" }):languages())
    local record = book()
    record:set("008/35-37", "   ")
    assert.same({}, record:languages())
    record:set("008/35-37", "|||")
    assert.same({}, record:languages())
  end)

  it("says its subjects, series, notes and links", function()
    local record = book({ "490", "0 ", "a", "Maps ;", "v", "2" }, { "500", "  ", "a", "A note." },
      { "650", " 0", "a", "Ships", "x", "History", "z", "Bremen.", "0", "http://id" }, { "651", " 4", "a", "Bremen." },
      { "690", "  ", "9", "local" }, { "856", "40", "u", "http://x" })
    assert.same({ { "Ships--History--Bremen", "Bremen" }, { "Maps ; 2" }, { "A note." }, { "http://x" } },
      { record:subjects(), record:series(), record:notes(), record:urls() })
  end)

  it("of UNIMARC says the same of other fields", function()
    local record = unimarc({ "010", "  ", "a", "0-306-40615-2" }, { "011", "  ", "a", "0378-5955" },
      { "100", "  ", "a", "20010101d2001    m  y0frey50      ba" }, { "101", "1 ", "a", "fre", "c", "eng" },
      { "200", "1 ", "a", "\u{98}Le \u{9c}corbeau", "b", "Texte", "e", "poème", "f", "Poe" },
      { "210", "  ", "a", "Paris", "c", "Hachette", "d", "1999" }, { "225", "0 ", "a", "Cartes", "v", "2" },
      { "700", " 1", "a", "Poe", "b", "Edgar" })
    assert.same({ "Le corbeau poème", "Poe Edgar", "Hachette", 2001, { "0306406152" }, { "0378-5955" }, { "fre" }, { "Cartes 2" } },
      { record:title(), record:author(), record:publisher(), record:year(), record:isbns(), record:issns(), record:languages(),
        record:series() })
  end)

  it("says what it is by its leader", function()
    local function kind(letters)
      local record = marc.record { leader = ("00000n%s a2200000 i 4500"):format(letters) }
      return record:kind(), record:material()
    end
    for letters, expected in pairs { am = { "bib", "book" }, tm = { "bib", "book" }, as = { "bib", "serial" }, ab = { "bib", "serial" },
      em = { "bib", "map" }, cm = { "bib", "music" }, jm = { "bib", "recording" }, gm = { "bib", "visual" }, pc = { "bib", "mixed" },
      mm = { "bib", "computer file" }, ["z "] = { "authority" }, ["x "] = { "holdings" }, ["y "] = { "holdings" },
      ["w "] = { "classification" }, ["q "] = { "community" }, ["1m"] = {} } do
      assert.same(expected, { kind(letters) }, letters)
    end
    assert.equal("Poe, Edgar Allan, 1809-1849", marc.record { leader = "00000nz  a2200000n  4500",
      { "100", "1 ", "a", "Poe, Edgar Allan,", "d", "1809-1849" } }:title())
  end)
end)

describe("record:linked", function()
  local record = marc.record { { "245", "10", "6", "880-02", "a", "Istoriia" }, { "246", "1 ", "6", "880-01", "a", "x" },
    { "500", "  ", "6", "880-03", "a", "no partner" }, { "880", "10", "6", "245-02/(N", "a", "История" },
    { "880", "1 ", "6", "246-01", "a", "y" }, { "880", "  ", "6", "505-00/$1", "a", "alone" }, { "880", "  ", "6", "505-00", "a", "also" },
    { "880", "  ", "a", "no $6" } }

  it("gives the field in the other script, from either side", function()
    local title = record:field "245"
    local script = record:linked(title)
    assert.same({ 1, "История" }, { #script, script[1]:get "a" })
    assert.same({ title }, record:linked(script[1]))
    assert.equal("y", record:linked(record:field "246")[1]:get "a")
  end)

  it("gives none for 00, without $6, and where the partner is missing", function()
    for _, spec in ipairs { "500", "880[2]", "880[3]", "880[4]" } do
      assert.same({}, record:linked(record:each(spec)()), spec)
    end
    local control = marc.record { { "001", "1" } }
    assert.same({}, control:linked(control:field()))
  end)
end)
