-- almanac marc count: counts records.
local options = require "almanac.cli.marc.options"
local pass = require "almanac.cli.marc.pass"

local m = {
  summary = "Count records.",
  epilog = "Several files: a line each, and the total. Exit status: 0 read to the end, 1 nothing was, 2 a file was not.",
}

function m.configure(parser)
  options.add(parser)
  parser:flag("--json", "one JSON object a line on stdout instead of words")
end

function m.run(args, context)
  local out, several = context.out, #args.files > 1
  local function tell(path, count)
    out.event("count", { file = path, records = count })
    out.say(several and ("%d\t%s"):format(count, path) or ("%d"):format(count))
  end
  local done, message, code = pass.over(args, context, function() return true end, { finished = tell })
  if not done then return nil, message, code end
  if several and done.opened > 0 then out.say(("%d\ttotal"):format(done.taken)) end
  return done:status()
end

return m
