---@meta
-- core.csv: CSV row by row. See ../core.d.lua.

---@class almanac.core
local core = {}

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
