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

-- A file system may bear another number after the next mounting, and so may a folder
-- of a share: only one that is the same is sure to be the same.
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
function m.remember(db, folder)
  local whole = identity(folder)
  if not whole then return end
  local kept = { [""] = whole }
  for row in db:rows(TOPS, SUBFOLDERS) do
    local part = identity(folder .. "/" .. row.name)
    if part and file_system(part) ~= file_system(whole) then kept[row.name] = part end
  end
  store.set(db, { images = json.encode(kept) })
end

-- A file that has the planned size, whatever became of its time, is one of the plan.
local function has_any(db, folder, part)
  local count = db:value(COUNT, part)
  for i = 0, math.min(LOOKED_AT, count) - 1 do
    local file = db:row(NTH, part, i * count // LOOKED_AT)
    local found = file and stat(folder .. "/" .. file.path)
    if found and found.size == file.size then return true end
  end
  return count == 0
end

local function is_another(db, folder, kept, part)
  local now = identity(part == "" and folder or folder .. "/" .. part)
  return now ~= kept[part] and not has_any(db, folder, part)
end

---Whether the image folder, or the subfolder that a file is in, is not what it was
---when it was planned with: gone, or nothing of the plan in it.
---@param db table
---@param folder string
---@param path string? of a file below it
---@return string|false words
function m.away(db, folder, path)
  if not stat(folder) then return folder .. " is not there: is its disk or network share connected?" end
  local kept = json.decode(store.meta(db, "images") or "{}")
  local top = path and path:match "^([^/]+)/"
  local part = is_another(db, folder, kept, "") and "" or top and kept[top] and is_another(db, folder, kept, top) and top
  if not part then return false end
  return ("%s is there, but not as it was planned with: none of the plan's files is in it. Is its disk or network share " ..
    "connected?"):format(part == "" and folder or folder .. "/" .. part)
end

return m
