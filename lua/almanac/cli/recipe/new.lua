-- almanac recipe new: a recipe to begin with, made from one that fits.
local core = require "almanac.core"
local draft = require "almanac.recipe.draft"
local options = require "almanac.cli.recipe.options"
local recipes = require "almanac.recipe"

local m = { summary = "Write a recipe of your own, made from one that reads the names of your files.",
  epilog = "Writes recipes/NAME/recipe.lua and README.md here; nothing that exists is overwritten. Exit status: 0 written, " ..
    "1 nothing was written." }

local NONE = "jpg-derivatives"   -- when no folder is shown, or nothing fits it
local NAMES = 6                  -- real names that become examples

function m.configure(parser)
  parser:argument("name", "its name: lower-case letters, digits and dashes")
  parser:option("--like", "a folder with files that it is for"):argname "FOLDER"
  options.titles(parser)
  parser:option("--base", "make it from this recipe, not from the one that fits best"):argname "RECIPE"
end

local function check_name(name)
  if not name:match "^[a-z0-9][a-z0-9-]*$" then
    return nil, ("'%s' is no name for a recipe: take lower-case letters, digits and dashes"):format(name), "parse"
  end
  local folder = "recipes/" .. name
  if core.files.stat(folder) then return nil, folder .. " exists already; take another name", "conflict" end
  return folder
end

-- The recipe to begin with and, with a folder, what it makes of the names.
local function choose(args, names)
  local suggest = require "almanac.run.suggest"
  local titles, message, code
  if args.titles then
    titles, message, code = require("almanac.run.trial").titles(args.titles)
    if not titles then return nil, message, code end
  end
  local list
  list, message, code = suggest.try(names, titles)
  if not list then return nil, message, code end
  local wanted = args.base or suggest.fits(list[1]) and list[1].name or NONE
  for _, found in ipairs(list) do
    if found.name == wanted then return found, not args.base and suggest.fits(found) end
  end
  return { name = wanted, values = {} }, false
end

-- Examples with the values that the rules really give.
local function examples(recipe, names, values)
  local objects, rules = require "almanac.recipe.objects", require "almanac.recipe.rules"
  local keys, pages = {}, {}
  for i = 1, recipe.file_key and math.min(NAMES, #names) or 0 do
    local name = names[1 + (i - 1) * (#names // math.min(NAMES, #names))]
    local file = objects.file(name)
    local ok, key = rules.file_key(recipe, file, values)
    local _, page = rules.page(recipe, file, values)
    if ok then keys[#keys + 1] = { name, key or false } end
    if ok and key and page ~= nil then pages[#pages + 1] = { name, page } end
  end
  return keys, pages
end

local function about(found, names, fits, args)
  local lines = {}
  if not args.like then return ("Made from %s."):format(found.name) end
  lines[1] = fits and ("Made from %s, which reads names like"):format(found.name)
    or ("Made from %s. None of the recipes at hand reads these names well: change file_key."):format(found.name)
  for i = 1, math.min(3, #names) do lines[#lines + 1] = "  " .. names[i] end
  return table.concat(lines, "\n")
end

local function write(folder, name, text)
  local ok, message, code = core.files.make_folder(folder)
  if ok then ok, message, code = core.files.write(folder .. "/" .. name, text) end
  return ok, message, code
end

-- The new recipe must hold by itself before it is shown to anybody.
local function prove(folder)
  local recipe, message, code = recipes.load(folder .. "/recipe.lua")
  if not recipe then return nil, message, code end
  local wrong = require("almanac.recipe.rules").examples(recipe, require("almanac.recipe.arguments").defaults(recipe.args))
  recipes.close(recipe)
  if wrong[1] then return nil, ("%s is written, but its examples do not hold: %s"):format(folder, table.concat(wrong, "; ")), "parse" end
  return true
end

local function make(args, folder, found, names, fits)
  local base, message, code = recipes.load(found.path or found.name)
  if not base then return nil, message, code end
  local values = found.values or {}
  local keys, pages = examples(base, names, values)
  local description = base.description ~= "" and "\n\n" .. base.description or ""
  local text = draft.text(base.sources[1].text, { about = about(found, names, fits, args) .. description, file_key = keys, page = pages,
    fields = { name = args.name, version = "0.1.0" }, defaults = { ext = values.ext } })
  recipes.close(base)
  local ok
  ok, message, code = write(folder, "recipe.lua", text)
  if ok then
    ok, message, code = write(folder, "README.md", draft.readme { name = args.name, base = found.name,
      names = { table.unpack(names, 1, NAMES) } })
  end
  if not ok then return nil, message, code end
  return prove(folder)
end

local function next_steps(args, folder, found, fits, out)
  out.say(("wrote %s/recipe.lua and README.md, made from %s"):format(folder, found.name))
  if args.like and not fits and not args.base then
    out.say("No recipe at hand fits these names: change file_key, title_keys and the examples in it, and add page when files are pages.")
  end
  out.say "Next:"
  out.say(("  almanac recipe test %s"):format(args.name))
  out.say(("  almanac plan %s --folder %s --titles TITLES -o first.run"):format(args.name, args.like or "FOLDER"))
end

function m.run(args, context)
  local folder, message, code = check_name(args.name)
  if not folder then return nil, message, code end
  local names = {}
  if args.like then
    names, message, code = require("almanac.run.suggest").names(args.like)
    if not names then return nil, message, code end
  end
  local found, fits
  if names[1] then found, fits, code = choose(args, names) else found = { name = args.base or NONE } end
  if not found then return nil, fits, code end
  local ok
  ok, message, code = make(args, folder, found, names, fits)
  if not ok then return nil, message, code end
  next_steps(args, folder, found, fits, context.out)
  return 0
end

return m
