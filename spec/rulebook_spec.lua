-- The rules of recipes stand in one list: the reference, editors, checks,
-- examples and both sides of the guard go by it.
local check = require "almanac.recipe.inside.check"
local program = require "support.program"
local recipe = require "almanac.recipe"
local rulebook = require "almanac.recipe.inside.rulebook"
local examples_of = require "almanac.recipe.examples"

-- What stands between two lines of a text.
local function between(text, from, to)
  local _, start = text:find(from, 1, true)
  return assert(text:sub(assert(start, from) + 1):match("^(.-)" .. to), from)
end

local function named(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return set
end

-- Without this one the rules about records have no record.
local NEEDS_RECORD_KEY = { record_key = "r.lua: 'record_files' goes with the rule 'record_key', which is missing" }

describe("the list of rules", function()
  it("is that of the reference, with what each rule gets", function()
    local told, described = {}, {}
    for line in between(program.read "recipes/README.md", "\n## Fields\n", "\n## "):gmatch "[^\n]+" do
      told[#told + 1] = line:match "^| `([%l_]+%(.-%))`"
    end
    for i, rule in ipairs(rulebook.rules) do
      local names = {}
      for n, parameter in ipairs(rulebook.parameters[rule.of]) do names[n] = parameter[1] end
      described[i] = ("%s(%s)"):format(rule.name, table.concat(names, ", "))
    end
    assert.same(named(described), named(told))
  end)

  it("is that of the reference's examples", function()
    local told, described = {}, { sidecars = true, open = true }
    for cell in between(program.read "recipes/README.md", "\n## Examples\n", "\n## "):gmatch "\n| (`.-) |" do
      for name in cell:gmatch "`([%l_]+) = {" do told[name] = true end
    end
    for _, rule in ipairs(rulebook.with_examples()) do described[rule.name] = true end
    assert.same(described, told)
  end)

  it("is that of editors, with what each rule gets and gives", function()
    local told, described = {}, {}
    local fields = between(program.read "lua/almanac/recipe.d.lua", "\n---@class recipe.recipe\n", "\n\n")
    for line in fields:gmatch "[^\n]+" do
      if line:find(" fun(", 1, true) then told[#told + 1] = line end
    end
    for i, rule in ipairs(rulebook.rules) do
      local parameters = {}
      for n, parameter in ipairs(rulebook.parameters[rule.of]) do parameters[n] = parameter[1] .. ": " .. parameter[2] end
      described[i] = ("---@field %s%s fun(%s): %s %s"):format(rule.name, "?", table.concat(parameters, ", "),
        rule.returns, rule.doc)
    end
    for _, line in ipairs(described) do assert.is_true(named(told)[line], "recipe.d.lua lacks: " .. line) end
    assert.equal(#described, #told)
  end)

  it("says what is needed: a recipe without both of a pair is refused, and so is one with something else than a function", function()
    local function whole()
      local raw = { name = "x", summary = "x", version = "1.0.0", license = "MIT", effects = {} }
      for _, rule in ipairs(rulebook.rules) do raw[rule.name] = print end
      return raw
    end
    local source = { path = "r.lua", text = "" }
    assert.is_true((check.recipe(whole(), source)))
    for _, rule in ipairs(rulebook.rules) do
      local raw = whole()
      raw[rule.name] = nil
      if rule.needed_without then raw.record_key, raw.record_files, raw.missing, raw.save_as = nil, nil, nil, nil end
      local ok, message = check.recipe(raw, source)
      assert.equal(rule.needed_without and "r.lua: the field '" .. rule.name .. "' is missing" or NEEDS_RECORD_KEY[rule.name], message)
      assert.equal(message == nil or nil, ok)
      raw[rule.name] = "x"
      ok, message = check.recipe(raw, source)
      assert.is_nil(ok)
      assert.equal(("r.lua: '%s' must be a function, it is a string"):format(rule.name), message)
    end
  end)
end)

describe("a rule about files", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local HEAD = [[
-- almanac-recipe: 1
return %s {
  name = %q, summary = "r", version = "1.0.0", license = "MIT", effects = {}, title_keys = function() return {} end,
  %s
}
]]

  local function write(name, fields, base)
    program.write(("%s/%s/recipe.lua"):format(folder, name), HEAD:format(base or "", name, fields))
  end

  it("keeps the examples of its base in a variant that does not replace it", function()
    for _, rule in ipairs(rulebook.with_examples "names") do
      write("base", ([[file_key = function() return "k" end, %s = function() return "x" end, examples = { %s = { ["a.jpg"] = "y" } },]])
        :format(rule.name, rule.name))
      write("variant", "", ('extend "%s/base/recipe.lua"'):format(folder))
      local loaded = assert(recipe.load(folder .. "/variant/recipe.lua"))
      assert.same({ ["a.jpg"] = "y" }, loaded.examples[rule.name])
      assert.equal(1, #examples_of.check(loaded, {}))
      recipe.close(loaded)
    end
  end)

  it("that fails is told by explain, of each rule", function()
    program.write(folder .. "/scans/a.jpg", "\xFF\xD8")
    for _, rule in ipairs(rulebook.about "file") do
      local fields = [[file_key = function() return "k" end, args = { { "folder", "dir" } }, %s = function() error "no" end,]]
      write("r", fields:format(rule.name))
      local result = program.run({ "recipe", "explain", "r/recipe.lua", "a.jpg" }, { folder = folder })
      assert.matches(("\n  %-11s failed: r/recipe%%.lua:%%d+: no %%(rule %s, for 'a%%.jpg'%%)"):format(rule.name, rule.name), result.out)
    end
  end)

  -- almanac with a library in which the list has one more rule.
  local function with_rule(entry)
    local here = assert(package.searchpath("almanac.json", package.path)):match "^(.*)/almanac/json%.lua$"
    assert(os.execute(("mkdir %s/lua && cp -r %s/almanac %s/lua/"):format(folder, program.quote(here), folder)))
    local path = folder .. "/lua/almanac/recipe/inside/rulebook.lua"
    local text = program.read(path):gsub("\n  {\n    name = \"title_keys\"", function(rest) return "\n" .. entry .. rest end)
    program.write(path, text)
    return function(...)
      return program.run({ ... }, { folder = folder, env = { ALMANAC_LUA = folder .. "/lua" } })
    end
  end

  it("that is added to the list is checked, tried, told and asked, and nothing else has to be said", function()
    local almanac = with_rule [[
  { name = "shelf", of = "file", gives = "text", noun = "a shelf", seen_as = "shelf", examples = "names",
    nothing = "nothing: it stands on none", returns = "string|nil", doc = "where it stands" },]]
    local FIELDS = [[args = { { "folder", "dir", required = true } },
  file_key = function(file) return file.stem end,
  shelf = function(file) return %s end,
  examples = { shelf = { ["a.jpg"] = %q } },]]
    program.write(folder .. "/scans/a.jpg", "\xFF\xD8")
    program.write(folder .. "/r/sample/titles.csv", "mms_id,title,usage_type,file_name\n9910000000013904146,A,PRESERVATION_MASTER,a.tif\n")
    program.write(folder .. "/r/sample/files.txt", "a.jpg\n")

    write("r", FIELDS:format("file.stem:upper()", "A"))
    local result = almanac("recipe", "test", "r/recipe.lua", "--accept")
    assert.matches("ok    1 example\n", result.out .. result.err, 1, true)
    assert.equal(0, result.status)
    assert.matches("  shelf       'A'\n", almanac("recipe", "explain", "r/recipe.lua", "a.jpg").out, 1, true)
    write("r", FIELDS:format("nil", "A"))
    assert.matches("shelf of 'a.jpg' gives nothing (the file is left out), expected 'A'",
      almanac("recipe", "test", "r/recipe.lua").out, 1, true)
    assert.matches("  shelf       nothing: it stands on none\n", almanac("recipe", "explain", "r/recipe.lua", "a.jpg").out, 1, true)
    write("r", (FIELDS:gsub("shelf =", "shelv ="):format("nil", "A")))
    assert.matches("unknown field 'shelv', did you mean 'shelf'?", almanac("recipe", "check", "r/recipe.lua").err, 1, true)
    write("r", (FIELDS:format("{}", "A"):gsub("examples = .*", "")))
    assert.matches("a shelf is text; this one is a table (rule shelf, for 'a.jpg')", almanac("recipe", "test", "r/recipe.lua").err, 1, true)
  end)
end)
