-- Splits a file of XML into its records while it is read, so that a gigabyte of them takes no more
-- memory than one. A record is a <record> that begins with a <header>, as in answers of OAI-PMH,
-- MODS, or an element that holds Dublin Core. What stands around it is kept as its frame, because that
-- declares prefixes. Several documents one behind the other, as harvesters write them, are read as one.
local core = require "almanac.core"
local salvage = require "almanac.salvage"
local xml = require "almanac.xml"

local m = {}

local CHUNK = 1 << 20        -- bytes read at once
local KEPT = 4 << 20         -- bytes kept before the place that is read: a record may have begun there
local LARGEST = 16 << 20     -- bytes of a record
local DEEPEST = 64
local DUBLIN_CORE = { [xml.namespaces.dc] = true, [xml.namespaces.dcterms] = true }
local HEADER = "^%s*<[%w:]*header[%s>/]"

local methods = {}
local meta = { __index = methods, __gc = function(self) self:close() end }

local function local_name(name) return name:match "[^:]*$" end

-- ---- bytes ----

local function more(self)
  local chunk = self.file and self.file:read(CHUNK)
  if not chunk then return false end
  self.text = self.text .. chunk
  return true
end

-- Drops what was read. An element that began there can be no record any more.
local function forget(self)
  local cut = self.at - KEPT
  if cut < KEPT then return end
  self.text, self.base, self.at = self.text:sub(cut + 1), self.base + cut, self.at - cut
  for _, element in ipairs(self.open) do
    element.from = element.from and element.from > cut and element.from - cut or nil
  end
end

-- Finds a pattern from a place on, and reads as much as that takes.
local function find(self, pattern, from, plain)
  while true do
    local first, last, taken, after = self.text:find(pattern, from, plain)
    if first then return first, last, taken, after end
    if #self.text - from > LARGEST or not more(self) then return nil end
  end
end

-- The text that begins at a place, at least so much of it.
local function ahead(self, from, count)
  while #self.text < from + count and more(self) do end
  return self.text:sub(from, from + count)
end

-- The last byte of the tag that begins at a place; a value in quotes may hold ">".
local function tag_end(self, from)
  local at = from
  while true do
    local _, last, sign = find(self, "[^>\"']*([>\"'])", at)
    if not last or sign == ">" then return last end
    last = find(self, sign, last + 1, true)
    if not last then return nil end
    at = last + 1
  end
end

-- ---- elements ----

local function quoted(tag, name)
  return tag:match("%s" .. name .. "%s*=%s*\"([^\"]*)\"") or tag:match("%s" .. name .. "%s*=%s*'([^']*)'")
end

-- The namespace that a name stands for, by its own tag and those around it.
local function namespace_of(self, name, tag)
  local prefix = name:match "^(.-):"
  local declaration = prefix and "xmlns:" .. prefix:gsub("%p", "%%%0") or "xmlns"
  local address = quoted(tag, declaration)
  for i = #self.open, 1, -1 do address = address or quoted(self.open[i].tag, declaration) end
  return address
end

local function begins_record(self, element)
  local name = local_name(element.name)
  if name == "record" then return ahead(self, element.to + 1, 400):find(HEADER) ~= nil end
  return name == "mods" and namespace_of(self, element.name, element.tag) == xml.namespaces.mods
end

-- What is neither an element's begin nor its end: a comment, CDATA, a declaration.
local SKIPPED = { { "<!--", "-->" }, { "<![CDATA[", "]]>" }, { "<?", "?>" }, { "<!", ">" } }

local function skip(self, from)
  for _, kind in ipairs(SKIPPED) do
    if ahead(self, from, 9):sub(1, #kind[1]) == kind[1] then
      local _, last = find(self, kind[2], from + #kind[1], true)
      if kind[1] == "<?" and last and not self.declaration then self.declaration = self.text:match("^<%?xml%s.-%?>", from) or "" end
      return last or #self.text
    end
  end
end

-- Reads up to the next begin of an element; nil at the end. Ends of elements close what is open.
local function next_element(self)
  while true do
    local from = find(self, "<", self.at, true)
    if not from then
      self.at = #self.text + 1
      return nil
    end
    local passed = skip(self, from)
    local last = passed or tag_end(self, from)
    self.at = (last or #self.text) + 1
    if last and not passed then
      local tag = self.text:sub(from, last)
      local slash, name = tag:match "^<(/?)([%a_\x80-\xFF][%w_.:\x80-\xFF-]*)"
      if slash == "/" then
        table.remove(self.open)
      elseif name then
        return { name = name, tag = tag, from = from, to = last, empty = tag:sub(-2) == "/>" }
      end
    end
  end
end

-- ---- records ----

-- Goes through the tags of a record's own name that stand in it, because it has others of that name in it, or because it
-- has lost its end: then it goes up to where the next one begins.
local function end_by_tags(self, element)
  local pattern = "<(/?)" .. element.name:gsub("%p", "%%%0") .. "()[%s/>]"
  local depth, at = 1, element.to + 1
  while true do
    local from, _, slash, after = find(self, pattern, at)
    local last = from and tag_end(self, from)
    if not last then return #self.text, true end
    if slash == "/" then
      depth = depth - 1
    elseif local_name(element.name) == "record" and ahead(self, last + 1, 400):find(HEADER) then
      return from - 1
    elseif self.text:sub(last - 1, last - 1) ~= "/" then
      depth = depth + 1
    end
    if depth == 0 then return last end
    at = after
  end
end

-- The last byte of a record, and whether the file ends within it.
local function record_end(self, element)
  local from = find(self, "</" .. element.name, element.to + 1, true)
  local last = from and tag_end(self, from)
  local other = last and self.text:find("<" .. element.name, element.to + 1, true)
  if last and (not other or other > last) and self.text:find("^[%s>]", from + #element.name + 2) then return last end
  return end_by_tags(self, element)
end

local function frame_of(self)
  local before, after = { self.declaration or "" }, {}
  for i, element in ipairs(self.open) do
    before[i + 1] = element.tag
    table.insert(after, 1, "</" .. element.name .. ">")
  end
  return table.concat(before), table.concat(after)
end

-- The line of the file at which a byte stands; only told of what is broken.
local function line_at(self, offset)
  local file <close> = io.open(self.path, "rb")
  local lines = 0
  while file and offset > 0 do
    local chunk = file:read(math.min(CHUNK, offset))
    if not chunk then break end
    lines, offset = lines + select(2, chunk:gsub("\n", "")), offset - #chunk
  end
  return lines
end

local function count_lines(text) return select(2, text:gsub("\n", "")) end

-- Parses a record within its frame. One that is no XML becomes a node that says what is wrong with it.
local function parse(self, element, text)
  local before, after = frame_of(self)
  local limits = { max_depth = DEEPEST, max_size = LARGEST + #before + #after }
  local name = local_name(element.name)
  local root, message = salvage.parse(before .. text .. after, limits,
    { names = { [name] = true }, begins = name == "record" and "header[%s>]" or nil, parts = { "header" } })
  for _ = 1, #self.open do root = root and root[1] end
  if root and not root.broken then return root end
  root = root or { name = name, text = "", attributes = {}, broken = message or "is no XML", source = text }
  local lines = line_at(self, self.base + element.from - 1) - count_lines(before)
  root.broken = root.broken:gsub("line (%d+)", function(line) return "line " .. math.tointeger(line) + lines end)
  return root
end

-- The element that a new one makes a record: itself, or the one around it when it is of Dublin Core.
local function record_by(self, element)
  if begins_record(self, element) then return element end
  local parent = self.open[#self.open]
  if parent and parent.from and DUBLIN_CORE[namespace_of(self, element.name, element.tag) or ""] then
    return table.remove(self.open)
  end
end

local function take(self, element)
  local last, cut = element.to, false
  if not element.empty then last, cut = record_end(self, element) end
  self.at = last + 1
  if cut then
    self.cut = ("ends within record %d"):format(self.count)
    return { name = local_name(element.name), text = "", attributes = {}, broken = "the file ends within it",
      source = self.text:sub(element.from, element.from + 4000) }
  end
  return parse(self, element, self.text:sub(element.from, last))
end

---The next record.
---@return almanac.xml.node|nil node a broken one has `broken`, what is wrong with it, and `source`, its text; nil at the end
---@return string? message
---@return string? code "parse": the file ends too early, or a record can't be told from what stands around it
function methods:next()
  while not self.cut do
    forget(self)
    local element = next_element(self)
    if not element then break end
    local record = record_by(self, element)
    if record then
      self.count = self.count + 1
      return take(self, record)
    end
    if not element.empty then self.open[#self.open + 1] = element end
    if #self.open > DEEPEST then return nil, "more than 64 elements in each other", "limit" end
  end
  if not self.cut and self.open[1] then self.cut = ("ends before </%s>"):format(self.open[#self.open].name) end
  if self.cut then return nil, self.cut .. ": it may have been cut off", "parse" end
end

---Closes the file. Closing again is fine.
function methods:close()
  if self.file then self.file:close() end
  self.file = nil
end

---Opens a file.
---@param path string
---@return table|nil reader next, close; count: records so far; cut: how the file ends too early, in words
---@return string? message
---@return string? code
function m.open(path)
  local stat, message, code = core.files.stat(path)
  if not stat then return nil, message, code end
  if stat.kind == "folder" then return nil, path .. ": is a folder", "io" end
  local reader = setmetatable({ path = path, text = "", base = 0, at = 1, open = {}, count = 0 }, meta)
  reader.file, message = io.open(path, "rb")
  if not reader.file then return nil, message, "io" end
  return reader
end

return m
