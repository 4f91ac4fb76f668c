local core = require "almanac.core"
local peak_memory = require "support.memory"
local program = require "support.program"
local web = require "support.web"

describe("core.http", function()
  local w, folder

  before_each(function()
    folder = program.folder()
    w = web.new { spool_dir = folder, spool_above = 1000 }
  end)

  after_each(function()
    w:close()
    program.remove(folder)
  end)

  local function answer(reply)
    return function(request) assert(request:reply(reply)) end
  end

  it("gets a status, headers by their lower-case names and a body", function()
    local r = w:one({ path = "/a%20b?x=1" }, function(q)
      assert.same({ "GET", "/a%20b", "x=1" }, { q:method(), q:path(), q:query() })
      assert.matches("^almanac/", q:header "User-Agent")
      assert.is_nil(q:header "Expect")
      q:reply { status = 201, headers = { ["X-Made-Up"] = "yes" }, body = "hello" }
    end)
    assert.is_nil(r.error)
    assert.same({ 201, "yes", "hello", 5 }, { r.status, r.headers["x-made-up"], r.body, r.size })
    assert.equal(w.base .. "/a%20b?x=1", r.url)
  end)

  it("sends method, headers and body as they are given", function()
    for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE" } do
      w:one({ path = "/", method = method, body = "a\0b", headers = { ["X-One"] = "1", ["X-None"] = "" } }, function(q)
        assert.same({ method, "a\0b", "1", "", "3" },
          { q:method(), q:body(), q:header "x-one", q:header "x-none", q:header "content-length" })
        assert.is_nil(q:header "content-type")
        q:reply {}
      end)
    end
    w:one({ path = "/", method = "POST" }, function(q)
      assert.same({ "POST", "", "0" }, { q:method(), q:body(), q:header "content-length" })
      q:reply {}
    end)
  end)

  it("joins repeated headers, going and coming", function()
    local repeated = { ["X-Same"] = "one", ["x-same"] = "two", ["X-SAME"] = "three", ["X-Other"] = "4" }
    local function sorted(value)
      local list = {}
      for word in value:gmatch "[^, ]+" do list[#list + 1] = word end
      table.sort(list)
      return table.concat(list, " ") .. " in " .. #value
    end
    local r = w:one({ path = "/", headers = repeated }, function(q)
      assert.same({ "one three two in 15", "4" }, { sorted(q:header "x-same"), q:header "x-other" })
      q:reply { headers = repeated }
    end)
    assert.same({ "one three two in 15", "4" }, { sorted(r.headers["x-same"]), r.headers["x-other"] })
  end)

  it("raises for a request that is none, naming the field", function()
    for _, case in ipairs {
      { { path = "x" }, "unknown field 'path'" }, { {}, "field 'url' is missing" },
      { { url = 1 }, "bad field 'url'" }, { { url = "x", timeout = -1 }, "bad field 'timeout'" },
      { { url = "x", headers = { ["a b"] = "c" } }, "bad header 'a b'" },
      { { url = "x", headers = { a = "b\r\nc: d" } }, "bad header 'a'" },
      { { url = "x", headers = { a = 1 } }, "headers are strings" }, { { url = "x", method = "G T" }, "bad method" },
      { { url = "x", body = "", file = { path = "y" } }, "more than one" },
      { { url = "x", form = { { name = "a", value = "b" } } }, "sent by POST" },
      { { url = "x", file = { path = "y", offset = -1 } }, "'offset' is negative" },
    } do
      local ok, message = pcall(w.multi.add, w.multi, case[1])
      assert.is_false(ok)
      assert.matches(case[2], message, 1, true)
    end
    assert.equal(0, w.multi:active())
  end)

  describe("files", function()
    it("uploads a slice at an offset", function()
      program.write(folder .. "/in", "0123456789")
      local bodies = {}
      local function take(q) bodies[q:path()] = q:body() q:reply {} end
      w:all({
        { path = "/all", method = "PUT", file = { path = folder .. "/in" } },
        { path = "/rest", method = "PUT", file = { path = folder .. "/in", offset = 7 } },
        { path = "/slice", method = "POST", file = { path = folder .. "/in", offset = 2, length = 3 } },
        { path = "/empty", method = "PUT", file = { path = folder .. "/in", offset = 10 } },
      }, take)
      assert.same({ ["/all"] = "0123456789", ["/rest"] = "789", ["/slice"] = "234", ["/empty"] = "" }, bodies)
    end)

    it("uploads a large file without loading it", function()
      local size = 96 * 1024 * 1024
      assert(os.execute(("truncate -s %d %s/large"):format(size, folder)))
      local before = peak_memory()
      w:one({ path = "/", method = "PUT", file = { path = folder .. "/large" } }, function(q)
        assert.equal(size, q:body_size())
        assert.is_nil(q:body())
        q:reply {}
      end)
      assert.is_true(peak_memory() - before < size / 4)
    end)

    it("says which file can't be sent, before anything is", function()
      program.write(folder .. "/short", "abc")
      local r = w:all {
        { path = "/", method = "PUT", file = { path = folder .. "/none" } },
        { path = "/", method = "PUT", file = { path = folder .. "/short", offset = 2, length = 2 } },
        { path = "/", method = "PUT", file = { path = folder } },
        { path = "/", method = "POST", form = { { name = "a", path = folder .. "/none" } } },
      }
      assert.same({ "missing", "limit", "io", "missing" }, { r[1].code, r[2].code, r[3].code, r[4].code })
      for i = 1, 4 do assert.same({ true, 0 }, { r[i].unsent, r[i].sent }) end
      assert.matches(folder .. "/none", r[1].error, 1, true)
    end)

    it("fails when the file becomes shorter while it is sent", function()
      assert(os.execute(("truncate -s 9M %s/f"):format(folder)))
      local id = w.multi:add { url = w.base .. "/", method = "PUT", file = { path = folder .. "/f" } }
      assert(os.execute(("truncate -s 1M %s/f"):format(folder)))
      local r
      repeat r = w:turn()[1] until r
      assert.same({ id, "io" }, { r.id, r.code })
      assert.matches("became shorter", r.error)
    end)

    it("sends a form with values and files", function()
      program.write(folder .. "/page", ("p"):rep(5000))
      local body, content_type
      w:one({ path = "/", method = "POST", form = {
        { name = "key", value = "a/b" }, { name = "empty", value = "" },
        { name = "file", path = folder .. "/page", filename = "p 1.jpg", type = "image/jpeg" },
      } }, function(q)
        content_type, body = q:header "content-type", core.files.read(q:body_path())
        assert.is_nil(q:header "expect")
        q:reply {}
      end)
      local boundary = content_type:match "^multipart/form%-data; boundary=(.+)$"
      local expected = table.concat({
        "--" .. boundary, 'Content-Disposition: form-data; name="key"', "", "a/b",
        "--" .. boundary, 'Content-Disposition: form-data; name="empty"', "", "",
        "--" .. boundary, 'Content-Disposition: form-data; name="file"; filename="p 1.jpg"',
        "Content-Type: image/jpeg", "", ("p"):rep(5000), "--" .. boundary .. "--", "",
      }, "\r\n")
      assert.equal(expected, body)
    end)

    it("downloads into a file that appears when it is complete", function()
      local to, seen = folder .. "/out", "nothing"
      local r = w:one({ path = "/", to = to }, function(q)
        seen = core.files.read(to)
        q:reply { body = ("z"):rep(3000000) }
      end)
      assert.same({ nil, 3000000 }, { r.body, r.size })
      assert.is_nil(seen)
      assert.equal(("z"):rep(3000000), core.files.read(to))
      assert.is_nil(core.files.read(to .. ".part"))
    end)

    it("takes digests of a file while it is written, and of nothing else", function()
      local body = ("x"):rep(100000)
      for _, unsynced in ipairs { false, true } do
        local r = w:one({ path = "/", to = folder .. "/sums", digests = true, unsynced = unsynced }, answer { status = 200, body = body })
        assert.same({ core.hash.sha256(body), core.hash.md5(body) }, { r.sha256, r.md5 })
        assert.equal(body, core.files.read(folder .. "/sums"))
      end
      local r = w:one({ path = "/", to = folder .. "/none", digests = true }, answer { status = 404, body = body })
      assert.same({}, { r.sha256, r.md5 })
      r = w:one({ path = "/", to = folder .. "/empty", digests = true }, answer { status = 200, body = "" })
      assert.same({ core.hash.sha256 "", 0 }, { r.sha256, core.files.stat(folder .. "/empty").size })
      assert.is_true(core.files.sync_disk(folder))
    end)

    it("leaves no file of a refused or broken download", function()
      local to = folder .. "/out"
      local refused = w:one({ path = "/", to = to }, answer { status = 404, body = "not here" })
      assert.same({ 404, "not here" }, { refused.status, refused.body })
      local broken = w:one({ path = "/", to = to }, answer { body = ("z"):rep(9000), cut = 5000 })
      assert.equal("closed", broken.code)
      local large = w:one({ path = "/", to = to, max_body = 100 }, answer { body = ("z"):rep(101) })
      assert.equal("limit", large.code)
      local nowhere = w:one({ path = "/", to = folder .. "/no/out" }, answer { body = "z" })
      assert.equal("missing", nowhere.code)
      assert.is_nil(core.files.read(to) or core.files.read(to .. ".part"))
    end)
  end)

  it("asks for gzip and unpacks it within the bounds, but never for a download", function()
    local function packed(command)
      local pipe <close> = assert(io.popen(command .. " | gzip -n"))
      return { headers = { ["Content-Encoding"] = "gzip" }, body = pipe:read "a" }
    end
    local r = w:one({ path = "/" }, function(q)
      assert.equal("gzip", q:header "accept-encoding")
      q:reply(packed "printf hello")
    end)
    assert.same({ "hello", 5 }, { r.body, r.size })
    assert.equal("limit", w:one({ path = "/", max_body = 1000000 }, answer(packed "head -c 9000000 /dev/zero")).code)
    local to = folder .. "/out"
    w:one({ path = "/", to = to }, function(q)
      assert.is_nil(q:header "accept-encoding")
      q:reply { body = "as it is" }
    end)
    assert.equal("as it is", core.files.read(to))
  end)

  describe("limits", function()
    it("bounds the body", function()
      local function get(n) return w:one({ path = "/", max_body = n }, answer { body = "12345" }) end
      assert.equal("12345", get(5).body)
      assert.same({ "limit", "the answer has more than 4 bytes" }, { get(4).code, get(4).error })
      assert.equal("limit", get(0).code)
    end)

    it("bounds number and size of headers", function()
      local function get(n, size)
        local headers = {}
        for i = 1, n do headers["X-" .. i] = ("v"):rep(size) end
        return w:one({ path = "/" }, answer { headers = headers })
      end
      assert.equal("v", get(100, 1).headers["x-100"])
      assert.same({ "limit", "the answer has too many headers" }, { get(200, 1).code, get(200, 1).error })
    end)
  end)

  describe("redirects", function()
    local other

    before_each(function() other = web.new() end)
    after_each(function() other:close() end)

    local function chain(status, location)
      return function(q)
        if q:path() ~= "/" then return q:reply { body = q:method() .. " " .. q:body() } end
        q:reply { status = status, headers = { Location = location } }
      end
    end

    it("are followed, with the body where the status says so", function()
      program.write(folder .. "/f", "file")
      local function go(status, request)
        request.path = "/"
        return w:one(request, chain(status, "/next")).body
      end
      assert.equal("GET ", go(302, {}))
      assert.equal("PUT file", go(307, { method = "PUT", file = { path = folder .. "/f" } }))
      assert.equal("POST text", go(308, { method = "POST", body = "text" }))
      assert.equal("GET ", go(303, { method = "POST", body = "text" }))
      assert.equal("GET ", go(303, { method = "PUT", body = "text" }))
    end)

    it("end somewhere", function()
      local function round(q) q:reply { status = 302, headers = { Location = q:path() .. "x" } } end
      local r = w:one({ path = "/", redirects = 3 }, round)
      assert.same({ "limit", 4 }, { r.code, r.sent })
      assert.equal(302, w:one({ path = "/", redirects = 0 }, round).status)
    end)

    it("lead to http and https only", function()
      for _, location in ipairs { "file:///etc/hostname", "ftp://127.0.0.1/" } do
        assert.equal("parse", w:one({ path = "/" }, chain(302, location)).code)
      end
    end)

    it("do not carry Authorization to another host", function()
      local headers = { Authorization = "apikey secret", Cookie = "secret", ["X-Other"] = "kept" }
      local function follow(location)
        local seen
        w.multi:add { url = w.base .. "/", headers = headers }
        local function last(q)
          seen = q:headers()
          q:reply {}
        end
        local ended
        repeat
          ended = w:turn(function(q)
            if q:path() == "/" then q:reply { status = 307, headers = { Location = location } } else last(q) end
          end)
          for _, q in ipairs(other.server:wait(0)) do last(q) end
        until ended[1]
        assert.equal(200, ended[1].status)
        return seen
      end
      local same, another = follow(w.base .. "/next"), follow(other.base .. "/next")
      assert.same({ "apikey secret", "secret", "kept" }, { same.authorization, same.cookie, same["x-other"] })
      assert.same({ nil, nil, "kept" }, { another.authorization, another.cookie, another["x-other"] })
    end)
  end)
end)
