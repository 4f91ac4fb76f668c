-- The S3 side: finds out which operation a request is, and whether it may touch its key.
local form = require "almanac.rehearsal.s3.form"
local multipart = require "almanac.rehearsal.s3.multipart"
local objects = require "almanac.rehearsal.s3.objects"
local s3_sign = require "almanac.rehearsal.s3.sign"
local xml = require "almanac.rehearsal.s3.xml"

local m = {}

local refuse = xml.refuse

local function decode(path)
  return (path:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- method, "bucket" or "key", query parameter -> place, name, handler
local OPERATIONS = {
  { "GET", "bucket", "uploads", "s3.list", "ListMultipartUploads", multipart.uploads },
  { "GET", "bucket", "", "s3.list", "ListObjectsV2", objects.list },
  { "HEAD", "bucket", "", "s3.list", "HeadBucket", objects.head_bucket },
  { "POST", "bucket", "", "s3.form", "PostObject", form.post },
  { "POST", "key", "uploads", "s3.create", "CreateMultipartUpload", multipart.create },
  { "POST", "key", "uploadId", "s3.complete", "CompleteMultipartUpload", multipart.complete },
  { "PUT", "key", "uploadId", "s3.part", "UploadPart", multipart.put_part },
  { "GET", "key", "uploadId", "s3.parts", "ListParts", multipart.parts },
  { "DELETE", "key", "uploadId", "s3.object", "AbortMultipartUpload", multipart.abort },
  { "PUT", "key", "", "s3.object", "PutObject", objects.put },
  { "GET", "key", "", "s3.object", "GetObject", objects.get },
  { "HEAD", "key", "", "s3.object", "HeadObject", objects.get },
  { "DELETE", "key", "", "s3.object", "DeleteObject", objects.delete },
}

local routes = {}
for _, row in ipairs(OPERATIONS) do routes[row] = { name = "S3 " .. row[5], kind = row[4], known = {} } end

local function operation_of(call)
  local target = call.object_key == "" and "bucket" or "key"
  for _, row in ipairs(OPERATIONS) do
    if row[1] == call.method and row[2] == target and (row[3] == "" or call.query[row[3]]) then return row end
  end
end

---Says what a request to the bucket is, before anything is done.
---@param call table
---@return boolean is_s3
function m.recognise(world, call)
  local bucket, key = call.request:path():match "^/([^/]+)/?(.*)$"
  if decode(bucket or "") ~= world.bucket then return false end
  call.is_s3, call.object_key = true, decode(key)
  local operation = operation_of(call)
  call.route, call.run = operation and routes[operation], operation and operation[6]
  return true
end

-- This key pair may write below upload/ and read below storage/, and nothing else.
local function may(world, call)
  local key = call.object_key
  if key == "" then key = call.query.prefix or "" end
  local upload, storage = world.inst .. "/upload/", world.inst .. "/storage/"
  if key:sub(1, #upload) == upload then return true end
  return (call.method == "GET" or call.method == "HEAD")
    and (key:sub(1, #storage) == storage or call.route.kind == "s3.list" and key == world.inst .. "/")
end

local function is_form(call)
  return call.route.kind == "s3.form"
end

---Refuses what can be refused before the body is read. A form's signature is in its body, so
---nothing is known of it yet.
---@param call table
---@return table? refusal an answer
function m.refuse_head(world, call)
  if not call.run then
    return refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
  end
  if is_form(call) then return nil end
  local refusal = s3_sign.check_head(world, call)
  if refusal then return refusal end
  if call.route.name ~= "S3 HeadBucket" and not may(world, call) then
    return refuse(403, "AccessDenied", "Access Denied")
  end
end

---@param call table
---@return table answer
function m.run(world, call)
  return m.refuse_head(world, call) or not is_form(call) and s3_sign.check_body(call) or call.run(world, call)
end

return m
