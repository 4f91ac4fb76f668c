-- Settings that guard: files that others can read, keys from a command, the
-- institution that a profile is for.
local program = require "support.program"
local rehearsal = require "support.rehearsal"

describe("settings", function()
  local folder, alma

  setup(function() alma = rehearsal.start { memory = true, args = { "--rate", "200" } } end)
  teardown(function() alma.stop() end)
  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local ENV = { XDG_CONFIG_HOME = false, ALMA_API_KEY = false, ALMANAC_API_URL = false, ALMANAC_PROFILE = false,
    AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false, AWS_PROFILE = false, ALMANAC_S3_URL = false }

  local function almanac(env, ...)
    local all = { HOME = folder }
    for name, value in pairs(ENV) do all[name] = value end
    for name, value in pairs(env) do all[name] = value end
    return program.run({ ... }, { folder = folder, env = all })
  end

  local function doctor(profile, mode, env)
    local path = folder .. "/almanac.conf.lua"
    program.write(path, ('return { default = "here", profiles = { here = { url = %q, %s } } }\n'):format(alma.url, profile))
    os.execute(("chmod %s %s"):format(mode or "600", path))
    return almanac(env or {}, "doctor")
  end

  it("warn, once, of a key in a file that everybody can read", function()
    local result = doctor('key = "rehearsal-key"', "644")
    assert.equal(0, result.status, result.out .. result.err)
    local _, warnings = result.err:gsub("chmod 600", "")
    assert.equal(1, warnings)
    assert.not_matches("rehearsal%-key", result.err .. result.out)
    assert.matches("chmod 600", doctor('s3 = { secret_key = "x" }, key = "rehearsal-key"', "604").err)
    assert.matches("chmod 600", doctor('key = "rehearsal-key"', "640").err)
    assert.matches("other users can change it: chmod 600", doctor('key = "rehearsal-key"', "620").err)
  end)

  it("do not warn of one that only its owner reads, nor of one without a key", function()
    assert.not_matches("chmod", doctor('key = "rehearsal-key"').err)
    assert.not_matches("chmod", doctor('api_key_command = "echo rehearsal-key"', "644").err)
  end)

  it("refuse a file with a key, or a way for one, that everybody can write", function()
    for _, profile in ipairs { 'key = "rehearsal-key"', 'api_key_command = "echo rehearsal-key"' } do
      local result = doctor(profile, "602")
      assert.equal(1, result.status)
      assert.matches("BAD   almanac.conf.lua holds a secret key and every user of this computer can change it", result.out)
    end
  end)

  it("warn of AWS keys in a file that others can read, and refuse one that all can write", function()
    program.write(folder .. "/.aws/credentials", ("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n"):format(
      alma.access_key, alma.secret_key))
    os.execute("chmod 602 " .. folder .. "/.aws/credentials")
    local result = doctor 'key = "rehearsal-key"'
    assert.equal(1, result.status)
    assert.matches("BAD   [^\n]*/.aws/credentials holds a secret key and every user", result.out)
    os.execute("chmod 640 " .. folder .. "/.aws/credentials")
    result = doctor 'key = "rehearsal-key"'
    assert.equal(0, result.status, result.out)
    assert.matches("/.aws/credentials holds a secret key and other users can read it", result.err)
  end)

  it("take the key from a command", function()
    doctor 'api_key_command = "echo rehearsal-key"'
    assert.equal(0, almanac({}, "allow").status)
    local result = almanac({}, "doctor")
    assert.equal(0, result.status, result.out .. result.err)
    doctor 'api_key_command = "true"'
    assert.equal(0, almanac({}, "allow").status)
    assert.matches("printed no API key", almanac({}, "doctor").out)
  end)

  it("of a folder run no command that nobody allowed, nor one of a file that changed since", function()
    local command = 'api_key_command = "touch ran; echo rehearsal-key"'
    local function ran()
      return os.remove(folder .. "/ran") == true
    end
    local result = doctor(command)
    assert.equal(1, result.status)
    assert.matches("BAD   almanac.conf.lua of this folder runs a command for the API key %(touch …%), which nobody allowed: " ..
      "look at it, then say `almanac allow`", result.out)
    assert.is_false(ran())
    assert.equal(0, almanac({}, "allow").status)
    assert.equal(0, almanac({}, "doctor").status)
    assert.is_true(ran())
    assert.equal(0, doctor(command).status)   -- written again as it was
    assert.is_true(ran())
    assert.equal(1, doctor(command .. ", rate = 19").status)
    assert.is_false(ran())
    os.execute(("mkdir %s/other && cp %s/almanac.conf.lua %s/other"):format(folder, folder, folder))
    assert.equal(0, almanac({}, "allow").status)
    local env = { HOME = folder }
    for name, value in pairs(ENV) do env[name] = value end
    assert.equal(1, program.run({ "doctor" }, { folder = folder .. "/other", env = env }).status)
  end)

  it("ask for a command of a folder on a terminal, once", function()
    if not os.execute "script -qec true /dev/null >/dev/null 2>&1" then
      return pending "this system gives no terminal"
    end
    doctor 'api_key_command = "echo rehearsal-key"'
    local function on_terminal(typed)
      local line = ("cd %s && printf '%s\\n' | env -u XDG_CONFIG_HOME -u ALMA_API_KEY -u ALMANAC_API_URL HOME=%s " ..
        "script -qec '%s doctor' /dev/null >seen 2>&1"):format(folder, typed, folder, program.path())
      return select(3, os.execute(line)), program.read(folder .. "/seen")
    end
    local status, seen = on_terminal "no"
    assert.equal(1, status, seen)
    assert.matches("Run it, now and as long as the file stays as it is%? %(yes/no%)", seen)
    assert.equal(0, on_terminal "yes")
    assert.equal(0, almanac({}, "doctor").status)
  end)

  it("of the user may run a command, and a key in the environment runs none", function()
    local text = ('return { default = "p", profiles = { p = { url = %q, api_key_command = "touch ran; echo rehearsal-key" } } }')
      :format(alma.url)
    program.write(folder .. "/.config/almanac/almanac.conf.lua", text)
    assert.equal(0, almanac({}, "doctor").status)
    assert.is_true(os.remove(folder .. "/ran"))
    assert.equal(0, almanac({ ALMA_API_KEY = "rehearsal-key" }, "doctor").status)
    assert.is_nil(os.remove(folder .. "/ran"))
  end)

  it("of a folder do not say where a key from elsewhere goes", function()
    local result = doctor('rate = 20', "600", { ALMA_API_KEY = "rehearsal-key" })
    assert.equal(1, result.status)
    assert.matches("BAD   almanac.conf.lua of this folder says where the API key goes %(url%), but the key is not in that file", result.out)
    assert.equal(0, doctor('rate = 20', "600", { ALMA_API_KEY = "rehearsal-key", ALMANAC_API_URL = alma.url }).status)
    result = doctor('key = "rehearsal-key", s3 = { endpoint = "https://s3.example.org" }', "600")
    assert.equal(1, result.status)
    assert.matches("says where what AWS keys sign goes %(endpoint%)", result.out)
  end)

  it("of a folder that name the server have no AWS keys from elsewhere sent there", function()
    program.write(folder .. "/almanac.conf.lua",
      'return { default = "p", profiles = { p = { url = "https://alma.example.org", key = "k" } } }')
    os.execute("chmod 600 " .. folder .. "/almanac.conf.lua")
    program.write(folder .. "/s.lua", [[
      local connect = require "almanac.run.connect"
      local settings = assert(require("almanac.cli.settings").load {})
      print(connect.storage({}, { digital = { bucket = "b", ingest_url = "https://alma.example.org/b" } }, settings))]])
    local keys = { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "S" }
    assert.matches("^nil\t.*AWS keys are not in that file", almanac(keys, "exec", "s.lua").out)
    keys.ALMANAC_API_URL = "https://alma.example.org"
    assert.matches("^table", almanac(keys, "exec", "s.lua").out)
  end)

  it("of a folder do not say whose certificates are trusted for keys from elsewhere", function()
    program.write(folder .. "/ca.pem", "none\n")
    local result = doctor('ca_file = "ca.pem"', "600", { ALMA_API_KEY = "rehearsal-key", ALMANAC_API_URL = alma.url })
    assert.equal(1, result.status)
    assert.matches("BAD   almanac.conf.lua of this folder says whose certificates are trusted %(ca_file%), but the API key is not in",
      result.out)
    assert.not_matches("says whose", doctor('ca_file = "ca.pem", key = "rehearsal-key"').out)
    program.write(folder .. "/s.lua", [[
      local connect = require "almanac.run.connect"
      local settings = assert(require("almanac.cli.settings").load {})
      print(connect.storage({}, { digital = { bucket = "b", ingest_url = "https://s3.amazonaws.com/b" } }, settings))]])
    local keys = { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "S" }
    assert.matches("^nil\t.*%(ca_file%), but the AWS keys are not in that file", almanac(keys, "exec", "s.lua").out)
    doctor('ca_file = "ca.pem", key = "rehearsal-key", s3 = { access_key = "A", secret_key = "S" }')
    assert.matches("^table", almanac({}, "exec", "s.lua").out)
    program.write(folder .. "/.config/almanac/almanac.conf.lua",
      ("return { default = 'p', profiles = { p = { url = %q, ca_file = %q } } }"):format(alma.url, folder .. "/ca.pem"))
    os.remove(folder .. "/almanac.conf.lua")
    assert.matches("^table", almanac({ ALMA_API_KEY = "rehearsal-key", AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "S" },
      "exec", "s.lua").out)
  end)

  it("send a key by https alone, and by http to this machine", function()
    for url, words in pairs {
      ["http://api.example.org"] = "by http anybody", ["http://127.0.0.1.example.org"] = "by http anybody",
      ["http://localhost.example.org:80"] = "by http anybody", ["http://10.0.0.1"] = "by http anybody",
      ["http://127.0.0.1@example.org"] = "user name or password", ["https://me:pa55word@example.org"] = "user name or password",
      ["HTTP://example.org"] = "by http anybody", ["ftp://example.org"] = "no http",
      ["http://127.0.0.1\\@example.org"] = "no http", ["http://localhost\\.example.org"] = "no http",
      ["http://127.0.0.1\t@example.org"] = "no http", ["http://127.999.0.1"] = "by http anybody",
    } do
      local result = almanac({ ALMA_API_KEY = "rehearsal-key" }, "doctor", "--url", url)
      assert.equal(1, result.status)
      assert.matches("BAD   [^\n]*" .. words, result.out)
      assert.is_nil((result.out .. result.err):find("pa55word", 1, true))
    end
    local address = require "almanac.address"
    for _, url in ipairs { "https://example.org", "http://127.0.0.1:80/x", "http://localhost", "http://[::1]:8080", "http://127.9.9.9" } do
      assert.is_nil(address.unsafe(url))
    end
    assert.equal("see https://example.org/a@b and git+ssh://h/x", address.shown "see https://u:p@w@example.org/a@b and git+ssh://u@h/x")
  end)

  it("refuse a key of another institution than the profile is for", function()
    local result = doctor 'key = "rehearsal-key", institution = "01OTHER_INST"'
    assert.equal(1, result.status)
    assert.matches("BAD   profile 'here' of almanac.conf.lua is for 01OTHER_INST", result.out)
    assert.equal(0, doctor(('key = "rehearsal-key", institution = %q'):format(alma.inst)).status)
  end)
end)
