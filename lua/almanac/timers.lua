-- The clock of almanac.task: a binary heap of calls, each to be made at its time.
local core = require "almanac.core"

local m = {}

local heap, size = {}, 0

local function before(a, b)
  return a.time < b.time or (a.time == b.time and a.order < b.order)
end

local function rise(i)
  local entry = heap[i]
  while i > 1 and before(entry, heap[i // 2]) do
    heap[i] = heap[i // 2]
    i = i // 2
  end
  heap[i] = entry
end

local function sink(i)
  local entry = heap[i]
  while true do
    local child = 2 * i
    if child > size then break end
    if child < size and before(heap[child + 1], heap[child]) then child = child + 1 end
    if not before(heap[child], entry) then break end
    heap[i] = heap[child]
    i = child
  end
  heap[i] = entry
end

local function pop()
  local first = heap[1]
  heap[1] = heap[size]
  heap[size] = nil
  size = size - 1
  if size > 0 then sink(1) end
  return first
end

local order = 0

---Calls `fn(value)` when `seconds` have passed.
---@param seconds number
---@param fn fun(value: any)
---@return fun() cancel
function m.after(seconds, fn, value)
  order = order + 1
  size = size + 1
  local entry = { time = core.sys.monotonic() + seconds, order = order, fn = fn, value = value }
  heap[size] = entry
  rise(size)
  return function() entry.fn = nil end
end

---When the next call is due.
---@return number? time on the monotonic clock; nil when there is none
function m.due()
  while size > 0 and not heap[1].fn do pop() end
  return size > 0 and heap[1].time or nil
end

---Makes the calls that are due.
---@param now number
function m.fire(now)
  local time = m.due()
  while time and time <= now do
    local entry = pop()
    entry.fn(entry.value)
    time = m.due()
  end
end

return m
