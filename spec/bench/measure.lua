-- Measuring whole commands: seconds on the wall, CPU seconds of all their
-- processes, and the lines in which a benchmark tells its result.
local program = require "support.program"

local m = {}

---`almanac arguments…` for the shell.
---@param ... string|number
---@return string command
function m.almanac(...)
  local parts = { program.quote(program.path()) }
  for _, argument in ipairs { ... } do parts[#parts + 1] = program.quote(argument) end
  return table.concat(parts, " ")
end

---A script of this folder, run by `almanac exec`.
---@param script string
---@param ... string|number its arguments
---@return string command
function m.exec(script, ...)
  return m.almanac("exec", "spec/bench/" .. script, ...)
end

---Runs a shell command and times it.
---@param command string
---@return { wall: number, cpu: number, status: integer, out: string }
function m.command(command)
  local base = os.tmpname()
  local script = ("TIMEFORMAT='%%R %%U %%S'; time { %s ; } >%s.out 2>%s.err"):format(command, base, base)
  local _, _, status = os.execute("bash -c '" .. script:gsub("'", "'\\''") .. "' 2>" .. base .. ".time")
  local function read(suffix)
    local file = assert(io.open(base .. suffix))
    local text = file:read "a"
    file:close()
    os.remove(base .. suffix)
    return text
  end
  local times, out, err = read ".time", read ".out", read ".err"
  os.remove(base)
  local wall, user, sys = times:match "([%d.]+) ([%d.]+) ([%d.]+)%s*$"
  return { wall = tonumber(wall), cpu = tonumber(user) + tonumber(sys), status = status, out = out, err = err }
end

---The same, and an error when it failed.
---@param command string
---@return { wall: number, cpu: number, status: integer, out: string }
function m.succeeded(command)
  local result = m.command(command)
  if result.status == 0 or result.status == true then return result end
  error("failed: " .. result.err .. result.out)
end

---The middle one of several runs, by a figure.
---@param n integer
---@param figure string "wall" or "cpu"
---@param run fun(): table
---@return table
function m.median(n, figure, run)
  local results = {}
  for i = 1, n do results[i] = run(i) end
  table.sort(results, function(a, b) return a[figure] < b[figure] end)
  return results[(n + 1) // 2]
end

---A line of result: what, the figure, and whether it is within its aim.
---@param what string
---@param value number
---@param unit string
---@param sign "<="|">="
---@param aim number
function m.tell(what, value, unit, sign, aim)
  local ok = sign == "<=" and value <= aim or sign == ">=" and value >= aim
  print(("  %-58s %8.3g %-6s aim %s %g %s"):format(what, value, unit, sign, aim, ok and "ok" or "MISSED"))
end

return m
