-- almanac exec: runs a Lua script with the library at hand. The script is trusted: it may do anything.
local core = require "almanac.core"
local sessions = require "almanac.script.session"

local m = { summary = "Run a Lua script with the library at hand (trusted: it may do anything).", plain = true, connects = true,
  ends_itself = true }

-- Options with a value, which may stand in front of the script's name.
local WITH_VALUE = {}
for name in ("--profile --url --rate"):gmatch "%S+" do WITH_VALUE[name] = true end

-- Everything behind the script's name belongs to the script, options too.
local function set_apart(arguments)
  local i = 1
  while arguments[i] and arguments[i]:find "^%-." do i = i + (WITH_VALUE[arguments[i]] and 2 or 1) end
  if arguments[i] then table.insert(arguments, i, "--") end
end

function m.configure(parser, arguments)
  set_apart(arguments)
  parser:help_max_width(100)
  parser:argument("script", "the Lua file; - for standard input")
  parser:argument("arguments", "given to the script as ... and in arg"):args "*"
  parser:epilog ("Inside, `require \"almanac.script\"`, `require \"almanac.alma\"`, `require \"almanac.task\"` and the others are at " ..
    "hand, and modules of your own from the script's folder.")
end

local LARGEST = 16 << 20   -- bytes

-- The script's text, and how Lua's messages name it.
local function source_of(name)
  if name == "-" then return io.stdin:read "a", "=stdin" end
  local text, message, code = core.files.read(name, LARGEST)
  if not text then return nil, message, code end
  return text, "@" .. name
end

local function loaded(name)
  local text, chunkname, code = source_of(name)
  if not text then return nil, chunkname, code end
  local ok, message
  ok, message, code = require("almanac.script.help").check(text, name)
  if not ok then return nil, message, code end
  local chunk
  chunk, message = load(text:gsub("^\xEF\xBB\xBF", ""):gsub("^#[^\n]*", ""), chunkname, "t")
  if not chunk then return nil, message, "parse" end
  return chunk, text, chunkname
end

-- What a script finds as `lua5.4` has it, and modules beside it.
local function set_stage(args)
  require "almanac.json"     -- loaded here, so that nothing that the library needs is looked for beside the script
  local folder = args.script ~= "-" and core.files.real_path(args.script):match "^(.*)/"
  if folder then package.path = ("%s;%s/?.lua;%s/?/init.lua"):format(package.path, folder, folder) end
  -- The API keys are no longer in the environment. A script that asks for one gets it here.
  os.getenv = core.sys.env   -- luacheck: ignore 122
  rawset(_G, "arg", table.move(args.arguments, 1, #args.arguments, 1, { [0] = args.script }))
end

function m.run(args, context)
  local chunk, text, source = loaded(args.script)
  if not chunk then return nil, text, source end
  set_stage(args)
  local session = { name = args.script, text = text, source = source, arguments = args.arguments, out = context.out,
    settings = function() return context.settings.load(args) end }
  sessions.current = session
  return require("almanac.script.life").run(session, chunk)
end

return m
