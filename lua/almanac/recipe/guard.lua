-- The process that a recipe runs in, as its owner sees it: started when it is
-- needed, started again after it was stopped, ended with `close` or when
-- nobody holds the recipe any more. almanac.recipe.inside is its other side.
local core = require "almanac.core"
local plain = require "almanac.recipe.inside.plain"

local m = {}

local LONGEST = 1000    -- bytes of a message that a recipe gives

---Processor time that one call of a rule may take, in seconds.
m.seconds = 5
---Seconds without any sign of life after which the process is ended.
m.silence = 30
---Whether the process filters its system calls; nil before one was started.
m.filtered = nil

local methods = {}
local meta = { __index = methods, __name = "recipe guard" }
local guards = setmetatable({}, { __mode = "k" })

local function library()
  local path = assert(package.searchpath("almanac.recipe.inside", package.path))
  return path:match "^(.*)/almanac/recipe/inside/init%.lua$" or "."
end

---Text of a process that is not trusted, for a person: one line of bounded length,
---UTF-8, and nothing in it that a terminal would obey.
---@param text any
---@return string
function m.readable(text)
  if type(text) ~= "string" then return "error without a text" end
  if #text > LONGEST then text = text:sub(1, LONGEST) .. " …" end
  return plain.line(text)
end

---A guard for the recipe with these sources; nothing is started yet.
---@param sources table[]? { name, path, text }, the recipe first; without them it is new and loads with `load`
---@return table guard
function m.new(sources)
  return setmetatable({ sources = sources, waiting = 0 }, meta)
end

---The guard of a loaded recipe.
---@param recipe table
---@return table guard
function m.of(recipe)
  local sources = recipe.sources
  local guard = guards[sources] or m.new(sources)
  guards[sources] = guard
  return guard
end

---Makes this the guard of a recipe.
---@param sources table[] the recipe's
function methods:keep(sources)
  self.sources = sources
  guards[sources] = self
end

local function open(guard)
  local child, message, code = core.guard.open {
    library = library(), seconds = m.seconds, silence = m.silence,
  }
  if not child then return nil, message, code end
  guard.child, guard.waiting, guard.fresh = child, 1, true
  return true
end

local function start(guard)
  local ready, message, code
  if not guard.fresh then
    ready, message, code = open(guard)
    if not ready then return nil, message, code end
  end
  guard.fresh = false
  ready, message, code = guard:receive()
  if not ready then return nil, message, code end
  m.filtered = ready.filtered
  if not guard.sources then return true end
  return guard:ask { "load", guard.sources }
end

-- What the process said last tells more than that it ended.
local function last_words(guard)
  repeat
    local reply = guard.child:receive(0)
    if reply and reply.stopped then return reply.stopped end
  until not reply
end

local function give_up(guard, message, code)
  local words = code == "closed" and last_words(guard)
  guard:close()
  return nil, words and m.readable(words) or message, words and "parse" or code
end

---Starts the process without waiting until it is ready, for what can be done meanwhile.
function methods:begin()
  if not self.child then open(self) end
end

---Sends a request; its answer is taken with `receive`, in the order of requests.
---@param request table
---@return true|nil
---@return string? message
---@return string? code
function methods:send(request)
  if not self.child or self.fresh then
    local ok, message, code = start(self)
    if not ok then return nil, message, code end
  end
  local ok, message, code = self.child:send(request)
  if not ok then return give_up(self, message, code) end
  self.waiting = self.waiting + 1
  return true
end

---Takes the answer to the oldest request.
---@param calls integer? how many calls of rules it may take
---@return table|nil answer
---@return string? message where and why the recipe failed or was stopped
---@return string? code "parse" the recipe failed, "timeout", "closed", "cancelled", "limit"
function methods:receive(calls)
  local reply, message, code = self.child:receive(calls or 8)
  if not reply then return give_up(self, message, code) end
  self.waiting = self.waiting - 1
  if type(reply) ~= "table" then reply = { stopped = "its process answered nonsense" } end
  if reply.stopped then self:close() end
  if reply.stopped or reply.failed then return nil, m.readable(reply.stopped or reply.failed), "parse" end
  return reply
end

---One question and its answer. Questions that nobody waits for any more are dropped.
---@param request table
---@param calls integer?
---@return table|nil answer
---@return string? message
---@return string? code
function methods:ask(request, calls)
  if self.waiting > 0 and not self.fresh then self:close() end
  local ok, message, code = self:send(request)
  if not ok then return nil, message, code end
  return self:receive(calls)
end

---Ends the process; the next question starts another.
function methods:close()
  if self.child then self.child:close() end
  self.child, self.waiting, self.fresh = nil, 0, false
end

return m
