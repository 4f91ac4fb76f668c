-- Webhooks: Alma calls an address of yours when something happened, a job's end for example. An
-- integration profile in Alma names the address and a secret. Alma first asks GET
-- ?challenge=…; later it POSTs JSON (or XML, as the profile says), and signs the body's bytes with
-- the secret: header X-Exl-Signature, HMAC-SHA256 in base64. A receiver in a script, with this module as `webhooks`:
--
--   local receiver = assert(webhooks.listen { port = 8099, secret = os.getenv "ALMA_WEBHOOK_SECRET",
--     on = function(event) print(event.action, event.job_instance and event.job_instance.name) end })
--   receiver:run()
--
-- Alma reaches only addresses of the internet: put a server with https before it, which passes on to this one.
local core = require "almanac.core"
local fields = require "almanac.fields"
local jobs = require "almanac.alma.jobs"
local json = require "almanac.json"
local task = require "almanac.task"

local m = {}

local LARGEST = 16 << 20   -- bytes of a body: a record with all its fields
local SHA256 = 32          -- bytes
local OPTIONS = { port = "number", host = "string", path = "string", secret = "string", on = "function" }

-- Compares in a time that does not tell how much of it is right.
local function equal(a, b)
  if #a ~= #b then return false end
  local different = 0
  for i = 1, #a do different = different | (a:byte(i) ~ b:byte(i)) end
  return different == 0
end

---The signature that Alma gives a body.
---@param secret string as in the integration profile
---@param body string its bytes as they came
---@return string signature base64
function m.sign(secret, body)
  fields.text("webhooks.sign: secret", secret)
  fields.text("webhooks.sign: body", body)
  return core.text.base64(core.hash.hmac_sha256(secret, body))
end

---True when a body was signed with the secret.
---@param secret string
---@param body string its bytes as they came: not decoded and written anew
---@param signature string? the header X-Exl-Signature
---@return boolean
function m.is_signed(secret, body, signature)
  if type(secret) ~= "string" or secret == "" then error("webhooks.is_signed: there is no secret", 2) end
  fields.text("webhooks.is_signed: body", body)
  local given = type(signature) == "string" and core.text.unbase64(signature)
  return type(given) == "string" and #given == SHA256 and equal(given, core.hash.hmac_sha256(secret, body))
end

---@class almanac.alma.event_received what Alma says; `text` is the body as it came
---@field action string e.g. "JOB_END", "BIB", "REQUEST"
---@field id string?
---@field institution { value: string, desc: string? }?
---@field time string?
---@field event { value: string, desc: string? }? e.g. "BIB_UPDATED"
---@field job_instance table? of JOB_END: a run as `jobs.instance` gives it, for `jobs.ended_well` and `jobs.counters`
---@field text string

---Reads a body.
---@param body string
---@return almanac.alma.event_received|nil event with the fields of the JSON; of a body in XML only action, id, time and text
---@return string? message
---@return string? code "parse"
function m.read(body)
  fields.text("webhooks.read: body", body)
  local event, why
  if body:find "^%s*<" then
    local root
    root, why = core.xml.parse(body)
    event = root and {}
    for _, node in ipairs(root or {}) do
      if #node == 0 then event[node.name] = node.text end
    end
  else
    event, why = json.decode(body)
  end
  if type(event) ~= "table" then return nil, "the webhook's body can't be read: " .. (why or "it is no object"), "parse" end
  if type(event.action) ~= "string" then return nil, "the webhook's body has no action", "parse" end
  if type(event.job_instance) == "table" then jobs.settle(event.job_instance) end
  event.text = body
  return event
end

-- ---- a receiver ----

---@class almanac.alma.receiver
---@field port integer
---@field url string where it listens
local methods = {}

local function reply(request, status, body)
  request:reply { status = status, headers = { ["Content-Type"] = "application/json;charset=UTF-8" }, body = json.encode(body) .. "\n" }
end

local function challenge_of(query)
  for pair in query:gmatch "[^&]+" do
    local value = pair:match "^challenge=(.*)$"
    if value then return (value:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)) end
  end
end

local function challenge(request)
  local value = challenge_of(request:query())
  if not value then return reply(request, 400, { errorMessage = "there is no challenge" }) end
  reply(request, 200, { challenge = value })
end

local function body_of(request)
  local path = request:body_path()
  return path and core.files.read(path, LARGEST) or request:body() or ""
end

-- The answer comes when `on` is through: an error of it is told to Alma as 500, and Alma may send the event again.
local function receive(options, request)
  local body = body_of(request)
  if not m.is_signed(options.secret, body, request:header "X-Exl-Signature") then
    return reply(request, 401, { errorMessage = "Invalid Signature" })
  end
  local event, message = m.read(body)
  if not event then return reply(request, 400, { errorMessage = message }) end
  options.on(event)
  reply(request, 200, {})
end

local function handle(options, request)
  if request:path() ~= (options.path or request:path()) then return reply(request, 404, { errorMessage = "there is nothing here" }) end
  if request:method() == "GET" then return challenge(request) end
  if request:method() == "POST" then return receive(options, request) end
  reply(request, 405, { errorMessage = "GET and POST only" })
end

---Answers Alma until `stop`, or the end of the task.
function methods:run()
  if self.stopped then return end
  task.serve(self.server, function(request) handle(self.options, request) end)
end

---Ends `run` and closes the port.
function methods:stop()
  if self.stopped then return end
  self.stopped = true
  task.unserve(self.server)
  self.server:close()
end

local meta = { __index = methods, __close = methods.stop }

---Begins to listen. Nothing is answered before `run`, or `task.spawn(receiver.run, receiver)`.
---@param options { secret: string, on: fun(event: almanac.alma.event_received), port: integer?, host: string?, path: string? } secret:
---  of the integration profile; on: called with each event that is signed rightly; port: any free one without it; host: 127.0.0.1
---  unless told otherwise; path: the only one that is answered
---@return almanac.alma.receiver|nil receiver can be <close>
---@return string? message
---@return string? code "conflict": the port is in use
function m.listen(options)
  fields.check("webhooks.listen", options, OPTIONS)
  if not options.on or (options.secret or "") == "" then error("webhooks.listen: it needs 'secret' and 'on'", 2) end
  local server, message, code = core.serve.listen { host = options.host or "127.0.0.1", port = math.tointeger(options.port or 0),
    max_body = LARGEST }
  if not server then return nil, message, code end
  local port = server:port()
  return setmetatable({ server = server, options = options, port = port,
    url = ("http://%s:%d%s"):format(options.host or "127.0.0.1", port, options.path or "/") }, meta)
end

return m
