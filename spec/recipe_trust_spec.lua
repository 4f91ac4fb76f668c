-- Whose certificates are trusted when a recipe comes by https, by curl and by git: a real
-- server with a certificate of its own.
local program = require "support.program"
local shared = require "support.shared"
local tls = require "support.tls"

describe("a recipe from a server whose certificate nobody here signed", function()
  local server, desk

  setup(function()
    server = tls.start()
    server:answer("scans.lua", "200 OK", { ["Content-Type"] = "text/plain" }, shared.recipe())
  end)
  teardown(function() server:close() end)
  before_each(function() desk = shared.desk() end)
  after_each(function() desk.remove() end)

  local NOT_TRUSTED = "certificate.*ca_file in almanac%.conf%.lua, SSL_CERT_FILE or CURL_CA_BUNDLE"

  local function run(env, ...)
    local all = { HOME = desk.folder, XDG_CONFIG_HOME = false, ALMANAC_RECIPES = false, ALMANAC_PROFILE = false, SSL_CERT_FILE = false,
      SSL_CERT_DIR = false, CURL_CA_BUNDLE = false, GIT_SSL_CAINFO = false, GIT_SSL_CAPATH = false, GIT_CONFIG_NOSYSTEM = "1",
      GIT_CONFIG_GLOBAL = false, https_proxy = false, HTTPS_PROXY = false, all_proxy = false, ALL_PROXY = false }
    for name, value in pairs(env) do all[name] = value end
    return program.run({ ... }, { folder = desk.folder, env = all })
  end

  local function add(name, env) return run(env or {}, "recipe", "add", server.base .. "/" .. name, "--yes") end

  -- git finds no repository on that server, once it has trusted it.
  local function trusts(env)
    local web, git = add("scans.lua", env), add("r.git", env)
    assert.equal(1, git.status)
    local trusted = not git.err:find "certificate"
    assert.equal(trusted, web.status == 0, web.err .. git.err)
    if not trusted then
      assert.matches(NOT_TRUSTED, web.err)
      assert.matches(NOT_TRUSTED, git.err)
    end
    program.remove(desk.folder .. "/recipes")
    return trusted
  end

  local function configure(folder, ca_file)
    program.write(desk.folder .. "/" .. folder .. "almanac.conf.lua",
      ("return { default = 'p', profiles = { p = { ca_file = %q } } }"):format(ca_file))
  end

  it("is not taken, and it is said what names the certificates to trust", function()
    assert.is_false(trusts())
  end)

  it("is taken where the environment names the certificate", function()
    for _, name in ipairs { "SSL_CERT_FILE", "CURL_CA_BUNDLE" } do assert.is_true(trusts { [name] = server.ca_file }, name) end
  end)

  it("is taken where the user's configuration does, whatever the environment does", function()
    configure(".config/almanac/", server.ca_file)
    assert.is_true(trusts())
    assert.is_true(trusts { SSL_CERT_FILE = "/nowhere.pem" })
    assert.equal(0, add("scans.lua").status)
    assert.equal(0, run({}, "recipe", "update", "scans", "--yes").status)
    configure(".config/almanac/", "/nowhere/ca.pem")
    assert.matches("ca_file of profile 'p' in almanac%.conf%.lua: there is no file /nowhere/ca%.pem", add("scans.lua").err)
  end)

  it("is taken where the configuration of the folder does once that is allowed: it may be anybody's", function()
    configure("", server.ca_file)
    assert.matches("says whose certificates are trusted %(ca_file%), which is not followed here: look at it, then say `almanac allow`",
      add("scans.lua").err)
    assert.is_false(trusts())
    assert.equal("almanac.conf.lua may say whose certificates are trusted (profile p), until the file is changed\n",
      run({}, "allow").out)
    assert.is_true(trusts())
  end)

  it("comes by git with the certificate that git itself was told of", function()
    program.write(desk.folder .. "/.gitconfig", "[http]\n\tsslCAInfo = " .. server.ca_file .. "\n")
    assert.is_nil(add("r.git", { SSL_CERT_FILE = "/nowhere.pem" }).err:find("certificate", 1, true))
    os.remove(desk.folder .. "/.gitconfig")
    assert.is_nil(add("r.git", { SSL_CERT_FILE = "/nowhere.pem", GIT_SSL_CAINFO = server.ca_file }).err:find("certificate", 1, true))
  end)
end)
