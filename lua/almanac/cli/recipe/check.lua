-- almanac recipe check: says whether a recipe is right, without any file or title.
local core = require "almanac.core"
local foresight = require "almanac.workbench.foresight"
local lint = require "almanac.recipe.lint"
local names = require "almanac.recipe.names"
local options = require "almanac.cli.recipe.options"
local plain = require "almanac.recipe.inside.plain"
local provenance = require "almanac.recipe.provenance"
local recipes = require "almanac.recipe"
local secrets = require "almanac.recipe.secrets"
local versions = require "almanac.recipe.versions"
local words = require "almanac.words"

local m = { summary = "Check a recipe: its fields, names, arguments and examples, and that it holds no API key or password.",
  epilog = "Exit status: 0 nothing to remark, 1 it can't be loaded, 2 there are remarks." }

function m.configure(parser)
  options.recipe(parser)
  options.json(parser)
end

local function say(out, path, remark)
  out.event("remark", { path = path, line = remark.line, text = remark.text })
  out.say(("%s%s: %s"):format(path, remark.line and ":" .. remark.line or "", plain.line(remark.text)))
end

-- An API key in the recipe is told whatever else is wrong, since the text may be sent on before the
-- rest is mended.
local function say_secrets(name, out)
  local path = recipes.find(name)
  local text = path and core.files.read(path, recipes.largest)
  for _, remark in ipairs(text and secrets.of(text) or {}) do say(out, path, remark) end
end

function m.run(args, context)
  local out, recipe, message, code = context.out, recipes.load(args.recipe, { meanwhile = names.at_hand })
  if not recipe then
    say_secrets(args.recipe, out)
    return nil, message, code
  end
  local remarks = lint.remarks(recipe)
  local values = require("almanac.recipe.inside.arguments").defaults(recipe.args)
  for _, text in ipairs(require("almanac.recipe.examples").check(recipe, values)) do remarks[#remarks + 1] = { text = text } end
  local notes, undeclared = foresight.of(recipe, values)
  for _, list in ipairs { undeclared, versions.warnings(recipe), versions.advice(recipe) } do
    for _, text in ipairs(list) do remarks[#remarks + 1] = { text = text } end
  end
  for _, remark in ipairs(remarks) do say(out, recipe.path, remark) end
  for _, one in ipairs(provenance.of(recipe)) do
    if one.from then notes[#notes + 1] = provenance.line(one) end
  end
  for _, note in ipairs(recipes.notes(recipe)) do notes[#notes + 1] = note end
  for _, note in ipairs(notes) do
    out.event("note", { text = note })
    out.say("note: " .. plain.line(note))
  end
  if not names.at_hand() then
    out.note "names and effects were not checked: luacheck is not installed (Debian: apt install lua-check)"
  end
  if remarks[1] then
    out.say(words.count(#remarks, "remark"))
    return 2
  end
  out.say(("%s %s: nothing to remark"):format(recipe.name, recipe.version))
  return 0
end

return m
