-- What it takes to load and to check a recipe, beside a bare start of Lua and
-- luac, which only parses it.
local measure = require "measure"
local program = require "support.program"

local RECIPE = "recipes/jpg-derivatives/recipe.lua"
local ROUNDS = 21

-- Milliseconds of the middle one.
local function milliseconds(command)
  return 1000 * measure.median(ROUNDS, "wall", function() return measure.succeeded(command) end).wall
end

local function inside(part)
  return 1000 * measure.median(ROUNDS, "seconds", function()
    return { seconds = tonumber(measure.succeeded(measure.exec("loading.lua", part, RECIPE)).out) }
  end).seconds
end

return function()
  print("\nRecipe: loading and checking jpg-derivatives, the middle of " .. ROUNDS .. " starts each")
  local bare = milliseconds "lua5.4 -e ''"
  local parse = milliseconds("luac5.4 -p " .. RECIPE)
  local start = milliseconds(program.quote(program.path()) .. " --version")
  local whole = milliseconds(measure.almanac("recipe", "check", RECIPE))
  local load, check = inside "load", inside "check"
  print(("  lua5.4 -e '' %.1f ms, luac5.4 -p %.1f ms, almanac --version %.1f ms, almanac recipe check %.1f ms"):format(bare, parse,
    start, whole))
  measure.tell("loading it, with its process", load, "ms", "<=", 20)
  measure.tell("loading and checking it, luacheck with it", check, "ms", "<=", 20)
  measure.tell("almanac recipe check / lua5.4 -e ''", whole / bare, "", "<=", 30)
end
