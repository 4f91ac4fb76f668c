-- almanac marc: looks into MARC files of any format.
local actions = require "almanac.cli.actions"
local core = require "almanac.core"

local m = { summary = "Look into MARC files, convert and check them.", plain = true, ends_itself = true,
  actions = { "dump", "get", "count", "convert", "check", "diff" } }

function m.configure(parser, arguments)
  actions.configure(parser, "marc", m.actions, arguments[1])
  parser:epilog("Reads ISO 2709, MARCXML, MARC-in-JSON, yaz-marcdump's lines and MarcEdit's .mrk, also packed " ..
    "with gzip, as tar or as zip; " ..
    "the content shows which. `almanac marc ACTION --help` tells more.")
end

function m.run(args, context)
  local files = args.files
  if not files[1] then
    if core.sys.is_terminal(0) then return nil, "which file? name one or more, or - for standard input" end
    files[1] = "-"
  end
  return actions.run("marc", args, context)
end

return m
