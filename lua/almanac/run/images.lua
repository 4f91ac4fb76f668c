-- Whether the folder with the images is the one that was planned with. A share that
-- is not mounted leaves its mount point: an empty folder, or another one. Then no
-- file of the plan was deleted, and nothing is to be decided about a title.
local core = require "almanac.core"
local json = require "almanac.json"
local store = require "almanac.run.store"

local stat = core.files.stat

local m = {}

local LOOKED_AT = 8      -- files of the plan, spread over it
local SUBFOLDERS = 1000  -- of the image folder, whose file systems are looked at

-- Files that were looked at, of the whole folder or of one subfolder.
local FILES = "FROM file WHERE size IS NOT NULL AND problem IS NULL AND (?1 = '' OR substr(path, 1, length(?1) + 1) = ?1 || '/')"
local COUNT = "SELECT count(*) " .. FILES
local NTH = "SELECT path, size " .. FILES .. " ORDER BY id LIMIT 1 OFFSET ?2"
local TOPS = "SELECT DISTINCT substr(path, 1, instr(path, '/') - 1) AS name FROM file WHERE instr(path, '/') > 0 LIMIT ?"

-- A file system or a folder of a share may bear another number after the next mounting:
-- equal numbers prove that it is the same one, different ones prove nothing.
local function identity(folder)
  local found = stat(folder)
  return found and ("%x:%x"):format(found.device, found.inode)
end

local function file_system(id)
  return id:match "^[^:]*"
end

---Keeps what tells the folder from its empty mount point. Subfolders are kept when
---they are file systems of their own.
---@param db table the run file, with the files of the folder
---@param folder string
---@return true|nil
---@return string? message
---@return string? code
function m.remember(db, folder)
  local whole = identity(folder)
  if not whole then return true end
  local kept = { [""] = whole }
  for row in db:rows(TOPS, SUBFOLDERS) do
    local part = identity(folder .. "/" .. row.name)
    if part and file_system(part) ~= file_system(whole) then kept[row.name] = part end
  end
  return store.set(db, { images = json.encode(kept) })
end

-- Counts the plan's files that are there, and those that were looked for. A file of the planned size counts, whatever
-- its time, because copying a folder changes times.
local function count_present(db, folder, part)
  local count, found = db:value(COUNT, part), 0
  local n = math.min(LOOKED_AT, count)
  for i = 0, n - 1 do
    local file = db:row(NTH, part, i * count // n)
    local about = stat(folder .. "/" .. file.path)
    if about and about.size == file.size then found = found + 1 end
  end
  return found, n
end

-- A mount point may hold a few files that somebody once put there, so a folder is the right one only with half of the
-- plan's files in it.
local function missing(db, folder, kept, part)
  if identity(part == "" and folder or folder .. "/" .. part) == kept[part] then return nil end
  local found, n = count_present(db, folder, part)
  if found * 2 >= n then return nil end
  return found == 0 and "none of the plan's files is in it" or
    ("of %d of the plan's files that were looked for %d %s in it"):format(n, found, found == 1 and "is" or "are")
end

---Says when the image folder, or the subfolder that a file is in, is not the one that was
---planned with: it is gone, or less than half of the plan's files are in it.
---@param db table
---@param folder string
---@param path string? of a file below it
---@return string|false words false: it is the same folder
function m.away(db, folder, path)
  if not stat(folder) then return folder .. " is not there: is its disk or network share connected?" end
  local kept = json.decode(store.meta(db, "images") or "{}")
  local top = path and path:match "^([^/]+)/"
  for _, part in ipairs { "", top and kept[top] and top or nil } do
    local why = missing(db, folder, kept, part)
    if why then
      return ("%s is there, but not as it was planned with: %s. Is its disk or network share connected? (Files that were taken " ..
        "away for good need a new plan.)"):format(part == "" and folder or folder .. "/" .. part, why)
    end
  end
  return false
end

return m
