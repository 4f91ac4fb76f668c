-- almanac recipe suggest: says which recipe at hand reads the names of a folder.
local names = require "almanac.workbench.suggest_names"
local options = require "almanac.cli.recipe.options"
local suggest = require "almanac.workbench.suggest"
local word = require "almanac.shell".word
local words = require "almanac.words"

local m = { summary = "Say which recipes read the names of a folder, and how well.",
  epilog = "Tries every recipe at hand on up to 200 names, with options such as a field that the titles' records suggest, and with " ..
    "words such as (final) or copy ignored. With titles, those that do best are planned with the whole folder: they are shown by how " ..
    "many titles would be ready with files of their own, and what was not read is counted. Where no rule fits, the folders at its " ..
    "top are tried one by one. Without --titles it can only tell which names are read. No call to Alma. " ..
    "Exit status: 0 one fits, 1 nothing was tried, 2 none fits." }

local MOST_PARTS = 12       -- folders that are tried one by one

function m.configure(parser)
  parser:argument("folder", "the folder with the files")
  options.titles(parser)
  options.json(parser)
end

local function percent(n, total)
  return ("%d %%"):format(math.floor(n * 100 / total + 0.5))
end

-- "5 titles would be ready with 10 of 14 files, 2 to decide".
local function planned(found)
  local parts = { ("%s would be ready with %d of %s"):format(words.count(found.ready, "title"), found.ready_files,
    words.count(found.files, "file")) }
  local undecided = found.to_decide + found.broken
  if undecided > 0 then parts[#parts + 1] = undecided .. " to decide" end
  if found.foreign > 0 then parts[#parts + 1] = ("%d with files of others"):format(found.foreign) end
  return table.concat(parts, ", ")
end

local function how_well(found)
  if found.proven then return planned(found) end
  local parts = { percent(found.read, found.total) .. " of the names are read" }
  if found.matched then table.insert(parts, 1, percent(found.own, found.total) .. " of the files find a title of their own") end
  if (found.several or 0) > 0 then parts[#parts + 1] = words.count(found.several, "fits", "fit") .. " several titles" end
  if found.same_page > 0 then
    parts[#parts + 1] = words.count(found.same_page, "has", "have") .. " the match key and page of another"
  end
  if not found.matched and found.loose >= 0.5 then parts[#parts + 1] = "but it reads nearly any name" end
  return table.concat(parts, ", ")
end

-- A recipe may read more of titles than the list has. These words say where to get it.
local SOURCES = { record = "their records, e.g. from a MARC file", items = "their items, from a run file of such a plan",
  rows = "their rows of a list, from a run file of such a plan" }

local NOT_FOUND = "nothing that these names say was found in the titles"

-- Says why titles would not be ready, and which files of the folder remain.
local function say_rest(found, out)
  for _, doubt in ipairs(found.doubts) do out.say(("    to decide: %d %s"):format(doubt.n, doubt.reason)) end
  if found.broken > 0 then out.say(("    to decide: %d a file can't be used"):format(found.broken)) end
  if found.foreign > 0 then
    out.say(("    not counted: %s whose files are not of one thing by the rest of their names"):format(words.count(found.foreign, "title")))
  end
  if found.left_out > 0 then out.say(("    of titles that are skipped: %s"):format(words.count(found.left_out, "file"))) end
  if found.lost > 0 then out.say(("    without a title: %s"):format(words.count(found.lost, "file"))) end
  if found.unpaged > 0 then out.say(("    no page is read of %s"):format(words.count(found.unpaged, "file"))) end
  if found.titles_lack then out.say(("    titles that came without %s are not counted"):format(SOURCES[found.titles_lack])) end
end

local function say_unread(found, out)
  if not found.unread[1] then return end
  local n = found.proven and found.unread_files or found.not_read
  out.say(("    not read: %d (%s%s)"):format(n, table.concat(found.unread, ", "), n > #found.unread and ", …" or ""))
end

local function say(found, out)
  if found.without then return out.say(("%s: not tried, it needs titles with %s"):format(found.name, SOURCES[found.without])) end
  if found.lacks then return out.say(("%s: not tried, it needs %s: %s"):format(found.name, found.lacks, NOT_FOUND)) end
  if found.failed then return out.say(("%s: failed: %s"):format(found.name, found.failed)) end
  if found.read == 0 or found.matched == 0 and found.several == 0 then return end
  out.say(("%s: %s"):format(suggest.command(found), how_well(found)))
  if found.from then out.say(("  with the titles of the list %s"):format(found.from)) end
  out.say("  " .. found.summary)
  for _, example in ipairs(found.examples) do
    out.say(("    %s  ->  '%s'%s"):format(example.name, example.key, example.page and ", page " .. example.page or ""))
  end
  say_unread(found, out)
  if found.proven then say_rest(found, out) end
end

local function event(found, out)
  out.event("suggestion", { recipe = found.name, options = found.given, list = found.from, summary = found.summary,
    names = found.total, read = found.read, matched = found.matched, several = found.several, same_page = found.same_page,
    ready = found.ready, ready_files = found.ready_files, files = found.files,
    to_decide = found.proven and found.to_decide + found.broken or nil,
    foreign = found.foreign, not_read = found.unread_files or found.not_read, without_title = found.lost, unpaged = found.unpaged,
    unread = found.unread, examples = found.examples, lacks = found.lacks, without = found.without, failed = found.failed })
end

-- A folder as one word of a command.
local function place(folder)
  return word(folder:find "^%-" and "./" .. folder or folder)
end

local function plan_command(best, folder, args)
  return ("almanac plan %s --folder %s %s -o %s"):format(suggest.command(best), place(folder),
    options.titles_of_plan(best.from or args.titles, not best.from and args.sheet or nil) or "--set SET", options.new_run())
end

-- When nothing fits the whole folder, each folder at its top is tried by itself.
local function try_parts(case, args, out)
  local parts, fitting = names.parts(case), 0
  if #parts < 2 or #parts > MOST_PARTS then return true, 0 end
  for _, part in ipairs(parts) do
    local list, message, code = suggest.try(part)
    if not list then return nil, message, code end
    local best = list[1]
    if suggest.fits(best) then
      fitting = fitting + 1
      out.say(("%s%s by itself: %s: %s"):format(fitting == 1 and "\n" or "", part.name, suggest.command(best), how_well(best)))
      out.say("  " .. plan_command(best, part.folder, args))
    end
    out.event("part", { folder = part.folder, recipe = suggest.fits(best) and best.name or nil,
      options = suggest.fits(best) and best.given or nil, files = part.total })
  end
  return true, fitting
end

local function conclude(list, args, out)
  local best = list[1]
  if not suggest.fits(best) then return nil end
  local titles = best.from or args.titles
  out.say(("\nNext: almanac recipe new NAME --like %s%s   (writes a recipe of your own like %s)"):format(place(args.folder),
    titles and " --titles " .. word(titles) .. (args.sheet and not best.from and " --sheet " .. word(args.sheet) or "") or "", best.name))
  out.say(("  or: %s"):format(plan_command(best, args.folder, args)))
  if not titles then out.say "Only names were compared: with --titles it is seen which titles would be ready." end
  return 0
end

local function conclude_without(case, args, out)
  local tried, fitting, code = try_parts(case, args, out)
  if not tried then return nil, fitting, code end
  if fitting > 0 then return 0 end
  out.say("\nNone fits." .. (args.titles and " Look at how the names of the titles' files, or numbers in their records, are in these names."
    or " Give --titles with a list of what the titles hold: some rules compare names with those in Alma."))
  return 2
end

-- Names the recipes that read the names but find no title for them.
local function say_unmatched(list, out)
  local without = {}
  for _, found in ipairs(list) do
    if found.read and found.read > 0 and found.matched == 0 and found.several == 0 then without[#without + 1] = found.name end
  end
  if without[1] then out.say("read names, but no title has what they say: " .. table.concat(without, ", ")) end
end

local function say_ignored(case, out)
  for _, text in ipairs(case.ignored) do out.say("Not looked at: " .. text) end
  out.say ""
end

function m.run(args, context)
  local case, message, code = options.case(args.folder, args.titles, args.sheet)
  if not case then return nil, message, code end
  if not case.names[1] then return nil, ("there is no file in %s"):format(args.folder), "missing" end
  local list
  list, message, code = suggest.try(case)
  if not list then return nil, message, code end
  local out = context.out
  out.say(("%s in %s, %d tried%s"):format(words.count(case.total, "file"), args.folder, #case.names,
    case.titles and ", " .. words.count(#case.titles, "title") or ""))
  say_ignored(case, out)
  for _, found in ipairs(list) do
    say(found, out)
    event(found, out)
  end
  say_unmatched(list, out)
  local status = conclude(list, args, out)
  if status then return status end
  return conclude_without(case, args, out)
end

return m
