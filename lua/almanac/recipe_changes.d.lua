---@meta

-- Describes the changes that a recipe may propose: what `changes` gives back. recipes/README.md is the reference; what
-- rules see besides is in recipe.d.lua.

---@class recipe.change

add, replace, update, delete, advance = {}, {}, {}, {}, {}

---@param given { usage_type: string, library: string, label: string?, public_note: string?, access_rights: string?, request_id: string?, files: recipe.file[] }
---@return recipe.change
function add.representation(given) end

---@param given { representation: recipe.representation, files: recipe.file[] }
---@return recipe.change
function add.file(given) end

---@param given { collection: string }
---@return recipe.change
function add.collection(given) end

---@param given { file: recipe.held, with: recipe.file, keep: boolean? }
---@return recipe.change
function replace.file(given) end

---@param given { representation: recipe.representation, label: string?, public_note: string?, access_rights: string?, usage_type: string?, library: string? }
---@return recipe.change
function update.representation(given) end

---@param given { representation: recipe.representation }
---@return recipe.change
function delete.representation(given) end

---@param given { file: recipe.held }
---@return recipe.change
function delete.file(given) end

---@param given { request: string, from: string }
---@return recipe.change
function advance.request(given) end
