-- Gathers settings: the command line comes first, then the environment, then almanac.conf.lua in
-- the working folder or in the user's configuration folder (XDG).
local address = require "almanac.address"
local configurations = require "almanac.configuration"
local core = require "almanac.core"
local credentials = require "almanac.s3.credentials"
local keyfile = require "almanac.keyfile"

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

m.user_path = configurations.user_path

local function env(name)
  local value = core.sys.env(name)
  return value ~= "" and value or nil
end

---Says when other users of this machine can read or change a configuration with an API key in it.
---@return string? words
---@return string? code "auth": it can't be used
function m.exposed()
  local path = configurations.path()
  local configuration = path and configurations.read(path)
  if configuration then return configurations.exposed(path, configuration) end
end

---Reads almanac.conf.lua.
---@return table|nil configuration { default, profiles }; empty when there is no file
---@return string? message
function m.configuration()
  return configurations.read((configurations.path()))
end

local function profile_of(args)
  local configuration, message = m.configuration()
  if not configuration then return nil, message end
  local profiles = configuration.profiles or {}
  local name = args.profile or env "ALMANAC_PROFILE" or configuration.default
  if not name then return {} end
  if profiles[name] then return profiles[name], name end
  return nil, ("there is no profile '%s' in almanac.conf.lua"):format(name)
end

---The patterns of files that are left out of folders, as gitignore writes them: those of the
---configuration, then of its profile, then of the command line.
---@param args { profile: string?, exclude: string[]? }
---@return string[]|nil patterns
---@return string? message
function m.excluded(args)
  local configuration, message = m.configuration()
  if not configuration then return nil, message end
  local name = args.profile or env "ALMANAC_PROFILE" or configuration.default
  local profile, list = (configuration.profiles or {})[name] or {}, {}
  for _, patterns in ipairs { configuration.exclude or {}, profile.exclude or {}, args.exclude or {} } do
    for _, pattern in ipairs(patterns) do
      if type(pattern) ~= "string" then return nil, "exclude: patterns are texts, as in exclude = { \"*.tmp\" }" end
      list[#list + 1] = pattern
    end
  end
  return list
end

---Is called with a warning for people; the command line sets it.
function m.warn() end

---Asks on the terminal; the command line sets it where there is one.
---@type (fun(question: string): string?)?
m.ask = nil

-- A command in the working folder's configuration runs only after somebody looked at it.
local function may_run(command)
  local path, here = configurations.path()
  if not here or configurations.is_allowed(path) then return true end
  local program = command:match "^%s*([%w_./-]+)%f[%s\0]"   -- an argument of the program may be a secret
  local what = ("%s of this folder runs a command for the API key%s"):format(path, program and (" (%s …)"):format(program) or "")
  if m.ask then
    local answer = m.ask(what .. ". Run it, now and as long as the file stays as it is? (yes/no) ") or ""
    if answer:lower():match "^%s*yes%s*$" then return configurations.allow(path) end
  end
  return nil, what .. ", which nobody allowed: look at it, then say `almanac allow`", "auth"
end

-- Gets the API key from a command that prints it, such as a password manager's.
local function key_from(command)
  local ok, message, code = may_run(command)
  if not ok then return nil, message, code end
  local pipe <close> = assert(io.popen(command, "r"))
  local key = pipe:read "l"
  if key and key ~= "" then return key end
  return nil, "api_key_command of the configuration printed no API key"
end

local function api_key(profile)
  local key = env "ALMA_API_KEY" or profile.key
  if key and key ~= "" then return key end
  if profile.api_key_command then return key_from(profile.api_key_command) end
  return nil, "no API key: set ALMA_API_KEY, or key or api_key_command in almanac.conf.lua " ..
    "(an API key is made at developers.exlibrisgroup.com > Build > API Keys; it needs Bibs read/write and Configuration read)"
end

local function api_url(args, profile)
  local url = args.url or env "ALMANAC_API_URL" or profile.url or REGIONS[profile.region]
  local unsafe = url and address.parse(url) and address.unsafe(url)
  if unsafe then return nil, ("%s: %s"):format(address.shown(url), unsafe) end
  if url then return (url:gsub("/+$", "")) end
  if profile.region then
    return nil, ("there is no region '%s'; regions are na, eu, ap, aps, ca, cn"):format(profile.region)
  end
  return nil, "no Alma server: give --url, set ALMANAC_API_URL, or region in almanac.conf.lua"
end

local function is_published(url)
  for _, known in pairs(REGIONS) do
    if url == known then return true end
  end
  return false
end

local ELSEWHERE = "almanac.conf.lua of this folder says where %s goes (%s), but the key is not in that file: %s, or move the " ..
  "settings to %s"

local TRUSTED_HERE = "almanac.conf.lua of this folder says whose certificates are trusted (ca_file), but the API key is not in " ..
  "that file: set SSL_CERT_FILE, or move the settings to %s"

-- True when the working folder's configuration, which anybody may have written, names the server.
local function named_here(args, profile)
  local _, here = configurations.path()
  local url = not args.url and not env "ALMANAC_API_URL" and profile.url
  return here and url and not is_published((url:gsub("/+$", "")))
end

-- True when that file says who may sign for a server. Whoever may sign can read what goes to any.
local function trusted_here(profile)
  local _, here = configurations.path()
  return here and profile.ca_file ~= nil
end

-- The author of a folder's configuration decides where the keys in that file go, but not where
-- keys from elsewhere go.
local function check_ways(args, profile)
  if named_here(args, profile) and env "ALMA_API_KEY" then
    return nil, ELSEWHERE:format("the API key", "url", "give --url or set ALMANAC_API_URL", m.user_path()), "auth"
  end
  local _, here = configurations.path()
  local s3 = profile.s3 or {}
  if trusted_here(profile) and env "ALMA_API_KEY" then
    return nil, TRUSTED_HERE:format(m.user_path()), "auth"
  end
  if here and s3.endpoint and not s3.access_key and not s3.form and not env "ALMANAC_S3_URL" then
    return nil, ELSEWHERE:format("what AWS keys sign", "endpoint", "set ALMANAC_S3_URL", m.user_path()), "auth"
  end
  return true
end

local function rate_of(args, profile, url)
  local rate = args.rate or profile.rate or 20
  -- A rehearsal on this machine has its own limit.
  if rate > 0 and (rate <= 25 or address.is_local(url)) then return rate end
  return nil, ("--rate is %g; Alma allows an institution 25 calls a second"):format(rate)
end

-- An upload with the form, or with keys from elsewhere, does not use the AWS files, so nothing is said of them.
local function warn_of_aws(profile)
  local s3 = profile.s3 or {}
  if s3.form or s3.access_key or env "AWS_ACCESS_KEY_ID" and not s3.profile then return end
  local path = credentials.path()
  local words, closed = nil, nil
  if path then words, closed = keyfile.exposed(path) end
  if words and not closed then m.warn(words) end
end

local function check_ca_file(profile, name)
  if not profile.ca_file or core.files.stat(profile.ca_file) then return true end
  return nil, ("ca_file of profile '%s' in almanac.conf.lua: there is no file %s"):format(name, profile.ca_file)
end

---The certificates to trust where no key of the configuration is at stake, as for getting recipes. Whoever may sign
---for any server could send any recipe, so a file that the working folder names counts once it is allowed.
---@param args { profile: string? }
---@return string|false|nil ca_file false: what the environment says, else the system
---@return string? message
function m.ca_file(args)
  local profile, name = profile_of(args)
  if not profile then return nil, name end
  local path, here = configurations.path()
  if profile.ca_file and here and not configurations.is_allowed(path) then
    m.warn(path .. " of this folder says whose certificates are trusted (ca_file), which is not followed here: look at it, then " ..
      "say `almanac allow`, or set SSL_CERT_FILE")
    return false
  end
  local ok, message = check_ca_file(profile, name)
  if not ok then return nil, message end
  return profile.ca_file or false
end

---Gathers what a command needs to reach Alma.
---@param args table the parsed command line (profile, url, rate)
---@return { url: string, key: string, rate: number, s3: table, profile: string?, institution: string?, ca_file: string?,
---  named_here: "url"|"ca_file"|nil }|nil settings named_here: the working folder's configuration names the server, or who may
---  sign for one: AWS keys from elsewhere are not for whom it sends to
---@return string? message what is missing and where to set it
---@return string? code
function m.load(args)
  local profile, name = profile_of(args)
  if not profile then return nil, name end
  local exposed, closed = m.exposed()
  if closed then return nil, exposed, closed end
  if exposed then m.warn(exposed) end
  warn_of_aws(profile)
  local ok, message, code = check_ways(args, profile)
  if not ok then return nil, message, code end
  local url, key, rate
  url, message = api_url(args, profile)
  if not url then return nil, message end
  rate, message = rate_of(args, profile, url)
  if not rate then return nil, message end
  key, message, code = api_key(profile)
  if not key then return nil, message, code end
  ok, message = check_ca_file(profile, name)
  if not ok then return nil, message end
  return { url = url, key = key, rate = rate, s3 = profile.s3 or {}, profile = name,
    institution = profile.institution, ca_file = profile.ca_file,
    named_here = named_here(args, profile) and not address.is_local(url) and "url" or trusted_here(profile) and "ca_file" or nil }
end

return m
