-- Where a recipe's files come from, told of each.
local program = require "support.program"
local provenance = require "almanac.recipe.provenance"
local recipes = require "almanac.recipe"

describe("where a recipe comes from", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local LOCK = "recipe scans 2.0.0\n  from https://library.example/scans.pack\n  on 2026-11-21\n%s" ..
    "  file %s recipe.lua\n  base %s jpg-derivatives\n"

  it("is told of its own file and of those that it extends, and nobody is named whom nobody wrote down", function()
    local hash = require "almanac.core".hash.sha256
    local path = folder .. "/recipes/scans/recipe.lua"
    local text = '-- almanac-recipe: 1\nreturn extend "jpg-derivatives" { name = "scans", version = "2.0.0" }\n'
    program.write(path, text)
    local function told()
      local recipe = assert(recipes.load(path))
      local lines = {}
      for i, one in ipairs(provenance.of(recipe)) do lines[i] = provenance.line(one):gsub(folder, "") end
      recipes.close(recipe)
      return lines
    end
    local lines = told()
    assert.equal("/recipes/scans/recipe.lua (scans 2.0.0) was not added from elsewhere", lines[1])
    assert.matches("jpg%-derivatives/recipe.lua %(jpg%-derivatives %d[%d.]+%) comes with almanac %d", lines[2])
    local base = hash(assert(recipes.load "jpg-derivatives").sources[1].text)
    program.write(folder .. "/recipes/almanac.lock", LOCK:format("", hash(text), base))
    assert.equal("/recipes/scans/recipe.lua (scans 2.0.0) came from https://library.example/scans.pack, accepted on 2026-11-21", told()[1])
    program.write(folder .. "/recipes/almanac.lock", LOCK:format("  by jdoe\n  commit 0123456789abcdef\n", hash(text), base))
    assert.equal("/recipes/scans/recipe.lua (scans 2.0.0) came from https://library.example/scans.pack, commit 0123456789ab, " ..
      "accepted on 2026-11-21 by jdoe", told()[1])
  end)
end)
