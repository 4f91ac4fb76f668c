-- Calls the rules of a recipe and checks what they answer. Every function
-- gives true and the answer, or false and a message that names rule and case.
local changes = require "almanac.recipe.changes"
local objects = require "almanac.recipe.objects"
local sandbox = require "almanac.recipe.sandbox"

local m = {}

local call = sandbox.call

local function failed(rule, case, message)
  if type(message) ~= "string" then message = "error without a text" end
  return false, ("%s (rule %s, for '%s')"):format(message, rule, case)
end

-- Keys are text; whole numbers are taken as their digits.
local function key_text(key)
  if type(key) == "string" then return key end
  if math.type(key) == "integer" then return ("%d"):format(key) end
end

---The key of a file.
---@param recipe table
---@param file table from objects.file
---@param args table
---@return boolean ok
---@return string|nil key nil: the recipe leaves the file out
function m.file_key(recipe, file, args)
  if not recipe.file_key then return true, nil end
  local ok, key = call(recipe.file_key, file, args)
  if not ok then return failed("file_key", file.path, key) end
  if not key or key == "" then return true, nil end
  local text = key_text(key)
  if text then return true, text end
  return failed("file_key", file.path, "a key is text; this one is a " .. type(key))
end

---The page of a file; nil when the recipe has no such rule or gives none.
---@return boolean ok
---@return string|number|nil page
function m.page(recipe, file, args)
  if not recipe.page then return true, nil end
  local ok, page = call(recipe.page, file, args)
  if not ok then return failed("page", file.path, page) end
  if page == nil or page == false then return true, nil end
  if type(page) == "string" or type(page) == "number" then return true, page end
  return failed("page", file.path, "a page is a number or text; this one is a " .. type(page))
end

---The keys of a title, each once, in the order given.
---@return boolean ok
---@return string[] keys
function m.title_keys(recipe, title, args)
  local ok, keys = call(recipe.title_keys, title, args)
  if not ok then return failed("title_keys", title.mms_id, keys) end
  if type(keys) ~= "table" then keys = { keys or nil } end
  local list, seen = {}, {}
  for _, key in ipairs(keys) do
    local text = key_text(key)
    if not text then return failed("title_keys", title.mms_id, "a key is text; this one is a " .. type(key)) end
    if text ~= "" and not seen[text] then
      seen[text] = true
      list[#list + 1] = text
    end
  end
  return true, list
end

---Whether the title takes part; the recipe may say why not.
---@return boolean ok
---@return boolean wanted
---@return string? reason
function m.wants(recipe, title, args)
  if not recipe.wants then return true, true end
  local ok, wanted, reason = call(recipe.wants, title, args)
  if not ok then return failed("wants", title.mms_id, wanted) end
  return true, wanted and true or false, type(reason) == "string" and reason or nil
end

local function check_change(recipe, change, known)
  if type(change) ~= "table" or not changes.effects[change.kind] then
    return "give what add.representation { … } returns, or a list of it"
  end
  local effect = changes.effects[change.kind]
  if not recipe.effects[effect] then
    return ("proposes %s, but its effects do not declare '%s'"):format(change.kind, effect)
  end
  for _, file in ipairs(change.files) do
    if not known[file] then return "files may hold only files that `changes` was given, each once" end
    known[file] = nil
  end
end

---The changes that the recipe proposes for a title.
---@param recipe table
---@param title table
---@param files table[] in page order
---@param args table
---@return boolean ok
---@return table[] list of changes; empty when it proposes nothing
function m.changes(recipe, title, files, args)
  if not recipe.changes then return true, {} end
  local known = {}
  for _, file in ipairs(files) do known[file] = true end
  local ok, proposed = call(recipe.changes, title, files, args)
  if not ok then return failed("changes", title.mms_id, proposed) end
  if not proposed then return true, {} end
  if type(proposed) == "table" and proposed.kind then proposed = { proposed } end
  if type(proposed) ~= "table" then return failed("changes", title.mms_id, "gives a " .. type(proposed)) end
  for _, change in ipairs(proposed) do
    local words = check_change(recipe, change, known)
    if words then return failed("changes", title.mms_id, words) end
  end
  return true, proposed
end

local function shown(value)
  if not value then return "nothing (the file is left out)" end
  return type(value) == "table" and "{ " .. table.concat(value, ", ") .. " }" or ("'%s'"):format(tostring(value))
end

local function check_names(recipe, rule, args, wrong)
  local names = {}
  for name in pairs(recipe.examples[rule] or {}) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for _, name in ipairs(names) do
    local expected = recipe.examples[rule][name]
    local ok, given = m[rule](recipe, objects.file(name), args)
    if not ok then
      wrong[#wrong + 1] = given
    elseif (given or false) ~= expected then
      wrong[#wrong + 1] = ("%s of '%s' gives %s, expected %s"):format(rule, name, shown(given), shown(expected))
    end
  end
end

local function example_title(case)
  local files = {}
  for i, name in ipairs(case.files) do files[i] = { path = name, label = name, name = objects.last_part(name) } end
  return objects.title(case.mms_id or "99", case.title or "",
    { representations = { { id = "12", usage_type = "PRESERVATION_MASTER", files = files } } })
end

local function check_titles(recipe, args, wrong)
  for i, case in ipairs(recipe.examples.title_keys or {}) do
    local ok, keys = m.title_keys(recipe, example_title(case), args)
    if not ok then
      wrong[#wrong + 1] = keys
    elseif table.concat(keys, "\0") ~= table.concat(case.keys, "\0") then
      wrong[#wrong + 1] = ("title_keys of example %d gives %s, expected %s"):format(i, shown(keys), shown(case.keys))
    end
  end
end

---Runs the recipe's own examples.
---@param recipe table
---@param args table its arguments
---@return string[] wrong one line for each example that does not hold
function m.examples(recipe, args)
  local wrong = {}
  check_names(recipe, "file_key", args, wrong)
  check_names(recipe, "page", args, wrong)
  check_titles(recipe, args, wrong)
  return wrong
end

return m
