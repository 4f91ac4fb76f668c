-- Uploads of a run that no file was made of. One that was given up may arrive when
-- a file is made of another already, so what lies in the run's folder when its title
-- was taken back goes. Only AWS keys can look there; with an API key alone no more
-- can be said than what may be left.
local pages = require "almanac.run.pages"

local m = {}

local MAY_BE_LEFT = [[SELECT count(*) FROM step JOIN title ON title.id = step.title_id
  JOIN page ON page.title_id = step.title_id AND page.change = step.change AND page.seq = step.page
  WHERE step.kind = 'upload' AND page.pid IS NULL AND title.state = 'undone']]

local function folder_of(run)
  return pages.upload_folder(run.db) .. "/"
end

-- Whether an object of the folder belongs to a title that was taken back.
local function is_taken_back(run, folder, key)
  local mms_id = key:sub(#folder + 1):match "^[^/]+"
  return run.db:value("SELECT 1 FROM title WHERE mms_id = ? AND state = 'undone'", mms_id) ~= nil
end

---Deletes them, and what was begun there in parts, where the keys allow it.
---@param run { db: table, storage: table? }
function m.remove(run)
  local storage, folder = run.storage, folder_of(run)
  if not (storage and storage.delete) then return end
  for _, object in ipairs(storage:list(folder) or {}) do
    if is_taken_back(run, folder, object.key) then storage:delete(object.key) end
  end
  for _, upload in ipairs(storage:unfinished(folder) or {}) do
    if is_taken_back(run, folder, upload.key) then storage:remove_unfinished(upload.key) end
  end
end

---How many are left of titles that were taken back.
---@param run { db: table, storage: table? }
---@return integer objects
---@return boolean certain false: nobody could look, so many may be left
---@return string folder where, in the bucket
function m.left(run)
  local storage, folder = run.storage, folder_of(run)
  local list = storage and storage.list and storage:list(folder)
  if not list then return run.db:value(MAY_BE_LEFT), false, folder end
  local n = 0
  for _, object in ipairs(list) do
    if is_taken_back(run, folder, object.key) then n = n + 1 end
  end
  return n, true, folder
end

---The same in words; nil when there is nothing to tell.
---@param run { db: table, storage: table? }
---@return string?
function m.words(run)
  local n, certain, folder = m.left(run)
  if n == 0 then return nil end
  local objects = n == 1 and "1 object" or n .. " objects"
  if certain then return ("%s of titles that were taken back still %s in %s"):format(objects, n == 1 and "lies" or "lie", folder) end
  return ("%s may remain in %s: an API key alone can't look there; `almanac undo` with AWS keys removes them"):format(objects, folder)
end

return m
