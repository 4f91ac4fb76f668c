-- almanac fetch: brings records, representations and files out of Alma.
local core = require "almanac.core"
local number = require "almanac.cli.number"
local task = require "almanac.task"
local told = require "almanac.cli.told"
local words = require "almanac.words"

local m = { changes = true, ends_itself = true, summary = "Bring records, representations and files of titles out of Alma, into " ..
  "a BagIt bag or plain folders; nothing is changed in Alma." }

local STOPPED = 75

function m.configure(parser)
  parser:help_max_width(100)
  parser:option("--to", "the folder: a new one, or one that this command has begun; what is done stands in FOLDER.fetch beside it")
    :argname "FOLDER":count(1)
  parser:option("--set", "the titles: those of a set in Alma"):argname "ID|NAME"
  require("almanac.cli.title_options").declare(parser)
  parser:mutex(
    parser:flag("--masters", "only files of masters"),
    parser:flag("--derivatives", "only files of derivatives"),
    parser:flag("--no-files", "records and representations only"))
  parser:option("--since", "only what changed: since a day (2026-11-30) as far as Alma dates things, or since an earlier fetch, " ..
    "compared record by record and file by file"):argname "DAY|FOLDER"
  parser:option("--recipe", "a recipe whose rule save_as names the files"):argname "NAME"
  parser:flag("--plain", "plain folders with a list of checksums, no bag")
  parser:flag("--incomplete", "make the bag although something is missing; metadata/missing.csv says what")
  parser:flag("--check", "compare what is here with its checksums, and fetch again what differs")
  parser:option("--transfers", "files at a time (8)"):argname "N":convert(number("--transfers", 1, true))
  parser:option("--reserve", "calls a day that are kept for the library's other services: a number, or a share of the " ..
    "highest count seen (10%)"):argname "N|N%"
  parser:flag("--keep-going", "go on with all titles, also when 10 in a row fail for the same reason")
  parser:epilog("The bag has the record of each title as Alma has it (data/MMS_ID/record.xml), what Alma says of\n" ..
    "each representation (data/MMS_ID/REP_ID.json), and its files (data/MMS_ID/REP_ID/…); metadata/ has\n" ..
    "lists of titles and files, and all records in one file. A title takes about two calls. With AWS keys\n" ..
    "the bytes come from the storage itself, else by addresses that Alma signs.\n" ..
    "Stop it whenever you like: the same command goes on. When all is here, it asks Alma nothing.\n" ..
    "Exit status: 0 all is here, 1 nothing was started, 2 something is missing (the same command tries\n" ..
    "again), 75 stopped early (the same command goes on).\n\n" ..
    "    almanac fetch --set 'Maps 2026' --masters --to maps")
end

local function usage_of(args)
  return args.masters and "masters" or args.derivatives and "derivatives" or args.no_files and "none" or "all"
end

-- A folder may be removed, moved or shared: a path must not change with the working folder.
local function check(args)
  if args.to == "" then return nil, "name the folder: --to FOLDER" end
  return true
end

local function listen(out)
  local remarks, progress = told.new(out), nil
  local on = { phase = out.note, note = out.note }
  function on.reading(total) progress = out.progress("titles fetched", total) end
  function on.finish(id, ok, message, code)
    if progress then progress:finish(not ok, id) end
    out.event("title", { mms_id = id, ok = ok, message = message })
    if message and not (ok and out.quiet) then remarks:tell(id, message, code) end
  end
  function on.problem(file, message, code)
    if file.title.waiting > 0 then remarks:tell(file.mms_id, ("file %s: %s"):format(file.pid, message), code) end
  end
  function on.close(stop)
    remarks:close(stop)
    if progress then progress:close() end
  end
  return on
end

-- Ctrl-C ends what is in flight: it is fetched again.
local function watched(order)
  local work = task.spawn(require("almanac.fetch").run, order)
  local watcher = task.spawn(function()
    while core.sys.interrupts() == 0 do task.sleep(0.2) end
    work:cancel()
  end)
  local result, message, code = work:await()
  watcher:cancel()
  return result, message, code
end

local function say_what_is_here(out, result)
  local counts = result.counts
  out.say(("%s here: %s, %s of representations, %s (%s)"):format(words.count(counts.titles - counts.same, "title"),
    words.count(counts.records, "record"), words.count(counts.representations, "description"), words.count(counts.files, "file"),
    words.bytes(counts.bytes)))
  if counts.same > 0 then
    out.say(("unchanged and not fetched: %s"):format(words.count(counts.same, "title")))
  end
end

-- What a librarian has to know of titles, though nothing went wrong.
local REMARKS = {
  { "suppressed", "hidden from patrons (suppressed): %s", "title" },
  { "empty", "without a representation: %s", "title" },
  { "remote", "in another repository, so without files here: %s", "representation" },
  { "left_out", "left out by the recipe: %s", "file" },
  { "gone", "not in Alma: %s", "title" },
}

local WRONG = {
  { "failed_titles", "could not be read: %s", "title" },
  { "failed", "could not be fetched: %s", "file" },
  { "refused", "have no name that the folder can take: %s", "file" },
  { "gone_files", "no longer in Alma when they were fetched: %s", "file" },
}

local function say_list(say, list, counts)
  for _, entry in ipairs(list) do
    local n = counts[entry[1]]
    if n > 0 then say(entry[2]:format(words.count(n, entry[3]))) end
  end
end

local function say_wrong(args, out, result)
  say_list(out.fail, WRONG, result.counts)
  if result.broken > 0 then out.fail(("members of the set that Alma can't give: %d"):format(result.broken)) end
  if not result.whole then
    out.say(("%s/metadata/missing.csv says which; the same command tries them again%s"):format(args.to,
      result.finished and "" or ", and --incomplete makes the bag without them"))
  end
end

local function sum(calls)
  local n = 0
  for _, count in pairs(calls) do n = n + count end
  return n
end

local function event_of(args, result)
  local event = { path = args.to, bag = not args.plain and result.finished or false, whole = result.whole, calls = sum(result.calls),
    fetched = result.bytes, broken = result.broken, gone_since = result.gone and #result.gone or nil }
  for _, name in ipairs { "titles", "same", "gone", "failed_titles", "suppressed", "empty", "remote", "records", "representations", "files",
    "bytes", "failed", "refused", "left_out", "gone_files" } do
    event[name] = result.counts[name]
  end
  return event
end

local function tell(args, context, result)
  local out = context.out
  say_what_is_here(out, result)
  say_list(out.say, REMARKS, result.counts)
  if result.gone and result.gone[1] then
    out.say(("no longer in Alma or in the list since then: %d, see %s/metadata/gone.csv"):format(#result.gone, args.to))
  end
  say_wrong(args, out, result)
  if result.finished then
    out.say(args.plain and ("all is in %s; to look: cd %s && sha256sum --check SHA256SUMS"):format(args.to, args.to)
      or ("%s is a bag (BagIt 1.0)"):format(args.to))
  else
    out.say(("%s is no bag yet"):format(args.to))
  end
  out.event("fetched", event_of(args, result))
  return result.whole and result.broken == 0 and 0 or 2
end

local function tell_stopped(context, message, code)
  context.out.event("stopped", { message = message, code = code })
  context.out.fail(message)
  context.out.say "stopped early; what is here is kept, the same command goes on"
  return STOPPED
end

local function load_recipe(args, context)
  if not args.recipe then return true end
  local recipe, message, code = require("almanac.recipe").load(args.recipe)
  if not recipe then return nil, message, code end
  for _, text in ipairs(require("almanac.recipe.versions").warnings(recipe)) do context.out.note(text) end
  return recipe
end

function m.run(args, context)
  local ok, message, code = check(args)
  local recipe
  if ok then recipe, message, code = load_recipe(args, context) end
  if not recipe then return nil, message, code end
  local on = listen(context.out)
  local order = { to = args.to, set = args.set, plain = args.plain, usage = usage_of(args), recipe = args.recipe and recipe or nil,
    since = args.since, check = args.check, incomplete = args.incomplete, transfers = args.transfers, reserve = args.reserve,
    keep_going = args.keep_going, settings = function() return context.settings.load(args) end, on = on }
  for name, value in pairs(require("almanac.cli.title_options").given(args)) do order[name] = value end
  local result
  result, message, code = watched(order)
  on.close(result and result.stop)
  if not result then
    local early = require "almanac.cli.early"
    if early.passes(message, code) then return tell_stopped(context, code == "cancelled" and "interrupted" or message, code) end
    return nil, message, code
  end
  if result.stop then return tell_stopped(context, result.stop.message, result.stop.code) end
  return tell(args, context, result)
end

return m
