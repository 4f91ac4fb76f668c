-- Addresses that are signed for whoever holds them ("Authenticating Requests: Using
-- Query Parameters" in the Amazon S3 API reference), made apart from what checks them.
local address = require "almanac.address"
local core = require "almanac.core"

---@param request { path: string, host: string, region: string, access_key: string, secret_key: string,
---  expires: integer, time: number? } path: "/bucket/key", raw
---@return string target path and query of a GET
return function(request)
  local date = os.date("!%Y%m%dT%H%M%SZ", (request.time or core.sys.time()) // 1 | 0)
  local scope = { date:sub(1, 8), request.region, "s3", "aws4_request" }
  local path = address.encode(request.path, true)
  local query = ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%s&X-Amz-Date=%s&X-Amz-Expires=%d&X-Amz-SignedHeaders=host")
    :format(address.encode(request.access_key .. "/" .. table.concat(scope, "/")), date, request.expires)
  local canonical = table.concat({ "GET", path, query, "host:" .. request.host, "", "host", "UNSIGNED-PAYLOAD" }, "\n")
  local key = "AWS4" .. request.secret_key
  for _, part in ipairs(scope) do key = core.hash.hmac_sha256(key, part) end
  local text = table.concat({ "AWS4-HMAC-SHA256", date, table.concat(scope, "/"), core.hash.sha256(canonical) }, "\n")
  return ("%s?%s&X-Amz-Signature=%s"):format(path, query, core.text.hex(core.hash.hmac_sha256(key, text)))
end
