local core = require "almanac.core"
local program = require "support.program"
local web = require "support.web"

local ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"   -- FIPS 180-4, "abc"
local EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

describe("core.serve", function()
  local w, folder

  before_each(function()
    folder = program.folder()
    w = web.new { spool_dir = folder, spool_above = 1000, max_body = 100000 }
  end)

  after_each(function()
    w:close()
    program.remove(folder)
  end)

  local function files()
    local list <close> = assert(io.popen("ls " .. folder .. " | wc -l"))
    return tonumber(list:read "a")
  end

  describe("listen", function()
    it("takes a free port, and says when one is in use", function()
      local second, message, code = core.serve.listen { port = w.server:port() }
      assert.same({ nil, "conflict" }, { second, code })
      assert.matches("port " .. w.server:port(), message)
    end)

    it("says when there is no such address", function()
      local server, message, code = core.serve.listen { host = "256.0.0.1" }
      assert.same({ nil, "connect" }, { server, code })
      assert.matches("256.0.0.1", message, 1, true)
      assert.same({ nil, "io" }, { (core.serve.listen { host = "192.0.2.1" }),
        select(3, core.serve.listen { host = "192.0.2.1" }) })
    end)

    it("raises for an option that is none", function()
      assert.has_error(function() core.serve.listen { ports = 1 } end, "bad argument #1 to 'listen' (unknown field 'ports')")
      assert.has_error(function() core.serve.listen { port = 70000 } end)
    end)

    it("answers on IPv6 too", function()
      local six <close> = core.serve.listen { host = "::1" }
      if not six then return pending "this machine has no IPv6" end
      w.multi:add { url = "http://[::1]:" .. six:port() .. "/" }
      local r
      repeat
        r = w.multi:wait(0.1, six:fd())[1]
        for _, q in ipairs(six:wait(0)) do q:reply { status = 204 } end
      until r
      assert.equal(204, r.status)
    end)
  end)

  describe("a request", function()
    it("has method, path, query and headers as they were sent", function()
      local before = core.sys.monotonic()
      w:one({ path = "/almaws/v1/a%2Fb%20c+d?q=%C3%A9&r=a+b&s", method = "DELETE", headers = { ["X-Two"] = "1" } },
        function(q)
          assert.same({ "DELETE", "/almaws/v1/a%2Fb%20c+d", "q=%C3%A9&r=a+b&s" }, { q:method(), q:path(), q:query() })
          assert.same({ "1", "1", nil }, { q:header "X-TWO", q:headers()["x-two"], q:header "x-three" })
          assert.is_true(q:arrived() >= before and q:arrived() <= core.sys.monotonic())
          assert.same({ "", nil, 0, EMPTY }, { q:body(), q:body_path(), q:body_size(), q:body_sha256() })
          q:reply {}
        end)
      w:one({ path = "/" }, function(q)
        assert.equal("", q:query())
        q:reply {}
      end)
    end)

    it("has a small body in memory and a large one in a file that goes with it", function()
      local large = ("0123456789"):rep(5000)
      local kept
      for _, case in ipairs { { "abc", true }, { ("m"):rep(1000), true }, { ("f"):rep(1001) }, { large } } do
        local body, in_memory = case[1], case[2]
        w:one({ path = "/", method = "PUT", body = body }, function(q)
          assert.equal(#body, q:body_size())
          assert.equal(in_memory and body or nil, q:body())
          local path = q:body_path()
          assert.equal(in_memory and 0 or 1, files())
          if body == "abc" then assert.equal(ABC, q:body_sha256()) end
          if path then assert.equal(body, core.files.read(path)) end
          if body == large then
            kept = folder .. "/kept"
            assert(os.rename(path, kept))
            assert.equal(q:body_sha256(), assert(io.popen("sha256sum " .. kept)):read(64))
          end
          q:reply {}
          q:close()
        end)
      end
      assert.equal(large, core.files.read(kept))
      assert.equal(1, files())
    end)

    it("arrives only when it is complete, and keeps no other waiting", function()
      local roomy <close> = web.new { max_body = 64 << 20, spool_dir = folder }
      local slow <close> = core.http.multi()
      slow:add { url = roomy.base .. "/slow", method = "PUT", body = ("s"):rep(50 << 20) }
      local function part() return files() > 0 end
      repeat
        slow:wait(0)
        assert.same({}, roomy.server:wait(0.01))
      until part()
      for i = 1, 3 do
        assert.equal("/" .. i, roomy:one({ path = "/" .. i }, function(q) q:reply { body = q:path() } end).body)
      end
      local arrived
      repeat
        slow:wait(0)
        arrived = roomy.server:wait(0)[1]
      until arrived
      assert.same({ "/slow", 50 << 20 }, { arrived:path(), arrived:body_size() })
    end)

    it("comes with its head alone first when its body is large, and again when that is accepted", function()
      local careful <close> = web.new { heads = true, spool_dir = folder, spool_above = 1000 }
      local seen = {}
      local function accept(q)
        seen[#seen + 1] = ("%s %d %d"):format(q:is_head() and "head" or "whole", q:body_size(), files())
        if not q:is_head() then
          q:reply {}
          return q:close()
        end
        assert.same({ "/a", "PUT" }, { q:path(), q:method() })
        q:accept()
        assert.has_error(function() q:path() end, "calling 'path' on bad self (the request is closed)")
      end
      for _, case in ipairs { { size = 1000, "whole 1000 0" }, { size = 1001, "head 0 0", "whole 1001 1" },
        { size = 3 << 20, "head 0 0", "whole 3145728 1" }, { size = 5000, expect = true, "head 0 0", "whole 5000 1" } } do
        seen = {}
        local r = careful:one({ path = "/a", method = "PUT", body = ("x"):rep(case.size),
          headers = case.expect and { Expect = "100-continue" } }, accept)
        assert.same({ 200, table.unpack(case) }, { r.status, table.unpack(seen) })
      end
      assert.has_error(function()
        careful:one({ path = "/" }, function(q) q:accept() end)
      end, "calling 'accept' on bad self (the request is whole)")
    end)

    it("that is refused by its head gets its answer, and nothing of its body is kept", function()
      local careful <close> = web.new { heads = true, spool_dir = folder, spool_above = 1000 }
      local seen = 0
      local function refuse(q)
        seen = seen + 1
        if q:path() == "/closed" then return q:close() end
        if q:path() == "/dropped" then return q:drop() end
        q:reply { status = 403, body = "no" }
      end
      local large = ("x"):rep(20 << 20)
      program.remove(folder)   -- who tried to keep it would find no room
      local r = careful:all({
        { path = "/", method = "PUT", body = large },
        { path = "/", method = "PUT", body = large, headers = { Expect = "100-continue" } },
        { path = "/closed", method = "PUT", body = large },
        { path = "/dropped", method = "PUT", body = large },
      }, refuse)
      assert.same({ 403, "no", 403, "no", 500, 4 }, { r[1].status, r[1].body, r[2].status, r[2].body, r[3].status, seen })
      assert.is_string(r[4].error)
      assert.equal(204, careful:one { path = "/" }.status)
    end)

    it("may go while its head is looked at", function()
      local careful <close> = web.new { heads = true, spool_dir = folder, spool_above = 1000 }
      local impatient <close> = core.http.multi()
      local id = impatient:add { url = careful.base .. "/", method = "PUT", body = ("x"):rep(50 << 20) }
      local head
      repeat
        impatient:wait(0)
        head = careful.server:wait(0.01)[1]
      until head
      impatient:cancel(id)
      impatient:wait(0)
      head:accept()
      for _ = 1, 3 do assert.same({}, careful.server:wait(0.01)) end
      assert.equal(204, careful:one { path = "/" }.status)
      local waiting = core.http.multi()
      waiting:add { url = careful.base .. "/", method = "PUT", body = ("x"):rep(100000) }
      repeat
        waiting:wait(0)
        head = careful.server:wait(0.01)[1]
      until head
      careful.server:close()
      assert.same({ nil, "closed" }, { (head:reply {}), select(3, head:reply {}) })
      waiting:close()
    end)

    it("is refused with 413 when its body is too large", function()
      local seen = 0
      local r = w:all({
        { path = "/", method = "PUT", body = ("x"):rep(100000) },
        { path = "/", method = "PUT", body = ("x"):rep(100001) },
        { path = "/", method = "PUT", body = ("x"):rep(20000000) },
        { path = "/", method = "PUT", body = ("x"):rep(100001), headers = { Expect = "100-continue" } },
      }, function(q)
        seen = seen + 1
        q:reply {}
      end)
      assert.same({ 200, 413, 413, 413, 1 }, { r[1].status, r[2].status, r[3].status, r[4].status, seen })
      assert.equal(200, w:one({ path = "/" }, function(q) q:reply {} end).status)
    end)

    it("may have a larger body below the path for that, and nothing of one that is announced too large is kept", function()
      local wide = web.new { spool_dir = folder, spool_above = 1000, max_body = 5000, wide_path = "/wide", wide_body = 50000 }
      local function look(q) q:reply {} end
      for path, size in pairs { ["/wide/x"] = 50000, ["/"] = 5000, ["/x/wide"] = 5000 } do
        local r = wide:all({ { path = path, method = "PUT", body = ("x"):rep(size) },
          { path = path, method = "PUT", body = ("x"):rep(size + 1) } }, look)
        assert.same({ 200, 413 }, { r[1].status, r[2].status }, path)
      end
      program.remove(folder)   -- who tried to keep it would find no room
      assert.equal(413, wide:one({ path = "/", method = "PUT", body = ("x"):rep(5001) }, look).status)
      wide:close()
    end)

    it("is refused with 431 when it has too many headers, with 507 when there is no room", function()
      local headers = {}
      for i = 1, 130 do headers["X-" .. i] = "1" end
      local function never() error "it was seen" end
      assert.equal(431, w:one({ path = "/", headers = headers }, never).status)
      assert.equal(431, w:one({ path = "/", headers = { a = ("x"):rep(70000) } }, never).status)
      program.remove(folder)
      assert.equal(507, w:one({ path = "/", method = "PUT", body = ("x"):rep(5000) }, never).status)
    end)

    it("is told to go on when it asks (Expect: 100-continue)", function()
      local r = w:one({ path = "/", method = "PUT", body = "abc", headers = { Expect = "100-continue" } }, function(q)
        q:reply { body = q:body() }
      end)
      assert.equal("abc", r.body)
    end)
  end)

  describe("reply", function()
    local function get(reply, method)
      return w:one({ path = "/", method = method }, function(q) assert(q:reply(reply)) end)
    end

    it("sends text, a file or a slice of one", function()
      local file <close> = io.open(folder .. "/f", "wb")
      file:write "0123456789"
      file:close()
      assert.same({ 200, "text" }, { get { body = "text" }.status, get({ body = "text" }).body })
      assert.equal("0123456789", get { path = folder .. "/f" }.body)
      assert.equal("6789", get { path = folder .. "/f", offset = 6 }.body)
      assert.equal("345", get { path = folder .. "/f", offset = 3, length = 3 }.body)
      assert.equal("", get { path = folder .. "/f", offset = 10 }.body)
    end)

    it("sends a HEAD no body but the length of it", function()
      local r = get({ body = "12345", headers = { ETag = '"e"' } }, "HEAD")
      assert.same({ "5", "", '"e"' }, { r.headers["content-length"], r.body, r.headers.etag })
      assert.equal("123456789012", get({ length = 123456789012 }, "HEAD").headers["content-length"])
    end)

    it("comes in any order and at any time", function()
      local held, requests = {}, {}
      for i = 1, 8 do requests[i] = { path = "/" .. i } end
      local results = w:all(requests, function(q)
        table.insert(held, 1, q)
        if #held < 8 then return end
        for _, one in ipairs(held) do one:reply { body = one:path() } end
      end)
      for i, r in ipairs(results) do assert.equal("/" .. i, r.body) end
    end)

    it("is refused when there was one, or when it can't be sent", function()
      w:one({ path = "/" }, function(q)
        assert.same({ nil, "missing" }, { q:reply { path = folder .. "/none" }, select(3, q:reply { path = folder .. "/none" }) })
        assert.equal("io", select(3, q:reply { path = folder }))
        for _, case in ipairs {
          { { status = 99 }, "bad status" }, { { body = "", path = "x" }, "more than one" }, { { length = 4 }, "without a path" },
          { { headers = { ["a b"] = "c" } }, "bad header" }, { { headers = { a = "b\r\nc: d" } }, "bad header" },
          { { headers = { a = 1 } }, "are strings" }, { { code = 200 }, "unknown field" },
        } do
          local ok, message = pcall(q.reply, q, case[1])
          assert.is_false(ok)
          assert.matches(case[2], message, 1, true)
        end
        assert.is_true(q:reply { status = 202 })
        assert.same({ nil, "the request was answered already", "conflict" }, { q:reply {} })
        assert.equal("conflict", select(3, q:drop()))
      end)
    end)

    it("that is cut announces all, sends a part and closes", function()
      local file <close> = io.open(folder .. "/f", "wb")
      file:write(("f"):rep(500000))
      file:close()
      for _, cut in ipairs { 0, 1, 300000 } do
        for _, reply in ipairs { { body = ("b"):rep(500000) }, { path = folder .. "/f" } } do
          reply.cut = cut
          local r = get(reply)
          assert.same({ "closed", 200, cut, "500000" }, { r.code, r.status, r.size, r.headers["content-length"] })
        end
      end
      assert.equal(1, w:one({ path = "/" }).connects)
    end)
  end)

  it("drops a connection with a reset", function()
    local r = w:one({ path = "/", once = true }, function(q) assert.is_true(q:drop()) end)
    assert.equal("closed", r.code)
    assert.matches("reset", r.error)
    assert.equal(1, w:one({ path = "/" }).connects)
  end)

  it("answers 500 for a request that was collected or closed unanswered", function()
    assert.equal(500, w:one({ path = "/" }, function(q) q:close() end).status)
    w.multi:add { url = w.base .. "/" }
    local count, ended = 0
    repeat
      ended = w:turn(function() count = count + 1 end)
      collectgarbage()
    until ended[1]
    assert.same({ 500, 1 }, { ended[1].status, count })
  end)

  it("closes with requests at every stage, which can still be read", function()
    local held = {}
    for i = 1, 6 do w.multi:add { url = w.base .. "/" .. i, method = "PUT", body = ("x"):rep(i * 400) } end
    repeat w:turn(function(q) held[#held + 1] = q end) until #held == 6
    w.multi:add { url = w.base .. "/unseen", method = "PUT", body = ("x"):rep(90000) }
    for _ = 1, 5 do w.multi:wait(0.01) end
    held[1]:reply {}
    w.server:close()
    w.server:close()
    assert.has_error(function() w.server:wait(0) end, "calling 'wait' on bad self (the server is closed)")
    for i, q in ipairs(held) do
      assert.equal("PUT", q:method())
      assert.equal(64, #q:body_sha256())
      assert.equal(i == 1 and "conflict" or "closed", select(3, q:reply {}))
    end
    held = nil
    collectgarbage()
    assert.equal(0, files())
    while w.multi:active() > 0 do
      for _, r in ipairs(w.multi:wait(1)) do assert.equal("closed", r.code) end
    end
  end)

  it("survives being collected with requests that live on", function()
    local function abandon()
      local held
      local one = web.new { spool_dir = folder, spool_above = 10 }
      for _ = 1, 4 do one.multi:add { url = one.base .. "/", method = "POST", body = ("x"):rep(100) } end
      repeat one:turn(function(q) held = q end) until held
      return held
    end
    for _ = 1, 5 do
      local held = abandon()
      collectgarbage()
      collectgarbage()
      assert.equal(100, held:body_size())
      assert.same({ nil, "closed" }, { held:reply {}, select(3, held:reply {}) })
    end
    collectgarbage()
    assert.equal(0, files())
  end)

  it("keeps requests from an aggressive collector", function()
    local function many()
      local requests = {}
      for i = 1, 60 do requests[i] = { path = "/" .. i, method = "PUT", body = ("x"):rep(i * 40) } end
      for i, r in ipairs(w:all(requests, function(q) q:reply { body = q:path() .. " " .. q:body_size() } end)) do
        assert.equal(("/%d %d"):format(i, i * 40), r.body)
      end
    end
    collectgarbage "generational"
    many()
    collectgarbage("incremental", 1, 1000)
    many()
    collectgarbage("incremental", 200, 100)
    collectgarbage()
    assert.equal(0, files())
  end)

  it("lets more connections wait than it takes at once", function()
    local few <close> = web.new { max_connections = 2 }
    local held, ended = {}, 0
    for _ = 1, 6 do few.multi:add { url = few.base .. "/", headers = { Connection = "close" } } end
    local function hold(q) held[#held + 1] = q end
    repeat few:turn(hold) until #held >= 2
    few:turn(hold)
    assert.equal(2, #held)
    while ended < 6 do
      for _, q in ipairs(held) do q:reply {} end
      held = {}
      for _, r in ipairs(few:turn(hold)) do
        assert.equal(200, r.status)
        ended = ended + 1
      end
      assert.is_true(#held <= 2)
    end
  end)

  it("wakes who polls its descriptor when an answer was given", function()
    local id = w.multi:add { url = w.base .. "/", timeout = 2 }
    local held
    repeat w:turn(function(q) held = q end) until held
    w.server:wait(0)
    w.multi:wait(0, w.server:fd())
    held:reply { status = 204 }
    local r
    repeat
      r = w.multi:wait(600, w.server:fd())[1]   -- the request gives up long before
      w.server:wait(0)
    until r
    assert.same({ id, 204 }, { r.id, r.status })
  end)

  it("serves a kept connection many times", function()
    for i = 1, 300 do
      local r = w:one({ path = "/" .. i }, function(q) q:reply { body = q:path() } end)
      assert.same({ "/" .. i, i == 1 and 1 or 0 }, { r.body, r.connects })
    end
  end)
end)
