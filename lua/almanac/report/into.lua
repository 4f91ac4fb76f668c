-- Writes what a run made into the library's own list: MMS IDs, ids of representations and of files. The list itself stays as
-- it is; a copy gets the ids, in columns that are there already or behind the others, and every other byte is the same.
local core = require "almanac.core"
local list_text = require "almanac.report.list_text"
local states = require "almanac.run.states"
local whole = require "almanac.whole"

local m = {}

local LARGEST = 256 << 20   -- bytes

local COLUMNS = {
  { name = "mms_id", spellings = { mmsid = true, mmsrecordid = true } },
  { name = "representation_id", spellings = { representationid = true, repid = true } },
  { name = "file_id", spellings = { fileid = true, fileids = true, pid = true, filepid = true } },
}

local function plain(heading)
  return (heading:gsub("^\u{FEFF}", ""):lower():gsub("[^%w\x80-\xFF]", ""))
end

-- Where each of the columns stands; those that the list lacks come behind its others.
local function columns_of(list)
  local head, columns, n = list.rows[1], {}, #list.rows[1]
  for i, column in ipairs(COLUMNS) do
    for place, cell in ipairs(head) do
      if column.spellings[plain(cell.value)] then columns[i] = columns[i] or place end
    end
    if not columns[i] then
      n = n + 1
      columns[i] = n
      list_text.fill(list, head, n, column.name)
    end
  end
  return columns
end

-- ---- the title of a row ----

local DONE = "state IN " .. states.list(states.ATTACHED, states.VERIFIED)

local function has_records(db)
  return db:value "SELECT 1 FROM sqlite_schema WHERE name = 'record'" ~= nil
end

local function by_place(db, row)
  for _, unit in ipairs { "line", "row" } do
    local found = db:value("SELECT title_id FROM record WHERE place = ? AND title_id IS NOT NULL", ("%s %d"):format(unit, row.line))
    if found then return found end
  end
end

local function by_cell(db, row, records)
  for _, cell in ipairs(row) do
    local found = cell.value ~= "" and db:value("SELECT id FROM title WHERE mms_id = ?", cell.value)
    if not found and records and cell.value ~= "" then
      found = db:value("SELECT title_id FROM record WHERE identifier = ? AND title_id IS NOT NULL", cell.value)
    end
    if found then return found end
  end
end

local function last_part(text) return text:match "[^/\\]+$" end

-- The planned files that a row names.
local function named_files(index, row)
  local list = {}
  for _, cell in ipairs(row) do
    local page = index[last_part(cell.value) or ""]
    if page then list[#list + 1] = page end
  end
  return list
end

-- The planned files by their names; a name that two titles have tells none.
local function index_of(db)
  local index = {}
  for page in db:rows [[SELECT page.title_id, page.pid, file.path FROM page JOIN file ON file.id = page.file_id]] do
    local name = last_part(page.path)
    index[name] = index[name] == nil and page or false
  end
  return index
end

-- Which title a row is about: by its place among the records of the run, by an id or identifier in it, by a file.
local function title_of(db, row, index, of_records)
  local id = of_records.same and by_place(db, row) or by_cell(db, row, of_records.any)
  local files = named_files(index, row)
  if not id and files[1] then id = files[1].title_id end
  return id and db:row("SELECT * FROM title WHERE id = ? AND " .. DONE, id), files
end

-- ---- what it gets ----

local REPS = [[SELECT DISTINCT representation_id AS id FROM change WHERE title_id = ? AND representation_id IS NOT NULL ORDER BY seq]]
local FILES = "SELECT pid AS id FROM page WHERE title_id = ? AND pid IS NOT NULL ORDER BY change, seq"

local function joined(db, sql, id)
  local list = {}
  for row in db:rows(sql, id) do list[#list + 1] = row.id end
  return table.concat(list, "|")
end

local function values_of(db, title, files)
  local pids = {}
  for _, page in ipairs(files) do
    if page.title_id == title.id and page.pid then pids[#pids + 1] = page.pid end
  end
  return { title.mms_id, joined(db, REPS, title.id), pids[1] and table.concat(pids, "|") or joined(db, FILES, title.id) }
end

-- Fills the cells that are empty; one with another value stays, and is told.
local function fill(list, row, columns, values)
  local other
  for i, value in ipairs(values) do
    local cell = row[columns[i]]
    if value ~= "" and (not cell or cell.value == "") then
      list_text.fill(list, row, columns[i], value)
    elseif value ~= "" and cell.value ~= value then
      other = other or ("line %d has %s '%s', the run has '%s'"):format(row.line, COLUMNS[i].name, cell.value, value)
    end
  end
  return other
end

---The path of the copy: list.csv becomes list-ids.csv.
---@param path string
---@return string
function m.copy_of(path)
  local stem, ending = path:match "^(.+)(%.[^./]+)$"
  return (stem or path) .. "-ids" .. (ending or "")
end

local function read(path)
  local bytes, message, code = core.files.read(path, LARGEST)
  if not bytes then return nil, message, code end
  if bytes:find "^PK\3\4" or bytes:find "^\xD0\xCF\x11\xE0" then
    return nil, ("%s is a workbook: save it as CSV, then its ids can be written into that"):format(path), "parse"
  end
  local list = list_text.read(bytes)
  if not list.rows[1] then return nil, ("%s: there is no row in it"):format(path), "parse" end
  return list
end

---Writes a copy of a list with the ids of a run.
---@param db table the run file
---@param path string the list
---@param to string the copy
---@param source string? the file that the run's records came from
---@return { rows: integer, filled: integer, others: string[] }|nil told rows of the list, those that got ids, and cells that had
---  another value and kept it
---@return string? message
---@return string? code
function m.write(db, path, to, source)
  local list, message, code = read(path)
  if not list then return nil, message, code end
  local columns, index = columns_of(list), index_of(db)
  local any = has_records(db) and db:value "SELECT 1 FROM record LIMIT 1" ~= nil
  local of_records = { any = any, same = any and source ~= nil and last_part(source) == last_part(path) }
  local told = { rows = #list.rows - 1, filled = 0, others = {} }
  for i = 2, #list.rows do
    local row = list.rows[i]
    local title, files = title_of(db, row, index, of_records)
    if title then
      told.filled = told.filled + 1
      told.others[#told.others + 1] = fill(list, row, columns, values_of(db, title, files))
    end
  end
  local out <close>, why, kind = whole.open(to)
  if not out then return nil, why, kind end
  local ok
  ok, message, code = out:write(list_text.bytes(list))
  if ok then ok, message, code = out:complete() end
  if not ok then return nil, message, code end
  return told
end

return m
