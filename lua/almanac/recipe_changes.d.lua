---@meta

-- Describes the changes that a recipe may propose: what `changes` gives back. recipes/README.md is the reference; what
-- rules see besides is in recipe.d.lua.

---@class recipe.change

add, create, replace, update, delete, advance = {}, {}, {}, {}, {}, {}

---@param given { usage_type: string, library: string, label: string?, public_note: string?, access_rights: string?, entity_type: string?, author: string?, title: string?, volume: string?, issue: string?, date: string?, start_page: string?, end_page: string?, track: string?, start_time: string?, end_time: string?, number: string?, year: string?, season_month: string?, day_in_month: string?, request_id: string?, files: recipe.file[] }
---@return recipe.change
function add.representation(given) end

---@param given { repository: string, originating_record_id: string, linking_parameters: string[]?, usage_type: string, library: string, label: string?, public_note: string?, entity_type: string?, author: string?, title: string?, volume: string?, issue: string?, date: string?, start_page: string?, end_page: string?, track: string?, start_time: string?, end_time: string?, number: string?, year: string?, season_month: string?, day_in_month: string? }
---@return recipe.change
function add.remote(given) end

---A title that Alma lacks, for the rule `missing`; the changes beside it in the list go on with it. `record` is one that a
---source gave, or a table of its values: { ["dc:title"] = "Maps", ["dc:subject"] = { "a", "b" } }, { ["245$a"] = "Maps",
---{ "856", "40", "u", "https://…" } }.
---@param given { record: recipe.record|recipe.source_record|table, collection: string?, suppress: boolean?, normalization: string?, check_match: boolean?, import_profile: string?, set: table<string, string>?, add: table?, remove: string[]? }
---@return recipe.change
function create.bib(given) end

---The title's record, by MARCspec or elements; with reads = { "record" }. `set`: the first value at a path, or a new one;
---`add`: fields, { { "856", "40", "u", "https://…" } } or { { "dc:subject", "Maps", ["xml:lang"] = "en" } }; `remove`: all
---that the paths find.
---@param given { set: table<string, string>?, add: table?, remove: string[]?, normalization: string? }
---@return recipe.change
function update.bib(given) end

---@param given { representation: recipe.representation, files: recipe.file[] }
---@return recipe.change
function add.file(given) end

---@param given { collection: string }
---@return recipe.change
function add.collection(given) end

---@param given { file: recipe.held, with: recipe.file, keep: boolean? }
---@return recipe.change
function replace.file(given) end

---@param given { representation: recipe.representation, label: string?, public_note: string?, access_rights: string?, usage_type: string?, library: string?, entity_type: string?, author: string?, title: string?, volume: string?, issue: string?, date: string?, start_page: string?, end_page: string?, track: string?, start_time: string?, end_time: string?, number: string?, year: string?, season_month: string?, day_in_month: string? }
---@return recipe.change
function update.representation(given) end

---@param given { file: recipe.held, label: string }
---@return recipe.change
function update.file(given) end

---@param given { representation: recipe.representation, linking_parameters: string[]?, label: string?, public_note: string?, usage_type: string?, library: string?, entity_type: string?, author: string?, title: string?, volume: string?, issue: string?, date: string?, start_page: string?, end_page: string?, track: string?, start_time: string?, end_time: string?, number: string?, year: string?, season_month: string?, day_in_month: string? }
---@return recipe.change
function update.remote(given) end

---@param given { representation: recipe.representation }
---@return recipe.change
function delete.representation(given) end

---@param given { file: recipe.held }
---@return recipe.change
function delete.file(given) end

---@param given { request: string, from: string, item: string? }
---@return recipe.change
function advance.request(given) end

---One row of an ingest: Alma's headings (title, creator, dc:title, rep_label, rep_usage_type, …) with a text, or several texts
---for a heading that is there several times; `files`: those of its representation, all when absent.
---@alias recipe.row table<string, string|number|string[]|recipe.file[]>

---@alias recipe.metadata recipe.row|recipe.row[]|recipe.source_record|recipe.source_record[]|string

---Several titles are imported together through an import profile of Alma. `metadata` is what the rule of that name gives when
---absent; `file_field`: where a record names its files (856$u)
---@param given { profile: string, files: recipe.file[], metadata: recipe.metadata?, file_field: string? }
---@return recipe.change
function ingest(given) end
