-- What kinds that set fields of something in place have in common: a representation, a file. A field that is not as the
-- plan read it any more is left to a person; undo sets back what is still as it was set.
local ask = require "almanac.apply.ask"
local look = require "almanac.apply.kinds.look"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"

local m = {}

---@class almanac.apply.setting
---@field read fun(job: almanac.job, change: almanac.change): table<string, string>|nil, any, string? the fields as Alma has
---  them now
---@field find fun(job: almanac.job, change: almanac.change): table<string, string>|nil, any, string? the same, wherever the title
---  is now; code "missing": it is gone
---@field write fun(job: almanac.job, change: almanac.change, fields: table<string, string>): table|nil, string?, string?, table?
---@field answered fun(fields: table<string, string>, answer: table): table<string, string>? what Alma took otherwise
---@field planned fun(reading: table, change: almanac.change): table|nil, table<string, string>? what the plan read: the entry, and
---  its fields
---@field retake fun(entry: table, fields: table<string, string>) puts them into the entry
---@field changed fun(change: almanac.change, name: string, now: string, older: true?): almanac.run.reason a field became
---  another since the plan; older: as this run sets it
---@field meanwhile fun(change: almanac.change, name: string, now: string): almanac.run.reason while it was set
---@field own fun(change: almanac.change, name: string, now: string): almanac.run.reason since it was set
---@field back string words for what undo does, with a place for what it is about

-- Says how it differs from what the plan read, as far as the plan knows it.
local function changed_since(setting, reading, change, fields)
  local entry, seen = setting.planned(reading, change)
  local names = {}
  for name in pairs(entry and seen or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local now = fields[name] or ""
    if seen[name] ~= now then
      return setting.changed(change, name, now, now == change.spec[name] or nil), entry
    end
  end
end

-- Reads what the fields were that are going to be set; "" for empty ones.
local function before_of(setting, job, change)
  local fields, message, code = setting.read(job, change)
  if not fields then return nil, message, code end
  local reading, before = readings.decode(job.title.reading), {}
  local changed, entry = changed_since(setting, reading, change, fields)
  if changed then
    setting.retake(entry, fields)
    return ask.about(job, reading, changed)
  end
  for name in pairs(change.spec) do before[name] = fields[name] or "" end
  return before
end

local function set_fields(setting, job, change, kind, fields, before)
  return steps.perform(job, {
    change = change.seq, kind = kind, page = 0, during = states.CHANGING, after = states.CHANGING, before = before,
    call = function() return setting.write(job, change, fields) end,
    keep = function(answer)
      local answered = setting.answered(fields, answer)
      if answered then job.differs(change, answered) end
      return { answered = answered }
    end,
  })
end

-- Before a call is sent again, a person has to look at what somebody else set meanwhile.
local function look_again(setting, job, change)
  if not steps.is_open(job, change, "update") then return true end
  local fields, message, code = setting.read(job, change)
  if not fields then return nil, message, code end
  for name, before in pairs(steps.get(job, change, "update").before or {}) do
    local now = fields[name] or ""
    local doubt = name .. "=" .. now
    if now ~= before and now ~= change.spec[name] and not steps.is_decided(job, change, doubt) then
      return steps.ask(job, change, { kind = "update", doubts = { doubt } }, setting.meanwhile(change, name, now))
    end
  end
  return true
end

local function carry_out(setting, job, change)
  local before, message, code
  if not steps.begun(job, change, "update") then
    before, message, code = before_of(setting, job, change)
    if not before then return nil, message, code end
  end
  local done
  done, message, code = look_again(setting, job, change)
  if done then done, message, code = set_fields(setting, job, change, "update", change.spec, before) end
  return done and true, message, code
end

-- Fields that Alma answered otherwise than they were sent when they were set back.
local function set_back_as(job, change)
  local step = steps.get(job, change, "undo update")
  return step and step.state == "done" and step.result and step.result.answered or {}
end

local function look_at(setting, job, change)
  local found, step = { words = {} }, steps.get(job, change, "update")
  if not step then return found end
  local fields, message, code = setting.find(job, change)
  if not fields and code == "missing" then return found end
  if not fields then return nil, message, code end
  local planned, back = look.baseline(change), set_back_as(job, change)
  for name, before in pairs(step.before) do
    local now = fields[name] or ""
    before = now == back[name] and now or before
    if now ~= before and now ~= planned[name] then
      return nil, reasons.new("changed_since", { what = setting.own(change, name, now) }), "conflict"
    end
    if now ~= before then found.words[1] = setting.back:format(change.pid or change.representation_id) end
  end
  found.before = step.before
  return found
end

---The functions of a kind that sets fields, but for those that look at a title and put into words.
---@param setting almanac.apply.setting
---@return table kind
function m.kind(setting)
  local kind = {}
  function kind.settle() return true end
  function kind.begun(job, change) return steps.begun(job, change, "update") end
  function kind.expect() end
  function kind.carry_out(job, change) return carry_out(setting, job, change) end
  function kind.look(job, change) return look_at(setting, job, change) end

  function kind.take_back(job, change, found)
    if not (found and found.words[1]) then return true end
    local done, message, code = set_fields(setting, job, change, "undo update", found.before)
    return done and true, message, code
  end

  function kind.done_elsewhere(job, change)
    local fields = setting.read(job, change)
    local changed = fields and changed_since(setting, readings.decode(job.title.reading), change, fields)
    return changed ~= nil and changed ~= false and changed.data.older == true
  end

  return kind
end

return m
