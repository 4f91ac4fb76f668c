-- Remembers from one run of a script to the next which POSTs were sent. A script that was stopped and is run again at once
-- would look, find nothing, since Alma is still at work or its lists lag, and make the thing a second time. So the same POST
-- is held back for a while. Each run has a file of its own, in which a hash stands for a POST; they are this user's, on this
-- machine.
local core = require "almanac.core"
local requests = require "almanac.alma.request"

local m = {}

m.SETTLE = 180   -- seconds; as long `apply` looks for what a lost answer made

local FOLDER_MODE = 448   -- 0700
local LARGEST = 64 << 20  -- bytes of one run's file
-- These may be sent twice: a set and a collection have each member once.
local HARMLESS = { "^/conf/sets/[^/]+$", "^/bibs/collections/[^/]+/bibs$" }

local methods = {}

local function folder_of_user()
  local state, home = core.sys.env "XDG_STATE_HOME", core.sys.env "HOME"
  state = state ~= "" and state or home and home .. "/.local/state"
  return state and state .. "/almanac/begun"
end

-- A client of a run remembers by its run file.
local function is_remembered(client, call)
  if client.journaled or call.method ~= "POST" then return false end
  for _, pattern in ipairs(HARMLESS) do
    if call.path:find(pattern) then return false end
  end
  return true
end

local function name_of(client, call)
  local _, body = requests.content(call.method, call.request)
  return core.hash.sha256(table.concat({ client.url, call.path, requests.query(call.request.query), body or "" }, "\n"))
end

-- Takes what another run noted, line by line: "sent", then "done" or, when Alma refused it, "void".
local function take(self, text)
  for state, name, time in text:gmatch "(%l+) (%x+) ([%d.]+)\n" do
    self.earlier[name] = state ~= "void" and { time = tonumber(time), done = state == "done" } or nil
  end
end

-- Files that nothing was added to for so long hold nothing back any more.
local function read_earlier(self)
  local walk = core.files.walk(self.folder)
  for name in function() return walk and (walk:next()) end do
    local path = self.folder .. "/" .. name
    local stat = core.files.stat(path)
    if stat and core.sys.time() - stat.mtime_ns / 1e9 > self.settle then
      core.files.remove(path)
    else
      take(self, stat and core.files.read(path, LARGEST) or "")
    end
  end
end

---@param settle number? seconds
---@param tell fun(line: string) says why nothing can be remembered
---@return table begun
function m.new(settle, tell)
  return setmetatable({ settle = settle or m.SETTLE, tell = tell }, { __index = methods })
end

-- Reads what earlier runs noted, at the first POST: a script that only reads needs no folder.
local function is_ready(self)
  if self.earlier then return self.folder ~= nil end
  self.earlier = {}
  local folder, ok, message = folder_of_user(), nil, "HOME is not set"
  if folder then ok, message = core.files.make_folder(folder, FOLDER_MODE) end
  if not ok then
    self.tell("what is sent can't be remembered, so a script that is stopped and run again may make something twice: " .. message)
    return false
  end
  self.folder, self.path = folder, ("%s/%d-%s"):format(folder, core.sys.pid(), core.text.hex(core.hash.random(6)))
  read_earlier(self)
  return true
end

---How long a POST is held back because an earlier run sent the same.
---@param client almanac.alma.client
---@param call { method: string, path: string, request: table }
---@param looks boolean? the caller has looked for what the POST makes; a list may lag, so it is told also of one that was answered
---@return number? seconds nil when it can be sent
---@return boolean? answered Alma took the earlier one
function methods:held(client, call, looks)
  if not (is_remembered(client, call) and is_ready(self)) then return nil end
  local earlier = self.earlier[name_of(client, call)]
  if not earlier or earlier.done and not looks then return nil end
  local left = self.settle - (core.sys.time() - earlier.time)
  if left > 0 then return left, earlier.done end
end

local function note(self, state, name)
  local file <close> = io.open(self.path, "a")
  if file then file:write(("%s %s %.3f\n"):format(state, name, core.sys.time())) end
end

---Notes that a POST is sent now.
---@return fun(state: "done"|"void") settled to be called when Alma took or refused it; not when nobody can tell
function methods:begin(client, call)
  if not (is_remembered(client, call) and is_ready(self)) then return function() end end
  local name = name_of(client, call)
  note(self, "sent", name)
  return function(state) note(self, state, name) end
end

return m
