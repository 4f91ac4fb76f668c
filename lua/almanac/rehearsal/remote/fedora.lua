-- Fedora with Islandora (7) as OAI-PMH shows it: an object is a PID, written with "_" for its ":". A token is a number of the
-- repository's own and expires.
local formats = require "almanac.rehearsal.remote.formats"
local json = require "almanac.json"

local HOST = "islandora.example.edu"
local LIFE = 3600   -- seconds that a token is good for

local m = {
  name = "fedora", title = "Islandora", path = "/oai2", page = 20, deletions = "transient",
  formats = { formats.oai_dc, formats.mods }, prefix = "oai:" .. HOST .. ":",
  sets = { { spec = "harbor_charts", name = "Charts" }, { spec = "harbor_people", name = "People of the harbor" } },
  seed = {
    { "harbor_101", 1 }, { "harbor_102", 2 }, { "harbor_103", 3 }, { "harbor_104", 4 }, { "harbor_105", gone = true },
    { "harbor_206", 6 }, { "harbor_207", 7 }, { "harbor_208", 8 }, { "harbor_209", 9 }, { "harbor_210", 10 }, { "harbor_211", 11 },
  },
}

function m.next_id(number) return ("harbor_%d"):format(1000 + number) end
function m.sets_of(id) return { id:find "^harbor_2" and "harbor_people" or "harbor_charts" } end

function m.links(id)
  return { ("https://%s/islandora/object/%s"):format(HOST, (id:gsub("_", ":", 1))) }
end

function m.expires(world) return world:time() + LIFE end

function m.token(world, list)
  local state = json.encode { after = list.after, set = list.set, from = list.from, to = list.to, prefix = list.prefix, verb = list.verb }
  world.db:run("INSERT INTO remote_token(state, expires) VALUES(?, ?)", state, m.expires(world))
  return ("%d"):format(world.db:value "SELECT max(id) FROM remote_token")
end

function m.resume(world, text, verb)
  local state = world.db:value("SELECT state FROM remote_token WHERE id = ? AND expires > ?", tonumber(text), world:time())
  local list = state and json.decode(state)
  return list and list.verb == verb and list or nil
end

return m
