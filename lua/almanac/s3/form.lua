-- Uploads with an API key alone. Alma signs a browser's upload form (GET
-- /conf/general?expand=ingest_form), and the file goes to S3 as multipart/form-data
-- (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html). The ETag in the
-- answer is the MD5 of what was stored.
local core = require "almanac.core"
local errors = require "almanac.s3.errors"
local form_fields = require "almanac.s3.form_fields"
local oversight = require "almanac.oversight"
local policies = require "almanac.s3.policy"
local request = require "almanac.s3.request"
local task = require "almanac.task"
local watch = require "almanac.s3.watch"

local m = {}

local SECRET = { ["x-amz-signature"] = true, ["x-amz-security-token"] = true, policy = true, signature = true }
local EARLY = 60   -- seconds before its end that a form is replaced

local methods = {}
local meta = { __index = methods }

local function read(ingest, region)
  local given = type(ingest) == "table" and ingest.ingest_form
  if type(given) ~= "table" or type(ingest.ingest_url) ~= "string" or
    not ingest.ingest_url:find "^https?://[^/]" then
    return nil, "Alma gave no upload form (GET /conf/general?expand=ingest_form); use AWS keys, made in " ..
      errors.KEYS_PLACE, "missing"
  end
  local policy, message, code = policies.read(given.policy)
  if not policy then return nil, message .. "; use AWS keys, made in " .. errors.KEYS_PLACE, code end
  local fields, unmet = form_fields.of(policy, given)
  if not fields then
    return nil, ("Alma's upload form has a condition that almanac can't meet (%s); use AWS keys, made in %s"):format(unmet,
      errors.KEYS_PLACE), "auth"
  end
  -- A form that is expired when it comes means that this machine's clock is wrong.
  local late = policy.expires and policy.expires - EARLY <= core.sys.time()
  return {
    url = ingest.ingest_url, bucket = ingest.bucket, region = region or ingest.region,
    policy = policy, given = given, fields = fields, expires = not late and policy.expires or math.huge,
  }
end

---Makes a store for Alma's upload folder, with the signed form.
---@param options { ingest: table, region: string?, refresh: (fun(): table|nil, string?, string?)?, backoff: table?, timeouts: table? }
---  ingest: `digital` of GET /conf/general?expand=ingest_form; region: of the bucket when it is another than Alma says;
---  refresh: gives a new one
---@return table|nil store with put
---@return string? message
---@return string? code
function m.new(options)
  local form, message, code = read(options.ingest, options.region)
  if not form then return nil, message, code end
  local store = setmetatable({ form = form, region = options.region, refresh = options.refresh }, meta)
  store.backoff, store.timeouts = request.patience(options)
  return store
end

-- Fetches a new form. Many tasks may find the old one expired; only the first one fetches.
local function renew(store, old)
  while store.renewing do task.sleep(0.05) end
  if store.form ~= old then return true end
  if not store.refresh then return nil, "the upload form has expired", "auth" end
  store.renewing = true
  local _ <close> = setmetatable({}, { __close = function() store.renewing = false end })
  local ingest, message, code = store.refresh()
  local form
  if ingest then form, message, code = read(ingest, store.region) end
  if not form then return nil, message, code end
  store.form = form
  return true
end

local function current(store)
  local form = store.form
  if form.expires - EARLY <= core.sys.time() then
    local ok, message, code = renew(store, form)
    if not ok then return nil, message, code end
  end
  return store.form
end

-- Says why the form does not take this file.
local function misfit(form, path, size)
  local policy = form.policy
  if size > policy.largest or size < (policy.smallest or 0) then
    return ("has %d bytes; Alma's upload form takes %d to %d"):format(size, policy.smallest or 0, policy.largest)
  end
  local _, words = form_fields.content_type(policy, form.given, path)
  return words and words .. " in Alma's upload form"
end

local function allowed(form, key, file)
  if not policies.allows(form.policy, "key", key) then
    return nil, ("Alma's upload form does not allow the name %s: use AWS keys, made in %s"):format(key,
      errors.KEYS_PLACE), "auth"
  end
  local words = misfit(form, file.path, file.size)
  if words then return nil, ("%s %s: use AWS keys, made in %s"):format(key, words, errors.KEYS_PLACE), "limit" end
  return true
end

---Says why the upload form takes no file of this name and size.
---@param path string
---@param size integer bytes
---@return string? words nil when it takes it
function methods:refuses(path, size)
  return misfit(self.form, path, size)
end

---The sizes that the form takes, and whether it also depends on a file's type.
---@return integer smallest
---@return integer largest
---@return boolean by_type
function methods:bounds()
  local policy = self.form.policy
  return policy.smallest or 0, policy.largest, policies.names(policy, "content-type")
end

local function content_type(form, file, options)
  local wanted = options.content_type
  if wanted and policies.allows(form.policy, "content-type", wanted) then return wanted end
  return (form_fields.content_type(form.policy, form.given, file.path))
end

local function parts_of(form, key, file, options)
  local parts = { { name = "key", value = key } }
  table.move(form.fields, 1, #form.fields, 2, parts)
  local kind = content_type(form, file, options)
  if kind then parts[#parts + 1] = { name = "Content-Type", value = kind } end
  -- The object name is complete, so the file's own name means nothing here.
  parts[#parts + 1] = { name = "file", path = not file.text and file.path or nil, value = file.text, filename = "file",
    type = "application/octet-stream" }
  return parts
end

-- The common address of S3 serves some regions by a redirect.
local function follow(form, failed)
  local code = failed.refusal and failed.refusal.code
  if code ~= "PermanentRedirect" and code ~= "TemporaryRedirect" or form.moved then return end
  if not (form.region and form.bucket and form.url:find "^https://s3[%w%.%-]*%.amazonaws%.com") then return end
  local region = errors.region(failed.headers or {}, failed.refusal) or form.region
  form.moved = true
  form.url = ("https://s3.%s.amazonaws.com%s/%s"):format(region, region:find "^cn%-" and ".cn" or "", form.bucket)
  failed.again = true
end

local function expired(failed)
  local refusal = failed.refusal
  return refusal and refusal.code == "AccessDenied" and refusal.message:lower():find "expired"
end

-- A refusal may quote what was sent. Policy, signature and token are taken out of it.
local function hide(form, message)
  for _, field in ipairs(form.fields) do
    if SECRET[field.name:lower()] and #field.value > 8 then
      message = message:gsub(field.value:gsub("%p", "%%%0"), "(" .. field.name .. ")")
    end
  end
  return message
end

local function insist_on(store, form, key, file, options)
  return request.insist(store.backoff, function()
    local ready, message, code = file.unchanged()
    if not ready then return nil, { message = message, code = code } end
    local result = task.fetch {
      method = "POST", url = form.url, form = parts_of(form, key, file, options), redirects = 0,
      connect_timeout = store.timeouts.connect, stall_timeout = store.timeouts.stall,
      timeout = math.max(store.timeouts.total, file.size / 10000),
    }
    local failed = request.failure("POST " .. key, result, { may_hold_error = true, write = true, by = "form" })
    if not failed then return result end
    failed.message = hide(form, failed.message)
    follow(form, failed)
    return nil, failed
  end)
end

-- A failure goes round by way of oversight as message, code, and itself.
local function send(store, form, key, file, options)
  if not oversight.s3 then return insist_on(store, form, key, file, options) end
  local result, message, code, failed = oversight.s3(store, { method = "POST", bucket = form.bucket, key = key, size = file.size,
    md5 = file.md5, form = true }, function()
    local stored, why, unclear = insist_on(store, form, key, file, options)
    if stored then return stored end
    why.unclear = unclear
    return nil, why.message, why.code, why
  end)
  if result then return result end
  return nil, failed and failed.message and failed or { message = message, code = code }
end

local function answer_of(result)
  local fields = { ETag = result.headers.etag }
  local root = core.xml.parse(result.body or "")
  for _, item in ipairs(root and root.name == "PostResponse" and root or {}) do fields[item.name] = item.text end
  return (fields.ETag or ""):gsub('"', ""):lower(), fields.Key
end

-- With a KMS key the ETag is no MD5. Then the size that Alma tells of the attached file is
-- compared.
local function check(result, key, file)
  local etag, stored_key = answer_of(result)
  if stored_key and stored_key ~= key then
    return nil, ("S3 stored %s as %s"):format(key, stored_key), "io"
  end
  local encrypted = (result.headers["x-amz-server-side-encryption"] or ""):find "^aws:kms"
  if etag == file.md5 or encrypted and etag ~= "" then return { etag = etag, size = file.size } end
  return nil, ("%s: the server stored other bytes than were sent (ETag %s, MD5 %s)"):format(key, etag,
    file.md5), "io"
end

local function put(store, key, file, options)
  for round = 1, 2 do
    local form, message, code = current(store)
    if not form then return nil, message, code end
    local ok
    ok, message, code = allowed(form, key, file)
    if not ok then return nil, message, code end
    local result, failed = send(store, form, key, file, options)
    if result then return check(result, key, file) end
    if round == 2 or not expired(failed) then return nil, failed.message, failed.code end
    ok, message, code = renew(store, form)
    if not ok then return nil, message, code end
  end
end

-- A text has no name of its own, so the key tells its type.
local function put_text(store, key, text, options)
  return put(store, key, { text = text, path = key, size = #text, md5 = core.hash.md5(text), unchanged = function() return true end },
    options)
end

---Puts a file, or a text, into the upload folder and compares its MD5 with what was stored.
---@param key string from the institution code on
---@param file { path: string?, text: string?, size: integer?, sha256: string? } either path or text; size as it was planned
---@param options { content_type: string? }?
---@return { etag: string, size: integer }|nil
---@return string? message
---@return string? code "auth" when the form does not allow the key, "conflict" when the file changed
function methods:put(key, file, options)
  if watch.is_text(file) then return put_text(self, key, file.text, options or {}) end
  local unchanged, size, code = watch.file(file)
  if not unchanged then return nil, size, code end
  local md5, message
  md5, message, code = core.files.md5(file.path)
  if not md5 then return nil, message, code end
  local planned = { path = file.path, size = size, md5 = md5, unchanged = unchanged }
  local stored
  stored, message, code = put(self, key, planned, options or {})
  if not stored then return nil, message, code end
  local same
  same, message, code = unchanged()
  if not same then return nil, message, code end
  return stored
end

local function for_keys_only(what)
  return nil, ("Alma's upload form can only put files: to %s use AWS keys, made in %s"):format(what, errors.KEYS_PLACE), "auth"
end

---Needs AWS keys: with the form it always fails.
---@return nil
---@return string message
---@return string code "auth"
function methods.get() return for_keys_only "download an object" end

---Needs AWS keys: with the form it always fails.
---@return nil
---@return string message
---@return string code "auth"
function methods.copy() return for_keys_only "copy an object" end

---Needs AWS keys: with the form it always fails.
---@return nil
---@return string message
---@return string code "auth"
function methods.presign() return for_keys_only "sign an address" end

return m
