-- Serves the paths beside Alma that specs and demos use: the whole state as JSON, the counters,
-- and changes that somebody else makes meanwhile. See almanac.rehearsal.
local change = require "almanac.rehearsal.change"
local json = require "almanac.json"
local model = require "almanac.rehearsal.world.model"
local record = require "almanac.rehearsal.api.record"
local records = require "almanac.record"
local remote = require "almanac.rehearsal.remote"

local m = {}

local MOST_MEMBERS = 1000

local function rows(world, sql, ...)
  local list = json.array {}
  for row in world.db:rows(sql, ...) do list[#list + 1] = row end
  return list
end

local function column(world, sql, ...)
  local list = rows(world, sql, ...)
  for i, row in ipairs(list) do list[i] = select(2, next(row)) end
  return list
end

local function file(row)
  return { pid = row.pid, label = row.label, name = row.path:match "[^/]+$", path = row.path, size = row.size,
    sha256 = row.sha256, etag = row.etag }
end

-- The fields that few representations have something in.
local function more_of(row)
  local more = {}
  for name, value in pairs(row.more and json.decode(row.more) or {}) do
    if value ~= "" then more[name] = value end
  end
  return next(more) and more or nil
end

local function representation(world, row)
  local files = json.array {}
  for i, of_file in ipairs(model.files(world, row.id)) do files[i] = file(of_file) end
  return { id = row.id, mms_id = row.mms_id, label = row.label, usage_type = row.usage_type, library = row.library,
    public_note = row.public_note, active = row.active == 1, remote = row.remote == 1, policy = row.policy,
    repository = row.repository, originating_record_id = row.origin, more = more_of(row),
    created_by = row.created_by, modified_by = row.modified_by, files = files }
end

-- What a record says, without what differs with every change.
local function essence(world, row)
  local text = record.write(world, row, {})
  local parsed = records.parse(text)
  if record.is_dublin_core(row) then return parsed:text() end
  parsed:remove "005"
  return (parsed:encode("line"):gsub("%s+$", ""))
end

local function bib(world, row)
  return { mms_id = row.mms_id, title = row.title, format = row.format, suppressed = row.suppressed == 1,
    record = essence(world, row),
    collections = column(world, "SELECT pid FROM membership WHERE mms_id = ? ORDER BY pid", row.mms_id) }
end

local function counts(world)
  local result = {}
  for name, source in pairs { bibs = "bib", representations = "representation", files = "file",
    collections = "collection", sets = "title_set", objects = "object", uploads = "upload" } do
    result[name] = world.db:value("SELECT count(*) FROM " .. source)
  end
  return result
end

-- Gives `make(world, row)` for each row whose title is wanted.
local function list_of(world, wanted, sql, make)
  local list = json.array {}
  for row in world.db:rows(sql) do
    if not wanted or wanted:find("," .. row.mms_id .. ",", 1, true) then list[#list + 1] = make(world, row) end
  end
  return list
end

local function sets(world)
  local list = rows(world, "SELECT id, name, type, content FROM title_set ORDER BY n")
  for _, set in ipairs(list) do
    set.members = column(world, "SELECT id FROM set_member WHERE set_id = ? ORDER BY n LIMIT ?",
      set.id, MOST_MEMBERS)
  end
  return list
end

-- ?mms_id=A,B gives only those titles, ?counts=1 only numbers.
local function state(server, call)
  local world, query = server.world, call.query
  local result = { institution = world.inst, bucket = world.bucket, environment = world.environment,
    counts = counts(world) }
  if query.counts then return result end
  local wanted = query.mms_id and "," .. query.mms_id .. ","
  result.bibs = list_of(world, wanted, "SELECT * FROM bib ORDER BY n", bib)
  result.representations = list_of(world, wanted, "SELECT * FROM representation ORDER BY n", representation)
  result.collections = rows(world, "SELECT pid, name, parent FROM collection ORDER BY n")
  result.sets = sets(world)
  result.merged = rows(world, [[SELECT substr(key, 8) AS "from", value AS "into" FROM meta
    WHERE key LIKE 'merged %' ORDER BY key]])
  result.objects = rows(world, "SELECT key, size, etag, sha256 FROM object ORDER BY key")
  result.records = json.array(remote.state(world))
  result.requests = rows(world, "SELECT id, mms_id, type, step, ended FROM user_request ORDER BY n")
  result.uploads = rows(world, [[SELECT id, key, (SELECT count(*) FROM part WHERE upload_id = upload.id) AS parts
    FROM upload ORDER BY key]])
  return result
end

local function calls(server)
  local result = server.journal:counts()
  result.busiest_second, result.remaining = server.gate.busiest, server.gate:remaining()
  result.refused = result.statuses["429"] or 0
  result.faults = json.array(server.faults:counts())
  return result
end

local function carry_out(server, changes)
  local results = json.array {}
  for i, wanted in ipairs(changes) do
    local operation = change[wanted.op]
    if not operation then error(("there is no change '%s'"):format(wanted.op), 0) end
    results[i] = operation(server, wanted) or {}
  end
  return results
end

-- When one of the changes can't be made, none is.
local function make_changes(server, call)
  local wanted = json.decode(call.request:body() or "")
  if type(wanted) ~= "table" then
    return { status = 400, body = "the body is no JSON object\n", type = "text/plain" }
  end
  local changes = wanted.op and { wanted } or wanted
  local ok, results = pcall(server.world.atomically, server.world, carry_out, server, changes)
  if ok then return wanted.op and results[1] or results end
  return { status = 400, body = tostring(results) .. "\n", type = "text/plain" }
end

local ROUTES = { ["GET /rehearsal/state"] = state, ["GET /rehearsal/calls"] = calls,
  ["POST /rehearsal/change"] = make_changes }

---@param server table
---@param call table
---@return table answer
function m.run(server, call)
  local handler = ROUTES[call.method .. " " .. call.request:path()]
  if not handler then return { status = 404, body = "there is no such door\n", type = "text/plain" } end
  local result = handler(server, call)
  if result.status and result.body then return result end
  return { status = 200, body = json.encode(result), type = "application/json;charset=UTF-8" }
end

return m
