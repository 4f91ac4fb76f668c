-- A server and a client in one process, for specs: each request is really sent.
local core = require "almanac.core"

local m = {}

local methods = {}
local meta = { __index = methods, __close = function(self) self:close() end }

---@param server table? options of core.serve.listen
---@param client table? options of core.http.multi
function m.new(server, client)
  local web = setmetatable({ server = assert(core.serve.listen(server)), multi = core.http.multi(client) }, meta)
  web.base = "http://127.0.0.1:" .. web.server:port()
  return web
end

---Lets both work once; gives what has ended.
function methods:turn(handler)
  local ended = self.multi:wait(0.2, self.server:fd())
  for _, request in ipairs(self.server:wait(0)) do handler(request) end
  return ended
end

---Sends all requests at once (`path` instead of `url` goes to this server) and
---answers them by `handler`; gives the results in the order of the requests.
---The handler answers 204 when there is none.
function methods:all(requests, handler)
  handler = handler or function(request) request:reply { status = 204 } end
  local place, results, left = {}, {}, #requests
  for i, request in ipairs(requests) do
    local copy = {}
    for k, v in pairs(request) do copy[k] = v end
    copy.url, copy.path = copy.url or self.base .. copy.path, nil
    place[self.multi:add(copy)] = i
  end
  for _ = 1, 2000 do
    if left == 0 then return results end
    for _, result in ipairs(self:turn(handler)) do
      results[place[result.id]] = result
      left = left - 1
    end
  end
  error "the requests do not end"
end

function methods:one(request, handler)
  return self:all({ request }, handler)[1]
end

function methods:close()
  self.multi:close()
  self.server:close()
end

return m
