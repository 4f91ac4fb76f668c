-- What is known of recipes without running them, and which version of its base
-- a variant is for.
local header = require "almanac.recipe.inside.header"
local pack = require "almanac.recipe.share.pack"
local program = require "support.program"
local secrets = require "almanac.recipe.secrets"
local shared = require "support.shared"

describe("a recipe that has the name of a shipped one", function()
  local folder

  before_each(function()
    folder = program.folder()
    local text = program.read "recipes/by-mms-id/recipe.lua"
    program.write(folder .. "/recipes/by-mms-id/recipe.lua", (text:gsub("file_key = function%(file, args%)\n", "%0    error 'strange'\n", 1)
      :gsub("whose name or folder is the MMS ID", "of a stranger")))
  end)
  after_each(function() program.remove(folder) end)

  local function almanac(...)
    return program.run({ "recipe", ... }, { folder = folder, env = { HOME = folder, ALMANAC_RECIPES = false } })
  end

  it("is no base of shipped recipes", function()
    for _, name in ipairs { "by-barcode", "by-sidecar-number", "by-map" } do
      assert.equal(0, almanac("test", name).status)
    end
    assert.equal(2, almanac("check", "by-mms-id").status)
  end)

  it("is the base of one's own", function()
    program.write(folder .. "/recipes/ours/recipe.lua", '-- almanac-recipe: 1\nreturn extend "by-mms-id 1" { name = "ours" }\n')
    assert.matches("strange", almanac("check", "ours").out, 1, true)
    program.write(folder .. "/recipes/ours/recipe.lua", '-- almanac-recipe: 1\nreturn extend "by-barcode 1" { name = "ours" }\n')
    assert.equal(0, almanac("check", "ours").status)
  end)

  it("is said to hide it, by list and check", function()
    local out = almanac("list").out
    assert.matches("of a stranger", out, 1, true)
    assert.matches("note: recipes/by-mms-id/recipe.lua is taken, not ", out, 1, true)
    local first = almanac("list", "--json").out
    assert.matches('"hides":[', first, 1, true)
    assert.matches("note: recipes/by-mms-id/recipe.lua is taken, not almanac's own recipe of the same name",
      almanac("check", "by-mms-id").out, 1, true)
  end)

  it("keeps its rules in a run file beside those of the shipped one", function()
    local recipes = require "almanac.recipe"
    local loaded = assert(recipes.load "by-barcode")
    local again = assert(recipes.restore(loaded.sources))
    assert.equal(loaded.sha256, again.sha256)
    recipes.close(loaded)
    recipes.close(again)
  end)
end)

describe("the text of a recipe", function()
  it("tells what it is, without being run", function()
    local found = header.read(shared.recipe())
    assert.same({ "scans", "Scans by number", "1.0.0", "MIT" }, { found.name, found.summary, found.version, found.license })
    assert.same({ "add" }, found.effects)
    assert.same({ "naming", "newspapers" }, found.categories)
    assert.same({ "Grinnell College" }, found.institutions)
    assert.equal("Scans by number.", found.description)
  end)

  it("is not misread where a field stands in a comment, in another table or is no plain text", function()
    local found = header.read([[
-- almanac-recipe: 1
local name = "local"
local t = { name = "inner" }
return {
  -- name = "comment",
  summary = "a" .. "b",
  name = "right", effects = {}, version = '1.0.0',
}
]])
    assert.equal("right", found.name)
    assert.is_nil(found.version)
    assert.same({}, found.effects)
  end)

  it("is read to its end however it is made", function()
    local N, FIRST = 1 << 20, "-- almanac-recipe: 1\n"
    for _, text in ipairs { ("x"):rep(N), ("x"):rep(N) .. "\r",
        "return {\n" .. ("\n"):rep(N) .. "x", "-- categories: x" .. (" "):rep(N) .. "y\n",
        "-- x" .. (" "):rep(N) .. "y\n", "-- categories: x," .. (" "):rep(N) .. ",y\n", "\nreturn {" .. (",effects={"):rep(N // 10),
        "\nreturn { name" .. (" "):rep(N), "return extend" .. (" "):rep(N), "return extend \"x" .. (" "):rep(N) .. "y\" {}" } do
      header.base_name(header.read(FIRST .. text).extends or "")
      header.code(text)
    end
    for _, text in ipairs { "apikey" .. (" "):rep(N) .. "-", ("secret"):rep(N // 60), ("://a:"):rep(N // 60), ("\n"):rep(N // 10) } do
      assert.same({}, secrets.of(text))
    end
    local key = "l8xx0123456789abcdef0123456789abcdef"
    for _, length in ipairs { 0, 780, 1180, 1200, 2000, 100000 } do
      assert.equal(1, #secrets.of(("x "):rep(length // 2) .. key .. (" x"):rep(1000)), length)
    end
  end)

  it("names what it extends, and the major version that it was written for", function()
    local found = header.read '-- almanac-recipe: 1\nreturn extend "jpg-derivatives 2" { name = "x" }\n'
    assert.equal("jpg-derivatives 2", found.extends)
    assert.same({ "jpg-derivatives", 2 }, { header.base_name(found.extends) })
    assert.same({ "jpg-derivatives" }, { header.base_name "jpg-derivatives" })
    assert.same({ "a folder/recipe.lua" }, { header.base_name "a folder/recipe.lua" })
  end)
end)

describe("almanac recipe", function()
  local desk, almanac

  before_each(function()
    desk = shared.desk()
    almanac = desk.almanac
  end)
  after_each(function() desk.remove() end)

  it("names where a recipe that comes with almanac is, without a way back in the path", function()
    local result = program.run({ "recipe", "show", "by-date", "--header" }, { folder = "spec",
      env = { ALMANAC_RECIPES = false, ALMANAC_LUA = os.getenv "PWD" .. "/spec/../lua" } })
    assert.matches("\n/[^\n]+/recipes/by%-date/recipe.lua\n", result.out)
    assert.is_nil(result.out:find("/../", 1, true))
  end)

  local function own(name, text)
    program.write(("%s/recipes/%s/recipe.lua"):format(desk.folder, name), text)
  end

  it("lists and finds recipes that would not end or can't be run", function()
    own("endless", shared.recipe { ["return {"] = "while true do end\nreturn {", ["Scans by number\""] = "Endless\27[2J\"" })
    own("broken", "return")
    own("variant", '-- almanac-recipe: 1\n-- For Óbidos.\nreturn extend "endless 1" { name = "variant" }\n')
    local result = almanac("recipe", "list")
    assert.equal(0, result.status, result.err)
    assert.matches("endless +Endless<1B>%[2J %(1%.0%.0%)\n", result.out)
    assert.matches("broken +WRONG: recipes/broken/recipe.lua: line 1 must be", result.out)
    assert.matches("variant +Endless", result.out)
    result = almanac("recipe", "search", "grinnell", "NEWSPAPERS")
    assert.equal(0, result.status)
    assert.matches("^endless", result.out)
    assert.is_nil(result.out:find("variant", 1, true))
    assert.matches("^variant", almanac("recipe", "search", "óbidos").out)
    assert.equal(1, almanac("recipe", "search", "xylophone").status)
    result = almanac("recipe", "show", "endless", "--header")
    assert.equal(0, result.status)
    assert.matches("effects: add\n.*categories: naming, newspapers\ninstitutions: Grinnell College\n", result.out)
  end)

  it("shows the head of a recipe that can't be loaded, and why", function()
    own("scans", shared.recipe { ["file_key ="] = "file_kee =" })
    local result = almanac("recipe", "show", "scans")
    assert.equal(1, result.status)
    assert.matches("scans 1.0.0: Scans by number", result.out, 1, true)
    assert.matches("unknown field 'file_kee'", result.err, 1, true)
  end)

  describe("with a variant", function()
    local function variant(extends)
      own("ours", ('-- almanac-recipe: 1\nreturn extend "%s" {\n  name = "ours",\n  file_key = function(file) return file.stem end,\n}\n')
        :format(extends))
    end

    before_each(function()
      own("scans", shared.recipe { ['"1.0.0"'] = '"2.1.0"', ['"7"'] = '"a 7"', ["key.digits(file.name, 1)"] = "file.stem" })
    end)

    it("of another major version of its base, says what may mean something else, and goes on", function()
      variant "scans 1"
      local words = "ours was written for scans 1; the one at hand is 2.1.0. It replaces file_key, which may mean something else now"
      local result = almanac("recipe", "check", "ours")
      assert.equal(2, result.status)
      assert.matches(words, result.out, 1, true)
      assert.matches('write extend "scans 2"', result.out, 1, true)
      result = almanac("recipe", "test", "ours")
      assert.equal(0, result.status)
      assert.matches(words, result.err, 1, true)
      result = almanac("plan", "ours", "--folder", ".", "--titles", "9910000000013904146", "-o", "a.run", "--url", "http://127.0.0.1:1")
      assert.matches(words, result.err, 1, true)
    end)

    it("of this one has nothing to say; without a number check recommends it", function()
      variant "scans 2"
      local result = almanac("recipe", "check", "ours")
      assert.equal(0, result.status, result.out .. result.err)
      variant "scans"
      assert.equal(0, almanac("recipe", "test", "ours").status)
      result = almanac("recipe", "check", "ours")
      assert.equal(2, result.status)
      assert.matches('say which version it is written for: extend "scans 2"', result.out, 1, true)
    end)
  end)
end)

describe("a pack", function()
  it("that was changed anywhere gives no other file than it held", function()
    local files = { { path = "README.md", text = "# a\nfile text 3 x\nend\n" }, { path = "recipe.lua", text = shared.recipe() },
      { path = "sample/a.jpg", text = "\xFF\0\1" } }
    local good, held = pack.encode { files = files }, {}
    for _, file in ipairs(files) do held[file.text] = true end
    assert.same(files, assert(pack.decode(good, "good")).files)
    for i = 1, #good do
      local before, after = good:sub(1, i - 1), good:sub(i + 1)
      for _, changed in ipairs { before, before .. "9" .. after, before .. "\n" .. good:sub(i) } do
        local parcel = pack.decode(changed, "changed")
        for _, file in ipairs(parcel and parcel.files or {}) do assert.is_true(held[file.text], changed) end
      end
    end
  end)
end)
