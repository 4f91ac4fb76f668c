-- almanac recipe search: finds recipes at hand whose text has these words.
local shelf = require "almanac.recipe.shelf"
local options = require "almanac.cli.recipe.options"

local m = { summary = "Find recipes by words; none is run.",
  epilog = "Looks for all the words in names, summaries, descriptions, categories and institutions. " ..
    "Exit status: 0 found, 1 no recipe at hand has them." }

function m.configure(parser)
  parser:argument("words", "what to look for, e.g. barcode"):args "+"
  options.json(parser)
end

function m.run(args, context)
  local found, message, code = shelf.search(args.words)
  if not found then return nil, message, code end
  for _, entry in ipairs(found) do options.say_entry(entry, context.out) end
  if found[1] then return 0 end
  return nil, ("no recipe at hand speaks of '%s'; `almanac recipe list` shows all"):format(table.concat(args.words, " ")), "missing"
end

return m
