local core = require "almanac.core"
local web = require "support.web"

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

describe("core.http", function()
  local w, folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    w = web.new { spool_dir = folder, spool_above = 1000 }
  end)

  after_each(function()
    w:close()
    os.execute("rm -rf " .. folder)
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
      write(folder .. "/in", "0123456789")
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
      local before = core.sys.peak_memory()
      w:one({ path = "/", method = "PUT", file = { path = folder .. "/large" } }, function(q)
        assert.equal(size, q:body_size())
        assert.is_nil(q:body())
        q:reply {}
      end)
      assert.is_true(core.sys.peak_memory() - before < size / 4)
    end)

    it("says which file can't be sent, before anything is", function()
      write(folder .. "/short", "abc")
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
      write(folder .. "/page", ("p"):rep(5000))
      local body, content_type
      w:one({ path = "/", method = "POST", form = {
        { name = "key", value = "a/b" }, { name = "empty", value = "" },
        { name = "file", path = folder .. "/page", filename = "p 1.jpg", type = "image/jpeg" },
      } }, function(q)
        content_type, body = q:header "content-type", read(q:body_path())
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
        seen = read(to)
        q:reply { body = ("z"):rep(3000000) }
      end)
      assert.same({ nil, 3000000 }, { r.body, r.size })
      assert.is_nil(seen)
      assert.equal(("z"):rep(3000000), read(to))
      assert.is_nil(read(to .. ".part"))
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
      assert.is_nil(read(to) or read(to .. ".part"))
    end)
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

  describe("connections", function()
    it("keeps and uses them again", function()
      assert.equal(1, w:one({ path = "/" }).connects)
      for _ = 1, 5 do assert.equal(0, w:one({ path = "/" }).connects) end
    end)

    it("opens no more than it may", function()
      local one <close> = web.new(nil, { max_per_host = 1 })
      local held, ended, opened = {}, 0, 0
      for _ = 1, 6 do one.multi:add { url = one.base .. "/" } end
      local function hold(q) held[#held + 1] = q end
      repeat one:turn(hold) until #held > 0
      one:turn(hold)
      assert.equal(1, #held)
      while ended < 6 do
        for _, q in ipairs(held) do q:reply {} end
        held = {}
        for _, r in ipairs(one:turn(hold)) do
          ended, opened = ended + 1, opened + r.connects
        end
      end
      assert.equal(1, opened)
    end)

    it("says that nothing was sent when none came about", function()
      local idle <close> = assert(core.serve.listen())
      local gone = assert(core.serve.listen())
      local port = gone:port()
      gone:close()
      local r = w:all {
        { url = "http://127.0.0.1:" .. port .. "/?apikey=secret" },
        { url = "https://127.0.0.1:" .. idle:port() .. "/", connect_timeout = 0.2 },
        { url = "https://127.0.0.1:" .. w.server:port() .. "/" },
        { url = "http://host.invalid/" }, { url = "ftp://127.0.0.1/" }, { url = "http://[/" },
      }
      local codes = {}
      for i, result in ipairs(r) do
        codes[i] = result.code
        assert.same({ true, 0 }, { result.unsent, result.sent })
        assert.not_matches("[\n]", result.error)
        assert.not_matches("secret", result.error)
      end
      assert.same({ "connect", "timeout", "tls", "connect", "parse", "parse" }, codes)
      assert.matches("^127.0.0.1:" .. port .. ": ", r[1].error)
    end)

    it("does not say so when the server never answers", function()
      local idle <close> = assert(core.serve.listen())
      local url = "http://127.0.0.1:" .. idle:port() .. "/"
      local r = w:all { { url = url, stall_timeout = 0.5 }, { url = url, timeout = 0.3 } }
      for i = 1, 2 do assert.same({ "timeout", nil, 1 }, { r[i].code, r[i].unsent, r[i].sent }) end
    end)

    it("gives up an answer that stalls in the middle", function()
      local r = w:all({ { path = "/a", stall_timeout = 1 }, { path = "/b" } }, function(q)
        if q:path() == "/b" then q:reply {} else w.held = q end
      end)
      assert.same({ "timeout", 200 }, { r[1].code, r[2].status })
    end)

    it("reports an answer that breaks off, with what came of it", function()
      local r = w:one({ path = "/" }, answer { body = "0123456789", cut = 4 })
      assert.same({ "closed", 200, "0123" }, { r.code, r.status, r.body })
      assert.is_nil(r.unsent)
    end)
  end)

  describe("once", function()
    -- Each request goes over the connection that the one before left open.
    local function count(request)
      w:one { path = "/warm" }
      local seen = 0
      local r = w:one(request, function(q)
        seen = seen + 1
        q:drop()
      end)
      assert.equal("closed", r.code)
      assert.is_nil(r.unsent)
      return seen, r
    end

    it("is what libcurl does not do by itself", function()
      local seen, r = count { path = "/", method = "POST", body = "x" }
      assert.is_true(seen > 1)
      assert.equal(seen, r.sent)
    end)

    it("sends a request a single time when a kept connection dies", function()
      write(folder .. "/f", ("x"):rep(300000))
      for _, request in ipairs {
        { method = "POST", body = "x" }, { method = "POST" }, { method = "POST", body = ("x"):rep(500000) },
        { method = "POST", file = { path = folder .. "/f" } }, { method = "PUT", file = { path = folder .. "/f" } },
        { method = "POST", form = { { name = "a", path = folder .. "/f" } } }, { method = "DELETE" },
      } do
        request.path, request.once = "/", true
        local seen, r = count(request)
        assert.same({ 1, 1 }, { seen, r.sent })
        assert.matches("not sent again", r.error)
      end
    end)

    it("follows no redirect", function()
      local r = w:one({ path = "/", method = "POST", body = "x", once = true },
        answer { status = 307, headers = { Location = "/other" } })
      assert.same({ 307, 1 }, { r.status, r.sent })
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
      write(folder .. "/f", "file")
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

  describe("in flight", function()
    local function start(n)
      local ids = {}
      for i = 1, n do ids[i] = w.multi:add { url = w.base .. "/", to = i % 2 == 0 and folder .. "/" .. i or nil } end
      return ids
    end

    it("cancels one, and the others go on", function()
      local ids, results = start(3), {}
      assert.is_true(w.multi:cancel(ids[2]))
      assert.is_false(w.multi:cancel(ids[2]))
      assert.is_false(w.multi:cancel(99))
      while w.multi:active() > 0 do
        for _, r in ipairs(w:turn(answer { body = "ok" })) do results[r.id] = r.code or r.body end
      end
      assert.same({ [ids[1]] = "ok", [ids[2]] = "cancelled", [ids[3]] = "ok" }, results)
    end)

    it("knows of a cancelled one whether it was sent", function()
      local seen
      local id = w.multi:add { url = w.base .. "/", method = "POST", body = "x", once = true }
      repeat w:turn(function(q) seen = q end) until seen
      w.multi:cancel(id)
      local r = w.multi:wait(1)[1]
      assert.same({ "cancelled", nil, 1 }, { r.code, r.unsent, r.sent })
      seen:reply {}
    end)

    it("closes with all that is open, and says so afterwards", function()
      start(8)
      w:turn(answer { body = ("x"):rep(100000) })
      start(8)
      w.multi:close()
      w.multi:close()
      assert.has_error(function() w.multi:wait(0) end, "the multi handle is closed")
      local list <close> = assert(io.popen("ls " .. folder .. " | grep -c part"))
      assert.equal("0\n", list:read "a")
    end)

    it("survives being collected", function()
      for _ = 1, 10 do
        local multi = core.http.multi()
        for _ = 1, 4 do multi:add { url = w.base .. "/", method = "POST", body = "x" } end
        multi:wait(0)
        multi = nil
        collectgarbage()
      end
      assert.equal(204, w:one({ path = "/" }).status)
    end)

    it("keeps its requests from an aggressive collector", function()
      write(folder .. "/f", ("f"):rep(70000))
      local function many()
        local requests = {}
        for i = 1, 40 do
          requests[i] = { path = "/" .. i, method = "POST", body = i % 2 == 0 and ("b"):rep(i * 100) or nil,
            form = i % 2 == 1 and { { name = "n" .. i, value = "v" .. i }, { name = "f", path = folder .. "/f" } } or nil,
            headers = { ["X-" .. i] = "h" .. i } }
        end
        local results = w:all(requests, function(q)
          local i = q:path():sub(2)
          q:reply { body = q:header("x-" .. i) .. " " .. (tonumber(i) % 2 == 0 and q:body_size() or "form") }
        end)
        for i, r in ipairs(results) do
          assert.equal(("h%d %s"):format(i, i % 2 == 0 and i * 100 or "form"), r.body)
        end
      end
      collectgarbage "generational"
      many()
      collectgarbage("incremental", 1, 1000)
      many()
      collectgarbage("incremental", 200, 100)
    end)
  end)

  it("waits no longer than asked, and for a descriptor", function()
    assert.same({}, w.multi:wait(0))
    assert.same({}, w.multi:wait(0.01))
    local other <close> = core.http.multi()
    other:add { url = w.base .. "/" }
    other:wait(0)
    w.multi:wait(600, w.server:fd())
  end)
end)
