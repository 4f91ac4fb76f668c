-- Asks the rules of a recipe, which run in its own process, and checks what
-- they answer. Every function gives true and the answer, or false, a message
-- that names rule and case, and a code: "parse", or "cancelled" after Ctrl-C.
local changes = require "almanac.recipe.inside.changes"
local guard = require "almanac.recipe.guard"
local objects = require "almanac.recipe.inside.objects"
local plain = require "almanac.recipe.inside.plain"
local rulebook = require "almanac.recipe.inside.rulebook"
local sidecars = require "almanac.recipe.sidecar"
local sidecar_names = require "almanac.recipe.inside.sidecar_names"
local text = require "almanac.recipe.inside.text"

local m = {}

---Processor time that all examples of a recipe may take together, in seconds.
m.example_seconds = 10
---What a process that is not trusted gave in place of an answer.
m.NONSENSE = "the recipe's process gave an answer of another shape"

local function ask(recipe, rule, ...)
  local answer, message, code = guard.of(recipe):ask { rule, ... }
  if answer then return true, answer end
  return false, message, code
end

local function file_data(file)
  local data = { path = file.path, size = file.size, sidecars = file.sidecars }
  for _, rule in ipairs(rulebook.rules) do
    if rule.seen_as then data[rule.seen_as] = rulebook.plain(rule, file) end
  end
  return data
end

local DATA = { file = file_data, title = objects.plain }

---Asks a rule about a file or a title.
---@param rule almanac.recipe.rule
---@param recipe table
---@param subject table from objects.file, with `sidecars` of almanac.recipe.sidecar, or from objects.title
---@param args table
---@return boolean ok
---@return any value of its shape, or a message; nil: the recipe has no such rule, or it gives nothing
---@return any more what comes second, or a code
function m.ask(rule, recipe, subject, args)
  if not recipe[rule.name] then return true, rule.otherwise end
  local ok, answer, code = ask(recipe, rule.name, args, DATA[rule.of](subject))
  if not ok then return false, answer, code end
  local shape = rulebook.shape(rule)
  if not shape.is(answer[1], answer[2]) then return false, m.NONSENSE, "parse" end
  return true, answer[1], shape.words and answer[2] and guard.readable(answer[2]) or answer[2]
end

-- Each of these rules has a function of its name: m.page(recipe, file, args),
-- m.wants(recipe, title, args), …
for _, of in ipairs { "file", "title" } do
  for _, rule in ipairs(rulebook.about(of)) do
    m[rule.name] = function(...) return m.ask(rule, ...) end
  end
end

---@class almanac.recipe.answer what a rule said; value and more as of m.ask
---@field rule almanac.recipe.rule
---@field ok boolean
---@field value any
---@field more any

---Asks about a file as a plan does: until a rule fails, or ends it.
---@param recipe table
---@param file table
---@param args table
---@return almanac.recipe.answer[] answers of those that were asked
function m.of_file(recipe, file, args)
  local list = {}
  for _, rule in ipairs(rulebook.about "file") do
    if recipe[rule.name] or rule.ends == "nothing" then
      local ok, value, more = m.ask(rule, recipe, file, args)
      list[#list + 1] = { rule = rule, ok = ok, value = value, more = more }
      if not ok or rulebook.ends(rule, value) then break end
    end
  end
  return list
end

---Asks about a title.
---@param recipe table
---@param title table
---@param args table
---@return almanac.recipe.answer[] answers of the rules that the recipe has
function m.of_title(recipe, title, args)
  local list = {}
  for _, rule in ipairs(rulebook.asked(recipe, "title")) do
    local ok, value, more = m.ask(rule, recipe, title, args)
    list[#list + 1] = { rule = rule, ok = ok, value = value, more = more }
  end
  return list
end

local function take_files(data, files, taken)
  if type(data.files) ~= "table" then return nil, "'files' is a list of files" end
  local list = {}
  for i, place in ipairs(data.files) do
    if not files[place] or taken[place] then
      return nil, "files may hold only files that `changes` was given, each once"
    end
    taken[place], list[i] = true, files[place]
  end
  return list
end

local function wrong_text(data)
  for name, value in pairs(data) do
    local problem = type(value) == "string" and text.problem(value)
    if problem then return ("'%s' %s"):format(guard.readable(name), problem) end
  end
end

-- Effects that a change needs and the recipe does not declare.
local function undeclared(recipe, change)
  for _, effect in ipairs(changes.effects(change)) do
    if not changes.allows(recipe.effects, effect) then return effect end
  end
end

local HOW = "give what add.representation { … } and the like return, or a list of it"

-- Title after title the same but for its files: what was looked at once needs
-- no second look.
local function is_like(data, last)
  if not last or not last.files or type(data.files) ~= "table" or not data.files[1] then return false end
  for name in next, last do
    if data[name] == nil then return false end
  end
  for name, value in next, data do
    if value ~= last[name] and name ~= "files" then return false end
  end
  return true
end

-- From the data of a proposal the change that it describes.
local function look_at(recipe, data, files, taken)
  if type(data) ~= "table" or not changes.effects(data) then return nil, HOW end
  local effect = undeclared(recipe, data)
  if effect then return nil, ("proposes %s, but its effects do not declare '%s'"):format(data.kind, effect) end
  local words = wrong_text(data)
  if words then return nil, words end
  if data.files then
    data.files, words = take_files(data, files, taken)
    if words then return nil, words end
  end
  if not changes.is_change(data) then return nil, HOW end
  return data
end

local accepted = setmetatable({}, { __mode = "k" })   -- recipe -> its last change

local function take(recipe, data, files, taken)
  if type(data) == "table" and is_like(data, accepted[recipe]) then
    local words
    data.files, words = take_files(data, files, taken)
    return not words and data or nil, words
  end
  local change, words = look_at(recipe, data, files, taken)
  if change then accepted[recipe] = change end
  return change, words
end

---Makes changes of what a recipe's process proposed.
---@param recipe table
---@param id string MMS ID
---@param proposed table[] as data, files as places in `files`
---@param files table[] those that `changes` was given
---@return boolean ok
---@return table[]|string list of changes, or why it is refused; `reason`: in the recipe's words why there is none
---@return string? code
function m.take_changes(recipe, id, proposed, files)
  local list, taken = { reason = proposed.reason and guard.readable(proposed.reason) }, {}
  if #proposed > text.most_changes then return false, m.NONSENSE, "parse" end
  for i, data in ipairs(proposed) do
    local change, words = take(recipe, data, files, taken)
    if not change then return false, ("%s (rule changes, for '%s')"):format(words, id), "parse" end
    list[i] = change
  end
  return true, list
end

---The changes that the recipe proposes for a title.
---@param recipe table
---@param title table
---@param files table[] in page order
---@param args table
---@return boolean ok
---@return table[] list of changes; empty when it proposes nothing, then perhaps with `reason`
---@return string? code
function m.changes(recipe, title, files, args)
  if not recipe.changes then return true, {} end
  local list = {}
  for i, file in ipairs(files) do list[i] = file_data(file) end
  local ok, proposed, code = ask(recipe, "changes", args, objects.plain(title), list)
  if not ok then return false, proposed, code end
  return m.take_changes(recipe, title.mms_id, proposed, files)
end

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
    local ok, given, more = m.ask(rule, recipe, file, args)
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
    local ok, keys = m.ask(rule, recipe, example_title(case), args)
    if not ok then
      wrong[#wrong + 1] = keys
      if is_stopped(recipe) then return end
    elseif table.concat(keys, "\0") ~= table.concat(case.keys, "\0") then
      wrong[#wrong + 1] = ("%s of example %d gives %s, expected %s"):format(rule.name, i, shown(keys), shown(case.keys))
    end
  end
end

---Names whose key nobody has said yet, with what the rules give for each now.
---@param recipe table
---@param args table its arguments
---@return string[] lines as in file_key = { … }
function m.open_examples(recipe, args)
  local lines = {}
  for i, name in ipairs(recipe.examples.open or {}) do
    local ok, given = m.file_key(recipe, objects.file(name), args)
    lines[i] = ok and ('["%s"] = %s,'):format(name, given and '"' .. given .. '"' or "false") or given
  end
  return lines
end

---Runs the recipe's own examples.
---@param recipe table
---@param args table its arguments
---@return string[] wrong one line for each example that does not hold
function m.examples(recipe, args)
  local wrong = {}
  local ok, message = guard.of(recipe):ask { "budget", m.example_seconds }
  if not ok then return { plain.line(message) } end
  for _, rule in ipairs(rulebook.with_examples()) do
    if not is_stopped(recipe) then check[rule.examples](rule, recipe, args, wrong) end
  end
  if not is_stopped(recipe) then guard.of(recipe):ask { "budget", 0 } end
  for i, line in ipairs(wrong) do wrong[i] = plain.line(line) end
  return wrong
end

return m
