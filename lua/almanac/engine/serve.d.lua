---@meta
-- core.serve: a local HTTP server. See ../core.d.lua.

---@class almanac.core
local core = {}

core.serve = {}

---@class almanac.serve.options
---@field host? string address to listen on, default "127.0.0.1"
---@field port? integer default 0: any free one
---@field max_body? integer bytes, default 128 MiB; a larger body is answered with 413 and never seen
---@field wide_path? string what the path begins with, "/bucket", of requests …
---@field wide_body? integer … whose body may have so many bytes instead, default 128 MiB
---@field spool_dir? string folder for large bodies; default TMPDIR, else /tmp
---@field spool_above? integer bytes, default 1 MiB; larger bodies lie in a file
---@field heads? boolean default false; a request whose body would lie in a file comes first with its head alone, see request:accept
---@field max_connections? integer default 512; more wait until one is free, and who is slow makes room for them

---@class almanac.serve.server
local server = {}

---@param options? almanac.serve.options
---@return almanac.serve.server? server
---@return string? message
---@return almanac.code? code "conflict" when the port is in use
function core.serve.listen(options) end

---@return integer port
function server:port() end

---A descriptor for multi:wait: when it can be read, call wait(0).
---@return integer fd
function server:fd() end

---Drives the server until a request has arrived completely, a signal came or the time
---is over.
---@param seconds? number default 0
---@return almanac.serve.request[] requests maybe none
function server:wait(seconds) end

---Closes all connections, answered or not. Later calls raise; closing again is
---fine. Requests can still be read.
function server:close() end

---A request that has arrived completely. It may be answered at any time, in any order. When
---it is collected or closed without an answer, it is answered with 500.
---@class almanac.serve.request
local request = {}

---@return string method
function request:method() end

---@return string path as sent, percent-encoded, without the query
function request:path() end

---@return string query as sent; "" when there is none
function request:query() end

---@param name string in any case
---@return string? value repeated fields joined by ", "
function request:header(name) end

---@return table<string, string> headers names in lower case
function request:headers() end

---@return string? body nil when it lies in a file
function request:body() end

---@return string? path of the file with a large body; it is removed with the request: rename it to keep it
function request:body_path() end

---@return integer bytes
function request:body_size() end

---@return string hex SHA-256 of the body
function request:body_sha256() end

---@return number time of core.sys.monotonic when the first line arrived
function request:arrived() end

---True when this is only the head of a request, and none of its body was kept so far (option `heads`).
---@return boolean
function request:is_head() end

---Lets the body of a head come. This request is closed, and server:wait gives it again when it
---is complete. When the head is answered instead, its body is thrown away.
function request:accept() end

---@class almanac.serve.reply
---@field status? integer 200 to 599, default 200
---@field headers? table<string, string> Content-Length and Date are added
---@field body? string either this
---@field path? string or a file
---@field offset? integer bytes, with `path`
---@field length? integer bytes, with `path`, default: to the end; without body and path what the answer to a HEAD announces
---@field cut? integer announces all, sends only so many bytes of the body, then closes the connection

---@param reply almanac.serve.reply
---@return true? done
---@return string? message
---@return almanac.code? code "conflict": answered already; "closed": the server was closed; "missing", "io": the file can't be read, the request still waits
function request:reply(reply) end

---Resets the connection (TCP RST) instead of answering.
---@return true? done
---@return string? message
---@return almanac.code? code as for reply
function request:drop() end

---Says that the request is no longer needed; see above.
function request:close() end
