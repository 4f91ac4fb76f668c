-- Looks at the text of a recipe without running it: names that are not there
-- (by luacheck), arguments, effects and readings that are not declared, what looks like keys.
local changes = require "almanac.recipe.inside.changes"
local effects = require "almanac.recipe.effects"
local key = require "almanac.recipe.inside.key"
local names_of = require "almanac.recipe.names"
local environment = require "almanac.recipe.inside.environment"
local secrets = require "almanac.recipe.secrets"
local words = require "almanac.words"

local m = {}

local own = changes.groups()
own.key, own.extend = key, function() end
local names, hints = environment.names(own)

local function sorted(t)
  local list = {}
  for name in pairs(t) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local top = sorted(names)

-- luacheck's settings: the names of a recipe, read only.
local SETTINGS = { std = { read_globals = {} }, unused_args = false, max_line_length = false, ignore = { "02", "6" } }
for _, name in ipairs(top) do
  local fields = {}
  for _, field in ipairs(names[name] ~= true and names[name] or {}) do fields[field] = {} end
  SETTINGS.std.read_globals[name] = names[name] == true and { other_fields = true } or { fields = fields }
end

local function suggestion(name, known)
  local near = words.nearest(name, known)
  return near and (", did you mean '%s'?"):format(near) or ""
end

local function about_name(name)
  local hint = hints[name] or words.nearest(name, top)
  if hints[name] then return ("recipes have no '%s': %s"):format(name, hint) end
  return ("recipes have no '%s'%s"):format(name,
    hint and (", did you mean '%s'?"):format(hint) or "; if it is yours, write `local` before it")
end

local function about_field(field, library)
  local known = names[library]
  return ("%s has no '%s'%s"):format(library, field, type(known) == "table" and suggestion(field, known) or "")
end

-- luacheck's remark in the words of recipes.
local function translate(issue)
  local code, name = issue.code, issue.name
  if code == "113" then return about_name(name) end
  if code == "111" or code == "112" then return ("'%s' is set but not declared: write `local %s`"):format(name, name) end
  if code == "143" then return about_field(issue.field, name) end
  if code == "121" or code == "122" or code == "142" then return ("'%s' is almanac's and can't be changed"):format(name) end
  return issue.text
end

local function check_names(issues)
  local list = {}
  for i, issue in ipairs(issues) do list[i] = { line = issue.line, text = translate(issue) } end
  return list
end

-- Lines without comments; a string with -- in it is cut as well, which does no harm here.
local function code_lines(text)
  local number = 0
  local next_line = (text .. "\n"):gmatch "([^\n]*)\n"
  return function()
    local line = next_line()
    number = number + 1
    if line then return number, (line:gsub("%-%-.*$", "")) end
  end
end

local function check_arguments(source, recipe)
  local known, list = {}, {}
  for i, entry in ipairs(recipe.args) do known[i] = entry[1] end
  local declared = {}
  for _, name in ipairs(known) do declared[name] = true end
  for number, line in code_lines(source.text) do
    for name in line:gmatch "%f[%w_]args%.([%a_][%w_]*)" do
      if not declared[name] then
        list[#list + 1] = { line = number,
          text = ("the argument '%s' is not declared in args%s"):format(name, suggestion(name, known)) }
      end
    end
  end
  return list
end

-- What a rule reads of titles only with the field `reads`.
local READ_BY = { { "%f[%w_]title%.record%f[^%w_]", "title.record", "record" }, { "%f[%w_]title:items%f[^%w_]", "title:items()", "items" },
  { "%f[%w_]title:rows%f[^%w_]", "title:rows()", "rows" }, { "%f[%w_]key%.barcodes%f[^%w_]", "key.barcodes", "items" } }

local function check_reads(source, recipe)
  local list, told = {}, {}
  for number, line in code_lines(source.text) do
    for _, entry in ipairs(READ_BY) do
      local what = entry[3]
      if not recipe.reads[what] and not told[what] and line:find(entry[1]) then
        told[what] = true
        list[#list + 1] = { line = number, text = ('%s is there only with the field reads = { "%s" }'):format(entry[2], what) }
      end
    end
  end
  return list
end

-- What luacheck has to say: names, and with them the effects.
local function check_text(recipe)
  local issues, uses = names_of.look(recipe.sources[1].text, SETTINGS)
  if not issues then return names_of.at_hand() and { { text = uses } } or {} end
  local list = check_names(issues)
  for _, remark in ipairs(effects.remarks(recipe, uses)) do list[#list + 1] = remark end
  return list
end

---Remarks on a recipe that loads, in the order of its lines.
---@param recipe table
---@return { line: integer?, text: string }[] remarks
function m.remarks(recipe)
  local source, all = recipe.sources[1], {}
  for _, list in ipairs { check_text(recipe), check_arguments(source, recipe), check_reads(source, recipe), secrets.of(source.text) } do
    table.move(list, 1, #list, #all + 1, all)
  end
  table.sort(all, function(a, b)
    if (a.line or 0) ~= (b.line or 0) then return (a.line or 0) < (b.line or 0) end
    return a.text < b.text
  end)
  return all
end

return m
