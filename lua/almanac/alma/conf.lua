-- Reads how the institution is configured (OpenAPI conf; schemas rest_general,
-- rest_libraries, rest_code_table).
local libraries = require "almanac.alma.libraries"
local tables = require "almanac.alma.tables"

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

---All libraries: `libraries.list`.
---@param client almanac.alma.client
---@return table[]|nil libraries { code, name, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.libraries(client)
  return libraries.list(client)
end

---The rows of a code table, e.g. "RepresentationUsageType"; all of the table gives `tables.get`.
---@param client almanac.alma.client
---@param name string
---@return { code: string, description: string?, enabled: boolean?, default: boolean? }[]|nil rows
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.code_table(client, name)
  return tables.codes(client, name)
end

return require("almanac.alma.area").of("conf", m)
