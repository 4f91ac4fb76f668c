-- Helpers for barcodes as file names and items have them: zeros in front that a
-- spreadsheet cut off, check digits of the usual kinds. Part of what a recipe
-- has as `key`. All checks count from the right, so zeros in front change none.
local objects = require "almanac.recipe.inside.objects"

local m = {}

local find, match, sub, upper = string.find, string.match, string.sub, string.upper

-- ---- check digits ----

local CODE39 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"

-- The sum of a code's signs, each through `weigh(value, place)`; places count from the right, the check digit is 1.
local function sum_of(code, weigh)
  local sum = 0
  for i = 1, #code do
    local sign = sub(code, i, i)
    sum = sum + weigh(sign == "X" and 10 or tonumber(sign), #code - i + 1)
  end
  return sum
end

local function luhn_weight(value, place)
  if place % 2 == 0 then value = value * 2 end
  return value > 9 and value - 9 or value
end

local function ean_weight(value, place) return place % 2 == 0 and value * 3 or value end

local function product(value, place) return value * place end

local function is_mod43(code)
  local sum = 0
  for i = 1, #code - 1 do sum = sum + find(CODE39, sub(code, i, i), 1, true) - 1 end
  return sum % 43 == find(CODE39, sub(code, -1), 1, true) - 1
end

-- luhn: USS Codabar labels of libraries, and others with mod 10 (weights 2, 1). ean: GS1 General Specifications 7.9
-- (weights 3, 1: EAN-13, EAN-8, UPC-A). mod11: ISO 2108 (ISBN-10), ISO 3297 (ISSN). mod43: ISO/IEC 16388 (Code 39).
local CHECKS = {
  luhn = function(code) return sum_of(code, luhn_weight) % 10 == 0 end,
  ean = function(code) return sum_of(code, ean_weight) % 10 == 0 end,
  mod11 = function(code) return sum_of(code, product) % 11 == 0 end,
  mod43 = is_mod43,
  none = function() return true end,
}

-- ---- options ----

local OPTIONS = { length = "integer", pad = "boolean", check = "string", letters = "boolean" }
local CODABAR = { length = 14, check = "luhn", start = "^[23]" }   -- ANSI/AIM BC3: 2 a reader, 3 an item

local function check_options(how, name)
  if type(how) ~= "table" then error(("key.%s: options expected, e.g. { length = 10, pad = true }"):format(name), 3) end
  for option, value in pairs(how) do
    local kind = OPTIONS[option]
    if not kind then error(("key.%s: there is no option '%s'; there are check, length, letters, pad"):format(name, tostring(option)), 3) end
    if (math.type(value) or type(value)) ~= kind then error(("key.%s: %s is %s"):format(name, option, kind == "string" and "text"
      or kind == "integer" and "a whole number" or "true or false"), 3) end
  end
  if how.check and not CHECKS[how.check] then
    error(("key.%s: there is no check '%s'; there are luhn, ean, mod11, mod43, none"):format(name, how.check), 3)
  end
  if how.length and (how.length < 1 or how.length > 100) then error(("key.%s: length is from 1 to 100"):format(name), 3) end
  if how.letters and how.check and how.check ~= "none" and how.check ~= "mod43" then
    error(("key.%s: check '%s' is one of digits, without letters"):format(name, how.check), 3)
  end
  if how.pad and not how.length then error(("key.%s: pad needs length: how many signs a whole barcode has"):format(name), 3) end
end

local function options(how, name)
  if how == nil then return CODABAR end
  -- A rule that is `key.barcodes` itself gets the recipe's args here: a view, with no field of its own.
  if type(how) == "table" and next(how) == nil then return CODABAR end
  check_options(how, name)
  return how
end

local function check_of(how) return how.check or (how.letters and "none" or "luhn") end

local function has_letters(how) return how.letters or how.check == "mod43" end

-- ---- one barcode ----

-- Whether a group of its full length is a barcode; one of nothing but zeros is none.
local function is_barcode(code, how)
  if how.length and #code ~= how.length then return false end
  if how.start and not find(code, how.start) then return false end
  if how.check == "mod11" and find(code, "X.") then return false end
  return find(code, "[^0]") ~= nil and CHECKS[check_of(how)](code)
end

-- A code 39 may end in a sign that is neither letter nor digit.
local function with_sign(group, following, how)
  if how.check ~= "mod43" or following == "" or is_barcode(upper(group), how) then return group end
  local longer = group .. following
  return is_barcode(upper(longer), how) and longer or group
end

-- The whole groups of a text, as they are written: of digits, or of letters and digits with a digit among them.
local function groups_of(name, how)
  local list, position = {}, 1
  local pattern = has_letters(how) and "[%w]+" or "%d+"
  while true do
    local first, last = find(name, pattern, position)
    if not first then return list end
    if how.check == "mod11" and find(name, "^[xX]%f[%W]", last + 1) then last = last + 1 end
    local group = sub(name, first, last)
    if has_letters(how) then group = with_sign(group, match(name, "^[-. $/+%%]", last + 1) or "", how) end
    if find(group, "%d") then list[#list + 1] = group end
    position = first + #group
  end
end

local function longest(groups, below)
  local best
  for _, group in ipairs(groups) do
    if #group < below and (not best or #group > #best) then best = group end
  end
  return best
end

local function filled(group, how)
  return ("0"):rep((how.length or 0) - #group) .. upper(group)
end

-- The group that may be the barcode, before it is checked.
local function candidate(groups, how)
  if not how.length then return longest(groups, math.huge) end
  local whole
  for _, group in ipairs(groups) do
    if #group == how.length then
      whole = whole or group
      if is_barcode(upper(group), how) then return group end
    end
  end
  if whole or not how.pad then return whole end
  return longest(groups, how.length)
end

-- Without the extension of a file, whose digits (mp3) are none of the name.
local function without_file_type(name)
  local stem, ext = objects.split_extension(name)
  return objects.is_file_type(ext) and stem or name
end

---A library's barcode in a name or path. Without options the first whole group of 14
---digits that begins with 2 or 3 and whose last one is its check digit (Luhn). With options:
---  length   how many signs it has, check digit counted; without it the longest group is looked at
---  pad      true: when there is no group of that length, the longest shorter one has lost zeros in front
---  check    "luhn" (mod 10; the default), "ean" (EAN-13 and -8), "mod11" (ISBN-10, ISSN; may end in X),
---           "mod43" (Code 39, with letters), "none"
---  letters  true: groups of letters and digits, in capitals; check is "none" then, or "mod43"
---barcode("12345674_2.jpg", { length = 10, pad = true }) is "0012345674"; a name whose
---barcode does not check has none.
---@param name string
---@param how { length: integer?, pad: boolean?, check: string?, letters: boolean? }?
---@return string? barcode
---@return string? written as it stands in the name, for key.behind
function m.barcode(name, how)
  if type(name) ~= "string" then error(("key.barcode: text expected, got %s"):format(type(name)), 2) end
  how = options(how, "barcode")
  local written = candidate(groups_of(without_file_type(name), how), how)
  if not written then return nil end
  local code = how.pad and filled(written, how) or upper(written)
  if is_barcode(code, how) then return code, written end
end

-- An item's barcode in the form that key.barcode gives; as it is when it is none of that kind.
local function of_item(given, how)
  local code = upper(how.check == "mod43" and given:match "^%s*(.-)%s*$" or (given:gsub("[%s%-]", "")))
  if how.pad and #code < how.length then code = filled(code, how) end
  local signs = how.check == "mod43" and "^[%w%-. $/+%%]+$" or how.letters and "^%w+$" or how.check == "mod11" and "^%d+X?$" or "^%d+$"
  return find(code, signs) and is_barcode(code, how) and code or given
end

---The barcodes of a title's items, in the form that key.barcode gives with the
---same options, for recipes with reads = { "items" }:
---  title_keys = function(title) return key.barcodes(title, { length = 10, pad = true }) end
---@param title table
---@param how { length: integer?, pad: boolean?, check: string?, letters: boolean? }?
---@return string[]
function m.barcodes(title, how)
  how = options(how, "barcodes")
  local list, seen = {}, {}
  for _, item in ipairs(title:items()) do
    local code = item.barcode and of_item(item.barcode, how)
    if code and not seen[code] then
      seen[code] = true
      list[#list + 1] = code
    end
  end
  return list
end

return m
