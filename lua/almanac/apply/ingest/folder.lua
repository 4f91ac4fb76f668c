-- The folder of an ingest in the bucket: {institution}/upload/{profile}/{ingest}/. Its name follows from the run, so a run that
-- was killed finds it again. While .lock lies in it, Alma leaves it alone; so that comes first and goes last.
local pages = require "almanac.run.pages"

local m = {}

local LOCK = ".lock"
local THUMBNAILS = { ".clientThumb", ".thumb" }

---The folder of an import profile, with its "/".
---@param run almanac.run
---@param profile string id
---@return string
function m.of_profile(run, profile)
  return ("%s/upload/%s/"):format(run.general.institution, profile)
end

---The folder of an ingest, with its "/".
---@param run almanac.run
---@param ingest almanac.ingest
---@return string
function m.of(run, ingest)
  run.upload_folder = run.upload_folder or pages.upload_folder(run.db)
  return ("%s%s-%d/"):format(m.of_profile(run, ingest.profile), run.upload_folder:match "[^/]+$", ingest.id)
end

---Gives the files of a title their places in the folder.
---@param folder string from m.of
---@param row { below: string } of ingest_title
---@param list almanac.planned_file[]
function m.place(folder, row, list)
  for _, page in ipairs(list) do
    local before, small = page.upload_key, page.thumbnail
    page.ingest_path = row.below .. before:match "[^/]+$"
    page.upload_key = folder .. page.ingest_path
    if small then small.upload_key = page.upload_key .. small.upload_key:sub(#before + 1) end
  end
end

---Locks the folder.
---@param run almanac.run
---@param folder string
---@return any
---@return string? message
---@return string? code
function m.lock(run, folder)
  return run.storage:put(folder .. LOCK, { text = "", size = 0 }, {})
end

---Lets Alma take what is in the folder.
---@param run almanac.run
---@param folder string
---@return any
---@return string? message
---@return string? code
function m.unlock(run, folder)
  local ok, message, code = run.storage:delete(folder .. LOCK)
  if not ok and code == "missing" then return true end
  return ok, message, code
end

---Puts the metadata file into the folder.
---@param run almanac.run
---@param folder string
---@param name string
---@param text string
---@return any
---@return string? message
---@return string? code
function m.put_metadata(run, folder, name, text)
  return run.storage:put(folder .. name, { text = text, size = #text }, {})
end

---What lies in the folder: the objects by their place in it.
---@param run almanac.run
---@param folder string
---@return table<string, { key: string, size: integer }>|nil there
---@return string? message
---@return string? code
function m.look(run, folder)
  local list, message, code = run.storage:list(folder)
  if not list then return nil, message, code end
  local there = {}
  for _, object in ipairs(list) do there[object.key:sub(#folder + 1)] = object end
  return there
end

---Whether the folder is locked: then Alma can't have taken it.
---@param there table from m.look
---@return boolean
function m.is_locked(there) return there[LOCK] ~= nil end

---Empties the folder.
---@param run almanac.run
---@param folder string
---@return true|nil
---@return string? message
---@return string? code
function m.clean(run, folder)
  local there, message, code = m.look(run, folder)
  if not there then return nil, message, code end
  local ok = true
  for place, object in pairs(there) do
    if ok and place ~= LOCK then ok, message, code = run.storage:delete(object.key) end
  end
  if ok and there[LOCK] then ok, message, code = m.unlock(run, folder) end
  return ok and true, message, code
end

local function is_thumbnail(place)
  for _, suffix in ipairs(THUMBNAILS) do
    if place:sub(-#suffix) == suffix then return true end
  end
  return false
end

---Ingests of others that a run of the profile's job would take along: folders without .lock that hold files. A metadata file
---alone is what an import leaves behind (seen in a listing of a real folder).
---@param run almanac.run
---@param profile string id
---@param own string the folder of this ingest
---@return { name: string, files: integer }[]|nil others
---@return string? message
---@return string? code
function m.others(run, profile, own)
  local prefix = m.of_profile(run, profile)
  local list, message, code = run.storage:list(prefix)
  if not list then return nil, message, code end
  local by_name, names = {}, {}
  for _, object in ipairs(list) do
    local name, place = object.key:sub(#prefix + 1):match "^([^/]+)/(.+)$"
    if name and prefix .. name .. "/" ~= own then
      local known = by_name[name] or { name = name, files = 0, objects = 0 }
      if not by_name[name] then by_name[name], names[#names + 1] = known, name end
      known.locked = known.locked or place == LOCK
      if place ~= LOCK and not is_thumbnail(place) then known.files = known.files + 1 end
    end
  end
  local others = {}
  for _, name in ipairs(names) do
    if not by_name[name].locked and by_name[name].files > 1 then others[#others + 1] = by_name[name] end
  end
  return others
end

return m
