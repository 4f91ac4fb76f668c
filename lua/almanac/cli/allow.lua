-- almanac allow: lets the configuration of this folder run its commands.
local configurations = require "almanac.configuration"

local m = { summary = "Let almanac.conf.lua of this folder run its command for the API key, as long as the file stays as it is.",
  plain = true }

function m.configure(parser)
  parser:epilog("A file in a folder may come from anybody; look at it before. Your own, in ~/.config/almanac/, needs no leave.\n" ..
    "What is allowed is kept in ~/.config/almanac/allowed/. Exit status: 0 allowed, 1 there is nothing to allow.")
end

local function commands_of(configuration)
  local profiles = {}
  for name, profile in pairs(configuration.profiles or {}) do
    if profile.api_key_command then profiles[#profiles + 1] = name end
  end
  table.sort(profiles)
  return profiles
end

function m.run(_, context)
  local path, here = configurations.path()
  if not here then return nil, "there is no almanac.conf.lua in this folder", "missing" end
  local configuration, message, code = configurations.read(path)
  if not configuration then return nil, message, code end
  local words, closed = configurations.exposed(path, configuration)
  if closed then return nil, words, closed end
  local profiles = commands_of(configuration)
  if not profiles[1] then
    context.out.say(path .. " runs no command: there is nothing to allow")
    return 0
  end
  local ok
  ok, message, code = configurations.allow(path)
  if not ok then return nil, message, code end
  context.out.say(("%s may run its command (profile %s), until the file is changed"):format(path, table.concat(profiles, ", ")))
  return 0
end

return m
