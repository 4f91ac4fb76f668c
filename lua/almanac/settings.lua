-- Where settings come from: the command line, then the environment, then
-- almanac.conf.lua in the working directory or the XDG configuration folder.
-- The configuration is a Lua table and nothing more: it sees no functions.
local core = require "almanac.core"

local m = {}

-- API servers by region: openapi/bibs.json, `servers`.
local REGIONS = {
  na = "https://api-na.hosted.exlibrisgroup.com",
  eu = "https://api-eu.hosted.exlibrisgroup.com",
  ap = "https://api-ap.hosted.exlibrisgroup.com",
  aps = "https://api-aps.hosted.exlibrisgroup.com",
  ca = "https://api-ca.hosted.exlibrisgroup.com",
  cn = "https://api-cn.hosted.exlibrisgroup.com.cn",
}

local PROFILE_FIELDS = {
  region = "string", url = "string", key = "string", api_key_command = "string",
  institution = "string", rate = "number", s3 = "table",
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

---Where the configuration of this user stands.
---@return string path
function m.user_path()
  local home = os.getenv "XDG_CONFIG_HOME" or (os.getenv "HOME" or "") .. "/.config"
  return home .. "/almanac/almanac.conf.lua"
end

local function configuration_path()
  for _, path in ipairs { "almanac.conf.lua", m.user_path() } do
    if core.files.stat(path) then return path end
  end
end

local function check_configuration(path, configuration)
  if type(configuration) ~= "table" then return nil, path .. ": does not return a table" end
  local ok, message = check_fields(path, configuration, { default = "string", profiles = "table" })
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

-- Lua's messages quote the place; that may be a key that lacks its quotes.
local function without_text(message)
  return (message:gsub(" near .*", ""):gsub(" %(%a+ '.*", "")) .. ": correct it (texts stand in quotes)"
end

local function run_bounded(chunk)
  local function stop() error("almanac.conf.lua does not end", 0) end
  debug.sethook(stop, "", 1000000)
  local _ <close> = setmetatable({}, { __close = function() debug.sethook() end })
  return chunk()
end

local function holds_secret(profile)
  return profile.key or profile.s3 and (profile.s3.secret_key or profile.s3.session_token)
end

local WORLD_READS = 4   -- permission bit

---Words for a configuration with a key in it that every user of this machine
---can read.
---@return string? words
function m.exposed()
  local path = configuration_path()
  local configuration = path and m.configuration()
  local about = configuration and core.files.stat(path)
  if not about or about.mode & WORLD_READS == 0 then return nil end
  for _, profile in pairs(configuration.profiles or {}) do
    if holds_secret(profile) then
      return ("%s holds a key and other users can read it: chmod 600 %s, or use api_key_command"):format(path, path)
    end
  end
end

---Reads almanac.conf.lua.
---@return table|nil configuration { default, profiles }; empty when there is no file
---@return string? message
function m.configuration()
  local path = configuration_path()
  if not path then return {} end
  local text, message = core.files.read(path, 1 << 20)
  if not text then return nil, message end
  local chunk, syntax = load(text, "@" .. path, "t", {})
  if not chunk then return nil, without_text(syntax) end
  local ok, result = pcall(run_bounded, chunk)
  if not ok then return nil, without_text(tostring(result)) end
  return check_configuration(path, result)
end

local function profile_of(args)
  local configuration, message = m.configuration()
  if not configuration then return nil, message end
  local profiles = configuration.profiles or {}
  local name = args.profile or os.getenv "ALMANAC_PROFILE" or configuration.default
  if not name then return {} end
  if profiles[name] then return profiles[name], name end
  return nil, ("there is no profile '%s' in almanac.conf.lua"):format(name)
end

-- The key that a command prints, as password managers do.
local function key_from(command)
  local pipe <close> = assert(io.popen(command, "r"))
  local key = pipe:read "l"
  if key and key ~= "" then return key end
  return nil, "api_key_command of the configuration printed no key"
end

local function api_key(profile)
  local key = os.getenv "ALMA_API_KEY"
  if key and key ~= "" then return key end
  if profile.key then return profile.key end
  if profile.api_key_command then return key_from(profile.api_key_command) end
  return nil, "no API key: set ALMA_API_KEY, or key or api_key_command in almanac.conf.lua " ..
    "(a key is made at developers.exlibrisgroup.com > Build > API Keys; it needs Bibs read/write and Configuration read)"
end

local function api_url(args, profile)
  local set = os.getenv "ALMANAC_API_URL"
  local url = args.url or set ~= "" and set or profile.url or REGIONS[profile.region]
  if url then return (url:gsub("/+$", "")) end
  if profile.region then
    return nil, ("there is no region '%s'; regions are na, eu, ap, aps, ca, cn"):format(profile.region)
  end
  return nil, "no Alma server: give --url, set ALMANAC_API_URL, or region in almanac.conf.lua"
end

-- A rehearsal on this machine sets its own limit.
local function is_local(url)
  return url:find "^http://127%.0%.0%.1[:/]" or url:find "^http://localhost[:/]"
end

---Called with words that a person should read; the command line sets it.
function m.warn() end

---What a command needs to reach Alma.
---@param args table the parsed command line (profile, url, rate)
---@return { url: string, key: string, rate: number, s3: table, profile: string? }|nil settings
---@return string? message what is missing and where to set it
function m.load(args)
  local profile, name = profile_of(args)
  if not profile then return nil, name end
  local exposed = m.exposed()
  if exposed then m.warn(exposed) end
  local url, message = api_url(args, profile)
  if not url then return nil, message end
  local key
  key, message = api_key(profile)
  if not key then return nil, message end
  local rate = args.rate or profile.rate or 20
  if rate <= 0 or rate > 25 and not is_local(url) then
    return nil, ("--rate is %g; Alma allows an institution 25 calls a second"):format(rate)
  end
  return { url = url, key = key, rate = rate, s3 = profile.s3 or {}, profile = name,
    institution = profile.institution }
end

return m
