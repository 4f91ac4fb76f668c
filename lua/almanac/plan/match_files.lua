-- The files of titles, those that are there and those that are to be made: files that their
-- records name, else those with their match keys.
local attempt = require "almanac.run.attempt"
local judge = require "almanac.plan.judge"
local notes = require "almanac.run.notes"
local objects = require "almanac.recipe.inside.objects"
local reasons = require "almanac.run.reasons"
local record_titles = require "almanac.plan.record_titles"
local rulebook = require "almanac.recipe.inside.rulebook"
local states = require "almanac.run.states"
local thumbnail_pairs = require "almanac.plan.thumbnail_pairs"

local m = {}

local MOST_PAGES = 5000     -- files of one key that are looked at
local MOST_ALIKE = 20       -- the same without a rule `page`: there a second file is a doubt already

local CANDIDATES = [[SELECT file.id, file.path, file.size, file.problem, file_key.page
  FROM file_key JOIN file ON file.id = file_key.file_id WHERE file_key.key = ? LIMIT ?]]
local PART = "SELECT part FROM part WHERE file_id = ?"

---The files of a title as `changes` gets them, and the rows they stand for.
---@param files table[] rows { id, path, size, page, part, thumbnail }
---@return table[] list
---@return table<table, table> rows
function m.objects(files)
  local list, rows = {}, {}
  for i, row in ipairs(files) do
    local file = rulebook.show(objects.file(row.path, row.size), row)
    list[i], rows[file] = file, row
  end
  return list, rows
end

-- Puts the files of each title's keys into its groups.
local function find_by_keys(run, titles)
  local keys, groups, most = {}, {}, run.recipe.page and MOST_PAGES or MOST_ALIKE
  for _, title in ipairs(titles) do
    title.groups = {}
    for i, key in ipairs(title.keys) do
      keys[#keys + 1] = key
      title.groups[i] = { key = key, files = {} }
      groups[#keys] = title.groups[i]
    end
  end
  local asked, ids, paths, sizes, problems, pages = attempt.columns(run.db, CANDIDATES, #keys, keys, most)
  for i, place in ipairs(asked) do
    local files = groups[place].files
    files[#files + 1] = { id = ids[i], path = paths[i], size = sizes[i] or nil, problem = problems[i] or nil, page = pages[i] or nil,
      part = run.recipe.part and run.db:value(PART, ids[i]) }
  end
  for _, group in ipairs(groups) do
    if group.files[2] then table.sort(group.files, function(a, b) return a.path < b.path end) end
    group.more = #group.files == most
  end
end

---Finds the files of titles. Called inside an attempt.
---@param run table db, recipe
---@param titles { keys: string[], records: table[]?, named: table[]? }[] get `groups` and, of records, `named`
function m.find(run, titles)
  if run.recipe.file_key then find_by_keys(run, titles) end
  if run.names_files then record_titles.add_named(run, titles) end
end

-- Says why a title without files has none.
local function without_files(keys)
  if #keys == 0 then return reasons.new "no_key" end
  return reasons.new("no_file", { keys = reasons.some(keys) })
end

local function chosen(run, title)
  if title.named then return title.named, record_titles.doubts_of_named(title.named, run.how.same), {} end
  if not run.recipe.file_key then return {}, {}, {} end
  return judge.choose(title.groups, run.how)
end

-- Whether a title without files has nothing for the recipe: there is no record that may tell what to do.
local function needs_files(run, title) return run.recipe.file_key and not title.records end

---The files of a title; or nil, its state and reason, when it has none to take. Called inside an attempt.
---@param run table db, recipe, how
---@param title { row: table?, keys: string[], groups: table[]?, records: table[]?, named: table[]?, doubt: almanac.run.reason? }
---@return table[]|nil files
---@return string? state
---@return almanac.run.reason? reason
function m.of(run, title)
  local files, doubts, said = chosen(run, title)
  local doubt = title.doubt
  if doubt then table.insert(doubts, 1, doubt) end
  if #files == 0 and needs_files(run, title) then
    if doubt or run.how.every_key and run.recipe.reads.rows and title.keys[1] then
      return nil, states.ASK, doubt or reasons.new("list_file_missing", { keys = reasons.some(title.keys) })
    end
    return nil, states.SKIP, without_files(title.keys)
  end
  if doubts[1] then return nil, states.ASK, reasons.join(doubts) end
  for _, text in ipairs(title.row and said or {}) do attempt.run(run.db, notes.ADD, "title", title.row.id, text) end
  return run.recipe.thumbnail_of and thumbnail_pairs.add_to(run.db, files) or files
end

return m
