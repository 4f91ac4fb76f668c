-- Which shard makes which masters, when many machines work on one run. It follows from the masters
-- of the run and the number of shards alone, so every machine and every later day finds the same.
local names = require "almanac.derive.names"

local m = {}

local ALL = "SELECT id, path, coalesce(size, 0) AS size FROM file ORDER BY id"

local function groups_of(db)
  local files, stems, list, groups = {}, {}, {}, {}
  for row in db:rows(ALL) do
    files[#files + 1] = row
    stems[names.stem(row.path)] = true
  end
  for _, file in ipairs(files) do
    local name = names.group(file.path, stems)
    local group = groups[name]
    if not group then
      group = { first = file.id, size = 0, ids = {} }
      groups[name], list[#list + 1] = group, group
    end
    group.size = group.size + file.size
    group.ids[#group.ids + 1] = file.id
  end
  return list
end

-- The largest go to the shards in turn, forth and back: sizes are even, but for one of the largest.
local function turn(place, shards)
  local at = (place - 1) % (2 * shards)
  return at < shards and at + 1 or 2 * shards - at
end

---Divides the masters of a run so that each shard has about as many bytes, and masters whose
---derivatives may have the same name are of the same shard.
---@param db table
---@param shards integer
---@return table<integer, integer> shard_of by file id, from 1
---@return table<integer, integer[]> kin by file id: all whose derivatives may have the same name as its own, when there are several
function m.of(db, shards)
  local list, shard_of, kin = groups_of(db), {}, {}
  table.sort(list, function(a, b)
    if a.size ~= b.size then return a.size > b.size end
    return a.first < b.first
  end)
  for place, group in ipairs(list) do
    for _, id in ipairs(group.ids) do
      shard_of[id] = turn(place, shards)
      kin[id] = group.ids[2] and group.ids or nil
    end
  end
  return shard_of, kin
end

return m
