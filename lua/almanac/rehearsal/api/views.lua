-- What Alma shows without an API key: OAI-PMH, SRU and thumbnails, below /view.
local core = require "almanac.core"
local model = require "almanac.rehearsal.world.model"
local oai = require "almanac.rehearsal.api.oai"
local sru = require "almanac.rehearsal.api.sru"

local m = {}

-- The thumbnail that the rehearsal makes itself, of any file: a PNG of one grey pixel.
local OWN = core.text.unbase64 "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="

local function thumbnail(world, call)
  local id = call.request:path():match "[^/]*$"
  if not (model.file(world, id) or model.representation(world, id)) then
    return { status = 404, body = "there is no such thumbnail\n", type = "text/plain" }
  end
  local taken = world.thumbnails and world.thumbnails[id]
  return { body = taken or OWN, type = taken and "image/jpeg" or "image/png" }
end

local function in_xml(run)
  return function(world, call) return { body = run(world, call), type = "text/xml;charset=UTF-8" } end
end

local PLACES = {
  { path = "/view/oai/%s/request", route = { name = "OAI", kind = "oai", known = {} }, run = in_xml(oai.run) },
  { path = "/view/sru/%s", route = { name = "SRU", kind = "sru", known = {} }, run = in_xml(sru.run) },
  { path = "/view/delivery/thumbnail/%s/", below = true, run = thumbnail,
    route = { name = "thumbnail", kind = "thumbnail", known = {} } },
}

local function is_at(place, path, inst)
  local wanted = place.path:format(inst)
  return path == wanted or place.below == true and path:sub(1, #wanted) == wanted
end

---Says whether a request is for one of these.
---@param call table
---@return boolean
function m.recognise(world, call)
  local path = call.request:path()
  for _, place in ipairs(PLACES) do
    if is_at(place, path, world.inst) and call.method == "GET" then
      call.is_view, call.route, call.run = true, place.route, place.run
      return true
    end
  end
  return false
end

---@type almanac.rehearsal.handler
function m.run(world, call)
  return call.run(world, call)
end

return m
