-- Who gets into a rehearsal, and how long he may stay at the door.
local core = require "almanac.core"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local sigv4 = require "almanac.s3.sigv4"
local task = require "almanac.task"

local TITLE = "mms_id,title,usage_type,file_name\n9900000000104146,A,PRESERVATION_MASTER,a.tif\n"

describe("a rehearsal", function()
  local alma

  setup(function() alma = rehearsal.start { titles = TITLE, memory = true, args = { "--rate", "0" } } end)
  teardown(function() alma.stop() end)

  local function ask(method, path, headers, body)
    headers.Authorization = "apikey " .. alma.key
    return task.fetch { method = method, url = alma.url .. path, headers = headers, body = body, once = true }
  end

  it("refuses pages of other servers, whatever they ask for", function()
    local own = "http://127.0.0.1:" .. alma.port
    for origin, status in pairs { ["http://evil.example"] = 403, ["null"] = 403, ["http://127.0.0.1:1"] = 403, ["http://localhost"] = 403,
        ["https://127.0.0.1:" .. alma.port] = 403, [own .. ".evil.example"] = 403, [own] = 200 } do
      assert.equal(status, ask("GET", "/rehearsal/calls", { Origin = origin }).status, origin)
      assert.equal(status, ask("POST", "/almaws/v1/bibs/test", { Origin = origin }, "").status, origin)
    end
    assert.equal(403, ask("POST", "/rehearsal/change", { Origin = "http://evil.example" }, '{"op":"rate","rate":1}').status)
    assert.equal(403, ask("PUT", "/" .. alma.bucket .. "/x", { Origin = "null" }, "x").status)
    assert.equal(403, ask("POST", "/" .. alma.bucket, { Origin = "null" }, "x").status)
  end)

  it("answers to no name but this computer's own", function()
    for host, status in pairs { ["evil.example"] = 403, ["evil.example:" .. alma.port] = 403, ["127.0.0.1.evil.example"] = 403,
        ["10.0.0.1"] = 403, ["localhost:9"] = 200, LOCALHOST = 200, ["[::1]:80"] = 200, ["127.0.0.2"] = 200 } do
      assert.equal(status, ask("GET", "/rehearsal/calls", { Host = host }).status, host)
      assert.equal(status, ask("POST", "/almaws/v1/bibs/test", { Host = host }, "").status, host)
    end
  end)

  it("takes no more of a call to the API than such a call can have", function()
    local large = (" "):rep((16 << 20) + 1)
    assert.equal(413, ask("POST", "/rehearsal/change", {}, large).status)
    assert.equal(413, ask("POST", "/almaws/v1/bibs/9900000000104146/representations", {}, large).status)
    assert.equal(200, alma.s3("PUT", alma.inst .. "/upload/large.bin", { body = large }).status)
  end)

  it("refuses a signature about headers that did not come, or about another body", function()
    local key = alma.inst .. "/upload/a.bin"
    local refused = alma.s3("PUT", key, { body = "what came", payload_sha256 = core.hash.sha256 "what was signed" })
    assert.equal(400, refused.status)
    assert.matches("XAmzContentSHA256Mismatch", refused.body)
    local headers = { host = alma.url:match "//(.*)", ["content-type"] = "image/jpeg" }
    local signed, address = sigv4.sign { method = "PUT", path = "/" .. alma.bucket .. "/" .. key, headers = headers,
      region = alma.region, access_key = alma.access_key, secret_key = alma.secret_key, payload_sha256 = core.hash.sha256 "x" }
    signed.host = nil
    local kind = signed["content-type"]
    signed["content-type"] = nil
    assert.equal("image/jpeg", kind)
    assert.equal(403, task.fetch { method = "PUT", url = alma.url .. address, headers = signed, body = "x", once = true }.status)
    assert.equal(404, alma.s3("HEAD", key).status)
  end)

  for what, said in pairs {
    ["say nothing"] = "", ["never end their request"] = [[POST /almaws/v1/bibs/test HTTP/1.1\r\nHost: 127.0.0.1\r\n]],
    ["never end their body"] = [[POST /almaws/v1/bibs/test HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nx]],
  } do
    it("answers although more than it has places for " .. what, function()
      local folder = program.folder()
      local pid = folder .. "/pid"
      os.execute(([[bash -c 'ulimit -n 2048; echo $$ >%s.new
        for i in {1..700}; do exec {fd}<>/dev/tcp/127.0.0.1/%d; printf "%s" >&$fd; done
        mv %s.new %s; exec sleep 60' >/dev/null 2>&1 &]]):format(pid, alma.port, said, pid, pid))
      while not core.files.stat(pid) do core.sys.sleep(0.05) end
      local answer = ask("GET", "/rehearsal/calls", {})
      os.execute("kill " .. program.read(pid):gsub("%s", ""))
      program.remove(folder)
      assert.equal(200, answer.status, answer.error)
    end)
  end
end)
