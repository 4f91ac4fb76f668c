-- /conf/sets: sets of titles and their members. A member whose title is gone is broken, and
-- the whole page with it fails.
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local lists = require "almanac.rehearsal.api.lists"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local COUNT = "(SELECT count(*) FROM set_member WHERE set_id = title_set.id)"
local SELECT = "SELECT *, " .. COUNT .. " AS members FROM title_set "

local function find(world, id)
  return world.db:row(SELECT .. "WHERE id = ?", id)
end

local function object_of(world, row)
  local link = world:link("/conf/sets/" .. row.id)
  return {
    id = row.id, name = row.name, description = row.description, link = link,
    type = codes.value(codes.tables.SetType, "ITEMIZED"),
    content = codes.value(codes.tables.SetContentType, "BIB_MMS"),
    private = codes.value(codes.tables.SetPrivacy, "false"),
    status = codes.value(codes.tables.SetStatus, "ACTIVE"), status_date = row.created,
    created_by = { value = "exl_impl", desc = "System" }, created_date = row.created,
    number_of_members = { value = tostring(row.members), link = link .. "/members" },
    origin = { value = "UI", desc = "Institution only" },
  }
end

-- Reads "name~some words" or "created_by~x"; every word must occur.
local function matcher(q)
  if not q or q == "" then return function() return true end end
  local column, text = q:match "^([%w_]+)~(.+)$"
  if column ~= "name" and column ~= "created_by" then return nil end
  return function(row)
    local value = (column == "name" and row.name or "exl_impl"):lower()
    for word in text:gsub("_", " "):lower():gmatch "%S+" do
      if not value:gsub("_", " "):find(word, 1, true) then return false end
    end
    return true
  end
end

local function is_wanted(query)
  return (query.content_type or "BIB_MMS") == "BIB_MMS" and (query.set_type or "ITEMIZED") == "ITEMIZED"
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local limit, offset = lists.paging(world, call.query)
  if not limit then return failure.new("40166410", "Parameter value invalid.") end
  local fits = matcher(call.query.q)
  if not fits then return failure.new("60106", "Invalid query format.") end
  local list, total = {}, 0
  for row in world.db:rows(SELECT .. "ORDER BY n") do
    if is_wanted(call.query) and fits(row) then
      total = total + 1
      if total > offset and #list < limit then list[#list + 1] = object_of(world, row) end
    end
  end
  return { shape = shapes.sets, object = { set = list, total_record_count = total } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row = find(world, call.path.set_id)
  if not row then return failure.new("60107", "Invalid set ID.") end
  return { shape = shapes.set, object = object_of(world, row) }
end

---@type almanac.rehearsal.handler
function m.members(world, call)
  local set = find(world, call.path.set_id)
  if not set then return failure.new("60107", "Invalid set ID.") end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local list = {}
  for row in world.db:rows([[SELECT member.mms_id AS id, member.n, bib.title FROM listed_set_member member LEFT JOIN bib USING(mms_id)
      WHERE set_id = ?1 AND member.n > ?2 AND member.n <= ?2 + ?3 ORDER BY member.n]],
      set.id, offset, limit) do
    if not row.title then return failure.new("60108", "Set Member not found: IED " .. row.id) end
    if not lists.is_hidden(world, row.n) then
      list[#list + 1] = { id = row.id, description = row.title, link = world:link("/bibs/" .. row.id) }
    end
  end
  local total = world.db:value("SELECT count(*) FROM listed_set_member WHERE set_id = ?", set.id)
  return { shape = shapes.members, object = { member = list, total_record_count = total } }
end

---Makes a set of the titles that a query gives in its column mms_id.
---@param world table
---@param name string
---@param description string
---@param sql string SELECT mms_id, n …: n is the order of the members; its parameters are ?2, ?3, …
---@return string id
function m.add(world, name, description, sql, ...)
  local id = world:id "59"
  world.db:run("INSERT INTO title_set(id, name, description, created) VALUES(?, ?, ?, ?)",
    id, name, description, os.date("!%Y-%m-%dT%H:%M:%S.000Z", math.floor(world:time())))
  world.db:run([[INSERT INTO set_member(set_id, n, mms_id)
    SELECT ?1, row_number() OVER (ORDER BY n), mms_id FROM (]] .. sql .. ")", id, ...)
  return id
end

---Adds one title at the end of a set; the title need not exist.
---@param world table
---@param set_id string
---@param mms_id string
function m.add_member(world, set_id, mms_id)
  world.db:run([[INSERT INTO set_member(set_id, n, mms_id)
    VALUES(?1, coalesce((SELECT max(n) FROM set_member WHERE set_id = ?1), 0) + 1, ?2)]], set_id, mms_id)
end

m.routes = {
  { "GET /conf/sets", m.list, "content_type set_type q limit offset set_origin" },
  { "GET /conf/sets/{set_id}", m.get, "" },
  { "GET /conf/sets/{set_id}/members", m.members, "limit offset" },
}

return m
