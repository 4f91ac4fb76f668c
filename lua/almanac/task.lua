-- Straight-line code, many at once. A task is a coroutine; whatever has to
-- wait (a transfer, a clock, another task) parks it and the loop goes on with
-- the others. C only starts, waits and reports: the loop here owns the only
-- yield. Outside a task the same calls drive the loop themselves.
local core = require "almanac.core"
local mistake = require "almanac.mistake"
local timers = require "almanac.timers"

local m = {}

local PARKED = {}     -- a parked task yields this; no other code has it
local CANCELLED = setmetatable({}, { __tostring = function() return "cancelled" end })
local LONGEST = 0.2   -- seconds; the loop looks at least so often for an interrupt

local tasks = setmetatable({}, { __mode = "k" })   -- coroutine -> task
local ready, ready_first, ready_last = {}, 1, 0
local servers = {}
local transfers = {}  -- id -> wake
local unseen = {}     -- errors of tasks that nobody awaited; they are raised at the end
local multi, trusted

---Seconds of a clock that never goes back.
---@return number
m.now = core.sys.monotonic

local function make_ready(task, ...)
  ready_last = ready_last + 1
  ready[ready_last] = { task = task, n = select("#", ...), ... }
end

-- What a parked task was woken with. A cancelled task ends here with an error.
local function resumed(first, ...)
  if first == CANCELLED then error(CANCELLED, 0) end
  return first, ...
end

---Calls `start(wake)`, and waits until `wake(…)` is called; others run meanwhile.
---@param start fun(wake: fun(...)): fun()? what it returns undoes it, when the task is cancelled meanwhile
---@return any ... what `wake` was called with
function m.wait(start)
  local self = tasks[coroutine.running()]
  if self then
    if self.cancelled and not self.told then
      self.told = true
      error(CANCELLED, 0)
    end
    local function wake(...)
      if self.parked ~= wake then return end
      self.parked, self.release = nil, nil
      make_ready(self, ...)
    end
    self.parked = wake
    self.release = start(wake)
    return resumed(coroutine.yield(PARKED))
  end
  local values
  start(function(...) values = values or table.pack(...) end)
  while not values do
    if not m.step() and not values then error("waiting for something that can't come", 3) end
  end
  return table.unpack(values, 1, values.n)
end

local function finish(task, ok, ...)
  task.done, task.ok = true, ok
  tasks[task.thread] = nil
  if ok then
    task.values = table.pack(...)
  else
    task.failure = ...
    if task.failure ~= CANCELLED then unseen[task] = task.failure end
  end
  for _, wake in ipairs(task.waiting) do wake() end
end

local function resume(task, ...)
  if task.done then return end
  local function check(alive, ...)
    if not alive then return finish(task, false, ...) end
    if coroutine.status(task.thread) == "dead" then return finish(task, true, ...) end
    if ... ~= PARKED then
      finish(task, false, "a task yields only through almanac.task")
      coroutine.close(task.thread)
    end
  end
  check(coroutine.resume(task.thread, ...))
end

local function with_traceback(message)
  if message == CANCELLED then return message end
  message = mistake.text(message)
  if message:find("\nstack traceback:", 1, true) then return message end
  return debug.traceback(message, 2)
end

local task_methods = {}
local task_meta = { __index = task_methods }

---Starts `fn(…)` as a task of its own.
---@param fn function
---@return table task with await and cancel
function m.spawn(fn, ...)
  local arguments = table.pack(...)
  local task = setmetatable({ waiting = {} }, task_meta)
  task.thread = coroutine.create(function()
    local results = table.pack(xpcall(function()
      if task.cancelled then error(CANCELLED) end
      return fn(table.unpack(arguments, 1, arguments.n))
    end, with_traceback))
    if not results[1] then error(results[2], 0) end
    return table.unpack(results, 2, results.n)
  end)
  tasks[task.thread] = task
  make_ready(task)
  return task
end

---Waits for the task. Its error is raised here, with its own traceback.
---@param timeout number? seconds
---@return any ... what the task returned; or nil, message, "timeout" | "cancelled"
function task_methods:await(timeout)
  if not self.done then
    local stop
    local late = m.wait(function(wake)
      self.waiting[#self.waiting + 1] = wake
      stop = timeout and timers.after(timeout, wake, true)
      return stop
    end)
    if stop then stop() end
    if late then return nil, "timed out after " .. timeout .. " s", "timeout" end
  end
  unseen[self] = nil
  if self.ok then return table.unpack(self.values, 1, self.values.n) end
  if self.failure == CANCELLED then return nil, "cancelled", "cancelled" end
  error(self.failure, 0)
end

---Ends the task where it waits, now or next. An error passes through it, so that its
---clean-up runs. A task that has ended stays as it is.
function task_methods:cancel()
  if self.done or self.cancelled then return end
  self.cancelled = true
  local release = self.release
  if self.parked then
    self.parked, self.release, self.told = nil, nil, true
    if release then release() end
    make_ready(self, CANCELLED)
  end
end

---@return boolean current true in the code of this task, not in that of another
function m.is_current(task) return tasks[coroutine.running()] == task end

---@return boolean cancelled true for the error that ends a cancelled task: who catches errors passes it on
function m.is_cancellation(message) return message == CANCELLED end

---Lets the task wait; others run meanwhile.
---@param seconds number
function m.sleep(seconds)
  m.wait(function(wake) return timers.after(seconds, wake) end)
end

---Lets the other tasks run once.
function m.pause()
  m.sleep(0)
end

---Sets the certificates that https servers must be signed by, in place of the system's. Call it
---at the start of a program, or while no transfer is under way.
---@param ca_file string? path of a PEM file
function m.trust(ca_file)
  if ca_file == trusted then return end
  if next(transfers) then error("task.trust: transfers are under way", 2) end
  if multi then multi:close() end
  multi, trusted = nil, ca_file
end

---One HTTP transfer from start to end.
---@param request table as for core.http's multi:add
---@return table result as from multi:wait; a failure is in its `error` and `code`
function m.fetch(request)
  multi = multi or core.http.multi { ca_file = trusted }
  return m.wait(function(wake)
    local id = multi:add(request)
    transfers[id] = wake
    return function()
      transfers[id] = nil
      multi:cancel(id)
    end
  end)
end

---Runs `fn(…)`, and cancels it after `seconds`.
---@return any ... its results; or nil, message, "timeout"
function m.with_timeout(seconds, fn, ...)
  local task = m.spawn(fn, ...)
  local results = table.pack(task:await(seconds))
  if results[3] == "timeout" and not task.done then task:cancel() end
  return table.unpack(results, 1, results.n)
end

local function take_from(list)
  if type(list) == "function" then return list end
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

---Calls `fn(item)` for each item, at most `limit` at a time. An error in one call does
---not stop the others: all items are tried, and the failures are returned.
---@param list any[]|fun():any items; an iterator function is called until it gives nil
---@param limit integer
---@param fn fun(item: any)
---@return { item: any, message: string }[] failures in the order in which they happened
function m.each(list, limit, fn)
  local take, failures, workers = take_from(list), {}, {}
  local function work()
    local self = tasks[coroutine.running()]
    for item in take do
      local ok, message = xpcall(fn, with_traceback, item)
      -- A task that was cancelled here may be busy telling it; no other item is begun then.
      if message == CANCELLED or self.cancelled then error(CANCELLED, 0) end
      if not ok then failures[#failures + 1] = { item = item, message = message } end
    end
  end
  local _ <close> = setmetatable({}, { __close = function()
    for _, worker in ipairs(workers) do worker:cancel() end
  end })
  for i = 1, limit do workers[i] = m.spawn(work) end
  for _, worker in ipairs(workers) do worker:await() end
  return failures
end

local function answer(handler, request)
  local ok, message = xpcall(handler, with_traceback, request)
  if ok or message == CANCELLED then return end
  io.stderr:write("almanac: a request failed: ", tostring(message), "\n")
  request:reply { status = 500, body = "internal error\n" }
end

---Answers requests, each in a task of its own, until `m.unserve(server)`.
---@param server table from core.serve.listen
---@param handler fun(request: table)
function m.serve(server, handler)
  m.wait(function(wake)
    servers[#servers + 1] = { server = server, handler = handler, wake = wake }
    return function() m.unserve(server) end
  end)
end

---Ends `m.serve` for this server; requests in work go on.
function m.unserve(server)
  for i, entry in ipairs(servers) do
    if entry.server == server then
      table.remove(servers, i)
      return entry.wake()
    end
  end
end

local function run_ready()
  local last = ready_last
  while ready_first <= last do
    local entry = ready[ready_first]
    ready[ready_first] = nil
    ready_first = ready_first + 1
    resume(entry.task, table.unpack(entry, 1, entry.n))
  end
end

local function poll_transfers(seconds)
  local first = servers[1]
  for _, result in ipairs(multi:wait(seconds, first and first.server:fd())) do
    local wake = transfers[result.id]
    transfers[result.id] = nil
    if wake then wake(result) end
  end
end

local function poll_servers(seconds)
  for _, entry in ipairs { table.unpack(servers) } do
    for _, request in ipairs(entry.server:wait(seconds)) do
      m.spawn(answer, entry.handler, request)
    end
  end
end

local function poll(seconds)
  if #servers > 1 then seconds = math.min(seconds, 0.005) end
  if next(transfers) then
    poll_transfers(seconds)
    seconds = 0
  end
  if servers[1] then
    poll_servers(seconds)
  elseif seconds > 0 then
    core.sys.sleep(seconds)
  end
end

---Runs the tasks that are ready, then waits once. `run` and calls outside tasks do
---this in a loop; a program with a loop of its own may call it too.
---@return boolean going false when nothing is left that could wake anybody
function m.step()
  run_ready()
  local now = m.now()
  local pending = timers.due(now)
  local idle = ready_first > ready_last
  if idle and not (pending or next(transfers) or servers[1]) then return false end
  local seconds = idle and math.min(LONGEST, pending and pending - now or LONGEST) or 0
  if seconds > 0 or next(transfers) or servers[1] then poll(math.max(0, seconds)) end
  timers.fire(m.now())
  return true
end

local function cancel_rest(except)
  for _, task in pairs(tasks) do
    if task ~= except then task:cancel() end
  end
  run_ready()
end

---@return any failure of a task that nobody awaited, which `run` would raise at its end; it is forgotten then
function m.lost()
  local _, lost = next(unseen)
  unseen = {}
  return lost
end

---Runs `fn(…)` as the first task. When it ends, tasks that still run are cancelled. Its
---error is raised, and so is that of a task that nobody awaited.
---@param fn function
---@return any ... what `fn` returned
function m.run(fn, ...)
  if tasks[coroutine.running()] then return fn(...) end
  local main = m.spawn(fn, ...)
  while not main.done do
    if not m.step() and not main.done then error("all tasks wait for each other", 2) end
  end
  cancel_rest(main)
  local results = table.pack(main:await())
  local lost = m.lost()
  if lost then error(lost, 0) end
  return table.unpack(results, 1, results.n)
end

return m
