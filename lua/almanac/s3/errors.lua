-- What an S3 server says when it says no: the XML of its errors, in words that
-- help a librarian, and almanac's codes. Amazon's list of codes:
-- docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
local core = require "almanac.core"
local dates = require "almanac.dates"

local m = {}

-- Where AWS keys for Alma's bucket are made (Ex Libris: almadigital).
m.KEYS_PLACE = "Alma > Configuration > Resources > Resource Configuration > Digital Storage"

local AUTH = {
  AccessDenied = "the AWS key may not do this in this bucket; keys are made and revoked in " .. m.KEYS_PLACE,
  InvalidAccessKeyId = "no such AWS access key; keys are made in " .. m.KEYS_PLACE,
  SignatureDoesNotMatch = "the AWS secret key does not belong to the access key (or was cut when it was copied)",
  ExpiredToken = "the AWS session token has expired: get a new one",
  InvalidToken = "the AWS session token is not valid: get a new one",
  AccountProblem = "there is a problem with the AWS account",
}

local TRANSIENT = {
  SlowDown = true, InternalError = true, ServiceUnavailable = true, RequestTimeout = true,
  OperationAborted = true, Busy = true, TooManyRequests = true,
}

-- The bytes that came are not those that were signed.
local CHANGED = { XAmzContentSHA256Mismatch = true, BadDigest = true, IncompleteBody = true }

local MISSING = { NoSuchKey = true, NoSuchBucket = true, NoSuchUpload = true, NotFound = true }

---@class almanac.s3.refusal
---@field code string Amazon's code, "" when there is none
---@field message string
---@field request_id string?
---@field fields table<string, string> all fields of the error, e.g. Region

---The error in a body; an answer with status 200 may hold one too.
---@param body string?
---@return almanac.s3.refusal|nil
function m.read(body)
  if not body or not body:find("<Error", 1, true) then return nil end
  local root = core.xml.parse(body)
  if not root or root.name ~= "Error" then return nil end
  local fields = {}
  for _, item in ipairs(root) do fields[item.name] = item.text end
  return {
    code = fields.Code or "", message = fields.Message or "", request_id = fields.RequestId, fields = fields,
  }
end

local function clock_words(refusal, headers)
  local server = dates.iso(refusal.fields.ServerTime) or dates.http(headers.date)
  if not server then return "this computer's clock is wrong: set it" end
  local off = math.floor(core.sys.time() - server + 0.5)
  return ("this computer's clock is %d s (%.1f minutes) %s: set it"):format(math.abs(off),
    math.abs(off) / 60, off < 0 and "behind" or "ahead")
end

local function knows_place(refusal, headers)
  return refusal.fields.Region or refusal.fields.Endpoint or headers["x-amz-bucket-region"]
end

local function region_words(refusal, headers)
  local region = headers["x-amz-bucket-region"] or refusal.fields.Region
  return region and ("the bucket is in region %s: use that"):format(region)
    or ("the bucket is at %s: use that"):format(refusal.fields.Endpoint or "another server")
end

local WRONG_PLACE = { PermanentRedirect = true, TemporaryRedirect = true, AuthorizationHeaderMalformed = true }

local function words_of(refusal, status, headers)
  local code = refusal.code
  if code == "RequestTimeTooSkewed" then return clock_words(refusal, headers), "auth" end
  local redirected = status >= 300 and status < 400
  if (WRONG_PLACE[code] or redirected) and knows_place(refusal, headers) then
    return region_words(refusal, headers), "conflict"
  end
  if AUTH[code] then return AUTH[code], "auth" end
  if CHANGED[code] then return "the bytes that arrived are not those announced", "conflict" end
  if MISSING[code] then return refusal.message, "missing" end
  if code == "" and status == 404 then return "there is no such object or bucket", "missing" end
  if code == "" and status == 403 then return AUTH.AccessDenied, "auth" end
  if redirected then return "the server sends elsewhere: region or endpoint is wrong", "conflict" end
  return refusal.message ~= "" and refusal.message or "the server answered with status " .. status, "status"
end

---One line for people, and almanac's code.
---@param what string e.g. "PUT bucket/key"
---@param status integer
---@param headers table<string, string>
---@param refusal almanac.s3.refusal? from `read`
---@return string message ends with Amazon's code and request id
---@return string code
function m.explain(what, status, headers, refusal)
  refusal = refusal or { code = "", message = "", fields = {} }
  local words, code = words_of(refusal, status, headers)
  local marks = { refusal.code ~= "" and refusal.code or "status " .. status }
  local id = refusal.request_id or headers["x-amz-request-id"]
  if id then marks[2] = "request id " .. id end
  words = words:gsub("%s+", " "):gsub("^%u%f[%U]", string.lower):gsub("%.$", "")
  return ("%s: %s (%s)"):format(what, words, table.concat(marks, ", ")), code
end

---Whether the same request may succeed a moment later.
---@param status integer
---@param refusal almanac.s3.refusal?
---@return boolean
function m.is_transient(status, refusal)
  if refusal and TRANSIENT[refusal.code] then return true end
  return status >= 500 and status ~= 501 or status == 429
end

return m
