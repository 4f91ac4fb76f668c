-- Reads the titles of a plan from a list of MMS IDs, given as it is, in a file or
-- in a column of a CSV, or from a set in Alma.
local alma = require "almanac.alma"
local core = require "almanac.core"
local ids = require "almanac.run.ids"
local sheet = require "almanac.sheet"
local words = require "almanac.words"

local m = {}

local EMPTY = ": holds no MMS ID; give one a line, or a list with a column mms_id"
---Headings that mean a column, beside its own name.
m.headings = {
  mms_id = { "mmsid", "mmsids", "mmsrecordid", "bibmmsid", "almammsid" },
  barcode = { "barcode", "itembarcode", "barcodes" },
}

-- Each id once, in the order given.
local function unique(list)
  local result, seen, duplicates = {}, {}, 0
  for _, entry in ipairs(list) do
    if seen[entry.id] then
      duplicates = duplicates + 1
    else
      seen[entry.id] = true
      result[#result + 1] = entry.id
    end
  end
  return result, duplicates
end

local function finished(list, empty, where, unit)
  if #list == 0 then return nil, where .. EMPTY, "parse" end
  local wrong = ids.check(list)
  if wrong[1] then return nil, ids.tell(wrong, where, unit), "parse" end
  local titles, duplicates = unique(list)
  return { ids = titles, duplicates = duplicates, empty = empty, broken = {}, words = where }
end

-- Finds the column with the ids: the one whose heading says so, or the only one.
local function id_column(list, rows)
  local column = list.columns.mms_id
  if column then return column end
  for _, row in ipairs(list.head and {} or rows) do
    if #row > 1 then return nil, ("%s: no column is headed mms_id or MMS ID; give one that heading"):format(list.name), "parse" end
  end
  if list.head and #list.head > 1 then
    return nil, ("%s: no column is headed mms_id or MMS ID; %s: give the right one that heading"):format(list.name,
      list:others "mms_id"), "parse"
  end
  -- A first cell that begins with no digit is a heading in the library's own words.
  if rows[1] and not sheet.clean(rows[1][1]):find "^[%d.,]" then table.remove(rows, 1) end
  return 1
end

-- Takes the barcodes of a list without ids; they are looked up later.
local function barcodes(list, rows)
  local found, seen, source = {}, {}, { duplicates = 0, notes = {}, remarks = list.notes, words = list.name, unit = list.unit }
  local empty = {}
  for _, row in ipairs(rows) do
    local barcode = sheet.clean(row[list.columns.barcode])
    if barcode == "" then
      empty[#empty + 1] = row.line
    elseif seen[barcode] then
      source.duplicates = source.duplicates + 1
    else
      seen[barcode] = true
      found[#found + 1] = { barcode = barcode, line = row.line }
    end
  end
  if not found[1] then return nil, list.name .. ": the column of barcodes is empty", "parse" end
  local wrong, doubts = ids.check_barcodes(found, list.unit)
  if wrong[1] then return nil, ids.tell(wrong, list.name, list.unit), "parse" end
  for _, text in ipairs(doubts) do source.notes[#source.notes + 1] = list.name .. ": " .. text end
  source.barcodes = found
  if empty[1] then source.notes[#source.notes + 1] = m.without(list, empty, "barcode") end
  return source
end

---Says which rows name no title.
---@param list { name: string, unit: string }
---@param lines integer[]
---@param what string
---@return string
function m.without(list, lines, what)
  return ("%s: %s without %s: %s"):format(list.name, words.count(#lines, "row"), what == "barcode" and "a barcode" or "an MMS ID",
    sheet.lines(list.unit, lines))
end

local function from_file(path, how)
  local list, message, code = sheet.open(path, { wanted = m.headings, sheet = how.sheet, charset = how.charset })
  if not list then return nil, message, code end
  local rows
  rows, message, code = sheet.all(list)
  if not rows then return nil, message, code end
  if not rows[1] then return nil, path .. EMPTY, "parse" end
  if list.columns.barcode and not list.columns.mms_id then return barcodes(list, rows) end
  local column
  column, message, code = id_column(list, rows)
  if not column then return nil, message, code end
  local found, empty, held = {}, {}, {}
  for _, row in ipairs(rows) do
    local id = sheet.clean(row[column])
    if id == "" then
      empty[#empty + 1] = row.line
    else
      found[#found + 1] = { id = id, line = row.line }
      held[id] = held[id] or {}
      table.insert(held[id], list:named(row))
    end
  end
  local source
  source, message, code = finished(found, #empty, path, list.unit)
  if not source then return nil, message, code end
  source.rows, source.notes, source.remarks, source.list = held, {}, list.notes, list
  if empty[1] then source.notes[#source.notes + 1] = m.without(list, empty, "id") end
  return source
end

local function from_text(text)
  local list = {}
  for id in text:gmatch "[^,;%s]+" do list[#list + 1] = { id = sheet.clean(id) } end
  return finished(list, 0, "--titles")
end

---The titles of a list.
---@param given string a file (one id a line; CSV or a workbook with a column of MMS IDs), or ids with commas between
---@param how { sheet: string?, charset: string? }? sheet: of a workbook; charset: of a text
---@return { ids: string[], duplicates: integer, empty: integer, broken: table[], words: string }|nil source
---  words: what it is, for people; duplicates, empty: rows that gave no id of their own; notes: what names no title;
---  remarks: how the list was read; rows: of a file, by id, with the headings as names; list: as of almanac.sheet, without its rows; only `barcodes`, a list
---  of { barcode, line }, with notes and counts when the file has such a column and none of ids
---@return string? message every wrong line with its number
---@return string? code
function m.list(given, how)
  local stat = given ~= "" and core.files.stat(given)
  if stat and stat.kind == "folder" then
    return nil, ("--titles: '%s' is a folder; give the list itself"):format(given), "parse"
  elseif stat then
    return from_file(given, how or {})
  end
  if given:find "^[%d,;%s'\"]+$" then return from_text(given) end
  return nil, ("--titles: there is no file '%s'; give a file, or MMS IDs with commas between"):format(given), "missing"
end

---The titles of a set in Alma, with the members that Alma can't give.
---@param client table
---@param given string id or name of the set
---@return { ids: string[], duplicates: integer, empty: integer, broken: { offset: integer, message: string }[], words: string }|nil source
---@return string? message
---@return string? code
function m.set(client, given)
  local set, message, code = alma.sets.find(client, given)
  if not set then return nil, message, code end
  local members, broken, kind = alma.sets.members(client, set.id)
  if not members then return nil, broken, kind end
  local missing, name = kind, ("set '%s' (%s)"):format(set.name or given, set.id)
  if #members == 0 and #broken == 0 and missing > 0 then
    return nil, ("the %s counts %s, but Alma lists none: look at it in Alma"):format(name, words.count(missing, "member")), "parse"
  elseif #members == 0 and #broken == 0 then
    return nil, ("the set '%s' (%s) is empty"):format(set.name or given, set.id), "missing"
  end
  local titles, duplicates = unique(members)
  for _, id in ipairs(titles) do
    if not id:find "^99" then
      return nil, ("the %s is not one of titles: %s"):format(name, ids.problem(id)), "parse"
    end
  end
  local notes = missing > 0 and { ("the %s counts %s, but Alma lists %d of them: the others are left out"):format(name,
    words.count(#members + #broken + missing, "member"), #members + #broken) } or nil
  return { ids = titles, duplicates = duplicates, empty = 0, broken = broken, notes = notes, words = name }
end

return m
