-- Finds the files that records name themselves, by path, by name, or by the end of an
-- address. A name that stands for no file, or for several, is a doubt of its record; and a
-- file that two records name is one of both.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local folder_of = require "almanac.plan.folder"
local reasons = require "almanac.run.reasons"
local records = require "almanac.run.records"
local objects = require "almanac.recipe.inside.objects"

local m = {}

local PORTION = 1000
local TABLE = "CREATE TEMP TABLE named_as(name TEXT NOT NULL, file_id INTEGER NOT NULL, path TEXT NOT NULL)"
local INDEX = "CREATE INDEX temp.named_as_name ON named_as(name)"
local FILES = "SELECT id, path FROM file WHERE id > ? ORDER BY id LIMIT " .. PORTION
local KEEP = "INSERT INTO record_file(record_id, seq, name, file_id) VALUES(?, ?, ?, ?)"
local DOUBT = "UPDATE record SET reason_code = ?, reason_data = ? WHERE id = ?"

local fold = core.text.fold

local methods = {}
local meta = { __index = methods }

local function write_names(db)
  local last = 0
  repeat
    local names, ids, paths = {}, {}, {}
    for row in db:rows(FILES, last) do
      local n = #ids + 1
      names[n], ids[n], paths[n] = fold(objects.last_part(row.path)), row.id, row.path
      last = row.id
    end
    attempt.run_many(db, "INSERT INTO named_as VALUES(?, ?, ?)", #ids, names, ids, paths)
  until not ids[1]
end

---Begins. Called inside an attempt.
---@param db table a run file with the files of the folder
---@param folder string
---@return table names
function m.new(db, folder)
  db:exec(TABLE)
  write_names(db)
  db:exec(INDEX)
  return setmetatable({ db = db, folder = folder }, meta)
end

local function unescaped(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

---Brings the name that a record gives into the form of a path.
---@param name string
---@return string path
---@return boolean is_address
function m.path_of(name)
  local path = name:match "^%a[%w+.-]*://[^/]*/?([^?#]*)"
  if path and not name:find "^file:" then return unescaped(path), true end
  path = (path and unescaped(path) or name):gsub("\\", "/")
  return (path:gsub("^%a:/", ""):gsub("^%./", ""):gsub("^/+", "")), false
end

local function ends_with(text, ending)
  return text == ending or text:sub(-1 - #ending) == "/" .. ending
end

-- Those whose path ends with the name, or the name with their path.
local function fitting(found, path, form)
  local list, wanted = {}, form(path)
  for _, file in ipairs(found) do
    local own = form(file.path)
    if ends_with(own, wanted) or ends_with(wanted, own) then list[#list + 1] = file end
  end
  return list
end

local function exactly(text) return core.text.nfc(text) end

---Chooses among the files that have a name's last part.
---@param found { id: integer, path: string }[]
---@param path string
---@param is_address boolean of which only the end may be in common
---@return { id: integer, path: string }[] those that the name may stand for
function m.choose(found, path, is_address)
  for _, file in ipairs(found) do
    if file.path == path then return { file } end
  end
  local list = fitting(found, path, exactly)
  if not list[1] then list = fitting(found, path, fold) end
  return list[1] and list or is_address and found or list
end

-- The files that stand at the very paths. Looking for these first spares much where a thousand folders have a 0001.tif.
local function at_paths(db, wanted)
  local paths = {}
  for i, entry in ipairs(wanted) do
    entry.path, entry.is_address = m.path_of(entry.name)
    entry.found, paths[i] = {}, entry.path
  end
  local asked, ids, found = attempt.columns(db, "SELECT id, path FROM file WHERE path = ?", #paths, paths)
  for i, place in ipairs(asked) do wanted[place].found = { { id = ids[i], path = found[i] } } end
end

-- The files with the last part of each name that stands for no path.
local function with_last_parts(db, all)
  local wanted, last = {}, {}
  for _, entry in ipairs(all) do
    if not entry.found[1] then wanted[#wanted + 1] = entry end
  end
  for i, entry in ipairs(wanted) do last[i] = fold(objects.last_part(entry.path)) end
  local asked, ids, paths = attempt.columns(db, "SELECT file_id, path FROM named_as WHERE name = ? ORDER BY path", #last, last)
  for i, place in ipairs(asked) do
    local found = wanted[place].found
    found[#found + 1] = { id = ids[i], path = paths[i] }
  end
end

local function paths_of(list)
  local paths = {}
  for i, file in ipairs(list) do paths[i] = file.path end
  return reasons.some(paths)
end

-- The doubt of a record whose names don't stand for one file each.
local function doubt_of(entry)
  local lacking = {}
  for _, wanted in ipairs(entry.wanted) do
    if not wanted.list[1] then lacking[#lacking + 1] = wanted.name end
  end
  local name = records.name(entry.row)
  if lacking[1] then return reasons.new("named_file_missing", { record = name, files = reasons.some(lacking) }) end
  for _, wanted in ipairs(entry.wanted) do
    if wanted.list[2] then
      return reasons.new("named_file_twice", { record = name, file = wanted.name, files = paths_of(wanted.list) })
    end
  end
end

---Takes the names of some records. Called inside an attempt.
---@param named { row: almanac.run.record_row, names: string[] }[]
function methods:take(named)
  local all = {}
  for _, entry in ipairs(named) do
    entry.wanted = {}
    for i, name in ipairs(entry.names) do
      entry.wanted[i] = { name = name }
      all[#all + 1] = entry.wanted[i]
    end
  end
  at_paths(self.db, all)
  with_last_parts(self.db, all)
  local ids, seqs, names, files = {}, {}, {}, {}
  for _, entry in ipairs(named) do
    for seq, wanted in ipairs(entry.wanted) do
      wanted.list = m.choose(wanted.found, wanted.path, wanted.is_address)
      local n = #ids + 1
      ids[n], seqs[n], names[n] = entry.row.id, seq, wanted.name
      files[n] = wanted.list[1] and not wanted.list[2] and wanted.list[1].id or false
    end
    local doubt = not entry.row.reason_code and doubt_of(entry)
    if doubt then
      local code, data = reasons.columns(doubt)
      attempt.run(self.db, DOUBT, code, data, entry.row.id)
    end
  end
  attempt.run_many(self.db, KEEP, #ids, ids, seqs, names, files)
end

local SHARED = [[UPDATE record SET reason_code = 'file_of_several_records', reason_data = (
    SELECT json_object('file', path, 'records', (SELECT json_group_array(coalesce(identifier, place, 'record ' || other.id))
      FROM (SELECT DISTINCT record_id FROM record_file WHERE file_id = file.id ORDER BY record_id LIMIT 5) JOIN record AS other
        ON other.id = record_id))
    FROM record_file JOIN file ON file.id = file_id WHERE record_id = record.id AND file_id IN (SELECT id FROM temp.shared) LIMIT 1)
  WHERE reason_code IS NULL AND id IN (SELECT record_id FROM record_file WHERE file_id IN (SELECT id FROM temp.shared))]]

local NAMED = ("UPDATE file SET %s WHERE reason_code = 'no_key_given' AND id IN (SELECT file_id FROM record_file)"):format(reasons.NONE)

---Ends: what records name is theirs before all match keys, and is looked into. Called inside an attempt.
function methods:finish()
  local db = self.db
  db:exec [[CREATE TEMP TABLE shared AS SELECT file_id AS id FROM record_file WHERE file_id IS NOT NULL
    GROUP BY file_id HAVING count(*) > 1]]
  attempt.run(db, SHARED)
  db:exec "DROP TABLE temp.shared"
  db:exec "DROP TABLE temp.named_as"
  folder_of.look_at(db, self.folder, [[id IN (SELECT file_id FROM record_file) AND id NOT IN (SELECT file_id FROM file_key)]])
  attempt.run(db, "DELETE FROM file_key WHERE file_id IN (SELECT file_id FROM record_file)")
  attempt.run(db, NAMED)
end

return m
