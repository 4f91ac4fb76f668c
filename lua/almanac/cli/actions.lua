-- Commands that have actions (`almanac marc dump`, `almanac recipe test`). Each action is a file
-- in a folder with the command's name, and has summary, configure and run as a command has them.
local m = {}

local function module_of(command, action)
  return require(("almanac.cli.%s.%s"):format(command, action))
end

local function add(parser, command, name)
  local module = module_of(command, name)
  local action = parser:command(name):summary(module.summary):description(module.summary):help_max_width(100)
  module.configure(action)
  if module.epilog then action:epilog(module.epilog) end
end

---Adds the actions to the command's parser. When one of them was named, the others are not even
---loaded.
---@param parser table of argparse
---@param command string "marc"
---@param names string[] actions, files of almanac/cli/COMMAND
---@param first string? the first argument
function m.configure(parser, command, names, first)
  parser:help_max_width(100)
  parser:require_command(true)
  parser:command_target "action"
  for _, name in ipairs(names) do
    if name == first then return add(parser, command, name) end
  end
  for _, name in ipairs(names) do add(parser, command, name) end
end

---Runs the action that was named.
---@param command string
---@param args table
---@param context table
---@return integer|nil status
---@return string? message
---@return string? code
function m.run(command, args, context)
  return module_of(command, args.action).run(args, context)
end

return m
