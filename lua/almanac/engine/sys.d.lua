---@meta
-- core.sys: clocks, names, signals. See ../core.d.lua.

---@class almanac.core
local core = {}

core.sys = {}

---A clock that never goes back; only differences mean anything.
---@return number seconds
function core.sys.monotonic() end

---@return number seconds since 1970, UTC, with a fraction
function core.sys.time() end

---Sleeps; a signal ends it early.
---@param seconds number
function core.sys.sleep(seconds) end

---@return integer
function core.sys.pid() end

---@return string name login name, or "unknown"
function core.sys.user() end

---@return string name or "unknown"
function core.sys.hostname() end

---A variable of the environment, also a key (ALMA_API_KEY, AWS_…) that the
---program took out of it at its start, so that no other program inherits it.
---@param name string
---@return string? value
function core.sys.env(name) end

---@param fd integer 0 input, 1 output, 2 errors
---@return boolean
function core.sys.is_terminal(fd) end

---@param fd integer
---@return integer columns 80 when it is no terminal
function core.sys.columns(fd) end

---From now on SIGINT, SIGTERM and (but for nohup) SIGHUP only count, and SIGPIPE is ignored.
function core.sys.catch_signals() end

---@return integer count of those signals so far
function core.sys.interrupts() end

---Has standard input ended? Drops what can be read from it; never waits.
---@return boolean
function core.sys.stdin_closed() end

---Writes out what standard output holds. It fails when anything was ever lost. A reader that has
---gone (`| head`) is no loss.
---@return true|nil
---@return string? message
---@return almanac.code? code "io"
function core.sys.flush() end
