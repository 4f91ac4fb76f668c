-- The ingest folders of an import profile: {institution}/upload/{profile}/{ingest}/…. One that holds .lock is still being
-- prepared, and left alone; one without a metadata file has nothing to import.
local m = {}

local LOCK = ".lock"

-- "*.csv" and "values.csv" are as a shell has them. Alma's documentation also has ^UCN_HEINu* as an example: what begins
-- with ^ is read as a regular expression of the kind that needs no more than dots, stars and a dollar sign.
local function pattern_of(given)
  if given:sub(1, 1) == "^" then
    return (given:gsub("%%", "%%%%"):gsub("\\%.", "%%."):gsub("(%w)%*", "%1*"))
  end
  return "^" .. given:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
end

---Whether a metadata file is one of the profile's, by its name.
---@param profile table
---@param name string
---@return boolean
function m.is_metadata(profile, name)
  local given = profile.file_name_patterns or ""
  return name:find(pattern_of(given == "" and "*" or given)) ~= nil and not name:find "/"
end

---@class almanac.rehearsal.ingest
---@field id string
---@field prefix string of the keys of its objects
---@field objects table<string, table> by path in the ingest
---@field metadata string[] paths

---The ingests of a profile that may be imported.
---@param world table
---@param profile table
---@return almanac.rehearsal.ingest[] in the order of their names
function m.ready(world, profile)
  local prefix = ("%s/upload/%s/"):format(world.inst, profile.id)
  local by_id, list = {}, {}
  for row in world.db:rows("SELECT * FROM object WHERE substr(key, 1, ?) = ? ORDER BY key", #prefix, prefix) do
    local id, path = row.key:sub(#prefix + 1):match "^([^/]+)/(.+)$"
    if id then
      local ingest = by_id[id] or { id = id, prefix = prefix .. id .. "/", objects = {}, metadata = {} }
      if not by_id[id] then by_id[id], list[#list + 1] = ingest, ingest end
      ingest.objects[path] = row
      if path ~= LOCK and m.is_metadata(profile, path) then table.insert(ingest.metadata, path) end
    end
  end
  local ready = {}
  for _, ingest in ipairs(list) do
    if not ingest.objects[LOCK] and ingest.metadata[1] then ready[#ready + 1] = ingest end
  end
  return ready
end

return m
