-- Reads the policy of a signed upload form: what it allows, and until when
-- (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html).
-- Alma's documentation does not say which conditions it sets, so any may come.
local core = require "almanac.core"
local dates = require "almanac.dates"
local json = require "almanac.json"

local m = {}

-- Bytes that S3 takes in one piece
-- (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
local MOST = 5 << 30

local function field_of(name)
  return type(name) == "string" and name:match "^%$(.+)$" or ""
end

local function add_range(policy, from, to)
  local least, most = tonumber(from), tonumber(to)
  if not (least and most) then return false end
  policy.smallest = math.max(policy.smallest or 0, math.ceil(least))
  policy.largest = math.min(policy.largest, math.floor(most))
  return true
end

local function add_pattern(policy, kind, name, value)
  local field = field_of(name):lower()
  if field == "" or type(value) == "table" or value == nil then return false end
  table.insert(policy.conditions, { field = field, [kind] = tostring(value) })
  return true
end

-- Adds conditions written as {"acl": "x"}.
local function add_fields(policy, condition)
  for name, value in pairs(condition) do
    if not add_pattern(policy, "equals", "$" .. tostring(name), value) then return false end
  end
  return next(condition) ~= nil
end

-- Adds one condition: {"acl": "x"}, ["eq", "$acl", "x"], ["starts-with", "$key", "x"] or
-- ["content-length-range", 1, 2]. Returns false when it is none of these.
local function add(policy, condition)
  if type(condition) ~= "table" then return false end
  if condition[1] == nil then return add_fields(policy, condition) end
  local kind = tostring(condition[1]):lower()
  if kind == "content-length-range" then return add_range(policy, condition[2], condition[3]) end
  if kind == "eq" then return add_pattern(policy, "equals", condition[2], condition[3]) end
  return kind == "starts-with" and add_pattern(policy, "begins", condition[2], condition[3])
end

---@class almanac.s3.policy
---@field expires integer? seconds since 1970
---@field smallest integer? bytes
---@field largest integer bytes, at most what S3 takes in a form
---@field conditions { field: string, equals: string?, begins: string? }[] field in small letters
---@field unknown string[] conditions of another kind, as JSON

---Reads the `policy` field of a form.
---@param base64 string
---@return almanac.s3.policy|nil
---@return string? message
---@return string? code
function m.read(base64)
  local text = type(base64) == "string" and core.text.unbase64(base64)
  local value = text and json.decode(text)
  if type(value) ~= "table" or type(value.conditions) ~= "table" then
    return nil, "the policy of Alma's upload form can't be read", "parse"
  end
  local policy = { conditions = {}, unknown = {}, largest = MOST, expires = dates.iso(value.expiration) }
  for _, condition in ipairs(value.conditions) do
    if not add(policy, condition) then table.insert(policy.unknown, json.encode(condition)) end
  end
  return policy
end

---True when a field with this value meets a condition.
---@param condition { equals: string?, begins: string? }
---@param value string
---@return boolean
function m.meets(condition, value)
  if condition.equals then return condition.equals == value end
  return value:sub(1, #condition.begins) == condition.begins
end

---True when a form with this field is accepted. S3 refuses a field that no condition names.
---@param policy almanac.s3.policy
---@param field string
---@param value string
---@return boolean
function m.allows(policy, field, value)
  local named = false
  for _, condition in ipairs(policy.conditions) do
    if condition.field == field then
      named = true
      if not m.meets(condition, value) then return false end
    end
  end
  return named
end

---True when a condition names the field.
---@param policy almanac.s3.policy
---@param field string
---@return boolean
function m.names(policy, field)
  for _, condition in ipairs(policy.conditions) do
    if condition.field == field then return true end
  end
  return false
end

return m
