-- almanac verify: reads everything back and compares it with the plan.
local connect = require "almanac.run.connect"
local store = require "almanac.run.store"
local words = require "almanac.words"

local m = { summary = "Read back what a run made and compare it with the plan." }

function m.configure(parser)
  parser:argument("run", "the run file")
  parser:epilog "Exit status: 0 all is as planned, 1 nothing was started, 2 something differs or could not be read."
end

function m.run(args, context)
  local out = context.out
  local db <close>, message, code = store.open(args.run, "write")
  if not db then return nil, message, code end
  local settings, run
  settings, message = context.settings.load(args)
  if not settings then return nil, message end
  run, message, code = connect.run(db, settings, "verify", args)
  if not run then return nil, message, code end
  local _ <close> = run.audit
  local verify = require "almanac.run.verify"
  local progress = out.progress("titles verified", verify.total(db))
  run.on = { finish = function(title, ok, why)
    progress:finish(not ok)
    out.event("title", { mms_id = title.mms_id, ok = ok and true or false, message = why })
    if not ok then out.note(title.mms_id .. ": " .. why) end
  end }
  local counts
  counts, message, code = verify.run(run)
  progress:close()
  if not counts then return nil, message, code end
  out.event("verified", counts)
  out.say(("verified %s; %d differ, %d could not be read"):format(
    words.count(counts.verified, "title"), counts.differs, counts.unknown))
  return (counts.differs > 0 or counts.unknown > 0) and 2 or 0
end

return m
