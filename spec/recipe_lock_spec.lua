-- The lock file: what came from elsewhere stays as it was accepted.
local core = require "almanac.core"
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

  describe("what was added", function()
    local function append(name, text) program.write(desk.folder .. "/" .. name, desk.read(name) .. text) end

    local function replace(name, from, to)
      local text = desk.read(name)
      local first, last = text:find(from, 1, true)
      program.write(desk.folder .. "/" .. name, text:sub(1, assert(first, from) - 1) .. to .. text:sub(last + 1))
    end

    it("is not loaded once a file of it changed, until that is accepted", function()
      assert.equal(0, add().status)
      append("recipes/scans/recipe.lua", "-- changed\n")
      local commands = { { "recipe", "check", "scans" }, { "recipe", "test", "recipes/scans" }, { "plan", "scans", "-o", "a.run" } }
      for _, command in ipairs(commands) do
        local result = almanac(table.unpack(command))
        assert.equal(1, result.status)
        assert.matches("changed since it was accepted on .- %(recipe.lua%)", result.err)
      end
      for _, path in ipairs { "recipe.lua", "./recipe.lua", "../scans", "sample/../recipe.lua", "." , "./" } do
        local result = program.run({ "recipe", "check", path }, { folder = desk.folder .. "/recipes/scans" })
        assert.matches(path == "." and "no recipe" or "changed since it was accepted", result.err, 1, true)
      end
      assert.equal(1, almanac("recipe", "accept", "scans").status)
      local result = almanac("recipe", "accept", "scans", "--yes")
      assert.equal(0, result.status, result.err)
      assert.matches("changed: recipe.lua", result.out, 1, true)
      assert.equal(0, almanac("recipe", "check", "scans").status)
      append("recipes/scans/sample/files.txt", "99.txt\n")
      assert.matches("sample/files.txt", almanac("recipe", "check", "scans").err, 1, true)
    end)

    it("is not loaded with another base than the one it was accepted with", function()
      shared.write(desk.folder .. "/recipes/base", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"base"' } })
      local variant = '-- almanac-recipe: 1\nreturn extend "base 1" { name = "scans" }\n'
      shared.write(desk.source, { ["recipe.lua"] = variant })
      local result = add()
      assert.equal(0, result.status, result.err .. result.out)
      assert.matches("  base %x+ base\n", desk.read(LOCK))
      replace("recipes/base/recipe.lua", '"Scans by number"', '"Scans by their number"')
      assert.equal(0, almanac("recipe", "check", "base").status)
      result = almanac("recipe", "check", "scans")
      assert.equal(1, result.status)
      assert.matches("it extends base, which is not what it was accepted with", result.err, 1, true)
      assert.equal(0, almanac("recipe", "accept", "scans", "--yes").status)
      assert.equal(0, almanac("recipe", "check", "scans").status)
    end)

    -- What is extended by name: one of the working folder, or one that comes with almanac.
    local function extend(base)
      shared.write(desk.source, { ["recipe.lua"] = ('-- almanac-recipe: 1\nreturn extend "%s" { name = "scans" }\n'):format(base) })
      assert.equal(0, add().status)
    end

    it("is loaded when comments and blanks of its base are others", function()
      shared.write(desk.folder .. "/recipes/base", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"base"' } })
      extend "base 1"
      assert.matches("  base %x+ base\n  code %x+ base\n", desk.read(LOCK))
      replace("recipes/base/recipe.lua", "-- Scans by number.", "-- Scans that bear a number.\n-- More of them.")
      replace("recipes/base/recipe.lua", 'name    = "base",', '\tname = "base" --[[ as ever ]],')
      assert.equal(0, almanac("recipe", "check", "scans").status)
      local result = almanac("recipe", "accept", "scans")
      assert.matches("Nothing is different from what was accepted", result.out, 1, true)
      assert.not_matches("It extends", result.out)
      result = almanac("recipe", "update", "scans")
      assert.matches("is installed already", result.out, 1, true)
      replace("recipes/base/recipe.lua", "-- More of them.", "")
      replace("recipes/base/recipe.lua", '{ "add" }', '{ "add" --[[ ]], "delete" }')
      assert.equal(1, almanac("recipe", "check", "scans").status)
    end)

    it("is loaded with a lock file that knows its base's bytes alone, as long as they are the same", function()
      shared.write(desk.folder .. "/recipes/base", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"base"' } })
      extend "base 1"
      local before = desk.read(LOCK):gsub("  code %x+ base\n", "")
      program.write(desk.folder .. "/" .. LOCK, before)
      assert.equal(0, almanac("recipe", "check", "scans").status)
      assert.matches("is installed already", almanac("recipe", "update", "scans").out, 1, true)
      append("recipes/base/recipe.lua", "-- changed\n")
      assert.matches("which is not what it was accepted with", almanac("recipe", "check", "scans").err, 1, true)
    end)

    it("is not loaded with a line of code that belongs to no base, or to another", function()
      shared.write(desk.folder .. "/recipes/base", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"base"' } })
      extend "base 1"
      local whole = desk.read(LOCK)
      for from, to in pairs { ["  base %x+ base\n"] = "", ["(  code %x+) base"] = "%1 other", ["(  code %x+ base\n)"] = "%1%1" } do
        program.write(desk.folder .. "/" .. LOCK, (whole:gsub(from, to)))
        assert.matches("can't be read as a lock file", almanac("recipe", "check", "scans").err, 1, true)
      end
    end)

    it("is accepted over the difference to how it was, its base's too", function()
      shared.write(desk.folder .. "/recipes/base", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"base"' } })
      shared.write(desk.source, { ["recipe.lua"] = '-- almanac-recipe: 1\nreturn extend "base 1" { name = "scans" }\n' })
      assert.equal(0, add().status)
      append("recipes/scans/recipe.lua", "-- changed\n")
      append("recipes/scans/README.md", "more\27[2J\n")
      replace("recipes/base/recipe.lua", "key.digits(file.name, 1)", "key.digits(file.name, 1 --[[ changed below ]] + 0)")
      local result = almanac("recipe", "accept", "scans")
      assert.equal(1, result.status)
      assert.matches("Difference to what was accepted on %d+%-%d+%-%d+:\n%-%-%- recipe.lua\n%+%+%+ recipe.lua\n", result.out)
      assert.matches("\n+-- changed\n", result.out, 1, true)
      assert.matches("\n+more<1B>[2J\n", result.out, 1, true)
      assert.matches("It extends base, which is not what it was accepted with:\n--- recipes/base/recipe.lua\n", result.out, 1, true)
      assert.matches("\n+  file_key = function(file) return key.digits(file.name, 1 --[[ changed below ]] + 0) end,\n", result.out, 1, true)
      assert.equal(0, almanac("recipe", "accept", "scans", "--yes").status)
      assert.matches("Nothing is different from what was accepted", almanac("recipe", "accept", "scans").out, 1, true)
    end)

    it("is shown whole when only its hash is known, or what was kept is not what was accepted", function()
      assert.equal(0, add().status)
      append("recipes/scans/recipe.lua", "-- changed\n")
      local hash = core.hash.sha256(shared.recipe())
      program.write(desk.folder .. "/recipes/.accepted/" .. hash, desk.read "recipes/scans/recipe.lua")
      for _ = 1, 2 do
        local result = almanac("recipe", "accept", "scans")
        assert.matches("note: recipe.lua as it was accepted is not kept here, only its hash is known: " .. hash, result.out, 1, true)
        assert.matches("Its source:\n   1  -- almanac-recipe: 1\n", result.out, 1, true)
        assert.matches("  -- changed\n", result.out, 1, true)
        os.remove(desk.folder .. "/recipes/.accepted/" .. hash)
      end
    end)

    it("leaves nothing behind of what was accepted before", function()
      local function count()
        local n, walk = 0, assert(core.files.walk(desk.folder .. "/recipes/.accepted"))
        while walk:next() do n = n + 1 end
        return n
      end
      assert.equal(0, add().status)
      local files = count()
      for i = 1, 3 do
        append("recipes/scans/recipe.lua", "-- " .. i .. "\n")
        assert.equal(0, almanac("recipe", "accept", "scans", "--yes").status)
        assert.equal(files, count())
      end
    end)

    it("is refused with a lock file that can't be read; one's own recipes are free", function()
      assert.equal(0, add().status)
      program.write(desk.folder .. "/recipes/own/recipe.lua", shared.recipe { ['"scans"'] = '"own"' })
      assert.equal(0, almanac("recipe", "check", "own").status)
      assert.matches("nothing to accept", almanac("recipe", "accept", "own").err, 1, true)
      append(LOCK, "recipe\n")
      local result = almanac("recipe", "check", "scans")
      assert.equal(1, result.status)
      assert.matches("almanac.lock:%d+: can't be read", result.err)
    end)

    it("is updated from where it came, after the difference was shown", function()
      assert.equal(0, add().status)
      local result = almanac("recipe", "update", "scans")
      assert.equal(0, result.status, result.err)
      assert.matches("scans 1.0.0 is installed already", result.out, 1, true)
      shared.write(desk.source, { ["recipe.lua"] = shared.recipe { ['"1.0.0"'] = '"1.1.0"' }, ["CHANGES.md"] = "1.1.0\n" })
      os.remove(desk.source .. "/README.md")
      program.write(desk.folder .. "/recipes/scans/notes.txt", "my own")
      result = almanac("recipe", "update", "scans")
      assert.equal(1, result.status)
      assert.matches("-  version = \"1.0.0\",\n+  version = \"1.1.0\",", result.out, 1, true)
      assert.matches("new file CHANGES.md (6 bytes)\nno longer there: README.md", result.out, 1, true)
      assert.matches('"1.0.0"', desk.read "recipes/scans/recipe.lua", 1, true)
      assert.equal(0, almanac("recipe", "update", "scans", "--yes").status)
      assert.matches("recipe scans 1.1.0", desk.read(LOCK), 1, true)
      assert.is_false(desk.has "recipes/scans/README.md")
      assert.equal("my own", desk.read "recipes/scans/notes.txt")
      assert.equal(0, almanac("recipe", "check", "scans").status)
      assert.equal(1, almanac("recipe", "update", "nothing").status)
    end)

    it("is not loaded when the lock file is gone, or has lost what it pins", function()
      shared.write(desk.folder .. "/recipes/base", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"base"' } })
      shared.write(desk.source, { ["recipe.lua"] = '-- almanac-recipe: 1\nreturn extend "base 1" { name = "scans" }\n' })
      assert.equal(0, add().status)
      local whole = desk.read(LOCK)
      for _, line in ipairs { "  file %x+ recipe.lua\n", "  base %x+ base\n" } do
        program.write(desk.folder .. "/" .. LOCK, (whole:gsub(line, "")))
        assert.equal(1, almanac("recipe", "check", "scans").status)
      end
      os.remove(desk.folder .. "/" .. LOCK)
      local result = almanac("recipe", "check", "scans")
      assert.equal(1, result.status)
      assert.matches("almanac.lock is gone, but recipes/.accepted shows that recipes came from elsewhere", result.err, 1, true)
      program.write(desk.folder .. "/" .. LOCK, whole)
      assert.equal(0, almanac("recipe", "check", "scans").status)
    end)

    it("is not loaded when its lines in the lock file are gone or go by another name, until they are there again", function()
      shared.write(desk.folder .. "/recipes/base", { ["recipe.lua"] = shared.recipe { ['"scans"'] = '"base"' } })
      shared.write(desk.source, { ["recipe.lua"] = '-- almanac-recipe: 1\nreturn extend "base 1" { name = "scans" }\n' })
      assert.equal(0, add().status)
      local whole = desk.read(LOCK)
      append("recipes/scans/recipe.lua", "-- changed\n")
      for _, text in ipairs { "", "# nothing\n", (whole:gsub("recipe scans", "recipe other")) } do
        program.write(desk.folder .. "/" .. LOCK, text)
        for _, command in ipairs { "check", "test", "accept" } do
          local result = almanac("recipe", command, "scans")
          assert.equal(1, result.status)
          assert.matches("almanac.lock has lost scans, which recipes/.accepted/%x+ shows to have come from elsewhere", result.err)
        end
        assert.equal(1, add("--to", "recipes").status)
      end
      os.execute(("mv %s/recipes/scans %s/scans"):format(desk.folder, desk.folder))
      assert.equal(0, almanac("recipe", "check", "base").status)    -- it is gone: its base is the library's own
    end)

    it("is not loaded by a link to it either", function()
      assert.equal(0, add().status)
      assert(os.execute(("cd %s && ln -s scans recipes/link && ln -s recipes/scans/recipe.lua r.lua"):format(desk.folder)))
      for _, name in ipairs { "link", "./r.lua", "scans" } do
        append("recipes/scans/recipe.lua", "-- changed\n")
        assert.matches("changed since it was accepted", almanac("recipe", "check", name).err, 1, true)
      end
    end)

    it("goes back to a lower version, or gets an effect more, only when that is agreed to by itself", function()
      assert.equal(0, add().status)
      shared.write(desk.source, { ["recipe.lua"] = shared.recipe { ['"1.0.0"'] = '"0.9.9"', ['{ "add" }'] = '{ "add", "delete" }' } })
      local function update(...) return almanac("recipe", "update", "scans", "--yes", ...) end
      local result = update()
      assert.equal(1, result.status)
      assert.matches("nothing was taken: version 0.9.9 is lower than 1.0.0, which is here (--lower-version agrees)", result.err, 1, true)
      result = update "--lower-version"
      assert.equal(1, result.status)
      assert.matches("what those of the one that is here may not: delete (--more-effects agrees)", result.err, 1, true)
      assert.matches('"1.0.0"', desk.read "recipes/scans/recipe.lua", 1, true)
      assert.equal(0, update("--lower-version", "--more-effects").status)
      assert.matches("recipe scans 0.9.9", desk.read(LOCK), 1, true)
    end)

    it("keeps its name when it is updated", function()
      assert.equal(0, add().status)
      program.write(desk.source .. "/recipe.lua", shared.recipe { ['"scans"'] = '"other"' })
      local result = almanac("recipe", "update", "scans", "--yes")
      assert.equal(1, result.status)
      assert.matches("named 'other', not 'scans'", result.err, 1, true)
    end)
  end)
end)
