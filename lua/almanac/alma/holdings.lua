-- Holdings of a title. Alma takes and gives their records, MARC 21 or UNIMARC holdings, in XML; its JSON is not
-- recommended for them (OpenAPI).
local coded = require "almanac.alma.coded"
local fields = require "almanac.fields"
local once = require "almanac.alma.once"
local paging = require "almanac.alma.paging"
local record_xml = require "almanac.alma.record_xml"

local m = {}

local XML = "application/xml"

local function place(mms_id, holding_id)
  return table.pack("bibs", mms_id, "holdings", holding_id)
end

local function read(text, message, code, detail)
  if not text then return nil, message, code, detail end
  local holding, why, kind = record_xml.read(text, "holding")
  if not holding then return nil, why, kind, { errors = {}, unclear = true, unsent = false } end
  return holding
end

---The holdings of a title, without their records. Source: OpenAPI bibs, GET /bibs/{mms_id}/holdings.
---@param client almanac.alma.client
---@param mms_id string
---@return table[]|nil holdings { holding_id, library = { value, desc }, location, call_number, link, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, mms_id)
  return paging.whole(client, { path = { "bibs", mms_id, "holdings" }, kind = "holdings" }, "holding",
    function(holding) return holding.holding_id end)
end

---A holding with its record. Source: OpenAPI bibs, GET /bibs/{mms_id}/holdings/{holding_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param holding_id string
---@return table|nil holding { holding_id, suppress_from_publishing, created_by, created_date, …, record }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, mms_id, holding_id)
  local holding, message, code, detail = read(client:call { path = place(mms_id, holding_id), accept = XML })
  if not holding then return nil, message, code, detail end
  if holding.holding_id ~= holding_id or not holding.record then
    return nil, ("GET holding %s: the answer is about %s, or has no record"):format(holding_id, tostring(holding.holding_id)), "parse"
  end
  return holding
end

local function call_number_of(record)
  local parts = {}
  for _, code in ipairs { "h", "i" } do parts[#parts + 1] = record:get("852$" .. code) end
  return table.concat(parts, " ")
end

-- A list of holdings need not tell the call number; then library and location decide.
local function is_like(holding, library, location, call_number)
  local value = coded.value
  if value(holding.library) ~= library or value(holding.location) ~= location then return false end
  local known = holding.call_number or ""
  return known == "" or call_number == "" or known == call_number
end

local function words(library, location, call_number)
  return ("holding of %s, %s%s"):format(library, location, call_number ~= "" and " (" .. call_number .. ")" or "")
end

local function look(client, mms_id, record)
  local library, location, call_number = record:get "852$b", record:get "852$c", call_number_of(record)
  local list, message, code, detail = m.list(client, mms_id)
  if not list then return nil, message, code, detail end
  local found
  for _, holding in ipairs(list) do
    local like = is_like(holding, library, location, call_number)
    if like and found then
      return nil, ("the title %s has several of this: %s"):format(mms_id, words(library, location, call_number)), "conflict",
        { errors = {}, unclear = false, unsent = true }
    end
    found = found or like and holding
  end
  if found then return m.get(client, mms_id, found.holding_id) end
  return nil, ("the title %s has no %s"):format(mms_id, words(library, location, call_number)), "missing"
end

local function flag(options, holding)
  local value = options.suppress_from_publishing
  if value == nil then return holding and holding.suppress_from_publishing end
  return tostring(value)
end

local function body_of(record, suppressed)
  return record_xml.body("holding", { { "suppress_from_publishing", suppressed } }, record)
end

---Creates a holding, once: it is known by library, location and call number (852 $b, $c, $h $i). One that is there already
---is given and nothing is sent. Source: OpenAPI bibs, POST /bibs/{mms_id}/holdings.
---@param client almanac.alma.client
---@param mms_id string
---@param record almanac.marc.record with 852 $b and $c
---@param options? { suppress_from_publishing: boolean?, as_new: boolean? } as_new: it is sent without looking
---@return table|nil holding as `get` gives it
---@return boolean|string there true: it was there before; the message when there is nothing
---@return string? code "conflict": the title has several like it; "parse": 852 has no $b or $c
---@return almanac.alma.detail? detail `unclear`: it may have been made all the same
function m.create(client, mms_id, record, options)
  options = options or {}
  fields.check("holdings.create", options, { suppress_from_publishing = "boolean", as_new = "boolean" }, 2)
  if not record_xml.is_marc(record) then error("holdings.create: a record is an object of almanac.marc; not a " .. type(record), 2) end
  if not (record:get "852$b" and record:get "852$c") then
    return nil, "a holding needs its library and location in 852 $b and $c", "parse"
  end
  local body, message, code = body_of(record, flag(options))
  if not body then return nil, message, code end
  return once.make(client, {
    what = words(record:get "852$b", record:get "852$c", call_number_of(record)),
    look = not options.as_new and function() return look(client, mms_id, record) end or nil,
    post = function()
      return read(client:call { method = "POST", path = { "bibs", mms_id, "holdings" }, body = body, content_type = XML })
    end,
  })
end

local function changed(holding, change)
  if type(change) ~= "function" then return change end
  local record = holding.record:copy()
  if change(record, holding) == false then return nil end
  return record
end

---Changes a holding: reads it, lets `change` change the record, and sends all of it. Alma has no check of versions here: of
---two changes at the same moment the later one wins. Source: OpenAPI bibs, PUT /bibs/{mms_id}/holdings/{holding_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param holding_id string
---@param change (fun(record: almanac.marc.record, holding: table): false?)|almanac.marc.record as of bibs.update
---@param options? { suppress_from_publishing: boolean? } nil: it stays as it is
---@return table|nil holding as `get` gives it
---@return boolean|string changed false: there was nothing to change; or the message
---@return string? code
---@return almanac.alma.detail? detail
function m.update(client, mms_id, holding_id, change, options)
  options = options or {}
  fields.check("holdings.update", options, { suppress_from_publishing = "boolean" }, 2)
  local holding, message, code, detail = m.get(client, mms_id, holding_id)
  if not holding then return nil, message, code, detail end
  local record = changed(holding, change) or holding.record
  local suppressed = flag(options, holding)
  if record_xml.same(record, holding.record) and suppressed == holding.suppress_from_publishing then return holding, false end
  local body
  body, message, code = body_of(record, suppressed)
  if not body then return nil, message, code end
  local answer
  answer, message, code, detail = read(client:call { method = "PUT", path = place(mms_id, holding_id), body = body, content_type = XML })
  if answer then return answer, true end
  local after = detail and detail.unclear and m.get(client, mms_id, holding_id)
  if after and record_xml.same(after.record, record) and after.suppress_from_publishing == suppressed then return after, true end
  return nil, message, code, detail
end

---Deletes a holding. Alma refuses one that has items. Source: OpenAPI bibs, DELETE /bibs/{mms_id}/holdings/{holding_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param holding_id string
---@param options? { bib: "retain"|"delete"|"suppress"|nil } what becomes of a title that is left without holdings; default retain
---@return true|nil deleted
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.delete(client, mms_id, holding_id, options)
  options = options or {}
  fields.check("holdings.delete", options, { bib = "string" }, 2)
  local done, message, code, detail = client:call { method = "DELETE", path = place(mms_id, holding_id), query = { bib = options.bib } }
  if done then return true end
  if not (detail and (detail.earlier or detail.unclear)) then return nil, message, code, detail end
  local list = m.list(client, mms_id)
  if not list then return nil, message, code, detail end
  for _, holding in ipairs(list) do
    if holding.holding_id == holding_id then return nil, message, code, detail end
  end
  return true
end

return require("almanac.alma.area").of("holdings", m)
