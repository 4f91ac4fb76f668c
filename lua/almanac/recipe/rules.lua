-- Asks the rules of a recipe, which run in its own process, and checks what
-- they answer. Every function gives true and the answer, or false, a message
-- that names rule and case, and a code: "parse", or "cancelled" after Ctrl-C.
local changes = require "almanac.recipe.inside.changes"
local guard = require "almanac.recipe.guard"
local objects = require "almanac.recipe.inside.objects"
local plain = require "almanac.recipe.inside.plain"
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
  local thumbnail = file.thumbnail
  return { path = file.path, size = file.size, page = file.page, part = file.part, sidecars = file.sidecars,
    thumbnail = thumbnail and { path = thumbnail.path, size = thumbnail.size } or nil }
end

---Whether this may be a key or a page, or that there is none.
---@param value any
---@return boolean
function m.is_value(value)
  if type(value) == "string" then return not text.problem(value) end
  return not value or type(value) == "number"
end

local function ask_about_file(rule, recipe, file, args)
  if not recipe[rule] then return true, nil end
  local ok, answer, code = ask(recipe, rule, args, file_data(file))
  if not ok then return false, answer, code end
  if m.is_value(answer[1]) and (not answer[2] or m.are_keys(answer[2])) then return true, answer[1], answer[2] end
  return false, m.NONSENSE, "parse"
end

---The key of a file.
---@param recipe table
---@param file table from objects.file; `sidecars`: of almanac.recipe.sidecar
---@param args table
---@return boolean ok
---@return string|nil key nil: the recipe leaves the file out
---@return string[]|string|nil more further keys; a code when it is not ok
function m.file_key(recipe, file, args)
  return ask_about_file("file_key", recipe, file, args)
end

---The page of a file; nil when the recipe has no such rule or gives none.
---@return boolean ok
---@return string|number|nil page
---@return string? code
function m.page(recipe, file, args)
  return ask_about_file("page", recipe, file, args)
end

---The part of its title that a file is; nil when the recipe has no such rule or gives none.
---@return boolean ok
---@return string|nil part
---@return string? code
function m.part(recipe, file, args)
  local ok, part, code = ask_about_file("part", recipe, file, args)
  if not ok or part == nil or type(part) == "string" then return ok, part, code end
  return false, m.NONSENSE, "parse"
end

---Whether this names the file that a thumbnail belongs to, or that it is none.
---@param owner any false, or { path, suffix }
---@return boolean
function m.is_owner(owner)
  if not owner then return true end
  return type(owner) == "table" and type(owner[1]) == "string" and not text.problem(owner[1]) and text.is_suffix(owner[2])
end

---The file that a thumbnail belongs to; nil when the file is no thumbnail.
---@return boolean ok
---@return string|nil path
---@return string? suffix_or_code
function m.thumbnail_of(recipe, file, args)
  if not recipe.thumbnail_of then return true, nil end
  local ok, answer, code = ask(recipe, "thumbnail_of", args, file_data(file))
  if not ok then return false, answer, code end
  if m.is_owner(answer[1] and answer) then return true, answer[1], answer[2] end
  return false, m.NONSENSE, "parse"
end

---Whether this is a list of keys.
---@param keys any
---@return boolean
function m.are_keys(keys)
  if type(keys) ~= "table" or #keys > text.most_keys then return false end
  for _, key in ipairs(keys) do
    if type(key) ~= "string" or text.problem(key) then return false end
  end
  return true
end

---The keys of a title, each once, in the order given.
---@param title table from objects.title
---@return boolean ok
---@return string[] keys
---@return string? code
function m.title_keys(recipe, title, args)
  local ok, answer, code = ask(recipe, "title_keys", args, objects.plain(title))
  if not ok then return false, answer, code end
  if m.are_keys(answer[1]) then return true, answer[1] end
  return false, m.NONSENSE, "parse"
end

---Whether the title takes part; the recipe may say why not.
---@return boolean ok
---@return boolean wanted
---@return string? reason or code
function m.wants(recipe, title, args)
  if not recipe.wants then return true, true end
  local ok, answer, code = ask(recipe, "wants", args, objects.plain(title))
  if not ok then return false, answer, code end
  if type(answer[1]) ~= "boolean" then return false, m.NONSENSE, "parse" end
  return true, answer[1], answer[2] and guard.readable(answer[2])
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

local function check_names(recipe, rule, args, wrong)
  local names, finder = {}, example_sidecars(recipe, args, wrong)
  for name in pairs(recipe.examples[rule] or {}) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for _, name in ipairs(names) do
    local expected, file = recipe.examples[rule][name], objects.file(name)
    file.sidecars = finder and finder:of(name)
    local ok, given, more = m[rule](recipe, file, args)
    if not ok then
      wrong[#wrong + 1] = given
      if is_stopped(recipe) then return end
    elseif not is_expected(expected, given, more) then
      wrong[#wrong + 1] = ("%s of '%s' gives %s, expected %s"):format(rule, name,
        shown(type(more) == "table" and { given, table.unpack(more) } or given), shown(expected))
    end
  end
end

local function check_file_keys(recipe, args, wrong) check_names(recipe, "file_key", args, wrong) end
local function check_pages(recipe, args, wrong) check_names(recipe, "page", args, wrong) end
local function check_parts(recipe, args, wrong) check_names(recipe, "part", args, wrong) end
local function check_thumbnails(recipe, args, wrong) check_names(recipe, "thumbnail_of", args, wrong) end

local function example_title(case)
  local files = {}
  for i, name in ipairs(case.files or {}) do files[i] = { path = name, label = name, name = objects.last_part(name) } end
  return objects.title(case.mms_id or "99", case.title or "",
    { representations = { { id = "12", usage_type = "PRESERVATION_MASTER", files = files } }, record = case.record, items = case.items,
      rows = case.rows })
end

local function check_titles(recipe, args, wrong)
  for i, case in ipairs(recipe.examples.title_keys or {}) do
    local ok, keys = m.title_keys(recipe, example_title(case), args)
    if not ok then
      wrong[#wrong + 1] = keys
      if is_stopped(recipe) then return end
    elseif table.concat(keys, "\0") ~= table.concat(case.keys, "\0") then
      wrong[#wrong + 1] = ("title_keys of example %d gives %s, expected %s"):format(i, shown(keys), shown(case.keys))
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
  for _, check in ipairs { check_file_keys, check_pages, check_parts, check_thumbnails, check_titles } do
    if not is_stopped(recipe) then check(recipe, args, wrong) end
  end
  if not is_stopped(recipe) then guard.of(recipe):ask { "budget", 0 } end
  for i, line in ipairs(wrong) do wrong[i] = plain.line(line) end
  return wrong
end

return m
