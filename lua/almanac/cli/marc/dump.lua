-- almanac marc dump: shows records.
local convert = require "almanac.cli.marc.convert"
local options = require "almanac.cli.marc.options"

local m = {
  summary = "Show records, a line for each field.",
  epilog = "The lines are those of yaz-marcdump. Exit status: 0 all is shown, 1 nothing was, 2 a file could not be read " ..
    "to its end.",
}

function m.configure(parser)
  options.add(parser)
  parser:mutex(
    parser:flag("--json", "as MARC-in-JSON, a line for each record"):target "as_json",
    parser:flag("--xml", "as MARCXML"))
end

function m.run(args, context)
  return convert.write(args, context, args.as_json and "json" or args.xml and "marcxml" or "line")
end

return m
