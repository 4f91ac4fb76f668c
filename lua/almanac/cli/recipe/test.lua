-- almanac recipe test: tries the examples in a recipe, compares its sample with the expected plan,
-- and looks whether the same input gives the same plan again.
local json = require "almanac.json"
local options = require "almanac.cli.recipe.options"
local proof = require "almanac.workbench.proof"
local versions = require "almanac.recipe.versions"

local m = { summary = "Try a recipe on its own examples and sample.",
  epilog = "The sample is the folder sample beside the recipe: titles.csv (as `almanac rehearsal --titles` reads), " ..
    "files.txt with the names of files, one a line, or the files in files/; records.mrk with the titles' records when rules read " ..
    "them; sidecars/; args.csv (argument,value), and " ..
    "expected.csv. Exit status: 0 all holds, 1 there is no such recipe or it is wrong, 2 something does not hold." }

function m.configure(parser)
  options.recipe(parser)
  parser:flag("--accept", "write what the sample's plan is now as expected.csv: look at it, then keep it")
  options.json(parser)
end

local OPEN = "OPEN  examples whose match key is to be said in file_key = { … }, false for one to be left out; what the rules give now:"

-- Prints one test, and below it what is wrong.
local function tell(out, test)
  local good = #test.wrong == 0
  out.event("test", { test = test.name, ok = good, wrong = json.array(test.wrong) })
  out.say(good and "ok    " .. test.good or test.name == "open" and OPEN or "FAIL  " .. test.name)
  for _, line in ipairs(test.wrong) do out.say("      " .. line) end
end

function m.run(args, context)
  local recipe, message, code = require("almanac.recipe").load(args.recipe)
  if not recipe then return nil, message, code end
  local out = context.out
  out.say(("%s %s"):format(recipe.name, recipe.version))
  for _, text in ipairs(versions.warnings(recipe)) do out.note(text) end
  local result
  result, message, code = proof.of(recipe, { accept = args.accept })
  if not result then return nil, message, code end
  if result.written then out.say("wrote " .. result.written) end
  if result.note then out.note(result.note) end
  for _, test in ipairs(result.tests) do tell(out, test) end
  if not result.sample then
    out.say "-     no sample: put sample/titles.csv and sample/files.txt beside the recipe; --accept writes what comes of them"
  end
  return result.good and 0 or 2
end

return m
