-- The command line: finds the command, builds its parser, runs it, and turns its result into an
-- exit status.
local core = require "almanac.core"

-- Name, summary, and the file of this folder if it has another name. It is loaded only when it is called.
local COMMANDS = {
  { "plan", "look, match, write the plan" },
  { "show", "why a title or file is where it is in the plan" },
  { "decide", "record your decisions about titles to decide" },
  { "apply", "carry the plan out; again = resume" },
  { "verify", "read everything back and compare" },
  { "report", "what the run did, as text, CSV or JSON" },
  { "undo", "take back exactly what a run made" },
  { "fetch", "bring records and files out of Alma, into a bag or folders" },
  { "doctor", "look whether everything is there that a run needs" },
  { "init", "write a commented configuration", "init_command" },
  { "allow", "let the configuration of this folder run its command" },
  { "recipe", "the recipes at hand" },
  { "marc", "look into MARC files, convert and check them" },
  { "rehearsal", "a local Alma and S3 to try everything on" },
  { "derive", "make derivatives of a folder of masters" },
  { "exec", "run a Lua script with the library at hand: yours, or one that comes with almanac" },
}

local function overview()
  local lines = {
    "Usage: almanac COMMAND [options]", "",
    "Adds files to the titles of Ex Libris Alma Digital by rules that you can edit.", "",
  }
  for _, command in ipairs(COMMANDS) do
    lines[#lines + 1] = ("  %-11s%s"):format(command[1], command[2])
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "`almanac COMMAND --help` tells more; `almanac --version` the version."
  return table.concat(lines, "\n")
end

local function find(name)
  for _, command in ipairs(COMMANDS) do
    if command[1] == name then return command end
  end
end

local function nearest(name)
  local names = {}
  for i, command in ipairs(COMMANDS) do names[i] = command[1] end
  return require("almanac.words").nearest(name, names)
end

-- argparse's message on one line, with the help to read. argparse takes a negative number for an
-- option, and what it guesses then is useless.
local function wrong_usage(name, message)
  message = message:gsub("\nDid you mean one of these: (.*)%?$", "; is it one of %1?"):gsub("\nDid you mean", "; did you mean")
  if message:find "^unknown option '%-%d" then message = message:gsub(";.*", "; numbers are not negative here") end
  return ("%s; see `almanac %s --help`"):format(message, name)
end

-- The name of the command, with its action when one was given.
local function help_name(command, module, first)
  for _, action in ipairs(module.actions or {}) do
    if action == first then return command[1] .. " " .. action end
  end
  return command[1]
end

local function add_output(parser)
  parser:flag("--json", "one JSON object a line on stdout instead of words")
  parser:flag("-q --quiet", "results and errors only")
end

local function add_connection(parser)
  local number = require "almanac.cli.number"
  parser:option("--profile", "profile of almanac.conf.lua to use"):argname "NAME"
  parser:option("--url", "Alma API server, e.g. https://api-na.hosted.exlibrisgroup.com"):argname "URL"
  parser:option("--rate", "calls a second at most (20; Alma allows an institution 25)")
    :argname("N"):convert(number("--rate", 0))
end

---Loads a file of this folder.
---@class almanac.command
---@field summary string the first line of its help
---@field configure fun(parser: table, arguments: string[]): nil, string? its options, on a parser of lua-argparse; nil, message refuses
---@field run fun(args: table, context: table): integer|nil, string?, string? exit status; or nil, message, code: nothing was started
---@field changes (boolean|table<string, boolean>)? it does more than print, or these of its actions do
---@field offline boolean? it never calls Alma
---@field plain boolean? it takes none of the common options
---@field connects boolean? of those it takes the ones that say which Alma
---@field ends_itself boolean? it looks for Ctrl-C on its own
---@field actions string[]? what its first argument may be (cli/actions.lua)

-- Modules that others wrote, and Debian's packages with them.
local OTHERS = { argparse = "lua-argparse", cjson = "lua-cjson" }

local function what_is_missing()
  for name, debian in pairs(OTHERS) do
    if not (package.loaded[name] or package.searchpath(name, package.path) or package.searchpath(name, package.cpath)) then
      return ("the Lua module '%s' is not installed; on Debian and Ubuntu: apt-get install %s"):format(name, debian)
    end
  end
end

local function parse(command, arguments)
  local argparse = require "argparse"
  local module = require("almanac.cli." .. (command[3] or command[1]))
  local parser = argparse("almanac " .. command[1], module.summary or command[2])
  if not module.plain then add_output(parser) end
  if module.connects or not (module.plain or module.offline) then add_connection(parser) end
  local ok, message = module.configure(parser, arguments)
  if ok == nil and message then return nil, message end
  local parsed, args = parser:pparse(arguments)
  if not parsed then return nil, wrong_usage(help_name(command, module, arguments[1]), args) end
  return module, args
end

-- Ctrl-C ends a command where it waits. A command with calls in flight (`ends_itself`) watches for
-- Ctrl-C on its own.
local function run_module(module, args, context)
  local task = require "almanac.task"
  return task.run(function()
    local work = task.spawn(module.run, args, context)
    local watch = not module.ends_itself and task.spawn(function()
      while core.sys.interrupts() == 0 do task.sleep(0.2) end
      work:cancel()
    end)
    local results = table.pack(work:await())
    if watch then watch:cancel() end
    return table.unpack(results, 1, results.n)
  end)
end

-- Arguments are written into run files and JSON, which are UTF-8.
local function not_text(arguments)
  for _, argument in ipairs(arguments) do
    if not core.text.valid(argument) then
      return "an argument is not UTF-8 text: rename the file or folder, or set the terminal to UTF-8"
    end
  end
end

local function has_changed_something(module, args)
  local changes = module.changes
  return changes == true or type(changes) == "table" and changes[args.action]
end

-- When output was lost, a command that changes something has done a part of what was asked; a
-- command whose output was everything has done nothing.
local function answered(status, module, args, out)
  local ok, message = core.sys.flush()
  if ok then return status end
  out.fail(message)
  if status ~= 0 then return status end
  return has_changed_something(module, args) and 2 or 1
end

local function run(command, arguments)
  local out = require "almanac.cli.out"
  local module, args = nil, what_is_missing() or not_text(arguments)
  if not args then module, args = parse(command, arguments) end
  if not module then
    out.fail(args)
    return 1
  end
  out.json, out.quiet = args.json or false, args.quiet or false
  core.sys.catch_signals()
  local settings = require "almanac.cli.settings"
  settings.warn, settings.ask = out.note, out.asker()
  require("almanac.run.notice").tell = out.note
  local context = { out = out, settings = settings, json = out.json }
  local status, message, code = run_module(module, args, context)
  if status then return answered(status, module, args, out) end
  if code == "cancelled" then
    out.fail "stopped"
    return 75
  end
  out.fail(message or "nothing was done")
  out.event("error", { message = message, code = code })
  return 1
end

---@param arguments string[] without the program's name
---@return integer status
return function(arguments)
  require "almanac.strict"
  local name = table.remove(arguments, 1)
  if not name or name == "--help" or name == "-h" or name == "help" then
    print(overview())
    return name and 0 or 1
  elseif name == "--version" then
    print("almanac " .. core.version)
    return 0
  end
  local command = find(name)
  if command then return run(command, arguments) end
  local near = nearest(name)
  io.stderr:write(("almanac: there is no command '%s'%s; see `almanac --help`\n")
    :format(name, near and (", did you mean '" .. near .. "'?") or ""))
  return 1
end
