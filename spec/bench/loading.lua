-- In a process of its own: seconds to load a recipe, or to load and check it as
-- `almanac recipe check` does, modules and the recipe's process included.
--   loading.lua load|check RECIPE
local core = require "almanac.core"
local what, name = ...

local began = core.sys.monotonic()
local recipes = require "almanac.recipe"
if what == "load" then
  assert(recipes.load(name))
else
  local recipe = assert(recipes.load(name, { meanwhile = require "almanac.recipe.names".at_hand }))
  require "almanac.recipe.lint".remarks(recipe)
end
print(("%.6f"):format(core.sys.monotonic() - began))
