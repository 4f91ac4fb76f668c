-- What a rule has as `title.record`: a title's descriptive record, to be read
-- only. It is parsed when the first rule asks for it.
local record = require "almanac.record"

local m = {}

local methods = {}
local meta = { __index = methods, __metatable = false }
local inner = setmetatable({}, { __mode = "k" })   -- what a rule holds -> the record itself

local function of(self, name)
  local own = inner[self]
  if not own then error(("record:%s is called with a colon"):format(name), 3) end
  return own
end

local function only(self, name, wanted)
  local own = of(self, name)
  if (self.format == "marc") == wanted then return own end
  error(("record:%s: this record is %s: look at record.format first"):format(name,
    self.format == "marc" and "MARC" or "no MARC"), 3)
end

local function path_error(message)
  error((tostring(message):gsub("^[^\n]-%.lua:%d+: ", "")), 3)
end

---The first value of a path: MARCspec ("245$a") in a MARC record, elements
---("dc:title") in Dublin Core and MODS. Raises when it is no path.
---@param path string
---@return string? value
function methods:get(path)
  local own = of(self, "get")
  local ok, value = pcall(own.get, own, path)
  if ok then return value end
  path_error(value)
end

---All values of a path, in order.
---@param path string
---@return string[]
function methods:all(path)
  local own = of(self, "all")
  local ok, values = pcall(own.all, own, path)
  if ok then return values end
  path_error(values)
end

---A control field of a MARC record; nil in others.
---@param tag string
---@return string? text
function methods:control(tag)
  local own = of(self, "control")
  return self.format == "marc" and own:control(tag) or nil
end

---The 24 characters of a MARC record's leader.
---@return string
function methods:leader()
  return only(self, "leader", true):leader()
end

---The fields of a MARC record, as core.marc gives them.
---@param tag string? with . for any character
---@return table[]
function methods:fields(tag)
  return only(self, "fields", true):fields(tag)
end

---The elements of a Dublin Core or MODS record.
---@param path string?
---@return { name: string, prefix: string?, value: string, attributes: table<string, string> }[]
function methods:elements(path)
  return only(self, "elements", false):elements(path)
end

---A record for rules.
---@param text string as the run file keeps it
---@return table|nil record `format` in it is "marc", "dc" or "mods"
---@return string? message
function m.new(text)
  local own, format = record.parse(text)
  if not own then return nil, format end
  local view = setmetatable({ format = format }, meta)
  inner[view] = own
  return view
end

return m
