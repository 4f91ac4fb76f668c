-- The kinds of problems that records can have. A name that was once published keeps its
-- meaning: scripts select by it.
local core = require "almanac.core"
local words = require "almanac.words"

local m = {}

-- What a reader notes while it reads is named by core.marc.kinds.
local OF_READERS = {
  leader = "the leader is damaged",
  length = "leader/00-04 is not the record's length",
  directory = "the directory is wrong",
  tag = "a tag is not three letters or digits",
  indicator = "there are too few or too many indicators",
  subfield = "a subfield has no delimiter or no code",
  terminator = "a terminator is missing, or stands in a text",
  character = "bytes that are no character of the charset",
  escape = "an unknown escape sequence",
  truncated = "the record is cut off",
  garbage = "bytes that belong to no record",
  ["too-long"] = "the record is longer than its format allows",
  structure = "the XML or JSON around the fields is wrong",
  charset = "leader/09 (UNIMARC: 100 $a) is not the charset of the text",
}

---@class almanac.marc.kind
---@field name string
---@field summary string
---@field marc21? boolean found in MARC 21 records only, and by a profile

---What is found by looking at the record itself.
---@type almanac.marc.kind[]
m.of_records = {
  { name = "control-character", summary = "a text has a control character" },
  { name = "control-field", summary = "a field below 010 has indicators and subfields" },
  { name = "data-field", summary = "a field from 010 on has no indicators or no subfields" },
  { name = "odd-indicator", summary = "an indicator is no blank, digit or small letter" },
  { name = "odd-code", summary = "a subfield code is no small letter or digit" },
  { name = "duplicate-001", summary = "an earlier record of the file has the same 001" },
  { name = "fixed-length", summary = "005, 006 or 008 is too short or too long", marc21 = true },
  { name = "isbn", summary = "a number is no ISBN: its length or check digit" },
  { name = "issn", summary = "a number is no ISSN: its length or check digit" },
  { name = "unlinked-880", summary = "880 without its field, or $6 without its 880", marc21 = true },
  { name = "repeated-field", summary = "a field is there twice that may be there once", marc21 = true },
  { name = "repeated-subfield", summary = "a subfield is there twice that may be there once", marc21 = true },
  { name = "undefined-indicator", summary = "the field has no such indicator", marc21 = true },
  { name = "undefined-code", summary = "the field has no such subfield", marc21 = true },
  { name = "missing-field", summary = "a field is not there that the profile requires" },
}

---All kinds, those of readers first.
---@return almanac.marc.kind[]
function m.all()
  local all = {}
  for i, name in ipairs(core.marc.kinds()) do all[i] = { name = name, summary = OF_READERS[name] or "" } end
  return table.move(m.of_records, 1, #m.of_records, #all + 1, all)
end

---@return string[]
function m.names()
  local names = {}
  for i, kind in ipairs(m.all()) do names[i] = kind.name end
  return names
end

---@param name string
---@return string? name when it is one
---@return string? message names the nearest
function m.find(name)
  local names = m.names()
  for _, known in ipairs(names) do
    if known == name then return name end
  end
  local near = words.nearest(name, names)
  return nil, ("there is no kind '%s'%s; the kinds are %s"):format(name, near and (", did you mean '" .. near .. "'?") or "",
    table.concat(names, ", "))
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names or {}) do set[assert(m.find(name))] = true end
  return set
end

---Which kinds are wanted: those of `only`, or all, but those of `except`. Raises for an unknown one.
---@param only? string[] nil or empty: all
---@param except? string[]
---@return fun(kind: string): boolean
function m.chosen(only, except)
  local wanted, unwanted = set_of(only), set_of(except)
  local all = next(wanted) == nil
  return function(kind) return (all or wanted[kind] == true) and not unwanted[kind] end
end

return m
