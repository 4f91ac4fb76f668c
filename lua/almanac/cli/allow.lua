-- almanac allow: lets the configuration of this folder run its commands, and say whose
-- certificates are trusted.
local configurations = require "almanac.configuration"

local m = { summary = "Let almanac.conf.lua of this folder run its command for the API key, and say for recipes whose certificates are " ..
  "trusted, as long as the file stays as it is.",
  plain = true }

function m.configure(parser)
  parser:epilog("A file in a folder may come from anybody; look at it before. Your own, in ~/.config/almanac/, needs no leave.\n" ..
    "What is allowed is kept in ~/.config/almanac/allowed/. Exit status: 0 allowed, 1 there is nothing to allow.")
end

local function profiles_with(configuration, field)
  local profiles = {}
  for name, profile in pairs(configuration.profiles or {}) do
    if profile[field] then profiles[#profiles + 1] = name end
  end
  table.sort(profiles)
  return profiles[1] and table.concat(profiles, ", ")
end

-- Says what the user allows with this configuration.
local function leave_of(configuration)
  local list = {}
  local commands, trusted = profiles_with(configuration, "api_key_command"), profiles_with(configuration, "ca_file")
  if commands then list[1] = ("run its command (profile %s)"):format(commands) end
  if trusted then list[#list + 1] = ("say whose certificates are trusted (profile %s)"):format(trusted) end
  return list[1] and table.concat(list, " and ")
end

function m.run(_, context)
  local path, here = configurations.path()
  if not here then return nil, "there is no almanac.conf.lua in this folder", "missing" end
  local configuration, message, code = configurations.read(path)
  if not configuration then return nil, message, code end
  local words, closed = configurations.exposed(path, configuration)
  if closed then return nil, words, closed end
  local leave = leave_of(configuration)
  if not leave then
    context.out.say(path .. " runs no command: there is nothing to allow")
    return 0
  end
  local ok
  ok, message, code = configurations.allow(path)
  if not ok then return nil, message, code end
  context.out.say(("%s may %s, until the file is changed"):format(path, leave))
  return 0
end

return m
