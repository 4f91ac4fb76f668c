-- A reason says why a title or a file is where it is: it is a code of a closed list and
-- its data. It is kept in two columns, reason_code and reason_data (JSON), and becomes
-- a sentence only when it is shown; nothing is decided by the words.
--
-- Where a function gives nil, message, code, the message may be a reason: it reads
-- as its sentence, by tostring, in a format and beside `..`.
local json = require "almanac.json"
local reason_words = require "almanac.run.reason_words"

local m = {}

local SHOWN = 5     -- of a list

---@class almanac.run.reason
---@field code string
---@field data table<string, any> strings, numbers, true, lists of reasons.some, or another reason
---@field also almanac.run.reason[]? the others of several

local meta = { __name = "reason" }

local function template_of(code)
  local entry = reason_words.CODES[code]
  if type(entry) == "table" then return entry.whole, true end
  return entry, false
end

-- The fields of each code's data: "?" for those that may be absent.
local fields_of = {}
for code in pairs(reason_words.CODES) do
  fields_of[code] = {}
  for name, optional in template_of(code):gmatch "{([%a_]+)(%??)" do fields_of[code][name] = optional == "?" and "?" or "!" end
end

local function check(code, data)
  local fields = fields_of[code] or error(("there is no reason '%s'"):format(tostring(code)), 3)
  for name in pairs(data) do
    if not fields[name] then error(("reason '%s' has no field '%s'"):format(code, name), 3) end
  end
  for name, need in pairs(fields) do
    if need == "!" and data[name] == nil then error(("reason '%s' lacks its field '%s'"):format(code, name), 3) end
  end
end

---Makes a reason.
---@param code string of almanac.run.reason_words
---@param data table<string, any>?
---@return almanac.run.reason
function m.new(code, data)
  check(code, data or {})
  return setmetatable({ code = code, data = data or {} }, meta)
end

---A reason whose data are only known as the sentence that they were kept in.
---@param code string
---@param sentence string
---@return almanac.run.reason
function m.as_said(code, sentence)
  local needs = next(fields_of[code]) ~= nil
  return setmetatable({ code = code, data = { said = needs and sentence or nil } }, meta)
end

---@param value any
---@return boolean
function m.is_reason(value)
  return getmetatable(value) == meta
end

---Whether a message is a reason of this code.
---@param message any
---@param code string
---@return boolean
function m.is(message, code)
  return m.is_reason(message) and message.code == code
end

---Turns a message into a reason; what Alma, a server or the disk said becomes a failure.
---@param message string|almanac.run.reason
---@return almanac.run.reason
function m.from(message)
  return m.is_reason(message) and message or m.new("failure", { message = tostring(message) })
end

---Makes one reason of several: the first one carries the others.
---@param list almanac.run.reason[]
---@return almanac.run.reason
function m.join(list)
  if not list[2] then return list[1] end
  local first = list[1]
  return setmetatable({ code = first.code, data = first.data, also = { table.unpack(list, 2) } }, meta)
end

---The first of many items, and how many there are besides.
---@param list any[] no numbers
---@param most integer? 5 when absent
---@return any[]
function m.some(list, most)
  most = most or SHOWN
  local some = table.move(list, 1, math.min(#list, most), 1, {})
  if #list > most then some[most + 1] = #list - most end
  return some
end

-- ---- columns ----

local plain

local function has_reasons(data)
  for _, value in pairs(data) do
    if m.is_reason(value) then return true end
  end
  return false
end

local function plain_data(reason)
  if not reason.also and not has_reasons(reason.data) then return next(reason.data) and reason.data or nil end
  local data = {}
  for name, value in pairs(reason.data) do data[name] = m.is_reason(value) and plain(value) or value end
  for i, other in ipairs(reason.also or {}) do
    data.also = data.also or {}
    data.also[i] = plain(other)
  end
  return data
end

function plain(reason)
  return { code = reason.code, data = plain_data(reason) }
end

---A reason as a value for JSON.
---@param reason almanac.run.reason
---@return { code: string, data: table? }
function m.pack(reason)
  return plain(m.from(reason))
end

---@param reason almanac.run.reason|nil
---@return string|nil reason_code
---@return string|nil reason_data JSON; nil when there is none
function m.columns(reason)
  if not reason then return nil, nil end
  local data = plain_data(reason)
  return reason.code, data and json.encode(data)
end

---A reason as the columns of a row.
---@param reason almanac.run.reason
---@return { reason_code: string, reason_data: string? }
function m.row(reason)
  local code, data = m.columns(reason)
  return { reason_code = code, reason_data = data }
end

local function revive(code, data)
  local reason = { code = code, data = data or {} }
  for name, value in pairs(reason.data) do
    if type(value) == "table" and value.code then reason.data[name] = revive(value.code, value.data) end
  end
  reason.also, reason.data.also = reason.data.also, nil
  for i, other in ipairs(reason.also or {}) do reason.also[i] = revive(other.code, other.data) end
  return setmetatable(reason, meta)
end

---Reads back what m.pack gave; earlier formats had a text.
---@param value { code: string, data: table? }|string
---@return almanac.run.reason
function m.unpack(value)
  if type(value) == "string" then return m.from(value) end
  return revive(value.code, value.data)
end

---The reason of a row.
---@param row { reason_code: string?, reason_data: string? }
---@return almanac.run.reason|nil
function m.of(row)
  if not row.reason_code then return nil end
  return revive(row.reason_code, row.reason_data and json.decode(row.reason_data))
end

---Whether a row has this reason.
---@param row { reason_code: string?, reason_data: string? }
---@param reason almanac.run.reason|nil
---@return boolean
function m.has(row, reason)
  local code, data = m.columns(reason)
  return row.reason_code == code and row.reason_data == data
end

-- ---- words ----

local function fill(template, data)
  return (template:gsub("{([%a_]+)(%??)|?([%a_]*)}", function(name, _, form)
    local value = data[name]
    if form ~= "" then return reason_words.FORMS[form](value) end
    return value == nil and "" or tostring(value)
  end))
end

-- Splits the sentence of one reason behind its heading. Data from an earlier format are
-- the sentence itself; of a reason from a later format only the code can be told.
local function halves(reason)
  local template, whole = template_of(reason.code)
  local said = reason.data.said or not template and reason.code
  local at = not said and not whole and template:find(": ", 1, true)
  if at then return fill(template:sub(1, at - 1), reason.data), fill(template:sub(at + 2), reason.data) end
  said = said or fill(template, reason.data)
  local kind, rest = said:match "^(.-): (.*)$"
  if whole or not kind then return said, "" end
  return kind, rest
end

---Splits a reason into the heading that a summary counts it under, and the rest.
---@param reason almanac.run.reason
---@return string kind
---@return string particulars "" when there is no more
function m.parts(reason)
  local kind, particulars = halves(reason)
  for _, other in ipairs(reason.also or {}) do
    local more = tostring(other)
    particulars = particulars == "" and more or particulars .. "; " .. more
  end
  return kind, particulars
end

function meta.__tostring(reason)
  local kind, particulars = halves(reason)
  local parts = { particulars == "" and kind or kind .. ": " .. particulars }
  for _, other in ipairs(reason.also or {}) do parts[#parts + 1] = tostring(other) end
  return table.concat(parts, "; ")
end

function meta.__concat(a, b) return tostring(a) .. tostring(b) end

---The sentence of a row's reason.
---@param row { reason_code: string?, reason_data: string? }
---@return string|nil
function m.sentence(row)
  local reason = m.of(row)
  return reason and tostring(reason)
end

---Gives a row its sentence, as `reason`, in the place of the data.
---@param row { reason_code: string?, reason_data: string? }
---@return table row the same
function m.tell(row)
  row.reason, row.reason_data = m.sentence(row), nil
  return row
end

-- ---- for the sample of a recipe ----

-- Picks from the data what the recipe itself gave: its own words, or keys.
local function given_by_recipe(data)
  return data.why or data.key or data.keys and type(data.keys[1]) == "string" and reason_words.FORMS.names(data.keys)
end

---Writes a row's reason as the expected result of a recipe's sample has it: the code, and
---behind it what the recipe gave; several with semicolons between.
---@param row { reason_code: string?, reason_data: string? }
---@return string "" when there is none
function m.cell(row)
  local reason, parts = m.of(row), {}
  for _, one in ipairs(reason and { reason, table.unpack(reason.also or {}) } or {}) do
    local given = given_by_recipe(one.data)
    parts[#parts + 1] = one.code .. (given and ": " .. given or "")
  end
  return table.concat(parts, "; ")
end

-- ---- for SQL ----

-- Codes whose heading is not the same for all titles.
local apart = {}
for code in pairs(reason_words.CODES) do
  local template, whole = template_of(code)
  local kind = not whole and template:match "^(.-): " or template
  if kind:find("{", 1, true) then apart[#apart + 1] = "'" .. code .. "'" end
end
table.sort(apart)

---SQL: the data of reasons that don't count under their code alone, else NULL.
m.APART = ("CASE WHEN reason_code IN (%s) THEN coalesce(reason_data, '') END"):format(table.concat(apart, ", "))

---SQL: whether another copy of the run may have been at work at the title.
m.MAY_BE_OLDER = ("(json_extract(reason_data, '$.older') OR reason_code IN ('%s'))"):format(table.concat(reason_words.OF_OLDER, "', '"))

---An SQL assignment that takes a reason off.
m.NONE = "reason_code = NULL, reason_data = NULL"

---Whether a code is in the list.
---@param code string
---@return boolean
function m.is_code(code)
  return fields_of[code] ~= nil
end

return m
