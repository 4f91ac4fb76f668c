-- Starts and stops rehearsals for specs: the built program as a process of its
-- own. It lives on the other end of a pipe and ends when the pipe does, so that
-- it can't outlive the spec, however that ends.
local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local sigv4 = require "almanac.s3.sigv4"
local task = require "almanac.task"

local m = {}

local PATIENCE = 30   -- seconds until it must listen

local function command(self, port)
  local parts = { program.quote(program.path()), "rehearsal --until-eof", "--port", port or 0,
    "--ready", program.quote(self.ready) }
  if not self.in_memory then table.insert(parts, "--state " .. program.quote(self.folder .. "/state")) end
  for _, argument in ipairs(self.args) do table.insert(parts, program.quote(argument)) end
  table.insert(parts, (">%s 2>&1; status=$?; echo $status >%s; exit $status"):format(
    program.quote(self.output), program.quote(self.ended)))
  return "exec sh -c " .. program.quote(table.concat(parts, " "))
end

local function wait_until_ready(self)
  local deadline = core.sys.monotonic() + PATIENCE
  while core.sys.monotonic() < deadline and not core.files.stat(self.ended) do
    local text = core.files.read(self.ready)
    if text then return json.decode(text) end
    core.sys.sleep(0.005)
  end
  error("the rehearsal does not start: " .. (core.files.read(self.output) or ""), 4)
end

local function launch(self, port)
  os.remove(self.ready)
  os.remove(self.ended)
  self.pipe = assert(io.popen(command(self, port), "w"))
  self.about = wait_until_ready(self)
end

-- Ends the process; an unclean end (a crash, a leak under a sanitizer) raises.
local function land(self, killed)
  if not self.pipe then return end
  local ok, how, status = self.pipe:close()
  self.pipe = nil
  if ok or killed then return end
  error(("the rehearsal ended with %s %s: %s"):format(how, status, core.files.read(self.output) or ""), 3)
end

local function ask(self, method, path, body)
  local result = task.fetch { method = method, url = self.about.url .. path, body = body, max_body = 1 << 30 }
  if result.status ~= 200 then error(("%s %s: %s"):format(method, path, result.error or result.body), 3) end
  return assert(json.decode(result.body))
end

local function titles_argument(titles, folder)
  if not titles then return {} end
  if titles:find "\n" then
    program.write(folder .. "/titles.csv", titles)
    titles = folder .. "/titles.csv"
  end
  return { "--titles", titles }
end

-- What a spec holds.
local function handle(self)
  local alma = {
    url = self.about.url, port = self.about.port, key = self.about.key, bucket = self.about.bucket,
    inst = self.about.institution, region = self.about.region, folder = self.folder,
    access_key = self.about.access_key, secret_key = self.about.secret_key,
  }

  ---Ends it and removes what it kept; a second call does nothing.
  function alma.stop()
    if self.stopped then return end
    self.stopped = true
    local ok, message = pcall(land, self)
    program.remove(self.folder)
    if not ok then error(message, 2) end
  end

  ---@return integer of the running process
  function alma.pid() return self.about.pid end

  ---@param query string? "?counts=1", "?mms_id=A,B"
  function alma.state(query) return ask(self, "GET", "/rehearsal/state" .. (query or "")) end

  function alma.calls() return ask(self, "GET", "/rehearsal/calls") end

  ---@param change table { op = …, … } or an array of these; see almanac.rehearsal
  function alma.change(change) return ask(self, "POST", "/rehearsal/change", json.encode(change)) end

  ---Ends it and starts it again on the same port with the same state.
  ---@param kill boolean? with SIGKILL
  function alma.restart(kill)
    assert(not self.in_memory, "a rehearsal in memory can't be started again")
    if kill then os.execute("kill -9 " .. self.about.pid) end
    land(self, kill)
    launch(self, self.about.port)
  end

  ---@return string what it printed
  function alma.output() return core.files.read(self.output) or "" end

  ---Calls the API.
  ---@param method string
  ---@param path string below /almaws/v1
  ---@param options { body: table|string?, key: string|false?, accept: string?, type: string?, headers: table? }?
  ---@return table result of core.http with `data`: its JSON decoded
  function alma.call(method, path, options)
    options = options or {}
    local headers = { Accept = options.accept or "application/json" }
    local key = options.key == nil and self.about.key or options.key
    if key then headers.Authorization = "apikey " .. key end
    local body = options.body
    if type(body) == "table" then body = json.encode(body) end
    if body then headers["Content-Type"] = options.type or "application/json" end
    for name, value in pairs(options.headers or {}) do headers[name] = value end
    local result = task.fetch { method = method, url = self.about.url .. "/almaws/v1" .. path, headers = headers,
      body = body, redirects = 0, once = method == "POST" }
    if (result.body or ""):find "^{" then result.data = json.decode(result.body) end
    return result
  end

  ---Sends a signed request to the bucket.
  ---@param method string
  ---@param key string "" is the bucket itself
  ---@param options { query: string[][]?, body: string?, headers: table?, access_key: string?, secret_key: string?,
  ---  session_token: string?, time: number?, payload_sha256: string?, region: string? }?
  ---@return table result of core.http
  function alma.s3(method, key, options)
    options = options or {}
    local headers = { host = self.about.url:match "//(.*)" }
    for name, value in pairs(options.headers or {}) do headers[name] = value end
    local signed, address = sigv4.sign {
      method = method, path = "/" .. alma.bucket .. (key ~= "" and "/" .. key or ""), query = options.query,
      headers = headers, region = options.region or alma.region, time = options.time,
      access_key = options.access_key or alma.access_key, secret_key = options.secret_key or alma.secret_key,
      session_token = options.session_token,
      payload_sha256 = options.payload_sha256 or core.hash.sha256(options.body or ""),
    }
    signed.host = nil
    return task.fetch { method = method, url = self.about.url .. address, headers = signed, body = options.body,
      once = true }
  end

  return setmetatable(alma, { __close = alma.stop, __gc = function() pcall(alma.stop) end })
end

---Starts a rehearsal.
---@param options { titles: string?, args: string[]?, memory: boolean?, port: integer? } titles: a path, or CSV text;
---  memory: nothing is kept, and it can't be started again; port: any free one when absent
---@return table alma url, port, key, bucket, inst, stop, state, calls, change, restart, call, s3; can be <close>
function m.start(options)
  local folder = program.folder()
  local self = { folder = folder, ready = folder .. "/ready", output = folder .. "/output",
    ended = folder .. "/ended",
    in_memory = options.memory, args = titles_argument(options.titles, folder) }
  for _, argument in ipairs(options.args or {}) do table.insert(self.args, argument) end
  local ok, message = pcall(launch, self, options.port)
  if not ok then
    pcall(land, self, true)
    program.remove(folder)
    error(message, 2)
  end
  return handle(self)
end

return m
