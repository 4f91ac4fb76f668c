-- A bucket in which nothing is put: it answers as S3 does, and remembers sizes, so that what was
-- "put" is found again. Parts of a large file count as one write, when they are put together.
local m = {}

local methods = {}

---@return table bucket
function m.new()
  return setmetatable({ objects = {}, parts = {} }, { __index = methods })
end

local XML = '<?xml version="1.0"?><%s><UploadId>dry-run</UploadId><ETag>"dry-run"</ETag></%s>'

local function result_of(size, etag, root)
  return { status = 200, headers = { etag = ('"%s"'):format(etag or "dry-run"), ["content-length"] = tostring(size) },
    body = root and XML:format(root, root) or "" }
end

-- Which step of an upload in parts it is, by the name of the first parameter.
local function step_of(request)
  return request.query and request.query[1] and request.query[1][1] or "whole"
end

local steps = {}

function steps.uploads(self, name)
  self.parts[name] = 0
  return result_of(0, nil, "InitiateMultipartUploadResult")
end

function steps.partNumber(self, name, request)
  self.parts[name] = (self.parts[name] or 0) + request.size
  return result_of(request.size)
end

function steps.uploadId(self, name, request)
  if request.method == "DELETE" then return { status = 204, headers = {}, body = "" } end
  local size = self.parts[name] or 0
  self.objects[name] = result_of(size)
  return result_of(size, nil, "CompleteMultipartUploadResult"), ("PUT s3://%s (%d bytes)"):format(name, size)
end

function steps.whole(self, name, request)
  if request.method == "DELETE" then
    self.objects[name] = nil
    return { status = 204, headers = {}, body = "" }, "DELETE s3://" .. name
  end
  self.objects[name] = result_of(request.size or 0, request.md5)
  return self.objects[name], ("PUT s3://%s (%d bytes)"):format(name, request.size or 0)
end

---Answers a request.
---@param request table of almanac.oversight
---@return table|nil result nil: it is a read of something else
---@return string? line what would be written
function methods:answer(request)
  local name = ("%s/%s"):format(request.bucket, request.key or "")
  if request.method == "GET" or request.method == "HEAD" then return self.objects[name] end
  local step = steps[step_of(request)] or steps.whole
  return step(self, name, request)
end

return m
