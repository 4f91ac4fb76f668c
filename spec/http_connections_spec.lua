local core = require "almanac.core"
local program = require "support.program"
local web = require "support.web"

describe("core.http, on its connections,", function()
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
      -- A server without TLS answers in plain text or breaks off, whichever comes first.
      local without_tls = table.remove(codes, 3)
      assert.is_true(without_tls == "tls" or without_tls == "connect", without_tls)
      assert.same({ "connect", "timeout", "connect", "parse", "parse" }, codes)
      assert.matches("^127.0.0.1:" .. port .. ": ", r[1].error)
    end)

    it("does not say so when the server never answers", function()
      local idle <close> = assert(core.serve.listen())
      local url = "http://127.0.0.1:" .. idle:port() .. "/"
      local r = w:all { { url = url, stall_timeout = 0.5 }, { url = url, timeout = 0.3 } }
      for i = 1, 2 do assert.same({ "timeout", nil, 1 }, { r[i].code, r[i].unsent, r[i].sent }) end
    end)

    it("gives up when nothing comes any more, and only then", function()
      local held
      local r = w:all({ { path = "/a", stall_timeout = 1, timeout = 20 }, { path = "/b" } }, function(q)
        if q:path() == "/b" then q:reply {} else held = q end
      end)
      held:close()
      assert.same({ "timeout", 200 }, { r[1].code, r[2].status })
      assert.matches("too slow", r[1].error)
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
      program.write(folder .. "/f", ("x"):rep(300000))
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
      assert.has_error(function() w.multi:wait(0) end, "calling 'wait' on bad self (the multi handle is closed)")
      local list <close> = assert(io.popen("ls " .. folder .. " | grep -c part"))
      assert.equal("0\n", list:read "a")
    end)

    it("survives being collected", function()
      local function abandon()
        local multi = core.http.multi()
        for _ = 1, 4 do multi:add { url = w.base .. "/", method = "POST", body = "x" } end
        multi:wait(0)
      end
      for _ = 1, 10 do
        abandon()
        collectgarbage()
      end
      assert.equal(204, w:one({ path = "/" }).status)
    end)

    it("keeps its requests from an aggressive collector", function()
      program.write(folder .. "/f", ("f"):rep(70000))
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
