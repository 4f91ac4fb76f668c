-- almanac recipe show: what a recipe is for, and its arguments.
local options = require "almanac.cli.recipe.options"

local m = { summary = "Say what a recipe is for, what it may change and which arguments it takes.",
  epilog = "Exit status: 0 shown, 1 there is no such recipe or it is wrong." }

function m.configure(parser)
  options.recipe(parser)
  options.json(parser)
end

local function effects(found)
  local names = {}
  for name in pairs(found.effects) do names[#names + 1] = name end
  table.sort(names)
  return names[1] and table.concat(names, ", ") or "none: it changes nothing"
end

function m.run(args, context)
  local out = context.out
  local found, message, code = require("almanac.recipe").load(args.recipe)
  if not found then return nil, message, code end
  local lines = require("almanac.recipe.arguments").lines(found.args)
  out.event("recipe", { name = found.name, version = found.version, summary = found.summary, license = found.license,
    path = found.path, sha256 = found.sha256, description = found.description })
  out.say(("%s %s: %s"):format(found.name, found.version, found.summary))
  out.say(("license %s · effects: %s\n%s · sha256 %s"):format(found.license, effects(found), found.path, found.sha256))
  if found.description ~= "" then out.say("\n" .. found.description) end
  if lines[1] then out.say "\nArguments of `almanac plan`:" end
  for _, line in ipairs(lines) do out.say(("  %-20s %s"):format(line[1], line[2])) end
  return 0
end

return m
