-- almanac recipe show: says what a recipe is for, and which arguments it takes.
local card = require "almanac.cli.recipe.card"
local shelf = require "almanac.recipe.shelf"
local options = require "almanac.cli.recipe.options"
local recipes = require "almanac.recipe"

local m = { summary = "Say what a recipe is for, what it may change and which arguments it takes.",
  epilog = "Arguments are known when the recipe has run in its guarded process; with --header nothing is run. " ..
    "Exit status: 0 shown, 1 there is no such recipe or it is wrong." }

function m.configure(parser)
  options.recipe(parser)
  parser:flag("--header", "only what the text says; nothing is run")
  options.json(parser)
end

function m.run(args, context)
  local path, message, code = recipes.find(args.recipe)
  if not path then return nil, message, code end
  local header
  header, message, code = shelf.header(path)
  if not header then return nil, message, code end
  if args.header then
    card.say(header, { path = path }, context.out)
    return 0
  end
  local found
  found, message, code = recipes.load(args.recipe)
  card.say(header, found or { path = path }, context.out)
  if not found then return nil, message, code end
  card.say_arguments(found, context.out)
  return 0
end

return m
