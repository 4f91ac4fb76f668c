-- almanac recipe suggest: which recipe at hand reads the names of a folder.
local options = require "almanac.cli.recipe.options"
local suggest = require "almanac.run.suggest"
local word = require "almanac.shell".word
local words = require "almanac.words"

local m = { summary = "Say which recipes read the names of a folder, and how well.",
  epilog = "Tries every recipe at hand on up to 200 names, with options such as a field that the titles' records suggest. " ..
    "Without --titles it can only tell which names are read; with titles, how many files find exactly one. No call to Alma. " ..
    "Exit status: 0 one fits, 1 nothing was tried, 2 none fits." }

function m.configure(parser)
  parser:argument("folder", "the folder with the files")
  options.titles(parser)
  options.json(parser)
end

local function percent(n, total)
  return ("%d %%"):format(math.floor(n * 100 / total + 0.5))
end

local function how_well(found)
  local parts = { percent(found.read, found.total) .. " of the names are read" }
  if found.matched then table.insert(parts, 1, percent(found.matched, found.total) .. " of the files find their title") end
  if (found.several or 0) > 0 then parts[#parts + 1] = words.count(found.several, "fits", "fit") .. " several titles" end
  if found.collisions > 0 then parts[#parts + 1] = words.count(found.collisions, "collision") end
  if not found.matched and found.loose >= 0.5 then parts[#parts + 1] = "but it reads nearly any name" end
  return table.concat(parts, ", ")
end

-- Where what a recipe reads of titles may come from.
local SOURCES = { record = "their records, e.g. from a MARC file", items = "their items, from a run file of such a plan",
  rows = "their rows of a list, from a run file of such a plan" }

local NOT_FOUND = "nothing that these names say was found in the titles"

local function say(found, out)
  if found.without then return out.say(("%s: not tried, it needs titles with %s"):format(found.name, SOURCES[found.without])) end
  if found.lacks then return out.say(("%s: not tried, it needs %s: %s"):format(found.name, found.lacks, NOT_FOUND)) end
  if found.failed then return out.say(("%s: failed: %s"):format(found.name, found.failed)) end
  if found.read == 0 then return end
  out.say(("%s: %s"):format(suggest.command(found), how_well(found)))
  if found.from then out.say(("  with the titles of the list %s"):format(found.from)) end
  out.say("  " .. found.summary)
  for _, example in ipairs(found.examples) do
    out.say(("    %s  ->  '%s'%s"):format(example.name, example.key, example.page and ", page " .. example.page or ""))
  end
  if found.unread[1] then out.say("    not read: " .. table.concat(found.unread, ", ")) end
end

local function event(found, out)
  out.event("suggestion", { recipe = found.name, options = found.given, list = found.from, summary = found.summary,
    names = found.total, read = found.read, matched = found.matched, several = found.several, collisions = found.collisions,
    unread = found.unread, examples = found.examples, lacks = found.lacks, without = found.without, failed = found.failed })
end

local function conclude(list, args, out)
  local best = list[1]
  if suggest.fits(best) then
    local folder, titles = word(args.folder), best.from or args.titles
    out.say(("\nNext: almanac recipe new NAME --like %s%s   (writes a recipe of your own like %s)"):format(folder,
      titles and " --titles " .. word(titles) or "", best.name))
    out.say(("  or: almanac plan %s --folder %s %s -o %s"):format(suggest.command(best), folder,
      options.titles_of_plan(titles) or "--set SET", options.new_run()))
    if not titles then out.say "Only names were compared: with --titles it is seen which files find their title." end
    return 0
  end
  out.say("\nNone fits." .. (args.titles and " Look at how the names of the titles' files, or numbers in their records, are in these names."
    or " Give --titles with a list of what the titles hold: some rules compare names with those in Alma."))
  return 2
end

function m.run(args, context)
  local case, message, code = options.case(args.folder, args.titles, args.sheet)
  if not case then return nil, message, code end
  if not case.names[1] then return nil, ("there is no file in %s"):format(args.folder), "missing" end
  local list
  list, message, code = suggest.try(case)
  if not list then return nil, message, code end
  local out = context.out
  out.say(("%s in %s, %d tried%s\n"):format(words.count(case.total, "file"), args.folder, #case.names,
    case.titles and ", " .. words.count(#case.titles, "title") or ""))
  for _, found in ipairs(list) do
    say(found, out)
    event(found, out)
  end
  return conclude(list, args, out)
end

return m
