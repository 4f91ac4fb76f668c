-- What an ingest says of a title, as a recipe gives it: rows with Alma's own headings, one for each representation, or a
-- record as text (XML). It is kept as JSON,
--   { "rows": [ { "cells": [ [heading, value], … ], "files": [1, 2] } ] }   files: places among those of the change
--   { "record": "<record>…" }
-- since a plan keeps plain text.
local json = require "almanac.json"
local words = require "almanac.words"

local m = {}

m.LONGEST = 1 << 20     -- bytes of one title's

-- Headings that are no description of the title: ids, the collection, the representation and its files.
local NO_DESCRIPTION = { group_id = true, mms_id = true, originating_system_id = true, collection_name = true, collection_id = true,
  collection_external = true }

-- Those of Alma's generic template that are.
local GENERIC = { "contributor", "coverage", "creator", "date", "description", "format", "identifier", "isbn", "issn", "language",
  "publisher", "relation", "rights", "source", "subject", "title", "type" }
local REP = { "rep_label", "rep_public_note", "rep_access_rights", "rep_usage_type", "rep_library", "rep_note" }

local known, names = {}, {}
local function know(name) known[name], names[#names + 1] = true, name end
for name in pairs(NO_DESCRIPTION) do know(name) end
for _, name in ipairs(GENERIC) do know(name) end
for _, name in ipairs(REP) do know(name) end
table.sort(names)

---The place of a file in its heading: file_name_2 is "file_name" and 2.
---@param heading string
---@return "file_name"|"file_label"|nil what
---@return integer? number
function m.of_file(heading)
  local what, number = heading:lower():match "^%s*(file_%a+)_(%d+)%s*$"
  if what == "file_name" or what == "file_label" then return what, math.tointeger(tonumber(number)) end
end

---Says that Alma has no such heading. One that it does not know fails the whole file ("Field X is invalid").
---@param heading string
---@return string? words
function m.unknown(heading)
  local name = heading:match "^%s*(.-)%s*$"
  local plain = name:lower()
  if known[plain] or m.of_file(plain) or plain:find "^rep_custom %S" or plain:find "^bib custom %S" then return nil end
  if name:find "^dc:%a+$" or name:find "^dcterms:%a+$" or name:find "^%a+:%a+%.%a+:%w+$" then return nil end
  local near = words.nearest(plain, names)
  return ("'%s' is none of the headings that Alma knows%s"):format(name, near and (", did you mean '" .. near .. "'?") or "")
end

local function describes(heading)
  local plain = heading:lower():match "^%s*(.-)%s*$"
  return not (NO_DESCRIPTION[plain] or plain:find "^rep_" or m.of_file(plain))
end

-- ---- from a recipe ----

local function cell(cells, heading, value)
  if math.type(value) then value = tostring(value) end
  if type(value) ~= "string" then return ("'%s' is a %s, not text"):format(heading, type(value)) end
  cells[#cells + 1] = { heading, value }
end

local function add_cells(cells, heading, value)
  if type(value) ~= "table" then return cell(cells, heading, value) end
  for _, each in ipairs(value) do
    local problem = cell(cells, heading, each)
    if problem then return problem end
  end
end

local function places_of(list, place)
  local places = {}
  if type(list) ~= "table" then return nil, "'files' of a row is a list of files" end
  for i, file in ipairs(list) do
    if not place[file] then return nil, "'files' of a row may hold only files of the ingest" end
    places[i] = place[file]
  end
  return places
end

local function row_of(given, place)
  local headings, row = {}, { cells = {} }
  for heading in next, given do
    if type(heading) ~= "string" then return nil, "a row has headings and values, { title = \"…\" }" end
    if heading ~= "files" then headings[#headings + 1] = heading end
  end
  table.sort(headings)
  for _, heading in ipairs(headings) do
    local problem = m.unknown(heading) or add_cells(row.cells, heading, given[heading])
    if problem then return nil, problem end
  end
  if given.files ~= nil then
    local problem
    row.files, problem = places_of(given.files, place)
    if not row.files then return nil, problem end
  end
  return row
end

---Brings what a recipe gives into one form.
---@param given string|table a record as text, a row, or a list of rows; `files` of a row: those of its representation
---@param files table[]? those of the change
---@return string|nil json
---@return string? problem in words
function m.encode(given, files)
  if type(given) == "string" then return json.encode { record = given } end
  if type(given) ~= "table" then return nil, ("metadata is a row, a list of rows or a record, not a %s"):format(type(given)) end
  local place, rows = {}, {}
  for i, file in ipairs(files or {}) do place[file] = i end
  if type(given[1]) ~= "table" then given = { given } end
  for i, each in ipairs(given) do
    local problem
    rows[i], problem = row_of(each, place)
    if not rows[i] then return nil, "metadata: " .. problem end
  end
  return json.encode { rows = rows }
end

---The same of the cells of a list's rows as they stand there; what is empty is left out.
---@param rows string[][][] pairs { heading, value } of each row
---@return string|nil json
---@return string? problem Alma has no such heading
function m.of_cells(rows)
  local list = {}
  for i, cells in ipairs(rows) do
    list[i] = { cells = {} }
    for _, pair in ipairs(cells) do
      local problem = pair[2] ~= "" and m.unknown(pair[1])
      if problem then return nil, "metadata: " .. problem end
      if pair[2] ~= "" then table.insert(list[i].cells, pair) end
    end
  end
  return json.encode { rows = list }
end

---Reads it back.
---@param text string?
---@return { rows: { cells: string[][], files: integer[]? }[]?, record: string? }
function m.decode(text)
  if not text then return { rows = { { cells = {} } } } end
  local found = json.decode(text)
  if type(found) ~= "table" then return { rows = {} } end
  for _, row in ipairs(found.rows or {}) do row.cells = row.cells or {} end
  return found
end

---Whether text is what `encode` gives.
---@param text any
---@return boolean
function m.is_encoded(text)
  if type(text) ~= "string" or #text > m.LONGEST then return false end
  local found = json.decode(text)
  return type(found) == "table" and (type(found.rows) == "table" or type(found.record) == "string")
end

---What is said of a title: the headings, each once, in order.
---@param text string?
---@return string[]
function m.headings(text)
  local found, list, seen = m.decode(text), {}, {}
  if found.record then return { "its record" } end
  for _, row in ipairs(found.rows) do
    for _, pair in ipairs(row.cells) do
      if pair[2] ~= "" and not seen[pair[1]] then list[#list + 1], seen[pair[1]] = pair[1], true end
    end
  end
  return list
end

---The number of another system that a title gets from its rows.
---@param text string?
---@return string?
function m.number(text)
  for _, row in ipairs(m.decode(text).rows or {}) do
    for _, pair in ipairs(row.cells) do
      if pair[1]:lower() == "originating_system_id" and pair[2] ~= "" then return pair[2] end
    end
  end
end

---The first heading that describes the title: in an overlay it takes the place of what the title has.
---@param text string?
---@return string? heading "a record" when it is one as text
function m.describes(text)
  local found = m.decode(text)
  if found.record then return "a record" end
  for _, row in ipairs(found.rows) do
    for _, pair in ipairs(row.cells) do
      if pair[2] ~= "" and describes(pair[1]) then return pair[1] end
    end
  end
end

return m
