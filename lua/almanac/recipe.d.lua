---@meta

-- Describes everything that a recipe sees, so that editors can complete names and check types.
-- The texts are those of the functions themselves; recipes/README.md is the reference. What `changes` proposes is in
-- recipe_changes.d.lua, the key helpers are in recipe_keys.d.lua.

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
