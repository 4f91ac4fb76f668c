-- almanac verify: reads everything back and compares it with the plan.
local connect = require "almanac.run.connect"
local early = require "almanac.cli.early"
local elsewhere = require "almanac.apply.elsewhere"
local journal = require "almanac.run.journal"
local number = require "almanac.cli.number"
local store = require "almanac.run.store"
local strays = require "almanac.apply.strays"
local told = require "almanac.cli.told"
local words = require "almanac.words"

local STOPPED_EARLY = early.STOPPED

local m = { summary = "Read back what a run made and compare it with the plan." }

function m.configure(parser)
  parser:argument("run", "the run file")
  parser:option("--sample", "only so many titles, others every time"):argname("N"):convert(number("--sample", 1, true))
  parser:flag("--keep-going", "look at all titles, also when 10 in a row could not be read for the same reason")
  parser:epilog("Titles that were taken back are looked at as well: nothing of the run may be left.\n" ..
    "Of each other title: one representation as planned, its files by name, size and order, each in Alma's storage\n" ..
    "and to be read there (its first byte is fetched, no call to Alma). A title takes 2 calls.\n" ..
    "When 300 titles taken at random are all right, fewer than 1 in 100 of all are wrong, with 95 % certainty.\n" ..
    "Exit status: 0 all is as planned, 1 nothing was started, 2 something differs or could not be read,\n" ..
    "75 stopped early (the same command begins again).")
end

local function listen(run, out, progress)
  run.on = { finish = function(title, ok, why, code)
    progress:finish(not ok)
    out.event("title", { mms_id = title.mms_id, ok = ok and true or false, message = why })
    if why then run.told:tell(title.mms_id, why, code) end
  end, note = function(title, text) run.told:tell(title.mms_id, text) end }
end

local THUMBNAILS = {
  { "shown", "Alma shows %d" }, { "left", "%d still in the upload folder" }, { "gone", "%d no longer in the upload folder" },
  { "untold", "%d can't be looked for, that takes AWS keys" },
}

-- It is not documented what becomes of thumbnails. So only what was seen is told.
local function tell_thumbnails(out, seen)
  local parts, all = {}, 0
  for _, entry in ipairs(THUMBNAILS) do
    local n = seen[entry[1]]
    if n then parts[#parts + 1], all = entry[2]:format(n), all + n end
  end
  if all == 0 then return end
  out.say(("%s uploaded: %s%s"):format(words.count(all, "thumbnail"), table.concat(parts, ", "),
    seen.shown == all and "" or "; Alma doesn't say whether it took them, look at one there"))
end

local function tell(run, out, counts, total)
  local sample = run.sample
  out.event("verified", counts)
  out.say(("verified %s%s; %d differ, %d could not be read"):format(words.count(counts.verified, "title"),
    sample and (", %d of %s taken at random"):format(sample, words.count(total, "title")) or "", counts.differs, counts.unknown))
  if counts.undone > 0 then
    out.say(("looked at %s taken back: nothing of the run is left in Alma, nothing that it had deleted is missing"):format(
      words.count(counts.undone, "title")))
  end
  if counts.gone > 0 then
    out.say(("no longer in Alma, and so not looked at again: %s"):format(words.count(counts.gone, "title")))
  end
  local left = counts.undone > 0 and strays.words(run)
  if left then out.note(left) end
  if counts.unseen > 0 then
    out.say(("not looked at in the storage, Alma gave no address: %s"):format(words.count(counts.unseen, "file")))
  end
  tell_thumbnails(out, counts.thumbnails)
  if counts.stop then
    out.fail(counts.stop.message)
    return STOPPED_EARLY
  end
  for _, text in ipairs(run.older) do out.fail(text) end
  return (run.older[1] or counts.differs > 0 or counts.unknown > 0) and 2 or 0
end

-- True when there is something to verify; nil and why when the run was never carried out; false when
-- it was, and made nothing that could be looked at.
local function has_work(db, path)
  local planned, message, code = store.planned(db, path)
  if not planned then return nil, message, code end
  if require("almanac.apply.verify").total(db) > 0 then return true end
  if db:value "SELECT 1 FROM session WHERE command = 'apply'" then return false end
  return nil, ("nothing to verify: %s was never carried out; do it with:  almanac apply %s"):format(path, path), "missing"
end

local function look_elsewhere(run, settings, out)
  run.client.calls = {}   -- earlier calls are counted already
  run.storage = run.storage or connect.storage(run.client, run.general, settings)
  local texts, problem = elsewhere.told(run)
  store.add_calls(run.db, "verify", run.client.calls)
  if problem then out.note(problem) end
  return texts
end

-- A copy in which nothing is done may be one of a run that went on elsewhere.
local function say_nothing_done(run, settings, out)
  local older = look_elsewhere(run, settings, out)
  out.say "nothing to verify: no title of this run is done"
  for _, text in ipairs(older) do out.fail(text) end
  return older[1] and 2 or 0
end

function m.run(args, context)
  local out = context.out
  local db <close>, message, code = store.open(args.run, "write", true)
  if not db then return nil, message, code end
  if store.derives(db) then return require("almanac.cli.derive").verify(db, out) end
  local is_done
  is_done, message, code = has_work(db, args.run)
  if is_done == nil then return nil, message, code end
  local settings, run
  settings, message = context.settings.load(args)
  if not settings then return nil, message end
  run, message, code = connect.run(db, settings, "verify", args)
  if not run then return early.ended(out, "almanac verify " .. args.run, message, code) end
  local _ <close> = run.audit
  local verify = require "almanac.apply.verify"
  local total = verify.total(db)
  local written <close> = journal.new(db)
  run.journal, run.path = written, args.run
  if not is_done then return say_nothing_done(run, settings, out) end
  if store.meta(db, "thumbnails") then run.storage = connect.storage(run.client, run.general, settings) end
  run.sample = args.sample and math.min(args.sample, total)
  local progress = out.progress("titles verified", run.sample or total)
  run.told, run.keep_going = told.new(out), args.keep_going
  listen(run, out, progress)
  local counts
  counts, message, code = verify.run(run)
  progress:close()
  if not counts then return nil, message, code end
  run.told:close(counts.stop)
  run.older = counts.stop and {} or look_elsewhere(run, settings, out)
  return tell(run, out, counts, total)
end

return m
