-- almanac recipe new: writes a recipe to begin with, made from one that fits.
local core = require "almanac.core"
local draft = require "almanac.recipe.draft"
local options = require "almanac.cli.recipe.options"
local recipes = require "almanac.recipe"
local word = require "almanac.shell".word

local m = { summary = "Write a recipe of your own, made from one that reads the names of your files.",
  epilog = "Writes recipes/NAME/recipe.lua and README.md here; nothing that exists is overwritten. Where no recipe at hand fits, " ..
    "the rules to be written are marked. Exit status: 0 written, 1 nothing was written." }

local NONE = "jpg-derivatives"   -- the base when no folder is given
local NAMES = 6                  -- real names that become examples, at most

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

-- The recipe to begin with, with the options that suit the names; false when none fits.
local function choose(args, case)
  local suggest = require "almanac.workbench.suggest"
  local list, message, code = suggest.try(case)
  if not list then return nil, message, code end
  if not args.base then return suggest.fits(list[1]) and list[1] end
  for _, found in ipairs(list) do
    if found.name == args.base then return found end
  end
  return { name = args.base, values = {}, given = {} }
end

-- Names that become examples, chosen from all of them: the first has the commonest form, the last the rarest.
local function some(names)
  local list, n = {}, math.min(NAMES, #names)
  for i = 1, n do list[i] = names[1 + (i - 1) * (#names - 1) // math.max(1, n - 1)] end
  return list
end

-- Examples by rule, with the values that the rules really give. A name for which a rule gives
-- nothing is an example only where that leaves the file out.
local function examples(recipe, names, values)
  local objects, rules = require "almanac.recipe.inside.objects", require "almanac.recipe.rules"
  local list = {}
  for _, name in ipairs(recipe.file_key and some(names) or {}) do
    for _, answer in ipairs(rules.of_file(recipe, objects.file(name), values)) do
      local rule, more = answer.rule, answer.more
      list[rule.name] = list[rule.name] or {}
      if answer.ok and (answer.value or rule.ends == "nothing") then
        if more ~= nil and type(more) ~= "table" then more = { more } end
        table.insert(list[rule.name], { name, more and { answer.value, table.unpack(more) } or answer.value or false })
      end
    end
  end
  return list
end

local function about(found, names)
  local suggest = require "almanac.workbench.suggest"
  if not names[1] then return ("Made from %s."):format(found.name) end
  local lines = { ("Made from %s, for names like"):format(suggest.command(found)) }
  for i = 1, math.min(3, #names) do lines[#lines + 1] = "  " .. names[i] end
  return table.concat(lines, "\n")
end

local function write(folder, name, text)
  local ok, message, code = core.files.make_folder(folder)
  if ok then ok, message, code = core.files.write(folder .. "/" .. name, text) end
  return ok, message, code
end

-- The new recipe must pass its own tests before anybody sees it.
local function prove(folder)
  local recipe, message, code = recipes.load(folder .. "/recipe.lua")
  if not recipe then return nil, message, code end
  local wrong = require("almanac.recipe.examples").check(recipe, require("almanac.recipe.inside.arguments").defaults(recipe.args))
  recipes.close(recipe)
  if wrong[1] then return nil, ("%s is written, but its examples do not hold: %s"):format(folder, table.concat(wrong, "; ")), "parse" end
  return true
end

local function from_recipe(args, found, names)
  local base, message, code = recipes.load(found.path or found.name)
  if not base then return nil, message, code end
  local cases = examples(base, names, found.values)
  local defaults = { ext = found.values.ext }
  for name, value in pairs(found.given) do defaults[name] = value end
  local description = base.description ~= "" and "\n\n" .. base.description or ""
  local text = draft.text(base.sources[1].text, { about = about(found, names) .. description, examples = cases,
    fields = { name = args.name, version = "0.1.0" }, defaults = defaults, args = base.args })
  recipes.close(base)
  return text
end

-- Adds what a list says about a title besides its id and title.
local function add_row(facts, row)
  local names = {}
  for name, cell in pairs(row) do
    if cell ~= "" and cell ~= facts[1][2] and cell ~= facts[2][2] then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do facts[#facts + 1] = { ("row[%q], of title:rows()"):format(name), row[name] } end
end

local function of_title(title)
  if not title then return nil, { { "title.mms_id", "99…" }, { "title.title", "…" } } end
  local values = require "almanac.workbench.guess_values"
  local facts = { { "title.mms_id", title.mms_id }, { "title.title", title.title or "" } }
  for _, representation in ipairs(title.reading.representations) do
    for _, file in ipairs(representation.files) do facts[#facts + 1] = { "f.name, of title:files()", file.name } end
  end
  values.each_barcode({ title }, function(code) facts[#facts + 1] = { "key.barcodes(title)", code } end)
  add_row(facts, (title.reading.rows or {})[1] or {})
  values.each({ title }, function(field, value)
    if #facts < 20 then facts[#facts + 1] = { ("title.record:get %q"):format(field), value } end
  end)
  return title.mms_id, facts
end

local function from_nothing(args, case)
  local title, facts = of_title(case.titles and case.titles[1])
  return require("almanac.recipe.draft_open").text { name = args.name, names = some(case.names),
    record = case.titles and require("almanac.workbench.guess_values").has_records(case.titles),
    ext = require("almanac.workbench.suggest").usual_extension(case.names), title = title, facts = facts }
end

local function make(args, folder, found, case)
  local text, message, code
  if found then text, message, code = from_recipe(args, found, case.names) else text = from_nothing(args, case) end
  if not text then return nil, message, code end
  local ok
  ok, message, code = write(folder, "recipe.lua", text)
  if ok then
    ok, message, code = write(folder, "README.md", draft.readme { name = args.name, base = found and found.name,
      names = some(case.names) })
  end
  if not ok then return nil, message, code end
  return prove(folder)
end

local function next_steps(args, folder, found, out)
  local from = found and found.from
  local command = found and require("almanac.workbench.suggest").command(found)
  out.say(("wrote %s/recipe.lua and README.md%s"):format(folder, found and ", made from " .. command or ""))
  if not found then
    out.say "No recipe at hand fits these names. What is to be written is marked in it: file_key, title_keys, and page if files are pages."
  end
  out.say "Next:"
  out.say(("  almanac recipe test %s"):format(args.name))
  out.say(("  almanac plan %s --folder %s %s -o %s"):format(args.name, args.like and word(args.like) or "FOLDER",
    options.titles_of_plan(from or args.titles, not from and args.sheet or nil) or "--titles TITLES", options.new_run()))
end

function m.run(args, context)
  local folder, message, code = check_name(args.name)
  if not folder then return nil, message, code end
  local case = { names = {} }
  if args.like then
    case, message, code = options.case(args.like, args.titles, args.sheet)
    if not case then return nil, message, code end
    if not case.names[1] then return nil, ("there is no file in %s"):format(args.like), "missing" end
  end
  local found = { name = args.base or NONE, values = {}, given = {} }
  if case.names[1] then found, message, code = choose(args, case) end
  if found == nil then return nil, message, code end
  local ok
  ok, message, code = make(args, folder, found, case)
  if not ok then return nil, message, code end
  next_steps(args, folder, found, context.out)
  return 0
end

return m
