-- Makes the metadata file of an ingest: CSV with Alma's headings, MARCXML, or Dublin Core in XML. Ids, groups and names of
-- files are filled in here, for they depend on the folder.
local core = require "almanac.core"
local ingest_metadata = require "almanac.ingest_metadata"
local records = require "almanac.record"
local record_xml = require "almanac.alma.record_xml"

local m = {}

---@class almanac.apply.ingest.entry what the metadata file says of one title
---@field mms_id string? nil: a new title
---@field number string? that a new title is found again by
---@field group string unlike that of any other title
---@field collection string? id, of a new title
---@field said { rows: table[]?, record: string? } from almanac.ingest_metadata
---@field files { path: string, name: string, label: string? }[] path: below the folder of the ingest
---@field file_field string? where a record names its files

-- ---- CSV ----

-- A cell as RFC 4180 has it. Nothing is put in front of a sign, as spreadsheets want it: Alma takes every byte.
local function quoted(text)
  if not text:find '[,"\r\n]' and not text:find "^%s" and not text:find "%s$" then return text end
  return '"' .. text:gsub('"', '""') .. '"'
end

local function line(cells)
  local parts = {}
  for i, cell in ipairs(cells) do parts[i] = quoted(cell) end
  return table.concat(parts, ",") .. "\r\n"
end

-- The files of a row: those that it names, those that it was given, or all of the title.
local function files_of(entry, row, is_only)
  if row.files then
    local list = {}
    for i, place in ipairs(row.files) do list[i] = entry.files[place] end
    return list
  end
  local named, by_name = {}, {}
  for _, file in ipairs(entry.files) do by_name[file.name] = file end
  for _, cell in ipairs(row.cells) do
    local what, number = ingest_metadata.of_file(cell[1])
    if what == "file_name" and cell[2] ~= "" then
      local file = by_name[cell[2]:match "[^/\\]+$"]
      if not file then return nil, ("%s names '%s', which is none of the title's files"):format(cell[1], cell[2]) end
      named[#named + 1] = { number = number, file = file }
    end
  end
  table.sort(named, function(a, b) return a.number < b.number end)
  for i, each in ipairs(named) do named[i] = each.file end
  if named[1] then return named end
  return is_only and entry.files or {}
end

local function labels_of(row)
  local labels = {}
  for _, cell in ipairs(row.cells) do
    local what, number = ingest_metadata.of_file(cell[1])
    if what == "file_label" then labels[number] = cell[2] end
  end
  return labels
end

-- The cells of a row, by heading and how many of that heading came before.
local function cells_of(entry, row, is_only, is_first)
  local cells, seen = {}, {}
  local function put(heading, text)
    local n = (seen[heading:lower()] or 0) + 1
    seen[heading:lower()] = n
    cells[#cells + 1] = { heading = heading, n = n, text = text }
  end
  local said = {}
  for _, cell in ipairs(row.cells) do
    if not ingest_metadata.of_file(cell[1]) then said[cell[1]:lower()] = cell[2] ~= "" or said[cell[1]:lower()] end
  end
  if not is_only then put("group_id", entry.group) end
  if entry.mms_id then put("mms_id", entry.mms_id) end
  if entry.number and is_first and not said.originating_system_id then put("originating_system_id", entry.number) end
  if entry.collection and is_first and not (said.collection_id or said.collection_name) then put("collection_id", entry.collection) end
  for _, cell in ipairs(row.cells) do
    local plain = cell[1]:lower()
    local filled_in = ingest_metadata.of_file(cell[1]) or plain == "group_id" or plain == "mms_id"
    if not filled_in and cell[2] ~= "" then put(cell[1], cell[2]) end
  end
  local files, message = files_of(entry, row, is_only)
  if not files then return nil, message end
  local labels = labels_of(row)
  for i, file in ipairs(files) do
    put("file_name_" .. i, file.path)
    local label = labels[i] or file.label
    if label and label ~= "" then put("file_label_" .. i, label) end
  end
  return cells
end

local FIRST = { group_id = 1, mms_id = 2, originating_system_id = 3, collection_id = 4, collection_name = 5 }

-- Ids first, then what describes, then the representation, its files last, in their order.
local function rank(heading)
  local plain = heading:lower()
  local what, number = ingest_metadata.of_file(heading)
  if number then return 3, ("%09d%s"):format(number, what == "file_name" and "a" or "b") end
  if plain:find "^rep_" then return 2, plain end
  return FIRST[plain] and 0 or 1, FIRST[plain] and tostring(FIRST[plain]) or plain
end

-- The columns of all rows: a heading stands there as often as a row needs it.
local function columns_of(rows)
  local columns, place = {}, {}
  for _, cells in ipairs(rows) do
    for _, cell in ipairs(cells) do
      local key = cell.heading:lower() .. "\0" .. cell.n
      if not place[key] then
        place[key] = true
        local group, order = rank(cell.heading)
        columns[#columns + 1] = { key = key, heading = cell.heading, n = cell.n, group = group, order = order }
      end
    end
  end
  table.sort(columns, function(a, b)
    if a.group ~= b.group then return a.group < b.group end
    if a.order ~= b.order then return a.order < b.order end
    return a.n < b.n
  end)
  return columns
end

local function csv(entries)
  local rows = {}
  for _, entry in ipairs(entries) do
    if not entry.said.rows then return nil, "a record is given, and the profile takes CSV: give rows" end
    local said = entry.said.rows[1] and entry.said.rows or { { cells = {} } }
    for i, row in ipairs(said) do
      local cells, message = cells_of(entry, row, #said == 1, i == 1)
      if not cells then return nil, message end
      rows[#rows + 1] = cells
    end
  end
  local columns, parts, headings = columns_of(rows), {}, {}
  for i, column in ipairs(columns) do headings[i] = column.heading end
  parts[1] = line(headings)
  for _, cells in ipairs(rows) do
    local by_key, values = {}, {}
    for _, cell in ipairs(cells) do by_key[cell.heading:lower() .. "\0" .. cell.n] = cell.text end
    for i, column in ipairs(columns) do values[i] = by_key[column.key] or "" end
    parts[#parts + 1] = line(values)
  end
  return table.concat(parts)
end

-- ---- XML ----

local function xml_field(tag, code, value)
  return ('<datafield tag="%s" ind1=" " ind2=" "><subfield code="%s">%s</subfield></datafield>'):format(tag, code, core.xml.escape(value))
end

-- A MARC record of ids alone, for a title that is there.
local function bare_marc(entry)
  return ("<record><leader>00000nam a2200000 a 4500</leader><controlfield tag=\"001\">%s</controlfield>%%s</record>"):format(
    core.xml.escape(entry.mms_id or ""))
end

local function marc_record(entry)
  local field, code = (entry.file_field or "856$u"):match "^(%d%d%d)%$(%w)$"
  if not field then return nil, ("file_field '%s' is no MARC field with a subfield, as 856$u"):format(entry.file_field) end
  local more, text = {}
  if entry.said.record then
    local record, format = records.parse(entry.said.record)
    if not record or format ~= "marc" then return nil, "the profile takes MARC XML, and the metadata is no MARC record" end
    record:remove(field)
    if entry.mms_id then record:set("001", entry.mms_id) else record:remove "001" end
    record:remove "005"
    local inner = record_xml.text(record):match "<record[^>]*>(.*)</record>"
    text = "<record>" .. inner:gsub("%%", "%%%%") .. "%s</record>"
  elseif entry.mms_id and not (entry.said.rows[1] and entry.said.rows[1].cells[1]) then
    text = bare_marc(entry)
  else
    return nil, "the profile takes MARC XML: give a MARC record as metadata"
  end
  if entry.number then more[#more + 1] = xml_field("035", "a", entry.number) end
  if entry.collection then more[#more + 1] = xml_field("787", "w", entry.collection) end
  for _, file in ipairs(entry.files) do more[#more + 1] = xml_field(field, code, file.path) end
  return text:format(table.concat(more))
end

local function marc(entries)
  local parts = { '<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n' }
  for _, entry in ipairs(entries) do
    local text, message = marc_record(entry)
    if not text then return nil, message end
    parts[#parts + 1] = text .. "\n"
  end
  parts[#parts + 1] = "</collection>\n"
  return table.concat(parts)
end

local function element(name, value, kind)
  return ("<%s%s>%s</%s>"):format(name, kind and (' xsi:type="%s"'):format(core.xml.escape(kind)) or "", core.xml.escape(value), name)
end

local function dc_record(entry)
  local field, parts = entry.file_field, {}
  if not field then return nil, "the profile takes Dublin Core: say which element names the files (file_field = \"dc:…\")" end
  if entry.said.record then
    local record, format = records.parse(entry.said.record)
    if not record or format ~= "dc" then return nil, "the profile takes Dublin Core, and the metadata is no record of it" end
    for _, each in ipairs(record:elements()) do
      parts[#parts + 1] = element((each.prefix or "dc") .. ":" .. each.name, each.value, each.attributes["xsi:type"])
    end
  else
    for _, cell in ipairs((entry.said.rows[1] or { cells = {} }).cells) do
      local name, kind = cell[1]:match "^([^.]+)%.?(.*)$"
      if name:find "^dc" and cell[2] ~= "" then parts[#parts + 1] = element(name, cell[2], kind ~= "" and kind or nil) end
    end
  end
  if entry.number then parts[#parts + 1] = element("dc:identifier", entry.number) end
  if entry.mms_id then parts[#parts + 1] = element("dc:identifier", entry.mms_id) end
  for _, file in ipairs(entry.files) do parts[#parts + 1] = element(field, file.path) end
  return "<record>" .. table.concat(parts) .. "</record>"
end

local function dublin_core(entries)
  local parts = { '<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns:dc="http://purl.org/dc/elements/1.1/" ' ..
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n' }
  for _, entry in ipairs(entries) do
    local text, message = dc_record(entry)
    if not text then return nil, message end
    parts[#parts + 1] = text .. "\n"
  end
  parts[#parts + 1] = "</collection>\n"
  return table.concat(parts)
end

local MAKE = { csv = csv, marc = marc, dc = dublin_core }

---The text of a metadata file.
---@param format "csv"|"marc"|"dc"
---@param entries almanac.apply.ingest.entry[]
---@return string|nil text
---@return string? message what is wrong
function m.write(format, entries)
  return MAKE[format](entries)
end

return m
