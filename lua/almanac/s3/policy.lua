-- The policy of a signed upload form: what it allows, until when
-- (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html).
local core = require "almanac.core"
local dates = require "almanac.dates"
local json = require "almanac.json"

local m = {}

local function field_of(name)
  return type(name) == "string" and name:match "^%$(.+)$" or ""
end

-- {"acl": "x"}, ["eq", "$acl", "x"], ["starts-with", "$key", "x"], ["content-length-range", 1, 2]
local function add(policy, condition)
  local kind = condition[1]
  if kind == nil then
    for name, value in pairs(condition) do
      table.insert(policy.conditions, { field = tostring(name):lower(), equals = tostring(value) })
    end
  elseif tostring(kind):lower() == "content-length-range" then
    policy.smallest, policy.largest = tonumber(condition[2]), tonumber(condition[3])
  elseif tostring(kind):lower() == "eq" then
    table.insert(policy.conditions, { field = field_of(condition[2]):lower(), equals = tostring(condition[3]) })
  elseif tostring(kind):lower() == "starts-with" then
    table.insert(policy.conditions, { field = field_of(condition[2]):lower(), begins = tostring(condition[3]) })
  end
end

---@class almanac.s3.policy
---@field expires integer? seconds since 1970
---@field smallest number? bytes
---@field largest number? bytes
---@field conditions { field: string, equals: string?, begins: string? }[]

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
  local policy = { conditions = {}, expires = dates.iso(value.expiration) }
  for _, condition in ipairs(value.conditions) do
    if type(condition) == "table" then add(policy, condition) end
  end
  return policy
end

---Whether a form with this field is accepted. A field that no condition names
---is refused by S3.
---@param policy almanac.s3.policy
---@param field string
---@param value string
---@return boolean
function m.allows(policy, field, value)
  local named = false
  for _, condition in ipairs(policy.conditions) do
    if condition.field == field then
      named = true
      if condition.equals and condition.equals ~= value then return false end
      if condition.begins and value:sub(1, #condition.begins) ~= condition.begins then return false end
    end
  end
  return named
end

return m
