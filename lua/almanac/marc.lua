-- MARC records: almanac.core.marc, and what makes it comfortable (almanac/marc/README.md).
--
--   for record in marc.records "export.mrc" do print(record:get "245$a") end
local core = require "almanac.core"
local differ = require "almanac.marc.diff"
local numbers = require "almanac.marc.numbers"
local record = require "almanac.marc.record"
local refusal = require "almanac.refusal"
local writer = require "almanac.marc.writer"
require "almanac.marc.compare"
require "almanac.marc.values"

local m = {}
for name, member in pairs(core.marc) do m[name] = member end

-- A loop that just ended would look like the end of the records.
local function next_or_raise(reader)
  local each, message, code = reader:next()
  if not each and message then refusal.raise(message, code) end
  return each
end

---Goes through the records of a file: `for record in marc.records(path)`. The file is
---closed when the loop ends. Raises the message when it can't be opened or read.
---@param path string "-": standard input
---@param options? almanac.marc.options
---@return fun(reader: almanac.marc.reader): almanac.marc.record?
function m.records(path, options)
  local reader, message, code = core.marc.open(path, options)
  if not reader then refusal.raise(message, code) end
  return next_or_raise, reader, nil, reader
end

local function count_in(counts, value)
  counts[value] = (counts[value] or 0) + 1
end

---Counts the records of a file by what `of` gives: `for language, n in marc.tally(path, function(r) return r:languages() end)`.
---@param path string
---@param of fun(record: almanac.marc.record): any value, a list of values, or nil, which counts as "none"
---@param options? almanac.marc.options
---@return fun(): any, integer? value and count, the most frequent first
function m.tally(path, of, options)
  local counts, values, i = {}, {}, 0
  for each in m.records(path, options) do
    local found = of(each)
    if type(found) ~= "table" then found = { found } end
    for _, value in ipairs(found[1] ~= nil and found or { "none" }) do count_in(counts, value) end
  end
  for value in pairs(counts) do values[#values + 1] = value end
  table.sort(values, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return tostring(a) < tostring(b)
  end)
  return function()
    i = i + 1
    return values[i], counts[values[i]]
  end
end

local function not_compared(side, each, message) return { kind = "not compared", [side] = each, message = message } end

local function look_through(self, old, new)
  for each in m.records(old) do
    local id, message, code = self:keep(each)
    if code == "io" then refusal.raise(message, code) end
    if not id then coroutine.yield(not_compared("before", each, message)) end
  end
  for each in m.records(new) do
    local look, message = self:look(each)
    coroutine.yield(look or not_compared("after", each, message))
  end
  for look in self:gone() do coroutine.yield(look) end
end

---Compares two files by 001: `for look in marc.diff(old, new) do print(look.kind, look.id) end`. The kind is "same", "changed"
---(with look.differences), "added", "gone", or "not compared" (with look.message): no 001, or one that was there before.
---Raises when a file can't be read.
---@param old string path
---@param new string path
---@param options? { by: string?, except: string[]?, any_order: boolean? } as of almanac.marc.diff
---@return fun(): almanac.marc.look?
function m.diff(old, new, options)
  local self, message = differ.new(options)
  if not self then error(message, 0) end
  return coroutine.wrap(function() look_through(self, old, new) end), nil, nil, self
end

---Makes a record: `marc.record { leader = "…", { "001", "99" }, { "245", "10", "a", "Maps" } }`.
m.record = record.new

m.isbn, m.issn = numbers.isbn, numbers.issn

---Opens a file to write records to, which appears whole or not at all.
m.writer = writer.open

---Makes what checks many records, as `almanac marc check` does: `for _, problem in
---ipairs(checker:problems(record)) do print(problem.where, problem.kind, problem.message) end`.
---@param options? almanac.marc.check.options
---@return almanac.marc.checker? checker
---@return string? message what is wrong with the profile
---@return almanac.code? code
function m.checker(options) return require("almanac.marc.check").new(options) end

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
