-- JSON as Alma and almanac's own files need it. Reading is lua-cjson's, made
-- strict: `null` is nil, whole numbers are integers, and a number that a double
-- would round is an error, since it can only be an id that had to be a string.
-- Writing gives the same bytes for the same value: keys are sorted.
local cjson = require("cjson").new()

local m = {}

local DEPTH = 64
local EXACT = 2 ^ 53   -- from here on doubles skip whole numbers
local null = cjson.null

cjson.decode_max_depth(DEPTH)
cjson.decode_invalid_numbers(false)

local array_meta = { __name = "json.array" }

---Is written as `null`, for a field that readers expect in every object. Reading never gives it.
m.null = setmetatable({}, { __name = "json.null", __newindex = function() error("json.null can't be changed", 2) end })

---Marks a table as an array, so that an empty one is written as `[]`.
---@param t table
---@return table t the same table
function m.array(t)
  return setmetatable(t, array_meta)
end

local type, tointeger = type, math.tointeger
local clean

local function clean_array(array)
  local length, kept = #array, 0
  for i = 1, length do
    local item = clean(array[i])
    if item ~= nil then
      kept = kept + 1
      array[kept] = item
    end
  end
  for i = kept + 1, length do array[i] = nil end
  return array
end

-- Turns cjson's value into ours: whole numbers become integers, nulls go. In an array
-- the values after a null move up, so that `#` and ipairs see all of them.
function clean(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    if value >= EXACT or value <= -EXACT then error(value) end
    return tointeger(value) or value
  elseif value == null then
    return nil
  elseif kind == "table" then
    if value[1] ~= nil then return clean_array(value) end
    for key, item in next, value do
      local its = type(item)   -- most values are strings, and this spares a call for each
      if its ~= "string" and its ~= "boolean" then value[key] = clean(item) end
    end
  end
  return value
end

-- The place behind a string that starts at `start`; the text is JSON already.
local function behind_string(text, start)
  local position = start + 1
  while text:sub(position, position) ~= '"' do
    position = text:match('^[^"\\]+()', position) or position + 2
  end
  return position + 1
end

-- Goes through the numbers of a text that is JSON, with the place of each, and through
-- every colon behind a name.
local function numbers(text)
  local position = 1
  return function()
    while true do
      local start = text:find('["%-%d:]', position)
      if not start then return nil end
      if text:sub(start, start) ~= '"' then
        local literal = text:match("^[%-%+%.%deE]+", start) or ":"
        position = start + #literal
        return literal, start
      end
      position = behind_string(text, start)
    end
  end
end

-- The first number of the text that has more digits than a double keeps.
local function long_number(text)
  for literal in numbers(text) do
    local value = tonumber(literal)
    if value and math.abs(value + 0.0) >= EXACT then return literal end
  end
  return "a number"
end

-- The text with each number in quotes, and how many members its objects have: if cjson
-- finds fewer, a name was there twice.
local function quoted(text)
  local parts, last, members = {}, 1, 0
  for literal, start in numbers(text) do
    if literal == ":" then
      members = members + 1
    else
      parts[#parts + 1] = text:sub(last, start - 1)
      parts[#parts + 1] = '"' .. literal .. '"'
      last = start + #literal
    end
  end
  parts[#parts + 1] = text:sub(last)
  return table.concat(parts), members
end

local function count_members(value)
  if type(value) ~= "table" then return 0 end
  local count = 0
  for name, item in next, value do
    count = count + (type(name) == "string" and 1 or 0) + count_members(item)
  end
  return count
end

local function fail(message)
  return nil, "JSON: " .. message, "parse"
end

local function without_mark(text)
  return text:sub(1, 3) == "\xEF\xBB\xBF" and text:sub(4) or text
end

-- Has cjson read the text.
local function parse(text)
  local valid, position = utf8.len(text)
  if not valid then return fail("invalid UTF-8 at byte " .. position) end
  local zero = text:find("\0", 1, true)    -- a zero byte would end the text for cjson
  if zero then return fail("zero byte at byte " .. zero) end
  local ok, value = pcall(cjson.decode, text)
  if ok then return value end
  return fail((tostring(value):gsub("^%u", string.lower)))
end

---Reads one JSON text. `null` becomes nil (in an array it is left out).
---@param text string UTF-8, with or without a byte-order mark
---@return any value
---@return string? message when it can't be read
---@return string? code "parse"
function m.decode(text)
  if type(text) ~= "string" then error("json.decode: text must be a string", 2) end
  local value, message, code = parse(without_mark(text))
  if message then return nil, message, code end
  local clean_ok, result = pcall(clean, value)
  if not clean_ok then
    return fail("number " .. long_number(text) .. " can't be held exactly; ids must be strings")
  end
  return result
end

---Reads one JSON text that people wrote: a number is the text that stands there,
---so that an id keeps all of its digits, and a name that an object has twice is an
---error. `null` becomes nil, as for `decode`.
---@param text string UTF-8, with or without a byte-order mark
---@return any value
---@return string? message
---@return string? code "parse"
function m.decode_exact(text)
  if type(text) ~= "string" then error("json.decode_exact: text must be a string", 2) end
  text = without_mark(text)
  local _, message, code = parse(text)
  if message then return nil, message, code end
  local marked, members = quoted(text)
  local value = cjson.decode(marked)
  if count_members(value) ~= members then return fail "a name stands twice in one object" end
  return clean(value)
end

---Reads what `encode` wrote into a run file. There is no null in it, so nothing is
---cleaned and whole numbers stay floats. Raises when the text is damaged.
---@param text string
---@return any
m.written = cjson.decode

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
  ["\b"] = "\\b", ["\f"] = "\\f",
}

local function escape(char)
  return ESCAPES[char] or ("\\u%04x"):format(char:byte())
end

local function encode_string(text)
  if not utf8.len(text) then error(("json.encode: %q is not UTF-8"):format(text), 0) end
  return '"' .. text:gsub('[%c"\\]', escape) .. '"'
end

local function encode_number(number)
  if number ~= number or number >= EXACT or number <= -EXACT then
    error("json.encode: number " .. number .. " can't be held exactly; ids must be strings", 0)
  end
  if math.tointeger(number) then return ("%d"):format(number) end
  local short = ("%.15g"):format(number)
  return tonumber(short) == number and short or ("%.17g"):format(number)
end

local encode_value

local function encode_array(t, out, depth)
  out[#out + 1] = "["
  for i = 1, #t do
    if i > 1 then out[#out + 1] = "," end
    encode_value(t[i], out, depth)
  end
  out[#out + 1] = "]"
end

local function sorted_keys(t)
  local keys = {}
  for key in next, t do
    if type(key) ~= "string" then
      error("json.encode: key " .. tostring(key) .. " of an object is no string", 0)
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function encode_object(t, out, depth)
  out[#out + 1] = "{"
  for i, key in ipairs(sorted_keys(t)) do
    out[#out + 1] = (i > 1 and "," or "") .. encode_string(key) .. ":"
    encode_value(t[key], out, depth)
  end
  out[#out + 1] = "}"
end

local function is_array(t)
  if getmetatable(t) == array_meta then return true end
  if t[1] == nil then return false end
  local count = 0
  for _ in next, t do count = count + 1 end
  if count ~= #t then error("json.encode: a table is both list and object", 0) end
  return true
end

function encode_value(value, out, depth)
  local kind = type(value)
  if value == m.null then
    out[#out + 1] = "null"
  elseif kind == "string" then
    out[#out + 1] = encode_string(value)
  elseif kind == "number" then
    out[#out + 1] = encode_number(value)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  elseif kind ~= "table" then
    error("json.encode: can't write a " .. kind, 0)
  elseif depth >= DEPTH then
    error("json.encode: nested deeper than " .. DEPTH, 0)
  else
    (is_array(value) and encode_array or encode_object)(value, out, depth + 1)
  end
end

---Writes a value as JSON on one line, keys in byte order. Raises on what JSON
---can't hold: functions, NaN, whole numbers from 2^53, text that is not UTF-8.
---@param value any
---@return string
function m.encode(value)
  local out = {}
  local ok, message = pcall(encode_value, value, out, 0)
  if not ok then error(message, 2) end
  return table.concat(out)
end

return m
