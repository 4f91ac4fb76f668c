-- /bibs/{mms_id}/representations: lists, makes, changes and deletes them.
local alter = require "almanac.rehearsal.api.alter"
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local json = require "almanac.json"
local lists = require "almanac.rehearsal.api.lists"
local model = require "almanac.rehearsal.world.model"
local read = require "almanac.rehearsal.api.read"
local record = require "almanac.rehearsal.api.record"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local ACTIVE = { { "true", "Active" }, { "false", "Inactive" } }

local function link_of(world, row)
  return world:link(("/bibs/%s/representations/%s"):format(row.mms_id, row.id))
end

-- Recorded lists of 2018 to 2020 have entries without usage type, library and dates.
local function brief(world, row)
  local remote = row.remote == 1
  return {
    is_remote = remote, id = row.id, label = row.label,
    active = codes.value(ACTIVE, row.active == 1 and "true" or "false"),
    repository = remote and codes.value(codes.repositories, row.repository) or { value = "Alma" },
    originating_record_id = row.origin,
    files = not remote and { total_record_count = row.files, link = link_of(world, row) .. "/files" } or nil,
  }
end

local function usage_type(row, query)
  if row.usage_type == "PRESERVATION_MASTER" and query.use_updated_terminology == "true" then
    return { value = "PRIMARY", desc = "Primary" }
  end
  return codes.value(codes.tables.RepresentationUsageType, row.usage_type)
end

local function add_rare(object, row)
  local rare = row.more and json.decode(row.more) or {}
  for _, name in ipairs(model.rare) do
    object[name] = rare[name] or row.remote == 1 and name:find "^linking" and "" or nil
  end
  if rare.entity_type then
    object.entity_type = codes.value(codes.tables.RepresentationEntityType, rare.entity_type)
  end
end

-- Those of a remote one lead to its repository.
local function addresses(world, row)
  if row.remote ~= 1 then return record.delivery(world, row.id), record.thumbnail(world, row.id) end
  local links = row.more and json.decode(row.more) or {}
  return codes.address(row.repository, "delivery", links), codes.address(row.repository, "thumbnail", links)
end

---A representation as it stands in answers.
---@param world table
---@param row table
---@param query table<string, string>
---@return table object
function m.object(world, row, query)
  local object = brief(world, row)
  object.library = codes.value(codes.libraries, row.library)
  object.public_note = row.public_note
  object.usage_type = usage_type(row, query)
  object.access_rights_policy_id = { value = row.policy or "" }
  object.copyrights_statement_id = { value = "" }
  object.delivery_url, object.thumbnail_url = addresses(world, row)
  object.po_line = ""
  object.created_by, object.created_date = row.created_by, row.created_date
  object.last_modified_by, object.last_modified_date = row.modified_by, row.modified_date
  add_rare(object, row)
  return object
end

local function answer(world, id, query)
  return { shape = shapes.representation, object = m.object(world, model.representation(world, id), query) }
end

-- The title and the representation that a path names, or a refusal.
local function named(world, call)
  local bib = model.bib(world, call.path.mms_id)
  if not bib then return nil, failure.mms_id(call.path.mms_id) end
  local row = model.representation(world, call.path.rep_id, bib.mms_id)
  if not row then return nil, failure.general() end
  return row
end
m.named = named

---@type almanac.rehearsal.handler
function m.list(world, call)
  local mms_id = call.path.mms_id
  if not model.bib(world, mms_id) then return failure.mms_id(mms_id) end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local origin = call.query.originating_record_id
  local rows, total = model.representations(world, mms_id,
    { limit = limit, offset = offset, listed = true, origin = origin ~= "" and origin or nil })
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = world.options.brief and brief(world, row) or m.object(world, row, call.query)
    list[i].link = link_of(world, row)
  end
  return { shape = shapes.representations, object = { representation = list, total_record_count = total } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row, refusal = named(world, call)
  return refusal or answer(world, row.id, call.query)
end

local function check_remote(body)
  local repository = read.code(body.repository)
  if not repository then return failure.mandatory "repository" end
  if not body.originating_record_id then return failure.mandatory "originating_record_id" end
  if not codes.describe(codes.repositories, repository) then return failure.general() end
end

-- A missing field has a code of its own; a wrong code in a field is only 401652.
local function check(body, remote)
  local library, usage = read.code(body.library), read.code(body.usage_type)
  if not library then return failure.mandatory "library" end
  if not usage then return failure.mandatory "usage_type" end
  if not codes.describe(codes.libraries, library) then return failure.general() end
  if not codes.describe(codes.tables.RepresentationUsageType, usage) then return failure.general() end
  local entity = read.code(body.entity_type)
  if entity and not codes.describe(codes.tables.RepresentationEntityType, entity) then return failure.general() end
  local policy = read.code(body.access_rights_policy_id)
  if policy and (remote or not policy:find "^%d+$") then return failure.general() end   -- "only when is_remote=false" (XSD)
end

local function rare_of(body)
  local rare, some = {}, false
  for _, name in ipairs(model.rare) do
    local value = body[name]
    if type(value) == "table" then value = read.code(value) end
    rare[name], some = value, some or value ~= nil
  end
  return some and rare or nil
end

local function fields_of(call, body)
  local fields = {
    mms_id = call.path.mms_id, library = read.code(body.library), usage_type = read.code(body.usage_type),
    label = alter.label(call, body.label), public_note = body.public_note, policy = read.code(body.access_rights_policy_id),
    more = rare_of(body), created_by = "exl_api", modified_by = "API, " .. call.key.name,
  }
  if call.query.generate_label == "true" then
    fields.label = codes.describe(codes.tables.RepresentationUsageType, fields.usage_type)
  end
  return fields
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local mms_id = call.path.mms_id
  if not model.bib(world, mms_id) then return failure.mms_id(mms_id) end
  local body, refusal = read.object(call, shapes.representation)
  local remote = body and body.is_remote == "true"
  refusal = refusal or check(body, remote) or remote and check_remote(body)
  if refusal then return refusal end
  if not world.db:value("SELECT 1 FROM membership WHERE mms_id = ? LIMIT 1", mms_id) then
    return failure.new("402260", "Bib record is not assigned to a collection.")
  end
  local fields = fields_of(call, body)
  if remote then
    fields.remote, fields.repository = true, read.code(body.repository)
    fields.origin = body.originating_record_id
  end
  local id = world:atomically(model.add_representation, world, fields)
  return answer(world, id, call.query)
end

-- PUT replaces the object: a field that the body leaves out is emptied, but for those that it can't have (rest_representation.xsd
-- has repository, originating_record_id and request_id for POST only).
---@type almanac.rehearsal.handler
function m.update(world, call)
  local row, refusal = named(world, call)
  local body
  if row then body, refusal = read.object(call, shapes.representation) end
  refusal = refusal or check(body, row.remote == 1)
  if refusal then return refusal end
  local bibs = call.query.bibs or "retain"
  if bibs ~= "retain" and bibs ~= "suppress" then return failure.general() end
  local fields, active = fields_of(call, body), read.code(body.active)
  local before = row.more and json.decode(row.more) or {}
  if before.request_id then
    fields.more = fields.more or {}
    fields.more.request_id = before.request_id
  end
  if active then fields.active = active == "true" end
  world:atomically(function()
    model.update_representation(world, row.id, fields)
    if active == "false" then model.deactivated(world, row.mms_id, bibs) end
  end)
  return answer(world, row.id, call.query)
end

local KEEP = { retain = true, suppress = true, delete = true }

-- A representation that still holds files can be deleted only with override.
---@type almanac.rehearsal.handler
function m.delete(world, call)
  local row, refusal = named(world, call)
  if not row then return refusal end
  local bibs = call.query.bibs or "retain"
  if not KEEP[bibs] then return failure.general() end
  if row.files > 0 and call.query.override ~= "true" then
    call.remark = "it holds files and override is not true"
    return failure.general()
  end
  model.delete_representation(world, row, bibs)
  return { status = 204 }
end

m.routes = {
  { "GET /bibs/{mms_id}/representations", m.list, "originating_record_id limit offset use_updated_terminology" },
  { "POST /bibs/{mms_id}/representations", m.create, "generate_label" },
  { "GET /bibs/{mms_id}/representations/{rep_id}", m.get, "use_updated_terminology" },
  { "PUT /bibs/{mms_id}/representations/{rep_id}", m.update, "generate_label bibs" },
  { "DELETE /bibs/{mms_id}/representations/{rep_id}", m.delete, "override bibs" },
}

return m
