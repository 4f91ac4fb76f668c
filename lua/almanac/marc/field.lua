-- Live fields: see live.lua for how they stay true.
local live = require "almanac.marc.live"
local mistake = require "almanac.mistake"
local subfields = require "almanac.marc.subfield"

local m = {}

local RECORD, ID = live.RECORD, live.ID
local data_of, plain_of, live_of, list_of = live.data_of, live.plain_of, live.live_of, live.list_of

local Field = { __name = "almanac.marc.field" }

---@class almanac.marc.field
local methods = {}

---The first value of a subfield.
---@param code string
---@return string? value
function methods:get(code)
  for _, subfield in ipairs(plain_of(self)) do
    if subfield.code == code then return subfield.value end
  end
end

---The values of all subfields, or of those with one of the codes.
---@param codes? string e.g. "abnp"
---@return string[]
function methods:all(codes)
  local values = {}
  for _, subfield in ipairs(plain_of(self)) do
    if not codes or codes:find(subfield.code, 1, true) then values[#values + 1] = subfield.value end
  end
  return values
end

---Goes through the live subfields, or those with one of the codes: `for u in field:each "u" do`.
---They may be changed and removed meanwhile.
---@param codes? string
---@return fun(): almanac.marc.subfield?
function methods:each(codes)
  local list, i = list_of(self), 0
  return function()
    while true do
      i = i + 1
      local subfield = list[i]
      if not subfield or ((not codes or codes:find(subfield.code, 1, true)) and live.is_there(subfield)) then return subfield end
    end
  end
end

---Sets the first subfield with that code, or adds it at the end.
---@param code string
---@param value string
function methods:set(code, value)
  local first = self:each(code)()
  if first then first.value = value else self:add(code, value) end
end

---Adds subfields at the end: `field:add("z", "Online", "3", "Part 1")`.
---@param code string
---@param value string
---@param ... string
function methods:add(code, value, ...) self:insert(#plain_of(self) + 1, code, value, ...) end

---Adds subfields so that the first of them has that place.
---@param place integer from 1
---@param code string
---@param value string
---@param ... string
function methods:insert(place, code, value, ...)
  local list, given = list_of(self), table.pack(code, value, ...)
  if math.type(place) ~= "integer" or place < 1 or place > #list + 1 then
    mistake.raise("field %s has %d subfields: there is no place %s", self.tag, #list, tostring(place))
  end
  for i = 1, given.n, 2 do table.insert(list, place + i // 2, { code = given[i], value = given[i + 1] }) end
  live.write_subfields(self, list)
end

---Removes the subfields with one of the codes. A field that has none left leaves its record.
---@param codes string
---@return integer removed
function methods:remove(codes)
  if type(codes) ~= "string" then mistake.raise "field:remove takes subfield codes; record:remove(field) removes the field" end
  local left, list = {}, live_of(self)
  for _, subfield in ipairs(list) do
    if not codes:find(subfield.code, 1, true) then left[#left + 1] = subfield end
  end
  local removed = #list - #left
  if removed > 0 then live.write_subfields(self, left) end
  return removed
end

---The field's text: of a data field its values with blanks between.
---@return string
function methods:text() return self.value or table.concat(self:all(), " ") end

---The field as a plain table, which marc.record and record:add take.
---@return table
function methods:copy()
  local data, list = data_of(self), nil
  if data.subfields then
    list = {}
    for i, subfield in ipairs(data.subfields) do list[i] = { code = subfield.code, value = subfield.value } end
  end
  return { tag = data.tag, value = data.value, indicator1 = data.indicator1, indicator2 = data.indicator2, subfields = list }
end

local function indicators_of(field)
  local data = data_of(field)
  return data.indicator1 and data.indicator1 .. data.indicator2
end

local KEYS = { tag = true, value = true, indicator1 = true, indicator2 = true, indicators = true, subfields = true }

local function check_key(key)
  if KEYS[key] then return end
  mistake.raise("a field has tag, value, indicator1, indicator2, indicators and subfields, no '%s'", tostring(key))
end

function Field:__index(key)
  if methods[key] then return methods[key] end
  check_key(key)
  if key == "indicators" then return indicators_of(self) end
  if key == "subfields" then return data_of(self).subfields and subfields.list(self) end
  return data_of(self)[key]
end

local function set_subfields(field, list)
  plain_of(field)
  if type(list) ~= "table" or #list == 0 then mistake.raise "subfields are a list of { code = …, value = … }" end
  local new = {}
  for i = 1, #list do new[i] = { code = list[i].code, value = list[i].value } end
  live.write_subfields(field, new)
end

function Field:__newindex(key, value)
  check_key(key)
  local data = data_of(self)
  if key == "subfields" then return set_subfields(self, value) end
  if key == "value" and not data.value then mistake.raise("field %s has subfields: set the value of one of them", data.tag) end
  if key:find "^indicator" and data.value then mistake.raise("field %s is a control field: it has no indicators", data.tag) end
  value = live.check_text(value, (key:gsub("^indicator(%d)", "indicator %1")))
  if key ~= "indicators" then return live.write_field(self, { [key] = value }) end
  if #value ~= 2 then mistake.raise "indicators are two characters" end
  live.write_field(self, { indicator1 = value:sub(1, 1), indicator2 = value:sub(2) })
end

---`245 10 $a Harbor views : $b maps`
function Field:__tostring()
  local data = data_of(self)
  if data.value then return data.tag .. " " .. data.value end
  local parts = { data.tag .. " " .. data.indicator1 .. data.indicator2 }
  for _, subfield in ipairs(data.subfields) do parts[#parts + 1] = ("$%s %s"):format(subfield.code, subfield.value) end
  return table.concat(parts, " ")
end

function Field:__pairs() return next, self:copy(), nil end

-- ---- for records ----

---@param record almanac.marc.record
---@param id integer
---@return almanac.marc.field
function m.new(record, id) return setmetatable({ [RECORD] = record, [ID] = id }, Field) end

---@param value any
---@return boolean
function m.is(value) return getmetatable(value) == Field end

---The record and the id of a live field.
function m.place(field) return field[RECORD], field[ID] end

---The nth live subfield.
function m.subfield(field, n) return live_of(field)[n] end

return m
