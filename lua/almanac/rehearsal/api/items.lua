-- Physical items: those of a title, one, and the item with a barcode, which Alma answers with a redirect to. What
-- changes them is in items_write.
local codes = require "almanac.rehearsal.api.codes"
local facts = require "almanac.rehearsal.api.facts"
local failure = require "almanac.rehearsal.api.failure"
local json = require "almanac.json"
local lists = require "almanac.rehearsal.api.lists"
local model = require "almanac.rehearsal.world.model"
local shapes = require "almanac.rehearsal.api.shapes_items"

local m = {}

local SELECT = [[SELECT item.*, holding.library, holding.location, holding.call_number FROM %s AS item
  JOIN holding ON holding.id = item.holding_id ]]
local ONE, LISTED = SELECT:format "item", SELECT:format "listed_item"

local TABLES = {
  physical_material_type = codes.tables.PhysicalMaterialType, base_status = codes.tables.BaseStatus,
  process_type = codes.tables.ProcessType, work_order_type = codes.tables.WorkOrderType, work_order_at = codes.departments,
  temp_library = codes.libraries,
}

-- The fields of a shape by what was sent or set: coded ones with their descriptions, others empty where nothing is.
local function filled(shape, values)
  local object = {}
  for _, field in ipairs(shape) do
    local name = field[1]
    local value = values[name] or not (shapes.rare[name] or field.null) and "" or nil
    if field.attributes and value then
      object[name] = { value = value, desc = codes.describe(TABLES[name] or {}, value) }
    elseif not field.each then
      object[name] = value
    end
  end
  return object
end

local function bib_data(world, row)
  local bib = model.bib(world, row.mms_id)
  local known = facts.of(world, bib)
  local object = { link = world:link("/bibs/" .. row.mms_id), mms_id = row.mms_id, title = known.title or bib.title,
    network_number = known.numbers }
  for _, name in ipairs { "author", "issn", "isbn", "complete_edition", "place_of_publication", "date_of_publication",
    "publisher_const" } do object[name] = known[name] end
  return object
end

local function is_true(text) return text == "true" end

local function holding_data(row, more, link)
  local object = filled(shapes.holding_data, more)
  object.link, object.holding_id, object.call_number = link, row.holding_id, row.call_number or ""
  object.call_number_type = { value = "0", desc = "Library of Congress classification" }
  object.in_temp_location = is_true(more.in_temp_location)
  return object
end

local function item_data(row, more)
  local object = filled(shapes.item_data, more)
  object.pid, object.barcode = row.pid, row.barcode or ""
  object.creation_date, object.modification_date = row.created, row.modified
  object.library = codes.value(codes.libraries, row.library)
  object.location = { value = row.location, desc = row.location }
  object.awaiting_reshelving, object.is_magnetic = is_true(more.awaiting_reshelving), is_true(more.is_magnetic)
  object.requested = false
  return object
end

local USUAL = { physical_material_type = "BOOK", base_status = "1" }

---What was sent for an item, or set since.
---@param row table
---@return { item: table<string, string>, holding: table<string, string> } more
function m.more(row)
  local more = row.more and json.decode(row.more) or {}
  more.item, more.holding = setmetatable(more.item or {}, { __index = USUAL }), more.holding or {}
  return more
end

local function object_of(world, row)
  local holding = world:link(("/bibs/%s/holdings/%s"):format(row.mms_id, row.holding_id))
  local more = m.more(row)
  return { link = holding .. "/items/" .. row.pid, bib_data = bib_data(world, row),
    holding_data = holding_data(row, more.holding, holding), item_data = item_data(row, more.item) }
end

---@param world table
---@param pid string
---@param path { mms_id: string, holding_id: string }? where it must be
---@return table? row
function m.row(world, pid, path)
  local row = world.db:row(ONE .. "WHERE item.pid = ?", pid)
  if row and (not path or path.mms_id == row.mms_id and path.holding_id == row.holding_id) then return row end
end

---@param world table
---@param pid string
---@return table answer
function m.answer(world, pid)
  return { shape = shapes.item, object = object_of(world, m.row(world, pid)) }
end

local ORDERS = {
  none = "item.n", description = "$.item.description", enum_a = "$.item.enumeration_a", enum_b = "$.item.enumeration_b",
  enum_c = "$.item.enumeration_c", chron_i = "$.item.chronology_i", receive_date = "$.item.arrival_date",
  expected_receive_date = "$.item.expected_arrival_date", temporary_location = "$.holding.temp_location",
  library = "holding.library", location = "holding.location",
}

local function order_of(query)
  local by = ORDERS[query.order_by or "none"]
  if not by then return nil end
  if by:find "^%$" then by = ("json_extract(item.more, '%s')"):format(by) end
  return ("ORDER BY %s %s, item.n "):format(by, by ~= "item.n" and query.direction ~= "asc" and "DESC" or "ASC")
end

local DATES = { create_date = "created", modify_date = "modified" }

-- What the list is held to besides the title and the holding: SQL with numbered values, which it adds.
local function filters(query, values)
  local parts = {}
  local function add(sql, value)
    values[#values + 1] = value
    parts[#parts + 1] = sql:format(#values)
  end
  for name, column in pairs(DATES) do
    for word, sign in pairs { from = ">=", to = "<=" } do
      local date = query[name .. "_" .. word]
      if date and not date:find "^%d%d%d%d%-%d%d%-%d%d$" then return nil end
      if date then add(("substr(item.%s, 1, 10) %s ?%%d"):format(column, sign), date) end
    end
  end
  if (query.current_library or "") ~= "" then add("holding.library = ?%d", query.current_library) end
  if (query.current_location or "") ~= "" then add("holding.location = ?%d", query.current_location) end
  return parts[1] and "AND " .. table.concat(parts, " AND ") .. " " or ""
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local path, query = call.path, call.query
  if not model.bib(world, path.mms_id) then return failure.mms_id(path.mms_id) end
  local limit, offset = lists.paging(world, query)
  if not limit then return offset end
  local order = order_of(query)
  if not order then return failure.new("60216", "The ordering is not valid.") end
  local values = { path.mms_id, path.holding_id }
  local more = filters(query, values)
  if not more then return failure.new("402217", "Invalid date format for item filter.") end
  local where = "WHERE item.mms_id = ?1 AND (?2 = 'ALL' OR item.holding_id = ?2) " .. more
  local items = {}
  for row in world.db:rows(("%s%s%sLIMIT %d OFFSET %d"):format(LISTED, where, order, limit, offset), table.unpack(values)) do
    items[#items + 1] = object_of(world, row)
  end
  local total = world.db:value(("SELECT count(*) FROM (%s%s)"):format(LISTED, where), table.unpack(values))
  return { shape = shapes.items, object = { item = items, total_record_count = total } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row = m.row(world, call.path.item_pid, call.path)
  if not row then return failure.new("401688", "Error while retrieving items.") end
  return { shape = shapes.item, object = object_of(world, row) }
end

---@type almanac.rehearsal.handler
function m.find(world, call)
  local barcode = call.query.item_barcode
  if not barcode or barcode == "" then return failure.new("40166415", "Must send one of the following parameters: item_barcode.") end
  local row = world.db:row(ONE .. "WHERE item.barcode = ? ORDER BY item.n", barcode)
  if not row then return failure.new("401689", ("No items found for barcode %s."):format(barcode)) end
  return { status = 302, body = "", headers = { Location = object_of(world, row).link } }
end

m.routes = {
  { "GET /items", m.find, "item_barcode" },
  { "GET /bibs/{mms_id}/holdings/{holding_id}/items", m.list, "limit offset expand user_id current_library " ..
    "current_location q order_by direction create_date_from create_date_to modify_date_from modify_date_to receive_date_from " ..
    "receive_date_to expected_receive_date_from expected_receive_date_to view" },
  { "GET /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}", m.get, "expand user_id view" },
}

return m
