-- almanac recipe: writing, explaining, checking and testing recipes with the
-- built program. No call to Alma.
local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"

local SAMPLE = "recipes/jpg-derivatives/sample"

local function absolute(path)
  local pipe <close> = assert(io.popen "pwd -P")
  return pipe:read "l" .. "/" .. path
end

local RECIPE = [[
-- almanac-recipe: 1
--
-- Scans by number.
return {
  name    = "scans",
  summary = "Scans by number",
  version = "1.0.0",
  license = "MIT",
  effects = { "add" },

  args = { { "folder", "dir", required = true } },

  file_key = function(file) return key.digits(file.name, 1) end,

  page = function(file) return tonumber(key.digits(file.name, -1)) end,

  title_keys = function(title) return { key.digits(title.title, 1) } end,

  wants = function(title)
    if title:has "jpg" then return false, "it has one" end
    return true
  end,

  changes = function(title, files)
    return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", files = files }
  end,
}
]]

local TITLES = "mms_id,title,usage_type,file_name,size,representation_id,collection\n" ..
  "9910000000013904146,Box 12,PRESERVATION_MASTER,a.tif,10,,\n" ..
  "9910000000023904146,Box 13,PRESERVATION_MASTER,b.tif,10,,\n" ..
  "9910000000033904146,Box 14,DERIVATIVE_COPY,c.jpg,10,,\n"

local BY_NUMBER = [[
-- almanac-recipe: 1
return {
  name = "scans", summary = "Scans by number", version = "1.0.0", license = "MIT", effects = { "add" },
  args = { { "folder", "dir", required = true } },
  reads = { "record" },
  file_key = function(file) return key.numbers(file.name) end,
  title_keys = function(title) return key.numbers(title.record:get "099$a") end,
  changes = function(_, files) return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", files = files } end,
}
]]

describe("almanac recipe", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function almanac(...)
    return program.run({ "recipe", ... }, { folder = folder, env = { HOME = folder, ALMANAC_RECIPES = absolute "recipes" } })
  end

  local function write(files)
    for name, text in pairs(files) do program.write(folder .. "/recipes/scans/" .. name, text) end
  end

  local function with_sample(expected)
    write { ["recipe.lua"] = RECIPE, ["sample/titles.csv"] = TITLES, ["sample/expected.csv"] = expected,
      ["sample/files.txt"] = "x 12_2.jpg\nx 12_1.jpg\n14_1.jpg\n99_1.jpg\n" }
  end

  local GOOD = "mms_id,state,kind,files,reason\n" ..
    "9910000000013904146,ready,add.representation,x 12_1.jpg|x 12_2.jpg,\n" ..
    "9910000000023904146,skip,,,no_file: 13\n" ..
    "9910000000033904146,skip,,,not_wanted: it has one\n" ..
    ",,,99_1.jpg,no_title: 99\n"

  describe("test", function()
    it("says that examples, sample and a second plan are as expected", function()
      with_sample(GOOD)
      local result = almanac("test", "scans")
      assert.equal(0, result.status, result.out .. result.err)
      assert.matches("ok    sample: 4 rows as expected", result.out, 1, true)
      assert.matches("ok    the same input gives the same plan", result.out, 1, true)
    end)

    it("shows every row of the sample that is not as expected", function()
      with_sample((GOOD:gsub("x 12_1.jpg|x 12_2.jpg", "x 12_2.jpg|x 12_1.jpg")))
      local result = almanac("test", "scans")
      assert.equal(2, result.status)
      assert.matches("FAIL  sample\n      9910000000013904146: expected ready, add.representation, x 12_2.jpg|x 12_1.jpg; " ..
        "the plan has ready, add.representation, x 12_1.jpg|x 12_2.jpg\n", result.out, 1, true)
    end)

    it("says where the records of a sample stand when there are none", function()
      with_sample(GOOD)
      write { ["recipe.lua"] = RECIPE:gsub("effects =", 'reads = { "record" }, effects =', 1)
        :gsub("wants = function%(title%)", '%0 title.record:get "001"', 1) }
      local result = almanac("test", "scans")
      assert.equal(1, result.status, result.out)
      assert.matches("those of a sample stand in .-scans/sample/records.mrk, which is not there", result.err)
    end)

    it("writes what is expected when asked to", function()
      with_sample ""
      core.files.remove(folder .. "/recipes/scans/sample/expected.csv")
      local result = almanac("test", "scans")
      assert.equal(2, result.status)
      assert.matches("expected.csv is not there: --accept writes", result.out, 1, true)
      assert.equal(0, almanac("test", "scans", "--accept").status)
      assert.equal(GOOD, program.read(folder .. "/recipes/scans/sample/expected.csv"))
    end)

    it("names an example that does not hold", function()
      write { ["recipe.lua"] = RECIPE:gsub("}\n$", '  examples = { file_key = { ["a 7.jpg"] = "8" } },\n}\n') }
      local result = almanac("test", "scans")
      assert.equal(2, result.status)
      assert.matches("file_key of 'a 7.jpg' gives '7', expected '8'", result.out, 1, true)
      assert.matches("no sample", result.out)
    end)

    it("holds for every recipe that is shipped", function()
      for _, name in ipairs(require("almanac.recipe").list()) do
        local result = almanac("test", absolute(name.path))
        assert.equal(0, result.status, name.name .. ":\n" .. result.out .. result.err)
        assert.matches("ok    sample", result.out, 1, true)
      end
    end)
  end)

  describe("check", function()
    it("has nothing to remark on the recipes that are shipped", function()
      for _, name in ipairs(require("almanac.recipe").list()) do
        local result = almanac("check", absolute(name.path))
        assert.equal(0, result.status, name.name .. ":\n" .. result.out .. result.err)
      end
    end)

    it("names line and name of what recipes do not have, and the nearest that they have", function()
      write { ["recipe.lua"] = RECIPE:gsub("key.digits%(file.name, 1%)", "key.digts(os.getenv 'X', args.fodler)")
        :gsub("function%(file%) return key.digts", "function(file, args) return key.digts") }
      local result = almanac("check", "scans")
      assert.equal(2, result.status, result.err)
      assert.matches("recipes/scans/recipe.lua:13: key has no 'digts', did you mean 'digits'?", result.out, 1, true)
      assert.matches("recipe.lua:13: recipes have no 'os': a recipe sees no files", result.out, 1, true)
      assert.matches("recipe.lua:13: the argument 'fodler' is not declared in args, did you mean 'folder'?", result.out, 1, true)
      assert.matches("3 remarks", result.out)
    end)

    it("finds what looks like a key", function()
      for _, secret in ipairs { "l8xx0123456789abcdef0123456789abcdef", "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY" } do
        write { ["recipe.lua"] = RECIPE:gsub("it has one", secret) }
        local result = almanac("check", "scans")
        assert.equal(2, result.status, secret)
        assert.matches("recipe.lua:20: holds .-looks like a", result.out)
        assert.is_nil(result.out:find(secret, 1, true))
      end
    end)
  end)

  describe("suggest", function()
    local function jpgs(...)
      for _, name in ipairs { ... } do program.write(folder .. "/jpg/" .. name, require "support.picture".JPEG .. name) end
    end

    it("ranks recipes by the titles that would be ready", function()
      write { ["recipe.lua"] = RECIPE }
      program.write(folder .. "/titles.csv", TITLES)
      jpgs("x 12_1.jpg", "x 13_1.jpg", "cover.jpg")
      local result = almanac("suggest", "jpg", "--titles", "titles.csv")
      assert.equal(0, result.status, result.out .. result.err)
      assert.matches("3 files in jpg, 3 tried, 3 titles\n\nscans: 2 titles would be ready with 2 of 3 files\n", result.out)
      assert.matches("x 12_1.jpg  ->  '12', page 1", result.out, 1, true)
      assert.matches("not read: 1 (cover.jpg)", result.out, 1, true)
      assert.matches("Next: almanac recipe new NAME --like jpg", result.out, 1, true)
    end)

    it("says that none fits when none does", function()
      jpgs("cover.jpg", "back.jpg")
      program.write(folder .. "/titles.csv", TITLES)
      local result = almanac("suggest", "jpg", "--titles", "titles.csv")
      assert.equal(2, result.status)
      assert.matches("None fits", result.out)
    end)

    it("takes records for titles, and says which recipes need more than it was given", function()
      jpgs "scan 0042.jpg"
      program.write(folder .. "/titles.csv", TITLES)
      local out = almanac("suggest", "jpg", "--titles", "titles.csv").out
      assert.matches("by-call-number: not tried, it needs titles with their records, e.g. from a MARC file", out, 1, true)
      program.write(folder .. "/export.mrk", "=LDR  00000nam a2200000 a 4500\n=001  991000000010004146\n=099  \\\\$a0042\n" ..
        "=245  00$aHarbor\n")
      write { ["recipe.lua"] = BY_NUMBER }
      out = almanac("suggest", "jpg", "--titles", "export.mrk").out
      assert.matches("scans: 1 title would be ready with 1 of 1 file\n", out, 1, true)
      out = almanac("explain", "scans", "991000000010004146", "--titles", "export.mrk", "--folder", "jpg").out
      assert.matches("991000000010004146  Harbor\n", out, 1, true)
      assert.matches("title_keys  '42'", out, 1, true)
    end)

    it("refuses a folder without files, and one that is not there", function()
      core.files.make_folder(folder .. "/empty")
      assert.matches("there is no file in empty", almanac("suggest", "empty").err)
      local result = almanac("suggest", "nowhere")
      assert.equal(1, result.status)
      assert.matches("nowhere", result.err)
    end)
  end)

  describe("new", function()
    it("writes a recipe that holds, with real names as examples", function()
      local sample = absolute(SAMPLE)
      local result = almanac("new", "our-scans", "--like", sample .. "/jpg", "--titles", sample .. "/titles.csv")
      assert.equal(0, result.status, result.err)
      assert.matches("made from jpg%-derivatives", result.out)
      local text = program.read(folder .. "/recipes/our-scans/recipe.lua")
      assert.matches('name    = "our-scans"', text, 1, true)
      assert.matches('["letters/letters_1872_1.jpg"]  = "letters_1872_1"', text, 1, true)
      assert.matches("what to create; files come sorted by page", text, 1, true)
      assert.equal(0, almanac("test", "our-scans").status)
      assert.equal(0, almanac("check", "our-scans").status)
      assert.matches("letters_1872_10.jpg", program.read(folder .. "/recipes/our-scans/README.md"), 1, true)
    end)

    it("can be made from every recipe that is shipped", function()
      for _, entry in ipairs(require("almanac.recipe").list()) do
        local name = "my-" .. entry.name
        assert.equal(0, almanac("new", name, "--base", entry.name, "--like", absolute(SAMPLE .. "/jpg")).status, entry.name)
        local result = almanac("check", name)
        assert.equal(0, result.status, entry.name .. ":\n" .. result.out .. result.err)
      end
    end)

    it("overwrites nothing and wants a name that can be one", function()
      write { ["recipe.lua"] = RECIPE }
      assert.matches("recipes/scans exists already", almanac("new", "scans").err, 1, true)
      assert.matches("'My Scans' is no name", almanac("new", "My Scans").err, 1, true)
      assert.equal(RECIPE, program.read(folder .. "/recipes/scans/recipe.lua"))
    end)
  end)

  describe("explain", function()
    it("tells what every rule gives for a title, and what came of it", function()
      with_sample(GOOD)
      local result = almanac("explain", "scans", "9910000000013904146")
      assert.equal(0, result.status, result.err)
      assert.matches("State: ready", result.out)
      assert.matches("title_keys  '12'", result.out, 1, true)
      assert.matches("wants       true", result.out, 1, true)
      assert.matches("changes     add.representation with x 12_1.jpg, x 12_2.jpg", result.out, 1, true)
    end)

    it("gives `changes` the files in page order", function()
      program.write(folder .. "/jpg/12_2.jpg", "")
      program.write(folder .. "/jpg/12_10.jpg", "")
      write { ["recipe.lua"] = RECIPE }
      program.write(folder .. "/titles.csv", TITLES)
      local out = almanac("explain", "scans", "9910000000013904146", "--titles", "titles.csv", "--folder", "jpg").out
      assert.matches("changes     add.representation with 12_2.jpg, 12_10.jpg", out, 1, true)
    end)

    it("tells what the rules give for a file, and the titles that answer", function()
      with_sample(GOOD)
      local out = almanac("explain", "scans", "x 12_2.jpg").out
      assert.matches("fits 9910000000013904146", out)
      assert.matches("file_key    '12'", out, 1, true)
      assert.matches("page        2", out, 1, true)
    end)

    it("explains a name by itself, and refuses a title that is not there", function()
      write { ["recipe.lua"] = RECIPE }
      assert.matches("by its name alone:\n  file_key    '77'", almanac("explain", "scans", "y77_3.jpg").out, 1, true)
      local result = almanac("explain", "scans", "9910000000019999999")
      assert.equal(1, result.status)
      assert.matches("no title 9910000000019999999", result.err)
    end)

    it("takes arguments of the recipe, with its sample and without", function()
      local out = almanac("explain", "by-barcode", "12345674_3.jpg", "--set", "length=10", "--set", "pad=true", "--set", "role=").out
      assert.matches("file_key    '0012345674'\n  page        3", out, 1, true)
      write { ["recipe.lua"] = RECIPE:gsub('{ { "folder"', '{ { "group", "integer", default = 1 }, { "folder"')
        :gsub("function%(file%) return key.digits%(file.name, 1%)", "function(file, args) return key.digits(file.name, args.group)") }
      assert.matches("file_key    '3'", almanac("explain", "scans", "y77_3.jpg", "--set", "group=-1").out, 1, true)
      assert.matches("'x' is no number", almanac("explain", "scans", "y77_3.jpg", "--set", "group=x").err, 1, true)
    end)

    it("shows that relabel refuses a name that its template doesn't have", function()
      local out = almanac("explain", "relabel", "990061241860203941", "--set", "label={title} {usage}").out
      assert.matches("gets label 'Campus from the air PRESERVATION_MASTER'", out, 1, true)
      out = almanac("explain", "relabel", "990061241860203941", "--set", "label={titel}").out
      assert.matches("the template has {titel}; there are {title} {mms_id}", out, 1, true)
      assert.is_nil(out:find("gets label", 1, true))
    end)

    it("goes on when a rule fails for another file or title, and tells of it", function()
      write { ["recipe.lua"] = RECIPE:gsub("return key.digits%(file.name, 1%)", "return key.fold(key.digits(file.name, 1))")
        :gsub("return add", 'if title.title == "Box 13" then error("no thirteen") end\n    return add') }
      for _, name in ipairs { "12_1.jpg", "13_1.jpg", "14_1.jpg", "cover.jpg" } do
        program.write(folder .. "/jpg/" .. name, require "support.picture".JPEG .. name)
      end
      program.write(folder .. "/titles.csv", TITLES)
      local function explain(what) return almanac("explain", "scans", what, "--titles", "titles.csv", "--folder", "jpg") end
      local result = explain "12_1.jpg"
      assert.equal(0, result.status, result.err)
      assert.matches("Planned: page 1 of 9910000000013904146", result.out, 1, true)
      assert.matches("the rules fail for 2 other files and titles, and a plan would stop there: 9910000000023904146, cover.jpg",
        result.err, 1, true)
      result = explain "cover.jpg"
      assert.equal(0, result.status, result.err)
      assert.matches("file_key    failed: recipes/scans/recipe.lua:13: key.fold: text expected, got nil (rule file_key",
        result.out, 1, true)
      result = explain "9910000000023904146"
      assert.matches("State: failed", result.out)
      assert.matches("changes     failed: recipes/scans/recipe.lua:25: no thirteen", result.out, 1, true)
    end)

    it("tells a program the same as JSON", function()
      with_sample(GOOD)
      local event = json.decode(almanac("explain", "scans", "14_1.jpg", "--json").out:match "[^\n]+")
      assert.equal("'14'", event.rules[1].gave)
    end)
  end)
end)
