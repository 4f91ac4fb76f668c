---@meta almanac.core
-- What the C module gives, for editors and readers. No program loads this file.
-- Failures of the world are `nil, message, code`; a wrong argument raises.

---@alias almanac.code
---| "timeout" | "connect" | "tls" | "status" | "parse" | "limit" | "io"
---| "auth" | "missing" | "conflict" | "quota" | "closed" | "cancelled"

local core = {}

---Version of almanac.
core.version = "0.1.0"

-- core.http: transfers on one curl multi handle ------------------------------

core.http = {}

---@class almanac.http.options
---@field max_total? integer connections at once; 0 (default): any number
---@field max_per_host? integer connections to one host at once; 0 (default): any number
---@field user_agent? string default "almanac/VERSION"
---@field ca_file? string PEM file with the certificates to trust; default: the system's

---@class almanac.http.file a slice of a file, sent without being loaded
---@field path string
---@field offset? integer bytes, default 0
---@field length? integer bytes, default: to the end

---@class almanac.http.part one part of a multipart/form-data body (RFC 7578)
---@field name string
---@field value? string either this
---@field path? string or a file, streamed
---@field filename? string
---@field type? string content type

---@class almanac.http.request
---@field method? string default "GET"; redirects are followed for GET, HEAD, PUT and POST
---@field url string http or https
---@field headers? table<string, string> no Content-Type is added to a body
---@field body? string at most one of body, file and form
---@field file? almanac.http.file
---@field form? almanac.http.part[] POST only
---@field to? string the body of a 2xx answer goes into this file, which appears when it is complete
---@field max_body? integer bytes of the answer's body; default 32 MiB, with `to` any number
---@field connect_timeout? number seconds until the connection stands, TLS included; default 10; 0: none
---@field stall_timeout? number seconds without a byte, rounded up; default 60; 0: none
---@field timeout? number seconds for everything; default 300; 0: none
---@field redirects? integer followed at most, default 5; Authorization and Cookie go to no other host or port
---@field once? boolean never sent a second time (libcurl repeats by itself on a dead kept connection) and no redirect followed

---@class almanac.http.result
---@field id integer
---@field error? string one line; the transfer failed
---@field code? almanac.code with `error`
---@field unsent? boolean with `error`: true when surely no byte of the request reached the server
---@field sent integer how often libcurl began to send the request: above 1 after redirects and its own repeats
---@field connects integer connections opened for it; 0: a kept one served
---@field seconds number
---@field status? integer absent when there was no answer
---@field headers? table<string, string> names in lower case; a repeated field is joined by ", "
---@field body? string absent when it went into the file `to`
---@field size? integer bytes of the body
---@field url? string the last one, behind redirects

---@class almanac.http.multi
local multi = {}

---A set of transfers that share connections. Closes when it is collected.
---@param options? almanac.http.options
---@return almanac.http.multi
function core.http.multi(options) end

---Starts a transfer and returns at once. Raises when the request is not one;
---a file that can't be read is a result with an error.
---@param request almanac.http.request
---@return integer id
function multi:add(request) end

---Drives all transfers until at least one has ended, `fd` can be read, a signal
---came or the time is over.
---@param seconds number
---@param fd? integer a file descriptor, such as that of a server
---@return almanac.http.result[] ended in the order in which they ended; maybe none
function multi:wait(seconds, fd) end

---Ends a transfer. Its result, with code "cancelled", comes from the next wait.
---@param id integer
---@return boolean found false when it had ended already
function multi:cancel(id) end

---@return integer count transfers whose result was not given yet
function multi:active() end

---Ends all transfers without results. Later calls raise; closing again is fine.
function multi:close() end

-- core.serve: a local HTTP server --------------------------------------------

core.serve = {}

---@class almanac.serve.options
---@field host? string address to listen on, default "127.0.0.1"
---@field port? integer default 0: any free one
---@field max_body? integer bytes, default 128 MiB; a larger body is answered with 413 and never seen
---@field spool_dir? string folder for large bodies; default TMPDIR, else /tmp
---@field spool_above? integer bytes, default 1 MiB; larger bodies lie in a file
---@field max_connections? integer default 512; more wait until one is free

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

---Drives the server until a request has arrived wholly, a signal came or the
---time is over.
---@param seconds? number default 0
---@return almanac.serve.request[] requests maybe none
function server:wait(seconds) end

---Closes all connections, answered or not. Later calls raise; closing again is
---fine. Requests can still be read.
function server:close() end

---A request that has arrived wholly. It may be answered at any time, in any
---order. Collected or closed without an answer, it is answered with 500.
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

---Done with it; see above.
function request:close() end

return core
