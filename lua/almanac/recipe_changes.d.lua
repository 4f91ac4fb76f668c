---@meta

-- Describes the changes that a recipe may propose: what `changes` gives back. recipes/README.md is the reference; what
-- rules see besides is in recipe.d.lua.

---@class recipe.change

add, replace, update, delete, advance = {}, {}, {}, {}, {}

---@param given { usage_type: string, library: string, label: string?, public_note: string?, access_rights: string?, entity_type: string?, author: string?, title: string?, volume: string?, issue: string?, date: string?, start_page: string?, end_page: string?, track: string?, start_time: string?, end_time: string?, number: string?, year: string?, season_month: string?, day_in_month: string?, request_id: string?, files: recipe.file[] }
---@return recipe.change
function add.representation(given) end

---@param given { repository: string, originating_record_id: string, linking_parameters: string[]?, usage_type: string, library: string, label: string?, public_note: string?, entity_type: string?, author: string?, title: string?, volume: string?, issue: string?, date: string?, start_page: string?, end_page: string?, track: string?, start_time: string?, end_time: string?, number: string?, year: string?, season_month: string?, day_in_month: string? }
---@return recipe.change
function add.remote(given) end

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

---@param given { representation: recipe.representation, linking_parameters: string[]?, label: string?, public_note: string?, usage_type: string?, library: string?, entity_type: string?, author: string?, title: string?, volume: string?, issue: string?, date: string?, start_page: string?, end_page: string?, track: string?, start_time: string?, end_time: string?, number: string?, year: string?, season_month: string?, day_in_month: string? }
---@return recipe.change
function update.remote(given) end

---@param given { representation: recipe.representation }
---@return recipe.change
function delete.representation(given) end

---@param given { file: recipe.held }
---@return recipe.change
function delete.file(given) end

---@param given { request: string, from: string }
---@return recipe.change
function advance.request(given) end
