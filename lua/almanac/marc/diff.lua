-- Two sets of records compared by an id: first all records of the one are kept, then those of the other
-- are looked at. Kept are places alone; the records lie in a temporary file.
local core = require "almanac.core"

local m = {}

local HEAD = "<I8s4s4"      -- number of the record, id, record as MARC-in-JSON
local SEEN <const> = 1      -- what is added to twice the place of a record when the other set has it too
local ADDED <const> = -1    -- instead of a place: only the other set has it

---@class almanac.marc.differ
local methods = {}
local meta = { __index = methods, __name = "almanac.marc.differ" }

function meta:__close() self.file:close() end

local function id_of(self, record)
  local id = record:get(self.by)
  return id ~= "" and id or nil
end

local function failed(message) return nil, "records can't be kept: " .. tostring(message), "io" end

local function write(self, record, id)
  local text, message, code = record:encode "json"
  if not text then return nil, message, code end
  local packed = HEAD:pack(record:number(), id, text)
  local ok
  ok, message = self.file:write(packed)
  if not ok then return failed(message) end
  self.places[id] = self.size << 1
  self.size = self.size + #packed
  return true
end

local function read(self, place)
  self.file:seek("set", place >> 1)
  local number = ("<I8"):unpack(self.file:read(8))
  local id = self.file:read((("<I4"):unpack(self.file:read(4))))
  return number, id, self.file:read((("<I4"):unpack(self.file:read(4))))
end

local function record_of(text)
  local reader <close> = assert(core.marc.parse(text, { format = "json" }))
  return assert(reader:next())
end

---Keeps a record of the first set.
---@param record almanac.marc.record
---@return string? id nil when it is not kept
---@return string? message "it has no 001", "its 001 stands in record 3, too"
---@return string? code "missing", "conflict"; "io": it can't be kept, nor can others
function methods:keep(record)
  local id = id_of(self, record)
  if not id then return nil, ("it has no %s"):format(self.by), "missing" end
  local place = self.places[id]
  if place then return nil, ("its %s, %s, stands in record %d, too"):format(self.by, id, (read(self, place))), "conflict" end
  local ok, message, code = write(self, record, id)
  if not ok then return nil, message, code end
  return id
end

-- The record that was kept, when it is another one. Both went through the same format, so that what this
-- would mend in a damaged record is no difference.
local function differing(self, record, place)
  local number, _, text = read(self, place)
  local now = assert(record:encode "json")
  if text == now then return nil end
  local old = record_of(text)
  local differences = old:compare(record_of(now), self.options)
  if differences[1] then return old, differences, number end
end

---@class almanac.marc.look
---@field kind "same"|"changed"|"added"|"gone"
---@field id string
---@field before almanac.marc.record? of the first set, when it is changed or gone
---@field after almanac.marc.record? of the second
---@field number integer? of the record `before` in its source
---@field differences almanac.marc.difference[]? when it is changed

---Looks at a record of the second set.
---@param record almanac.marc.record
---@return almanac.marc.look? look
---@return string? message as of keep
---@return string? code "missing", "conflict"
function methods:look(record)
  local id = id_of(self, record)
  if not id then return nil, ("it has no %s"):format(self.by), "missing" end
  local place = self.places[id]
  if not place then
    self.places[id] = ADDED
    return { kind = "added", id = id, after = record }
  end
  if place & 1 == 1 then return nil, ("its %s, %s, was there before"):format(self.by, id), "conflict" end
  self.places[id] = place | SEEN
  local before, differences, number = differing(self, record, place)
  if not before then return { kind = "same", id = id, after = record } end
  return { kind = "changed", id = id, before = before, after = record, differences = differences, number = number }
end

---Goes through the records of the first set that the second has not, in their order.
---@return fun(): almanac.marc.look?
function methods:gone()
  local places = {}
  for _, place in pairs(self.places) do
    if place & 1 == 0 then places[#places + 1] = place end
  end
  table.sort(places)
  local i = 0
  return function()
    i = i + 1
    if not places[i] then return nil end
    local number, id, text = read(self, places[i])
    return { kind = "gone", id = id, before = record_of(text), number = number }
  end
end

---Begins to compare two sets; hold it in a <close> variable.
---@param options? { by: string?, except: string[]?, any_order: boolean? } by: the MARCspec of the id, default 001; the others
---  are those of record:compare
---@return almanac.marc.differ|nil
---@return string? message
---@return string? code "io"
function m.new(options)
  options = options or {}
  local file, message = io.tmpfile()
  if not file then return failed(message) end
  return setmetatable({ by = options.by or "001", options = { except = options.except, any_order = options.any_order },
    file = file, size = 0, places = {} }, meta)
end

return m
