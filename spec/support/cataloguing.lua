-- A rehearsal for specs of bibs, holdings and items, with a client whose requests are held against Alma's descriptions:
-- paths and parameters, and bodies of bibs in XML against the XSD.
local alma = require "almanac.alma"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"
local schema = require "support.schema"

local m = {}

m.TITLES = [[
mms_id,title,usage_type,file_name,size,format,barcode,oclc
9910000011234,Maps of Ghent,PRESERVATION_MASTER,a.tif,10,marc21,39001,(OCoLC)17
9910000021234,Glee club,PRESERVATION_MASTER,b.tif,10,dc,,
9910000031234,Alone,,,,marc21,,
9910000041234,Plans de Gand,,,,unimarc,,
]]

m.MAPS, m.GLEE, m.ALONE, m.GAND = "9910000011234", "9910000021234", "9910000031234", "9910000041234"

local function check_body(event)
  if type(event.body) ~= "string" or not event.body:find "^<bib" or openapi.missing() or not schema.has_xmllint() then return end
  local ok, message = schema.xml(event.body:gsub(' xsi:type="[^"]*"', ""), "rest_bib")
  if not ok then error("body of " .. event.method .. " " .. event.path .. ": " .. message, 0) end
end

---@param options { args: string[]?, titles: string? }?
---@return table place a rehearsal
function m.start(options)
  options = options or {}
  local args = { "--rate", "0", table.unpack(options.args or {}) }
  return rehearsal.start { titles = options.titles or m.TITLES, memory = true, args = args }
end

---@param place table
---@param events table[]? gets what the client logs
---@return almanac.alma.client
function m.client(place, events)
  local client = alma.new { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005 },
    log = openapi.observer(function(event)
      check_body(event)
      if events then events[#events + 1] = event end
    end) }
  return openapi.hold(client)
end

---The requests of a method in a client's log.
---@param events table[]
---@param method string
---@return table[]
function m.of(events, method)
  local list = {}
  for _, event in ipairs(events) do
    if event.method == method then list[#list + 1] = event end
  end
  return list
end

return m
