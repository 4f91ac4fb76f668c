-- Copies an object inside the bucket, and signs addresses of objects.
local address = require "almanac.address"
local put = require "almanac.s3.put"
local request = require "almanac.s3.request"
local sigv4 = require "almanac.s3.sigv4"

local m = {}

local LARGEST = 5 << 30        -- bytes that one call copies (S3's limit)
local SLOWEST = 10 << 20       -- bytes a second that S3 copies at least
local LIFE = 3600              -- seconds
local METHODS = { GET = true, PUT = true, HEAD = true, DELETE = true }

---Copies an object, with its content type. An object that is there already is replaced.
---@param store table
---@param from string
---@param to string
---@return { etag: string, size: integer }|nil
---@return string? message
---@return string? code "missing": there is no object `from`; "limit": it is larger than 5 GiB
function m.copy(store, from, to)
  local fit, message = request.check_key(from)
  if not fit then return nil, message, "parse" end
  local source, code
  source, message, code = put.head(store, from)
  if not source then return nil, message, code end
  if source.size > LARGEST then
    return nil, ("%s has %d bytes; S3 copies at most %d in one call"):format(from, source.size, LARGEST), "limit"
  end
  local result
  result, message, code = request.send(store, {
    method = "PUT", key = to, may_hold_error = true, wait = source.size / SLOWEST, stores = source.size,
    headers = { ["x-amz-copy-source"] = ("/%s/%s"):format(store.bucket, address.encode(from, true)) },
  })
  if not result then return nil, message, code end
  local copy
  copy, message, code = put.head(store, to)
  if not copy then return nil, message, code end
  if copy.size == source.size then return { etag = copy.etag, size = copy.size } end
  return nil, ("%s: the server stored %d bytes of %d"):format(to, copy.size, source.size), "io"
end

---Signs an address of an object that works without keys until it expires. Whoever holds it may do what it is for: it is a
---secret, and belongs into no log and no file that others read. Nothing is sent; the object need not be there.
---@param store table
---@param key string
---@param options { expires: integer?, method: "GET"|"PUT"|"HEAD"|"DELETE"|nil }? expires: seconds, 1 to 604800 (3600)
---@return string|nil url
---@return string? message
---@return string? code "parse": the name is none for an object
function m.presign(store, key, options)
  options = options or {}
  local method = options.method or "GET"
  if not METHODS[method] then error(("s3.presign: there is no method '%s'"):format(tostring(method)), 2) end
  local fit, message = request.check_key(key)
  if not fit then return nil, message, "parse" end
  local secrets = store.secrets()
  return store.server .. sigv4.presign {
    method = method, path = ("%s/%s/%s"):format(store.base, store.bucket, key), headers = { host = store.host },
    region = store.region, expires = options.expires or LIFE, access_key = secrets.access_key, secret_key = secrets.secret_key,
    session_token = secrets.session_token,
  }
end

return m
