-- Reads the LuaCATS comments of Lua files: what stands at a file's head, and above each
-- function, and the shapes ("classes") that a file describes.
local core = require "almanac.core"

local m = {}

local function lines_of(path)
  local lines = {}
  for line in (assert(core.files.read(path, 1 << 22)) .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  return lines
end

local OPENING, CLOSING = { ["("] = true, ["{"] = true, ["<"] = true, ["["] = true }, { [")"] = true, ["}"] = true, [">"] = true,
  ["]"] = true }

-- Splits "fun(a: b): c? name text" behind the type, which may hold blanks.
local function split_type(text)
  local depth, at = 0, 1
  while at <= #text do
    local c = text:sub(at, at)
    if OPENING[c] then depth = depth + 1
    elseif CLOSING[c] then depth = depth - 1
    elseif c == " " and depth == 0 and not text:sub(1, at - 1):find "[:,|]$" then break end
    at = at + 1
  end
  return text:sub(1, at - 1), text:sub(at + 1)
end

local TAGS = {}

function TAGS.param(doc, text)
  local name, rest = text:match "^(%S+)%s+(.*)$"
  local kind, words = split_type(rest or "")
  local open = name and name:match "^(.-)%?$"
  doc.params[#doc.params + 1] = { name = open or name, kind = open and not kind:find "%?$" and kind .. "?" or kind, text = words }
  doc.last = doc.params[#doc.params]
end

function TAGS.field(doc, text)
  doc.fields = doc.fields or {}
  local name, rest = text:match "^(%S+)%s+(.*)$"
  local kind, words = split_type(rest or "")
  doc.fields[#doc.fields + 1] = { name = name, kind = kind, text = words }
  doc.last = doc.fields[#doc.fields]
end

TAGS["return"] = function(doc, text)
  local kind, rest = split_type(text)
  local name, words = rest:match "^([%w_.]+)%s*(.*)$"
  doc.returns[#doc.returns + 1] = { kind = kind, name = name, text = words or rest }
  doc.last = doc.returns[#doc.returns]
end

function TAGS.class(doc, text) doc.class = text:match "^%S+" end
function TAGS.alias(doc, text) doc.alias, doc.kind = text:match "^(%S+)%s*(.*)$" end

local function is_open(text)
  local _, opened = text:gsub("[({]", "")
  local _, closed = text:gsub("[)}]", "")
  return opened > closed
end

-- A type may go over several lines; then they are one.
local function joined(lines, first, last)
  local list = {}
  for i = first, last do
    local line = list[#list]
    if line and line:find "^%s*%-%-%-@" and is_open(line) then
      list[#list] = line .. " " .. lines[i]:match "^%s*%-%-%-%s*(.*)$"
    else
      list[#list + 1] = lines[i]
    end
  end
  return list
end

local function read_block(all, first, last)
  local doc = { text = {}, params = {}, returns = {} }
  local lines = joined(all, first, last)
  for i = 1, #lines do
    local tag, rest = lines[i]:match "^%s*%-%-%-@(%a+)%s*(.*)$"
    if tag then
      if TAGS[tag] then TAGS[tag](doc, rest) else doc.last = nil end
    else
      local words = lines[i]:match "^%s*%-%-%-?|?%s?(.*)$"
      if doc.last and words ~= "" then doc.last.text = doc.last.text .. " " .. words:match "^%s*(.*)$"
      else doc.text[#doc.text + 1] = words end
    end
  end
  return doc
end

---The comment directly above a line; nil when there is none.
---@param path string
---@param line integer
---@return table? doc text (lines), params, returns, class, fields
function m.above(path, line)
  local lines = m.lines(path)
  local first = line
  while first > 1 and lines[first - 1]:find "^%s*%-%-%-" do first = first - 1 end
  return first < line and read_block(lines, first, line - 1) or nil
end

local read = {}

---@param path string
---@return string[]
function m.lines(path)
  read[path] = read[path] or lines_of(path)
  return read[path]
end

---The comment at a file's head, without its dashes.
---@param path string
---@return string[]
function m.head(path)
  local head = {}
  for _, line in ipairs(m.lines(path)) do
    local words = line:match "^%-%-%s?(.*)$"
    if not words or line:find "^%-%-%-" then break end
    head[#head + 1] = words
  end
  return head
end

---The shapes that a file describes, in their order.
---@param path string
---@return table[] docs with class, fields, text
function m.classes(path)
  local lines, classes, i = m.lines(path), {}, 1
  while i <= #lines do
    local first = i
    while lines[i] and lines[i]:find "^%-%-%-" do i = i + 1 end
    if i > first then
      local doc = read_block(lines, first, i - 1)
      if doc.class and doc.fields then classes[#classes + 1] = doc end
    end
    i = i + 1
  end
  return classes
end

---All shapes of the library, by their names. Those of the engine are described in its own files.
---@return table<string, table> docs as of `classes`, with path
function m.all_classes()
  local classes = {}
  local pipe <close> = assert(io.popen "find lua/almanac -name '*.lua' -not -path '*/engine/*' -not -name 'core.d.lua' | sort")
  for path in pipe:lines() do
    for _, doc in ipairs(m.classes(path)) do
      doc.path = path
      classes[doc.class] = classes[doc.class] or doc
    end
  end
  return classes
end

---The parameters in a function's declaration.
---@param path string
---@param line integer
---@return string[] names
---@return boolean method declared with a colon
function m.declared(path, line)
  local text = m.lines(path)[line] or ""
  local names = {}
  for name in (text:match "function[%s%w_.:]*%(([^)]*)%)" or ""):gmatch "[%w_.]+" do names[#names + 1] = name end
  return names, text:find "function%s+[%w_.]+:" ~= nil
end

return m
