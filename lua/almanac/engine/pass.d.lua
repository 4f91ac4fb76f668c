---@meta
-- core.pass: which records of many files are wanted. See ../core.d.lua.

---@class almanac.core
local core = {}

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
