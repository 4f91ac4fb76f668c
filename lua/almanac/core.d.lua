---@meta almanac.core
-- Describes the C module for editors and readers. No program loads this file. When the world
-- says no, a function returns `nil, message, code`; a wrong argument raises. The code "tls"
-- means that somebody has to open the way to a server: its certificate is not trusted, or a
-- proxy wants a login or refuses.

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

-- core.serve: a local HTTP server --------------------------------------------

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

-- core.files: files and folders ----------------------------------------------

-- Names are bytes. "missing" when there is no such file, else "io" unless said.
core.files = {}

---@class almanac.files.stat
---@field size integer bytes
---@field mtime_ns integer nanoseconds since 1970, UTC
---@field mode integer permission bits
---@field device integer number of its file system; another one after the next mounting, perhaps
---@field inode integer its number there
---@field kind "file"|"folder"|"other"

---@class almanac.files.walk
local walk = {}

---Goes through all files below a folder, folder by folder, the entries of each sorted by
---bytes. Names with a leading dot are left out. Links are followed.
---@param folder string
---@param patterns? string[] what is left out, by gitignore's rules; a folder with all that is in it
---@param options? { within: boolean? } within: a link that leads out of the folder is not followed; it comes with the
---  message "a link that leads out of the folder"
---@return almanac.files.walk? walk
---@return string? message
---@return almanac.code? code "parse": a pattern that is none
function core.files.walk(folder, patterns, options) end

---The next file. What can't be read (a folder, a file, a broken link, a link
---back to a folder above it) comes as path, nil, message. What is left out does
---not come. nil alone at the end.
---@return string? path below the folder, parts divided by "/"
---@return integer? size bytes
---@return integer|string|nil mtime_ns nanoseconds since 1970, or the message
function walk:next() end

---The next files, as columns. What can't be read has `false` for its size and
---the message instead of the time; what is left out, the pattern instead of it.
---@param count integer at most, from 1 to 4096
---@return string[] paths empty at the end
---@return (integer|false)[] sizes bytes
---@return (integer|string)[] mtimes_ns nanoseconds since 1970, or the message
---@return table<integer, true> excluded places of what is left out
function walk:batch(count) end

---Ends the walk early. Later calls raise; closing again is fine.
function walk:close() end

---@param path string links are followed
---@return almanac.files.stat? stat
---@return string? message
---@return almanac.code? code
function core.files.stat(path) end

---@param path string an ordinary file
---@param count integer bytes from its start, up to 64 MiB
---@param folder? string that it lies below: then a link out of it, or to nowhere, is an "io"
---@return string? bytes fewer when the file is shorter
---@return string? message
---@return almanac.code? code
function core.files.head(path, count, folder) end

---The mark that core.files.heads takes of a file, and what the file was when it was read.
---@param path string an ordinary file
---@param folder string that it lies below: a link out of it is a "conflict"
---@return integer? mark of length, beginning and end: files of different marks differ
---@return integer|string size bytes; the message when there is no mark
---@return integer|almanac.code mtime_ns nanoseconds since 1970, UTC; the code when there is no mark
function core.files.mark(path, folder) end

---What the markers of a JPEG tell. A number that they don't tell is 0.
---@class almanac.files.jpeg
---@field ended "whole"|"short"|"cut"|"zeros" ends before its header does; has no end marker; zero bytes instead
---@field width integer
---@field height integer
---@field components integer 4: CMYK
---@field orientation integer of EXIF, 1: upright

---@class almanac.files.heads
local heads = {}

---Begins to read how many files begin and end, several at once, and returns while they
---are read: each may wait for its disk.
---@param folder string
---@param paths string[] below the folder, up to 4096
---@param count integer bytes of each, up to 64
---@return almanac.files.heads? heads
---@return string? message why the folder can't be opened
---@return almanac.code? code
function core.files.heads(folder, paths, count) end

---Waits until all are read. Call it once.
---@return (string|false)[] bytes of each; false: it can't be read
---@return table<integer, string> messages by place
---@return integer[] marks of length, beginning and end: files of different marks differ
---@return table<integer, almanac.files.jpeg> jpegs by place, of JPEGs that are not plain
function heads:take() end

---Waits until all are read, and drops them. Closing again is fine.
function heads:close() end

---@param path string a file, also a pipe or device
---@param max? integer bytes, default 64 MiB; a longer file is a failure
---@return string? bytes
---@return string? message
---@return almanac.code? code "limit" when it is longer
function core.files.read(path, max) end

---@param path string an ordinary file
---@param offset? integer bytes, default 0
---@param length? integer bytes, default: to the end; a file that ends before is a failure
---@return string? hex SHA-256
---@return integer|string|nil size bytes that were hashed, or the message
---@return almanac.code? code
function core.files.sha256(path, offset, length) end

---@param path string an ordinary file
---@param offset? integer bytes, default 0
---@param length? integer bytes, default: to the end; a file that ends before is a failure
---@return string? hex MD5
---@return integer|string|nil size bytes that were hashed, or the message
---@return almanac.code? code
function core.files.md5(path, offset, length) end

---@param path string any file or folder on the file system
---@return integer? bytes that may still be written
---@return string? message
---@return almanac.code? code
function core.files.free_space(path) end

---@param path string any file or folder
---@return string? absolute without links, "." and ".." in it
---@return string? message
---@return almanac.code? code "missing"
function core.files.real_path(path) end

---Makes a folder and its parents. That it exists is no failure.
---@param path string
---@param mode integer? rights of what is made, before the umask; 0777 when absent
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.make_folder(path, mode) end

---Waits until a file, or the names in a folder, are on the disk.
---@param path string
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.sync(path) end

---Makes a folder below TMPDIR, else /tmp, for this user only. The caller removes it.
---@return string? path
---@return string? message
---@return almanac.code? code
function core.files.temp_folder() end

---Removes a file, a link or an empty folder; with `tree` a folder with all that
---is in it. Links are not followed.
---@param path string
---@param options? { tree?: boolean }
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.remove(path, options) end

---Renames on one file system; a file at `to` is replaced.
---@param from string
---@param to string
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.rename(from, to) end

---Writes a file that appears whole or not at all: a new file beside it is written to disk and
---then renamed. A link stays and its target is replaced; a device or pipe is written to.
---@param path string
---@param text string
---@param mode? integer rights of a new file before the umask, default 438 (octal 666)
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.write(path, text, mode) end

-- core.text: Unicode, natural order, base64 ----------------------------------

-- Bytes that are not UTF-8 pass through unchanged, each by itself.
core.text = {}

---Is it well-formed UTF-8?
---@param text string
---@return boolean
function core.text.valid(text) end

---Is it well-formed UTF-8 without control characters (U+0000 to U+001F, U+007F to U+009F)?
---@param text string
---@return boolean
function core.text.plain(text) end

---Normalization Form C (Unicode Standard Annex 15).
---@param text string
---@return string
function core.text.nfc(text) end

---NFC, full case folding (Unicode 3.13), NFC again. Accents stay.
---@param text string
---@return string
function core.text.fold(text) end

---Makes a sort key: sorting by it (plain <) gives natural order. The folded text counts first,
---runs of 0-9 by their value ("page2" < "page10"); then leading zeros ("a1" < "a01"); then the
---bytes. Different texts have different keys.
---@param text string
---@return string key bytes
function core.text.natural(text) end

---Encodes by RFC 4648 section 4, padded, on one line.
---@param bytes string
---@return string
function core.text.base64(bytes) end

---Decodes base64. Blanks are ignored, padding may be missing.
---@param text string
---@return string? bytes
---@return string? message
---@return almanac.code? code "parse"
function core.text.unbase64(text) end

---Bytes of any charset that the system's iconv knows (`iconv -l`) as UTF-8.
---@param bytes string
---@param charset string one that has ASCII's letters and digits, as "windows-1251", "shift_jis"
---@return string? text
---@return string? message
---@return almanac.code? code "missing": the charset is not known; "parse": a byte is no character of it
function core.text.decode(bytes, charset) end

---@param bytes string
---@return string hex lower case
function core.text.hex(bytes) end

-- core.hash: digests of strings ----------------------------------------------

-- nil, message, "io" when libcrypto has not got it (MD5 in FIPS mode).
core.hash = {}

---@param text string
---@return string hex
function core.hash.sha256(text) end

---@param text string
---@return string hex
function core.hash.md5(text) end

---RFC 2104 with SHA-256.
---@param key string
---@param text string
---@return string bytes 32
function core.hash.hmac_sha256(key, text) end

---@param count integer 0 to 1048576
---@return string bytes fit for secrets
function core.hash.random(count) end

-- core.xml: bounded XML ------------------------------------------------------

core.xml = {}

---@class almanac.xml.node its child elements are 1, 2, …
---@field name string without prefix
---@field namespace? string its address
---@field attributes table<string, string> with a namespace "prefix:name"
---@field prefixes? table<string, string> namespaces that the element declares for prefixes
---@field text string directly in it, those of children left out, as it is
---@field [integer] almanac.xml.node

---Reads XML without network, DOCTYPE and entities other than XML's own five. UTF-8 whose
---declaration says UTF-16 is read as UTF-8.
---@param text string
---@param limits? { max_depth?: integer, max_size?: integer } default 64 elements in each other, 32 MiB
---@return almanac.xml.node? root
---@return string? message ends in line and column
---@return almanac.code? code "parse" or "limit"
function core.xml.parse(text, limits) end

---Escapes text for content and attributes. What XML can't hold becomes U+FFFD.
---@param text string
---@return string
function core.xml.escape(text) end

-- core.csv: CSV row by row ---------------------------------------------------

core.csv = {}

---@class almanac.csv.rows
local rows = {}

---RFC 4180; a quote inside a field is text. A byte order mark is passed over,
---blanks around unquoted fields and empty lines too. Bytes stay as they are, but
---the apostrophe by which `line` keeps a text from being a formula is taken off.
---@param path string
---@param options? { delimiter?: string } one character, default ","
---@return almanac.csv.rows? rows
---@return string? message
---@return almanac.code? code
function core.csv.open(path, options) end

---@param text string
---@param options? { delimiter?: string }
---@return almanac.csv.rows? rows
---@return string? message
---@return almanac.code? code
function core.csv.parse(text, options) end

---@return string[]? row nil at the end; nil, message, code for a failure, after which nothing follows
---@return integer|string|nil line in which the row starts, from 1; or the message
---@return almanac.code? code "parse", "limit" or "io"
function rows:next() end

---Closes the file. Later calls raise; closing again is fine.
function rows:close() end

---Writes one line, with quotes where they are needed. A text that begins with = + - @, a
---tab or a carriage return would be a formula in a spreadsheet: an apostrophe in
---front keeps it text, and reading takes it off. Numbers stay numbers.
---@param values (string|number)[] with holes when `n` says how many
---@return string line ends in "\n"
function core.csv.line(values) end

-- core.marc: MARC records ------------------------------------------------------

core.marc = {}

---@alias almanac.marc.format "iso2709"|"marcxml"|"json"|"line"|"mrk"

---@class almanac.marc.options
---@field format? almanac.marc.format default: found out from the content
---@field charset? string of ISO 2709, lines and .mrk: "utf-8", "marc-8", "iso-5426" or any that the system's iconv knows, as
---  "windows-1252"; default: found out from leader/09 (UNIMARC: 100 $a/26-29) and the bytes of each record

---@class almanac.marc.reader
local reader = {}

---Opens a file of records, or one that has such packed with gzip, as tar or as zip: each file in it
---is told by its content, and what holds no records is passed over.
---@param path string "-": standard input
---@param options? almanac.marc.options
---@return almanac.marc.reader? reader
---@return string? message
---@return almanac.code? code "missing" (a charset that is not known, too), "io"; "parse" when it holds none of the formats
function core.marc.open(path, options) end

---Reads records from a string as from a file.
---@param text string
---@param options? almanac.marc.options
---@return almanac.marc.reader? reader
---@return string? message
---@return almanac.code? code
function core.marc.parse(text, options) end

---Is it a charset for the options?
---@param name string
---@return boolean? known true
---@return string? message
---@return almanac.code? code "missing"
function core.marc.charset(name) end

---Names of the formats.
---@return almanac.marc.format[]
function core.marc.formats() end

---Kinds of problems that readers note.
---@return string[]
function core.marc.kinds() end

---The text that stands around the records of a document.
---@param format almanac.marc.format
---@return string head
---@return string between
---@return string tail
function core.marc.frame(format) end

---A record without fields, with the leader "00000n   a2200000   4500": of no type.
---@return almanac.marc.record
function core.marc.new() end

---Is it a MARCspec (https://marcspec.github.io/MARCspec/marc-spec.html, version 0.16)? How its
---gaps are filled, and what is accepted besides, is in core/marc/marcspec.h.
---@param text string up to 1,000 bytes
---@return boolean? valid true
---@return string? message names the position and what was expected there
---@return almanac.code? code "parse"
function core.marc.spec(text) end

---@class almanac.marc.condition
local condition = {}

---Compiles a condition, as that of `almanac marc --where`: SPEC (has a value),
---!SPEC, SPEC=text, SPEC!=text, SPEC~text (includes), SPEC!~text, SPEC=~regex
---(POSIX extended), joined by && and ||. Without a value no comparison holds,
---!= neither. A text in quotes may hold anything; see core/marc/marc_where.h.
---@param text string up to 4,000 bytes, 64 conditions
---@return almanac.marc.condition? condition
---@return string? message
---@return almanac.code? code "parse"
function core.marc.where(text) end

---@param record almanac.marc.record
---@return boolean
function condition:test(record) end

---Frees it now; closing again is fine.
function condition:close() end

---The next record. A damaged record is given with its problems.
---@return almanac.marc.record? record nil at the end; nil, message, code for a failure
---@return string? message
---@return almanac.code? code
---@return boolean? broken true: one record of MARCXML can't be read, and the next call gives the one behind it; else
---  nothing follows a failure
function reader:next() end

---Goes through the records in a `for`. A failure raises its message.
---@return fun(reader: almanac.marc.reader): almanac.marc.record?
---@return almanac.marc.reader
function reader:records() end

---@return almanac.marc.format? format nil when there was nothing to read
function reader:format() end

---@return integer read bytes of the file
---@return integer? all nil when it isn't known, as for a pipe
function reader:progress() end

---What the record is from, for messages: the path, "standard input" or "text", of an archive with
---the file in it: "export.tar.gz: 1.xml".
---@return string
function reader:source() end

---@return integer files of an archive, so far, that hold no records
function reader:passed() end

---Closes the file. Later calls raise; closing again is fine.
function reader:close() end

---@class almanac.marc.record
local record = {}

---@class almanac.marc.subfield
---@field code string
---@field value string

---@class almanac.marc.field
---@field tag string
---@field value? string of a control field
---@field indicator1? string
---@field indicator2? string
---@field subfields? almanac.marc.subfield[]

---@class almanac.marc.problem
---@field kind string "leader" "length" "directory" "tag" "indicator" "subfield" "terminator" "character" "escape" "truncated" "garbage" "too-long" "structure" "charset"
---@field byte integer of the record, from 0
---@field message string

---@return string leader 24 characters
function record:leader() end

---@return integer number in its source, from 1
function record:number() end

---@return integer offset byte of the (unpacked) source where it starts
function record:offset() end

---The first control field with that tag.
---@param tag string
---@return string? text
function record:control(tag) end

---The first value that a MARCspec finds, as `245$a`, `008/35-37`, `856^1`,
---`856[indicator1=4]$u`, `020$c{$q=\paperback}`. A data field without $ is its
---subfields' texts with a blank between. Raises, naming the position, when the
---MARCspec is not valid.
---@param spec string
---@return string? value
function record:get(spec) end

---All values that a MARCspec finds, in the record's order.
---@param spec string
---@return string[]
function record:all(spec) end

---The fields as tables, copies of what the record holds; almanac.marc gives live ones instead.
---@param tag? string three characters, or more where the first is a letter ("INST"); '.' is any; default: all
---@return almanac.marc.field[]
function record:fields(tag) end

---Ids of the fields. A field keeps its id through all changes of the record, and no other field of the
---record ever gets it.
---@param tag? string as of fields
---@return integer[]
function record:ids(tag) end

---The field with that id as a table. almanac.marc gives the first live field with a tag instead.
---@param id integer
---@return almanac.marc.field? field nil when it is no longer there
function record:field(id) end

---Which fields and subfields a MARCspec finds.
---@param spec string raises when it names the leader, indicators or characters
---@return integer[] places id and place of the subfield from 1, or 0 for the whole field; id and place; …
function record:places(spec) end

---Puts a field into the record, in the stead of another one, or takes one out. What a field that is replaced
---holds already is not checked again, since a damaged one may hold what no new one may.
---@param id integer|nil before that field; 0: at the end; nil: behind the last one whose tag is not greater
---@param dropped boolean in its stead; without a new field it is taken out
---@param tag? string|almanac.marc.record three digits or letters; or a record, and the id of its field that is copied
---@param text? string|integer of a control field (00x); else the two indicators
---@param ... string code, value, code, value, …
---@return integer? id of the new field; 0 when there is none
---@return string? message
---@return almanac.code? code "parse": it makes no field, or a text is not UTF-8 or has control characters; "missing": there
---  is no such field; "limit" when the record passes 16 MiB
function record:splice(id, dropped, tag, text, ...) end

---A record of its own with the same in it.
---@return almanac.marc.record
function record:copy() end

---Sets the first value that the MARCspec finds: a subfield, a control field,
---characters of them or of the leader, an indicator. When there is none, TAG$x
---gets the subfield at the end of the first such field, and TAG$x and 00x get
---the field, with blank indicators.
---@param spec string
---@param value string as long as what it replaces, for characters of the leader and control fields
---@return true? done
---@return string? message
---@return almanac.code? code "missing" when there is nothing to set, "limit" as for add
function record:set(spec, value) end

---Removes the fields or subfields that the MARCspec finds, and fields that have
---no subfield left. Raises for the leader, characters and indicators.
---@param spec string
---@return integer? removed of fields or subfields, as the MARCspec names them
---@return string? message
---@return almanac.code? code
function record:remove(spec) end

---What each field is without its text: "24510abc" for 245 10 $a $b $c. Of a control field it is the
---tag, "\30" and the number of its characters, with "\31" behind it when a delimiter is in the text.
---@param into string[] gets them; what is behind the last stays
---@return integer count
---@return boolean controls control characters are in the text (U+0098 and U+009C don't count)
---@return boolean beyond_ascii
function record:shapes(into) end

---What was wrong with the record as it was read.
---@return almanac.marc.problem[]
function record:problems() end

---The record as UTF-8 in a format.
---@param format almanac.marc.format
---@param options? { nfc?: boolean } texts in Unicode's Normalization Form C
---@return string? text
---@return string? message with a text: the fields and subfields that were left out, since their tag or code is longer than
---  the format has room for, as "INST, HLD $updated"
---@return almanac.code? code "limit": ISO 2709 has room for 99,999 bytes, 9,999 in a field
function record:encode(format, options) end

-- core.claim: names that processes of this machine claim ----------------------

core.claim = {}

---Names that processes share through one file: whoever holds one is the only one at work on it.
---What a process holds is free when the process ends, however it ends.
---@class almanac.claim
local claim = {}

---Opens the file of claims, or makes it for every user of the machine.
---@param path string
---@return almanac.claim? claim close it, or let it go out of scope as <close>
---@return string? message
---@return almanac.code? code "io", "missing"
function core.claim.open(path) end

---Takes a name; never waits.
---@param name string
---@return true?
---@return string? message
---@return almanac.code? code "conflict": somebody else holds it
function claim:take(name) end

---Gives a name back.
---@param name string
function claim:give(name) end

---Gives everything back.
function claim:close() end

-- core.pass: which records of many files are wanted ----------------------------

core.pass = {}

---@class almanac.pass.options
---@field from? integer number of the first record that is wanted, from 1, through all readers
---@field limit? integer so many at most; 0, the default: all
---@field where? string condition as that of core.marc.where
---@field columns? string[] MARCspecs, for `rows`
---@field style? "values"|"lines"|"csv" what rows are (lines): "values" a line for each value of the last column, with
---  the others in front of it; "lines" a line for each record that has any of them, a tab between; "csv" a row for each record.
---  Values of a column have " | " between; tabs and ends of lines in them become blanks, but not in CSV

---@class almanac.pass
local selection = {}

---@param options almanac.pass.options
---@return almanac.pass? selection
---@return string? message
---@return almanac.code? code "parse": of the condition or of a column; "limit"
function core.pass.new(options) end

---The next record that is wanted.
---@param reader almanac.marc.reader
---@return almanac.marc.record|false|nil record false: a pause, none of the last 512 was wanted, call again; nil at the
---  reader's end, or when the limit is reached, or for a failure
---@return string? message
---@return almanac.code? code
---@return boolean? broken as of reader:next
function selection:next(reader) end

---Rows of the next wanted records, some 64 KB at a time.
---@param reader almanac.marc.reader
---@return string text whole lines
---@return boolean more call again; with a message: behind a broken record
---@return string? message of a failure behind the rows
---@return almanac.code? code
function selection:rows(reader) end

---True when the limit is reached.
---@return boolean
function selection:full() end

---@return integer seen records read
---@return integer taken records that were wanted
---@return integer damaged those of them that have problems
function selection:counts() end

---Frees it; also when a <close> variable goes, or when it is collected.
function selection:close() end

-- core.runfile: a SQLite file as a journal -----------------------------------

core.runfile = {}

---@class almanac.runfile.options
---@field mode? "create"|"write"|"read" default "read"; create refuses an existing file; one process may write, any number read
---@field kind "run"|"rehearsal" SQLite's application_id
---@field version? integer the one version that is accepted, default 1; SQLite's user_version
---@field schema? string SQL run when the file is created
---@field safe? boolean default true: every commit waits for the disk

---@class almanac.runfile.db
local db = {}

---@alias almanac.runfile.value string|number|boolean|nil a boolean is kept as 0 or 1

---":memory:" is a database of its own, made with `schema` in every mode. The
---table holder(pid, host, since) belongs to the run file.
---@param path string
---@param options almanac.runfile.options
---@return almanac.runfile.db? db
---@return string? message says what to do
---@return almanac.code? code "conflict": exists already, in use (by whom); "missing"; "parse": no SQLite file, cut off, damaged, another kind or version; "io": disk full, rights
function core.runfile.open(path, options) end

---Runs one statement. Malformed SQL, a wrong number of values and a write in mode "read" raise,
---here and below.
---@param sql string
---@param ... almanac.runfile.value one for each parameter
---@return integer? changes rows changed by the last INSERT, UPDATE or DELETE
---@return integer|string|nil last_id of the last INSERT, or the message
---@return almanac.code? code "io": disk full; "conflict": a constraint, or busy
function db:run(sql, ...) end

---Runs one statement for many rows, whose values come as columns.
---@param sql string
---@param n integer rows
---@param ... table|string|number|nil a column for each parameter: a list of n values, in which `false` is NULL, or one value for all rows
---@return integer? changes rows changed in all
---@return string? message
---@return almanac.code? code
function db:run_many(sql, n, ...) end

---Asks one question for many rows of values. NULL is `false` in the columns.
---@param sql string
---@param n integer rows of values
---@param ... table|string|number|nil columns of values, as for run_many
---@return integer[]? asked for each row found the place of the values that it answers
---@return any[]|string|nil ... a list for each column of the answer; or message and code
function db:columns(sql, n, ...) end

---@param sql string
---@param ... almanac.runfile.value
---@return table<string, any>? row the first, by column name; nil when there is none
---@return string? message
---@return almanac.code? code
function db:row(sql, ...) end

---@param sql string
---@param ... almanac.runfile.value
---@return any value first column of the first row; nil when there is none
---@return string? message
---@return almanac.code? code
function db:value(sql, ...) end

---Goes through the rows in a `for`; leaving the loop early ends the statement. Here failures of
---the world raise too, since an empty loop would look like "there is none".
---@param sql string
---@param ... almanac.runfile.value
---@return fun(cursor: userdata): table<string, any>?
---@return userdata cursor
---@return nil
---@return userdata closing
function db:rows(sql, ...) end

---Runs several statements without values.
---@param script string
---@return true? done
---@return string? message
---@return almanac.code? code
function db:exec(script) end

---Transactions don't nest.
---@return true? done
---@return string? message
---@return almanac.code? code
function db:begin() end

---A commit that fails is rolled back.
---@return true? done
---@return string? message
---@return almanac.code? code
function db:commit() end

---Rolls the transaction back; without one it does nothing. After a full disk SQLite may have
---rolled back by itself: then writes fail until this is called.
---@return true? done
---@return string? message
---@return almanac.code? code
function db:rollback() end

---@return boolean
function db:in_transaction() end

---Makes another file of the same kind and version readable as NAME.table.
---@param path string
---@param name string
---@return true? done
---@return string? message
---@return almanac.code? code
function db:attach(path, name) end

---Rolls back what is open. Later calls raise; closing again is fine.
function db:close() end

-- core.guard: a process without rights ---------------------------------------

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

-- core.sys: clocks, names, signals -------------------------------------------

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

-- core.unpack: gzip, tar and zip -----------------------------------------------

core.unpack = {}

---Does something that is packed with gzip, as tar or as zip begin so?
---@param head string 512 bytes, or all of it
---@return boolean
function core.unpack.looks(head) end

---Takes one file out of an archive.
---@param bytes string the archive
---@param name string path in it
---@param most integer bytes that the file may have, up to 1 GiB
---@return string? content
---@return string? message
---@return almanac.code? code "missing" no such file, or no libarchive; "limit", "parse"
function core.unpack.read(bytes, name, most) end

return core
