-- The text of a new recipe, made from that of one that fits: its rules stay as
-- they are written, with their comments; name, examples and defaults become
-- those of the new one. Relies on how recipes are laid out: a field begins two
-- spaces in, and a block of several lines ends with a line of the same indent.
local rulebook = require "almanac.recipe.inside.rulebook"

local m = {}

local function quoted(text)
  return (("%q"):format(text):gsub("\\\n", "\\n"))
end

local function lines_of(text)
  local lines = {}
  for line in (text:gsub("\n*$", "\n")):gmatch "([^\n]*)\n" do lines[#lines + 1] = (line:gsub("\r$", "")) end
  return lines
end

-- Where the comment at the head ends.
local function after_header(lines)
  local i = 2
  while lines[i] and lines[i]:find "^%-%-" do i = i + 1 end
  while lines[i] == "" do i = i + 1 end
  return i
end

-- The last line of the field that begins in line i.
local function last_line(lines, i)
  if not lines[i]:find "[{(]%s*$" and not lines[i]:find "function%b()%s*$" then return i end
  for j = i + 1, #lines do
    if lines[j]:find "^  [%w})]" then return j end
  end
  return i
end

local function header(spec)
  local list = { "-- almanac-recipe: 1", "--" }
  for line in (spec.about .. "\n"):gmatch "([^\n]*)\n" do list[#list + 1] = ("-- " .. line):gsub("%s+$", "") end
  list[#list + 1] = ""
  return list
end

-- A value as one writes it in Lua.
local function literal(value)
  if type(value) == "string" then return quoted(value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for i, item in ipairs(value) do parts[i] = literal(item) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- One rule's examples, in the order given, with = below each other.
local function examples_of(rule, cases)
  local widest, list = 0, { ("    %s = {"):format(rule) }
  for _, case in ipairs(cases) do widest = math.max(widest, utf8.len(quoted(case[1])) or #quoted(case[1])) end
  for _, case in ipairs(cases) do
    local name, value = quoted(case[1]), case[2]
    local pad = (" "):rep(widest - (utf8.len(name) or #name))
    list[#list + 1] = ("      [%s]%s = %s,"):format(name, pad, literal(value))
  end
  list[#list + 1] = "    },"
  return list
end

local function examples(spec)
  local list = { "  -- cases that every plan checks first" , "  examples = {" }
  for _, rule in ipairs(rulebook.with_examples "names") do
    local cases = spec.examples[rule.name]
    if cases and cases[1] then table.move(examples_of(rule.name, cases), 1, #cases + 2, #list + 1, list) end
  end
  list[#list + 1] = "  },"
  return list
end

-- Ways in which an argument's line says what it is without being told.
local DEFAULTS = { '(default = )"[^"]*"', "(default = ){[^}]*}", "(default = )[%w.-]+", "()required = true" }

-- The line of an argument with another default.
local function with_default(line, value)
  local text = "default = " .. literal(value)
  for _, pattern in ipairs(DEFAULTS) do
    local first, last = line:find(pattern)
    if first then return line:sub(1, first - 1) .. text .. line:sub(last + 1) end
  end
  return (line:gsub('^(%s*{ "[%w_]+", +"%w+")', function(before) return before .. ", " .. text end))
end

local function name_in(line) return line:match '^%s+{ "([%w_]+)",' end

local function set_default(line, defaults)
  local name = name_in(line)
  if not name or defaults[name] == nil then return line end
  return with_default(line, defaults[name])
end

-- The line of an argument that the text leaves to the recipe that it extends.
local function argument(entry, value)
  local parts = { ("    { %q, %q, default = %s"):format(entry[1], entry[2], literal(value)) }
  if entry.min then parts[#parts + 1] = "min = " .. literal(entry.min) end
  if entry.max then parts[#parts + 1] = "max = " .. literal(entry.max) end
  if entry.choices then parts[#parts + 1] = "choices = " .. literal(entry.choices) end
  if entry.help then parts[#parts + 1] = "help = " .. literal(entry.help) end
  return table.concat(parts, ", ") .. " },"
end

-- Arguments whose default is another one and that have no line yet.
local function missing(lines, spec)
  local has, list = {}, {}
  for _, line in ipairs(lines) do
    if name_in(line) then has[name_in(line)] = true end
  end
  for _, entry in ipairs(spec.args or {}) do
    local value = spec.defaults[entry[1]]
    if value ~= nil and value ~= entry.default and not has[entry[1]] then list[#list + 1] = argument(entry, value) end
  end
  return list
end

-- The lines with these arguments added to the list there is, or as one before the first rule.
local function with_arguments(lines, list)
  if not list[1] then return lines end
  local result, done = {}, false
  for i, line in ipairs(lines) do
    if not done and (line:find "^  [%w_]+%s*= function" or line:find "^  examples%s*=" or line:find "^}") then
      while result[#result]:find "^  %-%-" do table.remove(result) end
      table.move({ "  args = {", table.unpack(list) }, 1, #list + 1, #result + 1, result)
      table.move({ "  },", "" }, 1, 2, #result + 1, result)
      for k = i - 1, 1, -1 do
        if not lines[k]:find "^  %-%-" then
          table.move(lines, k + 1, i - 1, #result + 1, result)
          break
        end
      end
      done = true
    end
    result[#result + 1] = line
    if not done and line:find "^  args%s*=%s*{%s*$" then
      table.move(list, 1, #list, #result + 1, result)
      done = true
    end
  end
  return result
end

local function replace(line, spec)
  local field = line:match "^  (%w+)%s*=%s*\""
  if field and spec.fields[field] then
    return (line:gsub('=(%s*)"[^"]*"', function(space) return "=" .. space .. quoted(spec.fields[field]) end, 1))
  end
  return set_default(line, spec.defaults)
end

---@param base string source of the recipe that it is made from
---@param spec { about: string, fields: table<string, string>, defaults: table<string, any>, args: table[], examples: table<string, table[]> }
---  about: the comment at its head; fields: name, summary, version; args: all that the recipe has; examples: { name, value }[] by rule
---@return string text
function m.text(base, spec)
  local lines = lines_of(base)
  lines = with_arguments(lines, missing(lines, spec))
  local result = header(spec)
  local i, found, has_cases = after_header(lines), {}, false
  for _, cases in pairs(spec.examples) do has_cases = has_cases or cases[1] ~= nil end
  while lines[i] do
    local field = lines[i]:match "^  (%w+)%s*="
    if field then found[field] = true end
    if field == "examples" and has_cases then
      while result[#result]:find "^  %-%-" do result[#result] = nil end
      table.move(examples(spec), 1, 1000, #result + 1, result)
      i = last_line(lines, i)
    elseif lines[i]:find "^}" and has_cases and not found.examples then
      result[#result + 1] = ""
      table.move(examples(spec), 1, 1000, #result + 1, result)
      result[#result + 1] = lines[i]
    else
      result[#result + 1] = replace(lines[i], spec)
    end
    i = i + 1
  end
  return table.concat(result, "\n") .. "\n"
end

---The page that goes with a new recipe.
---@param spec { name: string, base: string?, names: string[] }
---@return string
function m.readme(spec)
  local lines = { "# " .. spec.name, "", (spec.base and "Made from `%s` for" or "For"):format(spec.base) .. " files named like these:", "" }
  for _, name in ipairs(spec.names) do lines[#lines + 1] = "    " .. name end
  table.move({
    "", "What a file's name says, and which title it belongs to, stands in `recipe.lua`: change `file_key`, `page` and `title_keys`,",
    "then", "", ("    almanac recipe test %s"):format(spec.name),
    ("    almanac plan %s --folder FOLDER --titles TITLES -o first.run"):format(spec.name), "",
    "A plan changes nothing in Alma. `almanac show first.run` shows it again, `almanac recipe explain " .. spec.name .. " NAME` says why.",
  }, 1, 8, #lines + 1, lines)
  return table.concat(lines, "\n") .. "\n"
end

return m
