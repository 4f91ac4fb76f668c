-- The arguments of a recipe. One table drives the options of the command
-- line, their help, conversion and errors.
local core = require "almanac.core"
local default_paths = require "almanac.recipe.inside.default_paths"
local plain = require "almanac.recipe.inside.plain"
local remarks = require "almanac.recipe.inside.remarks"
local sidecar_names = require "almanac.recipe.inside.sidecar_names"
local text_rules = require "almanac.recipe.inside.text"
local words = require "almanac.words"

local m = {}

local FIELDS = { required = "boolean", default = "any", help = "string", choices = "table", min = "number", max = "number" }
local METAVAR = {
  string = "TEXT", integer = "N", number = "N", dir = "DIR", file = "FILE",
  column = "HEADING", set = "ID|NAME", collection = "ID|NAME", list = "A,B,…", choice = "NAME", sidecar = "NAMES",
  words = "A,B,…",
}
-- Options that `almanac plan` has itself.
local TAKEN = { names = {}, by = "`almanac plan`" }
for name in ("recipe titles sheet charset titles_id oai oai_url oai_prefix oai_from sru sru_url output from refresh missing " ..
    "reserve keep_going collection profile " ..
    "exclude url rate json quiet help limit"):gmatch "[%a_]+" do
  TAKEN.names[name] = true
end

local function file_of_kind(kind, word)
  return function(text)
    if text == "" then return nil, ("no %s is named"):format(word) end
    local stat = core.files.stat(text)
    if not stat then return nil, ("'%s' does not exist"):format(text) end
    if stat.kind ~= kind then return nil, ("'%s' is no %s"):format(text, word) end
    return text
  end
end

local function number(text, entry)
  local value = tonumber(text)
  if not value then return nil, ("'%s' is no number"):format(text) end
  if entry.min and value < entry.min then return nil, ("%s is below %s"):format(text, entry.min) end
  if entry.max and value > entry.max then return nil, ("%s is above %s"):format(text, entry.max) end
  return value
end

local function integer(text, entry)
  local value, message = number(text, entry)
  if not value then return nil, message end
  local whole = math.tointeger(value)
  if not whole then return nil, ("'%s' is no whole number"):format(text) end
  return whole
end

local function choice(text, entry)
  for _, name in ipairs(entry.choices) do
    if name == text then return text end
  end
  local near = words.nearest(text, entry.choices)
  return nil, ("'%s' is none of %s%s"):format(text, table.concat(entry.choices, ", "),
    near and ("; did you mean '" .. near .. "'?") or "")
end

-- The option may be repeated, and hold several with commas between.
local function list(texts)
  local items = {}
  for item in table.concat(texts, ","):gmatch "[^,]+" do items[#items + 1] = item:match "^%s*(.-)%s*$" end
  return items
end

-- The first thing wrong with names of sidecars.
local function wrong_names(names)
  if #names > sidecar_names.most then return ("at most %d names of sidecars"):format(sidecar_names.most) end
  for _, name in ipairs(names) do
    local problem = type(name) ~= "string" and "the name of a sidecar is text" or sidecar_names.problem(name)
    if problem then return problem end
  end
end

local function sidecars(texts)
  local names = list(texts)
  local problem = wrong_names(names)
  if problem then return nil, problem end
  return names
end

-- The first thing wrong with words that do not count.
local function wrong_words(ignored)
  if #ignored > remarks.most then return ("at most %d words can be ignored"):format(remarks.most) end
  for _, word in ipairs(ignored) do
    local problem = type(word) ~= "string" and "a word is text" or remarks.problem(word)
    if problem then return problem end
  end
end

local function ignored_words(texts)
  local ignored = list(texts)
  local problem = wrong_words(ignored)
  if problem then return nil, problem end
  return ignored
end

local function as_given(text) return text end

local CONVERT = {
  string = as_given, set = as_given, collection = as_given, column = as_given, number = number, integer = integer,
  choice = choice, list = list,
  sidecar = sidecars, words = ignored_words, dir = file_of_kind("folder", "folder"), file = file_of_kind("file", "file"),
  boolean = function(text) return text == "true" end,
}
local LUA_TYPE = { number = "number", integer = "number", boolean = "boolean", list = "table", sidecar = "table", words = "table" }

-- Whether values of this type are lists.
local function is_list(kind) return LUA_TYPE[kind] == "table" end

local function is_list_default(entry)
  return is_list(entry[2]) and type(entry.default) == "table"
end

local function suggestion(name, known)
  table.sort(known)
  local near = words.nearest(tostring(name), known)
  return near and (", did you mean '" .. near .. "'?") or "; there are: " .. table.concat(known, ", ")
end

local function names_of(t)
  local found = {}
  for name in pairs(t) do found[#found + 1] = name end
  return found
end

local function check_name(name, seen, taken)
  if type(name) ~= "string" or not name:match "^[a-z][a-z0-9_]*$" then
    return nil, "args: each begins with its name in lower-case letters, e.g. { \"folder\", \"dir\" }"
  elseif taken.names[name] then
    return nil, ("args: '%s' is an option of %s itself; take another name"):format(name, taken.by)
  elseif seen[name] then
    return nil, ("args: '%s' is there twice"):format(name)
  end
  seen[name] = true
  return true
end

local function check_fields(entry)
  for field, value in pairs(entry) do
    local known = FIELDS[field]
    if type(field) == "string" and not known then
      return nil, ("args: '%s' has the unknown field '%s'%s"):format(entry[1], field, suggestion(field, names_of(FIELDS)))
    elseif known and known ~= "any" and type(value) ~= known then
      return nil, ("args: '%s': '%s' must be a %s"):format(entry[1], field, known)
    end
  end
  return true
end

local function is_text_list(value)
  for name, item in pairs(value) do
    if math.type(name) ~= "integer" or type(item) ~= "string" then return false end
  end
  return #value > 0 or next(value) == nil
end

-- What people read of an argument.
local function check_words(entry)
  local texts = { entry.help or "", type(entry.default) == "string" and entry.default or "" }
  for _, items in ipairs { entry.choices or {}, is_list_default(entry) and entry.default or {} } do
    if not is_text_list(items) then return nil, ("args: '%s': choices and lists hold text"):format(entry[1]) end
    table.move(items, 1, #items, #texts + 1, texts)
  end
  for _, text in ipairs(texts) do
    local problem = text_rules.problem_of_words(text)
    if problem then return nil, ("args: '%s': a text %s"):format(entry[1], problem) end
  end
  if entry.default ~= entry.default then return nil, ("args: the default of '%s' is no number"):format(entry[1]) end
  return true
end

local function flag(name) return "--" .. name:gsub("_", "-") end

local function check_entry(entry, seen, taken)
  local name, kind = entry[1], entry[2]
  local ok, message = check_name(name, seen, taken)
  if not ok then return nil, message end
  if not CONVERT[kind] then
    return nil, ("args: '%s' has the unknown type '%s'%s"):format(name, tostring(kind), suggestion(kind, names_of(CONVERT)))
  end
  ok, message = check_fields(entry)
  if not ok then return nil, message end
  if kind == "choice" and not entry.choices then return nil, ("args: '%s' needs choices = { … }"):format(name) end
  if entry.default ~= nil and type(entry.default) ~= (LUA_TYPE[kind] or "string") then
    return nil, ("args: the default of '%s' is a %s, but it is of type %s"):format(name, type(entry.default), kind)
  end
  ok, message = check_words(entry)
  if not ok then return nil, message end
  local elsewhere = default_paths.problem(entry, flag(entry[1]))
  if elsewhere then return nil, elsewhere end
  local problem = kind == "sidecar" and wrong_names(entry.default or {}) or kind == "words" and wrong_words(entry.default or {})
  if problem then return nil, ("args: '%s': %s"):format(name, problem) end
  return true
end

---Checks the `args` of a recipe.
---@param args table[] list of { name, type, required=, default=, help=, choices=, min=, max= }
---@param taken { names: table<string, boolean>, by: string }? names that the command has itself; those of `almanac plan`
---@return true|nil
---@return string? message
function m.check(args, taken)
  local seen = {}
  for _, entry in ipairs(args) do
    if type(entry) ~= "table" then return nil, "args: each is a table, e.g. { \"folder\", \"dir\" }" end
    local ok, message = check_entry(entry, seen, taken or TAKEN)
    if not ok then return nil, message end
  end
  return true
end

-- For a terminal: nothing that turns the direction of writing.
local function describe(entry)
  local parts = { entry.help or "" }
  if entry.choices then parts[#parts + 1] = "one of " .. table.concat(entry.choices, ", ") end
  if entry.required then
    parts[#parts + 1] = "required"
  elseif entry.default ~= nil and entry.default ~= "" and entry[2] ~= "boolean" then
    parts[#parts + 1] = "default: " .. (is_list(entry[2]) and table.concat(entry.default, ",") or tostring(entry.default))
  end
  return (plain.text(table.concat(parts, ", ")):gsub("^, ", ""))
end

---The arguments as lines of help: option, what it takes, what it is for.
---@param args table[]
---@return string[][] lines { "--folder DIR", "where the JPGs are (required)" }
function m.lines(args)
  local lines = {}
  for i, entry in ipairs(args) do
    local metavar = METAVAR[entry[2]]
    lines[i] = { flag(entry[1]) .. (metavar and " " .. metavar or ""), describe(entry) }
  end
  return lines
end

---Adds the recipe's options to a parser.
---@param args table[] of a script also with `only_on`: there is no `--no-…`
---@param parser table of argparse
function m.declare(args, parser)
  for _, entry in ipairs(args) do
    local name = entry[1]
    if entry[2] == "boolean" then
      parser:flag(flag(name), describe(entry)):target(name)
        :action(function(result) result[name] = "true" end)
      if not entry.only_on then
        parser:flag((flag(name):gsub("^%-%-", "--no-")), "not " .. flag(name)):target(name)
          :action(function(result) result[name] = "false" end)
      end
    elseif is_list(entry[2]) then
      parser:option(flag(name), describe(entry)):target(name):argname(METAVAR[entry[2]]):count "*"
    else
      parser:option(flag(name), describe(entry)):target(name):argname(METAVAR[entry[2]])
    end
  end
end

---Puts a negative number to its option, so that argparse doesn't take it for
---another: "--group", "-1" becomes "--group=-1".
---@param args table[] of the recipe
---@param texts string[] of the command line; changed in place
function m.join_negative(args, texts)
  local takes = {}
  for _, entry in ipairs(args) do takes[flag(entry[1])] = entry[2] ~= "boolean" end
  for i = #texts - 1, 1, -1 do
    if takes[texts[i]] and texts[i + 1]:find "^%-%.?%d" then texts[i] = texts[i] .. "=" .. table.remove(texts, i + 1) end
  end
end

---A text as the command line would give it for an argument of this type.
---@param kind string?
---@param text string
---@return string|string[]
function m.typed(kind, text)
  return is_list(kind) and { text } or text
end

-- A list that is not given is empty.
local function is_given(text)
  return text ~= nil and (type(text) ~= "table" or #text > 0)
end

---The values of the arguments.
---@param args table[] of the recipe
---@param given table<string, string|string[]> texts from the command line, lists as argparse gives them
---@param earlier table<string, any>? values of an earlier run, for what is not given
---@return table<string, any>|nil values
---@return string? message all that is wrong, in one line
function m.convert(args, given, earlier)
  local values, wrong = {}, {}
  for _, entry in ipairs(args) do
    local name, kind = entry[1], entry[2]
    local value, message
    if is_given(given[name]) then
      value, message = CONVERT[kind](given[name], entry)
      if message then wrong[#wrong + 1] = ("%s: %s"):format(flag(name), message) end
    elseif earlier and earlier[name] ~= nil then
      value = earlier[name]
    else
      value, message = entry.default, default_paths.link_out(entry, flag(entry[1]))
      wrong[#wrong + 1] = message
    end
    if type(value) == "string" and not core.text.valid(value) then
      wrong[#wrong + 1] = flag(name) .. ": is not UTF-8 text"
    elseif value == nil and entry.required and not message then
      wrong[#wrong + 1] = ("%s %s is missing%s"):format(flag(name), METAVAR[kind] or "",
        entry.help and " (" .. entry.help .. ")" or "")
    end
    values[name] = value
  end
  if wrong[1] then return nil, table.concat(wrong, "; ") end
  return values
end

---The values that the recipe itself gives.
---@param args table[]
---@return table<string, any>
function m.defaults(args)
  local values = {}
  for _, entry in ipairs(args) do values[entry[1]] = entry.default end
  return values
end

---The first argument of a type, e.g. the folder whose files take part.
---@param args table[]
---@param kind string
---@return string? name
function m.first(args, kind)
  for _, entry in ipairs(args) do
    if entry[2] == kind then return entry[1] end
  end
end

return m
