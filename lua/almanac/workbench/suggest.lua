-- Finds the recipe that reads the names of a folder. Each recipe at hand is tried on a part of the
-- names, and on the titles when there are some; a recipe with options also with those that
-- almanac.workbench.guess finds. The best ones are then planned with the whole folder, since what
-- counts is which titles would be ready.
local arguments = require "almanac.recipe.inside.arguments"
local guess = require "almanac.workbench.guess"
local guess_remarks = require "almanac.workbench.guess_remarks"
local json = require "almanac.json"
local names_of = require "almanac.workbench.suggest_names"
local proof = require "almanac.workbench.suggest_proof"
local reading = require "almanac.workbench.suggest_reading"
local recipes = require "almanac.recipe"
local remarks = require "almanac.recipe.inside.remarks"
local sidecars = require "almanac.run.sidecars"
local word = require "almanac.shell".word

local m = {}

m.look, m.usual_extension = names_of.look, names_of.usual_extension
local MOST_PROVEN = 5

-- Adds the folder's own type of files, where the recipe's default is another.
local function with_type(recipe, ext, given)
  local all = {}
  for name, value in pairs(given) do all[name] = value end
  for _, entry in ipairs(recipe.args) do
    if entry[1] == "ext" and ext ~= "" then
      if entry[2] == "string" and entry.default ~= ext then all.ext = ext end
      if entry[2] == "list" and not table.concat(entry.default or {}, ","):find(ext, 1, true) then all.ext = { ext } end
    end
  end
  return all
end

-- The arguments for a try: defaults and guesses. Also the option that is missing and has no default.
local function values_for(recipe, given)
  local values, lacks = arguments.defaults(recipe.args), nil
  for _, entry in ipairs(recipe.args) do
    if given[entry[1]] ~= nil then values[entry[1]] = given[entry[1]] end
    if entry.required and values[entry[1]] == nil and entry[2] ~= "dir" and entry[2] ~= "set" then
      lacks = "--" .. entry[1]:gsub("_", "-")
    end
  end
  return values, lacks
end

-- With titles, the share of files that find one of their own counts. Without titles, the share of
-- names that are read counts, less for a rule that reads nearly any name. When all files are
-- sidecars there are no names to read.
local function score(found)
  if found.total == 0 then return -1 end
  local good = found.matched and found.own / found.total or found.read / found.total * (1 - found.loose)
  return good - found.same_page / found.total / 2
end

local function try_with(recipe, case, titles, given)
  local names = case.names
  given = with_type(recipe, case.ext, given)
  local values, lacks = values_for(recipe, given)
  local found = { name = recipe.called or recipe.name, summary = recipe.summary, path = recipe.path, depth = #recipe.sources,
    total = #names, read = 0, not_read = 0, same_page = 0, unread = json.array {}, examples = json.array {}, keys = {}, lacks = lacks,
    values = values, given = given, score = -1 }
  local without
  if titles then titles, without = reading.titles_for(recipe, titles) end
  if without and not titles[1] then found.without = without end
  if lacks or found.without then return found end
  found.titles, found.titles_lack = titles, without
  local reader = case.folder and sidecars.reader(nil, case.folder, recipe, values)
  local ok, message, code = reading.read_names(found, recipe, names, values, reader)
  if ok and titles then ok, message, code = reading.match_titles(found, recipe, titles, values) end
  if not ok and code == "cancelled" then return nil, message, code end
  if not ok then
    found.failed = message
    return found
  end
  found.loose = reading.looseness(recipe, values, case.ext)
  found.score, found.said, found.guessed = score(found), reading.said(found.keys), 0
  for _ in pairs(given) do found.guessed = found.guessed + 1 end
  return found
end

-- Tries options, and gives the result when it is better than `best`.
local function try_guesses(recipe, case, best, guesses, more)
  for _, guessed in ipairs(guesses) do
    if best.score >= 1 then break end       -- every file finds its title already
    local given = {}
    for _, options in ipairs { guessed.given, more or {} } do
      for name, value in pairs(options) do given[name] = value end
    end
    local found, message, code = try_with(recipe, case, guessed.titles or case.titles, given)
    if not found then return nil, message, code end
    found.from = guessed.from
    if found.score > best.score then best = found end
  end
  return best
end

-- The case with the words that may not count taken out.
local function cleaned(case)
  local clean, names = remarks.cleaner(case.words), {}
  for i, name in ipairs(case.names) do names[i] = clean(name) end
  local one = {}
  for name, value in pairs(case) do one[name] = value end
  one.names = names
  return one
end

local function without(list, i)
  local rest = table.move(list, 1, #list, 1, {})
  table.remove(rest, i)
  return rest
end

-- Takes out the ignored words that make no difference.
local function fewer_words(recipe, case, best, name)
  for i = #best.given[name], 1, -1 do
    local given = {}
    for option, value in pairs(best.given) do given[option] = value end
    given[name] = without(best.given[name], i)
    if #given[name] == 0 then break end
    local found, message, code = try_with(recipe, case, best.titles, given)
    if not found then return nil, message, code end
    found.from = best.from
    if found.score >= best.score then best = found end
  end
  return best
end

-- Tries again with words ignored. Only titles can tell whether that is any good.
local function try_words(recipe, case, best)
  local name = arguments.first(recipe.args, "words")
  if not name or not case.words[1] or not case.titles or best.without or best.score >= 1 then return best end
  local guesses = guess.of(recipe.name, cleaned(case))
  table.insert(guesses, 1, { given = {} })
  local found, message, code = try_guesses(recipe, case, best, guesses, { [name] = case.words })
  if not found or found == best then return found, message, code end
  return fewer_words(recipe, case, found, name)
end

-- Guessed options are taken only when they do better than the defaults.
local function try_recipe(recipe, case)
  local best, message, code = try_with(recipe, case, case.titles, {})
  if best then best, message, code = try_guesses(recipe, case, best, guess.of(recipe.name, case)) end
  if best then best, message, code = try_words(recipe, case, best) end
  return best, message, code
end

-- How two results are compared, the most telling figure first: +1 more is better, -1 less is better.
local ORDER = {
  { "share", 1 }, { "score", 1 }, { "depth", -1 },      -- a recipe comes before its variants
  { "said", 1 }, { "guessed", -1 },     -- first what compares more of the names and needs fewer guesses
  { "loose", -1 },
}

local function is_better(a, b)
  for _, entry in ipairs(ORDER) do
    local x, y = a[entry[1]] or 0, b[entry[1]] or 0
    if x ~= y then return (x > y) == (entry[2] > 0) end
  end
  return a.name < b.name
end

-- Plans with the best recipes. Those that were not planned come behind them.
local function prove(list, case)
  local n = 0
  for _, found in ipairs(list) do
    local promising = found.matched and found.matched > 0 and n < MOST_PROVEN
    if promising and proof.can(case, found.titles) then
      n = n + 1
      local recipe, message, code = recipes.load(found.path)
      if recipe then
        _, message, code = proof.add_to(case, found, recipe)
        recipes.close(recipe)
      end
      if code == "cancelled" then return nil, message, code end
      found.failed = message
      found.share = message and -1 or found.files > 0 and found.own_files / found.files or 0
    end
  end
  table.sort(list, is_better)
  return list
end

---Tries all recipes at hand that read names.
---@param case { names: string[], titles: table[]?, lists: string[], folder: string? } of almanac.workbench.suggest_names; titles as almanac.workbench.trial
---  gives them; lists: CSV files and workbooks that may say which file belongs to which title; folder: where the sidecars of the files are
---@return table[]|nil found best first: { name, summary, path, total, read, not_read, same_page, unread, examples, matched?, several?,
---  lacks?, without?, failed?, loose, score, values, given, from? } and, when `proven`, what almanac.workbench.suggest_proof adds;
---  lacks: an option that it can't be tried without; without: "record", "items" or "rows" when it reads these of titles, and all
---  came without; titles_lack: some did; given: the options that were guessed; from: the list that they and the titles came from
---@return string? message
---@return string? code
function m.try(case)
  case.ext = m.usual_extension(case.names)
  local at_hand, missing, why = recipes.list()
  if not at_hand then return nil, missing, why end
  case.words = guess_remarks.of(case)
  local list = {}
  for _, entry in ipairs(at_hand) do
    local recipe, wrong = recipes.load(entry.path)
    if not recipe then list[#list + 1] = { name = entry.name, failed = wrong, score = -1, depth = 1, given = {} } end
    if recipe and recipe.file_key and recipe.title_keys then   -- others match records
      recipe.called = entry.name
      local found, message, code = try_recipe(recipe, case)
      if not found then return nil, message, code end
      list[#list + 1] = found
    end
    if recipe then recipes.close(recipe) end
  end
  table.sort(list, is_better)
  return prove(list, case)
end

-- A value that begins with a dash would be taken for an option.
local function option(name, value)
  local flag = "--" .. name:gsub("_", "-")
  if value == true then return flag end
  if value == false then return "--no-" .. flag:sub(3) end
  value = type(value) == "table" and table.concat(value, ",") or tostring(value)
  return flag .. (value:find "^%-" and "=" or " ") .. word(value)
end

---The recipe and its options, as one types them.
---@param found table
---@return string
function m.command(found)
  local names, parts = {}, { found.name }
  for name in pairs(found.given) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do parts[#parts + 1] = option(name, found.given[name]) end
  return table.concat(parts, " ")
end

---True when the best one is good enough: with it most files are of titles that are ready, or it reads half of the names
---without reading nearly any name.
---@param found table
---@return boolean
function m.fits(found)
  if not found or found.lacks or found.without or found.failed or found.total == 0 then return false end
  if found.proven then return found.own_files * 2 > found.files end
  if found.matched then return found.own * 2 > found.total end
  return found.read * 2 >= found.total and found.loose < 0.5
end

return m
