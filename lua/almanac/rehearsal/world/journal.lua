-- Writes down what happens: a log line for each request, the counters behind /rehearsal/calls,
-- and on request every API call whole, for checks of clients.
local json = require "almanac.json"
local whole = require "almanac.whole"

local m = {}

local methods = {}
local meta = { __index = methods }

local function open(path)
  if not path then return nil end
  local free, why = whole.check(path)
  if not free then return nil, why end
  local file, message = io.open(path, "a")
  if not file then return nil, message end
  file:setvbuf "line"
  return file
end

---@param options { log: string?, record: string? }
---@return table|nil journal
---@return string? message
function m.open(options)
  local self = setmetatable({ routes = {}, methods = {}, statuses = {}, unknown = {}, requests = 0 }, meta)
  local message
  self.log, message = open(options.log)
  if message then return nil, message end
  self.records, message = open(options.record)
  if message then return nil, message end
  return self
end

local function count(counters, name)
  counters[name] = (counters[name] or 0) + 1
end

-- The log gets no API key and no signature.
local function without_secrets(query)
  return (query:gsub("([^&=]+)=([^&]*)", function(name)
    local low = name:lower()
    if low == "apikey" or low:find "^x%-amz%-" then return name .. "=…" end
  end))
end

---Reports query parameters that the call does not know. Alma ignores such in silence.
---@param call table
function methods:unknown_parameters(call)
  for name in pairs(call.query) do
    if not call.route.known[name] and name ~= "apikey" and name ~= "format" then
      local text = ("%s: unknown parameter '%s'"):format(call.route.name, name)
      count(self.unknown, text)
      call.remark = (call.remark and call.remark .. "; " or "") .. ("unknown parameter '%s' ignored"):format(name)
    end
  end
end

---@param call table
---@param status integer|string what was answered, or the fault that answered nothing
---@param seconds number
function methods:write(call, status, seconds)
  self.requests = self.requests + 1
  local name = call.route and call.route.name or call.method .. " (no such call)"
  count(self.routes, name)
  if not (call.is_s3 or call.is_view) then count(self.methods, call.method) end
  count(self.statuses, tostring(status))
  if not self.log then return end
  local query = call.request:query()
  self.log:write(("%s %s %s%s %s %.0f ms%s%s%s\n"):format(
    os.date "!%Y-%m-%dT%H:%M:%SZ", call.method, call.request:path(),
    query ~= "" and "?" .. without_secrets(query) or "", status, seconds * 1000,
    call.key and " " .. call.key.name or "", call.fault and " fault " .. call.fault.kind or "",
    call.remark and ": " .. call.remark or ""))
end

---Keeps the call as one line of JSON, without its API key.
---@param call table
function methods:record(call)
  if not self.records then return end
  self.records:write(json.encode {
    method = call.method, path = call.request:path(), query = without_secrets(call.request:query()),
    type = call.request:header "Content-Type", accept = call.request:header "Accept",
    body = call.request:body(),
  }, "\n")
end

---@return table { requests, routes, methods, statuses, unknown }
function methods:counts()
  return { requests = self.requests, routes = self.routes, methods = self.methods,
    statuses = self.statuses, unknown = self.unknown }
end

---Closes its files.
function methods:close()
  if self.log then self.log:close() end
  if self.records then self.records:close() end
end

return m
