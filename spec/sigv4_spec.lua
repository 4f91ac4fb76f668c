-- Signature Version 4 against what AWS has published: the examples of the S3
-- API reference ("Signature Calculations for the Authorization Header",
-- "Using Query Parameters", "Browser-Based Uploads") and the aws-sig-v4-test-suite.
local address = require "almanac.address"
local core = require "almanac.core"
local presigned = require "support.presigned"
local sign = require "almanac.rehearsal.s3.sign"
local sigv4 = require "almanac.s3.sigv4"

local hash, text = core.hash, core.text

local function merge(...)
  local all = {}
  for _, part in ipairs { ... } do
    for name, value in pairs(part) do all[name] = value end
  end
  return all
end

local S3 = {
  region = "us-east-1", access_key = "AKIAIOSFODNN7EXAMPLE",
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", time = 1369353600,
}

local function s3_request(request)
  request.headers = merge({ Host = "examplebucket.s3.amazonaws.com" }, request.headers or {})
  return merge(S3, request)
end

describe("S3's published examples", function()
  local examples = {
    ["GET object"] = {
      { method = "GET", path = "/test.txt", headers = { Range = "bytes=0-9" } },
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    ["PUT object"] = {
      { method = "PUT", path = "/test$file.text", payload_sha256 = hash.sha256 "Welcome to Amazon S3.",
        headers = { Date = "Fri, 24 May 2013 00:00:00 GMT", ["x-amz-storage-class"] = "REDUCED_REDUNDANCY" } },
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    ["GET bucket lifecycle"] = {
      { method = "GET", path = "/", query = { { "lifecycle" } } },
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    ["list objects"] = {
      { method = "GET", path = "/", query = { { "prefix", "J" }, { "max-keys", "2" } } },
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
  }

  for name, example in pairs(examples) do
    it("are signed right: " .. name, function()
      local request = s3_request(example[1])
      assert.equal(example[2], sigv4.explain(request).signature)
      local headers = sigv4.sign(request)
      assert.equal(example[2], headers.Authorization:match "Signature=(%x+)$")
    end)
  end

  it("are presigned right", function()
    local target = presigned { path = "/test.txt", host = "examplebucket.s3.amazonaws.com", region = S3.region,
      access_key = S3.access_key, secret_key = S3.secret_key, expires = 86400, time = S3.time }
    assert.equal("/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
      .. "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
      .. "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
      .. "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", target)
  end)

  it("are presigned right by our own hand", function()
    local request = s3_request { method = "GET", path = "/test.txt", expires = 86400 }
    assert.equal("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
      sigv4.presign(request):match "&X%-Amz%-Signature=(%x+)$")
    for _, seconds in ipairs { 0, 604801, 1.5, "60" } do
      request.expires = seconds
      assert.error_matches(function() sigv4.presign(request) end, "expires must be 1 to 604800 seconds")
    end
  end)

  it("have their policy signed right", function()
    local policy = table.concat({
      '{ "expiration": "2015-12-30T12:00:00.000Z",',
      '  "conditions": [',
      '    {"bucket": "sigv4examplebucket"},',
      '    ["starts-with", "$key", "user/user1/"],',
      '    {"acl": "public-read"},',
      '    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},',
      '    ["starts-with", "$Content-Type", "image/"],',
      '    {"x-amz-meta-uuid": "14365123651274"},',
      '    {"x-amz-server-side-encryption": "AES256"},',
      '    ["starts-with", "$x-amz-meta-tag", ""],',
      '',
      '    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},',
      '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},',
      '    {"x-amz-date": "20151229T000000Z" }',
      '  ]',
      '}',
    }, "\r\n")
    assert.equal("8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e", sign.of_policy(
      { aws = { [S3.access_key] = { secret = S3.secret_key } } },
      { access = S3.access_key, date = "20151229", region = "us-east-1" }, text.base64(policy)))
  end)
end)

-- name, method, path, query, further headers, body, signature
local LETTERS = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
local FORM = "application/x-www-form-urlencoded"
local VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
local SUITE = {
  { "get-vanilla", "GET", "/", {}, {}, "", VANILLA },
  { "get-vanilla-empty-query-key", "GET", "/", { { "Param1", "value1" } }, {}, "",
    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
  { "get-vanilla-query-order-key-case", "GET", "/", { { "Param2", "value2" }, { "Param1", "value1" } }, {}, "",
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
  { "get-vanilla-query-order-key", "GET", "/", { { "Param1", "value2" }, { "Param1", "Value1" } }, {}, "",
    "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1" },
  { "get-vanilla-query-order-value", "GET", "/", { { "Param1", "value2" }, { "Param1", "value1" } }, {}, "",
    "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694" },
  { "get-vanilla-query-unreserved", "GET", "/", { { LETTERS, LETTERS } }, {}, "",
    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197" },
  { "get-vanilla-utf8-query", "GET", "/", { { "\u{1234}", "bar" } }, {}, "",
    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
  { "get-unreserved", "GET", "/" .. LETTERS, {}, {}, "",
    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f" },
  { "get-utf8", "GET", "/\u{1234}", {}, {}, "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
  { "get-space", "GET", "/example space/", {}, {}, "",
    "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
  -- fields given more than once, as the one field that they mean
  { "get-header-key-duplicate", "GET", "/", {}, { ["My-Header1"] = "value2,value2,value1" }, "",
    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
  { "get-header-value-order", "GET", "/", {}, { ["My-Header1"] = "value4,value1,value3,value2" }, "",
    "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" },
  { "get-header-value-trim", "GET", "/", {}, { ["My-Header1"] = " value1", ["My-Header2"] = ' "a   b   c"' }, "",
    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
  { "post-vanilla", "POST", "/", {}, {}, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
  { "post-vanilla-query", "POST", "/", { { "Param1", "value1" } }, {}, "",
    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11" },
  { "post-header-key-sort", "POST", "/", {}, { ["My-Header1"] = "value1" }, "",
    "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
  { "post-header-value-case", "POST", "/", {}, { ["My-Header1"] = "VALUE1" }, "",
    "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d" },
  { "post-x-www-form-urlencoded", "POST", "/", {}, { ["Content-Type"] = FORM }, "Param1=value1",
    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
  { "post-x-www-form-urlencoded-parameters", "POST", "/", {},
    { ["Content-Type"] = FORM .. "; charset=utf8" }, "Param1=value1",
    "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe" },
}
local TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqT"
  .. "flfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd"
  .. "8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSI"
  .. "lTJabIQwj2ICCR/oLxBA=="

local function suite_request(vector)
  return {
    method = vector[2], path = vector[3], query = vector[4],
    headers = merge({ Host = "example.amazonaws.com" }, vector[5]), payload_sha256 = hash.sha256(vector[6]),
    region = "us-east-1", service = "service", access_key = "AKIDEXAMPLE",
    secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", time = 1440938160,
  }
end

describe("the aws-sig-v4-test-suite", function()
  for _, vector in ipairs(SUITE) do
    it("is met: " .. vector[1], function()
      assert.equal(vector[7], sigv4.explain(suite_request(vector)).signature)
    end)
  end

  it("is met: post-sts-header-before", function()
    local request = suite_request { "", "POST", "/", {}, {}, "" }
    request.session_token = TOKEN
    local headers = sigv4.sign(request)
    assert.equal(TOKEN, headers["X-Amz-Security-Token"])
    assert.equal("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
      .. "SignedHeaders=host;x-amz-date;x-amz-security-token,"
      .. "Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead", headers.Authorization)
  end)

  it("is met when the date comes in as a header", function()
    local request = suite_request(SUITE[1])
    request.time = nil
    request.headers["X-Amz-Date"] = "20150830T123600Z"
    assert.equal(VANILLA, sigv4.explain(request).signature)
    assert.equal("20150830T123600Z", sigv4.sign(request)["X-Amz-Date"])
  end)
end)

describe("signing for S3", function()
  -- what botocore 1.29 signs for the same request
  local KEY = "INST/upload/=:()+&#%'\" ~!*@$,;?\u{e9}\u{65e5}/ab.c-_0[]\\^`{|}<>"
  local SIGNATURE = "a45f23b0eac4e6945edf326a88585e4f2addc5375c1ad513434e5fc5b40a8e40"

  local function put(key)
    return {
      method = "PUT", path = "/bucket/" .. key, query = { { "prefix", key }, { "uploads", "" } },
      headers = { Host = "127.0.0.1:9000" }, region = "eu-west-1", access_key = "AKIDEXAMPLE",
      secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", time = 1440938160,
    }
  end

  it("takes raw keys with every kind of character", function()
    local headers, target = sigv4.sign(put(KEY))
    assert.equal(SIGNATURE, headers.Authorization:match "Signature=(%x+)$")
    assert.equal("/bucket/INST/upload/%3D%3A%28%29%2B%26%23%25%27%22%20~%21%2A%40%24%2C%3B%3F%C3%A9%E6%97%A5/"
      .. "ab.c-_0%5B%5D%5C%5E%60%7B%7C%7D%3C%3E", target:match "^[^?]*")
    assert.equal("prefix=" .. address.encode(KEY) .. "&uploads=", target:match "?(.*)$")
  end)

  it("does not normalise a key", function()
    local _, target = sigv4.sign(put "a//./../b/")
    assert.equal("/bucket/a//./../b/", target:match "^[^?]*")
    assert.matches("\n/bucket/a//./../b/\n", sigv4.explain(put "a//./../b/").canonical_request, 1, true)
  end)

  it("sends a bare name bare and signs it with an equals sign", function()
    local request = put "k"
    request.query = { { "uploads" }, { "b", "" } }
    local _, target = sigv4.sign(request)
    assert.equal("/bucket/k?b=&uploads", target)
    assert.matches("\nb=&uploads=\n", sigv4.explain(request).canonical_request, 1, true)
  end)

  it("sends the date, the payload's hash and a token, and gives the other headers back", function()
    local request = put "k"
    request.session_token, request.headers["X-Amz-Meta-A"] = "token", "a  b"
    local headers = sigv4.sign(request)
    headers.Authorization = nil
    assert.same({
      Host = "127.0.0.1:9000", ["X-Amz-Meta-A"] = "a  b", ["X-Amz-Date"] = "20150830T123600Z",
      ["X-Amz-Content-Sha256"] = hash.sha256 "", ["X-Amz-Security-Token"] = "token",
    }, headers)
  end)

  it("gives the steps, each built on the one before", function()
    local steps = sigv4.explain(put "k")
    local lines = {}
    for line in (steps.string_to_sign .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
    assert.same({ "AWS4-HMAC-SHA256", "20150830T123600Z", "20150830/eu-west-1/s3/aws4_request",
      hash.sha256(steps.canonical_request) }, lines)
  end)

  it("refuses headers that can't be sent as they are signed", function()
    local function with(headers) return merge(put "k", { headers = headers }) end
    assert.has_error(function() sigv4.sign(with {}) end, "sigv4: the header host is missing")
    assert.has_error(function() sigv4.sign(with { host = "a", HOST = "a" }) end,
      "sigv4: the header host is given twice")
    assert.has_error(function() sigv4.sign(with { host = "a", x = "1\r\ny: 2" }) end)
    assert.has_error(function() sigv4.sign(with { host = "a", ["x y"] = "1" }) end)
    assert.has_error(function() sigv4.sign(with { host = "a", ["x-amz-date"] = "today" }) end)
  end)

  it("refuses what is no request, naming the field", function()
    local function message(change)
      local ok, text_of = pcall(sigv4.sign, merge(put "k", change))
      assert.is_false(ok)
      return text_of
    end
    assert.matches("'methd'", message { methd = "GET" }, 1, true)
    assert.matches("'path'", message { path = 1 }, 1, true)
    assert.matches("'query'", message { query = { "uploads" } }, 1, true)
    assert.matches("'expires'", message { expires = 60 }, 1, true)
    assert.matches("'session_token'", message { session_token = "a\0b" }, 1, true)
  end)

  it("never puts the secret into an error", function()
    local _, text_of = pcall(sigv4.sign, merge(put "k", { headers = {} }))
    assert.is_nil(text_of:find("wJalr", 1, true))
  end)
end)

describe("address.encode", function()
  it("keeps what RFC 3986 leaves unreserved", function()
    assert.equal(LETTERS, address.encode(LETTERS))
    assert.equal("a%2Fb%20c%C3%A9%00%25", address.encode "a/b c\u{e9}\0%")
    assert.equal("a/b%20c", address.encode("a/b c", true))
    assert.equal("", address.encode "")
  end)
end)
