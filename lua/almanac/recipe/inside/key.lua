-- Helpers that make keys from names: what a recipe has as `key`. All take and
-- give text; what is not there is nil, so that a rule can leave a file out.
local text = require "almanac.core".text
local barcodes = require "almanac.recipe.inside.key_barcode"
local catalogue = require "almanac.recipe.inside.key_catalogue"
local clean = require "almanac.recipe.inside.key_clean"
local names = require "almanac.recipe.inside.key_names"
local objects = require "almanac.recipe.inside.objects"
local remote = require "almanac.recipe.inside.key_remote"
local sidecar = require "almanac.recipe.inside.key_sidecar"

local m = {}

for name, helper in pairs(names) do m[name] = helper end
for name, helper in pairs(catalogue) do m[name] = helper end
for name, helper in pairs(remote) do m[name] = helper end
for name, helper in pairs(sidecar) do m[name] = helper end
for name, helper in pairs(barcodes) do m[name] = helper end
for name, helper in pairs(clean) do m[name] = helper end

local find, gmatch, match, sub = string.find, string.gmatch, string.match, string.sub
local split_extension, last_part = objects.split_extension, objects.last_part

local function check(value, name, kind)
  if type(value) ~= kind then
    error(("key.%s: %s expected, got %s"):format(name, kind == "string" and "text" or "a whole number", type(value)), 3)
  end
end

local function check_number(value, name)
  if math.type(value) ~= "integer" or value == 0 then
    error(("key.%s: the place is a whole number: 1 is the first, -1 the last"):format(name), 3)
  end
end

---Text in one form: accents composed (NFC), case ignored.
---@param name string
---@return string
function m.fold(name)
  check(name, "fold", "string")
  return text.fold(name)
end

---Text with its accents composed (NFC); case as it is.
---@param name string
---@return string
function m.nfc(name)
  check(name, "nfc", "string")
  return text.nfc(name)
end

---The name without folders and extension; case and accent form are ignored:
---"a/Grinnell_1_OBJ.JPG" gives "grinnell_1_obj".
---@param name string
---@return string
function m.stem(name)
  check(name, "stem", "string")
  return text.fold((split_extension(last_part(name))))
end

---The name without folders and extension, exactly as written.
---@param name string
---@return string
function m.exact_stem(name)
  check(name, "exact_stem", "string")
  return (split_extension(last_part(name)))
end

-- The nth of what a pattern finds, from the right when n is negative.
local function nth(stem, pattern, n)
  local position, list, count = 1, {}, 0
  while true do
    local first, last = find(stem, pattern, position)
    if not first then break end
    count = count + 1
    list[count] = sub(stem, first, last)
    if count == n then return list[count] end
    position = last + 1
  end
  return n < 0 and list[count + 1 + n] or nil
end

---The nth group of digits of the name without its extension, whole:
---digits("grinnell_16037_OBJ2.tif", 1) is "16037", -1 the last.
---@param name string
---@param n integer? 1 by default
---@return string?
function m.digits(name, n)
  check(name, "digits", "string")
  check_number(n or 1, "digits")
  return nth(split_extension(last_part(name)), "%d+", n or 1)
end

-- Without the extension of a file; what only looks like one, as in "Box 3.F12",
-- is part of the text.
local function without_file_type(value)
  local stem, ext = split_extension(value)
  return objects.is_file_type(ext) and stem or value
end

---The first n numbers of a name, path or other text, or the last n when n is
---negative, without leading zeros and with - between:
---numbers("Box3_Fol12_item007_p2.jpg", 3) is "3-12-7", and so is
---numbers("Letter / Jane. Box 3, Folder 12, Item 7", -3).
---@param value string? nil gives nil, so a field that is not there needs no care
---@param n integer? 1 by default
---@return string? nil when there are not so many
function m.numbers(value, n)
  if value == nil then return nil end
  check(value, "numbers", "string")
  n = n or 1
  check_number(n, "numbers")
  local all, count = {}, n < 0 and -n or n
  for digits in gmatch(without_file_type(value), "%d+") do all[#all + 1] = match(digits, "^0*(%d+)$") end
  if #all < count then return nil end
  local first = n < 0 and #all - count + 1 or 1
  return table.concat(all, "-", first, first + count - 1)
end

---The nth part of the name without its extension, between separators:
---part("MS-2_20_30_001.tif", -1, "_") is "001".
---@param name string
---@param n integer from the right when negative
---@param separator string? "_" by default; plain text
---@return string?
function m.part(name, n, separator)
  check(name, "part", "string")
  check_number(n, "part")
  separator = separator or "_"
  check(separator, "part", "string")
  if separator == "" then error("key.part: the separator is empty", 2) end
  local stem, position, parts = split_extension(last_part(name)), 1, {}
  while true do
    local first, last = find(stem, separator, position, true)
    parts[#parts + 1] = sub(stem, position, first and first - 1)
    if not first then break end
    position = last + 1
  end
  return n > 0 and parts[n] or parts[#parts + 1 + n]
end

---The text behind a prefix; nil when it doesn't begin with it.
---@param name string
---@param prefix string
---@return string?
function m.after(name, prefix)
  check(name, "after", "string")
  check(prefix, "after", "string")
  if sub(name, 1, #prefix) == prefix then return sub(name, #prefix + 1) end
end

---The text before a suffix; nil when it doesn't end in it.
---@param name string
---@param suffix string
---@return string?
function m.before(name, suffix)
  check(name, "before", "string")
  check(suffix, "before", "string")
  if #suffix <= #name and sub(name, #name - #suffix + 1) == suffix then
    return sub(name, 1, #name - #suffix)
  end
end

---The MMS ID in a name or path: the first whole group of 8 to 19 digits that
---begins with 99.
---@param name string
---@return string?
function m.mms_id(name)
  check(name, "mms_id", "string")
  for digits in gmatch(name, "%d+") do
    if #digits >= 8 and #digits <= 19 and match(digits, "^99") then return digits end
  end
end

return m
