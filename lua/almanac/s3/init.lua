-- The storage that Alma takes files from. It is reached as a bucket with AWS keys, or
-- through the signed upload form that an API key alone gets. Both have
-- `store:put(key, file, options)`; only the first has `list`, `head` and `delete`. Addresses are path-style: names of Alma's buckets have
-- dots, and no wildcard certificate covers such a host name.
local address = require "almanac.address"
local copy = require "almanac.s3.copy"
local credentials = require "almanac.s3.credentials"
local form = require "almanac.s3.form"
local list = require "almanac.s3.list"
local put = require "almanac.s3.put"
local request = require "almanac.s3.request"
local unfinished = require "almanac.s3.unfinished"

local m = {}

local MULTIPART_ABOVE = 64 << 20
local PART_SIZE = 16 << 20

local methods = {
  put = put.put, head = put.head, delete = put.delete, list = list.list, get = list.get,
  copy = copy.copy, presign = copy.presign, refuses = put.refuses, bounds = put.bounds,
  unfinished = unfinished.below, remove_unfinished = unfinished.remove,
}
local meta = { __index = methods }

local function amazon(region)
  return ("https://s3.%s.amazonaws.com%s"):format(region, region:find "^cn%-" and ".cn" or "")
end

-- Splits an address into server, Host header and path. The default port is not in the Host
-- header.
local function split(endpoint)
  local scheme, authority, base = endpoint:match "^(https?)://([%w%.%-:%[%]]+)(/?[^?#]*)$"
  if not scheme then return nil end
  local host = authority:lower():gsub(scheme == "https" and ":443$" or ":80$", "")
  return scheme .. "://" .. host, host, (base:gsub("/+$", ""))
end

---@class almanac.s3.options
---@field endpoint string? http(s) address of the S3 server; Amazon's for the region when absent
---@field region string? us-east-1 when absent
---@field bucket string
---@field access_key string
---@field secret_key string
---@field session_token string?
---@field part_size integer? bytes (16 MiB; S3 takes no less than 5)
---@field multipart_above integer? bytes (64 MiB)
---@field backoff { tries: integer?, first: number?, longest: number? }? seconds
---@field timeouts { connect: number?, stall: number?, total: number? }? seconds

---A bucket that is reached with AWS keys. The store has `put`, `head`, `get`, `list`, `copy`, `presign`,
---`delete`, `unfinished` and `remove_unfinished`.
---@param options almanac.s3.options
---@return table|nil store
---@return string? message
---@return string? code
function m.new(options)
  for _, name in ipairs { "bucket", "access_key", "secret_key" } do
    if type(options[name]) ~= "string" then error("s3.new: " .. name .. " must be a string", 2) end
  end
  local region = options.region or "us-east-1"
  local endpoint = options.endpoint or amazon(region)
  local server, host, base = split(endpoint)
  if not server then return nil, ("%q is no http(s) address of an S3 server"):format(address.shown(endpoint)), "connect" end
  local secrets = {
    access_key = options.access_key, secret_key = options.secret_key, session_token = options.session_token,
  }
  local backoff, timeouts = request.patience(options)
  return setmetatable({
    server = server, host = host, base = base, region = region, bucket = options.bucket,
    part_size = options.part_size or PART_SIZE, multipart_above = options.multipart_above or MULTIPART_ABOVE,
    backoff = backoff, timeouts = timeouts,
    -- The keys are kept in a function: whoever prints the store's table does not print them.
    secrets = function() return secrets end,
  }, meta)
end

m.form = form.new
m.credentials = credentials.find

return m
