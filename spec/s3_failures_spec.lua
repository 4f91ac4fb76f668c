-- What S3 servers do on bad days, and what must go over the wire: a server of
-- the spec's own that does exactly that.
local core = require "almanac.core"
local s3 = require "almanac.s3"
local scripted = require "support.scripted"
local sigv4 = require "almanac.s3.sigv4"

local KEYS = { access_key = "AKIDSPEC", secret_key = "spec-secret" }

local function refusal(status, code, more)
  return {
    status = status, headers = { ["Content-Type"] = "application/xml" },
    body = ('<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>Words of %s.</Message>%s' ..
      "<RequestId>4442587FB7D0A2F9</RequestId></Error>"):format(code, code, more or ""),
  }
end

local function base64(hex)
  return core.text.base64((hex:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end)))
end

local function lowered(headers)
  local result = {}
  for name, value in pairs(headers) do result[name:lower()] = value end
  return result
end

describe("s3", function()
  local folder

  before_each(function() folder = core.files.temp_folder() end)
  after_each(function() core.files.remove(folder, { tree = true }) end)

  local function file(bytes, name)
    local path = folder .. "/" .. (name or "file")
    assert(core.files.write(path, bytes))
    return path
  end

  local function with(handler, fn, options)
    if type(handler) ~= "function" then handler = scripted.answers(table.unpack(handler)) end
    return scripted.run(handler, function(url, requests)
      local given = { endpoint = url, bucket = "spec.bucket", region = "eu-central-1",
        backoff = { first = 0.001, longest = 0.002 }, timeouts = { total = 20 } }
      for name, value in pairs(KEYS) do given[name] = value end
      for name, value in pairs(options or {}) do given[name] = value end
      return fn(assert(s3.new(given)), requests, url)
    end)
  end

  local STORED = { status = 200, headers = { ETag = '"abc"' } }
  local function head(size) return { status = 200, length = size, headers = { ETag = '"abc"' } } end

  it("signs each request so that the server can check it", function()
    local path = file "hello"
    with({ STORED, head(5) }, function(bucket, requests)
      assert(bucket:put("01UNI_INST/upload/a b+c=d//\u{e9}.jpg", { path = path }))
      for _, request in ipairs(requests) do
        local headers = lowered(request.headers)
        local authorization = headers.authorization
        assert.truthy(authorization:find("Credential=AKIDSPEC/%d+/eu%-central%-1/s3/aws4_request"))
        local signed = {}
        for name in authorization:match("SignedHeaders=([^,]+)"):gmatch "[^;]+" do signed[name] = headers[name] end
        local y, mo, d, h, mi, s = headers["x-amz-date"]:match "(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z"
        local dates = require "almanac.dates"
        signed.authorization, signed["x-amz-date"], signed["x-amz-content-sha256"] = nil, nil, nil
        local expected = sigv4.explain {
          method = request.method, path = "/spec.bucket/01UNI_INST/upload/a b+c=d//\u{e9}.jpg", headers = signed,
          payload_sha256 = headers["x-amz-content-sha256"], region = "eu-central-1", service = "s3",
          access_key = KEYS.access_key, secret_key = KEYS.secret_key,
          time = dates.epoch(tonumber(y), tonumber(mo), tonumber(d), tonumber(h), tonumber(mi), tonumber(s)),
        }
        assert.are.equal(expected.signature, authorization:match "Signature=(%x+)")
        assert.are.equal("/spec.bucket/01UNI_INST/upload/a%20b%2Bc%3Dd//%C3%A9.jpg", request.path)
      end
      assert.are.equal(core.hash.sha256 "hello", lowered(requests[1].headers)["x-amz-content-sha256"])
    end)
  end)

  it("sends the session token", function()
    with({ STORED, head(1) }, function(bucket, requests)
      assert(bucket:put("k", { path = file "x" }))
      assert.are.equal("TOKEN==", lowered(requests[1].headers)["x-amz-security-token"])
    end, { session_token = "TOKEN==" })
  end)

  it("keeps keys out of what can be printed", function()
    with({ refusal(403, "AccessDenied") }, function(bucket)
      local _, message = bucket:put("k", { path = file "x" })
      local texts = { message }
      for _, value in pairs(bucket) do texts[#texts + 1] = tostring(value) end
      assert.is_nil(table.concat(texts, "\n"):find(KEYS.secret_key, 1, true))
      assert.is_nil(table.concat(texts, "\n"):find(KEYS.access_key, 1, true))
    end)
  end)

  it("speaks to a server with a port and a path of its own", function()
    scripted.run(scripted.answers(STORED, head(1)), function(url, requests)
      local bucket = s3.new { endpoint = url .. "/base/", bucket = "b", access_key = "a", secret_key = "s" }
      assert(bucket:put("k", { path = file "x" }))
      assert.are.equal("/base/b/k", requests[1].path)
      assert.are.equal(url:match "//(.*)", lowered(requests[1].headers).host)
    end)
    for endpoint, expected in pairs {
      ["https://s3.example.org"] = { "https://s3.example.org", "s3.example.org" },
      ["https://S3.example.org:443/"] = { "https://s3.example.org", "s3.example.org" },
      ["http://s3.example.org:80"] = { "http://s3.example.org", "s3.example.org" },
      ["https://s3.example.org:9000"] = { "https://s3.example.org:9000", "s3.example.org:9000" },
    } do
      local bucket = s3.new { endpoint = endpoint, bucket = "b", access_key = "a", secret_key = "s" }
      assert.are.same(expected, { bucket.server, bucket.host })
    end
    assert.are.equal("s3.eu-central-1.amazonaws.com",
      s3.new { region = "eu-central-1", bucket = "b", access_key = "a", secret_key = "s" }.host)
    assert.are.equal("s3.cn-north-1.amazonaws.com.cn",
      s3.new { region = "cn-north-1", bucket = "b", access_key = "a", secret_key = "s" }.host)
    local bucket, message = s3.new { endpoint = "s3.example.org", bucket = "b", access_key = "a", secret_key = "s" }
    assert.is_nil(bucket)
    assert.truthy(message:find("is no http(s) address", 1, true))
  end)

  it("refuses keys that no address can hold, and none at all", function()
    with({ STORED }, function(bucket, requests)
      for _, key in ipairs { "a/./b", "a/../b", "..", "./a" } do
        local stored, message, code = bucket:put(key, { path = file "x" })
        assert.is_nil(stored)
        assert.are.equal("parse", code)
        assert.truthy(message:find "can't be a key")
      end
      assert.error_matches(function() bucket:delete "" end, "the key must be a string, and not empty")
      assert.error_matches(function() bucket:head() end, "the key must be a string")
      assert.are.equal(0, #requests)
    end)
  end)

  describe("put", function()
    it("reads back the size, and the checksum where the server keeps it", function()
      local sum = base64(core.hash.sha256 "hello")
      local answer = head(5)
      answer.headers["x-amz-checksum-sha256"] = sum
      with({ STORED, answer }, function(bucket, requests)
        assert.are.same({ etag = "abc", size = 5 }, bucket:put("k", { path = file "hello" }))
        assert.are.equal(sum, lowered(requests[1].headers)["x-amz-checksum-sha256"])
        assert.are.equal("ENABLED", lowered(requests[2].headers)["x-amz-checksum-mode"])
      end)
    end)

    it("refuses what was stored with another checksum or size", function()
      local other = head(5)
      other.headers["x-amz-checksum-sha256"] = base64(core.hash.sha256 "jello")
      with({ STORED, other }, function(bucket)
        local stored, message, code = bucket:put("k", { path = file "hello" })
        assert.is_nil(stored)
        assert.are.equal("io", code)
        assert.truthy(message:find "stored other bytes")
      end)
      with({ STORED, head(4) }, function(bucket)
        local stored, message, code = bucket:put("k", { path = file "hello" })
        assert.is_nil(stored)
        assert.are.equal("io", code)
        assert.truthy(message:find "stored 4 bytes of 5")
      end)
    end)

    for _, case in ipairs {
      { "status 500", { status = 500 } }, { "SlowDown", refusal(503, "SlowDown") },
      { "RequestTimeout", refusal(400, "RequestTimeout") }, { "InternalError", refusal(500, "InternalError") },
      { "a reset connection", "drop" },
    } do
      it("is repeated after " .. case[1], function()
        with({ case[2], case[2], STORED, head(5) }, function(bucket, requests)
          assert(bucket:put("k", { path = file "hello" }))
          assert.are.equal(4, #requests)
          for i = 1, 3 do assert.are.equal("PUT", requests[i].method) end
          assert.are.equal("hello", requests[3].body)
        end)
      end)
    end

    it("gives up after six tries", function()
      with({ refusal(503, "SlowDown") }, function(bucket, requests)
        local stored, message, code = bucket:put("k", { path = file "hello" })
        assert.is_nil(stored)
        assert.are.equal("status", code)
        assert.are.equal("PUT spec.bucket/k: the storage gives no service at the moment: try again later; S3 says: " ..
          "Words of SlowDown (SlowDown, request id 4442587FB7D0A2F9)", message)
        assert.are.equal(6, #requests)
      end)
    end)

    for _, case in ipairs {
      { refusal(403, "AccessDenied"), "auth", "Digital Storage" },
      { refusal(403, "InvalidAccessKeyId"), "auth", "no such AWS access key" },
      { refusal(403, "SignatureDoesNotMatch"), "auth", "secret key does not belong" },
      { refusal(400, "ExpiredToken"), "auth", "session token has expired" },
      { refusal(404, "NoSuchBucket"), "missing", "NoSuchBucket" },
      { refusal(400, "XAmzContentSHA256Mismatch"), "conflict", "not those announced" },
      { refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"), "conflict", "region eu-west-1" },
      { refusal(301, "PermanentRedirect", "<Endpoint>s3.eu-west-1.amazonaws.com</Endpoint>"), "conflict",
        "at s3.eu-west-1.amazonaws.com" },
      { { status = 301, headers = { ["x-amz-bucket-region"] = "eu-west-1" } }, "conflict", "region eu-west-1" },
      { { status = 403 }, "auth", "may not do this" },
    } do
      it(("is not repeated when it is refused: %s"):format(case[3]), function()
        with({ case[1] }, function(bucket, requests)
          local stored, message, code = bucket:put("k", { path = file "hello" })
          assert.is_nil(stored)
          assert.are.equal(case[2], code)
          assert.truthy(message:find(case[3], 1, true), message)
          assert.are.equal(1, #requests)
        end)
      end)
    end

    it("passes on what S3 said beside the advice", function()
      with({ refusal(403, "AccessDenied") }, function(bucket)
        local _, message = bucket:put("k", { path = file "hello" })
        assert.truthy(message:find("Digital Storage; S3 says: Words of AccessDenied (AccessDenied, request id", 1, true), message)
      end)
    end)

    it("says how the region that the bucket names is set", function()
      with({ refusal(301, "PermanentRedirect", "<Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint>") }, function(bucket)
        local _, message = bucket:put("k", { path = file "hello" })
        local how = 'set ALMANAC_S3_REGION=eu-west-1, or s3 = { region = "eu-west-1" } in almanac.conf.lua'
        assert.truthy(message:find(how, 1, true), message)
      end)
    end)

    it("names an answer that is not S3's, which says nothing about the keys", function()
      for _, answer in ipairs {
        { status = 403, body = "<html><title>Filter</title></html>" }, { status = 200, body = "<html>sign in</html>" },
        { status = 302, headers = { Location = "https://proxy.example.edu/login" } },
      } do
        with({ answer }, function(bucket, requests)
          local stored, message, code = bucket:put("k", { path = file "hello" })
          assert.is_nil(stored)
          assert.equal("status", code)
          assert.truthy(message:find("the answer is not S3's", 1, true), message)
          assert.is_nil(message:find("AWS", 1, true))
          assert.equal(1, #requests)
        end)
      end
    end)

    it("says by how much the clock is off", function()
      local by_header, by_body = refusal(403, "RequestTimeTooSkewed"), refusal(403, "RequestTimeTooSkewed",
        os.date("!<ServerTime>%Y-%m-%dT%H:%M:%SZ</ServerTime>", os.time() - 1200))
      by_header.headers.Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 1200)
      for words, answer in pairs { behind = by_header, ahead = by_body } do
        with({ answer }, function(bucket)
          local _, message, code = bucket:put("k", { path = file "hello" })
          assert.are.equal("auth", code)
          assert.truthy(message:find("clock is 1[12]%d%d s %(%d%d%.%d minutes%) " .. words .. ": set it"), message)
        end)
      end
    end)

    it("refuses a file that is not the planned one, without a request", function()
      with({ STORED }, function(bucket, requests)
        local stored, message, code = bucket:put("k", { path = file "hello", size = 6 })
        assert.is_nil(stored)
        assert.are.equal("conflict", code)
        assert.truthy(message:find "has 5 bytes, 6 were planned")
        stored, message, code = bucket:put("k", { path = folder .. "/none" })
        assert.is_nil(stored)
        assert.are.equal("missing", code)
        assert.truthy(message)
        stored, message, code = bucket:put("k", { path = folder })
        assert.is_nil(stored)
        assert.truthy(message:find "is no file")
        assert.are.equal("io", code)
        assert.are.equal(0, #requests)
      end)
    end)

    it("takes back what was stored of a file that changed meanwhile", function()
      local path = file "hello"
      with(function(request)
        if request:method() == "PUT" then core.files.write(path, "hello, longer") end
        request:reply(request:method() == "HEAD" and head(5) or STORED)
      end, function(bucket, requests)
        local stored, message, code = bucket:put("k", { path = path })
        assert.is_nil(stored)
        assert.are.equal("conflict", code)
        assert.truthy(message:find "changed while it was uploaded")
        assert.are.equal("DELETE", requests[#requests].method)
      end)
    end)

    it("does not try again with a file that changed", function()
      local path = file "hello"
      with(function(request)
        core.files.write(path, "hello, longer")
        request:reply { status = 500 }
      end, function(bucket, requests)
        local stored, _, code = bucket:put("k", { path = path })
        assert.is_nil(stored)
        assert.are.equal("conflict", code)
        assert.are.equal(1, #requests)
      end)
    end)
  end)

  describe("put in parts", function()
    local BEGUN = { status = 200, body = "<InitiateMultipartUploadResult><UploadId>up+1/x</UploadId>" ..
      "</InitiateMultipartUploadResult>" }
    local DONE = { status = 200, body = '<CompleteMultipartUploadResult><ETag>"abc-3"</ETag></CompleteMultipartUploadResult>' }
    local OPTIONS = { multipart_above = 10, part_size = 10 }
    local BYTES = "0123456789abcdefghijKLMNO"

    -- Answers as a server does; `special(kind, request)` may answer instead.
    local function server(special)
      local size = 0
      return function(request)
        local kind = ({ POST = request:query():find "uploads" and "begin" or "end", PUT = "part", DELETE = "abort",
          HEAD = "head" })[request:method()]
        local answer = special and special(kind, request)
        if answer == "drop" then return request:drop() end
        if answer then return request:reply(answer) end
        if kind == "part" then size = size + request:body_size() end
        request:reply(({ begin = BEGUN, ["end"] = DONE, abort = { status = 204 }, head = head(size),
          part = { status = 200, headers = { ETag = '"part ' .. (request:query():match "partNumber=(%d+)" or "") .. '"' } },
        })[kind])
      end
    end

    local function kinds(requests)
      local count = {}
      for _, request in ipairs(requests) do
        local kind = request.method .. (request.query:find "uploads" and " begin" or "")
        count[kind] = (count[kind] or 0) + 1
      end
      return count
    end

    it("sends each part with its own checksum and lists them in order", function()
      with(server(), function(bucket, requests)
        assert.are.same({ etag = "abc", size = 25 }, bucket:put("k", { path = file(BYTES) }, { content_type = "image/tiff" }))
        assert.are.equal("image/tiff", lowered(requests[1].headers)["content-type"])
        local parts = {}
        for _, request in ipairs(requests) do
          if request.method == "PUT" then
            local number = tonumber(request.query:match "partNumber=(%d+)")
            parts[number] = request.body
            assert.are.equal(core.hash.sha256(request.body), lowered(request.headers)["x-amz-content-sha256"])
            assert.truthy(request.query:find("uploadId=up%2B1%2Fx", 1, true))
          elseif request.method == "POST" and request.query:find "uploadId" then
            assert.are.equal('<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' ..
              "<Part><PartNumber>1</PartNumber><ETag>&quot;part 1&quot;</ETag></Part>" ..
              "<Part><PartNumber>2</PartNumber><ETag>&quot;part 2&quot;</ETag></Part>" ..
              "<Part><PartNumber>3</PartNumber><ETag>&quot;part 3&quot;</ETag></Part></CompleteMultipartUpload>",
              (request.body:gsub("&#34;", "&quot;")))
          end
        end
        assert.are.same({ "0123456789", "abcdefghij", "KLMNO" }, parts)
      end, OPTIONS)
    end)

    it("sends a part again that failed, and only that", function()
      local failed = false
      with(server(function(kind, request)
        if kind == "part" and request:query():find "partNumber=2" and not failed then
          failed = true
          return "drop"
        end
      end), function(bucket, requests)
        assert(bucket:put("k", { path = file(BYTES) }))
        assert.are.same({ ["POST begin"] = 1, PUT = 4, POST = 1, HEAD = 1 }, kinds(requests))
      end, OPTIONS)
    end)

    it("is taken back when a part can't be sent", function()
      with(server(function(kind, request)
        if kind == "part" and request:query():find "partNumber=2" then return refusal(403, "AccessDenied") end
      end), function(bucket, requests)
        local stored, _, code = bucket:put("k", { path = file(BYTES) })
        assert.is_nil(stored)
        assert.are.equal("auth", code)
        assert.are.equal(1, kinds(requests).DELETE)
        assert.are.equal("uploadId=up%2B1%2Fx", requests[#requests].query)
      end, OPTIONS)
    end)

    it("knows an error that comes with status 200 at the end, and tries that again", function()
      local tries = 0
      with(server(function(kind)
        if kind ~= "end" then return end
        tries = tries + 1
        if tries < 3 then return refusal(200, "InternalError") end
      end), function(bucket)
        assert(bucket:put("k", { path = file(BYTES) }))
        assert.are.equal(3, tries)
      end, OPTIONS)
    end)

    it("is taken back when the end fails for good", function()
      with(server(function(kind)
        return kind == "end" and refusal(200, "InvalidPart") or nil
      end), function(bucket, requests)
        local stored, message = bucket:put("k", { path = file(BYTES) })
        assert.is_nil(stored)
        assert.truthy(message:find("InvalidPart", 1, true))
        assert.are.equal(1, kinds(requests).DELETE)
      end, OPTIONS)
    end)

    it("is done when only the answer to its end was lost", function()
      local tries = 0
      with(server(function(kind)
        if kind ~= "end" then return end
        tries = tries + 1
        return tries == 1 and "drop" or refusal(404, "NoSuchUpload")
      end), function(bucket, requests)
        assert.are.equal(25, assert(bucket:put("k", { path = file(BYTES) })).size)
        assert.is_nil(kinds(requests).DELETE)
      end, OPTIONS)
    end)

    it("is refused and taken back when the file changes between parts", function()
      local path = file(BYTES)
      with(server(function(kind)
        if kind == "part" then core.files.write(path, BYTES:upper() .. "!") end
      end), function(bucket, requests)
        local stored, _, code = bucket:put("k", { path = path })
        assert.is_nil(stored)
        assert.are.equal("conflict", code)
        assert.are.equal(1, kinds(requests).DELETE)
        assert.is_nil(kinds(requests).POST)
      end, OPTIONS)
    end)

    it("is refused when the server stored another size", function()
      with(server(function(kind) return kind == "head" and head(24) or nil end), function(bucket)
        local stored, message, code = bucket:put("k", { path = file(BYTES) })
        assert.is_nil(stored)
        assert.are.equal("io", code)
        assert.truthy(message:find "24 bytes of 25")
      end, OPTIONS)
    end)
  end)

  describe("list", function()
    local function page(keys, more, encoded)
      local out = { "<ListBucketResult>", encoded and "<EncodingType>url</EncodingType>" or "" }
      for _, key in ipairs(keys) do
        out[#out + 1] = ("<Contents><Key>%s</Key><Size>7</Size><ETag>&quot;e&quot;</ETag></Contents>"):format(
          core.xml.escape(key))
      end
      out[#out + 1] = more and ("<IsTruncated>true</IsTruncated>%s"):format(
        more ~= "" and "<NextContinuationToken>" .. more .. "</NextContinuationToken>" or "") or
        "<IsTruncated>false</IsTruncated>"
      return { status = 200, body = table.concat(out) .. "</ListBucketResult>" }
    end

    it("reads all pages", function()
      with({ page({ "a", "b" }, "t+1/="), page({ "c" }, "t2"), page({ "d" }) }, function(bucket, requests)
        local keys = {}
        for i, object in ipairs(bucket:list "p/") do keys[i] = object.key end
        assert.are.same({ "a", "b", "c", "d" }, keys)
        assert.truthy(requests[1].query:find("prefix=p%2F", 1, true))
        assert.truthy(requests[2].query:find("continuation-token=t%2B1%2F%3D", 1, true))
      end)
    end)

    it("decodes keys where the server encoded them, only there", function()
      with({ page({ "a%20b+c%2B%C3%A9%01" }, nil, true) }, function(bucket)
        assert.are.equal("a b c+\u{e9}\1", bucket:list()[1].key)
      end)
      with({ page({ "a%20b+c & d" }) }, function(bucket) assert.are.equal("a%20b+c & d", bucket:list()[1].key) end)
    end)

    it("is an error when it does not go on or is none", function()
      for _, answers in ipairs {
        { page({ "a" }, "") }, { page({ "a" }, "same"), page({ "b" }, "same") }, { { status = 200, body = "<html/>" } },
        { { status = 200, body = "<ListBucketResult>" } },
      } do
        with(answers, function(bucket)
          local list, message, code = bucket:list()
          assert.is_nil(list)
          assert.are.equal("parse", code)
          assert.truthy(message:find "^list of spec%.bucket")
        end)
      end
    end)
  end)

  it("downloads whole or not at all", function()
    with({ { status = 200, body = "half of it", cut = 4 } }, function(bucket)
      local got = bucket:get("k", folder .. "/got")
      assert.is_nil(got)
      assert.is_nil(core.files.stat(folder .. "/got"))
      assert.is_nil(core.files.stat(folder .. "/got.part"))
    end)
  end)
end)
