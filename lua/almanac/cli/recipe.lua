-- almanac recipe: the recipes at hand.
local m = { summary = "List the recipes at hand, or show one.", plain = true }

function m.configure(parser)
  parser:help_max_width(100)
  parser:argument("action", "list, or show"):choices { "list", "show" }
  parser:argument("name", "with show: name or path of the recipe"):args "?"
  parser:flag("--json", "one JSON object a line on stdout instead of words")
  parser:epilog("Recipes are looked for in ./recipes, in the folders of ALMANAC_RECIPES and among those " ..
    "that come with almanac. Exit status: 0 shown, 1 there is no such recipe or it is wrong.")
end

local function list(out)
  local recipe = require "almanac.recipe"
  for _, entry in ipairs(recipe.list()) do
    local found, message = recipe.load(entry.path)
    out.event("recipe", { name = entry.name, path = entry.path, summary = found and found.summary,
      version = found and found.version, problem = message })
    out.say(("%-24s %s"):format(entry.name, found and found.summary or "WRONG: " .. message))
  end
  return 0
end

local function effects(found)
  local names = {}
  for name in pairs(found.effects) do names[#names + 1] = name end
  table.sort(names)
  return names[1] and table.concat(names, ", ") or "none: it changes nothing"
end

local function show(name, out)
  local recipe = require "almanac.recipe"
  local path, message, code = recipe.find(name)
  if not path then return nil, message, code end
  local found
  found, message, code = recipe.load(path)
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

function m.run(args, context)
  if args.action == "list" then return list(context.out) end
  if not args.name then return nil, "which recipe? almanac recipe show NAME" end
  return show(args.name, context.out)
end

return m
