-- Calls the rules of a recipe, inside its process, and brings what they answer
-- into one form. Every function gives true and the answer, or false and a
-- message that names rule and case.
local behind = require "almanac.recipe.inside.environment".behind
local call = require "almanac.core".inside.call
local changes_of = require "almanac.recipe.inside.changes"
local kinds = require "almanac.change_kinds".kinds
local path_of = require "almanac.recipe.inside.objects".path_of
local record_name = require "almanac.recipe.inside.source_record".name
local shape = require "almanac.recipe.inside.rulebook".shape
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

-- What a rule is asked about, as people know it.
local CASE = { file = path_of, record = record_name, title = function(title) return title.mms_id end }

---Asks one rule about a file, a title or a record.
---@param rule almanac.recipe.rule
---@param recipe table
---@param subject table file, title or record
---@param args table
---@return boolean ok
---@return any value in the one form of its shape; nil: it gives nothing
---@return any more
function m.ask(rule, recipe, subject, args)
  local fn = recipe[rule.name]
  if not fn then return true, rule.otherwise end
  local case = CASE[rule.of](subject)
  local ok, given, second = call(rule.name, case, fn, subject, args)
  if not ok then return failed(recipe, rule.name, case, given) end
  local value, more, words = shape(rule).take(behind(given), second, rule.noun, subject)
  if words then return failed(recipe, rule.name, case, words) end
  return true, value, more
end

---Asks where each file that a title holds is to be saved.
---@param recipe table
---@param title table
---@param args table
---@return boolean ok
---@return (string|false)[] paths of all files, representation by representation
function m.save_as(recipe, title, args)
  local paths, text_shape = {}, shape { gives = "text" }
  for _, representation in ipairs(title:representations()) do
    for _, file in ipairs(representation.files) do
      local case = ("%s, %s"):format(title.mms_id, file.name)
      local ok, given = call("save_as", case, recipe.save_as, title, representation, file, args)
      if not ok then return failed(recipe, "save_as", case, given) end
      local path, _, words = text_shape.take(behind(given), nil, "a path")
      if words then return failed(recipe, "save_as", case, words) end
      paths[#paths + 1] = path or false
    end
  end
  return true, paths
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

-- An ingest says of its title what it was given, else what the rule `metadata` says.
local function with_metadata(recipe, about, change, args)
  local kind = kinds[change.kind]
  if not (kind and kind.fields.metadata and recipe.metadata) or change.metadata then return true, change end
  local record = about.records and about.records[1]
  local ok, given = call("metadata", about.name, recipe.metadata, record, change.files, args, about.records)
  if not ok then return failed(recipe, "metadata", about.name, given) end
  if given == nil then return true, change end
  local problem
  change.metadata, problem = changes_of.metadata_json(given, change.files)
  if problem then return failed(recipe, "metadata", about.name, problem) end
  return true, change
end

-- A new representation of a part says which, unless its label does so already.
local function labelled(data, part)
  local label = data.label
  local kind = kinds[data.kind]
  if not (part and kind and kind.makes == "representation") or label ~= nil and type(label) ~= "string" then return data end
  if not label or label == "" then
    data.label = part
  elseif not label:find(part, 1, true) then
    data.label = label .. ", " .. part
  end
  return data
end

-- Adds what a rule proposes for some files of a title, or of a record, to a list. `about`: the rule's
-- name, the title or record with its name, and the records.
local function propose(recipe, about, files, args, place, list)
  local rule, id = about.rule, about.name
  local ok, proposed, reason = call(rule, id, recipe[rule], about.subject, files, args, about.records)
  if not ok then return failed(recipe, rule, id, proposed) end
  if not proposed then
    list.reason = list.reason or type(reason) == "string" and reason or nil
    return true
  end
  if type(proposed) ~= "table" then return failed(recipe, rule, id, "gives a " .. type(proposed)) end
  if rawget(proposed, "kind") then proposed = { proposed } end
  if rawlen(proposed) > text.most_changes then
    return failed(recipe, rule, id, ("gives more than %d changes"):format(text.most_changes))
  end
  local part = files[1] and files[1].part
  for i = 1, rawlen(proposed) do
    local change = rawget(proposed, i)
    if type(change) == "table" then
      local fine, words = with_metadata(recipe, about, change, args)
      if not fine then return false, words end
    end
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

local function changes(recipe, about, files, args)
  local place, list = {}, {}
  for i, file in ipairs(files) do place[file] = i end
  for _, group in ipairs(by_parts(recipe, files)) do
    local ok, message = propose(recipe, about, group, args, place, list)
    if not ok then return false, message end
  end
  if list[1] ~= nil then list.reason = nil end
  if #list <= text.most_changes then return true, list end
  return failed(recipe, about.rule, about.name, ("gives more than %d changes"):format(text.most_changes))
end

---@param recipe table
---@param title table
---@param files table[]
---@param args table
---@param records table[] those that go with the title
---@return boolean ok
---@return table[] list of what the recipe proposes, a file as its place in `files`; `reason`: why it proposes nothing
function m.changes(recipe, title, files, args, records)
  if not recipe.changes then return true, {} end
  return changes(recipe, { rule = "changes", subject = title, name = title.mms_id, records = records }, files, args)
end

---@param recipe table
---@param records table[] of one title that is not there, mostly one
---@param files table[]
---@param args table
---@return boolean ok
---@return table[] list as m.changes
function m.missing(recipe, records, files, args)
  if not recipe.missing then return true, {} end
  local record = records[1]
  return changes(recipe, { rule = "missing", subject = record, name = record_name(record), records = records }, files, args)
end

return m
