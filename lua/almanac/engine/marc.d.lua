---@meta
-- core.marc: MARC records. See ../core.d.lua.

---@class almanac.core
local core = {}

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
