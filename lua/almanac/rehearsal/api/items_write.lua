-- POST, PUT and DELETE of items, and scanning them in. A PUT replaces the item: what it leaves out is emptied.
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local holdings = require "almanac.rehearsal.api.holdings"
local inventory = require "almanac.rehearsal.world.inventory"
local items = require "almanac.rehearsal.api.items"
local read = require "almanac.rehearsal.api.read"
local shapes = require "almanac.rehearsal.api.shapes_items"

local m = {}

local function invalid(words)
  return failure.new("40166404", "An invalid field has been entered in the item object. " .. words)
end

-- The fields of a part of the body as plain texts, without those that Alma sets.
local function plain(part)
  local values = {}
  for name, value in pairs(part or {}) do
    if type(value) == "table" then value = value.value end
    if type(value) == "string" and value ~= "" and not shapes.output[name] then values[name] = value end
  end
  return values
end

local function described(item)
  local function level(names)
    local parts = {}
    for _, name in ipairs(names) do parts[#parts + 1] = item[name] end
    return table.concat(parts, ":")
  end
  local enumeration = level { "enumeration_a", "enumeration_b", "enumeration_c" }
  local chronology = level { "chronology_i", "chronology_j", "chronology_k" }
  return chronology == "" and enumeration or ("%s (%s)"):format(enumeration, chronology)
end

-- Every barcode is that of one item. No source says with which code Alma refuses a second one.
local function taken(world, barcode, pid)
  return barcode and world.db:value("SELECT pid FROM item WHERE barcode = ? AND pid IS NOT ?", barcode, pid)
end

-- What a call says of an item: { barcode, more }, or a refusal.
local function sent(world, call, pid)
  local object, refusal = read.object(call, shapes.item)
  if not object then
    return nil, (call.remark or ""):find "unknown" and invalid(call.remark) or refusal
  end
  if not object.item_data then return nil, invalid "item_data is missing" end
  local item, holding = plain(object.item_data), plain(object.holding_data)
  local kind = item.physical_material_type
  if kind and not codes.describe(codes.tables.PhysicalMaterialType, kind) then
    return nil, invalid("physical_material_type " .. kind)
  elseif holding.temp_library and not codes.describe(codes.libraries, holding.temp_library) then
    return nil, invalid("temp_library " .. holding.temp_library)
  elseif taken(world, item.barcode, pid) then
    return nil, invalid(("barcode %s is that of another item"):format(item.barcode))
  end
  if call.query.generate_description == "true" then item.description = described(item) end
  local barcode = item.barcode
  item.barcode = nil
  return { barcode = barcode, more = { item = item, holding = holding } }
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local path = call.path
  if not inventory.holding(world, path.holding_id, path.mms_id) then return failure.general() end
  local item, refusal = sent(world, call)
  if not item then return refusal end
  item.mms_id, item.holding_id = path.mms_id, path.holding_id
  return items.answer(world, world:atomically(inventory.add_item, world, item))
end

local KEPT = { "base_status", "process_type", "work_order_type", "work_order_at" }

---@type almanac.rehearsal.handler
function m.update(world, call)
  local row = items.row(world, call.path.item_pid, call.path)
  if not row then return failure.general() end
  local item, refusal = sent(world, call, row.pid)
  if not item then return refusal end
  local before = items.more(row).item
  for _, name in ipairs(KEPT) do item.more.item[name] = rawget(before, name) end
  inventory.change_item(world, row.pid, item)
  return items.answer(world, row.pid)
end

-- What becomes of the holding and of the title that are left without items.
local function left_over(world, row, query)
  if world.db:value("SELECT 1 FROM item WHERE holding_id = ?", row.holding_id) then return end
  if query.holdings == "suppress" then world.db:run("UPDATE holding SET suppressed = 1 WHERE id = ?", row.holding_id) end
  if query.holdings ~= "delete" then return end
  world.db:run("DELETE FROM holding WHERE id = ?", row.holding_id)
  holdings.left_without(world, row.mms_id, query.bib)
end

---An item that is in a work order is deleted with override alone.
---@type almanac.rehearsal.handler
function m.delete(world, call)
  local row, query = items.row(world, call.path.item_pid, call.path), call.query
  if not row then return failure.general() end
  if not (holdings.is_way(query.holdings) and holdings.is_way(query.bib)) then return failure.general() end
  if items.more(row).item.process_type and query.override ~= "true" then
    return failure.new("401849", "Item delete errors: the item is in process")
  end
  world:atomically(function()
    world.db:run("DELETE FROM item WHERE pid = ?", row.pid)
    left_over(world, row, query)
  end)
  return { status = 204 }
end

local function scan_failed(words)
  return failure.new("402502", "Scan in of item failed. " .. words)
end

local function set(text) return (text or "") ~= "" end

-- What is wrong with the parameters of a scan. Alma's documentation marks nearly all as required and describes them as
-- optional; the message about desk and department was recorded.
local function scan_refused(query)
  if query.op ~= "scan" then return failure.parameter() end
  if not (set(query.circ_desk) or set(query.department)) then
    return failure.new("40166415", "Must send at least one of the following parameters: [circ_desk,department]")
  elseif set(query.circ_desk) and set(query.department) then
    return scan_failed "Both a circulation desk and a department were sent."
  elseif not codes.describe(codes.libraries, query.library) then
    return scan_failed(("Library %s is not valid."):format(query.library or "(none)"))
  elseif set(query.department) and not codes.describe(codes.departments, query.department) then
    return scan_failed(("Department %s is not valid."):format(query.department))
  elseif set(query.circ_desk) and not codes.describe(codes.desks, query.circ_desk) then
    return scan_failed(("Circulation desk %s is not valid."):format(query.circ_desk))
  elseif set(query.work_order_type) and not codes.describe(codes.tables.WorkOrderType, query.work_order_type) then
    return scan_failed(("Work order type %s is not valid."):format(query.work_order_type))
  end
  if query.done == "true" and not set(query.department) then
    return scan_failed "The done parameter is only for a department."
  end
end

-- A department takes the item into a work order, or goes on with the one that it is in, until it is done; a desk
-- puts it back into place.
local function scanned(item, query)
  if query.done == "true" or not set(query.department) then
    for _, name in ipairs(KEPT) do item[name] = nil end
    return nil
  end
  local kind = set(query.work_order_type) and query.work_order_type or rawget(item, "work_order_type")
  if not kind then return scan_failed "The work order type is missing." end
  item.base_status, item.process_type = "0", "WORK_ORDER_DEPARTMENT"
  item.work_order_type, item.work_order_at = kind, query.department
end

---@type almanac.rehearsal.handler
function m.scan(world, call)
  local row = items.row(world, call.path.item_pid, call.path)
  if not row then return failure.new("402504", "Scan in has failed due to item retrieve issue.") end
  local refusal = scan_refused(call.query)
  if refusal then return refusal end
  local more = items.more(row)
  refusal = scanned(more.item, call.query)
  if refusal then return refusal end
  inventory.change_item(world, row.pid, { barcode = row.barcode, more = more })
  return items.answer(world, row.pid)
end

m.routes = {
  { "POST /bibs/{mms_id}/holdings/{holding_id}/items", m.create, "generate_description generate_inventory_num_name" },
  { "PUT /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}", m.update,
    "generate_description generate_inventory_num_name" },
  { "POST /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}", m.scan, "op external_id request_id library circ_desk " ..
    "department work_order_type status done auto_print_slip place_on_hold_shelf confirm register_in_house_use" },
  { "DELETE /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}", m.delete, "override holdings bib" },
}

return m
