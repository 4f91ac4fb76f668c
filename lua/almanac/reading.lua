-- Writes and reads what Alma answered about a title, in the form that the run file
-- keeps. It is JSON without names, since there may be a hundred thousand of them.
-- A representation is
--   [id, label, usage_type, library, remote, files, file_count, access_rights, at, rare]
-- and a file is [pid, name, size, label]. `false` stands for what Alma did not tell.
-- A file's label is left out when it equals the name. file_count is there only when
-- the files were counted but not read. `at` says where a remote one is:
--   [repository, originating_record_id, delivery_url, linking parameters …]
-- and `rare` has fields that most representations lack, by their names. What is left out at the end of a list is `false`.
local fields = require "almanac.representation_fields"
local json = require "almanac.json"

local m = {}

local tointeger = math.tointeger

local function file_row(file)
  local row = json.array { file.pid, file.name, file.size or false }
  if file.label ~= file.name then row[4] = file.label or false end
  return row
end

local AT, RARE = 9, 10   -- places in a row

local function at_row(rep)
  local row = json.array { rep.repository or false, rep.originating_record_id or false, rep.delivery_url or false }
  return table.move(rep.linking_parameters or {}, 1, #(rep.linking_parameters or {}), 4, row)
end

local function rare_of(rep)
  local rare
  for _, name in ipairs(fields.rare) do
    if rep[name] then
      rare = rare or {}
      rare[name] = rep[name]
    end
  end
  return rare
end

local function representation_row(rep)
  local files = json.array {}
  for i, file in ipairs(rep.files) do files[i] = file_row(file) end
  local row = json.array { rep.id, rep.label or false, rep.usage_type or false, rep.library or false, rep.remote or false,
    files, rep.file_count or rep.access_rights and false, rep.access_rights }
  local at, rare = rep.originating_record_id and at_row(rep), rare_of(rep)
  if at or rare then row[7], row[8], row[AT], row[RARE] = row[7] or false, row[8] or false, at or false, rare end
  return row
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
  local rep = { id = row[1], label = row[2] or nil, usage_type = row[3] or nil, library = row[4] or nil, remote = row[5],
    files = files, file_count = row[7] and tointeger(row[7]) or nil, access_rights = row[8] or nil }
  local at = row[AT]
  if at then
    rep.repository, rep.originating_record_id, rep.delivery_url = at[1] or nil, at[2] or nil, at[3] or nil
    rep.linking_parameters = table.move(at, 4, #at, 1, {})
  end
  for name, text in pairs(row[RARE] or {}) do rep[name] = text end
  return rep
end

---@param text string
---@return { representations: table[] } reading list of { id, label, usage_type, library, remote, files, file_count,
---  access_rights } and the rare fields that it has (almanac.representation_fields), of a remote one also { repository,
---  originating_record_id, delivery_url, linking_parameters };
---  files: { pid, name, size, label }
function m.decode(text)
  local rows, list = json.written(text), json.array {}
  for i = 1, #rows do list[i] = representation_of(rows[i]) end
  return { representations = list }
end

return m
