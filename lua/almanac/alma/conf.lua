-- Reads how the institution is configured (OpenAPI conf; schemas rest_general,
-- rest_libraries, rest_code_table).
local paging = require "almanac.alma.paging"

local m = {}

---Institution, environment (production or sandbox), bucket and region.
---@param client almanac.alma.client
---@param options { ingest_form: boolean? }? ingest_form: with the signed upload form in digital.ingest_form
---@return table|nil general { institution = { value }, environment_type, digital = { bucket, region, ingest_url, … } }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.general(client, options)
  local form = options and options.ingest_form
  return client:call {
    path = { "conf", "general" }, kind = "general", query = form and { expand = "ingest_form" } or nil,
  }
end

---@param client almanac.alma.client
---@return table[]|nil libraries { code, name, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.libraries(client)
  return paging.whole(client, { path = { "conf", "libraries" }, kind = "libraries" }, "library")
end

---The rows of a code table, e.g. "RepresentationUsageType".
---@param client almanac.alma.client
---@param name string
---@return { code: string, description: string?, enabled: boolean?, default: boolean? }[]|nil rows
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.code_table(client, name)
  local answer, message, code, detail = client:call { path = { "conf", "code-tables", name }, kind = "code_table" }
  if not answer then return nil, message, code, detail end
  local rows = answer.row
  if type(rows) == "table" and type(rows.row) == "table" then rows = rows.row end
  if type(rows) ~= "table" then
    return nil, ("code table %s: the answer has no rows"):format(name), "parse"
  end
  return rows
end

return m
