local arguments = require "almanac.recipe.inside.arguments"
local objects = require "almanac.recipe.inside.objects"
local program = require "support.program"
local recipe = require "almanac.recipe"
local examples_of = require "almanac.recipe.examples"
local rules = require "almanac.recipe.rules"

local BASE = [[
-- almanac-recipe: 1
--
-- What it is for.
return {
  name = "test", summary = "A test", version = "1.0.0", license = "MIT", effects = { "add" },
  args = { { "folder", "dir", required = true } },
  file_key = function(file) return key.stem(file.name) end,
  title_keys = function(title) return { title.mms_id } end,
  changes = function(title, files, args)
    return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", files = files }
  end,
}
]]

describe("a default", function()
  local check = require "almanac.recipe.inside.arguments".check

  it("leads to no folder or file outside the working folder", function()
    for _, path in ipairs { "/etc", "~/scans", "..", "a/../../b", "../x", "C:/scans", "C:\\scans" } do
      for _, kind in ipairs { "dir", "file" } do
        local ok, message = check { { "folder", kind, default = path } }
        assert.is_nil(ok, path)
        assert.matches("leads out of the working folder; leave it out and give --folder when you plan", message, 1, true)
      end
    end
    assert.is_true(check { { "folder", "dir", default = "scans/..a" }, { "list", "file", default = "map.csv" } })
    assert.is_true(check { { "text", "string", default = "/etc" } })
  end)

  it("is not followed by a link out of the working folder, which a person may name", function()
    local at <close> = setmetatable({ folder = program.folder() }, { __close = function(at) program.remove(at.folder) end })
    program.write(at.folder .. "/elsewhere/private.jpg", "x")
    program.write(at.folder .. "/here/scans/own.jpg", "x")
    local function link(target, name) assert(os.execute(("ln -sfn %s %s/here/%s"):format(target, at.folder, name))) end
    link("../elsewhere", "out")
    link("scans", "in")
    link("../../elsewhere", "scans/deep")
    program.write(at.folder .. "/here/s.lua", [[
      local arguments = require "almanac.recipe.inside.arguments"
      for _, entry in ipairs { { "dir", "scans" }, { "dir", "in" }, { "dir", "." }, { "dir", "nowhere" },
          { "dir", "out" }, { "dir", "scans/deep" }, { "file", "out/private.jpg" }, { "string", "out" } } do
        local args = { { "folder", entry[1], default = entry[2] } }
        print(select(2, arguments.convert(args, {})), (arguments.convert(args, { folder = entry[2] }) or {}).folder == entry[2])
      end]])
    local out = program.run({ "exec", "s.lua" }, { folder = at.folder .. "/here" }).out
    local wrong = "--folder: its default '%s' is a link that leads out of the working folder; give it when that is meant\ttrue\n"
    assert.equal(("nil\ttrue\n"):rep(3) .. "nil\tfalse\n" .. wrong:format "out" .. wrong:format "scans/deep" ..
      wrong:format "out/private.jpg" .. "nil\ttrue\n", out)
  end)
end)

describe("a recipe", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function load(text, name)
    local path = ("%s/%s.lua"):format(folder, name or "recipe")
    program.write(path, text)
    return recipe.load(path)
  end

  -- BASE with one piece replaced.
  local function with(old, new)
    local first, last = BASE:find(old, 1, true)
    return BASE:sub(1, first - 1) .. new .. BASE:sub(last + 1)
  end

  local function refused(text, pattern)
    local loaded, message, code = load(text)
    assert.is_nil(loaded)
    assert.matches(pattern, message)
    assert.equal("parse", code)
  end

  it("is loaded with its description and a hash of its source", function()
    local loaded = assert(load(BASE))
    assert.equal("test", loaded.name)
    assert.equal("What it is for.", loaded.description)
    assert.matches("^%x+$", loaded.sha256)
    assert.equal(64, #loaded.sha256)
    assert.is_true(loaded.effects.add)
  end)

  it("has its format in the first line, which is read before anything runs", function()
    refused("return nonsense(", "line 1 must be `%-%- almanac%-recipe: 1`")
    refused("-- almanac-recipe: 2\nreturn nonsense(", "format 2; this almanac reads format 1")
    refused("\27Lua", "compiled Lua")
    refused("-- almanac-recipe: 1\n-- caf\xE9\nreturn {}", "not UTF%-8 text")
  end)

  it("may begin with a byte-order mark and have Windows line ends", function()
    assert(load("\xEF\xBB\xBF" .. BASE:gsub("\n", "\r\n")))
  end)

  it("is told by file, line and nearest right name when a field is misspelt", function()
    refused(with("file_key =", "file_keys ="), "recipe%.lua:7: unknown field 'file_keys', did you mean 'file_key'%?")
    refused(with("summary", "sumary"), "'sumary', did you mean 'summary'")
  end)

  it("is refused when a field has the wrong type, is missing or makes no sense", function()
    refused(with('summary = "A test"', "summary = 3"), "recipe%.lua:5: 'summary' must be text, it is a number")
    refused(with('version = "1.0.0", ', ""), "the field 'version' is missing")
    refused(with('"1.0.0"', '"1"'), "version '1' must have the form 1%.0%.0")
    refused(with('"test"', '"My Test"'), "lower%-case letters")
    refused(with('{ "add" }', '{ "ad" }'), "unknown effect 'ad', did you mean 'add'")
    refused(with("changes = function", "page = function"), "'changes' is missing")
    refused("-- almanac-recipe: 1\nreturn 5", "must end in `return { … }`")
    refused("-- almanac-recipe: 1\nlocal x = {", "recipe%.lua:2: ")
  end)

  it("is refused when an argument is wrongly declared", function()
    local function args(text) return with('{ { "folder", "dir", required = true } }', text) end
    refused(args '{ { "folder", "dirr" } }', "'folder' has the unknown type 'dirr', did you mean 'dir'")
    refused(args '{ { "folder", "dir", requird = true } }', "unknown field 'requird', did you mean 'required'")
    refused(args '{ { "titles", "file" } }', "'titles' is an option of `almanac plan` itself")
    refused(args '{ { "a", "string" }, { "a", "string" } }', "'a' is there twice")
    refused(args '{ { "n", "integer", default = "5" } }', "default of 'n' is a string")
    refused(args '{ { "c", "choice" } }', "needs choices")
  end)

  it("is found by name in a folder of ALMANAC_RECIPES and by path", function()
    program.write(folder .. "/mine/ours/recipe.lua", BASE)
    local env = { ALMANAC_RECIPES = folder .. "/none:" .. folder .. "/mine" }
    local result = program.run({ "recipe", "list" }, { env = env })
    assert.equal(0, result.status)
    assert.matches("ours%s+A test", result.out)
    assert.matches("jpg%-derivatives%s+Add JPG", result.out)
    result = program.run({ "recipe", "show", "ours" }, { env = env })
    assert.matches("test 1%.0%.0: A test", result.out)
    assert.matches("%-%-folder DIR%s+required", result.out)
    result = program.run({ "recipe", "show", "our" }, { env = env })
    assert.equal(1, result.status)
    assert.matches("there is no recipe 'our', did you mean 'ours'", result.err)
    assert(recipe.load(folder .. "/mine/ours"))
    assert.equal("missing", select(3, recipe.load(folder .. "/mine/nothing")))
  end)

  it("extends another: single fields and arguments are replaced, the rest stays", function()
    program.write(folder .. "/base.lua", with("changes =", [[
      examples = { file_key = { ["A.jpg"] = "a" } },
      changes =]]))
    local loaded = assert(load(([[
-- almanac-recipe: 1
return extend "%s/base.lua" {
  name = "variant",
  args = { { "library", "string", default = "LAW" } },
  file_key = function(file) return key.digits(file.name, 1) end,
}]]):format(folder)))
    assert.equal("variant", loaded.name)
    assert.equal("A test", loaded.summary)
    assert.same({ "folder", "library" }, { loaded.args[1][1], loaded.args[2][1] })
    assert.same({ true, "12" }, { rules.file_key(loaded, objects.file "x12y34.jpg", {}) })
    assert.is_nil(loaded.examples.file_key)
    assert.equal(2, #loaded.sources)
  end)

  it("asks for the comma that is missing", function()
    local loaded, message = load '-- almanac-recipe: 1\nreturn extend "jpg-derivatives 1" {\n  name = "x"\n  near = 2,\n}'
    assert.is_nil(loaded)
    assert.matches(":4: '}' expected .* near 'near': is there a comma at the end of the line before%?", message)
  end)

  it("is told by its own file and line when a variant misspells a field", function()
    program.write(folder .. "/base.lua", BASE)
    refused(('-- almanac-recipe: 1\nreturn extend "%s/base.lua" {\n  nam = "v",\n}'):format(folder),
      "recipe%.lua:3: unknown field 'nam', did you mean 'name'")
  end)

  it("can't extend itself", function()
    refused(('-- almanac-recipe: 1\nreturn extend "%s/recipe.lua" { name = "v" }'):format(folder), "extend each other")
  end)

  it("comes back from the sources that a run holds, with what it extends", function()
    program.write(folder .. "/base.lua", BASE)
    local loaded = assert(load(('-- almanac-recipe: 1\nreturn extend "%s/base.lua" { name = "v" }'):format(folder)))
    os.remove(folder .. "/base.lua")
    local restored = assert(recipe.restore(loaded.sources))
    assert.equal(loaded.sha256, restored.sha256)
    assert.equal("v", restored.name)
  end)

  it("has examples, and those that do not hold are told", function()
    local text = with("changes =", [[
      examples = {
        file_key = { ["A.jpg"] = "a", ["b.jpg"] = "c", ["c.jpg"] = false },
        title_keys = { { files = { "x.tif" }, mms_id = "9912", keys = { "9913" } } },
      },
      changes =]])
    local wrong = examples_of.check(assert(load(text)), {})
    assert.equal(3, #wrong)
    assert.matches("file_key of 'b%.jpg' gives 'b', expected 'c'", wrong[1])
    assert.matches("'c%.jpg' gives 'c', expected nothing", wrong[2])
    assert.matches("title_keys of example 1 gives { 9912 }, expected { 9913 }", wrong[3])
  end)

  it("says which example expects what no rule gives", function()
    for _, wrong in ipairs { '["a.jpg"] = { {} }', '["a.jpg"] = {}', '["a.jpg"] = true', '["a.jpg"] = { "a", x = "b" }', '"a.jpg"',
      '[{}] = "a"' } do
      refused(with("changes =", ("examples = { file_key = { %s } },\n  changes ="):format(wrong)),
        "recipe%.lua:7: examples: file_key of '[^']+': expected is text, a number, false for nothing, or a list of texts")
    end
  end)
end)

describe("what is written about recipes", function()
  it("holds: the variant in the reference loads", function()
    local folder = program.folder()
    program.write(folder .. "/r.lua", program.read("recipes/README.md"):match "```lua\n(.-)```")
    local loaded, message = recipe.load(folder .. "/r.lua")
    program.remove(folder)
    assert(loaded, message)
    assert.same({ true, "42" }, { rules.file_key(loaded, objects.file "scan 0042 b.jpg", {}) })
  end)

  it("holds: every recipe that ships passes its own examples", function()
    for _, entry in ipairs(recipe.list()) do
      local loaded = assert(recipe.load(entry.path))
      assert.equal(entry.name, loaded.name)
      assert.same({}, examples_of.check(loaded, arguments.defaults(loaded.args)))
      assert.is_not_nil(next(loaded.examples), entry.name .. " has no examples")
    end
  end)

  it("holds: the reference names everything that a recipe has, and every recipe that ships", function()
    local text = program.read "recipes/README.md"
    local own = require("almanac.recipe.inside.changes").groups()
    own.key = require "almanac.recipe.inside.key"
    for group, functions in pairs(own) do
      for name in pairs(type(functions) == "table" and functions or {}) do
        assert.is_truthy(text:find(("`%s.%s"):format(group, name), 1, true), group .. "." .. name)
      end
      if type(functions) == "function" then assert.is_truthy(text:find(("`%s {"):format(group), 1, true), group) end
    end
    for name in text:gmatch "`(%l+%.[%l_]+)[ (]" do
      local group, field = name:match "(%l+)%.(.+)"
      if type(own[group]) == "table" then assert.is_not_nil(own[group][field], name) end
    end
  end)

  it("holds: editors are told of everything that a recipe has", function()
    local text = program.read "lua/almanac/recipe.d.lua" .. program.read "lua/almanac/recipe_changes.d.lua" ..
      program.read "lua/almanac/recipe_keys.d.lua"
    local own = require("almanac.recipe.inside.changes").groups()
    own.key = require "almanac.recipe.inside.key"
    local told = 0
    for group, functions in pairs(own) do
      for name in pairs(type(functions) == "table" and functions or {}) do
        assert.is_truthy(text:find(("\nfunction %s.%s("):format(group, name), 1, true), group .. "." .. name)
        told = told + 1
      end
      if type(functions) == "function" then assert.is_truthy(text:find(("\nfunction %s("):format(group), 1, true), group) end
    end
    local _, all = text:gsub("\nfunction %l+%.", "")
    assert.equal(told, all)
    assert(load(text))
  end)

  it("holds: luacheck knows the names that a recipe has, no others", function()
    local config = { stds = {}, files = {} }
    assert(loadfile(".luacheckrc", "t", config))()
    local listed = {}
    for i, entry in pairs(config.stds.recipe.read_globals) do
      if type(i) == "number" then listed[entry] = true else listed[i] = entry.fields end
    end
    for _, fields in pairs(listed) do
      if fields ~= true then table.sort(fields) end
    end
    local own = require("almanac.recipe.inside.changes").groups()
    own.key, own.extend = require "almanac.recipe.inside.key", print
    assert.same((require("almanac.recipe.inside.environment").names(own)), listed)
  end)
end)

describe("the rules of a recipe", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function recipe_with(fields)
    program.write(folder .. "/r.lua", [[
-- almanac-recipe: 1
return { name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add" },
  title_keys = function(title) return {} end, changes = function() end,
]] .. fields .. "}")
    return assert(recipe.load(folder .. "/r.lua"))
  end

  local function changes(body, files)
    local loaded = recipe_with("changes = function(title, files, args)\n" .. body .. "\nend,")
    local title = objects.title("9912", "T", { representations = {} })
    return rules.changes(loaded, title, files or { objects.file "a.jpg" }, {})
  end

  it("give keys as text, whole numbers as their digits, nothing as nothing", function()
    local loaded = recipe_with [[file_key = function(file)
      if file.stem == "n" then return 12 elseif file.stem == "e" then return "" elseif file.stem == "t" then return {} end
      return nil
    end]]
    assert.same({ true, "12" }, { rules.file_key(loaded, objects.file "n.jpg", {}) })
    assert.same({ true }, { rules.file_key(loaded, objects.file "e.jpg", {}) })
    assert.same({ true }, { rules.file_key(loaded, objects.file "x.jpg", {}) })
    local ok, message = rules.file_key(loaded, objects.file "d/t.jpg", {})
    assert.is_false(ok)
    assert.matches("a match key is text; this one is a table %(rule file_key, for 'd/t%.jpg'%)", message)
  end)

  it("give each key of a title once, as a list or alone", function()
    local title = objects.title("9912", "T", { representations = {} })
    local loaded = recipe_with 'title_keys = function(title) return { "a", "b", "a", 7 } end'
    assert.same({ true, { "a", "b", "7" } }, { rules.title_keys(loaded, title, {}) })
    loaded = recipe_with 'title_keys = function(title) return "only" end'
    assert.same({ true, { "only" } }, { rules.title_keys(loaded, title, {}) })
    loaded = recipe_with 'title_keys = function(title) end'
    assert.same({ true, {} }, { rules.title_keys(loaded, title, {}) })
  end)

  it("say where they failed: line, rule and case", function()
    local loaded = recipe_with "wants = function(title)\n return title.nothing.there end"
    local ok, message = rules.wants(loaded, objects.title("9912", "T", { representations = {} }), {})
    assert.is_false(ok)
    assert.matches("r%.lua:%d+: attempt to index a nil value %(field 'nothing'%) %(rule wants, for '9912'%)", message)
  end)

  it("see the files of a title by their type, which is in the name and not in the label", function()
    local title = objects.title("9912", "T", { representations = {
      { id = "121", usage_type = "PRESERVATION_MASTER", files = {
        { name = "a.TIFF", label = "a page" }, { name = "b.pdf", label = "b.tif" } } },
      { id = "122", usage_type = "AUXILIARY", files = { { name = "c.jpeg", label = "c" } } },
    } })
    local names = {}
    for file in title:files "tif" do names[#names + 1] = file.name .. " " .. file.stem .. " " .. file.representation.id end
    assert.same({ "a.TIFF a 121" }, names)
    assert.is_true(title:has "jpg")
    assert.is_true(title:has "tiff")
    assert.is_false(title:has "png")
    assert.equal(2, #title:representations())
    assert.equal("122", title:representations("AUXILIARY")[1].id)
  end)

  it("propose changes, one or a list", function()
    local ok, list = changes 'return add.representation { usage_type = "U", library = "L", label = "x", files = files }'
    assert.is_true(ok)
    assert.equal("add.representation", list[1].kind)
    assert.equal("x", list[1].label)
    ok, list = changes "return nil"
    assert.same({ true, {} }, { ok, list })
    ok, list = changes('return { add.representation { usage_type = "U", library = "L", files = { files[1] } }, ' ..
      'add.representation { usage_type = "V", library = "L", files = { files[2] } } }',
      { objects.file "a.jpg", objects.file "b.jpg" })
    assert.is_true(ok)
    assert.equal(2, #list)
  end)

  it("are refused when a change is not what was declared or not of the given files", function()
    local function refused(pattern, body)
      local ok, message = changes((body:gsub("ADD", 'return add.representation { usage_type = "U"')))
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    refused("no field 'labl', did you mean 'label'", 'ADD, library = "L", labl = "x", files = files }')
    refused("add%.representation: 'library' is missing", 'ADD, files = files }')
    refused("'files' is empty", 'ADD, library = "L", files = {} }')
    refused("'label' is a number, not text", 'ADD, library = "L", label = 1, files = files }')
    refused("only files that `changes` was given", 'ADD, library = "L", files = { { name = "x" } } }')
    refused("each once", 'ADD, library = "L", files = { files[1], files[1] } }')
    refused("give what add%.representation", 'return { kind = "delete.everything" }')
  end)

  it("can't propose an effect that is not declared", function()
    program.write(folder .. "/r.lua", [[
-- almanac-recipe: 1
return { name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "update" },
  title_keys = function() return {} end,
  changes = function(title, files) return add.representation { usage_type = "U", library = "L", files = files } end }]])
    local loaded = assert(recipe.load(folder .. "/r.lua"))
    local ok, message = rules.changes(loaded, objects.title("9912", "", { representations = {} }), { objects.file "a.jpg" }, {})
    assert.is_false(ok)
    assert.matches("its effects do not declare 'add'", message)
  end)
end)

describe("a recipe's arguments", function()
  local ARGS = {
    { "folder", "dir", required = true, help = "where the files are" }, { "n", "integer", min = 1, max = 9, default = 2 },
    { "ratio", "number" }, { "deep", "boolean" }, { "kind", "choice", choices = { "web", "print" } },
    { "labels", "list" }, { "list_file", "file" }, { "name", "string" },
  }
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function parse(...)
    local parser = require "argparse" "test"
    arguments.declare(ARGS, parser)
    local ok, given = parser:pparse { ... }
    assert.is_true(ok, given)
    return given
  end

  it("become options and values of their types", function()
    program.write(folder .. "/f.txt", "x")
    local values = assert(arguments.convert(ARGS, parse("--folder", folder, "--n", "5", "--ratio", "0.5", "--deep",
      "--kind", "web", "--labels", "a, b", "--labels", "c", "--list-file", folder .. "/f.txt")))
    assert.same({ folder = folder, n = 5, ratio = 0.5, deep = true, kind = "web", labels = { "a", "b", "c" },
      list_file = folder .. "/f.txt" }, values)
    assert.equal("integer", math.type(values.n))
    assert.is_false(arguments.convert(ARGS, parse("--folder", folder, "--no-deep")).deep)
  end)

  it("have defaults, and values of an earlier run before those", function()
    local values = assert(arguments.convert(ARGS, parse(), { folder = folder, n = 7 }))
    assert.equal(7, values.n)
    assert.equal(2, arguments.convert(ARGS, parse("--folder", folder)).n)
    assert.is_nil(values.deep)
  end)

  it("are told all at once when they are wrong", function()
    local values, message = arguments.convert(ARGS, parse("--n", "12", "--kind", "wb", "--ratio", "x",
      "--list-file", folder, "--name", "caf\xE9"))
    assert.is_nil(values)
    for _, pattern in ipairs { "%-%-folder DIR is missing %(where the files are%)", "%-%-n: 12 is above 9",
      "'wb' is none of web, print; did you mean 'web'", "%-%-ratio: 'x' is no number", "is no file", "%-%-name: is not UTF%-8" } do
      assert.matches(pattern, message)
    end
    assert.matches("does not exist", select(2, arguments.convert(ARGS, parse("--folder", folder .. "/none"))))
    assert.matches("no whole number", select(2, arguments.convert(ARGS, parse("--folder", folder, "--n", "1.5"))))
  end)

  it("are shown by plan --help", function()
    local result = program.run { "plan", "jpg-derivatives", "--help" }
    assert.equal(0, result.status, result.err)
    assert.matches("%-%-folder DIR%s+where the JPGs are, required", result.out)
    assert.matches("%-%-library TEXT%s+owning library %(code%), default: MAIN", result.out)
  end)
end)
