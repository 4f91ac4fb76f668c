-- almanac show: says why a title or a file is where it is.
local states = require "almanac.run.states"
local store = require "almanac.run.store"

local m = { offline = true, summary = "Show a plan, or why a title, a record or a file is where it is in it." }

local LISTED = "ready, to-decide, skipped, failed, gone, files or records (without a title)"

-- Maps the words that people write to the states in the run file. Scripts may also use the run
-- file's own words.
local STATES = { ready = states.READY, ["to-decide"] = states.ASK, ask = states.ASK, skipped = states.SKIP, skip = states.SKIP,
  failed = states.FAILED, gone = states.GONE, files = "files", records = "records" }

local function state_of(word)
  if STATES[word] then return STATES[word] end
  return nil, ("--list: '%s' is none of %s"):format(word, LISTED)
end

function m.configure(parser)
  parser:help_max_width(100)
  parser:argument("run", "the run file")
  parser:argument("what", "MMS ID of a title, identifier of a record, or path or name of a file; without it the whole plan"):args "?"
  parser:option("--list", "a line for each title in this state, for each file or record without a title: " .. LISTED)
    :argname("STATE"):convert(state_of)
  parser:flag("--rules", "print the recipe as the plan used it")
  parser:epilog "Exit status: 0 shown, 1 there is no such run, title or file."
end

-- Prints the recipe as it was, then the recipes it extends, each under its name. All of it stays Lua.
local function print_rules(db, out)
  local json, hash = require "almanac.json", require "almanac.core".hash
  out.note(("rules of %s %s, sha256 %s"):format(store.meta(db, "recipe"), store.meta(db, "recipe_version"),
    store.meta(db, "recipe_sha256")))
  for i, source in ipairs(json.decode(store.meta(db, "recipe_sources") or "[]")) do
    out.event("rules", source)
    if i > 1 then out.say(("\n-- it extends %s (%s), sha256 %s"):format(source.name, source.path, hash.sha256(source.text))) end
    out.say((source.text:gsub("\n$", "")))
  end
  return 0
end

local function show_one(db, what, out)
  local show = require "almanac.report.show"
  local title = show.title(db, what)
  if title then
    out.event("title", title)
    show.say_title(title, db, out)
    return 0
  end
  local found = require("almanac.report.records").find(db, what)
  for i, record in ipairs(found) do
    out.event("record", record)
    if i > 1 then out.say "" end
    require("almanac.report.records").say(record, out)
  end
  if found[1] then return 0 end
  local file, message = show.file(db, what)
  if not file then return nil, message or ("this run has no title, record or file '%s'"):format(what), "missing" end
  out.event("file", file)
  show.say_file(file, db, out)
  return 0
end

function m.run(args, context)
  local out = context.out
  local db <close>, message, code = store.open(args.run, "read")
  if not db then return nil, message, code end
  if args.rules then return print_rules(db, out) end
  if args.what then return show_one(db, args.what, out) end
  if args.list then
    require("almanac.report.show").say_list(args.list, db, out)
    return 0
  end
  local summary = require "almanac.report.summary"
  local found = summary.of(db)
  summary.say(found, out)
  summary.say_next(found, out, args.run)
  out.event("plan", summary.event(found, args.run))
  return 0
end

return m
