-- In a process of its own: seconds to load a recipe, and to check it besides,
-- modules and the recipe's process included. Prints both.
--   loading.lua RECIPE
local core = require "almanac.core"
local name = ...

local began = core.sys.monotonic()
local recipe = assert(require "almanac.recipe".load(name))
local loaded = core.sys.monotonic()
require "almanac.recipe.lint".remarks(recipe)
local checked = core.sys.monotonic()
print(("%.6f %.6f"):format(loaded - began, checked - loaded))
