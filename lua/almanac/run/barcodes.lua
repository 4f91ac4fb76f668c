-- Titles of a list of barcodes: each is looked up in Alma, two calls for one.
local alma = require "almanac.alma"
local task = require "almanac.task"

local m = {}

local IN_FLIGHT = 32

-- One that no item has is told and left out; any other failure ends it all.
local function look_up(work, entry)
  if work.stop then return end
  local item, message, code = alma.items.by_barcode(work.client, entry.barcode)
  if item then
    work.found[entry] = item.bib_data.mms_id
  elseif code == "missing" then
    work.notes[entry] = ("%sline %d: %s"):format(work.where, entry.line, message)
  else
    work.stop = { message, code }
  end
end

-- In the order of the list, each title once.
local function finished(work, list)
  local source = { ids = {}, duplicates = 0, empty = 0, broken = {}, notes = {} }
  local seen = {}
  for _, entry in ipairs(list) do
    local id = work.found[entry]
    if not id then
      source.notes[#source.notes + 1] = work.notes[entry]
    elseif seen[id] then
      source.duplicates = source.duplicates + 1
    else
      seen[id] = true
      source.ids[#source.ids + 1] = id
    end
  end
  return source
end

---The titles that barcodes belong to.
---@param client almanac.alma.client
---@param list { barcode: string, line: integer }[]
---@param words string what the list is
---@return table|nil source as from almanac.run.sources; notes: a line for each barcode that no item has
---@return string? message
---@return string? code
function m.source(client, list, words)
  local work = { client = client, found = {}, notes = {}, where = words .. ": " }
  local raised = task.each(list, IN_FLIGHT, function(entry) look_up(work, entry) end)
  if raised[1] then error(raised[1].message, 0) end
  if work.stop then return nil, table.unpack(work.stop) end
  local source = finished(work, list)
  if #source.ids == 0 then return nil, words .. ": no item in Alma has one of its barcodes", "missing" end
  source.words = words
  return source
end

return m
