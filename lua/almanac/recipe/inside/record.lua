-- What a rule has as `title.record`: a title's descriptive record, to be read
-- only. It is parsed when the first rule asks for it.
local record = require "almanac.record"

local m = {}

local methods = {}
local records = setmetatable({}, { __mode = "k" })   -- what a rule holds -> the record itself
local formats = setmetatable({}, { __mode = "k" })

local CHANGES = { add = true, set = true, remove = true }

local meta = { __metatable = false }

function meta.__index(self, name)
  if name == "format" then return formats[self] end
  if CHANGES[name] then error("title.record can be read, not changed", 2) end
  return methods[name]
end

function meta.__newindex() error("title.record can be read, not changed", 2) end

-- An error of the record itself: the place is the rule's, not that of this file.
local function words_of(name, message)
  local text = tostring(message):gsub("^[^\n]-%.lua:%d+: ", "")
  return ("record:%s: %s"):format(name, text:match "^bad argument #%d+ to '[^']*' %((.*)%)$" or text)
end

local function ask(self, name, ...)
  local own = records[self]
  if not own then error(("record:%s is called with a colon"):format(name), 3) end
  if not own[name] then
    error(("record:%s: this record is %s: look at record.format first"):format(name,
      formats[self] == "marc" and "MARC" or "no MARC"), 3)
  end
  local ok, value = pcall(own[name], own, ...)
  if ok then return value end
  error(words_of(name, value), 3)
end

---The first value of a path: MARCspec ("245$a") in a MARC record, elements
---("dc:title") in Dublin Core and MODS. Raises when it is no path.
---@param path string
---@return string? value
function methods:get(path)
  local value = ask(self, "get", path)
  return value
end

---All values of a path, in order.
---@param path string
---@return string[]
function methods:all(path)
  local values = ask(self, "all", path)
  return values
end

---A control field of a MARC record; nil in others.
---@param tag string
---@return string? text
function methods:control(tag)
  if records[self] and formats[self] ~= "marc" then return nil end
  local text = ask(self, "control", tag)
  return text
end

---The 24 characters of a MARC record's leader.
---@return string
function methods:leader()
  local text = ask(self, "leader")
  return text
end

---The fields of a MARC record, as core.marc gives them.
---@param tag string? with . for any character
---@return table[]
function methods:fields(tag)
  local list = ask(self, "fields", tag)
  return list
end

---The elements of a Dublin Core or MODS record.
---@param path string?
---@return { name: string, prefix: string?, value: string, attributes: table<string, string> }[]
function methods:elements(path)
  local list = ask(self, "elements", path)
  return list
end

---The text of a record that rules have, as `new` takes it.
---@param view any
---@return string? text nil: it is none
function m.text_of(view)
  local own = records[view]
  if not own then return nil end
  if formats[view] == "marc" then return (assert(own:encode "marcxml")) end
  return own:text()
end

---A record for rules.
---@param text string as the run file keeps it
---@return table|nil record `format` in it is "marc", "dc" or "mods"
---@return string? message
function m.new(text)
  local own, format = record.parse(text)
  if not own then return nil, format end
  local view = setmetatable({}, meta)
  records[view], formats[view] = own, format
  return view
end

return m
