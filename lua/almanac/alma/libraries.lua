-- The institution's libraries, their locations and desks (OpenAPI conf; schema rest_library).
local fields = require "almanac.fields"
local once = require "almanac.alma.once"
local paging = require "almanac.alma.paging"
local unknown = require "almanac.alma.unknown"

local m = {}

local DEPARTMENTS = { type = "string", view = "string", library = "string" }

local function code_of(entry) return entry.code end

---All libraries.
---Source: OpenAPI conf, GET /conf/libraries.
---@param client almanac.alma.client
---@return table[]|nil libraries { code, name, path, resource_sharing, campus, default_location, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client)
  return paging.whole(client, { path = { "conf", "libraries" }, kind = "libraries" }, "library")
end

-- A general error is all that Alma says of a library that it has not; then the message names it.
local function known(client, library, ...)
  return unknown.told({ { what = "library", code = library, list = function() return m.list(client) end } }, ...)
end

---A library by its code.
---Source: OpenAPI conf, GET /conf/libraries/{libraryCode}.
---@param client almanac.alma.client
---@param library string
---@return table|nil library
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, library)
  return known(client, library, client:call { path = table.pack("conf", "libraries", library), kind = "library" })
end

---The desks of a library.
---Source: OpenAPI conf, GET /conf/libraries/{libraryCode}/circ-desks/.
---@param client almanac.alma.client
---@param library string
---@return table[]|nil desks { code, name, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.desks(client, library)
  return known(client, library, paging.all(client, { path = table.pack("conf", "libraries", library, "circ-desks"),
    kind = "circ_desks", key = "circ_desk", identify = code_of }))
end

---A desk of a library.
---Source: OpenAPI conf, GET /conf/libraries/{libraryCode}/circ-desks/{circDeskCode}.
---@param client almanac.alma.client
---@param library string
---@param desk string its code
---@return table|nil desk
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.desk(client, library, desk)
  return known(client, library, client:call { path = table.pack("conf", "libraries", library, "circ-desks", desk),
    kind = "circ_desk" })
end

---The departments, e.g. those that digitize.
---Source: OpenAPI conf, GET /conf/departments.
---@param client almanac.alma.client
---@param filter { type: "DIGI"|"ALL"|nil, view: "brief"|nil, library: string? }? view "brief": without operators
---@return table[]|nil departments { code, name, type, library, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.departments(client, filter)
  fields.check("libraries.departments", filter or {}, DEPARTMENTS)
  return paging.whole(client, { path = { "conf", "departments" }, query = filter, kind = "departments" }, "department", code_of)
end

-- ---- locations ----

local function locations(library, ...) return table.pack("conf", "libraries", library, "locations", ...) end

---The locations of a library.
---Source: OpenAPI conf, GET /conf/libraries/{libraryCode}/locations.
---@param client almanac.alma.client
---@param library string
---@return table[]|nil locations { code, name, external_name, type, fulfillment_unit, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.locations(client, library)
  return known(client, library, paging.whole(client, { path = locations(library), kind = "locations" }, "location", code_of))
end

---A location.
---Source: OpenAPI conf, GET /conf/libraries/{libraryCode}/locations/{locationCode}.
---@param client almanac.alma.client
---@param library string
---@param location string its code
---@return table|nil location
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.location(client, library, location)
  return known(client, library, client:call { path = locations(library, location), kind = "location" })
end

-- Alma answers a location that is not there with a general error, so the list is asked.
local function listed(client, library, wanted)
  local list, message, code, detail = m.locations(client, library)
  if not list then return nil, message, code, detail end
  if not paging.holds(list, "code", wanted) then
    return nil, ("library %s has no location %s"):format(library, wanted), "missing"
  end
  return m.location(client, library, wanted)
end

---Makes a location once: it is known by its code.
---Source: OpenAPI conf, POST /conf/libraries/{libraryCode}/locations.
---@param client almanac.alma.client
---@param library string
---@param location table { code, name, type = { value }, fulfillment_unit = { value }, … }
---@return table|nil location
---@return boolean|string there true: it was there already, and is as it was; or the message
---@return string? code
---@return almanac.alma.detail? detail
function m.create_location(client, library, location)
  local code = type(location) == "table" and location.code
  if type(code) ~= "string" or code == "" then error("libraries.create_location: the location needs its code", 2) end
  return once.make(client, {
    what = ("location %s of library %s"):format(code, library),
    look = function() return listed(client, library, code) end,
    post = function() return client:call { method = "POST", path = locations(library), body = location, kind = "location" } end,
  })
end

---Changes a location: reads it, calls `change` with it, sends it.
---Source: OpenAPI conf, PUT /conf/libraries/{libraryCode}/locations/{locationCode}.
---@param client almanac.alma.client
---@param library string
---@param location string its code
---@param change fun(location: table) changes it in place
---@return table|nil location as Alma has it now
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.update_location(client, library, location, change)
  local now, message, code, detail = m.location(client, library, location)
  if not now then return nil, message, code, detail end
  change(now)
  return client:call { method = "PUT", path = locations(library, location), body = now, kind = "location" }
end

---Deletes a location.
---Source: OpenAPI conf, DELETE /conf/libraries/{libraryCode}/locations/{locationCode}.
---@param client almanac.alma.client
---@param library string
---@param location string its code
---@return true|nil gone
---@return string? message
---@return string? code "missing": there was none
---@return almanac.alma.detail? detail
function m.delete_location(client, library, location)
  local list, message, code, detail = m.locations(client, library)
  if not list then return nil, message, code, detail end
  if not paging.holds(list, "code", location) then
    return nil, ("library %s has no location %s"):format(library, location), "missing"
  end
  local gone
  gone, message, code, detail = client:call { method = "DELETE", path = locations(library, location) }
  if gone then return true end
  list = m.locations(client, library)
  if list and not paging.holds(list, "code", location) then return true end   -- an answer was lost, not the deletion
  return nil, message, code, detail
end

return require("almanac.alma.area").of("libraries", m)
