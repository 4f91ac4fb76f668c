-- /conf/code-tables and /conf/mapping-tables. A table is changed as a whole; what was sent is kept.
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local json = require "almanac.json"
local lists = require "almanac.rehearsal.api.lists"
local settings = require "almanac.rehearsal.world.settings"
local shapes = require "almanac.rehearsal.api.shapes_conf"

local m = {}

local LANGUAGE = "en"
-- Tables that no institution can change.
local FIXED = { SetContentType = true, SetType = true, systemJobStatus = true, InstitutionLanguages = true }

local MAPPED = {
  InstitutionLanguages = { { "en", "English", "true" }, { "de", "German", "false" } },
  WorkOrderTypeStatuses = { { "Digitization", "Received", "DIGI_RECEIVED" }, { "Digitization", "In process", "DIGI_PROCESS" },
    { "Conservation", "At the conservator", "CONS_OUT" } },
}

local function scope(world)
  return { institution_id = { value = world.inst, desc = world.name }, library_id = { value = "" } }
end

local function code_rows(world, name)
  local changed = settings.get(world, "code-table", name)
  if changed then return changed end
  local list = {}
  for i, row in ipairs(codes.tables[name]) do
    list[i] = { code = row[1], description = row[2], default = false, enabled = true }
  end
  return list
end

local function mapping_rows(world, name)
  local changed = settings.get(world, "mapping-table", name)
  if changed then return changed end
  local list = {}
  for i, row in ipairs(MAPPED[name]) do list[i] = { column0 = row[1], column1 = row[2], column2 = row[3], enabled = true } end
  return list
end

local CODE = { kind = "code-table", shape = shapes.code_table, list = shapes.code_tables, key = "code_table", known = codes.tables,
  rows = code_rows, fixed = "90123" }
local MAPPING = { kind = "mapping-table", shape = shapes.mapping_table, list = shapes.mapping_tables, key = "mapping_table", known = MAPPED,
  rows = mapping_rows, fixed = "90125" }

local function object_of(world, of, name, with_rows)
  return {
    link = world:link(("/conf/%ss/%s"):format(of.kind, name)), name = name, description = name, patron_facing = false,
    sub_system = { value = "INFRA", desc = "Infra" }, language = of == CODE and { value = LANGUAGE, desc = "English" } or nil,
    scope = scope(world), row = with_rows and of.rows(world, name) or nil,
  }
end

local function is_scope(world, code)
  return code == nil or code == "" or code == world.inst or codes.describe(codes.libraries, code) ~= nil
end

-- Lists name the tables and leave out their rows.
local function list(of)
  return function(world, call)
    local names, entries = {}, {}
    for name in pairs(of.known) do names[#names + 1] = name end
    table.sort(names)
    for i, name in ipairs(names) do entries[i] = object_of(world, of, name, false) end
    return { shape = of.list, object = { [of.key] = lists.whole(world, entries, call.query), total_record_count = #entries } }
  end
end

local function get(of)
  return function(world, call)
    local name = call.path.name
    if not of.known[name] then return failure.new("40166411", "Param value is invalid.") end
    if not is_scope(world, call.query.scope) then return failure.new("40166411", "Failed to find scope.") end
    local lang = call.query.lang or ""
    if lang ~= "" and lang ~= LANGUAGE then return failure.new("40166411", "Param value is invalid.") end
    return { shape = of.shape, object = object_of(world, of, name, true) }
  end
end

local function wrong_rows(of, rows)
  local defaults = 0
  for _, row in ipairs(rows) do
    if type(row) ~= "table" or type(row.code or row.column0) ~= "string" then return failure.new("402119", "General error.") end
    if row.default == true then defaults = defaults + 1 end
  end
  if of == CODE and defaults > 1 then return failure.new("90122", "Multiple default codes.") end
end

-- A body is JSON with all that the schema calls required.
local function sent(call)
  local body = json.decode(call.request:body() or "")
  if type(body) ~= "table" or type(body.row) ~= "table" or type(body.scope) ~= "table" or body.name ~= call.path.name then
    return nil, failure.new("402119", "General error.")
  end
  return body
end

local function put(of)
  return function(world, call)
    local name = call.path.name
    if not of.known[name] then return failure.new("90101", "Table does not exist.") end
    if FIXED[name] then return failure.new(of.fixed, "Requested table is not customizable") end
    local body, refusal = sent(call)
    refusal = refusal or wrong_rows(of, body.row)
    if refusal then return refusal end
    settings.set(world, of.kind, name, body.row)
    return { shape = of.shape, object = object_of(world, of, name, true) }
  end
end

m.routes = {
  { "GET /conf/code-tables", list(CODE), "" },
  { "GET /conf/code-tables/{name}", get(CODE), "lang scope" },
  { "PUT /conf/code-tables/{name}", put(CODE), "lang" },
  { "GET /conf/mapping-tables", list(MAPPING), "" },
  { "GET /conf/mapping-tables/{name}", get(MAPPING), "scope" },
  { "PUT /conf/mapping-tables/{name}", put(MAPPING), "" },
}

return m
