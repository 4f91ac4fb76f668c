-- /bibs/{mms_id}/representations/{rep_id}/files: a file is made of an object that lies complete
-- in the bucket's upload folder, and the object moves to storage.
local alter = require "almanac.rehearsal.api.alter"
local failure = require "almanac.rehearsal.api.failure"
local lists = require "almanac.rehearsal.api.lists"
local model = require "almanac.rehearsal.world.model"
local read = require "almanac.rehearsal.api.read"
local record = require "almanac.rehearsal.api.record"
local representations = require "almanac.rehearsal.api.representations"
local s3_sign = require "almanac.rehearsal.s3.sign"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local URL_LIFE = 3600   -- seconds that an address from expand=url works

local function object_of(world, row, query)
  return {
    pid = row.pid, path = row.path, thumbnail_url = record.thumbnail(world, row.pid), label = row.label,
    size = row.size, url = query.expand == "url" and not world.no_addresses
      and s3_sign.address(world, row.path, URL_LIFE) or nil,
  }
end

local function answer(world, row, query)
  return { shape = shapes.representation_file, object = object_of(world, row, query) }
end

-- The file that a path names, or a refusal.
local function named(world, call)
  local rep, refusal = representations.named(world, call)
  if not rep then return nil, refusal end
  local row = model.file(world, call.path.file_id, rep.id)
  if not row then return nil, failure.general() end
  return row
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local rep, refusal = representations.named(world, call)
  if not rep then return refusal end
  local list, rows = {}, model.files(world, rep.id, true)
  for i, row in ipairs(lists.whole(world, rows, call.query)) do list[i] = object_of(world, row, call.query) end
  return { shape = shapes.representation_files,
    object = { representation_file = list, total_record_count = #rows } }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row, refusal = named(world, call)
  return refusal or answer(world, row, call.query)
end

---The object that the body of a file POST names, when a file can be made of it.
---@param world table
---@param call table
---@return table|nil object row
---@return table refusal_or_body
function m.source(world, call)
  local body, refusal = read.object(call, shapes.representation_file)
  if not body then return nil, refusal end
  local path = body.path or ""
  local object = call.taken or path:sub(1, #world.inst + 8) == world.inst .. "/upload/" and model.object(world, path)
  if object and object.size > 0 then return object, body end
  call.remark = not object and ("no object at '%s'"):format(path) or "the object is empty"
  return nil, failure.general()
end

---Takes a file POST's upload when the work begins; the file is made when the work ends. Alma's documentation does not
---say when the object leaves upload/, nor what happens to a second POST that names it meanwhile. When the object leaves
---at the end, both POSTs make a file of it.
---@param world table
---@param call table
---@param moves boolean whether the object leaves upload/ at once
function m.begin(world, call, moves)
  local object = m.source(world, call)
  if not object then return end
  object.moved = moves
  if moves then
    world.db:run("DELETE FROM object WHERE key = ?", object.key)
  else
    object.blob = world.blobs:keep_part(world.blobs:path(object.blob), 0, object.size).name
  end
  call.taken = object
end

---Gives back what a file POST took, when no file came of it.
---@param world table
---@param call table
---@param given table the answer that nobody got
function m.let_go(world, call, given)
  if call.taken and given.failure then world:discard(call.taken.blob) end
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local rep, refusal = representations.named(world, call)
  if not rep then return refusal end
  if rep.remote == 1 then return failure.general() end
  local object, body = m.source(world, call)
  if not object then return body end
  local pid = model.attach(world, rep.id, object,
    { label = alter.label(call, body.label), name = alter.name(call, object.key:match "[^/]+$") })
  return answer(world, model.file(world, pid), call.query)
end

---@type almanac.rehearsal.handler
function m.update(world, call)
  local row, refusal = named(world, call)
  local body
  if row then body, refusal = read.object(call, shapes.representation_file) end
  if refusal then return refusal end
  world.db:run("UPDATE file SET label = ? WHERE pid = ?", alter.label(call, body.label) or "", row.pid)
  return answer(world, model.file(world, row.pid), call.query)
end

local KEEP = { retain = true, suppress = true, delete = true }

---@type almanac.rehearsal.handler
function m.delete(world, call)
  local row, refusal = named(world, call)
  if not row then return refusal end
  local reps, bibs = call.query.representations or "retain", call.query.bibs or "retain"
  if reps ~= "retain" and reps ~= "delete" or not KEEP[bibs] then return failure.general() end
  model.delete_file(world, row, { representations = reps, bibs = bibs })
  return { status = 204 }
end

local PATH = " /bibs/{mms_id}/representations/{rep_id}/files"

m.routes = {
  { "GET" .. PATH, m.list, "expand" },
  { "POST" .. PATH, m.create, "" },
  { "GET" .. PATH .. "/{file_id}", m.get, "expand" },
  { "PUT" .. PATH .. "/{file_id}", m.update, "" },
  { "DELETE" .. PATH .. "/{file_id}", m.delete, "representations bibs" },
}

return m
