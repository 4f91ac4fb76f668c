-- Looks again at what a run of derivatives made: each is there with the digest that was
-- written down, decodes whole, and its master is as it was.
local core = require "almanac.core"
local task = require "almanac.task"

local m = {}

local LIST = [[SELECT derivative.path, derivative.size, derivative.sha256, file.path AS master, file.sha256 AS master_sha256
  FROM derivative JOIN file ON file.id = derivative.file_id WHERE named = 1 ORDER BY derivative.file_id, page]]

local function compare(path, sha256, what)
  local digest, message, code = core.files.sha256(path)
  if not digest and code == "missing" then return what .. " is gone" end
  if not digest then return what .. " can't be read: " .. message end
  if digest ~= sha256 then return what .. " changed since" end
end

local function problem_of(run, row)
  local problem = compare(run.to .. "/" .. row.path, row.sha256, "it")
  if problem then return problem end
  local ok, message = run.workers:check(run.to .. "/" .. row.path)
  if not ok then return message end
  return compare(run.masters .. "/" .. row.master, row.master_sha256, "its master " .. row.master)
end

---@param run almanac.derive.run
---@return { right: integer, wrong: integer } counts of derivatives
function m.run(run)
  local counts, list = { right = 0, wrong = 0 }, {}
  for row in run.db:rows(LIST) do list[#list + 1] = row end
  local failures = task.each(list, run.workers.size * 2, function(row)
    local problem = problem_of(run, row)
    local result = problem and "wrong" or "right"
    counts[result] = counts[result] + 1
    run.on.finish(row.path, not problem, problem)
  end)
  if failures[1] then error(failures[1].message, 0) end
  return counts
end

return m
