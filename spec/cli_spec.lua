local program = require "support.program"

describe("the command line", function()
  it("prints its version", function()
    local result = program.run { "--version" }
    assert.equal(0, result.status)
    assert.matches("^almanac %d+%.%d+%.%d+\n$", result.out)
  end)

  it("lists its commands", function()
    local result = program.run { "--help" }
    assert.equal(0, result.status)
    for _, command in ipairs { "plan", "apply", "verify", "report", "rehearsal" } do
      assert.matches("\n  " .. command .. " ", result.out)
    end
  end)

  it("shows the list and fails when no command is given", function()
    local result = program.run {}
    assert.equal(1, result.status)
    assert.matches("Usage: almanac COMMAND", result.out)
  end)

  it("names the nearest command for a misspelt one", function()
    local result = program.run { "verfy" }
    assert.equal(1, result.status)
    assert.matches("did you mean 'verify'", result.err)
  end)

  it("says what is wrong with an option and where to read on", function()
    local result = program.run { "report", "--fromat", "csv", "x.run" }
    assert.equal(1, result.status)
    assert.matches("%-%-fromat", result.err)
    assert.matches("see `almanac report %-%-help`", result.err)
  end)

  it("gives every command a help text", function()
    for _, command in ipairs { "apply", "verify", "report", "show", "decide", "rehearsal", "exec", "plan", "recipe" } do
      local result = program.run { command, "--help" }
      assert.equal(0, result.status, command .. ": " .. result.err)
      assert.matches("Usage: almanac " .. command, result.out)
      assert.is_nil(result.out:match "\n [^ \n][^\n]*", "a line that was broken begins with a blank")
    end
  end)

  it("says that a run file is not there", function()
    local result = program.run { "apply", "/nowhere/x.run" }
    assert.equal(1, result.status)
    assert.matches("/nowhere/x.run", result.err)
  end)
end)

describe("the working folder", function()
  local folder
  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  it("brings no module, whatever is asked for", function()
    for _, name in ipairs { "cjson", "argparse", "luacheck", "luacheck/init", "lpeg", "almanac/strict", "almanac/cli/recipe", "bit32" } do
      program.write(("%s/%s.lua"):format(folder, name), "io.stderr:write 'TAKEN' os.exit(9)")
    end
    for _, path in ipairs { false, ";;", "?.lua;./?/init.lua;;", "" } do
      for _, words in ipairs { "recipe list", "recipe check by-barcode", "--help", "plan by-barcode --help" } do
        local arguments = {}
        for word in words:gmatch "%S+" do arguments[#arguments + 1] = word end
        local result = program.run(arguments, { folder = folder, env = { LUA_PATH = path, LUA_PATH_5_4 = path, LUA_CPATH = path } })
        assert.is_nil(result.err:find("TAKEN", 1, true))
        if not path then assert.equal(0, result.status, result.err) end
      end
    end
    program.write(folder .. "/s.lua", "print(package.path .. ';' .. package.cpath)")
    for entry in program.run({ "exec", "s.lua" }, { folder = folder }).out:gmatch "[^;\n]+" do assert.matches("^/", entry) end
  end)
end)

describe("exec", function()
  local folder
  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  it("has modules from the script's folder, wherever it is called, and the library's before them", function()
    program.write(folder .. "/beside.lua", "return 'beside'")
    program.write(folder .. "/cjson.lua", "error 'taken'")
    program.write(folder .. "/s.lua", "print(require 'beside', require('almanac.json').encode {}, pcall(require, 'elsewhere'))")
    local elsewhere <close> = setmetatable({ folder = program.folder() }, { __close = function(e) program.remove(e.folder) end })
    program.write(elsewhere.folder .. "/elsewhere.lua", "return 1")
    local result = program.run({ "exec", folder .. "/s.lua" }, { folder = elsewhere.folder })
    assert.matches("^beside\t{}\tfalse", result.out, nil, result.err)
  end)

  it("runs a script with its arguments and gives its status", function()
    program.write(folder .. "/s.lua", "local a = ...  print(require('almanac.core').version, a)  return 2")
    local result = program.run { "exec", folder .. "/s.lua", "x" }
    assert.equal(2, result.status)
    assert.matches("^%d+%.%d+%.%d+\tx\n$", result.out)
  end)

  it("gives a script its arguments in arg too, as lua5.4 does", function()
    program.write(folder .. "/s.lua", "print(#arg, arg[0], arg[1], arg[2])")
    assert.equal(("2\t%s\tx\t--y\n"):format(folder .. "/s.lua"), program.run({ "exec", folder .. "/s.lua", "x", "--y" }).out)
    assert.equal("0\ts.lua\tnil\tnil\n", program.run({ "exec", "s.lua" }, { folder = folder }).out)
  end)

  it("shows where a script went wrong", function()
    program.write(folder .. "/s.lua", "\nlocal t = nil\nprint(t.x)")
    local result = program.run { "exec", folder .. "/s.lua" }
    assert.equal(1, result.status)
    assert.matches("s.lua:3", result.err)
  end)
end)

describe("settings", function()
  local folder
  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function load_settings(configuration, env)
    if configuration then program.write(folder .. "/almanac.conf.lua", configuration) end
    program.write(folder .. "/s.lua", [[
      local settings, message = require("almanac.cli.settings").load {}
      if not settings then print("error", message) return 1 end
      print(settings.url, settings.key, settings.rate, settings.profile)]])
    local all = { HOME = folder, XDG_CONFIG_HOME = false, ALMA_API_KEY = false, ALMANAC_API_URL = false,
      ALMANAC_PROFILE = false }
    for name, value in pairs(env or {}) do all[name] = value end
    return program.run({ "exec", "s.lua" }, { folder = folder, env = all })
  end

  it("come from the environment before the configuration", function()
    local result = load_settings([[return { default = "p",
      profiles = { p = { region = "eu", key = "conf-key", rate = 5 } } }]], { ALMA_API_KEY = "env-key" })
    assert.equal("https://api-eu.hosted.exlibrisgroup.com\tenv-key\t5\tp\n", result.out)
  end)

  it("take the key from a command", function()
    program.write(folder .. "/.config/almanac/almanac.conf.lua", [[return { default = "p",
      profiles = { p = { region = "aps", api_key_command = "echo from-command" } } }]])
    local result = load_settings()
    assert.equal("https://api-aps.hosted.exlibrisgroup.com\tfrom-command\t20\tp\n", result.out)
  end)

  it("say where a key is made when there is none", function()
    local result = load_settings(nil, { ALMANAC_API_URL = "http://127.0.0.1:1" })
    assert.matches("no API key", result.out)
    assert.matches("developers.exlibrisgroup.com", result.out)
  end)

  it("name a misspelt setting and the right one", function()
    local result = load_settings [[return { profiles = { p = { regoin = "eu" } } }]]
    assert.matches("'regoin', did you mean 'region'", result.out)
  end)

  it("see no functions in the configuration", function()
    local result = load_settings [[os.execute "touch broken" return {}]]
    assert.matches("error\t.*almanac.conf.lua:1", result.out)
    assert.is_nil(io.open(folder .. "/broken"))
  end)

  it("refuse a rate above what Alma allows", function()
    local result = load_settings [[return { default = "p", profiles = { p = { region = "eu", key = "k", rate = 30 } } }]]
    assert.matches("25 calls a second", result.out)
  end)
end)
