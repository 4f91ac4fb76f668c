-- `almanac exec --log`: a line of JSON for each call, written at once, at the end of the file.
local core = require "almanac.core"
local json = require "almanac.json"
local address = require "almanac.address"

local m = {}

local PRIVATE = 384   -- permission bits of a new file, octal 600: what was written may be about people

local methods = {}

---@param path string
---@return table|nil log
---@return string? message
---@return string? code "io"
function m.open(path)
  if not core.files.stat(path) then core.files.write(path, "", PRIVATE) end
  local file, message = io.open(path, "ab")
  if not file then return nil, "--log: " .. message, "io" end
  file:setvbuf "line"
  return setmetatable({ file = file }, { __index = methods })
end

local function now()
  local time = core.sys.time()
  return os.date("!%Y-%m-%dT%H:%M:%S", time // 1 | 0) .. (".%03dZ"):format(time % 1 * 1000 // 1)
end

local function write(self, entry)
  entry.time = now()
  local ok, line = pcall(json.encode, entry)
  if not ok then   -- a body that is no text
    entry.body, entry.error = nil, nil
    line = json.encode(entry)
  end
  self.file:write(line, "\n")
end

local function query_of(query)
  return query and next(query) and query or nil
end

---Writes one try of a call.
---@param event almanac.alma.event
function methods:event(event)
  write(self, { method = event.method, path = event.path, query = query_of(event.query), body = event.method ~= "GET" and event.body or nil,
    status = event.status, ms = event.ms, try = event.try, tracking = event.tracking, remaining = event.remaining,
    error = event.error, code = event.code })
end

---Writes a call that was not sent.
---@param call table of the client
---@param why string
function methods:unsent(call, why)
  write(self, { method = call.method, path = call.path, query = query_of(call.request.query), not_sent = why,
    body = call.method ~= "GET" and call.request.body or nil })
end

---Writes a request to the bucket.
---@param request table of almanac.oversight
---@param result table?
function methods:bucket(request, result, message, code)
  write(self, { method = request.method, path = address.shown(("s3://%s/%s"):format(request.bucket, request.key or "")),
    size = not (request.method == "GET" or request.method == "HEAD") and request.size or nil,
    status = result and result.status, error = message, code = code })
end

return m
