local core = require "almanac.core"
local form_policy = require "almanac.rehearsal.s3.form_policy"
local json = require "almanac.json"
local presigned = require "support.presigned"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local task = require "almanac.task"

local MIB = 1 << 20

local function code_of(result)
  return (result.body or ""):match "<Code>(.-)</Code>"
end

describe("the rehearsal's bucket", function()
  local alma, upload

  local function start(...)
    alma = rehearsal.start { args = { ... } }
    upload = alma.inst .. "/upload/"
  end

  after_each(function()
    if alma then alma.stop() end
    alma = nil
  end)

  local function put(name, body, options)
    options = options or {}
    options.body = body
    return alma.s3("PUT", upload .. name, options)
  end

  local function refuses(status, code, result)
    assert.same({ status, code }, { result.status, code_of(result) }, result.body)
  end

  describe("checks who sends what", function()
    it("and takes what is signed, whatever the key", function()
      start()
      local names = { "a.jpg", "a b+c=d:e (1) & #2%3.jpg", "ünï/cödé.jpg", "cafe\u{301}.jpg", ("x"):rep(300) .. ".jpg",
        "q?x=1.jpg", "~'*!.jpg" }
      for _, name in ipairs(names) do
        assert.equal(200, put(name, name).status, name)
        assert.equal(name, alma.s3("GET", upload .. name).body)
      end
      assert.equal(#names, #alma.state().objects)
    end)

    it("and refuses a wrong secret, key, region or none", function()
      start()
      refuses(403, "SignatureDoesNotMatch", put("a", "x", { secret_key = "wrong" }))
      refuses(403, "InvalidAccessKeyId", put("a", "x", { access_key = "NOBODY" }))
      refuses(400, "AuthorizationHeaderMalformed", put("a", "x", { region = "eu-central-1" }))
      local url = ("%s/%s/%sa"):format(alma.url, alma.bucket, upload)
      refuses(403, "AccessDenied", task.fetch { method = "PUT", url = url, body = "x" })
      refuses(400, "AuthorizationHeaderMalformed",
        task.fetch { url = url, headers = { Authorization = "AWS4-HMAC-SHA256 nonsense" } })
      assert.equal(0, #alma.state().objects)
    end)

    it("and refuses a body that is not the signed one", function()
      start()
      refuses(400, "XAmzContentSHA256Mismatch", put("a", "x", { payload_sha256 = core.hash.sha256 "y" }))
      assert.equal(200, put("a", "x", { payload_sha256 = "UNSIGNED-PAYLOAD" }).status)
      refuses(501, "NotImplemented", put("a", "x", { payload_sha256 = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" }))
      refuses(400, "BadDigest", put("a", "x", { headers = { ["content-md5"] = core.text.base64(("0"):rep(16)) } }))
      refuses(400, "BadDigest", put("a", "x", { headers = { ["x-amz-checksum-sha256"] = "AAAA" } }))
    end)

    it("and refuses by the head of a large upload what its head tells, before any of it is kept", function()
      start()
      local large, scratch = ("x"):rep(3 * MIB), alma.folder .. "/state.objects/.scratch"
      assert(core.files.remove(scratch, { tree = true }))   -- who tried to keep it would find no room
      refuses(403, "SignatureDoesNotMatch", put("a", large, { secret_key = "wrong" }))
      refuses(403, "InvalidAccessKeyId", put("a", large, { access_key = "NOBODY" }))
      refuses(403, "AccessDenied", alma.s3("PUT", alma.inst .. "/elsewhere", { body = large }))
      refuses(403, "RequestTimeTooSkewed", put("a", large, { time = core.sys.time() - 1000 }))
      local url = ("%s/%s/%sa"):format(alma.url, alma.bucket, upload)
      refuses(403, "AccessDenied", task.fetch { method = "PUT", url = url, body = large })
      refuses(400, "AuthorizationHeaderMalformed",
        task.fetch { method = "PUT", url = url, body = large, headers = { Authorization = "nonsense" } })
      assert.equal(507, put("a", large).status)
      assert(core.files.make_folder(scratch))
      refuses(400, "XAmzContentSHA256Mismatch", put("a", large, { payload_sha256 = core.hash.sha256 "y" }))
      assert.equal(200, put("a", large).status)
      assert.equal(large, alma.s3("GET", upload .. "a").body)
    end)

    it("and refuses a clock that is a quarter of an hour off", function()
      start("--clock", "1000")
      refuses(403, "RequestTimeTooSkewed", put("a", "x"))
      assert.equal(200, put("a", "x", { time = core.sys.time() + 1000 }).status)
      assert.equal(200, put("a", "x", { time = core.sys.time() + 200 }).status)
    end)

    it("and wants the session token where there is one", function()
      start("--session-token", "token/+=")
      refuses(400, "InvalidToken", put("a", "x"))
      refuses(400, "InvalidToken", put("a", "x", { session_token = "other" }))
      assert.equal(200, put("a", "x", { session_token = "token/+=" }).status)
    end)

    it("and takes signed addresses until they expire", function()
      start()
      put("a b.jpg", "contents")
      local function address(fields)
        local options = { path = ("/%s/%sa b.jpg"):format(alma.bucket, upload), expires = 60,
          host = alma.url:match "//(.*)", region = alma.region,
          access_key = alma.access_key, secret_key = alma.secret_key }
        for name, value in pairs(fields or {}) do options[name] = value end
        return task.fetch { url = alma.url .. presigned(options) }
      end
      assert.equal("contents", address().body)
      refuses(403, "AccessDenied", address { time = core.sys.time() - 100 })
      refuses(403, "SignatureDoesNotMatch", address { secret_key = "wrong" })
    end)
  end)

  it("lets upload/ be written and storage/ be read, and nothing else", function()
    start()
    local stored = alma.state().representations[1].files[1].path
    assert.equal(200, alma.s3("HEAD", stored).status)
    refuses(403, "AccessDenied", alma.s3("PUT", stored, { body = "x" }))
    refuses(403, "AccessDenied", alma.s3("DELETE", stored))
    refuses(403, "AccessDenied", alma.s3("PUT", "01OTHER_INST/upload/a", { body = "x" }))
    refuses(403, "AccessDenied", alma.s3("GET", "01OTHER_INST/upload/a"))
    refuses(403, "AccessDenied", alma.s3("GET", "", { query = { { "list-type", "2" } } }))
    refuses(404, "NoSuchKey", alma.s3("GET", upload .. "nothing"))
    assert.equal(404, alma.s3("HEAD", upload .. "nothing").status)
  end)

  it("keeps objects, small and large, and gives ranges of them", function()
    start()
    local large = ("0123456789"):rep(300000)
    local result = put("large.tif", large, { headers = { ["content-type"] = "image/tiff" } })
    assert.equal('"' .. core.hash.md5(large) .. '"', result.headers.etag)
    local head = alma.s3("HEAD", upload .. "large.tif")
    assert.same({ "3000000", result.headers.etag, "image/tiff" },
      { head.headers["content-length"], head.headers.etag, head.headers["content-type"] })
    assert.equal(large, alma.s3("GET", upload .. "large.tif").body)
    local function range(text) return alma.s3("GET", upload .. "large.tif", { headers = { range = text } }) end
    local part = range "bytes=1000003-1000009"
    assert.same({ 206, "3456789", "bytes 1000003-1000009/3000000" },
      { part.status, part.body, part.headers["content-range"] })
    assert.equal("56789", range("bytes=-5").body)
    assert.equal("9", range("bytes=2999999-").body)
    refuses(416, "InvalidRange", range "bytes=3000000-")
    put("large.tif", "new")
    assert.equal("new", alma.s3("GET", upload .. "large.tif").body)
    assert.equal(204, alma.s3("DELETE", upload .. "large.tif").status)
    assert.equal(204, alma.s3("DELETE", upload .. "large.tif").status)
    assert.equal(404, alma.s3("HEAD", upload .. "large.tif").status)
  end)

  it("does not overwrite with If-None-Match", function()
    start()
    local options = { headers = { ["if-none-match"] = "*" } }
    assert.equal(200, put("a", "1", options).status)
    refuses(412, "PreconditionFailed", put("a", "2", { headers = { ["if-none-match"] = "*" } }))
  end)

  it("gives back a checksum that it was given", function()
    start()
    local sum = core.text.base64((core.hash.sha256("x"):gsub("%x%x", function(pair)
      return string.char(tonumber(pair, 16))
    end)))
    assert.equal(sum, put("a", "x", { headers = { ["x-amz-checksum-sha256"] = sum } }).headers["x-amz-checksum-sha256"])
    local head = alma.s3("HEAD", upload .. "a", { headers = { ["x-amz-checksum-mode"] = "ENABLED" } })
    assert.equal(sum, head.headers["x-amz-checksum-sha256"])
    assert.is_nil(alma.s3("HEAD", upload .. "a").headers["x-amz-checksum-sha256"])
  end)

  it("lists keys in pages, and folders with a delimiter", function()
    start()
    for _, name in ipairs { "b/2", "a", "b/1", "c&d", "b/10" } do put(name, name) end
    local function list(...)
      local query = { { "list-type", "2" }, { "prefix", upload } }
      for _, pair in ipairs { ... } do table.insert(query, pair) end
      local root = assert(core.xml.parse(alma.s3("GET", "", { query = query }).body))
      local result = { keys = {}, folders = {} }
      for _, node in ipairs(root) do
        result[node.name] = node.text
        if node.name == "Contents" then table.insert(result.keys, (node[1].text:gsub("^.*/upload/", ""))) end
        if node.name == "CommonPrefixes" then table.insert(result.folders, (node[1].text:gsub("^.*/upload/", ""))) end
      end
      return result
    end
    assert.same({ "a", "b/1", "b/10", "b/2", "c&d" }, list().keys)
    local page = list { "max-keys", "2" }
    assert.same({ "true", { "a", "b/1" } }, { page.IsTruncated, page.keys })
    page = list({ "max-keys", "2" }, { "continuation-token", page.NextContinuationToken })
    assert.same({ "true", { "b/10", "b/2" } }, { page.IsTruncated, page.keys })
    page = list({ "max-keys", "2" }, { "continuation-token", page.NextContinuationToken })
    assert.same({ "false", { "c&d" } }, { page.IsTruncated, page.keys })
    page = list { "delimiter", "/" }
    assert.same({ { "a", "c&d" }, { "b/" } }, { page.keys, page.folders })
    page = list({ "encoding-type", "url" }, { "start-after", upload .. "c" })
    assert.same({ "url", { "c%26d" } }, { page.EncodingType, page.keys })
    local older = alma.s3("GET", "", { query = { { "prefix", upload }, { "max-keys", "3" } } }).body
    assert.matches("<NextMarker>" .. upload .. "b/10</NextMarker>", older, 1, true)
    assert.equal(200, alma.s3("HEAD", "").status)
  end)

  describe("takes multipart uploads", function()
    local function create(name, headers)
      local body = alma.s3("POST", upload .. name, { query = { { "uploads" } }, headers = headers }).body
      return body:match "<UploadId>(.-)</UploadId>"
    end

    local function part(name, id, number, body)
      return alma.s3("PUT", upload .. name,
        { query = { { "partNumber", tostring(number) }, { "uploadId", id } }, body = body })
    end

    local function complete(name, id, parts)
      local xml = {}
      for i, entry in ipairs(parts) do
        xml[i] = ("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>"):format(entry[1], entry[2])
      end
      return alma.s3("POST", upload .. name, { query = { { "uploadId", id } },
        body = "<CompleteMultipartUpload>" .. table.concat(xml) .. "</CompleteMultipartUpload>" })
    end

    it("in parts of any order, with the ETag that S3 makes", function()
      start()
      local one, two = ("1"):rep(5 * MIB), "the rest"
      local id = create "big.tif"
      local second, first = part("big.tif", id, 7, two), part("big.tif", id, 2, one)
      assert.equal('"' .. core.hash.md5(two) .. '"', second.headers.etag)
      assert.equal(404, alma.s3("HEAD", upload .. "big.tif").status)
      local listed = alma.s3("GET", upload .. "big.tif", { query = { { "uploadId", id } } }).body
      assert.matches("<PartNumber>2</PartNumber>.*<PartNumber>7</PartNumber>", listed)
      local uploads = alma.s3("GET", "", { query = { { "uploads" }, { "prefix", upload } } }).body
      assert.matches("<UploadId>" .. id .. "</UploadId>", uploads, 1, true)
      local done = complete("big.tif", id, { { 2, first.headers.etag }, { 7, second.headers.etag } })
      assert.equal(200, done.status, done.body)
      local raw = (core.hash.md5(one) .. core.hash.md5(two)):gsub("%x%x", function(pair)
        return string.char(tonumber(pair, 16))
      end)
      local etag = core.hash.md5(raw) .. "-2"
      assert.matches(etag, done.body, 1, true)
      assert.equal('"' .. etag .. '"', alma.s3("HEAD", upload .. "big.tif").headers.etag)
      assert.equal(one .. two, alma.s3("GET", upload .. "big.tif").body)
      refuses(404, "NoSuchUpload", complete("big.tif", id, { { 2, first.headers.etag } }))
      assert.equal(0, alma.state("?counts=1").counts.uploads)
    end)

    it("and refuses parts that are too small, unknown or out of order", function()
      start()
      local id = create "a"
      local one, two = part("a", id, 1, "small").headers.etag, part("a", id, 2, "last").headers.etag
      refuses(400, "EntityTooSmall", complete("a", id, { { 1, one }, { 2, two } }))
      refuses(400, "InvalidPartOrder", complete("a", id, { { 2, two }, { 1, one } }))
      refuses(400, "InvalidPart", complete("a", id, { { 1, two } }))
      refuses(400, "InvalidPart", complete("a", id, { { 3, two } }))
      refuses(400, "MalformedXML", complete("a", id, {}))
      refuses(400, "InvalidArgument", part("a", id, 0, "x"))
      refuses(404, "NoSuchUpload", part("a", "nothing", 1, "x"))
      refuses(404, "NoSuchUpload", part("b", id, 1, "x"))
      assert.equal(200, complete("a", id, { { 2, two } }).status)
    end)

    it("and keeps them over a restart until they are aborted", function()
      start()
      local id = create "a"
      part("a", id, 1, "x")
      alma.restart(true)
      assert.matches("<Size>1</Size>", alma.s3("GET", upload .. "a", { query = { { "uploadId", id } } }).body)
      assert.equal(204, alma.s3("DELETE", upload .. "a", { query = { { "uploadId", id } } }).status)
      refuses(404, "NoSuchUpload", alma.s3("GET", upload .. "a", { query = { { "uploadId", id } } }))
    end)
  end)

  describe("takes the upload form", function()
    local folder

    before_each(function() folder = program.folder() end)
    after_each(function() program.remove(folder) end)

    local function form_of() return alma.call("GET", "/conf/general?expand=ingest_form").data.digital end

    -- Fields first, the file last; `change` puts in or takes out fields.
    local function send(digital, name, contents, change)
      local fields, form = {}, {}
      for key, value in pairs(digital.ingest_form) do fields[key] = value end
      for key, value in pairs(change or {}) do fields[key] = value or nil end
      for key, value in pairs(fields) do table.insert(form, { name = key, value = value }) end
      program.write(folder .. "/file", contents)
      table.insert(form, { name = "file", path = folder .. "/file", filename = name, type = "image/jpeg" })
      return task.fetch { method = "POST", url = digital.ingest_url, form = form }
    end

    it("without an AWS key, under the file's name", function()
      start()
      local result = send(form_of(), "a b.jpg", "contents")
      assert.equal(201, result.status, result.body)
      local root = core.xml.parse(result.body)
      assert.equal("PostResponse", root.name)
      assert.matches("<Key>" .. upload .. "a b.jpg</Key>", result.body, 1, true)
      assert.equal("contents", alma.s3("GET", upload .. "a b.jpg").body)
      assert.equal(201, send(form_of(), "empty.jpg", "").status)
    end)

    it("under a key of one's own, below upload/", function()
      start()
      assert.equal(201, send(form_of(), "x.jpg", "1", { key = upload .. "run/1.jpg" }).status)
      assert.equal(201, send(form_of(), "x.jpg", "2", { key = upload .. "run/${filename}" }).status)
      refuses(403, "AccessDenied", send(form_of(), "x.jpg", "3", { key = alma.inst .. "/storage/x.jpg" }))
      local keys = {}
      for i, object in ipairs(alma.state().objects) do keys[i] = object.key end
      assert.same({ upload .. "run/1.jpg", upload .. "run/x.jpg" }, keys)
    end)

    it("with large files", function()
      start()
      local contents = ("\r\n--not a boundary"):rep(200000)
      assert.equal(201, send(form_of(), "large.jpg", contents).status)
      local head = alma.s3("HEAD", upload .. "large.jpg")
      assert.same({ tostring(#contents), '"' .. core.hash.md5(contents) .. '"' },
        { head.headers["content-length"], head.headers.etag })
    end)

    it("and refuses what its policy does not say", function()
      start()
      refuses(403, "AccessDenied", send(form_of(), "a", "x", { acl = "private" }))
      refuses(403, "AccessDenied", send(form_of(), "a", "x", { ["x-amz-meta-extra"] = "x" }))
      refuses(403, "AccessDenied", send(form_of(), "a", "x", { policy = false }))
      refuses(403, "SignatureDoesNotMatch", send(form_of(), "a", "x", { ["x-amz-signature"] = ("0"):rep(64) }))
      local digital = form_of()
      local policy = json.decode(core.text.unbase64(digital.ingest_form.policy))
      policy.conditions[2] = { "starts-with", "$key", "" }
      refuses(403, "SignatureDoesNotMatch", send(digital, "a", "x",
        { policy = core.text.base64(json.encode(policy)) }))
      assert.equal(0, #alma.state().objects)
    end)

    local function content_type(kind) return { ["Content-Type"] = kind } end

    it("and refuses a content type that its policy does not allow, or none", function()
      start("--form-policy", "Content-Type=image/*")
      assert.same({ "starts-with", "$Content-Type", "image/" },
        json.decode(core.text.unbase64(form_of().ingest_form.policy)).conditions[8])
      assert.equal(201, send(form_of(), "a", "x", content_type "image/tiff").status)
      assert.equal(201, send(form_of(), "a", "x", content_type "image/tiff, image/jpeg").status)
      for _, wrong in ipairs { "application/pdf", "image/tiff,text/plain", "Image/tiff", "" } do
        local result = send(form_of(), "a", "x", content_type(wrong))
        refuses(403, "AccessDenied", result)
        assert.matches('Policy Condition failed: ["starts-with", "$Content-Type", "image/"]', result.body
          :gsub("&quot;", '"'), 1, true)
      end
      refuses(403, "AccessDenied", send(form_of(), "a", "x"))
    end)

    it("and asks for a field that may have any value", function()
      start("--form-policy", "Content-Type=*")
      refuses(403, "AccessDenied", send(form_of(), "a", "x"))
      assert.equal(201, send(form_of(), "a", "x", content_type "text/plain").status)
    end)

    it("and refuses other values and sizes than its policy says", function()
      start("--form-policy", "x-amz-server-side-encryption=AES256,Content-Type=image/jpeg,size=2-4")
      local function try(contents, encryption, kind)
        return send(form_of(), "a", contents, { ["x-amz-server-side-encryption"] = encryption, ["Content-Type"] = kind })
      end
      assert.equal(201, try("1234", "AES256", "image/jpeg").status)
      refuses(403, "AccessDenied", try("1234", "aws:kms", "image/jpeg"))
      refuses(403, "AccessDenied", try("1234", nil, "image/jpeg"))
      refuses(403, "AccessDenied", try("1234", "AES256", "image/jpeg2"))
      refuses(400, "EntityTooSmall", try("1", "AES256", "image/jpeg"))
      refuses(400, "EntityTooLarge", try("12345", "AES256", "image/jpeg"))
      alma.change { op = "form_policy", spec = "" }
      assert.equal(201, send(form_of(), "a", "x").status)
      refuses(403, "AccessDenied", send(form_of(), "a", "x", content_type "image/jpeg"))
    end)

    it("whose conditions are named when one is written wrongly", function()
      for _, spec in ipairs { "image/*", "size=1", "size=5-2", "size=a-b", "=x" } do
        local conditions, message = form_policy.parse(spec)
        assert.is_nil(conditions)
        assert.matches("^%-%-form%-policy: '[^']+' is none of FIELD=VALUE, FIELD=START%*, size=LEAST%-MOST$", message)
      end
      assert.same({ { "eq", "$acl", "" }, { "content-length-range", 0, 0 } }, form_policy.parse "acl=, size=0-0")
    end)

    it("until it expires", function()
      start "--form-life=-1"
      local result = send(form_of(), "a.jpg", "x")
      refuses(403, "AccessDenied", result)
      assert.matches("Policy expired", result.body)
    end)
  end)
end)
