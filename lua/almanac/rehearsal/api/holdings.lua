-- Holdings of a title: list, one, and what changes them. Writes take XML alone. Library and location of a holding are
-- those of its 852 $b and $c, and its call number is $h with $i.
local codes = require "almanac.rehearsal.api.codes"
local bib_body = require "almanac.rehearsal.api.bib_body"
local core = require "almanac.core"
local failure = require "almanac.rehearsal.api.failure"
local libraries = require "almanac.rehearsal.api.libraries"
local inventory = require "almanac.rehearsal.world.inventory"
local marc_body = require "almanac.rehearsal.api.marc_body"
local model = require "almanac.rehearsal.world.model"
local record = require "almanac.rehearsal.api.record"
local shapes = require "almanac.rehearsal.api.shapes"
local xml = require "almanac.xml"

local m = {}

local WRITER = "exl_api"

local function subfield(code, value)
  return value and ('<subfield code="%s">%s</subfield>'):format(code, core.xml.escape(value)) or ""
end

local function made_up(row)
  return ('<record><leader>00000nx  a2200000zn 4500</leader><controlfield tag="001">%s</controlfield>' ..
    '<controlfield tag="008">1011252u    8   4001uueng0000000</controlfield>' ..
    '<datafield ind1="0" ind2=" " tag="852">%s%s%s</datafield></record>'):format(row.id, subfield("b", row.library),
    subfield("c", row.location), subfield("h", row.call_number))
end

local function link_of(world, row)
  return world:link(("/bibs/%s/holdings/%s"):format(row.mms_id, row.id))
end

local function brief(world, row)
  return { link = link_of(world, row), holding_id = row.id, copy_id = "", library = codes.value(codes.libraries, row.library),
    location = { value = row.location, desc = row.location }, call_number = row.call_number or "",
    suppress_from_publishing = tostring(row.suppressed == 1) }
end

local function answer(row)
  return { shape = shapes.holding, object = { holding_id = row.id, created_by = row.created_by, created_date = row.created,
    last_modified_by = row.modified_by, last_modified_date = row.modified,
    suppress_from_publishing = tostring(row.suppressed == 1), record = row.record or made_up(row) } }
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  if not model.bib(world, call.path.mms_id) then return failure.mms_id(call.path.mms_id) end
  local list = {}
  for i, row in ipairs(inventory.holdings(world, call.path.mms_id)) do list[i] = brief(world, row) end
  return { shape = shapes.holdings, object = { holding = list, total_record_count = #list } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row = inventory.holding(world, call.path.holding_id, call.path.mms_id)
  if not row then return failure.new("402208", ("Search failed for Holdings ID: %s"):format(call.path.holding_id)) end
  return answer(row)
end

local function call_number_of(each)
  local parts = {}
  for _, code in ipairs { "h", "i" } do parts[#parts + 1] = each:get("852$" .. code) end
  return parts[1] and table.concat(parts, " ") or nil
end

-- What a body says, or what is wrong with it.
local function read(world, call)
  local text = call.request:body() or ""
  local root, message = core.xml.parse(text)
  if not root then return nil, message end
  if root.name ~= "holding" then return nil, ("<%s> instead of <holding>"):format(root.name) end
  local each
  each, message = marc_body.read(text)
  if not each then return nil, message end
  local library = each:get "852$b"
  if not each:field "852" then return nil, "Mandatory field 852 is missing" end
  if not codes.describe(codes.libraries, library) then return nil, ("Library %s is not valid"):format(library or "(none)") end
  local location = each:get "852$c"
  if not location then return nil, "Location is missing" end
  if not libraries.has_location(world, library, location) then return nil, ("Location %s is not valid"):format(location) end
  return { record = each, library = library, location = location, call_number = call_number_of(each),
    suppressed = xml.text(root, "suppress_from_publishing") == "true", by = WRITER }
end

-- 001 is the holding's id and 005 the time, as in bibs.
local function sign(world, holding, id, before)
  record.sign(world, holding.record, id, before)
  holding.record = record.marc_text(holding.record)
  return holding
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local refusal = bib_body.refuse_json(call)
  if refusal then return refusal end
  local mms_id = call.path.mms_id
  if mms_id:find "%D" then return failure.mms_id(mms_id) end
  if not model.bib(world, mms_id) then return failure.new("33007", ("No record found for MMS id %s"):format(mms_id)) end
  local holding, message = read(world, call)
  call.remark = message
  if not holding and message:find "^%u" then
    return failure.new("33008", ("Failed to create holding due to errors: %s"):format(message))
  elseif not holding then
    return failure.new("402211", "Given holding xml is invalid.")
  end
  holding.mms_id = mms_id
  return world:atomically(function()
    local each = holding.record
    holding.record = nil
    local id = inventory.add_holding(world, holding)
    holding.record = each
    inventory.change_holding(world, id, sign(world, holding, id))
    return answer(inventory.holding(world, id))
  end)
end

---@type almanac.rehearsal.handler
function m.update(world, call)
  local refusal = bib_body.refuse_json(call)
  if refusal then return refusal end
  local row = inventory.holding(world, call.path.holding_id, call.path.mms_id)
  local holding, message
  if row then holding, message = read(world, call) end
  call.remark = message
  if not holding then return failure.general() end
  local before = row.record and marc_body.read(row.record)
  inventory.change_holding(world, row.id, sign(world, holding, row.id, before and before:control "005"))
  return answer(inventory.holding(world, row.id))
end

---Does with a title what a call wants when it is left without holdings.
---@param world table
---@param mms_id string
---@param what string? retain, delete or suppress
function m.left_without(world, mms_id, what)
  if inventory.count(world, mms_id) > 0 then return end
  if what == "delete" then model.delete_bib(world, mms_id) end
  if what == "suppress" then world.db:run("UPDATE bib SET suppressed = 1 WHERE mms_id = ?", mms_id) end
end

---@param what string? of a call
---@return boolean
function m.is_way(what)
  return what == nil or what == "" or what == "retain" or what == "delete" or what == "suppress"
end

-- Alma's documentation does not say when a holding "cannot be deleted"; here it can't while it has items.
---@type almanac.rehearsal.handler
function m.delete(world, call)
  local path, what = call.path, call.query.bib
  if not model.bib(world, path.mms_id) then return failure.new("402203", "Bib ID not valid.") end
  local row = inventory.holding(world, path.holding_id, path.mms_id)
  if not row then return failure.new("60213", "Holding ID not valid.") end
  if not m.is_way(what) then return failure.new("60218", "Invalid action on Bib record without holdings.") end
  if world.db:value("SELECT 1 FROM item WHERE holding_id = ?", row.id) then
    return failure.new("60214", "Holding has been deleted or cannot be deleted.")
  end
  world:atomically(function()
    world.db:run("DELETE FROM holding WHERE id = ?", row.id)
    m.left_without(world, row.mms_id, what)
  end)
  return { status = 204 }
end

m.routes = {
  { "GET /bibs/{mms_id}/holdings", m.list, "" },
  { "POST /bibs/{mms_id}/holdings", m.create, "" },
  { "GET /bibs/{mms_id}/holdings/{holding_id}", m.get, "" },
  { "PUT /bibs/{mms_id}/holdings/{holding_id}", m.update, "" },
  { "DELETE /bibs/{mms_id}/holdings/{holding_id}", m.delete, "bib" },
}

return m
