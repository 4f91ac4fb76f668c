-- /conf/libraries: libraries, their locations and desks; and the departments.
local codes = require "almanac.rehearsal.api.codes"
local conf = require "almanac.rehearsal.api.shapes_conf"
local failure = require "almanac.rehearsal.api.failure"
local json = require "almanac.json"
local lists = require "almanac.rehearsal.api.lists"
local settings = require "almanac.rehearsal.world.settings"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local TYPES = { OPEN = "Open", CLOSED = "Closed", REMOTE = "Remote", UNAVAILABLE = "Unavailable" }

local LOCATIONS = {
  MAIN = { { "stacks", "Stacks" }, { "reading", "Reading Room" } }, SPEC = { { "vault", "Vault" } }, NET = {},
}
local DESKS = { MAIN = { { "DEFAULT_CIRC_DESK", "Main circulation desk" } }, SPEC = { { "SPEC_DESK", "Special collections desk" } },
  NET = {} }

local function general() return failure.new("402119", "General error.") end

local function library_object(world, row)
  return {
    link = world:link("/conf/libraries/" .. row[1]), code = row[1], id = "129" .. #row[2] .. world.suffix,
    path = ("%s.%s.%s"):format(world.inst, world.inst, row[1]), name = row[2], description = row[2],
    resource_sharing = false, campus = { value = "" }, proxy = "", default_location = { value = "" },
  }
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local list = {}
  for i, row in ipairs(codes.libraries) do list[i] = library_object(world, row) end
  return { shape = shapes.libraries, object = { library = lists.whole(world, list, call.query), total_record_count = #list } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  for _, row in ipairs(codes.libraries) do
    if row[1] == call.path.code then return { shape = shapes.library, object = library_object(world, row) } end
  end
  return general()
end

-- ---- locations ----

local function as_it_came(row)
  return { code = row[1], name = row[2], external_name = row[2], type = { value = "OPEN", desc = "Open" },
    fulfillment_unit = { value = "MAIN_FU", desc = "Main" }, suppress_from_publishing = "false" }
end

local function all(world, library)
  local changed, list, seen = settings.all(world, "location", library .. "/"), {}, {}
  for _, row in ipairs(LOCATIONS[library] or {}) do
    local key = library .. "/" .. row[1]
    seen[key] = true
    if changed[key] ~= false then list[#list + 1] = changed[key] or as_it_came(row) end
  end
  local added = {}
  for key, value in pairs(changed) do
    if value and not seen[key] then added[#added + 1] = value end
  end
  table.sort(added, function(a, b) return a.code < b.code end)
  return table.move(added, 1, #added, #list + 1, list)
end

---Whether a holding may stand at a location. Alma's documentation does not say that an unknown one is refused; here it is,
---unless holdings of the titles that the rehearsal was given stand there, or name the library.
---@param world table
---@param library string
---@param code string
---@return boolean
function m.has_location(world, library, code)
  if not LOCATIONS[library] then return true end
  for _, location in ipairs(all(world, library)) do
    if location.code == code then return true end
  end
  return world.db:value("SELECT 1 FROM holding WHERE library = ? AND location = ? LIMIT 1", library, code) ~= nil
end

local function find(world, call)
  for _, location in ipairs(all(world, call.path.code)) do
    if location.code == call.path.location then return location end
  end
end

local function object_of(world, call, location)
  location.link = world:link(("/conf/libraries/%s/locations/%s"):format(call.path.code, location.code))
  return location
end

---@type almanac.rehearsal.handler
function m.locations(world, call)
  if not LOCATIONS[call.path.code] then return general() end
  local list = all(world, call.path.code)
  for _, location in ipairs(list) do object_of(world, call, location) end
  return { shape = conf.locations, object = { location = lists.whole(world, list, call.query), total_record_count = #list } }
end

---@type almanac.rehearsal.handler
function m.location(world, call)
  local location = find(world, call)
  if not location then return general() end
  return { shape = conf.location, object = object_of(world, call, location) }
end

local KNOWN = {}
for _, field in ipairs(conf.location) do KNOWN[field[1]] = true end
KNOWN.link = true

-- A location needs a code, a name and a type that Alma knows. What it says of other fields is not documented: an unknown one is
-- refused.
local function sent(call)
  local body = json.decode(call.request:body() or "")
  if type(body) ~= "table" then return nil, general() end
  for name in pairs(body) do
    if not KNOWN[name] then return nil, failure.new("401664", "Parameter value invalid.") end
  end
  local kind = type(body.type) == "table" and body.type.value
  if type(body.code) ~= "string" or body.code == "" or type(body.name) ~= "string" or body.name == "" then
    return nil, failure.new("401664", "Parameter value invalid.")
  elseif not TYPES[kind or ""] then
    return nil, failure.new("60297", "Location type is not valid.")
  end
  body.type, body.link = { value = kind, desc = TYPES[kind] }, nil
  return body
end

local function keep(world, call, body)
  settings.set(world, "location", call.path.code .. "/" .. body.code, body)
  return { shape = conf.location, object = object_of(world, call, body) }
end

---@type almanac.rehearsal.handler
function m.create_location(world, call)
  if not LOCATIONS[call.path.code] then return general() end
  local body, refusal = sent(call)
  if not body then return refusal end
  for _, location in ipairs(all(world, call.path.code)) do
    if location.code == body.code then return failure.new("401664", "Parameter value invalid.") end
  end
  return keep(world, call, body)
end

---@type almanac.rehearsal.handler
function m.update_location(world, call)
  if not find(world, call) then return general() end
  local body, refusal = sent(call)
  if not body then return refusal end
  if body.code ~= call.path.location then return failure.new("60302", "Update of location failed.") end
  return keep(world, call, body)
end

---@type almanac.rehearsal.handler
function m.delete_location(world, call)
  if not find(world, call) then return general() end
  settings.set(world, "location", call.path.code .. "/" .. call.path.location, nil)
  return { status = 204 }
end

-- ---- desks and departments ----

local function desk_object(world, call, row)
  return { link = world:link(("/conf/libraries/%s/circ-desks/%s"):format(call.path.code, row[1])), code = row[1], name = row[2] }
end

---@type almanac.rehearsal.handler
function m.desks(world, call)
  local rows = DESKS[call.path.code]
  if not rows then return general() end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local list = {}
  for i = offset + 1, math.min(#rows, offset + limit) do list[#list + 1] = desk_object(world, call, rows[i]) end
  return { shape = conf.circ_desks, object = { circ_desk = list, total_record_count = #rows } }
end

---@type almanac.rehearsal.handler
function m.desk(world, call)
  for _, row in ipairs(DESKS[call.path.code] or {}) do
    if row[1] == call.path.desk then return { shape = conf.circ_desk, object = desk_object(world, call, row) } end
  end
  return failure.new("401664", "Parameter value missing or invalid.")
end

---@type almanac.rehearsal.handler
function m.departments(world, call)
  local kind = call.query.type or "ALL"
  if kind ~= "ALL" and kind ~= "DIGI" then return general() end
  local list = {}
  for _, row in ipairs(codes.departments) do
    if kind == "ALL" or row[3] == kind then
      list[#list + 1] = { code = row[1], name = row[2], type = { value = row[3], desc = row[4] } }
    end
  end
  return { shape = conf.departments, object = { department = lists.whole(world, list, call.query), total_record_count = #list } }
end

m.routes = {
  { "GET /conf/libraries", m.list, "" },
  { "GET /conf/libraries/{code}", m.get, "" },
  { "GET /conf/libraries/{code}/locations", m.locations, "" },
  { "POST /conf/libraries/{code}/locations", m.create_location, "" },
  { "GET /conf/libraries/{code}/locations/{location}", m.location, "" },
  { "PUT /conf/libraries/{code}/locations/{location}", m.update_location, "" },
  { "DELETE /conf/libraries/{code}/locations/{location}", m.delete_location, "" },
  { "GET /conf/libraries/{code}/circ-desks", m.desks, "limit offset" },
  { "GET /conf/libraries/{code}/circ-desks/{desk}", m.desk, "" },
  { "GET /conf/departments", m.departments, "type view library" },
}

return m
