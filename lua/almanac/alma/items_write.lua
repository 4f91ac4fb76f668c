-- Creates, changes, deletes and moves physical items. A PUT replaces the item, so all of it is sent as it was read.
local codes = require "almanac.alma.coded"
local client_module = require "almanac.alma.client"
local fields = require "almanac.fields"
local holdings = require "almanac.alma.holdings"
local libraries = require "almanac.alma.libraries"
local once = require "almanac.alma.once"
local tables = require "almanac.alma.tables"

local m = {}

local NOT_SENT = { link = true, pid = true }
local CREATE = { as_new = "boolean", generate_description = "boolean", generate_inventory_num_name = "string", holding_data = "table" }
local UPDATE = { generate_description = "boolean", generate_inventory_num_name = "string" }
local DELETE = { override = "boolean", holdings = "string", bib = "string" }
local SCAN = { library = "string", circ_desk = "string", department = "string", work_order_type = "string", status = "string",
  done = "boolean", request_id = "string", external_id = "boolean", auto_print_slip = "boolean", place_on_hold_shelf = "boolean",
  confirm = "boolean", register_in_house_use = "boolean" }

---Where an item is, or an error of the program: the segments of its path.
---@param item table as items.get gives it
---@return string[] path
function m.path(item)
  if type(item) ~= "table" then item = {} end
  local mms_id = item.bib_data and item.bib_data.mms_id
  local holding_id = item.holding_data and item.holding_data.holding_id
  local pid = item.item_data and item.item_data.pid
  if not (mms_id and holding_id and pid) then
    error("items: an item is what items.get, items.list or items.by_barcode gives, with bib_data, holding_data and item_data", 3)
  end
  return table.pack("bibs", mms_id, "holdings", holding_id, "items", pid)
end

-- Fields as they are sent: coded ones have their value alone.
local function sent(part)
  local result = {}
  for name, value in pairs(part or {}) do
    if type(value) == "table" then value = { value = value.value or "" } end
    if not NOT_SENT[name] then result[name] = value end
  end
  return result
end

-- Texts given for coded fields become codes. Which fields are coded is known from the item as it was read.
local function set(part, changes)
  for name, value in pairs(changes) do
    if type(part[name]) == "table" and type(value) ~= "table" then value = { value = value } end
    part[name] = value
  end
end

local CODED = {}
for name in ([[physical_material_type policy provenance base_status break_indicator pattern_type process_type
  work_order_type work_order_at library location alternative_call_number_type physical_condition committed_to_retain
  retention_reason temp_library temp_location temp_call_number_type temp_policy call_number_type]]):gmatch "%S+" do
  CODED[name] = true
end

local function coded(values)
  local result = {}
  for name, value in pairs(values or {}) do
    if CODED[name] and type(value) ~= "table" then value = { value = value } end
    result[name] = value
  end
  return result
end

-- An answer that names no title and holding, as that of a dry run, gets those of the call.
local function placed(mms_id, holding_id, item, message, code, detail)
  if not item then return nil, message, code, detail end
  item.bib_data, item.holding_data = item.bib_data or {}, item.holding_data or {}
  item.bib_data.mms_id = item.bib_data.mms_id or mms_id
  item.holding_data.holding_id = item.holding_data.holding_id or holding_id
  return item
end

local function codes_of(client, mms_id, holding_id, item_data, holding_data)
  return { { what = "holding", where = "title " .. mms_id, code = holding_id, key = "holding_id",
      list = function() return holdings.list(client, mms_id) end },
    { what = "physical material type", code = item_data.physical_material_type,
      list = function() return tables.codes(client, "PhysicalMaterialType") end },
    { what = "library", code = holding_data and holding_data.temp_library, list = function() return libraries.list(client) end } }
end

---Creates an item, once: it is known by its barcode. An item that has it already is given, when it is in this holding.
---Source: OpenAPI bibs, POST /bibs/{mms_id}/holdings/{holding_id}/items.
---@param client almanac.alma.client
---@param by_barcode fun(client: almanac.alma.client, barcode: string): table?, string?, string?, almanac.alma.detail?
---@param mms_id string
---@param holding_id string
---@param item_data table fields of item_data: { barcode =, physical_material_type =, description =, … }; coded ones as text
---@param options? { as_new: boolean?, holding_data: table?, generate_description: boolean?, generate_inventory_num_name: string? }
---@return table|nil item
---@return boolean|string there
---@return string? code
---@return almanac.alma.detail? detail
function m.create(client, by_barcode, mms_id, holding_id, item_data, options)
  options = options or {}
  fields.check("items.create", options, CREATE, 3)
  local barcode = item_data.barcode
  if (barcode or "") == "" and not options.as_new then
    return nil, "an item without barcode can't be found again: give it a barcode, or as_new = true", "parse"
  end
  local function look()
    local item, message, code, detail = by_barcode(client, barcode)
    if not item then return nil, message, code, detail end
    if item.bib_data.mms_id == mms_id and item.holding_data.holding_id == holding_id then return item end
    return nil, ("the barcode %s is that of another item: %s, holding %s"):format(barcode, item.bib_data.mms_id,
      item.holding_data.holding_id), "conflict", { errors = {}, unclear = false, unsent = true }
  end
  return once.make(client, {
    what = barcode and ("item with the barcode " .. barcode) or ("item without barcode in holding " .. holding_id),
    look = not options.as_new and look or nil, find = (barcode or "") ~= "" and look or nil,
    post = function()
      return placed(mms_id, holding_id, client:call { method = "POST", kind = "item",
        path = { "bibs", mms_id, "holdings", holding_id, "items" },
        query = { generate_description = options.generate_description, generate_inventory_num_name = options.generate_inventory_num_name },
        body = { holding_data = coded(options.holding_data), item_data = coded(item_data) } })
    end,
    unknown = codes_of(client, mms_id, holding_id, item_data, options.holding_data),
  })
end

---Changes an item. Source: OpenAPI bibs, PUT /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}.
---@param client almanac.alma.client
---@param item table as items.get gives it, just read
---@param changes table|fun(item_data: table, holding_data: table): false? fields of item_data by name, coded ones as text; or a
---  function that changes the item's parts, or gives false
---@param options? { generate_description: boolean?, generate_inventory_num_name: string? }
---@return table|nil item as Alma keeps it now
---@return boolean|string changed false: there was nothing to change; or the message
---@return string? code
---@return almanac.alma.detail? detail
function m.update(client, item, changes, options)
  options = options or {}
  fields.check("items.update", options, UPDATE, 3)
  local item_data, holding_data = sent(item.item_data), sent(item.holding_data)
  if type(changes) == "function" then
    if changes(item_data, holding_data) == false then return item, false end
  else
    set(item_data, changes)
  end
  local answer, message, code, detail = client:call { method = "PUT", path = m.path(item), kind = "item",
    query = { generate_description = options.generate_description, generate_inventory_num_name = options.generate_inventory_num_name },
    body = { holding_data = coded(holding_data), item_data = coded(item_data) } }
  if answer then return answer, true end
  return nil, message, code, detail
end

---Withdraws an item. Source: OpenAPI bibs, DELETE /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}.
---@param client almanac.alma.client
---@param read fun(client: almanac.alma.client, item: table): table?, string?, string?, almanac.alma.detail?
---@param item table as items.get gives it
---@param options? { override: boolean?, holdings: string?, bib: string? } override: also with warnings; holdings, bib: what becomes of
---  a holding without items and of a title without holdings: retain (default), delete or suppress
---@return true|nil deleted
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.delete(client, read, item, options)
  options = options or {}
  fields.check("items.delete", options, DELETE, 3)
  local done, message, code, detail = client:call { method = "DELETE", path = m.path(item),
    query = { override = options.override, holdings = options.holdings, bib = options.bib } }
  if done then return true end
  if not (detail and (detail.earlier or detail.unclear)) then return nil, message, code, detail end
  local there, _, why = read(client, item)
  if not there and why == "missing" then return true end
  return nil, message, code, detail
end

-- Where the codes of a scan are found. Alma names the wrong one at most.
local WHERE = { { "library", "libraries.list" }, { "circ_desk", "libraries.desks" }, { "department", "libraries.departments" },
  { "work_order_type", "Work Order Types in Alma's configuration (code table WorkOrderType, where Alma gives it)" },
  { "status", "the statuses of the work order type, in the same place" } }

local function with_places(options, message, code, detail)
  if not client_module.has_code(detail, "402502") then return nil, message, code, detail end
  local places = {}
  for _, each in ipairs(WHERE) do
    local given = options[each[1]]
    if given then places[#places + 1] = ("%s '%s': %s"):format(each[1], given, each[2]) end
  end
  return nil, ("%s; where the codes are: %s"):format(message, table.concat(places, ", ")), code, detail
end

---Scans an item in. One call is one scan: it is never repeated. Source: OpenAPI bibs,
---POST /bibs/{mms_id}/holdings/{holding_id}/items/{item_pid}?op=scan.
---@param client almanac.alma.client
---@param item table as items.get gives it
---@param options table see items.scan
---@return table|nil item
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.scan(client, item, options)
  fields.check("items.scan", options, SCAN, 3)
  if not options.library or (options.circ_desk == nil) == (options.department == nil) then
    error("items.scan: give library, and either circ_desk or department", 3)
  end
  local query = { op = "scan" }
  for name, value in pairs(options) do query[name] = value end
  local answer, message, code, detail = client:call { method = "POST", path = m.path(item), query = query, kind = "item" }
  if not answer then return with_places(options, message, code, detail) end
  return answer.item_data and answer or item   -- a dry run answers nothing
end

-- True when a scan at a department has had its effect, as far as the item tells.
local function is_moved(item, options)
  local data = item.item_data
  local at, kind = codes.value(data.work_order_at) or "", codes.value(data.work_order_type) or ""
  if options.done then return at ~= options.department end
  return at == options.department and (not options.work_order_type or kind == options.work_order_type)
end

---Moves an item on in a work order, once: an item that is at the department already is given and nothing is sent. What Alma
---does not tell of an item, the status, can't be looked at: then it is scanned.
---@param client almanac.alma.client
---@param read fun(client: almanac.alma.client, item: table): table?, string?, string?, almanac.alma.detail?
---@param item table as items.get gives it
---@param options { library: string, department: string, work_order_type: string?, status: string?, done: boolean? }
---@return table|nil item
---@return boolean|string there true: it was there before; or the message
---@return string? code
---@return almanac.alma.detail? detail
function m.move(client, read, item, options)
  if not options.department then error("items.move: give the department", 3) end
  local now, message, code, detail = read(client, item)
  if not now then return nil, message, code, detail end
  if not options.status and is_moved(now, options) then return now, true end
  local answer
  answer, message, code, detail = m.scan(client, item, options)
  if answer then return answer, false end
  local after = detail and detail.unclear and not options.status and read(client, item)
  if after and is_moved(after, options) then return after, false end
  return nil, message, code, detail
end

return m
