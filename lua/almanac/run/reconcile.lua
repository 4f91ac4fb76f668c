-- What to do when the answer to a write is lost: look, and look again. A write
-- is repeated only when two complete looks, some seconds apart, both show that
-- it did not happen; exactly one thing that fits is taken for ours; anything
-- else is for a person to decide.
local task = require "almanac.task"

local m = {}

-- Seconds to wait before each look. Alma attaches a file in seconds, but may
-- go on with it after the connection is gone.
m.pauses = { 2, 6 }

---@param look fun(): table[]|nil, string?, string? all that fits, read completely
---@param longer number? seconds more before each look
---@return table|nil found
---@return string? message words for a person; nil when it is proven absent
---@return string? code "absent" proven so, "conflict" several fit, else why nobody can tell
function m.find(look, longer)
  for _, pause in ipairs(m.pauses) do
    task.sleep(pause + (longer or 0))
    local matches, message, code = look()
    if not matches then return nil, message, code end
    if #matches == 1 then return matches[1] end
    if #matches > 1 then
      return nil, ("%d things in Alma could be what was made here"):format(#matches), "conflict"
    end
  end
  return nil, nil, "absent"
end

local function same(planned, found)
  return planned == nil or found == nil or planned == found
end

local function value(coded)
  return type(coded) == "table" and coded.value or coded
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
    if not old[rep.id] and empty and (spec.label or "") == (rep.label or "")
      and same(spec.usage_type, value(rep.usage_type)) and same(spec.library, value(rep.library)) then
      fits[#fits + 1] = rep
    end
  end
  return fits
end

---Files that were not there before, of this name and size.
---@param list table[] files as Alma gives them
---@param before string[] file ids that were there already
---@param name string
---@param size integer? bytes; nil: any
---@return table[]
function m.new_files(list, before, name, size)
  local old, fits = {}, {}
  for _, pid in ipairs(before) do old[pid] = true end
  for _, file in ipairs(list) do
    local stored = file.path and file.path:match "[^/]+$"
    if not old[file.pid] and (stored == name or file.label == name) and same(size, tonumber(file.size)) then
      fits[#fits + 1] = file
    end
  end
  return fits
end

return m
