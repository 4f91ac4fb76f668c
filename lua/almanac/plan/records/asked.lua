-- Records that Alma is asked for one thing after the other: the deposits of each person, the requests of
-- each title. Several are asked for at a time; the answers keep the order of what was asked.
local core = require "almanac.core"
local json = require "almanac.json"
local task = require "almanac.task"

local m = {}

local PORTION = 32      -- asked for before their answers are given
local IN_FLIGHT = 8

local methods = {}

-- Alma said no to this one alone; the others may be answered.
local function is_own(code, detail)
  return detail and detail.answered and (code == "status" or code == "missing" or code == "parse")
end

local function ask_portion(self)
  local items, answers, failure = {}, {}, nil
  for i = 1, math.min(PORTION, #self.items - self.done) do items[i] = i end
  local raised = task.each(items, IN_FLIGHT, function(i)
    if failure then return end
    local item = self.items[self.done + i]
    local list, message, code, detail = self.ask(item)
    if list then
      answers[i] = list
    elseif is_own(code, detail) then
      answers[i], self.notes[#self.notes + 1] = {}, message
    else
      failure = { message, code }
    end
  end)
  if raised[1] then error(raised[1].message, 0) end
  if failure then return nil, table.unpack(failure) end
  self.page, self.at, self.done = {}, 0, self.done + #items
  for i = 1, #items do
    for _, object in ipairs(answers[i]) do self.page[#self.page + 1] = object end
  end
  return true
end

local function may_ask(self)
  if core.sys.interrupts() > 0 then return nil, "interrupted", "cancelled" end
  return self.allow(math.min(PORTION, #self.items - self.done))
end

function methods:next()
  while self.at == #self.page do
    if self.done == #self.items then return nil end
    local ok, message, code = may_ask(self)
    if ok then ok, message, code = ask_portion(self) end
    if not ok then return nil, message, code end
  end
  self.at = self.at + 1
  return self.entry_of(self.page[self.at])
end

function methods:place()
  return self.at == #self.page and json.encode { done = self.done, last = self.items[self.done] } or nil
end

-- How many were asked for in an earlier reading. When the list is another one by now, all are asked for again, and what is
-- kept is passed over.
local function done_of(items, place)
  local state = place and json.decode(place)
  return state and items[state.done] == state.last and state.done or 0
end

---Makes a source.
---@param source { items: string[], ask: (fun(item: string): table[]|nil, string?, string?, table?), entry_of: (fun(object: table): almanac.run.entry),
---  allow: (fun(calls: integer): true|nil, string?, string?), words: string, empty: string? } items: in an order that stays the same
---@param place string? of an earlier reading
---@return almanac.plan.source
function m.new(source, place)
  source.done, source.page, source.at, source.notes = done_of(source.items, place), {}, 0, {}
  return setmetatable(source, { __index = methods })
end

return m
