-- Collects what titles have that a file's name may say: values of the fields of their records, and
-- barcodes of their items. Of very many titles only some are looked at.
local parse = require "almanac.record".parse

local m = {}

local MOST_VALUES = 400000  -- values of records that are looked at, at most
local MOST_TITLES = 20000
local STEP = 7919           -- a prime: titles are gone through in such steps, so that no order of theirs matters
local LONGEST = 100         -- bytes of a value that may be an id
local MOST_CUTS = 6         -- places at which one value is cut, at most

---What is added to a rank when something has to be cut off the value: such a guess comes later.
m.CUT = 1000

-- The fields in which institutions keep such ids, likeliest first (MARC 21; 9XX are local).
local USUAL = { "035$a", "099$a", "090$a", "050$a", "907$e", "907$l", "024$a", "028$a", "020$a", "022$a", "001" }
local RANKS = {}
for i, field in ipairs(USUAL) do RANKS[field] = i * 10 end

---How likely a field holds ids: the lower, the likelier.
---@param field string
---@return integer
function m.rank(field)
  return RANKS[field] or field:find "^9" and 200 or 300
end

---True when call numbers stand in a field: 050 to 099 (MARC 21), 852, and local fields.
---@param field string
---@return boolean
function m.has_call_numbers(field)
  return field:find "^0[5-9]" ~= nil or field:find "^852" ~= nil or field:find "^9" ~= nil
end

-- A part of very many titles, spread over all.
local function some(titles)
  local i, step = 0, #titles % STEP == 0 and 1 or STEP
  return function()
    i = i + 1
    if i <= math.min(#titles, MOST_TITLES) then return titles[i * step % #titles + 1] end
  end
end

-- A call number is often spread over subfields, so these are joined.
local function joined(field)
  local parts = {}
  for _, subfield in ipairs(field.subfields) do
    if subfield.code:find "%a" then parts[#parts + 1] = subfield.value end
  end
  return parts[2] and table.concat(parts, " ")
end

local function each_of_field(field, fn)
  if field.value then return fn(field.tag, field.value) end
  for _, subfield in ipairs(field.subfields) do fn(field.tag .. "$" .. subfield.code, subfield.value) end
  local all = field.tag:find "^0[5-9]" and joined(field)
  if all then fn(field.tag, all) end
end

local function each_of_record(text, fn)
  local record, format = parse(text)
  if not record then return end
  if format == "marc" then
    for _, field in ipairs(record:fields()) do each_of_field(field, fn) end
  else
    for _, element in ipairs(record:elements()) do
      fn((element.prefix and element.prefix .. ":" or "") .. element.name, element.value)
    end
  end
end

local kept = setmetatable({}, { __mode = "k" })     -- titles -> { field, value, field, value, … }

local function values_of(titles)
  if kept[titles] then return kept[titles] end
  local list = {}
  kept[titles] = list
  for title in some(titles) do
    if title.reading.record then
      each_of_record(title.reading.record, function(field, value)
        if value ~= "" and #value <= LONGEST then list[#list + 1], list[#list + 2] = field, value end
      end)
    end
    if #list > 2 * MOST_VALUES then break end
  end
  return list
end

---Calls `fn(field, value)` for the values of the records that may be ids; field
---is a MARCspec or a path of elements.
---@param titles table[]
---@param fn fun(field: string, value: string)
function m.each(titles, fn)
  local list = values_of(titles)
  for i = 1, #list, 2 do fn(list[i], list[i + 1]) end
end

-- The places behind which the beginning of a value may end.
local function places_in(value)
  local list = {}
  for place in value:gmatch "()[%)%-:/_%s]" do
    if #list < MOST_CUTS then list[#list + 1] = place end
  end
  return list
end

local function each_end(value, first, fn)
  for _, place in ipairs(places_in(value)) do
    if place > first + 2 then fn(value:sub(first, place - 1), value:sub(place)) end
  end
end

---Does the same for each value as a whole, without what stands before one of its signs, and without
---what stands behind one: calls `fn(field, text, cut, cut_end)`.
---@param titles table[]
---@param fn fun(field: string, text: string, cut: string, cut_end: string)
function m.each_cut(titles, fn)
  m.each(titles, function(field, value)
    fn(field, value, "", "")
    for _, place in ipairs(places_in(value)) do
      if place + 2 < #value then fn(field, value:sub(place + 1), value:sub(1, place), "") end
    end
    each_end(value, 1, function(text, cut_end) fn(field, text, "", cut_end) end)
    local system = value:match "^%([^)]*%)"
    if system then each_end(value, #system + 1, function(text, cut_end) fn(field, text, system, cut_end) end) end
  end)
end

---Calls `fn(barcode)` for the items' barcodes.
---@param titles table[]?
---@param fn fun(barcode: string)
function m.each_barcode(titles, fn)
  for title in some(titles or {}) do
    for _, item in ipairs(title.reading.items or {}) do
      if item.barcode then fn(item.barcode) end
    end
  end
end

---@param titles table[]
---@return boolean
function m.has_records(titles)
  for _, title in ipairs(titles) do
    if title.reading.record then return true end
  end
  return false
end

---Makes titles of a list that tells nothing about them but its rows.
---@param source { ids: string[], rows: table<string, table[]>? } from almanac.plan.sources
---@return table[]
function m.titles_of(source)
  local titles = {}
  for i, id in ipairs(source.ids) do
    local rows = source.rows and source.rows[id] or {}
    titles[i] = { mms_id = id, title = rows[1] and (rows[1].title or rows[1].Title) or "", reading = { representations = {}, rows = rows } }
  end
  return titles
end

return m
