-- What a storage says of an object's bytes. S3's ETag is the MD5 of an object that was put in one piece and is not
-- encrypted with a key of KMS or of the customer (Amazon S3 API, "Object"); any other is no checksum of the bytes.
local m = {}

local NO_SUM = { ["aws:kms"] = true, ["aws:kms:dsse"] = true }

---The MD5 that the headers of an answer give.
---@param headers table<string, string> names in lower case
---@return string? md5 hex; nil: they give none
function m.md5(headers)
  local etag = (headers.etag or ""):match '^"?(%x+)"?$'
  if not etag or #etag ~= 32 then return nil end
  if NO_SUM[headers["x-amz-server-side-encryption"]] or headers["x-amz-server-side-encryption-customer-algorithm"] then return nil end
  return etag:lower()
end

---Says when what came is not what the storage has.
---@param result { headers: table<string, string>, md5: string? } of task.fetch with `digests`
---@return string? words
function m.problem(result)
  local said = m.md5(result.headers)
  if not said or not result.md5 or said == result.md5 then return nil end
  return ("the bytes that came have another checksum (MD5 %s) than the storage says (%s)"):format(result.md5, said)
end

return m
