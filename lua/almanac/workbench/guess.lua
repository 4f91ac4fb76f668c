-- Guesses options that a recipe needs before it can read the names of a folder, such as the field
-- of by-field. It looks in the titles for what the names say. A guess is then tried like any other
-- option and decides nothing by itself. At the end is one entry for each recipe, which gives lists
-- of options, best first.
local key = require "almanac.recipe.inside.key"
local list_of = require "almanac.plan.sources"
local tally = require "almanac.workbench.guess_hits"
local values = require "almanac.workbench.guess_values"

local m = {}

local best, count, counter, set_of = tally.best, tally.count, tally.new, tally.set
local SHORTEST = 4          -- digits of an old number that is looked for in MMS IDs
local NONE = ""             -- no text to cut off

-- ---- guesses from records ----

local function folded(text) return text and text ~= "" and key.fold(text) or nil end

-- The name without its page, by the rule that by-field uses.
local function base_of(name)
  return key.parts(name, -1) or key.parts(name, -1, "-") or key.parts(name, -1, " ")
end

local function by_field(case)
  local hits = counter()
  local parts = {
    { "name", set_of(case, function(file) return folded(file.stem) end) },
    { "base", set_of(case, function(file) return folded(base_of(file.name)) end) },
    { "folder", set_of(case, function(file) return folded(key.folder(file.path)) end) },
    { "path", set_of(case, function(file) return folded(file.folder) end) },
  }
  values.each_cut(case.titles, function(field, text, cut, cut_end)
    local found = folded(text)
    for rank, part in ipairs(found and parts or {}) do
      if part[2][found] then
        local given = { field = field, part = part[1], cut = cut ~= NONE and cut or nil, cut_end = cut_end ~= NONE and cut_end or nil }
        count(hits, given, rank + values.rank(field) + ((given.cut or given.cut_end) and values.CUT or 0))
      end
    end
  end)
  return best(hits, #case.titles == 1)
end

-- The places where a number may stand: options, and the sets of numbers there, as written and as OCLC writes them.
local function number_places(case)
  local places = { { group = 1 }, { group = -1 }, { place = "folder", group = 1 } }
  for i, given in ipairs(places) do
    local set = set_of(case, function(file)
      local text = given.place and (key.folder(file.path, 1) or "") or file.stem
      return key.digits(text, given.group)
    end)
    local oclc = {}
    for number in pairs(set) do oclc[key.oclc("(OCoLC)" .. number)] = true end
    places[i] = { given = given, plain = set, oclc = oclc }
  end
  return places
end

-- Takes "(NjP)6124186-princetondb" apart: the system, the number, and what stands behind it.
local function system_number(field, text)
  if field == "001" then return "", text, NONE end
  local system = field == "035$a" and text:match "^%s*%(([^)]+)%)"
  if not system then return nil end
  local number = key.system_number(text, system)
  if system:lower() == "ocolc" then return "OCoLC", number, NONE end
  local digits, suffix = (number or ""):match "^(%d+)(.*)$"
  return system, digits, suffix
end

local function by_system_number(case)
  local hits, places = counter(), number_places(case)
  values.each(case.titles, function(field, text)
    local system, number, suffix = system_number(field, text)
    for rank, place in ipairs(number and places or {}) do
      if place[system == "OCoLC" and "oclc" or "plain"][number] then
        count(hits, { prefix = system ~= "" and system or nil, suffix = suffix ~= NONE and suffix or nil,
          group = place.given.group ~= 1 and place.given.group or nil, place = place.given.place }, rank)
      end
    end
  end)
  return best(hits)
end

local function by_call_number(case)
  local hits = counter()
  local ways = {
    { {}, set_of(case, function(file) return key.call_number(file.stem) end) },
    { { paged = true }, set_of(case, function(file) return key.call_number(key.parts(file.name, -1) or "") end) },
    { { place = "folder" }, set_of(case, function(file) return key.call_number(key.folder(file.path) or "") end) },
  }
  values.each(case.titles, function(field, text)
    local number = values.has_call_numbers(field) and key.call_number(text)
    for rank, way in ipairs(number and ways or {}) do
      if way[2][number] then
        count(hits, { fields = { field }, paged = way[1].paged, place = way[1].place }, rank + values.rank(field))
      end
    end
  end)
  return best(hits)
end

local function by_date(case)
  local hits = counter()
  local dates = set_of(case, function(file) return key.date((file.stem:gsub("^%a+", ""))) end)
  values.each(case.titles, function(field, text)
    local date = text:find "^%a" and key.date((text:gsub("^%a+", "")))
    if date and dates[date] then count(hits, { field = field }, values.rank(field)) end
  end)
  return best(hits)
end

-- The letters that all names begin with; case is ignored.
local function beginning(case)
  local letters
  for file in tally.files(case) do
    local own = file.name:match "^%a+"
    if not own or letters and key.fold(own) ~= key.fold(letters) then return nil end
    letters = letters or own
  end
  return letters
end

local MOST_NUMBERS = 3

-- The numbers of names, counted from both ends, and in how many ways a text has so many numbers.
local function number_ways(case, n)
  local is_both = true
  local last = set_of(case, function(file)
    is_both = is_both and not key.numbers(file.stem, n + 1)
    return key.numbers(file.stem, -n)
  end)
  local first = set_of(case, function(file) return key.numbers(file.stem, n) end)
  return { { set = first }, not is_both and { set = last, from_end = true } or nil }
end

-- Many titles share a year, so a year alone never tells which title it is.
local function tells(number)
  local year = math.tointeger(tonumber(number))
  return number and not (year and #number == 4 and year >= 1400 and year < 2200)
end

local function by_number(case)
  local guesses, begins = {}, beginning(case)
  for n = MOST_NUMBERS, 1, -1 do
    local hits, ways = counter(), number_ways(case, n)
    values.each(case.titles, function(field, text)
      if field:find "^00" then return end
      for rank, way in ipairs(ways) do
        local last, first = key.numbers(text, -n), key.numbers(text, n)
        local given = { field = field, count = n ~= 1 and n or nil, from_end = way.from_end, begins = begins }
        if way.set[last] and tells(last) then count(hits, given, values.CUT + values.rank(field) + rank) end
        if first ~= last and way.set[first] and tells(first) then
          given = { field = field, count = given.count, from_end = way.from_end, begins = begins, first = true }
          count(hits, given, values.CUT + values.rank(field) + rank + 2)
        end
      end
    end)
    table.move(best(hits, #case.titles == 1, 3), 1, 3, #guesses + 1, guesses)
  end
  return guesses
end

local YEARS = { ["264$c"] = 1, ["260$c"] = 2, ["502$d"] = 3, ["dc:date"] = 4, ["dcterms:issued"] = 5 }

-- The field with the years, and the part of the name that is the person.
local function by_person_year(case)
  local hits, guesses = counter(), {}
  local years = set_of(case, function(file) return file.stem:match "%f[%d](%d%d%d%d)%f[%D]" end)
  values.each(case.titles, function(field, text)
    local year = YEARS[field] and text:match "%f[%d](%d%d%d%d)%f[%D]"
    if years[year or ""] then count(hits, { date = field }, YEARS[field]) end
  end)
  for _, given in ipairs(best(hits, false, 2)) do
    if given.date:find "^dc" then given.person = "dc:creator" end
    guesses[#guesses + 1] = given
    for _, part in ipairs { -1, 1, 2 } do guesses[#guesses + 1] = { date = given.date, person = given.person, part = part } end
  end
  return guesses
end

-- ---- guesses from other data of titles ----

-- When old numbers stand in the MMS IDs: the suffix behind them, and how many digits they have.
local function by_old_number(case)
  local hits = counter()
  local numbers = set_of(case, function(file) return (key.digits(file.name, 1) or ""):match "^0*(%d+)$" end)
  for _, title in ipairs(case.titles or {}) do
    local zeros, rest = title.mms_id:match "^99(0*)(%d*)$"
    for n = SHORTEST, rest and #rest - SHORTEST or 0 do
      if numbers[rest:sub(1, n)] then
        count(hits, { behind = rest:sub(n + 1), width = #zeros + n }, values.CUT)
      end
    end
  end
  return best(hits, case.titles and #case.titles == 1)
end

local CHECKS = { "luhn", "ean", "mod11", "none" }

-- The length that most barcodes of items have, and the check digit that nearly all of these have.
local function by_barcode(case)
  local lengths, usual, letters = {}, nil, 0
  values.each_barcode(case.titles, function(code)
    local n = #code
    lengths[n] = (lengths[n] or 0) + 1
    if not usual or lengths[n] > lengths[usual] then usual = n end
    if code:find "%a" then letters = letters + 1 end
  end)
  if not usual then return {} end
  if letters * 2 > lengths[usual] then return { { letters = true } } end
  for _, check in ipairs(CHECKS) do
    local right = 0
    values.each_barcode(case.titles, function(code)
      if key.barcode(code, { length = usual, check = check }) == code then right = right + 1 end
    end)
    if right * 20 >= lengths[usual] * 19 then
      return { { length = usual, check = check }, { length = usual, check = check, pad = true } }
    end
  end
  return {}
end

local function by_size()
  return { { size = "a" }, { size = "b" }, { size = "c" }, { size = "1", letters = "123" }, { size = "2", letters = "123" } }
end

-- For a list that names files for MMS IDs: the column in which most of the names stand.
local function columns_of(source, stems)
  local hits = counter()
  for _, rows in pairs(source.rows or {}) do
    for _, row in ipairs(rows) do
      for heading, cell in pairs(row) do
        if cell ~= "" and stems[key.stem(cell)] then count(hits, { column = (heading:gsub("[_ ]?%d+$", "")) }, 1) end
      end
    end
  end
  return best(hits)
end

local function by_map(case)
  local guesses = {}
  local stems = set_of(case, function(file) return key.stem(file.name) end)
  for _, path in ipairs(case.lists) do
    local source = list_of.list(path)
    for _, given in ipairs(source and columns_of(source, stems) or {}) do
      guesses[#guesses + 1] = { given = given, titles = values.titles_of(source), from = path }
    end
  end
  return guesses
end

-- ---- all together ----

local function of_records(guess)
  return function(case) return case.titles and values.has_records(case.titles) and guess(case) or {} end
end

local GUESSES = {
  ["by-barcode"] = by_barcode,
  ["by-call-number"] = of_records(by_call_number),
  ["by-date"] = of_records(by_date),
  ["by-field"] = of_records(by_field),
  ["by-map"] = by_map,
  ["by-number"] = of_records(by_number),
  ["by-old-number"] = by_old_number,
  ["by-person-year"] = of_records(by_person_year),
  ["by-size"] = by_size,
  ["by-system-number"] = of_records(by_system_number),
}

---Options to try a recipe with, besides its defaults.
---@param name string of the recipe
---@param case { names: string[], ext: string, titles: table[]?, lists: string[] } ext: their usual type; titles as almanac.workbench.trial gives them; lists: CSV files
---  that may say which file belongs to which title
---@return { given: table<string, any>, titles: table[]?, from: string? }[] guesses titles, from: when it has its own, of a list
function m.of(name, case)
  local guesses = {}
  for i, guess in ipairs(GUESSES[name] and GUESSES[name](case) or {}) do
    guesses[i] = guess.given and guess or { given = guess }
  end
  return guesses
end

return m
