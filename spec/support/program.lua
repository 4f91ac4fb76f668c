-- Runs the built program as a user would, and gives what it printed and how
-- it ended. Also folders that go away with the spec that made them.
local m = {}

local build = os.getenv "ALMANAC_BUILD" or "build"

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

m.quote = quote

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

---For the shell, before a stock Lua that loads the module: what the sanitizers need.
m.preload = os.getenv "ALMANAC_PRELOAD" and ("LD_PRELOAD=%s "):format(quote(os.getenv "ALMANAC_PRELOAD")) or ""

---Whether the sanitizers watch.
m.sanitized = m.preload ~= ""

---A path as it is from any folder.
---@param path string from the working folder, or absolute
---@return string
function m.absolute(path)
  if path:sub(1, 1) == "/" then return path end
  local pipe <close> = assert(io.popen "pwd")
  return pipe:read "l" .. "/" .. path
end

---The absolute path of the program.
function m.path()
  return m.absolute(build .. "/bin/almanac")
end

---The script with which `almanac exec` runs a command as torture does: with short
---pauses, or killed at a commit; its first argument holds the switches.
m.client = m.absolute "spec/torture/client.lua"

-- The line that runs `almanac arguments…`, its output in files of `folder`.
local function command(arguments, options, folder, first)
  local parts = { "cd " .. quote(options.folder or ".") .. " && " .. (first or "") .. "env" }
  for name, value in pairs(options.env or {}) do
    if not value then table.insert(parts, "-u " .. name) end
  end
  for name, value in pairs(options.env or {}) do
    if value then table.insert(parts, quote(name .. "=" .. value)) end
  end
  table.insert(parts, quote(m.path()))
  for _, argument in ipairs(arguments) do table.insert(parts, quote(argument)) end
  table.insert(parts, ("</dev/null >%s/out 2>%s/err %s"):format(quote(folder), quote(folder), options.redirect or ""))
  return table.concat(parts, " ")
end

local function result_of(status, folder)
  local result = { status = status, out = read_all(folder .. "/out"), err = read_all(folder .. "/err") }
  m.remove(folder)
  return result
end

---Runs `almanac arguments…`.
---@param arguments string[]
---@param options { env: table<string, string|false>?, folder: string?, redirect: string? }? redirect: of the shell, e.g. "1>&-"
---@return { status: integer, out: string, err: string }
function m.run(arguments, options)
  local folder = m.folder()
  local _, _, status = os.execute(command(arguments, options or {}, folder))
  local result = result_of(status, folder)
  require("support.events").check(arguments, result.out)
  return result
end

---Starts `almanac arguments…`, for signals to it.
---@param arguments string[]
---@param options { env: table<string, string|false>?, folder: string? }?
---@return { pid: integer, signal: fun(name: string), wait: fun(): table } started `wait` gives what `run` does;
---  can be <close>: then it is killed when it still runs
function m.start(arguments, options)
  local folder = m.folder()
  local pipe = assert(io.popen(command(arguments, options or {}, folder, "echo $$; exec ")))
  local started, ended = { pid = math.tointeger(tonumber(pipe:read "l")) }, nil
  function started.signal(name) os.execute(("kill -%s %d"):format(name, started.pid)) end
  function started.wait()
    if ended then return ended end
    local _, _, status = pipe:close()
    ended = result_of(status, folder)
    return ended
  end
  return setmetatable(started, { __close = function()
    if not ended then started.signal "KILL" end
    started.wait()
  end })
end

---A new empty folder.
---@return string path
function m.folder()
  local pipe <close> = assert(io.popen "mktemp -d")
  return pipe:read "l"
end

---@param folder string
function m.remove(folder)
  os.execute("rm -rf " .. quote(folder))
end

---Writes a file, with the folders above it.
---@param path string
---@param text string
function m.write(path, text)
  os.execute("mkdir -p " .. quote(path:match "^(.*)/" or "."))
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

m.read = read_all

return m
