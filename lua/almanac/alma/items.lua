-- Physical items: those of a title, one by its id or barcode, and what changes them.
local client_module = require "almanac.alma.client"
local fields = require "almanac.fields"
local paging = require "almanac.alma.paging"
local write = require "almanac.alma.items_write"

local m = {}

local NONE = "401689"       -- "No items found …"
local UNREADABLE = "401688" -- "Error while retrieving items.": also of an item that is gone

local LIST = { holding_id = "string", query = "table" }

local function pid_of(item)
  return type(item.item_data) == "table" and item.item_data.pid or nil
end

---All items of a title, in all its holdings unless one is named: a call for each hundred. Source: OpenAPI bibs,
---GET /bibs/{mms_id}/holdings/{holding_id}/items.
---@param client almanac.alma.client
---@param mms_id string
---@param options? { holding_id: string?, query: table? } query: what Alma filters and orders by: q, order_by, direction,
---  current_library, current_location, create_date_from, …
---@return table[]|nil items { bib_data, holding_data, item_data, … } as Alma gives them
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, mms_id, options)
  options = options or {}
  fields.check("items.list", options, LIST, 2)
  local items, message, code, detail = paging.all(client, {
    path = { "bibs", mms_id, "holdings", options.holding_id or "ALL", "items" }, kind = "items", key = "item", identify = pid_of,
    query = options.query,
  })
  if not items and client_module.has_code(detail, NONE) then return {} end
  return items, message, code, detail
end

---An item by its ids. Source: OpenAPI bibs, GET /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}.
---@param client almanac.alma.client
---@param mms_id string
---@param holding_id string
---@param pid string
---@return table|nil item { bib_data, holding_data, item_data, link }
---@return string? message
---@return string? code "missing": Alma can't retrieve it
---@return almanac.alma.detail? detail
function m.get(client, mms_id, holding_id, pid)
  local item, message, code, detail = client:call { path = table.pack("bibs", mms_id, "holdings", holding_id, "items", pid), kind = "item" }
  if not item and client_module.has_code(detail, UNREADABLE) then code = "missing" end
  if not item then return nil, message, code, detail end
  if pid_of(item) ~= pid then return nil, ("GET item %s: the answer is about %s"):format(pid, tostring(pid_of(item))), "parse" end
  return item
end

local function read_again(client, item)
  local path = write.path(item)
  return m.get(client, path[2], path[4], path[6])
end

---The item with a barcode. Alma answers with a redirect to the item, so this takes two
---calls.
---@param client almanac.alma.client
---@param barcode string
---@return table|nil item
---@return string? message
---@return string? code "missing": no item has it
---@return almanac.alma.detail? detail
function m.by_barcode(client, barcode)
  local item, message, code, detail = client:call { path = { "items" }, query = { item_barcode = barcode }, kind = "item" }
  if not item and client_module.has_code(detail, NONE) then
    return nil, ("no item has the barcode %s"):format(barcode), "missing", detail
  elseif not item then
    return nil, message, code, detail
  end
  if type(item.bib_data) ~= "table" or type(item.bib_data.mms_id) ~= "string" then
    return nil, ("GET /items: the answer for barcode %s names no title"):format(barcode), "parse"
  end
  return item
end

---Creates an item, once: it is known by its barcode. An item of this holding that has it already is given and nothing is sent.
---Source: OpenAPI bibs, POST /bibs/{mms_id}/holdings/{holding_id}/items.
---@param client almanac.alma.client
---@param mms_id string
---@param holding_id string
---@param item_data table fields as Alma names them: { barcode =, physical_material_type =, policy =, description =, … }; coded
---  ones as text or { value = … }
---@param options? { as_new: boolean?, holding_data: table?, generate_description: boolean?, generate_inventory_num_name: string? }
---  as_new: it is sent without looking, also without barcode; holding_data: temp_library, temp_location, …
---@return table|nil item
---@return boolean|string there true: it was there before; the message when there is nothing
---@return string? code "conflict": another item has the barcode; "parse": it has none, and as_new is not true
---@return almanac.alma.detail? detail `unclear`: it may have been made all the same
function m.create(client, mms_id, holding_id, item_data, options)
  return write.create(client, m.by_barcode, mms_id, holding_id, item_data, options)
end

---Changes an item: reads it and sends all of it with the changes. Source: OpenAPI bibs,
---PUT /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}.
---
---    items.update(client, items.by_barcode(client, "390"), { public_note = "digitized", policy = "4-Week" })
---@param client almanac.alma.client
---@param item table as get, list or by_barcode gives it
---@param changes table|fun(item_data: table, holding_data: table): false? fields of item_data by name, coded ones as text; or a
---  function that changes both parts, or gives false when nothing is to do
---@param options? { generate_description: boolean?, generate_inventory_num_name: string? }
---@return table|nil item as Alma keeps it now
---@return boolean|string changed false: there was nothing to change; or the message
---@return string? code
---@return almanac.alma.detail? detail
function m.update(client, item, changes, options)
  local now, message, code, detail = read_again(client, item)
  if not now then return nil, message, code, detail end
  return write.update(client, now, changes, options)
end

---Withdraws an item. Source: OpenAPI bibs, DELETE /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}.
---@param client almanac.alma.client
---@param item table as get, list or by_barcode gives it
---@param options? { override: boolean?, holdings: string?, bib: string? } override: also where Alma warns; holdings, bib: what becomes
---  of a holding without items and of a title without holdings: "retain" (default), "delete" or "suppress"
---@return true|nil deleted
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.delete(client, item, options)
  return write.delete(client, read_again, item, options)
end

---Scans an item in, as at a desk or in a department. One call is one scan and is never repeated. Source: OpenAPI bibs,
---POST /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}?op=scan.
---@param client almanac.alma.client
---@param item table as get, list or by_barcode gives it
---@param options { library: string, circ_desk: string?, department: string?, work_order_type: string?, status: string?,
---  done: boolean?, request_id: string?, external_id: boolean?, auto_print_slip: boolean?, place_on_hold_shelf: boolean?,
---  confirm: boolean?, register_in_house_use: boolean? } circ_desk or department; codes: library of libraries.list, circ_desk
---  of libraries.desks, department of libraries.departments, work_order_type as Work Order Types in Alma's configuration has it
---@return table|nil item as it is after the scan
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail `unclear`: nobody can tell whether it was scanned
function m.scan(client, item, options)
  return write.scan(client, item, options)
end

---Moves an item into a work order, on in it, or out of it (done), once: an item that is where it shall be is given, and nothing
---is sent. Alma does not tell a work order's status: with `status` the item is always scanned.
---@param client almanac.alma.client
---@param item table as get, list or by_barcode gives it
---@param options { library: string, department: string, work_order_type: string?, status: string?, done: boolean? } codes, as
---  for `scan`
---@return table|nil item
---@return boolean|string there true: it was there before; or the message
---@return string? code
---@return almanac.alma.detail? detail `unclear`: nobody can tell whether it was moved
function m.move(client, item, options)
  return write.move(client, read_again, item, options)
end

return require("almanac.alma.area").of("items", m)
