-- Finds and reads almanac.conf.lua. The file in the working folder may come with that
-- folder, from anybody. So its settings count, but it can't say where an API key from
-- elsewhere is sent, and its command runs only after somebody allowed it. The file is
-- a Lua table, and no function can be called in it.
local core = require "almanac.core"
local keyfile = require "almanac.keyfile"
local table_file = require "almanac.table_file"

local m = {}

local LARGEST = 1 << 20      -- bytes
local PRIVATE = 384          -- permission bits, octal 600
local NAME = "almanac.conf.lua"

local PROFILE_FIELDS = {
  region = "string", url = "string", key = "string", api_key_command = "string",
  institution = "string", rate = "number", s3 = "table", ca_file = "string", exclude = "table",
}
local S3_FIELDS = {
  endpoint = "string", region = "string", access_key = "string", secret_key = "string",
  session_token = "string", profile = "string", form = "boolean",
}

local function check_fields(where, given, fields)
  for name, value in pairs(given) do
    local names = {}
    for known in pairs(fields) do names[#names + 1] = known end
    if not fields[name] then
      local near = require("almanac.words").nearest(tostring(name), names)
      return nil, ("%s: there is no setting '%s'%s"):format(where, tostring(name),
        near and (", did you mean '" .. near .. "'?") or "")
    elseif type(value) ~= fields[name] then
      return nil, ("%s: '%s' is a %s, not a %s"):format(where, name, fields[name], type(value))
    end
  end
  return true
end

local function user_folder()
  return (core.sys.env "XDG_CONFIG_HOME" or (core.sys.env "HOME" or "") .. "/.config") .. "/almanac"
end

---The path of this user's own configuration.
---@return string path
function m.user_path()
  return user_folder() .. "/" .. NAME
end

---The path of the configuration that counts: the working folder's, else the user's own.
---@return string? path
---@return boolean? here it is the working folder's
function m.path()
  if core.files.stat(NAME) then return NAME, true end
  local path = m.user_path()
  if core.files.stat(path) then return path, false end
end

local function check(path, configuration)
  local ok, message = check_fields(path, configuration, { default = "string", profiles = "table", exclude = "table" })
  if not ok then return nil, message end
  for name, profile in pairs(configuration.profiles or {}) do
    local where = ("%s: profile '%s'"):format(path, tostring(name))
    if type(profile) ~= "table" then return nil, where .. " is not a table" end
    ok, message = check_fields(where, profile, PROFILE_FIELDS)
    if ok and profile.s3 then ok, message = check_fields(where .. ", s3", profile.s3, S3_FIELDS) end
    if not ok then return nil, message end
  end
  return configuration
end

-- Lua's syntax errors quote the text at the place. That may be an API key without its
-- quotes, so the quotation is taken out.
local function without_text(message)
  return (message:gsub(" near .*", ""):gsub(" %(%a+ '.*", "")) .. ": correct it (texts stand in quotes)"
end

---Reads a configuration.
---@param path string? from m.path
---@return table|nil configuration { default, profiles }; empty when there is no file
---@return string? message
function m.read(path)
  if not path then return {} end
  local result, message, code = table_file.read(path)
  if not result and code == "parse" then return nil, without_text(message) end
  if not result then return nil, message end
  return check(path, result)
end

local function holds(profile)
  local s3 = profile.s3 or {}
  return profile.key or s3.secret_key or s3.session_token, profile.api_key_command or profile.url or s3.endpoint
end

---Says how other users of this computer can get at a configuration that holds an API
---key, or says where one comes from or goes.
---@param path string
---@param configuration table
---@return string? words
---@return string? code "auth": it can't be used
function m.exposed(path, configuration)
  local words, code = keyfile.exposed(path)
  if not words then return nil end
  for _, profile in pairs(configuration.profiles or {}) do
    local key, way = holds(profile)
    if key or way and code then return words, code end
  end
end

-- Allowing is for this content at this path: a changed or moved file has another pin.
local function pin_of(path)
  local text = core.files.read(path, LARGEST)
  local where = core.files.real_path(path)
  if not (text and where) then return nil end
  return user_folder() .. "/allowed/" .. core.hash.sha256(where .. "\0" .. text), where
end

---Whether the user allowed the commands of a configuration as it is now.
---@param path string
---@return boolean
function m.is_allowed(path)
  local pin = pin_of(path)
  return pin ~= nil and core.files.stat(pin) ~= nil
end

---Allows the commands of a configuration as it is now.
---@param path string
---@return true|nil
---@return string? message
---@return string? code
function m.allow(path)
  local pin, where = pin_of(path)
  if not pin then return nil, path .. " can't be read", "io" end
  local ok, message, code = core.files.make_folder(pin:match "^(.*)/")
  if ok then ok, message, code = core.files.write(pin, where .. "\n", PRIVATE) end
  return ok and true, message, code
end

return m
