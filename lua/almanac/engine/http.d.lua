---@meta
-- core.http: transfers on one curl multi handle. See ../core.d.lua.

---@class almanac.core
local core = {}

core.http = {}

---@class almanac.http.options
---@field max_total? integer connections at once; 0 (default): any number
---@field max_per_host? integer connections to one host at once; 0 (default): any number
---@field user_agent? string default "almanac/VERSION"
---@field ca_file? string PEM file with the certificates to trust; default: CURL_CA_BUNDLE or SSL_CERT_FILE of the environment,
---  else the system's

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
---@field digests? boolean with `to`: SHA-256 and MD5 are taken of the body while it is written
---@field unsynced? boolean with `to`: the file need not be on the disk when it gets its name; core.files.sync_disk sees to that
---@field max_body? integer bytes of the answer's body; default 32 MiB, with `to` any number
---@field connect_timeout? number seconds until the connection stands, TLS included; default 10; 0: none
---@field stall_timeout? number seconds without a byte, rounded up; default 60; 0: none
---@field timeout? number seconds for everything; default 300; 0: none
---@field redirects? integer followed at most, default 5, never from https to http; Authorization and Cookie go to no other host or port
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
---@field sha256? string hex, of the file, with `digests`
---@field md5? string the same; absent where the machine forbids it (FIPS)
---@field url? string the last one, behind redirects

---@class almanac.http.multi
local multi = {}

---A set of transfers that share connections. Closes when it is collected.
---@param options? almanac.http.options
---@return almanac.http.multi
function core.http.multi(options) end

---Starts a transfer and returns at once. A malformed request raises; a file that can't
---be read gives a result with an error.
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
