-- Physical items: those of a title, and the title that a barcode belongs to.
local paging = require "almanac.alma.paging"
local client_module = require "almanac.alma.client"

local m = {}

local NONE = "401689"   -- "No items found …"

local function pid_of(item)
  return type(item.item_data) == "table" and item.item_data.pid or nil
end

---All items of a title, in all its holdings: a call for each hundred.
---@param client almanac.alma.client
---@param mms_id string
---@return table[]|nil items { bib_data, holding_data, item_data, … } as Alma gives them
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, mms_id)
  local items, message, code, detail = paging.all(client, {
    path = { "bibs", mms_id, "holdings", "ALL", "items" }, kind = "items", key = "item", identify = pid_of,
  })
  if not items and client_module.has_code(detail, NONE) then return {} end
  return items, message, code, detail
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

return m
