-- Helpers for what institutions put around a number in a file name: several
-- extensions, roles, sizes, dates, sides and pages. Part of what a recipe has
-- as `key`; conventions and their sources stand in recipes/README.md.
local objects = require "almanac.recipe.inside.objects"
local text = require "almanac.core".text

local m = {}

local find, match, sub = string.find, string.match, string.sub

local function need_text(value, name)
  if type(value) ~= "string" then error(("key.%s: text expected, got %s"):format(name, type(value)), 3) end
end

---The name without folders and without all its extensions:
---"grinnell_12205_OBJ.mp3.clientThumb.jpg" gives "grinnell_12205_obj".
---@param name string
---@return string
function m.bare(name)
  need_text(name, "bare")
  local stem, ext = objects.split_extension(objects.last_part(name))
  while ext ~= "" do stem, ext = objects.split_extension(stem) end
  return text.fold(stem)
end

---The nth folder of a path, from the right when negative:
---folder("C0744/c002/0001.tif", -1) is "c002".
---@param path string
---@param n integer? -1 by default: the folder that the file is in
---@return string?
function m.folder(path, n)
  need_text(path, "folder")
  local parts = {}
  for part in (path:match "^.*/" or ""):gmatch "[^/]+" do parts[#parts + 1] = part end
  n = n or -1
  return n > 0 and parts[n] or parts[#parts + 1 + n]
end

---The first n parts of the name without its extension, or all but the last n
---when n is negative: parts("u0001_2009170_0000001_0001.tif", -1) is
---"u0001_2009170_0000001".
---@param name string
---@param n integer
---@param separator string? "_" by default; plain text
---@return string? nil when there are not so many
function m.parts(name, n, separator)
  need_text(name, "parts")
  separator = separator or "_"
  if separator == "" then error("key.parts: the separator is empty", 2) end
  local stem = objects.split_extension(objects.last_part(name))
  local ends, position = {}, 1
  while true do
    local first, last = find(stem, separator, position, true)
    ends[#ends + 1] = first and first - 1 or #stem
    if not first then break end
    position = last + 1
  end
  local at = ends[n > 0 and n or #ends + n]
  return at and sub(stem, 1, at)
end

---Text between others, nil when there is none:
---around("99", "009588395", "0203941") is "990095883950203941".
---@param before string
---@param number string?
---@param after string
---@return string?
function m.around(before, number, after)
  if number == nil then return nil end
  need_text(before, "around")
  need_text(number, "around")
  need_text(after, "around")
  return before .. number .. after
end

---What stands behind the first place of a part in a text: behind("ocn123_1", "123")
---is "_1"; nil when the part is not there, or nil itself.
---@param name string
---@param part string? plain text
---@return string?
function m.behind(name, part)
  need_text(name, "behind")
  if part == nil then return nil end
  need_text(part, "behind")
  local _, last = find(name, part, 1, true)
  return last and sub(name, last + 1)
end

-- A volume as names count it: v2, vol. 2, Bd_2, part-ii, t. 3.
local VOLUME = "^(%a*[%. _-]?%d+)"
local COUNTS = {}
for word in ("v vol volume bd band t tom tome tomo pt part teil nr no c copy h heft jg iss issue"):gmatch "%a+" do COUNTS[word] = true end

local function trimmed(rest)
  rest = rest:gsub("^[%s_.,-]+", ""):gsub("[%s_.,-]+$", "")
  return rest ~= "" and rest or nil
end

-- The volume in what stands between an id and the page of a name.
local function volume_of_name(rest)
  rest = trimmed(rest)
  local volume = rest and match(rest, VOLUME)
  local word = volume and volume:match "^%a+"
  if word and COUNTS[word:lower()] then return volume end
  return rest and trimmed((m.without_page(rest)))
end

---The part of a title that a path names beside the title's id: "folder", what the
---folder with the id has behind it, or else the folder below: volume("ocm123-2967/1.tif", "123", "folder")
---is "2967", volume("123/v.2/1.tif", "123", "folder") is "v.2"; "name", what
---stands in the name between id and page: volume("123_v2_0001.tif", "123", "name") is "v2".
---@param path string
---@param id string? as it is written there
---@param place "folder"|"name"
---@return string? nil when there is none
function m.volume(path, id, place)
  need_text(path, "volume")
  if place ~= "folder" and place ~= "name" then error("key.volume: the place is folder or name", 2) end
  if id == nil then return nil end
  need_text(id, "volume")
  if place == "name" then
    local stem = objects.split_extension(objects.last_part(path))
    local _, last = find(stem, id, 1, true)
    return volume_of_name(last and sub(stem, last + 1) or stem)
  end
  local found
  for folder in path:gmatch "([^/]+)/" do
    if found then return folder end
    local _, last = find(folder, id, 1, true)
    if last then
      local rest = trimmed(sub(folder, last + 1))
      if rest then return rest end
      found = true
    end
  end
  return not found and m.folder(path) or nil
end

-- What may stand before a role, a side or a page.
local SEPARATORS = "[_%-%. ]"

---The name without its extension and without a role at its end, and the role:
---role("32101047381338_1_pm.wav", { "pm", "i", "a" }) gives "32101047381338_1", "pm".
---@param name string
---@param roles string[] as they are written; case does not matter
---@return string rest
---@return string? role nil when there is none
function m.role(name, roles)
  need_text(name, "role")
  if type(roles) ~= "table" then error("key.role: a list of roles expected, e.g. { \"pm\", \"i\" }", 2) end
  local stem = objects.split_extension(objects.last_part(name))
  local rest, last = match(stem, "^(.+)" .. SEPARATORS .. "(%w+)$")
  for _, role in ipairs(rest and roles or {}) do
    if last:lower() == role:lower() then return rest, role end
  end
  return stem, nil
end

---The name without its extension and without a letter that tells its size, and
---the letter: size("CU1001b.jpg", "abc") gives "CU1001", "b". The letter stands
---right behind a digit; a size that is a digit behind - or _:
---size("061-02b-2.jpg", "123") gives "061-02b", "2".
---@param name string
---@param letters string? "abc" by default
---@return string rest
---@return string? letter
function m.size(name, letters)
  need_text(name, "size")
  local stem = objects.split_extension(objects.last_part(name))
  local rest, letter = match(stem, "^(.*%d)(%a)$")
  if not rest then rest, letter = match(stem, "^(.+)[_-](%d)$") end
  if letter and find(letters or "abc", letter, 1, true) then return rest, letter end
  return stem, nil
end

-- 12 for "xii"; nil for what is none: roman numerals are written in one way.
local ROMAN = { { 100, "c" }, { 90, "xc" }, { 50, "l" }, { 40, "xl" }, { 10, "x" }, { 9, "ix" }, { 5, "v" }, { 4, "iv" }, { 1, "i" } }

local function to_roman(n)
  local parts = {}
  for _, step in ipairs(ROMAN) do
    while n >= step[1] do
      parts[#parts + 1] = step[2]
      n = n - step[1]
    end
  end
  return table.concat(parts)
end

local roman_numbers = {}
for n = 1, 199 do roman_numbers[to_roman(n)] = n end

-- Sides of a leaf, as halves of its number.
local SIDES = { r = 0, recto = 0, a = 0, v = 0.5, verso = 0.5, b = 0.5 }

-- Ways to write a page at the end of a name, the more telling first: what
-- stands before it, and its number. Roman pages come before page 1.
local FORMS = {
  function(stem)      -- a leaf that was put in behind another: 4a comes after 4v, before 5
    local rest, leaf, letter, side = match(stem, "^(.-)" .. SEPARATORS .. "*(%d+)(%a)" .. SEPARATORS .. "(%a+)$")
    if rest and (SIDES[side:lower()] and side:lower():find "^[rv]") then
      return rest, tonumber(leaf) + 0.5 + (letter:lower():byte() - 96) / 100 + SIDES[side:lower()] / 100
    end
  end,
  function(stem)
    local rest, leaf, side = match(stem, "^(.-)" .. SEPARATORS .. "*(%d+)" .. SEPARATORS .. "?(%a+)$")
    if rest and SIDES[side:lower()] then return rest, tonumber(leaf) + SIDES[side:lower()] end
  end,
  function(stem)
    local rest, page = match(stem, "^(.*[^%d])%((%d+)%)$")
    if rest then return (rest:gsub("%s+$", "")), tonumber(page) end
  end,
  function(stem)
    local rest, page = match(stem, "^(.*)" .. SEPARATORS .. "[pP]?[pP]?[aA]?[gG]?[eE]?(%d+)$")
    if rest then return rest, tonumber(page) end
  end,
  function(stem)
    local rest, page = match(stem, "^(.*)" .. SEPARATORS .. "(%a+)$")
    local number = rest and roman_numbers[page:lower()]
    if number then return rest, number / 1000 end
    if rest and SIDES[page:lower()] and #page > 1 then return rest, 1 + SIDES[page:lower()] end
  end,
  function(stem)
    local rest, page = match(stem, "^(.*%a)(%d+)$")
    if rest then return rest, tonumber(page) end
  end,
  function(stem)
    local page = match(stem, "^%d+$")
    if page then return "", tonumber(page) end
  end,
}

local function split(name, what)
  need_text(name, what)
  local stem = objects.split_extension(objects.last_part(name))
  for _, form in ipairs(FORMS) do
    local rest, page = form(stem)
    if rest and page then return rest, page end
  end
  return stem, nil
end

---The page at the end of a name: "ms_0012.tif" 12, "book_12v.tif" 12.5 (verso),
---"book_12a_r.tif" 12.51 (a leaf put in behind 12),
---"x_p3.jpg" 3, "a (2).jpg" 2, "preface_iv.tif" 0.004 (roman pages come first),
---"0012.tif" 12. nil when there is none.
---@param name string
---@return number?
function m.page(name)
  local _, page = split(name, "page")
  return page
end

---The name without its extension and its page: "u1_07_0001.tif" gives "u1_07".
---@param name string
---@return string
function m.without_page(name)
  return (split(name, "without_page"))
end

local function date_of(year, month, day)
  if not year or tonumber(year) < 1400 or tonumber(year) > 2199 then return nil end
  if tonumber(month) < 1 or tonumber(month) > 12 or tonumber(day) < 1 or tonumber(day) > 31 then return nil end
  return ("%s-%s-%s"):format(year, month, day)
end

---The first date in a name as year-month-day: "hir1910_02_13_001.tif" gives
---"1910-02-13", "news19100213.pdf" too. Years from 1400 to 2199.
---@param name string
---@return string?
function m.date(name)
  need_text(name, "date")
  local stem = objects.split_extension(objects.last_part(name))
  for year, month, day in stem:gmatch "%f[%d](%d%d%d%d)[_%-%. ]?(%d%d)[_%-%. ]?(%d%d)%f[%D]" do
    local date = date_of(year, month, day)
    if date then return date end
  end
end

-- The first digits of an id tell what it names; the last four the institution.
local CLASSES = { ["99"] = "bib", ["22"] = "holding", ["23"] = "item", ["12"] = "representation", ["13"] = "file",
  ["81"] = "collection" }
local IS_CLASS = {}
for _, class in pairs(CLASSES) do IS_CLASS[class] = true end

---What an Alma id names: "bib", "holding", "item", "representation", "file",
---"collection"; nil for others.
---@param id string
---@return string?
function m.id_class(id)
  need_text(id, "id_class")
  if not find(id, "^%d+$") or #id < 8 or #id > 19 then return nil end
  return CLASSES[sub(id, 1, 2)]
end

---The first Alma id of a class in a name or path, a whole group of digits:
---id("rep/12246098570003941.jpg", "representation", "3941") is "12246098570003941".
---@param name string
---@param class string as id_class gives it
---@param digits string? the institution's last digits; an id with others is passed over
---@return string?
function m.id(name, class, digits)
  need_text(name, "id")
  if not IS_CLASS[class] then
    error(("key.id: there is no class '%s'; there are bib, collection, file, holding, item, representation"):format(tostring(class)), 2)
  end
  for id in name:gmatch "%d+" do
    if m.id_class(id) == class and m.of_institution(id, digits or "") then return id end
  end
end

---The id when it ends with the institution's digits, else nil: a free check
---against numbers that were rounded or mistyped.
---@param id string?
---@param digits string "4146"; "" for any
---@return string?
function m.of_institution(id, digits)
  if id == nil then return nil end
  need_text(id, "of_institution")
  need_text(digits, "of_institution")
  return (digits == "" or sub(id, -#digits) == digits) and id or nil
end

return m
