-- Helpers for numbers that come from the catalogue: OCLC and other system
-- numbers, call numbers. Part of what a recipe has as `key`.
local objects = require "almanac.recipe.inside.objects"
local text = require "almanac.core".text

local m = {}

local find, match, sub = string.find, string.match, string.sub

local function need_text(value, name)
  if type(value) ~= "string" then error(("key.%s: text expected, got %s"):format(name, type(value)), 3) end
end

local function without_zeros(digits)
  return match(digits, "^0*(%d+)$")
end

-- OCLC's own prefixes by length of the number (OCLC, "Bibliographic Formats and
-- Standards", 001): ocm and 8 digits, ocn and 9, on and 10 or more.
local function prefixed(name)
  local low, position = name:lower(), 1
  while true do
    local first, last, digits = find(low, "oc[mn](%d+)", position)
    local other, other_last, other_digits = find(low, "on(%d+)", position)
    if other and (not first or other < first) then first, last, digits = other, other_last, other_digits end
    if not first then return nil end
    local before = sub(low, first - 1, first - 1)
    if not find(before, "%a") and #digits >= 8 then return digits end
    position = last + 1
  end
end

---An OCLC number in its one form, digits without leading zeros: of a 035 field
---("(OCoLC)ocm00012345" gives "12345"), of a 001 ("ocn123456789"), of a file name
---("ocm00012345_001.tif"). nil when there is none: digits alone are one only
---behind "(OCoLC)".
---@param name string
---@return string?
function m.oclc(name)
  need_text(name, "oclc")
  local rest = match(name, "^%s*%([oO][cC][oO][lL][cC]%)%s*(.-)%s*$")
  if not rest then
    if find(name, "^%s*%(") then return nil end   -- another system's
    local digits = prefixed(objects.last_part(name))
    return digits and without_zeros(digits)
  end
  local digits = match(rest:lower(), "^oc[mn]%s*(%d+)$") or match(rest:lower(), "^on%s*(%d+)$") or match(rest, "^(%d+)$")
  return digits and without_zeros(digits)
end

---What stands behind a system's prefix in a 035 field: ("(DE-599)ZDB123", "DE-599")
---gives "ZDB123"; case of the prefix is ignored. OCLC numbers ("OCoLC") come in
---their one form. nil when it is of another system.
---@param value string
---@param prefix string with or without its brackets
---@return string?
function m.system_number(value, prefix)
  need_text(value, "system_number")
  need_text(prefix, "system_number")
  local wanted = match(prefix, "^%((.*)%)$") or prefix
  local system, number = match(value, "^%s*%(([^)]*)%)%s*(.-)%s*$")
  if not system or system:lower() ~= wanted:lower() or number == "" then return nil end
  if wanted:lower() == "ocolc" then return m.oclc(value) end
  return number
end

---All system numbers of a prefix in a MARC record's 035 $a, or in a Dublin Core
---record's dc:identifier, each once:
---  title_keys = function(title) return key.system_numbers(title.record, "OCoLC") end
---@param record table title.record
---@param prefix string
---@return string[]
function m.system_numbers(record, prefix)
  if type(record) ~= "table" or not record.format then error("key.system_numbers: title.record expected", 2) end
  need_text(prefix, "system_numbers")
  local list, seen = {}, {}
  for _, value in ipairs(record:all(record.format == "marc" and "035$a" or "identifier")) do
    local number = m.system_number(value, prefix)
    if number and not seen[number] then
      seen[number] = true
      list[#list + 1] = number
    end
  end
  return list
end

---A call number in one form, whatever stands between its parts: "PS3566.R3944 A614
---2020", "ps 3566 .r3944 a614 2020" and the file name "PS3566_R3944_A614_2020.tif"
---give "ps 3566 r 3944 a 614 2020". Give a file's name, not its path: a call number may
---have slashes. Parts are runs of letters and of digits; digits
---stay as they are, since .R39 and .R039 are two places on a shelf.
---@param value string
---@return string? nil when there is no letter or digit
function m.call_number(value)
  need_text(value, "call_number")
  local stem, ext = objects.split_extension(value)
  if not objects.is_file_type(ext) then stem = value end
  local parts, position = {}, 1
  local folded = text.fold(stem)
  while true do
    local first, last = find(folded, "%d+", position)
    local letters, letters_last = find(folded, "[%a\128-\255]+", position)
    if letters and (not first or letters < first) then first, last = letters, letters_last end
    if not first then break end
    parts[#parts + 1] = sub(folded, first, last)
    position = last + 1
  end
  return parts[1] and table.concat(parts, " ")
end

return m
