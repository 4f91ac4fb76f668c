---@meta
-- core.pictures: processes that decode pictures. See ../core.d.lua. almanac.pictures is how they are used.

---@class almanac.core
local core = {}

core.pictures = {}

---A pool of processes without rights; each is the program `picture`, and has one request at a time.
---@class almanac.pictures.pool
local pool = {}

---Opens a pool. A process is started when it is needed, and another one when it ended over a picture.
---@param options { workers: integer?, memory: number?, silence: number? } workers: at most so many (0: one for each
---  processor); memory: bytes that one may take (1 GiB); silence: seconds without a sign of life that end one (60)
---@return almanac.pictures.pool|nil
---@return string? message
---@return almanac.code? code "missing" the program `picture` is not there
function core.pictures.open(options) end

---@return integer requests that can be taken now
function pool:free() end

---Gives a request to a process that has none.
---@param text string a verb (look, check, derive), and lines "name value"
---@param paths { picture: string, out: string?, scratch: string? } out: a new file; scratch: a folder
---@return integer|nil number
---@return string? message
---@return almanac.code? code "limit" none is free, "missing", "conflict" there is a file `out`, "io"
function pool:ask(text, paths) end

---Waits for answers.
---@param seconds number at most
---@return { number: integer, answer: string?, message: string?, code: almanac.code? }[] list of those that came, perhaps
---  none; with a message the process ended over the picture
function pool:wait(seconds) end

---@return integer fd that can be read when something came
function pool:fd() end

---Ends the processes. Also done by `<close>` and the collector.
function pool:close() end
