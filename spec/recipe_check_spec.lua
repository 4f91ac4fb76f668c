-- almanac recipe check: what the text of a recipe tells of its changes, and
-- what a stranger's text can not hide.
local names = require "almanac.recipe.names"
local program = require "support.program"
local secrets = require "almanac.recipe.secrets"

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "NAME", summary = "s", version = "1.0.0", license = "MIT",
  effects = { EFFECTS },
  title_keys = function(title) return { title.mms_id } end,
  changes = function(title, files)
    BODY
  end,
}
]]

describe("almanac recipe check", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function write(name, text)
    program.write(("%s/recipes/%s/recipe.lua"):format(folder, name), text)
  end

  local function recipe(declared, body, name)
    local values = { NAME = name or "r", EFFECTS = declared, BODY = body }
    return (RECIPE:gsub("%u%u%u%u+", values))
  end

  local function check(name)
    return program.run({ "recipe", "check", name or "r" }, { folder = folder, env = { HOME = folder, ALMANAC_RECIPES = false } })
  end

  local function remarks(text, ...)
    write("r", text)
    local result = check()
    local list = { ... }
    assert.equal(list[1] and 2 or 0, result.status, result.out .. result.err)
    for _, words in ipairs(list) do assert.matches(words, result.out, 1, true) end
    if list[1] then assert.matches(#list == 1 and "\n1 remark\n" or ("\n%d remarks\n"):format(#list), result.out, 1, true) end
  end

  local ADD = "return add.representation { usage_type = 'U', library = 'L', files = files }"
  local HELD = "local held = title:files('jpg')()\n    "

  it("names what a rule reads of titles without the field reads, once, and its line", function()
    local text = recipe('"add"', ADD):gsub("title.mms_id", 'title.record:get "852$j", title.record:get "099$a"')
    remarks(text, 'recipe.lua:5: title.record is there only with the field reads = { "record" }\n')
    remarks((text:gsub("effects", 'reads = { "record" }, effects')))
    remarks(recipe('"add"', "-- title.record\n    local first = title:items()[1]\n    if not first then return nil, 'no' end\n    " .. ADD),
      'recipe.lua:8: title:items() is there only with the field reads = { "items" }\n')
  end)

  describe("of effects", function()
    it("has nothing to say when they are those of the changes", function()
      remarks(recipe('"add"', ADD))
      remarks(recipe('"add", "delete"', HELD .. "return replace.file { file = held, with = files[1] }"))
      remarks(recipe('"add"', HELD .. "return replace.file { file = held, with = files[1], keep = true }"))
      remarks(recipe('"delete"', HELD .. "-- add.file, 'update.representation'\n    return delete.file { file = held }"))
      remarks(recipe('"delete-master"', HELD:gsub("jpg", "tif") .. "return delete.file { file = held }"))
      remarks(recipe('"delete", "delete-master"', HELD .. "return delete.file { file = held }"))
      remarks(recipe('"delete"', HELD .. "local add = { file = held }\n    return delete.file(add)"))
    end)

    it("names a kind of change that they do not declare, and its line", function()
      remarks(recipe('"add"', HELD .. "if held then return delete.file { file = held } end\n    " .. ADD),
        "recipe.lua:8: makes delete.file, but effects do not declare 'delete': a plan with it is refused; declare it\n")
      remarks(recipe('"add"', HELD .. "return replace.file { file = held, with = files[1], keep = not files[2] }"),
        "makes replace.file, but effects do not declare 'delete': a plan with it is refused; declare it, or give keep = true")
    end)

    it("sees through another name for it", function()
      remarks(recipe('"add"', HELD .. "local away = delete\n    if held then return away.file { file = held } end\n    " .. ADD),
        "makes delete, but effects do not declare 'delete'", "recipe.lua:9: makes delete.file")
      remarks(recipe('"add"', HELD .. "local d = { delete.file }\n    if held then return d[1] { file = held } end\n    " .. ADD),
        "recipe.lua:8: makes delete.file")
    end)

    it("names one that no change has", function()
      remarks(recipe('"add", "delete-master"', ADD), "recipe.lua:4: effects declare 'delete-master', which no change here has")
      remarks(recipe('"add", "update", "delete"', ADD), "recipe.lua:4: effects declare 'delete', which no change here has: leave it out",
        "recipe.lua:4: effects declare 'update'")
    end)

    it("looks at the rules that a variant has from its base, and at those that it replaces", function()
      write("base", recipe('"add"', HELD .. "if held then return delete.file { file = held } end\n    " .. ADD, "base"))
      remarks('-- almanac-recipe: 1\nreturn extend "base 1" { name = "r" }\n',
        "recipe.lua: makes delete.file (base, line 8), but effects do not declare 'delete'")
      remarks('-- almanac-recipe: 1\nreturn extend "base 1" { name = "r", effects = { "add", "delete" } }\n')
      remarks('-- almanac-recipe: 1\nreturn extend "base 1" { name = "r",\n  changes = function(title)\n' ..
        "    return delete.file { file = title:files 'jpg' () }\n  end }\n",
        "recipe.lua:4: makes delete.file, but effects",
        "effects declare 'add', which no change here has: leave it out; it is what the base")
    end)

    it("names an effect of records that no change has", function()
      remarks(recipe('"add", "create-bib"', ADD), "recipe.lua:4: effects declare 'create-bib', which no change here has: leave it out")
    end)
  end)

  describe("of names", function()
    it("hears no comment that wants it to be silent", function()
      for _, comment in ipairs { "-- luacheck: ignore", "-- luacheck: push ignore 113", "-- luacheck: globals os",
        "-- luacheck: std max" } do
        remarks(recipe('"add"', comment .. "\n    if files[9] then return os.time() end " .. comment .. "\n    " .. ADD),
          "recipe.lua:8: recipes have no 'os'")
      end
    end)

    it("shows no name that would move the cursor", function()
      write("r", recipe('"add"', 'if files[9] then return key["a\\27[2J"]() end\n    ' .. ADD))
      local result = check()
      assert.equal(2, result.status)
      assert.matches("recipe.lua:7: key has no", result.out, 1, true)
      assert.is_nil(result.out:find("\27", 1, true))
    end)

    it("ends with a text that is made to keep it busy", function()
      local hook, steps, memory = debug.gethook(), names.steps, names.memory
      local text = "local x = 1 " .. ("if x then x = x + 1 end "):rep(2000)
      for _, limits in ipairs { { 1000000, memory, "time" }, { steps, 1000000, "memory" } } do
        names.steps, names.memory = limits[1], limits[2]
        local issues, message = names.look(text, {})
        names.steps, names.memory = steps, memory
        assert.is_nil(issues)
        assert.equal(limits[3] == "time" and "luacheck took too long: is the text made to?" or
          "luacheck took too much memory: is the text made to?", message)
      end
      assert.is_table((names.look("local x = 1", {})))
      assert.equal(hook, debug.gethook())
    end)
  end)

  describe("of keys", function()
    local FOUND = {
      "-- l8xx0123456789abcdef0123456789abcdef", "-- L7XX0123456789abcdef0123456789abcdef", "--[[ AKIA1234567890ABCDEF ]]",
      "-- aws wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE7", "-- aws_secret_access_key=abcdefghij/klmnop1qrstuvwxyz",
      "-- Authorization: apikey 0123456789abcdef", "-- curl -H 'Authorization: Basic dXNlcjpwYXNzd29yZDE='",
      "-- Bearer abcdefghijklmnopqrstuvwxyz012345",
      "-- -----BEGIN RSA PRIVATE KEY-----", "-- https://ann:geheim@library.example/scans", "-- ?apikey=abcdefghijklm0123456789",
    }
    local FINE = {
      "-- the API key of the library is not needed", "-- Authorization: see the documentation of the collections team",
      "-- secret = the collection of secret diaries from the archive",
      "-- sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "-- AKIA is a prefix, as in AKIA_collections", "-- grinnell_16037_OBJ_20190101_master_preservation_copy.tif",
      "-- https://library.example:8080/a@b", "-- 990012345678904146 81123456780004146 9912345678900041460",
      "-- a bearer token is not for recipes",
    }

    it("finds them in comments, of many kinds, and nothing in words about them", function()
      for _, line in ipairs(FOUND) do
        local list = secrets.of("x\n" .. line .. "\n")
        assert.equal(1, #list, line)
        assert.equal(2, list[1].line)
      end
      for _, line in ipairs(FINE) do assert.same({}, secrets.of(line), line) end
    end)

    it("tells them whatever else is wrong", function()
      local secret = "l8xx0123456789abcdef0123456789abcdef"
      for _, text in ipairs { "-- almanac-recipe: 1\nreturn nothing {\n-- " .. secret .. "\n", "no recipe\n\n-- " .. secret,
          (recipe('"add"', ADD):gsub("summary = ", "sumary = "):gsub("MIT\",\n", "%0-- " .. secret .. "\n", 1)) } do
        write("r", text)
        local result = check()
        assert.equal(1, result.status)
        assert.matches("recipe.lua:%d: holds what looks like an API key of Ex Libris", result.out)
        assert.is_nil((result.out .. result.err):find(secret, 1, true))
      end
    end)
  end)
end)
