---@meta
-- core.guard: a process without rights. See ../core.d.lua.

---@class almanac.core
local core = {}

core.guard = {}

---A process that runs almanac.recipe.inside and answers messages. Its memory is
---its own, it can open nothing and start nothing, and it ends with its owner.
---@class almanac.guard
local guard = {}

---Starts the process. Its first message, { filtered = boolean }, says whether
---the system also filters what it may ask for (seccomp).
---@param options { library: string, seconds: number?, silence: number? } library: the folder that
---  holds almanac/; seconds: processor time of one call of a rule (5); silence: seconds
---  without a sign of life that end it (30)
---@return almanac.guard|nil
---@return string? message
---@return almanac.code? code "missing" the program `guard` is not there, "io"
function core.guard.open(options) end

---Sends a value: nil, booleans, numbers, strings and tables of them. Several may be sent before the first answer is taken.
---@param value any raises when it can't be sent
---@return true|nil
---@return string? message
---@return almanac.code? code "closed" the process ended, "timeout" it was silent, "cancelled" SIGINT came, "limit"
function guard:send(value) end

---Waits for the next message.
---@param signs integer? signs of life that the answer may take; 0 by default
---@return any value
---@return string? message
---@return almanac.code? code as `send`, or "parse"
function guard:receive(signs) end

---@return integer pid of the process, 0 when it has ended
function guard:pid() end

---Ends the process and waits for its end. Also done by `<close>` and the collector.
function guard:close() end
