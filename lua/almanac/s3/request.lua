-- Sends one signed request to an S3 server, and repeats it with growing, random pauses until
-- it is answered. Every request here may be repeated: the same object comes of it.
local core = require "almanac.core"
local errors = require "almanac.s3.errors"
local oversight = require "almanac.oversight"
local sigv4 = require "almanac.s3.sigv4"
local patience = require "almanac.patience"
local task = require "almanac.task"

local m = {}

local EMPTY = core.hash.sha256 ""
local TRANSIENT = { connect = true, timeout = true, io = true, parse = true, closed = true }
local SLOWEST = 10000   -- bytes a second; a slower upload is given up

local BACKOFF = { tries = 6, first = 0.3, longest = 20 }
local TIMEOUTS = { connect = 10, stall = 60, total = 300 }

---How long to wait and how often to try: the options, with the defaults for what is not given.
---@param options { backoff: table?, timeouts: table? }
---@return { tries: integer, first: number, longest: number } backoff
---@return { connect: number, stall: number, total: number } timeouts
function m.patience(options)
  return patience.of(options, BACKOFF, TIMEOUTS)
end

---Tries until `attempt` succeeds. The pauses are random, below a bound that doubles.
---@param backoff { tries: integer, first: number, longest: number }
---@param attempt fun(): table|nil, table? the result; or nil and a failure { message, code, again, unclear }
---@return table|nil result
---@return table? failure the last one
---@return boolean? unclear an earlier try may have done it
function m.insist(backoff, attempt)
  local failed, unclear = nil, false
  for try = 1, backoff.tries do
    local result
    if try > 1 then task.sleep(patience.pause(backoff, try - 1)) end
    result, failed = attempt()
    if result then return result end
    if not failed.again then break end
    unclear = unclear or failed.unclear
  end
  return nil, failed, unclear
end

local function signed(store, request)
  local secrets = store.secrets()
  local headers, target = sigv4.sign {
    method = request.method, path = store.base .. "/" .. store.bucket .. (request.key and "/" .. request.key or ""),
    query = request.query, headers = request.headers, payload_sha256 = request.sha256,
    region = store.region, service = "s3", time = core.sys.time() // 1,
    access_key = secrets.access_key, secret_key = secrets.secret_key, session_token = secrets.session_token,
  }
  headers.host, headers.Host = nil, nil   -- curl adds the same one itself
  return headers, store.server .. target
end

local function transfer(store, request)
  local headers, url = signed(store, request)
  local size = request.file and request.file.length or request.body and #request.body or 0
  return task.fetch {
    method = request.method, url = url, headers = headers, body = request.body, file = request.file,
    to = request.to, digests = request.to ~= nil, unsynced = request.unsynced, once = request.once, redirects = 0,
    connect_timeout = store.timeouts.connect,
    stall_timeout = math.max(store.timeouts.stall, request.wait or 0), timeout = request.to and 0
      or math.max(store.timeouts.total, size / SLOWEST, request.wait or 0),
  }
end

---Says why a transfer failed; nil when it succeeded.
---@param what string e.g. "PUT bucket/key"
---@param result table from task.fetch
---@param options { may_hold_error: boolean?, write: boolean?, by: "form"|"address"|nil }? may_hold_error: an answer with
---  status 200 can hold an error; write: its success has no page; by: in place of AWS keys
---@return table? failure
function m.failure(what, result, options)
  options = options or {}
  if result.error then
    return {
      message = what .. ": " .. result.error, code = result.code,
      again = TRANSIENT[result.code], unclear = true,
    }
  end
  local good = result.status >= 200 and result.status <= 299
  local refusal = (not good or options.may_hold_error) and errors.read(result.body) or nil
  local strange = good and not refusal and options.write and errors.strange(result)
  if strange then return { message = what .. ": " .. strange, code = "status", again = false, unclear = true } end
  if good and not refusal then return nil end
  local message, code = errors.explain(what, result.status, result.headers, refusal, { body = result.body, by = options.by })
  local again = errors.is_transient(result.status, refusal)
  return { message = message, code = code, refusal = refusal, headers = result.headers, again = again, unclear = again }
end

---Says why a name is none for an object. An empty one would make a request about the bucket itself. Clients and proxies
---take segments of dots out of addresses.
---@param key string
---@return true|nil
---@return string? message
function m.check_key(key)
  if type(key) ~= "string" or key == "" then error("s3: the key must be a string, and not empty", 4) end
  for segment in key:gmatch "[^/]+" do
    if segment == "." or segment == ".." then return nil, ("%q can't be a key"):format(key) end
  end
  return true
end

-- A refusal may quote the request. Session token and signature are taken out of it.
local function hide(store, message)
  local token = store.secrets().session_token
  if token and token ~= "" then message = message:gsub(token:gsub("%p", "%%%0"), "(session token)") end
  return (message:gsub("Signature=%x+", "Signature=…"))
end

---@class almanac.s3.request
---@field method string
---@field key string?
---@field of_bucket boolean? a request without a key
---@field query string[][]? names and values
---@field headers table<string, string>?
---@field body string? or
---@field file { path: string, offset: integer, length: integer }? with
---@field sha256 string? of what is sent
---@field to string? path of a file for the answer
---@field unsynced boolean? that file need not be on the disk yet
---@field stores integer? bytes of what comes of it, when it sends none
---@field wait number? seconds that the server may need before it says anything
---@field may_hold_error boolean? an answer with status 200 can hold an error
---@field once boolean? curl must not repeat it unseen: its repetition is answered differently
---@field ready (fun(): true|nil, string?, string?)? asked before every try

local function insist_on(store, request)
  local what = ("%s %s%s"):format(request.method, store.bucket, request.key and "/" .. request.key or "")
  local result, failed, unclear = m.insist(store.backoff, function()
    if request.ready then
      local ready, message, code = request.ready()
      if not ready then return nil, { message = message, code = code } end
    end
    local answer = transfer(store, request)
    local failure = m.failure(what, answer, { may_hold_error = request.may_hold_error, write = request.method ~= "GET" })
    if failure then return nil, failure end
    return answer
  end)
  if result then return result end
  return nil, hide(store, failed.message), failed.code, { refusal = failed.refusal, unclear = unclear }
end

---Sends a request until it is answered.
---@param store table from s3.new
---@param request almanac.s3.request
---@return table|nil result of the transfer
---@return string? message
---@return string? code
---@return { refusal: almanac.s3.refusal?, unclear: boolean }? detail unclear: an earlier try may have done it
function m.send(store, request)
  request.headers = request.headers or {}
  request.headers.host = store.host
  request.sha256 = request.sha256 or (request.body and core.hash.sha256(request.body)) or EMPTY
  if not request.of_bucket then
    local fit, message = m.check_key(request.key)
    if not fit then return nil, message, "parse" end
  end
  local function go() return insist_on(store, request) end
  if not oversight.s3 then return go() end
  return oversight.s3(store, { method = request.method, bucket = store.bucket, key = request.key, query = request.query,
    size = request.file and request.file.length or request.stores or #(request.body or ""), to = request.to }, go)
end

return m
