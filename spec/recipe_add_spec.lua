-- almanac recipe add: how a stranger's recipe comes in, and what does not.
local core = require "almanac.core"
local pack = require "almanac.recipe.share.pack"
local parcels = require "almanac.recipe.share.parcel"
local program = require "support.program"
local shared = require "support.shared"

local LOCK = "recipes/almanac.lock"

describe("almanac recipe", function()
  local desk, almanac, add

  before_each(function()
    desk = shared.desk()
    almanac, add = desk.almanac, desk.add
    shared.write(desk.source)
  end)
  after_each(function() desk.remove() end)

  local function sh(line, ...)
    local words = {}
    for i, word in ipairs { ... } do words[i] = program.quote(word) end
    assert(os.execute(("(%s) >/dev/null 2>&1"):format(line:format(table.unpack(words)))), line)
  end

  local function refused(pattern, result)
    assert.equal(1, result.status, result.out)
    assert.matches(pattern, result.err, 1, true)
    assert.is_false(desk.has "recipes/scans/recipe.lua")
    assert.is_false(desk.has(LOCK))
  end

  describe("add", function()
    it("shows effects, tests and source, puts a folder's recipe here and pins every file", function()
      local result = add()
      assert.equal(0, result.status, result.err)
      assert.matches("scans 1.0.0: Scans by number\nlicense MIT · effects: add\n", result.out, 1, true)
      assert.matches("institutions: Grinnell College", result.out, 1, true)
      assert.matches("ok    sample: 1 row as expected", result.out, 1, true)
      assert.matches("   9    version = \"1.0.0\",", result.out, 1, true)
      assert.equal(shared.recipe(), desk.read "recipes/scans/recipe.lua")
      local lock = desk.read(LOCK)
      assert.matches("recipe scans 1.0.0\n  from " .. desk.source .. "\n  on ", lock, 1, true)
      for _, name in ipairs { "README.md", "recipe.lua", "sample/expected.csv" } do
        local hash = core.hash.sha256(desk.read("recipes/scans/" .. name))
        assert.matches(("  file %s %s\n"):format(hash, name), lock, 1, true)
      end
      assert.equal(0, almanac("recipe", "test", "scans").status)
      assert.matches("from " .. desk.source, almanac("recipe", "show", "scans").out, 1, true)
    end)

    it("takes nothing that nobody agreed to", function()
      refused("--yes", almanac("recipe", "add", desk.source))
      local line = ("cd %s && printf 'n\\n' | script -qec %s /dev/null"):format(program.quote(desk.folder),
        program.quote(("%s recipe add %s"):format(program.quote(program.path()), program.quote(desk.source))))
      os.execute(line .. " >/dev/null 2>&1")
      assert.is_false(desk.has "recipes/scans/recipe.lua")
      os.execute(line:gsub("n\\n", "y\\n") .. " >/dev/null 2>&1")
      assert.is_true(desk.has "recipes/scans/recipe.lua")
    end)

    it("reads a single recipe.lua, by its path or as file://", function()
      assert.equal(0, add(desk.source .. "/recipe.lua").status)
      assert.is_false(desk.has "recipes/scans/README.md")
      assert.equal(0, add("file://" .. desk.source .. "/recipe.lua", "--to", "other").status)
      assert.equal(shared.recipe(), desk.read "other/scans/recipe.lua")
      assert.matches("recipe scans", desk.read "other/almanac.lock")
    end)

    it("reads a revision of a git repository, and the folder of it that is named", function()
      local work = desk.source .. "/work"
      shared.write(work)
      sh("cd %s && git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -qm one && git tag v1", work)
      shared.write(work, { ["recipe.lua"] = shared.recipe { ['"1.0.0"'] = '"2.0.0"' } })
      shared.write(work .. "/recipes/more", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"more"' } })
      sh("cd %s && git add . && git -c user.name=a -c user.email=a@b commit -qm two && git clone -q --bare . %s",
        work, desk.source .. "/r.git")
      local result = add(work .. "@v1")
      assert.equal(0, result.status, result.err)
      assert.matches("commit %x+\n", desk.read(LOCK))
      assert.matches("recipe scans 1.0.0", desk.read(LOCK), 1, true)
      result = add(desk.source .. "/r.git")
      assert.equal(0, result.status, result.err)
      assert.matches("-  version = \"1.0.0\",\n+  version = \"2.0.0\",", result.out, 1, true)
      result = add(desk.source .. "/r.git#recipes/more")
      assert.equal(0, result.status, result.err)
      assert.is_true(desk.has "recipes/more/recipe.lua")
      result = add(work .. "@v9")
      assert.equal(1, result.status)
      assert.matches("has no revision 'v9'", result.err, 1, true)
    end)

    it("says which recipes a repository has when there are several", function()
      shared.write(desk.source .. "/w/recipes/a")
      shared.write(desk.source .. "/w/recipes/b")
      sh("cd %s && git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -qm one", desk.source .. "/w")
      refused("#recipes/a #recipes/b", add("git+file://" .. desk.source .. "/w"))
    end)

    it("follows no link out of the recipe's folder, in a folder or in git", function()
      program.write(desk.folder .. "/secret", "secret\n")
      sh("ln -s %s %s", desk.folder .. "/secret", desk.source .. "/sample/list.csv")
      refused("is a link", add())
      sh("cd %s && git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -qm one", desk.source)
      refused("is a link", add("git+file://" .. desk.source))
    end)

    it("refuses a pack with names that lead out, hidden, twice or foreign", function()
      local cases = { ["../evil"] = "leads out", ["/etc/x"] = "leads out", ["sample/../../x"] = "leads out", ["sample/.bashrc"] = "hidden",
        ["C:/x"] = "leads out", ["sample\\x"] = "characters", ["run.sh"] = "does not belong", ["README.MD"] = "does not belong",
        ["sample//x"] = "empty" }
      for path, words in pairs(cases) do
        local text = pack.encode { files = { { path = path, text = "x" }, { path = "recipe.lua", text = shared.recipe() } } }
        program.write(desk.source .. "/p.pack", text)
        refused(words, add(desk.source .. "/p.pack"))
      end
      local twice = { { path = "recipe.lua", text = shared.recipe() }, { path = "sample/A", text = "" }, { path = "sample/a", text = "" } }
      program.write(desk.source .. "/p.pack", pack.encode { files = twice })
      refused("twice", add(desk.source .. "/p.pack"))
    end)

    it("refuses a pack that is cut, changed or too large", function()
      local good = pack.encode(assert(parcels.of_folder(desk.source)))
      for words, text in pairs { ["cut or was changed"] = good:sub(1, -20), ["changed on the way"] = good:gsub("by number", "by Number"),
          ["line ends"] = good:gsub("\n", "\r\n") } do
        program.write(desk.source .. "/p.pack", text)
        refused(words, add(desk.source .. "/p.pack"))
      end
      local large = pack.encode { files = { { path = "sample/a", text = ("x"):rep(parcels.largest_file + 1) } } }
      program.write(desk.source .. "/p.pack", large)
      refused("too much for a recipe", add(desk.source .. "/p.pack"))
    end)

    it("refuses what is no recipe, what can't be loaded and whose tests do not hold", function()
      program.write(desk.source .. "/x.html", "<!doctype html>\n")
      refused("it is a web page", add(desk.source .. "/x.html"))
      refused("No such file", add(desk.source .. "/nothing"))
      program.write(desk.source .. "/recipe.lua", shared.recipe { ["file_key ="] = "file_kee =" })
      refused("recipe.lua:15: unknown field 'file_kee'", add())
      program.write(desk.source .. "/recipe.lua", shared.recipe { ['"7"'] = '"8"' })
      refused("its own tests do not hold", add())
      program.write(desk.source .. "/recipe.lua", shared.recipe { ["return {"] = "os.execute 'touch out'\nreturn {" })
      refused("os", add())
    end)

    it("looks at no file and writes none outside the sample's folder", function()
      local out = desk.source .. "/outside.jpg"
      for _, name in ipairs { "../" .. out:sub(2), "../../" .. out:match "[^/]+/[^/]+$", out, "../outside.jpg" } do
        shared.write(desk.source, { ["sample/files.txt"] = "12.jpg\n" .. name .. "\n" })
        refused("sample/files.txt:2:", add())
        assert.is_nil(core.files.stat(out))
      end
      shared.write(desk.source, { ["sample/args.csv"] = "argument,value\nfolder,../../..\n" })
      refused("sample/args.csv:2: '../../..' leads out", add())
      os.remove(desk.source .. "/sample/args.csv")
      shared.write(desk.source, { ["sample/files.txt"] = "12.jpg\n", ["sample/titles.csv"] = "SQLite format 3\0" .. ("x"):rep(100) })
      refused("titles.csv", add())
    end)

    it("leaves a recipe of one's own alone", function()
      program.write(desk.folder .. "/recipes/scans/recipe.lua", "-- mine")
      local result = add()
      assert.equal(1, result.status)
      assert.matches("did not come from elsewhere", result.err, 1, true)
      assert.equal("-- mine", desk.read "recipes/scans/recipe.lua")
    end)

    it("shows what would move the cursor or turn the writing, as what it is", function()
      program.write(desk.source .. "/recipe.lua", shared.recipe { ["Scans by number."] = "Scans \27[2J\u{202E}by number." })
      local result = add()
      assert.equal(0, result.status, result.err)
      assert.matches("Scans <1B>[2J<U+202E>by number.", result.out, 1, true)
      assert.is_nil(result.out:find("\27", 1, true))
    end)
  end)
end)
