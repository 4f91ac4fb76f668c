-- The audit trail: who ran what, and every call to Alma with its answer, in the
-- run file. A title takes some eight calls, so a call has to be small: calls
-- are packed, some hundreds of milliseconds of them in a row, each a line like
--   `1k 3 8c t1f4 i4fh3kd82hf1 =400 #2 !E01-…`
-- (numbers in base 36): milliseconds since the line before, the route (method
-- and path with {} for ids), milliseconds it took, the ids of the path (t: the
-- title of that number in this file, i: any other), the status when it is not
-- 200 (0: no answer), the try when it is not the first, the tracking id when
-- there is one. Query and body are left out; the key was never in either.
local address = require "almanac.address"
local core = require "almanac.core"
local task = require "almanac.task"

local m = {}

local EVERY = 0.4        -- seconds at most that a call waits to be written
local DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

local methods = {}

local function base36(n)
  local digits = {}
  repeat
    local digit = n % 36
    table.insert(digits, 1, DIGITS:sub(digit + 1, digit + 1))
    n = n // 36
  until n == 0
  return table.concat(digits)
end

-- Only an id without zeros in front and of at most 18 digits comes back unchanged
-- from the number that is packed.
local function is_number(segment)
  return segment:find "^[1-9]%d*$" and #segment <= 18
end

local function title_number(db, id)
  return db:value("SELECT id FROM title WHERE mms_id = ?", id)
end

-- Splits a path into its pattern, with {} for ids, and the ids.
local function take_apart(db, path)
  local ids = {}
  local pattern = path:gsub("[^/]+", function(segment)
    if not is_number(segment) then return nil end
    local number = title_number(db, segment)
    ids[#ids + 1] = number and "t" .. base36(number) or "i" .. base36(math.tointeger(tonumber(segment)))
    return "{}"
  end)
  return pattern, ids
end

local function route_of(self, method, pattern)
  local name = method .. " " .. pattern
  local id = self.routes[name]
  if not id then
    local db = self.db
    db:run("INSERT OR IGNORE INTO route(method, path) VALUES(?, ?)", method, pattern)
    id = db:value("SELECT id FROM route WHERE method = ? AND path = ?", method, pattern)
    self.routes[name] = id
  end
  return id
end

local function line_of(self, event, before)
  local pattern, ids = take_apart(self.db, event.path)
  local parts = { base36(math.max(0, math.floor((event.at - before) * 1000 + 0.5))),
    base36(route_of(self, event.method, pattern)), base36(event.ms) }
  table.move(ids, 1, #ids, #parts + 1, parts)
  if event.status ~= 200 then parts[#parts + 1] = "=" .. (event.status or 0) end
  if event.try > 1 then parts[#parts + 1] = "#" .. event.try end
  if event.tracking then parts[#parts + 1] = "!" .. event.tracking:gsub("%s", "") end
  return table.concat(parts, " ")
end

local function write(self)
  local events, db = self.events, self.db
  self.events = {}
  local lines, before = {}, events[1].at
  for i, event in ipairs(events) do
    lines[i] = line_of(self, event, before)
    before = event.at
  end
  return db:run("INSERT INTO call(session, at, lines) VALUES(?, ?, ?)", self.session, events[1].at,
    table.concat(lines, "\n"))
end

-- A failure is not told here: the next step can't be written either, and that
-- stops the run with a message.
local function flush(self)
  local db = self.db
  if not (db and self.events[1]) or db:in_transaction() then return end
  if not db:begin() then return end
  if write(self) and db:commit() then return end
  if db:in_transaction() then db:rollback() end
  self.routes = {}
end

---Gives the function that a client calls for every answer (almanac.alma.options.log).
---@return fun(event: almanac.alma.event)
function methods:log()
  return function(event)
    if self.closed then return end
    table.insert(self.events, { at = core.sys.time(), method = event.method, path = event.path,
      status = event.status, ms = event.ms, try = event.try, tracking = event.tracking })
    if self.db and not self.waits then
      self.waits = true
      task.spawn(function()
        task.sleep(EVERY)
        self.waits = false
        if not self.closed then flush(self) end
      end)
    end
  end
end

-- Options as they were typed; false stands for one that nobody typed.
local function arguments_of(args)
  local names, parts = {}, {}
  for name, value in pairs(args or {}) do
    if type(name) == "string" and value ~= false then names[#names + 1] = name end
  end
  table.sort(names)
  for i, name in ipairs(names) do
    local given = args[name]
    local value = address.shown(type(given) == "table" and table.concat(given, ",") or tostring(given))
    parts[i] = name .. "=" .. value
  end
  return table.concat(parts, " ")
end

---Writes this session into the run file; from here on calls are written there too.
---@param db table the run file, open for writing
---@param session { command: string, args: table?, url: string? }
function methods:open(db, session)
  local sys = core.sys
  local changes, id = db:run([[INSERT INTO session(command, arguments, began, user, host, pid, version, url)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?)]], session.command, arguments_of(session.args), sys.time(), sys.user(), sys.hostname(),
    sys.pid(), core.version, session.url and address.shown(session.url))
  if changes then self.session, self.db = id, db end
end

---Writes the calls that still wait, and when the session ended. `<close>` does the same.
function methods:close()
  if self.closed then return end
  flush(self)
  self.closed = true
  if self.db then self.db:run("UPDATE session SET ended = ? WHERE id = ?", core.sys.time(), self.session) end
end

---Makes a trail. It keeps events until it is given a run file.
---@return table audit with log, open, close
function m.new()
  return setmetatable({ events = {}, routes = {} }, { __index = methods, __close = methods.close })
end

---Notes the session of a command that calls no server.
---@param db table
---@param session { command: string, args: table? }
function m.note(db, session)
  local audit <close> = m.new()
  audit:open(db, session)
end

---Lists the sessions that worked on the run.
---@param db table
---@return { id: integer, command: string, arguments: string, began: number, ended: number?, user: string?, host: string?,
---  pid: integer, version: string, url: string? }[] sessions without `ended`: killed, or still at work
function m.sessions(db)
  local list = {}
  for row in db:rows "SELECT * FROM session ORDER BY id" do list[#list + 1] = row end
  return list
end

local function path_of(db, pattern, ids)
  local i = 0
  return (pattern:gsub("{}", function()
    i = i + 1
    local kind, number = ids[i]:sub(1, 1), math.tointeger(tonumber(ids[i]:sub(2), 36))
    if kind == "i" then return tostring(number) end
    return db:value("SELECT mms_id FROM title WHERE id = ?", number)
  end))
end

local function unpack_line(db, routes, line, at)
  local parts, ids = {}, {}
  for part in line:gmatch "%S+" do parts[#parts + 1] = part end
  local number = tonumber(parts[2], 36)
  routes[number] = routes[number] or db:row("SELECT method, path FROM route WHERE id = ?", number)
  local route = routes[number]
  local call = { at = at + tonumber(parts[1], 36) / 1000, method = route.method, ms = tonumber(parts[3], 36),
    status = 200, try = 1 }
  for i = 4, #parts do
    local mark, rest = parts[i]:sub(1, 1), parts[i]:sub(2)
    if mark == "=" then call.status = math.tointeger(tonumber(rest))
    elseif mark == "#" then call.try = math.tointeger(tonumber(rest))
    elseif mark == "!" then call.tracking = rest
    else ids[#ids + 1] = parts[i] end
  end
  call.path = path_of(db, route.path, ids)
  return call
end

---Iterates over all calls in the order in which they were answered.
---@param db table
---@return fun(): { at: number, session: integer, command: string, method: string, path: string, status: integer,
---  ms: integer, try: integer, tracking: string? }? ... at: seconds since 1970; status 0: there was no answer
function m.calls(db)
  return coroutine.wrap(function()
    local sql = [[SELECT call.at, call.lines, session.id AS session, session.command
      FROM call JOIN session ON session.id = call.session ORDER BY call.id]]
    local routes = {}
    for row in db:rows(sql) do
      local at = row.at
      for line in row.lines:gmatch "[^\n]+" do
        local call = unpack_line(db, routes, line, at)
        at, call.session, call.command = call.at, row.session, row.command
        coroutine.yield(call)
      end
    end
  end)
end

return m
