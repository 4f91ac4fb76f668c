-- Checks the examples that a recipe has of its own rules: before every plan, and with
-- `almanac recipe test`.
local core_record = require "almanac.record"
local guard = require "almanac.recipe.guard"
local objects = require "almanac.recipe.inside.objects"
local plain = require "almanac.recipe.inside.plain"
local row_of = require "almanac.row"
local rulebook = require "almanac.recipe.inside.rulebook"
local rules = require "almanac.recipe.rules"
local sidecar_names = require "almanac.recipe.inside.sidecar_names"
local sidecars = require "almanac.recipe.sidecar"

local m = {}

---Processor time that all examples of a recipe may take together, in seconds.
m.seconds = 10

local function shown(value)
  if not value then return "nothing (the file is left out)" end
  return type(value) == "table" and "{ " .. table.concat(value, ", ") .. " }" or ("'%s'"):format(tostring(value))
end

-- The sidecars of the examples, by path: text as it would stand in the files.
local function example_sidecars(recipe, args, wrong)
  local texts = recipe.examples.sidecars
  local names = texts and sidecar_names.given(recipe.args, args)
  if not names then return nil end
  return sidecars.finder(names, function(path)
    if texts[path] == nil then return nil end
    local card, words = sidecars.new(path, tostring(texts[path]))
    if not card then wrong[#wrong + 1] = ("the sidecar '%s' of the examples %s"):format(path, words) end
    return card
  end)
end

-- A list stands for several keys, or for the file of a thumbnail with its suffix; the suffix need not be named.
local function is_expected(expected, key, more)
  if type(expected) ~= "table" then return (key or false) == expected and type(more) ~= "table" end
  return table.concat({ key, table.unpack(type(more) == "table" and more or { more }) }, "\0") == table.concat(expected, "\0")
end

-- A recipe that was stopped in one of its examples is not asked for the others.
local function is_stopped(recipe) return not guard.of(recipe).child end

local check = {}

function check.names(rule, recipe, args, wrong)
  local names, finder = {}, example_sidecars(recipe, args, wrong)
  for name in pairs(recipe.examples[rule.name] or {}) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for _, name in ipairs(names) do
    local expected, file = recipe.examples[rule.name][name], objects.file(name)
    file.sidecars = finder and finder:of(name)
    local ok, given, more = rules.ask(rule, recipe, file, args)
    if not ok then
      wrong[#wrong + 1] = given
      if is_stopped(recipe) then return end
    elseif not is_expected(expected, given, more) then
      wrong[#wrong + 1] = ("%s of '%s' gives %s, expected %s"):format(rule.name, name,
        shown(type(more) == "table" and { given, table.unpack(more) } or given), shown(expected))
    end
  end
end

local function example_title(case)
  local files = {}
  for i, name in ipairs(case.files or {}) do files[i] = { path = name, label = name, name = objects.last_part(name) } end
  return objects.title(case.mms_id or "99", case.title or "",
    { representations = { { id = "12", usage_type = "PRESERVATION_MASTER", files = files } }, record = case.record, items = case.items,
      rows = case.rows })
end

function check.cases(rule, recipe, args, wrong)
  for i, case in ipairs(recipe.examples[rule.name] or {}) do
    local ok, keys = rules.ask(rule, recipe, example_title(case), args)
    if not ok then
      wrong[#wrong + 1] = keys
      if is_stopped(recipe) then return end
    elseif table.concat(keys, "\0") ~= table.concat(case.keys, "\0") then
      wrong[#wrong + 1] = ("%s of example %d gives %s, expected %s"):format(rule.name, i, shown(keys), shown(case.keys))
    end
  end
end

-- A record of an example, as a source would give it.
local function example_record(case)
  local format = case.row and "row" or nil
  local content = case.record
  if case.row then
    local headings, cells = {}, {}
    for name in pairs(case.row) do headings[#headings + 1] = name end
    table.sort(headings)
    for i, name in ipairs(headings) do cells[i] = case.row[name] end
    content = row_of.encode(headings, cells)
  elseif content then
    format = core_record.is_elements(content) and "dc" or "marc"
  end
  return { identifier = case.id, datestamp = case.datestamp, deleted = case.deleted, sets = case.sets, format = format, content = content }
end

function check.records(rule, recipe, args, wrong)
  for i, case in ipairs(recipe.examples[rule.name] or {}) do
    local ok, given = rules.ask(rule, recipe, example_record(case), args)
    if not ok then
      wrong[#wrong + 1] = given
      if is_stopped(recipe) then return end
    elseif table.concat(given, "\0") ~= table.concat(case.gives, "\0") then
      wrong[#wrong + 1] = ("%s of example %d gives %s, expected %s"):format(rule.name, i, shown(given), shown(case.gives))
    end
  end
end

---Names whose key nobody has said yet, with what the rules give for each now.
---@param recipe table
---@param args table its arguments
---@return string[] lines as in file_key = { … }
function m.open(recipe, args)
  local lines = {}
  for i, name in ipairs(recipe.examples.open or {}) do
    local ok, given = rules.file_key(recipe, objects.file(name), args)
    lines[i] = ok and ('["%s"] = %s,'):format(name, given and '"' .. given .. '"' or "false") or given
  end
  return lines
end

---Runs the recipe's own examples.
---@param recipe table
---@param args table its arguments
---@return string[] wrong one line for each example that does not hold
function m.check(recipe, args)
  local wrong = {}
  local ok, message = guard.of(recipe):ask { "budget", m.seconds }
  if not ok then return { plain.line(message) } end
  for _, rule in ipairs(rulebook.with_examples()) do
    if not is_stopped(recipe) then check[rule.examples](rule, recipe, args, wrong) end
  end
  if not is_stopped(recipe) then guard.of(recipe):ask { "budget", 0 } end
  for i, line in ipairs(wrong) do wrong[i] = plain.line(line) end
  return wrong
end

return m
