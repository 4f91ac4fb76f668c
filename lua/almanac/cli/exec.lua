-- almanac exec: runs a Lua script with the library at hand. The script is trusted: it may do anything.
local connect = require "almanac.run.connect"
local core = require "almanac.core"
local number = require "almanac.cli.number"
local shelf = require "almanac.script.shelf"
local sessions = require "almanac.script.session"

local m = { summary = "Run a Lua script with the library at hand (trusted: it may do anything).", plain = true, connects = true,
  ends_itself = true }

-- Options with a value, which may stand in front of the script's name.
local WITH_VALUE = {}
for name in ("--profile --url --rate --reserve --settle --production --log --record --replay"):gmatch "%S+" do WITH_VALUE[name] = true end

-- Everything behind the script's name belongs to the script, options too.
local function set_apart(arguments)
  local i = 1
  while arguments[i] and arguments[i]:find "^%-." do i = i + (WITH_VALUE[arguments[i]] and 2 or 1) end
  if arguments[i] then table.insert(arguments, i, "--") end
end

local EPILOG = [[
A script begins so, and then has its arguments, a client and a CSV file:

  -- almanac-script: 1
  --
  -- Titles of a set, as CSV. Changes nothing.
  local script = require "almanac.script"
  local bibs = require "almanac.alma.bibs"
  local args = script.arguments { { "set", "set", required = true, help = "name or id" } }
  local client, ids = script.client(), script.titles(args)
  local csv <close> = script.csv(nil, { "mms_id", "title" })
  for bib in bibs.each(client, ids) do csv:write { bib.mms_id, bib.title } end

Example: almanac exec titles.lua --set "Maps of Ghent" >titles.csv
         almanac exec oclc-numbers --set "Maps of Ghent"
         almanac exec --dry-run add-035 --list numbers.csv --yes

Exit status: what the script returns, else 0; 1 it ended by an error and nothing was written,
2 something was written until then (a list says what) or the script told failures, 75 it was
stopped early: Ctrl-C, or the day's calls are used up.]]

function m.configure(parser, arguments)
  set_apart(arguments)
  parser:help_max_width(100)
  parser:argument("script", "a Lua file, or the name of a script that comes with almanac; - for standard input"):args "?"
  parser:argument("arguments", "given to the script as ... and in arg; --help among them shows those that it declares"):args "*"
  parser:flag("--list", "show the scripts that come with almanac")
  parser:flag("--dry-run", "print each write in place of sending it; reads are sent")
  parser:option("--production", "the institution code, when what is written to is no sandbox; on a terminal it is asked for")
    :argname "CODE"
  parser:option("--reserve", "calls a day that are kept for the library's other services: a number, or a " ..
    "share of the highest count seen (10%)"):argname "N|N%"
  parser:option("--settle", "seconds for which a POST that an earlier run sent is not sent again; what it makes is " ..
    "looked for meanwhile (180)"):argname("N"):convert(number("--settle", 0))
  parser:option("--log", "add every call to this file, as JSON lines; bodies of writes are in it"):argname "FILE"
  parser:option("--record", "keep every call and its answer in this file"):argname "FILE"
  parser:option("--replay", "answer from such a file, without network and API key"):argname "FILE"
  parser:epilog(EPILOG)
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
local function set_stage(args, path)
  require "almanac.json"     -- loaded here, so that nothing that the library needs is looked for beside the script
  local folder = path ~= "-" and core.files.real_path(path):match "^(.*)/"
  if folder then package.path = ("%s;%s/?.lua;%s/?/init.lua"):format(package.path, folder, folder) end
  -- The API keys are no longer in the environment. A script that asks for one gets it here.
  os.getenv = core.sys.env   -- luacheck: ignore 122
  rawset(_G, "arg", table.move(args.arguments, 1, #args.arguments, 1, { [0] = args.script }))
end

-- A record needs no Alma. What stands in for the keys is sent to nobody.
local function settings_of_replay(player)
  local keys = { access_key = "replay", secret_key = "replay" }
  return { url = "https://replay.invalid", key = "replay", rate = 1000, s3 = player.form and { form = true } or keys }
end

local function session_of(args, context, text, source)
  local session = { name = args.script, text = text, source = source, arguments = args.arguments, out = context.out }
  function session.settings()
    if session.gate.player then return settings_of_replay(session.gate.player) end
    return context.settings.load(args)
  end
  return session
end

-- The gate of a session, whose client and settings may come later.
local function gate_of(args, context, session)
  return require("almanac.script.gate").open {
    dry_run = args.dry_run, production = args.production, ask = context.out.asker(), reserve = args.reserve,
    log = args.log, record = args.record, replay = args.replay, settle = args.settle, say = context.out.say, note = context.out.note,
    own = function() return session.client or session.settings() and require("almanac.script").client() end,
    expected = function(client, general)
      if client ~= session.client then return true end
      return connect.expected(session.ready, general)
    end,
  }
end

local function list(out)
  local scripts, message, code = shelf.list()
  if not scripts then return nil, message, code end
  local wide = 0
  for _, script in ipairs(scripts) do wide = math.max(wide, #script.name) end
  for _, script in ipairs(scripts) do out.say(("%-" .. wide .. "s  %s"):format(script.name, script.about)) end
  return 0
end

local function check(args)
  if args.record and args.replay then return nil, "--record and --replay exclude each other" end
  if args.list or args.script then return true end
  return nil, "name the script to run; `almanac exec --list` shows those that come with almanac"
end

function m.run(args, context)
  local ok, message, code = check(args)
  if not ok then return nil, message, code end
  if args.list then return list(context.out) end
  local path
  path, message, code = shelf.find(args.script)
  if not path then return nil, message, code end
  local chunk, text, source = loaded(path)
  if not chunk then return nil, text, source end
  set_stage(args, path)
  local session = session_of(args, context, text, source)
  session.gate, message, code = gate_of(args, context, session)
  if not session.gate then return nil, message, code end
  sessions.current = session
  local status = require("almanac.script.life").run(session, chunk)
  m.changes = session.gate.written:anything()
  return status
end

return m
