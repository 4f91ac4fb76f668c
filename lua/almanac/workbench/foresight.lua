-- Says what a recipe would lead to before there is a plan: what its effects allow, and what it
-- proposes for made-up titles.
local consequence_words = require "almanac.run.consequence_words"
local consequences = require "almanac.run.consequences"
local objects = require "almanac.recipe.inside.objects"
local rules = require "almanac.recipe.rules"

local m = {}

local ALLOWED = {
  { "create-bib", "its plans may CREATE titles that Alma lacks" },
  { "update-bib", "its plans may change the descriptive records of titles" },
  { "delete", "its plans may DELETE files and representations that are no masters" },
  { "delete-master", "its plans may DELETE masters (usage type PRIMARY, or with MASTER in it); apply then wants their number " ..
    "(--delete-masters)" },
  { "create-bib", "its plans may MAKE titles, with records of their own" },
  { "update-bib", "its plans may change the records of titles" },
  { "remote", "its plans may make remote representations and change them: what patrons reach then is elsewhere" },
}

local function held(name, pid)
  return { path = name, name = name, label = name, pid = pid, size = 1 }
end

-- The titles are made anew for each question, since a title keeps what was made of it.
local function examples()
  local master = { id = "12", usage_type = "PRESERVATION_MASTER", label = "", files = { held("example.tif", "13") } }
  local derivative = { id = "13", usage_type = "DERIVATIVE_COPY", label = "", files = { held("example.jpg", "14") } }
  return {
    { words = "a title with example.tif as its master", representations = { master } },
    { words = "a title with example.tif as its master and example.jpg as a derivative", representations = { master, derivative } },
  }
end

---Lists what a recipe's changes could lead to.
---@param recipe table loaded
---@param args table its arguments
---@return string[] notes
---@return string[] remarks what its effects do not declare
function m.of(recipe, args)
  local notes, remarks, seen = {}, {}, {}
  for _, entry in ipairs(ALLOWED) do
    if recipe.effects[entry[1]] then notes[#notes + 1] = entry[2] end
  end
  for _, example in ipairs(examples()) do
    local title = objects.title("99", "An example", { representations = example.representations })
    local ok, changes = rules.changes(recipe, title, { objects.file("example.jpg", 1) }, args)
    local wrong = ok and consequences.undeclared(recipe, example, changes)
    if wrong then remarks[#remarks + 1] = ("for %s it %s"):format(example.words, wrong) end
    for _, line in ipairs(ok and consequence_words.lines(consequences.of(example, changes)) or {}) do
      if not seen[line] then notes[#notes + 1] = ("for %s and the new file example.jpg: %s"):format(example.words, line) end
      seen[line] = true
    end
  end
  return notes, remarks
end

return m
