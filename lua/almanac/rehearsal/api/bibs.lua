-- /bibs: titles by id, one or up to a hundred at a time.
local failure = require "almanac.rehearsal.api.failure"
local model = require "almanac.rehearsal.world.model"
local record = require "almanac.rehearsal.api.record"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local MOST = 100

---A title as it stands in answers.
---@param world table
---@param bib table row
---@param query { view: string?, expand: string? }
---@return table object
function m.object(world, bib, query)
  local available = {}
  if (query.expand or ""):find("d_avail", 1, true) then
    available = model.representations(world, bib.mms_id, { listed = true })
  end
  return {
    mms_id = bib.mms_id, record_format = bib.format, linked_record_id = {}, title = bib.title,
    network_number = { ("(%s)%s"):format(world.inst, bib.mms_id) },
    holdings = { link = world:link("/bibs/" .. bib.mms_id .. "/holdings") },
    created_by = "import", created_date = bib.created,
    last_modified_by = "System", last_modified_date = bib.modified,
    suppress_from_publishing = tostring(bib.suppressed == 1), suppress_from_external_search = "false",
    sync_with_oclc = "NONE", sync_with_libraries_australia = "NONE",
    originating_system = world.inst, originating_system_id = bib.mms_id,
    record = query.view ~= "brief" and record.write(world, bib, available) or nil,
  }
end

-- Finds titles by the lines of `ids`. Unknown ids are simply absent, and the order is that of
-- the repository and not that of the ids.
local function find_listed(world, ids)
  local rows, seen, count = {}, {}, 0
  for id in (ids .. ","):gmatch "([^,]*)," do
    count = count + 1
    if not id:find "^%d+$" or count > MOST then return nil end
    rows[#rows + 1] = not seen[id] and model.bib(world, id) or nil
    seen[id] = true
  end
  table.sort(rows, function(a, b) return a.n < b.n end)
  return rows
end

local function find_by_representation(world, id)
  local rep = model.representation(world, id)
  return { rep and model.bib(world, rep.mms_id) }
end

-- Network numbers of the rehearsal have the form "(INST)MMS".
local function find_by_other(world, id)
  return { model.bib(world, id:match "%d+$" or "") }
end

local function find(world, query)
  if query.mms_id then return find_listed(world, query.mms_id) end
  if query.representation_id then return find_by_representation(world, query.representation_id) end
  if query.other_system_id then return find_by_other(world, query.other_system_id) end
  for _, name in ipairs { "ie_id", "holdings_id", "nz_mms_id", "cz_mms_id", "lod_uri" } do
    if query[name] then return {} end
  end
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local rows = find(world, call.query)
  if not rows then return failure.new("402203", "Input parameter mmsId list is not valid.") end
  local bibs = {}
  for i, row in ipairs(rows) do bibs[i] = m.object(world, row, call.query) end
  return { shape = shapes.bibs, object = { bib = bibs, total_record_count = #bibs } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local bib = model.bib(world, call.path.mms_id)
  if not bib then return failure.mms_id(call.path.mms_id) end
  return { shape = shapes.bib, object = m.object(world, bib, call.query) }
end

-- A title that still has representations can be deleted only with override.
---@type almanac.rehearsal.handler
function m.delete(world, call)
  local bib = model.bib(world, call.path.mms_id)
  if not bib then return failure.mms_id(call.path.mms_id) end
  local _, count = model.representations(world, bib.mms_id, { limit = 0 })
  if count > 0 and call.query.override ~= "true" then
    return failure.new("401873", "Input parameter mms_id or parameter override is not valid.")
  end
  world:atomically(model.delete_bib, world, bib.mms_id)
  return { status = 204 }
end

m.routes = {
  { "GET /bibs", m.list, "mms_id ie_id holdings_id representation_id nz_mms_id cz_mms_id view expand " ..
    "other_system_id lod_uri" },
  { "GET /bibs/{mms_id}", m.get, "view expand" },
  { "DELETE /bibs/{mms_id}", m.delete, "override cataloger_level" },
}

return m
