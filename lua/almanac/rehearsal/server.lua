-- Takes one request from arrival to answer: which side it is for, whether it is let in, which
-- fault it meets, how long it takes, and how its answer is written.
local core = require "almanac.core"
local answers = require "almanac.rehearsal.api.answer"
local door = require "almanac.rehearsal.door"
local failure = require "almanac.rehearsal.api.failure"
local fate = require "almanac.rehearsal.fate"
local files = require "almanac.rehearsal.api.files"
local remote = require "almanac.rehearsal.remote"
local imports = require "almanac.rehearsal.imports"
local routes = require "almanac.rehearsal.api.routes"
local s3 = require "almanac.rehearsal.s3"
local s3_xml = require "almanac.rehearsal.s3.xml"
local views = require "almanac.rehearsal.api.views"
local visitor = require "almanac.rehearsal.visitor"

local m = {}

---@class almanac.rehearsal.call
---@field request table of core.serve
---@field method string
---@field path table<string, string> values in the path of an API call
---@field query table<string, string>
---@field route table? name, kind, area, known parameters
---@field format "json"|"xml"
---@field key { name: string, rights: table }? API key
---@field object_key string? of a request to S3
---@field fault { kind: string, number: number? }?
---@field arrived number monotonic seconds
---@field taken table? the upload that a file POST began to work on, see almanac.rehearsal.api.files
---@field remark string? for the log

---@class almanac.rehearsal.api.answer what a handler gives; one of shape and object, failure, s3_failure, body, path
---@field status integer? 200
---@field shape table?
---@field object table?
---@field failure { code: string, message: string }?
---@field s3_failure { code: string, message: string }?
---@field body string?
---@field type string? of the body
---@field path string? a file, with offset and length
---@field headers table<string, string>?
---@field gone string? the connection was reset, why
---@field cut boolean? half of it is sent
---@field meanwhile fun()? what goes on once the answer is sent

---@alias almanac.rehearsal.handler fun(world: table, call: almanac.rehearsal.call): almanac.rehearsal.api.answer

local PREFIX = "/almaws/v1/"
local KEEP_COUNT = 20   -- calls after which the day's count is written down
local JSON, XML = "application/json;charset=UTF-8", "application/xml;charset=UTF-8"

-- A file POST takes time by the file's size; a representation POST has a time of its own.
local function seconds_of(server, call)
  if call.is_s3 then return server.latency.s3 end
  if call.method == "POST" and call.route.kind == "files" and server.latency.file > 0 then
    local object = files.source(server.world, call)
    if object then return server.latency:of_file(object.size) end
  elseif call.method == "POST" and call.route.kind == "representations" then
    return server.latency.representation
  end
  return server.latency.call
end

-- The day's count is written down, so that a restart does not give the calls back.
local function check(server, call)
  local refusal = server.gate:check(call, server.world:time())
  if server.gate.used % KEEP_COUNT == 0 then m.keep_count(server) end
  return refusal
end

---@param server table
function m.keep_count(server)
  if not server.gate.day then return end
  server.world:set_note("day", server.gate.day)
  server.world:set_note("used", server.gate.used)
end

local function run_alma(server, call)
  local refusal = check(server, call)
  if refusal then return refusal end
  if not call.route then
    call.remark = "the rehearsal knows no such call"
    return failure.no_such_call()
  end
  server.journal:unknown_parameters(call)
  server.journal:record(call)
  return fate.run(server, call, call.route.run, seconds_of(server, call))
end

local function alma(server, call)
  local path = call.request:path()
  if path:lower():find("%2f", 1, true) then
    return { status = 400, body = "<html><body><h1>400 Bad Request</h1></body></html>", type = "text/html" }
  end
  call.route, call.path = routes.find(call.method, path:sub(#PREFIX))
  local accept = (call.request:header "Accept" or ""):lower()
  call.format = (accept:find("json", 1, true) or call.query.format == "json") and "json" or "xml"
  return run_alma(server, call)
end

local function dispatch(server, call)
  local refusal = visitor.refuse(call.request)
  if refusal then return refusal end
  local path = call.request:path()
  if path:sub(1, #PREFIX) == PREFIX then
    call.is_alma = true
    return alma(server, call)
  elseif s3.recognise(server.world, call) then
    return fate.run(server, call, s3.run, seconds_of(server, call))
  elseif views.recognise(server.world, call) or remote.recognise(server.world, call) then
    return fate.run(server, call, views.run, server.latency.call)
  elseif path:find "^/rehearsal/" then
    call.is_door = true
    return door.run(server, call)
  end
  return failure.new("NOT_FOUND", "There is nothing here; the API is at /almaws/v1.", 404)
end

local function body_of(call, answer)
  local format = answer.format or call.format or "xml"
  if answer.failure then
    return answers.failure(answer.failure, format), format == "json" and JSON or XML
  elseif answer.s3_failure then
    return s3_xml.failure(answer.s3_failure, call.request:path(), call.id), "application/xml"
  elseif answer.shape then
    if format == "json" then return answers.json(answer.shape, answer.object), JSON end
    return answers.xml(answer.shape, answer.object), XML
  end
  return answer.body or "", answer.type
end

local function headers_of(server, call, answer, kind)
  local headers = answer.headers or {}
  headers["Content-Type"] = answer.wrong_type or kind
  headers.Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", server.world:time() // 1 | 0)
  if call.is_alma then
    headers["X-Exl-Api-Remaining"] = tostring(server.gate:remaining())
    headers["X-Request-ID"], headers.Server = call.id, "Layer7-API-Gateway"
  elseif call.is_s3 then
    headers["x-amz-request-id"], headers.Server = call.id, "AmazonS3"
  end
  return headers
end

local function send(server, call, answer)
  local reply = { status = answer.status or 200 }
  local body, kind = body_of(call, answer)
  reply.headers = headers_of(server, call, answer, kind)
  reply.path, reply.offset, reply.length = answer.path, answer.offset, answer.length
  if not answer.length then reply.body = body end
  if answer.cut then
    reply.cut = (answer.length or #body) // 2
    if reply.cut == 0 then return call.request:drop() end
  end
  call.request:reply(reply)
end

local function new_call(server, request)
  server.requests = server.requests + 1
  local query, list = routes.query(request:query())
  return { request = request, method = request:method(), arrived = request:arrived(), query = query, pairs = list,
    id = ("R%09X"):format(server.requests * 2654435761 % 0xFFFFFFFFF), began = core.sys.monotonic() }
end

-- The body of a large request is kept only when its sender may send it.
local function judge_head(server, request)
  local call = new_call(server, request)
  local refusal = visitor.refuse(request) or s3.recognise(server.world, call) and s3.refuse_head(server.world, call)
  if not refusal then return request:accept() end
  send(server, call, refusal)
  server.journal:write(call, refusal.status, core.sys.monotonic() - call.began)
end

---Answers one request.
---@param server { world: table, gate: table, faults: table, latency: table, journal: table, requests: integer }
---@param request table of core.serve
function m.handle(server, request)
  if request:is_head() then return judge_head(server, request) end
  imports.settle(server.world)
  local call = new_call(server, request)
  local answer = dispatch(server, call)
  if not answer.gone then send(server, call, answer) end
  if call.is_door then return end
  local status = answer.gone or answer.cut and "cut" or answer.status or 200
  server.journal:write(call, status, core.sys.monotonic() - call.began)
  if answer.meanwhile then answer.meanwhile() end
end

return m
