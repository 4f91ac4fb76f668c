-- Networks as libraries have them: proxies that want a login, filters that sign
-- anew what they let through. The environment is a process's own, so each case
-- is a run of the program.
local desk = require "support.desk"
local program = require "support.program"
local proxies = require "support.proxy"
local tls = require "support.tls"

local SECRET = "h5dden-pa55word"
local NONE = { http_proxy = false, https_proxy = false, HTTPS_PROXY = false, all_proxy = false, ALL_PROXY = false,
  no_proxy = false, NO_PROXY = false, SSL_CERT_FILE = false, SSL_CERT_DIR = false, CURL_CA_BUNDLE = false }

local at = desk.each(before_each, after_each)

local function with(...)
  local env = {}
  for _, set in ipairs { NONE, ... } do
    for name, value in pairs(set) do env[name] = value end
  end
  return env
end

local function settings(url, ...)
  return with(desk.environment({ url = url, key = "l8xxSpec" }, at.folder), ...)
end

-- Proxies with a name and password in front of their address, as people have them.
local function with_login(proxy) return (proxy.url:gsub("//", "//library:" .. SECRET .. "@")) end

describe("a proxy in the environment", function()
  it("is not asked for what is on this machine", function()
    at.start(desk.single(1))
    local nobody = "http://127.0.0.1:9"
    for _, env in ipairs { { http_proxy = nobody, https_proxy = nobody, all_proxy = nobody }, { all_proxy = nobody },
      { http_proxy = nobody, no_proxy = "library.example" }, { http_proxy = nobody, NO_PROXY = "*" } } do
      at.env = settings(at.alma.url, { ALMA_API_KEY = at.alma.key }, env)
      os.execute("rm -f " .. program.quote(at.folder) .. "/a.run*")
      local result = at.plan()
      assert.equal(0, result.status, result.err)
    end
    at.env = settings(at.alma.url:gsub("127%.0%.0%.1", "localhost"), { ALMA_API_KEY = at.alma.key, http_proxy = nobody })
    assert.equal(0, at.almanac("apply", "a.run", "--settle", "0").status)
  end)

  it("is asked for all else, also for names that begin like this machine's", function()
    local proxy <close> = proxies.start(403)
    for _, host in ipairs { "alma.example", "127.0.0.1.example", "localhost.example" } do
      local before = proxy.calls()
      at.env = settings("https://" .. host, { https_proxy = proxy.url })
      assert.equal(1, at.almanac("plan", "by-mms-id", "--folder", ".", "--set", "1", "-o", "a.run").status)
      assert.equal(before + 1, proxy.calls(), host)
    end
  end)

  it("is told at its first answer when it wants a login", function()
    local proxy <close> = proxies.start(407)
    at.env = settings("https://alma.example", { https_proxy = with_login(proxy) })
    local result = at.almanac("plan", "by-mms-id", "--folder", ".", "--set", "1", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("alma%.example: the proxy at 127%.0%.0%.1:%d+ wants a user and password %(407%): set https_proxy=", result.err)
    assert.is_nil(result.err:find(SECRET, 1, true))
    assert.equal(1, proxy.calls())
    result = at.almanac("doctor")
    local _, wrong = result.out:gsub("\nBAD ", "")
    assert.same({ 1, 2 }, { wrong, proxy.calls() }, result.out)
  end)

  it("that wants a login has let nothing through, by http as well", function()
    local proxy <close> = proxies.start(407)
    program.write(at.folder .. "/ask.lua", [[
      local result = require "almanac.task".fetch { method = "POST", url = "http://bucket.example/", body = "x" }
      print(result.code, result.unsent, result.error)]])
    local result = program.run({ "exec", "ask.lua" }, { folder = at.folder, env = with { http_proxy = with_login(proxy) } })
    assert.matches("^tls\ttrue\tbucket%.example: the proxy at [%d.:]+ wants a user and password", result.out)
    assert.is_nil(result.out:find(SECRET, 1, true))
    assert.equal(1, proxy.calls())
  end)

  it("is told at its first answer when it lets nothing through", function()
    local proxy <close> = proxies.start(403)
    at.env = settings("https://alma.example", { https_proxy = proxy.url })
    local result = at.almanac("plan", "by-mms-id", "--folder", ".", "--set", "1", "-o", "a.run")
    assert.matches("the proxy at 127%.0%.0%.1:%d+ does not let it through %(403%)", result.err)
    assert.equal(1, proxy.calls())
  end)
end)

describe("a certificate", function()
  local server
  before_each(function()
    server = tls.start()
    server:answer("almaws/v1/conf/general?expand=ingest_form", "200 OK", { ["Content-Type"] = "application/json" },
      '{"institution":{"value":"01SPEC_INST"},"environment_type":"SANDBOX"}')
  end)
  after_each(function() server:close() end)

  -- openssl's server has one connection at a time, so one call is made as all commands make it.
  local ASK = [[
    local connect, settings = require "almanac.run.connect", require "almanac.cli.settings"
    local found, message = settings.load {}
    local general
    if found then general, message = connect.general(connect.alma(found)) end
    print(general and general.institution or message)]]

  local function ask(env)
    program.write(at.folder .. "/ask.lua", ASK)
    return program.run({ "exec", "ask.lua" }, { folder = at.folder, env = settings(server.base, env or {}) }).out
  end

  it("that nobody here signed is told once, with what to do", function()
    local result = program.run({ "doctor" }, { folder = at.folder, env = settings(server.base) })
    local _, wrong = result.out:gsub("\nBAD ", "")
    assert.equal(1, wrong, result.out)
    assert.matches("certificate.*its certificate is to be trusted: ca_file in almanac%.conf%.lua, SSL_CERT_FILE or CURL_CA_BUNDLE\n",
      result.out)
  end)

  it("is trusted where the environment names it", function()
    for _, name in ipairs { "SSL_CERT_FILE", "CURL_CA_BUNDLE" } do
      assert.equal("01SPEC_INST\n", ask { [name] = server.ca_file }, name)
    end
    os.execute("openssl rehash " .. program.quote(server.folder) .. " 2>/dev/null")
    assert.equal("01SPEC_INST\n", ask { SSL_CERT_DIR = server.folder })
  end)

  local function configure(ca_file)
    program.write(at.folder .. "/.config/almanac/almanac.conf.lua",
      ("return { default = 'p', profiles = { p = { ca_file = %q } } }"):format(ca_file))
  end

  it("is trusted where the configuration names it, whatever the environment does", function()
    configure(server.ca_file)
    assert.equal("01SPEC_INST\n", ask { SSL_CERT_FILE = "/nowhere.pem" })
  end)

  it("that is named but not there is told with its path", function()
    configure "/nowhere/ca.pem"
    assert.matches("ca_file of profile 'p' in almanac%.conf%.lua: there is no file /nowhere/ca%.pem", ask())
    program.remove(at.folder .. "/.config")
    assert.matches("/nowhere/env%.pem.*the certificates to trust are named by ca_file", ask { SSL_CERT_FILE = "/nowhere/env.pem" })
  end)
end)
