-- almanac recipe: lists the recipes at hand, helps to write one, gets and shares them.
local actions = require "almanac.cli.actions"

local m = { summary = "List, check, try, write, get and share recipes.", plain = true,
  changes = { new = true, add = true, update = true, accept = true, pack = true },
  actions = { "list", "search", "show", "new", "suggest", "explain", "check", "test", "add", "update", "accept", "pack" } }

function m.configure(parser, arguments)
  actions.configure(parser, "recipe", m.actions, arguments[1])
  parser:epilog("Recipes are looked for in ./recipes, in the folders of ALMANAC_RECIPES and among those " ..
    "that come with almanac; a path works as well. `almanac recipe ACTION --help` tells more.")
end

function m.run(args, context)
  return actions.run("recipe", args, context)
end

return m
