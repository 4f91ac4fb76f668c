-- /bibs: titles by id, one or up to a hundred at a time, and by the other numbers that they are known by. What changes
-- them is in bibs_write.
local codes = require "almanac.rehearsal.api.codes"
local facts = require "almanac.rehearsal.api.facts"
local failure = require "almanac.rehearsal.api.failure"
local inventory = require "almanac.rehearsal.world.inventory"
local model = require "almanac.rehearsal.world.model"
local record = require "almanac.rehearsal.api.record"
local records = require "almanac.rehearsal.world.records"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local MOST = 100

-- What `expand` asks for.
local function available(world, bib, expand)
  local function asks(word) return (","..(expand or "")..","):find("," .. word .. ",", 1, true) end
  return {
    representations = asks "d_avail" and model.representations(world, bib.mms_id, { listed = true }) or nil,
    holdings = asks "p_avail" and inventory.holdings(world, bib.mms_id) or nil,
  }
end

-- view=local_fields gives the fields of a linked record that are the institution's own: 9XX and those with $9 LOCAL.
local function with_local_fields(bib)
  local whole = facts.parse(bib)
  for _, field in ipairs(whole:fields()) do
    if not record.is_local(field) then whole:remove(field) end
  end
  return record.marc_text(whole)
end

-- expand=requests tells how many requests of the title are open.
local function requests_of(world, bib, expand)
  if not (expand or ""):find("requests", 1, true) then return nil end
  local count = world.db:value("SELECT count(*) FROM user_request WHERE mms_id = ? AND NOT ended", bib.mms_id)
  return { value = count, link = world:link("/bibs/" .. bib.mms_id .. "/requests") }
end

local function record_of(world, bib, query)
  if query.view == "brief" then return nil end
  if query.view == "local_fields" and bib.record and not record.is_dublin_core(bib) then return with_local_fields(bib) end
  return record.write(world, bib, available(world, bib, query.expand))
end

local function warnings_of(list)
  local warnings = {}
  for i, message in ipairs(list or {}) do warnings[i] = { message = message } end
  return warnings
end

---A title as it stands in answers.
---@param world table
---@param bib table row
---@param query { view: string?, expand: string? }
---@param warnings string[]? of the change that is answered
---@return table object
function m.object(world, bib, query, warnings)
  local known, more = facts.of(world, bib), records.more(bib)
  local object = {
    mms_id = bib.mms_id, record_format = bib.format, linked_record_id = more.network or {}, title = known.title or bib.title,
    network_number = known.numbers, holdings = { link = world:link("/bibs/" .. bib.mms_id .. "/holdings") },
    created_by = bib.created_by, created_date = bib.created,
    last_modified_by = bib.modified_by, last_modified_date = bib.modified,
    suppress_from_publishing = tostring(bib.suppressed == 1),
    suppress_from_external_search = more.suppress_from_external_search or "false",
    sync_with_oclc = more.sync_with_oclc or "NONE",
    sync_with_libraries_australia = more.sync_with_libraries_australia or "NONE",
    cataloging_level = more.cataloging_level and codes.value(codes.tables.CatalogerLevel, more.cataloging_level),
    originating_system = world.inst, originating_system_id = bib.mms_id,
    record = record_of(world, bib, query), requests = requests_of(world, bib, query.expand),
    warning = warnings and warnings[1] and warnings_of(warnings) or nil,
  }
  for _, name in ipairs { "author", "issn", "isbn", "complete_edition", "place_of_publication", "date_of_publication",
    "publisher_const" } do object[name] = known[name] end
  return object
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

local function find_by_holding(world, id)
  local holding = inventory.holding(world, id)
  return { holding and model.bib(world, holding.mms_id) }
end

-- Alma's documentation does not say what an empty number finds; here it is as none, and refused like a call without one.
local function given(query)
  local full = {}
  for name, value in pairs(query) do full[name] = value:find "%S" and value or nil end
  return full
end

local function find(world, query)
  if query.mms_id then return find_listed(world, query.mms_id) end
  if query.representation_id then return find_by_representation(world, query.representation_id) end
  if query.other_system_id then return records.with_number(world, query.other_system_id) end
  if query.holdings_id then return find_by_holding(world, query.holdings_id) end
  if query.nz_mms_id then return records.linked_to(world, "NZ", query.nz_mms_id) end
  if query.cz_mms_id then return records.linked_to(world, "CZ", query.cz_mms_id) end
  for _, name in ipairs { "ie_id", "lod_uri" } do
    if query[name] then return {} end
  end
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local rows = find(world, given(call.query))
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

m.routes = {
  { "GET /bibs", m.list, "mms_id ie_id holdings_id representation_id nz_mms_id cz_mms_id view expand " ..
    "other_system_id lod_uri" },
  { "GET /bibs/{mms_id}", m.get, "view expand" },
}

return m
