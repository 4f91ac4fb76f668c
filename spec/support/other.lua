-- Other processes, for specs: Lua programs that use almanac.core, if need be as
-- a user for whom rights count (root may do everything).
local core = require "almanac.core"
local preload = require("support.program").preload

local m = {}

-- The module where every user can read it.
local function copy_module(folder)
  local module = assert(package.searchpath("almanac.core", package.cpath))
  local place = folder .. "/.module/almanac"
  if not core.files.stat(place) then
    assert(core.files.make_folder(place))
    assert(os.execute(("cp '%s' '%s/core.so' && chmod 755 '%s'"):format(module, place, folder)))
  end
  return folder .. "/.module"
end

local function command(folder, program, prefix)
  local name = ("%s/.program-%s.lua"):format(folder, core.text.hex(core.hash.random(6)))
  assert(core.files.write(name, program))
  return ("LUA_CPATH='%s/?.so' exec %senv %slua5.4 '%s' 2>&1"):format(copy_module(folder), prefix or "", preload, name)
end

---Runs a program with `core` and `folder` at hand; gives what it printed.
---@param folder string its files go there, with hidden names
---@param program string
---@param as_nobody boolean? as a user without rights, when this one is root
---@return string
function m.run(folder, program, as_nobody)
  local head = ("local core, folder = require 'almanac.core', %q\n"):format(folder)
  local prefix = as_nobody and core.sys.user() == "root"
    and "setpriv --reuid=65534 --regid=65534 --clear-groups " or ""
  local pipe <close> = assert(io.popen(command(folder, head .. program, prefix)))
  return pipe:read "a"
end

---Starts a program that ends in `wait()`, and gives its process id once it is
---there. `kill(id)` ends it; killing it twice is fine.
---@param folder string
---@param program string
---@return integer id
function m.start(folder, program)
  local ready = folder .. "/.ready-" .. core.text.hex(core.hash.random(6))
  local head = ("local core, folder = require 'almanac.core', %q\n"):format(folder)
    .. ("local function wait() core.files.write(%q, tostring(core.sys.pid())) core.sys.sleep(60) end\n"):format(ready)
  assert(os.execute("(" .. command(folder, head .. program) .. ") > " .. folder .. "/.said &"))
  for _ = 1, 1000 do
    local id = core.files.read(ready, 100)
    if id then return math.tointeger(tonumber(id)) end
    core.sys.sleep(0.02)
  end
  error("the other process does not start: " .. tostring(core.files.read(folder .. "/.said")))
end

---Ends it at once, as a power cut would, and waits until it is gone.
---@param id integer
function m.kill(id)
  os.execute(("kill -9 %d 2>/dev/null; while kill -0 %d 2>/dev/null; do sleep 0.01; done"):format(id, id))
end

return m
