-- /conf/sets/{set_id}/members, and POST /conf/sets/{set_id}, which adds, removes and replaces members. A member that
-- is gone is broken, and the whole page with it fails.
local failure = require "almanac.rehearsal.api.failure"
local lists = require "almanac.rehearsal.api.lists"
local read = require "almanac.rehearsal.api.read"
local set_calls = require "almanac.rehearsal.api.sets"
local set_ids = require "almanac.rehearsal.api.set_ids"
local sets = require "almanac.rehearsal.world.sets"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local MOST = 1000   -- members of one call (OpenAPI)

---@type almanac.rehearsal.handler
function m.list(world, call)
  local set = sets.find(world, call.path.set_id)
  if not set then return failure.new("60107", "Invalid set ID.") end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local rows, total = sets.members(world, set, limit, offset)
  local list = {}
  for _, row in ipairs(rows) do
    if not row.link then return failure.new("60108", "Set Member not found: IED " .. row.id) end
    if not lists.is_hidden(world, row.n) then
      list[#list + 1] = { id = row.id, description = row.text, link = world:link(row.link) }
    end
  end
  return { shape = shapes.members, object = { member = list, total_record_count = total } }
end

-- The ids of a body, in its order.
local function ids_of(body)
  local given = type(body.members) == "table" and body.members.member
  if type(given) ~= "table" or #given == 0 then return nil, failure.new("60113", "Input set with no members.") end
  if #given > MOST then return nil, failure.new("60118", "Input set member list exceeds limit.") end
  local ids, seen = {}, {}
  for i, member in ipairs(given) do
    local id = type(member) == "table" and tostring(member.id or "") or ""
    if id == "" then return nil, failure.new("60114", "Input set with no member ID.") end
    if seen[id] then return nil, failure.new("60119", "Input set with duplicate member.") end
    seen[id], ids[i] = true, id
  end
  return ids
end

-- Which things the ids mean. Two identifiers of one thing are one member.
local function resolve(world, set, ids, query)
  local id_type = query.id_type ~= "" and query.id_type or nil
  if id_type and not set_ids.takes(set.content, id_type) then
    return nil, failure.new("40166410", "Invalid parameter identifier type.")
  end
  local found, seen = {}, {}
  for _, id in ipairs(ids) do
    local known = set_ids.find(world, set.content, id, id_type)
    if not known and query.fail_on_invalid_id ~= "false" then
      if id_type then return nil, failure.new("60120", "A member ID is not valid for the content and identifier.") end
      return nil, failure.new("60116", "A member ID is not valid for the content.")
    end
    if known and not seen[known] then
      seen[known] = true
      found[#found + 1] = known
    end
  end
  return found
end

local OPERATIONS = {}

-- One member that is in the set already refuses the whole call, also with fail_on_invalid_id=false: its description
-- speaks of invalid ids only.
function OPERATIONS.add_members(world, set, ids, query)
  for _, id in ipairs(ids) do
    if sets.has_member(world, set.id, id) then
      if (query.id_type or "") ~= "" then
        return failure.new("60176", "A member ID which is represented by an id_type identifier is already in the set.")
      end
      return failure.new("60115", "A member ID is already in the set.")
    end
  end
  for _, id in ipairs(ids) do sets.add_member(world, set.id, id) end
end

function OPERATIONS.delete_members(world, set, ids)
  for _, id in ipairs(ids) do
    if not sets.has_member(world, set.id, id) then return failure.new("60117", "Input set member ID is not in set.") end
  end
  sets.remove_members(world, set.id, ids)
end

function OPERATIONS.replace_members(world, set, ids)
  sets.empty(world, set.id)
  for _, id in ipairs(ids) do sets.add_member(world, set.id, id) end
end

---@type almanac.rehearsal.handler
function m.manage(world, call)
  local set = sets.find(world, call.path.set_id)
  if not set then return failure.new("60107", "Invalid set ID.") end
  local operation = OPERATIONS[call.query.op or ""]
  if not operation then return failure.new("60111", "Invalid operation.") end
  if set.type ~= "ITEMIZED" then return failure.new("60112", "Invalid set type.") end
  local body, refusal = read.object(call, shapes.set)
  local ids
  if body then ids, refusal = ids_of(body) end
  if ids then ids, refusal = resolve(world, set, ids, call.query) end
  if not ids then return refusal end
  refusal = world:atomically(operation, world, set, ids, call.query)
  return refusal or set_calls.answer(world, set.id)
end

m.routes = {
  { "GET /conf/sets/{set_id}/members", m.list, "limit offset" },
  { "POST /conf/sets/{set_id}", m.manage, "id_type op fail_on_invalid_id" },
}

return m
