-- /bibs/collections: a title must be in one before it may have representations.
local bibs = require "almanac.rehearsal.api.bibs"
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local lists = require "almanac.rehearsal.api.lists"
local model = require "almanac.rehearsal.world.model"
local read = require "almanac.rehearsal.api.read"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local COLUMNS = { library = "library", name = "name", external_system = "external_system",
  external_id = "external_id" }

local function find(world, pid)
  return world.db:row("SELECT * FROM collection WHERE pid = ?", pid)
end

local function link_of(world, pid)
  return world:link("/bibs/collections/" .. pid)
end

local function children(world, pid)
  local rows = {}
  for row in world.db:rows("SELECT * FROM collection WHERE parent IS ? ORDER BY n", pid) do rows[#rows + 1] = row end
  return rows
end

-- The collection with `levels` of sub-collections; it is the first level itself.
local function object_of(world, row, levels)
  local object = {
    pid = { value = row.pid, link = link_of(world, row.pid) },
    parent_pid = row.parent and { value = row.parent, link = link_of(world, row.parent) } or nil,
    name = row.name, description = row.description,
    external_system = row.external_system, external_id = row.external_id,
    library = row.library and codes.value(codes.libraries, row.library) or nil,
    link = link_of(world, row.pid),
  }
  if levels > 1 then
    object.collection = {}
    for i, child in ipairs(children(world, row.pid)) do
      object.collection[i] = object_of(world, child, levels - 1)
    end
  end
  return object
end

local function levels_of(call)
  return math.tointeger(tonumber(call.query.level or "1")) or 1
end

-- Reads a query "name~x AND library~y": every word of the text must occur. Name and library
-- can't be combined with the external id.
local function parse_query(q)
  local terms = {}
  for term in (q .. " AND "):gmatch "(.-) AND " do
    local column, text = term:match "^%s*([%w_]+)~(.+)$"
    if not COLUMNS[column] then return nil end
    terms[#terms + 1] = { column = COLUMNS[column], text = text:gsub("_", " "):lower() }
  end
  return terms
end

local function matches(row, terms)
  for _, term in ipairs(terms) do
    local value = (row[term.column] or ""):lower()
    for word in term.text:gmatch "%S+" do
      if not value:find(word, 1, true) then return false end
    end
  end
  return true
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local q = call.query.q
  local terms = q and q ~= "" and parse_query(q)
  if terms == nil and q and q ~= "" then return failure.new("60106", "Invalid query format.") end
  local list, rows = {}, {}
  if terms then
    for row in world.db:rows "SELECT * FROM collection ORDER BY n" do rows[#rows + 1] = row end
  else
    rows = children(world, nil)
  end
  for _, row in ipairs(rows) do
    if not terms or matches(row, terms) then
      list[#list + 1] = object_of(world, row, terms and 1 or levels_of(call))
    end
  end
  return { shape = shapes.collections, object = { collection = list, total_record_count = #list } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row = find(world, call.path.pid)
  if not row then return failure.parameter() end
  return { shape = shapes.collection, object = object_of(world, row, levels_of(call)) }
end

---@param world table
---@param fields { pid: string?, parent: string?, name: string, description: string?, library: string? }
---@return string pid
function m.add(world, fields)
  local pid = fields.pid or world:id "81"
  world.db:run([[INSERT INTO collection(pid, parent, name, description, library, external_system, external_id)
    VALUES(?, ?, ?, ?, ?, ?, ?)]], pid, fields.parent, fields.name, fields.description or "", fields.library,
    fields.external_system or "", fields.external_id or "")
  return pid
end

local function check(world, body, pid)
  if (body.name or "") == "" then return failure.new("402472", "The collection Name must be provided.") end
  if world.db:value("SELECT 1 FROM collection WHERE name = ? AND pid IS NOT ?", body.name, pid) then
    return failure.new("402471", "The collection Name is a duplicate of another collection Name.")
  end
  local library = read.code(body.library)
  if library and not codes.describe(codes.libraries, library) then
    return failure.new("402469", "The Library of the collection was not found.")
  end
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local body, refusal = read.object(call, shapes.collection)
  refusal = refusal or check(world, body)
  if refusal then return refusal end
  local parent = read.code(body.parent_pid)
  if parent and not find(world, parent) then
    return failure.new("402550", "The Parent Pid of the collection was not found.")
  end
  local pid = world:atomically(m.add, world, {
    name = body.name, description = body.description, parent = parent,
    library = read.code(body.library), external_system = body.external_system, external_id = body.external_id,
  })
  return { shape = shapes.collection, object = object_of(world, find(world, pid), 1) }
end

-- A collection can't be a part of itself, nor of one that is in it.
local function is_below(world, pid, above)
  while pid do
    if pid == above then return true end
    pid = world.db:value("SELECT parent FROM collection WHERE pid = ?", pid)
  end
  return false
end

-- PUT replaces the object: a field that the body leaves out is emptied, and a collection without a parent goes to the top.
---@type almanac.rehearsal.handler
function m.update(world, call)
  local row = find(world, call.path.pid)
  if not row then return failure.new("40166411", "Param value is invalid.") end
  local body, refusal = read.object(call, shapes.collection)
  refusal = refusal or check(world, body, row.pid)
  if refusal then return refusal end
  local parent = read.code(body.parent_pid)
  if parent and (not find(world, parent) or is_below(world, parent, row.pid)) then
    return failure.new("402554", "The collection parent is not valid.")
  end
  world.db:run([[UPDATE collection SET name = ?2, description = ?3, library = ?4, parent = ?5, external_system = ?6,
      external_id = ?7 WHERE pid = ?1]], row.pid, body.name, body.description or "", read.code(body.library), parent,
    body.external_system or "", body.external_id or "")
  return { shape = shapes.collection, object = object_of(world, find(world, row.pid), 1) }
end

---@type almanac.rehearsal.handler
function m.delete(world, call)
  local row = find(world, call.path.pid)
  if not row then return failure.new("40166411", "Param value is invalid.") end
  if world.db:value("SELECT 1 FROM membership WHERE pid = ? LIMIT 1", row.pid) then
    return failure.new("402553", "The collection has a Bib attached.")
  elseif world.db:value("SELECT 1 FROM collection WHERE parent = ? LIMIT 1", row.pid) then
    return failure.new("402555", "The collection has sub collections.")
  end
  world.db:run("DELETE FROM collection WHERE pid = ?", row.pid)
  return { status = 204 }
end

---@type almanac.rehearsal.handler
function m.list_bibs(world, call)
  local pid = call.path.pid
  if not find(world, pid) then return failure.parameter() end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local list, n = {}, offset
  for row in world.db:rows([[SELECT bib.* FROM listed_membership JOIN bib USING(mms_id) WHERE pid = ?
      ORDER BY bib.n LIMIT ? OFFSET ?]], pid, limit, offset) do
    n = n + 1
    local bib = bibs.object(world, row, { view = "brief" })
    bib.link = world:link("/bibs/" .. row.mms_id)
    if not lists.is_hidden(world, n) then list[#list + 1] = bib end
  end
  local total = world.db:value("SELECT count(*) FROM listed_membership JOIN bib USING(mms_id) WHERE pid = ?", pid)
  return { shape = shapes.bibs, object = { bib = list, total_record_count = total } }
end

local function is_member(world, pid, mms_id)
  return world.db:value("SELECT 1 FROM membership WHERE pid = ? AND mms_id = ?", pid, mms_id)
end

---@type almanac.rehearsal.handler
function m.add_bib(world, call)
  local pid = call.path.pid
  if not find(world, pid) then return failure.parameter() end
  local body, refusal = read.object(call, shapes.bib)
  if not body then return refusal end
  local bib = model.bib(world, body.mms_id or "")
  if not bib then return failure.general() end
  if is_member(world, pid, bib.mms_id) then
    return failure.new("701115", "Bib record is already assigned to this collection.")
  end
  world.db:run("INSERT INTO membership(pid, mms_id) VALUES(?, ?)", pid, bib.mms_id)
  return { shape = shapes.bib, object = bibs.object(world, bib, { view = "brief" }) }
end

-- A title with representations can't leave its last collection.
local function is_bound(world, mms_id)
  local count = world.db:value("SELECT count(*) FROM membership WHERE mms_id = ?", mms_id)
  local _, representations = model.representations(world, mms_id, { limit = 0 })
  return count == 1 and representations > 0
end

---@type almanac.rehearsal.handler
function m.remove_bib(world, call)
  local pid, mms_id = call.path.pid, call.path.mms_id
  if not is_member(world, pid, mms_id) then
    return failure.new("701116", "Bib record is not assigned to this collection.")
  end
  if is_bound(world, mms_id) then
    return failure.new("701117", "Can not remove bib record from this collection.")
  end
  world.db:run("DELETE FROM membership WHERE pid = ? AND mms_id = ?", pid, mms_id)
  return { status = 204 }
end

m.routes = {
  { "GET /bibs/collections", m.list, "level q" },
  { "POST /bibs/collections", m.create, "record_format" },
  { "GET /bibs/collections/{pid}", m.get, "level" },
  { "PUT /bibs/collections/{pid}", m.update, "" },
  { "DELETE /bibs/collections/{pid}", m.delete, "" },
  { "GET /bibs/collections/{pid}/bibs", m.list_bibs, "offset limit" },
  { "POST /bibs/collections/{pid}/bibs", m.add_bib, "" },
  { "DELETE /bibs/collections/{pid}/bibs/{mms_id}", m.remove_bib, "" },
}

return m
