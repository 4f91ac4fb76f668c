-- A server in the spec's own process that answers as the spec says: for what
-- neither a rehearsal nor a real server does on request.
local alma = require "almanac.alma"
local core = require "almanac.core"
local json = require "almanac.json"
local openapi = require "support.openapi"
local task = require "almanac.task"

local m = {}

local function noted(request)
  return {
    method = request:method(), path = request:path(), query = request:query(), headers = request:headers(),
    body = request:body(), sha256 = request:body_sha256(), size = request:body_size(),
  }
end

---Runs `fn(url, requests)` while `handler(request, n)` answers the n-th request.
---`requests` holds what came: method, path, query, headers, body, sha256, size.
---@param handler fun(request: table, n: integer)
---@param fn fun(url: string, requests: table[])
function m.run(handler, fn)
  return task.run(function()
    local server = assert(core.serve.listen {})
    local _ <close> = setmetatable({}, { __close = function()
      task.unserve(server)
      server:close()
    end })
    local requests = {}
    task.spawn(task.serve, server, function(request)
      requests[#requests + 1] = noted(request)
      handler(request, #requests)
    end)
    return fn("http://127.0.0.1:" .. server:port(), requests)
  end)
end

---A handler that gives one answer after the other, the last one for ever.
---Each is a table for request:reply, or "drop".
---@param ... table|string
---@return fun(request: table, n: integer)
function m.answers(...)
  local list = { ... }
  return function(request, n)
    local answer = list[math.min(n, #list)]
    if answer == "drop" then return request:drop() end
    request:reply(answer)
  end
end

---An error's body in the shape of Alma's JSON.
---@param code string
---@param message string?
---@return string
function m.error_body(code, message)
  return json.encode { errorsExist = true, errorList = { error = { { errorCode = code, errorMessage = message } } } }
end

local function query_of(request)
  local query = {}
  for name, value in request:query():gmatch "([^=&]+)=([^&]*)" do
    query[name] = value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  end
  return query
end

---Runs `fn(client, requests)` with a client of a small Alma: `answer(method,
---path, query, n)` gives a table, sent as JSON; text, sent as it is; or nil,
---code, message: an error of status 400. Each call must be one of the OpenAPI.
---@param answer fun(method: string, path: string, query: table<string, string>, n: integer): table|string|nil, string?, string?
---@param fn fun(client: table, requests: table[])
function m.alma(answer, fn)
  return m.run(function(request, n)
    local path = request:path():gsub("^/almaws/v1", "")
    local body, code, message = answer(request:method(), path, query_of(request), n)
    if body == nil then return request:reply { status = 400, body = m.error_body(code, message) } end
    request:reply { status = 200, body = type(body) == "string" and body or json.encode(body) }
  end, function(url, requests)
    return fn(alma.new { url = url, key = "k", rate = 10000, log = openapi.observer(),
      backoff = { first = 0.001, longest = 0.002 } }, requests)
  end)
end

return m
