-- The lists beside what was fetched: titles.csv and files.csv, from which the same can be planned into another institution,
-- all records in one file of their format, and what is missing or gone.
local core = require "almanac.core"
local names = require "almanac.fetch.names"
local whole = require "almanac.whole"

local m = {}

local TITLES = { "mms_id", "title", "record_format", "state", "suppressed", "representations", "remote", "files", "message" }
local FILES = { "mms_id", "title", "usage_type", "file_name", "size", "representation_id", "representation_label", "library", "file_id",
  "label", "sha256", "md5", "path" }
local MISSING = { "mms_id", "title", "representation_id", "file_id", "file_name", "state", "message" }
local GONE = { "mms_id", "file_id", "name" }

local EACH_TITLE = [[SELECT mms_id, title, format AS record_format, state, CASE suppressed WHEN 1 THEN 'yes' ELSE '' END AS suppressed,
  (SELECT count(*) FROM representation WHERE title_id = title.id) AS representations,
  (SELECT count(*) FROM representation WHERE title_id = title.id AND remote) AS remote,
  (SELECT count(*) FROM file WHERE title_id = title.id AND kind = 'file' AND state = 'done') AS files, message
  FROM title ORDER BY id]]
local EACH_FILE = [[SELECT mms_id, title.title, rep.usage_type, file.name AS file_name, file.size, rep_id AS representation_id,
  rep.label AS representation_label, rep.library, pid AS file_id, file.label, sha256, md5, path
  FROM file JOIN title ON title.id = title_id LEFT JOIN representation AS rep USING(title_id, rep_id)
  WHERE kind = 'file' AND file.state = 'done' ORDER BY title_id, file.id]]
local EACH_MISSING = [[SELECT mms_id, title.title, rep_id AS representation_id, pid AS file_id, file.name AS file_name, file.state,
  file.message FROM file JOIN title ON title.id = title_id
  WHERE kind = 'file' AND file.state IN ('open', 'failed', 'refused', 'gone', 'left') ORDER BY title_id, file.id]]
local MISSING_TITLES = "SELECT mms_id, title, state, message FROM title WHERE state IN ('open', 'failed', 'gone') ORDER BY id"

local RECORD = "SELECT path FROM file WHERE kind = 'record' AND state = 'done' ORDER BY title_id"

---What a collection of records is written as.
---@type { name: string, begins: string, ends: string, is: fun(text: string): boolean }[]
local COLLECTIONS = {
  { name = "marc.xml", begins = '<collection xmlns="http://www.loc.gov/MARC21/slim">\n', ends = "</collection>\n",
    is = function(text) return text:find "<[%w]*:?leader[%s/>]" ~= nil end },
  { name = "dc.xml", begins = "<records>\n", ends = "</records>\n", is = function() return true end },
}

local function csv_line(headings, row)
  local cells = {}
  for i, name in ipairs(headings) do cells[i] = tostring(row[name] or "") end
  return core.csv.line(cells)
end

-- Writes a list with a line for each row of these queries.
local function write_csv(path, headings, db, ...)
  local file <close>, message, code = whole.open(path)
  if not file then return nil, message, code end
  local ok
  ok, message = file:write(core.csv.line(headings))
  for _, sql in ipairs { ... } do
    for row in db:rows(sql) do
      if ok then ok, message = file:write(csv_line(headings, row)) end
    end
  end
  if not ok then return nil, message, "io" end
  return file:complete()
end

-- The first collection that a record goes into.
local function collection_of(text)
  for _, each in ipairs(COLLECTIONS) do
    if each.is(text) then return each end
  end
end

local function open_collection(open, folder, each)
  if open[each.name] then return open[each.name] end
  local file, message, code = whole.open(folder .. "/" .. each.name)
  if not file then return nil, message, code end
  open[each.name] = file
  local ok, words = file:write('<?xml version="1.0" encoding="UTF-8"?>\n', each.begins)
  if not ok then return nil, words, "io" end
  return file
end

local function add_record(open, folder, path)
  local text, message, code = core.files.read(path)
  if not text then return nil, message, code end
  local file
  file, message, code = open_collection(open, folder, collection_of(text))
  if not file then return nil, message, code end
  local ok, words = file:write((text:gsub("^%s*<%?xml.-%?>%s*", ""):gsub("%s*$", "\n")))
  return ok, words, "io"
end

-- All records as they are, those of a format in one file.
local function write_records(work, folder)
  local open <close> = setmetatable({}, { __close = function(files)
    for _, file in pairs(files) do file:close() end
  end })
  for row in work.db:rows(RECORD) do
    local ok, message, code = add_record(open, folder, work.folder .. "/" .. row.path)
    if not ok then return nil, message, code end
  end
  for _, each in ipairs(COLLECTIONS) do
    local file = open[each.name]
    if file then
      local ok, message = file:write(each.ends)
      local code = "io"
      if ok then ok, message, code = file:complete() end
      if not ok then return nil, message, code end
    end
  end
  return true
end

local function gone_text(gone)
  local lines = { core.csv.line(GONE) }
  for i, row in ipairs(gone) do lines[i + 1] = csv_line(GONE, { mms_id = row.mms_id, file_id = row.pid, name = row.name }) end
  return table.concat(lines)
end

---Writes the lists.
---@param work almanac.fetch.work
---@param gone { mms_id: string, pid: string?, name: string? }[]? what Alma has no more since the fetch before
---@return true|nil
---@return string? message
---@return string? code
function m.write(work, gone)
  local folder, db = work.folder .. "/" .. names.LISTS, work.db
  core.files.remove(folder, { tree = true })
  local ok, message, code = core.files.make_folder(folder)
  if ok then ok, message, code = write_csv(folder .. "/titles.csv", TITLES, db, EACH_TITLE) end
  if ok then ok, message, code = write_csv(folder .. "/files.csv", FILES, db, EACH_FILE) end
  if ok then
    ok, message, code = write_csv(folder .. "/missing.csv", MISSING, db, MISSING_TITLES, EACH_MISSING)
  end
  if ok and gone then ok, message, code = core.files.write(folder .. "/gone.csv", gone_text(gone)) end
  if ok then ok, message, code = write_records(work, folder) end
  return ok and true, message, code
end

return m
