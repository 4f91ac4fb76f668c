-- MARC records: almanac.core.marc, and what makes it comfortable (almanac/marc/README.md).
--
--   for record in marc.records "export.mrc" do print(record:get "245$a") end
local core = require "almanac.core"
local numbers = require "almanac.marc.numbers"
local record = require "almanac.marc.record"
local writer = require "almanac.marc.writer"
require "almanac.marc.compare"
require "almanac.marc.values"

local m = {}
for name, member in pairs(core.marc) do m[name] = member end

---Goes through the records of a file: `for record in marc.records(path)`. The file is
---closed when the loop ends. Raises the message when it can't be opened or read.
---@param path string "-": standard input
---@param options? almanac.marc.options
---@return fun(reader: almanac.marc.reader): almanac.marc.record?
function m.records(path, options)
  local reader, message = core.marc.open(path, options)
  if not reader then error(message, 0) end
  local next, state = reader:records()
  return next, state, nil, reader
end

---Makes a record: `marc.record { leader = "…", { "001", "99" }, { "245", "10", "a", "Maps" } }`.
m.record = record.new

m.isbn, m.issn = numbers.isbn, numbers.issn

---Opens a file to write records to, which appears whole or not at all.
m.writer = writer.open

---Writes records as one document.
---@param records almanac.marc.record[]
---@param format almanac.marc.format
---@param options? { nfc?: boolean }
---@return string? text
---@return string? message
---@return almanac.code? code "limit"
function m.document(records, format, options)
  local head, between, tail = core.marc.frame(format)
  local parts = {}
  for i, each in ipairs(records) do
    local text, message, code = each:encode(format, options)
    if not text then return nil, ("record %d: %s"):format(i, message), code end
    parts[i] = text
  end
  return head .. table.concat(parts, between) .. tail
end

return m
