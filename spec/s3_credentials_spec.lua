-- The environment of this process can't be changed, so each case runs in a
-- process of its own.
local core = require "almanac.core"
local credentials = require "almanac.s3.credentials"
local json = require "almanac.json"
local program = require "support.program"

describe("s3.credentials", function()
  local folder

  before_each(function() folder = core.files.temp_folder() end)
  after_each(function() core.files.remove(folder, { tree = true }) end)

  local NAMES = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_REGION", "AWS_DEFAULT_REGION" }

  -- What `credentials(options)` gives with this environment and HOME = folder.
  local function ask(environment, profile)
    core.files.write(folder .. "/ask.lua", ([[
      local json, s3 = require "almanac.json", require "almanac.s3"
      local keys, message, code, passed_over = s3.credentials { profile = %s }
      io.write(json.encode { keys = keys, message = message, code = code, passed_over = passed_over })
    ]]):format(profile and ("%q"):format(profile) or "nil"))
    local command = { "env", program.preload .. "HOME=" .. folder }
    for _, name in ipairs(NAMES) do table.insert(command, 2, "-u " .. name) end
    for name, value in pairs(environment) do command[#command + 1] = ("%s='%s'"):format(name, value) end
    command[#command + 1] = "lua5.4 " .. folder .. "/ask.lua"
    local pipe <close> = assert(io.popen(table.concat(command, " ")))
    return json.decode(pipe:read "a")
  end

  local function write(text, name)
    core.files.make_folder(folder .. "/.aws")
    assert(core.files.write(folder .. "/.aws/" .. (name or "credentials"), text))
  end

  local FILE = "\xEF\xBB\xBF# ours\r\n[default]\r\naws_access_key_id = AKIDDEFAULT\r\naws_secret_access_key=se/cr+et==\r\n" ..
    "\n[ alma ]  ; the library\nAWS_ACCESS_KEY_ID=AKIDALMA # a comment\n" ..
    "aws_secret_access_key = with#hash=and=signs\naws_session_token = TOKEN\ns3 =\n  aws_access_key_id = nested\n" ..
    "[half]\naws_access_key_id = AKIDHALF\n"

  it("come from the environment", function()
    assert.are.same({ keys = { access_key = "AKID", secret_key = "s" } },
      ask { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "s" })
    assert.are.same({ keys = { access_key = "AKID", secret_key = "s", session_token = "t" } },
      ask { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "s", AWS_SESSION_TOKEN = "t" })
  end)

  it("are an error when half of them is set", function()
    local answer = ask { AWS_ACCESS_KEY_ID = "AKID" }
    assert.are.same({ message = "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not", code = "auth" }, answer)
    assert.are.equal("AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not",
      ask({ AWS_SECRET_ACCESS_KEY = "s" }).message)
  end)

  it("come from the shared file, the profile by argument or environment", function()
    write(FILE)
    assert.are.same({ access_key = "AKIDDEFAULT", secret_key = "se/cr+et==" }, ask({}).keys)
    local alma = { access_key = "AKIDALMA", secret_key = "with#hash=and=signs", session_token = "TOKEN" }
    assert.are.same(alma, ask({}, "alma").keys)
    assert.are.same(alma, ask({ AWS_PROFILE = "alma" }).keys)
    assert.are.same(alma, ask({ AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "s" }, "alma").keys)
  end)

  it("come from the file that AWS_SHARED_CREDENTIALS_FILE names", function()
    core.files.write(folder .. "/other", "[default]\naws_access_key_id=AKIDOTHER\naws_secret_access_key=s\n")
    assert.are.equal("AKIDOTHER", ask({ AWS_SHARED_CREDENTIALS_FILE = folder .. "/other" }).keys.access_key)
  end)

  it("are simply absent where there are none", function()
    assert.are.same({}, ask {})
    write "[other]\naws_access_key_id = x\naws_secret_access_key = y\n"
    assert.are.same({}, ask {})
  end)

  it("say what is wrong with a profile that was asked for", function()
    write(FILE)
    assert.truthy(ask({}, "none").message:find("neither ~/.aws/credentials nor ~/.aws/config has a profile [none]", 1, true))
    assert.truthy(ask({ AWS_PROFILE = "half" }).message:find("profile [half] lacks aws_secret_access_key", 1, true))
    assert.are.equal("auth", ask({}, "none").code)
    core.files.remove(folder .. "/.aws/credentials")
    assert.are.equal("auth", ask({}, "alma").code)
  end)

  local CONFIG = "[default]\nregion = eu-central-1\n[profile alma]\nregion=ap-southeast-2\naws_access_key_id = OTHER\n" ..
    "[profile whole]\naws_access_key_id = AKIDWHOLE\naws_secret_access_key = w\n[profile half]\naws_secret_access_key = h\n" ..
    "[role]\naws_access_key_id = not a profile\n[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = alma\n" ..
    "[profile web]\nrole_arn = a\nweb_identity_token_file = /t\n[profile sso]\nsso_session = us\n[sso-session us]\nsso_region = x\n" ..
    "[profile old]\nsso_start_url = https://x.example\n[profile program]\ncredential_process = /bin/keys\n"

  it("come from the config file where the credentials file lacks them, with the region", function()
    write(FILE)
    write(CONFIG, "config")
    assert.are.same({ access_key = "AKIDDEFAULT", secret_key = "se/cr+et==", region = "eu-central-1" }, ask({}).keys)
    assert.are.same({ access_key = "AKIDALMA", secret_key = "with#hash=and=signs", session_token = "TOKEN",
      region = "ap-southeast-2" }, ask({}, "alma").keys)
    assert.are.same({ access_key = "AKIDWHOLE", secret_key = "w" }, ask({}, "whole").keys)
    assert.are.same({ access_key = "AKIDHALF", secret_key = "h" }, ask({ AWS_PROFILE = "half" }).keys)
    core.files.rename(folder .. "/.aws/config", folder .. "/elsewhere")
    assert.are.equal("AKIDWHOLE", ask({ AWS_CONFIG_FILE = folder .. "/elsewhere" }, "whole").keys.access_key)
    assert.are.equal("eu-west-1", ask({ AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "s", AWS_REGION = "eu-west-1" }).keys.region)
  end)

  it("say which way to keys is not gone, when that profile was asked for", function()
    write(CONFIG, "config")
    for name, words in pairs { role = "takes a role (role_arn)", web = "takes a role (role_arn)", sso = "signs in by SSO (sso_session)",
      old = "signs in by SSO (sso_start_url)", program = "runs a program for its keys (credential_process)" } do
      for _, answer in ipairs { ask({}, name), ask { AWS_PROFILE = name } } do
        assert.truthy(answer.message:find(("profile [%s] of ~/.aws/config %s, which almanac does not: "):format(name, words), 1, true),
          answer.message)
        assert.truthy(answer.message:find(("`aws configure export-credentials --profile %s --format env`"):format(name), 1, true))
        assert.are.equal("auth", answer.code)
      end
    end
  end)

  it("leave a default profile that nobody asked for alone, and say so", function()
    write("[default]\nsso_session = us\n", "config")
    local answer = ask {}
    assert.is_nil(answer.keys or answer.message)
    assert.truthy(answer.passed_over:find("profile [default] of ~/.aws/config signs in by SSO", 1, true))
    write("[default]\nregion = eu-west-1\n", "config")
    assert.are.same({}, ask {})
  end)

  it("reads an ini file as AWS's tools do", function()
    assert.are.same({ a = { x = "1", y = "" }, b = {}, ["profile c"] = { z = "p q" } }, credentials.parse(
      "outside = 1\n[a]\nX=1\n# c\n; c\ny =\nno equals sign\n[b]\n[profile c]\nz = p q ; c\n[a]\n"))
  end)
end)
