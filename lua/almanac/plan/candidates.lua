-- The files that a person may choose for a title to decide.
local chosen_records = require "almanac.plan.chosen_records"
local core = require "almanac.core"

local m = {}

local CANDIDATES = [[SELECT DISTINCT file.path FROM title_key JOIN file_key USING(key)
  JOIN file ON file.id = file_key.file_id WHERE title_key.title_id = ? ORDER BY file.path LIMIT 1000]]

local function natural_order(paths)
  local keys = {}
  for _, path in ipairs(paths) do keys[path] = core.text.natural(path) end
  table.sort(paths, function(a, b) return keys[a] < keys[b] end)
  return paths
end

local function paths_of(files)
  local paths = {}
  for i, file in ipairs(files) do paths[i] = file.path end
  return paths
end

---The paths of the files that a title may have: those that its records name, else those with its keys.
---@param db table
---@param title_id integer
---@param list almanac.run.record_row[] its records
---@return string[] paths
---@return boolean? named true: its records name them
function m.paths(db, title_id, list)
  local named = list[1] and chosen_records.named_files(db, list)
  if named then return paths_of(named), true end
  local paths = {}
  for row in db:rows(CANDIDATES, title_id) do paths[#paths + 1] = row.path end
  return natural_order(paths)
end

return m
