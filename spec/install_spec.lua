-- What `make install` puts down, tried as those who get it do: below a folder
-- with dots in its name, by another user, from another folder.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"

local quote = program.quote
local BUILD = os.getenv "ALMANAC_BUILD" or "build"
local SANITIZED = program.sanitized
local NOBODY = 65534

local CLEAN = "-u ALMANAC_LUA -u LUA_PATH -u LUA_CPATH -u MAKEFLAGS -u MAKELEVEL"

-- Runs a line of the shell without what the spec itself has in its environment.
local function shell(line, folder)
  local output = program.folder()
  local _, _, status = os.execute(("cd %s && env %s %s >%s/out 2>%s/err"):format(quote(folder or "."), CLEAN, line, output, output))
  local result = { status = status, out = program.read(output .. "/out"), err = program.read(output .. "/err") }
  program.remove(output)
  return result
end

local function install(...)
  local parts = { "make -s install", "BUILD=" .. quote(BUILD), SANITIZED and "SANITIZE=1" or "" }
  for _, setting in ipairs { ... } do parts[#parts + 1] = quote(setting) end
  local result = shell("sh -c " .. quote("umask 077; " .. table.concat(parts, " ")))
  assert.equal(0, result.status, result.err)
end

-- The start of a line that runs something as somebody else, where that can be done.
local function as_another(env)
  local line = { "env" }
  for name, value in pairs(env) do
    table.insert(line, value and #line + 1 or 2, value and quote(name .. "=" .. value) or "-u " .. name)
  end
  if core.sys.user() == "root" then
    table.insert(line, 1, ("setpriv --reuid=%d --regid=%d --clear-groups"):format(NOBODY, NOBODY))
  end
  return table.concat(line, " ") .. " "
end

local PLACES = {
  ["PREFIX with dots"] = { prefix = "%s/opt/v1.5.4/al.manac" },
  ["PREFIX with a blank and a name that is only dots and digits"] = { prefix = "%s/my programs/5.4" },
  ["DESTDIR and PREFIX"] = { destdir = "%s/pack.age", prefix = "/usr/local" },
  ["PREFIX with a folder of libraries of its own"] = { prefix = "%s/usr", libdir = "%s/usr/lib/x86_64-linux-gnu" },
}

describe("an installed almanac", function()
  local at = desk.each(before_each, after_each)
  local root

  before_each(function()
    root = program.folder()
    os.execute("chmod 755 " .. quote(root))
  end)
  after_each(function() program.remove(root) end)

  -- Puts everything down; gives the folder where it is found then.
  local function put(place)
    local prefix, destdir = place.prefix:format(root), (place.destdir or ""):format(root)
    local settings = { "PREFIX=" .. prefix, "DESTDIR=" .. destdir }
    if place.libdir then settings[3] = "LIBDIR=" .. place.libdir:format(root) end
    install(table.unpack(settings))
    return destdir .. prefix
  end

  for name, place in pairs(PLACES) do
    it("works from plan to undo with " .. name, function()
      at.start(desk.single(2))
      local almanac = quote(put(place) .. "/bin/almanac")
      os.execute("chmod -R a+rwX " .. quote(at.folder))
      local function run(arguments)
        return shell(as_another(at.env) .. almanac .. " " .. arguments, at.folder)
      end
      assert.matches("\njpg%-derivatives ", "\n" .. run("recipe list").out)
      for _, arguments in ipairs { "recipe test jpg-derivatives",
        "plan jpg-derivatives --folder jpg --titles titles.csv -o a.run", "apply a.run --settle 0", "verify a.run",
        "report a.run", "undo a.run --yes", "verify a.run" } do
        local result = run(arguments)
        assert.equal(0, result.status, arguments .. ": " .. result.out .. result.err)
      end
      assert.equal(2, #at.alma.state().representations)
      assert.matches("\noclc%-numbers +OCLC numbers", "\n" .. run("exec --list").out)
      local result = run "exec oclc-numbers --list titles.csv"
      assert.same({ 0, "mms_id,oclc_number\n" }, { result.status, result.out:match "^[^\n]*\n" }, result.err)
    end)
  end

  it("is an error without the recipes that come with it", function()
    local base = put(PLACES["PREFIX with dots"])
    program.remove(base .. "/share/almanac/recipes")
    desk.collection(at.folder, desk.single(1))
    for _, arguments in ipairs { "recipe list", "recipe search jpg", "recipe show by-date", "plan jpg-derivatives -o a.run",
      "recipe suggest jpg" } do
      local result = shell(quote(base .. "/bin/almanac") .. " " .. arguments, at.folder)
      assert.equal(1, result.status, arguments)
      assert.equal(("almanac: the recipes that come with almanac are not in %s/share/almanac/recipes; install almanac again\n")
        :format(base), result.err:match "[^\n]*\n$", arguments)
    end
    for _, arguments in ipairs { "exec --list", "exec oclc-numbers" } do
      assert.equal(("almanac: the scripts that come with almanac are not in %s/share/almanac/recipes/scripts; install almanac again\n")
        :format(base), shell(quote(base .. "/bin/almanac") .. " " .. arguments, at.folder).err, arguments)
    end
    assert.matches("\nBAD   the recipes that come with almanac are not in ",
      shell(quote(base .. "/bin/almanac") .. " doctor", at.folder).out)
  end)

  it("says which package is missing when a Lua module is", function()
    local base = put(PLACES["PREFIX with dots"])
    local result = shell("LUA_PATH=/nowhere/?.lua " .. quote(base .. "/bin/almanac") .. " recipe list", at.folder)
    assert.same({ 1, "almanac: the Lua module 'argparse' is not installed; on Debian and Ubuntu: apt-get install lua-argparse\n" },
      { result.status, result.err })
  end)

  it("is a module of stock Lua as well, with its recipes and their process", function()
    local base = put(PLACES["PREFIX with dots"])
    local script = [[local recipes = require "almanac.recipe"
      print(#recipes.list() > 15, (recipes.load "jpg-derivatives").name)]]
    local result = shell(("%sLUA_PATH=%s LUA_CPATH=%s lua5.4 -e %s"):format(program.preload,
      quote(base .. "/share/lua/5.4/?.lua;" .. base .. "/share/lua/5.4/?/init.lua;;"), quote(base .. "/lib/lua/5.4/?.so;;"),
      quote(script)), at.folder)
    assert.equal("true\tjpg-derivatives\n", result.out, result.err)
  end)
end)

local HOST = [[
#include <almanac.h>

int main(int argc, char **argv) {
  alm_host *host = alm_host_open(0);
  if (!host) return 1;
  int status = alm_host_main(host, argc, argv);
  alm_host_close(host);
  return status;
}
]]

describe("a host of ten lines", function()
  local root
  before_each(function() root = program.folder() end)
  after_each(function() program.remove(root) end)

  local function check(cc, source, prefix, libdir)
    install("PREFIX=" .. prefix, "LIBDIR=" .. libdir)
    program.write(root .. "/" .. source, HOST)
    local flags = shell(("PKG_CONFIG_PATH=%s/pkgconfig pkg-config --cflags --libs almanac"):format(quote(libdir))).out
    local built = shell(("%s -Wall -Werror %s -o host %s %s -Wl,-rpath,%s"):format(cc, SANITIZED and "-fsanitize=address,undefined" or "",
      source, flags:gsub("%s+$", ""), quote(libdir)), root)
    assert.equal(0, built.status, built.err)
    local result = shell("./host recipe test by-date", root)
    assert.equal(0, result.status, result.err)
    assert.matches("sample: %d+ rows as expected", result.out)
  end

  it("is compiled against the installed header and library, and runs a recipe", function()
    check("cc", "host.c", root .. "/v5.4", root .. "/v5.4/lib")
  end)

  it("may be C++, with the library in a folder of its kind of machine", function()
    if not os.execute "command -v c++ >/dev/null" then return pending "no C++ compiler is installed" end
    check("c++", "host.cc", root .. "/usr", root .. "/usr/lib/machine-linux-gnu")
  end)

  it("sees of the library what the header declares, and no more", function()
    local declared, shown = {}, {}
    for name in program.read "include/almanac.h":gmatch "[ *](%l[%w_]+)%(" do declared[name] = true end
    local pipe <close> = assert(io.popen(("nm -D --defined-only %s/lib/libalmanac.so"):format(quote(BUILD))))
    for line in pipe:lines() do
      local kind, name = line:match " (%u) ([%w_]+)"
      if kind == "T" then shown[name] = true end
    end
    assert.same(declared, shown)
  end)
end)
