-- Knows what a title held before a write. A POST makes something new, so an answer
-- that names what was there already can't be about it, whatever it says; a page must
-- never go into a representation because of such an answer.
local readings = require "almanac.reading"

local m = {}

local function reading_of(job)
  return readings.decode(job.title.reading or "[]").representations or {}
end

local function is_old_representation(job, id)
  for _, known in ipairs(job.present or {}) do
    if known == id then return true end
  end
  for _, change in ipairs(job.changes or {}) do
    if change.representation_id == id then return true end
  end
  for _, rep in ipairs(reading_of(job)) do
    if rep.id == id then return true end
  end
  return false
end

local function is_old_file(job, pid)
  for _, change in ipairs(job.changes or {}) do
    if change.pid == pid then return true end
    for _, page in ipairs(change.pages) do
      if page.pid == pid then return true end
    end
  end
  for _, rep in ipairs(reading_of(job)) do
    for _, file in ipairs(rep.files or {}) do
      if file.pid == pid then return true end
    end
  end
  return false
end

-- Fails as for any answer that can't be read: whether the call happened is open.
local function no_answer(what, id)
  return nil, ("%s: the answer names %s, which was there before: what was made is looked for"):format(what, id), "parse",
    { errors = {}, unclear = true, unsent = false }
end

---Passes on the answer to POST representations when it is about a new one.
---@param job almanac.job
---@param rep table as Alma answered
---@return table|nil rep
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.new_representation(job, rep)
  if not is_old_representation(job, rep.id) then return rep end
  return no_answer("POST representations", rep.id)
end

---Passes on the answer to POST files when it is about a new one.
---@param job almanac.job
---@param file table as Alma answered
---@param before string[] file ids that were there, beside those that the plan and the run know
---@return table|nil file
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.new_file(job, file, before)
  local old = is_old_file(job, file.pid)
  for _, pid in ipairs(before) do old = old or pid == file.pid end
  if not old then return file end
  return no_answer("POST files", file.pid)
end

return m
