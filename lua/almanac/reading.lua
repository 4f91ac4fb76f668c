-- Writes and reads what Alma answered about a title, in the form that the run file
-- keeps. It is JSON without names, since there may be a hundred thousand of them.
-- A representation is
--   [id, label, usage_type, library, remote, files, file_count, access_rights]
-- and a file is [pid, name, size, label]. `false` stands for what Alma did not tell.
-- A file's label is left out when it equals the name. file_count is there only when
-- the files were counted but not read; it is `false` when access_rights follows.
local json = require "almanac.json"

local m = {}

local tointeger = math.tointeger

local function file_row(file)
  local row = json.array { file.pid, file.name, file.size or false }
  if file.label ~= file.name then row[4] = file.label or false end
  return row
end

local function representation_row(rep)
  local files = json.array {}
  for i, file in ipairs(rep.files) do files[i] = file_row(file) end
  return json.array { rep.id, rep.label or false, rep.usage_type or false, rep.library or false, rep.remote or false,
    files, rep.file_count or rep.access_rights and false, rep.access_rights }
end

---@param reading { representations: table[] }
---@return string text
function m.encode(reading)
  local rows = json.array {}
  for i, rep in ipairs(reading.representations) do rows[i] = representation_row(rep) end
  return json.encode(rows)
end

local function file_of(row)
  local label = row[4]
  if label == nil then label = row[2] end
  return { pid = row[1], name = row[2], size = row[3] and tointeger(row[3]), label = label or nil }
end

local function representation_of(row)
  local rows, files = row[6], json.array {}
  for i = 1, #rows do files[i] = file_of(rows[i]) end
  return { id = row[1], label = row[2] or nil, usage_type = row[3] or nil, library = row[4] or nil, remote = row[5],
    files = files, file_count = row[7] and tointeger(row[7]) or nil, access_rights = row[8] }
end

---@param text string
---@return { representations: table[] } reading list of { id, label, usage_type, library, remote, files, file_count,
---  access_rights };---  files: { pid, name, size, label }
function m.decode(text)
  local rows, list = json.written(text), json.array {}
  for i = 1, #rows do list[i] = representation_of(rows[i]) end
  return { representations = list }
end

return m
