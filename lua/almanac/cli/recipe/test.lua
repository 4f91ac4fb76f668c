-- almanac recipe test: the examples inside a recipe, its sample against the
-- plan that is expected, and whether the same input gives the same plan.
local arguments = require "almanac.recipe.arguments"
local core = require "almanac.core"
local options = require "almanac.cli.recipe.options"
local words = require "almanac.words"

local m = { summary = "Try a recipe on its own examples and sample.",
  epilog = "The sample is the folder sample beside the recipe: titles.csv (as `almanac rehearsal --titles` reads), " ..
    "files.txt with the names of files, one a line, or the files in files/; args.csv (argument,value), and " ..
    "expected.csv. Exit status: 0 all holds, 1 there is no such recipe or it is wrong, 2 something does not hold." }

function m.configure(parser)
  options.recipe(parser)
  parser:flag("--accept", "write what the sample's plan is now as expected.csv: look at it, then keep it")
  options.json(parser)
end

local function count_of(examples)
  local n = #(examples.title_keys or {})
  for _, rule in ipairs { "file_key", "page" } do
    for _ in pairs(examples[rule] or {}) do n = n + 1 end
  end
  return n
end

-- One line of the result, with what is wrong below it.
local function tell(out, name, good, wrong)
  out.event("test", { test = name, ok = #wrong == 0, wrong = require("almanac.json").array(wrong) })
  out.say(#wrong == 0 and "ok    " .. good or ("FAIL  " .. name))
  for _, line in ipairs(wrong) do out.say("      " .. line) end
  return #wrong == 0
end

local function test_examples(recipe, out)
  local wrong = require("almanac.recipe.rules").examples(recipe, arguments.defaults(recipe.args))
  return tell(out, "examples", words.count(count_of(recipe.examples), "example"), wrong)
end

local function test_sample(recipe, folder, out, accept)
  local sample = require "almanac.run.sample"
  local rows, message, code = sample.outcome(recipe, folder)
  if not rows then return nil, message, code end
  local again
  again, message, code = sample.outcome(recipe, folder)
  if not again then return nil, message, code end
  local path = folder .. "/expected.csv"
  if accept then
    local ok, why, kind = core.files.write(path, sample.text(rows))
    if not ok then return nil, why, kind end
    out.say("wrote " .. path)
  end
  local wrong
  wrong, message, code = sample.compare(rows, path)
  if not wrong then return nil, message, code end
  local first = tell(out, "sample", ("sample: %s as expected"):format(words.count(#rows, "row")), wrong)
  local same = sample.text(rows) == sample.text(again)
  return tell(out, "same plan twice", "the same input gives the same plan",
    same and {} or { "the second plan of the sample differs from the first" }) and first
end

function m.run(args, context)
  local recipe, message, code = require("almanac.recipe").load(args.recipe)
  if not recipe then return nil, message, code end
  local out = context.out
  out.say(("%s %s"):format(recipe.name, recipe.version))
  local good = test_examples(recipe, out)
  local folder = require("almanac.run.sample").folder(recipe)
  if not folder then
    out.say "-     no sample: put sample/titles.csv, sample/files.txt and sample/expected.csv beside the recipe"
    return good and 0 or 2
  end
  local fits
  fits, message, code = test_sample(recipe, folder, out, args.accept)
  if fits == nil then return nil, message, code end
  return good and fits and 0 or 2
end

return m
