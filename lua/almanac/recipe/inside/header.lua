-- What the text of a recipe says of itself, read without running anything: the
-- first line says which format the rest is in, the comment below it is the
-- description, with lines `categories:` and `institutions:` if it has them.
-- Nobody knows the text yet, and nothing ends a pattern that is at work: those
-- in here look at each byte a few times, however the text is made.
local m = {}

local FORMAT = 1
local LISTS = { categories = true, institutions = true }
local TEXTS = { "name", "summary", "version", "license" }

---Checks the first line and takes a byte-order mark off.
---@param text string the recipe's source
---@param path string for messages
---@return string|nil source
---@return string? message
---@return string? code "parse"
function m.check(text, path)
  if text:sub(1, 3) == "\xEF\xBB\xBF" then text = text:sub(4) end
  if text:sub(1, 1) == "\27" then
    return nil, path .. ": is compiled Lua; a recipe is text that people can read", "parse"
  end
  local valid, position = utf8.len(text)
  if not valid then
    return nil, ("%s: is not UTF-8 text (byte %d); save it as UTF-8"):format(path, position), "parse"
  end
  local format = text:match "^%-%- almanac%-recipe: (%d+)[ \t]*\r?\n"
  if not format then
    return nil, path .. ": line 1 must be `-- almanac-recipe: 1`", "parse"
  elseif tonumber(format) ~= FORMAT then
    return nil, ("%s: is in recipe format %s; this almanac reads format %d"):format(path, format, FORMAT), "parse"
  end
  return text
end

local function lines_of(text)
  return (text .. "\n"):gmatch "([^\n]*)\n"
end

-- Without blanks around. `.-` in front of `%s*$` would look N times at N blanks.
local function trimmed(text)
  return text:match "^%s*(.*)$":match "^.*%S" or ""
end

---The text without the lines that are comments.
---@param text string the recipe's source
---@return string
function m.code(text)
  local lines = {}
  for line in lines_of(text) do
    if not line:find "^%s*%-%-" then lines[#lines + 1] = line end
  end
  return table.concat(lines, "\n")
end

-- The lines of the comment that follows the first line, without their dashes.
local function comment(text)
  local lines, first = {}, true
  for line in lines_of(text) do
    line = line:gsub("\r$", "")
    local words = not first and line:match "^%-%-%s?(.*)$"
    if not first and not words then break end
    lines[#lines + 1] = words or nil
    first = false
  end
  return lines
end

local function list_field(line)
  local name, values = line:match "^%s*(%l+):(.*)$"
  if LISTS[name] then return name, values end
end

local function split(values)
  local list = {}
  for value in values:gmatch "[^,]+" do
    value = trimmed(value)
    if value ~= "" then list[#list + 1] = value end
  end
  return list
end

---The comment that follows the first line, without its dashes and the lists in it.
---@param text string the recipe's source
---@return string
function m.description(text)
  local lines = {}
  for _, line in ipairs(comment(text)) do
    if not list_field(line) then lines[#lines + 1] = line end
  end
  return trimmed(table.concat(lines, "\n"))
end

---What the recipe is for and who uses it: lines of the comment at its head,
---`-- categories: naming, newspapers` and `-- institutions: Grinnell College`.
---@param text string the recipe's source
---@return { categories: string[], institutions: string[] }
function m.lists(text)
  local lists = { categories = {}, institutions = {} }
  for _, line in ipairs(comment(text)) do
    local name, values = list_field(line)
    if name then table.move(split(values), 1, 50, #lists[name] + 1, lists[name]) end
  end
  return lists
end

-- The table that is returned, without comments that fill a line.
local function body(text)
  return ("\n" .. m.code(text)):match "\nreturn%f[^%w_](.*)" or ""
end

-- Whether what begins here is a field: first on its line, or behind { or a comma.
local function is_field(code, start)
  repeat start = start - 1 until not code:find("^[ \t\r]", start) or start < 1
  return start < 1 or code:find("^[{,\n]", start) ~= nil
end

-- The value of a field, where it is written so.
local function value_of(code, name, pattern)
  for start, value in code:gmatch("()%f[%w_]" .. name .. "%s*=%s*" .. pattern) do
    if is_field(code, start) then return value end
  end
end

local function strings_in(list)
  local found = {}
  for value in (list or ""):gmatch '"([^"\\\n]*)"' do found[#found + 1] = value end
  return found
end

local SHIPPED = "almanac:"      -- no name of a recipe has a colon

---What stands for a recipe that comes with almanac, whoever else has one of its name.
---@param name string
---@return string key
function m.shipped_key(name)
  return SHIPPED .. name
end

---@param key string
---@return string? name nil: any recipe of this name
function m.shipped_name(key)
  return key:sub(1, #SHIPPED) == SHIPPED and key:sub(#SHIPPED + 1) or nil
end

---Takes apart what `extend` is given.
---@param given string "jpg-derivatives 1": a name or path, perhaps with the major version that it was written for
---@return string name
---@return integer? major
function m.base_name(given)
  local name, major = given:match "^(.*%S)%s+(%d+)$"
  return name or given, math.tointeger(tonumber(major))
end

---What a recipe says of itself, as far as its text has it plainly
---(`name = "…"`). Nothing is run; running it may give something else.
---@param text string the recipe's source
---@return { name: string?, summary: string?, version: string?, license: string?, effects: string[]?, extends: string?,
---  description: string, categories: string[], institutions: string[] } header
function m.read(text)
  local code, header = body(text), m.lists(text)
  for _, field in ipairs(TEXTS) do
    header[field] = value_of(code, field, '"([^"\\\n]*)"')
  end
  local effects = value_of(code, "effects", "{([^{}]*)}")
  header.effects = effects and strings_in(effects)
  header.extends = code:match '^%s*extend[%s(]*"([^"\\\n]*)"'
  header.description = m.description(text)
  return header
end

return m
