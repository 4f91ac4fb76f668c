-- What Alma shows without a key: OAI-PMH and SRU, below /view.
local oai = require "almanac.rehearsal.oai"
local sru = require "almanac.rehearsal.sru"

local m = {}

local PLACES = {
  { path = "/view/oai/%s/request", route = { name = "OAI", kind = "oai", known = {} }, run = oai.run },
  { path = "/view/sru/%s", route = { name = "SRU", kind = "sru", known = {} }, run = sru.run },
}

---Says whether a request is for one of them.
---@param call table
---@return boolean
function m.recognise(world, call)
  local path = call.request:path()
  for _, place in ipairs(PLACES) do
    if path == place.path:format(world.inst) and call.method == "GET" then
      call.is_view, call.route, call.run = true, place.route, place.run
      return true
    end
  end
  return false
end

---@type almanac.rehearsal.handler
function m.run(world, call)
  return { body = call.run(world, call), type = "text/xml;charset=UTF-8" }
end

return m
