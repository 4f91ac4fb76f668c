-- almanac recipe accept: a recipe from elsewhere that was changed is as it should be.
local inspect = require "almanac.cli.recipe.inspect"
local intake = require "almanac.cli.recipe.intake"
local lock = require "almanac.recipe.lock"
local parcels = require "almanac.recipe.share.parcel"
local recipes = require "almanac.recipe"

local m = { summary = "Accept a changed recipe that came from elsewhere: shows it, asks, and pins it as it is now.",
  epilog = "`almanac recipe update NAME` shows the difference to where it came from. Exit status: 0 accepted, 1 nothing was." }

function m.configure(parser)
  parser:argument("name", "name of a recipe that was added")
  intake.yes(parser)
end

-- The entry of a recipe's name; where it is.
local function find(name)
  local path, message, code = recipes.find(name)
  if not path then return nil, message, code end
  local entry
  entry, message, code = lock.entry_of(path)
  if message then return nil, message, code end
  if entry then return entry, path end
  return nil, ("%s did not come from elsewhere: there is nothing to accept, it is free to change"):format(path), "missing"
end

local function say_changes(recipe, out)
  local list = lock.changes(recipe.sources[1])
  out.event("changed", { files = require("almanac.json").array(list) })
  if list[1] then out.say("changed: " .. table.concat(list, ", ") .. "\n") end
end

local function look_and_pin(recipe, entry, path, args, out)
  local target = path:match "^(.*)/recipe%.lua$"
  local folder = target:match "^(.*)/" or "."
  local parcel, message, code = parcels.of_folder(target)
  if not parcel then return nil, message, code end
  parcel.from, parcel.commit = entry.from, entry.commit
  say_changes(recipe, out)
  local good
  good, message, code = inspect.show(recipe, parcel, { path = path, out = out })
  if good == nil then return nil, message, code end
  if not good then return nil, "its own tests do not hold: nothing was accepted", "parse" end
  local sure
  sure, message = inspect.confirm(("Accept %s as it is?"):format(target), args, out)
  if not sure then return nil, message end
  local accepted = intake.entry(recipe, parcel)
  accepted.name = entry.name
  local ok
  ok, message, code = lock.put(folder, accepted)
  if not ok then return nil, message, code end
  out.say(("%s %s is accepted; every file is pinned in %s/almanac.lock"):format(recipe.name, recipe.version, folder))
  return 0
end

function m.run(args, context)
  local entry, path, code = find(args.name)
  if not entry then return nil, path, code end
  local recipe, message
  recipe, message, code = recipes.load(path, { changed = true })
  if not recipe then return nil, message, code end
  local status
  status, message, code = look_and_pin(recipe, entry, path, args, context.out)
  recipes.close(recipe)
  return status, message, code
end

return m
