-- What live fields and subfields are made of: what is written to them is in the record at once, or raises.
--
-- A field has an id, which the record keeps for it through all its changes. What it holds is
-- read when it is asked for, and read again after the record was changed by a MARCspec, so
-- nothing here can differ from the record.
local core = require "almanac.core"
local mistake = require "almanac.mistake"

local m = {}

-- Keys of what fields and subfields keep for themselves.
local RECORD, ID, DATA, FIELD = {}, {}, {}, {}
m.RECORD, m.ID, m.DATA, m.FIELD = RECORD, ID, DATA, FIELD

-- The class of subfields; its methods are in subfield.lua.
local Subfield = { __name = "almanac.marc.subfield" }
m.Subfield = Subfield

local class = getmetatable(core.marc.new()).__index
local core_field, core_splice = class.field, class.splice

-- ---- the content of a field ----

---Raises that a field or subfield is no longer there.
---@param what string
function m.gone(what) mistake.raise("this %s is no longer in its record", what) end

---What a field holds: tag, value, indicator1, indicator2, subfields as plain tables.
local function data_of(field)
  local data = rawget(field, DATA)
  if data then return data end
  data = core_field(field[RECORD], field[ID]) or m.gone "field"
  rawset(field, DATA, data)
  return data
end

---The subfields as they are in the record: tables with code and value.
local function plain_of(field)
  return data_of(field).subfields or mistake.raise("field %s is a control field: it has no subfields", field.tag)
end

m.data_of, m.plain_of = data_of, plain_of

local function new_subfield(field, data) return setmetatable({ [FIELD] = field, [DATA] = data }, Subfield) end

---The live subfields, which stay the same objects.
local function live_of(field)
  local data = data_of(field)
  if data.live then return data.live end
  local live = {}
  for i, plain in ipairs(plain_of(field)) do live[i] = new_subfield(field, plain) end
  data.live = live
  return live
end

m.live_of = live_of

-- The record was changed by one call: each live subfield finds itself again. A call changes or adds
-- one value, or takes some away, so what is left has its order.
local function find_again(field, live, plain)
  local at, found = 1, {}
  local all = #plain >= #live
  for _, subfield in ipairs(live) do
    local was, is = rawget(subfield, DATA), plain[at]
    if is and (all or (is.code == was.code and is.value == was.value)) then
      rawset(subfield, DATA, is)
      found[at], at = subfield, at + 1
    else
      rawset(subfield, DATA, nil)
    end
  end
  for i = at, #plain do found[i] = new_subfield(field, plain[i]) end
  return found
end

---Forgets what a field held, since the record was changed past it.
---@param field almanac.marc.field
function m.refresh(field)
  local old = rawget(field, DATA)
  if not old then return end
  local data = core_field(field[RECORD], field[ID])
  rawset(field, DATA, data)
  if old.live then
    local live = find_again(field, old.live, data and data.subfields or {})
    if data then data.live = live end
  end
end

-- ---- writing ----

---The text itself, or a number as text.
function m.check_text(text, what)
  if type(text) == "number" then return tostring(text) end
  if type(text) ~= "string" then mistake.raise("%s is text, not %s", what, type(text) == "nil" and "nil" or "a " .. type(text)) end
  return text
end

-- Code, value, code, value, …
local function flat(list)
  local values = {}
  for _, subfield in ipairs(list) do
    values[#values + 1] = m.check_text(subfield.code, "a subfield's code")
    values[#values + 1] = m.check_text(subfield.value, ("the value of $%s"):format(subfield.code))
  end
  return values
end

---Puts a field into a record, raising what is the caller's mistake.
---@return integer? id
---@return string? message
---@return string? code "limit"
function m.splice(record, place, dropped, ...)
  local id, message, code = core_splice(record, place, dropped, ...)
  if not id and code ~= "limit" then mistake.raise("%s", message) end
  return id, message, code
end

---Writes the field as a whole, or takes it out of its record.
local function write(field, ...)
  local id, message = m.splice(field[RECORD], field[ID], true, ...)
  if not id then mistake.raise("%s", message) end
end

---Writes the field with other parts; what is not given stays.
function m.write_field(field, parts)
  local data = data_of(field)
  local tag = m.check_text(parts.tag or data.tag, "a tag")
  if data.value then
    write(field, tag, m.check_text(parts.value or data.value, "a value"))
  else
    if #(parts.subfields or plain_of(field)) == 0 then
      mistake.raise("field %s has no subfields: add one first, or remove the field", data.tag)
    end
    write(field, tag, (parts.indicator1 or data.indicator1) .. (parts.indicator2 or data.indicator2),
      table.unpack(flat(parts.subfields or plain_of(field))))
  end
  for key, value in pairs(parts) do
    if key ~= "subfields" then data[key] = value end
  end
end

local function forget(field)
  for _, subfield in ipairs(rawget(field, DATA).live or {}) do rawset(subfield, DATA, nil) end
  rawset(field, DATA, nil)
end

---Gives the field these subfields: live ones of its own, or new ones as tables. Without any
---the field leaves the record, as it does when record:remove takes its last one.
function m.write_subfields(field, list)
  local data, live, plain = data_of(field), {}, {}
  if #list == 0 then return m.remove(field) end
  m.write_field(field, { subfields = list })
  for i, subfield in ipairs(list) do
    if getmetatable(subfield) == Subfield and (rawget(subfield, FIELD) or field) == field then
      live[i], plain[i] = subfield, rawget(subfield, DATA)
    else
      plain[i] = { code = subfield.code, value = m.check_text(subfield.value, "a value") }
      live[i] = new_subfield(field, plain[i])
    end
  end
  for _, subfield in ipairs(data.live or {}) do rawset(subfield, FIELD, nil) end
  for _, subfield in ipairs(live) do rawset(subfield, FIELD, field) end
  data.live, data.subfields = live, plain
end

---Takes the field out of its record.
function m.remove(field)
  data_of(field)
  write(field)
  forget(field)
end

---The live subfields as a list of one's own.
function m.list_of(field)
  local live = live_of(field)
  return table.move(live, 1, #live, 1, {})
end

---Is this live field or subfield still in its record?
---@return boolean
function m.is_there(live)
  local field = live
  if getmetatable(live) == Subfield then field = rawget(live, FIELD) end
  if not field or (field ~= live and not rawget(live, DATA)) then return false end
  return rawget(field, DATA) ~= nil or core_field(field[RECORD], field[ID]) ~= nil
end

return m
