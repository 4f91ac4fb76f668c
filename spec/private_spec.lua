-- Keys stay in the process: other programs do not inherit them, and nobody reads
-- its memory.
local desk = require "support.desk"
local program = require "support.program"

local KEYS = { ALMA_API_KEY = "l8xxPrIvAtE", AWS_ACCESS_KEY_ID = "AKIAPrIvAtE", AWS_SECRET_ACCESS_KEY = "s3cr3tPrIvAtE",
  AWS_SESSION_TOKEN = "t0k3nPrIvAtE", OTHER_TOKEN = "PrIvAtE" }

describe("the program", function()
  local folder
  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function exec(text, more)
    program.write(folder .. "/s.lua", text)
    local env = { HOME = folder }
    for name, value in pairs(KEYS) do env[name] = value end
    for name, value in pairs(more or {}) do env[name] = value end
    local result = program.run({ "exec", "s.lua" }, { folder = folder, env = env })
    assert.equal(0, result.status, result.err)
    return result.out
  end

  it("gives its keys to no other program, and still has them", function()
    local seen = exec [[
      os.execute "env; tr '\\0' '\\n' </proc/$PPID/environ 2>/dev/null"
      print("key", os.getenv "ALMA_API_KEY", os.getenv "HOME" ~= nil, os.getenv "NOT_SET")
      local keys = require("almanac.s3").credentials()
      print(keys.access_key, keys.secret_key, keys.session_token)]]
    local children, own = seen:match "^(.*)\n(key\t.*)$"
    assert.equal("key\tl8xxPrIvAtE\ttrue\tnil\nAKIAPrIvAtE\ts3cr3tPrIvAtE\tt0k3nPrIvAtE\n", own)
    assert.matches("HOME=", children)
    for name, value in pairs(KEYS) do
      if name ~= "OTHER_TOKEN" then assert.is_nil(children:find(value, 1, true), name) end
    end
  end)

  it("gives git, diff and the like an environment without anybody's keys", function()
    local path = folder .. "/bin/git"
    program.write(path, "#!/bin/sh\nenv\nls -a\n")
    assert(os.execute("chmod +x " .. program.quote(path)))
    local seen = exec([[
      local shell = require "almanac.shell"
      local result = require("almanac.task").run(shell.run, "git", { seconds = 20, most = 100000 })
      print(result.output, result.errors, shell.ask "env | grep -c PrIvAtE")]],
      { PATH = folder .. "/bin:" .. os.getenv "PATH", https_proxy = "http://me:it's@proxy.example.org" })
    assert.matches("\nHOME=", "\n" .. seen)
    assert.matches("https_proxy=http://me:it's@proxy.example.org", seen)
    assert.is_nil(seen:find("PrIvAtE", 1, true))
    assert.matches("\t0\n$", seen)
  end)

  it("leaves no core dump, and can't be looked into", function()
    local seen = exec [[
      os.execute "grep -i 'core file' /proc/$PPID/limits"
      print(io.open "/proc/self/environ" == nil)]]
    assert.matches("core file size +0 +0", seen)
    if not os.getenv "ASAN_OPTIONS" and program.read "/proc/self/status":match "Uid:%s*(%d+)" ~= "0" then
      assert.matches("true\n$", seen)
    end
  end)

  it("lets stock Lua alone, which loads the module", function()
    local build = os.getenv "ALMANAC_BUILD" or "build"
    local paths = ("LUA_PATH='lua/?.lua;lua/?/init.lua' LUA_CPATH='%s/lua/?.so'"):format(build)
    local line = ("%s%s ALMA_API_KEY=k lua5.4 -e %s"):format(program.preload, paths, program.quote [[
      local core = require "almanac.core"
      print(os.getenv "ALMA_API_KEY", core.sys.env "ALMA_API_KEY")]])
    local pipe <close> = assert(io.popen(line))
    assert.equal("k\tk", pipe:read "l")
  end)
end)

describe("an address with a password", function()
  local at = desk.each(before_each, after_each)

  it("is shown nowhere", function()
    at.start { { "a" } }
    local address = "http://me:pa55word@127.0.0.1:1/x"
    local function run(...)
      local result = at.almanac(...)
      assert.is_nil((result.out .. result.err):find("pa55word", 1, true), result.out .. result.err)
    end
    run("plan", "jpg-derivatives", "--folder", "jpg", "--oai", "s", "--oai-url", address, "-o", "a.run")
    run("plan", "jpg-derivatives", "--folder", "jpg", "--sru", "s", "--sru-url", address .. " y", "-o", "a.run")
    run("doctor", "--url", address)
    at.use_aws()
    at.env.ALMANAC_S3_URL = "ftp://me:pa55word@127.0.0.1:1"
    run "doctor"
    run("recipe", "add", "https://me:pa55word@127.0.0.1:1/x.git")
  end)
end)
