-- Methods of records beside the engine's: live fields, changes, links between fields, kinds.
-- They are added to the class that all records have, so a record from anywhere has them.
local core = require "almanac.core"
local field = require "almanac.marc.field"
local live = require "almanac.marc.live"
local mistake = require "almanac.mistake"
local subfield = require "almanac.marc.subfield"

local m = {}

local meta = getmetatable(core.marc.new())

---@class almanac.marc.record
local methods = meta.__index

local core_set, core_remove, core_ids, core_places = methods.set, methods.remove, methods.ids, methods.places

-- ---- what the engine refuses ----

-- What the engine counts behind the record, as callers know it.
local ARGUMENTS = { set = { "the MARCspec", "the value" }, remove = { "the MARCspec" }, each = { "the MARCspec" },
  fields = { "the tag" }, field = { "the tag" } }

-- The engine names the function that called it, and where in this file. The caller knows neither.
local function passed(verb, fine, ...)
  if fine then return ... end
  local message = tostring((...))
  local number, why = message:match "bad argument #?(%d*) ?to '[^\n]-' %((.*)%)$"
  if not why then error(message, 0) end
  local named = not why:find "^MARCspec" and ARGUMENTS[verb][(tonumber(number) or 0) - 1]
  mistake.raise("record:%s: %s%s", verb, named and named .. ": " or "", why)
end

-- Calls the engine for record:VERB.
local function engine(verb, fn, record, ...)
  if getmetatable(record) ~= meta then
    mistake.raise("record:%s: it is called with a colon, on a record: record:%s(…); it got %s", verb, verb,
      record == nil and "nil" or "a " .. type(record))
  end
  return passed(verb, pcall(fn, record, ...))
end

-- ---- live fields ----

-- The live fields of each record, by id. Somebody who holds one gets the same one again.
local held = setmetatable({}, { __mode = "k" })
local weak = { __mode = "v" }

local function field_named(record, id)
  local fields = held[record]
  if not fields then
    fields = setmetatable({}, weak)
    held[record] = fields
  end
  local found = fields[id]
  if found then return found end
  found = field.new(record, id)
  fields[id] = found
  return found
end

local function refresh(record)
  local fields = held[record]
  if not fields then return end
  for _, each in pairs(fields) do live.refresh(each) end
end

---The live fields with a tag: what is set in them is set in the record.
---@param tag? string three characters, or more where the first is a letter ("INST"); '.' is any; default: all
---@return almanac.marc.field[]
function methods:fields(tag)
  local list = engine("fields", core_ids, self, tag)
  for i = 1, #list do list[i] = field_named(self, list[i]) end
  return list
end

---The first of them.
---@param tag? string
---@return almanac.marc.field? field
function methods:field(tag)
  local id = engine("field", core_ids, self, tag)[1]
  return id and field_named(self, id)
end

-- What a MARCspec finds, as live fields and subfields.
local function found_by(record, spec)
  local places, list = engine("each", core_places, record, spec), {}
  for i = 1, #places, 2 do
    local found = field_named(record, places[i])
    list[#list + 1] = places[i + 1] == 0 and found or field.subfield(found, places[i + 1])
  end
  return list
end

---Goes through the live fields or subfields that a MARCspec finds. They may be changed and removed
---meanwhile: `for u in record:each "856$u" do u.value = u.value:gsub("^http:", "https:") end`.
---@param spec string
---@return fun(): (almanac.marc.field|almanac.marc.subfield)?
function methods:each(spec)
  local list, i = found_by(self, spec), 0
  return function()
    repeat i = i + 1 until not list[i] or live.is_there(list[i])
    return list[i]
  end
end

-- ---- changing ----

local function add_subfields(values, list)
  for _, one in ipairs(list) do
    if type(one) ~= "table" then mistake.raise "subfields are a list of { code = …, value = … }" end
    values[#values + 1] = one.code or mistake.raise "a subfield has no code"
    values[#values + 1] = one.value or mistake.raise("subfield $%s has no value", one.code)
  end
  return values
end

-- A field as a table has its parts in a row or by name.
local function parts_of(given)
  if given[1] then return given end
  if not given.tag then mistake.raise "a field is { tag, text }, { tag, indicators, code, value, … }, a field of a record, or its copy" end
  if given.value then return { given.tag, given.value } end
  local indicators = given.indicators or (given.indicator1 or " ") .. (given.indicator2 or " ")
  return add_subfields({ given.tag, indicators }, given.subfields or {})
end

-- What record:add and record:insert are given, as the engine takes it.
local function new_field(first, ...)
  if field.is(first) then return field.place(first) end
  local parts = table.pack(first, ...)
  if type(first) == "table" then parts = table.pack(table.unpack(parts_of(first))) end
  for i = 1, parts.n do
    if type(parts[i]) == "number" then parts[i] = tostring(parts[i]) end
    if type(parts[i]) ~= "string" then
      mistake.raise("a field is text, but its part %d (of tag, indicators, code, value, …) is a %s", i, type(parts[i]))
    end
  end
  if parts.n < 2 then mistake.raise "a field has a tag, and a text or indicators and subfields" end
  if parts.n > 2 and parts.n % 2 == 1 then mistake.raise("field %s: a code has no value", parts[1]) end
  return table.unpack(parts, 1, parts.n)
end

local function put(record, place, ...)
  local id, message, code = live.splice(record, place, false, ...)
  if not id then return nil, message, code end
  return field_named(record, id)
end

---Adds a field behind the last one whose tag is not greater: `add("001", "99")`,
---`add("856", "40", "u", "https://…", "z", "Online")`, `add { tag = "650", … }`, or a field of any
---record, which is copied. Raises when it makes no field, or a text is not UTF-8 or has control
---characters.
---@param tag string|almanac.marc.field|table
---@param text? string of a control field (00x); else the two indicators
---@param ... string code, value, code, value, …
---@return almanac.marc.field? field
---@return string? message
---@return almanac.code? code "limit" when the record passes 16 MiB
function methods:add(tag, text, ...)
  if text == nil then return put(self, nil, new_field(tag)) end
  return put(self, nil, new_field(tag, text, ...))
end

---Adds a field before another one, whatever their tags are; the rest is as of `add`.
---@param place almanac.marc.field|integer that field, or the place from 1 on that the new one has
---@param tag string|almanac.marc.field|table
---@param ... string
---@return almanac.marc.field? field
---@return string? message
---@return almanac.code? code
function methods:insert(place, tag, ...)
  local ids, id = core_ids(self), nil
  if field.is(place) then
    local record
    record, id = field.place(place)
    if record ~= self then mistake.raise "the field to insert before is of another record" end
  elseif math.type(place) == "integer" and place >= 1 and place <= #ids + 1 then
    id = ids[place] or 0
  else
    mistake.raise("the record has %d fields: there is no place %s", #ids, tostring(place))
  end
  return put(self, id, new_field(tag, ...))
end

---Sets the first value that the MARCspec finds: a subfield, a control field, the leader (LDR),
---characters of them, an indicator. When there is none, TAG$x gets the subfield at the end of the
---first such field, and TAG$x and 00x get the field, with blank indicators.
---@param spec string
---@param value string as long as what it replaces, for characters of the leader and control fields
---@return true? done
---@return string? message
---@return almanac.code? code "missing" when there is nothing to set, "limit" as for add
function methods:set(spec, value)
  local done, message, code = engine("set", core_set, self, spec, value)
  refresh(self)
  return done, message, code
end

---Removes a field or subfield, or all that a MARCspec finds, and fields that have no subfield left.
---Raises for the leader, characters and indicators.
---@param what string|almanac.marc.field|almanac.marc.subfield
---@return integer? removed of fields or subfields, as the MARCspec names them
---@return string? message
---@return almanac.code? code
function methods:remove(what)
  if field.is(what) or subfield.is(what) then
    local of = field.is(what) and what or what.field
    if field.place(of) ~= self then mistake.raise "the field is of another record" end
    if of == what then live.remove(of) else what:remove() end
    return 1
  end
  local removed, message, code = engine("remove", core_remove, self, what)
  refresh(self)
  return removed, message, code
end

-- ---- 880 ----

-- Tag and number of $6 "880-01/(3/r"; 00 stands for a field without a partner.
local function link_of(one)
  local tag, number = (one.subfields and one:get "6" or ""):match "^%s*(%w%w%w)%-(%d%d)"
  if number and number ~= "00" then return tag, number end
end

---The fields that a field is linked with by $6: its 880 in another script, or of an 880 the field
---that it repeats.
---@param one almanac.marc.field
---@return almanac.marc.field[] fields none when the partner is missing
function methods:linked(one)
  local tag, number = link_of(one)
  local list = {}
  for _, other in ipairs(tag and self:fields(tag) or {}) do
    local back, same = link_of(other)
    if same == number and back == one.tag then list[#list + 1] = other end
  end
  return list
end

-- ---- kinds ----

local KINDS = { z = "authority", u = "holdings", v = "holdings", x = "holdings", y = "holdings", w = "classification",
  q = "community" }
local MATERIALS = { e = "map", f = "map", c = "music", d = "music", i = "recording", j = "recording", m = "computer file",
  g = "visual", k = "visual", o = "visual", r = "visual", p = "mixed" }

---What leader/06 says the record is.
---@return "bib"|"authority"|"holdings"|"classification"|"community"|nil kind nil: the letter means nothing in MARC 21
function methods:kind()
  local letter = self:leader():sub(7, 7)
  return KINDS[letter] or (letter:find "[acdefgijkmoprt]" and "bib" or nil)
end

---What a bibliographic record describes, by leader/06 and /07.
---@return "book"|"serial"|"map"|"music"|"recording"|"computer file"|"visual"|"mixed"|nil material nil when it is no bib
function methods:material()
  local letter, level = self:leader():match "^......(.)(.)"
  if letter == "a" or letter == "t" then return level:find "[bis]" and "serial" or "book" end
  return MATERIALS[letter]
end

---What is wrong with the record: `record:check { only = { "isbn", "issn" } }`. A checker from
---`marc.checker` is faster for many, and finds an 001 that is there again.
---@param options? almanac.marc.check.options
---@return almanac.marc.found[]? problems
---@return string? message what is wrong with the profile
---@return almanac.code? code
function methods:check(options)
  return require("almanac.marc.check").record(self, options)
end

-- ---- the record as a value ----

function meta:__tostring() return (self:encode "line":gsub("\n+$", "")) end

function meta:__newindex(key)
  mistake.raise("a record has no '%s' to set: use record:set(MARCspec, value), LDR for the leader", tostring(key))
end

local BOOK = "00000nam a2200000   4500"

---Makes a record; without a leader, that of a book. Fields come in the order in which they are given.
---@param given { leader: string?, [integer]: table|almanac.marc.field } fields as of record:add
---@return almanac.marc.record
function m.new(given)
  if type(given) ~= "table" then mistake.raise "a record is made from a table: { leader = …, { \"245\", \"10\", \"a\", \"…\" } }" end
  for key in pairs(given) do
    if key ~= "leader" and math.type(key) ~= "integer" then
      mistake.raise("a record is made from leader and fields, not '%s'", tostring(key))
    end
  end
  local record, leader = core.marc.new(), given.leader == nil and BOOK or given.leader
  local fine = type(leader) == "string" and #leader == 24 and not leader:find "[^ -~]"
  if not fine then mistake.raise "a leader is 24 characters of ASCII" end
  core_set(record, "LDR", leader)
  for i = 1, #given do
    if type(given[i]) ~= "table" then mistake.raise("field %d is no table", i) end
    local id, message = live.splice(record, 0, false, new_field(given[i]))
    if not id then mistake.raise("%s", message) end
  end
  return record
end

return m
