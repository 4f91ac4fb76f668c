-- Signature Version 4: what proves to S3 that a request comes from the holder of
-- a key. From "Authenticating Requests (AWS Signature Version 4)" in the Amazon
-- S3 API reference and "Create a signed AWS API request" in the IAM user guide.
-- A wrong request raises; there is no world that could say no.
local address = require "almanac.address"
local core = require "almanac.core"

local m = {}

local hash, hex = core.hash, core.text.hex

local ALGORITHM = "AWS4-HMAC-SHA256"
local EMPTY = hash.sha256 ""
local LONGEST = 604800   -- seconds that a signed address may work (S3's limit, a week)

-- A "?" means that the field may be absent.
local FIELDS = {
  method = "string", path = "string", query = "table?", headers = "table?", payload_sha256 = "string?",
  region = "string", service = "string?", access_key = "string", secret_key = "string", session_token = "string?",
  time = "number?", expires = "number?",
}

---@class almanac.s3.signing
---@field method string
---@field path string raw, "/bucket/key": it is encoded once and never normalised, and the encoded form is what is sent
---@field query? { [1]: string, [2]: string? }[] raw names and values; a name alone is sent without "="
---@field headers table<string, string> all are signed and must be sent as they are; host is needed
---@field payload_sha256? string hex, or one of AWS's words; default: no payload
---@field region string
---@field service? string default "s3"
---@field access_key string
---@field secret_key string
---@field session_token? string
---@field time? number seconds since 1970, default now; a header X-Amz-Date goes before it
---@field expires? integer seconds; only for `presign`

-- ---- the request as given ----

local function fail(words, ...) error("sigv4: " .. words:format(...), 0) end

local function check_text(text, field)
  if type(text) ~= "string" then fail("bad field '%s' (string expected, got %s)", field, type(text)) end
  if text:find("\0", 1, true) then fail("bad field '%s' (it holds a NUL)", field) end
end

local function check_fields(request)
  for name in pairs(request) do
    if not FIELDS[name] then fail("unknown field '%s'", tostring(name)) end
  end
  for name, wanted in pairs(FIELDS) do
    local value, kind = request[name], wanted:match "%a+"
    if kind == "string" and (value ~= nil or kind == wanted) then
      check_text(value, name)
    elseif value ~= nil and type(value) ~= kind then
      fail("bad field '%s' (%s expected, got %s)", name, kind, type(value))
    end
  end
end

local function check_header(name, value)
  check_text(name, "headers")
  check_text(value, "headers")
  if name == "" or name:find "[\r\n: ]" or value:find "[\r\n]" then fail "a header has a bad name or a line break" end
end

-- The headers by their names in lower case. Blanks around a value go, several in a row
-- become one.
local function read_headers(request)
  local headers = {}
  for name, value in pairs(request.headers or {}) do
    check_header(name, value)
    local low = name:lower()
    if headers[low] then fail("the header %s is given twice", low) end
    headers[low] = value:gsub("[ \t]+", " "):match "^ ?(.-) ?$"
  end
  if not headers.host then fail "the header host is missing" end
  return headers
end

local function date_of(request, headers)
  local date = headers["x-amz-date"] or os.date("!%Y%m%dT%H%M%SZ", math.floor(request.time or core.sys.time()))
  if not date:find "^%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ$" then fail "X-Amz-Date is not like 20130524T000000Z" end
  return date
end

-- The headers that the caller leaves to us, by the names under which they are sent. A signed address has none: nobody
-- knows who sends what with it.
local function added(request, headers)
  if request.expires then return {}, "UNSIGNED-PAYLOAD" end
  local payload = headers["x-amz-content-sha256"] or request.payload_sha256 or EMPTY
  local is_s3 = (request.service or "s3") == "s3"
  return { ["X-Amz-Date"] = date_of(request, headers), ["X-Amz-Security-Token"] = request.session_token,
    ["X-Amz-Content-Sha256"] = is_s3 and payload or nil }, payload
end

-- ---- the canonical form that client and server both compute ----

local function by_name_and_value(a, b)
  if a.name ~= b.name then return a.name < b.name end
  return a.value < b.value
end

local function read_query(pairs_of_query)
  local list = {}
  for i, pair in ipairs(pairs_of_query) do
    if type(pair) ~= "table" then fail "bad field 'query' (a list of {name, value} expected)" end
    check_text(pair[1], "query")
    if pair[2] ~= nil then check_text(pair[2], "query") end
    list[i] = { name = address.encode(pair[1]), value = address.encode(pair[2] or ""), bare = pair[2] == nil }
  end
  table.sort(list, by_name_and_value)
  return list
end

-- In the signed form every name has its "="; in the address a name without a value has none.
local function write_query(list, is_sent)
  local parts = {}
  for i, item in ipairs(list) do
    parts[i] = item.name .. (is_sent and item.bare and "" or "=") .. item.value
  end
  return table.concat(parts, "&")
end

local function write_headers(headers)
  local names, lines = {}, {}
  for name in pairs(headers) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do lines[i] = name .. ":" .. headers[name] .. "\n" end
  return table.concat(lines), table.concat(names, ";")
end

local function signature(request, scope, text)
  local key = "AWS4" .. request.secret_key
  for _, part in ipairs(scope) do key = hash.hmac_sha256(key, part) end
  return hex(hash.hmac_sha256(key, text))
end

-- What a signed address says of itself.
local function query_of(request, date, scope, names)
  local list = table.move(request.query or {}, 1, #(request.query or {}), 1, {})
  if not request.expires then return list end
  for _, pair in ipairs { { "X-Amz-Algorithm", ALGORITHM }, { "X-Amz-Credential", request.access_key .. "/" .. scope },
    { "X-Amz-Date", date }, { "X-Amz-Expires", ("%d"):format(request.expires) }, { "X-Amz-SignedHeaders", names } } do
    list[#list + 1] = pair
  end
  if request.session_token then list[#list + 1] = { "X-Amz-Security-Token", request.session_token } end
  return list
end

-- Computes the steps on the way to the signature, each from the one before.
local function take_steps(request)
  check_fields(request)
  local headers = read_headers(request)
  local date = date_of(request, headers)
  local more, payload = added(request, headers)
  for name, value in pairs(more) do headers[name:lower()] = headers[name:lower()] or value end
  local lines, names = write_headers(headers)
  local scope = { date:sub(1, 8), request.region, request.service or "s3", "aws4_request" }
  local path = address.encode(request.path ~= "" and request.path or "/", true)
  local query = read_query(query_of(request, date, table.concat(scope, "/"), names))
  local steps = { added = more, signed_headers = names, scope = table.concat(scope, "/"),
    target = path .. (query[1] and "?" or "") .. write_query(query, true) }
  steps.canonical_request = table.concat({ request.method, path, write_query(query), lines, names, payload }, "\n")
  steps.string_to_sign = table.concat({ ALGORITHM, date, steps.scope, hash.sha256(steps.canonical_request) }, "\n")
  steps.signature = signature(request, scope, steps.string_to_sign)
  return steps
end

---The steps on the way, for looking at a signature that S3 does not accept.
---@param request almanac.s3.signing
---@return { canonical_request: string, string_to_sign: string, signature: string }
function m.explain(request)
  return take_steps(request)
end

---@param request almanac.s3.signing
---@return table<string, string> headers those given, Authorization, X-Amz-Date, X-Amz-Content-Sha256, with a token
---  X-Amz-Security-Token
---@return string target encoded path and query, as they are sent
function m.sign(request)
  if request.expires ~= nil then fail "unknown field 'expires' (it is for presign)" end
  local steps = take_steps(request)
  local headers, given = {}, {}
  for name, value in pairs(request.headers) do headers[name], given[name:lower()] = value, true end
  for name, value in pairs(steps.added) do
    if not given[name:lower()] then headers[name] = value end
  end
  headers.Authorization = ("%s Credential=%s/%s,SignedHeaders=%s,Signature=%s"):format(ALGORITHM, request.access_key,
    steps.scope, steps.signed_headers, steps.signature)
  return headers, steps.target
end

---Signs an address that works without keys for whoever holds it, until it expires: it is a secret. Headers are left to
---those who use it, but for host.
---@param request almanac.s3.signing with `expires`, from 1 to 604800
---@return string target encoded path and query
function m.presign(request)
  local seconds = request.expires
  if math.type(seconds) ~= "integer" or seconds < 1 or seconds > LONGEST then
    error(("sigv4.presign: expires must be 1 to %d seconds"):format(LONGEST), 2)
  end
  local steps = take_steps(request)
  return ("%s&X-Amz-Signature=%s"):format(steps.target, steps.signature)
end

return m
