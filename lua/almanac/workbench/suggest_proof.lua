-- Plans a whole folder with a recipe, in memory but as `plan` does it, and counts the titles that are
-- ready with files of their own.
local key = require "almanac.recipe.inside.key"
local objects = require "almanac.recipe.inside.objects"
local reason_groups = require "almanac.run.reason_groups"
local states = require "almanac.run.states"
local trial = require "almanac.workbench.trial"

local m = {}

---The most files, and the most titles, of such a plan.
m.most = 20000
local REASONS = 3

local READY = [[SELECT title.id, file.path, (SELECT key FROM file_key WHERE file_id = file.id LIMIT 1) AS key,
    file.id IN (SELECT id FROM set_aside) AS broken
  FROM title JOIN page ON page.title_id = title.id JOIN file ON file.id = page.file_id
  WHERE title.]] .. states.is(states.READY) .. " ORDER BY title.id"
local COUNT = [[SELECT count(*) AS files, coalesce(sum(reason_code = 'no_key_given'), 0) AS unread_files,
    coalesce(sum(reason_code = 'no_title'), 0) AS lost, coalesce(sum(reason_code = 'title_skipped'), 0) AS left_out FROM file]]
local UNPAGED = [[SELECT count(DISTINCT file_id) FROM file_key WHERE page IS NULL
  AND key IN (SELECT key FROM file_key GROUP BY key HAVING count(*) > 1)]]

-- What a name says besides match key and page: the letters at its beginning, and its other numbers.
local function others_of(file)
  local stem = objects.split_extension(objects.last_part(file.path))
  local base = key.fold(key.without_page(stem))
  local first, last = base:find(file.key or "", 1, true)
  local rest = first and base:sub(1, first - 1) .. " " .. base:sub(last + 1)
  local numbers = {}
  for number in (rest or ""):gmatch "%d+" do numbers[#numbers + 1] = number end
  return (key.fold(stem):match "^%a*") .. "\0" .. table.concat(numbers, "-")
end

-- True when the files of a title are of one thing, by what else their names say.
local function are_own(files)
  local others = {}
  for _, file in ipairs(files) do
    local folder = file.path:match "^(.*)/" or ""
    others[folder] = others[folder] or others_of(file)
    if others[folder] ~= others_of(file) then return false end
  end
  return true
end

local function each_ready(db)
  local titles, last = {}, nil
  for row in db:rows(READY) do
    if row.id ~= last then titles[#titles + 1] = {} end
    last = row.id
    table.insert(titles[#titles], row)
  end
  return titles
end

local function is_broken(files)
  for _, file in ipairs(files) do
    if file.broken == 1 then return true end
  end
  return false
end

-- Counts the titles that are ready, those whose files can't be used, and those that took files of others.
local function weigh(db, found)
  found.ready, found.ready_files, found.broken, found.foreign, found.own_files = 0, 0, 0, 0, 0
  for _, files in ipairs(each_ready(db)) do
    if not are_own(files) then
      found.foreign = found.foreign + 1
    else
      found.own_files = found.own_files + #files
      if is_broken(files) then
        found.broken = found.broken + 1
      else
        found.ready, found.ready_files = found.ready + 1, found.ready_files + #files
      end
    end
  end
end

local function reasons(db, state)
  local list, n = {}, 0
  for _, group in ipairs(reason_groups.of(db, state)) do
    n = n + group.n
    if #list < REASONS then list[#list + 1] = { reason = group.kind, n = group.n } end
  end
  return n, list
end

-- Files that can't be used don't count against a recipe here: only names are judged.
local function plan(case, found, recipe)
  local values = {}
  for name, value in pairs(found.values) do values[name] = value end
  local dir = require("almanac.recipe.inside.arguments").first(recipe.args, "dir")
  if dir then values[dir] = case.folder end
  return trial.plan { recipe = recipe, titles = found.titles or case.titles, folder = case.folder, values = values, names = true }
end

---True when a case is small enough to be planned as a whole.
---@param case table from almanac.workbench.suggest_names, with titles
---@param titles table[]?
---@return boolean
function m.can(case, titles)
  return titles ~= nil and case.folder ~= nil and case.total <= m.most and #titles <= m.most
end

---Plans with a recipe and the options found for it, and writes the result into `found`: ready and ready_files (titles and
---their files), own_files (also of titles whose files can't be used: broken), foreign (titles whose files are not of one
---thing), to_decide with `doubts`, and counts of files: files, unread_files, lost, left_out, unpaged.
---@param case table
---@param found table of almanac.workbench.suggest
---@param recipe table
---@return true|nil
---@return string? message
---@return string? code
function m.add_to(case, found, recipe)
  local db, message, code = plan(case, found, recipe)
  if not db then return nil, message, code end
  weigh(db, found)
  found.to_decide, found.doubts = reasons(db, states.ASK)
  for name, n in pairs(db:row(COUNT)) do found[name] = n end
  found.unpaged = db:value(UNPAGED)
  found.proven = true
  db:close()
  return true
end

return m
