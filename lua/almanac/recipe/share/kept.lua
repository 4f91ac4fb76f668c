-- Keeps the files of recipes from elsewhere as they were accepted, each under its SHA-256 in the
-- folder .accepted beside the lock file. So the difference can be shown when one changes. Files
-- that no entry of the lock file names are removed.
local core = require "almanac.core"
local lock = require "almanac.recipe.lock"
local parcels = require "almanac.recipe.share.parcel"

local m = {}

local function place(folder, sha256)
  return folder .. "/.accepted/" .. sha256
end

local function keep(folder, text)
  local path = place(folder, core.hash.sha256(text))
  if core.files.stat(path) then return true end
  local ok, message, code = core.files.make_folder(folder .. "/.accepted")
  if not ok then return nil, message, code end
  return core.files.write(path, text)
end

---A text that was kept; nil when there is none, or when its content does not match its name.
---@param folder string of recipes
---@param sha256 string
---@return string?
function m.text(folder, sha256)
  local text = core.files.read(place(folder, sha256), parcels.largest_file)
  return text and core.hash.sha256(text) == sha256 and text or nil
end

local function remove_unnamed(folder)
  local entries, named = lock.read(folder), {}
  if not entries then return end   -- without the lock file nobody knows what is named, so nothing is removed
  for _, entry in ipairs(entries) do
    for _, list in ipairs { entry.files, entry.bases } do
      for _, pin in ipairs(list) do named[pin.sha256] = true end
    end
  end
  local walk = core.files.walk(folder .. "/.accepted")
  while walk do
    local name = walk:next()
    if not name then break end
    if not named[name] then core.files.remove(place(folder, name)) end
  end
end

---Pins a recipe as it is: its files are kept, and the lock file names them.
---@param folder string of recipes
---@param entry almanac.recipe.lock.entry
---@param texts string[] of its files and of what it extends
---@return true|nil
---@return string? message
---@return string? code
function m.pin(folder, entry, texts)
  local ok, message, code = lock.put(folder, entry)     -- the lock file first: kept texts that no lock file names show that it is gone
  for _, text in ipairs(ok and texts or {}) do
    if ok then ok, message, code = keep(folder, text) end
  end
  if not ok then return nil, message, code end
  remove_unnamed(folder)
  return true
end

---The files of a recipe as they were accepted.
---@param folder string of recipes
---@param entry almanac.recipe.lock.entry
---@return almanac.recipe.parcel parcel
---@return { path: string, sha256: string }[] unknown of these only the hash is known
function m.parcel(folder, entry)
  local parcel, unknown = parcels.new(), {}
  for _, file in ipairs(entry.files) do
    local text = m.text(folder, file.sha256)
    if not (text and parcels.add(parcel, file.path, text)) then unknown[#unknown + 1] = file end
  end
  return parcel, unknown
end

return m
