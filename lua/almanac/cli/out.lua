-- Writes what a person sees. Results go to stdout, remarks and progress to stderr. With --json,
-- stdout carries one JSON object a line instead.
local core = require "almanac.core"
local plain = require "almanac.recipe.inside.plain"
local task = require "almanac.task"
local words = require "almanac.words"

local RECENT = 30   -- seconds; the pace that is shown is that of so long

local m = { json = false, quiet = false }

-- Names, titles and messages may come from anybody, so a terminal gets them without control
-- characters. A file gets them as they are.
local function for_people(text, fd)
  return core.sys.is_terminal(fd) and plain.obeyed(text) or text
end

local live        -- the progress line that is on the terminal now

local function clear()
  if live then io.stderr:write("\r\27[K") end
end

---Writes a line of the result.
---@param text string
function m.say(text)
  if m.json then return end
  clear()
  io.stdout:write(for_people(text, 1), "\n")
  core.sys.flush()
end

---Writes a remark; with --quiet it is not written.
---@param text string
function m.note(text)
  if m.quiet then return end
  clear()
  io.stderr:write(for_people(text, 2), "\n")
end

---Says what went wrong and what to do next.
---@param text string
function m.fail(text)
  clear()
  io.stderr:write("almanac: ", for_people(text, 2), "\n")
end

-- JSON is UTF-8. In a name that is not, the bytes that are no ASCII become %XX.
local function as_text(value)
  if core.text.valid(value) then return value end
  return (value:gsub("[\x80-\xFF]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

---Writes an event; without --json it is not written.
---@param name string
---@param data table
function m.event(name, data)
  if not m.json then return end
  local event = { event = name }
  for key, value in pairs(data) do event[key] = type(value) == "string" and as_text(value) or value end
  io.stdout:write(require("almanac.json").encode(event), "\n")
  core.sys.flush()
end

---Gives a function that asks on the terminal; nil when there is no terminal.
---@return (fun(question: string): string?)? ask gives the line that was typed
function m.asker()
  if m.json or not (core.sys.is_terminal(0) and core.sys.is_terminal(2)) then return nil end
  return function(question)
    clear()
    io.stderr:write(question)
    return io.stdin:read "l"
  end
end

local progress_methods = {}

-- The pace of the last seconds: when it changes, the time left should follow.
local function recent_rate(self, now)
  local samples = self.samples
  samples[#samples + 1] = { time = now, done = self.done }
  while #samples > 2 and now - samples[1].time > RECENT do table.remove(samples, 1) end
  local first = samples[1]
  return (self.done - first.done) / math.max(now - first.time, 0.001)
end

local function line(self, now)
  local parts = { self.label, self.words or ("%d of %d"):format(self.done, self.total) }
  local rate = recent_rate(self, now)
  if self.words and self.total then parts[#parts + 1] = ("%d %%"):format(100 * self.done // math.max(self.total, 1)) end
  if rate > 0 and not self.words then parts[#parts + 1] = ("%.1f/s"):format(rate) end
  if self.flying > 0 then parts[#parts + 1] = self.flying .. " in flight" end
  if self.failed > 0 then parts[#parts + 1] = self.failed .. " failed" end
  if rate > 0 and self.total and self.done < self.total then
    parts[#parts + 1] = words.duration((self.total - self.done) / rate) .. " left"
  end
  return table.concat(parts, " · ")
end

local function show(self, force)
  local now = core.sys.monotonic()
  if not force and now < self.next_time then return end
  self.next_time = now + (self.terminal and 0.2 or 10)
  local text = line(self, now)
  m.event("progress", { label = self.label, done = self.done, total = self.total,
    in_flight = self.flying, failed = self.failed })
  if m.quiet or m.json then return end
  if self.terminal then
    io.stderr:write("\r\27[K", text:sub(1, core.sys.columns(2) - 1))
    live = self
  else
    io.stderr:write(text, "\n")
  end
end

---Counts one more that is in work.
function progress_methods:begin()
  self.flying = self.flying + 1
  show(self)
end

---Counts one that is finished. What is tried several times counts once, as it ended last.
---@param failed boolean?
---@param id any? what it is, when it may be tried again
function progress_methods:finish(failed, id)
  self.flying = math.max(0, self.flying - 1)
  local before = self.ended[id or false]
  if before == nil then self.done = self.done + 1 end
  self.failed = self.failed + (failed and 1 or 0) - (before and 1 or 0)
  if id then self.ended[id] = failed or false end
  show(self)
end

---Shows how far the work is, when its steps are too small to be counted here.
---@param done integer of the total
---@param text string what is shown in its place, e.g. "1,200 records"
function progress_methods:reach(done, text)
  self.done, self.words = done, text
  show(self)
end

---Takes the line off the terminal.
function progress_methods:close()
  self.ticker:cancel()
  if self.terminal and live == self then
    clear()
    live = nil
  end
end

---Shows how far a long work is: one line that renews itself on a terminal, a line every ten seconds
---elsewhere, and events with --json.
---@param label string what is done, e.g. "titles applied"
---@param total integer? nil when nobody knows; then `reach` says how far it is
---@return table progress with begin, finish, reach and close
function m.progress(label, total)
  local now = core.sys.monotonic()
  local terminal = core.sys.is_terminal(2)
  local self = setmetatable({
    label = label, total = total, done = 0, flying = 0, failed = 0, ended = {}, samples = { { time = now, done = 0 } },
    terminal = terminal, next_time = now + (terminal and 0.2 or 10),
  }, { __index = progress_methods })
  self.ticker = task.spawn(function()
    while true do
      task.sleep(0.5)
      show(self)
    end
  end)
  return self
end

return m
