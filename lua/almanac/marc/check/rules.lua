-- What a record of a kind may have: MARC 21's table for bibliographic records, less for the
-- others, and what a library's profile says. Only what every format shares is asked of
-- records that are no MARC 21.
local marc21 = require "almanac.marc.check.marc21"

local m = {}

---@class almanac.marc.definition what a field may have; what is nil is not judged
---@field once? string there once, together with all that have this word
---@field indicator1? string the characters that it may be
---@field indicator2? string
---@field codes? string letters
---@field single? string codes that are there once
---@field length? integer characters of a control field

---@class almanac.marc.check.rules
---@field name string "bibliographic", "authority", …; "unimarc", "other", "free" for what is no MARC 21
---@field marc21 boolean
---@field control_fields boolean fields below 010 have no subfields
---@field fields table<string, almanac.marc.definition> by tag
---@field numbers table<string, table<string, "isbn"|"issn">> by tag and code
---@field required string[]

-- "0-3" is "0123", "_" a blank, "." nothing.
local function expand(text)
  text = text:gsub("(%w)%-(%w)", function(from, to)
    local parts = {}
    for byte = from:byte(), to:byte() do parts[#parts + 1] = string.char(byte) end
    return table.concat(parts)
  end)
  return (text:gsub("_", " "):gsub("%.", ""))
end

local function add_line(fields, line)
  local tag, often, rest = line:match "^(...) (.) ?(.*)$"
  local field = { once = often == "!" and tag or nil }
  local first, second, codes, single = rest:match "^(%S+) (%S+) (%S+) (%S+)$"
  if first then
    field.indicator1, field.indicator2, field.codes, field.single = expand(first), expand(second), expand(codes), expand(single)
  end
  fields[tag] = field
end

local function define(fields, tag)
  fields[tag] = fields[tag] or {}
  return fields[tag]
end

local function fields_of(name)
  local fields = {}
  if name == "bibliographic" then
    for line in marc21.BIBLIOGRAPHIC:gmatch "[^\n]+" do add_line(fields, line) end
  else
    for tag in (marc21[name:upper()] or "001 003 005 008"):gmatch "%S+" do define(fields, tag).once = tag end
  end
  for _, tag in ipairs(marc21.ONE_OF[name] or {}) do define(fields, tag).once = "1XX" end
  for tag, length in pairs(marc21.LENGTHS[name]) do define(fields, tag).length = length end
  return fields
end

---Puts the subfields that hold numbers in order.
---@param numbers { isbn?: string[], issn?: string[] } as "020$a"
---@return table<string, table<string, "isbn"|"issn">>
function m.by_tag(numbers)
  local tags = {}
  for kind, specs in pairs(numbers) do
    for _, spec in ipairs(specs) do
      local tag, code = spec:match "^(...)%$(.)$"
      tags[tag] = tags[tag] or {}
      tags[tag][code] = kind
    end
  end
  return tags
end

-- In authority and holdings records other fields have other subfields.
local function numbers_of(name)
  if name == "bibliographic" then return m.by_tag(marc21.NUMBERS) end
  return m.by_tag { isbn = { "020$a" }, issn = { "022$a" } }
end

---The rules of one kind of MARC 21 records.
---@param name string "bibliographic", "authority", "holdings", "classification", "community"
---@return almanac.marc.check.rules
function m.of_marc21(name)
  return { name = name, marc21 = true, control_fields = true, fields = fields_of(name), numbers = numbers_of(name), required = {} }
end

-- What UNIMARC has for ISBN and ISSN.
local UNIMARC = { isbn = { "010$a" }, issn = { "011$a", "011$f" } }

---The rules of what is no MARC 21, or can't be told.
---@param name string "unimarc"; "other"; "free": fields below 010 may have subfields
---@return almanac.marc.rules
function m.other(name)
  return { name = name, marc21 = false, control_fields = name ~= "free", fields = {},
    numbers = m.by_tag(name == "unimarc" and UNIMARC or {}), required = {} }
end

---Which kind of record a leader tells of: leader/20-23 is "4500" in MARC 21 and "450 " in
---UNIMARC, and leader/06 one of MARC 21's types. In danMARC, whose leader/06 is blank, fields
---below 010 have subfields.
---@param leader string
---@return string name as m.of_marc21 or m.other take it
function m.kind_of(leader)
  local letter, map = leader:sub(7, 7), leader:sub(21, 24)
  if map == "4500" then
    for name, letters in pairs(marc21.TYPES) do
      if letters:find(letter, 1, true) then return name end
    end
  end
  return letter == " " and "free" or map == "450 " and "unimarc" or "other"
end

return m
