-- A list of titles and the files they hold, as CSV: one row a file. Rehearsals
-- are filled from it, and recipes are tried on it.
local core = require "almanac.core"

local m = {}

local NEEDED = { "mms_id", "title", "usage_type", "file_name" }
local OTHERS = "size, representation_id, collection, format, barcode, call_number, oclc"
local FORMATS = { marc21 = true, dc = true, dcap01 = true }

local function columns_of(header)
  local columns = {}
  for i, name in ipairs(header) do columns[name:lower():gsub("^%s+", ""):gsub("%s+$", "")] = i end
  for _, name in ipairs(NEEDED) do
    if not columns[name] then
      return nil, ("there is no column '%s'; columns are mms_id, title, usage_type, file_name and, if wanted, %s")
        :format(name, OTHERS), "parse"
    end
  end
  return columns
end

local function is_empty(row)
  local first = row[1] or ""
  return first:sub(1, 1) == "#" or (#row <= 1 and first == "")
end

-- What is wrong with a row whoever reads it.
local function problem(record)
  if not record.mms_id:find "^%d+$" then
    return ("'%s' is no MMS id (a spreadsheet may have rounded it)"):format(record.mms_id)
  elseif record.size and not math.tointeger(tonumber(record.size)) then
    return ("'%s' is no size in bytes"):format(record.size)
  elseif not FORMATS[record.format or "marc21"] then
    return ("'%s' is no format: marc21, dc or dcap01"):format(record.format)
  elseif (record.representation_id or ""):find "%D" then
    return ("'%s' is no representation id"):format(record.representation_id)
  end
end

local function record_of(row, columns, line)
  local record = { line = line, cells = {} }
  for name, i in pairs(columns) do record[name], record.cells[name] = row[i] ~= "" and row[i] or nil, row[i] or "" end
  record.mms_id, record.title = record.mms_id or "", record.title or ""
  local words = problem(record)
  if words then return nil, ("line %d: %s"):format(line, words), "parse" end
  record.size = math.tointeger(tonumber(record.size))
  record.name = record.file_name and (record.file_name:match "[^/\\]+$" or record.file_name)
  return record
end

---Goes through a list row by row; comment lines and empty ones are left out.
---@param rows table of core.csv
---@return fun(): table|nil, string?, string? next gives { line, mms_id, title, name, size, usage_type, representation_id,
---  collection, format, barcode, call_number, oclc, …, cells } with nil for empty cells; nil at the end; nil, message, code when a row is wrong
function m.records(rows)
  local columns
  return function()
    while true do
      local row, line, code = rows:next()
      if not row and code then return nil, line, code end
      if not row and columns then return nil end
      if not row then return nil, "there is no header line", "parse" end
      if is_empty(row) then goto continue end
      if columns then return record_of(row, columns, line) end
      columns, line, code = columns_of(row)
      if not columns then return nil, line, code end
      ::continue::
    end
  end
end

local function place_of(record)
  return ("%s %s"):format(record.usage_type or "PRESERVATION_MASTER", record.representation_id or "")
end

-- A representation as the plan reads it from Alma.
local function representation(title, record)
  local place = place_of(record)
  local rep = title.places[place]
  if not rep then
    local list = title.reading.representations
    rep = { id = record.representation_id or ("12%d"):format(#list + 1), label = record.label, remote = false,
      usage_type = record.usage_type or "PRESERVATION_MASTER", library = "MAIN", files = {} }
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
  if not (record.name or record.usage_type) then return end
  local rep = representation(title, record)
  if not record.name then return end
  local n = #rep.files + 1
  rep.files[n] = { pid = ("13%s%d"):format(rep.id, n), name = record.name, label = record.name,
    path = "storage/" .. record.name, size = record.size }
end

---Whether a CSV says what titles hold: its heading has all the columns for it.
---@param path string
---@return boolean
function m.is_list(path)
  local rows = core.csv.open(path)
  local row
  repeat row = rows and rows:next() until not row or not is_empty(row)
  return row ~= nil and columns_of(row) ~= nil
end

---All titles of a list with what they hold, in the order of the list.
---@param path string
---@return { mms_id: string, title: string, reading: { representations: table[], items: { barcode: string }[], rows: table[] } }[]|nil titles
---  `reading` as almanac.run.read gives it
---@return string? message
---@return string? code
function m.titles(path)
  local rows, message, code = core.csv.open(path)
  if not rows then return nil, message, code end
  local titles, next_record = {}, m.records(rows)
  while true do
    local record, why, kind = next_record()
    if kind then return nil, path .. ": " .. why, kind end
    if not record then return titles end
    add(titles, record)
  end
end

return m
