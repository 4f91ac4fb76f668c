-- almanac recipe pack: one file that holds all of a recipe and nothing else.
local core = require "almanac.core"
local program = require "support.program"
local shared = require "support.shared"

describe("almanac recipe", function()
  local desk, almanac, add

  before_each(function()
    desk = shared.desk()
    almanac, add = desk.almanac, desk.add
    shared.write(desk.source)
  end)
  after_each(function() desk.remove() end)

  describe("pack", function()
    it("makes one file of text that add takes in, pictures included", function()
      local picture = "\xFF\xD8\xFF" .. ("\0\1\2"):rep(100)
      shared.write(desk.source, { ["sample/picture.jpg"] = picture })
      local result = almanac("recipe", "pack", desk.source, "-o", "scans.pack")
      assert.equal(0, result.status, result.err .. result.out)
      local text = desk.read "scans.pack"
      assert.matches("file text %d+ %x+ recipe.lua\n%-%- almanac%-recipe: 1\n", text)
      assert.is_true(core.text.valid(text))
      result = add "scans.pack"
      assert.equal(0, result.status, result.err)
      assert.equal(picture, desk.read "recipes/scans/sample/picture.jpg")
      assert.equal(shared.recipe(), desk.read "recipes/scans/recipe.lua")
      assert.equal(1, almanac("recipe", "pack", desk.source, "-o", "scans.pack").status)
    end)

    it("names keys and paths of one's own, and writes nothing", function()
      local cases = {
        { "recipe.lua", shared.recipe { ["Scans by number."] = "l8xx0123456789abcdef0123456789abcdef" },
          "recipe.lua:3: holds what looks like an API key" },
        { "recipe.lua", shared.recipe { ['"7"'] = '"7" --[[ /home/ann/scans ]]' },
          "recipe.lua:23: holds a path of your own: /home/ann/scans" },
        { "README.md", "see C:\\Users\\Ann\\scans", "README.md:1: holds a path of your own: C:\\Users\\Ann\\scans" },
        { "README.md", "run `almanac plan scans --folder ~ann/scans`", "a path of your own: ~ann/scans" },
        { "sample/args.csv", "argument,value\nfolder,/scans/here\n", "sample/args.csv:2: holds a path of your own: /scans/here" },
        { "sample/expected.csv", "mms_id,state\n9910000000013904146,skip\n", "sample: 9910000000013904146: expected skip" },
      }
      for _, case in ipairs(cases) do
        shared.write(desk.source)
        program.write(desk.source .. "/" .. case[1], case[2])
        local result = almanac("recipe", "pack", desk.source, "-o", "s.pack")
        assert.equal(1, result.status, case[3])
        assert.matches(case[3], result.out, 1, true)
        assert.is_false(desk.has "s.pack")
        os.remove(desk.source .. "/sample/args.csv")
      end
    end)

    it("names a base that others can't have", function()
      shared.write(desk.folder .. "/recipes/base", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"base"' } })
      local variant = '-- almanac-recipe: 1\nreturn extend "%s" { name = "ours" }\n'
      shared.write(desk.source, { ["recipe.lua"] = variant:format "recipes/base 1" })
      local result = almanac("recipe", "pack", desk.source, "-o", "s.pack")
      assert.equal(1, result.status)
      assert.matches("extends 'recipes/base' by its path", result.out, 1, true)
      shared.write(desk.source, { ["recipe.lua"] = variant:format "base 1" })
      result = almanac("recipe", "pack", desk.source, "-o", "s.pack")
      assert.equal(0, result.status, result.out .. result.err)
      assert.matches("it extends base, which others need as well", result.err, 1, true)
    end)

    it("is possible for every recipe that ships", function()
      for _, entry in ipairs(require("almanac.recipe").list()) do
        local result = almanac("recipe", "pack", entry.name, "-o", entry.name .. ".pack")
        assert.equal(0, result.status, entry.name .. ": " .. result.out .. result.err)
      end
    end)
  end)
end)
