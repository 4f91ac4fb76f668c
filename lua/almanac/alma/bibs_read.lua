-- Reads bibs with their records: one, those that are found by a number, and many.
local fields = require "almanac.fields"
local paging = require "almanac.alma.paging"
local record_xml = require "almanac.alma.record_xml"

local m = {}

local OPTIONS = { view = "string", expand = "string" }

local KEYS = { "other_system_id", "holdings_id", "representation_id", "nz_mms_id", "cz_mms_id", "ie_id", "lod_uri" }

---Gives a bib of an answer in JSON its record.
---@param bib table as Alma gives it; from view=full it gets `record`
---@return table|nil bib
---@return string? message
---@return string? code "parse"
function m.with_record(bib)
  local record, message, code = record_xml.of_json(bib)
  if code then return nil, message, code end
  bib.record = record
  return bib
end

---Reads a bib with its record, ready to use: an object of almanac.marc for MARC, of almanac.dc for Dublin Core and MODS.
---Source: OpenAPI bibs, GET /bibs/{mms_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param options? { view: string?, expand: string? } view: "full" (default), "brief" (no record), "local_fields", "ld_enrich";
---  expand: "p_avail", "e_avail", "d_avail", "requests", several with commas
---@return table|nil bib { mms_id, record_format, title, author, network_number, suppress_from_publishing, …, record }
---@return string? message
---@return string? code "missing": Alma has none with this MMS ID
---@return almanac.alma.detail? detail
function m.read(client, mms_id, options)
  options = options or {}
  fields.check("bibs.read", options, OPTIONS)
  local bib, message, code, detail = client:call { path = table.pack("bibs", mms_id), kind = "bib",
    query = { view = options.view, expand = options.expand } }
  if not bib then return nil, message, code, detail end
  if bib.mms_id ~= mms_id then return nil, ("GET /bibs/%s: the answer is about %s"):format(mms_id, bib.mms_id), "parse" end
  local whole, why, kind = m.with_record(bib)
  if not whole then return nil, ("GET /bibs/%s: %s"):format(mms_id, why), kind end
  return whole
end

local function check_key(by)
  local name = next(by)
  if name == nil or next(by, name) ~= nil then error("bibs.find: give one of " .. table.concat(KEYS, ", "), 3) end
  for _, key in ipairs(KEYS) do
    if key == name then return end
  end
  error(("bibs.find: bibs can't be found by '%s'; there are: %s"):format(name, table.concat(KEYS, ", ")), 3)
end

---Finds bibs by one number. Alma's index may lag some time behind what was written. Source: OpenAPI bibs, GET /bibs.
---@param client almanac.alma.client
---@param by { other_system_id: string?, holdings_id: string?, representation_id: string?, nz_mms_id: string?, cz_mms_id: string?,
---  ie_id: string?, lod_uri: string? } exactly one; other_system_id: as it stands in 035 $a or dc:identifier
---@param options? { view: string?, expand: string? } as of `read`
---@return table[]|nil bibs empty when there is none
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.find(client, by, options)
  fields.check("bibs.find", options or {}, OPTIONS)
  check_key(by)
  local query = { view = options and options.view, expand = options and options.expand }
  for name, value in pairs(by) do
    if not tostring(value):find "%S" then return nil, ("bibs can't be found by an empty %s"):format(name), "parse" end
    query[name] = value
  end
  local list, message, code, detail = paging.whole(client, { path = { "bibs" }, query = query, kind = "bibs" }, "bib",
    function(bib) return bib.mms_id end)
  if not list then return nil, message, code, detail end
  for _, bib in ipairs(list) do
    if not tostring(bib.mms_id):find "^%d+$" then
      return nil, ("GET /bibs: the answer has a bib with the MMS ID '%s', which is none"):format(bib.mms_id), "parse"
    end
    local whole, why, kind = m.with_record(bib)
    if not whole then return nil, "GET /bibs: " .. why, kind end
  end
  return list
end

---True when a bib is linked to no record of the Network or Community Zone.
---@param bib table
---@return boolean
function m.is_unlinked(bib)
  local linked = bib.linked_record_id
  return type(linked) ~= "table" or (linked.value or "") == ""
end

return m
