-- Finds the folder with the copies of a run. It bears the id of its run, so that it is
-- found whatever the run file is called, through whichever link it was reached, and
-- no other run's copies are taken for its own.
local core = require "almanac.core"
local store = require "almanac.run.store"

local files = core.files

local m = {}

local MARK = ".almanac-run"   -- in the folder: the id of the run
local PRIVATE = { folder = 448, file = 384 }   -- octal 700 and 600: they may be restricted
local LONGEST = 200           -- bytes of an id

local function split(path)
  local folder, name = path:match "^(.*)/([^/]+)$"
  return folder or ".", name or path
end

-- The id of the run that a folder belongs to; "" when it bears none, as folders of older
-- versions; nil when there is no folder.
local function id_in(folder)
  local stat = files.stat(folder)
  if not stat or stat.kind ~= "folder" then return nil end
  return (files.read(folder .. "/" .. MARK, LONGEST) or ""):match "^%S*"
end

local function same_place(beside, kept)
  return kept and kept ~= "" and beside .. "/" .. kept
end

---The folder of a run's copies; it need not be there yet.
---@param db table the run file
---@param path string as it was typed
---@return string folder
function m.find(db, path)
  local meta, real = store.meta(db), files.real_path(path) or path
  local beside, name = split(real)
  local usual = ("%s/%s.copies"):format(beside, name)
  for _, folder in ipairs { same_place(beside, meta.copies) or usual, usual, meta.copies_at or usual } do
    if id_in(folder) == meta.run then return folder end
  end
  local id = id_in(usual)
  if not id or id == "" then return usual end
  return ("%s/%s-%s.copies"):format(beside, name, meta.run)   -- another run had this name
end

---Makes the folder, marks it with the id of the run, and notes its place in the run file.
---@param job { db: table, journal: table, copies: string }
---@return true|nil
---@return string? message
---@return string? code
function m.make(job)
  local folder, id = job.copies, store.meta(job.db, "run")
  local ok, message, code = files.make_folder(folder, PRIVATE.folder)
  if ok and id_in(folder) ~= id then ok, message, code = files.write(folder .. "/" .. MARK, id .. "\n", PRIVATE.file) end
  if not ok then return nil, message, code end
  if store.meta(job.db, "copies_at") == folder then return true end
  local _, name = split(folder)
  return job.journal:write(function(db)
    return db:run("INSERT OR REPLACE INTO meta VALUES('copies', ?), ('copies_at', ?)", name, folder)
  end)
end

---A folder for one of the copies, below that of the run.
---@param path string
---@return true|nil
---@return string? message
---@return string? code
function m.make_below(path)
  return files.make_folder(path, PRIVATE.folder)
end

---Waits until a copy and the folders down to it are on the disk.
---@param folder string of the run's copies
---@param place string the copy, below it
---@return true|nil
---@return string? message
---@return string? code
function m.sync(folder, place)
  local ok, message, code = files.sync(folder .. "/" .. place)
  while ok and place:find "/" do
    place = place:match "^(.*)/"
    ok, message, code = files.sync(folder .. "/" .. place)
  end
  if ok then ok, message, code = files.sync(folder) end
  if ok then ok, message, code = files.sync((split(folder))) end
  return ok, message, code
end

return m
