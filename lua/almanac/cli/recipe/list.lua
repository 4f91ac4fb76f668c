-- almanac recipe list: lists the recipes at hand by what their text says.
local shelf = require "almanac.recipe.shelf"
local options = require "almanac.cli.recipe.options"

local m = { summary = "List the recipes at hand; none is run.", epilog = "Exit status: 0 listed, also when one can't be read." }

m.configure = options.json

function m.run(_, context)
  local entries, message, code = shelf.all()
  if not entries then return nil, message, code end
  for _, entry in ipairs(entries) do options.say_entry(entry, context.out) end
  return 0
end

return m
