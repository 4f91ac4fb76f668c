-- almanac exec: a Lua script with the library at hand. Trusted: no sandbox.
local core = require "almanac.core"

local m = { summary = "Run a Lua script with the library at hand (trusted: it may do anything).", plain = true }

function m.configure(parser, arguments)
  -- What stands behind the script is the script's, options too.
  if arguments[1] and arguments[1]:sub(1, 1) ~= "-" then table.insert(arguments, 1, "--") end
  parser:argument("script", "the Lua file")
  parser:argument("arguments", "given to the script as ..."):args "*"
  parser:epilog ("Inside, `require \"almanac.alma\"`, `require \"almanac.task\"` and the others are at hand, and modules " ..
    "of your own from the script's folder.")
end

function m.run(args, context)
  local chunk, message = loadfile(args.script, "t")
  if not chunk then
    context.out.fail(message)
    return 1
  end
  require "almanac.json"     -- what the library needs is not looked for beside the script
  local folder = core.files.real_path(args.script):match "^(.*)/"
  package.path = ("%s;%s/?.lua;%s/?/init.lua"):format(package.path, folder, folder)
  -- The keys are no longer in the environment; a script that asks for one gets it.
  os.getenv = core.sys.env   -- luacheck: ignore 122
  local status = chunk(table.unpack(args.arguments))
  return math.type(status) == "integer" and status or 0
end

return m
