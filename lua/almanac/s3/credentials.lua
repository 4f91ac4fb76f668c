-- Finds AWS keys where every AWS tool looks for them: in the environment, else in a profile.
-- A profile stands in two files: ~/.aws/credentials, and ~/.aws/config for what the first
-- lacks (docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
local core = require "almanac.core"
local keyfile = require "almanac.keyfile"

local m = {}

local FILE_LIMIT = 1 << 20

local function set(text)
  return text and text ~= "" and text or nil
end

local function trim(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

---Reads the sections of an ini file, each a table of names to values. A section that comes
---twice is one. Names are in lower case. Lines that begin with a blank belong to a nested
---setting and are ignored.
---@param text string
---@return table<string, table<string, string>>
function m.parse(text)
  local sections, current = {}, nil
  for line in (text:gsub("^\xEF\xBB\xBF", "") .. "\n"):gmatch "(.-)\r?\n" do
    local bare = trim(line)
    local title = bare:match "^%[([^%]]*)%]"
    if title then
      title = trim(title)
      sections[title] = sections[title] or {}
      current = sections[title]
    elseif current and not line:find "^%s" and not bare:find "^[#;]" then
      local name, value = bare:match "^([^=]-)%s*=%s*(.*)$"
      if name then current[name:lower()] = trim((value:gsub("%s[#;].*$", ""))) end
    end
  end
  return sections
end

local function from_environment()
  local access, secret = set(core.sys.env "AWS_ACCESS_KEY_ID"), set(core.sys.env "AWS_SECRET_ACCESS_KEY")
  if not access and not secret then return nil end
  if not access or not secret then
    return nil, ("%s is set, but %s is not"):format(access and "AWS_ACCESS_KEY_ID" or "AWS_SECRET_ACCESS_KEY",
      access and "AWS_SECRET_ACCESS_KEY" or "AWS_ACCESS_KEY_ID"), "auth"
  end
  return { access_key = access, secret_key = secret, session_token = set(core.sys.env "AWS_SESSION_TOKEN"),
    region = set(core.sys.env "AWS_REGION") or set(core.sys.env "AWS_DEFAULT_REGION") }
end

local function place_of(variable, name)
  local home = set(core.sys.env "HOME")
  return set(core.sys.env(variable)) or home and home .. "/.aws/" .. name
end

---The path of this user's shared credentials file.
---@return string? path
function m.path() return place_of("AWS_SHARED_CREDENTIALS_FILE", "credentials") end

-- Reads the sections of a file; a file that does not exist has none.
local function sections_of(path)
  if not path then return {} end
  local text, message, code = core.files.read(path, FILE_LIMIT)
  if text then return m.parse(text) end
  if code == "missing" then return {} end
  return nil, message, code
end

-- In the config file a profile's section is [profile NAME]; only [default] has no such prefix.
local function section_of(config, profile)
  for title, section in pairs(config) do
    local name = title:match '^profile%s+"?(.-)"?$'
    if name == profile or profile == "default" and title == "default" then return section end
  end
end

local function profile_of(name)
  local credentials, message, code = sections_of(m.path())
  if not credentials then return nil, message, code end
  local path = place_of("AWS_CONFIG_FILE", "config")
  local config, why, kind = sections_of(path)
  if not config then return nil, why, kind end
  local more, own = section_of(config, name), credentials[name]
  if not more and not own then return false end
  local profile = {}
  for _, section in ipairs { more or {}, own or {} } do
    for field, value in pairs(section) do profile[field] = value end
  end
  for file, section in pairs { [m.path() or ""] = own, [path or ""] = more } do
    local open, closed = keyfile.exposed(file)
    if closed and section.aws_secret_access_key then return nil, open, closed end
  end
  return profile
end

-- These settings give AWS keys by signing in. AWS's tools prefer them to keys that stand in
-- the file, and almanac can't follow them.
local WAYS = {
  { "role_arn", "takes a role" }, { "web_identity_token_file", "takes a role" }, { "sso_session", "signs in by SSO" },
  { "sso_start_url", "signs in by SSO" },
}

-- Says why almanac can't take keys from this profile.
local function unsupported(profile, name)
  local words
  for _, way in ipairs(WAYS) do words = words or profile[way[1]] and ("%s (%s)"):format(way[2], way[1]) end
  if not words and not profile.aws_access_key_id and profile.credential_process then
    words = "runs a program for its keys (credential_process)"
  end
  return words and ("profile [%s] of ~/.aws/config %s, which almanac does not: put the keys that " ..
    "`aws configure export-credentials --profile %s --format env` prints into the environment"):format(name, words, name)
end

local function from_profile(name, asked_for)
  local profile, message, code = profile_of(name)
  if profile == nil then return nil, message, code end
  if not profile then
    if not asked_for then return nil end
    return nil, ("neither ~/.aws/credentials nor ~/.aws/config has a profile [%s] (AWS_SHARED_CREDENTIALS_FILE and " ..
      "AWS_CONFIG_FILE name other files)"):format(name), "auth"
  end
  local words = unsupported(profile, name)
  if words and not asked_for then return nil, nil, nil, words end
  if words then return nil, words, "auth" end
  local access, secret = set(profile.aws_access_key_id), set(profile.aws_secret_access_key)
  if not access and not secret and not asked_for then return nil end
  if not access or not secret then
    return nil, ("~/.aws: profile [%s] lacks %s"):format(name, access and "aws_secret_access_key" or "aws_access_key_id"), "auth"
  end
  return { access_key = access, secret_key = secret, session_token = set(profile.aws_session_token),
    region = set(profile.region) }
end

---Finds AWS keys. A profile that was named comes before the environment.
---@param options { profile: string? }? else AWS_PROFILE, else "default"
---@return { access_key: string, secret_key: string, session_token: string?, region: string? }|nil keys region: of the profile
---@return string? message nil when there are simply none
---@return string? code
---@return string? passed_over why the default profile, which nobody asked for, gives none
function m.find(options)
  local named = options and options.profile
  if not named then
    local keys, message, code = from_environment()
    if keys or message then return keys, message, code end
  end
  local profile = named or set(core.sys.env "AWS_PROFILE")
  return from_profile(profile or "default", profile ~= nil)
end

return m
