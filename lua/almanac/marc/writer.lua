-- Files of records, written record by record. A file appears whole or not at all, when its writer is closed.
local core = require "almanac.core"
local mistake = require "almanac.mistake"
local refusal = require "almanac.refusal"
local whole = require "almanac.whole"

local m = {}

local FORMATS = { xml = "marcxml", json = "json", jsonl = "json", ndjson = "json", mrk = "mrk", txt = "line" }
local BUFFER = 1 << 16

---@class almanac.marc.writer
---@field path string
---@field format almanac.marc.format
---@field count integer records that are written
local methods = {}

local function put(self, ...)
  local fine, message = self.file:write(...)
  if not fine then error(("%s can't be written: %s"):format(self.path, message), 0) end
end

local function describe(record)
  local id = record:control "001"
  return (record:number() > 0 and "record " .. record:number() or "a new record") .. (id and " (" .. id .. ")" or "")
end

---Writes a record. Raises when the format can't hold it, or the file can't be written: a record that
---is left out without a word would be lost.
---@param record almanac.marc.record
---@return almanac.marc.writer self
function methods:write(record)
  if not self.file then mistake.raise("%s is closed", self.path) end
  local text, message = record:encode(self.format, self.options)
  if not text then mistake.raise("%s: %s", describe(record), message) end
  put(self, self.count == 0 and self.head or self.between, text)
  self.count = self.count + 1
  return self
end

local function take_file(self)
  local out, file = self.whole, self.file
  self.whole, self.file = nil, nil
  return out, file
end

---Ends the file, which gets its name now. Raises when that fails; closing again is fine.
function methods:close()
  if not self.file then return end
  put(self, self.count == 0 and self.head or "", self.tail)
  local out, file = take_file(self)
  local fine, message, code
  if out then fine, message, code = out:complete() else fine, message = file:flush() end
  if not fine then refusal.raise(message, code) end
end

---Ends it without a file; what was there stays.
function methods:drop()
  local out = take_file(self)
  if out then out:close() end
end

local meta = { __index = methods, __name = "almanac.marc.writer" }

function meta:__close(problem)
  if problem == nil then self:close() else self:drop() end
end

function meta:__gc()
  if not self.file then return end
  if self.whole then io.stderr:write(("%s was not closed: nothing is written\n"):format(self.path)) end
  self:drop()
end

---Opens a file to write records to: `local out <close> = marc.writer "new.mrc"`. It appears when it is
---closed, and not when an error ends the block. Raises when it can't be opened.
---@param path string "-": standard output
---@param options? { format: almanac.marc.format?, nfc: boolean? } format: default by the name's ending: .xml, .json, .mrk,
---  .txt (lines), else ISO 2709
---@return almanac.marc.writer
function m.open(path, options)
  options = options or {}
  for name in pairs(options) do
    if name ~= "format" and name ~= "nfc" then mistake.raise("a writer has the options format and nfc, no '%s'", tostring(name)) end
  end
  local format = options.format or FORMATS[(path:match "%.(%w+)$" or ""):lower()] or "iso2709"
  local head, between, tail = core.marc.frame(format)
  local out, message, code
  if path ~= "-" then
    out, message, code = whole.open(path)
    if not out then refusal.raise(message, code) end
    out.file:setvbuf("full", BUFFER)
  end
  return setmetatable({ path = path, format = format, options = options.nfc and { nfc = true } or nil, head = head, between = between,
    tail = tail, whole = out, file = out and out.file or io.stdout, count = 0 }, meta)
end

return m
