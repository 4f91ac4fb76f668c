-- Write-ahead for many titles at once: whoever wants something written waits
-- until it is committed, and all who want it in the same moment share one
-- commit. So an intent is on disk before its call is made, and the disk is
-- asked to sync a few times a second, not for every step: the slower it is, the
-- longer writes wait for each other, so that commits take a small share of the
-- time. Alma's calls are paced anyway, and other titles go on meanwhile.
local monotonic = require "almanac.core".sys.monotonic
local task = require "almanac.task"

local m = {}

local SHARE = 0.03     -- of the time is for commits
local LONGEST = 0.25   -- seconds that a write waits at most
local MANY = 16        -- writes that wait no longer

local methods = {}

-- Runs the queued writes in one transaction.
local function transaction(self)
  local batch = self.queue
  self.queue, self.flusher = {}, nil
  local ok, message, code = self.db:begin()
  for _, write in ipairs(batch) do
    if not ok then break end
    ok, message, code = write(self.db)
  end
  if ok then ok, message, code = self.db:commit() end
  if ok then return true end
  if self.db:in_transaction() then self.db:rollback() end
  self.broken = message
  return nil, message, code
end

-- The next commit is due when this one's time has become a small share.
local function commit(self)
  local began = monotonic()
  local ok, message, code = transaction(self)
  local ended = monotonic()
  self.due = ended + math.min(LONGEST, (ended - began) / SHARE)
  return ok, message, code
end

-- Lets others join, until the commit is due.
local function gather(self)
  task.pause()
  local seconds = self.due - monotonic()
  if seconds <= 0 or #self.queue >= MANY then return end
  self.rest = task.spawn(task.sleep, seconds)
  self.rest:await()
  self.rest = nil
end

local function flush(self)
  gather(self)
  if self.queue[1] then return commit(self) end
  return true
end

---Calls `write(db)` inside the next transaction and returns when that is
---committed. `write` gives a true value, or nil, message, code of the
---statement that failed; then the whole batch is undone and all who wait for
---it are told.
---@param write fun(db: table): any, string?, string?
---@return true|nil
---@return string? message
---@return string? code "io": the disk is full or gone; "cancelled": the journal is closed
function methods:write(write)
  if self.closed then return nil, "stopped", "cancelled" end
  self.queue[#self.queue + 1] = write
  self.flusher = self.flusher or task.spawn(flush, self)
  if self.rest and #self.queue >= MANY then self.rest:cancel() end
  return self.flusher:await()
end

---Commits the writes that wait, and refuses later ones: a cancelled task runs on
---until it next waits, and by then the run file may be closed.
function methods:close()
  self.closed = true
  if self.queue[1] then commit(self) end
end

local meta = { __index = methods, __close = methods.close }

---Makes a journal. Once a write has failed, its message stands in `broken`, and nothing
---more may be sent to Alma. It can be <close>, inside the scope of the run file.
---@param db table a core.runfile database opened for writing
---@return table journal
function m.new(db)
  return setmetatable({ db = db, queue = {}, due = 0 }, meta)
end

return m
