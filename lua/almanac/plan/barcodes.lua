-- Finds the titles of a list of barcodes. Each is looked up in Alma, with two calls.
local alma = require "almanac.alma"
local task = require "almanac.task"

local m = {}

local IN_FLIGHT = 32
local TOLD = 10     -- barcodes of a list that finds nothing

-- A barcode that no item has is noted and left out; any other failure ends the look-up of all.
local function look_up(work, entry)
  if work.stop then return end
  local item, message, code = alma.items.by_barcode(work.client, entry.barcode)
  if item then
    work.found[entry] = item.bib_data.mms_id
  elseif code == "missing" then
    work.notes[entry] = ("%s: %s %d: %s"):format(work.list.words, work.list.unit, entry.line, message)
  else
    work.stop = { message, code }
  end
end

-- Lists the titles in the order of the barcodes, each once.
local function finished(work)
  local list = work.list
  local source = { ids = {}, duplicates = list.duplicates, empty = 0, broken = {}, notes = list.notes, words = list.words }
  local seen = {}
  for _, entry in ipairs(list.barcodes) do
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

-- When no barcode is found the whole list may be spoilt, so it is refused with examples.
local function none_found(source, list)
  local message = list.words .. ": no item in Alma has one of its barcodes"
  for i = 1, math.min(#source.notes, TOLD) do message = message .. "\n  " .. source.notes[i] end
  if #source.notes > TOLD then message = ("%s\n  and %d more"):format(message, #source.notes - TOLD) end
  return nil, message, "missing"
end

---The titles that barcodes belong to.
---@param client almanac.alma.client
---@param list table from almanac.plan.sources: barcodes, notes, counts, words (what the list is), unit
---@return table|nil source as from almanac.plan.sources; notes: those of the list, and a line for each barcode that no item has
---@return string? message
---@return string? code
function m.source(client, list)
  local work = { client = client, found = {}, notes = {}, list = list }
  local raised = task.each(list.barcodes, IN_FLIGHT, function(entry) look_up(work, entry) end)
  if raised[1] then error(raised[1].message, 0) end
  if work.stop then return nil, table.unpack(work.stop) end
  local source = finished(work)
  if #source.ids == 0 then return none_found(source, list) end
  return source
end

return m
