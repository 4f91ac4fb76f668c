-- almanac apply: carries a plan out, or goes on with one.
local coded = require "almanac.alma.coded"
local connect = require "almanac.run.connect"
local core = require "almanac.core"
local claims = require "almanac.apply.claims"
local differs = require "almanac.cli.differs"
local early = require "almanac.cli.early"
local limits = require "almanac.run.limits"
local masters = require "almanac.apply.master_deletions"
local number = require "almanac.cli.number"
local preflight = require "almanac.apply.preflight"
local reconcile = require "almanac.apply.reconcile"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local task = require "almanac.task"
local titles = require "almanac.run.titles"
local told_about = require "almanac.cli.told"
local words = require "almanac.words"

local m = { changes = true, summary = "Carry a plan out; the same command again resumes it.", ends_itself = true }

local STOPPED_EARLY = early.STOPPED

function m.configure(parser)
  parser:argument("run", "the run file that `almanac plan` wrote")
  parser:option("--limit", "stop after so many titles"):argname("N"):convert(number("--limit", 1, true))
  parser:option("--reserve", "calls a day that are kept for the library's other services: a number, or a " ..
    "share of the highest count seen (10%)"):argname "N|N%"
  parser:option("--until", "begin no title after this time of day"):argname "HH:MM"
  parser:option("--settle", "seconds to go on looking for what a lost answer made, before a person has to decide (180)")
    :argname("N"):convert(number("--settle", 0))
  parser:option("--production", "the institution code, when what is written to is no sandbox; on a terminal it is asked for")
    :argname "CODE"
  parser:option("--delete-masters", "how many master files the plan deletes, when it deletes such; on a terminal it is asked for")
    :argname("N"):convert(number("--delete-masters", 0, true))
  parser:flag("--no-copies", "delete files without keeping a copy in RUN.copies; undo can't bring them back then")
  parser:option("--ingest-size", "titles of one ingest (200); the first one of an import profile has one title, to see what it does")
    :argname("N"):convert(number("--ingest-size", 1, true))
  parser:option("--ingest-wait", "minutes that a run of an import profile may take, and its start be put off by Alma (720)")
    :argname("MINUTES"):convert(number("--ingest-wait", 0))
  parser:flag("--with-others", "run an import profile also when ingests of others lie in its folder; they are imported as well then")
  parser:flag("--keep-going", "try all titles, also when 10 in a row failed for the same reason (an Alma that gives no " ..
    "answer ends the run all the same)")
  parser:flag("--wait", "when the day's calls are used up, sleep until midnight and go on")
  parser:epilog("A file is looked at again before it is sent: one that is another than the planned one (by size, time, " ..
    "beginning or end) is not sent, and its title is to decide.\n\nExit status: 0 all done, " ..
    "1 nothing was started, 2 some titles failed or are to decide, 75 stopped early (the same command goes on).")
end

local function limits_of(args)
  local reserve, message = limits.reserve(args.reserve)
  if not reserve then return nil, message end
  local until_time
  if args["until"] then
    until_time, message = limits.time_of_day(args["until"], os.time())
    if not until_time then return nil, message end
  end
  return { reserve = reserve, until_time = until_time }
end

-- Checks everything that the run needs, and says what is wrong before anything is written.
local function look_first(args, context, run)
  run.path, run.probe = args.run, store.meta(run.db, "run")
  local wrong, main = {}, nil
  for _, one in ipairs(preflight.alike(preflight.run(run))) do
    local finding, text = one.finding, preflight.words(one.finding)
    if finding.state == "note" then context.out.note(one.words) end
    if finding.state == "bad" then
      wrong[#wrong + 1] = { text = text, words = one.words, code = finding.code }
      if not early.passes(finding.text, finding.code) then main = main or wrong[#wrong] end
    end
  end
  main = main or wrong[1]      -- what somebody has to mend decides the exit status
  for _, other in ipairs(wrong) do
    if other ~= main then context.out.fail(other.words) end
  end
  if main then return nil, main.text, main.code end
  return true
end

-- Does everything that may refuse, before the first write.
local function prepare(args, context, db)
  local bounds, message = limits_of(args)
  if not bounds then return nil, message end
  local settings, run, ok, code
  ok, message, code = masters.confirm(db, args.delete_masters, context.out.asker())
  if not ok then return nil, message, code end
  settings, message = context.settings.load(args)
  if not settings then return nil, message end
  run, message, code = connect.run(db, settings, "apply", args)
  if not run then return nil, message, code end
  local seen = store.meta(db)
  run.limit, run.keep_going, bounds.client = args.limit, args.keep_going, run.client
  run.ingest_size, run.ingest_wait, run.with_others = args.ingest_size, args.ingest_wait, args.with_others
  if args.no_copies then run.copies = false end
  bounds.highest = math.max(tonumber(seen.highest) or 0, tonumber(seen.left) or 0)
  run.limits = limits.new(bounds)
  reconcile.bound = args.settle or reconcile.bound
  ok, message, code = connect.confirm(run, "apply", args.production, context.out.asker())
  if ok then ok, message, code = look_first(args, context, run) end
  if ok then
    run.claims, message, code = claims.open(run.general, settings.url)
    ok = run.claims
  end
  if ok then return run end
  run.audit:close()
  return nil, message, code
end

local function listen(run, context, total)
  local progress = context.out.progress("titles applied", total)
  run.told = told_about.new(context.out)
  run.on = {
    begin = function() progress:begin() end,
    differs = function(title, change, answered) run.told:tell(title.mms_id, differs.words(change, answered)) end,
    profile = function(text) context.out.note(text) end,
    ingest = function(ingest, instance)
      context.out.event("import", { profile = ingest.profile, run = ingest.instance, status = coded.value(instance.status),
        progress = instance.progress })
    end,
    record = function(title, text) run.told:tell(title.mms_id, "the import changed the record: " .. text) end,
    late = function(title, text) run.told:tell(title.mms_id, text) end,
    interrupt = function() context.out.note "stopping when what is in flight is done; Ctrl-C again stops now" end,
    finish = function(title, ok, message, code)
      local gone = title.state == states.GONE
      progress:finish(not ok and not gone, title.id)
      context.out.event("title", { mms_id = title.mms_id, ok = ok and true or false,
        message = message, code = code })
      if not ok and code ~= "cancelled" then run.told:tell(title.mms_id, message, code) end
    end,
  }
  return progress
end

-- At Ctrl-C nothing may be left but what was in flight. Then the run is over, not stopped.
local function is_over(stop, counts)
  return not stop or stop.code == "cancelled" and counts.ready == 0
end

-- `apply` has nothing more to do with a title that is done and was found changed afterwards.
local function tell_failed(out, counts, db, path)
  local unlike = titles.count(db, states.UNLIKE)
  if counts.failed > unlike then out.say("try those that failed again with:  almanac apply " .. path) end
  if unlike > 0 then
    out.say(("%s done, and not as planned: look at them in Alma, then  almanac verify %s  (or settle them with `almanac decide`)"):format(
      words.count(unlike, "of them is", "of them are"), path))
  end
end

local function tell(args, context, outcome, db)
  local counts = store.counts(db)
  local out = context.out
  out.event("applied", { done = outcome.done, titles = counts, stopped = outcome.stop and outcome.stop.message })
  out.say(("applied %s now; the run has %d done, %d to do, %d to decide, %d failed%s"):format(
    words.count(outcome.done, "title"), counts.done, counts.ready, counts.ask, counts.failed,
    counts.undone and (", %d taken back (plan again to do them again)"):format(counts.undone) or ""))
  if counts.gone then out.say(("no longer in Alma, and so settled: %s"):format(words.count(counts.gone, "title"))) end
  if counts.undoing then
    out.say(("%s taken back in part and left as they are; go on with:  almanac undo %s --yes"):format(
      words.count(counts.undoing, "title was", "titles were"), args.run))
  end
  local again = "almanac apply " .. args.run
  if not is_over(outcome.stop, counts) then
    out.fail(outcome.stop.message)
    out.say("stopped early; go on with:  " .. again .. (outcome.stop.cause and outcome.stop.cause ~= "outage"
      and "   (when that is mended; --keep-going tries all titles)" or ""))
    return STOPPED_EARLY
  elseif counts.ready > 0 and not args.limit then
    out.fail(("%s stopped in the middle, Alma or its bucket gave no clear answer"):format(
      words.count(counts.ready, "title")))
    out.say("go on with:  " .. again)
    return STOPPED_EARLY
  elseif counts.failed > 0 or counts.ask > 0 then
    out.say("see why with:  almanac report " .. args.run)
    tell_failed(out, counts, db, args.run)
    return 2
  elseif outcome.late > 0 then
    out.say(("%s an empty second representation: see above"):format(words.count(outcome.late, "title has", "titles have")))
    return 2
  end
  out.say(counts.ready > 0 and "go on with:  " .. again or "check it with:  almanac verify " .. args.run)
  return 0
end

-- The day's count begins anew at midnight where the institution is, and Alma does not say where
-- that is. So this looks at midnight here, then every hour. Returns false when somebody stopped it.
local function sleep_until_new_day(context, message, again)
  local wake = again and os.time() + 3600 or limits.time_of_day("0:01", os.time())
  context.out.note(("%s; waiting until %s"):format(message, os.date("%H:%M", wake)))
  while os.time() < wake do
    if core.sys.interrupts() > 0 then return false end
    task.sleep(1)
  end
  return true
end

-- Calls `try` until something other than the day's quota ends it.
local function wait_for_quota(args, context, try)
  local waited = false
  while true do
    local result, message, code = try()
    local stop = result and result.stop or not result and { message = message, code = code }
    if not (args.wait and stop and stop.code == "quota") then return result, message, code end
    if not sleep_until_new_day(context, stop.message, waited) then return result, message, code end
    waited = true
  end
end

function m.run(args, context)
  local db <close>, message, code = store.open(args.run, "write")
  if not db then return nil, message, code end
  local planned
  planned, message, code = store.planned(db, args.run)
  if not planned then return nil, message, code end
  local apply = require "almanac.apply"
  local total = math.min(apply.remaining(db), args.limit or math.huge)
  local run
  run, message, code = wait_for_quota(args, context, function() return prepare(args, context, db) end)
  local again = "almanac apply " .. args.run
  if not run then return early.ended(context.out, again, message, code) end
  local _ <close> = run.audit
  local _claims <close> = run.claims
  if core.sys.interrupts() > 0 then return early.ended(context.out, again, "interrupted", "cancelled") end
  local progress = listen(run, context, total)
  local outcome = wait_for_quota(args, context, function()
    if run.stop then run.client.remaining = nil end   -- the number is of yesterday
    return apply.run(run)
  end)
  progress:close()
  run.told:close(outcome.stop)
  if not run.journal.broken then store.set(db, { highest = run.limits.highest }) end
  return tell(args, context, outcome, db)
end

return m
