-- Looks at the text of a recipe without running it: names that are not there
-- (by luacheck), arguments that are not declared, strings that look like keys.
local changes = require "almanac.recipe.changes"
local core = require "almanac.core"
local key = require "almanac.recipe.key"
local quote = require "almanac.shell".quote
local sandbox = require "almanac.recipe.sandbox"
local words = require "almanac.words"

local m = {}

local own = changes.groups()
own.key, own.extend = key, function() end
local names, hints = sandbox.names(own)

local function sorted(t)
  local list = {}
  for name in pairs(t) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local top = sorted(names)

-- luacheck's settings: the names of a recipe, read only.
local function settings()
  local lines = {}
  for _, name in ipairs(top) do
    local fields = {}
    for i, field in ipairs(names[name] ~= true and names[name] or {}) do fields[i] = ("%q"):format(field) end
    lines[#lines + 1] = names[name] == true and ("%q"):format(name) or
      ("[%q] = { fields = { %s } }"):format(name, table.concat(fields, ", "))
  end
  return ("stds.recipe = { read_globals = { %s } }\nstd = 'recipe'\nunused_args = false\nmax_line_length = false\n" ..
    "ignore = { '6' }\n"):format(table.concat(lines, ", "))
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
local function translate(code, text)
  local name, of = text:match "'([^']+)'.-'([^']+)'"
  name = name or text:match "'([^']+)'"
  if code == "W113" then return about_name(name) end
  if code == "W111" or code == "W112" then return ("'%s' is set but not declared: write `local %s`"):format(name, name) end
  if code == "W143" then return about_field(name, of) end
  if code == "W121" or code == "W122" or code == "W142" then return ("'%s' is almanac's and can't be changed"):format(name) end
  return text
end

-- One remark a line: path:line:column: (code) text.
local function run_luacheck(path, config)
  local pipe <close> = assert(io.popen(("luacheck --config %s --no-color --formatter plain --codes --no-cache -- %s 2>/dev/null")
    :format(quote(config), quote(path))))
  local list = {}
  for line in pipe:lines() do
    local number, code, text = line:match ":(%d+):%d+: %((%u%d+)%) (.*)$"
    if number then list[#list + 1] = { line = tonumber(number), text = translate(code, text) } end
  end
  return list
end

---Whether luacheck is on this machine.
---@return boolean
function m.has_luacheck()
  local pipe <close> = assert(io.popen "command -v luacheck 2>/dev/null")
  return pipe:read "l" ~= nil
end

local function check_names(source)
  local folder, message = core.files.temp_folder()
  if not folder then return { { text = message } } end
  local _ <close> = setmetatable({}, { __close = function() core.files.remove(folder, { tree = true }) end })
  assert(core.files.write(folder .. "/settings", settings()))
  assert(core.files.write(folder .. "/recipe.lua", source.text))
  return run_luacheck(folder .. "/recipe.lua", folder .. "/settings")
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

-- What keys look like: Alma's, AWS's, and long texts of letters and digits mixed.
local KEYS = {
  { "%f[%w]l[78]xx%x%x%x%x%x%x%x%x+", "an API key of Ex Libris" }, { "%f[%w]A[KS]IA%u%u%u[%u%d]+", "an access key of AWS" },
  { "apikey%s+%w+", "an API key" },
}

local function looks_random(text)
  return #text >= 32 and text:find "%d" and text:find "%l" and (text:find "%u" or text:find "^%x+$") and not text:find "[%s%.,]"
end

---What in a text looks like a key, comments included.
---@param text string
---@return { line: integer, text: string }[] remarks
function m.secrets(text)
  local list, number = {}, 0
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    for _, kind in ipairs(KEYS) do
      if line:find(kind[1]) then
        list[#list + 1] = { line = number, text = ("holds what looks like %s: a recipe is shared"):format(kind[2]) }
      end
    end
    for quoted in line:gmatch "[\"']([%w+/=_%-]+)[\"']" do
      if looks_random(quoted) then
        list[#list + 1] = { line = number, text = "holds a string that looks like a key: a recipe is shared" }
        break
      end
    end
  end
  return list
end

---Remarks on a recipe that loads, in the order of its lines.
---@param recipe table
---@return { line: integer?, text: string }[] remarks
function m.remarks(recipe)
  local source, all = recipe.sources[1], {}
  for _, list in ipairs { m.has_luacheck() and check_names(source) or {}, check_arguments(source, recipe), m.secrets(source.text) } do
    table.move(list, 1, #list, #all + 1, all)
  end
  table.sort(all, function(a, b)
    if (a.line or 0) ~= (b.line or 0) then return (a.line or 0) < (b.line or 0) end
    return a.text < b.text
  end)
  return all
end

return m
