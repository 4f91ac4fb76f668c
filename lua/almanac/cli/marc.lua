-- almanac marc: looking into MARC files of any format. Each action is a file
-- in marc/, with summary, configure and run as a command has them.
local m = { summary = "Look into MARC files, convert and check them.", plain = true, ends_itself = true }

local ACTIONS = { "dump", "get", "count", "convert", "check" }

local function action(name) return require("almanac.cli.marc." .. name) end

function m.configure(parser)
  parser:help_max_width(100)
  parser:require_command(true)
  parser:command_target "action"
  for _, name in ipairs(ACTIONS) do
    local module = action(name)
    local command = parser:command(name):summary(module.summary):description(module.summary):help_max_width(100)
    module.configure(command)
    command:epilog(module.epilog)
  end
  parser:epilog("Reads ISO 2709, MARCXML, MARC-in-JSON, yaz-marcdump's lines and MarcEdit's .mrk, also packed with gzip; " ..
    "the content shows which. `almanac marc COMMAND --help` tells more.")
end

function m.run(args, context)
  local files = args.files
  if not files[1] then
    if require("almanac.core").sys.is_terminal(0) then return nil, "which file? name one or more, or - for standard input" end
    files[1] = "-"
  end
  return action(args.action).run(args, context)
end

return m
