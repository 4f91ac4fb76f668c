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

  local function doctor(profile, mode)
    local path = folder .. "/almanac.conf.lua"
    program.write(path, ('return { default = "here", profiles = { here = { url = %q, %s } } }\n'):format(alma.url, profile))
    os.execute(("chmod %s %s"):format(mode or "600", path))
    return program.run({ "doctor" }, { folder = folder, env = { HOME = folder, XDG_CONFIG_HOME = false, ALMA_API_KEY = false,
      ALMANAC_API_URL = false, ALMANAC_PROFILE = false, AWS_ACCESS_KEY_ID = false, AWS_PROFILE = false } })
  end

  it("warn, once, of a key in a file that everybody can read", function()
    local result = doctor('key = "rehearsal-key"', "644")
    assert.equal(0, result.status, result.out .. result.err)
    local _, warnings = result.err:gsub("chmod 600", "")
    assert.equal(1, warnings)
    assert.not_matches("rehearsal%-key", result.err .. result.out)
    assert.matches("chmod 600", doctor('s3 = { secret_key = "x" }, api_key_command = "echo rehearsal-key"', "604").err)
  end)

  it("do not warn of one that only its owner reads, nor of one without a key", function()
    assert.not_matches("chmod", doctor('key = "rehearsal-key"').err)
    assert.not_matches("chmod", doctor('api_key_command = "echo rehearsal-key"', "644").err)
  end)

  it("take the key from a command", function()
    local result = doctor 'api_key_command = "echo rehearsal-key"'
    assert.equal(0, result.status, result.out .. result.err)
    assert.matches("printed no key", doctor('api_key_command = "true"').out)
  end)

  it("refuse a key of another institution than the profile is for", function()
    local result = doctor 'key = "rehearsal-key", institution = "01OTHER_INST"'
    assert.equal(1, result.status)
    assert.matches("BAD   profile 'here' of almanac.conf.lua is for 01OTHER_INST", result.out)
    assert.equal(0, doctor(('key = "rehearsal-key", institution = %q'):format(alma.inst)).status)
  end)
end)
