-- almanac undo: takes back exactly what a run made.
local claims = require "almanac.apply.claims"
local connect = require "almanac.run.connect"
local differs = require "almanac.cli.differs"
local early = require "almanac.cli.early"
local elsewhere = require "almanac.apply.elsewhere"
local journal = require "almanac.run.journal"
local store = require "almanac.run.store"
local strays = require "almanac.apply.strays"
local told = require "almanac.cli.told"
local uploads = require "almanac.run.uploads"
local words = require "almanac.words"

local STOPPED_EARLY = early.STOPPED

local m = { changes = true, summary = "Take back exactly what a run made. Without --yes it only says what it would do." }

function m.configure(parser)
  parser:argument("run", "the run file")
  parser:flag("--yes", "delete; without it nothing is changed")
  parser:option("--production", "the institution code, when what is written to is no sandbox; on a terminal it is asked for")
    :argname "CODE"
  parser:flag("--keep-going", "try all titles, also when 10 in a row failed for the same reason")
  parser:epilog("With AWS keys the run's folder of the bucket is looked at too: what this run file has not sent shows an older copy.\n" ..
    "A bib is never deleted. Representations that somebody changed since are listed and left.\n" ..
    "Files that stood behind a deleted one are copied, attached again and deleted where they stood, so that pages keep\n" ..
    "their order; masters are not, and the order that comes of it is told.\n" ..
    "Exit status: 0 all is (or would be) taken back, 1 nothing was started, 2 something was left or is not as before,\n" ..
    "75 stopped early (the same command goes on).")
end

local function listen(run, context, progress)
  local out = context.out
  run.on = { differs = function(title, change, answered)
    run.told:tell(title.mms_id, differs.words(change, answered))
  end, finish = function(title, result, message, found, code)
    progress:finish(result == "left" or result == "failed")
    out.event("title", { mms_id = title.mms_id, result = result, message = message })
    if message then run.told:tell(title.mms_id, message, code) end
    if result ~= "undone" then return end
    for _, of in pairs(run.yes and {} or found) do
      for _, text in ipairs(of.words or {}) do out.say(("would %s of %s"):format(text, title.mms_id)) end
    end
  end }
end

-- Changes by others are named only when there are some.
local function left_words(counts)
  if counts.left == 0 or counts.changed == 0 then return counts.left .. " left" end
  if counts.changed == counts.left then return counts.left .. " left because others changed them" end
  return ("%d left, %d of them because others changed them"):format(counts.left, counts.changed)
end

-- Says that nothing of these titles was there to be taken back.
local function tell_absent(out, counts)
  if counts.absent > 0 then
    out.say(("of %s nothing that the run made is left in Alma, looked for by its ids: somebody else took it away"):format(
      words.count(counts.absent, "title")))
  end
  if counts.unmade > 0 then
    out.say(("for %s the run had made nothing in Alma yet"):format(words.count(counts.unmade, "title")))
  end
end

local function tell(run, context, counts)
  local out = context.out
  out.event("undone", counts)
  out.say(("%s %s; %s, %d failed"):format(
    run.yes and "took back" or "would take back", words.count(counts.undone, "title"), left_words(counts), counts.failed))
  tell_absent(out, counts)
  if counts.unlike > 0 then
    out.say(("of %s not all %s as it was before: see above%s"):format(words.count(counts.unlike, "title"), run.yes and "is" or "will be",
      run.yes and ", and `almanac report " .. run.path .. "`" or ""))
  end
  local left = run.yes and not counts.stop and strays.words(run)
  if left then out.note(left) end
  if not run.yes and counts.undone + counts.unmade > 0 then out.say "nothing was changed; add --yes to do it" end
  if counts.stop then
    out.fail(counts.stop.message)
    out.say(("stopped early; go on with:  almanac undo %s%s"):format(run.path, run.yes and " --yes" or ""))
    return STOPPED_EARLY
  end
  for _, text in ipairs(run.older) do out.fail(text) end
  return (run.older[1] or counts.left > 0 or counts.failed > 0 or counts.unlike > 0) and 2 or 0
end

-- Looks into the bucket even when this copy of the run has nothing to remove there.
local function look_elsewhere(run, settings, counts, out)
  run.older = {}
  if counts.stop then return end
  run.storage = run.storage or connect.storage(run.client, run.general, settings)
  local problem
  run.older, problem = elsewhere.told(run)
  if problem then out.note(problem) end
end

function m.run(args, context)
  local db <close>, message, code = store.open(args.run, "write")
  if not db then return nil, message, code end
  local planned
  planned, message, code = store.planned(db, args.run)
  if not planned then return nil, message, code end
  local settings, run
  settings, message = context.settings.load(args)
  if not settings then return nil, message end
  run, message, code = connect.run(db, settings, "undo", args)
  if not run then return early.ended(context.out, "almanac undo " .. args.run .. (args.yes and " --yes" or ""), message, code) end
  local _ <close> = run.audit
  if args.yes then
    local sure
    sure, message, code = connect.confirm(run, "undo", args.production, context.out.asker())
    if not sure then return nil, message, code end
  end
  local claimed <close>, why, kind = claims.open(run.general, settings.url)
  if not claimed then return nil, why, kind end
  local written <close> = journal.new(db)
  if uploads.made(db) then
    run.storage, message = connect.storage(run.client, run.general, settings)
    if not run.storage then context.out.note("nothing can be sent to or deleted from the bucket: " .. message) end
  end
  run.journal, run.claims, run.told = written, claimed, told.new(context.out)
  run.yes, run.keep_going, run.path = args.yes, args.keep_going, args.run
  local undo = require "almanac.apply.undo"
  local total = undo.total(db)
  local progress = context.out.progress("titles taken back", total)
  listen(run, context, progress)
  run.elsewhere = elsewhere.look(run)   -- titles that only uploads were begun of count as taken back afterwards
  local counts = undo.run(run)
  progress:close()
  run.told:close(counts.stop)
  if total == 0 and not store.counts(db).undone then context.out.say "this run has made nothing in Alma" end
  look_elsewhere(run, settings, counts, context.out)
  store.add_calls(db, "undo", run.client.calls)
  return tell(run, context, counts)
end

return m
