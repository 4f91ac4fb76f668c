-- almanac recipe list: the recipes at hand.
local options = require "almanac.cli.recipe.options"

local m = { summary = "List the recipes at hand.", epilog = "Exit status: 0 listed, also when one of them is wrong." }

m.configure = options.json

function m.run(_, context)
  local out, recipe = context.out, require "almanac.recipe"
  for _, entry in ipairs(recipe.list()) do
    local found, message = recipe.load(entry.path)
    out.event("recipe", { name = entry.name, path = entry.path, summary = found and found.summary,
      version = found and found.version, problem = message })
    out.say(("%-24s %s"):format(entry.name, found and found.summary or "WRONG: " .. message))
  end
  return 0
end

return m
