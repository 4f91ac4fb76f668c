-- Which recipe reads the names of a folder: each one at hand is tried on a part
-- of the names and, when there are titles, on those; one that has options with
-- those that almanac.run.guess finds for it.
local arguments = require "almanac.recipe.arguments"
local core = require "almanac.core"
local guess = require "almanac.run.guess"
local json = require "almanac.json"
local objects = require "almanac.recipe.objects"
local recipes = require "almanac.recipe"
local rules = require "almanac.recipe.rules"
local sidecars = require "almanac.run.sidecars"
local word = require "almanac.shell".word

local m = {}

---How many names of a folder are tried.
m.most_names = 200
local MOST_WALKED = 100000
local MOST_LISTS = 5
local EXAMPLES = 3

-- Names of other kinds: a convention that reads these too says little.
local DECOYS = {
  "IMG_0001", "scan", "DSC04711", "Untitled-2", "grinnell_16037_OBJ", "dg_1729123456", "lib_ms80_ffc_desapark0017",
  "phpp_BrookChuck0012B", "990012345678904146", "6124186", "32101047381338_1_pm", "MS-2-744_20_30_001",
  "u0001_2009170_0000001_0001", "hir1910_02_13_001", "SmithJane2009", "CU1001a", "MIZPAS_K1879_0001", "Lapidus 4687988",
  "ocm01234567", "cover", "page 1", "final version (2)", "00000001", "notes",
}

-- A name with every number and every word as one sign.
local function form_of(name)
  return (name:gsub("%d+", "0"):gsub("[%a\x80-\xff]+", "a"))
end

-- Names of the form that most have come first, strays last.
local function commonest_first(names)
  local counts, place = {}, {}
  for i, name in ipairs(names) do
    counts[form_of(name)] = (counts[form_of(name)] or 0) + 1
    place[name] = i
  end
  table.sort(names, function(a, b)
    local x, y = counts[form_of(a)], counts[form_of(b)]
    if x ~= y then return x > y end
    return place[a] < place[b]
  end)
end

---Names of a folder, spread over all of it, those of the commonest form first.
---@param folder string
---@return { names: string[], total: integer, lists: string[], folder: string }|nil found total: files there are; lists: CSV
---  files at its top
---@return string? message
---@return string? code
function m.look(folder)
  local walk, message, code = core.files.walk(folder)
  if not walk then return nil, message, code end
  local all, lists = {}, {}
  for path, size in function() return walk:next() end do
    if size and core.text.valid(path) and not path:find "%c" then all[#all + 1] = path end
    if path:find "^[^/]+%.[cC][sS][vV]$" and #lists < MOST_LISTS then lists[#lists + 1] = folder:gsub("/+$", "") .. "/" .. path end
    if #all == MOST_WALKED then break end
  end
  local step, list = math.max(1, #all / m.most_names), {}
  for i = 1, math.min(#all, m.most_names) do list[i] = all[math.floor((i - 1) * step) + 1] end
  commonest_first(list)
  return { names = list, total = #all, lists = lists, folder = folder }
end

---The extension that most names have.
---@param names string[]
---@return string ext "" when there is none
function m.usual_extension(names)
  local counts, best = {}, ""
  for _, name in ipairs(names) do
    local ext = objects.file(name).ext
    counts[ext] = (counts[ext] or 0) + 1
    if counts[ext] > (counts[best] or 0) then best = ext end
  end
  return best
end

-- Arguments for a try: the defaults, the folder's own type of files, what was
-- guessed; and the option that somebody has to give.
local function values_for(recipe, ext, given)
  local values, lacks = arguments.defaults(recipe.args), nil
  for _, entry in ipairs(recipe.args) do
    if entry[1] == "ext" then values.ext = entry[2] == "list" and { ext } or ext end
    if given[entry[1]] ~= nil then values[entry[1]] = given[entry[1]] end
    if entry.required and values[entry[1]] == nil and entry[2] ~= "dir" and entry[2] ~= "set" then
      lacks = "--" .. entry[1]:gsub("_", "-")
    end
  end
  return values, lacks
end

local function key_of(recipe, name, values, reader)
  local file = objects.file(name)
  if reader and reader:add_to(file, name) then return nil end   -- who knows what it is
  local ok, key, code = rules.file_key(recipe, file, values)
  if not ok then return nil, nil, key, code end
  local page
  if key then
    ok, page, code = rules.page(recipe, file, values)
    if not ok then return nil, nil, page, code end
  end
  return key, page
end

local function title_keys(recipe, titles, values)
  local fits = {}
  for _, title in ipairs(titles) do
    local ok, keys, code = rules.title_keys(recipe, objects.title(title.mms_id, title.title, title.reading), values)
    if not ok then return nil, keys, code end
    for _, key in ipairs(keys) do fits[key] = (fits[key] or 0) + 1 end
  end
  return fits
end

-- What the recipe reads of titles and these were read without.
local function missing_of(recipe, titles)
  for what in pairs(recipe.reads) do
    for _, title in ipairs(titles) do
      if not title.reading[what] then return what end
    end
  end
end

local function add_limited(list, value)
  if #list < EXAMPLES then list[#list + 1] = value end
end

-- Reads all names; two names of one key and page are a collision.
local function read_names(found, recipe, names, values, reader)
  local seen = {}
  for _, name in ipairs(names) do
    local key, page, message, code = key_of(recipe, name, values, reader)
    if message then return nil, message, code end
    if reader and reader:is_one(name) then
      found.total = found.total - 1
    elseif not key then
      add_limited(found.unread, name)
    else
      found.read = found.read + 1
      local place = key .. "\0" .. tostring(page)
      if seen[place] then found.collisions = found.collisions + 1 end
      seen[place] = true
      found.keys[#found.keys + 1] = key
      add_limited(found.examples, { name = name, key = key, page = page })
    end
  end
  return true
end

local function match_titles(found, recipe, titles, values)
  found.matched, found.several = 0, 0
  if found.read == 0 then return true end     -- titles may be very many
  local fits, message, code = title_keys(recipe, titles, values)
  if not fits then return nil, message, code end
  for _, key in ipairs(found.keys) do
    if fits[key] == 1 then found.matched = found.matched + 1 end
    if (fits[key] or 0) > 1 then found.several = found.several + 1 end
  end
  return true
end

-- The share of foreign names that it reads as well.
local function looseness(recipe, values, ext)
  local read = 0
  for _, name in ipairs(DECOYS) do
    if key_of(recipe, ext ~= "" and name .. "." .. ext or name, values) then read = read + 1 end
  end
  return read / #DECOYS
end

-- Letters and digits of the keys.
local function said(keys)
  local n = 0
  for _, key in ipairs(keys) do n = n + select(2, key:gsub("%w", "")) end
  return n
end

-- With titles what counts is which files find theirs; without, how many names
-- are read by a rule that does not read just anything. Where all are sidecars
-- there is nothing to read.
local function score(found)
  if found.total == 0 then return -1 end
  local good = found.matched and found.matched / found.total or found.read / found.total * (1 - found.loose)
  return good - found.collisions / found.total / 2
end

local function try_with(recipe, case, titles, given)
  local names = case.names
  local ext = m.usual_extension(names)
  local values, lacks = values_for(recipe, ext, given)
  local found = { name = recipe.name, summary = recipe.summary, path = recipe.path, depth = #recipe.sources, total = #names, read = 0,
    collisions = 0, unread = json.array {}, examples = json.array {}, keys = {}, lacks = lacks, values = values, given = given, score = -1 }
  found.without = titles and missing_of(recipe, titles)
  if lacks or found.without then return found end
  local reader = case.folder and sidecars.reader(nil, case.folder, recipe, values)
  local ok, message, code = read_names(found, recipe, names, values, reader)
  if ok and titles then ok, message, code = match_titles(found, recipe, titles, values) end
  if not ok and code == "cancelled" then return nil, message, code end
  if not ok then
    found.failed = message
    return found
  end
  found.loose = looseness(recipe, values, ext)
  found.score, found.said, found.guessed = score(found), said(found.keys), 0
  for _ in pairs(given) do found.guessed = found.guessed + 1 end
  return found
end

-- Options are guessed only where they do better than none.
local function try_recipe(recipe, case)
  local best, message, code = try_with(recipe, case, case.titles, {})
  if not best then return nil, message, code end
  for _, guessed in ipairs(guess.of(recipe.name, case)) do
    if best.score >= 1 then break end       -- every file finds its title
    local found
    found, message, code = try_with(recipe, case, guessed.titles or case.titles, guessed.given)
    if not found then return nil, message, code end
    found.from = guessed.from
    if found.score > best.score then best = found end
  end
  return best
end

-- What tells which of two is to be shown first, the more telling first: +1 more is better, -1 less.
local ORDER = {
  { "score", 1 }, { "depth", -1 },      -- rather a recipe than its variant
  { "said", 1 }, { "guessed", -1 },     -- what compares more of the names, and needed to be told less
  { "loose", -1 },
}

local function is_better(a, b)
  for _, entry in ipairs(ORDER) do
    local x, y = a[entry[1]] or 0, b[entry[1]] or 0
    if x ~= y then return (x > y) == (entry[2] > 0) end
  end
  return a.name < b.name
end

---Tries all recipes at hand that read names.
---@param case { names: string[], titles: table[]?, lists: string[], folder: string? } names: paths; titles as almanac.run.trial
---  gives them; lists: CSV files that may say which file belongs to which title; folder: where the sidecars of the files are
---@return table[]|nil found best first: { name, summary, path, total, read, collisions, unread, examples, matched?, several?,
---  lacks?, without?, failed?, loose, score, values, given, from? }; lacks: an option that it can't be tried without; without:
---  "record", "items" or "rows" when it reads these of titles, and there is a title that came without; given: the options that
---  were guessed; from: the list that they and the titles came from
---@return string? message
---@return string? code
function m.try(case)
  case.ext = m.usual_extension(case.names)
  local at_hand, missing, why = recipes.list()
  if not at_hand then return nil, missing, why end
  local list = {}
  for _, entry in ipairs(at_hand) do
    local recipe, wrong = recipes.load(entry.path)
    if not recipe then list[#list + 1] = { name = entry.name, failed = wrong, score = -1, depth = 1, given = {} } end
    if recipe and recipe.file_key then
      local found, message, code = try_recipe(recipe, case)
      if not found then return nil, message, code end
      list[#list + 1] = found
    end
    if recipe then recipes.close(recipe) end
  end
  table.sort(list, is_better)
  return list
end

local function option(name, value)
  local flag = "--" .. name:gsub("_", "-")
  if value == true then return flag end
  return flag .. " " .. word(type(value) == "table" and table.concat(value, ",") or tostring(value))
end

---The recipe with the options that it was tried with, as one writes them.
---@param found table
---@return string
function m.command(found)
  local names, parts = {}, { found.name }
  for name in pairs(found.given) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do parts[#parts + 1] = option(name, found.given[name]) end
  return table.concat(parts, " ")
end

---Whether the best one is good enough to be taken: half of the files find their
---title, or half of the names are read by a rule that is not for all names.
---@param found table
---@return boolean
function m.fits(found)
  if not found or found.lacks or found.without or found.failed or found.total == 0 then return false end
  if found.matched then return found.matched * 2 >= found.total end
  return found.read * 2 >= found.total and found.loose < 0.5
end

return m
