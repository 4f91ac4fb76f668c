-- Where the titles of a plan come from: a list of MMS IDs, given as it is, in
-- a file or in a column of a CSV, or a set in Alma.
local alma = require "almanac.alma"
local core = require "almanac.core"
local ids = require "almanac.run.ids"
local sheet = require "almanac.run.sheet"
local words = require "almanac.words"

local m = {}

local EMPTY = ": holds no MMS ID; give one a line, or a CSV with a column mms_id"
local BARCODE = { barcode = { "barcode", "itembarcode", "barcodes" } }
local MMS_ID = { mms_id = { "mmsid", "mmsids", "mmsrecordid", "bibmmsid", "almammsid" } }

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

local function finished(list, empty, where)
  if #list == 0 then return nil, where .. EMPTY, "parse" end
  local wrong = ids.check(list)
  if wrong[1] then return nil, ids.tell(wrong, where), "parse" end
  local titles, duplicates = unique(list)
  return { ids = titles, duplicates = duplicates, empty = empty, broken = {}, words = where }
end

local function headings(row)
  local names = {}
  for i, cell in ipairs(row) do names[i] = "'" .. sheet.clean(cell) .. "'" end
  return table.concat(names, ", ")
end

-- The column with the ids: the one whose heading says so, or the only one.
local function id_column(rows, path)
  local first = rows[1]
  local column = sheet.columns(first, MMS_ID).mms_id
  if column then return column, 2 end
  if #first == 1 then
    local has_id = sheet.clean(first[1]):find "^%d"
    return 1, has_id and 1 or 2
  end
  return nil, ("%s: no column is headed mms_id or MMS ID; there are %s: give the right one that heading"):format(path,
    headings(first)), "parse"
end

-- A list without ids may have barcodes; they are looked up.
local function barcodes(rows)
  local column = sheet.columns(rows[1], BARCODE).barcode
  if not column then return nil end
  local list, seen = {}, {}
  for i = 2, #rows do
    local barcode = sheet.clean(rows[i][column])
    if barcode ~= "" and not seen[barcode] then
      seen[barcode] = true
      list[#list + 1] = { barcode = barcode, line = rows[i].line }
    end
  end
  return list[1] and list
end

-- A row with the headings as names; without columns that have none.
local function named(head, row)
  local record = {}
  for i, cell in ipairs(head) do
    local name = sheet.clean(cell)
    if name ~= "" then record[name] = sheet.clean(row[i] or "") end
  end
  return record
end

local function from_file(path)
  local rows, message, code = sheet.read(path)
  if not rows then return nil, message, code end
  if not rows[1] then return nil, path .. EMPTY, "parse" end
  local column, first
  local others = not sheet.columns(rows[1], MMS_ID).mms_id and barcodes(rows)
  if others then return { barcodes = others } end
  column, first, code = id_column(rows, path)
  if not column then return nil, first, code end
  local list, empty, held = {}, 0, {}
  for i = first, #rows do
    local id = sheet.clean(rows[i][column])
    if id == "" then
      empty = empty + 1
    else
      list[#list + 1] = { id = id, line = rows[i].line }
      held[id] = held[id] or {}
      table.insert(held[id], first == 2 and named(rows[1], rows[i]) or {})
    end
  end
  local source, why, kind = finished(list, empty, path)
  if source then source.rows = held end
  return source, why, kind
end

local function from_text(text)
  local list = {}
  for id in text:gmatch "[^,;%s]+" do list[#list + 1] = { id = sheet.clean(id) } end
  return finished(list, 0, "--titles")
end

---The titles of a list.
---@param given string a file (one id a line, or CSV with a column of MMS IDs), or ids with commas between
---@return { ids: string[], duplicates: integer, empty: integer, broken: table[], words: string }|nil source
---  words: what it is, for people; duplicates, empty: rows that gave no id of their own; rows: of a file, by id, with the
---  headings as names; only `barcodes`, a list of
---  { barcode, line }, when the file has such a column and none of ids
---@return string? message every wrong line with its number
---@return string? code
function m.list(given)
  local stat = given ~= "" and core.files.stat(given)
  if stat and stat.kind == "folder" then
    return nil, ("--titles: '%s' is a folder; give the list itself"):format(given), "parse"
  elseif stat then
    return from_file(given)
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
  local notes = missing > 0 and { ("the %s counts %s, but Alma lists %d of them: the others are not in this plan"):format(name,
    words.count(#members + #broken + missing, "member"), #members + #broken) } or nil
  return { ids = titles, duplicates = duplicates, empty = 0, broken = broken, notes = notes, words = name }
end

return m
