-- Live subfields, and the list of them that field.subfields is.
local live = require "almanac.marc.live"
local mistake = require "almanac.mistake"

local m = {}

local DATA, FIELD, Subfield = live.DATA, live.FIELD, live.Subfield
local data_of, plain_of, live_of, list_of = live.data_of, live.plain_of, live.live_of, live.list_of

local List = {}

---@class almanac.marc.subfield
---@field code string
---@field value string
---@field field almanac.marc.field that it is in
local methods = {}

local function field_of(subfield)
  local field = rawget(subfield, FIELD)
  if not field or not rawget(subfield, DATA) then live.gone "subfield" end
  data_of(field)
  return field
end

local function place_in(list, subfield)
  for i, other in ipairs(list) do
    if other == subfield then return i end
  end
end

---Takes the subfield out of its field.
function methods:remove()
  local field = field_of(self)
  local list = list_of(field)
  table.remove(list, place_in(list, self))
  live.write_subfields(field, list)
end

function Subfield:__index(key)
  if methods[key] then return methods[key] end
  if key == "field" then return field_of(self) end
  if key ~= "code" and key ~= "value" then mistake.raise("a subfield has code, value and field, no '%s'", key) end
  local data = rawget(self, DATA) or live.gone "subfield"
  if rawget(self, FIELD) then field_of(self) end
  return data[key]
end

function Subfield:__newindex(key, value)
  if key ~= "code" and key ~= "value" then mistake.raise("a subfield has code and value to set, no '%s'", key) end
  local field, data = field_of(self), rawget(self, DATA)
  value = live.check_text(value, "a subfield's " .. key)
  local old = data[key]
  if old == value then return end
  data[key] = value
  local fine, message = pcall(live.write_field, field, { subfields = plain_of(field) })
  if fine then return end
  data[key] = old
  error(message, 0)
end

function Subfield:__tostring() return ("$%s %s"):format(self.code, self.value) end

function Subfield:__pairs() return next, { code = self.code, value = self.value }, nil end

-- ---- the list field.subfields ----

function List:__index(i) return live_of(self[FIELD])[i] end

function List:__len() return #live_of(self[FIELD]) end

function List:__pairs() return ipairs(list_of(self[FIELD])) end

-- One of the field's own moves and stays itself, as table.sort needs it: what table.sort holds meanwhile was
-- taken out by a move. Where it was until then a copy stays.
local function put_in(list, i, subfield, field)
  local own = getmetatable(subfield) == Subfield and (rawget(subfield, FIELD) or field) == field
  local place = own and place_in(list, subfield)
  if place then list[place] = { code = subfield.code, value = subfield.value } end
  list[i] = own and subfield or { code = subfield.code, value = subfield.value }
end

-- Takes what table.insert and table.remove write, too: they move subfields one by one.
function List:__newindex(i, subfield)
  local field = self[FIELD]
  local list = list_of(field)
  if math.type(i) ~= "integer" or i < 1 or i > #list + 1 then
    mistake.raise("field %s has %d subfields: there is no place %s", field.tag, #list, tostring(i))
  end
  if subfield == nil then
    if i < #list then mistake.raise "only the last subfield can be set to nil: use subfield:remove()" end
    list[i] = nil
  elseif type(subfield) ~= "table" then
    mistake.raise("a subfield is a table { code = …, value = … }, not a %s", type(subfield))
  else
    put_in(list, i, subfield, field)
  end
  live.write_subfields(field, list)
end

---The list that field.subfields is.
---@param field almanac.marc.field
---@return almanac.marc.subfield[]
function m.list(field) return setmetatable({ [FIELD] = field }, List) end

---@param value any
---@return boolean
function m.is(value) return getmetatable(value) == Subfield end

return m
