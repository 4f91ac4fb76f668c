---@meta

-- Describes everything that a recipe sees, so that editors can complete names and check types.
-- The texts are those of the functions themselves; recipes/README.md is the reference. What `changes` proposes is in
-- recipe_changes.d.lua.

---A file of the folder. With an argument of type words, its names come without these words.
---`thumbnail_of` gets the whole names, and so does `changes` for `path` and `folder`.
---@class recipe.file
---@field name string with its extension, without folders
---@field stem string without its extension
---@field ext string lower case; jpeg as jpg, tiff as tif; "" for none
---@field path string below the folder, with /
---@field folder string "" at the top
---@field size integer? bytes
---@field page string|number|nil in `changes`: what `page` gave
---@field part string? in `changes`: what `part` gave
---@field thumbnail recipe.file? in `changes`: the file that `thumbnail_of` gave it
---@field sidecars recipe.sidecar[] nearest first; in `file_key` and `page`, with an argument of type sidecar

---A JSON file that speaks of others, to be read only.
---@class recipe.sidecar
---@field path string below the folder
---@field folder string "" at the top
---@field data table what it says: numbers are text, so that ids keep their digits

---A file that a title holds in Alma.
---@class recipe.held
---@field name string as it is stored; with an argument of type words, without these
---@field stem string
---@field ext string
---@field label string? may lack the extension
---@field size integer? bytes
---@field pid string Alma's id
---@field number integer its place in the representation, from 1
---@field representation recipe.representation

---@class recipe.representation
---@field id string
---@field label string?
---@field usage_type string? code; nil where Alma's lists are brief
---@field library string? code
---@field remote boolean
---@field files recipe.held[]
---@field public_note string?
---@field request_id string? the digitization request that it answers
---@field entity_type string? code; the fields of such a part have the names that changes have for them
---@field repository string? code, of a remote one
---@field originating_record_id string? of a remote one
---@field linking_parameters string[]? of a remote one
---@field delivery_url string? of a remote one

---@class recipe.title
---@field mms_id string
---@field title string?
---@field record recipe.record with reads = { "record" }
local title = {}

---@param ext? string "tif" finds tiff too
---@return fun(): recipe.held?
function title:files(ext) end

---@param ext string
---@return boolean
function title:has(ext) end

---@param usage_type? string code
---@return recipe.representation[]
function title:representations(usage_type) end

---@param originating_record_id string
---@param repository? string code
---@return recipe.representation?
---@return integer n how many there are
function title:remote(originating_record_id, repository) end

---With reads = { "items" }.
---@return { barcode: string?, call_number: string?, library: string?, location: string?, description: string?, material: string?, holding_id: string?, pid: string? }[]
function title:items() end

---With reads = { "rows" }: of the CSV given with --titles, headings as names.
---@return table<string, string>[]
function title:rows() end

---A descriptive record, to be read only.
---@class recipe.record
---@field format "marc"|"dc"|"mods"
local record = {}

---@param path string MARCspec ("245$a"), or elements ("dc:title")
---@return string?
function record:get(path) end

---@param path string
---@return string[]
function record:all(path) end

---@param tag string of a MARC record
---@return string?
function record:control(tag) end

---@return string 24 characters, of a MARC record
function record:leader() end

---@param tag? string with . for any character
---@return table[]
function record:fields(tag) end

---@param path? string
---@return { name: string, prefix: string?, value: string, attributes: table<string, string> }[]
function record:elements(path) end

---A record of a source (`--records`), to be read only. Of a row of a list the path is a heading, in any spelling; a
---record that its source deleted has no fields.
---@class recipe.source_record : recipe.record
---@field format "marc"|"dc"|"mods"|"row"|nil
---@field id string? its identifier in the source
---@field datestamp string?
---@field deleted boolean
---@field sets string[]
---@field place string? "row 12"
---@field row table<string, string>? by heading, in any spelling

---What a recipe returns.
---@class recipe.recipe
---@field name string lower-case letters, digits and dashes
---@field summary string
---@field version string "1.0.0"
---@field license string
---@field effects ("add"|"update"|"remote"|"delete"|"delete-master"|"create-bib"|"update-bib"|"request")[] what its plans may contain; "delete-master": masters are deleted, "delete": others
---@field args? table[] { name, type, required=, default=, help=, choices=, min=, max= }
---@field reads? ("record"|"items"|"rows")[]
---@field file_key? fun(file: recipe.file, args: table): string|string[]|nil a list: each may be the match key of a title
---@field page? fun(file: recipe.file, args: table): string|number|nil its place among the files of one match key
---@field part? fun(file: recipe.file, args: table): string|nil its volume, copy or item: each becomes a representation
---@field thumbnail_of? fun(file: recipe.file, args: table): string?, string? path of the file that it belongs to, and what it is uploaded as: ".clientThumb" or ".thumb"
---@field title_keys? fun(title: recipe.title, args: table): string[]|string|nil the match keys of the title
---@field wants? fun(title: recipe.title, args: table): boolean, string? whether the title takes part, and why not
---@field every_key? boolean
---@field near? integer
---@field record_key? fun(record: recipe.source_record, args: table): string|string[]|nil the match keys of a record: those of its title and files, and what a title is looked up by
---@field record_files? fun(record: recipe.source_record, args: table): string|string[]|nil the files that a record names itself, in page order: paths, names or ends of addresses
---@field several_records? boolean
---@field changes? fun(title: recipe.title, files: recipe.file[], args: table, records: recipe.source_record[]): recipe.change|recipe.change[]|nil, string? what to make, or nothing and why
---@field missing? fun(record: recipe.source_record, files: recipe.file[], args: table, records: recipe.source_record[]): recipe.change|recipe.change[]|nil, string? what to make of a record that no title answers to: first of all a bib; or nothing and why
---@field metadata? fun(record: recipe.source_record?, files: recipe.file[], args: table, records: recipe.source_record[]): recipe.metadata|nil what an ingest says of the title: rows with Alma's headings, or a record; nothing: ids and file names alone
---@field save_as? fun(title: recipe.title, representation: recipe.representation, file: recipe.held, args: table): string|nil where `almanac fetch` puts a file of Alma, below its folder; nil: it is not fetched
---@field examples? table

---Another recipe with some fields replaced.
---@param name string its name or path, and the major version that the variant was written for: "jpg-derivatives 1"
---@return fun(variant: table): recipe.recipe
function extend(name) end

key = {}

---Text in one form: accents composed (NFC), case ignored.
---@param name string
---@return string
function key.fold(name) end

---Text with its accents composed (NFC); case as it is.
---@param name string
---@return string
function key.nfc(name) end

---The name without folders and extension; case and accent form are ignored:
---"a/Grinnell_1_OBJ.JPG" gives "grinnell_1_obj".
---@param name string
---@return string
function key.stem(name) end

---The name without folders and extension, exactly as written.
---@param name string
---@return string
function key.exact_stem(name) end

---The nth group of digits of the name without its extension, whole:
---digits("grinnell_16037_OBJ2.tif", 1) is "16037", -1 the last.
---@param name string
---@param n integer? 1 by default
---@return string?
function key.digits(name, n) end

---The first n numbers of a name, path or other text, or the last n when n is
---negative, without leading zeros and with - between:
---numbers("Box3_Fol12_item007_p2.jpg", 3) is "3-12-7", and so is
---numbers("Letter / Jane. Box 3, Folder 12, Item 7", -3).
---@param value string? nil gives nil, so a field that is not there needs no care
---@param n integer? 1 by default
---@return string? nil when there are not so many
function key.numbers(value, n) end

---The nth part of the name without its extension, between separators:
---part("MS-2_20_30_001.tif", -1, "_") is "001".
---@param name string
---@param n integer from the right when negative
---@param separator string? "_" by default; plain text
---@return string?
function key.part(name, n, separator) end

---The text behind a prefix; nil when it doesn't begin with it.
---@param name string
---@param prefix string
---@return string?
function key.after(name, prefix) end

---The text before a suffix; nil when it doesn't end in it.
---@param name string
---@param suffix string
---@return string?
function key.before(name, suffix) end

---The MMS ID in a name or path: the first whole group of 8 to 19 digits that
---begins with 99.
---@param name string
---@return string?
function key.mms_id(name) end

---The name without folders and without all its extensions:
---"grinnell_12205_OBJ.mp3.clientThumb.jpg" gives "grinnell_12205_obj".
---@param name string
---@return string
function key.bare(name) end

---The nth folder of a path, from the right when negative:
---folder("C0744/c002/0001.tif", -1) is "c002".
---@param path string
---@param n integer? -1 by default: the folder that the file is in
---@return string?
function key.folder(path, n) end

---The first n parts of the name without its extension, or all but the last n
---when n is negative: parts("u0001_2009170_0000001_0001.tif", -1) is
---"u0001_2009170_0000001".
---@param name string
---@param n integer
---@param separator string? "_" by default; plain text
---@return string? nil when there are not so many
function key.parts(name, n, separator) end

---Text between others, nil when there is none:
---around("99", "009588395", "0203941") is "990095883950203941".
---@param before string
---@param number string?
---@param after string
---@return string?
function key.around(before, number, after) end

---What stands behind the first place of a part in a text: behind("ocn123_1", "123")
---is "_1"; nil when the part is not there, or nil itself.
---@param name string
---@param part string? plain text
---@return string?
function key.behind(name, part) end

---The name without its extension and without a role at its end, and the role:
---role("32101047381338_1_pm.wav", { "pm", "i", "a" }) gives "32101047381338_1", "pm".
---@param name string
---@param roles string[] as they are written; case does not matter
---@return string rest
---@return string? role nil when there is none
function key.role(name, roles) end

---The name without its extension and without a letter that tells its size, and
---the letter: size("CU1001b.jpg", "abc") gives "CU1001", "b". The letter stands
---right behind a digit; a size that is a digit behind - or _:
---size("061-02b-2.jpg", "123") gives "061-02b", "2".
---@param name string
---@param letters string? "abc" by default
---@return string rest
---@return string? letter
function key.size(name, letters) end

---The page at the end of a name: "ms_0012.tif" 12, "book_12v.tif" 12.5 (verso),
---"book_12a_r.tif" 12.51 (a leaf put in behind 12),
---"x_p3.jpg" 3, "a (2).jpg" 2, "preface_iv.tif" 0.004 (roman pages come first),
---"0012.tif" 12. nil when there is none.
---@param name string
---@return number?
function key.page(name) end

---The name without its extension and its page: "u1_07_0001.tif" gives "u1_07".
---@param name string
---@return string
function key.without_page(name) end

---The part of a title that a path names beside the title's id: "folder", what the
---folder with the id has behind it, or else the folder below: volume("ocm123-2967/1.tif", "123", "folder")
---is "2967", volume("123/v.2/1.tif", "123", "folder") is "v.2"; "name", what
---stands in the name between id and page: volume("123_v2_0001.tif", "123", "name") is "v2".
---@param path string
---@param id string? as it is written there
---@param place "folder"|"name"
---@return string? nil when there is none
function key.volume(path, id, place) end

---The first date in a name as year-month-day: "hir1910_02_13_001.tif" gives
---"1910-02-13", "news19100213.pdf" too. Years from 1400 to 2199.
---@param name string
---@return string?
function key.date(name) end

---What an Alma id names: "bib", "holding", "item", "representation", "file",
---"collection"; nil for others.
---@param id string
---@return string?
function key.id_class(id) end

---The first Alma id of a class in a name or path, a whole group of digits:
---id("rep/12246098570003941.jpg", "representation", "3941") is "12246098570003941".
---@param name string
---@param class "bib"|"collection"|"file"|"holding"|"item"|"representation"
---@param digits string? the institution's last digits; an id with others is passed over
---@return string?
function key.id(name, class, digits) end

---The id when it ends with the institution's digits, else nil: a free check
---against numbers that were rounded or mistyped.
---@param id string?
---@param digits string "4146"; "" for any
---@return string?
function key.of_institution(id, digits) end

---An OCLC number in its one form, digits without leading zeros: of a 035 field
---("(OCoLC)ocm00012345" gives "12345"), of a 001 ("ocn123456789"), of a file name
---("ocm00012345_001.tif"). nil when there is none: digits alone are one only
---behind "(OCoLC)".
---@param name string
---@return string?
function key.oclc(name) end

---What stands behind a system's prefix in a 035 field: ("(DE-599)ZDB123", "DE-599")
---gives "ZDB123"; case of the prefix is ignored. OCLC numbers ("OCoLC") come in
---their one form. nil when it is of another system.
---@param value string
---@param prefix string with or without its brackets
---@return string?
function key.system_number(value, prefix) end

---All system numbers of a prefix in a MARC record's 035 $a, or in a Dublin Core
---record's dc:identifier, each once:
---  title_keys = function(title) return key.system_numbers(title.record, "OCoLC") end
---@param record table title.record
---@param prefix string
---@return string[]
function key.system_numbers(record, prefix) end

---What a repository calls an object, out of its OAI identifier, an address of it, or a handle:
---("contentdm", "oai:cdm.example.edu:p17maps/12") and ("contentdm", "https://cdm.example.edu/digital/collection/p17maps/id/12")
---give "p17maps/12", "p17maps", "12". nil when it is none of that system.
---@param system "contentdm"|"dspace"|"digitool"|"fedora"|"rosetta"
---@param text string
---@return string? id
---@return string? ... its parts, as an address of it is made of them
function key.remote(system, text) end

---What a record names of a repository, each once: in a MARC record 856 $u, 024 $a, 035 $a and the links of 776 and 787, else
---identifiers, relations and addresses:
---  title_keys = function(title) return key.remotes("contentdm", title.record) end
---@param system "contentdm"|"dspace"|"digitool"|"fedora"|"rosetta"
---@param record table title.record, or a record
---@param host string? of the repository: addresses of others do not count
---@return string[] ids as key.remote gives them
function key.remotes(system, record, host) end

---A call number in one form, whatever stands between its parts: "PS3566.R3944 A614
---2020", "ps 3566 .r3944 a614 2020" and the file name "PS3566_R3944_A614_2020.tif"
---give "ps 3566 r 3944 a 614 2020". Give a file's name, not its path: a call number may
---have slashes. Parts are runs of letters and of digits; digits
---stay as they are, since .R39 and .R039 are two places on a shelf.
---@param value string
---@return string? nil when there is no letter or digit
function key.call_number(value) end

---A library's barcode in a name or path. Without options the first whole group of 14
---digits that begins with 2 or 3 and whose last one is its check digit (Luhn). With options:
---  length   how many signs it has, check digit counted; without it the longest group is looked at
---  pad      true: when there is no group of that length, the longest shorter one has lost zeros in front
---  check    "luhn" (mod 10; the default), "ean" (EAN-13 and -8), "mod11" (ISBN-10, ISSN; may end in X),
---           "mod43" (Code 39, with letters), "none"
---  letters  true: groups of letters and digits, in capitals; check is "none" then, or "mod43"
---barcode("12345674_2.jpg", { length = 10, pad = true }) is "0012345674"; a name whose
---barcode does not check has none.
---@param name string
---@param how { length: integer?, pad: boolean?, check: string?, letters: boolean? }?
---@return string? barcode
---@return string? written as it stands in the name, for key.behind
function key.barcode(name, how) end

---The barcodes of a title's items, in the form that key.barcode gives with the
---same options, for recipes with reads = { "items" }:
---  title_keys = function(title) return key.barcodes(title, { length = 10, pad = true }) end
---@param title table
---@param how { length: integer?, pad: boolean?, check: string?, letters: boolean? }?
---@return string[]
function key.barcodes(title, how) end

---A name or path without words that do not count, as an argument of type `words`
---takes them out of the names of files: clean("scan 7 (final).jpg", { "(final)" }) is
---"scan 7.jpg". For text from elsewhere, such as the cells of a list.
---@param name string
---@param words string[]
---@return string
function key.clean(name, words) end

---The values that stand at a path of names in the nearest sidecar of a file that
---has one there: sidecar(file, "metadata.mms_id") of {"metadata": {"mms_id": ["99", "98"]}}
---is { "99", "98" }. Numbers are the text that was written; true, false and null
---are no values, nor is empty text. For recipes with an argument of type sidecar.
---@param file recipe.file
---@param path string names with dots between
---@return string[]? values each once; nil when no sidecar has any
---@return string? folder where that sidecar lies, "" at the top
function key.sidecar(file, path) end
