-- The yes that `apply` wants for a plan which deletes masters.
local masters = require "almanac.apply.master_deletions"
local store = require "almanac.run.store"

---@param path string of the run file
---@return string ... options for apply; none where no master is deleted
return function(path)
  local db <close> = assert(store.open(path, "read"))
  local all = masters.count(db)
  if all > 0 then return "--delete-masters", tostring(all) end
end
