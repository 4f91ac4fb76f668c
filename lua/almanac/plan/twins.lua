-- Finds files of the same bytes. Most are told apart by their marks (of length,
-- beginning and end), which were read anyhow. Of files with the same mark a piece
-- from the middle is read, and only files that are still alike are read whole.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"

local m = {}

local WHOLE = 4096          -- bytes: so much of a file is in its mark
local PIECE = 65536
local SAME = "INSERT OR REPLACE INTO same(file_id, bytes) VALUES(?, ?)"

local methods = {}
local meta = { __index = methods }

---@param db table in a transaction, inside an attempt
---@param folder string
---@return table twins
function m.new(db, folder)
  return setmetatable({ db = db, folder = folder, first = {}, groups = {} }, meta)
end

---Adds a file that takes part.
---@param mark integer of core.files.heads
---@param file { id: integer, path: string, size: integer }
function methods:add(mark, file)
  local first = self.first[mark]
  if not first then
    self.first[mark] = file.id
    return
  end
  local group = self.groups[mark]
  if not group then
    group = { size = file.size, first }
    self.groups[mark] = group
  end
  group[#group + 1] = file.id
end

-- Groups files by what `read` gives for each; a file that is alone is left out.
local function divided(ids, read)
  local by, groups = {}, {}
  for _, id in ipairs(ids) do
    local value = read(id)
    if value then
      by[value] = by[value] or {}
      table.insert(by[value], id)
    end
  end
  for value, group in pairs(by) do
    if group[2] then groups[#groups + 1] = { value = value, ids = group } end
  end
  return groups
end

-- Finds which files of one mark are the same. A file that can't be read any more is
-- left out here, and told when it is needed.
local function alike(self, mark, ids)
  if ids.size <= WHOLE then return { { value = ("%016x"):format(mark), ids = ids } } end
  local function digest(from, length)
    return function(id)
      local path = self.db:value("SELECT path FROM file WHERE id = ?", id)
      return path and core.files.sha256(self.folder .. "/" .. path, from, length) or nil
    end
  end
  local result = {}
  for _, group in ipairs(divided(ids, digest(ids.size // 2, math.min(PIECE, ids.size - ids.size // 2)))) do
    table.move(divided(group.ids, digest(0)), 1, #group.ids, #result + 1, result)
  end
  return result
end

---Finds out which files are the same, once all were added, and writes that down.
function methods:write_same()
  for mark, ids in pairs(self.groups) do
    for _, group in ipairs(alike(self, mark, ids)) do
      for _, id in ipairs(group.ids) do attempt.run(self.db, SAME, id, group.value) end
    end
  end
end

local KEPT = "SELECT file_id, bytes FROM same"
local SEVERAL = [[SELECT same.bytes, count(DISTINCT title_id) AS n, count(DISTINCT same.file_id) AS files FROM same
  JOIN page ON page.file_id = same.file_id GROUP BY same.bytes HAVING n > 1 ORDER BY n DESC, same.bytes]]
local WHERE_IT_IS = [[SELECT DISTINCT title.id, mms_id, file.path FROM same JOIN page USING(file_id) JOIN title ON title.id = title_id
  JOIN file ON file.id = same.file_id WHERE same.bytes = ? ORDER BY title.id, file.path]]

---@param db table
---@return table<integer, string> bytes what each such file has, by its number
function m.kept(db)
  local list = {}
  for row in db:rows(KEPT) do list[row.file_id] = row.bytes end
  return list
end

---Notes at titles that the same bytes are planned for others as well: they may be a
---stand-in for a missing picture, or a file with a wrong name.
---@param db table
---@param add fun(title_id: integer, text: string)
function m.across(db, add)
  local found = {}
  for row in db:rows(SEVERAL) do found[#found + 1] = row end
  for _, group in ipairs(found) do
    local seen
    for row in db:rows(WHERE_IT_IS, group.bytes) do
      if row.id ~= seen then
        add(row.id, ("the same bytes are planned for other titles as well: %s is the same in %d titles (%d files)"):format(row.path,
          group.n, group.files))
      end
      seen = row.id
    end
  end
end

return m
