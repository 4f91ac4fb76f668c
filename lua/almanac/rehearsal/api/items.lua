-- Physical items: those of a title, and the item with a barcode, which Alma answers with a
-- redirect to.
local codes = require "almanac.rehearsal.api.codes"
local failure = require "almanac.rehearsal.api.failure"
local lists = require "almanac.rehearsal.api.lists"
local model = require "almanac.rehearsal.world.model"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local SELECT = "SELECT item.*, bib.title, bib.call_number FROM item JOIN bib USING(mms_id) "

local function object_of(world, row)
  local bib = world:link("/bibs/" .. row.mms_id)
  local holding = bib .. "/holdings/" .. row.holding_id
  return {
    link = holding .. "/items/" .. row.pid,
    bib_data = { link = bib, mms_id = row.mms_id, title = row.title,
      network_number = { ("(%s)%s"):format(world.inst, row.mms_id) } },
    holding_data = { link = holding, holding_id = row.holding_id, call_number = row.call_number or "",
      call_number_type = { value = "0", desc = "Library of Congress classification" } },
    item_data = { pid = row.pid, barcode = row.barcode, description = "",
      physical_material_type = { value = "BOOK", desc = "Book" }, library = codes.value(codes.libraries, "MAIN"),
      location = { value = "stacks", desc = "Stacks" }, public_note = "" },
  }
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local path = call.path
  if not model.bib(world, path.mms_id) then return failure.mms_id(path.mms_id) end
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local holding = path.holding_id ~= "ALL" and path.holding_id or nil
  local where = "WHERE item.mms_id = ?1 AND (?2 IS NULL OR item.holding_id = ?2) "
  local items = {}
  for row in world.db:rows(SELECT .. where .. "ORDER BY item.n LIMIT ?3 OFFSET ?4", path.mms_id, holding, limit, offset) do
    items[#items + 1] = object_of(world, row)
  end
  local total = world.db:value("SELECT count(*) FROM item " .. where, path.mms_id, holding)
  return { shape = shapes.items, object = { item = items, total_record_count = total } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row = world.db:row(SELECT .. "WHERE item.pid = ? AND item.mms_id = ? AND item.holding_id = ?",
    call.path.item_pid, call.path.mms_id, call.path.holding_id)
  if not row then return failure.new("401688", "Error while retrieving items.") end
  return { shape = shapes.item, object = object_of(world, row) }
end

---@type almanac.rehearsal.handler
function m.find(world, call)
  local barcode = call.query.item_barcode
  if not barcode or barcode == "" then return failure.new("40166415", "Must send one of the following parameters: item_barcode.") end
  local row = world.db:row(SELECT .. "WHERE item.barcode = ? ORDER BY item.n", barcode)
  if not row then return failure.new("401689", ("No items found for barcode %s."):format(barcode)) end
  return { status = 302, body = "", headers = { Location = object_of(world, row).link } }
end

m.routes = {
  { "GET /items", m.find, "item_barcode" },
  { "GET /bibs/{mms_id}/holdings/{holding_id}/items", m.list, "limit offset expand user_id current_library " ..
    "current_location q order_by direction view" },
  { "GET /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}", m.get, "expand user_id current_library " ..
    "current_location view" },
}

return m
