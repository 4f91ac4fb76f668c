-- /conf/sets: makes, lists, changes and deletes sets. Their members are in sets_members.
local codes = require "almanac.rehearsal.api.codes"
local content = require "almanac.rehearsal.world.set_content"
local failure = require "almanac.rehearsal.api.failure"
local from_others = require "almanac.rehearsal.api.sets_from"
local lists = require "almanac.rehearsal.api.lists"
local query = require "almanac.rehearsal.world.set_query"
local read = require "almanac.rehearsal.api.read"
local sets = require "almanac.rehearsal.world.sets"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local CREATORS = { exl_impl = "System", exl_api = "API, Ex Libris" }

---A set as it stands in answers.
---@param world table
---@param row table
---@return table object
function m.object(world, row)
  local link = world:link("/conf/sets/" .. row.id)
  return {
    id = row.id, name = row.name, description = row.description, link = link, note = row.note,
    type = codes.value(codes.tables.SetType, row.type), content = codes.value(codes.tables.SetContentType, row.content),
    private = codes.value(codes.tables.SetPrivacy, row.private), status = codes.value(codes.tables.SetStatus, row.status),
    status_date = row.status_date or row.created,
    created_by = { value = row.created_by, desc = CREATORS[row.created_by] }, created_date = row.created,
    query = row.query and { value = row.query, desc = row.query:match "where.*$" } or nil,
    number_of_members = { value = tostring(row.members), link = link .. "/members" },
    origin = { value = "UI", desc = "Institution only" },
  }
end

---The set as an answer.
---@param world table
---@param id string
---@return table answer
function m.answer(world, id)
  return { shape = shapes.set, object = m.object(world, sets.find(world, id)) }
end

-- Reads "name~some words" or "created_by~x"; every word must occur.
local function matcher(q)
  if not q or q == "" then return function() return true end end
  local column, text = q:match "^([%w_]+)~(.+)$"
  if column ~= "name" and column ~= "created_by" then return nil end
  return function(row)
    local value = row[column]:lower()
    for word in text:gsub("_", " "):lower():gmatch "%S+" do
      if not value:gsub("_", " "):find(word, 1, true) then return false end
    end
    return true
  end
end

local function is(wanted, value)
  return (wanted or "") == "" or wanted == value
end

-- Every set here is the institution's own, and the list has those unless UI_CZ is asked for.
local function is_wanted(wanted, row)
  return is(wanted.content_type, row.content) and is(wanted.set_type, row.type) and is(wanted.set_origin, "UI")
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local limit, offset = lists.paging(world, call.query)
  if not limit then return failure.new("40166410", "Parameter value invalid.") end
  local fits = matcher(call.query.q)
  if not fits then return failure.new("60106", "Invalid query format.") end
  local list, total = {}, 0
  for row in sets.each(world) do
    if is_wanted(call.query, row) and fits(row) then
      total = total + 1
      if total > offset and #list < limit then list[#list + 1] = m.object(world, row) end
    end
  end
  return { shape = shapes.sets, object = { set = list, total_record_count = total } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row = sets.find(world, call.path.set_id)
  if not row then return failure.new("60107", "Invalid set ID.") end
  return { shape = shapes.set, object = m.object(world, row) }
end

local function is_taken(world, name, id)
  return world.db:value("SELECT 1 FROM title_set WHERE name = ? AND id IS NOT ?", name, id) ~= nil
end

-- Alma's documentation does not say how long a name may be.
local LONGEST_NAME = 255

local function is_long(name)
  return (utf8.len(name) or #name) > LONGEST_NAME
end

local function check_name(world, body, id)
  if is_taken(world, body.name, id) then
    return failure.new("402263", "The set name already exists. Please choose a different name.")
  end
end

local function check_flags(body)
  local private, status = read.code(body.private), read.code(body.status)
  if private and not codes.describe(codes.tables.SetPrivacy, private) then
    return failure.new("60209", "Set private value not valid.")
  elseif status and not codes.describe(codes.tables.SetStatus, status) then
    return failure.new("60210", "Set status not valid.")
  end
end

local function not_created(call, remark)
  call.remark = remark
  return failure.new("402265", "Failed to create a set.")
end

-- Alma's documentation names codes for a wrong query at PUT only.
local function check_query(call, body)
  local text, words = read.code(body.query), nil
  local wanted
  if text then wanted, words = query.read(text) end
  if not wanted then return not_created(call, words or "a logical set needs a query") end
  local kind = read.code(body.content)
  if wanted.content ~= kind then return not_created(call, ("the query is about %s, the set about %s"):format(wanted.content, kind)) end
  if kind == "IEC" then return not_created(call, "collections are found by no field of a title") end
end

local function check_new(call, body)
  local kind = read.code(body.type)
  if kind ~= "ITEMIZED" and kind ~= "LOGICAL" then
    return failure.new("402262", "Set type is invalid. Only 'ITEMIZED' and 'LOGICAL' sets are supported.")
  end
  local of = read.code(body.content)
  if not of or not content.sql[of] then return not_created(call, "there is no such content") end
  if kind == "LOGICAL" then return check_query(call, body) end
end

-- Alma's documentation has an itemized set made empty and filled afterwards. That members of this body are taken as
-- well is not said, so they are not.
---@type almanac.rehearsal.handler
function m.create(world, call)
  local body, refusal = read.object(call, shapes.set)
  if not body then return refusal end
  if (body.name or "") == "" then return not_created(call, "the name is missing") end
  if is_long(body.name) then return not_created(call, ("the name has more than %d characters"):format(LONGEST_NAME)) end
  local source
  source, refusal = from_others.source(world, call.query)
  refusal = refusal or check_name(world, body) or check_flags(body) or not source and check_new(call, body)
  if refusal then return refusal end
  local logical = not source and read.code(body.type) == "LOGICAL"
  local id = world:atomically(sets.add, world, {
    name = body.name, description = body.description, note = body.note, created_by = "exl_api",
    type = logical and "LOGICAL" or "ITEMIZED", content = source and source.content or read.code(body.content),
    query = logical and read.code(body.query) or nil, private = read.code(body.private) or "true", status = read.code(body.status),
  }, source and source.sql)
  return m.answer(world, id)
end

local function check_change(world, row, body)
  if (body.name or "") == "" then return failure.new("402228", "Mandatory parameter is missing from input.") end
  if is_long(body.name) then return failure.new("402261", "Invalid Set object.") end
  local text = read.code(body.query)
  local wanted = row.type == "LOGICAL" and query.read(text or "")
  if row.type == "LOGICAL" and not wanted then return failure.new("402270", "Failed parsing quer.") end
  if wanted and wanted.content ~= row.content then
    return failure.new("402269", "Invalid query content type in query string.")
  end
  return check_name(world, body, row.id) or check_flags(body)
end

-- PUT replaces the object: a field that the body leaves out is emptied, and a flag has its default again.
---@type almanac.rehearsal.handler
function m.update(world, call)
  local row = sets.find(world, call.path.set_id)
  if not row then return failure.new("60107", "Invalid set ID.") end
  local body = read.object(call, shapes.set)
  if not body then return failure.new("402261", "Invalid Set object.") end
  local refusal = check_change(world, row, body)
  if refusal then return refusal end
  local status = read.code(body.status) or "ACTIVE"
  world.db:run([[UPDATE title_set SET name = ?2, description = ?3, private = ?4, note = ?5, query = ?6, status = ?7,
      status_date = CASE WHEN status = ?7 THEN status_date ELSE ?8 END WHERE id = ?1]],
    row.id, body.name, body.description or "", read.code(body.private) or "true", body.note,
    row.type == "LOGICAL" and read.code(body.query) or nil, status, sets.now(world))
  return m.answer(world, row.id)
end

---@type almanac.rehearsal.handler
function m.delete(world, call)
  local id = call.path.set_id
  if not sets.find(world, id) then return failure.new("402264", "Invalid Set ID.") end
  world:atomically(function()
    sets.empty(world, id)
    world.db:run("DELETE FROM title_set WHERE id = ?", id)
  end)
  return { status = 204 }
end

m.routes = {
  { "GET /conf/sets", m.list, "content_type set_type q limit offset set_origin" },
  { "POST /conf/sets", m.create, "population job_instance_id from_logical_set combine set1 set2 nz_set_from_iz_set " ..
    "filter_set indication_rule" },
  { "GET /conf/sets/{set_id}", m.get, "" },
  { "PUT /conf/sets/{set_id}", m.update, "" },
  { "DELETE /conf/sets/{set_id}", m.delete, "" },
}

return m
