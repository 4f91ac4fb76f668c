-- Finds the files and titles for which a recipe's rules fail. One junk file or odd record ends a
-- plan, and should; but it must not keep the others from being explained.
local core = require "almanac.core"
local guard = require "almanac.recipe.guard"
local objects = require "almanac.recipe.inside.objects"
local rules = require "almanac.recipe.rules"
local sidecars = require "almanac.run.sidecars"
local trial = require "almanac.workbench.trial"

local m = {}

local MOST_STOPPED = 3      -- rules that had to be ended, before no more is tried
local MOST_ROUNDS = 20      -- titles that fail only in a plan, as in `changes`; each plan shows one of them

-- Writes down a rule's failure. Returns false when it makes no sense to go on.
local function note(work, list, name, ok, message, code)
  if ok then return true end
  list[name] = message
  if not guard.of(work.recipe).child then work.stopped = work.stopped + 1 end
  return code ~= "cancelled" and work.stopped < MOST_STOPPED
end

local function try_file(work, path, size)
  local file = objects.file(path, size)
  if work.sidecars then work.sidecars:add_to(file, path) end
  local last
  for _, answer in ipairs(rules.of_file(work.recipe, file, work.values)) do last = answer end
  return note(work, work.files, path, last.ok, last.value, last.more)
end

local function try_title(work, given)
  local title = objects.title(given.mms_id, given.title, given.reading)
  for _, answer in ipairs(rules.of_title(work.recipe, title, work.values)) do
    if not answer.ok then return note(work, work.titles, given.mms_id, false, answer.value, answer.more) end
  end
  return true
end

-- Calls the rules for each file and title by itself.
local function try_all(work, case)
  local walk = case.folder and core.files.walk(case.folder, nil, { within = true })
  work.sidecars = case.folder and sidecars.reader(nil, case.folder, case.recipe, case.values)
  while walk do
    local path, size = walk:next()
    if not path then break end
    if core.text.valid(path) and not path:find "%c" and not try_file(work, path, size) then return false end
  end
  for _, title in ipairs(case.records and {} or case.titles) do    -- titles of a file of records are made in the plan
    if not try_title(work, title) then return false end
  end
  return true
end

-- The title at which a plan failed, found in its message.
local function title_in(case, message)
  local id = message:match "%(rule [%l_]+, for '(%d+)'%)"
  for _, title in ipairs(id and case.titles or {}) do
    if title.mms_id == id then return id end
  end
end

---Plans as almanac.workbench.trial does, without the files and titles for which the rules fail.
---@param case table
---@return table|nil db
---@return string|{ files: table<string, string>, titles: table<string, string> } faults or the message; path or MMS ID -> message
---@return string? code
function m.plan(case)
  local db, message, code = trial.plan(case)
  local work = { recipe = case.recipe, values = case.values, files = {}, titles = {}, stopped = 0 }
  if db then return db, work end
  if code ~= "parse" or not try_all(work, case) then return nil, message, code end
  for _ = 1, MOST_ROUNDS do
    db, message, code = trial.plan(case, work)
    if db then return db, work end
    local id = title_in(case, message)
    if not id then return nil, message, code end
    work.titles[id] = message
  end
  return nil, message, code
end

return m
