-- almanac exec: runs a Lua script with the library at hand. The script is trusted: it may do anything.
local core = require "almanac.core"

local m = { summary = "Run a Lua script with the library at hand (trusted: it may do anything).", plain = true }

function m.configure(parser, arguments)
  -- Everything behind the script's name belongs to the script, options too.
  if arguments[1] and arguments[1]:sub(1, 1) ~= "-" then table.insert(arguments, 1, "--") end
  parser:argument("script", "the Lua file")
  parser:argument("arguments", "given to the script as ... and in arg"):args "*"
  parser:epilog ("Inside, `require \"almanac.alma\"`, `require \"almanac.task\"` and the others are at hand, and modules " ..
    "of your own from the script's folder.")
end

function m.run(args, context)
  local chunk, message = loadfile(args.script, "t")
  if not chunk then
    context.out.fail(message)
    return 1
  end
  require "almanac.json"     -- loaded here, so that nothing that the library needs is looked for beside the script
  local folder = core.files.real_path(args.script):match "^(.*)/"
  package.path = ("%s;%s/?.lua;%s/?/init.lua"):format(package.path, folder, folder)
  -- The API keys are no longer in the environment. A script that asks for one gets it here.
  os.getenv = core.sys.env   -- luacheck: ignore 122
  rawset(_G, "arg", table.move(args.arguments, 1, #args.arguments, 1, { [0] = args.script }))
  local status = chunk(table.unpack(args.arguments))
  return math.type(status) == "integer" and status or 0
end

return m
