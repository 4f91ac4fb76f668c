-- Reads the XML errors of an S3 server and says them in words that help a librarian, with
-- almanac's codes. Amazon's list of error codes:
-- docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
local core = require "almanac.core"
local dates = require "almanac.dates"

local m = {}

-- Where AWS keys for Alma's bucket are made (Ex Libris' page on Alma Digital).
m.KEYS_PLACE = "Alma > Configuration > Resources > Resource Configuration > Digital Storage"

-- Advice for those who use AWS keys.
local AUTH = {
  AccessDenied = "the AWS key may not do this in this bucket; keys are made and revoked in " .. m.KEYS_PLACE,
  InvalidAccessKeyId = "no such AWS access key; keys are made in " .. m.KEYS_PLACE,
  SignatureDoesNotMatch = "the AWS secret key does not belong to the access key (or was cut when it was copied)",
  ExpiredToken = "the AWS session token has expired: get a new one",
  InvalidToken = "the AWS session token is not valid: get a new one",
  AccountProblem = "there is a problem with the AWS account",
}
-- Without AWS keys nobody here can mend a refusal; the message then only says what is refused.
local REFUSED = { form = "Alma's upload form is refused", address = "the address that Alma signed is refused" }

local TRANSIENT = {
  SlowDown = true, InternalError = true, ServiceUnavailable = true, RequestTimeout = true,
  OperationAborted = true, Busy = true, TooManyRequests = true,
}

-- With these codes S3 says that the bytes it got are not those that were signed.
local CHANGED = { XAmzContentSHA256Mismatch = true, BadDigest = true, IncompleteBody = true }

local MISSING = { NoSuchKey = true, NoSuchBucket = true, NoSuchUpload = true, NotFound = true }

---Whether the server says that it can't serve now, whatever it was asked. That a thing is not made (501) is no outage.
---@param status integer
---@return boolean
function m.is_outage(status)
  return status >= 500 and status ~= 501
end

---@class almanac.s3.refusal
---@field code string Amazon's code, "" when there is none
---@field message string
---@field request_id string?
---@field fields table<string, string> all fields of the error, e.g. Region

---Reads the error in a body. An answer with status 200 may hold one too.
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

-- The region of an address like bucket.s3.eu-west-1.amazonaws.com.
local function region_of(endpoint)
  return (endpoint or ""):match "s3[.-]([%l%d-]+)%.amazonaws%.com"
end

---The region that the bucket is in, as the answer names it.
---@param headers table<string, string>
---@param refusal almanac.s3.refusal?
---@return string? region
function m.region(headers, refusal)
  local region = headers["x-amz-bucket-region"] or refusal and (refusal.fields.Region or region_of(refusal.fields.Endpoint)
    or refusal.message:match "expecting '([^']+)'")
  return region and region:find "^[%l%d-]+$" and region or nil
end

local function place_words(refusal, headers)
  local region, endpoint = m.region(headers, refusal), refusal.fields.Endpoint
  if region then
    return ("the bucket is in region %s%s: set ALMANAC_S3_REGION=%s, or s3 = { region = %q } in almanac.conf.lua"):format(region,
      endpoint and ", at " .. endpoint or "", region, region)
  end
  return endpoint and ("the bucket is at %s: set ALMANAC_S3_URL to that address"):format(endpoint) or nil
end

local WRONG_PLACE = { PermanentRedirect = true, TemporaryRedirect = true, AuthorizationHeaderMalformed = true,
  IllegalLocationConstraintException = true }

-- Advice that goes beside S3's own words.
local function advice(refusal, status, headers, by)
  local code = refusal.code
  if code == "RequestTimeTooSkewed" then return clock_words(refusal, headers), "auth" end
  local redirected = status >= 300 and status < 400
  local place = (WRONG_PLACE[code] or redirected) and place_words(refusal, headers)
  if place then return place, "conflict" end
  if redirected then return "the server sends elsewhere: region or endpoint is wrong", "conflict" end
  if AUTH[code] or code == "" and status == 403 then
    return REFUSED[by] or AUTH[code] or AUTH.AccessDenied, by == "address" and "status" or "auth"
  end
  if CHANGED[code] then return "the bytes that arrived are not those announced", "conflict" end
  if MISSING[code] then return nil, "missing" end
  if m.is_outage(status) then return "the storage gives no service at the moment: try again later", "status" end
  if code == "" and status == 404 then return "there is no such object or bucket", "missing" end
  return nil, "status"
end

local function one_line(text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub("%.? ?$", ""))
end

local function lower_first(text)
  return (text:gsub("^%u%f[%U]", string.lower))
end

-- Advice, and S3's own words behind it.
local function words_of(refusal, status, headers, by)
  local help, code = advice(refusal, status, headers, by)
  local said = one_line(refusal.message)
  if not help then return said ~= "" and lower_first(said) or "the server answered with status " .. status, code end
  return said ~= "" and ("%s; S3 says: %s"):format(help, said) or help, code
end

-- Every answer of S3 has a request id, and a refusal is XML or has no body. A filter or a
-- proxy in between sends other pages.
local function is_foreign(headers, body)
  if headers["x-amz-request-id"] or headers["x-amz-bucket-region"] then return false end
  return body:find "%S" ~= nil or headers.location ~= nil
end

local function title_of(body)
  local title = body:match "<[tT][iI][tT][lL][eE][^>]*>([^<]*)"
  title = title and one_line(title) or ""
  return title ~= "" and core.text.valid(title) and (", titled '%s'"):format(title:sub(1, 80)) or ""
end

local function foreign_words(status, headers, body)
  local sent_to = status >= 300 and status < 400 and (headers.location or ""):match "^https?://[^/@]+"
  return ("the answer is not S3's but %s%s (status %d): does a web filter, proxy or sign-in page stand in between?"):format(
    sent_to and "sends to " .. sent_to or body:find "^%s*<" and "a web page" or "some other text", title_of(body), status)
end

---One line for people, and almanac's code.
---@param what string e.g. "PUT bucket/key"
---@param status integer
---@param headers table<string, string>
---@param refusal almanac.s3.refusal? from `read`
---@param more { body: string?, by: "form"|"address"|nil }? by: what was sent in place of AWS keys, Alma's upload form or
---  an address that Alma signed
---@return string message ends with Amazon's code and request id
---@return string code "status" when the answer is not S3's: it says nothing about right or wrong keys
function m.explain(what, status, headers, refusal, more)
  local body = more and more.body or ""
  if not refusal and is_foreign(headers, body) then
    return ("%s: %s"):format(what, foreign_words(status, headers, body)), "status"
  end
  refusal = refusal or { code = "", message = "", fields = {} }
  local words, code = words_of(refusal, status, headers, more and more.by)
  local marks = { refusal.code ~= "" and refusal.code or "status " .. status }
  local id = refusal.request_id or headers["x-amz-request-id"]
  if id then marks[2] = "request id " .. id end
  return ("%s: %s (%s)"):format(what, words, table.concat(marks, ", ")), code
end

---True when a successful answer can't be S3's own: a sign-in page or a filter sent it.
---@param result table of task.fetch
---@return string? words
function m.strange(result)
  local body = result.body or ""
  if result.headers.etag or result.headers["x-amz-request-id"] or not body:find "^%s*<[!hH]" then return nil end
  return foreign_words(result.status, result.headers, body)
end

---True when the same request may succeed a moment later.
---@param status integer
---@param refusal almanac.s3.refusal?
---@return boolean
function m.is_transient(status, refusal)
  if refusal and TRANSIENT[refusal.code] then return true end
  return m.is_outage(status) or status == 429
end

return m
