-- almanac recipe explain: says what every rule gives for one file or title, without a call to Alma.
local arguments = require "almanac.recipe.inside.arguments"
local options = require "almanac.cli.recipe.options"
local words = require "almanac.words"

local SHOWN = 5         -- names in one message

local m = { summary = "Say what every rule of a recipe gives for one file name or title, and what comes of it.",
  epilog = "Without --titles and --folder the recipe's own sample is taken; a name that is in no folder is explained by " ..
    "itself. Arguments of the recipe: --set NAME=VALUE. Exit status: 0 explained, 1 nothing was." }

function m.configure(parser)
  options.recipe(parser)
  parser:argument("what", "a file's path or name, an MMS ID, or a record's identifier or place (\"row 2\")"):argname "NAME|MMS_ID|RECORD"
  parser:option("--folder", "the folder with the files"):argname "DIR"
  options.titles(parser)
  parser:option("--records", "a file of records, of a recipe that matches such"):argname "FILE"
  parser:option("--set", "an argument of the recipe, e.g. --set library=SPEC"):argname("NAME=VALUE"):count "*"
  options.json(parser)
end

local function given_of(recipe, list)
  local kinds, given = {}, {}
  for _, entry in ipairs(recipe.args) do kinds[entry[1]] = entry[2] end
  for _, text in ipairs(list) do
    local name, value = text:match "^([%w_%-]+)=(.*)$"
    name = name and name:gsub("-", "_")
    if not kinds[name] then return nil, ("--set %s: the recipe has no such argument"):format(text), "parse" end
    given[name] = arguments.typed(kinds[name], value)
  end
  return given
end

-- Calls `fn` with what is to be planned: the titles and files given, else the recipe's sample.
local function with_case(recipe, args, given, fn)
  local sample, trial = require "almanac.workbench.sample", require "almanac.workbench.trial"
  local folder = not (args.titles or args.folder or args.records) and sample.folder(recipe)
  if folder then return sample.with(recipe, folder, fn, given) end
  local titles, message, code = {}, nil, nil
  if args.titles then titles, message, code = trial.titles(args.titles, args.sheet) end
  if not titles then return nil, message, code end
  local values
  values, message = trial.values(recipe, given, args.folder)
  if not values then return nil, message, "parse" end
  return fn { recipe = recipe, titles = titles, folder = args.folder, values = values, source = args.records }
end

local function say_name(recipe, name, values, out)
  local list = require("almanac.workbench.explain").file_rules(recipe, name, nil, values)
  out.event("file", { path = name, rules = list })
  out.say(("%s: in no folder that was looked at; by its name alone:"):format(name))
  for _, entry in ipairs(list) do out.say(("  %-11s %s%s"):format(entry.rule, entry.failed and "failed: " or "", entry.gave)) end
  return 0
end

-- Says that other files and titles are left out of the explanation, because the rules fail for them.
local function note_faults(faults, what, out)
  local messages, names = {}, {}
  for _, list in ipairs { faults.files, faults.titles } do
    for name, message in pairs(list) do messages[name] = message end
  end
  messages[what] = nil
  for name in pairs(messages) do names[#names + 1] = name end
  if not names[1] then return end
  table.sort(names)
  out.note(("the rules fail for %s, and a plan would stop there: %s%s\n  %s"):format(words.count(#names, "other file or title",
    "other files and titles"), table.concat(names, ", ", 1, math.min(#names, SHOWN)), #names > SHOWN and ", …" or "", messages[names[1]]))
end

function m.run(args, context)
  local recipe, message, code = require("almanac.recipe").load(args.recipe)
  if not recipe then return nil, message, code end
  local given
  given, message, code = given_of(recipe, args.set)
  if not given then return nil, message, code end
  return with_case(recipe, args, given, function(case)
    local db, faults, kind = require("almanac.workbench.faults").plan(case)
    if not db then return nil, faults, kind end
    note_faults(faults, args.what, context.out)
    local _ <close> = setmetatable({}, { __close = function() db:close() end })
    local found, problem = require("almanac.workbench.explain").say(recipe, db, args.what, case.values, context.out)
    if found then return 0 end
    if problem then return nil, problem, "conflict" end
    if args.what:find "^99%d+$" then return nil, ("no title %s; give --titles with a list that has it"):format(args.what), "missing" end
    return say_name(recipe, args.what, case.values, context.out)
  end)
end

return m
