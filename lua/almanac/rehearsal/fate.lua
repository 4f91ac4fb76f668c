-- Decides what becomes of a call that was let in: its time passes, it takes effect or does not,
-- and the fault strikes that --faults rolled for it.
local files = require "almanac.rehearsal.api.files"
local gate = require "almanac.rehearsal.gate"
local hostile = require "almanac.rehearsal.api.hostile"
local model = require "almanac.rehearsal.world.model"
local objects = require "almanac.rehearsal.s3.objects"
local rivals = require "almanac.rehearsal.api.rivals"
local task = require "almanac.task"
local xml = require "almanac.rehearsal.s3.xml"

local m = {}

local HTML = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>" ..
  "<body><h1>502 Bad Gateway</h1><p>The server is temporarily unable to service your request.</p></body></html>\n"

local GAVE_UP = "<!DOCTYPE html>\n<html><head><title>504 Gateway Time-out</title></head>" ..
  "<body><h1>504 Gateway Time-out</h1><p>The server didn't respond in time.</p></body></html>\n"

local function pass(seconds)
  if seconds > 0 then task.sleep(seconds) end
end

local function internal_error(call)
  if call.is_view then return { status = 500, body = "Internal Server Error", type = "text/plain" } end
  if call.is_s3 then return xml.refuse(500, "InternalError", "We encountered an internal error. Please try again.") end
  return { status = 500, failure = { code = "INTERNAL_SERVER_ERROR", message = "Internal Server Error" } }
end

local function drop(call, word)
  call.request:drop()
  return { gone = word }
end

-- These faults leave the call undone.
local instead = {
  ["500"] = internal_error,
  reset = function(call) return drop(call, "reset") end,
  html = function() return { status = 502, body = HTML, type = "text/html" } end,
  busy = function(_, fault)
    return { status = 503, body = "Service Unavailable", type = "text/plain",
      headers = { ["Retry-After"] = ("%d"):format(fault.number) } }
  end,
  denied = function() return xml.refuse(403, "AccessDenied", "Access Denied") end,
  ["429"] = function(call)
    if call.is_s3 then return xml.refuse(503, "SlowDown", "Please reduce your request rate.") end
    return gate.too_fast()
  end,
}

-- These faults spoil the answer after the call was done.
local after = {
  ["500after"] = internal_error,
  lost = function(call) return drop(call, "lost") end,
  cut = function(_, answer)
    answer.cut = true
    return answer
  end,
  type = function(_, answer)
    answer.wrong_type = "text/html"
    return answer
  end,
  hostile = function(call, answer, fault, world) return hostile.spoil(world, call, answer, fault) end,
}

-- Somebody merges the title that the call's path names into another one at this moment.
local function merge(world, call)
  local bib = call.path and model.bib(world, call.path.mms_id or "")
  if not bib then return end
  world:atomically(function()
    model.merge(world, bib.mms_id, model.add_bib(world, { title = bib.title, format = bib.format }))
  end)
end

-- The object that a POST files names leaves the bucket.
local function remove_object(world, call)
  if call.method ~= "POST" or call.is_s3 or call.route.kind ~= "files" then return end
  local object = files.source(world, call)
  if object then objects.delete(world, { object_key = object.key }) end
end

-- The gateway answers after some seconds. Alma does not notice and goes on.
local function give_up(server, call, run, seconds)
  local after_seconds = math.min(server.latency.gateway or 0, seconds)
  local is_file = call.method == "POST" and call.route.kind == "files"
  if is_file then files.begin(server.world, call, server.latency:moves_first()) end
  pass(after_seconds)
  return { status = 504, body = GAVE_UP, type = "text/html", meanwhile = function()
    pass(seconds - after_seconds)
    files.let_go(server.world, call, run(server.world, call))
  end }
end

-- Somebody puts a file into the representation that was made this moment, and the answer that it was made is lost.
function after.filled(call, answer, _, world)
  if not rivals.fill(world, call, answer) then return answer end
  return drop(call, "lost")
end

local before = { rival = rivals.act, merge = merge, gone = remove_object }

---Runs `run(world, call)` as a call that takes `seconds`.
---@param server table
---@param call table
---@param run fun(world: table, call: table): table
---@param seconds number
---@return table answer; `gone` in it says that the connection was reset
function m.run(server, call, run, seconds)
  local fault = call.route and server.faults:pick(call.method, call.route.kind)
  call.fault = fault
  local kind = fault and fault.kind
  if instead[kind] then return instead[kind](call, fault) end
  if kind == "stall" then pass(fault.number) end
  if before[kind] then before[kind](server.world, call) end
  if kind == "late" then
    local gone = drop(call, "late")
    pass(fault.number)
    run(server.world, call)
    return gone
  end
  if kind == "504" then return give_up(server, call, run, fault.number) end
  if call.is_alma and seconds > (server.latency.gateway or math.huge) then return give_up(server, call, run, seconds) end
  pass(seconds / 2)
  local answer = run(server.world, call)
  pass(seconds / 2)
  if after[kind] then return after[kind](call, answer, fault, server.world) end
  return answer
end

return m
