-- Signature Version 4 from the server's side: checks what clients signed, and
-- signs the addresses and upload forms that Alma hands out. Written from AWS's
-- description and not on almanac.s3.sigv4, so that an error there shows here.
local core = require "almanac.core"
local dates = require "almanac.rehearsal.world.dates"
local json = require "almanac.json"
local xml = require "almanac.rehearsal.s3.xml"

local hash, hex = core.hash, core.text.hex

local m = {}

local refuse = xml.refuse
local ALGORITHM = "AWS4-HMAC-SHA256"
local SKEW = 900        -- seconds that a client's clock may differ
local LONGEST = 604800  -- seconds that a signed address may live

---@param text string
---@param keep_slash boolean?
---@return string percent-encoded as S3 wants it
function m.encode(text, keep_slash)
  return (text:gsub(keep_slash and "[^%w%-._~/]" or "[^%w%-._~]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- Takes the raw query: each pair is decoded and encoded again, all are sorted, and the signature
-- itself is left out.
local function canonical_query(query)
  local pairs_of_query = {}
  for pair in query:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    name = m.encode(decode(name))
    if name ~= "X-Amz-Signature" then
      pairs_of_query[#pairs_of_query + 1] = name .. "=" .. m.encode(decode(value))
    end
  end
  table.sort(pairs_of_query)
  return table.concat(pairs_of_query, "&")
end

local function canonical_headers(request, signed)
  local lines = {}
  for name in signed:gmatch "[^;]+" do
    local value = (request:header(name) or ""):gsub("^%s+", ""):gsub("%s+$", ""):gsub("%s+", " ")
    lines[#lines + 1] = name .. ":" .. value .. "\n"
  end
  return table.concat(lines)
end

---@param request { method: string, path: string, query: string, headers: string, signed: string, payload: string }
local function canonical(request)
  return table.concat({ request.method, m.encode(decode(request.path), true), canonical_query(request.query),
    request.headers, request.signed, request.payload }, "\n")
end

local cached_keys = {}

local function signing_key(secret, date, region)
  local name = table.concat({ secret, date, region }, "\0")
  local key = cached_keys[name]
  if not key then
    key = hash.hmac_sha256("AWS4" .. secret, date)
    for _, part in ipairs { region, "s3", "aws4_request" } do key = hash.hmac_sha256(key, part) end
    cached_keys = { [name] = key }
  end
  return key
end

local function signature(secret, scope, text)
  return hex(hash.hmac_sha256(signing_key(secret, scope.date, scope.region), text))
end

local function string_to_sign(scope, time, request)
  return table.concat({ ALGORITHM, time, ("%s/%s/s3/aws4_request"):format(scope.date, scope.region),
    hash.sha256(request) }, "\n")
end

local function read_header(call)
  local header = call.request:header "Authorization"
  local credential, signed, sent = header:match
    "^AWS4%-HMAC%-SHA256%s+Credential=([^,%s]+),%s*SignedHeaders=([^,%s]+),%s*Signature=(%x+)%s*$"
  if not credential then return nil end
  return { credential = credential, signed = signed, signature = sent,
    time = call.request:header "x-amz-date", payload = call.request:header "x-amz-content-sha256",
    token = call.request:header "x-amz-security-token" }
end

local function read_query(call)
  local query = call.query
  if query["X-Amz-Algorithm"] ~= ALGORITHM then return nil end
  return { credential = query["X-Amz-Credential"] or "", signed = query["X-Amz-SignedHeaders"] or "",
    signature = query["X-Amz-Signature"] or "", time = query["X-Amz-Date"], payload = "UNSIGNED-PAYLOAD",
    token = query["X-Amz-Security-Token"], expires = tonumber(query["X-Amz-Expires"]) or 0 }
end

-- The scope in a credential: whose key it is, for which day and region.
local function scope_of(world, credential)
  local access, date, region = credential:match "^([^/]+)/(%d+)/([^/]+)/s3/aws4_request$"
  if not access or region ~= world.region then
    return nil, refuse(400, "AuthorizationHeaderMalformed", ("The authorization header is malformed; " ..
      "the region '%s' is wrong; expecting '%s'"):format(region or "", world.region))
  end
  if not world.aws[access] then
    return nil, refuse(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
  end
  return { access = access, date = date, region = region }
end

local function check_time(world, auth, scope)
  local sent, now = dates.parse(auth.time), world:time()
  if not sent or auth.time:sub(1, 8) ~= scope.date then
    return refuse(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
  end
  if auth.expires then
    if auth.expires < 1 or auth.expires > LONGEST then
      return refuse(400, "AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds")
    elseif now > sent + auth.expires then
      return refuse(403, "AccessDenied", "Request has expired")
    end
  end
  if sent - now > SKEW or not auth.expires and now - sent > SKEW then
    return refuse(403, "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.")
  end
end

-- The Host header and every x-amz- header must be signed, and each signed header must be there.
local function check_signed(call, auth)
  local signed = ";" .. auth.signed .. ";"
  if not signed:find(";host;", 1, true) then
    return refuse(403, "AccessDenied", "The host header is not signed")
  end
  for name in auth.signed:gmatch "[^;]+" do
    if not call.request:header(name) then
      return refuse(403, "AccessDenied", "There were headers signed which are not present in the request")
    end
  end
  for name in pairs(call.request:headers()) do
    local low = name:lower()
    if low:find "^x%-amz%-" and not signed:find(";" .. low .. ";", 1, true) then
      return refuse(403, "AccessDenied", "There were headers present in the request which were not signed")
    end
  end
end

local function check_signature(world, call, auth, scope)
  local request = canonical {
    method = call.method, path = call.request:path(), query = call.request:query(),
    headers = canonical_headers(call.request, auth.signed), signed = auth.signed, payload = auth.payload,
  }
  local text = string_to_sign(scope, auth.time, request)
  if signature(world.aws[scope.access].secret, scope, text) == auth.signature:lower() then return end
  local refusal = refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match " ..
    "the signature you provided. Check your key and signing method.")
  refusal.s3_failure.more = { { "StringToSign", text }, { "CanonicalRequest", request } }
  return refusal
end

-- Checks what the head promises about the body.
local function check_promise(payload)
  if not payload then
    return refuse(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
  elseif payload:find "^STREAMING%-" then
    return refuse(501, "NotImplemented", "Signed chunks are not part of the rehearsal")
  end
end

local function read_auth(call)
  if call.request:header "Authorization" then return read_header(call) end
  return read_query(call)
end

---Checks everything that a request's head tells: who sent it, and the signature.
---@param world table
---@param call table its body need not have been read
---@return table? refusal an answer
function m.check_head(world, call)
  local header = call.request:header "Authorization"
  local auth = read_auth(call)
  if not auth then
    if header then return refuse(400, "AuthorizationHeaderMalformed", "The authorization header is malformed") end
    return refuse(403, "AccessDenied", "Access Denied")
  end
  local scope, refusal = scope_of(world, auth.credential)
  if not scope then return refusal end
  if auth.token ~= world.aws[scope.access].token then
    return refuse(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
  end
  return check_time(world, auth, scope) or check_promise(auth.payload)
    or check_signed(call, auth) or check_signature(world, call, auth, scope)
end

---Checks that the body is the one that was signed.
---@param call table whose head was found right
---@return table? refusal an answer
function m.check_body(call)
  local payload = read_auth(call).payload
  if payload ~= "UNSIGNED-PAYLOAD" and payload:lower() ~= call.request:body_sha256() then
    return refuse(400, "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.")
  end
end

---A signed address of an object.
---@param world table
---@param key string
---@param life integer seconds
---@return string url
function m.address(world, key, life)
  local time = dates.basic(world:time())
  local scope = { date = time:sub(1, 8), region = world.region }
  local path = "/" .. world.bucket .. "/" .. m.encode(key, true)
  local credential = ("%s/%s/%s/s3/aws4_request"):format(world.own_key, scope.date, scope.region)
  local query = ("X-Amz-Algorithm=%s&X-Amz-Credential=%s&X-Amz-Date=%s&X-Amz-Expires=%d&X-Amz-SignedHeaders=host")
    :format(ALGORITHM, m.encode(credential), time, life)
  local request = canonical { method = "GET", path = path, query = query, headers = "host:" .. world.host .. "\n",
    signed = "host", payload = "UNSIGNED-PAYLOAD" }
  return ("http://%s%s?%s&X-Amz-Signature=%s"):format(world.host, path, query,
    signature(world.own_secret, scope, string_to_sign(scope, time, request)))
end

---The signature of a form's policy.
---@param world table
---@param scope { access: string, date: string, region: string }
---@param policy string base64
---@return string hex
function m.of_policy(world, scope, policy)
  return signature(world.aws[scope.access].secret, scope, policy)
end

---The credential of a form, checked like that of a request.
m.scope_of = scope_of

local FORM_LIFE = 3600     -- seconds
local FORM_MOST = 5 << 30  -- bytes; S3 takes no larger ones in a form

-- The conditions that Alma's form is known to have, and those of --form-policy. A size among those replaces the usual one.
local function conditions_of(world, form)
  local conditions = {
    { bucket = world.bucket }, { "starts-with", "$key", world.inst .. "/upload/" },
    { acl = form.acl }, { success_action_status = form.success_action_status },
    { ["x-amz-algorithm"] = ALGORITHM }, { ["x-amz-date"] = form["x-amz-date"] },
    { ["x-amz-credential"] = form["x-amz-credential"] },
  }
  local sized = false
  for _, condition in ipairs(world.form_conditions) do
    conditions[#conditions + 1] = condition
    sized = sized or condition[1] == "content-length-range"
  end
  if not sized then conditions[#conditions + 1] = { "content-length-range", 0, FORM_MOST } end
  return conditions
end

---A signed upload form, as GET /conf/general?expand=ingest_form gives it.
---@param world table
---@return table fields
function m.form(world)
  local now = world:time()
  local time = dates.basic(now)
  local scope = { access = world.own_key, date = time:sub(1, 8), region = world.region }
  local form = {
    acl = "public-read", success_action_status = "201", key = world.inst .. "/upload/${filename}",
    ["x-amz-algorithm"] = ALGORITHM, ["x-amz-date"] = time,
    ["x-amz-credential"] = ("%s/%s/%s/s3/aws4_request"):format(scope.access, scope.date, scope.region),
  }
  form.policy = core.text.base64(json.encode {
    expiration = dates.iso(now + (world.options.form_life or FORM_LIFE)),
    conditions = conditions_of(world, form),
  })
  form["x-amz-signature"] = m.of_policy(world, scope, form.policy)
  return form
end

return m
