-- Tests a recipe: its examples must hold, its sample must give the expected plan, and the same input
-- must give the same plan again.
local arguments = require "almanac.recipe.inside.arguments"
local core = require "almanac.core"
local rulebook = require "almanac.recipe.inside.rulebook"
local examples_of = require "almanac.recipe.examples"
local sample = require "almanac.workbench.sample"
local words = require "almanac.words"

local m = {}

local function count_of(examples)
  local n = 0
  for _, rule in ipairs(rulebook.with_examples()) do
    for _ in pairs(examples[rule.name] or {}) do n = n + 1 end
  end
  return n
end

local function add(result, name, good, wrong)
  table.insert(result.tests, { name = name, good = good, wrong = wrong })
  result.good = result.good and #wrong == 0
end

local function try_sample(recipe, result, accept)
  local rows, message, code = sample.outcome(recipe, result.sample)
  if not rows then return nil, message, code end
  local again
  again, message, code = sample.outcome(recipe, result.sample)
  if not again then return nil, message, code end
  local path = result.sample .. "/expected.csv"
  if accept then
    local ok, why, kind = core.files.write(path, sample.text(rows))
    if not ok then return nil, why, kind end
    result.written = path
  end
  local wrong
  wrong, message, code = sample.compare(rows, path, recipe)
  if not wrong then return nil, message, code end
  result.note = message
  add(result, "sample", ("sample: %s as expected"):format(words.count(#rows, "row")), wrong)
  add(result, "same plan twice", "the same input gives the same plan",
    sample.text(rows) == sample.text(again) and {} or { "the second plan of the sample differs from the first" })
  return result
end

---Tries a recipe on its examples and its sample.
---@param recipe table
---@param options { accept: boolean? }? accept: what the sample's plan is now becomes what is expected
---@return { tests: { name: string, good: string, wrong: string[] }[], good: boolean, sample: string?, written: string?,
---  note: string? }|nil result
---  good (of a test): what to say when nothing is wrong; sample: its folder; written: the file of the expectation;
---  note: what should be known of it
---@return string? message the sample can't be read
---@return string? code
function m.of(recipe, options)
  local result = { tests = {}, good = true, sample = sample.folder(recipe) }
  local examples = examples_of.check(recipe, arguments.defaults(recipe.args))
  add(result, "examples", words.count(count_of(recipe.examples), "example"), examples)
  local open = examples_of.open(recipe, arguments.defaults(recipe.args))
  if open[1] then add(result, "open", "", open) end
  if not result.sample then return result end
  return try_sample(recipe, result, options and options.accept)
end

return m
