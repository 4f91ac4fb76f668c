-- almanac recipe add from the web: what comes is a recipe, whole, and on the way
-- nobody could change it.
local core = require "almanac.core"
local fetch = require "almanac.recipe.share.fetch"
local pack = require "almanac.recipe.share.pack"
local parcels = require "almanac.recipe.share.parcel"
local shared = require "support.shared"
local task = require "almanac.task"
local tls = require "support.tls"

describe("a recipe from the web", function()
  local server, multi

  setup(function()
    server, multi = tls.start(), core.http.multi
    core.http.multi = function(options)     -- trusts the certificate of the spec in place of the system's
      options = options or {}
      options.ca_file = server.ca_file
      return multi(options)
    end
  end)
  teardown(function()
    core.http.multi = multi
    server:close()
  end)

  -- What fetch gives for an address of a server that answers so, or for one that leads there.
  local function got(path, handler, address_at)
    local http = assert(core.serve.listen())
    local base = "http://127.0.0.1:" .. http:port()
    local parcel, message, code
    task.run(function()
      local serving = task.spawn(task.serve, http, function(request) handler(request, base) end)
      local address = address_at and address_at(base) or base:gsub("//", "//ann:secret@") .. path
      parcel, message, code = fetch.get(address)
      task.unserve(http)
      serving:await()
    end)
    http:close()
    return parcel, message, code, base
  end

  it("comes with the address, without the user's name and password, and a note that http is open", function()
    local parcel, _, _, base = got("/scans.lua", function(request) request:reply { body = shared.recipe() } end)
    assert.equal(shared.recipe(), parcels.text(assert(parcel), "recipe.lua"))
    assert.equal(base .. "/scans.lua", parcel.from)
    assert.matches("anybody on the way", parcel.notes[1])
  end)

  it("is followed over three redirects, not more, and is told by its status otherwise", function()
    local function from(n)
      return got("/" .. n, function(request, base)
        local left = tonumber(request:path():sub(2))
        if left == 0 then return request:reply { body = shared.recipe() } end
        request:reply { status = 302, headers = { Location = ("%s/%d"):format(base, left - 1) } }
      end)
    end
    assert.truthy(from(3))
    local parcel, message = from(4)
    assert.is_nil(parcel)
    assert.matches("redirect", message)
    local _, words, code = got("/none", function(request) request:reply { status = 404, body = "no" } end)
    assert.equal("missing", code)
    assert.matches("the server answered 404", words)
    assert.is_nil(words:find("secret", 1, true))
  end)

  it("is given up when redirects go round", function()
    local asked = 0
    local parcel, message, code = got("/x", function(request, base)
      asked = asked + 1
      request:reply { status = 302, headers = { Location = base .. "/x" } }
    end)
    assert.is_nil(parcel)
    assert.matches("redirect", message)
    assert.equal("limit", code)
    assert.equal(4, asked)
  end)

  it("is refused when a page comes in its place, or nothing, or half of it", function()
    local function refused(pattern, reply)
      local parcel, message = got("/scans.lua", function(request) request:reply(reply) end)
      assert.is_nil(parcel)
      assert.matches(pattern, message)
      assert.is_nil(message:find("secret", 1, true))
    end
    refused("is no recipe and no packed one; it is a web page: give the address of the file, or of a git repository",
      { body = "\n<!DOCTYPE html><title>scans.lua</title>" .. shared.recipe() })
    refused("is no recipe and no packed one", { body = "" })
    refused("is no recipe and no packed one", { body = "\x7FELF" .. ("\0"):rep(1000) })
    refused("the server answered 204", { status = 204 })
    refused("127.0.0.1:%d+: .*closed", { body = shared.recipe(), cut = 100 })
    local text = pack.encode { files = { { path = "recipe.lua", text = shared.recipe() } } }
    refused("the pack is cut or was changed", { body = text:sub(1, -30) })
  end)

  it("is refused when it is longer than a recipe can be", function()
    local parcel, _, code = got("/x", function(request) request:reply { body = ("x"):rep((parcels.largest * 3 // 2) + 1) } end)
    assert.is_nil(parcel)
    assert.equal("limit", code)
  end)

  describe("by https", function()
    it("comes without a note, over redirects that stay", function()
      server:answer("scans.lua", "200 OK", {}, shared.recipe())
      server:answer("moved", "302 Found", { Location = "/scans.lua" })
      for _, path in ipairs { "/scans.lua", "/moved" } do
        local parcel = assert(fetch.get(server.base .. path))
        assert.equal(shared.recipe(), parcels.text(parcel, "recipe.lua"))
        assert.same({}, parcel.notes)
        assert.equal(server.base .. path, parcel.from)
      end
    end)

    it("is refused when it leads to http, also on the way back to https; nobody there is asked", function()
      server:answer("scans.lua", "200 OK", {}, shared.recipe())
      local asked = 0
      local function handler(request)
        asked = asked + 1
        if request:path() == "/back" then
          return request:reply { status = 302, headers = { Location = server.base .. "/scans.lua" } }
        end
        request:reply { body = shared.recipe() }
      end
      for _, path in ipairs { "/scans.lua", "/back" } do
        local parcel, message, code = got(path, handler, function(base)
          server:answer("open", "302 Found", { Location = base .. path })
          return server.base .. "/open"
        end)
        assert.is_nil(parcel)
        assert.matches("leads away from https", message, 1, true)
        assert.equal("tls", code)
      end
      assert.equal(0, asked)
    end)

    it("is refused from a server that nobody vouches for", function()
      local other <close> = tls.start()
      other:answer("scans.lua", "200 OK", {}, shared.recipe())
      local parcel, message, code = fetch.get(other.base .. "/scans.lua")
      assert.is_nil(parcel)
      assert.equal("tls", code)
      assert.matches("certificate", message)
    end)

    it("is refused when it is cut on the way", function()
      server:answer("cut", "200 OK", { ["Content-Length"] = #shared.recipe() + 1 }, shared.recipe())
      local parcel, message = fetch.get(server.base .. "/cut")
      assert.is_nil(parcel)
      assert.matches("^https://127.0.0.1:%d+/cut: .*closed", message)
    end)
  end)
end)
