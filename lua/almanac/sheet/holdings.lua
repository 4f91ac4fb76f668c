-- Reads a list of titles and the files they hold, one row for each file. The rehearsal is
-- filled from such a list, and recipes are tried on one.
local fields = require "almanac.representation_fields"
local sheet = require "almanac.sheet"

local m = {}

local NEEDED = { "mms_id", "title", "usage_type", "file_name" }
local MORE = { "size", "representation_id", "collection", "format", "barcode", "call_number", "oclc", "label", "repository",
  "originating_record_id" }
for i = 1, fields.LINKS do MORE[#MORE + 1] = "linking_parameter_" .. i end
local WANTED = {}
for _, names in ipairs { NEEDED, MORE } do
  for _, name in ipairs(names) do WANTED[name] = { sheet.plain(name) } end
end
local FORMATS = { marc21 = true, unimarc = true, kormarc = true, cnmarc = true, dc = true, dcap01 = true, dcap02 = true }

local function missing_column(list)
  for _, name in ipairs(NEEDED) do
    if not list.columns[name] then return name end
  end
end

local function check(list)
  if not list.head then return nil, "there is no header line", "parse" end
  local name = missing_column(list)
  if not name then return true end
  return nil, ("there is no column '%s': %s; columns are %s and, if wanted, %s"):format(name, list:others(name),
    table.concat(NEEDED, ", "), table.concat(MORE, ", ")), "parse"
end

-- A remote representation has a repository, and there a record; it holds no files in Alma.
local function remote_problem(record)
  if (record.repository == nil) ~= (record.originating_record_id == nil) then
    return "repository and originating_record_id go together: both are those of a remote representation"
  elseif record.repository and record.file_name then
    return ("a remote representation holds no file in Alma, and '%s' is one"):format(record.file_name)
  end
end

-- Says what is wrong with a row, for all readers of such lists.
local function problem(record)
  if not record.mms_id:find "^%d+$" then
    return ("'%s' is no MMS id (a spreadsheet may have rounded it)"):format(record.mms_id)
  elseif record.size and not math.tointeger(tonumber(record.size)) then
    return ("'%s' is no size in bytes"):format(record.size)
  elseif not FORMATS[record.format or "marc21"] then
    return ("'%s' is no format: marc21, unimarc, kormarc, cnmarc, dc, dcap01 or dcap02"):format(record.format)
  elseif (record.representation_id or ""):find "%D" then
    return ("'%s' is no representation id"):format(record.representation_id)
  end
  return remote_problem(record)
end

local function value_of(cell)
  local text = sheet.clean(cell)
  return text ~= "" and text or nil
end

-- The cells of a row by their headings in lower case; known columns also by their own names.
local function record_of(list, row)
  local record = { line = row.line, cells = {} }
  for i, name in ipairs(list.head) do
    name = name:lower()
    if name ~= "" and not record.cells[name] then
      record[name], record.cells[name] = value_of(row[i]), sheet.clean(row[i])
    end
  end
  for name, i in pairs(list.columns) do record[name] = value_of(row[i]) end
  -- A blank at the end of a file's name is a part of it and must stay.
  if record.file_name and not row[list.columns.file_name]:find "^[='\"]" then record.file_name = row[list.columns.file_name] end
  record.mms_id, record.title, record.line = record.mms_id or "", record.title or "", row.line
  local words = problem(record)
  if words then return nil, ("%s %d: %s"):format(list.unit, row.line, words), "parse" end
  record.size = math.tointeger(tonumber(record.size))
  record.name = record.file_name and (record.file_name:match "[^/\\]+$" or record.file_name)
  return record
end

---Opens a list.
---@param path string
---@param options { sheet: string?, bytes: string? }? as of almanac.sheet
---@return table|nil list of almanac.sheet
---@return string? message
---@return string? code
function m.open(path, options)
  local list, message, code = sheet.open(path, { wanted = WANTED, sheet = options and options.sheet, bytes = options and options.bytes })
  if not list then return nil, message, code end
  local ok
  ok, message, code = check(list)
  if not ok then return nil, path .. ": " .. message, code end
  return list
end

---Goes through a list row by row; comment lines and empty ones are left out.
---@param list table from open
---@return fun(): table|nil, string?, string? next gives { line, mms_id, title, name, size, usage_type, representation_id,
---  collection, format, barcode, call_number, oclc, label, repository, originating_record_id, linking_parameter_1, …, cells } with nil for empty cells; nil at the end; nil, message, code when a row is wrong
function m.records(list)
  return function()
    local row, message, code = list:next()
    if not row then return nil, message, code end
    return record_of(list, row)
  end
end

---What rows of one representation have in common: usage type and id, of a remote one its record.
---@param record table a row
---@return string
function m.place(record)
  return ("%s %s %s %s"):format(record.usage_type or "PRESERVATION_MASTER", record.representation_id or "", record.repository or "",
    record.originating_record_id or "")
end

-- A representation in the form that a plan reads from Alma.
local function representation(title, record)
  local place = m.place(record)
  local rep = title.places[place]
  if not rep then
    local list = title.reading.representations
    local remote = record.repository ~= nil
    rep = { id = record.representation_id or ("%s%d"):format(remote and "32" or "12", #list + 1), label = record.label, remote = remote,
      usage_type = record.usage_type or "PRESERVATION_MASTER", library = "MAIN", files = {}, repository = record.repository,
      originating_record_id = record.originating_record_id, linking_parameters = remote and fields.links(record) or nil }
    list[#list + 1], title.places[place] = rep, rep
  end
  return rep
end

local function add(titles, record)
  local title = titles[record.mms_id]
  if not title then
    title = { mms_id = record.mms_id, title = record.title, reading = { representations = {}, items = {}, rows = {} }, places = {} }
    titles[record.mms_id], titles[#titles + 1] = title, title
  end
  if record.barcode then table.insert(title.reading.items, { barcode = record.barcode }) end
  table.insert(title.reading.rows, record.cells)
  if not (record.name or record.usage_type or record.repository) then return end
  local rep = representation(title, record)
  if not record.name then return end
  local n = #rep.files + 1
  rep.files[n] = { pid = ("13%s%d"):format(rep.id, n), name = record.name, label = record.name,
    path = "storage/" .. record.name, size = record.size }
end

---True when a list says what titles hold: its heading has all columns for that.
---@param path string
---@param name string? the sheet of a workbook
---@return boolean
function m.is_list(path, name)
  local list = sheet.open(path, { wanted = WANTED, sheet = name })
  return list ~= nil and list.head ~= nil and missing_column(list) == nil
end

---All titles of a list with what they hold, in the order of the list.
---@param path string
---@param name string? the sheet of a workbook
---@return { mms_id: string, title: string, reading: { representations: table[], items: { barcode: string }[], rows: table[] } }[]|nil titles
---  `reading` as almanac.plan.read gives it
---@return string? message
---@return string? code
function m.titles(path, name)
  local list, message, code = m.open(path, { sheet = name })
  if not list then return nil, message, code end
  local titles, next_record = {}, m.records(list)
  while true do
    local record, why, kind = next_record()
    if kind then return nil, path .. ": " .. why, kind end
    if not record then return titles end
    add(titles, record)
  end
end

return m
