-- What the text of a recipe says of itself, read without running anything: the
-- first line says which format the rest is in, the comment below it is the
-- description, with lines `categories:` and `institutions:` if it has them.
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

-- The lines of the comment that follows the first line, without their dashes.
local function comment(text)
  local lines, first = {}, true
  for line in text:gmatch "([^\r\n]*)\r?\n" do
    local words = not first and line:match "^%-%-%s?(.*)$"
    if not first and not words then break end
    lines[#lines + 1] = words or nil
    first = false
  end
  return lines
end

local function list_field(line)
  local name, values = line:match "^%s*(%l+):%s*(.-)%s*$"
  if LISTS[name] then return name, values end
end

local function split(values)
  local list = {}
  for value in values:gmatch "[^,]+" do
    value = value:match "^%s*(.-)%s*$"
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
  return (table.concat(lines, "\n"):gsub("^%s+", ""):gsub("%s+$", ""))
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
  local code = ("\n" .. text):gsub("\n%s*%-%-[^\n]*", "\n")
  return code:match "\nreturn%f[^%w_](.*)" or ""
end

local function strings_in(list)
  local found = {}
  for value in (list or ""):gmatch '"([^"\\\n]*)"' do found[#found + 1] = value end
  return found
end

---Takes apart what `extend` is given.
---@param given string "jpg-derivatives 1": a name or path, perhaps with the major version that it was written for
---@return string name
---@return integer? major
function m.base_name(given)
  local name, major = given:match "^(.-)%s+(%d+)$"
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
    header[field] = code:match("[{,\n]%s*" .. field .. '%s*=%s*"([^"\\\n]*)"')
  end
  local effects = code:match "[{,\n]%s*effects%s*=%s*(%b{})"
  header.effects = effects and strings_in(effects)
  header.extends = code:match '^%s*extend%s*%(?%s*"([^"\\\n]*)"'
  header.description = m.description(text)
  return header
end

return m
