-- A proxy of a network, for specs: a process of its own that answers every
-- request with one status and lets nothing through.
local core = require "almanac.core"
local program = require "support.program"

local m = {}

local SCRIPT = [[
local core, task = require "almanac.core", require "almanac.task"
local folder, status = ...
local server = assert(core.serve.listen {})
assert(core.files.write(folder .. "/port", tostring(server:port())))
task.run(function()
  task.serve(server, function(request)
    local log <close> = io.open(folder .. "/log", "a")
    log:write(request:method(), " ", request:path(), "\n")
    request:reply { status = tonumber(status), headers = { ["Proxy-Authenticate"] = "Basic realm=proxy",
      ["Content-Type"] = "text/html" }, body = "<html><title>no</title></html>" }
  end)
end)
]]

---Starts one.
---@param status integer of its answers
---@return table proxy url; calls(): how many requests came; can be <close>
function m.start(status)
  local folder = program.folder()
  program.write(folder .. "/proxy.lua", SCRIPT)
  local process = program.start({ "exec", folder .. "/proxy.lua", folder, tostring(status) })
  local port
  for _ = 1, 3000 do
    port = core.files.read(folder .. "/port", 16)
    if port then break end
    core.sys.sleep(0.01)
  end
  local proxy = { url = "http://127.0.0.1:" .. assert(port, "the proxy does not start") }
  function proxy.calls()
    local _, lines = (core.files.read(folder .. "/log", 1 << 20) or ""):gsub("\n", "")
    return lines
  end
  return setmetatable(proxy, { __close = function()
    process.signal "KILL"
    process.wait()
    program.remove(folder)
  end })
end

return m
