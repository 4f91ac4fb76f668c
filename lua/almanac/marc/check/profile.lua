-- A profile says what fields the records of a library or a format have. It is a Lua table
-- in a file:
--
--   return {
--     based_on = "marc21",                -- MARC 21's checks and fields go on; left out: only what stands here
--     fields = {                          -- of bibliographic records, or of all without based_on
--       ["949"] = { repeatable = false, required = true, indicator1 = " 1", indicator2 = " ", codes = "abp", single = "p" },
--       ["008"] = { length = 40 },
--     },
--     authority = { … }, holdings = { … },  -- fields of those, for based_on
--     isbn = { "020$a" }, issn = { "022$a" },
--   }
local marc21 = require "almanac.marc.check.marc21"
local rules = require "almanac.marc.check.rules"
local table_file = require "almanac.table_file"
local words = require "almanac.words"

local m = {}

local KEYS = { based_on = "string", fields = "table", authority = "table", holdings = "table", isbn = "table", issn = "table" }
local FIELD_KEYS = { repeatable = "boolean", required = "boolean", indicator1 = "string", indicator2 = "string",
  codes = "string", single = "string", length = "number" }
local OF_FIELDS = { fields = true, authority = true, holdings = true }

-- ---- reading ----

local function check_keys(where, given, known)
  for key, value in pairs(given) do
    if not known[key] then
      local names = {}
      for name in pairs(known) do names[#names + 1] = name end
      table.sort(names)
      local near = words.nearest(tostring(key), names)
      return ("%s: there is no '%s'%s; it may have %s"):format(where, tostring(key),
        near and (", did you mean '" .. near .. "'?") or "", table.concat(names, ", "))
    elseif type(value) ~= known[key] then
      return ("%s: '%s' is a %s, not a %s"):format(where, key, known[key], type(value))
    end
  end
end

local function check_tag(where, tag)
  if type(tag) == "string" and tag:find "^%w%w%w$" then return nil end
  return ("%s: '%s' is no tag of three letters or digits"):format(where, tostring(tag))
    .. (math.type(tag) and (", write [\"%03d\"]"):format(tag) or "")
end

local function check_field(where, field)
  local message = check_keys(where, field, FIELD_KEYS)
  if message then return message end
  if field.length and (math.type(field.length) ~= "integer" or field.length < 1) then
    return where .. ": 'length' is a whole number of characters from 1"
  end
  local of_data = field.codes or field.single or field.indicator1 or field.indicator2
  if field.length and of_data then return where .. ": 'length' is of control fields, which have no indicators and codes" end
end

local function check_fields(where, fields)
  for tag, field in pairs(fields) do
    local message = check_tag(where, tag)
    if message then return message end
    local at = ("%s, %s"):format(where, tag)
    if type(field) ~= "table" then return at .. " is no table" end
    message = check_field(at, field)
    if message then return message end
  end
end

local function check_numbers(where, specs)
  for _, spec in pairs(specs) do
    if type(spec) ~= "string" or not spec:find "^%w%w%w%$%g$" then
      return ("%s: '%s' is no subfield, write it as \"020$a\""):format(where, tostring(spec))
    end
  end
end

local function check(path, given)
  local message = check_keys(path, given, KEYS)
  if message then return message end
  if given.based_on and given.based_on ~= "marc21" then
    return ("%s: 'based_on' is '%s', and may be 'marc21'"):format(path, given.based_on)
  end
  for key, value in pairs(given) do
    local where = ("%s: %s"):format(path, key)
    if OF_FIELDS[key] then message = check_fields(where, value)
    elseif KEYS[key] == "table" then message = check_numbers(where, value) end
    if message then return message end
    if not given.based_on and (key == "authority" or key == "holdings") then
      return where .. " needs based_on = \"marc21\": which records they are is known of MARC 21 only"
    end
  end
end

-- ---- rules ----

local function apply(ruled, fields)
  for tag, field in pairs(fields or {}) do
    local before = ruled.fields[tag]
    ruled.fields[tag] = { once = field.repeatable == false and (before and before.once or tag) or nil, length = field.length,
      indicator1 = field.indicator1, indicator2 = field.indicator2, codes = field.codes, single = field.single }
    if field.required then ruled.required[#ruled.required + 1] = tag end
  end
  table.sort(ruled.required)
end

---@class almanac.marc.check.profile
---@field given table
local methods = {}

---The rules of a kind of records.
---@param name string of rules.kind_of
---@return almanac.marc.check.rules? rules nil: the profile says nothing of it
function methods:rules_of(name)
  local given = self.given
  local ruled
  if not given.based_on then
    ruled = rules.other "other"
    apply(ruled, given.fields)
  elseif name == "bibliographic" or name == "authority" or name == "holdings" then
    ruled = rules.of_marc21(name)
    apply(ruled, given[name == "bibliographic" and "fields" or name])
  else
    return nil
  end
  if name == "bibliographic" and given.based_on then
    ruled.numbers = rules.by_tag { isbn = given.isbn or marc21.NUMBERS.isbn, issn = given.issn or marc21.NUMBERS.issn }
  elseif not given.based_on then
    ruled.numbers = rules.by_tag { isbn = given.isbn, issn = given.issn }
  end
  return ruled
end

---Reads a profile.
---@param path string
---@return almanac.marc.check.profile? profile
---@return string? message
---@return almanac.code? code
function m.read(path)
  local given, message, code = table_file.read(path)
  if not given then return nil, message, code or "parse" end
  message = check(path, given)
  if message then return nil, message, "parse" end
  return setmetatable({ given = given }, { __index = methods })
end

return m
