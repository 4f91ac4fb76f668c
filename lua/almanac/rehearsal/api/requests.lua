-- Requests of titles, items and people. A digitization goes through its steps, the last of which
-- ends it; others only wait. The shape of a request is that of a recorded webhook.
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local json = require "almanac.json"
local lists = require "almanac.rehearsal.api.lists"
local model = require "almanac.rehearsal.world.model"
local read = require "almanac.rehearsal.api.read"
local shapes = require "almanac.rehearsal.api.shapes_requests"
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

local STEPS = { "Pickup From Shelf", "Digitize Item", "Deliver" }
local CREATABLE = { DIGITIZATION = true, HOLD = true, BOOKING = true }
local SUB_TYPES = { DIGITIZATION = { value = "PHYSICAL_TO_DIGITIZATION", desc = "Patron digitization request" },
  HOLD = { value = "PATRON_PHYSICAL", desc = "Patron physical item request" }, BOOKING = { value = "BOOKING", desc = "Booking request" } }
local BOOLEANS = { "partial_digitization", "full_chapter", "copyrights_declaration_signed_by_patron" }

local function general() return failure.general() end

local function link_of(world, row)
  if row.item_pid then
    local holding = world.db:value("SELECT holding_id FROM item WHERE pid = ?", row.item_pid)
    return world:link(("/bibs/%s/holdings/%s/items/%s/requests/%s"):format(row.mms_id, holding or "", row.item_pid, row.id))
  end
  return world:link(("/bibs/%s/requests/%s"):format(row.mms_id, row.id))
end

local function status_of(row)
  if row.ended == 1 then return "HISTORY" end
  return row.step == 0 and "NOT_STARTED" or "IN_PROCESS"
end

local function object_of(world, row)
  local object, bib = json.decode(row.fields), model.bib(world, row.mms_id)
  object.request_id, object.request_type, object.mms_id, object.title = row.id, row.type, row.mms_id, bib and bib.title
  object.barcode = row.item_pid and world.db:value("SELECT barcode FROM item WHERE pid = ?", row.item_pid) or nil
  object.item_id, object.user_primary_id, object.link = row.item_pid, row.user_id, link_of(world, row)
  object.request_sub_type = object.request_sub_type or SUB_TYPES[row.type]
  object.request_status, object.place_in_queue = status_of(row), 1
  object.task_name = row.type == "DIGITIZATION" and STEPS[row.step + 1] or nil
  object.request_date = os.date("!%Y-%m-%dZ", row.created // 1 | 0)
  object.request_time = os.date("!%Y-%m-%dT%H:%M:%S.000Z", row.created // 1 | 0)
  for _, name in ipairs(BOOLEANS) do
    if object[name] then object[name] = object[name] == "true" end
  end
  return object
end

-- Where a call's path is: a person, an item or a title; or the refusal.
local function place(world, call)
  local path = call.path
  if path.user_id then
    if work.people[path.user_id] then return { user_id = path.user_id } end
    return nil, failure.new("401890", ("User with identifier %s of type all_unique was not found."):format(path.user_id))
  end
  if not model.bib(world, path.mms_id) then return nil, failure.mms_id(path.mms_id) end
  if path.item_pid and not world.db:value("SELECT 1 FROM item WHERE pid = ? AND mms_id = ? AND holding_id = ?", path.item_pid,
    path.mms_id, path.holding_id) then
    return nil, general()
  end
  return { mms_id = path.mms_id, item_pid = path.item_pid }
end

local HERE = "(?1 IS NULL OR mms_id = ?1) AND (?2 IS NULL OR item_pid = ?2) AND (?3 IS NULL OR user_id = ?3) "

local function find(world, call)
  local at, refusal = place(world, call)
  if not at then return nil, refusal end
  local row = world.db:row("SELECT * FROM user_request WHERE " .. HERE .. "AND id = ?4", at.mms_id, at.item_pid, at.user_id,
    call.path.request_id)
  -- Alma's documentation does not say whether the address of a title tells a request of its item: here only lists do.
  local hidden = row and row.item_pid and not (at.item_pid or at.user_id)
  if row and not hidden then return row end
  return nil, at.user_id and failure.new("401694", "Request Identifier not found.")
    or failure.new("401907", "Failed to find a request for the given request ID.")
end

local TYPES = { all_types = true, DIGITIZATION = true, HOLD = true, BOOKING = true, MOVE = true, WORK_ORDER = true }

---@type almanac.rehearsal.handler
function m.list(world, call)
  local at, refusal = place(world, call)
  if not at then return refusal end
  local kind, status = call.query.request_type or "all_types", call.query.status or "active"
  if not TYPES[kind] or status ~= "active" and status ~= "history" then return general() end
  local list = {}
  for row in world.db:rows("SELECT * FROM user_request WHERE " .. HERE .. "AND ended = ?4 AND created <= ?5 ORDER BY n",
    at.mms_id, at.item_pid, at.user_id, status == "history" and 1 or 0, world:time() - (world.lag_seconds or 0)) do
    if kind == "all_types" or kind == row.type then list[#list + 1] = object_of(world, row) end
  end
  local object = { user_request = list, total_record_count = #list }
  if not at.user_id then
    object.user_request = lists.whole(world, list, call.query)
    return { shape = shapes.user_requests, object = object }
  end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  object.user_request = table.move(list, offset + 1, offset + limit, 1, {})
  return { shape = shapes.user_requests, object = object }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row, refusal = find(world, call)
  if not row then return refusal end
  return { shape = shapes.user_request, object = object_of(world, row) }
end

-- ---- making one ----

-- What is asked for: of a person's request the query says it.
local function target(world, call, at)
  if not at.user_id then return at end
  local query = call.query
  if query.item_pid then
    local mms_id = world.db:value("SELECT mms_id FROM item WHERE pid = ?", query.item_pid)
    if not mms_id then return nil, failure.new("401129", "No items can fulfill the submitted request.") end
    return { mms_id = mms_id, item_pid = query.item_pid }
  end
  if not query.mms_id then return nil, failure.mandatory "mms_id" end
  if not model.bib(world, query.mms_id) then return nil, failure.mms_id(query.mms_id) end
  return { mms_id = query.mms_id }
end

local function wrong(body)
  if not CREATABLE[body.request_type or ""] then return failure.new("401666", "request_type parameter is not valid.") end
  if body.request_type ~= "DIGITIZATION" then return nil end
  if body.partial_digitization ~= "true" and body.partial_digitization ~= "false" then
    return failure.mandatory "partial_digitization"
  elseif body.partial_digitization == "true" and not (body.comment or ""):find "%S" then
    return failure.mandatory "comment"
  end
end

-- Without a person Alma's description knows a library's own digitization alone. What it answers to a hold for nobody,
-- Alma's documentation does not say: here it is refused as one for a person that is unknown.
local function person(call, at, kind)
  local user = at.user_id or call.query.user_id or ""
  if user == "" and kind == "DIGITIZATION" then return nil end
  if work.people[user] then return user end
  return nil, failure.new("401890", ("User with identifier %s of type all_unique was not found."):format(user))
end

---Adds a request.
---@param world table
---@param request { id: string?, mms_id: string, item_pid: string?, user_id: string?, type: string, fields: table? }
---@return string id
function m.add(world, request)
  local id = request.id or world:id "17"
  world.db:run("INSERT INTO user_request(id, mms_id, item_pid, user_id, type, created, fields) VALUES(?, ?, ?, ?, ?, ?, ?)",
    id, request.mms_id, request.item_pid, request.user_id, request.type, world:time(), json.encode(request.fields or {}))
  return id
end

-- A person may have one active request of a title; the library may have any number.
local function has_one(world, user, of)
  return user and world.db:value("SELECT 1 FROM user_request WHERE user_id = ? AND mms_id = ? AND ended = 0", user, of.mms_id)
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local at, refusal = place(world, call)
  if not at then return refusal end
  local of, body, user
  of, refusal = target(world, call, at)
  if not of then return refusal end
  body, refusal = read.object(call, shapes.user_request)
  if not body then return refusal end
  refusal = wrong(body)
  if refusal then return refusal end
  user, refusal = person(call, at, body.request_type)
  if refusal then return refusal end
  if call.query.allow_same_request ~= "true" and has_one(world, user, of) then
    return failure.new("401136", "Failed to save the request: Patron has active request for selected item.")
  end
  local id = m.add(world, { mms_id = of.mms_id, item_pid = of.item_pid, user_id = user, type = body.request_type, fields = body })
  return { shape = shapes.user_request, object = object_of(world, world.db:row("SELECT * FROM user_request WHERE id = ?", id)) }
end

-- ---- moving and ending one ----

---@type almanac.rehearsal.handler
function m.act(world, call)
  local row, refusal = find(world, call)
  if not row then return refusal end
  if call.query.op ~= "next_step" then return failure.new("401666", "op parameter is not valid.") end
  if row.type ~= "DIGITIZATION" then return failure.new("401932", ("Request %s is not a Digitization request"):format(row.id)) end
  if row.ended == 1 then
    return failure.new("401933", ("Cannot move forward in workflow. Request ID: %s, Step: %s"):format(row.id, STEPS[#STEPS]))
  end
  world.db:run("UPDATE user_request SET step = min(step + 1, ?2), ended = step + 1 > ?2 WHERE id = ?1", row.id, #STEPS - 1)
  return { shape = shapes.user_request, object = object_of(world, (find(world, call))) }
end

---@type almanac.rehearsal.handler
function m.cancel(world, call)
  local row, refusal = find(world, call)
  if not row then return refusal end
  if not codes.describe(codes.tables.RequestCancellationReasons, call.query.reason) or row.ended == 1 then return general() end
  world.db:run("UPDATE user_request SET ended = 1 WHERE id = ?", row.id)
  return { status = 204 }
end

local AT = { "/bibs/{mms_id}/requests", "/bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}/requests", "/users/{user_id}/requests" }
local USER = "user_id_type allow_same_request mms_id item_pid"

m.routes = {}
for i, path in ipairs(AT) do
  local is_user = i == 3
  table.insert(m.routes, { "GET " .. path, m.list, "request_type status" .. (is_user and " user_id_type limit offset" or "") })
  table.insert(m.routes, { "POST " .. path, m.create, is_user and USER or "user_id user_id_type allow_same_request" })
  table.insert(m.routes, { "GET " .. path .. "/{request_id}", m.get, is_user and "user_id_type" or "" })
  table.insert(m.routes, { "POST " .. path .. "/{request_id}", m.act, "op release_item" })
  table.insert(m.routes, { "DELETE " .. path .. "/{request_id}", m.cancel, "reason note notify_user" })
end

return m
