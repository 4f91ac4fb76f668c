-- Makes an OAI-PMH provider of a system (almanac.rehearsal.remote.contentdm and so on) over the records that the rehearsal keeps.
local json = require "almanac.json"
local protocol = require "almanac.rehearsal.api.oai_protocol"
local records = require "almanac.rehearsal.remote.records"

local m = {}

local SMALL = 5   -- entries on a page of a small collection, so that it has several

-- A row with what the protocol tells of it.
local function told(system, row)
  row.identifier, row.sets, row.deleted = system.prefix .. row.id, system.sets_of(row.id), row.deleted == 1
  return row
end

local function is_in(row, set)
  for _, one in ipairs(row.sets) do
    if one == set then return true end
  end
  return set == nil
end

local function rows_of(system, world, list)
  local rows = {}
  for row in world.db:rows("SELECT * FROM remote_record WHERE repository = ? ORDER BY n", system.name) do
    told(system, row)
    if is_in(row, list.set) and protocol.lies_between(row.stamp, list) and not (row.deleted and system.deletions == "no") then
      rows[#rows + 1] = row
    end
  end
  if system.comes_before then table.sort(rows, system.comes_before) end
  return rows
end

local function write(system, row, prefix)
  for _, format in ipairs(system.formats) do
    if format.prefix == prefix then
      return format.write { id = row.id, work = json.decode(row.work), links = system.links(row.id),
        files = system.files and system.files(row.id) }
    end
  end
end

local function has_set(system, spec)
  for _, set in ipairs(system.sets) do
    if set.spec == spec then return true end
  end
  return spec == nil
end

local function resume(system, world, text, verb)
  local list = system.resume(world, text, verb)
  if list then list.verb, list.after = verb, list.after or 0 end
  return list
end

---@param system table
---@param world table
---@return almanac.rehearsal.oai.provider
function m.of(system, world)
  local count = records.count(world, system.name)
  return {
    name = system.title, days = system.days, empty_token = system.empty_token, expires = system.expires, token = system.token,
    start = system.start, page = count > 100 and system.page or SMALL,
    address = function() return ("http://%s%s"):format(world.host, system.path) end,
    formats = function() return system.formats end,
    sets = function() return system.sets end,
    rows = function(_, list) return rows_of(system, world, list) end,
    write = function(_, row, prefix) return write(system, row, prefix) end,
    resume = function(_, text, verb) return resume(system, world, text, verb) end,
    find = function(_, identifier)
      local id = identifier:sub(1, #system.prefix) == system.prefix and identifier:sub(#system.prefix + 1)
      local row = id and records.get(world, system.name, id)
      return row and not (row.deleted == 1 and system.deletions == "no") and told(system, row) or nil
    end,
    check = function(_, list)
      if not has_set(system, list.set) then protocol.refuse("noRecordsMatch", "There is no such set.") end
    end,
    identity = function()
      local earliest = system.days and "2012-02-08" or "2012-02-08T00:00:00Z"
      return protocol.element("earliestDatestamp", earliest) .. protocol.element("deletedRecord", system.deletions)
    end,
  }
end

return m
