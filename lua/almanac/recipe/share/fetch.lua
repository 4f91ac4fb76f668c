-- Gets a recipe from an address on the web, a file, a folder or a git repository. What comes is
-- data; nothing of it runs here.
local addresses = require "almanac.address"
local core = require "almanac.core"
local git = require "almanac.recipe.share.git"
local pack = require "almanac.recipe.share.pack"
local parcels = require "almanac.recipe.share.parcel"
local plain = require "almanac.recipe.inside.plain"
local task = require "almanac.task"

local m = {}

local LARGEST = parcels.largest * 3 // 2    -- bytes of an answer: a pack, whose files may be base64
local REDIRECTS = 3
local SECONDS = 120

---The text, with user names and passwords taken out of the addresses in it. They must not stand in
---the lock file, which is shared, nor in a message.
m.without_user = addresses.shown

local without_user = m.without_user

local function parcel_of(text, place)
  if pack.is_pack(text) then return pack.decode(text, place) end
  local start = text:gsub("^\xEF\xBB\xBF", "")
  if start:find "^%-%- almanac%-recipe:" then
    local parcel = parcels.new()
    local ok, message, code = parcels.add(parcel, "recipe.lua", text)
    if not ok then return nil, place .. ": " .. message, code end
    return parcel
  end
  local hint = start:find "^%s*<" and "; it is a web page: give the address of the file, or of a git repository (ending in .git)" or ""
  return nil, ("%s: is no recipe and no packed one%s"):format(place, hint), "parse"
end

local function get_file(path)
  local stat, message, code = core.files.stat(path)
  if not stat then return nil, message, code end
  if stat.kind == "folder" then return parcels.of_folder(path) end
  local text
  text, message, code = core.files.read(path, LARGEST)
  if not text then return nil, message, code end
  return parcel_of(text, path)
end

local function get_web(url)
  local shown = without_user(url)
  local result = task.fetch { url = url, max_body = LARGEST, redirects = REDIRECTS, timeout = SECONDS }
  if result.error then return nil, shown .. ": " .. result.error, result.code end
  if result.status ~= 200 then
    return nil, ("%s: the server answered %d"):format(shown, result.status), result.status == 404 and "missing" or "status"
  end
  local parcel, message, code = parcel_of(result.body, shown)
  if parcel and result.url:find "^http:" then
    parcel.notes[1] = "it came by http: anybody on the way could have changed it"
  end
  return parcel, message, code
end

local function get(address, ca_file)
  local repository = git.address(address)
  if repository then
    local parcel, message, code = git.get(repository, ca_file)
    return parcel, message and without_user(("%s: %s"):format(address, message)), code
  end
  if address:find "^https?://" then
    task.trust(ca_file)
    return get_web(address)
  end
  if address:find "^file://" then return get_file(address:sub(8)) end
  if address:find "^%w+://" then
    return nil, without_user(address) .. ": give an address with https, http or file, or of a git repository", "parse"
  end
  return get_file(address)
end

---True when an address may lead to another computer.
---@param address string
---@return boolean
function m.is_far(address)
  return address:find "^https?://" ~= nil or git.address(address) ~= nil
end

---Gets a recipe.
---@param address string https, http or file address, a file, a folder, or a git address, perhaps with @REVISION and #FOLDER
---@param ca_file string? PEM file of the certificates to trust in place of the system's
---@return almanac.recipe.parcel|nil parcel with `from` and `signed`
---@return string? message
---@return string? code
function m.get(address, ca_file)
  local parcel, message, code = get(address, ca_file)
  if not parcel then return nil, plain.line(message), code end
  parcel.from = plain.line(without_user(address))
  parcel.signed = parcel.signed or "no"      -- signatures come with git only
  return parcel
end

return m
