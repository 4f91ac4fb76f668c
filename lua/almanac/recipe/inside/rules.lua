-- Calls the rules of a recipe, inside its process, and brings what they answer
-- into one form. Every function gives true and the answer, or false and a
-- message that names rule and case.
local behind = require "almanac.recipe.inside.environment".behind
local call = require "almanac.core".inside.call
local path_of = require "almanac.recipe.inside.objects".path_of
local text = require "almanac.recipe.inside.text"

local getinfo = debug.getinfo
local OWN = getinfo(1, "S").source:match "^(.*)recipe/"     -- what almanac's functions come from

local m = {}

-- What to do about Lua's commonest words, for those who don't know Lua.
local ADVICE = {
  { "attempt to call a nil value", "there is no such function; `almanac recipe check` names the nearest" },
  { "attempt to .* nil", "nil is what was not found: look first, as in `if not value then return nil end`" },
  { "text expected, got nil", "nil is what was not found: look first, as in `if not value then return nil end`" },
}

local function advice(message)
  for _, entry in ipairs(ADVICE) do
    if message:find(entry[1]) then return "; " .. entry[2] end
  end
  return ""
end

-- Where the rule stands, for a message that names no line: of a value that was
-- given, or from behind `return f(x)`, which leaves nothing of where it stood.
local function placed(message, fn)
  if message:find "^[^\n]-:%d+: " then return message end
  local info = getinfo(fn, "S")
  if info.what == "C" or info.source:sub(1, #OWN) == OWN then return message end   -- as in `file_key = key.stem`
  local lines = info.linedefined == info.lastlinedefined and info.linedefined or info.linedefined .. "-" .. info.lastlinedefined
  return ("%s:%s: %s"):format(info.short_src, lines, message)
end

local function failed(recipe, rule, case, message)
  if type(message) ~= "string" then message = "error without a text" end
  return false, ("%s (rule %s, for '%s')%s"):format(placed(message, recipe[rule]), rule, case, advice(message))
end

-- Keys are text; whole numbers are taken as their digits.
local function key_text(key)
  if math.type(key) == "integer" then return ("%d"):format(key) end
  if type(key) ~= "string" then return nil, "a key is text; this one is a " .. type(key) end
  local problem = text.problem(key)
  if problem then return nil, "a key " .. problem end
  return key
end

-- Keys in a list, each once and none empty. What a rule gives is read as it is:
-- no metamethod runs where no step is counted.
local function key_list(given)
  local list, seen = {}, {}
  given = behind(given)
  for i = 1, rawlen(given) do
    local key, words = key_text(rawget(given, i))
    if i > text.most_keys then words = ("gives more than %d keys"):format(text.most_keys) end
    if words then return nil, words end
    if key ~= "" and not seen[key] then
      seen[key] = true
      list[#list + 1] = key
    end
  end
  return list
end

-- A list of keys is the first and, if there are any, the others.
local function several_keys(recipe, file, given)
  local list, words = key_list(given)
  if not list then return failed(recipe, "file_key", path_of(file), words) end
  local first = table.remove(list, 1)
  return true, first, list[1] and list or nil
end

---@return boolean ok
---@return string|nil key nil: the recipe leaves the file out
---@return string[]|nil more further keys
function m.file_key(recipe, file, args)
  if not recipe.file_key then return true, nil end
  local ok, key = call("file_key", path_of(file), recipe.file_key, file, args)
  if not ok then return failed(recipe, "file_key", path_of(file), key) end
  if not key or key == "" then return true, nil end
  if type(key) == "table" and rawget(behind(key), 1) ~= nil then return several_keys(recipe, file, key) end
  local words
  key, words = key_text(key)
  if key then return true, key end
  return failed(recipe, "file_key", path_of(file), words)
end

---@return boolean ok
---@return string|number|nil page
function m.page(recipe, file, args)
  if not recipe.page then return true, nil end
  local ok, page = call("page", path_of(file), recipe.page, file, args)
  if not ok then return failed(recipe, "page", path_of(file), page) end
  if page == nil or page == false then return true, nil end
  if type(page) == "number" then return true, page end
  if type(page) ~= "string" then
    return failed(recipe, "page", path_of(file), "a page is a number or text; this one is a " .. type(page))
  end
  local problem = text.problem(page)
  if problem then return failed(recipe, "page", path_of(file), "a page " .. problem) end
  return true, page
end

---@return boolean ok
---@return string|nil part of its title; nil: none that it says
function m.part(recipe, file, args)
  if not recipe.part then return true, nil end
  local ok, part = call("part", file.path, recipe.part, file, args)
  if not ok then return failed(recipe, "part", file.path, part) end
  if not part or part == "" then return true, nil end
  local words
  part, words = key_text(part)
  if part then return true, part end
  return failed(recipe, "part", file.path, (words:gsub("^a key", "a part")))
end

-- What a recipe gives as the file that a thumbnail belongs to.
local function wrong_owner(path, suffix, file)
  if type(path) ~= "string" then return "gives a " .. type(path) .. ", not the path of the file that it belongs to" end
  local problem = text.problem(path)
  if problem then return "a path " .. problem end
  if path == path_of(file) then return "says that a file is its own thumbnail" end
  if not text.is_suffix(suffix) then return "sends a thumbnail as " .. table.concat(text.suffixes, " or ") end
end

---@return boolean ok
---@return string|nil path of the file that it belongs to; nil: it is no thumbnail
---@return string? suffix
function m.thumbnail_of(recipe, file, args)
  if not recipe.thumbnail_of then return true, nil end
  local ok, path, suffix = call("thumbnail_of", path_of(file), recipe.thumbnail_of, file, args)
  if not ok then return failed(recipe, "thumbnail_of", path_of(file), path) end
  if not path or path == "" then return true, nil end
  suffix = suffix or text.suffixes[1]
  local words = wrong_owner(path, suffix, file)
  if words then return failed(recipe, "thumbnail_of", path_of(file), words) end
  return true, path, suffix
end

---@return boolean ok
---@return string[] keys each once, in the order given
function m.title_keys(recipe, title, args)
  local id = title.mms_id
  local ok, keys = call("title_keys", id, recipe.title_keys, title, args)
  if not ok then return failed(recipe, "title_keys", id, keys) end
  if type(keys) ~= "table" then keys = { keys or nil } end
  local list, words = key_list(keys)
  if list then return true, list end
  return failed(recipe, "title_keys", id, words)
end

---@return boolean ok
---@return boolean wanted
---@return string? reason
function m.wants(recipe, title, args)
  if not recipe.wants then return true, true end
  local ok, wanted, reason = call("wants", title.mms_id, recipe.wants, title, args)
  if not ok then return failed(recipe, "wants", title.mms_id, wanted) end
  return true, wanted and true or false, type(reason) == "string" and reason or nil
end

-- A change with the numbers of its files instead of them; 0: not one of them.
local function as_data(change, place)
  local data, files = {}, {}
  for name, value in next, change do data[name] = value end
  if type(data.files) ~= "table" then return data end
  for i = 1, rawlen(data.files) do files[i] = place[rawget(data.files, i)] or 0 end
  data.files = files
  return data
end

-- A new representation of a part says which, unless its label does so already.
local function labelled(data, part)
  local label = data.label
  if not part or data.kind ~= "add.representation" or label ~= nil and type(label) ~= "string" then return data end
  if not label or label == "" then
    data.label = part
  elseif not label:find(part, 1, true) then
    data.label = label .. ", " .. part
  end
  return data
end

-- Adds what is proposed for some of a title's files to a list.
local function propose(recipe, title, files, args, place, list)
  local id = title.mms_id
  local ok, proposed, reason = call("changes", id, recipe.changes, title, files, args)
  if not ok then return failed(recipe, "changes", id, proposed) end
  if not proposed then
    list.reason = list.reason or type(reason) == "string" and reason or nil
    return true
  end
  if type(proposed) ~= "table" then return failed(recipe, "changes", id, "gives a " .. type(proposed)) end
  if rawget(proposed, "kind") then proposed = { proposed } end
  if rawlen(proposed) > text.most_changes then
    return failed(recipe, "changes", id, ("gives more than %d changes"):format(text.most_changes))
  end
  local part = files[1] and files[1].part
  for i = 1, rawlen(proposed) do
    local change = rawget(proposed, i)
    list[#list + 1] = type(change) == "table" and labelled(as_data(change, place), part) or false
  end
  return true
end

-- The files of each part, in the order of the files; all of a title without parts.
local function by_parts(recipe, files)
  if not recipe.part then return { files } end
  local groups, of = {}, {}
  for _, file in ipairs(files) do
    local name = file.part or ""
    if not of[name] then
      of[name] = {}
      groups[#groups + 1] = of[name]
    end
    table.insert(of[name], file)
  end
  return groups[1] and groups or { files }
end

---@return boolean ok
---@return table[] list of what the recipe proposes, a file as its place in `files`; `reason`: why it proposes nothing
function m.changes(recipe, title, files, args)
  if not recipe.changes then return true, {} end
  local place, list = {}, {}
  for i, file in ipairs(files) do place[file] = i end
  for _, group in ipairs(by_parts(recipe, files)) do
    local ok, message = propose(recipe, title, group, args, place, list)
    if not ok then return false, message end
  end
  if list[1] ~= nil then list.reason = nil end
  if #list <= text.most_changes then return true, list end
  return failed(recipe, "changes", title.mms_id, ("gives more than %d changes"):format(text.most_changes))
end

return m
