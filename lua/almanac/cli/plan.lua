-- almanac plan: reads, matches and writes the plan. The recipe is loaded before the command line is
-- parsed, since its arguments become options.
local core = require "almanac.core"
local records = require "almanac.cli.records"
local plain = require "almanac.recipe.inside.plain"
local task = require "almanac.task"
local told = require "almanac.cli.told"
local words = require "almanac.words"

local m = { changes = true, summary = "Look, match and write a plan; nothing is changed in Alma.", ends_itself = true }

local STOPPED = 75

-- These options have a value and may stand before the recipe's name.
local WITH_VALUE = {}
for name in (records.WITH_VALUE ..
    " -o --output --titles --sheet --charset --titles-id --oai --oai-url --oai-prefix --oai-from --sru --sru-url --from " ..
    "--collection --exclude --profile --url --rate --reserve"):gmatch "%S+" do
  WITH_VALUE[name] = true
end

local function recipe_name(arguments)
  local i = 1
  while i <= #arguments do
    if arguments[i]:sub(1, 1) ~= "-" then return arguments[i] end
    i = i + (WITH_VALUE[arguments[i]] and 2 or 1)
  end
end

local loaded    -- the recipe that the options were made from

function m.configure(parser, arguments)
  local recipe = require "almanac.recipe"
  parser:help_max_width(100)
  parser:argument("recipe", "name or path of a recipe (`almanac recipe list` shows those at hand); " ..
    "with it, --help also shows its own options")
  parser:option("-o --output", "the run file to write; it must be new"):argname "RUN"
  require("almanac.cli.title_options").declare(parser)
  records.configure(parser)
  parser:option("--collection", "put each title into this collection as well (Alma wants a title with " ..
    "representations to be in one)"):argname "ID|NAME"
  parser:option("--exclude", "leave out of the folder what this pattern names, by the rules of gitignore, e.g. '*_ocr.jpg' or " ..
    "'drafts/'; may be repeated, and stand in the settings. '!@eaDir/' takes back what is left out always: recycle bins " ..
    "and what systems make for themselves"):argname "PATTERN":count "*"
  parser:option("--from", "take the titles, what was read of them, and arguments that are not given " ..
    "again, from this run; no call to Alma"):argname "RUN"
  parser:flag("--refresh", "with --from: read all its titles again")
  parser:flag("--missing", "with --from: read those that could not be read")
  parser:option("--reserve", "calls a day that are kept for the library's other services: a number, or a " ..
    "share of the highest count seen (10%)"):argname "N|N%"
  parser:flag("--keep-going", "go on with all titles, also when 10 in a row could not be read for the same reason")
  parser:epilog("Exit status: 0 every title is ready or skipped, 1 nothing was started, 2 some are " ..
    "to decide, 75 stopped early (go on with --from and --missing).")
  local name = recipe_name(arguments)
  if not name then return true end
  local found, message, code = recipe.load(name)
  if not found then return nil, message, code end
  loaded = found
  parser:description(("%s\n\nRecipe %s %s: %s"):format(m.summary, found.name, found.version, plain.text(found.summary)))
  recipe.arguments(found, parser)
  require("almanac.recipe.inside.arguments").join_negative(found.args, arguments)
  return true
end

local function check(args)
  if not args.output or args.output == "" then return nil, "name the run file to write: -o RUN" end
  if (args.refresh or args.missing) and not args.from then
    return nil, "--refresh and --missing go with --from RUN"
  end
  return true
end

local function listen(context)
  local out = context.out
  local on = { phase = function(text) out.note(text) end }
  function on.reading(total, what)
    local progress, remarks = out.progress(what or "titles read", total), told.new(out)
    local reading = { begin = function() progress:begin() end }
    on.is_reading = true
    function reading.finish(id, ok, message, code)
      progress:finish(not ok)
      if not ok then remarks:tell(id, message, code) end
    end
    function reading.close(stop)
      remarks:close(stop)
      on.is_reading = false
      progress:close()
    end
    return reading
  end
  return on
end

-- Ctrl-C cancels everything that waits. Only while titles are read the first Ctrl-C is left to the
-- reading, which ends by itself after what is in flight.
local function watch(work, on)
  while true do
    local interrupts = core.sys.interrupts()
    if interrupts > (on.is_reading and 1 or 0) then return work:cancel() end
    task.sleep(0.2)
  end
end

local function make(order)
  local work = task.spawn(require("almanac.plan").make, order)
  local watcher = task.spawn(watch, work, order.on)
  local result, message, code = work:await()
  watcher:cancel()
  return result, message, code
end

local function say_how_to_go_on(args, out, what)
  out.say(("stopped early; what was read%s is kept. Go on with:"):format(what))
  out.say(("  almanac plan %s --from %s --missing -o NEW"):format(args.recipe, args.output))
  return STOPPED
end

local function tell_stopped(args, context, result)
  local out = context.out
  out.event("stopped", { message = result.stop.message, code = result.stop.code, read = result.read })
  out.fail(result.stop.message)
  return say_how_to_go_on(args, out, " of " .. result.kept)
end

local function tell_interrupted(args, context)
  context.out.fail "interrupted"
  if core.files.stat(args.output) then return say_how_to_go_on(args, context.out, "") end
  return STOPPED
end

local function tell_source(out, source)
  if not source then return end
  if source.duplicates > 0 then out.note(("%s in the list more than once; each counts once"):format(
    words.count(source.duplicates, "id is", "ids are"))) end
  if (source.deleted or 0) > 0 then
    out.note(words.count(source.deleted, "record is deleted and skipped", "records are deleted and skipped"))
  end
  if source.empty > 0 and not source.list then
    out.note(words.count(source.empty, "row has no MMS ID and is not read", "rows have no MMS ID and are not read"))
  end
end

function m.run(args, context)
  local ok, complaint = check(args)
  if not ok then return nil, complaint end
  local exclude, complaint_of_settings = context.settings.excluded(args)
  if not exclude then return nil, complaint_of_settings end
  local given, wrong, code_of_records = records.given(args)
  if wrong then return nil, wrong, code_of_records end
  local summary = require "almanac.report.summary"
  for _, text in ipairs(require("almanac.recipe.versions").warnings(loaded)) do context.out.note(text) end
  local result, message, code = make {
    recipe = loaded, given = args, output = args.output, titles = args.titles,
    sheet = args.sheet, charset = args.charset, titles_id = args.titles_id,
    oai = args.oai, oai_url = args.oai_url, oai_prefix = args.oai_prefix, oai_from = args.oai_from,
    sru = args.sru, sru_url = args.sru_url, records = given, since = args.since, find = args.find, collection = args.collection,
    from = args.from, refresh = args.refresh, missing = args.missing, exclude = exclude,
    reserve = args.reserve, keep_going = args.keep_going,
    settings = function() return context.settings.load(args) end, on = listen(context),
  }
  if not result and code == "cancelled" then return tell_interrupted(args, context) end
  if not result then return nil, message, code end
  local db <close> = result.db
  if result.stop then return tell_stopped(args, context, result) end
  tell_source(context.out, result.source)
  local found = summary.of(db)
  summary.say(found, context.out)
  summary.say_next(found, context.out, args.output)
  context.out.event("planned", summary.event(found, args.output))
  return (found.counts.ask > 0 or found.problems[1] or found.records and found.records.open > 0) and 2 or 0
end

return m
