-- Finds uploads of a run that no file was made of. An upload that was given up may arrive
-- when a file is made of another one already, so what lies in the run's folder after its
-- title was taken back is deleted. What this run file has not sent was sent by another
-- copy of it. Only AWS keys can look there; with an API key alone only the number that
-- may be left can be told.
local pages = require "almanac.run.pages"
local states = require "almanac.run.states"
local titles = require "almanac.run.titles"
local words = require "almanac.words"

local m = {}

local MAY_BE_LEFT = [[SELECT count(*) FROM step JOIN title ON title.id = step.title_id
  JOIN page ON page.title_id = step.title_id AND page.change = step.change AND page.seq = step.page
  WHERE step.kind = 'upload' AND page.pid IS NULL AND title.]] .. states.is(states.UNDONE)

-- A title that a person decided about has lost its steps; what was sent for it before may
-- lie there all the same. Such a title is ready and has a reason, so it is left out.
local UNDECIDED = "SELECT id, mms_id FROM title WHERE id = ? AND reason_code IS NULL AND " .. states.OPEN
local BEGUN = "SELECT 1 FROM step WHERE title_id = ? AND change = ? AND kind = ? AND page = ?"

local function folder_of(run)
  return pages.upload_folder(run.db) .. "/"
end

-- Whether an object of the folder belongs to a title that was taken back.
local function is_taken_back(run, folder, key)
  local title = titles.of_folder(run.db, key:sub(#folder + 1):match "^[^/]*")
  return title ~= nil and title.state == states.UNDONE
end

---Deletes the uploads of titles that were taken back, also those begun in parts, where the keys allow it.
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

-- Key -> true for the pages of a title that this run file has not begun to send.
local function unsent_keys(run, place)
  local of, keys = titles.of_folder(run.db, place), {}
  local title = of and run.db:row(UNDECIDED, of.id)
  local function add(page, change, kind)
    if not run.db:value(BEGUN, title.id, change, kind, page.seq) then keys[page.upload_key] = true end
  end
  for _, page in ipairs(title and pages.of(run.db, title) or {}) do
    add(page, page.change, "upload")
    if page.thumbnail then add(page.thumbnail, page.change, "thumbnail") end
  end
  return keys
end

---Says what lies in the run's folder of the bucket that this run file has not sent: then it is an older
---copy of a run that went on elsewhere.
---@param run { db: table, storage: table?, path: string }
---@return string? words nil: nothing of the kind, or nobody can look there
---@return string? problem why the folder could not be looked at
function m.sent_elsewhere(run)
  local storage, folder = run.storage, folder_of(run)
  if not (storage and storage.list) then return nil end
  local list, message = storage:list(folder)
  if not list then return nil, ("%s can't be looked at: %s"):format(folder, message) end
  local by_title, found = {}, {}
  for _, object in ipairs(list) do
    local place = object.key:sub(#folder + 1):match "^[^/]*"
    by_title[place] = by_title[place] or unsent_keys(run, place)
    if by_title[place][object.key] then found[#found + 1] = object.key end
  end
  if not found[1] then return nil end
  return ("%s in %s that %s has not sent (%s%s): this looks like an older copy of the run. Bring the newest copy of the run file, " ..
    "and use that one"):format(words.count(#found, "file lies", "files lie"), folder, run.path, found[1]:sub(#folder + 1),
    found[2] and ", …" or "")
end

---Counts the uploads that are left of titles that were taken back.
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

---The number of m.left in words; nil when there is nothing to tell.
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
