-- Finds the files of Alma that may be a page, by their names and sizes.
local reconcile = require "almanac.apply.reconcile"

local m = {}

---Leaves out the files that bear the name of another page of the change.
---@param files table[] as Alma gives them
---@param change almanac.change
---@param page almanac.planned_file
---@return table[]
function m.of_no_other_page(files, change, page)
  local names, fits = {}, {}
  for _, other in ipairs(change.pages) do
    if other ~= page then names[other.name] = true end
  end
  for _, file in ipairs(files) do
    local stored = file.path and file.path:match "[^/]+$"
    if not names[stored or ""] and not names[file.label or ""] then fits[#fits + 1] = file end
  end
  return fits
end

---Finds new files by name and size; else by name alone, since one may be cut short on its
---way; else by size alone, since Alma may give a file another name.
---@param list table[] files as Alma gives them
---@param before string[] file ids that were there already
---@param change almanac.change
---@param page almanac.planned_file
---@return table[]
function m.page(list, before, change, page)
  local fits = reconcile.new_files(list, before, page.name, page.size)
  if not fits[1] then fits = reconcile.new_files(list, before, page.name) end
  if not fits[1] then fits = m.of_no_other_page(reconcile.new_files(list, before, nil, page.size), change, page) end
  return fits
end

return m
