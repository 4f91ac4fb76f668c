-- Dublin Core, MODS and other descriptive XML, read with paths: what MARCspec is
-- for fields. A path is a small part of XPath 1.0:
--   dc:title                                  child elements of the record; "title": in any namespace
--   dcterms:subject[@xsi:type='dcterms:LCSH']  with an attribute; != without that value; [@lang]: it has one
--   element[field='ORIGINAL']  element[field/@name='url']   with a child that has it
--   dc:identifier[2]  dc:date[last()]         one of them; [.='x'] by what is in it
--   mods:titleInfo/mods:title  //mods:url      elements in elements; at any depth
--   mods:titleInfo/@type                      an attribute
-- Prefixes are fixed (almanac.xml.namespaces), whatever the document calls them.
local build = require "almanac.dc_build"
local core = require "almanac.core"
local xml = require "almanac.xml"

local m = {}

local MOST_PATHS = 200      -- compiled paths that are kept
local LIMITS = { max_depth = 64, max_size = 16 << 20 }

-- ---- paths ----

local function wrong(path, at, words)
  error(("path '%s': %s (character %d)"):format(path, words, at), 0)
end

local function known_prefixes()
  local names = {}
  for prefix in pairs(xml.namespaces) do names[#names + 1] = prefix end
  table.sort(names)
  return table.concat(names, ", ")
end

-- "dc:title", "*", "dc:*" or "title" at `at`: what an element must be.
local function read_name(path, at)
  local prefix, local_name, after = path:match("^([%w_.-]+):([%w_.*-]+)()", at)
  if not prefix then
    local_name, after = path:match("^([%w_.*-]+)()", at)
    if not local_name then wrong(path, at, "an element's name is expected") end
  elseif not xml.namespaces[prefix] then
    wrong(path, at, ("there is no prefix '%s'; there are %s"):format(prefix, known_prefixes()))
  end
  if local_name:find("*", 1, true) and local_name ~= "*" then wrong(path, at, "'*' stands for a whole name") end
  return { namespace = xml.namespaces[prefix], name = local_name ~= "*" and local_name or nil, conditions = {} }, after
end

local function unquoted(text)
  return text:match "^%s*'(.*)'%s*$" or text:match '^%s*"(.*)"%s*$' or text:match "^%s*(.-)%s*$"
end

-- A child element's name at the beginning of a condition, and what stands behind it.
local function read_child(path, at, text)
  local name, after = text:match "^%s*([%w_.*:-]+)()"
  if not name or name == "." then return nil, "" end
  local step, rest = read_name(name, 1)
  if rest <= #name then wrong(path, at, "an element's name is expected") end
  return step, text:sub(after)
end

-- Reads the condition between brackets.
local function read_condition(path, at, text)
  local number = text:match "^%s*(%d+)%s*$"
  if number then return { number = math.tointeger(number) } end
  if text:match "^%s*last%(%)%s*$" then return { number = -1 } end
  local attribute, sign, value = text:match "^%s*@([%w_.:-]+)%s*(!?=)(.*)$"
  if attribute then return { attribute = attribute, differs = sign == "!=", value = unquoted(value) } end
  attribute = text:match "^%s*@([%w_.:-]+)%s*$"
  if attribute then return { attribute = attribute } end
  sign, value = text:match "^%s*%.%s*(!?=)(.*)$"
  if sign then return { differs = sign == "!=", value = unquoted(value) } end
  local step, after = read_child(path, at, text)
  attribute, sign, value = after:match "^/@([%w_.:-]+)%s*(!?=)(.*)$"
  if not sign then sign, value = after:match "^%s*(!?=)(.*)$" end
  if sign then return { child = step, attribute = attribute, differs = sign == "!=", value = unquoted(value) } end
  wrong(path, at, "a condition is a number, last(), @name, @name='value', .='value', name='value' or name/@name='value'")
end

-- The place of the bracket that closes the one at `at`; brackets in quotes don't count.
local function closing(path, at)
  local quote
  for i = at + 1, #path do
    local c = path:sub(i, i)
    if quote then
      if c == quote then quote = nil end
    elseif c == "'" or c == '"' then
      quote = c
    elseif c == "]" then
      return i
    end
  end
  wrong(path, at, "this bracket is not closed")
end

local function read_step(path, at)
  local step
  step, at = read_name(path, at)
  while path:sub(at, at) == "[" do
    local last = closing(path, at)
    step.conditions[#step.conditions + 1] = read_condition(path, at, path:sub(at + 1, last - 1))
    at = last + 1
  end
  return step, at
end

-- No element's name begins with a digit, but a script that goes through MARC records may meet one in Dublin Core.
local function check_is_path(path)
  if type(path) ~= "string" then error("a path is text, such as \"dc:title\"; got a " .. type(path), 0) end
  if path:find "^%d[%d.][%d.]" then
    error(("'%s' names a MARC field, and this record is in Dublin Core or MODS, where values have paths such as dc:title: " ..
      "a bib's record_format tells which it is"):format(path), 0)
  end
end

local function compile(path)
  check_is_path(path)
  local steps, at, deep = {}, 1, false
  local attribute
  if path:sub(1, 2) == "//" then at, deep = 3, true elseif path:sub(1, 1) == "/" then at = 2 end
  repeat
    attribute = path:match("^@([%w_.:-]+)$", at)
    if attribute then break end
    local step
    step, at = read_step(path, at)
    step.deep = deep
    steps[#steps + 1] = step
    local slashes = path:match("^//?", at)
    if at <= #path and not slashes then wrong(path, at, "'/' or '[' is expected") end
    deep, at = slashes == "//", at + #(slashes or "")
  until not slashes
  return { steps = steps, attribute = attribute }
end

local compiled, count = {}, 0

local function path_of(text)
  local path = compiled[text]
  if path then return path end
  path = compile(text)
  if count == MOST_PATHS then compiled, count = {}, 0 end
  compiled[text], count = path, count + 1
  return path
end

-- ---- reading ----

-- The text of an element and of all elements in it.
local function value_of(node)
  local parts = {}
  local own = node.text:match "^%s*(.-)%s*$"
  if own ~= "" then parts[1] = own end
  for _, item in ipairs(node) do
    local text = value_of(item)
    if text ~= "" then parts[#parts + 1] = text end
  end
  return table.concat(parts, " ")
end

local function is_element(node, step)
  return (not step.name or node.name == step.name) and (not step.namespace or node.namespace == step.namespace)
end

-- Any child for which the rest of the condition holds.
local function child_holds(node, condition, holds)
  local rest = { attribute = condition.attribute, differs = condition.differs, value = condition.value }
  for _, item in ipairs(node) do
    if is_element(item, condition.child) and holds(item, rest) then return true end
  end
  return false
end

local function holds(node, condition)
  if condition.child then return child_holds(node, condition, holds) end
  local value
  if condition.attribute then
    value = node.attributes[condition.attribute]
    if value == nil then return false end
    if condition.value == nil then return true end
  else
    value = value_of(node)
  end
  return (value == condition.value) ~= condition.differs
end

local function pick(list, condition)
  if condition.number then
    local index = condition.number
    return { list[index == -1 and #list or index] }
  end
  local kept = {}
  for _, node in ipairs(list) do
    if holds(node, condition) then kept[#kept + 1] = node end
  end
  return kept
end

local function gather(node, step, found)
  for _, item in ipairs(node) do
    if is_element(item, step) then
      found[#found + 1] = item
    end
    if step.deep then gather(item, step, found) end
  end
end

local function take(nodes, step)
  local all = {}
  for _, node in ipairs(nodes) do
    local found = {}
    gather(node, step, found)
    for _, condition in ipairs(step.conditions) do found = pick(found, condition) end
    table.move(found, 1, #found, #all + 1, all)
  end
  return all
end

local function select_nodes(root, path)
  local nodes = { root }
  for _, step in ipairs(path.steps) do nodes = take(nodes, step) end
  return nodes
end

local methods = {}
local meta = { __index = methods, __name = "almanac.dc.record" }

---All values that a path finds, in the order of the document, without empty ones.
---Raises when the text is no path, and names the character.
---@param path string
---@return string[]
function methods:all(path)
  local steps = path_of(path)
  local values = {}
  for _, node in ipairs(select_nodes(self.root, steps)) do
    local value = not steps.attribute and value_of(node) or steps.attribute and node.attributes[steps.attribute]
    if value and value ~= "" then values[#values + 1] = value end
  end
  return values
end

---The first value that a path finds.
---@param path string
---@return string? value
function methods:get(path)
  return self:all(path)[1]
end

---The elements that a path finds; without a path the child elements of the record.
---@param path string?
---@return { name: string, prefix: string?, value: string, attributes: table<string, string> }[]
function methods:elements(path)
  local list = {}
  for i, node in ipairs(select_nodes(self.root, path_of(path or "*"))) do
    list[i] = { name = node.name, prefix = m.prefix(node.namespace), value = value_of(node),
      attributes = node.attributes }
  end
  return list
end

---The record as an XML document without a declaration.
---@return string
function methods:text()
  return xml.write(self.root)
end

---The usual prefix of a namespace.
---@param address string?
---@return string? prefix
function m.prefix(address)
  for prefix, namespace in pairs(xml.namespaces) do
    if namespace == address then return prefix end
  end
end

---Makes a record of a tree that core.xml has read already.
---@param root almanac.xml.node
---@return almanac.dc.record
function m.wrap(root)
  xml.settle(root)
  return setmetatable({ root = root, format = root.namespace == xml.namespaces.mods and "mods" or "dc" }, meta)
end

---Reads a record: oai_dc, qualified Dublin Core as Alma keeps it, or MODS. In Alma's
---`anies` the declaration says UTF-16 although the text is UTF-8, so it is not believed.
---@param text string
---@return almanac.dc.record|nil record
---@return string? message
---@return string? code "parse" | "limit"
function m.parse(text)
  local root, message, code = core.xml.parse(text, LIMITS)
  if not root then return nil, message, code end
  return m.wrap(root)
end

---Makes a record of Alma's Dublin Core, oai_dc, qualified Dublin Core or MODS; see dc_build.lua.
---@param given table
---@return almanac.dc.record
function m.record(given) return m.wrap(build.new(given)) end

build.install(methods, function(root, path)
  local steps = path_of(path)
  return select_nodes(root, steps), steps.attribute
end)

---@class almanac.dc.record
---@field format "dc"|"mods"
---@field root almanac.xml.node
---@field get fun(self: almanac.dc.record, path: string): string?
---@field all fun(self: almanac.dc.record, path: string): string[]
---@field elements fun(self: almanac.dc.record, path: string?): table[]
---@field text fun(self: almanac.dc.record): string
---@field add fun(self: almanac.dc.record, name: string|table, text: string?, attributes: table?, below: string?): almanac.dc.record
---@field set fun(self: almanac.dc.record, path: string, text: string): almanac.dc.record?, string?, string?
---@field remove fun(self: almanac.dc.record, path: string): integer

return m
