-- Plays somebody else who does the same as a call just before it: makes such a representation
-- or file, or deletes what the call would delete.
local model = require "almanac.rehearsal.world.model"
local read = require "almanac.rehearsal.api.read"
local shapes = require "almanac.rehearsal.api.shapes"

local m = {}

local SIZE = 999   -- bytes of a file that somebody else adds

local function add_representation(world, call)
  local body = read.object(call, shapes.representation)
  if not body or not model.bib(world, call.path.mms_id) then return end
  model.add_representation(world, { mms_id = call.path.mms_id, label = body.label,
    library = read.code(body.library) or "MAIN", usage_type = read.code(body.usage_type) or "DERIVATIVE_COPY",
    remote = body.is_remote == "true", repository = read.code(body.repository), origin = body.originating_record_id,
    created_by = "somebody else", modified_by = "somebody else" })
end

local function add_file(world, call)
  local body = read.object(call, shapes.representation_file)
  if not body or not model.representation(world, call.path.rep_id) then return end
  model.add_file(world, { rep_id = call.path.rep_id, label = body.label, name = body.label or "other.jpg", size = SIZE })
end

local function delete_file(world, call)
  local row = model.file(world, call.path.file_id)
  if row then model.delete_file(world, row, { representations = "retain", bibs = "retain" }) end
end

local function delete_representation(world, call)
  local row = model.representation(world, call.path.rep_id)
  if row then model.delete_representation(world, row, "retain") end
end

local acts = {
  POST = { representations = add_representation, files = add_file },
  DELETE = { representations = delete_representation, files = delete_file },
}

---Does what the call is about to do.
---@param world table
---@param call table
function m.act(world, call)
  local act = not call.is_s3 and (acts[call.method] or {})[call.route.kind]
  if act then act(world, call) end
end

---Puts a file into the representation that a call has made.
---@param world table
---@param call table
---@param answer table to the call
---@return boolean? filled
function m.fill(world, call, answer)
  if call.method ~= "POST" or call.route.kind ~= "representations" or answer.failure then return false end
  if answer.object.is_remote then return false end   -- its files are in its repository
  model.add_file(world, { rep_id = answer.object.id, name = "other.jpg", size = SIZE })
  return true
end

return m
