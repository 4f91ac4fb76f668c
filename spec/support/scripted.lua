-- A server in the spec's own process that answers as the spec says: for what
-- neither a rehearsal nor a real server does on request.
local core = require "almanac.core"
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

return m
