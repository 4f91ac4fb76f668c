-- Every call of a script to Alma and to the bucket comes through here, whichever client makes it. A
-- write is let through in a sandbox, elsewhere only where somebody named the institution; in a dry
-- run it is printed in its place. Some of the day's calls are kept for the library's other services.
local begun_before = require "almanac.script.begun"
local connect = require "almanac.run.connect"
local dry_run = require "almanac.script.dry_run"
local limits = require "almanac.run.limits"
local logs = require "almanac.script.log"
local oversight = require "almanac.oversight"
local tape = require "almanac.script.tape"
local task = require "almanac.task"
local writes = require "almanac.script.written"

local m = {}

local UNSENT = { errors = {}, unclear = false, unsent = true }

---@class almanac.script.gate
---@field written table of almanac.script.written
---@field begun table of almanac.script.begun
---@field note fun(line: string) for people
---@field dry table? of almanac.script.dry_run
---@field player table? of almanac.script.tape: answers come from a record
---@field recorder table?
---@field log table? of almanac.script.log
---@field reserve table of almanac.run.limits
---@field production string? the institution code of --production
---@field ask (fun(question: string): string?)?
---@field own fun(): table|nil the script's own client; nil when there is none to be had
---@field generals table<table, table> what each client's institution is, of connect.general
---@field kept table<table, table> the limits of each client
---@field paces table<string, almanac.pace> by the address of the server
---@field barred string? why nothing may be written: nobody named the institution
---@field short string? why calls were held back: the day's calls

local methods = {}

-- ---- where a write goes ----

-- One task asks Alma and the person, others wait for what it learns.
local function alone(self)
  while self.asking do task.sleep(0.05) end
  self.asking = true
  return setmetatable({}, { __close = function() self.asking = false end })
end

local function general_of(self, client)
  if not self.generals[client] then
    local general, message, code = connect.general(client)
    if not general then
      return nil, ("nobody can tell whether this is a sandbox, so nothing is written: %s (the API key needs Configuration read)")
        :format(message), code
    end
    self.generals[client] = general
  end
  return self.generals[client]
end

-- Whether a client's institution may be written to.
local function may_write(self, client)
  local _ <close> = alone(self)
  if self.barred then return nil, self.barred, "conflict" end
  local general, message, code = general_of(self, client)
  if not general then return nil, message, code end
  local ok
  ok, message, code = self.expected(client, general)
  if not ok or connect.is_named(general) then return ok, message, code end
  ok, message, code = connect.may_write(general, "the script", self.production, self.ask)
  if not ok then self.barred = message end
  return ok, message, code
end

-- The client whose institution has this bucket; the script's own where nobody knows.
local function owner_of(self, bucket)
  for client, general in pairs(self.generals) do
    if general.digital.bucket == bucket then return client end
  end
  return self.own()
end

-- ---- the day's calls ----

local function allow(self, client)
  local kept = self.kept[client]
  if not kept then
    kept = limits.new { client = client, reserve = self.reserve }
    self.kept[client] = kept
  end
  local ok, message, code = kept:allow(1)
  if ok then return kept end
  self.short = message
  return nil, message, code
end

local function promise(kept)
  kept:promise(1)
  return setmetatable({}, { __close = function() kept:promise(-1) end })
end

-- ---- calls to Alma ----

-- A call to .../test changes nothing.
local function is_write(call) return call.method ~= "GET" and not call.path:find "/test$" end

local function settle(entry, answer, detail)
  if answer ~= nil then return entry:done(answer) end
  if detail and detail.unclear then return entry:doubt() end
  entry:refused()
end

local function send_read(self, client, call, send)
  local answer, message, code, detail = send(client, call)
  if call.path == "/conf/general" and type(answer) == "table" then self.generals[client] = connect.described(answer) end
  return answer, message, code, detail
end

-- What an earlier run sent may still be on its way, or may not be in Alma's lists yet.
local function held_back(self, call, seconds, answered)
  local line, left = writes.line_of(call), math.ceil(seconds)
  local why = answered and "an earlier run sent the same, and Alma's lists may not show it yet"
    or "an earlier run sent the same and was stopped before Alma answered"
  self.note(("%s: %s: it is looked for, and not sent again for %d seconds (--settle)"):format(line, why, left))
  return nil, ("%s: %s: look whether it is there, or run the script again in %d seconds"):format(line, why, left), "conflict",
    { errors = {}, unclear = true, unsent = false, held = seconds }
end

local function send_write(self, client, call, send)
  local seconds, answered = self.begun:held(client, call, oversight.looks[coroutine.running()])
  if seconds then return held_back(self, call, seconds, answered) end
  local entry <close> = self.written:begin(writes.line_of(call))
  local settled = self.begun:begin(client, call)
  local answer, message, code, detail = send(client, call)
  settle(entry, answer, detail)
  if answer ~= nil then settled "done" elseif not (detail and detail.unclear) then settled "void" end
  return answer, message, code, detail
end

-- Where a write goes is asked first: the answer also says how many calls are left today.
local function pass(self, client, call, send)
  local writes_it = is_write(call)
  local kept, message, code = true, nil, nil
  if writes_it then kept, message, code = may_write(self, client) end
  if kept then kept, message, code = allow(self, client) end
  if not kept then return nil, message, code, UNSENT end
  local _ <close> = promise(kept)
  local answer, detail
  answer, message, code, detail = (writes_it and send_write or send_read)(self, client, call, send)
  if self.recorder then self.recorder:write(call, answer, message, code, detail) end
  return answer, message, code, detail
end

local function write_dry(self, client, call, send)
  if self.log then self.log:unsent(call, "dry run") end
  return self.dry:write(call, function(path)
    return self:alma(client, { method = "GET", path = path, request = {}, repeatable = true }, send)
  end)
end

-- Clients of one server keep one pace, the slowest of theirs: Alma counts the calls of all together.
local function share_pace(self, client)
  local shared = self.paces[client.url]
  if not shared or client.pace.limit < shared.limit then self.paces[client.url] = client.pace else client.pace = shared end
end

function methods:alma(client, call, send)
  share_pace(self, client)
  if self.dry and is_write(call) then return write_dry(self, client, call, send) end
  local answer = self.dry and self.dry:read(call)
  if answer ~= nil then return answer end
  if not self.player then return pass(self, client, call, send) end
  if self.log then self.log:unsent(call, "replay") end
  return self.player:answer(call)
end

-- ---- requests to the bucket ----

local function put(self, request, send)
  local owner = owner_of(self, request.bucket)
  if owner then
    local ok, message, code = may_write(self, owner)
    if not ok then return nil, message, code, { unclear = false } end
  end
  local step = request.query and request.query[1]
  if step and step[1] ~= "uploadId" then return send() end   -- parts count when they are put together
  local entry <close> = self.written:begin(("%s s3://%s/%s"):format(request.form and "PUT" or request.method, request.bucket,
    request.key or ""))
  local result, message, code, detail = send()
  settle(entry, result and {}, detail)
  return result, message, code, detail
end

local function is_read(request) return request.method == "GET" or request.method == "HEAD" end

local function pass_to_bucket(self, request, send)
  local result, message, code, detail
  if is_read(request) then result, message, code, detail = send() else result, message, code, detail = put(self, request, send) end
  if self.recorder then self.recorder:write(request, result, message, code, detail) end
  if self.log then self.log:bucket(request, result, message, code) end
  return result, message, code, detail
end

function methods:s3(request, send)
  local result = self.dry and self.dry:s3(request)
  if result then return result end
  if self.player then return self.player:answer(request) end
  return pass_to_bucket(self, request, send)
end

-- ---- opening and closing ----

local function files_of(options)
  local log, recorder, player, message, code
  if options.log then log, message, code = logs.open(options.log) end
  if not message and options.record then recorder, message, code = tape.record(options.record) end
  if not message and options.replay then player, message, code = tape.play(options.replay) end
  if message then return nil, message, code end
  return { log = log, recorder = recorder, player = player }
end

---Stands between a script and its servers from here on.
---@param options { dry_run: boolean?, production: string?, ask: function?, reserve: string?, log: string?, record: string?,
---  replay: string?, settle: number?, say: fun(line: string), note: fun(line: string), own: fun(): table?,
---  expected: fun(client: table, general: table): true|nil, string?, string? }
---  log, record, replay: paths; own: the script's client; expected: whether the key is that of the settings' institution
---@return almanac.script.gate|nil gate
---@return string? message
---@return string? code
function m.open(options)
  local reserve, message = limits.reserve(options.reserve)
  if not reserve then return nil, message, "parse" end
  local files, why, code = files_of(options)
  if not files then return nil, why, code end
  local self = setmetatable({
    written = writes.new(), begun = begun_before.new(options.settle, options.note), note = options.note,
    dry = options.dry_run and dry_run.new(options.say) or nil,
    log = files.log, recorder = files.recorder,
    player = files.player, reserve = reserve, production = options.production, ask = options.ask, own = options.own,
    expected = options.expected, generals = setmetatable({}, { __mode = "k" }), kept = setmetatable({}, { __mode = "k" }), paces = {},
  }, { __index = methods })
  function oversight.alma(...) return self:alma(...) end
  function oversight.s3(_, ...) return self:s3(...) end
  if self.log then oversight.event = function(event) self.log:event(event) end end
  return self
end

return m
