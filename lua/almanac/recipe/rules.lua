-- Asks the rules of a recipe, which run in its own process, and checks what
-- they answer. Every function gives true and the answer, or false, a message
-- that names rule and case, and a code: "parse", or "cancelled" after Ctrl-C.
local changes = require "almanac.recipe.inside.changes"
local guard = require "almanac.recipe.guard"
local objects = require "almanac.recipe.inside.objects"
local rulebook = require "almanac.recipe.inside.rulebook"
local text = require "almanac.recipe.inside.text"

local m = {}

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

local function as_it_is(entry) return entry end

local DATA = { file = file_data, title = objects.plain, record = as_it_is }

---Asks a rule about a file, a title or a record.
---@param rule almanac.recipe.rule
---@param recipe table
---@param subject table from objects.file, with `sidecars` of almanac.recipe.sidecar, or from objects.title, or what a source gave
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
for _, of in ipairs { "file", "title", "record" } do
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

local function ask_all(of, recipe, subject, args)
  local list = {}
  for _, rule in ipairs(rulebook.asked(recipe, of)) do
    local ok, value, more = m.ask(rule, recipe, subject, args)
    list[#list + 1] = { rule = rule, ok = ok, value = value, more = more }
  end
  return list
end

---Asks about a title.
---@param recipe table
---@param title table
---@param args table
---@return almanac.recipe.answer[] answers of the rules that the recipe has
function m.of_title(recipe, title, args) return ask_all("title", recipe, title, args) end

---Asks about a record.
---@param recipe table
---@param entry almanac.run.entry
---@param args table
---@return almanac.recipe.answer[] answers of the rules that the recipe has
function m.of_record(recipe, entry, args) return ask_all("record", recipe, entry, args) end

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
    local problem = type(value) == "string" and name ~= "metadata" and text.problem(value)
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
---@param files table[] those that the rule was given
---@param rule string? "changes", or "missing"
---@return boolean ok
---@return table[]|string list of changes, or why it is refused; `reason`: in the recipe's words why there is none
---@return string? code
function m.take_changes(recipe, id, proposed, files, rule)
  local list, taken = { reason = proposed.reason and guard.readable(proposed.reason) }, {}
  if #proposed > text.most_changes then return false, m.NONSENSE, "parse" end
  for i, data in ipairs(proposed) do
    local change, words = take(recipe, data, files, taken)
    if not change then return false, ("%s (rule %s, for '%s')"):format(words, rule or "changes", id), "parse" end
    list[i] = change
  end
  return true, list
end

---The changes that the recipe proposes for a title.
---@param recipe table
---@param title table
---@param files table[] in page order
---@param args table
---@param records almanac.run.entry[]? those that go with it
---@return boolean ok
---@return table[] list of changes; empty when it proposes nothing, then perhaps with `reason`
---@return string? code
function m.changes(recipe, title, files, args, records)
  if not recipe.changes then return true, {} end
  local list = {}
  for i, file in ipairs(files) do list[i] = file_data(file) end
  local ok, proposed, code = ask(recipe, "changes", args, objects.plain(title), list, records or {})
  if not ok then return false, proposed, code end
  return m.take_changes(recipe, title.mms_id, proposed, files)
end

-- Whether these are as many paths as a title has files.
local function are_paths(paths, title)
  local shape, n = rulebook.shape { gives = "text" }, 0
  for _ in title:files() do n = n + 1 end
  if type(paths) ~= "table" or #paths ~= n then return false end
  for _, path in ipairs(paths) do
    if path ~= false and not (path and shape.is(path)) then return false end
  end
  return true
end

---Asks where each file that a title holds is to be saved.
---@param recipe table with the rule save_as
---@param title table from objects.title
---@param args table
---@return boolean ok
---@return (string|false)[]|string paths of its files, representation by representation; false: it is left out; or a message
---@return string? code
function m.save_as(recipe, title, args)
  local ok, answer, code = ask(recipe, "save_as", args, objects.plain(title))
  if not ok then return false, answer, code end
  if not are_paths(answer[1], title) then return false, m.NONSENSE, "parse" end
  return true, answer[1]
end

---The changes that the recipe proposes for a record that no title answers to.
---@param recipe table
---@param id string of the new title
---@param records almanac.run.entry[] of one title that is not there, mostly one
---@param files table[] in page order
---@param args table
---@return boolean ok
---@return table[] list as of m.changes
---@return string? code
function m.missing(recipe, id, records, files, args)
  if not recipe.missing then return true, {} end
  local list = {}
  for i, file in ipairs(files) do list[i] = file_data(file) end
  local ok, proposed, code = ask(recipe, "changes", args, false, list, records)
  if not ok then return false, proposed, code end
  return m.take_changes(recipe, id, proposed, files, "missing")
end

return m
