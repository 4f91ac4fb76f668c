-- Runs other programs: quotes words for the shell, and ends a command that takes longer
-- than it may.
local core = require "almanac.core"
local task = require "almanac.task"

local m = {}

local GRACE = 2         -- seconds from asking a program to end until it is killed
local LATE = { [124] = true, [137] = true }     -- exit status of `timeout`: it ended the program, or killed it

---Quotes a text so that the shell takes it as one word.
---@param text string
---@return string
function m.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

---The same in commands that people copy: a plain word stays without quotes.
---@param text string
---@return string
function m.word(text)
  return text:find "^[%w_.,:/@%%+-]+$" and text or m.quote(text)
end

-- Other programs get only these variables: what finds files and hosts, and the user's
-- own settings. No API key or other secret is among them.
local KEPT = { "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LANGUAGE",
  "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "GIT_ASKPASS",
  "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "KRB5CCNAME",
  "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
  "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
  "no_proxy", "NO_PROXY" }

-- The environment goes through a file: a proxy's address may hold a password, and every
-- user can see a command line.
local function environment()
  local lines = {}
  for _, name in ipairs(KEPT) do
    local value = core.sys.env(name)
    if value then lines[#lines + 1] = ("export %s=%s\n"):format(name, m.quote(value)) end
  end
  return table.concat(lines)
end

---The first line that a short command of the system prints, in an empty environment.
---@param command string
---@return string? line
function m.ask(command)
  local pipe <close> = assert(io.popen("exec env -i PATH=/usr/local/bin:/usr/bin:/bin /bin/sh -c " .. m.quote(command) .. " 2>/dev/null"))
  return pipe:read "l"
end

-- The command gets a session of its own: it finds no terminal to ask on, and everything
-- it starts can be ended with it. `timeout` ends it even when almanac is gone.
local SCRIPT = "cd %s || exit; { setsid timeout -k %d %g env -i /bin/sh -c %s </dev/null >output 2>errors & echo $! >group; " ..
  "wait $!; echo $? >ended; mv ended status; } >/dev/null 2>&1 &"

local function end_group(folder)
  local group = (core.files.read(folder .. "/group", 100) or ""):match "%d+"
  if not group then return end
  os.execute(("kill -TERM -%s 2>/dev/null; sleep 0.1; kill -KILL -%s 2>/dev/null"):format(group, group))
end

local function status_of(folder, seconds)
  local pause, last = 0.001, task.now() + seconds + 2 * GRACE
  repeat
    local status = core.files.read(folder .. "/status", 100)
    if status then return math.tointeger(tonumber(status)) end
    task.sleep(pause)
    pause = math.min(2 * pause, 0.05)
  until task.now() > last
end

---Runs a shell command without a terminal. It is ended, with all that it started, after
---`seconds` or when the waiting task is cancelled.
---@param command string
---@param options { seconds: number, most: integer, errors: integer? } bytes of its output and messages that are read, others are dropped
---@return { ok: boolean, output: string, errors: string }|nil result ok: it ended with 0
---@return string? message
---@return string? code "timeout" | "io"
function m.run(command, options)
  local folder, message, code = core.files.temp_folder()
  if not folder then return nil, message, code end
  local status, written
  written, message, code = core.files.write(folder .. "/environment", environment(), 384)   -- octal 600
  local _ <close> = setmetatable({}, { __close = function()
    if written and not status then end_group(folder) end
    core.files.remove(folder, { tree = true })
  end })
  if not written then return nil, message, code end
  os.execute(SCRIPT:format(m.quote(folder), GRACE, options.seconds, m.quote(". ./environment; rm -f environment; " .. command)))
  status = status_of(folder, options.seconds)
  if not status or LATE[status] then
    return nil, ("gave no answer within %d s and was ended"):format(options.seconds), "timeout"
  end
  return { ok = status == 0, output = core.files.head(folder .. "/output", options.most) or "",
    errors = core.files.head(folder .. "/errors", options.errors or 4000) or "" }
end

return m
