-- almanac recipe add from git: a real git, and in the place of ssh and of the
-- far server what answers, asks or hangs.
local core = require "almanac.core"
local program = require "support.program"
local shared = require "support.shared"
local task = require "almanac.task"

-- Gets the address, with so many seconds of patience if they are given, and prints what came.
local GET = [[
local address, seconds = ...
local git = require "almanac.recipe.share.git"
git.seconds = tonumber(seconds) or git.seconds
local parcel, message, code = require("almanac.recipe.share.fetch").get(address)
print(parcel and "got " .. #parcel.files or code .. ": " .. message)
]]

describe("a recipe from git", function()
  local desk

  before_each(function()
    desk = shared.desk()
    shared.write(desk.source)
    assert(os.execute(("cd %s && (git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -qm one " ..
      "&& git clone -q --bare . r.git) >/dev/null 2>&1"):format(program.quote(desk.source))))
  end)
  after_each(function() desk.remove() end)

  -- A program in the place of ssh.
  local function stand_in(name, text)
    local path = desk.folder .. "/bin/" .. name
    program.write(path, "#!/bin/sh\n" .. text)
    assert(os.execute("chmod +x " .. program.quote(path)))
    return path
  end

  local function env(more)
    local all = { HOME = desk.folder, GIT_CONFIG_NOSYSTEM = "1", PATH = desk.folder .. "/bin:" .. os.getenv "PATH",
      GIT_SSH_COMMAND = false, GIT_SSH = false }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function get(address, more, seconds)
    program.write(desk.folder .. "/get.lua", GET)
    local result = program.run({ "exec", "get.lua", address, seconds }, { folder = desk.folder, env = env(more) })
    assert.equal(0, result.status, result.err)
    return (result.out:gsub("\n$", ""))
  end

  -- Whether the process that left its number there is still at work.
  local function works(name)
    local id = assert(core.files.read(desk.folder .. "/" .. name, 100)):match "%d+"
    return (core.files.read(("/proc/%s/cmdline"):format(id), 1000) or "") ~= ""
  end

  local HANGS = "echo $$ >%s/ssh.pid\nsleep 60 &\necho $! >%s/sleep.pid\nwait\n"

  it("comes through the user's own ssh command", function()
    local ssh = stand_in("my-ssh", 'printf "%s\\n" "$*" >"$HOME/asked"\nfor last; do :; done\nexec sh -c "$last"\n')
    local address = "ssh://host.example" .. desk.source .. "/r.git"
    assert.equal("got 5", get(address, { GIT_SSH_COMMAND = ssh }))
    assert.matches("host.example git%-upload%-pack", desk.read "asked")
    assert.is_nil(desk.read "asked":find("BatchMode", 1, true))
    program.write(desk.folder .. "/.gitconfig", "[core]\n\tsshCommand = " .. ssh .. " configured\n")
    assert.equal("got 5", get(address))
    assert.matches("^configured .*host.example", desk.read "asked")
  end)

  it("is asked for by ssh without questions, and says what ssh has against it", function()
    stand_in("ssh", 'printf "%s\\n" "$*" >>"$HOME/asked"\necho "Host key verification failed." >&2\nexit 255\n')
    local message = get "git@host.example:r.git"
    assert.equal("io: git@host.example:r.git: ssh does not know the host, or knows it by another key; nothing is asked here: " ..
      "try `git ls-remote git@host.example:r.git` by hand first", message)
    assert.matches("-o BatchMode=yes", desk.read "asked", 1, true)
    stand_in("ssh", 'echo "git@host: Permission denied (publickey)." >&2\nexit 255\n')
    assert.matches("ssh has no key that the server takes", get "git@host.example:r.git", 1, true)
  end)

  it("is not taken from an address that is a command", function()
    local harm = "touch " .. desk.folder .. "/harmed"
    for address, words in pairs { ["git+ext::sh -c '" .. harm .. "'"] = "transport 'ext' not allowed",
        ["git+fd::17"] = "transport 'fd' not allowed", ["git+--upload-pack=" .. harm] = "that is no address",
        ["ssh://-oProxyCommand=" .. harm:gsub(" ", "%%20") .. "/x.git"] = "strange hostname" } do
      assert.matches(words, get(address), 1, true)
      assert.is_false(desk.has "harmed")
    end
  end)

  it("is given up when ssh hangs, with all that was started", function()
    stand_in("ssh", HANGS:format(desk.folder, desk.folder))
    local message = get("ssh://host.example/r.git", nil, "2")
    assert.matches("timeout: ssh://host.example/r.git: git gave no answer within 2 s and was ended; is the host there", message, 1, true)
    assert.is_false(works "ssh.pid")
    assert.is_false(works "sleep.pid")
  end)

  it("is given up at Ctrl-C, with all that was started", function()
    stand_in("ssh", HANGS:format(desk.folder, desk.folder))
    local started <close> = program.start({ "recipe", "add", "ssh://host.example/r.git", "--yes" }, { folder = desk.folder, env = env() })
    for _ = 1, 500 do
      if core.files.stat(desk.folder .. "/sleep.pid") then break end
      task.sleep(0.02)
    end
    started.signal "INT"
    local result = started.wait()
    assert.equal(75, result.status, result.err)
    assert.is_false(works "ssh.pid")
    assert.is_false(works "sleep.pid")
    assert.is_false(desk.has "recipes")
  end)

  it("asks for no password, and shows none", function()
    local server = assert(core.serve.listen())
    task.spawn(task.serve, server, function(request)
      request:reply { status = 401, headers = { ["WWW-Authenticate"] = 'Basic realm="x"' } }
    end)
    for user, words in pairs { [""] = "the server wants a user name and password; nothing is asked here: try `git ls-remote http",
      ["ann:geheim@"] = "Authentication failed" } do
      local address = ("http://%s127.0.0.1:%d/r.git"):format(user, server:port())
      local started <close> = program.start({ "recipe", "add", address, "--yes" }, { folder = desk.folder, env = env() })
      for _ = 1, 1000 do
        if not core.files.stat(("/proc/%d/fd/0"):format(started.pid)) then break end
        task.sleep(0.01)
      end
      local result = started.wait()
      assert.equal(1, result.status)
      assert.matches(words, result.err, 1, true)
      assert.is_nil(result.err:find("geheim", 1, true), result.err)
    end
    task.unserve(server)
    server:close()
  end)
end)
