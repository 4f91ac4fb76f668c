-- AWS keys from where every AWS tool looks for them: the environment, else the
-- shared credentials file with its profiles
-- (docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
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

---Sections of an ini file: names to values by section. A section that comes
---twice is one; keys are in lower case; lines that begin with a blank belong to
---a nested setting and are passed over.
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
  return { access_key = access, secret_key = secret, session_token = set(core.sys.env "AWS_SESSION_TOKEN") }
end

local function from_file(path, profile, asked_for)
  local text, message, code = core.files.read(path, FILE_LIMIT)
  if not text then
    if code == "missing" and not asked_for then return nil end
    return nil, message, code
  end
  local section = m.parse(text)[profile]
  if not section then
    if not asked_for then return nil end
    return nil, ("%s has no profile [%s]"):format(path, profile), "auth"
  end
  local open, kind = keyfile.exposed(path)
  if kind then return nil, open, kind end
  local access, secret = set(section.aws_access_key_id), set(section.aws_secret_access_key)
  if not access or not secret then
    return nil, ("%s: profile [%s] lacks %s"):format(path, profile,
      access and "aws_secret_access_key" or "aws_access_key_id"), "auth"
  end
  return { access_key = access, secret_key = secret, session_token = set(section.aws_session_token) }
end

---Where the shared credentials file of this user is.
---@return string? path
function m.path()
  local home = set(core.sys.env "HOME")
  return set(core.sys.env "AWS_SHARED_CREDENTIALS_FILE") or home and home .. "/.aws/credentials"
end

---AWS keys. A profile that was named comes before the environment.
---@param options { profile: string? }? else AWS_PROFILE, else "default"
---@return { access_key: string, secret_key: string, session_token: string? }|nil
---@return string? message nil when there are simply none
---@return string? code
function m.find(options)
  local named = options and options.profile
  if not named then
    local keys, message, code = from_environment()
    if keys or message then return keys, message, code end
  end
  local path = m.path()
  if not path then return nil end
  local profile = named or set(core.sys.env "AWS_PROFILE")
  return from_file(path, profile or "default", profile ~= nil)
end

return m
