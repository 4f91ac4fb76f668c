-- MARC records made up by a seed: the same on every machine, of every kind that
-- catalogues export. A record is { leader = 24 characters, { tag, text },
-- { tag, indicators, code, value, code, value, … }, … }; its texts are bytes in
-- the charset that the leader names.
local words = require "support.marc_words"

local m = {}

local LEADER = "00000nam a2200000 i 4500"

-- Knuth's 64-bit generator; the upper bits are the random ones.
local function generator(seed)
  local state = seed * 2654435769 + 1
  return function(low, high)
    state = state * 6364136223846793005 + 1442695040888963407
    return low + (state >> 33) % (high - low + 1)
  end
end

local function text(random, list, least, most)
  local parts = {}
  for i = 1, random(least, most) do parts[i] = list[random(1, #list)] end
  return table.concat(parts, " ")
end

local function date(random)
  return ("%04d%02d%02d"):format(random(1995, 2025), random(1, 12), random(1, 28))
end

local function isbn(random)
  local digits, sum = ("978%09d"):format(random(0, 999999999)), 0
  for i = 1, 12 do sum = sum + tonumber(digits:sub(i, i)) * (i % 2 == 0 and 3 or 1) end
  return digits .. -sum % 10
end

local function isbn_10(random)
  local digits, sum = ("2%03d%05d"):format(random(1, 999), random(1, 99999)), 0
  for i = 1, 9 do sum = sum + tonumber(digits:sub(i, i)) * (11 - i) end
  local last = -sum % 11
  return ("2-%s-%s-%s"):format(digits:sub(2, 4), digits:sub(5), last == 10 and "X" or last)
end

-- The fields of a book that every kind begins with; texts from `list`.
local function add_head(record, random, n, list)
  local function add(...) record[#record + 1] = { ... } end
  add("001", ("99%09d0104146"):format(n))
  add("005", date(random) .. "120000.0")
  add("008", date(random):sub(3) .. "s" .. random(1800, 2025) .. "    xxu           000 0 eng d")
  add("020", "  ", "a", isbn(random), "q", "hardback")
  add("035", "  ", "a", ("(OCoLC)ocm%08d"):format(random(1, 99999999)))
  add("035", "  ", "a", ("(EXLNZ-01ALLIANCE)99%010d"):format(random(1, 9999999999)))
  add("040", "  ", "a", "DLC", "b", "eng", "e", "rda", "c", "DLC", "d", "OCLCF")
  add("050", " 4", "a", ("QA%d.%d"):format(random(1, 999), random(1, 99)), "b", (".M%d"):format(random(10, 999)))
  add("082", "04", "a", ("%03d.%d"):format(random(0, 999), random(1, 999)), "2", "23")
  add("100", "1 ", "a", text(random, list, 2, 2) .. ",", "d", random(1850, 1990) .. "-", "e", "author.")
  add("245", "10", "a", text(random, list, 3, 8) .. " :", "b", text(random, list, 3, 9) .. " /", "c", text(random, list, 2, 4) .. ".")
  add("264", " 1", "a", text(random, list, 1, 1) .. " :", "b", text(random, list, 2, 3) .. ",", "c", random(1900, 2025) .. ".")
  add("300", "  ", "a", random(80, 900) .. " pages :", "b", "illustrations ;", "c", random(18, 40) .. " cm")
  add("336", "  ", "a", "text", "b", "txt", "2", "rdacontent")
  add("337", "  ", "a", "unmediated", "b", "n", "2", "rdamedia")
  add("338", "  ", "a", "volume", "b", "nc", "2", "rdacarrier")
  return add
end

local function add_tail(add, random, list)
  for _ = 1, random(1, 2) do add("500", "  ", "a", text(random, list, 4, 10) .. ".") end
  add("504", "  ", "a", "Includes bibliographical references and index.")
  add("520", "  ", "a", text(random, list, 10, 24) .. ".")
  for _ = 1, random(1, 5) do add("650", " 0", "a", text(random, list, 1, 2), "x", text(random, list, 1, 2), "z", "United States.") end
  for _ = 1, random(0, 2) do add("700", "1 ", "a", text(random, list, 2, 2) .. ",", "e", "editor.") end
  add("856", "40", "u", ("https://library.example/item/%d.jpg"):format(random(1, 9999999)), "z", "Online")
end

local function book(random, n, list, leader)
  local record = { leader = leader or LEADER }
  add_tail(add_head(record, random, n, list), random, list)
  return record
end

local kinds = {}

-- The usual 20 to 30 fields and about 1.3 KB.
function kinds.book(random, n) return book(random, n, words.latin) end

function kinds.accented(random, n) return book(random, n, words.accented) end

function kinds.decomposed(random, n) return book(random, n, words.decomposed) end

local function pair(record, tag, occurrence, list, random)
  for _, field in ipairs(record) do
    if field[1] == tag then
      table.insert(field, 3, "6")
      table.insert(field, 4, ("880-%02d"):format(occurrence))
      record[#record + 1] = { "880", field[2], "6", ("%s-%02d/$1"):format(tag, occurrence), "a", text(random, list, 3, 9),
        "c", text(random, list, 1, 3) }
      return
    end
  end
end

-- Vernacular fields paired with romanised ones (880 and $6).
function kinds.scripts(random, n)
  local record = book(random, n, words.latin)
  pair(record, "245", 1, words.cjk, random)
  pair(record, "264", 2, words.arabic, random)
  pair(record, "300", 3, words.cyrillic, random)
  return record
end

function kinds.marc8(random, n) return book(random, n, words.marc8, "00000nam  2200000 i 4500") end

-- UNIMARC: another leader, a coded field 100, links whose subfields hold fields.
function kinds.unimarc(random, n)
  local list = words.accented
  return { leader = "00000nam0 2200000   450 ",
    { "001", ("FRBNF%09d"):format(n) }, { "005", date(random) .. "093000.0" },
    { "010", "  ", "a", isbn_10(random), "b", "rel.", "d", "25 EUR" },
    { "100", "  ", "a", date(random) .. "d2001    m  y0frey50      ba" },
    { "101", "1 ", "a", "fre", "c", "eng" }, { "102", "  ", "a", "FR" },
    { "200", "1 ", "a", text(random, list, 2, 6), "b", "Texte imprimé", "e", text(random, list, 2, 6), "f", text(random, list, 2, 2) },
    { "210", "  ", "a", "Paris", "c", text(random, list, 1, 2), "d", random(1900, 2020) .. "" },
    { "215", "  ", "a", "1 vol. (" .. random(50, 900) .. " p.)", "d", "24 cm" },
    { "461", " 0", "1", "001FRBNF0000" .. random(10000, 99999), "1", "2001 ", "a", text(random, list, 2, 4), "v", random(1, 20) .. "" },
    { "676", "  ", "a", random(100, 999) .. ".1", "v", "22" },
    { "700", " |", "3", random(10000000, 99999999) .. "", "a", text(random, list, 1, 1), "b", text(random, list, 1, 1), "4", "070" },
    { "801", " 0", "a", "FR", "b", "FR-751131015", "c", date(random), "g", "AFNOR", "h", ("FRBNF%09d"):format(n), "2", "intermrc" },
  }
end

-- As Alma exports: local 9XX fields, and AVA/AVD/AVE fields about the inventory.
function kinds.alma(random, n)
  local record = book(random, n, words.latin)
  local function add(...) record[#record + 1] = { ... } end
  local mms = record[1][2]
  add("900", "  ", "a", "local note " .. random(1, 99), "9", "LOCAL")
  add("949", "  ", "a", "MAIN", "b", ("3%013d"):format(random(1, 9999999999)), "p", random(1, 99) .. ".50")
  add("AVA", "  ", "0", mms, "8", ("22%09d0004146"):format(n), "a", "01MYINST_INST", "b", "MAIN", "c", "Main Stacks",
    "d", "QA1 .M" .. random(1, 99), "e", "available", "f", "1", "g", "0", "j", "STACKS", "k", "0", "p", "1", "q", "Main Library")
  add("AVD", "  ", "a", "01MYINST_INST", "b", ("12%09d0004146"):format(n), "d", "MAIN", "e", text(random, words.latin, 1, 3),
    "f", "DERIVATIVE_COPY", "h", random(1, 12) .. " file/s (tif)")
  add("AVE", "  ", "e", "Available", "m", "Collection of everything", "u", "https://library.example/openurl?x=1&y=2", "8", "53" .. n)
  return record
end

-- Near what ISO 2709 can hold: 99,999 bytes, 9,999 in a field.
function kinds.long(random, n)
  local record = book(random, n, words.latin)
  for i = 1, random(9, 10) do
    local note = text(random, words.accented, 90, 110) .. " "
    record[#record + 1] = { "520", "  ", "a", i .. " " .. note:rep(8800 // #note) }
  end
  return record
end

-- Subfields with nothing in them, at each place of a field.
function kinds.empty(random, n)
  local record = book(random, n, words.accented)
  local function add(...) record[#record + 1] = { ... } end
  add("500", "  ", "a", "", "3", text(random, words.latin, 1, 3))
  add("501", "  ", "a", text(random, words.latin, 1, 3), "5", "", "8", "x")
  add("502", "  ", "a", "only", "b", "")
  add("508", "  ", "a", "")
  return record
end

function kinds.subfields(random, n)
  local record = book(random, n, words.latin)
  local contents = { "505", "00" }
  for _ = 1, random(120, 300) do
    contents[#contents + 1] = ({ "t", "r", "g", "9", "A", "?" })[random(1, 6)]
    contents[#contents + 1] = text(random, words.latin, 1, 2)
  end
  record[#record + 1] = contents
  return record
end

-- Control fields in number, repeated ones too, before a short record.
function kinds.controls(random, n)
  local record = { leader = LEADER, { "001", "c" .. n }, { "003", "OCoLC" }, { "005", date(random) .. "000000.0" } }
  for i = 1, random(3, 30) do
    if i % 2 == 0 then record[#record + 1] = { "006", ("m    |o  d | %05d"):format(i) }
    else record[#record + 1] = { "007", ("cr |%d"):format(i):sub(1, random(1, 6)) } end
  end
  record[#record + 1] = { "245", "00", "a", text(random, words.latin, 1, 5) }
  return record
end

function kinds.authority(random, n)
  return { leader = "00000nz  a2200000n  4500",
    { "001", "n" .. n }, { "008", date(random):sub(3) .. "n| azannaabn          |a aaa      " },
    { "010", "  ", "a", ("n  %08d "):format(n) },
    { "100", "1 ", "a", text(random, words.accented, 2, 2) .. ",", "d", random(1800, 1950) .. "-" .. random(1951, 2020) },
    { "400", "1 ", "w", "nne", "a", text(random, words.accented, 2, 2) },
    { "670", "  ", "a", "Its " .. text(random, words.latin, 2, 5), "b", "t.p. (" .. text(random, words.cjk, 1, 2) .. ")" } }
end

function kinds.holdings(random, n)
  return { leader = "00000nx  a22000001n 4500",
    { "001", ("22%09d0004146"):format(n) }, { "004", ("99%09d0104146"):format(n) }, { "008", "1011252u    8   4001uueng0000000" },
    { "852", "0 ", "b", "MAIN", "c", "STACKS", "h", "QA" .. random(1, 999), "i", ".M" .. random(1, 99) },
    { "866", " 0", "8", "0", "a", "v." .. random(1, 9) .. "(" .. random(1900, 2020) .. ")-" } }
end

-- What XML, JSON and the line formats have to quote.
function kinds.marks(random, n)
  local record = book(random, n, words.marks)
  record[#record + 1] = { "856", "4\\", "u", "https://x.example/?a=1&b=<2>" }
  return record
end

---Names of the kinds, in order.
m.kinds = {}
for name in pairs(kinds) do m.kinds[#m.kinds + 1] = name end
table.sort(m.kinds)

---The nth record of a kind.
---@param kind string
---@param n integer
---@return table record
function m.record(kind, n) return kinds[kind](generator(n), n) end

local function field_bytes(field)
  if #field == 2 then return field[2] .. "\30" end
  local parts = { field[2] }
  for i = 3, #field, 2 do parts[#parts + 1] = "\31" .. field[i] .. field[i + 1] end
  parts[#parts + 1] = "\30"
  return table.concat(parts)
end

---The record as ISO 2709.
---@return string
function m.iso2709(record)
  local directory, data, at = {}, {}, 0
  for i, field in ipairs(record) do
    data[i] = field_bytes(field)
    assert(#data[i] <= 9999, "a field is too long for ISO 2709")
    directory[i] = ("%s%04d%05d"):format(field[1], #data[i], at)
    at = at + #data[i]
  end
  local base = 24 + 12 * #record + 1
  assert(base + at + 1 <= 99999, "the record is too long for ISO 2709")
  local leader = ("%05d%s%05d%s"):format(base + at + 1, record.leader:sub(6, 12), base, record.leader:sub(18))
  return leader .. table.concat(directory) .. "\30" .. table.concat(data) .. "\29"
end

---Writes records of one kind, the first to the nth, as ISO 2709.
---@param path string
---@param kind string
---@param n integer
function m.write(path, kind, n)
  local file <close> = assert(io.open(path, "wb"))
  file:setvbuf("full", 1 << 16)
  for i = 1, n do assert(file:write(m.iso2709(m.record(kind, i)))) end
end

return m
