-- What to do when the answer to a write is lost: look, and look again, ever more
-- seldom, until Alma has had its time. Exactly one thing that fits is taken for
-- ours; anything else is for a person to decide.
local fields = require "almanac.representation_fields"
local reasons = require "almanac.run.reasons"
local task = require "almanac.task"

local m = {}

-- Seconds that Alma may go on with a call whose answer was lost. How long is not
-- documented; known are gateways that gave up after half a second while the work took a
-- minute (bodleian/almapy, 504).
m.bound = 180

-- How the pauses before the looks grow, as shares of the bound.
local GROWTH = { 2, 4, 8, 16, 30, 30, 30, 30, 30 }
local WHOLE = 180
-- A call that Alma itself answered with an error is over: two looks are enough.
local ANSWERED = 2

---Looks, ever more seldom, for the one thing that a write with a lost answer made.
---@param look fun(): table[]|nil, string?, string? all that fits, read completely
---@param options { answered: boolean?, longer: number? }? answered: Alma answered, with an error that leaves it open what
---  happened; longer: seconds more before the first look
---@return table|nil found
---@return string? message words for a person; nil when nothing is there
---@return string? code "absent" nothing is there, "conflict" several fit, else why nobody can tell
function m.find(look, options)
  local answered, longer = options and options.answered, options and options.longer or 0
  for i = 1, answered and ANSWERED or #GROWTH do
    task.sleep(GROWTH[i] / WHOLE * m.bound + (i == 1 and longer or 0))
    local matches, message, code = look()
    if not matches then return nil, message, code end
    if #matches == 1 then return matches[1] end
    if #matches > 1 then
      return nil, reasons.new("several_fit", { things = #matches }), "conflict"
    end
  end
  return nil, nil, "absent"
end

local PATIENT = 4   -- pauses of m.patiently

---Asks again while the answer is "lagging", for half a minute: lists may lag
---behind a write.
---@param ask fun(): any, ...
---@return any ... the last answer
function m.patiently(ask)
  local answer = table.pack(ask())
  for i = 1, PATIENT do
    if answer[1] ~= "lagging" then break end
    task.sleep(GROWTH[i] / WHOLE * m.bound)
    answer = table.pack(ask())
  end
  return table.unpack(answer, 1, answer.n)
end

---Seconds after which a call has surely come to its end, whatever became of it.
---@return number
function m.long_after()
  return 20 * m.bound
end

local function same(planned, found)
  return planned == nil or found == nil or planned == found
end

local function value(coded)
  return type(coded) == "table" and coded.value or coded
end

---Whether a representation can be of the planned sort at all: a remote one is known by the record in its repository, any
---other one is not remote.
---@param rep table as Alma gives it
---@param spec table the planned representation
---@return boolean
function m.is_of_sort(rep, spec)
  if not spec.originating_record_id then return not fields.is_remote(rep) end
  return rep.originating_record_id == spec.originating_record_id and same(spec.repository, value(rep.repository))
end

---Whether a representation is one of those of which a title wants one: a remote one of the same record, any other one of
---the same usage type. One of a brief list may be of any type.
---@param rep table as Alma gives it
---@param spec table the planned representation
---@return boolean
function m.is_rival(rep, spec)
  return m.is_of_sort(rep, spec) and (spec.originating_record_id ~= nil or same(spec.usage_type, value(rep.usage_type)))
end

---Representations that were not there before and look like the planned one.
---A brief list names no usage type and no library: then the label decides.
---@param list table[] representations as Alma gives them
---@param before string[] representation ids that were there already
---@param spec table the planned representation
---@return table[]
function m.new_representations(list, before, spec)
  local old, fits = {}, {}
  for _, id in ipairs(before) do old[id] = true end
  for _, rep in ipairs(list) do
    local empty = not rep.files or (tonumber(rep.files.total_record_count) or 0) == 0
    if not old[rep.id] and empty and m.is_of_sort(rep, spec) and (spec.label or "") == (rep.label or "")
      and same(spec.usage_type, value(rep.usage_type)) and same(spec.library, value(rep.library)) then
      fits[#fits + 1] = rep
    end
  end
  return fits
end

---Representations that were not there before, and are only in part like the planned
---one: somebody may have changed it since, given it files or another name.
---@param list table[] representations with all their fields
---@param before string[] representation ids that were there already
---@param spec table the planned representation
---@return table[]
function m.near_representations(list, before, spec)
  local known, near = {}, {}
  for _, id in ipairs(before) do known[id] = true end
  for _, rep in ipairs(m.new_representations(list, before, spec)) do known[rep.id] = true end
  for _, rep in ipairs(list) do
    local label, usage_type = spec.label or "", value(rep.usage_type)
    local is_alike = usage_type == nil or usage_type == spec.usage_type or label ~= "" and label == rep.label
      or spec.originating_record_id ~= nil
    if not known[rep.id] and m.is_of_sort(rep, spec) and is_alike then near[#near + 1] = rep end
  end
  return near
end

---Files that were not there before, of this name and size.
---@param list table[] files as Alma gives them
---@param before string[] file ids that were there already
---@param name string? nil: any
---@param size integer? bytes; nil: any
---@return table[]
function m.new_files(list, before, name, size)
  local old, fits = {}, {}
  for _, pid in ipairs(before) do old[pid] = true end
  for _, file in ipairs(list) do
    local stored = file.path and file.path:match "[^/]+$"
    if not old[file.pid] and (name == nil or stored == name or file.label == name) and same(size, tonumber(file.size)) then
      fits[#fits + 1] = file
    end
  end
  return fits
end

return m
