-- almanac apply: carries a plan out, or goes on with one.
local alma = require "almanac.alma"
local connect = require "almanac.run.connect"
local store = require "almanac.run.store"
local words = require "almanac.words"

local m = { summary = "Carry a plan out; the same command again resumes it.", ends_itself = true }

local STOPPED_EARLY = 75

function m.configure(parser)
  parser:argument("run", "the run file that `almanac plan` wrote")
  parser:option("--limit", "stop after so many titles"):argname("N"):convert(tonumber)
  parser:epilog("Exit status: 0 all done, 1 nothing was started, 2 some titles failed or need a " ..
    "decision, 75 stopped early (the same command goes on).")
end

-- Everything that can refuse before the first write.
local function prepare(args, context, db)
  local settings, message, code = context.settings.load(args)
  if not settings then return nil, message end
  local run, ok
  run, message, code = connect.run(db, settings)
  if not run then return nil, message, code end
  ok, message, code = alma.test(run.client, "bibs", true)
  if not ok then return nil, message, code end
  run.storage, message, code = connect.storage(run.client, run.general, settings)
  if not run.storage then return nil, message, code end
  run.limit = args.limit
  return run
end

local function listen(run, context, total)
  local progress = context.out.progress("titles applied", total)
  run.on = {
    begin = function() progress:begin() end,
    finish = function(title, ok, message, code)
      progress:finish(not ok)
      context.out.event("title", { mms_id = title.mms_id, ok = ok and true or false,
        message = message, code = code })
      if not ok and code ~= "cancelled" then context.out.note(title.mms_id .. ": " .. message) end
    end,
  }
  return progress
end

local function tell(args, context, outcome, counts)
  local out = context.out
  out.event("applied", { done = outcome.done, titles = counts, stopped = outcome.stop and outcome.stop.message })
  out.say(("applied %s now; the run has %d done, %d to do, %d to decide, %d failed"):format(
    words.count(outcome.done, "title"), counts.done, counts.ready, counts.ask, counts.failed))
  if outcome.stop then
    out.fail(outcome.stop.message)
    out.say("stopped early; go on with:  almanac apply " .. args.run)
    return STOPPED_EARLY
  elseif counts.failed > 0 or counts.ask > 0 then
    out.say("see why with:  almanac report " .. args.run)
    return 2
  end
  out.say("check it with:  almanac verify " .. args.run)
  return 0
end

function m.run(args, context)
  local db <close>, message, code = store.open(args.run, "write")
  if not db then return nil, message, code end
  local apply = require "almanac.run.apply"
  local total = math.min(apply.remaining(db), args.limit or math.huge)
  local run
  run, message, code = prepare(args, context, db)
  if not run then return nil, message, code end
  local progress = listen(run, context, total)
  local outcome = apply.run(run)
  progress:close()
  return tell(args, context, outcome, store.counts(db))
end

return m
