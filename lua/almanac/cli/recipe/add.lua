-- almanac recipe add: takes in a recipe from elsewhere, after a person has looked at it.
local intake = require "almanac.cli.recipe.intake"

local m = { summary = "Get a recipe from elsewhere: shows it, asks, and pins every file of it.",
  epilog = "ADDRESS is https://… of a recipe.lua or a packed recipe, a file, a folder, or a git repository: URL.git, with @REVISION " ..
    "and #FOLDER behind it if need be. Nothing of it runs but in a guarded process. What is pinned in recipes/almanac.lock and changes " ..
    "is refused until it is accepted. Exit status: 0 taken, 1 nothing was." }

function m.configure(parser)
  parser:argument("address", "where the recipe is"):argname "ADDRESS"
  intake.options(parser)
end

function m.run(args, context)
  local fetch = require "almanac.recipe.share.fetch"
  context.out.note("getting " .. fetch.without_user(args.address))
  local parcel, message, code = intake.get(args.address, args, context)
  if not parcel then return nil, message, code end
  return intake.take(parcel, args, { out = context.out })
end

return m
