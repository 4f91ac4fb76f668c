-- Repositories beside Alma, whose records are harvested by OAI-PMH: five systems, each at the path and with the identifiers,
-- formats, sets, dates and tokens of the real one. --repository names those that there are; each has a small collection.
local protocol = require "almanac.rehearsal.api.oai_protocol"
local providers = require "almanac.rehearsal.remote.provider"
local records = require "almanac.rehearsal.remote.records"

local m = {}

---The systems, in the order of --help.
m.names = { "dspace", "contentdm", "fedora", "rosetta", "digitool" }

local function system_of(name)
  for _, known in ipairs(m.names) do
    if known == name then return require("almanac.rehearsal.remote." .. name) end
  end
end

---Reads what --repository says: NAME, or NAME=N with so many records more.
---@param options { repository: string[]? }
---@return { system: table, more: integer }[]|nil wanted
---@return string? message
function m.parse(options)
  local wanted, seen = {}, {}
  for i, text in ipairs(options.repository or {}) do
    local name, more = text:match "^(%a+)=?(%d*)$"
    local system = name and system_of(name)
    if not system then
      return nil, ("--repository: there is no system '%s'; there are %s"):format(text, table.concat(m.names, ", "))
    end
    if seen[name] then return nil, ("--repository: '%s' is named twice"):format(name) end
    seen[name] = true
    wanted[i] = { system = system, more = math.tointeger(tonumber(more)) or 0 }
  end
  return wanted
end

---Opens them. One that has records already, of an earlier rehearsal with --state, keeps them.
---@param world table
---@param wanted { system: table, more: integer }[]
function m.open(world, wanted)
  world.remotes = {}
  if not wanted[1] then return end
  records.open(world)
  for i, one in ipairs(wanted) do
    if records.count(world, one.system.name) == 0 then world:atomically(records.seed, world, one.system, one.more) end
    world.remotes[i] = { system = one.system, provider = providers.of(one.system, world),
      route = { name = one.system.title, kind = "oai." .. one.system.name, known = {} } }
  end
end

local function run(world, call)
  return { body = protocol.run(call.remote.provider, world, call), type = "text/xml;charset=UTF-8" }
end

---Says whether a request is for one of them.
---@param world table
---@param call almanac.rehearsal.call
---@return boolean
function m.recognise(world, call)
  local path = call.request:path()
  for _, remote in ipairs(world.remotes) do
    if path == remote.system.path and call.method == "GET" then
      call.is_view, call.route, call.remote, call.run = true, remote.route, remote, run
      return true
    end
  end
  return false
end

---@return string[] addresses, each with its system
function m.addresses(world)
  local list = {}
  for i, remote in ipairs(world.remotes) do
    list[i] = ("%s %s"):format(remote.system.title, remote.provider.address(world))
  end
  return list
end

-- ---- what somebody else does in them ----

local CHANGES = { add_record = records.add, change_record = records.change, rename_record = records.rename,
  delete_record = records.delete }

---The changes of POST /rehearsal/change, by name. Each names its `repository`.
---@type table<string, almanac.rehearsal.change>
m.changes = {}
for op, carry_out in pairs(CHANGES) do
  m.changes[op] = function(server, change)
    for _, remote in ipairs(server.world.remotes) do
      if remote.system.name == change.repository then
        local id = carry_out(server.world, remote.system, change)
        return { identifier = remote.system.prefix .. (id or change.to or change.id) }
      end
    end
    error(("there is no repository '%s': start the rehearsal with --repository"):format(tostring(change.repository)), 0)
  end
end

---All records, for GET /rehearsal/state.
---@param world table
---@return table[]
function m.state(world)
  return world.remotes[1] and records.all(world) or {}
end

return m
