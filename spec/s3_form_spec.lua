-- The signed upload form: the policy, what goes over the wire, what comes back.
local core = require "almanac.core"
local json = require "almanac.json"
local policies = require "almanac.s3.policy"
local s3 = require "almanac.s3"
local s3rver = require "support.s3rver"
local scripted = require "support.scripted"
local task = require "almanac.task"

local function policy(change)
  local value = {
    expiration = os.date("!%Y-%m-%dT%H:%M:%S.000Z", os.time() + 3600),
    conditions = {
      { acl = "public-read" }, { bucket = "spec.bucket" }, { "starts-with", "$key", "01UNI_INST/upload/" },
      { "eq", "$success_action_status", "201" }, { ["x-amz-algorithm"] = "AWS4-HMAC-SHA256" },
      { ["x-amz-credential"] = "KEY/20260101/us-east-1/s3/aws4_request" }, { ["x-amz-date"] = "20260101T000000Z" },
    },
  }
  if change then change(value) end
  return value
end

-- `digital` of GET /conf/general?expand=ingest_form.
local function digital(url, change, name)
  return {
    bucket = "spec.bucket", region = "us-east-1", ingest_url = url .. "/spec.bucket",
    ingest_form = {
      acl = "public-read", policy = core.text.base64(json.encode(policy(change))),
      ["x-amz-algorithm"] = "AWS4-HMAC-SHA256", ["x-amz-credential"] = "KEY/20260101/us-east-1/s3/aws4_request",
      ["x-amz-signature"] = name or "5ea1", success_action_status = "201", ["x-amz-date"] = "20260101T000000Z",
      key = "01UNI_INST/upload/${filename}",
    },
  }
end

-- Names and values of a multipart/form-data body, in order.
local function parts_of(request)
  local kind = request.headers["Content-Type"] or request.headers["content-type"]
  local boundary = kind:match "boundary=\"?([^\";]+)"
  local parts, position = {}, 1
  local body = "\r\n" .. request.body
  while true do
    local from, to = body:find("\r\n--" .. boundary, position, true)
    local next_from = body:find("\r\n--" .. boundary, to + 1, true)
    if not next_from then return parts end
    local head, value = body:sub(to + 3, next_from - 1):match "^(.-)\r\n\r\n(.*)$"
    parts[#parts + 1] = { name = head:match ' name="(.-)"', head = head, value = value, from = from }
    position = next_from
  end
end

local function stored(bytes, key)
  return {
    status = 201, headers = { ["Content-Type"] = "application/xml" },
    body = ("<PostResponse><Location>x</Location><Bucket>spec.bucket</Bucket><Key>%s</Key>" ..
      "<ETag>&quot;%s&quot;</ETag></PostResponse>"):format(core.xml.escape(key), core.hash.md5(bytes)),
  }
end

local function refusal(status, code, message)
  return { status = status, body = ("<Error><Code>%s</Code><Message>%s</Message></Error>"):format(code, message or "x") }
end

local KEY = "01UNI_INST/upload/almanac-r1/991/a b+c=\u{e9}.jpg"

describe("s3.form", function()
  local folder

  before_each(function() folder = core.files.temp_folder() end)
  after_each(function() core.files.remove(folder, { tree = true }) end)

  local function file(bytes)
    local path = folder .. "/file.jpg"
    assert(core.files.write(path, bytes))
    return path
  end

  local function with(handler, fn, change, refresh)
    if type(handler) ~= "function" then handler = scripted.answers(table.unpack(handler)) end
    return scripted.run(handler, function(url, requests)
      local store = assert(s3.form { ingest = digital(url, change), backoff = { first = 0.001, longest = 0.002 },
        refresh = refresh and function() return refresh(url) end })
      return fn(store, requests, url)
    end)
  end

  it("sends the fields of the form, its own key first and the file last", function()
    local bytes = "\0\1\r\n--x" .. ("jpg"):rep(1000)
    with({ stored(bytes, KEY) }, function(store, requests)
      assert.are.same({ etag = core.hash.md5(bytes), size = #bytes }, store:put(KEY, { path = file(bytes), size = #bytes }))
      local request = requests[1]
      assert.are.equal("POST", request.method)
      assert.are.equal("/spec.bucket", request.path)
      local parts, names = parts_of(request), {}
      for i, part in ipairs(parts) do names[i] = part.name end
      assert.are.same({ "key", "acl", "policy", "success_action_status", "x-amz-algorithm", "x-amz-credential",
        "x-amz-date", "x-amz-signature", "file" }, names)
      assert.are.equal(KEY, parts[1].value)
      assert.are.equal("5ea1", parts[8].value)
      assert.are.equal(bytes, parts[9].value)
      assert.truthy(parts[9].head:find 'filename="file"')
      assert.is_nil(request.headers.Authorization)
    end)
  end)

  it("sends a content type only where the policy takes one", function()
    with({ stored("x", KEY) }, function(store, requests)
      assert(store:put(KEY, { path = file "x" }, { content_type = "image/jpeg" }))
      for _, part in ipairs(parts_of(requests[1])) do assert.are_not.equal("Content-Type", part.name) end
    end)
    with({ stored("x", KEY) }, function(store, requests)
      assert(store:put(KEY, { path = file "x" }, { content_type = "image/jpeg" }))
      local parts = parts_of(requests[1])
      assert.are.equal("Content-Type", parts[#parts - 1].name)
    end, function(value) table.insert(value.conditions, { "starts-with", "$Content-Type", "image/" }) end)
  end)

  local function adds(...)
    local list = { ... }
    return function(value) for _, one in ipairs(list) do table.insert(value.conditions, one) end end
  end

  -- What is sent of a field for a file of this name.
  local function sent(name, change, field)
    return with({ stored("x", KEY) }, function(store, requests)
      local path = folder .. "/" .. name
      assert(core.files.write(path, "x"))
      assert(store:put(KEY, { path = path }))
      for _, part in ipairs(parts_of(requests[1])) do
        if part.name:lower() == (field or "content-type") then return part.value end
      end
    end, change)
  end

  it("sends a content type that meets the policy", function()
    local any = adds { "starts-with", "$Content-Type", "" }
    assert.equal("image/jpeg", sent("a.jpg", any))
    assert.equal("image/tiff", sent("a.TIFF", any))
    assert.equal("application/octet-stream", sent("a.odd", any))
    assert.equal("image/jpeg", sent("a.jpeg", adds { "starts-with", "$content-type", "image/" }))
    assert.equal("image/jpg", sent("a.jpg", adds { "eq", "$Content-Type", "image/jpg" }))
    assert.equal("image/png", sent("a.png", adds { ["Content-Type"] = "image/png" }))
    assert.equal("binary/octet-stream", sent("a.tif", adds { "eq", "$Content-Type", "binary/octet-stream" }))
    assert.equal("application/octet-stream", sent("a.tif", adds { "starts-with", "$Content-Type", "application/" }))
    assert.is_nil(sent("a.jpg"))
  end)

  it("refuses a file whose type the policy does not take", function()
    with({ stored("x", KEY) }, function(store, requests)
      local path = folder .. "/a.pdf"
      assert(core.files.write(path, "x"))
      local result, message, code = store:put(KEY, { path = path })
      assert.is_nil(result)
      assert.equal("limit", code)
      assert.truthy(message:find("is application/pdf, but content-type must begin with 'image/'", 1, true), message)
      assert.equal(message:match "is application[^:]*", store:refuses(path, 1))
      assert.is_nil(store:refuses("a.jpg", 1))
      assert.equal(0, #requests)
    end, adds { "starts-with", "$Content-Type", "image/" })
  end)

  it("sends what the policy asks for besides", function()
    assert.equal("AES256", sent("a", adds { ["x-amz-server-side-encryption"] = "AES256" }, "x-amz-server-side-encryption"))
    assert.equal("up", sent("a", adds { "starts-with", "$x-amz-meta-from", "up" }, "x-amz-meta-from"))
    assert.equal("", sent("a", adds { "starts-with", "$Cache-Control", "" }, "cache-control"))
  end)

  it("refuses a policy that it can't meet, in words, before anything is sent", function()
    for words, one in pairs {
      ["acl must be 'private', but the form gives 'public-read'"] = { acl = "private" },
      ["success_action_redirect must begin with ''"] = { "starts-with", "$success_action_redirect", "" },
      ["x-amz-checksum-sha256 must begin with ''"] = { "starts-with", "$x-amz-checksum-sha256", "" },
      ["x-amz-security-token must be 'T'"] = { ["x-amz-security-token"] = "T" },
      ["x-amz-storage-class must begin with ''"] = { "starts-with", "$x-amz-storage-class", "" },
      ['["in","$acl",["a","b"]]'] = { "in", "$acl", { "a", "b" } },
      ['["content-length-range","a",2]'] = { "content-length-range", "a", 2 },
    } do
      local store, message, code = s3.form { ingest = digital("http://x", adds(one)) }
      assert.is_nil(store)
      assert.equal("auth", code)
      assert.truthy(message:find("has a condition that almanac can't meet (" .. words .. "); use AWS keys", 1, true), message)
    end
  end)

  it("knows that S3 takes 5 GB in a form when the policy says nothing", function()
    with({ stored("x", KEY) }, function(store)
      assert.is_nil(store:refuses("a.tif", 5 << 30))
      assert.equal("has 5368709121 bytes; Alma's upload form takes 0 to 5368709120", store:refuses("a.tif", (5 << 30) + 1))
    end)
  end)

  it("refuses a key that the policy does not allow, and says what to use instead", function()
    with({ stored("x", KEY) }, function(store, requests)
      local result, message, code = store:put("01OTHER/upload/a.jpg", { path = file "x" })
      assert.is_nil(result)
      assert.are.equal("auth", code)
      assert.truthy(message:find("does not allow the name 01OTHER/upload/a.jpg: use AWS keys", 1, true))
      assert.truthy(message:find("Digital Storage", 1, true))
      assert.are.equal(0, #requests)
    end)
    for _, condition in ipairs { { key = "01UNI_INST/upload/${filename}" }, { "eq", "$key", "01UNI_INST/upload/${filename}" } } do
      with({ stored("x", KEY) }, function(store)
        local _, _, code = store:put(KEY, { path = file "x" })
        assert.are.equal("auth", code)
      end, function(value) value.conditions[3] = condition end)
    end
  end)

  it("refuses a file outside the size that the policy takes", function()
    with({ stored("x", KEY) }, function(store, requests)
      local result, message, code = store:put(KEY, { path = file(("x"):rep(11)) })
      assert.is_nil(result)
      assert.are.equal("limit", code)
      assert.truthy(message:find("has 11 bytes; Alma's upload form takes 1 to 10", 1, true))
      result, message, code = store:put(KEY, { path = file "" })
      assert.is_nil(result)
      assert.truthy(message:find("has 0 bytes", 1, true))
      assert.are.equal("limit", code)
      assert.are.equal(0, #requests)
    end, function(value) table.insert(value.conditions, { "content-length-range", 1, 10 }) end)
  end)

  it("refuses what was stored with another checksum or key", function()
    for _, answer in ipairs { stored("y", KEY), stored("x", "another"), { status = 204 } } do
      with({ answer }, function(store)
        local result, message, code = store:put(KEY, { path = file "x" })
        assert.is_nil(result)
        assert.are.equal("io", code)
        assert.truthy(message:find "stored")
      end)
    end
  end)

  it("takes the ETag of the header when the answer has no body", function()
    with({ { status = 204, headers = { ETag = '"' .. core.hash.md5 "x" .. '"' } } }, function(store)
      assert.are.equal(1, assert(store:put(KEY, { path = file "x" })).size)
    end)
  end)

  it("is repeated after 503 and a reset connection", function()
    with({ refusal(503, "SlowDown"), "drop", stored("x", KEY) }, function(store, requests)
      assert(store:put(KEY, { path = file "x" }))
      assert.are.equal(3, #requests)
    end)
  end)

  it("passes on what S3 said, and advises on no AWS key where none is in use", function()
    for _, code in ipairs { "AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken" } do
      with({ refusal(403, code, "Invalid according to Policy: Extra input fields: x") }, function(store)
        local _, message = store:put(KEY, { path = file "x" })
        assert.equal(("POST %s: Alma's upload form is refused; S3 says: Invalid according to Policy: Extra input fields: x (%s)")
          :format(KEY, code), message)
      end)
    end
  end)

  it("says nothing of what it is signed with, also when S3 quotes it", function()
    with({ refusal(403, "SignatureDoesNotMatch", "you sent 5ea15ea15ea1") }, function(store)
      store.form.fields[#store.form.fields].value = "5ea15ea15ea1"
      local _, message = store:put(KEY, { path = file "x" })
      assert.is_nil(message:find("5ea15ea1", 1, true))
      assert.truthy(message:find("you sent", 1, true))
    end)
  end)

  local PAGE = "<html><head><title>Blocked by\n Policy</title></head><body>no uploads</body></html>"

  it("names an answer that is not S3's, which says nothing about the form", function()
    for _, answer in ipairs {
      { status = 403, body = PAGE }, { status = 403, body = "blocked" }, { status = 200, body = "<!DOCTYPE html>" .. PAGE },
      { status = 302, headers = { Location = "https://login.example.edu/x?secret=1" } },
    } do
      with({ answer }, function(store, requests)
        local result, message, code = store:put(KEY, { path = file "x" })
        assert.is_nil(result)
        assert.equal("status", code)
        assert.truthy(message:find("the answer is not S3's", 1, true), message)
        assert.is_nil(message:find("AWS", 1, true))
        assert.is_nil(message:find("secret", 1, true))
        local titled = "a web page, titled 'Blocked by Policy'"
        if (answer.body or ""):find "title" then assert.truthy(message:find(titled, 1, true), message) end
        if answer.status == 302 then assert.truthy(message:find("sends to https://login.example.edu", 1, true), message) end
        assert.equal(1, #requests)
      end)
    end
  end)

  it("is not repeated when it is refused", function()
    with({ refusal(403, "AccessDenied", "Invalid according to Policy: Extra input fields: x") }, function(store, requests)
      local result, _, code = store:put(KEY, { path = file "x" })
      assert.is_nil(result)
      assert.are.equal("auth", code)
      assert.are.equal(1, #requests)
    end)
  end)

  describe("that has expired", function()
    local function expire(value) value.expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 61) end

    it("is fetched again before its end, once for all that wait", function()
      local fetched = 0
      with({ stored("x", KEY) }, function(store, requests)
        store.form.expires = core.sys.time() + 59
        local path = file "x"
        local failures = task.each({ 1, 2, 3, 4, 5, 6 }, 6, function() assert(store:put(KEY, { path = path })) end)
        assert.are.same({}, failures)
        assert.are.equal(1, fetched)
        for _, request in ipairs(requests) do assert.are.equal("fresh", parts_of(request)[8].value) end
      end, expire, function(url)
        fetched = fetched + 1
        task.sleep(0.02)
        return digital(url, nil, "fresh")
      end)
    end)

    it("is fetched again when S3 says so", function()
      with(function(request, n)
        request:reply(n == 1 and refusal(403, "AccessDenied", "Invalid according to Policy: Policy expired.") or stored("x", KEY))
      end, function(store, requests)
        assert(store:put(KEY, { path = file "x" }))
        assert.are.equal("fresh", parts_of(requests[2])[8].value)
      end, nil, function(url) return digital(url, nil, "fresh") end)
    end)

    it("is given up when the fresh one has expired too", function()
      with({ refusal(403, "AccessDenied", "Invalid according to Policy: Policy expired.") }, function(store, requests)
        local result, _, code = store:put(KEY, { path = file "x" })
        assert.is_nil(result)
        assert.are.equal("auth", code)
        assert.are.equal(2, #requests)
      end, nil, function(url) return digital(url) end)
    end)

    it("is trusted when only the clock here says so", function()
      with({ stored("x", KEY) }, function(store)
        assert(store:put(KEY, { path = file "x" }))
      end, function(value) value.expiration = "2020-01-01T00:00:00Z" end, function() error "asked again" end)
    end)

    it("gives the error of fetching", function()
      with({ stored("x", KEY) }, function(store)
        store.form.expires = 0
        local result, message, code = store:put(KEY, { path = file "x" })
        assert.is_nil(result)
        assert.are.equal("no more calls today", message)
        assert.are.equal("quota", code)
      end, nil, function() return nil, "no more calls today", "quota" end)
    end)
  end)

  it("refuses a file that changes while it is sent", function()
    local path = file "x"
    with(function(request)
      core.files.write(path, "longer")
      request:reply(stored("x", KEY))
    end, function(store)
      local result, _, code = store:put(KEY, { path = path })
      assert.is_nil(result)
      assert.are.equal("conflict", code)
    end)
  end)

  it("says that there is no form, or none that can be read", function()
    local store, message, code = s3.form { ingest = { bucket = "b", ingest_url = "http://x/b" } }
    assert.is_nil(store)
    assert.are.equal("missing", code)
    assert.truthy(message:find("Alma gave no upload form", 1, true))
    local broken = digital "http://x"
    for _, text in ipairs { "BASE64", "", core.text.base64 "[]", core.text.base64 "{}" } do
      broken.ingest_form.policy = text
      store, message, code = s3.form { ingest = broken }
      assert.is_nil(store)
      assert.are.equal("parse", code)
      assert.truthy(message:find("can't be read; use AWS keys", 1, true))
    end
  end)

  it("reads every kind of condition", function()
    local read = assert(policies.read(core.text.base64 [=[{"expiration":"2026-05-29T12:00:00.000Z","conditions":[
      {"bucket":"b"},["eq","$acl","public-read"],["starts-with","$key","a/"],["starts-with","$Content-Type",""],
      ["content-length-range",0,1048576]]}]=]))
    assert.are.equal(1780056000, read.expires)
    assert.are.same({ 0, 1048576 }, { read.smallest, read.largest })
    assert.is_true(policies.allows(read, "key", "a/b"))
    assert.is_false(policies.allows(read, "key", "b/a"))
    assert.is_true(policies.allows(read, "acl", "public-read"))
    assert.is_false(policies.allows(read, "acl", "private"))
    assert.is_true(policies.allows(read, "content-type", "anything"))
    assert.is_false(policies.allows(read, "tagging", ""))
  end)

  it("puts a file into a real server", function()
    local absent = s3rver.missing()
    if absent then return pending(absent) end
    local server <close> = s3rver.start()
    local bytes = ("jpg\r\n\0"):rep(50000)
    local store = assert(s3.form { ingest = digital(server.url) })
    assert.are.equal(#bytes, assert(store:put(KEY, { path = file(bytes), size = #bytes })).size)
    local bucket = s3.new { endpoint = server.url, bucket = server.bucket, access_key = server.access_key,
      secret_key = server.secret_key }
    assert(bucket:get(KEY, folder .. "/back"))
    assert.are.equal(bytes, core.files.read(folder .. "/back", 1 << 20))
  end)
end)
