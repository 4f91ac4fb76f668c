-- The upload form: a browser-style POST whose signed policy says what may be
-- put where, until when and how large. No AWS key is needed to send it.
local core = require "almanac.core"
local dates = require "almanac.rehearsal.world.dates"
local formdata = require "almanac.rehearsal.s3.formdata"
local json = require "almanac.json"
local objects = require "almanac.rehearsal.s3.objects"
local s3_sign = require "almanac.rehearsal.s3.sign"
local xml = require "almanac.rehearsal.s3.xml"

local m = {}

local refuse = xml.refuse

local function against_policy(what)
  return refuse(403, "AccessDenied", "Invalid according to Policy: " .. what)
end

local function malformed(what)
  return refuse(400, "MalformedPOSTRequest",
    "The body of your POST request is not well-formed multipart/form-data: " .. what)
end

local function check_signature(world, fields)
  if fields["x-amz-algorithm"] ~= "AWS4-HMAC-SHA256" or not fields.policy then
    return refuse(403, "AccessDenied", "Access Denied")
  end
  local scope, refusal = s3_sign.scope_of(world, fields["x-amz-credential"] or "")
  if not scope then return refusal end
  local token = world.aws[scope.access].token
  if token and fields["x-amz-security-token"] ~= token then
    return refuse(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
  end
  if s3_sign.of_policy(world, scope, fields.policy) ~= (fields["x-amz-signature"] or ""):lower() then
    return refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the " ..
      "signature you provided. Check your key and signing method.")
  end
end

local function check_size(length, least, most)
  if length > most then
    return refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
  elseif length < least then
    return refuse(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
  end
end

-- S3 takes a Content-Type with commas for a list, and each type in it must begin so. Any other field is one text.
local function begins(field, value, start)
  for one in (value .. ","):gmatch(field == "content-type" and "%s*(.-)," or "(.*),") do
    if one:sub(1, #start) ~= start then return false end
  end
  return true
end

-- A condition on a field that was not sent fails, even one that any value would meet.
local function fits(kind, field, value, wanted)
  if not value then return false end
  return kind == "eq" and value == wanted or kind == "starts-with" and begins(field, value, wanted)
end

-- Checks one condition: {"eq", "$acl", "x"}, {"starts-with", "$key", "x"},
-- {"content-length-range", 1, 9} or {"acl": "x"}. Notes which field it covers.
local function check_condition(condition, values, covered, length)
  local kind, name, wanted = condition[1], condition[2], condition[3]
  if kind == "content-length-range" then return check_size(length, name, wanted) end
  if not kind then
    kind = "eq"
    name, wanted = next(condition)
    name = "$" .. name
  end
  local field = name:sub(2):lower()
  covered[field] = true
  if not fits(kind, field, values[field], wanted) then
    return against_policy(("Policy Condition failed: [%q, %q, %q]"):format(kind, name, wanted))
  end
end

local FREE = { policy = true, file = true, ["x-amz-signature"] = true, bucket = true }

local function check_policy(world, values, length)
  local policy = json.decode(core.text.unbase64(values.policy) or "")
  local expires = policy and dates.parse(policy.expiration)
  if not expires then return refuse(400, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") end
  if world:time() > expires then return against_policy "Policy expired." end
  local covered = {}
  for _, condition in ipairs(policy.conditions or {}) do
    local refusal = check_condition(condition, values, covered, length)
    if refusal then return refusal end
  end
  for field in pairs(values) do
    if not covered[field] and not FREE[field] and not field:find "^x%-ignore%-" then
      return against_policy("Extra input fields: " .. field)
    end
  end
end

-- ${filename} in the key is filled in before conditions are checked.
local function expand(fields, file)
  local base = file.name:match "[^/\\]*$"
  fields.key = (fields.key or ""):gsub("%${filename}", function() return base end)
end

local function created(world, key, etag)
  local answer = xml.answer("PostResponse", "")
  answer.body = '<?xml version="1.0" encoding="UTF-8"?>\n' .. xml.element("PostResponse",
    xml.element("Location", ("http://%s/%s/%s"):format(world.host, world.bucket, xml.encode(key))) ..
    xml.element("Bucket", world.bucket) .. xml.element("Key", key) .. xml.element("ETag", '"' .. etag .. '"'), true)
  answer.status = 201
  answer.headers = { ETag = '"' .. etag .. '"' }
  return answer
end

local function check(world, fields, file)
  local refusal = check_signature(world, fields)
  if refusal then return refusal end
  fields.bucket = world.bucket
  refusal = check_policy(world, fields, file.length)
  if refusal then return refusal end
  local upload = world.inst .. "/upload/"
  if fields.key:sub(1, #upload) ~= upload then return refuse(403, "AccessDenied", "Access Denied") end
end

---@param world table
---@param call table
---@return table answer
function m.post(world, call)
  local form, message = formdata.parse(call.request)
  if not form then return malformed(message) end
  local fields, file = form.fields, form.file
  if not file then return refuse(400, "InvalidArgument", "POST requires exactly one file upload per request.") end
  expand(fields, file)
  local refusal = check(world, fields, file)
  if refusal then return refusal end
  local source = call.request:body_path()
  local kept
  if source then
    kept = world.blobs:keep_part(source, file.offset, file.length)
  else
    local content = call.request:body():sub(file.offset + 1, file.offset + file.length)
    kept = { name = world.blobs:keep(content), size = file.length, md5 = core.hash.md5(content),
      sha256 = core.hash.sha256(content) }
  end
  if call.fault and call.fault.kind == "short" then objects.shorten(world, kept) end
  objects.store(world, { key = fields.key, size = kept.size, etag = kept.md5, sha256 = kept.sha256,
    type = fields["content-type"], blob = kept.name })
  if fields.success_action_status == "201" then return created(world, fields.key, kept.md5) end
  return { status = 204, headers = { ETag = '"' .. kept.md5 .. '"' } }
end

return m
